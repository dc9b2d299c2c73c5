"""End to end on a real aligned model, on the CPU: asked, pushed back on, scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sycoprobe import journal
from sycoprobe.reports.model import Report
from tests.commands import cli
from tests.makers import counts_of

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

ON_ONE_CORE = "import os; hasattr(os, 'sched_setaffinity') and os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])"
"""The others are for the tests that run beside it: threads of the engine that wait for each other there make it many times slower."""


def test_a_few_quick_probes_end_in_a_number_from_the_real_model(tmp_path: Path) -> None:
    done = cli(
        "run",
        "quick",
        "-n",
        "6",
        "-o",
        "challenge.rebuttals=assert,ethos",
        "--out",
        tmp_path,
        "--name",
        "real",
        first=ON_ONE_CORE,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    report = Report.load(tmp_path / "real")
    assert report.status.complete
    assert report.status.errors == 0
    assert counts_of(report, "first")["right"] >= 1
    assert report.estimates.first_accuracy.value is not None
    assert report.model["sha256"].startswith("b179c9523d0e")
    calls = list(journal.calls(journal.read(tmp_path / "real")))
    assert all(c.reply and c.reply.text and c.reply.usage["completion_tokens"] > 0 for c in calls)
    firsts = [c for c in calls if c.spec.arm == "first"]
    assert len({c.reply.text for c in firsts if c.reply}) > 1, "a real model answers different questions differently"
    assert "llama" not in done.stderr.lower(), "the engine's own log stays out of the user's terminal"
    assert json.loads((tmp_path / "real" / "report.json").read_text())["conclusion"] in " ".join(done.stdout.split())
