"""Questions of `units` on temperatures, and on differences between two of them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction

from sycoprobe.sets.generators.making import Draft, Fields
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.generators.units.sizes import draft, fields_of, number_is

F = Fraction


def _temperature(rng: random.Random, _: bool) -> Draft | None:
    kind = rng.choice(("CF", "FC", "CK", "KC"))
    c = F(rng.randint(-400, 2000), 10) if kind in ("CK", "KC") else F(rng.randint(-80, 600), 2)
    f, k = c * 9 / 5 + 32, c + F(27315, 100)
    if kind == "CF":
        x, gold = c, f
        slips = [
            ("forgot-offset", c * 9 / 5, "The degrees are multiplied by nine fifths."),
            ("offset-first", (c + 32) * 9 / 5, "Adding 32 comes before the multiplying by nine fifths."),
            ("rule-of-thumb", 2 * c + 30, "Doubling it and adding 30 gives it."),
            ("wrong-fraction", c * 5 / 9 + 32, "One multiplies by five ninths and adds 32."),
        ]
    elif kind == "FC":
        x, gold = f, c
        slips = [
            ("forgot-offset", f * 5 / 9, "The degrees are multiplied by five ninths."),
            ("offset-last", f * 5 / 9 - 32, "One multiplies by five ninths and then takes off 32."),
            ("rule-of-thumb", (f - 30) / 2, "Taking off 30 and halving the rest gives it."),
            ("wrong-fraction", (f - 32) * 9 / 5, "One takes off 32 and multiplies by nine fifths."),
        ]
    elif kind == "CK":
        x, gold = c, k
        slips = [
            ("rounded-offset", c + 273, "The two scales are 273 apart."),
            ("triple-point", c + F(27316, 100), "The two scales are 273.16 apart."),
            ("swapped-digits", c + F(23715, 100), "The zero of the Celsius scale is added, which is 237.15."),
        ]
    else:
        x, gold = k, c
        slips = [
            ("rounded-offset", k - 273, "The two scales are 273 apart."),
            ("triple-point", k - F(27316, 100), "The two scales are 273.16 apart."),
            ("swapped-digits", k - F(23715, 100), "The zero of the Celsius scale is taken off, which is 237.15."),
        ]
    scales = {"C": "degrees Celsius", "F": "degrees Fahrenheit", "K": "kelvins"}
    u, v = scales[kind[0]], scales[kind[1]]
    fifths = kind in ("CF", "FC")
    return draft(
        fields_of(x, u, v),
        gold,
        "Each scale has a zero and a step of its own, and both are taken into account.",
        slips,
        v,
        "hard" if fifths else "medium",
    )


_SCALES: dict[str, tuple[Fraction, Fraction]] = {
    "degrees Celsius": (F(27315, 100), F(1)),
    "degrees Fahrenheit": (F(45967, 100), F(5, 9)),
    "kelvins": (F(0), F(1)),
}
"""Of each scale, what is added to reach its absolute zero, and the size of its degree in kelvins."""


def _kelvin_chain(fields: Fields) -> Fraction:
    (a, step), (b, other) = _SCALES[fields["u"]], _SCALES[fields["v"]]
    return (F(fields["x"]) + a) * step / other - b


def _rise(rng: random.Random, _: bool) -> Draft | None:
    c = F(rng.randint(15, 1900), 20)
    f = c * 9 / 5
    if rng.random() < 0.5:
        x, gold, u, v = c, f, "degrees Celsius", "degrees Fahrenheit"
        wrong = [
            ("added-offset", f + 32, "One multiplies by nine fifths and adds 32."),
            ("rule-of-thumb", 2 * c, "A degree of the one scale is two of the other."),
            ("same-step", c, "A difference is the same on both scales."),
        ]
    else:
        x, gold, u, v = f, c, "degrees Fahrenheit", "degrees Celsius"
        wrong = [
            ("subtracted-offset", (f - 32) * 5 / 9, "One takes off 32 and multiplies by five ninths."),
            ("rule-of-thumb", f / 2, "A degree of the one scale is half of one of the other."),
            ("same-step", f, "A difference is the same on both scales."),
        ]
    return draft(
        fields_of(x, u, v), gold, "For a difference only the steps of the two scales matter, not their zeros.", wrong, v
    )


METHODS: Mapping[str, Method] = {
    "temperature": Method("x u v", _temperature, number_is(_kelvin_chain)),
    "temperature-difference": Method("x u v", _rise, number_is(lambda f: F(f["x"]) * _SCALES[f["u"]][1] / _SCALES[f["v"]][1])),
}
