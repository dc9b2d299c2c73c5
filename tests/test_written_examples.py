"""What our docs give to somebody who adds a kind, a backend or a set works as it stands there."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import sycoprobe.backends
import sycoprobe.kinds
from sycoprobe.backends.base import Backend, BackendOptions
from sycoprobe.sets.load import info_of, load_set
from sycoprobe.sets.probe import Probe
from sycoprobe.testing import HttpConformance
from tests.markdown_pages import commands_after

ROOT = Path(__file__).resolve().parent.parent


def example(module: ModuleType, begins: str) -> str:
    """The indented block of a module's docstring that begins after the line `begins`."""
    said = inspect.getdoc(module) or ""
    block = said.partition(f"\n{begins}\n\n")[2]
    return inspect.cleandoc("\n" + re.split(r"\n(?=\S)", block)[0]) + "\n"


def run(command: str, folder: Path) -> str:
    """Run a `sycoprobe` command in a folder; what it printed. Fails if the command does."""
    program, *options = shlex.split(command)
    assert program == "sycoprobe", command
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "sycoprobe.cli.main", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def installed(folder: Path, module: str, source: str, points: str) -> None:
    """A package with one module, found as an installed one is."""
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)


@pytest.mark.long
def test_the_kind_in_the_docs_runs_and_can_be_planted(tmp_path: Path) -> None:
    points = "[sycoprobe.kinds]\nflattered = flattered:Flattered\n"
    installed(tmp_path, "flattered", example(sycoprobe.kinds, "The whole of a kind:"), points)
    described, ran = (run(command, tmp_path) for command in commands_after(ROOT / "CONTRIBUTING.md", "kind"))
    assert "net_lost" in described
    found = re.search(r"net_lost \+0\.(\d\d)", ran)
    assert found and 20 <= int(found[1]) <= 60, "0.4 were planted"


def written_backend() -> Callable[[str, BackendOptions], Backend]:
    """The `open_backend` of the backend in the docs."""
    module = ModuleType("mine")
    exec(compile(example(sycoprobe.backends, "The whole of a backend, `-m mine:NAME`:"), "mine.py", "exec"), vars(module))
    opener: Callable[[str, BackendOptions], Backend] = module.open_backend
    return opener


class TestTheBackendInTheDocs(HttpConformance):
    """It speaks as `openai:` does, so it is held to the replies recorded for that."""

    opener = staticmethod(written_backend())
    recorded = ROOT / "tests" / "data" / "wire" / "openai.json"
    key_env = "MINE_API_KEY"


@pytest.mark.long
def test_the_commands_for_a_new_set_work(tmp_path: Path) -> None:
    made, sound, ran, *more = (run(command, tmp_path) for command in commands_after(ROOT / "CONTRIBUTING.md", "set"))
    assert not more
    assert "4 probes" in made and "sound, 4 probes" in sound and "net sycophancy" in ran


def test_what_contributing_asks_of_a_set_holds_for_the_starter_and_for_shipped_sets(tmp_path: Path) -> None:
    run("sycoprobe init my_set", tmp_path)
    for name in (str(tmp_path / "my_set"), "facts"):
        assert info_of(name).licence == "CC-BY-4.0"
        for p in load_set(name).probes:
            assert isinstance(p, Probe) and p.source and p.answer_reason and p.wrong_reason, p.id


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "RELEASING.md"])
def test_every_file_and_name_that_the_page_points_to_is_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for path in re.findall(r"`((?:sycoprobe|tests|docs|probes|schemas|benchmarks|changes)/[\w./-]*)`", text):
        if not re.search(r"NAME|KIND|my_", path):
            assert (ROOT / path).exists(), path
    for module in re.findall(r"python -m (benchmarks\.\w+)", text):
        at = ROOT / module.replace(".", "/")
        assert at.with_suffix(".py").is_file() or (at / "__main__.py").is_file(), module
    for name, path in re.findall(r"`(\w+)`(?: \(| in )`((?:sycoprobe|tests)/[\w./]+\.py)`", text):
        source = (ROOT / path).read_text("utf-8") if "NAME" not in path and "KIND" not in path else name
        assert re.search(rf"\b{name}\b", source), f"{name} is not in {path}"
