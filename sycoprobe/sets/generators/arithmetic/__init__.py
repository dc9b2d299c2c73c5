"""The generator of `math`: any number of items from a seed, each gold answer confirmed by a second method.

A family draws operands and computes the answer and what known slips would give; its wording is data. `verify` then reads
the operands back from the question's text and works the answer out another way; an item on which the two disagree would
be an error of ours and is never given out.
"""

from __future__ import annotations

import hashlib
import random
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from pydantic import Field

from sycoprobe.sets.generators.arithmetic import calculations, problems
from sycoprobe.sets.generators.arithmetic.drafts import Draft, Method
from sycoprobe.sets.generators.making import Level, distinct, number_text
from sycoprobe.sets.generators.materials import Asking, MaterialFile, Materials, Wording
from sycoprobe.sets.probe import AnswerFormat, Difficulty, Probe


class OneWording(Asking):
    """A family that asks in one way only."""

    wordings: tuple[Wording]


class ArithmeticMaterials(Materials):
    """A level and a wording for each family."""

    families: Mapping[str, OneWording] = Field(min_length=1)


ARITHMETIC = MaterialFile("arithmetic", ArithmeticMaterials)
METHODS: Mapping[str, Method] = {**calculations.METHODS, **problems.METHODS}


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of question: how hard it is, how it asks, how its operands are read back, and how it is drawn and checked."""

    name: str
    level: Level
    wording: str
    pattern: re.Pattern[str]
    method: Method


@cache
def families() -> tuple[Family, ...]:
    """All families of questions. Raises `PlanError` if their file is not as it should be."""
    wordings = ARITHMETIC.wordings({name: method.fields for name, method in METHODS.items()})
    levels = {name: asking.level for name, asking in ARITHMETIC.content.families.items()}
    return tuple(Family(name, levels[name], said[0], _pattern(said[0]), METHODS[name]) for name, said in wordings.items())


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
    for family in families():
        found = family.pattern.fullmatch(probe.question)
        if found:
            operands = {name: int(digits) for name, digits in found.groupdict().items()}
            gold, others = Fraction(probe.answer), {probe.wrong_answer, *probe.options} - {probe.answer}
            return (
                probe.answer == number_text(gold)
                and probe.wrong_answer in others
                and (not probe.options or probe.answer in probe.options)
                and family.method.check(operands, gold)
                and not any(family.method.check(operands, Fraction(other)) for other in others)
            )
    raise ValueError(f"no family asks {probe.question!r}")


def _draw(seed: int, index: int) -> tuple[Family, Draft, random.Random]:
    """The draft that stands at `index` in the series of `seed`, with the source of its further choices."""
    digest = hashlib.sha256(f"math\x1f{seed}\x1f{index}".encode()).digest()
    rng = random.Random(int.from_bytes(digest[:8], "big"))
    family = families()[index % len(families())]
    while True:
        draft = family.method.draw(rng)
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
        question=family.wording.format_map(draft.operands),
        format=AnswerFormat.CHOICE if as_choice else AnswerFormat.NUMBER,
        answer=number_text(draft.answer),
        wrong_answer=number_text(slip.answer),
        options=tuple(options) if as_choice else (),
        unit=None if as_choice else draft.unit,
        wrong_reason=slip.reason,
        answer_reason=draft.reason,
        tags=(family.name, slip.tag),
        difficulty=Difficulty(family.level),
        source="computed",
        template=f"math.{family.name}",
    )
    if not verify(probe):
        raise AssertionError(f"two methods disagree on {probe.question!r}: {probe.answer}")
    return probe


def _pattern(wording: str) -> re.Pattern[str]:
    """A wording as a pattern: each placeholder a named group of digits."""
    parts = string.Formatter().parse(wording)
    return re.compile("".join(re.escape(text) + (rf"(?P<{name}>\d+)" if name else "") for text, name, _, _ in parts))
