"""The files of a release: which are there, their rows with their places, and what was read of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sycoprobe.errors import DataError, ProbeError
from sycoprobe.files import read_bytes
from sycoprobe.reproducing.result import DataFile, Finding
from sycoprobe.sets.importing.csv_rows import csv_rows
from sycoprobe.sets.importing.json_rows import document_rows
from sycoprobe.sets.importing.rows import Broken, Row
from sycoprobe.text import visible

ABOVE = 3
"""In how many folders above that of the data a file of items or of published figures is looked for."""
LARGEST = 1 << 29


@dataclass
class Release:
    """The folder of the data, what was read of it, and what was found.

    Attributes
    ----------
    root: a folder, or one file.
    """

    root: Path
    read: dict[Path, DataFile] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _bytes: dict[Path, bytes] = field(default_factory=dict)
    _tables: dict[Path, list[Row]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the data."""
        return self.root if self.root.is_dir() else self.root.parent

    def files(self, pattern: str) -> list[Path]:
        """The files of a name below the folder, in the order of their paths."""
        if not self.root.is_dir():
            return [self.root] if self.root.match(pattern) else []
        try:
            return sorted(p for p in self.root.rglob(pattern) if p.is_file())
        except OSError as e:
            raise DataError(f"{self.root}: cannot be looked into: {e.strerror}", "look at its permissions") from e

    def beside(self, name: str) -> Path | None:
        """A file of this name below the folder, or in one above it; None: there is none."""
        if below := sorted(p for p in self.folder.rglob(name) if p.is_file()):
            return below[0]
        above = [self.folder.resolve(), *self.folder.resolve().parents][1 : 1 + ABOVE]
        return next((p / name for p in above if (p / name).is_file()), None)

    def label(self, path: Path) -> str:
        """What messages and pages call a file: its path below the folder, else its name."""
        try:
            return visible(path.relative_to(self.folder).as_posix())
        except ValueError:
            return visible(path.name)

    def place(self, path: Path) -> str:
        """What errors call a file: as the user can open it."""
        return visible(str(path))

    def bytes(self, path: Path) -> bytes:
        """What a file holds; of `.gz`, what is packed in it."""
        if path not in self._bytes:
            try:
                raw = read_bytes(path)
                self._bytes[path] = gzip.decompress(raw) if path.suffix == ".gz" else raw
            except (OSError, EOFError) as e:
                said = getattr(e, "strerror", None) or "not a whole gzip file"
                raise DataError(f"{path}: cannot be read: {said}", "fetch it again") from e
            if len(self._bytes[path]) > LARGEST:
                raise DataError(f"{path}: larger than {LARGEST >> 20} MB", "name a smaller part of the data")
            self.read[path] = DataFile(file=self.label(path), rows=0, sha256=hashlib.sha256(raw).hexdigest())
        return self._bytes[path]

    def csv(self, path: Path) -> list[Row]:
        """The rows of a CSV file with a header. Raises `DataError` at the first that cannot be read."""
        if path in self._tables:
            return self._tables[path]
        rows = list(self._whole(path, csv_rows(self.place(path), io.BytesIO(self.bytes(path)), _unsaid)))
        if not rows:
            raise DataError(f"{self.place(path)}:1:1: no row stands in it", "fetch the file again")
        self._tables[path] = rows
        return rows

    def json(self, path: Path, at: str | None) -> list[Row]:
        """The elements of a list in a JSON document, or an object a line. Raises `DataError`."""
        try:
            return list(self._whole(path, document_rows(self.place(path), self.bytes(path), _unsaid, at)))
        except ProbeError as e:
            raise DataError(e.message, e.hint) from e

    def lines(self, path: Path) -> list[str]:
        """The lines of a text file, without outer space and blank ends."""
        found = [line.strip() for line in self.bytes(path).decode("utf-8-sig", "replace").split("\n")]
        while found and not found[-1]:
            found.pop()
        self._count(path, len(found))
        return found

    def top(self, path: Path) -> object:
        """What a JSON document is as a whole; None if it is none."""
        try:
            return json.loads(self.bytes(path))
        except (ValueError, RecursionError):
            return None

    def forget(self, path: Path, unless: str | None) -> None:
        """Leave a file out of those that were read, since nothing of it counts; but for one of the name `unless`."""
        if path.name != unless:
            self.read.pop(path, None)

    def find(self, part: str, path: Path, line: int | None, message: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(part=part, file=self.label(path), line=line, message=visible(message)))

    def _whole(self, path: Path, rows: Iterable[Row | Broken]) -> Iterator[Row]:
        count = 0
        for row in rows:
            if isinstance(row, Broken):
                f = row.fault
                raise DataError(f"{f.file}:{f.line}:{f.column}: {f.message}", f.fix)
            count += 1
            yield row
        self._count(path, count)

    def _count(self, path: Path, rows: int) -> None:
        self.read[path] = self.read[path].model_copy(update={"rows": rows})


def _unsaid(_fault: object) -> None:
    """A byte-order mark or Windows line ends change nothing here."""


def open_release(data: Path) -> Release:
    """The release in a folder, or one file of it. Raises `DataError` if there is no such place."""
    if not data.exists():
        raise DataError(f"{data}: there is no such file or folder", "name the folder of the published data")
    return Release(data)


def cell(release: Release, path: Path, row: Row, column: str) -> str:
    """The text of a cell. Raises `DataError` if the file has no such column."""
    if column not in row.fields:
        has = ", ".join(row.header[:12]) or ", ".join(list(row.fields)[:12])
        raise DataError(f"{release.place(path)}:1:1: no column {column!r}", f"its columns: {visible(has)}")
    return str(row.fields[column])


def fault(release: Release, path: Path, row: Row, column: str, message: str, fix: str) -> DataError:
    """The error of a cell, with its place."""
    line, at = row.place(column)
    return DataError(f"{release.place(path)}:{line}:{at}: {visible(message)}", fix)


def number(release: Release, path: Path, row: Row, column: str) -> float | None:
    """The number in a cell; None where it is empty. Raises `DataError` if it holds something else."""
    import math

    text = cell(release, path, row, column).strip()
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise fault(release, path, row, column, f"{column}: {text[:40]!r} is no number", "write a number, or leave it empty")
    return found
