"""A server's rate limit as a token bucket or a window, an event loop in which time passes at once, and many workers that call."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from sycoprobe.backends.limiter import Limiter
from sycoprobe.backends.retry import retry_after, wait_before


class _Selector(selectors.SelectSelector):
    """Waits for nothing: the loop's clock is set forward instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everything waits, and for nothing that time would bring")
        if not ready and timeout:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time goes on only when everything waits, and then at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def virtually(main: Coroutine[Any, Any, Any]) -> Any:
    """`asyncio.run` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


Answered = tuple[int, dict[str, str]]


@dataclass(slots=True)
class Bucket:
    """A limit of `rate` requests/s with `size` at once. `after`: the `Retry-After` of a rejection, in seconds."""

    rate: float
    size: float
    clock: Callable[[], float] = now
    after: float | None = None
    full: bool = False
    """Whether OpenAI's headers are sent, in which the reset is the time until the bucket is full."""
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = self.size, self.clock()

    def take(self) -> Answered:
        moment = self.clock()
        self.left, self.at = min(self.size, self.left + (moment - self.at) * self.rate), moment
        taken = self.left >= 1
        self.left -= taken
        headers = {"retry-after": str(self.after)} if self.after and not taken else {}
        if self.full:
            headers |= {
                "x-ratelimit-limit-requests": f"{self.size:.0f}",
                "x-ratelimit-remaining-requests": f"{int(self.left)}",
                "x-ratelimit-reset-requests": f"{1000 * (self.size - self.left) / self.rate:.0f}ms",
            }
        return (200 if taken else 429), headers


@dataclass(slots=True)
class Window:
    """A limit of `size` requests in each `length` seconds, told by the IETF draft's headers."""

    size: int
    length: float
    clock: Callable[[], float] = now
    left: int = 0
    number: int = -1

    def take(self) -> Answered:
        number, passed = divmod(self.clock(), self.length)
        if number != self.number:
            self.number, self.left = int(number), self.size
        taken = self.left > 0
        self.left -= taken
        return (200 if taken else 429), {
            "ratelimit-remaining": str(self.left),
            "ratelimit-reset": f"{self.length - passed:.3f}",
        }


class Model:
    """A client of the limiter; told lines are kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []


@dataclass(slots=True)
class Load:
    """Workers that call without end, each call until it is accepted; times are virtual seconds since the start."""

    limiter: Limiter
    take: Callable[[], Answered]
    latency: float = 0.05
    seed: int = 0
    accepted: list[float] = field(default_factory=list)
    rejected: list[float] = field(default_factory=list)
    by_client: dict[int, int] = field(default_factory=dict)
    started: float = field(default_factory=now)
    begun: int = 0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    async def call(self, client: Model, concurrency: int) -> None:
        self.begun += 1
        tried = 0
        while True:
            tried += 1
            async with self.limiter.slot(client, concurrency, client.lines.append) as slot:
                await asyncio.sleep(0.004 * self.rng.random())  # the network's jitter
                status, headers = self.take()
                await asyncio.sleep((self.latency if status == 200 else min(self.latency, 0.06)) * self.rng.uniform(0.9, 1.1))
                slot.answered(status, headers)
            if status == 200:
                self.accepted.append(now() - self.started)
                self.by_client[id(client)] = self.by_client.get(id(client), 0) + 1
                return
            self.rejected.append(now() - self.started)
            await asyncio.sleep(wait_before(tried, retry_after(headers), self.rng.random))

    async def work(self, client: Model, concurrency: int) -> None:
        while True:
            await self.call(client, concurrency)

    async def run(self, seconds: float, clients: dict[Model, int]) -> None:
        workers = [asyncio.ensure_future(self.work(c, n)) for c, n in clients.items() for _ in range(n)]
        await asyncio.sleep(seconds)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def rate(self, begin: float, end: float) -> float:
        """Accepted requests/s."""
        return sum(begin < t <= end for t in self.accepted) / (end - begin)

    def share_rejected(self, begin: float) -> float:
        rejected = sum(t > begin for t in self.rejected)
        return rejected / (rejected + sum(t > begin for t in self.accepted))


def simulated(
    take: Callable[[], Callable[[], Answered]],
    *,
    workers: int = 64,
    seconds: float = 150.0,
    latency: float = 0.05,
    seed: int = 0,
) -> Load:
    """The load of one client on a server whose limit `take` makes, after so many virtual seconds."""

    async def main() -> Load:
        load = Load(Limiter("api.example.com", clock=now), take(), latency, seed)
        await load.run(seconds, {Model(): workers})
        return load

    return virtually(main())  # type: ignore[no-any-return]
