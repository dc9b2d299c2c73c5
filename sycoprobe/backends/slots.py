"""The permission for one call to a host, and the backends that ask for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self

from sycoprobe.backends.base import ErrorKind, Notify
from sycoprobe.errors import BackendError


class NotAsked(BackendError):
    """The run ends before the call was sent: nothing was asked, and nothing failed."""

    def __init__(self) -> None:
        super().__init__("the run ends before this call was sent", kind=ErrorKind.INTERNAL)


class Client:
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


class Gate(Protocol):
    """Where slots are passed; the limiter."""

    async def enter(self, slot: Slot, client: Client) -> None:
        """Wait for the slot's turn."""
        ...

    def leave(self, slot: Slot, client: Client, error: BaseException | None) -> None:
        """The slot's call has ended."""
        ...

    def answered(self, slot: Slot, status: int, headers: Mapping[str, str], *, quota: bool) -> None:
        """An HTTP answer came to the slot's call."""
        ...


class Slot:
    """The permission for one call; an asynchronous context manager."""

    __slots__ = ("_client", "_gate", "number", "order", "rate", "sent", "told")

    def __init__(self, gate: Gate, client: Client) -> None:
        self._gate = gate
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
        headers: by lower-case names.
        quota: a 429 that no waiting fixes, since an account's quota is used up.
        """
        self.told = True
        self._gate.answered(self, status, headers, quota=quota)

    async def __aenter__(self) -> Self:
        await self._gate.enter(self, self._client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.leave(self, self._client, error)
