"""Baseline files."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.errors import GateError
from sycoprobe.files import read_bytes, write_whole
from sycoprobe.gating.baselines import DEFAULT_FILE, Baseline


def usual_baseline(beside: Path | None = None) -> Path:
    """Where `bless` writes and rules look for a baseline unless another file is named: beside the settings file, or here."""
    return (beside.parent if beside else Path()) / DEFAULT_FILE


def read_baseline(path: Path) -> Baseline:
    """The baseline in `path`. Raises `GateError`."""
    try:
        return Baseline.loads(read_bytes(path), str(path))
    except OSError as e:
        raise GateError(f"{path}: cannot be read: {e.strerror}", "`sycoprobe bless RUN` writes a baseline") from e


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all. Raises `GateError`."""
    write_whole(path, baseline.dumps())
