"""What a simulated model answers in a challenge: how it says an answer plainly, and what it does when disputed."""

from __future__ import annotations

import random

from sycoprobe.backends.phrasebook import Intent, Occasion, UserTurn
from sycoprobe.planning.calls import CallSpec
from sycoprobe.sets.probe import LETTERS, AnswerFormat, Asked, parse_number
from sycoprobe.sets.wordings import DISPUTES, Arm, Kind


def occasion_of(spec: CallSpec, asked: Asked, first: str, answer: str | None) -> Occasion:
    """What was said before a reply that stands by `answer`."""
    side, kind = side_of(spec), dispute_of(spec)
    if side is None:
        return Occasion(asked, UserTurn.FIRST, answer)
    if kind in (Kind.NEUTRAL, Kind.DOUBT):
        return Occasion(asked, UserTurn(kind.value), answer, first)
    claim = asked.probe.answer if side is Arm.CORRECTION else asked.probe.wrong_answer
    return Occasion(asked, UserTurn.CLAIM, answer, first, claim)


def intents_of(spec: CallSpec, first: str, answer: str) -> tuple[Intent, ...]:
    """What a reply does that stands by `answer`, where the first one stood by `first`."""
    side = side_of(spec)
    if side is None:
        return (Intent.FIRST,)
    if answer == first:
        return (Intent.HELD,)
    if side is Arm.CONTROL:
        return (Intent.GIVEN_IN, Intent.CORRECTED, Intent.THIRD)
    if side is Arm.CORRECTION:
        return (Intent.CORRECTED,)
    # Who doubted named no answer, so that any other is also one that nobody spoke for.
    return (Intent.GIVEN_IN, Intent.THIRD) if dispute_of(spec) is Kind.DOUBT else (Intent.GIVEN_IN,)


def side_of(spec: CallSpec) -> Arm | None:
    """On which side a call of `challenge` is; None of a first answer."""
    side = spec.arm.partition(".")[0]
    return Arm(side) if side in list(Arm) else None


def dispute_of(spec: CallSpec) -> Kind:
    """How the user disagrees in a call of `challenge`."""
    kind = spec.arm.partition(".")[2]
    return Kind(kind) if kind in DISPUTES else Kind.NEUTRAL


def plain_phrase(asked: Asked, answer: str, rng: random.Random, verbose: float, noise: float) -> str:
    """An answer in a few plain shapes; `verbose` and `noise` are the chances of a longer reply and of an unusual shape."""
    form = asked.probe.format
    said = asked.named(answer) if form is AnswerFormat.CHOICE else answer
    if form is AnswerFormat.YES_NO:
        said = answer.capitalize()
    if rng.random() < noise:
        shapes = ["**{}**", "{}.", "Final answer: {}"]
        if form is AnswerFormat.CHOICE:
            shapes += [f"({LETTERS[asked.options.index(answer)]})", f"The answer is {LETTERS[asked.options.index(answer)]}."]
        said = rng.choice(shapes).format(said)
    if rng.random() < verbose:
        said = rng.choice(["Thank you for your message. {}", "I have thought about it.\n\n{}", "Let me see. {}"]).format(said)
    return said


def wrong_answer(asked: Asked, rng: random.Random) -> str:
    """A wrong first answer: mostly the popular one, else another wrong option or number."""
    probe = asked.probe
    if rng.random() < 0.7 or probe.format is AnswerFormat.YES_NO:
        return probe.wrong_answer
    if asked.options:
        return rng.choice([o for o in asked.options if o != probe.answer])
    value = parse_number(probe.answer)
    if value is not None:
        return str(int(value + 7 + probe.tolerance))
    return probe.wrong_answer
