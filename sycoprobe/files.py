"""Whether a text names a file, and files that are written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sycoprobe.errors import GateError
from sycoprobe.text import writable


def is_file(path: Path) -> bool:
    """Whether there is a file of this name; a text that is too long for one names none."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name; a text that is too long for one names none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def write_whole(path: Path, text: str) -> None:
    """Write `text` to a file beside `path`, then put it in place; folders are made. Raises `GateError`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(writable(text), encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as e:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise GateError(f"{path}: cannot be written: {e.strerror}", "choose another path") from e
