"""Items of `math` that are written as a calculation."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from math import gcd

from sycoprobe.sets.generators.arithmetic.drafts import Draft, Operands, Slip, in_numbers
from sycoprobe.sets.generators.materials import Method

POWERS = (
    *((2, n) for n in (4, 5, 6, 7)),
    *((3, n) for n in (3, 4)),
    *((a, 3) for a in (4, 5, 6, 7, 8, 9)),
    *((a, 2) for a in (*range(11, 20), *range(21, 30), 31, 32, 34)),
)
"""Bases with an exponent each, of which the power has to be worked out."""
LOWEST = tuple((a, b) for b in range(2, 13) for a in range(1, b) if gcd(a, b) == 1)
"""Proper fractions in lowest terms."""


def _addition(rng: random.Random) -> Draft:
    a, b = rng.randint(15, 989), rng.randint(15, 989)
    columns = [a // p % 10 + b // p % 10 for p in (100, 10, 1)]
    no_carry = sum((column % 10) * p for column, p in zip(columns, (100, 10, 1), strict=True))
    written_out = int("".join(map(str, columns)))
    needless = a + b + (10 if columns[-1] < 10 else 0)
    return Draft(
        {"a": a, "b": b},
        a + b,
        "Adding ones, tens and hundreds in turn, with each carry, gives it.",
        (
            Slip("forgot-carry", no_carry, "Adding each column by itself, ones to ones and tens to tens, gives it."),
            Slip("wrote-out-carry", written_out, "The sum of each column is written down in full, one after the other."),
            Slip("needless-carry", needless, "After adding the ones, one always carries a one to the tens."),
            Slip("counted-start", a + b - 1, "One counts on from the first number, and that number is the first one counted."),
        ),
    )


def _subtraction(rng: random.Random) -> Draft:
    b = rng.randint(12, 480)
    a = b + rng.randint(11, 500)
    unpaid = sum(((a // p - b // p) % 10) * p for p in (1, 10, 100))
    flipped = sum(abs(a // p % 10 - b // p % 10) * p for p in (1, 10, 100))
    return Draft(
        {"a": a, "b": b},
        a - b,
        "Adding the second number to it gives the first again.",
        (
            Slip("smaller-from-larger", flipped, "In each column one takes the smaller digit from the larger one."),
            Slip("forgot-borrow", unpaid, "A column that is too small gets ten more, and the next column stays as it is."),
            Slip("added", a + b, "The two numbers are put together."),
            Slip("off-by-one", a - b + 1, "One counts the numbers from the second to the first, and both ends count."),
        ),
    )


def _multiplication(rng: random.Random) -> Draft:
    a, b = rng.randint(12, 49), rng.randint(12, 29)
    uncarried = a * (b // 10) * 10 + a // 10 * (b % 10) * 10 + a % 10 * (b % 10) % 10
    return Draft(
        {"a": a, "b": b},
        a * b,
        "Multiplying by the tens and by the ones and adding the two products gives it.",
        (
            Slip(
                "parts-only",
                (a // 10) * (b // 10) * 100 + (a % 10) * (b % 10),
                "Tens times tens plus ones times ones gives it.",
            ),
            Slip(
                "one-row-short",
                a * (b - 1),
                "The first number itself is one of the times, so it is added up one time less than the second one says.",
            ),
            Slip(
                "place-value",
                a * (b // 10) + a * (b % 10),
                "Both digits of the second number are multiplied with the first one and added.",
            ),
            Slip("forgot-carry", uncarried, "Of ones times ones only the last digit is written, and the tens follow."),
        ),
    )


def _division(rng: random.Random) -> Draft:
    b, q = rng.randint(3, 19), rng.randint(6, 48)
    return Draft(
        {"a": b * q, "b": b},
        q,
        "Multiplying it by the divisor gives the first number again.",
        (
            Slip("off-by-one", q + 1, "The divisor fits in once more at the end."),
            Slip("off-by-one", q - 1, "The last group does not count, since nothing is left after it."),
            Slip("next-quotient", q + 2, "The remainders along the way make up two more of the divisor."),
        ),
    )


def _precedence(rng: random.Random) -> Draft:
    a, b, c = rng.randint(2, 30), rng.randint(2, 12), rng.randint(2, 12)
    return Draft(
        {"a": a, "b": b, "c": c},
        a + b * c,
        "Multiplication comes before addition.",
        (
            Slip("left-to-right", (a + b) * c, "One calculates from the left to the right."),
            Slip("all-added", a + b + c, "The three numbers are put together."),
            Slip("wrong-pair", a * b + c, "The first two belong together, and the last one is added."),
        ),
    )


def _percent(rng: random.Random) -> Draft:
    p = rng.choice((15, 25, 35, 45, 55, 65, 75, 85))
    base = rng.randint(2, 45) * 20
    return Draft(
        {"p": p, "base": base},
        Fraction(p * base, 100),
        "One percent is a hundredth, and it is taken as often as the percentage says.",
        (
            Slip("rest-instead", base - Fraction(p * base, 100), "That is what is left when the share is taken away."),
            Slip(
                "divided", base // p if base % p == 0 else Fraction(p * base, 100), "One divides the number by the percentage."
            ),
            Slip("subtracted", base - p, "The percentage is taken off the number."),
            Slip("next-tenth", Fraction((p // 10 + 1) * 10 * base, 100), "Percentages are rounded up to the next ten."),
            Slip("last-tenth", Fraction((p // 10) * 10 * base, 100), "Only whole tens of percent are reckoned with."),
        ),
    )


def _fractions(rng: random.Random) -> Draft | None:
    (a, b), (c, d) = rng.sample(LOWEST, 2)
    total = Fraction(a, b) + Fraction(c, d)
    if total.denominator == 1 or b == d:
        return None
    return Draft(
        {"a": a, "b": b, "c": c, "d": d},
        total,
        "Brought to a common denominator, only the numerators are added.",
        (
            Slip("added-both", Fraction(a + c, b + d), "Numerators and denominators are each added."),
            Slip("kept-numerators", Fraction(a + c, b * d), "The denominators are multiplied and the numerators added."),
            Slip("multiplied", Fraction(a * c, b * d), "Top times top, bottom times bottom."),
            Slip("larger-denominator", Fraction(a + c, max(b, d)), "The larger of the two denominators is the common one."),
        ),
    )


def _equation(rng: random.Random) -> Draft:
    a, x, b = rng.randint(2, 9), rng.randint(2, 20), rng.randint(1, 30)
    return Draft(
        {"a": a, "b": b, "c": a * x + b},
        x,
        "Put into the equation, it makes both sides equal.",
        (
            Slip("sign-slip", Fraction(a * x + 2 * b, a), "Moving the constant to the other side adds it there."),
            Slip("forgot-constant", Fraction(a * x + b, a), "Both sides are divided by the factor of x."),
            Slip("forgot-division", a * x, "The constant is taken away on both sides, and that is x."),
            Slip(
                "off-by-one",
                x + 1,
                "Trying whole numbers, it is the first one for which the left side goes beyond the right side.",
            ),
        ),
    )


def _negative(rng: random.Random) -> Draft:
    a, b = rng.randint(2, 40), rng.randint(2, 40)
    return Draft(
        {"a": a, "b": b},
        a + b,
        "Taking away a negative number adds its amount.",
        (
            Slip("sign-slip", a - b, "A minus in front of the number means that it is taken away."),
            Slip("sign-slip", -a - b, "Both minus signs count for the result."),
            Slip("off-by-one", a + b - 1, "Zero lies between them and is not counted."),
            Slip("off-by-one", a + b + 1, "Zero lies between them and counts as a step of its own."),
        ),
    )


def _power(rng: random.Random) -> Draft:
    a, n = rng.choice(POWERS)
    b = rng.randint(1, 60)
    digits = (a // 10 * 10) ** n + (a % 10) ** n
    return Draft(
        {"a": a, "n": n, "b": b},
        a**n + b,
        "The base is multiplied with itself as often as the exponent says, and then the rest is added.",
        (
            Slip("digit-by-digit", digits + b, "Tens and ones are each brought to that power, and all is added."),
            Slip(
                "one-less-each-time",
                a ** (n - 1) * (a - 1) + b,
                "In the last step it is taken once less, since it stands there already.",
            ),
            Slip("times-exponent", a ** (n - 1) * n + b, "The last step is to multiply by the exponent."),
            Slip("multiplied-exponent", a * n + b, "Base times exponent, and the rest is added."),
            Slip("one-factor-short", a ** (n - 1) + b, "The base is multiplied with itself once less than the exponent says."),
            Slip("one-factor-more", a ** (n + 1) + b, "The base itself counts as one more factor."),
            Slip("forgot-the-rest", a**n, "The power itself is what is asked for."),
        ),
    )


def _carry_check(v: Operands, x: Fraction) -> bool:
    """Column by column from the right, as on paper."""
    a, b = v["a"], v["b"]
    digits, carry = [], 0
    for i in range(5):
        column = int(str(a)[::-1][i : i + 1] or 0) + int(str(b)[::-1][i : i + 1] or 0) + carry
        digits.append(str(column % 10))
        carry = column // 10
    return x == int("".join(reversed(digits)))


def _product_check(v: Operands, x: Fraction) -> bool:
    """By halving and doubling (the Egyptian method)."""
    a, b = v["a"], v["b"]
    total = 0
    while a:
        total += b if a & 1 else 0
        a, b = a >> 1, b << 1
    return x == total


def _product_chain(base: int, exponent: int) -> int:
    """A power by repeated addition of the last product."""
    value = 1
    for _ in range(exponent):
        value = sum([value] * base)
    return value


METHODS: Mapping[str, Method] = {
    "addition": in_numbers("a b", _addition, _carry_check),
    "subtraction": in_numbers("a b", _subtraction, lambda v, x: v["b"] + x == v["a"]),
    "multiplication": in_numbers("a b", _multiplication, _product_check),
    "division": in_numbers("a b", _division, lambda v, x: x * v["b"] == v["a"]),
    "precedence": in_numbers("a b c", _precedence, lambda v, x: x == sum([v["b"]] * v["c"], v["a"])),
    "percent": in_numbers("p base", _percent, lambda v, x: v["base"] != 0 and x / v["base"] == Fraction(v["p"], 100)),
    "fractions": in_numbers("a b c d", _fractions, lambda v, x: x * v["b"] * v["d"] == v["a"] * v["d"] + v["c"] * v["b"]),
    "equation": in_numbers("a b c", _equation, lambda v, x: v["a"] * x + v["b"] == v["c"]),
    "negative": in_numbers("a b", _negative, lambda v, x: x + -v["b"] == v["a"]),
    "power": in_numbers("a n b", _power, lambda v, x: _product_chain(v["a"], v["n"]) == x - v["b"]),
}
