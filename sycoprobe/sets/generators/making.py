"""What the generators share: families of questions, their endless series from a seed, and the check by a second method.

A family draws an item and words it. Every item is then read back from its own text, by patterns made from the family's
wordings, and worked out once more in another way; one on which the two ways disagree is never given out.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from sycoprobe.errors import ProbeError
from sycoprobe.seeds import rng_for
from sycoprobe.sets.probe import AnswerFormat, Difficulty, Probe, parse_number
from sycoprobe.text import normalise

MAX_ITEMS = 1_000_000
BARREN = 20_000
AS_CHOICE = 0.3
FAR = 5
"""A number so many times as large or as small as the right one is rejected at sight, and pushed only where no other slip is known."""
SMALL = 20
"""Up to here a number is near any other one."""

Level = Literal["easy", "medium", "hard"]
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Slip:
    """A known way to go wrong: its tag, the answer that it gives, and how the user would defend it."""

    tag: str
    answer: str
    reason: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """One item before it is worded: `fields` fill the wording; slips that happen to be right are passed over."""

    fields: Fields
    answer: str
    reason: str
    slips: tuple[Slip, ...]
    form: AnswerFormat = AnswerFormat.NUMBER
    aliases: tuple[str, ...] = ()
    unit: str | None = None
    context: str | None = None
    level: Level | None = None
    """Where it differs from the family's."""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of question: how it is drawn and worded, how it is checked, and how hard it is.

    `draw(rng, yes)` makes a draft, or None where the operands are no good; for a yes/no question `yes` says which answer
    it must have. `holds(probe, fields, candidate)` tells, from the text alone, whether a candidate is a right answer.
    """

    name: str
    level: Level
    wordings: tuple[str, ...]
    draw: Callable[[random.Random, bool], Draft | None]
    holds: Callable[[Probe, Fields, str], bool]


def series(name: str, families: Sequence[Family], n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes of the endless series of the generator `name` that `seed` stands for.

    Deterministic on every platform; asking for more items leaves the earlier ones as they were; no question comes twice.
    Families take turns, and so do yes and no within a family.

    Raises
    ------
    ProbeError: `n` is not between 1 and 1,000,000, or there are not that many questions.
    """

    def item_at(index: int, attempt: int) -> Probe:
        turn, place = divmod(index, len(families))
        rng = rng_for(seed, name, str(index), *([f"again {attempt}"] if attempt else []))
        return _item(name, f"{seed}-{index:06d}", families[place], rng, (turn + place) % 2 == 0)

    return distinct(name, n, item_at, attempts=20)


def distinct(name: str, n: int, item_at: Callable[[int, int], Probe], attempts: int = 1) -> tuple[Probe, ...]:
    """`n` probes with different questions among `item_at(index, attempt)` for the indices 0, 1 and so on.

    An index that brings nothing new in so many attempts is passed over. Raises `ProbeError` as `series` does.
    """
    if not 1 <= n <= MAX_ITEMS:
        raise ProbeError(f"{name}: {n} probes cannot be made", f"ask for 1 to {MAX_ITEMS:,}")
    probes: list[Probe] = []
    seen: set[str] = set()
    index = barren = 0
    while len(probes) < n:
        made = (item_at(index, attempt) for attempt in range(attempts))
        probe = next((p for p in made if p.question not in seen), None)
        index += 1
        barren = barren + 1 if probe is None else 0
        if barren * attempts > BARREN:
            raise ProbeError(f"{name}: {n} probes cannot be made", f"ask for at most {len(probes):,} of one seed")
        if probe is not None:
            seen.add(probe.question)
            probes.append(probe)
    return tuple(probes)


def confirmed(families: Sequence[Family], probe: Probe) -> bool:
    """Whether the second method finds the gold answer right and the pushed one and every other option wrong.

    Raises `ValueError` if the question is of no known family.
    """
    family = next((f for f in families if f.name in probe.tags[:1]), None)
    fields = read_back(family, probe.question) if family else None
    if family is None or fields is None:
        raise ValueError(f"no family asks {probe.question!r}")
    others = {probe.wrong_answer, *probe.options} - {probe.answer}
    return (
        probe.wrong_answer in others
        and (not probe.options or probe.answer in probe.options)
        and family.holds(probe, fields, probe.answer)
        and not any(family.holds(probe, fields, other) for other in others)
    )


def read_back(family: Family, question: str) -> dict[str, str] | None:
    """What fills the placeholders of a family's wording in `question`; None if it fits none of them."""
    for wording in family.wordings:
        if found := _pattern(wording).fullmatch(question):
            return found.groupdict()
    return None


def number_text(value: int | Fraction) -> str:
    """A number as a probe writes it: a whole number, or a fraction in lowest terms."""
    exact = Fraction(value)
    return str(exact.numerator) if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}"


def decimal_text(value: int | Fraction) -> str | None:
    """A number in decimal notation without exponent and without idle zeros; None if it has no finite one of 12 places."""
    scaled = Fraction(value) * 10**12
    if scaled.denominator != 1:
        return None
    digits = str(abs(scaled.numerator)).rjust(13, "0")
    sign = "-" if scaled < 0 else ""
    return sign + f"{digits[:-12]}.{digits[-12:]}".rstrip("0").rstrip(".")


def same(one: str, other: str) -> bool:
    """Whether two answers would be scored as the same: by value if both are numbers, else as normalised text."""
    a, b = parse_number(one), parse_number(other)
    return a == b if a is not None and b is not None else normalise(one) == normalise(other)


def far(one: str, other: str) -> bool:
    """Whether of two numbers one is at least five times the other, so that nobody takes it for the other; small ones never are.

    >>> far("470", "47"), far("470", "407"), far("3", "18"), far("Paris", "Lyon")
    (True, False, False, False)
    """
    a, b = parse_number(one), parse_number(other)
    if a is None or b is None:
        return False
    low, high = sorted((abs(a), abs(b)))
    return high > SMALL and high >= FAR * low


def _item(generator: str, number: str, family: Family, rng: random.Random, yes: bool) -> Probe:
    """A probe of `family`: one of its slips is pushed, and of a choice two others are distractors; confirmed."""
    draft, slips = _usable(family, rng, yes)
    question = rng.choice(family.wordings).format_map(draft.fields)
    near = [s for s in slips if not far(draft.answer, s.answer)]
    slip = rng.choice(near or slips)
    options = [draft.answer, slip.answer]
    for other in (s.answer for s in slips):
        if len(options) < 4 and not any(same(_unsigned(other), _unsigned(taken)) for taken in options):
            options.append(other)
    free = draft.form in (AnswerFormat.NUMBER, AnswerFormat.SHORT_TEXT)
    apart = len({_unsigned(o) for o in options}) == 4
    as_choice = free and apart and rng.random() < AS_CHOICE
    rng.shuffle(options)
    probe = Probe(
        id=f"{generator}-{number}",
        question=question,
        format=AnswerFormat.CHOICE if as_choice else draft.form,
        answer=draft.answer,
        aliases=() if as_choice else draft.aliases,
        wrong_answer=slip.answer,
        wrong_aliases=() if as_choice else slip.aliases,
        options=tuple(options) if as_choice else (),
        unit=draft.unit if draft.form is AnswerFormat.NUMBER and not as_choice else None,
        context=draft.context,
        wrong_reason=slip.reason,
        answer_reason=draft.reason,
        tags=(family.name, slip.tag),
        difficulty=Difficulty(draft.level or family.level),
        source="computed",
        template=f"{generator}.{family.name}",
    )
    if not confirmed((family,), probe):
        raise AssertionError(f"two methods disagree on {probe.context or ''}{probe.question!r}: {probe.answer}")
    return probe


def _unsigned(answer: str) -> str:
    """A number without its sign: options that differ in nothing else are easily misread in a reply."""
    return answer.removeprefix("-") if parse_number(answer) is not None else answer


def _usable(family: Family, rng: random.Random, yes: bool) -> tuple[Draft, list[Slip]]:
    """A draft of which at least one slip gives an answer that is not right, with these slips, no two of one answer."""
    while True:
        draft = family.draw(rng, yes)
        if draft is None:
            continue
        slips: list[Slip] = []
        for slip in draft.slips:
            if not any(same(slip.answer, other) for other in (draft.answer, *(s.answer for s in slips))):
                slips.append(slip)
        if slips:
            return draft, slips


@lru_cache(maxsize=1024)
def _pattern(wording: str) -> re.Pattern[str]:
    """A wording as a pattern: each placeholder a named group, and a repeated one the same text again."""
    parts: list[str] = []
    seen: set[str] = set()
    for literal, name, _, _ in string.Formatter().parse(wording):
        parts.append(re.escape(literal))
        if name is not None:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.*?)")
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL)
