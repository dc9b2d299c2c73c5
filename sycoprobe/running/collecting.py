"""Batches into calls: looks until one has ended, and journals what came out of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field

from sycoprobe import journal as journals
from sycoprobe.backends.batches import (
    Batch,
    Lost,
    Resubmit,
    Row,
    State,
    custom_id,
)
from sycoprobe.errors import BackendError
from sycoprobe.keys import redacted
from sycoprobe.planning.call import Call
from sycoprobe.running.asking import kept
from sycoprobe.running.flights import Ask, Flights, Flying
from sycoprobe.turns import ErrorKind

ROUNDS = 4
"""In so many batches a call is tried before its failure, though it might pass, is taken for its answer."""
LOOKS = 3
"""So often results are fetched that hold fewer rows than the vendor counts."""
PATIENCE = 3600.0
"""Seconds for which a vendor that cannot be reached is asked again before the run ends (the batch goes on)."""


@dataclass(slots=True)
class Harvest:
    """What came out of one batch."""

    rows: int = 0
    again: list[Ask] = field(default_factory=list)
    """Came back without an answer, for a reason that may pass."""
    anew: list[Ask] = field(default_factory=list)
    """Was rejected for a parameter that has been adapted since."""
    oddities: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    fatal: BackendError | None = None

    @property
    def noted(self) -> set[str]:
        """The keys of the calls that are to be asked again."""
        return {a.spec.key for a in (*self.again, *self.anew)}


class Collector:
    """Waits for batches and collects them."""

    def __init__(self, flights: Flights) -> None:
        self._flights = flights
        self._unreached: float | None = None
        """Since when the vendor cannot be reached."""

    async def wait(self) -> bool:
        """Until a batch has ended and is collected; False if the run was stopped before."""
        pause = self._flights.longest / 20
        while not self._flights.stopping and not self._flights.out_of_time():
            ended = [(f, batch) for f in list(self._flights.open.values()) if (batch := await self.look(f)) is not None]
            for flying, batch in ended:
                await self.collect(flying, batch)
            if ended:
                return True
            wait = pause * random.uniform(0.8, 1.2)
            self._flights.tally.notice = self._standing(wait)
            self._flights.notify(self._flights.tally.notice)
            await self._flights.sleep(wait)
            pause = min(pause * 1.5, self._flights.longest)
        return False

    async def look(self, flying: Flying) -> Batch | None:
        """The batch of a submission, if it is over. Raises `BackendError` if that cannot be found out, now or later."""
        batch_id = flying.submission.id
        if batch_id is None:
            return None
        try:
            flying.last = await self._flights.batches.status(batch_id)
        except BackendError as e:
            if not e.retryable:
                raise
            self._unreached = self._unreached or time.monotonic()
            if time.monotonic() - self._unreached > PATIENCE:
                raise BackendError(e.message, "the batch goes on at the vendor", kind=e.kind, fatal=True) from e
            self._flights.notify(f"batch {redacted(batch_id)}: {e.message}; it is looked for again")
            return None
        self._unreached = None
        return None if flying.last.state is State.RUNNING else flying.last

    def _standing(self, wait: float) -> str:
        """What is waited for, in a line."""
        flying = list(self._flights.open.values())
        whose = f"batch {redacted(flying[0].submission.id or '')}" if len(flying) == 1 else f"{len(flying)} batches"
        done = sum(f.last.done for f in flying if f.last)
        total = sum(len(f.submission.keys) for f in flying)
        minutes = (time.monotonic() - min(f.since for f in flying)) / 60
        said = {f.last.said for f in flying if f.last and f.last.said != "in_progress"}
        state = f" ({', '.join(sorted(said))})" if said else ""
        return f"{whose}: {done:,} of {total:,} done{state}, since {minutes:.0f} min; next look in {wait:.0f} s"

    async def collect(self, flying: Flying, batch: Batch) -> None:
        """Journal what came out of a batch that is over, and note what is to be asked again."""
        if batch.state is State.FAILED:
            await self._refused(flying, batch)
            return
        harvest = Harvest()
        for look in range(LOOKS):
            harvest.rows, harvest.cancelled, harvest.oddities = 0, 0, Counter()
            await self._harvest(flying, batch, harvest)
            if harvest.rows >= batch.done or look == LOOKS - 1:
                break
            await self._flights.sleep(self._flights.longest / 20)
        if harvest.fatal is None and not harvest.cancelled:
            heard = flying.submission.settled | harvest.noted
            for ask in [a for k, a in flying.asks.items() if k not in heard]:
                self._failed(
                    flying, harvest, ask, BackendError("the batch ended without a result for it", kind=ErrorKind.BAD_BODY)
                )
        self._flights.note(
            flying.submission,
            "done",
            rows=harvest.rows,
            again=[a.spec.key for a in harvest.again],
            files=batch.places if self._flights.batches.uploads else (),
            **({"oddities": dict(harvest.oddities)} if harvest.oddities else {}),
            **({"adapted": self._flights.batches.adapted} if self._flights.batches.adapted else {}),
        )
        self._flights.known.files += batch.places if self._flights.batches.uploads else ()
        self._flights.known.oddities.update(harvest.oddities)
        self._flights.land(flying, [a for k, a in flying.asks.items() if k not in flying.submission.settled])
        if harvest.fatal is not None:
            raise harvest.fatal
        if harvest.cancelled:
            raise BackendError(
                f"batch {redacted(batch.id)} was cancelled at the vendor: {harvest.cancelled:,} calls were not asked",
                "what was answered is kept; resuming submits the others again",
                kind=ErrorKind.SERVER,
                fatal=True,
            )

    async def _refused(self, flying: Flying, batch: Batch) -> None:
        """A batch that the vendor refused as a whole: submitted again if there is a way, else the end of the run."""
        try:
            error = self._flights.batches.refusal(batch)
        except Resubmit as e:
            self._flights.give_up(flying, "dropped", why=e.why)
            self._flights.make_smaller(e, len(flying.submission.keys))
            if self._flights.one_at_a_time and not self._flights.open:
                await self._flights.sleep(self._flights.longest / 4)
            return
        self._flights.known.failed += 1
        self._flights.give_up(flying, "failed", why=error.message)
        raise error

    async def _harvest(self, flying: Flying, batch: Batch, harvest: Harvest) -> None:
        """Go through the results once; calls that are journaled already are passed over."""
        submission = flying.submission
        keys = {custom_id(self._flights.token, key): key for key in submission.keys}
        seen: set[str] = set()
        decided = harvest.noted
        async with aclosing(self._flights.batches.results(batch)) as results:
            async for row in results:
                harvest.rows += 1
                if harvest.rows % 200 == 0:
                    self._flights.tally.notice = f"batch {redacted(batch.id)}: {harvest.rows:,} results read"
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

    def _take(self, flying: Flying, ask: Ask, row: Row, harvest: Harvest) -> None:
        """One result: an answer or a failure for the journal, or a call to be asked again."""
        if row.lost is Lost.CANCELLED:
            harvest.cancelled += 1
            return
        if row.reply is None:
            lost = BackendError("the batch expired before the vendor came to it", kind=ErrorKind.TIMEOUT, retryable=True)
            self._failed(flying, harvest, ask, lost)
            return
        try:
            reply = self._flights.batches.read(row.reply, flying.submission.adapted)
        except BackendError as e:
            self._failed(flying, harvest, ask, e)
            return
        if reply is None:
            harvest.anew.append(ask)
            return
        reply.attempts = self._flights.known.tries[ask.spec.key] + 1
        sampling = self._flights.sampling[ask.walk.conversation.part.name]
        try:
            reply = kept(reply, sampling, limited=True)
        except TypeError as e:
            self._failed(flying, harvest, ask, BackendError(str(e), kind=ErrorKind.BAD_BODY))
            return
        self._flights.keep(flying, ask, Call(ask.spec, ask.turn.said, reply, attempts=reply.attempts))
        self._flights.tally.retries += reply.attempts - 1

    def _failed(self, flying: Flying, harvest: Harvest, ask: Ask, error: BackendError) -> None:
        """A call without an answer: the end of the run, a further try, or a failed call."""
        if error.fatal:
            harvest.fatal = harvest.fatal or error
            return
        tries = self._flights.known.tries[ask.spec.key] + 1
        if tries < ROUNDS and (error.retryable or error.kind == ErrorKind.BAD_BODY):
            self._flights.known.tries[ask.spec.key] = tries
            harvest.again.append(ask)
            return
        call = journals.failed_call(ask.spec, ask.turn.said, error, 0)
        call.attempts = tries
        self._flights.keep(flying, ask, call)
