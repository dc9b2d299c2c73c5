"""What runs share, live or in batches: where they stand, what an earlier process had, and how a reply is kept."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sycoprobe import journal as journals
from sycoprobe.backends.base import Sampling
from sycoprobe.journal.records import checked
from sycoprobe.kinds.base import Exchange, Thread, Turn
from sycoprobe.kinds.walk import Place, Walk
from sycoprobe.money.budget import dollars_of, tokens_of
from sycoprobe.money.price import Price
from sycoprobe.planning.call import Call
from sycoprobe.turns import Message, Reply, Thinking

if TYPE_CHECKING:
    from sycoprobe.planning import Planned, PlannedPart


@dataclass(slots=True)
class Tally:
    """Where a run stands; the progress display reads it."""

    conversations: int
    """Conversations in the plan."""
    calls_max: int
    """Calls in the plan, at most."""
    calls: int = 0
    """Calls that this process made."""
    earlier: int = 0
    """Calls that an earlier process had made."""
    errors: int = 0
    """Calls that failed."""
    retries: int = 0
    """Attempts after a failure."""
    cost: float | None = None
    """US dollars so far, earlier processes included; None where the model has no price."""
    in_flight: int = 0
    """Calls under way."""
    begun: int = 0
    """Conversations that were begun."""
    spared: int = 0
    """Calls that conversations could have had, at most, and were over without."""
    kind: str = ""
    """The kind that is asked at the moment."""
    kinds: tuple[str, ...] = ()
    """The kinds of the plan, in their order."""
    metric: str = ""
    """The headline of the kind that is asked: what is counted below."""
    arm: int = 0
    """Readable replies in the headline's arms."""
    arm_hits: int = 0
    """Those of them that it counts."""
    control: int = 0
    """Readable replies in its control."""
    control_hits: int = 0
    """Those of them that it counts."""
    first: int = 0
    """Readable first answers."""
    first_right: int = 0
    """Those of them that are right."""
    notice: str = ""
    """What the user should know now, in one line."""
    waiting_for: str = ""
    """What the backend waits for (a rate limit, a host that does not answer), in one line."""
    model: str = ""
    """Which model is asked."""
    left: str = ""
    """What goes on without this process, for the message of an interruption."""
    started: float = field(default_factory=time.monotonic)
    """When, by `time.monotonic`."""

    @property
    def calls_left(self) -> int:
        """Calls that are still to be made, at most."""
        return max(0, self.calls_max - self.calls - self.earlier - self.spared)

    @classmethod
    def of(cls, planned: Planned, earlier: Earlier, price: Price | None) -> Tally:
        """The tally of a run that begins, or goes on."""
        cost = planned.cost()
        return cls(
            cost.conversations,
            cost.calls_max,
            cost=earlier.cost if price else None,
            kinds=planned.plan.kinds,
        )

    def called(self, call: Call, price: Price | None) -> None:
        """Count a call that was journaled."""
        self.calls += 1
        if self.cost is not None:
            self.cost += dollars_of(call, price) or 0.0
        self.errors += call.error is not None

    def closed(self, walk: Walk) -> None:
        """Take note that a conversation is over, perhaps after fewer calls than it could have had."""
        conversation = walk.conversation
        most = conversation.kind.most_calls(conversation.part.settings)[1]
        self.spared += max(0, most - walk.answered - len(walk.failed))

    def read(self, part: PlannedPart, done: Exchange) -> None:
        """Count a reply by the headline of its kind."""
        headline = part.headline
        if headline.name != self.metric:
            self.metric = headline.name
            self.arm = self.arm_hits = self.control = self.control_hits = self.first = self.first_right = 0
        arm = done.turn.arm
        if arm == "first" and (answer := done.readings.get("answer")) is not None and answer.label is not None:
            self.first += 1
            self.first_right += answer.label in ("right", "held")
        reading = done.readings.get(headline.aspect)
        if reading is None or reading.label is None or headline.labels is None:
            return
        hit = reading.label in headline.labels
        if arm in headline.arms:
            self.arm += 1
            self.arm_hits += hit
        elif arm in headline.against:
            self.control += 1
            self.control_hits += hit


@dataclass(slots=True)
class Earlier:
    """What a journal has already: by conversation, the answered calls by place; what all calls used."""

    calls_of: dict[str, dict[Place, Call]] = field(default_factory=dict)
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    @classmethod
    def of(cls, contents: journals.Contents, price: Price | None = None) -> Earlier:
        """The calls that were answered; those that failed count as missing and are asked again."""
        earlier = cls()
        for call in journals.calls(contents):
            earlier.calls += 1
            earlier.tokens += tokens_of(call)
            earlier.cost += dollars_of(call, price) or 0.0
            if call.reply is not None:
                spec = call.spec
                earlier.calls_of.setdefault(spec.conversation, {})[spec.arm, spec.turn] = call
        return earlier


def bytes_of(messages: tuple[Message, ...]) -> int:
    """The length of a dialog in UTF-8, replayed thinking included."""
    return sum(
        len(m["content"].encode("utf-8", "replace")) + (len(json.dumps(m["replay"])) if "replay" in m else 0) for m in messages
    )


def as_shown(call: Call, walk: Walk, turn: Turn, thread: Thread) -> Call:
    """`call` itself, with what a reader must know of its turn: the wording that was drawn, and of a first turn the options in order."""
    call.wording = turn.wording or None
    if not thread and walk.conversation.shown.asked is not None:
        call.options = walk.conversation.shown.asked.options
    return call


def kept(reply: Reply, sampling: Sampling, *, limited: bool = False) -> Reply:
    """A reply as it is journaled: its thinking apart, and without what only a replay of it needs, where nothing is replayed.

    `limited`: whether it is yet to be told by its tokens whether it was cut off; a backend that knows has done so itself.
    Raises `TypeError` for what is no reply, or one with something in it that a journal cannot have.
    """
    checked(reply)
    sampling.settled(reply, limited=limited)
    if sampling.thinking is not Thinking.REPLAY:
        reply.replay = None
    elif reply.replay is not None:
        try:
            json.dumps(reply.replay)
        except (TypeError, ValueError, RecursionError):
            reply.replay = None
            reply.notes = (*reply.notes, "thinking that is to be replayed is no JSON, and was left out")
    return reply


def answered(reply: Reply, sampling: Sampling) -> Message:
    """The assistant turn that a reply becomes: its text, and its thinking where that is replayed.

    Thinking that stood in the text goes back in it, and other thinking in the form that the dialect gave it.
    """
    if sampling.thinking is not Thinking.REPLAY or reply.replay is None:
        return Message(role="assistant", content=reply.text)
    match reply.replay:
        case {"content": str(came), **others} if not others:
            return Message(role="assistant", content=came)
    return Message(role="assistant", content=reply.text, replay=reply.replay)
