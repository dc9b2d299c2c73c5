"""Runs in the vendors' batches: the same report as live, at half the calls' price, and nothing is lost or paid twice."""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.reports.model import Report
from tests.batch_server import VENDORS, BatchServer
from tests.makers import write_set
from tests.test_run import rows

KEY = "sk-planted-0123456789abcdef"
POLL = 0.4
ITEMS = 24


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def settings(tmp_path: Path, server: BatchServer, vendor: str, n: int = ITEMS) -> tuple[str, dict[str, Any]]:
    """The set, and how both kinds of run are made from it."""
    folder = tmp_path / f"set-{n}"
    if not folder.exists():
        write_set(folder, n)
    return str(folder), {"model": f"{vendor}:m", "base_url": server.url, "out": tmp_path, "seed": 3}


def batch_run(
    tmp_path: Path, server: BatchServer, vendor: str, *, n: int = ITEMS, name: str = "batch", **conduct: Any
) -> Report:
    folder, made = settings(tmp_path, server, vendor, n)
    return api.run(folder, name=name, conduct=Conduct(batch=True, poll=POLL, **conduct), **made)


def live_run(tmp_path: Path, server: BatchServer, vendor: str, *, n: int = ITEMS) -> Report:
    folder, made = settings(tmp_path, server, vendor, n)
    return api.run(folder, name="live", **made)


def close(a: Any, b: Any) -> bool:
    """Whether two reports' parts are equal, but for the order in which numbers were added up."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    return math.isclose(a, b, rel_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else bool(a == b)


def same_as_live(tmp_path: Path, name: str = "batch") -> None:
    """A run in batches comes to the estimates and rows of the live one."""
    told = [json.loads((tmp_path / x / "report.json").read_text()) for x in ("live", name)]
    for part in ("estimates", "counts", "kind_counts", "conclusion", "letters"):
        assert close(told[0][part], told[1][part]), part
    assert rows(tmp_path / "live") == rows(tmp_path / name)
    assert told[1]["status"]["complete"]


def test_a_run_in_batches_reports_what_the_live_run_reports(tmp_path: Path, vendor: str) -> None:
    with BatchServer() as server:
        live_run(tmp_path, server, vendor)
        report = batch_run(tmp_path, server, vendor)
        assert len(server.batches) == 2, "first answers, then branches"
        assert set(server.paid.values()) == {1}
        assert sorted(server.bodies) == sorted(server.live), "a request in a batch is the live one, byte for byte"
    same_as_live(tmp_path)
    assert report.status.calls == sum(server.paid.values())
    calls = list(journal.calls(journal.read(tmp_path / "batch")))
    assert all(c.batch for c in calls) and "asked in 2 of the vendor's batches" in report.notes
    assert not any(c.batch for c in journal.calls(journal.read(tmp_path / "live")))


# Killed processes

DRIVER = f"from sycoprobe import batching; batching.LONGEST = {POLL}; from sycoprobe.cli.main import main; main()"
KILLS = {
    "openai": [
        ("upload:before", 1),
        ("upload:after", 1),
        ("create:before", 1),
        ("create:after", 1),
        ("status", 1),
        ("results", 1),
        ("upload:before", 2),
        ("create:after", 2),
        ("status", 3),
        ("results", 2),
    ],
    "anthropic": [
        ("list", 2),
        ("create:before", 1),
        ("create:after", 1),
        ("status", 2),
        ("results", 1),
        ("list", 3),
        ("create:after", 2),
        ("status", 3),
        ("results", 2),
    ],
}


def command(*args: object) -> list[str]:
    return [sys.executable, "-c", DRIVER, *map(str, args)]


def begun(tmp_path: Path, server: BatchServer, vendor: str, *more: object, n: int = ITEMS) -> subprocess.Popen[str]:
    """The command line, asking in batches in a process of its own."""
    folder, made = settings(tmp_path, server, vendor, n)
    args = ["run", folder, "-m", made["model"], "--base-url", server.url, "--seed", 3, "--out", tmp_path, "--name", "killed"]
    return subprocess.Popen(
        command(*args, "--batch", *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def killed_at(tmp_path: Path, server: BatchServer, vendor: str) -> None:
    """A run that was killed while the server held a request."""
    with begun(tmp_path, server, vendor, "-q") as process:
        assert server.held.wait(30), process.communicate(timeout=5)
        process.send_signal(signal.SIGKILL)
        process.wait()
    server.let_go()


def resumed(tmp_path: Path, *more: object) -> subprocess.CompletedProcess[str]:
    args = command("resume", tmp_path / "killed", "--out", tmp_path, *more)
    return subprocess.run(args, capture_output=True, text=True, check=False, timeout=60)


def whole(tmp_path: Path, server: BatchServer) -> None:
    """Every call of the run is there once, and was paid once."""
    keys = Counter(c.spec.key for c in journal.calls(journal.read(tmp_path / "killed")))
    assert set(keys.values()) == {1}
    assert set(server.paid.values()) == {1}
    assert len(server.paid) == len(keys)


@pytest.fixture(scope="module", params=VENDORS)
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A vendor, and the folder of a run of it that nobody interrupted, named 'live'."""
    folder = tmp_path_factory.mktemp(str(request.param))
    with BatchServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"{str(request.param).upper()}_API_KEY", KEY)
        live_run(folder, server, str(request.param))
    return str(request.param), folder / "live"


@pytest.mark.parametrize("number", range(10))
def test_a_killed_run_loses_nothing_and_pays_nothing_twice(number: int, reference: tuple[str, Path], tmp_path: Path) -> None:
    """`kill -9` while the server holds a request: at each step of a batch in both stages, each in its turn."""
    vendor, uninterrupted = reference
    if number >= len(KILLS[vendor]):
        pytest.skip("has fewer steps")
    shutil.copytree(uninterrupted, tmp_path / "live")
    with BatchServer(hold=KILLS[vendor][number]) as server:
        killed_at(tmp_path, server, vendor)
        before = (tmp_path / "killed" / "journal.jsonl").read_bytes()
        api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        assert (tmp_path / "killed" / "journal.jsonl").read_bytes().startswith(before)
        whole(tmp_path, server)
    same_as_live(tmp_path, "killed")
