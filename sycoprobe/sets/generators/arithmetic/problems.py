"""Items of `math` in which the calculation has to be found: purchases, speeds, times, sequences, sides and means."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction

from sycoprobe.sets.generators.arithmetic.drafts import Draft, Method, Slip


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
            Slip("total-instead", n * price, "That is what the notebooks come to."),
        ),
        "coins",
    )


def _rate(rng: random.Random) -> Draft:
    hours, distance = rng.randint(2, 6), rng.randint(4, 15)
    more = rng.randint(hours + 1, 12)
    return Draft(
        {"distance": hours * distance, "hours": hours, "more": more},
        distance * more,
        "Distance over time gives the speed, and speed times the new time the new distance.",
        (
            Slip("added-difference", hours * distance + (more - hours), "Each further hour adds one to the distance."),
            Slip("doubled", 2 * hours * distance, "It takes longer, so the distance doubles."),
            Slip("one-hour-short", distance * (more - 1), "The first hour is needed to get going."),
        ),
        "kilometres",
    )


def _time(rng: random.Random) -> Draft:
    h, m = rng.randint(2, 9), rng.randint(5, 55)
    return Draft(
        {"h": h, "m": m},
        h * 60 + m,
        "Every hour has sixty minutes, and the rest is added.",
        (
            Slip("decimal-hours", h * 100 + m, "Hours and minutes are written one after the other."),
            Slip("forgot-rest", h * 60, "That is what the hours come to."),
            Slip("added", h + m, "The two numbers are put together."),
        ),
        "minutes",
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
            Slip("three-sides", 2 * a + b, "The side where one begins is not walked again."),
        ),
        "metres",
    )


def _mean(rng: random.Random) -> Draft:
    mean = rng.randint(10, 60)
    d, e = rng.randint(1, 9), rng.randint(1, 9)
    values = [mean - d, mean + e, mean + d - e]
    rng.shuffle(values)
    middle = sorted(values)[1]
    return Draft(
        dict(zip("abc", values, strict=True)),
        mean,
        "Their sum divided by three gives it.",
        (
            Slip("median-instead", middle, "It is the one in the middle when they are put in order."),
            Slip("two-only", Fraction(values[0] + values[1], 2), "The first two are added and halved."),
            Slip("sum-instead", sum(values), "All three are put together."),
            Slip("midrange", Fraction(min(values) + max(values), 2), "It lies half way between the smallest and the largest."),
        ),
    )


METHODS: Mapping[str, Method] = {
    "change": Method("n price paid", _change, lambda v, x: sum([v["price"]] * v["n"], start=0) + x == v["paid"]),
    "rate": Method("distance hours more", _rate, lambda v, x: x * v["hours"] == v["distance"] * v["more"]),
    "time": Method("h m", _time, lambda v, x: x // 60 == v["h"] and x % 60 == v["m"]),
    "sequence": Method(
        "a b c d", _sequence, lambda v, x: len({v["b"] - v["a"], v["c"] - v["b"], v["d"] - v["c"], x - v["d"]}) == 1
    ),
    "perimeter": Method("a b", _perimeter, lambda v, x: x - v["a"] - v["b"] - v["a"] == v["b"]),
    "mean": Method("a b c", _mean, lambda v, x: sum(y - x for y in v.values()) == 0),
}
