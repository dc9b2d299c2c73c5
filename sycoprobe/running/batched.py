"""Plan x a vendor's batches -> journal: the same calls as a live run at half the price, none of them ever paid twice."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby

from sycoprobe import journal as journals
from sycoprobe.backends.base import Backend, Notify, Request, Sampling
from sycoprobe.backends.batches import (
    Batch,
    Lost,
    Resubmit,
    Row,
    Sought,
    State,
    batches_of,
    custom_id,
    no_batch_mode,
    server_of,
)
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.journal import Submission
from sycoprobe.keys import redacted
from sycoprobe.kinds.base import Thread, Turn
from sycoprobe.kinds.walk import Place, Walk
from sycoprobe.money.budget import Budget, Most, dollars_of, most_of
from sycoprobe.money.price import Price
from sycoprobe.planning import CallSpec, Planned
from sycoprobe.planning.call import Call, legible
from sycoprobe.running.asking import Earlier, Tally, answered, bytes_of, kept
from sycoprobe.running.live import request_of
from sycoprobe.turns import ErrorKind

ROUNDS = 4
"""In so many batches a call is tried before its failure, though it might pass, is taken for its answer."""
LOOKS = 3
"""So often results are fetched that hold fewer rows than the vendor counts."""
LONGEST = 60.0
"""Seconds between two looks at a batch, once it has taken a while."""
PATIENCE = 3600.0
"""Seconds for which a vendor that cannot be reached is asked again before the run ends (the batch goes on)."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """A call that is to be made: the next turn of a conversation."""

    spec: CallSpec
    walk: Walk
    turn: Turn
    thread: Thread


@dataclass(slots=True)
class _Flying:
    """A submission that is open, and what it asks."""

    submission: Submission
    asks: dict[str, _Ask]
    most: Most
    since: float = field(default_factory=time.monotonic)
    last: Batch | None = None


@dataclass(slots=True)
class _Harvest:
    """What came out of one batch."""

    rows: int = 0
    again: list[_Ask] = field(default_factory=list)
    """Came back without an answer, for a reason that may pass."""
    anew: list[_Ask] = field(default_factory=list)
    """Was rejected for a parameter that has been adapted since."""
    oddities: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    fatal: BackendError | None = None

    @property
    def noted(self) -> set[str]:
        """The keys of the calls that are to be asked again."""
        return {a.spec.key for a in (*self.again, *self.anew)}


def check(planned: Planned, backend: Backend) -> None:
    """Find out before anything is asked whether this plan can go in batches at all. Raises `PlanError`."""
    if planned.plan.until is not None:
        raise PlanError(
            "--batch does not go with --until-decided: a run that stops as soon as it can has to see each answer at once",
            "leave out one of them",
        )
    batches_of(backend, planned.plan.model)


async def begin(planned: Planned, backend: Backend) -> str:
    """A new run's token, if the started backend's server has a batch mode. Raises `PlanError` if not, and `BackendError`."""
    if not await batches_of(backend, planned.plan.model).check():
        raise no_batch_mode(server_of(backend))
    return secrets.token_hex(8)


class BatchRun:
    """One run in progress, in batches; what `live.Run` is for live calls.

    Parameters
    ----------
    planned: what to ask. backend: a started backend that has a batch mode. journal: where every call, and every turn of a batch, goes.
    sampling: by kind, how answers are drawn. earlier: what is in the journal already.
    budget: what the run may use, perhaps together with others; what an earlier process used is in it already. price: of the model.
    longest: seconds between looks at a batch, at most. notify: told what is waited for.
    """

    decided = False

    def __init__(
        self,
        planned: Planned,
        backend: Backend,
        journal: journals.Journal,
        *,
        sampling: dict[str, Sampling],
        earlier: Earlier | None = None,
        budget: Budget | None = None,
        price: Price | None = None,
        longest: float | None = None,
        notify: Notify = lambda _line: None,
    ) -> None:
        self._earlier = earlier or Earlier()
        self.tally = Tally.of(planned, self._earlier, price)
        self.capped: str | None = None
        """Which cap the run reached, if it did."""
        self._planned = planned
        self._batches = batches_of(backend, planned.plan.model)
        self._journal = journal
        self._sampling = sampling
        self._budget = budget or Budget()
        self._price = price
        self._longest = LONGEST if longest is None else longest
        self._notify = notify
        self._known = journals.batched(journals.read(journal.folder))
        self._token = self._known.token or ""
        self._due: dict[str, _Ask] = {}
        self._open: dict[str, _Flying] = {}
        self._at_once = self._batches.limits.requests
        self._one_at_a_time = False
        self._stopping = False
        self._wake = asyncio.Event()
        self._unreached: float | None = None

    @property
    def stopping(self) -> bool:
        """Whether the run was asked to stop; batches go on at the vendor."""
        return self._stopping

    def stop(self) -> None:
        """Submit nothing more and look no further; what is under way with the vendor is still noted down."""
        self._stopping = True
        self.capped = None
        self.tally.notice = (
            "stopping (Ctrl-C again to stop at once); batches go on at the vendor, `sycoprobe resume` collects them"
        )
        self._wake.set()

    async def execute(self) -> None:
        """Ask everything that is missing, or until `stop`.

        Raises
        ------
        SycoprobeError: every further call would fail too, a batch was refused or cancelled, or the disk is full.
            What was answered is in the journal, and so is what goes on at the vendor.
        """
        try:
            self._batches.adapted = self._known.adapted | self._batches.adapted
            self._plan_due()
            if await self._pick_up():
                while await self._turn():
                    pass
            if not self._open and not self._due and not self._stopping:
                await self._tidy()
        finally:
            self._say_what_goes_on()

    async def _turn(self) -> bool:
        """Submit what can be, then wait until a batch has ended; False if nothing is left to wait for."""
        if not await self._submit_due() or not self._open:
            return False
        return await self._wait()

    # What is to be asked

    def _plan_due(self) -> None:
        """Everything that is missing, in the order of the plan."""
        for conversation in self._planned.conversations():
            self.tally.begun += 1
            sampling = self._sampling[conversation.part.name]
            walk = Walk(conversation, partial(answered, sampling=sampling))
            earlier = self._earlier.calls_of.pop(conversation.key, {})
            for place, call in earlier.items():
                for done, _ in walk.give(place, call.reply):
                    self.tally.earlier += 1
                    self.tally.read(conversation.part, done)
            self._now_due(walk, walk.open)

    def _now_due(self, walk: Walk, places: Iterable[Place]) -> None:
        """These open turns of a conversation are due."""
        for place in places:
            turn, thread = walk.open[place]
            spec = walk.conversation.call(turn)
            self._due[spec.key] = _Ask(spec, walk, turn, thread)

    def _request(self, ask: _Ask) -> Request:
        """The request that a live run would make."""
        return request_of(self._planned, ask.walk, ask.turn, ask.thread, self._sampling[ask.walk.conversation.part.name])

    def _most(self, ask: _Ask) -> Most:
        tokens = self._sampling[ask.walk.conversation.part.name].reply_tokens
        return most_of(bytes_of(ask.turn.messages), tokens, self._price, batch=True)

    def _chunk(self) -> tuple[list[_Ask], list[bytes], Most]:
        """The next batch: as many whole conversations as the caps allow, and as many calls as the vendor takes."""
        asks: list[_Ask] = []
        entries: list[bytes] = []
        most, size = Most(), 0
        for _, group in groupby(self._due.values(), key=lambda a: a.spec.conversation):
            members = list(group)
            costs = [self._most(ask) for ask in members]
            if (cap := self._budget.over(sum(costs, most))) is not None:
                self.capped = cap
                break
            for ask, cost in zip(members, costs, strict=True):
                entry = self._batches.entry(custom_id(self._token, ask.spec.key), self._request(ask))
                size += len(entry) + 2
                if asks and (len(asks) >= self._at_once or size > self._batches.limits.bytes):
                    return asks, entries, most
                asks.append(ask)
                entries.append(entry)
                most += cost
        return asks, entries, most

    # Submitting

    async def _submit_due(self) -> bool:
        """Submit what is due, as far as the caps allow; False if the run was stopped over it."""
        self.capped = None
        while self._due and not (self._one_at_a_time and self._open):
            if self._stopping or self._out_of_time():
                return False
            asks, entries, most = self._chunk()
            if not asks:
                break
            if not await self._submit(asks, entries, most):
                return False
        return True

    async def _submit(self, asks: list[_Ask], entries: list[bytes], most: Most) -> bool:
        """Make one batch, every turn on disk before the next; False if it is not known how that ended."""
        keys = tuple(a.spec.key for a in asks)
        submission = Submission(secrets.token_hex(8), 1 + all(a.thread for a in asks), keys, journals.now())
        submission.adapted = dict(self._batches.adapted)
        submission.mark = await self._batches.mark()
        self.tally.notice = f"submitting a batch of {len(asks):,} calls"
        flying = _Flying(submission, {a.spec.key: a for a in asks}, most)
        self._note(
            submission,
            "submitting",
            stage=submission.stage,
            keys=keys,
            mark=submission.mark,
            **({"adapted": submission.adapted} if submission.adapted else {}),
        )
        self._known.submissions[submission.nonce] = submission
        self._known.tidied = False
        self._fly(flying)
        try:
            submission.file = await self._batches.upload(entries, self._token, submission.nonce)
            if submission.file is not None:
                self._note(submission, "uploaded", file=submission.file)
            batch = await self._batches.create(entries, submission.file, self._token, submission.nonce)
        except Resubmit as e:
            self._give_up(flying, "dropped", why=e.why)
            self._make_smaller(e, len(asks))
            return True
        except BackendError:
            self._give_up(flying, "dropped")
            raise
        if batch is None:
            return await self._recover(flying)
        self._submitted(flying, batch)
        return True

    def _make_smaller(self, e: Resubmit, tried: int) -> None:
        self._notify(f"batch of {tried:,} calls not taken: {redacted(e.why)}")
        if not e.smaller:
            return
        if tried == 1:
            raise BackendError(
                f"not even a batch of one call is taken: {e.why}",
                "wait until the account's other batches have ended",
                kind=ErrorKind.QUOTA,
                fatal=True,
            )
        self._at_once = max(1, tried // 2)
        self._one_at_a_time = True

    def _fly(self, flying: _Flying) -> None:
        self._open[flying.submission.nonce] = flying
        self._budget.reserve(flying.most)
        self.tally.in_flight += len(flying.asks)
        for key in flying.asks:
            self._due.pop(key, None)

    def _land(self, flying: _Flying, due: Iterable[_Ask]) -> None:
        """Close a submission; `due` is to be asked again, before anything else."""
        flying.submission.closed = True
        del self._open[flying.submission.nonce]
        self._budget.give_back(flying.most)
        self.tally.in_flight -= len(flying.asks)
        self._due = {**{a.spec.key: a for a in due}, **self._due}

    def _submitted(self, flying: _Flying, batch: Batch, *, adopted: bool = False) -> None:
        flying.submission.id = batch.id
        self._note(flying.submission, "submitted", id=batch.id, **({"adopted": True} if adopted else {}))
        self._notify(f"batch {redacted(batch.id)}: {len(flying.submission.keys):,} calls" + (" found again" if adopted else ""))

    def _give_up(self, flying: _Flying, state: str, **more: object) -> None:
        """Nothing of this submission was or will be asked: its calls are due again."""
        adapted = {"adapted": self._batches.adapted} if self._batches.adapted else {}
        self._note(flying.submission, state, **more, **adapted)
        self._land(flying, flying.asks.values())

    def _note(self, submission: Submission, state: str, **more: object) -> None:
        """Put a turn of a batch on the disk, for good."""
        at = submission.at if state == "submitting" else journals.now()
        self._journal.append({"type": "batch", "state": state, "nonce": submission.nonce, **more, "at": at})
        self._journal.sync()

    # Going on where an earlier process was

    async def _pick_up(self) -> bool:
        """Take up the batches that the journal leaves open; False if the run was stopped over it."""
        self._known.tries = Counter({k: n for k, n in self._known.tries.items() if k in self._due})
        lost = []
        for submission in self._known.submissions.values():
            if submission.closed:
                continue
            asks = {k: self._due[k] for k in submission.keys if k in self._due}
            flying = _Flying(submission, asks, sum((self._most(a) for a in asks.values()), Most()))
            self._fly(flying)
            if submission.id is None:
                lost.append(flying)
        for flying in lost:
            if not await self._recover(flying):
                return False
        # What has ended meanwhile is collected before anything is submitted, so that more goes into one batch.
        for flying in list(self._open.values()):
            if not self._stopping and await self._look(flying):
                await self._collect(flying)
        return True

    async def _recover(self, flying: _Flying) -> bool:
        """Find out whether the vendor has made a batch of a submission, and adopt it; False if the run was stopped over it."""
        submission = flying.submission
        sought = Sought(
            self._token,
            submission.nonce,
            frozenset(custom_id(self._token, k) for k in submission.keys),
            datetime.fromisoformat(submission.at),
            submission.mark,
            submission.file,
            {s.id for s in self._known.submissions.values() if s.id is not None},
        )
        # A batch that is being made may not be in the vendor's list at once.
        age = (datetime.now(UTC) - sought.at).total_seconds()
        until = time.monotonic() + min(max(self._longest / 2 - max(age, 0.0), 0.0), self._longest / 2)
        while not self._stopping and not self._out_of_time():
            undecided = 0
            candidates = await self._batches.candidates(sought)
            for batch in candidates:
                ours = await self._batches.is_it(batch, sought)
                if ours:
                    self._submitted(flying, batch, adopted=True)
                    return True
                if ours is None:
                    undecided += 1
                else:
                    sought.not_these.add(batch.id)
            unmade = not self._batches_may_appear(sought)
            if not undecided and (unmade or time.monotonic() >= until):
                self._give_up(flying, "dropped")
                return True
            waits = f"{undecided} batches to end, one of which may be ours" if undecided else "the vendor's list of batches"
            self.tally.notice = f"looking for a batch that was being submitted: waiting for {waits}"
            self._notify(self.tally.notice)
            await self._sleep(self._longest if undecided else self._longest / 8)
        return False

    def _batches_may_appear(self, sought: Sought) -> bool:
        """Whether the making of the sought batch was ever asked for."""
        return sought.file is not None or not self._batches.uploads

    # Waiting and collecting

    async def _wait(self) -> bool:
        """Until a batch has ended and is collected; False if the run was stopped before."""
        pause = self._longest / 20
        while not self._stopping and not self._out_of_time():
            ended = [f for f in list(self._open.values()) if await self._look(f)]
            for flying in ended:
                await self._collect(flying)
            if ended:
                return True
            wait = pause * random.uniform(0.8, 1.2)
            self.tally.notice = self._standing(wait)
            self._notify(self.tally.notice)
            await self._sleep(wait)
            pause = min(pause * 1.5, self._longest)
        return False

    async def _look(self, flying: _Flying) -> bool:
        """Whether this batch is over. Raises `BackendError` if that cannot be found out, now or later."""
        assert flying.submission.id is not None  # noqa: S101
        try:
            flying.last = await self._batches.status(flying.submission.id)
        except BackendError as e:
            if not e.retryable:
                raise
            self._unreached = self._unreached or time.monotonic()
            if time.monotonic() - self._unreached > PATIENCE:
                raise BackendError(e.message, "the batch goes on at the vendor", kind=e.kind, fatal=True) from e
            self._notify(f"batch {redacted(flying.submission.id)}: {e.message}; it is looked for again")
            return False
        self._unreached = None
        return flying.last.state is not State.RUNNING

    def _standing(self, wait: float) -> str:
        """What is waited for, in a line."""
        flying = list(self._open.values())
        whose = f"batch {redacted(flying[0].submission.id or '')}" if len(flying) == 1 else f"{len(flying)} batches"
        done = sum(f.last.done for f in flying if f.last)
        total = sum(len(f.submission.keys) for f in flying)
        minutes = (time.monotonic() - min(f.since for f in flying)) / 60
        said = {f.last.said for f in flying if f.last and f.last.said != "in_progress"}
        state = f" ({', '.join(sorted(said))})" if said else ""
        return f"{whose}: {done:,} of {total:,} done{state}, since {minutes:.0f} min; next look in {wait:.0f} s"

    async def _collect(self, flying: _Flying) -> None:
        """Journal what came out of a batch that is over, and note what is to be asked again."""
        batch = flying.last
        assert batch is not None  # noqa: S101
        if batch.state is State.FAILED:
            await self._refused(flying, batch)
            return
        harvest = _Harvest()
        for look in range(LOOKS):
            harvest.rows, harvest.cancelled, harvest.oddities = 0, 0, Counter()
            await self._harvest(flying, batch, harvest)
            if harvest.rows >= batch.done or look == LOOKS - 1:
                break
            await self._sleep(self._longest / 20)
        if harvest.fatal is None and not harvest.cancelled:
            heard = flying.submission.settled | harvest.noted
            for ask in [a for k, a in flying.asks.items() if k not in heard]:
                self._failed(
                    flying, harvest, ask, BackendError("the batch ended without a result for it", kind=ErrorKind.BAD_BODY)
                )
        self._note(
            flying.submission,
            "done",
            rows=harvest.rows,
            again=[a.spec.key for a in harvest.again],
            files=batch.places if self._batches.uploads else (),
            **({"oddities": dict(harvest.oddities)} if harvest.oddities else {}),
            **({"adapted": self._batches.adapted} if self._batches.adapted else {}),
        )
        self._known.files += batch.places if self._batches.uploads else ()
        self._known.oddities.update(harvest.oddities)
        self._land(flying, [a for k, a in flying.asks.items() if k not in flying.submission.settled])
        if harvest.fatal is not None:
            raise harvest.fatal
        if harvest.cancelled:
            raise BackendError(
                f"batch {redacted(batch.id)} was cancelled at the vendor: {harvest.cancelled:,} calls were not asked",
                "what was answered is kept; resuming submits the others again",
                kind=ErrorKind.SERVER,
                fatal=True,
            )

    async def _refused(self, flying: _Flying, batch: Batch) -> None:
        """A batch that the vendor refused as a whole: submitted again if there is a way, else the end of the run."""
        try:
            error = self._batches.refusal(batch)
        except Resubmit as e:
            self._give_up(flying, "dropped", why=e.why)
            self._make_smaller(e, len(flying.submission.keys))
            if self._one_at_a_time and not self._open:
                await self._sleep(self._longest / 4)
            return
        self._known.failed += 1
        self._give_up(flying, "failed", why=error.message)
        raise error

    async def _harvest(self, flying: _Flying, batch: Batch, harvest: _Harvest) -> None:
        """Go through the results once; calls that are journaled already are passed over."""
        submission = flying.submission
        keys = {custom_id(self._token, key): key for key in submission.keys}
        seen: set[str] = set()
        decided = harvest.noted
        async with aclosing(self._batches.results(batch)) as results:
            async for row in results:
                harvest.rows += 1
                if harvest.rows % 200 == 0:
                    self.tally.notice = f"batch {redacted(batch.id)}: {harvest.rows:,} results read"
                    await asyncio.sleep(0)
                if row is None:
                    harvest.oddities["unreadable rows"] += 1
                elif (key := keys.get(row.custom_id)) is None:
                    harvest.oddities["rows with unknown ids"] += 1
                elif key in seen:
                    harvest.oddities["doubled rows"] += 1
                else:
                    seen.add(key)
                    if key not in submission.settled and key not in decided and key in flying.asks:
                        self._take(flying, flying.asks[key], row, harvest)

    def _take(self, flying: _Flying, ask: _Ask, row: Row, harvest: _Harvest) -> None:
        """One result: an answer or a failure for the journal, or a call to be asked again."""
        if row.lost is Lost.CANCELLED:
            harvest.cancelled += 1
            return
        if row.reply is None:
            lost = BackendError("the batch expired before the vendor came to it", kind=ErrorKind.TIMEOUT, retryable=True)
            self._failed(flying, harvest, ask, lost)
            return
        try:
            reply = self._batches.read(row.reply, flying.submission.adapted)
        except BackendError as e:
            self._failed(flying, harvest, ask, e)
            return
        if reply is None:
            harvest.anew.append(ask)
            return
        reply.attempts = self._known.tries[ask.spec.key] + 1
        sampling = self._sampling[ask.walk.conversation.part.name]
        self._keep(flying, ask, Call(ask.spec, ask.turn.said, kept(reply, sampling, limited=True), attempts=reply.attempts))
        self.tally.retries += reply.attempts - 1

    def _failed(self, flying: _Flying, harvest: _Harvest, ask: _Ask, error: BackendError) -> None:
        """A call without an answer: the end of the run, a further try, or a failed call."""
        if error.fatal:
            harvest.fatal = harvest.fatal or error
            return
        tries = self._known.tries[ask.spec.key] + 1
        if tries < ROUNDS and (error.retryable or error.kind == ErrorKind.BAD_BODY):
            self._known.tries[ask.spec.key] = tries
            harvest.again.append(ask)
            return
        call = journals.failed_call(ask.spec, ask.turn.said, error, 0)
        call.attempts = tries
        self._keep(flying, ask, call)

    def _keep(self, flying: _Flying, ask: _Ask, call: Call) -> None:
        """Journal a call, and what follows from it."""
        walk, turn = ask.walk, ask.turn
        call.batch = True
        call.wording = turn.wording or None
        if not ask.thread and walk.conversation.shown.asked is not None:
            call.options = walk.conversation.shown.asked.options
        self._journal.append_call(call)
        legible(call)
        flying.submission.settled.add(ask.spec.key)
        self._known.tries.pop(ask.spec.key, None)
        self.tally.calls += 1
        self._budget.count(call, self._price)
        if self.tally.cost is not None:
            self.tally.cost += dollars_of(call, self._price) or 0.0
        self.tally.errors += call.error is not None
        before = set(walk.open)
        for done, _ in walk.give((turn.arm, turn.index), call.reply):
            self.tally.read(walk.conversation.part, done)
        self._now_due(walk, [p for p in walk.open if p not in before])

    # Ends

    def _out_of_time(self) -> bool:
        if self._budget.seconds_left != 0:
            return False
        self.capped = self._budget.over(Most())
        return True

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not beyond `stop` or the cap on time."""
        left = self._budget.seconds_left
        seconds = seconds if left is None else min(seconds, left)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _say_what_goes_on(self) -> None:
        """Tell the message of an interruption about batches that are open."""
        if not self._open:
            return
        ids = [redacted(f.submission.id) for f in self._open.values() if f.submission.id is not None]
        which = f"batch {ids[0]} goes" if len(ids) == 1 else f"{len(ids)} batches go"
        self.tally.left = f"; {which} on at the vendor, and resuming collects the results" if ids else ""
        if len(ids) < len(self._open):
            self.tally.left += "; a batch was being submitted, and resuming finds out whether it was made"

    async def _tidy(self) -> None:
        """Delete the files at the vendor, unless something failed and they may be wanted."""
        known = self._known
        if known.tidied or known.failed or self.tally.errors or not self._batches.uploads:
            return
        uploaded = [s.file for s in known.submissions.values() if s.file is not None]
        if any(known.oddities.values()) or not uploaded:
            return
        await self._batches.tidy(self._token, [*uploaded, *known.files])
        self._journal.append({"type": "batch", "state": "tidied", "at": journals.now()})
