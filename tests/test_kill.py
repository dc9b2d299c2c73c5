"""Real `kill -9` at random moments: no answer that arrived is lost, none is asked twice but those in flight."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from sycoprobe import api
from tests.loopback import LoopbackServer
from tests.makers import write_set
from tests.test_run import rows

KILLS = 50
CONCURRENCY = 6


def answered(journal: Path) -> list[bytes]:
    """The whole lines of answered calls."""
    if not journal.exists():
        return []
    lines = journal.read_bytes().split(b"\n")[:-1]
    return [x for x in lines if x.startswith(b'{"type":"call"') and b'"reply":' in x]


def test_fifty_kills_lose_nothing_and_the_report_is_that_of_an_uninterrupted_run(tmp_path: Path) -> None:
    rng = random.Random(9)
    folder = write_set(tmp_path / "set", 60)
    run = tmp_path / "killed"
    journal = run / "journal.jsonl"
    with LoopbackServer(delay=0.02) as server:
        settings = {"model": "openai:m", "base_url": server.url, "options": {"draw": 2}, "repeats": 12}
        api.run(str(folder), out=tmp_path, name="whole", conduct=api.Conduct(concurrency=32), **settings)
        whole = server.requests
        begin = [sys.executable, "-m", "sycoprobe.cli.main", "run", str(folder), "-m", "openai:m", "--base-url", server.url]
        begin += [
            "-o",
            "challenge.draw=2",
            "--repeats",
            "12",
            "--out",
            str(tmp_path),
            "--name",
            "killed",
            "-q",
            "-c",
            str(CONCURRENCY),
        ]
        again = [
            sys.executable,
            "-m",
            "sycoprobe.cli.main",
            "resume",
            str(run),
            "--out",
            str(tmp_path),
            "-q",
            "-c",
            str(CONCURRENCY),
        ]
        kept: list[bytes] = []
        kills = 0
        while kills < KILLS:
            process = subprocess.Popen(again if kept else begin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            progress = len(kept)
            while len(answered(journal)) <= progress and process.poll() is None:
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.12))
            assert process.poll() is None, f"ended too early after {kills} kills: {process.stderr and process.stderr.read()}"
            process.send_signal(signal.SIGKILL)
            process.wait()
            if process.stderr:
                process.stderr.close()
            kills += 1
            now = answered(journal)
            assert now[: len(kept)] == kept, "an answer that was on disk has changed or gone"
            kept = now
        done = subprocess.run(again, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        asked = server.requests - whole
    assert answered(journal)[: len(kept)] == kept
    keys = Counter(json.loads(x)["key"] for x in answered(journal))
    assert set(keys.values()) == {1}, "an answered call was asked again"
    assert len(keys) <= asked - KILLS - 1 <= len(keys) + KILLS * CONCURRENCY + KILLS, "more was asked than what was in flight"
    assert rows(run) == rows(tmp_path / "whole")
    estimates = [json.loads((tmp_path / x / "report.json").read_text())["kinds"] for x in ("killed", "whole")]
    assert estimates[0] == estimates[1]
