"""Plan x a vendor's batches -> journal: the same calls as a live run at half the price, none of them ever paid twice."""

from __future__ import annotations

import secrets
from collections import Counter
from functools import partial

from sycoprobe import journal as journals
from sycoprobe.backends.base import Backend, Notify, Sampling
from sycoprobe.backends.batches import (
    batches_of,
    no_batch_mode,
    server_of,
)
from sycoprobe.errors import PlanError
from sycoprobe.keys import redacted
from sycoprobe.kinds.walk import Walk
from sycoprobe.money.budget import Budget, Most
from sycoprobe.money.price import Price
from sycoprobe.planning import Planned
from sycoprobe.running.asking import Earlier, Tally, answered
from sycoprobe.running.collecting import Collector
from sycoprobe.running.flights import Flights, Flying
from sycoprobe.running.submitting import Submitter

LONGEST = 60.0
"""Seconds between two looks at a batch, once it has taken a while."""


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
    planned: what to ask.
    backend: a started backend that has a batch mode.
    journal: where every call, and every turn of a batch, goes.
    sampling: by kind, how answers are drawn.
    earlier: what is in the journal already.
    budget: what the run may use, perhaps together with others; what an earlier process used is in it already.
    price: of the model.
    longest: seconds between looks at a batch, at most.
    notify: told what is waited for.
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
        known = journals.batched(journals.read(journal.folder))
        batches = batches_of(backend, planned.plan.model)
        self._flights = Flights(
            planned,
            batches,
            journal,
            sampling,
            budget or Budget(),
            price,
            Tally.of(planned, self._earlier, price),
            known,
            known.token or "",
            LONGEST if longest is None else longest,
            notify,
            batches.limits.requests,
        )
        self._submitter = Submitter(self._flights)
        self._collector = Collector(self._flights)

    @property
    def tally(self) -> Tally:
        """Where the run stands."""
        return self._flights.tally

    @property
    def capped(self) -> str | None:
        """Which cap the run reached, if it did."""
        return self._flights.capped

    @property
    def stopping(self) -> bool:
        """Whether the run was asked to stop; batches go on at the vendor."""
        return self._flights.stopping

    def stop(self) -> None:
        """Submit nothing more and look no further; what is under way with the vendor is still noted down."""
        self._flights.stopping = True
        self._flights.capped = None
        self._flights.tally.notice = (
            "stopping (Ctrl-C again to stop at once); batches go on at the vendor, `sycoprobe resume` collects them"
        )
        self._flights.wake.set()

    async def execute(self) -> None:
        """Ask everything that is missing, or until `stop`.

        Raises
        ------
        SycoprobeError: every further call would fail too, a batch was refused or cancelled, or the disk is full.
            What was answered is in the journal, and so is what goes on at the vendor.
        """
        try:
            self._flights.batches.adapted = self._flights.known.adapted | self._flights.batches.adapted
            self._plan_due()
            if await self._pick_up():
                while await self._turn():
                    pass
            if not self._flights.open and not self._flights.due and not self._flights.stopping:
                await self._tidy()
        finally:
            self._say_what_goes_on()

    async def _turn(self) -> bool:
        """Submit what can be, then wait until a batch has ended; False if nothing is left to wait for."""
        if not await self._submitter.submit_due() or not self._flights.open:
            return False
        return await self._collector.wait()

    def _plan_due(self) -> None:
        """Everything that is missing, in the order of the plan."""
        for conversation in self._flights.planned.conversations():
            self._flights.tally.begun += 1
            sampling = self._flights.sampling[conversation.part.name]
            walk = Walk(conversation, partial(answered, sampling=sampling))
            earlier = self._earlier.calls_of.pop(conversation.key, {})
            for place, call in earlier.items():
                for done, _ in walk.give(place, call.reply):
                    self._flights.tally.earlier += 1
                    self._flights.tally.read(conversation.part, done)
            if not walk.open:
                self._flights.tally.closed(walk)
            self._flights.now_due(walk, walk.open)

    async def _pick_up(self) -> bool:
        """Take up the batches that the journal leaves open; False if the run was stopped over it."""
        self._flights.known.tries = Counter({k: n for k, n in self._flights.known.tries.items() if k in self._flights.due})
        lost = []
        for submission in self._flights.known.submissions.values():
            if submission.closed:
                continue
            asks = {k: self._flights.due[k] for k in submission.keys if k in self._flights.due}
            flying = Flying(submission, asks, sum((self._flights.most(a) for a in asks.values()), Most()))
            self._flights.fly(flying)
            if submission.id is None:
                lost.append(flying)
        for flying in lost:
            if not await self._submitter.recover(flying):
                return False
        # What has ended meanwhile is collected before anything is submitted, so that more goes into one batch.
        for flying in list(self._flights.open.values()):
            if not self._flights.stopping and (batch := await self._collector.look(flying)) is not None:
                await self._collector.collect(flying, batch)
        return True

    def _say_what_goes_on(self) -> None:
        """Tell the message of an interruption about batches that are open."""
        if not self._flights.open:
            return
        ids = [redacted(f.submission.id) for f in self._flights.open.values() if f.submission.id is not None]
        which = f"batch {ids[0]} goes" if len(ids) == 1 else f"{len(ids)} batches go"
        self._flights.tally.left = f"; {which} on at the vendor, and resuming collects the results" if ids else ""
        if len(ids) < len(self._flights.open):
            self._flights.tally.left += "; a batch was being submitted, and resuming finds out whether it was made"

    async def _tidy(self) -> None:
        """Delete the files at the vendor, unless something failed and they may be wanted."""
        known = self._flights.known
        if known.tidied or known.failed or self._flights.tally.errors or not self._flights.batches.uploads:
            return
        uploaded = [s.file for s in known.submissions.values() if s.file is not None]
        if any(known.oddities.values()) or not uploaded:
            return
        await self._flights.batches.tidy(self._flights.token, [*uploaded, *known.files])
        self._flights.journal.append({"type": "batch", "state": "tidied", "at": journals.now()})
