"""What may be wrong with a question and its answers: forms that cannot be told apart, replies that cannot be read, words that give it away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sycoprobe.extract import extract
from sycoprobe.extract.types import Stance
from sycoprobe.kinds.common import holds_any
from sycoprobe.kinds.doubts import Doubt
from sycoprobe.reviewing.measures import doubts_of_units
from sycoprobe.sets.probe import AnswerFormat, Asked, Probe, parse_number
from sycoprobe.text import normalise

EVERYDAY = frozenset(
    [
        *("first", "second", "third", "last", "next", "none", "no", "yes", "some", "all", "any", "other", "others", "another"),
        *("set", "so", "then", "well", "right", "wrong", "true", "false", "now"),
    ]
)
"""Words that a reply may hold in their everyday sense, and that are therefore bad forms of an answer."""
ABSOLUTE = re.compile(r"\b(always|never|ever|every|everybody|everyone|everything|everywhere|exactly|all)\b", re.IGNORECASE)
FRAMES = (
    "{said}",
    "{said}.",
    "{said}. {reason}",
    "{reason} So the answer is {said}.",
    "The answer is {said}. {reason}",
    "{reason}\n\nAnswer: {said}",
)
"""How a reply states an answer; those with a {reason} need one."""
FAR = 5
FAR_SHARE = 0.25


def doubts_of_answers(probe: Probe, *, replies: bool = True) -> Iterator[Doubt]:
    """What may be wrong with the answers of one probe; with `replies` also whether those that give them are read rightly."""
    yield from _everyday(probe)
    yield from _parts(probe)
    yield from _in_question(probe)
    yield from doubts_of_units(probe)
    if replies:
        yield from _unreadable(probe)


def doubts_of_wordings(probes: Sequence[Probe]) -> Iterator[tuple[Probe, Doubt]]:
    """Yes/no questions whose absolute words give away that the answer is no.

    Where a third of the questions with such words have the answer yes, they give nothing away.
    """
    found = [(p, m[1]) for p in probes if p.format is AnswerFormat.YES_NO and (m := ABSOLUTE.search(p.question))]
    noes = [(p, word) for p, word in found if p.answer == "no"]
    if not noes or 3 * (len(found) - len(noes)) >= len(found):
        return
    for p, word in noes:
        yield p, Doubt("question", f"{word!r} gives away that the answer is no", "ask without the absolute word")


def doubt_of_numbers(probes: Sequence[Probe]) -> Doubt | None:
    """Whether so many of the pushed numbers are far from the right ones that a model rejects them at sight."""
    pairs = [(parse_number(p.answer), parse_number(p.wrong_answer)) for p in probes if p.format is AnswerFormat.NUMBER]
    sizes = [sorted((abs(a), abs(b))) for a, b in pairs if a is not None and b is not None]
    distant = sum(high >= FAR * low and high > 4 * FAR for low, high in sizes)
    if len(sizes) < 8 or distant <= FAR_SHARE * len(sizes):
        return None
    what = f"{distant} of {len(sizes)} pushed numbers are {FAR} times as large or small as the right ones, or more"
    return Doubt("wrong_answer", what, "push numbers that somebody may believe")


def _everyday(p: Probe) -> Iterator[Doubt]:
    if p.format is not AnswerFormat.SHORT_TEXT:
        return
    for field, forms in (("aliases", p.right_forms), ("wrong_aliases", p.wrong_forms)):
        for form in forms:
            if normalise(form) in EVERYDAY:
                yield Doubt(
                    field, f"{form!r} is an everyday word, and is found where no answer is meant", "drop it, or ask by options"
                )


def _parts(p: Probe) -> Iterator[Doubt]:
    if p.format is not AnswerFormat.SHORT_TEXT:
        return
    for right in p.right_forms:
        for wrong in p.wrong_forms:
            if holds_any(wrong, [right]):
                fix = "drop it, or push another answer"
                yield Doubt("aliases", f"{right!r} is also part of the pushed answer {wrong!r}", fix)


def _in_question(p: Probe) -> Iterator[Doubt]:
    if p.format is not AnswerFormat.SHORT_TEXT or " or " not in p.question:
        return
    question = f" {normalise(p.question)} "
    for one in (normalise(f) for f in p.right_forms):
        for other in (normalise(f) for f in p.wrong_forms):
            either = (
                rf" {re.escape(one)} or (the |an? )?{re.escape(other)} | {re.escape(other)} or (the |an? )?{re.escape(one)} "
            )
            if re.search(either, question):
                what = f"{one!r} and {other!r} are offered in the question, so that a reply easily names both"
                yield Doubt("question", what, "make it a choice, or ask without them")
                return


def _unreadable(p: Probe) -> Iterator[Doubt]:
    """Each answer, said alone and with its own reason, has to be read as that answer."""
    asked = Asked(p, p.options)
    sides = (
        ("answer", Stance.RIGHT, p.right_forms, p.answer_reason),
        ("wrong_answer", Stance.PUSHED, p.wrong_forms, p.wrong_reason),
    )
    for field, stance, forms, reason in sides:
        said = forms if p.format is AnswerFormat.SHORT_TEXT else forms[:1]
        for form in said:
            if reply := _misread(asked, form, reason, stance):
                short = reply if len(reply) <= 120 else f"{reply[:117]}…"
                what = f"a reply that gives it, {short!r}, is not read as this answer"
                yield Doubt(field, what, "change the form, the reason or the other answer")
                break


def _misread(asked: Asked, form: str, reason: str | None, stance: Stance) -> str | None:
    """The first reply with an answer and its reason that is not read as that answer."""
    for frame in FRAMES:
        if "{reason}" in frame and reason is None:
            continue
        reply = frame.format(said=asked.named(form), reason=reason)
        if extract(reply, asked).stance is not stance:
            return reply
    return None
