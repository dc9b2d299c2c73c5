"""The walk through a conversation: what was answered, what that amounts to, and what is to be asked next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sycoprobe.errors import PlanError
from sycoprobe.extract.outcome import CUT_OFF, EMPTY, failed_reading, without_answer
from sycoprobe.extract.types import Outcome, Stage
from sycoprobe.kinds.base import Done, ProbeKind, Reading, Readings, Shown, Step
from sycoprobe.turns import Finish, Message, Reply

if TYPE_CHECKING:
    from sycoprobe.planning.planned import Conversation

Place = tuple[str, int]
"""An arm, and a turn in it."""
Strand = tuple[Done, ...]
"""The answered steps that lead to a step, from the beginning of the conversation."""


def read_reply(kind: ProbeKind, shown: Shown, step: Step, reply: Reply | None, dialog: Strand) -> Readings:
    """What a reply amounts to: the provider's word first (failed, refused, only thought, cut off), then the kind's rule."""
    stage = Stage.NONE if kind.in_form(step) and reply is not None else None
    found = without_answer(reply)
    if found is None and reply is not None:
        if not reply.text.strip():
            found = CUT_OFF if reply.finish is Finish.LENGTH and not kind.reads_cut(step) else EMPTY
        elif reply.finish is Finish.LENGTH and not kind.reads_cut(step):
            found = CUT_OFF
    if found is not None or reply is None:
        outcome, why = found or (Outcome.ERROR, "the call failed")
        return {aspect: Reading(outcome, why, stage=stage) for aspect in kind.aspects(step)}
    try:
        readings = kind.read(shown, step, reply.text, dialog)
    except PlanError:  # a fault of the kind's own texts, not of the reply
        raise
    except Exception as e:  # whatever a reply holds, it ends no run and makes no journal unreadable
        return {aspect: Reading(Outcome.UNPARSED, failed_reading(e), stage=stage) for aspect in kind.aspects(step)}
    if reply.finish is not Finish.LENGTH:
        return readings
    cut = "stopped by the length limit before what is read in it"
    return {
        a: replace(r, outcome=Outcome.CUT_OFF, rule=cut) if r.outcome is Outcome.UNPARSED else r for a, r in readings.items()
    }


def repeated(reply: Reply) -> Message:
    """A reply as later turns repeat it: its text."""
    return Message(role="assistant", content=reply.text)


class Walk:
    """A conversation as far as it was answered. Its replies are given in any order; each is read once.

    Parameters
    ----------
    said: makes the assistant turn that later turns repeat.

    Attributes
    ----------
    open: by place, the steps that are to be asked next, each with the strand that leads to it.
    failed: the steps whose call failed; nothing follows them.
    answered: how many steps were answered.
    """

    def __init__(self, conversation: Conversation, said: Callable[[Reply], Message] = repeated) -> None:
        self.conversation = conversation
        self._said = said
        self._early: dict[Place, Reply | None] = {}
        self.open: dict[Place, tuple[Step, Strand]] = {}
        self.failed: list[tuple[Step, Strand]] = []
        self.answered = 0
        for step in conversation.kind.opens(conversation.shown):
            self.open[step.arm, step.turn] = (step, ())

    def give(self, place: Place, reply: Reply | None) -> list[tuple[Done, Strand]]:
        """Take in a reply (None: the call failed), and give the steps that are answered by it, each with what came before.

        A reply to a step that is not open yet waits for it.
        """
        if place not in self.open:
            self._early[place] = reply
            return []
        step, strand = self.open.pop(place)
        if reply is None:
            self.failed.append((step, strand))
            return []
        kind, shown = self.conversation.kind, self.conversation.shown
        done = Done(step, reply.text, read_reply(kind, shown, step, reply, strand), self._said(reply))
        self.answered += 1
        found = [(done, strand)]
        for following in self._following((*strand, done)):
            self.open[following.arm, following.turn] = (following, (*strand, done))
        for early in [p for p in self._early if p in self.open]:
            found += self.give(early, self._early.pop(early))
        return found

    def _following(self, strand: Strand) -> list[Step]:
        """The steps that follow the last of `strand`; nothing follows an empty reply, which servers do not take back."""
        if not strand[-1].reply.strip():
            return []
        return self.conversation.kind.follows(self.conversation.shown, strand)
