"""The file of what judges said, `judgements.jsonl` in a run's folder: append-only, as the journal is, and resumable.

One JSON object a line: a `judge` for every judge that is asked (what the model is, the digests of its rubrics), a `judgement`
for every call as it completes, and a `panel` that names the judges whose majority counts; the last one does.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sycoprobe.errors import JudgeError
from sycoprobe.jsontext import json_of_line, writable_json
from sycoprobe.keys import scrubbed

if TYPE_CHECKING:
    from filelock import FileLock

SCHEMA_VERSION = 1
FILE = "judgements.jsonl"
LOCK = ".judgements.lock"
_SYNC_EVERY = 2.0


class JudgementFile:
    """The file in `folder`, open for appending; one process at a time. Use as a context manager.

    Each record goes to the operating system in one write before `append` returns; the disk is asked to keep it every two
    seconds and at the end. A last line that a crash tore is cut off when the file is opened, and nothing else is changed.

    Raises `JudgeError`: another process writes to it, it cannot be written, or it is damaged elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._fd = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(folder)
        except OSError as e:
            raise JudgeError(f"{folder}: cannot be written: {e.strerror}", "choose a folder that can be") from e
        try:
            self.records, good = _read(self.path)
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.ftruncate(self._fd, good)
        except OSError as e:
            self.close()
            raise JudgeError(f"{self.path}: cannot be written: {e.strerror}", "look at its permissions") from e
        except JudgeError:
            self.close()
            raise
        self._size = good
        self._synced = time.monotonic()

    def __enter__(self) -> JudgementFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, record: dict[str, Any]) -> None:
        """Add one record, without any key in it. Raises `JudgeError` (the disk is full); the file then ends as it did before."""
        text = scrubbed(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
        line = memoryview((text + "\n").encode("utf-8", "backslashreplace"))
        written = 0
        try:
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError as e:
            os.ftruncate(self._fd, self._size)
            raise JudgeError(f"{self.path}: cannot be written: {e.strerror}", "free some space, then judge again") from e
        self._size += written
        self.records.append(writable_json(json.loads(text)))
        if time.monotonic() - self._synced > _SYNC_EVERY:
            os.fsync(self._fd)
            self._synced = time.monotonic()

    def close(self) -> None:
        """Sync, close and unlock; safe to call twice."""
        if self._fd >= 0:
            with suppress(OSError):
                os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1
        self._lock.release()


def read(folder: Path) -> list[dict[str, Any]]:
    """The records in `folder`, without a torn last line; none if no judge was asked. Raises `JudgeError` if it is damaged."""
    try:
        return _read(folder / FILE)[0]
    except OSError as e:
        raise JudgeError(f"{folder / FILE}: cannot be read: {e.strerror}", "look at its permissions") from e


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The records, and the length of the file without a torn last line."""
    if not path.exists():
        return [], 0
    records: list[dict[str, Any]] = []
    good = 0
    for number, (line, last) in enumerate(_lines(path), 1):
        try:
            record = json_of_line(line)
        except ValueError:
            if last:
                break
            hint = "restore the file from a copy, or delete it to have everything judged again; only its last line is ever repaired"
            raise JudgeError(f"{path}:{number}:1: the file is damaged", hint) from None
        if not line.endswith(b"\n"):
            break
        if not isinstance(record, dict) or record.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
            raise JudgeError(f"{path}:{number}:1: no record of this version of sycoprobe", "upgrade sycoprobe to read it")
        records.append(record)
        good += len(line)
    return records, good


def _lines(path: Path) -> Iterator[tuple[bytes, bool]]:
    with path.open("rb") as f:
        line = f.readline()
        while line:
            following = f.readline()
            yield line, not following
            line = following


def _locked(folder: Path) -> FileLock:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise JudgeError(f"{folder}: another process is judging this run", "wait for it to end, or stop it first") from None
    return lock
