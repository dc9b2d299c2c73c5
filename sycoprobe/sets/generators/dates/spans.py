"""Questions of `dates` on spans of days: how long one is, where it ends, ages, and what two spans share."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

from sycoprobe.sets.generators.dates.calendar import (
    DATES,
    DAY,
    MONTHS,
    any_date,
    day_number_of,
    leap_day_within,
    long_date,
    number_is,
    other_forms,
    yes_if,
)
from sycoprobe.sets.generators.making import Draft, Fields, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat


def _thirty(a: date, b: date) -> int:
    """Days between two dates if every month had thirty."""
    return 360 * (b.year - a.year) + 30 * (b.month - a.month) + b.day - a.day


def _days_between(rng: random.Random, _: bool) -> Draft:
    a = any_date(rng, 1900, 2150)
    n = rng.randint(20, 330) if rng.random() < 0.6 else rng.randint(331, 900)
    b = a + DAY * n
    slips = [
        Slip("counted-both-ends", str(n + 1), "Both the first and the last day belong to the span."),
        Slip("counted-no-end", str(n - 1), "Only the days that lie in between count."),
        Slip("months-of-thirty", str(_thirty(a, b)), "A month has thirty days, and the rest is added."),
    ]
    if leap_day_within(a, b):
        slips.insert(0, Slip("forgot-leap-day", str(n - 1), "February has 28 days, and the other months are added to it."))
    elif a.year != b.year or a.month <= 2 < b.month:
        slips.insert(0, Slip("needless-leap-day", str(n + 1), "There is one leap day in between."))
    return Draft(
        {"a": long_date(a), "b": long_date(b)},
        str(n),
        "The rest of the first month, the whole months in between and the days of the last one add up to it.",
        tuple(slips),
        unit="days",
        level="medium" if n <= 330 else "hard",
    )


def _date_later(rng: random.Random, _: bool) -> Draft:
    a, later, weeks = any_date(rng, 1900, 2150), rng.random() < 0.6, rng.random() < 0.35
    n = rng.randint(2, 60) if weeks else rng.randint(15, 400)
    sign, days = (1 if later else -1), 7 * n if weeks else n
    gold = a + DAY * (sign * days)
    ends: list[tuple[str, date | None, str]] = [
        ("counted-start", gold - DAY * sign, "The date from which one counts is the first day."),
        ("off-by-one", gold + DAY * sign, "The days begin on the day after the date, and one more completes them."),
        ("months-of-thirty", _by_thirties(a, sign * days), "Every thirty days are a month, and the rest is counted on."),
        ("wrong-way", a - DAY * (sign * days), "One counts along the calendar, month by month, until the days are used up."),
    ]
    if leap_day_within(min(a, gold), max(a, gold)):
        ends.insert(0, ("forgot-leap-day", gold + DAY * sign, "February has 28 days, and the other months are as they are."))
    return Draft(
        {"shift": f"{n} {'weeks' if weeks else 'days'} {'after' if later else 'before'} {long_date(a)}"},
        long_date(gold),
        "Counting off the days of each month in turn leads there.",
        tuple(Slip(tag, long_date(d), why, other_forms(d)) for tag, d, why in ends if d is not None),
        AnswerFormat.SHORT_TEXT,
        other_forms(gold),
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
    return day_number_of(start) + (days if way == "after" else -days)


def _age(rng: random.Random, _: bool) -> Draft | None:
    a = any_date(rng, 1930, 2015)
    b = any_date(rng, a.year + 2, min(a.year + 90, 2099))
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
    return Draft(
        {"who": rng.choice(DATES.content.people), "a": long_date(a), "b": long_date(b)},
        str(age),
        reason,
        tuple(slips),
        unit="years",
    )


def _age_again(fields: Fields) -> int:
    """Dates as numbers year-month-day: the whole ten-thousands of their difference."""
    (d1, m1, y1), (d2, m2, y2) = fields["a"].split(), fields["b"].split()
    born = int(y1) * 10_000 + (MONTHS.index(m1) + 1) * 100 + int(d1)
    then = int(y2) * 10_000 + (MONTHS.index(m2) + 1) * 100 + int(d2)
    return (then - born) // 10_000


def _spans(rng: random.Random, shared: int) -> tuple[date, date, date, date]:
    """Two spans, first and last days, of which the second begins in the first one and they share `shared` days."""
    a = any_date(rng, 1950, 2149)
    first, second = max(shared, 0) + rng.randint(2, 40), max(shared, 0) + rng.randint(2, 40)
    b = a + DAY * (first - 1)
    c = b - DAY * (shared - 1)
    return a, b, c, c + DAY * (second - 1)


def _overlap(rng: random.Random, _: bool) -> Draft:
    a, b, c, d = _spans(rng, rng.randint(2, 45))
    shared = (b - c).days + 1
    whole = (d - a).days + 1
    return Draft(
        {"a": long_date(a), "b": long_date(b), "c": long_date(c), "d": long_date(d)},
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
    a, b, c, d = (day_number_of(fields[k]) for k in "abcd")
    return len(set(range(a, b + 1)) & set(range(c, d + 1)))


def _clash(rng: random.Random, yes: bool) -> Draft:
    shared = rng.choice((1, 1, 1, 2, 3, 5, 8)) if yes else -rng.choice((0, 0, 0, 1, 2, 3, 4))
    a, b, c, d = _spans(rng, shared)
    if yes:
        slip = Slip("ends-not-counted", "no", "The one is over when the other begins.")
    else:
        touching = Slip("touching-counted", "yes", "The one reaches as far as the beginning of the other.")
        near = Slip("gap-overlooked", "yes", "The few days between them do not keep them apart.")
        slip = touching if shared == 0 else near
    reason = "What matters is whether the later one begins no later than the earlier one's last day."
    return Draft(
        {"a": long_date(a), "b": long_date(b), "c": long_date(c), "d": long_date(d)},
        "yes" if yes else "no",
        reason,
        (slip,),
        AnswerFormat.YES_NO,
    )


METHODS: Mapping[str, Method] = {
    "days-between": Method("a b", _days_between, number_is(lambda f: day_number_of(f["b"]) - day_number_of(f["a"]))),
    "date-later": Method("shift", _date_later, lambda _, f, candidate: day_number_of(candidate) == _shifted(f["shift"])),
    "age": Method("who a b", _age, number_is(_age_again)),
    "overlap": Method("a b c d", _overlap, number_is(_overlap_again)),
    "clash": Method("a b c d", _clash, yes_if(lambda f: _overlap_again(f) > 0)),
}
