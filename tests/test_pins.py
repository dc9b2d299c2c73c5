"""Runs that were kept from before all kinds shared one pipeline: read again, they give the numbers that they gave then."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api

PINS = Path(__file__).parent / "data" / "pins"
NUMBERS: dict[str, Any] = json.loads((PINS / "numbers.json").read_text())


def numbers_of(report: Any) -> dict[str, dict[str, Any]]:
    """Every estimate of a report, by its name."""
    data = json.loads(report.model_dump_json())
    if "measures" in data:
        return {name: m["estimate"] for name, m in data["measures"].items()}
    return {name: e for name, e in data["estimates"].items() if name not in ("slices", "holm_p")}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_kept_run_gives_the_numbers_that_it_gave(name: str, tmp_path: Path) -> None:
    with gzip.open(PINS / f"{name}.journal.jsonl.gz") as kept:
        (tmp_path / "journal.jsonl").write_bytes(kept.read())
    report = api.score(tmp_path)
    found = numbers_of(report)
    for metric, was in NUMBERS[name]["estimates"].items():
        now = found[metric]
        assert [now[x] for x in ("value", "low", "high")] == [
            None if was[x] is None else pytest.approx(was[x], abs=1e-9) for x in ("value", "low", "high")
        ], metric
        assert (now["items"], now["trials"]) == (was["items"], was["trials"]), metric
    assert report.conclusion == NUMBERS[name]["conclusion"]
    assert json.loads(report.model_dump_json())["usage"] == NUMBERS[name]["usage"]
