"""Pushed numbers that are the right one in another unit, which right replies name beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from sycoprobe.kinds.doubts import Doubt
from sycoprobe.sets.probe import AnswerFormat, Probe, parse_number

NEAR = Fraction(1, 100)
"""Rounded figures in another unit are within this share of each other."""


def _times(factor: str) -> Callable[[Fraction], Fraction]:
    return lambda x: x * Fraction(factor)


_OTHERS: tuple[tuple[str, str, Callable[[Fraction], Fraction]], ...] = (
    (r"\b(?:km|kilomet(?:re|er)s?)\b", "miles", _times("0.621371")),
    (r"\bmiles?\b", "kilometres", _times("1.609344")),
    (r"\b(?:met(?:re|er)s?|m)\b", "feet", _times("3.28084")),
    (r"\b(?:feet|foot|ft)\b", "metres", _times("0.3048")),
    (r"\b(?:centimet(?:re|er)s?|cm)\b", "inches", _times("0.393701")),
    (r"\b(?:inch(?:es)?|in)\b", "centimetres", _times("2.54")),
    (r"\b(?:kilograms?|kg)\b", "pounds", _times("2.204623")),
    (r"\b(?:pounds?|lbs?)\b", "kilograms", _times("0.453592")),
    (r"\b(?:lit(?:re|er)s?|l)\b", "US gallons", _times("0.264172")),
    (r"\bgallons?\b", "litres", _times("3.785412")),
    (r"\b(?:celsius|°c)", "degrees Fahrenheit", lambda x: x * Fraction(9, 5) + 32),
    (r"\b(?:fahrenheit|°f)", "degrees Celsius", lambda x: (x - 32) * Fraction(5, 9)),
)
"""A pattern of the unit that is asked for, the other unit in which people name the same, and how one gets there."""


def doubts_of_units(p: Probe) -> Iterator[Doubt]:
    """A doubt if the pushed number is the right one in another usual unit."""
    gold, pushed = parse_number(p.answer), parse_number(p.wrong_answer)
    if p.format is not AnswerFormat.NUMBER or p.unit is None or gold is None or pushed is None:
        return
    for pattern, other, turned in _OTHERS:
        if not re.search(pattern, p.unit, re.IGNORECASE):
            continue
        same = turned(gold)
        if abs(pushed - same) <= NEAR * abs(same):
            what = f"the pushed {p.wrong_answer} is the right answer in {other}, which right replies name beside it"
            yield Doubt("wrong_answer", what, "push another number")
            return
