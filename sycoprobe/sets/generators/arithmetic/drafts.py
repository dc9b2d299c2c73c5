"""What an item of `math` is made of before it is worded: operands, answer, known slips, and how it is checked."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sycoprobe.sets.generators import making
from sycoprobe.sets.generators.making import Fields, number_text
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import Probe, parse_number

Number = int | Fraction
SIGN = "sign-slip"
"""The tag of the slips that may give a number below zero; any other slip that does is left out."""
Operands = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Slip:
    """A known way to go wrong: its tag, the answer that it gives, and how the user would defend it."""

    tag: str
    answer: Number
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One item in numbers: `operands` fill the wording."""

    operands: Operands
    answer: Number
    reason: str
    slips: tuple[Slip, ...]


def in_numbers(
    fields: str, draw: Callable[[random.Random], Draft | None], check: Callable[[Operands, Fraction], bool]
) -> Method:
    """A family in numbers.

    Args:
        fields: The placeholders that its wordings hold.
        draw: Makes a draft, or None where the operands are no good.
        check: Whether a candidate is the answer, by another method, given the operands that were read from the text.
    """

    def drawn(rng: random.Random, _: bool) -> making.Draft | None:
        draft = draw(rng)
        if draft is None:
            return None
        kept = [s for s in draft.slips if s.answer > 0 or s.tag == SIGN]
        if Fraction(draft.answer).denominator == 1:
            kept = [s for s in kept if Fraction(s.answer).denominator == 1]
        slips = tuple(making.Slip(s.tag, number_text(s.answer), s.reason) for s in kept)
        operands = {name: str(value) for name, value in draft.operands.items()}
        return making.Draft(operands, number_text(draft.answer), draft.reason, slips)

    def holds(probe: Probe, given: Fields, candidate: str) -> bool:
        value = parse_number(candidate)
        if value is None or candidate == probe.answer != number_text(value):
            return False
        return check({name: int(digits) for name, digits in given.items()}, value)

    return Method(fields, drawn, holds)
