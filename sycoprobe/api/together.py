"""Runs that go on at the same time: one budget, one Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import Any

from sycoprobe.api.conduct import Conduct
from sycoprobe.money.budget import Budget
from sycoprobe.running.batched import BatchRun
from sycoprobe.running.live import Run

AnyRun = Run | BatchRun


class Together:
    """What runs that go on at the same time share: how they are conducted, their budget, and who is told of Ctrl-C.

    While a run goes on, the first Ctrl-C (or SIGTERM) drains all of them and the second one cancels them.
    """

    def __init__(self, conduct: Conduct) -> None:
        self.conduct = conduct
        self.budget = Budget(conduct.caps)
        self.signalled = False
        """Whether a first signal has come, so that no further attempt is made."""
        self._runs: list[AnyRun] = []
        self._tasks: list[asyncio.Task[Any]] = []

    def __enter__(self) -> Together:
        return self

    @property
    def ending(self) -> bool:
        """Whether no further attempt is made: a first signal has come, or the cap on time is reached."""
        return self.signalled or self.budget.seconds_left == 0

    def add(self, run: AnyRun) -> None:
        """From now on a signal reaches this run, which goes on in the current task."""
        task = asyncio.current_task()
        if self.signalled:
            run.stop()
        self._runs.append(run)
        self._tasks += [task] if task is not None else []
        if self.conduct.signals and len(self._runs) == 1:
            for number in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError, RuntimeError):  # Windows, or not the main thread
                    asyncio.get_running_loop().add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        if all(run.stopping for run in self._runs):
            for task in self._tasks:
                task.cancel()
        self.signalled = True
        for run in self._runs:
            run.stop()

    def __exit__(self, *_: object) -> None:
        if self.conduct.signals and self._runs:
            for number in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError, RuntimeError):
                    asyncio.get_running_loop().remove_signal_handler(number)
