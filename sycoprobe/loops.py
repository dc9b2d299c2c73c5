"""Asynchronous code called from synchronous code, and the one clear error where an event loop runs already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sycoprobe.errors import EventLoopError

T = TypeVar("T")


def run_alone(begin: Callable[[], Coroutine[Any, Any, T]], *, called: str, instead: str | None = None) -> T:
    """What the coroutine that `begin` makes comes to, in an event loop of its own.

    Parameters
    ----------
    called: the function that the user called, such as `sycoprobe.run`.
    instead: the asynchronous function that does the same; None: there is none.

    Raises
    ------
    EventLoopError: an event loop runs in this thread; nothing was begun.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin())
    fix = f"use `await {instead}(...)`" if instead else "use `await asyncio.to_thread(...)`"
    raise EventLoopError(
        f"{called}(...) cannot be called while an event loop runs, as in a notebook: {fix}", "it takes the same parameters"
    )
