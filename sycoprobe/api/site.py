"""A folder of files that one command wrote: what it wrote before and wants no more is removed, and nothing else is touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from sycoprobe.errors import ReportError
from sycoprobe.files import read_bytes, write_whole
from sycoprobe.jsontext import TextFault, read_json
from sycoprobe.pages.rendering import write_page

LEDGER = ".sycoprobe-board.json"
VERSION = 1


class Site:
    """A site that is written whole.

    Parameters
    ----------
    folder: where it is; it is made.

    Raises
    ------
    ReportError: a page that is to be written is there already, and no earlier build wrote it; or nothing can be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before = _ledger(folder)
        self.files: list[Path] = []

    def path(self, *parts: str) -> Path:
        """Where a file of the site is to be written, which nobody else may have written. Raises `ReportError`."""
        file = self.folder.joinpath(*parts)
        if self.before is None and file.exists():
            raise ReportError(
                f"{file}: is there already, and `sycoprobe board` did not write it", "choose another folder with --out"
            )
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise ReportError(f"{file.parent}: cannot be made: {e.strerror or e}", "choose another folder with --out") from e
        return file

    def put(self, pieces: Iterable[str], *parts: str) -> Path:
        """Write a page. Raises `ReportError`."""
        file = self.path(*parts)
        write_page(file, pieces)
        self.wrote(file)
        return file

    def wrote(self, file: Path) -> None:
        """Take note of a file that was written into the site."""
        self.files.append(file)

    def finish(self) -> None:
        """Keep a ledger of what was written, and remove what an earlier build wrote and this one did not. Raises `ReportError`."""
        now = {PurePosixPath(f.relative_to(self.folder)).as_posix(): _digest(f) for f in self.files}
        for name, digest in (self.before or {}).items():
            if name not in now:
                self._remove(name, digest)
        text = json.dumps({"board_version": VERSION, "files": now}, indent=1, ensure_ascii=True)
        write_whole(self.folder / LEDGER, text + "\n")

    def _remove(self, name: str, digest: str) -> None:
        """Remove a file of an earlier build, if it is still as that wrote it, and its folder if that is empty then."""
        file = self.folder / name
        inside = file.resolve().is_relative_to(self.folder.resolve())
        if not inside or file.is_symlink() or _digest(file) != digest:
            return
        with suppress(OSError):
            file.unlink()
            for folder in file.parents:
                if folder == self.folder:
                    break
                folder.rmdir()


def is_site(folder: Path) -> bool:
    """Whether a board was written there."""
    return (folder / LEDGER).is_file()


def _ledger(folder: Path) -> dict[str, str] | None:
    """By file, the digest of what an earlier build wrote; None where there was none, or its ledger cannot be read."""
    try:
        data = read_json(read_bytes(folder / LEDGER))
        files = data["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    except (OSError, TextFault, KeyError, TypeError, AttributeError):
        return None


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(read_bytes(file)).hexdigest()
    except OSError:
        return ""
