"""Files that lines of JSON are added to and nothing else: each line with its checksum, read up to the last one that was written whole."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sycoprobe.errors import JournalError
from sycoprobe.files import opened
from sycoprobe.jsontext import json_of_line, json_text, json_value
from sycoprobe.keys import scrubbed

if TYPE_CHECKING:
    from filelock import FileLock

SUM = "crc"
"""The field that ends a line: the CRC-32 of the line without it, in eight hexadecimal digits."""
_BEFORE = f',"{SUM}":"'.encode()
_LENGTH = len(_BEFORE) + len('01234567"}')
_SYNC_EVERY = 2.0
"""Seconds."""
HEAD = (
    "what stands before the first call cannot be set aside: restore the file from a copy; "
    f"or, if you changed the line yourself, take its {SUM!r} out of it"
)
REPAIR = (
    "`sycoprobe resume RUN --repair` sets such lines aside and asks their calls again, "
    "`sycoprobe score RUN --repair` counts what is sound; or restore the file from a copy"
)


class DamagedLine(ValueError):
    """A line that cannot be what was written; its message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file.

    Attributes
    ----------
    number: from 1.
    raw: as it stands in the file.
    record: what it holds, without its checksum; empty where it is damaged.
    damage: why it cannot be what was written; empty where it is sound.
    """

    number: int
    raw: bytes
    record: dict[str, Any]
    damage: str = ""


def with_sum(body: bytes) -> bytes:
    """A line (a JSON object, without a line end) with its checksum."""
    return b'%b%b%08x"}' % (body[:-1], _BEFORE, zlib.crc32(body))


def record_in(raw: bytes) -> dict[str, Any] | None:
    """What a line holds, without its checksum; None if that is no object. Raises `DamagedLine`."""
    line = raw.rstrip(b"\r\n")
    try:
        record = json_of_line(line)
    except RecursionError:
        raise DamagedLine("nested too deeply") from None
    except ValueError as e:
        raise DamagedLine(f"not JSON: {e}") from None
    if not isinstance(record, dict):
        return None
    kept = record.pop(SUM, None)
    if kept is not None and not _fits(line, kept):
        raise DamagedLine("its checksum does not fit: it was changed after it was written")
    return record


def _fits(line: bytes, kept: object) -> bool:
    """Whether a checksum is that of a line: as it stands, or, where something has only written it in another way, of what it says."""
    if line[-_LENGTH:-10] == _BEFORE and zlib.crc32(b"}", zlib.crc32(memoryview(line)[:-_LENGTH])) == _number(line[-10:-2]):
        return True
    record = json_value(line)
    record.pop(SUM)
    return isinstance(kept, str) and zlib.crc32(_bytes(json_text(record))) == _number(kept)


def _number(digits: str | bytes) -> int:
    """What hexadecimal digits say; -1 for what is none."""
    try:
        return int(digits, 16)
    except ValueError:
        return -1


def lines_in(path: Path, *, without: bytes | None = None) -> Iterator[Line]:
    """Every line that was written whole, damaged ones too. Lines that begin with `without`, and those that hold no object, are left out.

    Raises `JournalError` if the file cannot be read.
    """
    good, _ = good_length(path)
    read = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                read += len(raw)
                if read > good:
                    return
                if without is not None and raw.startswith(without):
                    continue
                try:
                    record = record_in(raw)
                except DamagedLine as e:
                    yield Line(number, raw, {}, str(e))
                    continue
                if record is not None:
                    yield Line(number, raw, record)
    except OSError as e:
        raise _unread(path, e) from e


def records_in(path: Path, *, without: bytes | None = None, hint: str = REPAIR) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records with their line numbers; a torn last line is left out, and lines that begin with `without` are not read.

    Raises `JournalError`, with its place, at the first damaged line.
    """
    for line in lines_in(path, without=without):
        if line.damage:
            raise damaged(path, line.number, line.damage, hint)
        yield line.number, line.record


def damaged(path: Path, number: int, why: str, hint: str = REPAIR) -> JournalError:
    """The error of a damaged line."""
    return JournalError(f"{path}:{number}:1: the journal is damaged: {why}", hint)


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
        """Add a record, with its checksum and without any remembered key in it, and give it as JSON. Raises `OSError`; the file then ends as it did before."""
        text = scrubbed(json_text(record))
        line = memoryview(with_sum(_bytes(text)) + b"\n")
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


def _bytes(text: str) -> bytes:
    """A line in UTF-8; half a character stands in it as JSON's escape."""
    return text.encode("utf-8", "backslashreplace")


def lock_of(path: Path) -> FileLock | None:
    """The lock at `path`, held from now on; None if another process holds it. Raises `OSError`."""
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
        with opened(path) as f:
            end = size = os.fstat(f.fileno()).st_size
            tail = b""
            while end > 0 and tail.count(b"\n", 0, -1) < 1:
                start = max(0, end - 65536)
                f.seek(start)
                tail = f.read(end - start) + tail
                end = start
    except OSError as e:
        raise _unread(path, e) from e
    last_start = size - len(tail) + tail.rfind(b"\n", 0, -1) + 1 if tail else 0
    last = tail[tail.rfind(b"\n", 0, -1) + 1 :]
    if not last:
        return size, False
    try:
        json_value(last)
    except ValueError:
        return last_start, True
    except RecursionError:  # whole, and damaged, which its reader says
        pass
    return (size, False) if last.endswith(b"\n") else (last_start, True)


def _unread(path: Path, e: OSError) -> JournalError:
    return JournalError(f"{path}: cannot be read: {e.strerror or e}", "`reports/` holds a folder a run")
