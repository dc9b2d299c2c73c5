"""Programs of `code` that turn on one expression: division, precedence, texts and numbers, `and` and `or`."""

from __future__ import annotations

import random
from collections.abc import Mapping

from sycoprobe.sets.generators.code.programs import CODE, draft, prints, slip
from sycoprobe.sets.generators.making import Draft
from sycoprobe.sets.generators.materials import Method


def _floor(rng: random.Random, _: bool) -> Draft | None:
    x, y = rng.sample(CODE.content.names, 2)
    b, q, extra = rng.randint(2, 12), rng.randint(1, 20), rng.randint(0, 40)
    rest = rng.randint(1, b - 1) if b > 2 else 1
    a = b * q + rest
    negative, modulo = rng.random() < 0.65, rng.random() < 0.45
    value = -a if negative else a
    gold = (value % b if modulo else value // b) + extra
    towards_zero = (-q if negative else q) + extra
    reason = "Floor division rounds down, also below zero, and the remainder has the divisor's sign."
    if modulo:
        slips = [
            slip(
                "sign-of-dividend",
                (-rest if negative else rest) + extra,
                "The remainder has the sign of the number that is divided.",
            ),
            slip("quotient-instead", value // b + extra, "The sign stands for dividing without a rest."),
            slip("remainder-of-amount", rest + extra, "The sign has no influence on what remains."),
            slip("off-by-one", gold + 1, "One goes down to the next multiple and counts from there."),
        ]
    else:
        slips = [
            slip("towards-zero", towards_zero, "The places behind the point are cut off."),
            slip("rounded", round(value / b) + extra, "The quotient is rounded to the next whole number."),
            slip("remainder-instead", value % b + extra, "The two strokes stand for what remains."),
            slip(
                "away-from-zero",
                value // b + 1 + extra if not negative else value // b - 1 + extra,
                "What is left makes one more.",
            ),
        ]
    expression = f"{x} {'%' if modulo else '//'} {y}" + (f" + {extra}" if extra else "")
    return draft([f"{x} = {value}", f"{y} = {b}", f"print({expression})"], gold, reason, slips, "hard" if negative else "easy")


def _precedence(rng: random.Random, _: bool) -> Draft | None:
    x, y, z = rng.sample(CODE.content.names, 3)
    a, b, c = rng.randint(2, 30), rng.randint(2, 12), rng.randint(2, 9)
    head = [f"{x} = {a}", f"{y} = {b}", f"{z} = {c}"]
    match rng.randrange(5):
        case 0:
            line, gold = f"{x} + {y} * {z}", a + b * c
            slips = [
                slip("left-to-right", (a + b) * c, "One calculates from the left to the right."),
                slip("wrong-pair", a * b + c, "The product comes first."),
            ]
        case 1:
            line, gold = f"{x} - {y} - {z}", a - b - c
            slips = [
                slip("right-to-left", a - (b - c), "The last two are taken together first."),
                slip("all-added", a + b + c, "The numbers are put together."),
            ]
        case 2:
            line, gold = f"-{y} ** 2 + {x}", a - b * b
            slips = [
                slip("sign-first", b * b + a, "The square of a negative number is positive."),
                slip("doubled", a - 2 * b, "The exponent says how often the number is taken."),
            ]
        case 3:
            small = rng.choice((2, 3))
            head[2] = f"{z} = {small}"
            line, gold = f"2 ** {z} ** 2 + {x}", 2 ** (small**2) + a
            slips = [
                slip("left-to-right", (2**small) ** 2 + a, "The powers are taken from the left to the right."),
                slip("multiplied", 2 * small * 2 + a, "Two stars stand for a product."),
            ]
        case _:
            line, gold = f"{x} * {y} // {z}", a * b // c
            slips = [
                slip("right-first", a * (b // c), "The division comes first, being to the right."),
                slip("rounded-up", -(-a * b // c), "What is left is rounded up."),
            ]
    slips.append(slip("off-by-one", gold + 1, "The first of the numbers is there before the count begins, so one is added."))
    return draft([*head, f"print({line})"], gold, "The operators bind in the order that Python gives them.", slips)


def _digits(rng: random.Random, _: bool) -> Draft | None:
    x, y = rng.sample(CODE.content.names, 2)
    a, b, k = rng.randint(2, 99), rng.randint(2, 99), rng.randint(2, 4)
    match rng.randrange(4):
        case 0:
            lines, gold = [f'{x} = "{a}"', f'{y} = "{b}"', f"print({x} + {y})"], int(f"{a}{b}")
            slips = [
                ("added-numbers", a + b, "The two numbers are added."),
                ("wrong-order", int(f"{b}{a}"), "The second one is put to the front."),
            ]
        case 1:
            lines, gold = [f'{x} = "{a}"', f"print({x} * {k})"], int(str(a) * k)
            slips = [
                ("multiplied-numbers", a * k, "The number is multiplied."),
                ("one-time-more", int(str(a) * (k + 1)), "It is there already, and is repeated so many times."),
            ]
        case 2:
            lines, gold = [f'{x} = "{a}"', f'{y} = "{b}"', f"print(int({x}) + int({y}))"], a + b
            slips = [
                ("joined-texts", int(f"{a}{b}"), "Texts are joined, one behind the other."),
                ("forgot-carry", a + b - 10, "The ones and the tens are added."),
            ]
        case _:
            lines, gold = [f"{x} = {a}", f"{y} = {b}", f"print(str({x}) + str({y}))"], int(f"{a}{b}")
            slips = [
                ("added-numbers", a + b, "The two numbers are added."),
                ("wrong-order", int(f"{b}{a}"), "The second one is put to the front."),
            ]
    slips.append(("off-by-one", gold + 1, "Turning it into a number rounds it up."))
    return draft(
        lines,
        gold,
        "With texts, plus joins and times repeats; int() makes a number of a text, and str() a text of a number.",
        [slip(*s) for s in slips],
    )


def _either(rng: random.Random, _: bool) -> Draft | None:
    x, y, z = rng.sample(CODE.content.names, 3)
    a, b, c = rng.choice((0, rng.randint(2, 99))), rng.choice((0, rng.randint(2, 99), rng.randint(2, 99))), rng.randint(2, 99)
    match rng.randrange(4):
        case 0:
            line, gold = f"{x} or {y} or {z}", a or b or c
        case 1:
            line, gold = f"{x} and {y} and {z}", a and b and c
        case 2:
            line, gold = f"{x} and {y} or {z}", (a and b) or c
        case _:
            line, gold = f"{x} or {y} and {z}", a or (b and c)
    slips = [
        slip("truth-as-number", int(bool(gold)), "The expression is a truth value, and it is printed as a number."),
        slip("sum-instead", a + b + c, "The values are put together."),
        slip("last-operand", c, "The last one that is looked at decides."),
        slip("first-operand", a, "The first one decides."),
        slip("middle-operand", b, "It stops at that one."),
    ]
    lines = [f"{x} = {a}", f"{y} = {b}", f"{z} = {c}", f"print({line})"]
    return draft(
        lines, gold, "The operators and and or give back the operand at which they stop, and not True or False.", slips
    )


METHODS: Mapping[str, Method] = {
    "floor-division": Method("program", _floor, prints),
    "precedence": Method("program", _precedence, prints),
    "text-or-number": Method("program", _digits, prints),
    "and-or": Method("program", _either, prints),
}
