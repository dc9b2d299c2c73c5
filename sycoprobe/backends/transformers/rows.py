"""A call on its way through the engine: the row that waits for an answer, and the draft of that answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sycoprobe.backends.base import Request
from sycoprobe.backends.transformers.drawing import Draw
from sycoprobe.errors import BackendError
from sycoprobe.turns import Reply, TokenLogprob


@dataclass(slots=True, eq=False)
class Row:
    """A call under way. Lives in the event loop; the engine's thread hands its answer over."""

    request: Request
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Reply]
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    """Whether nobody waits for more of it."""

    def give(self, reply: Reply) -> None:
        self._hand_over(lambda: self.answer.set_result(reply))

    def fail(self, error: BackendError) -> None:
        self._hand_over(lambda: self.answer.set_exception(error))

    def _hand_over(self, settle: Callable[[], None]) -> None:
        def settled() -> None:
            if not self.answer.done():
                settle()
            self.begun.set()

        self.over = True
        with suppress(RuntimeError):  # the loop is closed, and with it whoever waited
            self.loop.call_soon_threadsafe(settled)


@dataclass(slots=True, eq=False)
class Draft:
    """A row with its prompt, and what the model has written so far."""

    row: Row
    prompt: list[int]
    limit: int
    draw: Draw
    opened: str
    """The mark with which the prompt itself opened a block of thinking; empty if it did not."""
    generator: Any
    notes: tuple[str, ...]
    tokens: list[int] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
