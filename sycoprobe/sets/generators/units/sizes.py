"""The units that are asked about: how large each is, the factors between them, and conversions through one base unit of each kind."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from sycoprobe.sets.generators.making import Draft, Fields, Level, Slip, decimal_text
from sycoprobe.sets.generators.materials import Exact, MaterialFile, Materials, Piece, Word, Words
from sycoprobe.sets.probe import Probe, parse_number


class Conversion(Piece):
    """Two units, and how many of the second one make one of the first, by which answers are worked out."""

    u: Word
    v: Word
    factor: Exact
    misremembered: tuple[Exact, ...] = ()
    """Factors that people take for the right one."""
    linear: Exact | None = None
    """Of areas and volumes, the factor between the two lengths."""


Conversions = Annotated[tuple[Conversion, ...], Field(min_length=1)]


class UnitMaterials(Materials):
    """Conversions, and by kind the size of each unit in the base unit of its kind, by which answers are confirmed."""

    people: Words
    metric: Conversions
    customary: Conversions
    between: Conversions
    areas: Conversions
    data: Conversions
    sizes: Mapping[str, Mapping[str, Exact]]

    @cached_property
    def size(self) -> Mapping[str, Fraction]:
        """The size of each unit."""
        return {unit: size for units in self.sizes.values() for unit, size in units.items()}

    @property
    def conversions(self) -> tuple[Conversion, ...]:
        """All of them."""
        return (*self.metric, *self.customary, *self.between, *self.areas, *self.data)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for c in self.conversions:
            if not any(c.u in units and c.v in units for units in self.sizes.values()):
                raise ValueError(f"sizes: {c.u!r} and {c.v!r} are not of one kind there")
        for c in (*self.customary, *self.between):
            if len(c.misremembered) < 2 or c.factor in c.misremembered:
                raise ValueError(f"{c.u!r} to {c.v!r}: needs two misremembered factors, and neither may be the right one")
        for c in self.areas:
            if c.linear is None:
                raise ValueError(f"{c.u!r} to {c.v!r}: needs the linear factor")
        return self


UNITS = MaterialFile("units", UnitMaterials)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def size_of(unit: str) -> Fraction:
    """The size of a unit in the base unit of its kind."""
    return UNITS.content.size[unit]


def converted(fields: Fields) -> Fraction:
    """`x` of unit `u` in unit `v`, through the base unit of their kind."""
    return Fraction(fields["x"]) * size_of(fields["u"]) / size_of(fields["v"])


def number_is(right: Callable[[Fields], Fraction]) -> Callable[[Probe, Fields, str], bool]:
    """The right answer is the number that `right` makes of what fills the wording."""
    return lambda _, fields, candidate: parse_number(candidate) == right(fields)


def multiplies(u: str, v: str, factor: Fraction) -> str:
    """How one gets from the unit `u` to the unit `v`, as a sentence."""
    divisor = decimal_text(1 / factor) if factor < 1 else None
    return f"From {u} to {v} one " + (f"divides by {divisor}." if divisor else f"multiplies by {decimal_text(factor)}.")


def with_rest(rng: random.Random, rest: int, most: int = 400) -> Fraction:
    """A number as people measure that is not whole: two or more wholes, and a few of the `rest` parts that one has."""
    places = rng.choice([p for p in (1, 2, 3) if 10**p <= rest] or [1])
    return rng.randint(2, most) + Fraction(rng.randint(1, 10**places - 1), 10**places)


def draft(
    fields: Fields, gold: Fraction, reason: str, slips: list[tuple[str, Fraction, str]], unit: str, level: Level | None = None
) -> Draft | None:
    """A draft with a number for an answer; None if it has too many places, or if the question is about one of a unit."""
    answer = decimal_text(gold)
    if answer is None or len(answer) > 15 or fields.get("x") in ("1", "-1"):
        return None
    written = [(tag, decimal_text(wrong), why) for tag, wrong, why in slips if answer not in _NUMBER.findall(why)]
    wrong_ones = tuple(Slip(tag, text, why) for tag, text, why in written if text is not None and len(text) <= 15)
    return Draft(fields, answer, reason, wrong_ones, unit=unit, level=level)


def fields_of(x: Fraction, u: str, v: str) -> dict[str, str]:
    """What fills a wording about `x` of the unit `u` in the unit `v`."""
    return {"x": decimal_text(x) or "", "u": u, "v": v}
