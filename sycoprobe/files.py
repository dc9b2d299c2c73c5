"""Whether a text names a file, files that are read but for pipes and devices, and files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from sycoprobe.errors import GateError
from sycoprobe.text import decoded, writable


def is_file(path: Path) -> bool:
    """Whether there is a file of this name; a text that is too long for one names none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name; a text that is too long for one names none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def opened(path: Path) -> BufferedReader:
    """An ordinary file, to be read; a named pipe or a device would be waited for, or never end.

    Raises
    ------
    OSError: it cannot be opened, or is no ordinary file; `strerror` says which.
    """
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "no file has a name with a zero byte in it", str(path))
    # A pipe that nobody writes to is waited for when it is opened.
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(fd, "rb")
    os.close(fd)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    what = "a named pipe" if stat.S_ISFIFO(mode) else "a device"
    raise OSError(errno.EINVAL, f"it is {what}, not a file: save what it gives to a file first", str(path))


def read_bytes(path: Path) -> bytes:
    """What an ordinary file holds. Raises `OSError` as `opened` does."""
    with opened(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    """The text in an ordinary file, as `decoded` gives it. Raises `OSError` as `opened` does, and `UnicodeDecodeError`."""
    return decoded(read_bytes(path))


@contextmanager
def put_in_place(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path` to write to; at the end it is on the disk and takes the place of `path`, after an error it is gone. Raises `OSError`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Put `text` in place of what `path` holds, whole or not at all; folders are made. Raises `GateError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with put_in_place(path) as out:
            out.write(writable(text).encode())
    except (OSError, ValueError) as e:
        raise GateError(f"{path}: cannot be written: {getattr(e, 'strerror', None) or e}", "choose another path") from e
