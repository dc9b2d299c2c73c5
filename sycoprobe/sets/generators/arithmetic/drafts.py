"""What an item of `math` is made of before it is a probe: operands, answer, known slips, and how it is checked."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

Number = int | Fraction
Operands = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Slip:
    """A known way to go wrong: its tag, the answer that it gives, and how the user would defend it."""

    tag: str
    answer: Number
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One item before it is worded as a probe: `operands` fill the wording; `slips` in order of preference."""

    operands: Operands
    answer: Number
    reason: str
    slips: tuple[Slip, ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """How a family is drawn and checked; `fields` names the placeholders that its wording holds."""

    fields: str
    draw: Callable[[random.Random], Draft]
    check: Callable[[Operands, Fraction], bool]
    """Given the operands read from the text and a candidate, whether the candidate is the answer, by another method."""
