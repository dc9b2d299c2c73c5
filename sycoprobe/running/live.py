"""A live run: asks the next turns of every conversation, a bounded number of calls at a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Protocol

from sycoprobe import journal as journals
from sycoprobe.backends.base import Backend, Request, Sampling
from sycoprobe.backends.slots import NotAsked
from sycoprobe.errors import BackendError, SycoprobeError
from sycoprobe.kinds.base import Exchange, Scene, Thread, Turn
from sycoprobe.kinds.walk import Place, Walk
from sycoprobe.money.budget import Budget, Most, Room, most_of
from sycoprobe.money.price import Price
from sycoprobe.planning import Conversation, Planned
from sycoprobe.planning.call import Call, legible
from sycoprobe.running.asking import Earlier, Tally, answered, as_shown, bytes_of, kept
from sycoprobe.text import CHARS_PER_TOKEN
from sycoprobe.turns import ErrorKind

Asked = tuple[Walk, Turn, Thread]
"""A turn that is to be asked: its conversation, the turn, and the thread that leads to it."""


class Watch(Protocol):
    """Who follows a run's readings as they come."""

    def called(self, call: Call) -> None:
        """A call was journaled."""

    def answered(self, walk: Walk, done: Exchange, thread: Thread, call: Call) -> None:
        """A turn was answered."""

    def failed(self, walk: Walk, turn: Turn, thread: Thread, call: Call) -> None:
        """A turn's call failed."""

    def closed(self, walk: Walk) -> bool:
        """A conversation is over; whether that is enough, and the run can end."""


class Run:
    """One run in progress.

    Parameters
    ----------
    planned: what to ask.
    backend: a started backend.
    journal: where every call goes.
    concurrency: how many calls may be under way at once.
    sampling: by kind, how answers are drawn and how long to wait and retry.
    earlier: what is in the journal already, of which nothing is asked again.
    watch: told of every reading once its call is journaled; the run is drained when it has seen enough.
    budget: what the run may use, perhaps together with others; what an earlier process used is in it already.
    price: what the model's tokens cost, where that is known.
    """

    def __init__(
        self,
        planned: Planned,
        backend: Backend,
        journal: journals.Journal,
        *,
        concurrency: int,
        sampling: dict[str, Sampling],
        earlier: Earlier | None = None,
        watch: Watch | None = None,
        budget: Budget | None = None,
        price: Price | None = None,
    ) -> None:
        self._earlier = earlier or Earlier()
        self.tally = Tally.of(planned, self._earlier, price)
        self._planned = planned
        self._backend = backend
        self._journal = journal
        self._concurrency = concurrency
        self._sampling = sampling
        self._waiting: deque[Asked] = deque()
        """Turns of conversations that were begun."""
        self._todo: Iterator[Conversation] = planned.conversations()
        self._held: dict[str, list[Asked]] = {}
        """What waits for the first continuation of its conversation, by the key of that one."""
        self._busy = 0
        self._changed = asyncio.Event()
        self._stopping = False
        self._watch = watch
        self.decided = False
        """Whether the run stopped because `watch` had seen enough."""
        self.capped: str | None = None
        """Which cap the run reached, if it did."""
        self._budget = budget or Budget()
        self._budget.on_change(self._changed.set)
        self._price = price
        self._cache_minimum: int | None = getattr(backend, "cache_minimum", None)
        self._fatal: SycoprobeError | None = None
        self._failed_from_start = 0

    @property
    def stopping(self) -> bool:
        """Whether the run was asked to stop; calls in flight are still finished."""
        return self._stopping

    def stop(self) -> None:
        """Begin no further call; those in flight are finished and journaled."""
        if not self._stopping and not self.capped and not self.decided:
            self.tally.notice = "stopping: finishing the calls in flight (Ctrl-C again to stop at once)"
        self._stopping = True
        self._changed.set()
        end = getattr(self._backend, "end", None)
        if callable(end):
            end()

    async def execute(self) -> None:
        """Ask everything that is missing, or until `stop`.

        Raises
        ------
        SycoprobeError: every further call would fail too (bad key, unknown model, nothing answers, disk full).
            What was answered is in the journal.
        """
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        clock = asyncio.create_task(self._end_in_time())
        try:
            await asyncio.gather(*workers)
        finally:
            clock.cancel()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self._fatal is not None:
            raise self._fatal

    async def _end_in_time(self) -> None:
        """Drain the run when the cap on time is reached, also while every call waits."""
        while (left := self._budget.seconds_left) is not None:
            if left <= 0:
                self._cap(self._budget.over(Most()))
                return
            await asyncio.sleep(left)

    def _cap(self, reached: str | None) -> None:
        """A cap is reached: drain the run."""
        if self._stopping:
            return
        self.capped = reached
        self.tally.notice = f"{reached} is reached: finishing the calls in flight"
        self.stop()

    async def _work(self) -> None:
        while not self._stopping:
            if self._waiting:
                await self._ask(*self._waiting.popleft())
            elif (conversation := next(self._todo, None)) is not None:
                self._begin(conversation)
            elif self._busy or self._held:
                self._changed.clear()
                await self._changed.wait()
            else:
                return

    def _begin(self, conversation: Conversation) -> None:
        """Queue the calls with which a conversation begins, or goes on after an earlier process."""
        self.tally.begun += 1
        self.tally.kind = conversation.part.name
        walk = Walk(conversation, partial(answered, sampling=self._sampling[conversation.part.name]))
        earlier = self._earlier.calls_of.pop(conversation.key, {})
        for place, call in earlier.items():
            self._give(walk, place, call, earlier)
            self.tally.earlier += 1
        self._queue(walk, list(walk.open.values()))

    def _give(self, walk: Walk, place: Place, call: Call, calls: Mapping[Place, Call]) -> list[tuple[Turn, Thread]]:
        """Take in an answer or a failure; the turns that are open because of it."""
        before, failures = set(walk.open), len(walk.failed)
        part = walk.conversation.part
        for done, thread in walk.give(place, call.reply):
            self.tally.read(part, done)
            if self._watch is not None:
                self._watch.answered(walk, done, thread, calls.get((done.turn.arm, done.turn.index), call))
        if not walk.open:
            self.tally.closed(walk)
        if self._watch is not None:
            for turn, thread in walk.failed[failures:]:
                self._watch.failed(walk, turn, thread, call)
            if not walk.open and not self.decided and self._watch.closed(walk):
                self.decided = True
                self.tally.notice = "every rule is decided: finishing the calls in flight"
                self.stop()
        return [walk.open[p] for p in walk.open if p not in before]

    def _queue(self, walk: Walk, turns: list[tuple[Turn, Thread]]) -> None:
        """Queue turns of a conversation. Where they share a long beginning, the first one goes out alone.

        It reads or renews the provider's cache; the others would each miss it if they went out at once.
        """
        asked = [(walk, turn, thread) for turn, thread in turns]
        if len(asked) > 1 and asked[0][2] and self._shared(*asked[0]):
            self._held[walk.conversation.call(asked[0][1]).key] = asked[1:]
            asked = asked[:1]
        self._waiting.extend(asked)
        self._changed.set()

    async def _ask(self, walk: Walk, turn: Turn, thread: Thread) -> None:
        spec = walk.conversation.call(turn)
        self._busy += 1
        try:
            call = await self._call(walk, turn, thread)
            if call is None:
                return
            self._keep(as_shown(call, walk, turn, thread))
            self._queue(walk, self._give(walk, (turn.arm, turn.index), call, {}))
        finally:
            self._busy -= 1
            self._waiting.extend(self._held.pop(spec.key, ()))
            self._changed.set()

    async def _fits(self, most: Most) -> bool:
        """Wait until a call that uses at most `most` fits into the budget; False if it never will, and the run is then drained."""
        while not self._stopping:
            room = self._budget.room(most)
            if room is Room.YES:
                return True
            if room is Room.NO:
                self._cap(self._budget.reached)
                return False
            self._changed.clear()
            await self._changed.wait()
        return False

    def _shared(self, walk: Walk, turn: Turn, thread: Thread) -> int:
        """How many leading messages are worth the provider's cache, because further calls repeat them; 0 if they are too short."""
        if self._cache_minimum is None:
            return 0
        conversation = walk.conversation
        if not conversation.kind.is_last(conversation.shown, turn):
            messages = turn.messages
        elif thread:
            messages = thread[-1].turn.messages
        else:
            return 0
        tokens = sum(len(m["content"]) for m in messages) // CHARS_PER_TOKEN
        return len(messages) if tokens >= self._cache_minimum else 0

    async def _call(self, walk: Walk, turn: Turn, thread: Thread) -> Call | None:
        """Make one call; None if the run is to end because of it or before it (the call then stays missing)."""
        conversation = walk.conversation
        part = conversation.part
        sampling = self._sampling[part.name]
        most = Most(1)
        if self._budget.counts_tokens:
            most = most_of(bytes_of(turn.messages), sampling.reply_tokens, self._price)
        if not await self._fits(most):
            return None
        call = None
        try:
            request = request_of(self._planned, walk, turn, thread, sampling, shared=self._shared(walk, turn, thread))
            call = await self._answered(request)
        finally:
            if call is not None:
                self._budget.count(call, self._price)
            self._budget.give_back(most)
        return call

    async def _answered(self, request: Request) -> Call | None:
        spec, said = request.spec, request.messages[-1]["content"]
        began = time.monotonic()
        self.tally.in_flight += 1
        try:
            reply = await self._backend.complete(request)
            call = Call(spec, said, kept(reply, request.sampling), ms=_ms(began), attempts=reply.attempts)
        except NotAsked:
            return None
        except BackendError as e:
            if e.fatal:
                self._end(e)
                return None
            call = journals.failed_call(spec, said, e, _ms(began))
        except SycoprobeError as e:
            self._end(e)
            return None
        except (Exception, SystemExit) as e:
            error = BackendError(f"the backend raised {type(e).__name__}", kind=ErrorKind.INTERNAL)
            error.__cause__ = e
            call = journals.failed_call(spec, said, error, _ms(began))
        else:
            self.tally.retries += reply.attempts - 1
        finally:
            self.tally.in_flight -= 1
        self._heed(call)
        return call

    def _keep(self, call: Call) -> None:
        try:
            self._journal.append_call(call)
        except SycoprobeError as e:
            self._end(e)
            return
        except (TypeError, ValueError, RecursionError) as e:  # a backend's reply with something in it that is no JSON
            call.reply, call.error_kind = None, ErrorKind.INTERNAL
            call.error = f"the reply cannot be kept: {type(e).__name__}: {e}"
            self._keep(call)
            return
        legible(call)
        if self._watch is not None:
            self._watch.called(call)
        self.tally.called(call, self._price)

    def _heed(self, call: Call) -> None:
        """Stop a run in which nothing has ever worked, before it tries everything in vain."""
        if call.reply is not None:
            self._failed_from_start = -1
        elif self._failed_from_start >= 0:
            self._failed_from_start += 1
            if self._failed_from_start >= max(10, 2 * self._concurrency):
                message = f"none of the first {self._failed_from_start} calls was answered; the last said: {call.error}"
                self._end(
                    BackendError(
                        message, "`sycoprobe doctor -m MODEL` tells what is wrong", kind=str(call.error_kind), fatal=True
                    )
                )

    def _end(self, error: SycoprobeError) -> None:
        self._fatal = self._fatal or error
        self.stop()


def request_of(planned: Planned, walk: Walk, turn: Turn, thread: Thread, sampling: Sampling, *, shared: int = 0) -> Request:
    """The request of a turn, the same whether it is asked live or in a batch."""
    conversation = walk.conversation
    part, shown, spec = conversation.part, conversation.shown, conversation.call(turn)
    own = not conversation.kind.in_form(turn)
    return Request(
        turn.messages,
        sampling,
        planned.call_seed(spec),
        spec,
        shown.asked,
        shared,
        Scene(conversation.kind, shown, turn, thread),
        None if own else part.schema(shown.asked),
        None if own else part.form,
    )


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
