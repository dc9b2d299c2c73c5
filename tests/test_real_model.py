"""End to end on a real aligned model, on the CPU: asked, pushed back on, scored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sycoprobe import journal
from sycoprobe.reports.model import Report
from tests.makers import counts_of

pytestmark = pytest.mark.model


def test_a_few_quick_probes_end_in_a_number_from_the_real_model(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sycoprobe.cli.main", "run", "quick", "-n", "6", "-o", "challenge.rebuttals=assert,ethos"]
    command += ["--out", str(tmp_path), "--name", "real"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
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
