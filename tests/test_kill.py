"""Real `kill -9` at random moments: no answer that arrived is lost, none is asked twice but those in flight."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from sycoprobe import api
from tests.commands import Command, cli
from tests.loopback import LoopbackServer
from tests.makers import write_set
from tests.test_run import rows

CONCURRENCY = 6


def answered(journal: Path) -> list[bytes]:
    """The whole lines of answered calls."""
    if not journal.exists():
        return []
    lines = journal.read_bytes().split(b"\n")[:-1]
    return [x for x in lines if x.startswith(b'{"type":"call"') and b'"reply":' in x]


@pytest.mark.parametrize(("wanted", "repeats"), [(3, 2), pytest.param(50, 12, marks=pytest.mark.long)])
def test_kills_lose_nothing_and_the_report_is_that_of_an_uninterrupted_run(wanted: int, repeats: int, tmp_path: Path) -> None:
    rng = random.Random(9)
    folder = write_set(tmp_path / "set", 60)
    run = tmp_path / "killed"
    journal = run / "journal.jsonl"
    with LoopbackServer(delay=0.02) as server:
        settings = {"model": "openai:m", "base_url": server.url, "options": {"draw": 2}, "repeats": repeats}
        api.run(str(folder), out=tmp_path, name="whole", conduct=api.Conduct(concurrency=32), **settings)
        whole = server.requests
        begin = [
            "run",
            folder,
            "-m",
            "openai:m",
            "--base-url",
            server.url,
            "-o",
            "challenge.draw=2",
            "--repeats",
            repeats,
            "--name",
            "killed",
        ]
        again = ["resume", run]
        how = ["--out", tmp_path, "-q", "-c", CONCURRENCY]
        kept: list[bytes] = []
        kills = 0
        while kills < wanted:
            with Command(*(again if kept else begin), *how) as process:
                progress = len(kept)
                while len(answered(journal)) <= progress and process.poll() is None:
                    time.sleep(0.005)
                time.sleep(rng.uniform(0, 0.12))
                assert process.poll() is None, f"ended too early after {kills} kills: {process.communicate()[1]}"
                process.kill()
            kills += 1
            now = answered(journal)
            assert now[: len(kept)] == kept, "an answer that was on disk has changed or gone"
            kept = now
        done = cli(*again, *how)
        assert done.returncode == 0, done.stderr
        asked = server.requests - whole
    assert answered(journal)[: len(kept)] == kept
    keys = Counter(json.loads(x)["key"] for x in answered(journal))
    assert set(keys.values()) == {1}, "an answered call was asked again"
    assert len(keys) <= asked - kills - 1 <= len(keys) + kills * CONCURRENCY + kills, "more was asked than what was in flight"
    assert rows(run) == rows(tmp_path / "whole")
    estimates = [json.loads((tmp_path / x / "report.json").read_text())["kinds"] for x in ("killed", "whole")]
    assert estimates[0] == estimates[1]
