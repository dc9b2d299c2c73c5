"""Whether a model's file fits into this machine's memory."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.backends import store as models
from sycoprobe.examining.checks import Status, Step
from sycoprobe.examining.findings import Findings
from sycoprobe.examining.subject import Subject


def check_memory(subject: Subject, findings: Findings) -> None:
    """Whether a local model's file fits into what is free, where both are known before it is loaded."""
    file = _file_of(subject.name) if subject.scheme == "local" else None
    free = _free_memory()
    if file is None or free is None:
        findings.skip(
            "not known before the model is loaded" if subject.scheme in ("local", "hf") else "no model is loaded", Step.MEMORY
        )
        return
    size = file.stat().st_size
    said = f"the file has {size / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free"
    if size > free:
        findings.note(
            Step.MEMORY, Status.WARN, said, "close other programs, or take a smaller model or a stronger quantisation"
        )
    else:
        findings.note(Step.MEMORY, Status.OK, said)


def _file_of(name: str) -> Path | None:
    """A local model's file, if it is there already."""
    known = models.known_models().get(name or "smollm2")
    path = models.stored(known) if known else Path(name).expanduser()
    return path if path is not None and path.is_file() else None


def _free_memory() -> int | None:
    """Bytes of memory that programs can still get, where the system tells (Linux: MemAvailable in proc(5))."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None
