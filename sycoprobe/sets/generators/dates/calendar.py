"""The Gregorian calendar as questions of `dates` need it: dates drawn, written and read, and the Julian day number."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from sycoprobe.sets.generators.making import Fields
from sycoprobe.sets.generators.materials import MaterialFile, Materials, Words
from sycoprobe.sets.probe import Probe, parse_number

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
DAY = timedelta(days=1)


class DateMaterials(Materials):
    """People who have birthdays."""

    people: Words


DATES = MaterialFile("dates", DateMaterials)


def day_number(year: int, month: int, day: int) -> int:
    """The Julian day number of a Gregorian date (at noon), in integers.

    Source: H. F. Fliegel and T. C. van Flandern, Communications of the ACM 11 (1968), p. 657, with floor division.
    """
    a = (14 - month) // 12
    y, m = year + 4800 - a, month + 12 * a - 3
    return day + (153 * m + 2) // 5 + 365 * y + y // 4 - y // 100 + y // 400 - 32045


def long_date(d: date) -> str:
    """A date as questions and answers write it: 1 May 2024."""
    return f"{d.day} {MONTHS[d.month - 1]} {d.year}"


def other_forms(d: date) -> tuple[str, ...]:
    """Other usual ways to write a date."""
    month = MONTHS[d.month - 1]
    ending = "th" if 11 <= d.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(d.day % 10, "th")
    return (
        f"{month} {d.day}, {d.year}",
        f"{month} {d.day} {d.year}",
        d.isoformat(),
        f"{d.day}{ending} {month} {d.year}",
        f"{d.day}{ending} of {month} {d.year}",
        f"{month} {d.day}{ending}, {d.year}",
    )


def day_number_of(text: str) -> int:
    """The day number of a date as `long_date` writes it."""
    day, month, year = text.split()
    return day_number(int(year), MONTHS.index(month) + 1, int(day))


def year_of(text: str) -> int:
    """The year of a date as `long_date` writes it."""
    return int(text.rsplit(" ", 1)[1])


def any_date(rng: random.Random, first: int = 1800, last: int = 2199) -> date:
    """A date in these years, both included."""
    start = date(first, 1, 1)
    return start + DAY * rng.randrange((date(last, 12, 31) - start).days + 1)


def leap_day_within(a: date, b: date) -> bool:
    """Whether a 29 February lies after `a` and not after `b`."""
    return any(is_leap(y) and a < date(y, 2, 29) <= b for y in range(a.year, b.year + 1))


def is_leap(year: int) -> bool:
    """Whether a year has a 29 February, by the standard library."""
    return (date(year, 3, 1) - date(year, 2, 1)).days == 29


def number_is(right: Callable[[Fields], int]) -> Callable[[Probe, Fields, str], bool]:
    """The right answer is the number that `right` makes of what fills the wording."""
    return lambda _, fields, candidate: parse_number(candidate) == right(fields)


def word_is(right: Callable[[Fields], str]) -> Callable[[Probe, Fields, str], bool]:
    """The right answer is the word that `right` makes of what fills the wording."""
    return lambda _, fields, candidate: candidate == right(fields)


def yes_if(right: Callable[[Fields], bool]) -> Callable[[Probe, Fields, str], bool]:
    """Yes is right where `right` holds of what fills the wording; else no is."""
    return lambda _, fields, candidate: candidate == ("yes" if right(fields) else "no")
