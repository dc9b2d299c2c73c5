"""The file of what judges said, `judgements.jsonl` in a run's folder: append-only, as the journal is, and resumable.

One JSON object a line: a `judge` for every judge that is asked (what the model is, the digests of its rubrics), a `judgement`
for every call as it completes, and a `panel` that names the judges whose majority counts; the last one does.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from sycoprobe.errors import JournalError, JudgeError
from sycoprobe.journal.lines import Appender, good_length, lines_in, lock_of
from sycoprobe.journal.records import why_invalid
from sycoprobe.jsontext import json_value, writable_json

if TYPE_CHECKING:
    from filelock import FileLock

SCHEMA_VERSION = 1
FILE = "judgements.jsonl"
LOCK = ".judgements.lock"
_HINT = (
    "`sycoprobe score RUN --repair` sets such lines aside, then `sycoprobe judge run` asks the judge again; "
    "or restore the file from a copy"
)


class JudgementFile:
    """The file in `folder`, open for appending; one process at a time. Use as a context manager.

    A last line that a crash tore is cut off when the file is opened, and nothing else is changed.

    Raises `JudgeError`: another process writes to it, it cannot be written, or it is damaged elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._file: Appender | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(folder)
        except OSError as e:
            raise JudgeError(f"{folder}: cannot be written: {e.strerror}", "choose a folder that can be") from e
        try:
            self.records, good = _read(self.path)
            fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            self._file = Appender(fd, good)
            os.ftruncate(fd, good)
        except OSError as e:
            self.close()
            raise JudgeError(f"{self.path}: cannot be written: {e.strerror}", "look at its permissions") from e
        except JudgeError:
            self.close()
            raise

    def __enter__(self) -> JudgementFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, record: dict[str, Any]) -> None:
        """Add one record, without any key in it. Raises `JudgeError` (the disk is full); the file then ends as it did before."""
        if self._file is None:
            raise JudgeError(f"{self.path}: is closed", "open it again")
        try:
            text = self._file.append(record)
        except OSError as e:
            raise JudgeError(f"{self.path}: cannot be written: {e.strerror}", "free some space, then judge again") from e
        self.records.append(writable_json(json_value(text)))

    def close(self) -> None:
        """Sync, close and unlock; safe to call twice."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._lock.release()


def read(folder: Path) -> list[dict[str, Any]]:
    """The records in `folder`, without a torn last line; none if no judge was asked. Raises `JudgeError` if it is damaged."""
    return _read(folder / FILE)[0]


class _Judgement(TypedDict):
    print: str
    rubric: str
    digest: str
    key: str
    case: str
    swapped: bool
    compares: bool
    judge: str
    outcome: Literal["judged", "abstained", "unreadable", "refused", "error"]
    label: str | None
    said: str
    usage: NotRequired[dict[str, Annotated[int, Field(ge=0)]]]
    cost: NotRequired[Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    notes: NotRequired[list[str]]


class _Facts(TypedDict):
    notes: NotRequired[list[str]]


class _Judge(TypedDict):
    judge: str
    print: str
    model: _Facts
    base_url: str | None
    structured: bool
    self: Any
    digests: dict[str, str]


class _Panel(TypedDict):
    judges: list[str]
    min_share: float


_SHAPES: dict[str, TypeAdapter[Any]] = {
    "judgement": TypeAdapter(_Judgement),
    "judge": TypeAdapter(_Judge),
    "panel": TypeAdapter(_Panel),
}


def why_damaged(record: dict[str, Any]) -> str:
    """Why a record is none of a judge's; empty if it is one, or of a type that this version does not know."""
    shape = _SHAPES.get(str(record.get("type")))
    if shape is None:
        return ""
    try:
        shape.validate_python(record, strict=True)
    except ValidationError as e:
        return why_invalid(e)
    return ""


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The records, and the length of the file without a torn last line."""
    if not path.exists():
        return [], 0
    records: list[dict[str, Any]] = []
    judges: set[str] = set()
    try:
        for line in lines_in(path):
            record = line.record
            if why := line.damage or why_damaged(record):
                raise JudgeError(f"{path}:{line.number}:1: the file is damaged: {why}", _HINT)
            if record.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
                raise JudgeError(
                    f"{path}:{line.number}:1: no record of this version of sycoprobe", "upgrade sycoprobe to read it"
                )
            if record.get("type") == "judge":
                judges.add(record["judge"])
            if record.get("type") == "panel" and (unknown := [j for j in record["judges"] if j not in judges]):
                raise JudgeError(
                    f"{path}:{line.number}:1: the file is damaged: nothing is said of the judge {unknown[0]!r}", _HINT
                )
            records.append(record)
        return records, good_length(path)[0]
    except JournalError as e:
        raise JudgeError(e.message, "look at its permissions") from e


def _locked(folder: Path) -> FileLock:
    lock = lock_of(folder / LOCK)
    if lock is None:
        raise JudgeError(f"{folder}: another process is judging this run", "wait for it to end, or stop it first")
    return lock
