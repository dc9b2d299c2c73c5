"""Rows that know where they stand, and lines of bytes as text; what cannot be read is a row too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sycoprobe.sets.faults import MAX_LINE_BYTES, Fault

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Attributes
    ----------
    line: where it begins, from 1; of a Parquet file, the row's number.
    text: what stands there, for the places of faults; empty where there is no text.
    fields: by name. NaN and infinities, which JSON does not know, are None here.
    not_numbers: the fields (dotted, if nested) in which they stood.
    delimiter: of a CSV row; empty for others.
    header: its columns, in order.
    column: where it begins in its line, from 1.
    number: of an element of a list, which one it is, from 1; 0 for others, of which each begins a line.
    """

    file: str
    line: int
    text: str
    fields: Mapping[str, Any]
    not_numbers: tuple[str, ...] = ()
    delimiter: str = ""
    header: tuple[str, ...] = ()
    column: int = 1
    number: int = 0

    def get(self, field: str) -> Any:
        """The value of a field, which may be dotted (`base.question`); None if it is not there.

        Dots go into the objects of a list too: `choices.text` of [{"text": "a"}, {"text": "b"}] is ["a", "b"].
        """
        if field in self.fields:
            return self.fields[field]
        found: Any = self.fields
        for part in field.split("."):
            if isinstance(found, list) and any(isinstance(x, Mapping) and part in x for x in found):
                found = [x.get(part) if isinstance(x, Mapping) else None for x in found]
            elif isinstance(found, Mapping) and part in found:
                found = found[part]
            else:
                return None
        return found

    def has(self, field: str) -> bool:
        """Whether the row has the field at all, be it empty."""
        return field in self.fields or self.get(field) is not None

    def fault(self, field: str, message: str, fix: str) -> Fault:
        """A fault at the place of `field`, or at the row's beginning if it is not there."""
        line, column = self.place(field)
        return Fault(self.file, line, column, message, fix)

    def place(self, field: str) -> tuple[int, int]:
        """Line and column, from 1, of a field in the file."""
        if self.header:
            if field not in self.header:
                return self.line, 1
            index = self.header.index(field)
            return _cell_place(self.text, self.line, index, self.delimiter) if self.delimiter else (self.line, index + 1)
        parts = (field,) if field in self.fields else field.split(".")
        if parts[0] not in self.fields:
            return self.line, self.column
        at = 0
        for part in parts:
            found = re.compile(rf'"{re.escape(part)}"\s*:').search(self.text, at)
            if found is None:
                return self.line, self.column
            at = found.start()
        return place_in(self.text, at, self.line, self.column)


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read, and why."""

    file: str
    line: int
    fault: Fault


Note = Callable[[Fault], None]
"""Told of what was altered in reading."""


def text_lines(file: str, lines: Iterable[bytes], note: Note) -> list[str | Fault]:
    """The lines of a text file without outer space; of one that cannot be read, the fault. Blank lines at the end are dropped."""
    found: list[str | Fault] = []
    padded: list[int] = []
    for number, text in texts(file, lines, note):
        if isinstance(text, str) and text != text.strip():
            padded.append(number)
        found.append(text.strip() if isinstance(text, str) else text)
    while found and found[-1] == "":
        found.pop()
    if padded:
        note(Fault(file, padded[0], 1, f"{len(padded)} lines have space at an end, this one first", "it was taken off"))
    return found


def texts(file: str, lines: Iterable[bytes], note: Note) -> Iterator[tuple[int, str | Fault]]:
    """Each line as text without its end, or what is wrong with its bytes."""
    crlf = False
    for number, line in enumerate(lines, 1):
        raw = line
        if number == 1 and raw.startswith(BOM):
            note(Fault(file, 1, 1, "the file begins with a byte-order mark", "it was left away"))
            raw = raw[len(BOM) :]
        if raw.endswith(b"\r\n") and not crlf:
            crlf = True
            note(Fault(file, number, 1, "the line ends in CRLF (told once)", "it was read as LF"))
        if len(raw) > MAX_LINE_BYTES:
            fix = "leave long material out of the row"
            yield number, Fault(file, number, 1, f"the line is longer than {MAX_LINE_BYTES:,} bytes", fix)
            continue
        try:
            yield number, raw.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as e:
            column = len(raw[: e.start].decode("utf-8", "replace")) + 1
            yield number, Fault(file, number, column, f"not UTF-8: byte 0x{raw[e.start]:02x}", "save the file as UTF-8")


def place_in(text: str, at: int, line: int, column: int) -> tuple[int, int]:
    """Line and column of the character `at` (from 0) of a text that begins at a place."""
    lines = text.count("\n", 0, at)
    return (line + lines, at - text.rfind("\n", 0, at)) if lines else (line, column + at)


def _cell_place(text: str, line: int, index: int, delimiter: str) -> tuple[int, int]:
    """Where cell `index` (from 0) of a record begins."""
    cell, quoted, column = 0, False, 1
    for c in text:
        if cell == index:
            return line, column
        if c == '"':
            quoted = not quoted
        elif c == delimiter and not quoted:
            cell += 1
        line, column = (line + 1, 1) if c == "\n" else (line, column + 1)
    return line, column
