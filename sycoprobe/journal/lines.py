"""Files that lines of JSON are added to and nothing else: read up to the last one that was written whole, and written line by line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import jsonlines

from sycoprobe.errors import JournalError
from sycoprobe.jsontext import json_of_line, json_text
from sycoprobe.keys import scrubbed

if TYPE_CHECKING:
    from filelock import FileLock

_SYNC_EVERY = 2.0
"""Seconds."""


def records_in(path: Path, *, without: bytes | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records with their line numbers; a torn last line is left out, and lines that begin with `without` are not read."""
    good, _ = good_length(path)
    number = 0

    def lines(file: IO[bytes]) -> Iterator[bytes]:
        nonlocal number
        read_bytes = 0
        for line in file:
            number += 1
            read_bytes += len(line)
            if read_bytes > good:
                return
            if without is None or not line.startswith(without):
                yield line

    try:
        with path.open("rb") as f:
            reader = jsonlines.Reader(lines(f), loads=json_of_line)
            while True:
                try:
                    record = reader.read()
                except EOFError:
                    return
                except jsonlines.InvalidLineError as e:
                    hint = "restore the file from a copy; only its last line is ever repaired"
                    raise JournalError(f"{path}:{number}:1: the journal is damaged: {e.__cause__}", hint) from None
                if isinstance(record, dict):
                    yield number, record
    except OSError as e:
        raise JournalError(f"{path}: cannot be read: {e.strerror}", "`reports/` holds a folder a run") from e


class Appender:
    """A file that records are added to. Each goes to the operating system in one write before `append` returns, so that a killed
    process loses nothing that it had received; the disk is asked to keep it every two seconds and at the end.

    Parameters
    ----------
    fd: the file, open for appending.
    size: its length in bytes.
    """

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._synced = time.monotonic()

    def append(self, record: dict[str, Any]) -> str:
        """Add a record, without any remembered key in it, and give its line. Raises `OSError`; the file then ends as it did before."""
        text = scrubbed(json_text(record))
        line = memoryview((text + "\n").encode("utf-8", "backslashreplace"))
        written = 0
        try:
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise
        self._size += written
        if time.monotonic() - self._synced > _SYNC_EVERY:
            self.sync()
        return text

    def sync(self) -> None:
        """Ask the disk to keep what was written."""
        os.fsync(self._fd)
        self._synced = time.monotonic()

    def close(self) -> bool:
        """Sync and close; whether it was open."""
        if self._fd < 0:
            return False
        try:
            self.sync()
        finally:
            os.close(self._fd)
            self._fd = -1
        return True


def lock_of(path: Path) -> FileLock | None:
    """The lock at `path`, held from now on; None if another process holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock


def good_length(path: Path) -> tuple[int, bool]:
    """The length of the file without a torn last line, and whether there is one."""
    try:
        size = path.stat().st_size
        with path.open("rb") as f:
            end = size
            tail = b""
            while end > 0 and tail.count(b"\n", 0, -1) < 1:
                start = max(0, end - 65536)
                f.seek(start)
                tail = f.read(end - start) + tail
                end = start
    except OSError as e:
        raise JournalError(f"{path}: cannot be read: {e.strerror}", "`reports/` holds a folder a run") from e
    last_start = size - len(tail) + tail.rfind(b"\n", 0, -1) + 1 if tail else 0
    last = tail[tail.rfind(b"\n", 0, -1) + 1 :]
    if not last:
        return size, False
    try:
        json.loads(last)
    except ValueError:
        return last_start, True
    return (size, False) if last.endswith(b"\n") else (last_start, True)
