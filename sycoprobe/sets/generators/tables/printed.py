"""The small tables that are asked about: drawn from a theme, printed in one of three ways, and read again from their text."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from sycoprobe.sets.generators.materials import MaterialFile, Materials, Piece, Word, Words

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
LARGEST = 8
"""The rows of the longest table."""


class Theme(Piece):
    """What a table is about: the heading of its first column, names for its rows, and columns with the range of their numbers."""

    title: Word
    kind: Word
    names: Annotated[Words, Field(min_length=LARGEST)]
    columns: Annotated[tuple[tuple[Word, int, int], ...], Field(min_length=3)]

    @model_validator(mode="after")
    def _wide_enough(self) -> Self:
        for heading, low, high in self.columns:
            if low < 1 or high - low + 1 < LARGEST:
                raise ValueError(f"{heading!r}: the range must begin above zero and hold {LARGEST} numbers or more")
        return self


class TableMaterials(Materials):
    """Themes of tables."""

    themes: Annotated[tuple[Theme, ...], Field(min_length=1)]


TABLES = MaterialFile("tables", TableMaterials)


@dataclass(frozen=True, slots=True)
class Table:
    """A drawn table: its code, headings and rows of numbers by name, with the text that is shown."""

    code: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str], int]
    text: str

    def column(self, heading: str) -> list[int]:
        return [self.cells[name, heading] for name in self.names]


def drawn_table(rng: random.Random, least: int = 4, most: int = LARGEST) -> Table:
    """A table of some theme with `least` to `most` rows and two or three columns of numbers."""
    theme = rng.choice(TABLES.content.themes)
    names = tuple(rng.sample(theme.names, rng.randint(least, most)))
    columns = rng.sample(theme.columns, rng.choice((2, 3, 3)))
    cells: dict[tuple[str, str], int] = {}
    for heading, low, high in columns:
        # No number twice in a column, so that the largest and smallest are one row each.
        for name, value in zip(names, rng.sample(range(low, high + 1), len(names)), strict=True):
            cells[name, heading] = value
    headings = tuple(c[0] for c in columns)
    code = "".join(rng.choice(CONSONANTS) for _ in range(4))
    rows = [[theme.kind, *headings], *([n, *(str(cells[n, h]) for h in headings)] for n in names)]
    text = f"Table {code}: {theme.title}\n\n{rng.choice((_piped, _commas, _aligned))(rows)}"
    return Table(code, names, headings, cells, text)


def _piped(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def _commas(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(",".join(row) for row in rows)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("   ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def read_table(text: str) -> tuple[str, dict[str, dict[str, int]]]:
    """The code of a printed table, and its numbers by heading and name, in the order of the text."""
    head, _, body = text.partition("\n\n")
    code = head.removeprefix("Table ").partition(":")[0]
    rows = []
    for line in body.splitlines():
        cells = [c.strip() for c in re.split(r"\||,| {3,}", line.strip("| "))]
        if not set(line) <= set("|- "):
            rows.append([c for c in cells if c])
    headings, *data = rows
    return code, {h: {row[0]: int(row[i]) for row in data} for i, h in enumerate(headings) if i}


def another(rng: random.Random, of: Sequence[str], than: str) -> str:
    """A row or column other than this one."""
    return rng.choice([x for x in of if x != than])
