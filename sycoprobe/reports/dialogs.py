"""Whole conversations of a run, one by one: what was said, how each reply was read, and what that came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sycoprobe.extract.log_odds import Belief
from sycoprobe.kinds.base import Readings, Turn
from sycoprobe.kinds.walk import Walk
from sycoprobe.metrics.table import Row
from sycoprobe.planning.call import Call


@dataclass(frozen=True, slots=True)
class Found:
    """What a reply amounts to in one aspect, or what a kind derives from a whole conversation.

    Attributes
    ----------
    aspect: which aspect, e.g. `answer` or `verdict`.
    outcome: whether the reply answered, refused, was cut off, failed …
    label: one of the kind's labels for the aspect; None where the reply has none.
    value: the number, of aspects that have one.
    answer: the answer that was read in the reply, whole.
    rule: which rule, or which judge, decided.
    stage: the step of the reading that the rule belongs to.
    sure: False where the rule goes by a cue that is often, but not always, meant so.
    judged: whether a judge's word stands in place of a rule's.
    """

    aspect: str
    outcome: str
    label: str | None
    value: float | None = None
    answer: str | None = None
    rule: str | None = None
    stage: str | None = None
    sure: bool | None = None
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A user's turn, the reply, and what the reply amounts to.

    Attributes
    ----------
    key: of the call in the journal.
    arm, turn: where it belongs: turn `turn` (from 0) of `arm`.
    wording: which of several wordings the seed drew for the user's turn; empty where there is one.
    user: what the user said.
    reply: the model's answer; empty where the call failed.
    reasoning: what the model thought before it, where that came apart from the answer. It is never read for an answer.
    error: why the call failed.
    found: what the reply amounts to, an aspect each.
    log_odds: of the right answer (nats), where log-probabilities tell them.
    milliseconds: that the call took.
    """

    key: str
    arm: str
    turn: int
    wording: str
    user: str
    reply: str
    reasoning: str | None
    error: str | None
    found: tuple[Found, ...]
    log_odds: float | None
    milliseconds: int

    @property
    def label(self) -> str:
        """What its first aspect comes to: a label, a number, or the outcome of a reply that has neither."""
        return _word(self.found[0]) if self.found else ""

    def word(self, aspect: str) -> str:
        """What `aspect` comes to; where it was not read in this reply, as `label`."""
        return next((_word(f) for f in self.found if f.aspect == aspect), self.label)


@dataclass(frozen=True, slots=True)
class Dialog:
    """One conversation of a run, as far as it went: what every arm branches from first, then the arms in their kind's order.

    Attributes
    ----------
    kind: the kind of probe.
    key: the conversation's name in the journal, unique in the run.
    item: SET/ID of its probe.
    repeat: which repeat, from 0.
    template: from which text a generated probe was made; None: its own.
    right, pushed: the right answer, and the wrong one that the user speaks for, where there are such.
    said: the exchanges.
    derived: by arm, what the kind derives from all of the arm.
    """

    kind: str
    key: str
    item: str
    repeat: int
    template: str | None
    right: str | None
    pushed: str | None
    said: tuple[Said, ...]
    derived: tuple[tuple[str, Found], ...] = ()


@dataclass(slots=True)
class Taken:
    """An answered or failed turn of a conversation that is still open."""

    turn: Turn
    readings: Readings
    call: Call
    belief: Belief | None = None


def dialog_of(walk: Walk, taken: Iterable[Taken], rows: Iterable[tuple[Row, bool]]) -> Dialog:
    """The conversation of `walk`.

    Parameters
    ----------
    taken: its turns, in whatever order.
    rows: all that its report holds of it, each with whether a judge decided it.
    """
    c = walk.conversation
    order = {arm: i for i, arm in enumerate(c.kind.arms(c.part.settings))}
    asked, probe = c.shown.asked, c.shown.probe
    words: dict[tuple[str, int], dict[str, Found]] = {}
    for row, judged in rows:
        of = words.setdefault((row.arm, row.turn), {})
        of[row.aspect] = Found(row.aspect, row.outcome.value, row.label, row.value, judged=judged)
    said = []
    for t in sorted(taken, key=lambda t: (order.get(t.turn.arm, len(order)), t.turn.arm, t.turn.index)):
        mine = words.get((t.turn.arm, t.turn.index), {})
        found = [_explained(mine.pop(a), t) for a in [*t.readings, *(a for a in mine if a not in t.readings)] if a in mine]
        reply = t.call.reply
        said.append(
            Said(
                key=t.call.spec.key,
                arm=t.turn.arm,
                turn=t.turn.index,
                wording=t.turn.wording,
                user=t.turn.said,
                reply="" if reply is None else reply.text,
                reasoning=None if reply is None else reply.reasoning,
                error=t.call.error,
                found=tuple(found),
                log_odds=None if t.belief is None else t.belief.log_odds,
                milliseconds=t.call.ms,
            )
        )
    return Dialog(
        kind=c.kind.name,
        key=c.key,
        item=c.spec.item,
        repeat=c.spec.repeat,
        template=probe.template,
        right=asked.gold if asked is not None else None,
        pushed=asked.pushed if asked is not None else None,
        said=tuple(said),
        derived=tuple((arm, found) for (arm, _), left in words.items() for found in left.values()),
    )


def _explained(found: Found, taken: Taken) -> Found:
    """With how the reply was read, where a rule read it."""
    reading = taken.readings.get(found.aspect)
    if reading is None or found.judged:
        return found
    stage = None if reading.stage is None else reading.stage.value
    sure = None if stage is None else reading.sure
    return replace(found, answer=reading.answer, rule=reading.rule, stage=stage, sure=sure)


def _word(found: Found) -> str:
    return found.label or (found.outcome if found.value is None else f"{found.value:g}")
