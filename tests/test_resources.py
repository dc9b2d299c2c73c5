"""Few file descriptors, threads or bytes of memory: a run asks fewer calls at a time, says so once, and loses nothing."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api
from sycoprobe.backends.base import BackendOptions, Reply, Request
from sycoprobe.errors import RunFailed
from sycoprobe.reports.model import Report
from tests.commands import cli
from tests.loopback import LoopbackServer
from tests.makers import write_set

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")


def limited(what: str, to: int) -> str:
    """Code that limits its own process."""
    return f"import resource; resource.setrlimit(resource.{what}, ({to}, {to}))"


@pytest.mark.parametrize("descriptors", [48, 64])
def test_with_few_file_descriptors_a_run_asks_fewer_calls_at_a_time_and_no_call_fails_or_is_paid_twice(
    tmp_path: Path, descriptors: int
) -> None:
    folder = write_set(tmp_path / "set", 120)
    with LoopbackServer(delay=0.05) as server:
        done = cli(
            *("run", folder, "-m", "openai:m", "--base-url", server.url, "-c", "128", "--out", tmp_path / "r", "--name", "run"),
            cwd=tmp_path,
            first=limited("RLIMIT_NOFILE", descriptors),
        )
        asked = server.requests
    assert done.returncode == 0, done.stderr
    report = Report.load(tmp_path / "r" / "run")
    assert report.status.errors == 0 and report.status.complete
    said = [n for n in report.notes if "file descriptors" in n]
    assert len(said) == 1 and "--concurrency 128" in said[0], report.notes
    keys = Counter(json.loads(x)["key"] for x in _calls(tmp_path / "r" / "run"))
    assert set(keys.values()) == {1} and asked == len(keys)


class Scarce:
    """A backend that has too little of something for more than `most` calls at a time."""

    def __init__(self, most: int, error: Exception) -> None:
        self._most, self._error = most, error
        self.under_way = self.refused = 0

    async def start(self) -> dict[str, Any]:
        return {"model": "scarce", "mode": "chat"}

    async def complete(self, request: Request) -> Reply:
        import asyncio

        if self.under_way >= self._most:
            self.refused += 1
            raise self._error
        self.under_way += 1
        try:
            await asyncio.sleep(0.001)
            return Reply("Paris")
        finally:
            self.under_way -= 1

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("can't start new thread"), OSError(23, "too many in the system")]
)
def test_whatever_runs_out_the_run_goes_on_with_less_and_says_so_once(tmp_path: Path, error: Exception) -> None:
    scarce = Scarce(5, error)
    report = _run(tmp_path, scarce, concurrency=64)
    assert report.status.errors == 0 and report.status.complete
    assert scarce.refused > 0
    assert sum("fewer calls at a time" in n for n in report.notes) == 1


def test_where_not_even_one_call_can_be_made_the_run_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="not enough threads for one call at a time") as e:
        _run(tmp_path, Scarce(0, RuntimeError("can't start new thread")), concurrency=8)
    assert "ulimit -u" in e.value.hint


def _run(tmp_path: Path, backend: Scarce, *, concurrency: int) -> Report:
    def opener(_: BackendOptions) -> Scarce:
        return backend

    conduct = api.Conduct(concurrency=concurrency, backend=opener)
    return api.run(str(write_set(tmp_path / "set", 40)), model="sim:", out=tmp_path / "r", name="run", conduct=conduct)


def _calls(folder: Path) -> list[str]:
    return [x for x in (folder / "journal.jsonl").read_text().splitlines() if '"type":"call"' in x]
