"""What a run in batches has under way: calls that are due, and submissions that are open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from sycoprobe import journal as journals
from sycoprobe.backends.base import Notify, Request, Sampling
from sycoprobe.backends.batches import Batch, Batches, Resubmit
from sycoprobe.errors import BackendError
from sycoprobe.journal import Submission
from sycoprobe.keys import redacted
from sycoprobe.kinds.base import Thread, Turn
from sycoprobe.kinds.walk import Place, Walk
from sycoprobe.money.budget import Budget, Most, most_of
from sycoprobe.money.price import Price
from sycoprobe.planning import CallSpec, Planned
from sycoprobe.planning.call import Call, legible
from sycoprobe.running.asking import Tally, as_shown, bytes_of
from sycoprobe.running.live import request_of
from sycoprobe.text import counted
from sycoprobe.turns import ErrorKind


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that is to be made: the next turn of a conversation."""

    spec: CallSpec
    walk: Walk
    turn: Turn
    thread: Thread


@dataclass(slots=True)
class Flying:
    """A submission that is open, and what it asks."""

    submission: Submission
    asks: dict[str, Ask]
    most: Most
    since: float = field(default_factory=time.monotonic)
    last: Batch | None = None


@dataclass(slots=True)
class Flights:
    """Where a run in batches stands, and what changes that; who submits and who collects share it.

    Attributes
    ----------
    planned: what to ask.
    batches: the backend's batch mode.
    journal: where every call, and every turn of a batch, goes.
    sampling: by kind, how answers are drawn.
    budget: what the run may use.
    price: of the model.
    tally: for the progress.
    known: what the journal tells of batches.
    token: the run's.
    longest: seconds between looks at a batch, at most.
    notify: told what is waited for.
    due: calls that are to be asked, by key.
    open: submissions, by nonce.
    capped: which cap the run reached, if it did.
    at_once: so many calls a batch takes.
    one_at_a_time: whether a batch must end before the next is submitted.
    stopping: whether the run was asked to stop.
    wake: is set when that happens.
    """

    planned: Planned
    batches: Batches
    journal: journals.Journal
    sampling: dict[str, Sampling]
    budget: Budget
    price: Price | None
    tally: Tally
    known: journals.Batched
    token: str
    longest: float
    notify: Notify
    at_once: int
    due: dict[str, Ask] = field(default_factory=dict)
    open: dict[str, Flying] = field(default_factory=dict)
    capped: str | None = None
    one_at_a_time: bool = False
    stopping: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def now_due(self, walk: Walk, places: Iterable[Place]) -> None:
        """These open turns of a conversation are due."""
        for place in places:
            turn, thread = walk.open[place]
            spec = walk.conversation.call(turn)
            self.due[spec.key] = Ask(spec, walk, turn, thread)

    def request(self, ask: Ask) -> Request:
        """The request that a live run would make."""
        return request_of(self.planned, ask.walk, ask.turn, ask.thread, self.sampling[ask.walk.conversation.part.name])

    def most(self, ask: Ask) -> Most:
        """The most that a call can use."""
        tokens = self.sampling[ask.walk.conversation.part.name].reply_tokens
        return most_of(bytes_of(ask.turn.messages), tokens, self.price, batch=True)

    def fly(self, flying: Flying) -> None:
        """Open a submission: its calls are under way."""
        self.open[flying.submission.nonce] = flying
        self.budget.reserve(flying.most)
        self.tally.in_flight += len(flying.asks)
        for key in flying.asks:
            self.due.pop(key, None)

    def land(self, flying: Flying, due: Iterable[Ask]) -> None:
        """Close a submission; `due` is to be asked again, before anything else."""
        flying.submission.closed = True
        del self.open[flying.submission.nonce]
        self.budget.give_back(flying.most)
        self.tally.in_flight -= len(flying.asks)
        self.due = {**{a.spec.key: a for a in due}, **self.due}

    def give_up(self, flying: Flying, state: str, **more: object) -> None:
        """Nothing of this submission was or will be asked: its calls are due again."""
        adapted = {"adapted": self.batches.adapted} if self.batches.adapted else {}
        self.note(flying.submission, state, **more, **adapted)
        self.land(flying, flying.asks.values())

    def note(self, submission: Submission, state: str, **more: object) -> None:
        """Put a turn of a batch on the disk, for good."""
        at = submission.at if state == "submitting" else journals.now()
        self.journal.append({"type": "batch", "state": state, "nonce": submission.nonce, **more, "at": at})
        self.journal.sync()

    def keep(self, flying: Flying, ask: Ask, call: Call) -> None:
        """Journal a call, and what follows from it."""
        walk, turn = ask.walk, ask.turn
        call.batch = True
        self.journal.append_call(as_shown(call, walk, turn, ask.thread))
        legible(call)
        flying.submission.settled.add(ask.spec.key)
        self.known.tries.pop(ask.spec.key, None)
        self.tally.called(call, self.price)
        self.budget.count(call, self.price)
        before = set(walk.open)
        for done, _ in walk.give((turn.arm, turn.index), call.reply):
            self.tally.read(walk.conversation.part, done)
        if not walk.open:
            self.tally.closed(walk)
        self.now_due(walk, [p for p in walk.open if p not in before])

    def make_smaller(self, e: Resubmit, tried: int) -> None:
        """A batch of `tried` calls was not taken: the next ones are smaller, one after another. Raises `BackendError` where none could be."""
        self.notify(f"batch of {counted(tried, 'call')} not taken: {redacted(e.why)}")
        if not e.smaller:
            return
        if tried == 1:
            raise BackendError(
                f"not even a batch of one call is taken: {e.why}",
                "wait until the account's other batches have ended",
                kind=ErrorKind.QUOTA,
                fatal=True,
            )
        self.at_once = max(1, tried // 2)
        self.one_at_a_time = True

    def out_of_time(self) -> bool:
        """Whether the cap on time is reached."""
        if self.budget.seconds_left != 0:
            return False
        self.capped = self.budget.over(Most())
        return True

    async def sleep(self, seconds: float) -> None:
        """Wait, but not beyond `stop` or the cap on time."""
        left = self.budget.seconds_left
        seconds = seconds if left is None else min(seconds, left)
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            return
