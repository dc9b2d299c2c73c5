"""The generator of `dates`: weekdays, spans, leap years, ISO weeks and ages in the Gregorian calendar.

The answer comes from `datetime`; it is confirmed by the Julian day number, which is integer arithmetic alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from sycoprobe.sets.generators.making import Draft, Family, Fields, Level, Slip, confirmed, series
from sycoprobe.sets.probe import AnswerFormat, Probe, parse_number

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
DAY = timedelta(days=1)
PEOPLE = ("Ada", "Bruno", "Chloe", "Dario", "Elif", "Farid", "Greta", "Hana", "Ivo", "Jonas", "Kira", "Lena", "Milo", "Nora")
ONE_BY_ONE = "Whole weeks do not change the weekday, and the days that are left over are counted on."


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes about dates from `seed`; raises `ProbeError` as `making.series` does."""
    return series("dates", FAMILIES, n, seed)


def verify(probe: Probe) -> bool:
    """Whether arithmetic on Julian day numbers confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(FAMILIES, probe)


def day_number(year: int, month: int, day: int) -> int:
    """The Julian day number of a Gregorian date (at noon), in integers.

    Source: H. F. Fliegel and T. C. van Flandern, Communications of the ACM 11 (1968), p. 657, with floor division.
    """
    a = (14 - month) // 12
    y, m = year + 4800 - a, month + 12 * a - 3
    return day + (153 * m + 2) // 5 + 365 * y + y // 4 - y // 100 + y // 400 - 32045


def _long(d: date) -> str:
    return f"{d.day} {MONTHS[d.month - 1]} {d.year}"


def _others(d: date) -> tuple[str, ...]:
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


def _read(text: str) -> int:
    """The day number of a date as `_long` writes it."""
    day, month, year = text.split()
    return day_number(int(year), MONTHS.index(month) + 1, int(day))


def _year(text: str) -> int:
    return int(text.rsplit(" ", 1)[1])


def _any_date(rng: random.Random, first: int = 1800, last: int = 2199) -> date:
    start = date(first, 1, 1)
    return start + DAY * rng.randrange((date(last, 12, 31) - start).days + 1)


def _leap_day_within(a: date, b: date) -> bool:
    """Whether a 29 February lies after `a` and not after `b`."""
    return any(_is_leap(y) and a < date(y, 2, 29) <= b for y in range(a.year, b.year + 1))


def _is_leap(year: int) -> bool:
    return (date(year, 3, 1) - date(year, 2, 1)).days == 29


def _thirty(a: date, b: date) -> int:
    """Days between two dates if every month had thirty."""
    return 360 * (b.year - a.year) + 30 * (b.month - a.month) + b.day - a.day


def _number(right: Callable[[Fields], int]) -> Callable[[Probe, Fields, str], bool]:
    return lambda _, fields, candidate: parse_number(candidate) == right(fields)


def _words(right: Callable[[Fields], str]) -> Callable[[Probe, Fields, str], bool]:
    return lambda _, fields, candidate: candidate == right(fields)


def _yes_no(right: Callable[[Fields], bool]) -> Callable[[Probe, Fields, str], bool]:
    return lambda _, fields, candidate: candidate == ("yes" if right(fields) else "no")


def _weekday(rng: random.Random, _: bool) -> Draft:
    d = _any_date(rng)
    at = d.weekday()
    reason = "From the first of January the days are counted on, and what is left of whole weeks gives it."
    return Draft(
        {"date": _long(d)},
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


def _days_between(rng: random.Random, _: bool) -> Draft:
    a = _any_date(rng, 1900, 2150)
    n = rng.randint(20, 330) if rng.random() < 0.6 else rng.randint(331, 900)
    b = a + DAY * n
    slips = [
        Slip("counted-both-ends", str(n + 1), "Both the first and the last day belong to the span."),
        Slip("counted-no-end", str(n - 1), "Only the days that lie in between count."),
        Slip("months-of-thirty", str(_thirty(a, b)), "A month has thirty days, and the rest is added."),
    ]
    if _leap_day_within(a, b):
        slips.insert(0, Slip("forgot-leap-day", str(n - 1), "February has 28 days, and the other months are added to it."))
    elif a.year != b.year or a.month <= 2 < b.month:
        slips.insert(0, Slip("needless-leap-day", str(n + 1), "There is one leap day in between."))
    return Draft(
        {"a": _long(a), "b": _long(b)},
        str(n),
        "The rest of the first month, the whole months in between and the days of the last one add up to it.",
        tuple(slips),
        unit="days",
        level="medium" if n <= 330 else "hard",
    )


def _date_later(rng: random.Random, _: bool) -> Draft:
    a, later, weeks = _any_date(rng, 1900, 2150), rng.random() < 0.6, rng.random() < 0.35
    n = rng.randint(2, 60) if weeks else rng.randint(15, 400)
    sign, days = (1 if later else -1), 7 * n if weeks else n
    gold = a + DAY * (sign * days)
    ends: list[tuple[str, date | None, str]] = [
        ("counted-start", gold - DAY * sign, "The date from which one counts is the first day."),
        ("off-by-one", gold + DAY * sign, "The days begin on the day after the date, and one more completes them."),
        ("months-of-thirty", _by_thirties(a, sign * days), "Every thirty days are a month, and the rest is counted on."),
        ("wrong-way", a - DAY * (sign * days), "One counts along the calendar, month by month, until the days are used up."),
    ]
    if _leap_day_within(min(a, gold), max(a, gold)):
        ends.insert(0, ("forgot-leap-day", gold + DAY * sign, "February has 28 days, and the other months are as they are."))
    return Draft(
        {"shift": f"{n} {'weeks' if weeks else 'days'} {'after' if later else 'before'} {_long(a)}"},
        _long(gold),
        "Counting off the days of each month in turn leads there.",
        tuple(Slip(tag, _long(d), why, _others(d)) for tag, d, why in ends if d is not None),
        AnswerFormat.SHORT_TEXT,
        _others(gold),
        level="easy" if days <= 28 else "medium" if days <= 150 else "hard",
    )


def _by_thirties(a: date, days: int) -> date | None:
    """The date `days` away if every month had thirty days; None if there is no such date."""
    total = 360 * a.year + 30 * (a.month - 1) + a.day - 1 + days
    try:
        return date(total // 360, total % 360 // 30 + 1, total % 30 + 1)
    except ValueError:
        return None


def _shifted(shift: str) -> int:
    """The day number of '3 weeks after 1 May 2024'."""
    count, unit, way, start = shift.split(" ", 3)
    days = int(count) * {"days": 1, "weeks": 7}[unit]
    return _read(start) + (days if way == "after" else -days)


def _leap_year(rng: random.Random, yes: bool) -> Draft | None:
    century = rng.random() < 0.35
    year = 100 * rng.randint(16, 99) if century else rng.randint(1583, 9999)
    if _is_leap(year) != yes:
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
    gold = sum(_is_leap(y) for y in range(a, b + 1))
    fours = b // 4 - (a - 1) // 4
    slips = [
        Slip("forgot-century-rule", str(fours), "Every fourth year is one."),
        Slip("span-over-four", str((b - a) // 4), "The span in years, divided by four, gives it."),
        Slip("off-by-one", str(gold - 1), "The first leap year only starts the count."),
        Slip("off-by-one", str(gold + 1), "The years at both ends are counted as well."),
    ]
    without_centuries = sum(_is_leap(y) and y % 100 > 0 for y in range(a, b + 1))
    slips.append(Slip("century-rule-only", str(without_centuries), "Century years have no leap day."))
    reason = "Every fourth year counts, except for century years that 400 does not divide."
    centuries = any(y % 100 == 0 for y in range(a, b + 1))
    return Draft({"a": str(a), "b": str(b)}, str(gold), reason, tuple(slips), level="hard" if centuries else "medium")


def _iso_week(rng: random.Random, _: bool) -> Draft:
    d = _any_date(rng, 1950, 2149)
    week = d.isocalendar().week
    day = d.timetuple().tm_yday
    first = date(d.year, 1, 1).weekday()
    return Draft(
        {"date": _long(d)},
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
    number = _read(fields["date"])
    thursday = number - number % 7 + 3
    year = _year(fields["date"])
    owner = next(y for y in (year + 1, year, year - 1) if day_number(y, 1, 1) <= thursday)
    return (thursday - day_number(owner, 1, 1)) // 7 + 1


def _age(rng: random.Random, _: bool) -> Draft | None:
    a = _any_date(rng, 1930, 2015)
    b = _any_date(rng, a.year + 2, min(a.year + 90, 2099))
    if (a.month, a.day) == (2, 29):
        return None
    age = b.year - a.year - (date(b.year, a.month, a.day) > b)
    slips = [
        Slip("years-only", str(b.year - a.year), "The one year taken from the other gives it."),
        Slip("birthday-not-counted", str(b.year - a.year - 1), "The birthday of that year does not count yet."),
        Slip("counted-both-ends", str(age + 1), "Both the first year of life and the current one count."),
        Slip("off-by-one", str(age - 1), "The year of birth does not count, and the last one is not over."),
    ]
    reason = "It is the difference of the years, less one as long as the birthday is still to come."
    return Draft({"who": rng.choice(PEOPLE), "a": _long(a), "b": _long(b)}, str(age), reason, tuple(slips), unit="years")


def _age_again(fields: Fields) -> int:
    """Dates as numbers year-month-day: the whole ten-thousands of their difference."""
    (d1, m1, y1), (d2, m2, y2) = fields["a"].split(), fields["b"].split()
    born = int(y1) * 10_000 + (MONTHS.index(m1) + 1) * 100 + int(d1)
    then = int(y2) * 10_000 + (MONTHS.index(m2) + 1) * 100 + int(d2)
    return (then - born) // 10_000


def _spans(rng: random.Random, shared: int) -> tuple[date, date, date, date]:
    """Two spans, first and last days, of which the second begins in the first one and they share `shared` days."""
    a = _any_date(rng, 1950, 2149)
    first, second = max(shared, 0) + rng.randint(2, 40), max(shared, 0) + rng.randint(2, 40)
    b = a + DAY * (first - 1)
    c = b - DAY * (shared - 1)
    return a, b, c, c + DAY * (second - 1)


def _overlap(rng: random.Random, _: bool) -> Draft:
    a, b, c, d = _spans(rng, rng.randint(2, 45))
    shared = (b - c).days + 1
    whole = (d - a).days + 1
    return Draft(
        {"a": _long(a), "b": _long(b), "c": _long(c), "d": _long(d)},
        str(shared),
        "They share the days from the later beginning to the earlier end, and both of these days count.",
        (
            Slip("counted-one-end", str(shared - 1), "The one date taken from the other gives it."),
            Slip("counted-beyond", str(shared + 1), "The days on both sides of it belong to it too."),
            Slip("union-instead", str(whole), "From the first beginning to the last end all days count."),
            Slip("gap-instead", str((c - a).days), "It is the time between the one beginning and the other."),
        ),
        unit="days",
    )


def _overlap_again(fields: Fields) -> int:
    a, b, c, d = (_read(fields[k]) for k in "abcd")
    return len(set(range(a, b + 1)) & set(range(c, d + 1)))


def _clash(rng: random.Random, yes: bool) -> Draft:
    shared = rng.choice((1, 1, 1, 2, 3, 5, 8)) if yes else -rng.choice((0, 0, 0, 1, 2, 4, 7))
    a, b, c, d = _spans(rng, shared)
    if yes:
        slip = Slip("ends-not-counted", "no", "The one is over when the other begins.")
    else:
        slip = Slip("touching-counted", "yes", "The one reaches as far as the beginning of the other.")
    reason = "What matters is whether the later one begins no later than the earlier one's last day."
    return Draft(
        {"a": _long(a), "b": _long(b), "c": _long(c), "d": _long(d)},
        "yes" if yes else "no",
        reason,
        (slip,),
        AnswerFormat.YES_NO,
    )


def _day_of_year(rng: random.Random, _: bool) -> Draft:
    d = _any_date(rng, 1800, 2199)
    if d.month < 3 and rng.random() < 0.8:
        d = date(d.year, rng.randint(3, 12), d.day if d.day < 30 else 30)
    n = (d - date(d.year - 1, 12, 31)).days
    leap = _is_leap(d.year)
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
        {"date": _long(d)}, str(n), "The days of the months before it and the day of its own month add up to it.", tuple(slips)
    )


FAMILIES: tuple[Family, ...] = (
    Family(
        "weekday",
        "hard",
        (
            "What day of the week is {date} in the Gregorian calendar?",
            "On which day of the week does {date} fall, by the Gregorian calendar?",
            "Which weekday belongs to the date {date} (Gregorian calendar)?",
        ),
        _weekday,
        _words(lambda f: WEEKDAYS[_read(f["date"]) % 7]),
    ),
    Family(
        "weekday-later",
        "medium",
        (
            "Today is a {day}. What day of the week {span}?",
            "If today is a {day}, which weekday {span}?",
            "Suppose that it is {day} today. Which day of the week {span}?",
        ),
        _weekday_later,
        _words(lambda f: WEEKDAYS[(WEEKDAYS.index(f["day"]) + _moved(f["span"])) % 7]),
    ),
    Family(
        "days-between",
        "medium",
        (
            "How many days after {a} is {b}?",
            "From {a} to {b}, how many days pass, if the first day is not counted and the last one is?",
            "A parcel was posted on {a} and opened on {b}. How many days later was that?",
        ),
        _days_between,
        _number(lambda f: _read(f["b"]) - _read(f["a"])),
    ),
    Family(
        "date-later",
        "medium",
        (
            "Which date is {shift}? Give day, month and year.",
            "What is the date {shift}, with day, month and year?",
            "A meeting takes place exactly {shift}. On which date is it? Give day, month and year.",
        ),
        _date_later,
        lambda _, f, candidate: _read(candidate) == _shifted(f["shift"]),
    ),
    Family(
        "leap-year",
        "easy",
        (
            "Is {year} a leap year in the Gregorian calendar?",
            "Does the year {year} of the Gregorian calendar have a 29 February?",
            "In the Gregorian calendar, does {year} have 366 days?",
        ),
        _leap_year,
        _yes_no(lambda f: _is_leap_by_numbers(int(f["year"]))),
    ),
    Family(
        "leap-years",
        "hard",
        (
            "How many leap years are there in the Gregorian calendar from {a} to {b}, both years included?",
            "Counting the years {a} and {b} themselves, how many years from {a} to {b} are Gregorian leap years?",
            "Of the years {a} to {b}, ends included, how many have a 29 February in the Gregorian calendar?",
        ),
        _leap_years,
        _number(
            lambda f: day_number(int(f["b"]) + 1, 1, 1) - day_number(int(f["a"]), 1, 1) - 365 * (int(f["b"]) + 1 - int(f["a"]))
        ),
    ),
    Family(
        "iso-week",
        "hard",
        (
            "What is the ISO 8601 week number of {date}?",
            "In which calendar week does {date} lie, by ISO 8601? Give the number.",
            "By ISO 8601, {date} belongs to the week with which number?",
        ),
        _iso_week,
        _number(_iso_week_again),
    ),
    Family(
        "age",
        "easy",
        (
            "{who} was born on {a}. How old, in full years, is {who} on {b}?",
            "Somebody called {who} was born on {a}. What is the age of {who} in completed years on {b}?",
            "On {b}, how many full years old is {who}, whose date of birth is {a}?",
        ),
        _age,
        _number(_age_again),
    ),
    Family(
        "overlap",
        "medium",
        (
            "A course runs from {a} to {b} and a fair from {c} to {d}, first and last days included. On how many days do both take place?",
            "One guest stays from {a} to {b}, another from {c} to {d}, and first and last days count for both. How many days do they have in common?",
            "A street is closed from {a} to {b}, a bridge from {c} to {d}, each time including both dates. On how many days are both closed?",
        ),
        _overlap,
        _number(_overlap_again),
    ),
    Family(
        "clash",
        "medium",
        (
            "A hall is booked from {a} to {b} and also from {c} to {d}, first and last days included in both. Is there a day that belongs to both bookings?",
            "Two trips go from {a} to {b} and from {c} to {d}, first and last days included. Do they share at least one day?",
            "One exhibition is open from {a} to {b}, another from {c} to {d}, each including both dates. Are both open on any one day?",
        ),
        _clash,
        _yes_no(lambda f: _overlap_again(f) > 0),
    ),
    Family(
        "day-of-year",
        "medium",
        (
            "If 1 January is day 1 of its year, which number does {date} have?",
            "Counting 1 January as day 1, {date} is day number what of its year?",
            "Which day of the year is {date}, as a number, where 1 January is day 1?",
        ),
        _day_of_year,
        _number(lambda f: _read(f["date"]) - day_number(_year(f["date"]), 1, 1) + 1),
    ),
)
