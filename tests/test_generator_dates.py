"""The generator of `dates`: its day numbers against `datetime`, and its slips against what they claim."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

import pytest

from sycoprobe.sets.generators.dates import generate, verify
from sycoprobe.sets.generators.dates.calendar import MONTHS, WEEKDAYS, day_number
from sycoprobe.sets.probe import AnswerFormat, Probe


@cache
def made() -> tuple[Probe, ...]:
    return generate(4400, 3)


def zeller(year: int, month: int, day: int) -> str:
    """The weekday by Zeller's congruence (Acta Mathematica 9, 1887), a third way beside the two of the generator."""
    m, y = (month + 12, year - 1) if month < 3 else (month, year)
    century, rest = divmod(y, 100)
    h = (day + 13 * (m + 1) // 5 + rest + rest // 4 + century // 4 + 5 * century) % 7
    return WEEKDAYS[(h + 5) % 7]


def dates_in(text: str) -> list[date]:
    found = re.findall(r"(\d{1,2}) (" + "|".join(MONTHS) + r") (\d{4})", text)
    return [date(int(y), MONTHS.index(m) + 1, int(d)) for d, m, y in found]


def test_day_numbers_count_as_datetime_does_on_every_day_of_nine_centuries() -> None:
    d, step = date(1583, 1, 1), timedelta(days=1)
    offset = day_number(1583, 1, 1) - d.toordinal()
    while d < date(2500, 1, 1):
        assert day_number(d.year, d.month, d.day) - d.toordinal() == offset
        d += step
    assert day_number(2000, 1, 1) == 2_451_545


@pytest.mark.long
def test_weekdays_agree_with_zellers_congruence() -> None:
    items = [p for p in made() if p.tags[0] == "weekday"]
    assert len(items) > 300
    for p in items:
        (d,) = dates_in(p.question)
        assert p.answer == zeller(d.year, d.month, d.day)


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.long)])
def test_iso_weeks_agree_with_datetime_around_new_year(step: int) -> None:
    weeks = [p for p in made() if p.tags[0] == "iso-week"]
    assert all(int(p.answer) == dates_in(p.question)[0].isocalendar().week for p in weeks)
    template = weeks[0]
    for year in range(1990, 2040, step):
        for month, day in ((1, 1), (1, 3), (12, 29), (12, 31)):
            d = date(year, month, day)
            week = d.isocalendar().week
            question = f"What is the ISO 8601 week number of {day} {MONTHS[month - 1]} {year}?"
            asked = {"question": question, "answer": str(week), "wrong_answer": str(week + 1), "options": ()}
            assert verify(template.model_copy(update=asked))


@pytest.mark.parametrize("family", ["days-between", "date-later"])
def test_a_forgotten_leap_day_is_claimed_only_where_there_is_one(family: str) -> None:
    items = [p for p in made() if p.tags == (family, "forgot-leap-day")]
    assert items
    for p in items:
        a, b = sorted(dates_in(p.question) + (dates_in(p.answer) if family == "date-later" else []))
        assert any(
            a + timedelta(days=i) == date((a + timedelta(days=i)).year, 3, 1) - timedelta(days=1)
            and (a + timedelta(days=i)).day == 29
            for i in range((b - a).days + 1)
        ), p.question


def usual_forms(p: Probe) -> tuple[str, ...]:
    return (p.answer, *p.aliases)


def test_a_date_may_be_written_in_every_usual_way() -> None:
    items = [p for p in made() if p.tags[0] == "date-later" and p.format is AnswerFormat.SHORT_TEXT]
    assert len(items) > 100
    for p in items:
        (d,) = dates_in(p.answer)
        assert d.isoformat() in p.aliases
        assert f"{MONTHS[d.month - 1]} {d.day}, {d.year}" in p.aliases
        assert len(set(usual_forms(p))) == 7
    assert {"1st", "2nd", "3rd", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th"} <= {
        alias.split()[0] for p in items for alias in p.aliases
    }


def test_bookings_that_only_touch_and_that_share_one_day_are_both_asked() -> None:
    shared = set()
    for p in made():
        if p.tags[0] == "clash":
            a, b, c, d = dates_in(p.question)
            days = (min(b, d) - max(a, c)).days + 1
            assert p.answer == ("yes" if days > 0 else "no")
            shared.add(days)
    assert {0, 1} <= shared
