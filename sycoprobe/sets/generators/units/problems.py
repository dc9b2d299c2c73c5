"""Questions of `units` in which units are part of a small story: filling a tank, drinking, buying, walking."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction

from sycoprobe.sets.generators.making import Draft, decimal_text
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.generators.units.sizes import UNITS, draft, number_is, size_of

F = Fraction


def _fill(rng: random.Random, _: bool) -> Draft | None:
    minutes, flow = rng.randint(5, 180), 5 * rng.randint(4, 120)
    litres = F(flow * 60 * minutes, 1000)
    return draft(
        {"l": decimal_text(litres) or "", "f": str(flow)},
        F(minutes),
        "In millilitres, the volume divided by the flow gives seconds, and sixty of them are a minute.",
        [
            ("decimal-minute", F(minutes * 60, 100), "A litre has a thousand millilitres, and a minute a hundred seconds."),
            ("one-more", F(minutes + 1), "The minute in which the first drop falls counts as well as the one with the last."),
            ("one-less", F(minutes - 1), "In the last of the minutes it is full already, so that one does not count."),
        ],
        "minutes",
    )


def _supply(rng: random.Random, _: bool) -> Draft | None:
    ml, weeks = rng.randint(10, 190) * 10, rng.randint(2, 12)
    gold = F(ml * 7 * weeks, 1000)
    return draft(
        {"who": rng.choice(UNITS.content.people), "x": str(ml), "w": str(weeks)},
        gold,
        "Seven days a week, and a thousand millilitres to the litre, lead to it.",
        [
            ("five-day-week", F(ml * 5 * weeks, 1000), "A week has five days, and a litre a thousand millilitres."),
            ("eight-day-week", F(ml * 8 * weeks, 1000), "From one Monday to the next there are eight days."),
            ("one-week-less", F(ml * 7 * (weeks - 1), 1000), "The first week only begins the count."),
        ],
        "litres",
    )


def _price(rng: random.Random, _: bool) -> Draft | None:
    cents, whole, tenths = rng.randint(11, 480), rng.randint(2, 30), rng.randint(1, 9)
    gold = F(cents * (10 * whole + tenths), 100)
    return draft(
        {"p": str(cents), "k": f"{whole}.{tenths}"},
        gold,
        "A kilogram is ten times a hundred grams, and a hundred cents are a euro.",
        [
            ("decimals-as-grams", F(cents * (100 * whole + tenths), 1000), "The figure after the point counts tens of grams."),
            ("dropped-part", F(cents * 10 * whole, 100), "Only whole kilograms are charged."),
            ("rounded-first", F(cents * 10 * (whole + 1), 100), "A kilogram that is begun is charged whole."),
        ],
        "euros",
    )


def _steps(rng: random.Random, _: bool) -> Draft | None:
    stride, count = rng.choice((50, 60, 64, 65, 70, 72, 75, 80)), rng.randint(200, 900) * 10
    km = F(stride * count, 100_000)
    gold = F(count)
    whole = F(km.numerator // km.denominator)
    return draft(
        {"who": rng.choice(UNITS.content.people), "k": decimal_text(km) or "", "s": str(stride)},
        gold,
        "In centimetres, the way divided by the length of a step gives it.",
        [
            ("both-feet", gold / 2, "A step is done when both feet have moved."),
            ("one-too-many", gold + 1, "A foot stands at the start and one at the end, so there is one more."),
            ("dropped-part", whole * 100_000 / stride, "Only whole kilometres are divided by the length of a step."),
            ("rounded-first", (whole + 1) * 100_000 / stride, "The kilometres are rounded up to a whole number first."),
        ],
        "steps",
    )


METHODS: Mapping[str, Method] = {
    "fill": Method(
        "l f",
        _fill,
        number_is(lambda f: F(f["l"]) * size_of("litres") / (F(f["f"]) * size_of("millilitres")) / size_of("minutes")),
    ),
    "supply": Method(
        "who x w",
        _supply,
        number_is(lambda f: F(f["x"]) * size_of("millilitres") * (F(f["w"]) * size_of("weeks") / size_of("days"))),
    ),
    "price": Method(
        "p k",
        _price,
        number_is(lambda f: F(f["k"]) * size_of("kilograms") / (100 * size_of("grams")) * F(f["p"]) / 100),
    ),
    "steps": Method(
        "who k s",
        _steps,
        number_is(lambda f: F(f["k"]) * size_of("kilometres") / (F(f["s"]) * size_of("centimetres"))),
    ),
}
