"""Baseline files."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.errors import GateError
from sycoprobe.files import read_whole, write_whole
from sycoprobe.gating.baselines import Baseline


def read_baseline(path: Path) -> Baseline:
    """The baseline in `path`. Raises `GateError`."""
    try:
        return Baseline.loads(read_whole(path), str(path))
    except OSError as e:
        raise GateError(f"{path}: cannot be read: {e.strerror}", "`sycoprobe bless RUN` writes a baseline") from e


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all. Raises `GateError`."""
    write_whole(path, baseline.dumps())
