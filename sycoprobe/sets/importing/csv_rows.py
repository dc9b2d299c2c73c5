"""The rows of a CSV file; a record that cannot be read costs its line and not the rest."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.rows import Broken, Note, Row, texts


def csv_rows(file: str, lines: Iterable[bytes], note: Note, delimiter: str = ",") -> Iterator[Row | Broken]:
    """The rows of a CSV file with a header (RFC 4180), given as lines with their ends; cells may hold line breaks.

    A record whose quotes do not match costs its first line, not the rest of the file: reading goes on at the next line.
    """
    source = _Lines(texts(file, lines, note))
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
