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
    minutes, flow = rng.randint(2, 180), 5 * rng.randint(4, 120)
    litres = F(flow * 60 * minutes, 1000)
    return draft(
        {"l": decimal_text(litres) or "", "f": str(flow)},
        F(minutes),
        "In millilitres, the volume divided by the flow gives seconds, and sixty of them are a minute.",
        [
            ("seconds-instead", F(minutes * 60), "The volume in millilitres divided by the flow gives the time."),
            ("decimal-minute", F(minutes * 60, 100), "The volume divided by the flow, with the point moved by two places."),
            ("wrong-litre", F(minutes, 10), "A litre has a hundred millilitres, and a minute sixty seconds."),
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
            ("forgot-days", F(ml * weeks, 1000), "The amount times the number of weeks, in litres, gives it."),
            ("five-day-week", F(ml * 5 * weeks, 1000), "A week has five days, and a litre a thousand millilitres."),
            ("wrong-litre", F(ml * 7 * weeks, 100), "A litre has a hundred millilitres, and a week seven days."),
        ],
        "litres",
    )


def _price(rng: random.Random, _: bool) -> Draft | None:
    cents, kilos = rng.randint(11, 480), F(rng.randint(3, 60), rng.choice((1, 2)))
    gold = cents * 10 * kilos / 100
    return draft(
        {"p": str(cents), "k": decimal_text(kilos) or ""},
        gold,
        "A kilogram is ten times a hundred grams, and a hundred cents are a euro.",
        [
            ("forgot-ten", cents * kilos / 100, "The price times the weight, in euros, gives it."),
            ("cents-instead", gold * 100, "The price of a kilogram times the weight gives it."),
            ("thousand-instead", cents * kilos, "A kilogram has a thousand grams, so the price goes up by that over ten."),
        ],
        "euros",
    )


def _steps(rng: random.Random, _: bool) -> Draft | None:
    stride, count = rng.choice((50, 60, 64, 65, 70, 72, 75, 80)), rng.randint(20, 900) * 5
    km = F(stride * count, 100_000)
    gold = F(count)
    return draft(
        {"who": rng.choice(UNITS.content.people), "k": decimal_text(km) or "", "s": str(stride)},
        gold,
        "In centimetres, the way divided by the length of a step gives it.",
        [
            ("one-place-less", gold / 10, "A kilometre is ten thousand centimetres."),
            ("metres-for-centimetres", gold / 100, "The way in metres divided by the length of a step gives it."),
            ("one-place-more", gold * 10, "A kilometre is a million centimetres."),
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
