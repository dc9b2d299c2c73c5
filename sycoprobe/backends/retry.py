"""When to try again: exponential backoff with full jitter, and the server's own word as the floor."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from sycoprobe.backends.base import Notify
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

BASE = 0.5
CAP = 60.0
LOOK_EVERY = 0.5
"""Seconds after which a waiting call looks whether the run is to stop."""
REJECTIONS = 10
"""So many rejections by a rate limit count as one retry, where a limiter paces the attempts."""
T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


def wait_before(attempt: int, floor: float | None, draw: Callable[[], float] = random.random) -> float:
    """Seconds to wait after the failed attempt number `attempt` (from 1).

    A share `draw()` in [0, 1) of min(60, 0.5 * 2**attempt) seconds (full jitter: AWS Architecture Blog, M. Brooker,
    'Exponential Backoff And Jitter', 2015), on top of `floor`, the seconds that the server asked for.
    """
    jitter = draw() * min(CAP, BASE * 2.0 ** min(attempt, 16))
    return (floor or 0.0) + (min(jitter, 1.0) if floor else jitter)


def retry_after(headers: Mapping[str, str], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """The seconds that a server asks to wait (`retry-after-ms`; `Retry-After` as seconds or a date), or None.

    None also for what is no number of seconds, such as `inf`, which would be waited for ever.
    """
    milliseconds = finite_number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    said = headers.get("retry-after")
    seconds = finite_number(said)
    if seconds is not None:
        return max(0.0, seconds)
    if said is None:
        return None
    try:
        return max(0.0, (parsedate_to_datetime(said) - now()).total_seconds())
    except (ValueError, TypeError):
        return None


def finite_number(said: str | None) -> float | None:
    """The finite number that a header holds, or None."""
    try:
        number = float(said or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


async def _stopped_within(seconds: float, stopping: Callable[[], bool], sleep: Sleep) -> bool:
    """Wait for so long, or until `stopping`; whether it said so."""
    while seconds > 0 and not stopping():
        part = min(seconds, LOOK_EVERY)
        await sleep(part)
        seconds -= part
    return stopping()


def _named(error: BackendError) -> str:
    """A failure in one word, for the progress display: its HTTP status if it has one, else its kind."""
    status, colon, _ = error.message.removeprefix("HTTP ").partition(":")
    return status if colon and status.isdigit() else str(error.kind)


async def with_retries(
    attempt: Callable[[], Awaitable[T]],
    retries: int,
    notify: Notify,
    sleep: Sleep = asyncio.sleep,
    draw: Callable[[], float] = random.random,
    *,
    paced: bool = False,
    stopping: Callable[[], bool] | None = None,
) -> tuple[T, int]:
    """The result of `attempt` and how many attempts it took: 1 + at most `retries`, and those that a rate limit rejected.

    `paced` says that a limiter stands before each attempt: then it alone decides how long a call waits that came too fast, and
    such attempts count for a tenth of one, since they say nothing of the call. Once `stopping` says so, nothing is tried again.

    `notify` is told of each wait ('429: waiting 3.0 s (attempt 2 of 7)') before `sleep` is called with its seconds.
    `draw` gives the jitter, in [0, 1).

    Raises
    ------
    BackendError: the last failure, or the first that cannot pass.
    """
    number = rejected = 0
    while True:
        number += 1
        try:
            return await attempt(), number + rejected
        except BackendError as e:
            if stopping is not None and stopping():
                raise
            if paced and e.retryable and e.kind == ErrorKind.RATE_LIMIT and rejected < REJECTIONS * retries:
                rejected += 1
                number -= 1
                continue
            if not e.retryable or number > retries:
                raise
            seconds = wait_before(number, e.retry_after, draw)
            notify(f"{_named(e)}: waiting {seconds:.1f} s (attempt {number + 1} of {retries + 1})")
            if stopping is None:
                await sleep(seconds)
            elif await _stopped_within(seconds, stopping, sleep):
                raise
