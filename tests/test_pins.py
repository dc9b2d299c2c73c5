"""Runs that were kept from before all kinds shared one pipeline: read again, they give the numbers that they gave then."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api
from sycoprobe.reports.model import Report

PINS = Path(__file__).parent / "data" / "pins"
NUMBERS: dict[str, Any] = json.loads((PINS / "numbers.json").read_text())
MOVED: dict[str, Any] = json.loads((PINS / "moved.json").read_text())
"""Numbers that moved when the estimand did: each arm is a ratio of its own over its readable replies, items count by how often their condition is met, turns
that could not be read end a thread and do not remove it, and ratings that are mostly alike have Gaffke's bound. Two conclusions said -0.00. Nothing that is read moved."""


def numbers_of(report: Report) -> dict[str, dict[str, Any]]:
    """Every estimate of a report of one kind, by its name."""
    return {name: asdict(m.estimate) for name, m in report.section.metrics.items()}


@pytest.mark.long
@pytest.mark.parametrize("name", NUMBERS)
def test_a_kept_run_gives_the_numbers_that_it_gave(name: str, tmp_path: Path) -> None:
    with gzip.open(PINS / f"{name}.journal.jsonl.gz") as kept:
        (tmp_path / "journal.jsonl").write_bytes(kept.read())
    report = api.score(tmp_path)
    found = numbers_of(report)
    for metric, kept in NUMBERS[name]["estimates"].items():
        was, now = MOVED.get(name, {}).get(metric, kept), found[metric]
        assert [now[x] for x in ("value", "low", "high")] == [
            None if was[x] is None else pytest.approx(was[x], abs=1e-9) for x in ("value", "low", "high")
        ], metric
        assert (now["items"], now["trials"]) == (was["items"], was["trials"]), metric
    assert report.conclusion == MOVED.get(name, {}).get("conclusion", NUMBERS[name]["conclusion"])
    assert json.loads(report.model_dump_json())["usage"] == NUMBERS[name]["usage"]
