"""The backend of a program: started for a run, asked line by line, started again when it dies."""

from __future__ import annotations

import asyncio
import shlex
from typing import Any

from sycoprobe.backends.base import BackendOptions, Request, started
from sycoprobe.backends.command.answers import line_of, reply_of
from sycoprobe.backends.command.program import Program, launched
from sycoprobe.backends.retry import with_retries
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.keys import redacted, remember_environment
from sycoprobe.turns import Reply

BARREN = 3
"""So many ends in a row without one answer between are enough."""
_WRITE = 'write -m "command:./my_model --flag"; `python -m pydoc sycoprobe.backends.command` shows what it must speak'


def open_backend(name: str, options: BackendOptions) -> CommandBackend:
    """The backend for the command line `name`, split as a POSIX shell splits words. Starts nothing yet.

    Raises
    ------
    PlanError: it is empty, has an open quote, or holds what looks like a key (which would be journaled).
    """
    try:
        words = shlex.split(name)
    except ValueError as e:
        raise PlanError(f"command: {redacted(name)!r}: {e}", _WRITE) from None
    if not words:
        raise PlanError("command: no program was named", _WRITE)
    remember_environment()
    if redacted(name) != name:
        raise PlanError(
            f"command: {redacted(name)!r} holds what looks like a key, which would be journaled",
            "let the program read it from its environment, which is ours",
        )
    return CommandBackend(words, options)


class CommandBackend:
    """Asks a program over its standard input and output; starts it again when it dies, a few times."""

    takes_schema = True

    def __init__(self, words: list[str], options: BackendOptions) -> None:
        self._words = words
        self._options = options
        self._program: Program | None = None
        self._barren = 0
        self._number = 0
        self._starting = asyncio.Lock()

    async def start(self) -> dict[str, Any]:
        """Start the program; see `Backend.start`. Raises `PlanError` if it cannot be started."""
        self._program = await launched(self._words)
        return {"model": shlex.join(self._words), "mode": "chat", "notes": []}

    async def complete(self, request: Request) -> Reply:
        """One turn, after retries; see `Backend.complete`."""
        reply, attempts = await with_retries(
            lambda: self._attempt(request), request.sampling.retries, self._options.notify, stopping=self._options.stopping
        )
        reply.attempts = attempts
        return reply

    async def close(self) -> None:
        """End the program and wait for its end; safe to call twice."""
        program, self._program = self._program, None
        if program is not None:
            await program.end()

    async def _attempt(self, request: Request) -> Reply:
        program = await self._running()
        self._number += 1
        answer = await program.ask(self._number, line_of(self._number, request), request.sampling.timeout)
        return request.sampling.settled(reply_of(answer), limited="finish" not in answer)

    async def _running(self) -> Program:
        """The program, started again if it is gone. Raises `BackendError`, fatal, if it keeps dying."""
        async with self._starting:
            program = started(self._program)
            if program.gone is None:
                return program
            self._barren = 0 if program.answered else self._barren + 1
            if self._barren >= BARREN:
                raise BackendError(
                    f"{program.gone.message}; {BARREN} times in a row, without one answer between",
                    program.gone.hint or "run it by hand and fix it",
                    kind=program.gone.kind,
                    fatal=True,
                )
            await program.end()
            self._program = await launched(self._words)
            return self._program
