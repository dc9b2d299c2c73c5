"""A quantity while its surroundings are read, and what it can be in its sentence."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction


class Role(StrEnum):
    """What a number is in its sentence."""

    PLAIN = "plain"
    LIST = "list"
    """The number of a list's item or of a step."""
    FOOTNOTE = "footnote"
    YEAR = "year"
    """A year of the calendar, where a word or a date shows that it is one."""
    ORDINAL = "ordinal"
    DATE = "date"
    """The day or month in a date, or a time of day."""
    LABEL = "label"
    """Names a thing: `option 3`, `page 12`, a version."""
    OPERAND = "operand"
    """Stands in a calculation before its `=`."""
    RESULT = "result"
    """Stands after `=`, or after a word for it, at the end of a calculation."""


class Draft:
    """A quantity while its surroundings are read; the fields are those of `Quantity`, and two more.

    `item`: it stands where the number of a list's item would. `result`: a word or sign before it says that it comes out of
    a calculation.
    """

    __slots__ = ("about", "end", "high", "item", "other", "place", "result", "role", "start", "unit", "value")

    def __init__(self, start: int, end: int, value: Fraction, place: Fraction, role: Role = Role.PLAIN) -> None:
        self.start = start
        self.end = end
        self.value = value
        self.place = place
        self.role = role
        self.unit: str | None = None
        self.high: Fraction | None = None
        self.about = False
        self.other: tuple[Fraction, str | None] | None = None
        self.item = False
        self.result = False
