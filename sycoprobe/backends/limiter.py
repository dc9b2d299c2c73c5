"""The one gate that all calls to a hosted model pass: how many, how fast, in whose turn, and not at all while nothing answers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import os
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from sycoprobe.backends.allowance import Allowance, allowances_in, pause_until_reset
from sycoprobe.backends.base import Notify
from sycoprobe.backends.pace import Pace
from sycoprobe.backends.retry import Sleep, retry_after
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

START = 4
"""Calls in flight to begin with; one more for each that succeeds."""
LONGEST_PAUSE = 600.0
"""Seconds; a server that asks for more is asked again after these."""
GROWTH_HOLD = 5.0
"""Seconds without growth of the pace after an HTTP 5xx."""
LEAST_SPAN = 1.0
"""Seconds over which the rate that a server took is measured, at least: a burst is no rate."""
RECENT = 5.0
"""Seconds; that rate is measured over the last one to two of these."""
FIRST_RATE = 5.0
"""Requests/s at least to begin a pace with: where few calls were answered before the first rejection, little is known."""
FAILURES = 3
"""So many failures in a row, each of a call sent after the one before, open the breaker."""
TRIALS = 6
"""Trial calls in vain until the limiter gives up: after 1 + 2 + 4 + 8 + 16 + 30 seconds and the time that they take."""
LONGEST_TRIAL_WAIT = 30.0
_LOOK_AGAIN = 256
"""Answers until the names of the server's headers are looked at again."""
_EPSILON = 1e-6
_UNANSWERED = frozenset({ErrorKind.CONNECT, ErrorKind.RESET, ErrorKind.TIMEOUT})


class _Client:
    """A backend that calls through the limiter, and its calls that wait."""

    __slots__ = ("calls", "concurrency", "notify", "ref", "said", "waiting")

    def __init__(self, ref: Callable[[], object], concurrency: int, notify: Notify) -> None:
        self.ref = ref
        self.concurrency = concurrency
        self.notify = notify
        self.waiting: deque[tuple[asyncio.Future[bool], Slot]] = deque()
        self.calls = 0
        """Calls waiting and in flight."""
        self.said: tuple[str, int] | None = None
        """What it was last told that it waits for."""


class Slot:
    """The permission for one call; an asynchronous context manager."""

    __slots__ = ("_client", "_limiter", "number", "order", "rate", "sent", "told")

    def __init__(self, limiter: Limiter, client: _Client) -> None:
        self._limiter = limiter
        self._client = client
        self.told = False
        """Whether an HTTP answer came."""
        self.order = 0
        """How many calls the limiter had let through, this one included."""
        self.sent = 0.0
        self.rate = 0.0
        """The pace when the call was sent, in requests/s; 0 if there was none."""
        self.number = 0
        """How many calls the pace had let through."""

    def answered(self, status: int, headers: Mapping[str, str], *, quota: bool = False) -> None:
        """To be told of every HTTP answer.

        Parameters
        ----------
        headers: by lower-case names. quota: a 429 that no waiting mends, since an account's quota is used up.
        """
        self.told = True
        self._limiter._answered(self, status, headers, quota)

    async def __aenter__(self) -> Self:
        await self._limiter._enter(self, self._client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limiter._leave(self, self._client, error)


class Limiter:
    """All calls to one host with one key.

    Until the server rejects a call (HTTP 429) only the number of calls in flight is bounded: it begins at 4 and grows by one
    with each success, up to what the clients want together. From then on calls are sent at a `Pace`.
    Calls that wait are served in turn over the clients, and in order within one.

    For one event loop; not for threads.

    Parameters
    ----------
    host: its name, for what is told to the user. clock: seconds, never going back. sleep: waits for so many of them.
    """

    def __init__(self, host: str, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._host = host
        self._clock = clock
        self._sleep = sleep
        self._clients: dict[int, _Client] = {}
        self._ring: deque[_Client] = deque()
        """The clients with calls that wait; whose turn it is stands first."""
        self._order = 0
        self._in_flight = 0
        self._wanted = 0
        """The sum of the concurrency of the clients that have calls."""
        self._window = START
        self._held = False
        """Whether more than the window must be looked at before a call is let through."""
        self._pace: Pace | None = None
        self._paused_until = -math.inf
        self._pauses = 0
        self._pause_word = ""
        self._allowances: tuple[Allowance, ...] = ()
        self._look_in = 0
        self._taken_since = self._taken_mid = clock()
        self._taken = self._taken_before = 0
        self._failures = 0
        self._failed_order = 0
        self._open = False
        self._trials = 0
        self._trial_at = 0.0
        self._trial: Slot | None = None
        self._given_up = ""
        self._pump: asyncio.Task[None] | None = None
        self._pump_due = math.inf

    def slot(self, client: object, concurrency: int, notify: Notify) -> Slot:
        """One call's turn, waited for by `async with`.

        Parameters
        ----------
        client: the backend that calls; calls are shared out between these. concurrency: calls that it has under way at most.
        notify: told in one line of what its calls wait for, each time that this changes.

        Raises (on entering)
        ------
        BackendError: CONNECT, fatal; the server has not answered for so long that the limiter gave up.
        """
        found = self._clients.get(id(client)) or self._add(client, concurrency, notify)
        return Slot(self, found)

    @property
    def gave_up(self) -> bool:
        """Whether every call is refused, since the server did not answer."""
        return bool(self._given_up)

    @property
    def waiting_for(self) -> str | None:
        """What calls wait for now in one short line; None if none waits, or only for others to end."""
        kind = self._kind() if self._ring else None
        return self._line(kind[0]) if kind else None

    # Clients and turns

    def _add(self, client: object, concurrency: int, notify: Notify) -> _Client:
        key, clients = id(client), self._clients
        try:
            ref: Callable[[], object] = weakref.ref(client, lambda _: clients.pop(key, None) and None)
        except TypeError:  # such as a str; kept, so that its id is not another's
            ref = lambda: client  # noqa: E731
        return clients.setdefault(key, _Client(ref, concurrency, notify))

    async def _enter(self, slot: Slot, client: _Client) -> None:
        client.calls += 1
        if client.calls == 1:
            self._wanted += client.concurrency
        if not self._held and not self._ring and self._in_flight < self._room:
            self._begin(slot)
            return
        try:
            await self._turn(slot, client)
        except BaseException:
            self._done(client)
            raise

    def _done(self, client: _Client) -> None:
        client.calls -= 1
        if not client.calls:
            self._wanted -= client.concurrency

    async def _turn(self, slot: Slot, client: _Client) -> None:
        """Wait until the call may be sent. Raises as `slot` does."""
        if self._given_up:
            raise self._refusal()
        if not self._ring and self._due(now := self._clock()) <= now + _EPSILON:
            self._begin(slot, now)
            return
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        entry = (turn, slot)
        client.waiting.append(entry)
        if len(client.waiting) == 1:
            self._ring.append(client)
        self._serve()
        try:
            granted = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The turn had come already, or had been refused.
                if turn.result():
                    self._give_back(slot)
            elif entry in client.waiting:
                client.waiting.remove(entry)
                if not client.waiting:
                    self._ring.remove(client)
            self._serve()
            raise
        if not granted:
            raise self._refusal()

    @property
    def _room(self) -> int:
        """Calls that may be in flight."""
        return self._wanted if self._pace is not None else min(self._window, self._wanted)

    def _begin(self, slot: Slot, now: float | None = None, *, waited: bool = False) -> None:
        """Let a call through. `now` is needed where something holds calls up."""
        self._order += 1
        self._in_flight += 1
        slot.order = self._order
        if now is None:
            return
        if self._open:
            self._trial = slot
        if self._pace is not None:
            slot.sent, slot.rate, slot.number = now, self._pace.rate, self._pace.number
            self._pace.sent(now, waited=waited)

    def _due(self, now: float) -> float:
        """When the next call may be let through; infinite if that hangs on an event."""
        if self._open:
            return math.inf if self._trial is not None else max(self._trial_at, self._paused_until)
        if self._paused_until <= now and self._pace is None:
            self._held = False
        if self._in_flight >= self._room:
            return math.inf
        return self._paused_until if self._pace is None else max(self._paused_until, self._pace.due)

    def _serve(self) -> None:
        """Let through what may go now, and come back when the next may."""
        due = math.inf
        if self._ring:
            now = self._clock()
            while self._ring and (due := self._due(now)) <= now + _EPSILON:
                client = self._ring.popleft()
                turn, slot = client.waiting.popleft()
                if client.waiting:
                    self._ring.append(client)
                if not turn.done():  # cancelled, and about to leave the queue by itself
                    self._begin(slot, now, waited=True)
                    turn.set_result(True)
                due = math.inf
            if self._held and self._ring:
                self._tell()
        self._come_back(due)

    def _come_back(self, due: float) -> None:
        """Have `_serve` called at `due`, by a task that lives only as long as calls wait for a time to come."""
        pump = self._pump
        if due == math.inf:
            if pump is not None and pump is not _current_task():
                pump.cancel()
                self._pump = None
            self._pump_due = math.inf
            return
        if pump is None or (due < self._pump_due - 1e-3 and pump is not _current_task()):
            if pump is not None:
                pump.cancel()
            self._pump = asyncio.get_running_loop().create_task(self._pumping())
        self._pump_due = due

    async def _pumping(self) -> None:
        try:
            while self._pump_due < math.inf:
                await self._sleep(max(0.0, self._pump_due - self._clock()))
                self._serve()
        finally:
            if self._pump is _current_task():
                self._pump = None

    def _leave(self, slot: Slot, client: _Client, error: BaseException | None) -> None:
        self._in_flight -= 1
        self._done(client)
        if self._trial is slot:
            self._judge_trial(slot, error)
        elif error is not None and not slot.told:
            self._failed(slot, error)
        if self._ring:
            self._serve()

    def _give_back(self, slot: Slot) -> None:
        """A call that was let through was cancelled before it was sent."""
        self._in_flight -= 1
        if self._trial is slot:
            self._trial = None

    # What answers say

    def _answered(self, slot: Slot, status: int, headers: Mapping[str, str], quota: bool) -> None:
        self._failures = 0
        if self._open:
            self._close()
        if status < 400:
            self._took()
            if self._window < self._wanted:
                self._window += 1
            self._read_allowances(headers)
        elif status == 429 and not quota:
            self._rejected(slot, headers)
        elif status >= 500:
            now = self._clock()
            if self._pace is not None:
                self._pace.hold = now + GROWTH_HOLD
            if seconds := retry_after(headers):
                self._pause(now, seconds, "overloaded")

    def _read_allowances(self, headers: Mapping[str, str]) -> None:
        """Pause once something that the server counts is used up. Names are looked at rarely, since that is slow."""
        self._look_in -= 1
        if self._look_in < 0:
            self._look_in = _LOOK_AGAIN
            self._allowances = allowances_in(headers)
        if self._allowances and (seconds := pause_until_reset(headers, self._allowances, time.time(), rejected=False)):
            self._pause(self._clock(), seconds, "rate limited")

    def _took(self) -> None:
        """Count a call that the server took."""
        self._taken += 1
        if (now := self._clock()) - self._taken_mid > RECENT:
            self._taken_since, self._taken_before = self._taken_mid, self._taken
            self._taken_mid, self._taken = now, 0

    def _rejected(self, slot: Slot, headers: Mapping[str, str]) -> None:
        now = self._clock()
        asked = retry_after(headers)
        if asked is None:
            asked = pause_until_reset(headers, allowances_in(headers), time.time(), rejected=True)
        if self._pace is None:
            rate = (self._taken_before + self._taken) / max(LEAST_SPAN, now - self._taken_since)
            self._pace = Pace(max(rate, FIRST_RATE), now)
            self._held = True
        elif slot.rate:
            self._pace.rejected(slot.sent, slot.rate, slot.number, now, min(asked, LONGEST_PAUSE))
        if asked:
            self._pause(now, asked, "rate limited")
        if self._ring:
            self._serve()

    def _pause(self, now: float, seconds: float, word: str) -> None:
        """Let nothing through for so long."""
        seconds = min(seconds, LONGEST_PAUSE)
        until = now + seconds
        if until > self._paused_until:
            # Further answers of one burst move the end by little, which nobody need be told.
            self._pauses += until > self._paused_until + max(1.0, 0.1 * seconds)
            self._paused_until, self._pause_word = until, word
            self._held = True
            self._window = START
            if self._pace is not None:
                self._pace.not_before(until)
            if self._ring:
                self._serve()

    # The circuit breaker

    def _failed(self, slot: Slot, error: BaseException) -> None:
        """Count a call that no answer came to. Those in flight together count once."""
        if (
            self._open
            or slot.order <= self._failed_order
            or not (isinstance(error, BackendError) and error.kind in _UNANSWERED)
        ):
            return
        self._failed_order = self._order
        self._failures += 1
        if self._failures >= FAILURES:
            self._open = self._held = True
            self._trials = 0
            self._trial = None
            self._trial_at = self._clock() + 1.0

    def _judge_trial(self, slot: Slot, error: BaseException | None) -> None:
        """A trial call has ended without an answer."""
        self._trial = None
        if isinstance(error, asyncio.CancelledError):
            return
        if error is None or (isinstance(error, BackendError) and error.kind == ErrorKind.TRUNCATED):
            self._close()
            return
        self._trials += 1
        self._trial_at = self._clock() + min(LONGEST_TRIAL_WAIT, 2.0**self._trials)
        if self._trials >= TRIALS:
            self._give_up()

    def _close(self) -> None:
        """Something answers: go on, carefully."""
        self._open = False
        self._trial = None
        self._given_up = ""
        self._failures = 0
        self._failed_order = self._order
        self._window = START
        if self._pace is not None:
            self._pace.not_before(self._clock())
        self._held = self._pace is not None or self._paused_until > self._clock()
        if self._ring:
            self._serve()

    def _give_up(self) -> None:
        self._given_up = f"{self._host} does not answer: {self._trials} trials in vain since it last did"
        while self._ring:
            for turn, _ in (waiting := self._ring.popleft().waiting):
                if not turn.done():
                    turn.set_result(False)
            waiting.clear()

    def _refusal(self) -> BackendError:
        return BackendError(
            self._given_up,
            "what was answered is kept: resume the run when the server is back",
            kind=ErrorKind.CONNECT,
            fatal=True,
        )

    # What the user is told

    def _kind(self) -> tuple[str, int] | None:
        """What calls are held up by: a word, and a number that tells one such time from another."""
        if self._open:
            return "open", self._trials
        if self._paused_until > self._clock():
            return "pause", self._pauses
        return ("pace", 0) if self._pace is not None and self._in_flight < self._room else None

    def _line(self, word: str) -> str:
        now = self._clock()
        if word == "open":
            wait = math.ceil(self._trial_at - now) if self._trial is None else 0
            return f"{self._host} does not answer: trying again {f'in {wait} s' if wait > 0 else 'now'}"
        if word == "pause":
            return f"{self._host}: {self._pause_word}, resuming in {math.ceil(self._paused_until - now)} s"
        return f"{self._host}: paced at {self._pace.rate if self._pace else 0:.3g} requests/s"

    def _tell(self) -> None:
        kind = self._kind()
        if kind is None:
            return
        for client in self._ring:
            if client.said != kind:
                client.said = kind
                with contextlib.suppress(Exception):  # a broken display must not hold up the calls
                    client.notify(self._line(kind[0]))


_SALT = os.urandom(16)
_limiters: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, bytes], Limiter]] = weakref.WeakKeyDictionary()


def limiter_for(host: str, key: str | None) -> Limiter:
    """The limiter of a host and key in the running event loop; a new one in place of one that has given up.

    Parameters
    ----------
    host: as shown to the user. key: kept only as a salted hash.
    """
    loop = asyncio.get_running_loop()
    for old in [old for old in _limiters if old.is_closed()]:
        del _limiters[old]
    limiters = _limiters.setdefault(loop, {})
    name = host.lower(), hashlib.blake2b((key or "").encode(), key=_SALT, digest_size=16).digest()
    found = limiters.get(name)
    if found is None or found.gave_up:
        found = limiters[name] = Limiter(host)
    return found


def _current_task() -> asyncio.Task[object] | None:
    return asyncio.current_task()
