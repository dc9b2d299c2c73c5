"""How a question on a table is answered a second time: from the numbers that are read from its text."""

from __future__ import annotations

from collections.abc import Callable

from sycoprobe.sets.generators.making import Fields
from sycoprobe.sets.generators.tables.printed import read_table
from sycoprobe.sets.probe import Probe, parse_number

Columns = dict[str, dict[str, int]]
"""The numbers of a table by heading and name."""


def number_is(right: Callable[[Columns, Fields], int]) -> Callable[[Probe, Fields, str], bool]:
    """The right answer is the number that `right` makes of the table."""
    return lambda probe, fields, candidate: _read(probe, fields, right) == parse_number(candidate)


def word_is(right: Callable[[Columns, Fields], str]) -> Callable[[Probe, Fields, str], bool]:
    """The right answer is the word that `right` finds in the table."""
    return lambda probe, fields, candidate: _read(probe, fields, right) == candidate


def _read(probe: Probe, fields: Fields, right: Callable[[Columns, Fields], int | str]) -> int | str | None:
    code, columns = read_table(probe.context or "")
    return right(columns, fields) if code == fields["code"] else None
