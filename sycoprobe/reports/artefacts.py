"""The files that a gate leaves for CI: one writer a format, and how they get onto the disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sycoprobe.errors import GateError
from sycoprobe.files import write_whole
from sycoprobe.gating.baselines import Baseline
from sycoprobe.jsontext import json_page
from sycoprobe.reports.annotations import to_annotations
from sycoprobe.reports.codequality import to_code_quality
from sycoprobe.reports.findings import Gated
from sycoprobe.reports.junit import to_junit
from sycoprobe.reports.markdown import to_comment, to_summary
from sycoprobe.reports.sarif import to_sarif
from sycoprobe.text import writable

__all__ = ["WRITERS", "Gated", "age_notes", "append", "to_annotations", "to_json", "to_summary", "write"]

WRITERS: dict[str, Callable[[Gated], str]] = {
    "junit": to_junit,
    "sarif": to_sarif,
    "code_quality": to_code_quality,
    "comment": to_comment,
}
write = write_whole


def to_json(gated: Gated) -> str:
    """`gate.json`: the result, which runs and model it is of, and what changed against the baseline."""
    changes = gated.changes()
    data: dict[str, Any] = {
        "run": gated.report.run,
        "model": gated.report.plan.model,
        "runs": [{"run": r.report.run, "model": r.report.plan.model, "kinds": list(r.kinds)} for r in gated.runs],
        "result": gated.result.model_dump(mode="json"),
        "baseline": None if gated.baseline is None else gated.baseline.model_dump(mode="json", exclude={"items"}),
        "worse_items": changes[0] if changes else [],
        "better_items": changes[1] if changes else [],
        "notes": list(gated.notes),
    }
    return json_page(data) + "\n"


def append(path: Path, text: str) -> None:
    """Add `text` to a file that others write to as well. Raises `GateError`."""
    try:
        with path.open("a", encoding="utf-8", newline="\n") as f:
            f.write(writable(text))
    except (OSError, ValueError) as e:
        raise GateError(f"{path}: cannot be written: {getattr(e, 'strerror', None) or e}", "choose another path") from e


def age_notes(baseline: Baseline, most: int) -> list[str]:
    """A warning if the baseline is older than `most` days."""
    days = baseline.age(datetime.now(UTC))
    return [f"the baseline is {days} days old, more than the {most} allowed: bless a new one"] if days > most else []
