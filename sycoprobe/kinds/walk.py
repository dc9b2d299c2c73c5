"""The walk through a conversation: what was answered, what that amounts to, and what is to be asked next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sycoprobe.errors import PlanError
from sycoprobe.extract.outcome import CUT_OFF, EMPTY, failed_reading, without_answer
from sycoprobe.extract.types import Outcome, Stage
from sycoprobe.kinds.base import AnyKind, AnyShown, Exchange, Reading, Readings, Thread, Turn
from sycoprobe.turns import Finish, Message, Reply

if TYPE_CHECKING:
    from sycoprobe.planning.planned import Conversation

Place = tuple[str, int]
"""An arm, and a turn in it."""


def read_reply(kind: AnyKind, shown: AnyShown, turn: Turn, reply: Reply | None, thread: Thread) -> Readings:
    """What a reply amounts to: the provider's word first (failed, refused, only thought, cut off), then the kind's rule."""
    stage = Stage.NONE if kind.in_form(turn) and reply is not None else None
    found = without_answer(reply)
    if found is None and reply is not None:
        if not reply.text.strip():
            found = CUT_OFF if reply.finish is Finish.LENGTH and not kind.reads_cut(turn) else EMPTY
        elif reply.finish is Finish.LENGTH and not kind.reads_cut(turn):
            found = CUT_OFF
    if found is not None or reply is None:
        outcome, why = found or (Outcome.ERROR, "the call failed")
        return {aspect: Reading(outcome, why, stage=stage) for aspect in kind.aspects(turn)}
    try:
        readings = kind.read(shown, turn, reply.text, thread)
    except PlanError:  # a fault of the kind's own texts, not of the reply
        raise
    except Exception as e:  # whatever a reply holds, it ends no run and makes no journal unreadable
        return {aspect: Reading(Outcome.UNPARSED, failed_reading(e), stage=stage) for aspect in kind.aspects(turn)}
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
    open: by place, the turns that are to be asked next, each with the thread that leads to it.
    failed: the turns whose call failed; nothing follows them.
    answered: how many turns were answered.
    """

    def __init__(self, conversation: Conversation, said: Callable[[Reply], Message] = repeated) -> None:
        self.conversation = conversation
        self._said = said
        self._early: dict[Place, Reply | None] = {}
        self.open: dict[Place, tuple[Turn, Thread]] = {}
        self.failed: list[tuple[Turn, Thread]] = []
        self.answered = 0
        for turn in conversation.asked(conversation.kind.begin(conversation.shown)):
            self.open[turn.arm, turn.index] = (turn, ())

    def give(self, place: Place, reply: Reply | None) -> list[tuple[Exchange, Thread]]:
        """Take in a reply (None: the call failed), and give the turns that are answered by it, each with what came before.

        A reply to a turn that is not open yet waits for it.
        """
        if place not in self.open:
            self._early[place] = reply
            return []
        turn, thread = self.open.pop(place)
        if reply is None:
            self.failed.append((turn, thread))
            return []
        kind, shown = self.conversation.kind, self.conversation.shown
        done = Exchange(turn, reply.text, read_reply(kind, shown, turn, reply, thread), self._said(reply))
        self.answered += 1
        found = [(done, thread)]
        for following in self._following((*thread, done)):
            self.open[following.arm, following.index] = (following, (*thread, done))
        while early := next((p for p in self._early if p in self.open), None):
            found += self.give(early, self._early.pop(early))
        return found

    def _following(self, thread: Thread) -> list[Turn]:
        """The turns that follow the last of `thread`; nothing follows an empty reply, which servers do not take back."""
        if not thread[-1].reply.strip():
            return []
        return self.conversation.asked(self.conversation.kind.then(self.conversation.shown, thread))
