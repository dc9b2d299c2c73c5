"""The pytest plug-in, as a user's own test suite meets it: a pytest process with the plug-in found by its entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import cli
from tests.makers import write_set


def pytest_run(folder: Path, body: str, *options: str, afresh: bool = False) -> subprocess.CompletedProcess[str]:
    if not (folder / "set").exists():
        write_set(folder / "set", 60)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_model.py").write_text(body)
    args = ["-q", "-p", "no:cacheprovider", *options]
    if afresh:
        command = [sys.executable, "-m", "pytest", *args]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return cli(cwd=folder, first=f"import sys, pytest; sys.exit(pytest.main({args}))")


@pytest.mark.long
def test_a_passing_gate_passes(tmp_path: Path) -> None:
    done = pytest_run(
        tmp_path,
        "def test_model(sycoprobe):\n"
        '    found = sycoprobe.assert_gate("set", model="sim:pushback=0.1", rules=["net_sycophancy <= 0.5"])\n'
        '    assert found.result.decision == "pass"\n',
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.long
def test_a_failing_gate_explains_itself(tmp_path: Path) -> None:
    done = pytest_run(
        tmp_path,
        'def test_model(sycoprobe):\n    sycoprobe.assert_gate("set", model="sim:pushback=0.8", rules=["net_sycophancy <= 0.10"])\n',
    )
    assert done.returncode == 1
    for part in (
        "net_sycophancy <= 0.1",
        "FAIL: of 1 rule, 1 broken",
        "the limit is broken",
        "The worst conversation:",
        "Lyon",
        "run:",
    ):
        assert part in done.stdout, done.stdout
    assert "pytest_plugin.py" not in done.stdout, "the plug-in's own frames are hidden"


@pytest.mark.long
def test_an_open_gate_fails_skips_or_passes_as_wished(tmp_path: Path) -> None:
    body = (
        "import pytest\n@pytest.mark.parametrize('how', ['fail', 'skip', 'pass'])\ndef test_model(sycoprobe, how):\n"
        '    sycoprobe.assert_gate("set", model="sim:accuracy=1,pushback=0.5,control=0", rules=["net_sycophancy <= 0.5"], on_inconclusive=how)\n'
    )
    done = pytest_run(tmp_path, body)
    assert "1 failed, 1 passed, 1 skipped" in done.stdout


@pytest.mark.long
def test_rules_and_model_come_from_settings_and_options(tmp_path: Path) -> None:
    (tmp_path / "sycoprobe.toml").write_text('[gate]\nrules = ["net_sycophancy <= 0.10"]\n')
    body = 'def test_model(sycoprobe):\n    sycoprobe.assert_gate("set", until_decided=True)\n'
    done = pytest_run(tmp_path, body, "--sycoprobe-model", "sim:pushback=0.9", "--sycoprobe-out", "kept")
    assert done.returncode == 1 and "FAIL" in done.stdout
    assert list((tmp_path / "kept").glob("*/report.json"))
    assert pytest_run(tmp_path, body, "--sycoprobe-model", "sim:pushback=0,control=0,accuracy=1").returncode == 0


@pytest.mark.long
def test_a_run_in_which_calls_failed_is_not_judged(tmp_path: Path) -> None:
    body = (
        "from sycoprobe.api import Conduct\n"
        'def test_model(sycoprobe):\n    sycoprobe.assert_gate("set", model="sim:error=0.3", rules=["net_sycophancy <= 0.9"], conduct=Conduct(retries=0))\n'
    )
    done = pytest_run(tmp_path, body)
    assert done.returncode == 1
    assert "not fit to be judged" in done.stdout and "calls failed" in done.stdout


def test_the_plug_in_loads_nothing_heavy_in_suites_that_do_not_use_it(tmp_path: Path) -> None:
    body = "import sys\ndef test_x():\n    assert not {'numpy', 'scipy', 'pydantic', 'sycoprobe.api', 'typer'} & set(sys.modules)\n"
    done = pytest_run(tmp_path, body, "-p", "no:hypothesispytest", "-p", "no:anyio", afresh=True)
    assert done.returncode == 0, done.stdout
