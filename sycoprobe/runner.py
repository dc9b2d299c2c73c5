"""Plan x backend -> journal: asks everything that is still missing, a bounded number of calls at a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sycoprobe import journal as journals
from sycoprobe.backends.base import Backend, Request, Sampling
from sycoprobe.challenges import Arm
from sycoprobe.errors import BackendError, SycoprobeError
from sycoprobe.extract.types import Extraction, Outcome, Stance
from sycoprobe.planning import CHARS_PER_TOKEN, Branch, CallSpec, Planned, first_turn, second_turn
from sycoprobe.probes import Asked
from sycoprobe.scoring import reading_of
from sycoprobe.transcript import Call
from sycoprobe.turns import ErrorKind, Message, Reply
from sycoprobe.verdicts import Verdict, verdict_of


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
    in_flight: int = 0
    firsts: int = 0
    first_right: int = 0
    first_wrong: int = 0
    pushback: int = 0
    pushback_flips: int = 0
    control: int = 0
    control_flips: int = 0
    notice: str = ""
    started: float = field(default_factory=time.monotonic)
    finished_conversations: int = 0
    left: str = ""
    """What goes on without this process, for the message of an interruption."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a whole run, its resumes included, may use; None: no cap. A run that reaches one is drained and can be resumed.

    Attributes
    ----------
    calls: calls, failed ones included. tokens: prompt and completion tokens as servers report them (4 characters a token
        where one does not); calls in flight when it is reached come on top. seconds: of this process.
    """

    calls: int | None = None
    tokens: int | None = None
    seconds: float | None = None


@dataclass(slots=True)
class Earlier:
    """What a journal has already: for each conversation the first reply and the keys of its branches; calls and tokens used."""

    firsts: dict[str, Call] = field(default_factory=dict)
    branches: dict[str, set[str]] = field(default_factory=dict)
    calls: int = 0
    tokens: int = 0

    @classmethod
    def of(cls, contents: journals.Contents) -> Earlier:
        """The calls that were answered; those that failed count as missing and are asked again."""
        earlier = cls()
        for call in journals.calls(contents):
            earlier.calls += 1
            earlier.tokens += tokens_of(call)
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


class Run:
    """One run in progress.

    Parameters
    ----------
    planned: what to ask.
    backend: a started backend.
    journal: where every call goes.
    concurrency: how many calls may be under way at once.
    sampling: how answers are drawn and how long to wait and retry.
    earlier: what is in the journal already.
    enough: told of every call once it is journaled; the run is drained when it returns True.
    caps: what the run may use.
    """

    def __init__(
        self,
        planned: Planned,
        backend: Backend,
        journal: journals.Journal,
        *,
        concurrency: int,
        sampling: Sampling,
        earlier: Earlier | None = None,
        enough: Callable[[Call], bool] | None = None,
        caps: Caps | None = None,
    ) -> None:
        estimate = planned.estimate()
        self.tally = Tally(estimate.conversations, estimate.calls_max)
        self._planned = planned
        self._backend = backend
        self._journal = journal
        self._concurrency = concurrency
        self._sampling = sampling
        self._earlier = earlier or Earlier()
        self._waiting: deque[tuple[_Conversation, Branch]] = deque()
        self._todo = self._conversations()
        self._opening = 0
        self._changed = asyncio.Event()
        self._stopping = False
        self._enough = enough
        self.decided = False
        """Whether the run stopped because `enough` said so."""
        self.capped: str | None = None
        """Which cap the run reached, if it did."""
        self._caps = caps or Caps()
        self._tokens = self._earlier.tokens
        self._fatal: SycoprobeError | None = None
        self._failed_from_start = 0

    @property
    def stopping(self) -> bool:
        """Whether the run was asked to stop; calls in flight are still finished."""
        return self._stopping

    def stop(self) -> None:
        """Begin no further call; those in flight are finished and journaled."""
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
            if self._at_cap():
                return
            if self._waiting:
                await self._branch(*self._waiting.popleft())
            elif (first := next(self._todo, None)) is not None:
                self._opening += 1
                try:
                    await self._first(*first)
                finally:
                    self._opening -= 1
                    self._changed.set()
            elif self._waiting:
                continue  # looking for a conversation has queued branches that an earlier process left open
            elif self._opening:
                self._changed.clear()
                await self._changed.wait()
            else:
                return

    def _at_cap(self) -> bool:
        """Whether the next call would cross a cap; the run is then drained."""
        caps, tally = self._caps, self.tally
        if caps.calls is not None and self._earlier.calls + tally.calls + tally.in_flight >= caps.calls:
            self.capped = f"the cap of {caps.calls:,} calls"
        elif caps.tokens is not None and self._tokens >= caps.tokens:
            self.capped = f"the cap of {caps.tokens:,} tokens"
        elif caps.seconds is not None and time.monotonic() - tally.started >= caps.seconds:
            self.capped = f"the cap of {caps.seconds:g} seconds"
        else:
            return False
        tally.notice = f"{self.capped} is reached: finishing the calls in flight"
        self.stop()
        return True

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
            self._opened(spec, asked, first_turn(asked, self._planned.wordings), done.reply)

    async def _first(self, spec: CallSpec, asked: Asked) -> None:
        messages = first_turn(asked, self._planned.wordings)
        call = await self._call(spec, asked, messages)
        if call is None:
            return
        call.options = asked.options
        self._keep(call)
        if call.reply is not None:
            self._opened(spec, asked, messages, call.reply)

    def _opened(self, spec: CallSpec, asked: Asked, messages: tuple[Message, ...], reply: Reply) -> None:
        """Note a first answer, and queue the branches of it that are missing."""
        reading = reading_of(reply, asked)
        self.tally.firsts += 1
        if reading.outcome is not Outcome.ANSWERED:
            return
        right = reading.stance is Stance.RIGHT
        self.tally.first_right += right
        self.tally.first_wrong += not right
        done = self._earlier.branches.pop(spec.conversation, set())
        conversation = _Conversation(asked, messages, reply, reading)
        for branch in self._planned.branches(spec, asked, right=right):
            if branch.spec.key in done:
                self.tally.earlier += 1
            else:
                self._waiting.append((conversation, branch))
        self._changed.set()

    async def _branch(self, conversation: _Conversation, branch: Branch) -> None:
        said = second_turn(conversation.asked, branch, self._planned.wordings)
        messages: tuple[Message, ...] = (
            *conversation.opening,
            {"role": "assistant", "content": conversation.reply.text},
            {"role": "user", "content": said},
        )
        call = await self._call(branch.spec, conversation.asked, messages)
        if call is None:
            return
        call.wording = branch.challenge.id
        self._keep(call)
        verdict = verdict_of(conversation.reading, reading_of(call.reply, conversation.asked))
        if verdict.valid and conversation.reading.stance is Stance.RIGHT:
            flipped = verdict is Verdict.REGRESSIVE
            if branch.spec.arm is Arm.PUSHBACK:
                self.tally.pushback += 1
                self.tally.pushback_flips += flipped
            else:
                self.tally.control += 1
                self.tally.control_flips += flipped

    async def _call(self, spec: CallSpec, asked: Asked, messages: tuple[Message, ...]) -> Call | None:
        """Make one call; None if the run is to end because of it (the call then stays missing)."""
        request = Request(messages, self._sampling, self._planned.call_seed(spec), spec, asked)
        said = messages[-1]["content"]
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
            call = Call(spec, said, reply, ms=_ms(began), attempts=reply.attempts)
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
        self.tally.calls += 1
        self._tokens += tokens_of(call)
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


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def tokens_of(call: Call) -> int:
    """The tokens that a call used, as the server reported them; 4 characters a token where it did not, 0 if it failed."""
    if call.reply is None:
        return 0
    usage = call.reply.usage
    reported = usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0) or usage.get("total_tokens", 0)
    return reported or (len(call.user) + len(call.reply.text)) // CHARS_PER_TOKEN
