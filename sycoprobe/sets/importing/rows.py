"""From the bytes of JSONL, CSV and text files to rows that know where they stand; what cannot be read is a row too."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sycoprobe.sets.faults import MAX_LINE_BYTES, Fault, too_many_digits

BOM = b"\xef\xbb\xbf"
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Attributes
    ----------
    line: where it begins, from 1; of a Parquet file, the row's number.
    text: what stands there, for the columns of faults; empty where there is no text.
    fields: by name. NaN and infinities, which JSON does not know, are None here.
    not_numbers: the fields (dotted, if nested) in which they stood.
    delimiter: of a CSV row; empty for others.
    header: its columns, in order.
    """

    file: str
    line: int
    text: str
    fields: Mapping[str, Any]
    not_numbers: tuple[str, ...] = ()
    delimiter: str = ""
    header: tuple[str, ...] = ()

    def get(self, field: str) -> Any:
        """The value of a field, which may be dotted (`base.question`); None if it is not there."""
        if field in self.fields:
            return self.fields[field]
        found: Any = self.fields
        for part in field.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
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
        found = re.search(rf'"{re.escape(field.rpartition(".")[2])}"\s*:', self.text)
        return self.line, found.start() + 1 if found else 1


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read, and why."""

    file: str
    line: int
    fault: Fault


Note = Callable[[Fault], None]
"""Told of what was altered in reading."""


def json_rows(file: str, lines: Iterable[bytes], note: Note) -> Iterator[Row | Broken]:
    """The rows of a JSONL file, given as lines with their ends; blank lines are none.

    NaN, Infinity and -Infinity, which Python and pandas write though RFC 8259 (section 6) has no such numbers, are read as
    absent values, and kept in `Row.not_numbers`.
    """
    for number, text in _texts(file, lines, note):
        if isinstance(text, Fault):
            yield Broken(file, number, text)
        elif text.strip():
            yield _json_row(file, number, text)


def csv_rows(file: str, lines: Iterable[bytes], note: Note, delimiter: str = ",") -> Iterator[Row | Broken]:
    """The rows of a CSV file with a header (RFC 4180), given as lines with their ends; cells may hold line breaks.

    A record whose quotes do not match costs its first line, not the rest of the file: reading goes on at the next line.
    """
    source = _Lines(_texts(file, lines, note))
    header: tuple[str, ...] | None = None
    while (record := _record(source, delimiter)) is not None:
        line, text, cells, problem = record
        if not text.strip() and problem is None:
            continue
        if problem is not None:
            column, message, fix = problem
            if header is None:
                message = f"{message}; it is the header, so nothing of the file was read"
            yield Broken(file, line, Fault(file, line, column, message, fix))
            if header is None:
                return
        elif header is None:
            header = tuple(c.strip() for c in cells)
            if doubled := next((h for h in header if h and header.count(h) > 1), None):
                note(Fault(file, line, 1, f"the column {doubled!r} stands twice", "the first one counts; rename the other"))
            continue
        elif len(cells) != len(header):
            message = f"{len(cells)} cells under {len(header)} columns"
            yield Broken(file, line, Fault(file, line, 1, message, "quote cells that hold the delimiter or a line break"))
        else:
            fields = dict(zip(reversed(header), reversed(cells), strict=True))
            yield Row(file, line, text, fields, (), delimiter, header)


def text_lines(file: str, lines: Iterable[bytes], note: Note) -> list[str | Fault]:
    """The lines of a text file without outer space; of one that cannot be read, the fault. Blank lines at the end are dropped."""
    found: list[str | Fault] = []
    padded: list[int] = []
    for number, text in _texts(file, lines, note):
        if isinstance(text, str) and text != text.strip():
            padded.append(number)
        found.append(text.strip() if isinstance(text, str) else text)
    while found and found[-1] == "":
        found.pop()
    if padded:
        note(Fault(file, padded[0], 1, f"{len(padded)} lines have space at an end, this one first", "it was taken off"))
    return found


def _texts(file: str, lines: Iterable[bytes], note: Note) -> Iterator[tuple[int, str | Fault]]:
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


def _json_row(file: str, number: int, text: str) -> Row | Broken:
    def broken(column: int, message: str, fix: str) -> Broken:
        return Broken(file, number, Fault(file, number, max(column, 1), message, fix))

    try:
        data = json.loads(text, parse_constant=_not_a_number, object_pairs_hook=_once_each)
        found: list[str] = []
        cleaned = _cleaned(data, "", found)
    except json.JSONDecodeError as e:
        return broken(e.colno, f"not JSON: {e.msg}", "one complete JSON object a line")
    except _DoubledError as e:
        key = f'"{e}"'
        column = text.find(key, text.find(key) + 1) + 1
        return broken(column, f"{e}: the field stands twice in one object", "keep one of the two")
    except RecursionError:
        return broken(1, "nested too deeply", "a row is a flat object, or nearly so")
    except ValueError as e:
        if (fault := too_many_digits(file, number, text)) is not None:
            return Broken(file, number, fault)
        return broken(1, f"not JSON: {str(e).splitlines()[0]}", "write an ordinary number, or text")
    if not isinstance(cleaned, dict):
        fix = (
            "write one row as {…} a line"
            if not text.lstrip().startswith("[")
            else "write each element of the list on a line of its own"
        )
        return broken(1, f"a {type(data).__name__}, not an object", fix)
    return Row(file, number, text, cleaned, tuple(found))


class _DoubledError(ValueError):
    """An object names the same field twice."""


def _not_a_number(_name: str) -> object:
    return _MISSING


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise _DoubledError(key)
        made[key] = value
    return made


def _cleaned(value: Any, path: str, found: list[str]) -> Any:
    """`value` with None where NaN or an infinity stood; the paths of those go to `found`."""
    if value is _MISSING:
        found.append(path)
        return None
    if isinstance(value, dict):
        return {k: _cleaned(v, f"{path}.{k}" if path else k, found) for k, v in value.items()}
    if isinstance(value, list):
        return [_cleaned(v, path, found) for v in value]
    return value


class _Lines:
    """Numbered lines that can be given back."""

    def __init__(self, lines: Iterator[tuple[int, str | Fault]]) -> None:
        self._lines = lines
        self._returned: list[tuple[int, str | Fault]] = []
        self.taken: list[tuple[int, str | Fault]] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        item = self._returned.pop() if self._returned else next(self._lines)
        self.taken.append(item)
        text = item[1]
        # A line that cannot be read must not end up in a cell: it breaks the record in which it stands.
        return f"{text}\n" if isinstance(text, str) else '"\n'

    def begin(self) -> None:
        self.taken = []

    def give_back(self, keep: int) -> None:
        """Return what was taken since `begin`, but for the first `keep` lines."""
        self._returned.extend(reversed(self.taken[keep:]))
        self.taken = self.taken[:keep]


_Problem = tuple[int, str, str]
_QUOTES = "close every quote, write a quote within quotes twice, and keep cells below 131,072 characters"


def _record(source: _Lines, delimiter: str) -> tuple[int, str, list[str], _Problem | None] | None:
    """The next record: its first line, its text, its cells, and what is wrong with it; None at the end."""
    source.begin()
    try:
        cells = next(csv.reader(source, delimiter=delimiter, strict=True))
        problem = None
    except StopIteration:
        return None
    except csv.Error as e:
        cells, problem = [], (1, f"not CSV: {e}", _QUOTES)
    line, text = source.taken[0]
    unread = next((t for _, t in source.taken if isinstance(t, Fault)), None)
    if isinstance(text, Fault):
        source.give_back(1)
        return line, "?", [], (text.column, text.message, text.fix)
    if problem is not None or unread is not None:
        if len(source.taken) > 1:
            problem = (1, "a quote is opened in this line and not closed as it should be", _QUOTES)
        source.give_back(1)
        return line, text or "?", [], problem
    return line, "\n".join(str(t) for _, t in source.taken), cells, None


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
