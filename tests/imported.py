"""Files to import, and what an import said of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sycoprobe.sets.importing.ledger import ImportReport
from sycoprobe.sets.load import faults_of, load_set


def written(path: Path, text: str) -> Path:
    """A file of a text."""
    path.write_text(text, encoding="utf-8", newline="")
    return path


def table(path: Path, rows: Sequence[Any]) -> Path:
    """A JSONL file; a row that is a string is written as it stands."""
    return written(path, "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows))


def probes_of(folder: Path) -> tuple[Any, ...]:
    """The probes of an imported set, which must be sound."""
    assert faults_of(folder) == []
    return load_set(str(folder)).probes


def said(report: ImportReport) -> list[str]:
    """What was left out, each as file:line:column: message; fix."""
    return [str(f) for row in report.left_out_rows for f in row.faults]
