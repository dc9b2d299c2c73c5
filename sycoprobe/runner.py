"""Plan x backend -> journal: asks everything that is still missing, a bounded number of calls at a time."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sycoprobe import journal as journals
from sycoprobe.backends.base import Backend, Request, Sampling
from sycoprobe.budget import Budget, Most, Room, dollars_of, most_of, tokens_of
from sycoprobe.challenges import Arm
from sycoprobe.errors import BackendError, SycoprobeError
from sycoprobe.extract.types import Extraction, Outcome, Stance
from sycoprobe.money import Price
from sycoprobe.planning import CHARS_PER_TOKEN, Branch, CallSpec, Planned
from sycoprobe.probes import Asked
from sycoprobe.scoring import reading_of, reading_of_branch
from sycoprobe.transcript import Call, legible
from sycoprobe.turns import ErrorKind, Message, Reply, Thinking
from sycoprobe.verdicts import Verdict, verdict_of

if TYPE_CHECKING:
    from sycoprobe.kinds.base import Scene
    from sycoprobe.kinds.planned import KindPlanned


@dataclass(slots=True)
class Tally:
    """Where a run stands; the progress display reads it."""

    conversations: int
    calls_max: int
    calls: int = 0
    earlier: int = 0
    """Calls that an earlier process had made."""
    errors: int = 0
    retries: int = 0
    cost: float | None = None
    """US dollars so far, earlier processes included; None where the model has no price."""
    in_flight: int = 0
    firsts: int = 0
    first_right: int = 0
    first_wrong: int = 0
    pushback: int = 0
    pushback_flips: int = 0
    control: int = 0
    control_flips: int = 0
    notice: str = ""
    waiting_for: str = ""
    """What the backend waits for (a rate limit, a host that does not answer), in one line."""
    model: str = ""
    left: str = ""
    """What goes on without this process, for the message of an interruption."""
    started: float = field(default_factory=time.monotonic)

    def opened(self, first: Extraction) -> bool:
        """Count a first answer; whether it named an answer, so that branches follow."""
        self.firsts += 1
        answered = first.outcome is Outcome.ANSWERED
        self.first_right += answered and first.stance is Stance.RIGHT
        self.first_wrong += answered and first.stance is not Stance.RIGHT
        return answered

    def branched(self, arm: Arm | None, first: Extraction, second: Extraction) -> None:
        """Count a branch of a right first answer, if it named an answer."""
        verdict = verdict_of(first, second)
        if not verdict.valid or first.stance is not Stance.RIGHT:
            return
        flipped = verdict is Verdict.REGRESSIVE
        if arm is Arm.PUSHBACK:
            self.pushback += 1
            self.pushback_flips += flipped
        else:
            self.control += 1
            self.control_flips += flipped


@dataclass(slots=True)
class Earlier:
    """What a journal has already: for each conversation the first reply and the keys of its branches; what all calls used."""

    firsts: dict[str, Call] = field(default_factory=dict)
    branches: dict[str, set[str]] = field(default_factory=dict)
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
            if call.reply is None:
                continue
            if call.spec.arm is None:
                earlier.firsts[call.spec.conversation] = call
            else:
                earlier.branches.setdefault(call.spec.conversation, set()).add(call.spec.key)
        return earlier


@dataclass(frozen=True, slots=True)
class _Conversation:
    asked: Asked
    opening: tuple[Message, ...]
    reply: Reply
    reading: Extraction


class Asking:
    """What every run in progress shares: workers, budget, calls, the journal, and how it is stopped.

    A subclass says which conversations are to be begun (`_conversations`), and what is done to begin one (`_begin`) and to go on
    with one (`_continue`).

    Parameters
    ----------
    planned: what to ask.
    backend: a started backend.
    journal: where every call goes.
    concurrency: how many calls may be under way at once.
    sampling: how answers are drawn and how long to wait and retry.
    earlier: what is in the journal already.
    enough: told of every call once it is journaled; the run is drained when it returns True.
    budget: what the run may use, perhaps together with others; what an earlier process used is in it already.
    price: what the model's tokens cost, where that is known.
    """

    def __init__(
        self,
        planned: Planned | KindPlanned,
        backend: Backend,
        journal: journals.Journal,
        *,
        concurrency: int,
        sampling: Sampling,
        earlier: Earlier | None = None,
        enough: Callable[[Call], bool] | None = None,
        budget: Budget | None = None,
        price: Price | None = None,
    ) -> None:
        estimate = planned.estimate()
        self.tally = Tally(estimate.conversations, estimate.calls_max)
        self.tally.cost = earlier.cost if earlier and price else None
        self._backend = backend
        self._journal = journal
        self._concurrency = concurrency
        self._sampling = sampling
        self._call_seed: Callable[[Any], int] = planned.call_seed
        self._form = planned.form
        self._schema_of = planned.schema
        self._earlier = earlier or Earlier()
        self._waiting: deque[Any] = deque()
        """What goes on with conversations that were begun."""
        self._todo: Iterator[Any] = self._conversations()
        self._held: dict[str, list[Any]] = {}
        """What waits for the first continuation of its conversation, by the key of that one."""
        self._opening = 0
        self._changed = asyncio.Event()
        self._stopping = False
        self._enough = enough
        self.decided = False
        """Whether the run stopped because `enough` said so."""
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

    async def execute(self) -> None:
        """Ask everything that is missing, or until `stop`.

        Raises
        ------
        SycoprobeError: every further call would fail too (bad key, unknown model, nothing answers, disk full).
            What was answered is in the journal.
        """
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self._fatal is not None:
            raise self._fatal

    async def _work(self) -> None:
        while not self._stopping:
            if self._waiting:
                await self._continue(*self._waiting.popleft())
            elif (first := next(self._todo, None)) is not None:
                self._opening += 1
                try:
                    await self._begin(*first)
                finally:
                    self._opening -= 1
                    self._changed.set()
            elif self._waiting:
                continue  # looking for a conversation has queued branches that an earlier process left open
            elif self._opening or self._held:
                self._changed.clear()
                await self._changed.wait()
            else:
                return

    async def _fits(self, most: Most) -> bool:
        """Wait until a call that uses at most `most` fits into the budget; False if it never will, and the run is then drained."""
        while not self._stopping:
            room = self._budget.room(most)
            if room is Room.YES:
                return True
            if room is Room.NO:
                self.capped = self._budget.reached
                self.tally.notice = f"{self.capped} is reached: finishing the calls in flight"
                self.stop()
                return False
            self._changed.clear()
            await self._changed.wait()
        return False

    def _conversations(self) -> Iterator[Any]:
        """What is to be begun, as the arguments of `_begin`."""
        raise NotImplementedError

    async def _begin(self, *what: Any) -> None:
        raise NotImplementedError

    async def _continue(self, *what: Any) -> None:
        raise NotImplementedError

    def _cached_prefix(self, messages: tuple[Message, ...]) -> int:
        """How many leading messages are worth the provider's cache: all of a conversation's opening if it is long enough, else 0."""
        if self._cache_minimum is None:
            return 0
        tokens = sum(len(m["content"]) for m in messages) // CHARS_PER_TOKEN
        return len(messages) if tokens >= self._cache_minimum else 0

    async def _call(
        self, spec: CallSpec, asked: Asked | None, messages: tuple[Message, ...], shared: int, scene: Scene | None = None
    ) -> Call | None:
        """Make one call; None if the run is to end because of it or before it (the call then stays missing)."""
        most = Most(1)
        if self._budget.counts_tokens:
            most = most_of(bytes_of(messages), self._sampling.reply_tokens, self._price)
        if not await self._fits(most):
            return None
        call = None
        try:
            own = asked is None or (scene is not None and not scene.kind.in_form(scene.step))
            form, schema = (None, None) if own or asked is None else (self._form, self._schema_of(asked))
            call = await self._answered(
                Request(messages, self._sampling, self._call_seed(spec), spec, asked, shared, scene, schema, form)
            )
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
        except BackendError as e:
            if e.fatal:
                self._end(e)
                return None
            call = journals.failed_call(spec, said, e, _ms(began))
        except SycoprobeError as e:
            self._end(e)
            return None
        except Exception as e:
            error = BackendError(f"the backend raised {type(e).__name__}", kind=ErrorKind.INTERNAL)
            error.__cause__ = e
            call = journals.failed_call(spec, said, error, _ms(began))
        else:
            call = Call(spec, said, kept(reply, self._sampling), ms=_ms(began), attempts=reply.attempts)
            self.tally.retries += reply.attempts - 1
        finally:
            self.tally.in_flight -= 1
        self._watch(call)
        return call

    def _keep(self, call: Call) -> None:
        try:
            self._journal.append_call(call)
        except SycoprobeError as e:
            self._end(e)
            return
        legible(call)
        self.tally.calls += 1
        if self.tally.cost is not None:
            self.tally.cost += dollars_of(call, self._price) or 0.0
        self.tally.errors += call.error is not None
        if self._enough is not None and not self.decided and self._enough(call):
            self.decided = True
            self.tally.notice = "every rule is decided: finishing the calls in flight"
            self.stop()

    def _watch(self, call: Call) -> None:
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


class Run(Asking):
    """A run of questions with known answers: a shared first answer, then its branches. Takes what `Asking` takes."""

    def __init__(self, planned: Planned, backend: Backend, journal: journals.Journal, **settings: Any) -> None:
        self._planned = planned
        super().__init__(planned, backend, journal, **settings)

    def _conversations(self) -> Iterator[tuple[CallSpec, Asked]]:
        """The conversations whose first answer is missing; of the others, the missing branches are queued."""
        for spec, probe in self._planned.conversations():
            asked = self._planned.asked(spec, probe)
            done = self._earlier.firsts.pop(spec.conversation, None)
            if done is None:
                yield spec, asked
                continue
            self.tally.earlier += 1
            assert done.reply is not None  # noqa: S101
            self._opened(spec, asked, self._planned.first_turn(asked), done.reply)

    async def _begin(self, spec: CallSpec, asked: Asked) -> None:
        messages = self._planned.first_turn(asked)
        call = await self._call(spec, asked, messages, self._cached_prefix(messages))
        if call is None:
            return
        call.options = asked.options
        self._keep(call)
        if call.reply is not None:
            self._opened(spec, asked, messages, call.reply)

    def _opened(self, spec: CallSpec, asked: Asked, messages: tuple[Message, ...], reply: Reply) -> None:
        """Note a first answer, and queue the branches of it that are missing."""
        reading = reading_of(reply, asked)
        if not self.tally.opened(reading):
            return
        right = reading.stance is Stance.RIGHT
        done = self._earlier.branches.pop(spec.conversation, set())
        conversation = _Conversation(asked, messages, reply, reading)
        left = []
        for branch in self._planned.branches(spec, asked, right=right):
            if branch.spec.key in done:
                self.tally.earlier += 1
            else:
                left.append((conversation, branch))
        if len(left) > 1 and self._cached_prefix(messages):
            # The first branch reads or renews the provider's cache; the others would each miss it if they went out at once.
            self._held[left[0][1].spec.key] = left[1:]
            left = left[:1]
        self._waiting.extend(left)
        self._changed.set()

    async def _continue(self, conversation: _Conversation, branch: Branch) -> None:
        said = self._planned.second_turn(conversation.asked, branch)
        messages = (*conversation.opening, answered(conversation.reply, self._sampling), Message(role="user", content=said))
        try:
            call = await self._call(branch.spec, conversation.asked, messages, self._cached_prefix(conversation.opening))
        finally:
            self._waiting.extend(self._held.pop(branch.spec.key, ()))
            self._changed.set()
        if call is None:
            return
        call.wording = branch.challenge.id
        self._keep(call)
        reading = reading_of_branch(call.reply, conversation.asked, branch.spec, conversation.reading)
        self.tally.branched(branch.spec.arm, conversation.reading, reading)


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def bytes_of(messages: tuple[Message, ...]) -> int:
    """The length of a dialog in UTF-8, replayed thinking included."""
    return sum(
        len(m["content"].encode("utf-8", "replace")) + (len(json.dumps(m["replay"])) if "replay" in m else 0) for m in messages
    )


def kept(reply: Reply, sampling: Sampling, *, limited: bool = False) -> Reply:
    """A reply as it is journaled: its thinking apart, and without what only a replay of it needs, where nothing is replayed.

    `limited`: whether it is yet to be told by its tokens whether it was cut off; a backend that knows has done so itself.
    """
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
