"""Being called back at a time to come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from sycoprobe.backends.retry import Sleep


class Alarm:
    """Calls `ring` at the time that is set, by a task that lives only as long as a time is set.

    Parameters
    ----------
    clock: seconds, never going back.
    sleep: waits for so many of them.
    """

    def __init__(self, ring: Callable[[], None], *, clock: Callable[[], float], sleep: Sleep) -> None:
        self._ring = ring
        self._clock = clock
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None
        self._due = math.inf

    def set(self, due: float) -> None:
        """Ring at `due` and at no other time; never, if it is infinite."""
        task = self._task
        if due == math.inf:
            if task is not None and task is not _current_task():
                task.cancel()
                self._task = None
            self._due = math.inf
            return
        if task is None or (due < self._due - 1e-3 and task is not _current_task()):
            if task is not None:
                task.cancel()
            self._task = asyncio.get_running_loop().create_task(self._ringing())
        self._due = due

    async def _ringing(self) -> None:
        try:
            while self._due < math.inf:
                await self._sleep(max(0.0, self._due - self._clock()))
                self._ring()
        finally:
            if self._task is _current_task():
                self._task = None


def _current_task() -> asyncio.Task[object] | None:
    return asyncio.current_task()
