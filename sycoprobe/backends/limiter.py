"""The one gate that all calls to a hosted model pass: how many, how fast, in whose turn, and not at all while nothing answers."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping

from sycoprobe.backends.alarm import Alarm
from sycoprobe.backends.allowance import Allowance, allowances_in, pause_until_reset
from sycoprobe.backends.base import Notify
from sycoprobe.backends.breaker import Breaker
from sycoprobe.backends.intake import Intake
from sycoprobe.backends.pace import Pace
from sycoprobe.backends.retry import Sleep, retry_after
from sycoprobe.backends.slots import Client, NotAsked, Slot
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

START = 4
"""Calls in flight to begin with; one more for each that succeeds."""
LONGEST_PAUSE = 600.0
"""Seconds; a server that asks for more is asked again after these."""
GROWTH_HOLD = 5.0
"""Seconds without growth of the pace after an HTTP 5xx."""
FIRST_RATE = 5.0
"""Requests/s at least to begin a pace with: where few calls were answered before the first rejection, little is known."""
_LOOK_AGAIN = 256
"""Answers until the names of the server's headers are looked at again."""
_EPSILON = 1e-6


class Limiter:
    """All calls to one host with one key.

    Until the server rejects a call (HTTP 429) only the number of calls in flight is bounded: it begins at 4 and grows by one
    with each success, up to what the clients want together. From then on calls are sent at a `Pace`.
    Calls that wait are served in turn over the clients, and in order within one.

    For one event loop; not for threads.

    Parameters
    ----------
    host: its name, for what is told to the user.
    clock: seconds, never going back.
    sleep: waits for so many of them.
    """

    def __init__(self, host: str, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._host = host
        self._clock = clock
        self._clients: dict[int, Client] = {}
        self._ring: deque[Client] = deque()
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
        self._intake = Intake(clock())
        self._breaker = Breaker(host)
        self._alarm = Alarm(self._serve, clock=clock, sleep=sleep)

    def slot(self, client: object, concurrency: int, notify: Notify) -> Slot:
        """One call's turn, waited for by `async with`.

        Parameters
        ----------
        client: the backend that calls; calls are shared out between these.
        concurrency: calls that it has under way at most.
        notify: told in one line of what its calls wait for, each time that this changes.

        Raises (on entering)
        ------
        BackendError: CONNECT, fatal; the server has not answered for so long that the limiter gave up.
        """
        found = self._clients.get(id(client)) or self._add(client, concurrency, notify)
        return Slot(self, found)

    def withdraw(self, client: object) -> None:
        """Refuse the calls of `client` that wait with `NotAsked`, since its run ends: a pause may be minutes long."""
        found = self._clients.get(id(client))
        if found is None or not found.waiting:
            return
        waiting = list(found.waiting)
        found.waiting.clear()
        self._ring.remove(found)
        for turn, _ in waiting:
            if not turn.done():
                turn.set_exception(NotAsked())
        self._serve()

    @property
    def gave_up(self) -> bool:
        """Whether every call is refused, since the server did not answer."""
        return bool(self._breaker.given_up)

    @property
    def waiting_for(self) -> str | None:
        """What calls wait for now in one short line; None if none waits, or only for others to end."""
        kind = self._kind() if self._ring else None
        return self._line(kind[0]) if kind else None

    # Clients and turns

    def _add(self, client: object, concurrency: int, notify: Notify) -> Client:
        key, clients = id(client), self._clients
        try:
            ref: Callable[[], object] = weakref.ref(client, lambda _: clients.pop(key, None) and None)
        except TypeError:  # such as a str; kept, so that its id is not another's
            ref = lambda: client  # noqa: E731
        return clients.setdefault(key, Client(ref, concurrency, notify))

    async def enter(self, slot: Slot, client: Client) -> None:
        """Wait for a call's turn. Raises as `slot` does."""
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

    def _done(self, client: Client) -> None:
        client.calls -= 1
        if not client.calls:
            self._wanted -= client.concurrency

    async def _turn(self, slot: Slot, client: Client) -> None:
        """Wait until the call may be sent. Raises as `slot` does."""
        if self._breaker.given_up:
            raise self._breaker.refusal()
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
            raise self._breaker.refusal()

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
        if self._breaker.open:
            self._breaker.trial = slot
        if self._pace is not None:
            slot.sent, slot.rate, slot.number = now, self._pace.rate, self._pace.number
            self._pace.sent(now, waited=waited)

    def _due(self, now: float) -> float:
        """When the next call may be let through; infinite if that hangs on an event."""
        if self._breaker.open:
            return max(self._breaker.due, self._paused_until)
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
        self._alarm.set(due)

    def leave(self, slot: Slot, client: Client, error: BaseException | None) -> None:
        """A call has ended, by an error or not."""
        self._in_flight -= 1
        self._done(client)
        if self._breaker.trial is slot:
            self._judge_trial(error)
        elif error is not None and not slot.told:
            self._held |= self._breaker.failed(slot, error, self._order, self._clock())
        if self._ring:
            self._serve()

    def _give_back(self, slot: Slot) -> None:
        """A call that was let through was cancelled before it was sent."""
        self._in_flight -= 1
        if self._breaker.trial is slot:
            self._breaker.trial = None

    # What answers say

    def answered(self, slot: Slot, status: int, headers: Mapping[str, str], *, quota: bool) -> None:
        """See `Slot.answered`."""
        self._breaker.failures = 0
        if self._breaker.open:
            self._close()
        if status < 400:
            self._intake.took(self._clock())
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

    def _rejected(self, slot: Slot, headers: Mapping[str, str]) -> None:
        now = self._clock()
        asked = retry_after(headers)
        if asked is None:
            asked = pause_until_reset(headers, allowances_in(headers), time.time(), rejected=True)
        if self._pace is None:
            self._pace = Pace(max(self._intake.rate(now), FIRST_RATE), now)
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

    # While nothing answers

    def _judge_trial(self, error: BaseException | None) -> None:
        """A trial call has ended without an answer."""
        self._breaker.trial = None
        if isinstance(error, asyncio.CancelledError):
            return
        if error is None or (isinstance(error, BackendError) and error.kind == ErrorKind.TRUNCATED):
            self._close()
        elif self._breaker.in_vain(self._clock()):
            self._refuse_all()

    def _close(self) -> None:
        """Something answers: go on, carefully."""
        self._breaker.close(self._order)
        self._window = START
        if self._pace is not None:
            self._pace.not_before(self._clock())
        self._held = self._pace is not None or self._paused_until > self._clock()
        if self._ring:
            self._serve()

    def _refuse_all(self) -> None:
        """Refuse every call that waits."""
        while self._ring:
            for turn, _ in (waiting := self._ring.popleft().waiting):
                if not turn.done():
                    turn.set_result(False)
            waiting.clear()

    # What the user is told

    def _kind(self) -> tuple[str, int] | None:
        """What calls are held up by: a word, and a number that tells one such time from another."""
        if self._breaker.open:
            return "open", self._breaker.trials
        if self._paused_until > self._clock():
            return "pause", self._pauses
        return ("pace", 0) if self._pace is not None and self._in_flight < self._room else None

    def _line(self, word: str) -> str:
        now = self._clock()
        if word == "open":
            return self._breaker.line(now)
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
