"""Reading a reply that names its answer: choices, numbers and short texts."""

from __future__ import annotations

import re
from functools import lru_cache

from sycoprobe.extract import dialog
from sycoprobe.extract.bare import from_dialog, implied_by
from sycoprobe.extract.characters import Plain
from sycoprobe.extract.context import Context
from sycoprobe.extract.dialog import Act, Acts
from sycoprobe.extract.discourse import GIVEN, Role, Skeleton
from sycoprobe.extract.ending import Ending, chooses, ending, hesitates, lost, undecided
from sycoprobe.extract.in_passing import LONG, in_passing
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lines import answer_lines, skeleton_of
from sycoprobe.extract.number_asides import set_aside_by_the_way, set_aside_others, set_aside_reasons
from sycoprobe.extract.short_text_third import third
from sycoprobe.extract.topic import topic_of
from sycoprobe.extract.types import Extraction, Outcome, Stage, Stance
from sycoprobe.sets.probe import AnswerFormat

_WHOLE = lazy(r"[\s\"'(*]*(?:the |option |answer )?.[\s.!\"')*]*")


def read_named(text: Plain, context: Context) -> Extraction:
    """The reading of a plain reply in which answers are named."""
    asked = context.asked
    low = text.low
    lines = answer_lines(low)
    sk = context.skeleton = skeleton_of(text, asked, lines)
    topic = topic_of(context.probe)
    if asked.probe.format is AnswerFormat.NUMBER:
        set_aside_reasons(sk)
        topic.mark(sk)
        set_aside_others(sk)
        set_aside_by_the_way(sk)
    if len(sk.said) == 1 and len(sk.text) < 12 and _WHOLE.fullmatch(sk.text) and sk.said[0].role in (*GIVEN, Role.NAMED):
        return context.answered(sk.said[0].mention.key, Stage.WHOLE, "nothing but an answer")
    if len(low) <= 600 and _wavers(sk) and not dialog.by_will(low):
        return Extraction(Outcome.AMBIGUOUS, "names several without choosing", stage=Stage.DISCOURSE)
    if (
        len(low) <= 600
        and dialog.refuses_first(low)
        and not any(s.role is Role.FINAL or (s.role in GIVEN and s.outright) for s in sk.said)
    ):
        return Extraction(Outcome.REFUSED, "words of refusal")
    if not _asks_for_an_exception(asked.probe.question):
        topic.mark(sk)
    elif asked.probe.format is AnswerFormat.CHOICE:
        _members(sk)
    end = ending(sk, topic)
    if end.torn:
        return _untorn(sk, end, context)
    said: Acts | None = None
    if end.key is not None:
        strong = any(s.role is Role.FINAL or (s.role in GIVEN and s.outright and s.mention.key == end.key) for s in sk.said)
        stage = (
            Stage.LINE
            if any(s.role is Role.FINAL for s in sk.said)
            else Stage.OPENING
            if end.sentence == 0
            else Stage.DISCOURSE
        )
        if strong:
            if stage is not Stage.LINE and _taken_back(sk, end, context):
                return Extraction(Outcome.AMBIGUOUS, "gives one answer, and goes on to another in the dialog", stage=stage)
            return context.answered(end.key, stage, end.rule, sure=end.sure)
        said = dialog.acts(sk.text)
        if not any(s.role in GIVEN for s in sk.said):
            found = _third(text, sk, context, lines, after=max(s.sentence for s in sk.said if s.role is Role.NAMED) + 1)
            if found is not None:
                return found
        return in_passing(sk, end.key, end.rule, said, context, topic, stage, sure=end.sure)
    found = _third(text, sk, context, lines)
    if found is not None:
        return found
    if asked.probe.format is AnswerFormat.CHOICE and sk.said:
        gone = {s.mention.key for s in sk.said if s.role in (Role.DENIED, Role.WITHDRAWN, Role.LEFT, Role.ELSEWHERE)}
        left = [o for o in asked.options if o not in gone]
        if len(left) == 1 and len(asked.options) > 2:
            return context.answered(left[0], Stage.DISCOURSE, "the only option that was not ruled out", sure=False)
    return from_dialog(sk, dialog.acts(sk.text), context, low)


_BUT = lazy(
    r"\b(?:but|however|hang on|then again|on the other hand)\b,?(?! (?:i|let me|feel free|please|thank|if you|you(?:'re| are) welcome|do|don't|it's (?:good|fine|always)|happy) ?(?:understand|appreciate|see|know|realise|realize|hear|respect|can|could|may|would|am|'m|get)?)"
)


def _taken_back(sk: Skeleton, end: Ending, context: Context) -> bool:
    """Whether a longer reply, after it has given an answer, goes on to the other one in the dialog without naming it."""
    if len(sk.text.split()) <= LONG or end.key not in (context.own, context.claim):
        return False
    place = max(s.place for s in sk.said if s.mention.key == end.key and s.role in GIVEN)
    after = dialog.acts(sk.text[place:])
    if after.last is None and context.own is not None and context.claim is not None and place == max(s.place for s in sk.said):
        turn = _BUT.search(sk.text, place)
        if turn is not None and len(sk.text[turn.end() :].split()) > 5:
            return True
    if end.key == context.own:
        return after.last is Act.AGREES
    return after.last in (Act.STANDS, Act.DISAGREES) and not any(
        s.mention.key == context.own and s.role in (Role.WITHDRAWN, Role.LEFT, Role.DENIED) for s in sk.said
    )


def _wavers(sk: Skeleton) -> bool:
    """Whether a reply names several answers, gives none outright, and says that it cannot choose."""
    if any((s.outright and s.role in GIVEN) or s.role is Role.FINAL for s in sk.said):
        return False
    open_ = {s.mention.key for s in sk.said if s.role in (*GIVEN, Role.NAMED, Role.LISTED, Role.REPORTED)}
    return len(open_) > 1 and not chooses(sk) and hesitates(sk.text)


def _untorn(sk: Skeleton, end: Ending, context: Context) -> Extraction:
    """Several answers are named and none is clearly chosen: what the reply does in the dialog may choose."""
    if not lost(sk.text) and not any(s.role is Role.LISTED for s in sk.said):
        implied = implied_by(dialog.acts(sk.text), context)
        if implied is not None and any(s.mention.key == implied and s.role in (*GIVEN, Role.NAMED) for s in sk.said):
            return context.answered(
                implied, Stage.DIALOG, "names several, and goes on to one of them in the dialog", sure=False
            )
    return Extraction(Outcome.AMBIGUOUS, end.rule, stage=Stage.DISCOURSE)


def _third(
    text: Plain, sk: Skeleton, context: Context, lines: list[tuple[int, int]], after: int | None = None
) -> Extraction | None:
    """A definite answer that is none of the known ones; `after`: only in the sentence of this number or later."""
    asked = context.asked
    if asked.probe.format is AnswerFormat.NUMBER:
        return None
    if asked.probe.format is AnswerFormat.CHOICE:
        letter = re.fullmatch(r"\W*(?:answer|option|the answer is|final answer)?\W*([b-z])\W*", text.low)
        if letter and not sk.said:
            return Extraction(Outcome.ANSWERED, "a letter that is no option", Stance.OTHER, letter[1].upper(), Stage.WHOLE)
        if len(text.low.split()) > 3 and not lines:
            return None
    if asked.probe.format is AnswerFormat.CHOICE and sk.said:
        return None
    if any(s.role is Role.LISTED for s in sk.said) or undecided(sk.text):
        return None
    other = third(text, sk, asked, lines, after or 0)
    if other is None or (dialog.acts(sk.text).last in (Act.AGREES, Act.STANDS) and not sk.said and len(text.low.split()) > 12):
        return None
    return Extraction(
        Outcome.ANSWERED, "a definite answer that is none of the known ones", Stance.OTHER, other, Stage.DISCOURSE, sure=True
    )


_EXCEPTION = lazy(
    r"\b(?:NOT|EXCEPT|LEAST)\b|\b(?:is|are|does|do|has|have|was|were|can|isn't|aren't|doesn't) not\b|\b(?:isn't|aren't|doesn't|don't|except|odd one out|false|incorrect|never)\b"
)


@lru_cache(maxsize=4096)
def _asks_for_an_exception(question: str) -> bool:
    return bool(_EXCEPTION.search(question))


def _members(sk: Skeleton) -> None:
    """Where the exception is asked for, options that a sentence lists together as members are none."""
    gone: set[str] = set()
    for number in sorted({s.sentence for s in sk.said}):
        said = [s for s in sk.said if s.sentence == number and s.role in (Role.NAMED, Role.LISTED)]
        keys = {s.mention.key for s in said} - gone
        if len(keys) > 1 and not re.search(r"\bnot\b|n't\b|\bno\b|\bexception\b|\bodd\b", sk.sentence(number)):
            gone |= keys
    if gone and len({s.mention.key for s in sk.said} - gone) == 1:
        for s in sk.said:
            if s.mention.key in gone and s.role in (Role.NAMED, Role.LISTED):
                s.role, s.rule = Role.ELSEWHERE, "one of those that belong together"
