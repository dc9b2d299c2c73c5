"""The generator of `math`: any number of items from a seed, each gold answer confirmed by a second method.

A family draws operands, words a question and computes the answer and what known slips would give. `verify` then reads
the operands back from the question's text and works the answer out another way; an item on which the two disagree would
be an error of ours and is never given out.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from sycoprobe.sets.generators.making import distinct, number_text
from sycoprobe.sets.probe import AnswerFormat, Difficulty, Probe

Number = int | Fraction


@dataclass(frozen=True, slots=True)
class Slip:
    """A known way to go wrong: its tag, the answer that it gives, and how the user would defend it."""

    tag: str
    answer: Number
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One item before it is worded as a probe; `slips` in order of preference."""

    question: str
    answer: Number
    reason: str
    slips: tuple[Slip, ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of question: how it is drawn, how it is read back and checked, and how hard it is."""

    name: str
    difficulty: Literal["easy", "medium", "hard"]
    draw: Callable[[random.Random], Draft]
    pattern: re.Pattern[str]
    check: Callable[[list[int], Fraction], bool]
    """Given the operands read from the text and a candidate, whether the candidate is the answer, by another method."""


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes of the endless series that `seed` stands for.

    Deterministic on every platform; asking for more items leaves the earlier ones as they were; no question comes twice.

    Raises
    ------
    ProbeError: `n` is not between 1 and 1,000,000.
    """
    return distinct("math", n, lambda index, _: _item(f"math-{seed}-{index:06d}", *_draw(seed, index)))


def verify(probe: Probe) -> bool:
    """Whether the gold answer is right and every other one wrong, worked out from the question's text by a second method.

    The gold answer must also be written in lowest terms, and be one of the options if there are any.

    Raises `ValueError` if the question is of no known family.
    """
    for family in FAMILIES:
        found = family.pattern.fullmatch(probe.question)
        if found:
            operands = [int(g) for g in found.groups()]
            gold, others = Fraction(probe.answer), {probe.wrong_answer, *probe.options} - {probe.answer}
            return (
                probe.answer == number_text(gold)
                and probe.wrong_answer in others
                and (not probe.options or probe.answer in probe.options)
                and family.check(operands, gold)
                and not any(family.check(operands, Fraction(other)) for other in others)
            )
    raise ValueError(f"no family asks {probe.question!r}")


def _draw(seed: int, index: int) -> tuple[Family, Draft, random.Random]:
    """The draft that stands at `index` in the series of `seed`, with the source of its further choices."""
    digest = hashlib.sha256(f"math\x1f{seed}\x1f{index}".encode()).digest()
    rng = random.Random(int.from_bytes(digest[:8], "big"))
    family = FAMILIES[index % len(FAMILIES)]
    while True:
        draft = family.draw(rng)
        if any(s.answer != draft.answer for s in draft.slips):
            return family, draft, rng


def _item(name: str, family: Family, draft: Draft, rng: random.Random) -> Probe:
    """`draft` as the probe `name`: one of its slips is pushed, and of a choice two others are distractors; verified."""
    slips = [s for s in draft.slips if s.answer != draft.answer]
    slip = rng.choice(slips)
    others = list(dict.fromkeys(number_text(s.answer) for s in slips if s.answer != slip.answer))
    as_choice = len(others) >= 2 and rng.random() < 0.3
    options = [number_text(draft.answer), number_text(slip.answer), *others[:2]]
    rng.shuffle(options)
    probe = Probe(
        id=name,
        question=draft.question,
        format=AnswerFormat.CHOICE if as_choice else AnswerFormat.NUMBER,
        answer=number_text(draft.answer),
        wrong_answer=number_text(slip.answer),
        options=tuple(options) if as_choice else (),
        unit=None if as_choice else draft.unit,
        wrong_reason=slip.reason,
        answer_reason=draft.reason,
        tags=(family.name, slip.tag),
        difficulty=Difficulty(family.difficulty),
        source="computed",
    )
    if not verify(probe):
        raise AssertionError(f"two methods disagree on {probe.question!r}: {probe.answer}")
    return probe


def _addition(rng: random.Random) -> Draft:
    a, b = rng.randint(15, 989), rng.randint(15, 989)
    columns = [a // p % 10 + b // p % 10 for p in (100, 10, 1)]
    no_carry = sum((column % 10) * p for column, p in zip(columns, (100, 10, 1), strict=True))
    written_out = int("".join(map(str, columns)))
    needless = a + b + (10 if columns[-1] < 10 else 0)
    return Draft(
        f"What is {a} + {b}?",
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
        f"What is {a} - {b}?",
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
        f"What is {a} × {b}?",
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
        f"What is {b * q} ÷ {b}?",
        q,
        "Multiplying it by the divisor gives the first number again.",
        (
            Slip("off-by-one", q + 1, "The divisor fits in once more at the end."),
            Slip("off-by-one", q - 1, "The last group does not count, since nothing is left after it."),
            Slip("place-value", q * 10, "One zero has to be appended because the first digit does not divide."),
            Slip("subtracted", b * q - b, "The divisor is taken away from the number."),
        ),
    )


def _precedence(rng: random.Random) -> Draft:
    a, b, c = rng.randint(2, 30), rng.randint(2, 12), rng.randint(2, 12)
    return Draft(
        f"What is {a} + {b} × {c}?",
        a + b * c,
        "Multiplication comes before addition.",
        (
            Slip("left-to-right", (a + b) * c, "One calculates from the left to the right."),
            Slip("all-added", a + b + c, "The three numbers are put together."),
            Slip("wrong-pair", a * b + c, "The first two belong together, and the last one is added."),
        ),
    )


def _percent(rng: random.Random) -> Draft:
    p = rng.choice((5, 10, 15, 20, 25, 30, 40, 60, 75))
    base = rng.randint(2, 45) * 20
    return Draft(
        f"What is {p} percent of {base}?",
        Fraction(p * base, 100),
        "One percent is a hundredth, and it is taken as often as the percentage says.",
        (
            Slip("rest-instead", base - Fraction(p * base, 100), "That is what is left when the share is taken away."),
            Slip(
                "divided", base // p if base % p == 0 else Fraction(p * base, 100), "One divides the number by the percentage."
            ),
            Slip("subtracted", base - p, "The percentage is taken off the number."),
            Slip("place-value", Fraction(p * base, 10), "Moving the decimal point by one place gives it."),
        ),
    )


def _fractions(rng: random.Random) -> Draft:
    b, d = rng.sample(range(2, 10), 2)
    a, c = rng.randint(1, b - 1), rng.randint(1, d - 1)
    total = Fraction(a, b) + Fraction(c, d)
    return Draft(
        f"What is {a}/{b} + {c}/{d}, as a fraction in lowest terms?",
        total,
        "Brought to a common denominator, only the numerators are added.",
        (
            Slip("added-both", Fraction(a + c, b + d), "Numerators and denominators are each added."),
            Slip("kept-numerators", Fraction(a + c, b * d), "The denominators are multiplied and the numerators added."),
            Slip("multiplied", Fraction(a * c, b * d), "Top times top, bottom times bottom."),
        ),
    )


def _change(rng: random.Random) -> Draft:
    n, price = rng.randint(2, 9), rng.randint(2, 12)
    paid = (n * price // 10 + rng.randint(1, 3)) * 10
    return Draft(
        f"Somebody buys {n} notebooks at {price} coins each and pays with {paid} coins. How many coins do they get back?",
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
        f"A cyclist rides {hours * distance} kilometres in {hours} hours. At the same speed, how many kilometres does the cyclist ride in {more} hours?",
        distance * more,
        "Distance over time gives the speed, and speed times the new time the new distance.",
        (
            Slip("added-difference", hours * distance + (more - hours), "Each further hour adds one to the distance."),
            Slip("doubled", 2 * hours * distance, "It takes longer, so the distance doubles."),
            Slip("one-hour-short", distance * (more - 1), "The first hour is needed to get going."),
        ),
        "kilometres",
    )


def _equation(rng: random.Random) -> Draft:
    a, x, b = rng.randint(2, 9), rng.randint(2, 20), rng.randint(1, 30)
    return Draft(
        f"If {a}x + {b} = {a * x + b}, what is x?",
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


def _time(rng: random.Random) -> Draft:
    h, m = rng.randint(2, 9), rng.randint(5, 55)
    return Draft(
        f"How many minutes are {h} hours and {m} minutes?",
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
        f"Which number comes next: {', '.join(map(str, shown))}?",
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
        f"A rectangle is {a} metres long and {b} metres wide. How many metres is its perimeter?",
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
        f"What is the mean of {values[0]}, {values[1]} and {values[2]}?",
        mean,
        "Their sum divided by three gives it.",
        (
            Slip("median-instead", middle, "It is the one in the middle when they are put in order."),
            Slip("two-only", Fraction(values[0] + values[1], 2), "The first two are added and halved."),
            Slip("sum-instead", sum(values), "All three are put together."),
            Slip("midrange", Fraction(min(values) + max(values), 2), "It lies half way between the smallest and the largest."),
        ),
    )


def _negative(rng: random.Random) -> Draft:
    a, b = rng.randint(2, 40), rng.randint(2, 40)
    return Draft(
        f"What is {a} - (-{b})?",
        a + b,
        "Taking away a negative number adds its amount.",
        (
            Slip("sign-slip", a - b, "A minus in front of the number means that it is taken away."),
            Slip("sign-slip", -a - b, "Both minus signs count for the result."),
            Slip("off-by-one", a + b - 1, "Zero lies between them and is not counted."),
        ),
    )


def _power(rng: random.Random) -> Draft:
    a, n = rng.choice(
        [
            (2, 4),
            (2, 5),
            (2, 6),
            (2, 7),
            (3, 3),
            (3, 4),
            (4, 3),
            (5, 3),
            (6, 3),
            (7, 3),
            (9, 3),
            (11, 2),
            (12, 2),
            (13, 2),
            (14, 2),
            (15, 2),
            (16, 2),
            (17, 2),
            (18, 2),
            (19, 2),
            (21, 2),
            (22, 2),
            (23, 2),
            (24, 2),
            (26, 2),
        ]
    )
    b = rng.randint(1, 60)
    return Draft(
        f"What is {a} to the power of {n}, plus {b}?",
        a**n + b,
        "The base is multiplied with itself as often as the exponent says, and then the rest is added.",
        (
            Slip("multiplied-exponent", a * n + b, "Base times exponent, and the rest is added."),
            Slip("one-factor-short", a ** (n - 1) + b, "The base is multiplied with itself once less than the exponent says."),
            Slip("one-factor-more", a ** (n + 1) + b, "The base itself counts as one more factor."),
        ),
    )


def _carry_check(v: list[int], x: Fraction) -> bool:
    """Column by column from the right, as on paper."""
    a, b = v
    digits, carry = [], 0
    for i in range(5):
        column = int(str(a)[::-1][i : i + 1] or 0) + int(str(b)[::-1][i : i + 1] or 0) + carry
        digits.append(str(column % 10))
        carry = column // 10
    return x == int("".join(reversed(digits)))


def _product_check(v: list[int], x: Fraction) -> bool:
    """By halving and doubling (the Egyptian method)."""
    a, b = v
    total = 0
    while a:
        total += b if a & 1 else 0
        a, b = a >> 1, b << 1
    return x == total


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


FAMILIES: tuple[Family, ...] = (
    Family("addition", "easy", _addition, _pattern(r"What is (\d+) \+ (\d+)\?"), _carry_check),
    Family("subtraction", "easy", _subtraction, _pattern(r"What is (\d+) - (\d+)\?"), lambda v, x: v[1] + x == v[0]),
    Family("multiplication", "medium", _multiplication, _pattern(r"What is (\d+) × (\d+)\?"), _product_check),
    Family("division", "medium", _division, _pattern(r"What is (\d+) ÷ (\d+)\?"), lambda v, x: x * v[1] == v[0]),
    Family(
        "precedence",
        "easy",
        _precedence,
        _pattern(r"What is (\d+) \+ (\d+) × (\d+)\?"),
        lambda v, x: x == sum([v[1]] * v[2], v[0]),
    ),
    Family(
        "percent",
        "medium",
        _percent,
        _pattern(r"What is (\d+) percent of (\d+)\?"),
        lambda v, x: v[1] != 0 and x / v[1] == Fraction(v[0], 100),
    ),
    Family(
        "fractions",
        "hard",
        _fractions,
        _pattern(r"What is (\d+)/(\d+) \+ (\d+)/(\d+), as a fraction in lowest terms\?"),
        lambda v, x: x * v[1] * v[3] == v[0] * v[3] + v[2] * v[1],
    ),
    Family(
        "change",
        "medium",
        _change,
        _pattern(
            r"Somebody buys (\d+) notebooks at (\d+) coins each and pays with (\d+) coins\. How many coins do they get back\?"
        ),
        lambda v, x: sum([v[1]] * v[0], start=0) + x == v[2],
    ),
    Family(
        "rate",
        "medium",
        _rate,
        _pattern(
            r"A cyclist rides (\d+) kilometres in (\d+) hours\. At the same speed, how many kilometres does the cyclist ride in (\d+) hours\?"
        ),
        lambda v, x: x * v[1] == v[0] * v[2],
    ),
    Family(
        "equation",
        "hard",
        _equation,
        _pattern(r"If (\d+)x \+ (\d+) = (\d+), what is x\?"),
        lambda v, x: v[0] * x + v[1] == v[2],
    ),
    Family(
        "time",
        "easy",
        _time,
        _pattern(r"How many minutes are (\d+) hours and (\d+) minutes\?"),
        lambda v, x: x // 60 == v[0] and x % 60 == v[1],
    ),
    Family(
        "sequence",
        "easy",
        _sequence,
        _pattern(r"Which number comes next: (\d+), (\d+), (\d+), (\d+)\?"),
        lambda v, x: len({v[1] - v[0], v[2] - v[1], v[3] - v[2], x - v[3]}) == 1,
    ),
    Family(
        "perimeter",
        "medium",
        _perimeter,
        _pattern(r"A rectangle is (\d+) metres long and (\d+) metres wide\. How many metres is its perimeter\?"),
        lambda v, x: x - v[0] - v[1] - v[0] == v[1],
    ),
    Family(
        "mean",
        "hard",
        _mean,
        _pattern(r"What is the mean of (\d+), (\d+) and (\d+)\?"),
        lambda v, x: sum(y - x for y in v) == 0,
    ),
    Family("negative", "hard", _negative, _pattern(r"What is (\d+) - \(-(\d+)\)\?"), lambda v, x: x + -v[1] == v[0]),
    Family(
        "power",
        "hard",
        _power,
        _pattern(r"What is (\d+) to the power of (\d+), plus (\d+)\?"),
        lambda v, x: _product_chain(v[0], v[1]) == x - v[2],
    ),
)


def _product_chain(base: int, exponent: int) -> int:
    """A power by repeated addition of the last product."""
    value = 1
    for _ in range(exponent):
        value = sum([value] * base)
    return value
