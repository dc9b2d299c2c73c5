"""The backend of weights on this machine: a queue of calls, and a thread that answers them a batch at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sycoprobe.backends.base import BackendOptions, Request, started
from sycoprobe.backends.transformers.engine import Engine
from sycoprobe.backends.transformers.loading import load
from sycoprobe.backends.transformers.rows import Row
from sycoprobe.errors import BackendError, MissingExtraError, ModelError
from sycoprobe.installing import install
from sycoprobe.turns import ErrorKind, Reply

WINDOW = 0.02
"""Seconds for which a batch waits for further calls: those that follow from the batch before arrive together."""


def open_backend(name: str, options: BackendOptions) -> TransformersBackend:
    """The model in the folder or GGUF file `name`, or of that id on the hub (`org/repo` or `org/repo@revision`).

    Raises
    ------
    MissingExtraError: torch, transformers or jinja2 is not installed.
    ModelError: no model was named.
    """
    from importlib.util import find_spec

    missing = [package for package in ("torch", "transformers", "jinja2") if find_spec(package) is None]
    if missing:
        raise MissingExtraError(f"hf: models need the extra [hf] ({', '.join(missing)} missing)", install("hf"))
    if not name:
        raise ModelError("hf: no model was named", "write -m hf:/path/to/folder or -m hf:org/repo")
    return TransformersBackend(name, options)


class TransformersBackend:
    """One model in this process; a thread of its own works on one batch after the other."""

    def __init__(self, name: str, options: BackendOptions) -> None:
        self._name = name
        self._options = options
        self._engine: Engine | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._queue: deque[Row] = deque()
        self._arrived = asyncio.Event()
        self._batches: asyncio.Task[None] | None = None

    async def start(self) -> dict[str, Any]:
        """Load the weights; see `Backend.start`. Raises `ModelError`, and `MissingExtraError` for a package that this model needs."""
        self._thread = ThreadPoolExecutor(1, "sycoprobe-hf")
        loop = asyncio.get_running_loop()
        engine, facts = await loop.run_in_executor(self._thread, load, self._name, self._options)
        self._engine = engine
        self._batches = asyncio.create_task(self._work(engine, self._thread))
        return facts

    async def complete(self, request: Request) -> Reply:
        """One turn; see `Backend.complete`. It may take as long as tokens come; the time allowed is that without one. Nothing is tried twice: it would come to the same."""
        engine = started(self._engine)
        loop = asyncio.get_running_loop()
        row = Row(request, loop, loop.create_future())
        self._queue.append(row)
        self._arrived.set()
        limit = request.sampling.timeout
        try:
            await row.begun.wait()
            steps = -1
            while not (await asyncio.wait({row.answer}, timeout=limit))[0]:
                if engine.steps == steps:
                    hint = "--timeout allows it longer; a lower --concurrency makes smaller batches"
                    message = f"{self._name} wrote nothing for {limit:g} s"
                    raise BackendError(message, hint, kind=ErrorKind.TIMEOUT, retryable=True)
                steps = engine.steps
            return row.answer.result()
        finally:
            row.over = True

    async def close(self) -> None:
        """Stop at the next token and free the model; safe to call twice."""
        batches, self._batches = self._batches, None
        engine, self._engine = self._engine, None
        thread, self._thread = self._thread, None
        if engine is not None:
            engine.stopping = True
        if batches is not None:
            batches.cancel()
            await asyncio.gather(batches, return_exceptions=True)
        if thread is not None:
            await asyncio.to_thread(thread.shutdown, cancel_futures=True)
        for row in self._queue:
            row.fail(BackendError("the model was closed", kind=ErrorKind.INTERNAL))
        self._queue.clear()
        if engine is not None:
            engine.free()

    async def _work(self, engine: Engine, thread: ThreadPoolExecutor) -> None:
        """Answer what waits, a batch at a time."""
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            if len(self._queue) < engine.rows:
                await asyncio.sleep(WINDOW)
            batch = [self._queue.popleft() for _ in range(min(engine.rows, len(self._queue)))]
            if not self._queue:
                self._arrived.clear()
            for row in batch:
                row.begun.set()
            await loop.run_in_executor(thread, engine.answer, [row for row in batch if not row.over])
