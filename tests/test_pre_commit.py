"""The hooks of .pre-commit-config.yaml: each is a command that the extra `dev` installs, and each works as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml

from benchmarks import schemas
from sycoprobe.sets.load import shipped_names

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / ".pre-commit-config.yaml"
HOOKS = {hook["id"]: hook for repo in yaml.safe_load(CONFIG.read_text("utf-8"))["repos"] for hook in repo["hooks"]}
SLOW = {"mypy": ["--version"]}
"""Hooks that take too long here, and what is run of their command instead: .ci/run runs them whole."""


def run(hook: str, *arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a hook's command as pre-commit does, with the scripts of this Python first on the path."""
    scripts = os.pathsep.join([sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [*shlex.split(HOOKS[hook]["entry"]), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=os.environ | {"PATH": scripts}, capture_output=True, text=True, check=False)


def test_pre_commit_accepts_the_file() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(CONFIG)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_hook_is_local_and_its_command_comes_with_the_extra_dev() -> None:
    assert all(hook["language"] == "system" for hook in HOOKS.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = [*project["optional-dependencies"]["dev"], *project["optional-dependencies"]["test"]]
    names = {found[0] for need in needed if (found := re.match(r"[\w-]+", need))}
    scripts = {entry.name for name in names for entry in distribution(name).entry_points if entry.group == "console_scripts"}
    # ruff's command is a program, no entry point
    known = {"python", "sh", "ruff", *scripts}
    for hook in HOOKS.values():
        command = shlex.split(hook["entry"])[0]
        assert command in known, f"{hook['id']}: nothing in the extra dev installs {command}"


@pytest.mark.long
@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_passes_on_this_repository(hook: str) -> None:
    files = () if HOOKS[hook].get("pass_filenames") is False else ("benchmarks/schemas.py",)
    done = run(hook, *SLOW.get(hook, files))
    assert done.returncode == 0, done.stdout + done.stderr
    if hook == "probe-sets":
        assert all(f"probes/{name}: sound" in done.stdout for name in shipped_names())
    if hook in SLOW:
        assert f'/bin/{hook}"' in (ROOT / ".ci" / "run").read_text("utf-8")


def test_hooks_on_files_find_a_fault(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.py"
    for hook, text in {
        "ruff-check": "import os\n",
        "ruff-format": "a=1\n",
        "trailing-whitespace": "a = 1 \n",
        "end-of-file": "a = 1",
    }.items():
        faulty.write_text(text)
        done = run(hook, faulty, cwd=tmp_path)
        assert done.returncode != 0 or faulty.read_text() != text, hook


def test_a_schema_that_is_not_that_of_the_code_is_found(tmp_path: Path) -> None:
    made = schemas.stale(tmp_path)
    assert {path.name for path in made} == {path.name for path in schemas.FOLDER.iterdir()}
    for path, text in made.items():
        path.write_text(text, "utf-8")
    assert not schemas.stale(tmp_path)
    (tmp_path / "gate.schema.json").write_text("{}\n")
    assert [path.name for path in schemas.stale(tmp_path)] == ["gate.schema.json"]
