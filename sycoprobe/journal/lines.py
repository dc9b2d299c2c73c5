"""The lines of a journal, up to the last one that was written whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import jsonlines

from sycoprobe.errors import JournalError
from sycoprobe.jsontext import json_of_line


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
