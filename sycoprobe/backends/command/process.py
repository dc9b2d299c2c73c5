"""A process and its pipes: what asyncio leaves to do oneself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

MAX_LINE = 16 * 2**20
"""Bytes in the longest line that is taken for an answer."""
_LIMIT = 2**16
"""Bytes that a stream of asyncio holds."""


@dataclass(frozen=True, slots=True)
class Piped:
    """A process whose three streams are pipes of ours."""

    process: asyncio.subprocess.Process
    transport: asyncio.SubprocessTransport
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader


async def piped(words: list[str]) -> Piped:
    """The process, just started, in a session of its own. Raises `OSError` and `ValueError`, as `asyncio.create_subprocess_exec`."""
    # As that does it; but what it gives back has no public way to close the pipes.
    loop = asyncio.get_running_loop()
    pipe = asyncio.subprocess.PIPE
    transport, protocol = await loop.subprocess_exec(
        lambda: asyncio.subprocess.SubprocessStreamProtocol(_LIMIT, loop),
        *words,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        start_new_session=True,
    )
    if protocol.stdin is None or protocol.stdout is None or protocol.stderr is None:
        raise OSError("it has no pipes")
    process = asyncio.subprocess.Process(transport, protocol, loop)
    return Piped(process, transport, protocol.stdin, protocol.stdout, protocol.stderr)


async def ended(process: asyncio.subprocess.Process, seconds: float) -> bool:
    """Whether the process ends within `seconds`. Looks instead of waiting: before Python 3.12 `wait` also waits for the pipes."""
    until = time.monotonic() + seconds
    pause = 0.001
    while process.returncode is None and time.monotonic() < until:
        await asyncio.sleep(pause)
        pause = min(0.05, pause * 2)
    return process.returncode is not None


def send_signal(process: asyncio.subprocess.Process, name: str, *, always: bool = False) -> None:
    """Send a signal to the process and its children; where there are no groups of processes, end the process."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            if always or process.returncode is None:
                os.killpg(process.pid, getattr(signal, name))
        elif process.returncode is None:
            process.kill()


def signal_name(number: int) -> str:
    """What the system calls a signal; its number where that is not known."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


async def lines_of(stream: asyncio.StreamReader) -> AsyncIterator[bytes | None]:
    """The lines of a stream with their ends, which the last may lack; None for each that is too long."""
    kept = bytearray()
    too_long = False
    while chunk := await stream.read(2**16):
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            kept += part
            yield None if too_long or len(kept) > MAX_LINE else bytes(kept) + b"\n"
            kept.clear()
            too_long = False
        kept += rest
        if len(kept) > MAX_LINE:
            kept.clear()
            too_long = True
    if too_long or kept:
        yield None if too_long else bytes(kept)
