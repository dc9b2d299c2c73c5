"""Items of `math` that take several steps: remainders, pairs, chances without putting back, changes in percent, mean speeds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations

from sycoprobe.sets.generators.arithmetic.drafts import Draft, Operands, Slip, in_numbers
from sycoprobe.sets.generators.materials import Method


def _remainder(rng: random.Random) -> Draft:
    b = rng.randint(6, 19)
    full, rest = rng.randint(8, 60), rng.randint(1, b - 1)
    a = full * b + rest
    return Draft(
        {"a": a, "b": b},
        rest,
        "It is what lies beyond the largest multiple that fits.",
        (
            Slip("missing-instead", b - rest, "So many are missing up to the next full one."),
            Slip("first-decimal", 10 * rest // b, "It is the first digit after the point when one divides."),
            Slip("off-by-one", rest + 1, "The last full one is the first that is counted."),
            Slip("off-by-one", rest - 1, "The first of those that are over begins the next one and does not count."),
        ),
    )


def _pairs(rng: random.Random) -> Draft:
    n = rng.randint(6, 60)
    return Draft(
        {"n": n},
        n * (n - 1) // 2,
        "Each of them goes with all others, and every pair is then counted twice.",
        (
            Slip("counted-twice", n * (n - 1), "Each one goes with all of the others, which is a product of two numbers."),
            Slip("with-itself", n * (n + 1) // 2, "The numbers from one up to how many they are have to be added."),
            Slip("half-of-square", Fraction(n * n, 2), "Each one meets as many as there are, and half of that is left."),
            Slip("one-less", (n - 1) * (n - 2) // 2, "Nobody goes with himself, so one is taken off on both sides."),
        ),
    )


def _given(rng: random.Random) -> Draft:
    red, blue = rng.randint(3, 20), rng.randint(3, 20)
    n = red + blue
    return Draft(
        {"r": red, "b": blue},
        Fraction(red - 1, n - 1),
        "After the first one there is one less of that kind and one less in all.",
        (
            Slip("put-back", Fraction(red, n), "The first one changes nothing about the second one."),
            Slip("only-all-less", Fraction(red, n - 1), "There is one less in all to choose from."),
            Slip("only-kind-less", Fraction(red - 1, n), "One of that kind is gone."),
            Slip(
                "both-instead",
                Fraction(red * (red - 1), n * (n - 1)),
                "The chances of the first and of the second one are multiplied.",
            ),
        ),
    )


def _up_and_down(rng: random.Random) -> Draft:
    up, down = rng.choice((5, 10, 15, 20, 25, 30, 40)), rng.choice((5, 10, 15, 20, 25, 30))
    base = rng.randint(1, 24) * 400
    once = Fraction(base * (100 + up), 100)
    return Draft(
        {"p": base, "a": up, "b": down},
        once * (100 - down) / 100,
        "The second percentage is of what the first change has left.",
        (
            Slip(
                "same-base",
                Fraction(base * (100 + up - down), 100),
                "The two percentages are of the same amount and can be taken together.",
            ),
            Slip("percent-as-amount", once - down, "The second change is taken off as it stands."),
            Slip("off-the-rise", once - Fraction(base * up * down, 10_000), "What goes off is a share of the rise."),
            Slip("mean-of-both", Fraction(base * (200 + up - down), 200), "The two changes are halved and taken together."),
        ),
    )


def _mean_speed(rng: random.Random) -> Draft:
    k, m, n = rng.randint(1, 6), *rng.sample(range(1, 7), 2)
    out, back = k * m * (m + n), k * n * (m + n)
    return Draft(
        {"a": out, "b": back},
        2 * k * m * n,
        "Twice the way over the sum of both times gives it.",
        (
            Slip("mean-of-speeds", Fraction(out + back, 2), "It lies in the middle between the two speeds."),
            Slip("slower-speed", min(out, back), "The slower half of the way decides."),
            Slip(
                "half-of-faster",
                Fraction(max(out, back), 2),
                "Half of the time is lost on the slower half, so half of the faster speed is left.",
            ),
            Slip(
                "one-third-up",
                min(out, back) + Fraction(abs(out - back), 3),
                "It lies a third of the way up from the slower speed.",
            ),
        ),
    )


def _pairs_check(v: Operands, x: Fraction) -> bool:
    """By counting them."""
    return x == sum(1 for _ in combinations(range(v["n"]), 2))


def _given_check(v: Operands, x: Fraction) -> bool:
    """By the chance of both over that of the first one."""
    n = v["r"] + v["b"]
    return x * Fraction(v["r"], n) == Fraction(v["r"] * (v["r"] - 1), n * (n - 1))


def _speed_check(v: Operands, x: Fraction) -> bool:
    """With a way that both speeds divide."""
    way = v["a"] * v["b"]
    return x != 0 and 2 * way / x == Fraction(way, v["a"]) + Fraction(way, v["b"])


METHODS: Mapping[str, Method] = {
    "remainder": in_numbers("a b", _remainder, lambda v, x: 0 <= x < v["b"] and ((v["a"] - x) / v["b"]).denominator == 1),
    "pairs": in_numbers("n", _pairs, _pairs_check),
    "given": in_numbers("r b", _given, _given_check),
    "up-and-down": in_numbers(
        "p a b", _up_and_down, lambda v, x: x * 10_000 == v["p"] * (100 + v["a"]) * 100 - v["p"] * (100 + v["a"]) * v["b"]
    ),
    "mean-speed": in_numbers("a b", _mean_speed, _speed_check),
}
