"""How many calls a run has under way, in view of what the machine gives it."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from sycoprobe.backends.exhaustion import FIXES, Resource
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

SPARE = 12
"""File descriptors that are kept back while calls are made, so that the report can be written after them."""
TRIES = 10
"""So many calls in a row, one at a time, for which something is missing are enough."""
PAUSE = 0.2
"""Seconds until a call is tried again."""


class Exhausted(Exception):
    """A call was not made, or its answer could not be taken in, since the machine has no more of something."""

    def __init__(self, what: Resource) -> None:
        super().__init__(what)
        self.what = what


class Narrowing:
    """How many calls may be under way: so many as were asked for, until something runs out; then half as many as there were.

    Attributes
    ----------
    room: that number, at least 1.
    notice: what a user should know of it; empty as long as nothing ran out.
    """

    def __init__(self, concurrency: int) -> None:
        self.room = concurrency
        self.notice = ""
        self._asked = concurrency
        self._since = time.monotonic()
        self._vain = 0
        self._untold: list[str] = []
        self._told: set[Resource] = set()
        self._spare: list[int] = []

    def hold(self) -> None:
        """Keep some file descriptors back."""
        with suppress(OSError):
            for _ in range(SPARE):
                self._spare.append(os.open(os.devnull, os.O_RDONLY))

    def let_go(self) -> None:
        """Give back what `hold` keeps; safe to call twice."""
        while self._spare:
            os.close(self._spare.pop())

    def answered(self) -> tuple[str, ...]:
        """A call was answered: what its reply is to note, so that the report says it once."""
        self._vain = 0
        notes, self._untold = tuple(self._untold), []
        return notes

    def ran_out(self, what: Resource, *, began: float, under_way: int) -> None:
        """Something ran out for a call that `began` then, while so many were under way, itself among them.

        Raises `BackendError`, fatal, where not even one call at a time can be made.
        """
        if what not in self._told:
            self._told.add(what)
            self._untold.append(f"fewer calls at a time than --concurrency {self._asked}: there were not enough {what}")
        if began < self._since:  # its failure says nothing of the room that there is since then
            return
        self._since = time.monotonic()
        if self.room > 1:
            self.room = max(1, min(self.room, under_way) // 2)
            self.notice = f"not enough {what}: going on with --concurrency {self.room}"
            return
        self.let_go()
        self._vain += 1
        if self._vain >= TRIES:
            raise BackendError(f"not enough {what} for one call at a time", FIXES[what], kind=ErrorKind.INTERNAL, fatal=True)
