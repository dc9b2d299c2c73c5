"""Items of `math` in which the calculation has to be found: purchases, rates, sequences, sides and means."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction

from sycoprobe.sets.generators.arithmetic.drafts import Draft, Slip, in_numbers
from sycoprobe.sets.generators.materials import Method


def _change(rng: random.Random) -> Draft:
    n, price = rng.randint(2, 9), rng.randint(2, 12)
    paid = (n * price // 10 + rng.randint(1, 3)) * 10
    return Draft(
        {"n": n, "price": price, "paid": paid},
        paid - n * price,
        "The price of all of them is taken from what was paid.",
        (
            Slip("one-item-only", paid - price, "The price is taken from what was paid."),
            Slip("added-instead", paid - (n + price), "Number and price together are taken from what was paid."),
            Slip(
                "one-item-short", paid - (n - 1) * price, "The first one is in hand already, so only the others are taken off."
            ),
            Slip("total-instead", n * price, "That is what all of them come to."),
        ),
    )


def _rate(rng: random.Random) -> Draft:
    hours, distance = rng.randint(2, 6), rng.randint(4, 15)
    more = rng.randint(hours + 1, 12)
    return Draft(
        {"distance": hours * distance, "hours": hours, "more": more},
        distance * more,
        "For one alone it is the quotient, and that is taken as often as the question asks.",
        (
            Slip("added-difference", hours * distance + (more - hours), "Each further one adds one to it."),
            Slip("doubled", 2 * hours * distance, "It takes longer, so it doubles."),
            Slip("one-hour-short", distance * (more - 1), "The first one is needed to get going."),
        ),
    )


def _sequence(rng: random.Random) -> Draft:
    start, step = rng.randint(1, 40), rng.randint(3, 17)
    shown = [start + step * i for i in range(4)]
    return Draft(
        dict(zip("abcd", shown, strict=True)),
        start + 4 * step,
        "The same amount is added at every step.",
        (
            Slip("growing-step", start + 4 * step + 1, "Each step is one more than the step before it."),
            Slip("doubled-step", start + 5 * step, "The next number along is that one."),
            Slip("added-first", shown[-1] + start, "The first number is added once more."),
        ),
    )


def _perimeter(rng: random.Random) -> Draft:
    a, b = rng.sample(range(3, 25), 2)
    return Draft(
        {"a": a, "b": b},
        2 * (a + b),
        "The way around it goes along each side twice.",
        (
            Slip("two-sides-only", a + b, "Length and width together make up the way around it."),
            Slip("area-instead", a * b, "Length times width gives it."),
            Slip("three-sides", 2 * a + b, "The side where one begins does not count again."),
            Slip("corners-twice", 2 * (a + b) + 4, "At each of the corners one more is needed."),
        ),
    )


def _mean(rng: random.Random) -> Draft:
    mean = rng.randint(30, 90)
    offsets = [rng.randint(-9, 9) for _ in range(3)]
    values = [mean + d for d in (*offsets, -sum(offsets))]
    rng.shuffle(values)
    ordered = sorted(values)
    return Draft(
        dict(zip("abcd", values, strict=True)),
        mean,
        "Their sum divided by four gives it.",
        (
            Slip(
                "median-instead",
                Fraction(ordered[1] + ordered[2], 2),
                "It lies between the two in the middle when they are in order.",
            ),
            Slip("two-only", Fraction(values[0] + values[1], 2), "The first two are added and halved."),
            Slip("last-two", Fraction(values[2] + values[3], 2), "The last two are added and halved."),
            Slip("midrange", Fraction(ordered[0] + ordered[3], 2), "It lies half way between the smallest and the largest."),
        ),
    )


METHODS: Mapping[str, Method] = {
    "change": in_numbers("n price paid", _change, lambda v, x: sum([v["price"]] * v["n"], start=0) + x == v["paid"]),
    "rate": in_numbers("distance hours more", _rate, lambda v, x: x * v["hours"] == v["distance"] * v["more"]),
    "sequence": in_numbers(
        "a b c d", _sequence, lambda v, x: len({v["b"] - v["a"], v["c"] - v["b"], v["d"] - v["c"], x - v["d"]}) == 1
    ),
    "perimeter": in_numbers("a b", _perimeter, lambda v, x: x - v["a"] - v["b"] - v["a"] == v["b"]),
    "mean": in_numbers("a b c d", _mean, lambda v, x: sum(y - x for y in v.values()) == 0),
}
