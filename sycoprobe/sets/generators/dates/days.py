"""Questions of `dates` on one day or year: its weekday, its number, its week, and leap years."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta

from sycoprobe.sets.generators.dates.calendar import (
    DAY,
    WEEKDAYS,
    any_date,
    day_number,
    day_number_of,
    is_leap,
    long_date,
    number_is,
    word_is,
    year_of,
    yes_if,
)
from sycoprobe.sets.generators.making import Draft, Fields, Level, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat

ONE_BY_ONE = "Whole weeks do not change the weekday, and the days that are left over are counted on."


def _weekday(rng: random.Random, _: bool) -> Draft:
    d = any_date(rng)
    at = d.weekday()
    reason = "From the first of January the days are counted on, and what is left of whole weeks gives it."
    return Draft(
        {"date": long_date(d)},
        WEEKDAYS[at],
        reason,
        (
            Slip("off-by-one", WEEKDAYS[(at + 1) % 7], "Counting from a date whose weekday I know, that date is day one."),
            Slip("forgot-leap-day", WEEKDAYS[at - 1], "A common year has 365 days, and that is what I counted for the year."),
            Slip(
                "counted-leap-day-twice", WEEKDAYS[(at + 2) % 7], "A leap year moves the weekday by two, and I counted that in."
            ),
            Slip("lost-a-month", WEEKDAYS[(at + 3) % 7], "From month to month one adds what is left over of four weeks."),
        ),
        AnswerFormat.SHORT_TEXT,
    )


def _weekday_later(rng: random.Random, _: bool) -> Draft:
    at, n, later = rng.randrange(7), rng.randint(8, 2000), rng.random() < 0.5
    moved = timedelta(days=n) // DAY * (1 if later else -1)
    gold = (date(2001, 1, 1) + DAY * (at + moved)).weekday()
    return Draft(
        {"day": WEEKDAYS[at], "span": f"will it be in {n} days" if later else f"was it {n} days ago"},
        WEEKDAYS[gold],
        ONE_BY_ONE,
        (
            Slip("counted-start", WEEKDAYS[(gold + (-1 if later else 1)) % 7], "The day from which one counts is day one."),
            Slip(
                "off-by-one", WEEKDAYS[(gold + (1 if later else -1)) % 7], "After the whole weeks one goes on to the next day."
            ),
            Slip("wrong-way", WEEKDAYS[(at - moved) % 7], "The days that are left over of whole weeks give it."),
            Slip(
                "last-digit", WEEKDAYS[(at + n % 10) % 7], "Tens come out even, so only the last digit of the number matters."
            ),
        ),
        AnswerFormat.SHORT_TEXT,
        level="easy" if n <= 30 else "medium",
    )


def _moved(span: str) -> int:
    """The days in 'will it be in 12 days' and, negative, in 'was it 12 days ago'."""
    days = int("".join(c for c in span if c.isdigit()))
    return -days if span.endswith("ago") else days


def _leap_year(rng: random.Random, yes: bool) -> Draft | None:
    century = rng.random() < 0.35
    year = 100 * rng.randint(16, 99) if century else rng.randint(1583, 9999)
    if is_leap(year) != yes:
        return None
    if century and yes:
        slip = Slip("century-rule-only", "no", "It is a century year, and in those the leap day is left out.")
    elif century:
        slip = Slip("forgot-century-rule", "yes", "It can be divided by four.")
    elif yes:
        slip = Slip(
            "wrong-cycle", "no", "Leap years follow each other in steps of four, and the step before fell on another year."
        )
    else:
        slip = Slip("even-is-enough", "yes", "Leap years come in steps of four, and it is one of these steps.")
    reason = "A year is a leap year if four divides it, except for centuries that 400 does not divide."
    level: Level = "medium" if century else "easy"
    return Draft({"year": str(year)}, "yes" if yes else "no", reason, (slip,), AnswerFormat.YES_NO, level=level)


def _is_leap_by_numbers(year: int) -> bool:
    return day_number(year + 1, 1, 1) - day_number(year, 1, 1) == 366


def _leap_years(rng: random.Random, _: bool) -> Draft:
    a = rng.randint(1700, 2300)
    b = a + rng.randint(12, 240)
    gold = sum(is_leap(y) for y in range(a, b + 1))
    fours = b // 4 - (a - 1) // 4
    slips = [
        Slip("forgot-century-rule", str(fours), "Every fourth year is one."),
        Slip("span-over-four", str((b - a) // 4), "The span in years, divided by four, gives it."),
        Slip("off-by-one", str(gold - 1), "The first leap year only starts the count."),
        Slip("off-by-one", str(gold + 1), "The years at both ends are counted as well."),
    ]
    without_centuries = sum(is_leap(y) and y % 100 > 0 for y in range(a, b + 1))
    slips.append(Slip("century-rule-only", str(without_centuries), "Century years have no leap day."))
    reason = "Every fourth year counts, except for century years that 400 does not divide."
    centuries = any(y % 100 == 0 for y in range(a, b + 1))
    return Draft({"a": str(a), "b": str(b)}, str(gold), reason, tuple(slips), level="hard" if centuries else "medium")


def _iso_week(rng: random.Random, _: bool) -> Draft:
    d = any_date(rng, 1950, 2149)
    week = d.isocalendar().week
    day = d.timetuple().tm_yday
    first = date(d.year, 1, 1).weekday()
    return Draft(
        {"date": long_date(d)},
        str(week),
        "ISO weeks begin on Monday, and week one is the one with the year's first Thursday.",
        (
            Slip("sevens-from-new-year", str((day - 1) // 7 + 1), "One divides the day of the year by seven and rounds up."),
            Slip("week-of-new-year-is-one", str((day - 1 + first) // 7 + 1), "The week with the first of January is week one."),
            Slip(
                "full-weeks-only",
                str(max(1, (day - 1 - (7 - first) % 7) // 7 + 1)),
                "The first full week of the year is week one.",
            ),
            Slip(
                "off-by-one", str(week + 1 if week < 52 else week - 1), "The weeks are counted from the beginning of the year."
            ),
        ),
    )


def _iso_week_again(fields: Fields) -> int:
    """By the Thursday of the same week, whose year is the week's year (ISO 8601)."""
    number = day_number_of(fields["date"])
    thursday = number - number % 7 + 3
    year = year_of(fields["date"])
    owner = next(y for y in (year + 1, year, year - 1) if day_number(y, 1, 1) <= thursday)
    return (thursday - day_number(owner, 1, 1)) // 7 + 1


def _day_of_year(rng: random.Random, _: bool) -> Draft:
    d = any_date(rng, 1800, 2199)
    if d.month < 3 and rng.random() < 0.8:
        d = date(d.year, rng.randint(3, 12), d.day if d.day < 30 else 30)
    n = (d - date(d.year - 1, 12, 31)).days
    leap = is_leap(d.year)
    tag, reason = ("forgot-leap-day", "February has 28 days.") if leap else ("needless-leap-day", "February has 29 days.")
    slips = [
        Slip("months-of-thirty", str(30 * (d.month - 1) + d.day), "The months before it have thirty days each."),
        Slip("counted-from-zero", str(n - 1), "It is as many days as have passed by then."),
        Slip("off-by-one", str(n + 1), "The days of the months before it, and then the next one."),
        Slip("months-of-31", str(31 * (d.month - 1) + d.day), "The months before it have 31 days each."),
    ]
    if d.month > 2:
        slips.insert(0, Slip(tag, str(n - 1 if leap else n + 1), reason))
    return Draft(
        {"date": long_date(d)},
        str(n),
        "The days of the months before it and the day of its own month add up to it.",
        tuple(slips),
    )


METHODS: Mapping[str, Method] = {
    "weekday": Method("date", _weekday, word_is(lambda f: WEEKDAYS[day_number_of(f["date"]) % 7])),
    "weekday-later": Method(
        "day span", _weekday_later, word_is(lambda f: WEEKDAYS[(WEEKDAYS.index(f["day"]) + _moved(f["span"])) % 7])
    ),
    "leap-year": Method("year", _leap_year, yes_if(lambda f: _is_leap_by_numbers(int(f["year"])))),
    "leap-years": Method(
        "a b",
        _leap_years,
        number_is(
            lambda f: day_number(int(f["b"]) + 1, 1, 1) - day_number(int(f["a"]), 1, 1) - 365 * (int(f["b"]) + 1 - int(f["a"]))
        ),
    ),
    "iso-week": Method("date", _iso_week, number_is(_iso_week_again)),
    "day-of-year": Method(
        "date", _day_of_year, number_is(lambda f: day_number_of(f["date"]) - day_number(year_of(f["date"]), 1, 1) + 1)
    ),
}
