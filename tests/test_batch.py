"""Runs in the vendors' batches: the same report as live, at half the calls' price, and nothing is lost or paid twice."""

from __future__ import annotations

import json
import math
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


def batch_run(tmp_path: Path, server: BatchServer, vendor: str, *, n: int = ITEMS, name: str = "batch", **conduct: Any) -> Report:
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
