"""One process of a program, from its start to its end, and the calls that wait for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sycoprobe.backends.command.process import MAX_LINE, Piped, ended, lines_of, piped, send_signal, signal_name
from sycoprobe.backends.command.shown import one_line
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.extract.replies import json_from
from sycoprobe.keys import redacted
from sycoprobe.turns import ErrorKind

GRACE = 2.0
"""Seconds that a program has to end by itself, and again after it was asked to."""
INTERRUPTED_GRACE = 0.2
"""The same where a user has interrupted it."""
_STDERR = 4096


@dataclass(slots=True)
class Waiting:
    """A call that has no answer yet; its time runs from `since`."""

    answer: asyncio.Future[Mapping[str, Any]]
    since: float


class Program:
    """One process, from its start to its end, and the calls that wait for it."""

    def __init__(self, words: list[str], process: Piped) -> None:
        self._name = words[0]
        self._piped = process
        self._waiting: dict[int, Waiting] = {}
        self._asked = 0
        self._heard = time.monotonic()
        self._said = b""
        self._broken_off = False
        self.answered = 0
        self.gone: BackendError | None = None
        """Why it takes no more questions."""
        self._errors = asyncio.create_task(self._listen())
        self._watcher = asyncio.create_task(self._watch())

    async def ask(self, number: int, line: bytes, timeout: float) -> Mapping[str, Any]:
        """The answer to `line`. Raises `BackendError`: none within `timeout` seconds, or the program died over it."""
        if self.gone is not None:
            raise _loss(self.gone)
        call = self._waiting[number] = Waiting(asyncio.get_running_loop().create_future(), time.monotonic())
        self._asked = number
        try:
            # Not drained: no more than the calls under way can wait in the buffer, and a program that never reads must not stop us.
            self._piped.stdin.write(line)
            while (left := call.since + timeout - time.monotonic()) > 0:
                await asyncio.wait({call.answer}, timeout=left)
                if call.answer.done():
                    return call.answer.result()
        except asyncio.CancelledError:
            self._broken_off = True
            raise
        finally:
            del self._waiting[number]
        late = BackendError(
            f"{self._name} gave no answer within {timeout:g} s{self._last_words()}",
            "--timeout allows it longer",
            kind=ErrorKind.TIMEOUT,
            retryable=True,
        )
        # Not a word in all that time: it hangs, and would keep the calls to come waiting too.
        if self._heard <= call.since and self.gone is None:
            self._lose(late)
            await self.end(at_once=True)
        raise late

    async def end(self, *, at_once: bool = False) -> None:
        """Close its input and wait for its end, then ask it to end, then kill it and its children.

        One that was interrupted over a question is not waited for: whoever pressed Ctrl-C wants their prompt back.
        """
        process = self._piped.process
        self._piped.stdin.close()
        if not at_once and not self._broken_off:
            await ended(process, GRACE)
        if process.returncode is None:
            send_signal(process, "SIGTERM")
            await ended(process, INTERRUPTED_GRACE if self._broken_off else GRACE)
            send_signal(process, "SIGKILL", always=True)
        while not await ended(process, GRACE):
            send_signal(process, "SIGKILL")
        self._watcher.cancel()
        self._errors.cancel()
        await asyncio.gather(self._watcher, self._errors, return_exceptions=True)
        # A child of its own may hold the pipes open; they are closed all the same.
        self._piped.transport.close()
        self._lose(BackendError(f"{self._name} was ended", kind=ErrorKind.RESET, retryable=True))

    async def _watch(self) -> None:
        """Read answers until there can be no more, then tell every call that waits."""
        process = self._piped.process
        reading = asyncio.create_task(self._read())
        try:
            while not reading.done() and process.returncode is None:
                await asyncio.wait({reading}, timeout=0.1)
            await asyncio.wait({reading}, timeout=1)
            await ended(process, 1)
            await asyncio.wait({self._errors}, timeout=0.5)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        code = process.returncode
        if code is None:
            how = "closed its standard output"
        elif code < 0:
            how = f"was ended by signal {signal_name(-code)}"
        else:
            how = f"ended with exit code {code}"
        hint = "it must go on until its standard input ends" if code in (None, 0) else "run it by hand and fix it"
        self._lose(BackendError(f"{self._name} {how}{self._last_words()}", hint, kind=ErrorKind.RESET, retryable=True))

    async def _read(self) -> None:
        async for line in lines_of(self._piped.stdout):
            self._heard = time.monotonic()
            if line is None:
                self._blame(f"a line longer than {MAX_LINE >> 20} MiB", "")
            elif line.strip():
                self._take(line)

    def _take(self, line: bytes) -> None:
        """Hand an answer to the call that waits for it."""
        try:
            answer = json_from(line.decode())
        except (ValueError, RecursionError):
            if not line.endswith(b"\n"):
                return  # cut off by the end of the program, which is the failure
            self._blame("a line that is not JSON", line[:4000].decode("utf-8", "replace"))
            return
        if not isinstance(answer, dict) or "id" not in answer:
            self._blame("a line without an id", line[:4000].decode("utf-8", "replace"))
            return
        given = str(answer["id"])
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
        if not 0 < number <= self._asked:
            self._blame(f"an answer with the unknown id {given[:40]!r}", "")
            return
        self.answered += 1
        for asked, call in self._waiting.items():
            if asked == number and not call.answer.done():
                call.answer.set_result(answer)
            elif asked > number:
                call.since = self._heard

    def _blame(self, what: str, line: str) -> None:
        """Fail the call that has waited longest for a line that is no answer: nobody knows whose it was meant to be."""
        shown = f": {one_line(line)[:200]!r}" if line else ""
        error = BackendError(
            f"{self._name} wrote {what}{shown}",
            "its standard output is for answers alone; everything else goes to standard error",
            kind=ErrorKind.BAD_BODY,
            retryable=True,
        )
        for call in self._waiting.values():
            if not call.answer.done():
                call.answer.set_exception(error)
                return

    def _lose(self, error: BackendError) -> None:
        """Ask it nothing more, and fail every call that waits."""
        self.gone = gone = self.gone or error
        for call in self._waiting.values():
            if not call.answer.done():
                call.answer.set_exception(_loss(gone))

    async def _listen(self) -> None:
        """Read its standard error to the end and keep the last of it."""
        while chunk := await self._piped.stderr.read(2**16):
            self._said = (self._said + chunk)[-_STDERR:]

    def _last_words(self) -> str:
        lines = redacted(self._said.decode("utf-8", "replace")).splitlines()
        last = one_line(" / ".join(x.strip() for x in lines if x.strip()))
        return f"; its last words: {last[-400:]}" if last else ""


def _loss(gone: BackendError) -> BackendError:
    """What a call fails with that the program left without an answer; asking again may do."""
    return BackendError(gone.message, gone.hint, kind=gone.kind, retryable=True)


async def launched(words: list[str]) -> Program:
    """The program, just started. Raises `PlanError`."""
    try:
        # In a session of its own: Ctrl-C in the terminal is for us, and the calls in flight are still to be answered.
        process = await piped(words)
    except FileNotFoundError:
        raise PlanError(f"command: there is no program {words[0]!r}", "check the path, or its place in PATH") from None
    except PermissionError:
        hint = f"`chmod +x {words[0]}`, or name the interpreter too: command:python {words[0]}"
        raise PlanError(f"command: {words[0]!r} may not be executed", hint) from None
    except (OSError, ValueError) as e:
        hint = "a script needs a first line such as #!/usr/bin/env python3, or its interpreter before it"
        raise PlanError(f"command: {words[0]!r} cannot be started: {e}", hint) from None
    return Program(words, process)
