"""`sycoprobe init --ci`: what it writes works as it is, in the folder and in CI, and nothing that is there is touched."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sycoprobe.errors import PlanError
from tests.commands import cli

WORKFLOWS = {
    "github": (".github/workflows/sycophancy.yml", "vendor.github-workflows"),
    "gitlab": (".gitlab-ci.yml", "vendor.gitlab-ci"),
}
pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def simulated(here: Path, model: str) -> None:
    """Have the settings file that was written name a simulated model."""
    file = here / "sycoprobe.toml"
    text, times = re.subn('^model = "local:smollm2" ', f'model = "{model}" ', file.read_text("utf-8"), flags=re.M)
    assert times == 1
    file.write_text(text, "utf-8")


def everything(here: Path) -> dict[str, bytes]:
    return {p.relative_to(here).as_posix(): p.read_bytes() for p in here.rglob("*") if p.is_file()}


@pytest.mark.parametrize("ci", WORKFLOWS)
def test_it_writes_a_set_settings_and_a_workflow_and_says_so(here: Path, ci: str) -> None:
    said = cli("init", "--ci", ci, cwd=here)
    assert said.returncode == 0, said.stderr
    wrote = re.findall(r"^wrote (\S+):", said.stdout, flags=re.M)
    assert sorted(wrote) == sorted(everything(here)) and WORKFLOWS[ci][0] in wrote
    assert "next: `sycoprobe run`, then `sycoprobe gate latest`" in said.stdout
    assert cli("validate", "--strict", "my_set", cwd=here).returncode == 0


@pytest.mark.parametrize("ci", WORKFLOWS)
def test_the_workflow_keeps_the_published_schema(here: Path, ci: str) -> None:
    check = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent)) or shutil.which("check-jsonschema")
    if check is None:
        pytest.skip("check-jsonschema is not installed")
    cli("init", "--ci", ci, cwd=here)
    file, schema = WORKFLOWS[ci]
    found = subprocess.run([check, "--builtin-schema", schema, file], cwd=here, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.long
@pytest.mark.parametrize(("model", "code", "word"), [("sim:pushback=0", 0, "1.00"), ("sim:pushback=0.9", 1, "FAIL")])
def test_run_and_gate_work_right_after(here: Path, model: str, code: int, word: str) -> None:
    cli("init", "--ci", "github", cwd=here)
    simulated(here, model)
    assert cli("run", cwd=here).returncode == 0
    gated = cli("gate", "latest", cwd=here)
    assert gated.returncode == code and word in gated.stdout, gated.stdout
    assert all(name in gated.stdout for name in ("net_sycophancy", "net_not_held", "receptivity", "valid_share"))


@pytest.mark.long
@pytest.mark.model
def test_the_embedded_model_is_asked_without_a_key_and_does_not_pass_by_the_rules(here: Path) -> None:
    cli("init", "--ci", "gitlab", cwd=here)
    assert cli("run", "--quiet", "-n", "4", cwd=here).returncode == 0
    gated = cli("gate", "latest", cwd=here)
    # Asked whole it fails (exit code 1). So few questions may leave that open, of which the file wants a warning only (0).
    assert gated.returncode in (0, 1) and not gated.stdout.rstrip().splitlines()[-1].startswith("PASS")
    assert "net_sycophancy <= 0.1 " in gated.stdout and "local:smollm2" in gated.stdout


@pytest.mark.long
@pytest.mark.parametrize(("model", "code"), [("sim:pushback=0", 0), ("sim:pushback=0.9", 1)])
def test_the_gitlab_job_does_what_it_says(here: Path, model: str, code: int) -> None:
    cli("init", "--ci", "gitlab", cwd=here)
    simulated(here, model)
    job = yaml.safe_load((here / ".gitlab-ci.yml").read_text("utf-8"))["sycophancy"]
    install, *script = job["script"]
    assert install.startswith("pip install")
    commands = here / "bin"
    commands.mkdir()
    (commands / "sycoprobe").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sycoprobe "$@"\n', "utf-8")
    (commands / "sycoprobe").chmod(0o755)
    root = str(Path(__file__).resolve().parents[1])
    path = {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": root}
    done = subprocess.run(["sh", "-ec", "\n".join(script)], cwd=here, env={**os.environ, **path}, check=False)
    assert done.returncode == code
    reports = [*job["artifacts"]["reports"].values(), *job["artifacts"]["paths"]]
    assert all((here / name).exists() for name in reports)


def test_nothing_that_is_there_is_touched(here: Path) -> None:
    (here / "sycoprobe.toml").write_text('[run]\nsets = ["facts"]\n', "utf-8")
    (here / ".gitlab-ci.yml").write_text("test: {script: [make]}\n", "utf-8")
    (here / "my_set").mkdir()
    (here / "my_set" / "probes.jsonl").write_text("mine\n", "utf-8")
    before = everything(here)
    said = cli("init", "--ci", "gitlab", cwd=here)
    assert said.returncode == 0, said.stderr
    after = everything(here)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {".gitlab/sycophancy.yml"}
    assert 'add "my_set" to the sets of [run] and rules to [gate]' in said.stdout
    assert 'add include: [{local: ".gitlab/sycophancy.yml"}]' in said.stdout
    again = cli("init", "--ci", "gitlab", cwd=here)
    assert again.returncode == 2 and "all there already" in again.stderr and everything(here) == after


def test_a_settings_table_of_pyproject_is_kept_too(here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.sycoprobe.gate]\nrules = ["valid_share >= 0.5"]\n', "utf-8")
    said = cli("init", "--ci", "github", cwd=here)
    assert 'add "my_set" to the sets of [tool.sycoprobe.run]' in said.stdout and not (here / "sycoprobe.toml").exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../x", "is no folder within"),
        (".", "is no folder within"),
        ("quick", "comes with sycoprobe"),
        ("a/quick", "comes with"),
    ],
)
def test_a_set_that_ci_could_not_ask_is_refused(here: Path, name: str, says: str) -> None:
    from sycoprobe.config.starting import start_project

    with pytest.raises(PlanError, match=says):
        start_project("github", Path(name))
    assert everything(here) == {}


def test_below_the_top_of_a_repository_it_says_where_to_go(here: Path) -> None:
    (here / ".git").mkdir()
    (here / "below").mkdir()
    said = cli("init", "--ci", "github", cwd=here / "below")
    assert said.returncode == 2 and f"run this in {here}" in said.stderr and everything(here) == {}


def test_a_name_with_quotes_is_a_name(here: Path) -> None:
    cli("init", 'we ird/s"et', "--ci", "github", cwd=here)
    simulated(here, "sim:")
    planned = cli("run", "--dry-run", cwd=here)
    assert planned.returncode == 0 and "s-et" in planned.stdout, planned.stderr


def test_init_without_a_folder_names_both_ways(here: Path) -> None:
    said = cli("init", cwd=here)
    assert said.returncode == 2 and "sycoprobe init my_set" in said.stderr and "--ci github" in said.stderr


@pytest.mark.long
def test_each_command_of_the_page_does_what_the_page_says(here: Path) -> None:
    init, run, gate, validate, dry = (command for marker in ("start", "judge", "own") for command in on_the_page(marker))
    assert done(here, init) == 0
    simulated(here, "sim:pushback=0.9")
    assert [done(here, command) for command in (run, gate, validate, dry)] == [0, 1, 0, 0]


def on_the_page(marker: str) -> list[str]:
    """The commands in the block of the page that follows a marker."""
    page = (Path(__file__).resolve().parents[1] / "docs" / "ten-minutes.md").read_text("utf-8")
    block = page.partition(f"<!-- ci: {marker} -->\n```sh\n")[2].partition("```")[0]
    return [line.partition(" #")[0].strip() for line in block.splitlines()]


def done(here: Path, command: str) -> int:
    program, *options = shlex.split(command)
    assert program == "sycoprobe"
    return cli(*options, cwd=here).returncode
