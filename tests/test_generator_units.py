"""The generator of `units`: exact arithmetic, agreed factors, and numbers that can be written down."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from sycoprobe.sets.generators.making import decimal_text
from sycoprobe.sets.generators.units import generate, verify
from sycoprobe.sets.generators.units.sizes import UNITS, Conversion, size_of
from sycoprobe.sets.probe import AnswerFormat, parse_number


@pytest.mark.parametrize("c", UNITS.content.conversions, ids=lambda c: f"{c.u} to {c.v}")
def test_each_direct_factor_is_the_quotient_of_the_two_sizes(c: Conversion) -> None:
    assert size_of(c.u) / size_of(c.v) == c.factor


def test_no_misremembered_factor_is_right_and_every_unit_of_that_kind_has_some() -> None:
    for c in (*UNITS.content.customary, *UNITS.content.between):
        assert len(c.misremembered) == 2
        assert c.factor not in c.misremembered
    for c in UNITS.content.areas:
        assert c.linear is not None
        assert c.linear ** (3 if "cubic" in c.u else 2) == c.factor or (c.u, c.v) == ("cubic metres", "litres")


def test_agreed_sizes_are_those_of_the_standards() -> None:
    assert size_of("inches") == Fraction("0.0254")
    assert size_of("pounds") == Fraction("453.59237")
    assert size_of("US gallons") == 231 * size_of("inches") ** 3 * 1000
    assert size_of("nautical miles") == 1852
    assert size_of("gibibytes") == 1024**3
    assert size_of("gigabytes") == 1000**3


@pytest.mark.parametrize(
    "x, u, v, gold",
    [
        ("100", "degrees Celsius", "degrees Fahrenheit", "212"),
        ("-40", "degrees Fahrenheit", "degrees Celsius", "-40"),
        ("98.6", "degrees Fahrenheit", "degrees Celsius", "37"),
        ("0", "kelvins", "degrees Celsius", "-273.15"),
    ],
)
def test_known_temperatures_come_out(x: str, u: str, v: str, gold: str) -> None:
    p = next(p for p in generate(60, 1) if p.tags[0] == "temperature" and p.format is AnswerFormat.NUMBER)
    asked = {"question": f"Convert a temperature of {x} {u} to {v}, without rounding.", "answer": gold, "wrong_answer": "1"}
    assert verify(p.model_copy(update=asked))
    assert not verify(p.model_copy(update={**asked, "answer": "1", "wrong_answer": gold}))


@pytest.mark.long
def test_answers_are_whole_or_short_decimals_and_none_is_rounded() -> None:
    for p in generate(3000, 2):
        if p.format is not AnswerFormat.YES_NO:
            for text in (p.answer, p.wrong_answer, *p.options):
                value = parse_number(text)
                assert value is not None
                assert decimal_text(value) == text
                assert len(text) <= 15


@pytest.mark.long
def test_the_linear_factor_is_pushed_for_areas_and_the_decimal_one_for_binary_data() -> None:
    tags = {p.tags for p in generate(3000, 3)}
    assert {("area", "length-factor"), ("data", "decimal-factor"), ("data", "binary-factor")} <= tags
    assert ("temperature-difference", "added-offset") in tags
    assert ("decimal-time", "decimals-as-units") in tags


@pytest.mark.long
def test_nothing_is_asked_about_one_of_a_unit_in_the_plural() -> None:
    assert not any(
        re.search(r"(?<![\d.])1 (?:" + "|".join([*UNITS.content.size, "degrees"]) + ")", p.question) for p in generate(4000, 4)
    )


@pytest.mark.parametrize(
    "value, text", [(Fraction(5, 2), "2.5"), (Fraction(-1, 8), "-0.125"), (40, "40"), (Fraction(1, 3), None), (0, "0")]
)
def test_a_decimal_is_written_plainly_or_not_at_all(value: int | Fraction, text: str | None) -> None:
    assert decimal_text(value) == text
