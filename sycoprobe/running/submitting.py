"""Calls into batches: every step of a submission is on disk before the next, so that none is ever paid twice."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from itertools import groupby

from sycoprobe import journal as journals
from sycoprobe.backends.batches import (
    Batch,
    Resubmit,
    Sought,
    custom_id,
)
from sycoprobe.errors import BackendError
from sycoprobe.journal import Submission
from sycoprobe.keys import redacted
from sycoprobe.money.budget import Most
from sycoprobe.running.flights import Ask, Flights, Flying
from sycoprobe.text import counted


class Submitter:
    """Submits what is due, and finds submissions again whose end an earlier process did not see."""

    def __init__(self, flights: Flights) -> None:
        self._flights = flights

    async def submit_due(self) -> bool:
        """Submit what is due, as far as the caps allow; False if the run was stopped over it."""
        self._flights.capped = None
        while self._flights.due and not (self._flights.one_at_a_time and self._flights.open):
            if self._flights.stopping or self._flights.out_of_time():
                return False
            asks, entries, most = self._chunk()
            if not asks:
                break
            if not await self._submit(asks, entries, most):
                return False
        return True

    def _chunk(self) -> tuple[list[Ask], list[bytes], Most]:
        """The next batch: as many whole conversations as the caps allow, and as many calls as the vendor takes."""
        asks: list[Ask] = []
        entries: list[bytes] = []
        most, size = Most(), 0
        for _, group in groupby(self._flights.due.values(), key=lambda a: a.spec.conversation):
            members = list(group)
            costs = [self._flights.most(ask) for ask in members]
            if (cap := self._flights.budget.over(sum(costs, most))) is not None:
                self._flights.capped = cap
                break
            for ask, cost in zip(members, costs, strict=True):
                entry = self._flights.batches.entry(custom_id(self._flights.token, ask.spec.key), self._flights.request(ask))
                size += len(entry) + 2
                if asks and (len(asks) >= self._flights.at_once or size > self._flights.batches.limits.bytes):
                    return asks, entries, most
                asks.append(ask)
                entries.append(entry)
                most += cost
        return asks, entries, most

    async def _submit(self, asks: list[Ask], entries: list[bytes], most: Most) -> bool:
        """Make one batch, every turn on disk before the next; False if it is not known how that ended."""
        keys = tuple(a.spec.key for a in asks)
        submission = Submission(secrets.token_hex(8), 1 + all(a.thread for a in asks), keys, journals.now())
        submission.adapted = dict(self._flights.batches.adapted)
        submission.mark = await self._flights.batches.mark()
        self._flights.tally.notice = f"submitting a batch of {counted(len(asks), 'call')}"
        flying = Flying(submission, {a.spec.key: a for a in asks}, most)
        self._flights.note(
            submission,
            "submitting",
            stage=submission.stage,
            keys=keys,
            mark=submission.mark,
            **({"adapted": submission.adapted} if submission.adapted else {}),
        )
        self._flights.known.submissions[submission.nonce] = submission
        self._flights.known.tidied = False
        self._flights.fly(flying)
        try:
            submission.file = await self._flights.batches.upload(entries, self._flights.token, submission.nonce)
            if submission.file is not None:
                self._flights.note(submission, "uploaded", file=submission.file)
            batch = await self._flights.batches.create(entries, submission.file, self._flights.token, submission.nonce)
        except Resubmit as e:
            self._flights.give_up(flying, "dropped", why=e.why)
            self._flights.make_smaller(e, len(asks))
            return True
        except BackendError:
            self._flights.give_up(flying, "dropped")
            raise
        if batch is None:
            return await self.recover(flying)
        self._submitted(flying, batch)
        return True

    def _submitted(self, flying: Flying, batch: Batch, *, adopted: bool = False) -> None:
        flying.submission.id = batch.id
        self._flights.note(flying.submission, "submitted", id=batch.id, **({"adopted": True} if adopted else {}))
        self._flights.notify(
            f"batch {redacted(batch.id)}: {counted(len(flying.submission.keys), 'call')}" + (" found again" if adopted else "")
        )

    async def recover(self, flying: Flying) -> bool:
        """Find out whether the vendor has made a batch of a submission, and adopt it; False if the run was stopped over it."""
        submission = flying.submission
        sought = Sought(
            self._flights.token,
            submission.nonce,
            frozenset(custom_id(self._flights.token, k) for k in submission.keys),
            datetime.fromisoformat(submission.at),
            submission.mark,
            submission.file,
            {s.id for s in self._flights.known.submissions.values() if s.id is not None},
        )
        # A batch that is being made may not be in the vendor's list at once.
        age = (datetime.now(UTC) - sought.at).total_seconds()
        until = time.monotonic() + min(max(self._flights.longest / 2 - max(age, 0.0), 0.0), self._flights.longest / 2)
        while not self._flights.stopping and not self._flights.out_of_time():
            undecided = 0
            candidates = await self._flights.batches.candidates(sought)
            for batch in candidates:
                ours = await self._flights.batches.is_it(batch, sought)
                if ours:
                    self._submitted(flying, batch, adopted=True)
                    return True
                if ours is None:
                    undecided += 1
                else:
                    sought.not_these.add(batch.id)
            unmade = not self._batches_may_appear(sought)
            if not undecided and (unmade or time.monotonic() >= until):
                self._flights.give_up(flying, "dropped")
                return True
            waits = f"{undecided} batches to end, one of which may be ours" if undecided else "the vendor's list of batches"
            self._flights.tally.notice = f"looking for a batch that was being submitted: waiting for {waits}"
            self._flights.notify(self._flights.tally.notice)
            await self._flights.sleep(self._flights.longest if undecided else self._flights.longest / 8)
        return False

    def _batches_may_appear(self, sought: Sought) -> bool:
        """Whether the making of the sought batch was ever asked for."""
        return sought.file is not None or not self._flights.batches.uploads
