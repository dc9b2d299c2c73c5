"""Whether a text names a file, files that are read but for pipes and devices, and files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

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


def write_whole(path: Path, text: str) -> None:
    """Write `text` to a file beside `path`, then put it in place; folders are made. Raises `GateError`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(writable(text), encoding="utf-8", newline="\n")
        part.replace(path)
    except (OSError, ValueError) as e:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)
        raise GateError(f"{path}: cannot be written: {getattr(e, 'strerror', None) or e}", "choose another path") from e
