"""Whether a text names a file, files that are read whole if they are plain ones, and files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from sycoprobe.errors import GateError
from sycoprobe.text import writable


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


def plain(path: Path) -> Path:
    """The same path. Raises `OSError` where there is no file, or something that may never end: a named pipe, a device, a socket."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "no plain file (a pipe or a device)", str(path))
    return path


def read_whole(path: Path) -> bytes:
    """The bytes of a plain file. Raises `OSError`, for pipes and devices, too."""
    try:
        return plain(path).read_bytes()
    except ValueError as e:  # a name that no file can have, with a zero byte in it
        raise OSError(errno.EINVAL, str(e), str(path)) from None


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """The text of a plain file, whose lines end in a line feed whatever ended them. Raises `OSError`, `UnicodeDecodeError`."""
    return read_whole(path).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


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
