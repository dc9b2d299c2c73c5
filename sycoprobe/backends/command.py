"""A model that is a program: `-m "command:./my_model --flag"`; it reads questions and writes answers as lines of JSON.

The protocol, in any language. The program is started once for a run, without a shell, in the current folder and with our
environment. We write to its standard input, one JSON object a line (UTF-8, `\\n` at the end):

    {"id": "7", "messages": [{"role": "user", "content": "…"}], "temperature": 0.0, "reply_tokens": 256, "seed": 123}

- `id`: a string that no other line has. `messages`: the dialog so far, oldest first; a role is system, user or assistant.
- `reply_tokens`: the length limit of the reply. `seed`: an integer below 2**31. `temperature`, `top_p`, `effort`, `verbosity`
  and `logprobs` (of how many likeliest tokens log-probabilities are wanted) stand in the line only where they were asked for, and
  so does `schema`, a JSON schema that the reply's text is to follow; the dialog asks for it in words as well.

For each such line the program writes one to its standard output, and flushes it:

    {"id": "7", "text": "Paris"}

- Optional: `finish` ("stop", if it is left out, "length", "refusal" or "other", or a provider's word for one of these),
  `reasoning` (thinking between marks in the text is moved there), `refusal` (what a refusal said), `model` (the exact
  model), `notes` (a list of strings for the report), `usage` ({"prompt_tokens": 12, "completion_tokens": 3}), `cost` (US dollars), `logprobs` (a list of {"token": "Par",
  "logprob": -0.1, "top": [["Par", -0.1], ["Ly", -2.3]]}, natural logarithms), `replay` (anything; where thinking is replayed
  it comes back in that assistant turn's `replay`).
- or it failed: `{"id": "7", "error": {"message": "…"}}`. Optional in it: `kind` (a word of `sycoprobe.turns.ErrorKind`, such as
  "rate_limit"; "internal" if left out), `retryable` (the same call may succeed later), `fatal` (every other call would fail
  too: the run stops), `retry_after` (seconds to wait). `retryable` and `fatal` follow from `kind` where they are left out.

There is no greeting and no end mark. Up to `--concurrency` lines may wait for their answers; answers may come in any order, and a
program that takes one line after the other is fine: the time allowed for a call begins again with each answer to an earlier one.
A program ends when its standard input does. Whatever is not an answer belongs on standard error, of which the last lines are
shown should the program die. A whole one, in Python:

    import json, sys
    import my_model

    for line in sys.stdin:
        asked = json.loads(line)
        text = my_model.answer(asked["messages"], limit=asked["reply_tokens"])
        print(json.dumps({"id": asked["id"], "text": text}), flush=True)
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.retry import with_retries
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.extract.replies import amount_of, count_of, finish_of, json_from, logprobs_in
from sycoprobe.keys import redacted, remember_environment, scrubbed
from sycoprobe.text import visible
from sycoprobe.turns import ErrorKind, Finish, Reply

MAX_LINE = 16 * 2**20
"""Bytes in the longest line that is taken for an answer."""
BARREN = 3
"""So many ends in a row without one answer between are enough."""
GRACE = 2.0
"""Seconds that a program has to end by itself, and again after it was asked to."""
_STDERR = 4096
_PASSING = frozenset(
    {
        ErrorKind.TIMEOUT,
        ErrorKind.CONNECT,
        ErrorKind.RESET,
        ErrorKind.TRUNCATED,
        ErrorKind.RATE_LIMIT,
        ErrorKind.SERVER,
        ErrorKind.ERROR_IN_200,
        ErrorKind.BAD_BODY,
    }
)
_LASTING = frozenset({ErrorKind.AUTH, ErrorKind.QUOTA, ErrorKind.NOT_FOUND})
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
        self._program: _Program | None = None
        self._barren = 0
        self._number = 0
        self._starting = asyncio.Lock()

    async def start(self) -> dict[str, Any]:
        """Start the program; see `Backend.start`. Raises `PlanError` if it cannot be started."""
        self._program = await _started(self._words)
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
        answer = await program.ask(self._number, _line(self._number, request), request.sampling.timeout)
        return request.sampling.settled(reply_of(answer), limited="finish" not in answer)

    async def _running(self) -> _Program:
        """The program, started again if it is gone. Raises `BackendError`, fatal, if it keeps dying."""
        async with self._starting:
            program = self._program
            assert program is not None, "start() comes first"  # noqa: S101
            if program.gone is None:
                return program
            self._barren = 0 if program.answered else self._barren + 1
            if self._barren >= BARREN:
                raise BackendError(
                    f"{program.gone.message}; {BARREN} times in a row, without one answer between",
                    program.gone.hint or "run it by hand and mend it",
                    kind=program.gone.kind,
                    fatal=True,
                )
            await program.end()
            self._program = await _started(self._words)
            return self._program


@dataclass(slots=True)
class _Waiting:
    """A call that has no answer yet; its time runs from `since`."""

    answer: asyncio.Future[Mapping[str, Any]]
    since: float


class _Program:
    """One process, from its start to its end, and the calls that wait for it."""

    def __init__(self, words: list[str], process: asyncio.subprocess.Process) -> None:
        self._name = words[0]
        self._process = process
        self._waiting: dict[int, _Waiting] = {}
        self._asked = 0
        self._heard = time.monotonic()
        self._said = b""
        self.answered = 0
        self.gone: BackendError | None = None
        """Why it takes no more questions."""
        self._errors = asyncio.create_task(self._listen())
        self._watcher = asyncio.create_task(self._watch())

    async def ask(self, number: int, line: bytes, timeout: float) -> Mapping[str, Any]:
        """The answer to `line`. Raises `BackendError`: none within `timeout` seconds, or the program died over it."""
        if self.gone is not None:
            raise self._loss()
        call = self._waiting[number] = _Waiting(asyncio.get_running_loop().create_future(), time.monotonic())
        self._asked = number
        try:
            assert self._process.stdin is not None  # noqa: S101
            # Not drained: no more than the calls under way can wait in the buffer, and a program that never reads must not stop us.
            self._process.stdin.write(line)
            while (left := call.since + timeout - time.monotonic()) > 0:
                await asyncio.wait({call.answer}, timeout=left)
                if call.answer.done():
                    return call.answer.result()
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
        """Close its input and wait for its end, then ask it to end, then kill it and its children."""
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        if not at_once:
            await _ended(process, GRACE)
        if process.returncode is None:
            _signal(process, "SIGTERM")
            await _ended(process, GRACE)
            _signal(process, "SIGKILL", always=True)
        while not await _ended(process, GRACE):
            _signal(process, "SIGKILL")
        self._watcher.cancel()
        self._errors.cancel()
        await asyncio.gather(self._watcher, self._errors, return_exceptions=True)
        # A child of its own may hold the pipes open; they are closed all the same.
        process._transport.close()  # type: ignore[attr-defined]
        self._lose(BackendError(f"{self._name} was ended", kind=ErrorKind.RESET, retryable=True))

    async def _watch(self) -> None:
        """Read answers until there can be no more, then tell every call that waits."""
        process = self._process
        reading = asyncio.create_task(self._read())
        try:
            while not reading.done() and process.returncode is None:
                await asyncio.wait({reading}, timeout=0.1)
            await asyncio.wait({reading}, timeout=1)
            await _ended(process, 1)
            await asyncio.wait({self._errors}, timeout=0.5)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        code = process.returncode
        if code is None:
            how = "closed its standard output"
        elif code < 0:
            how = f"was ended by signal {_signal_name(-code)}"
        else:
            how = f"ended with exit code {code}"
        hint = "it must go on until its standard input ends" if code in (None, 0) else "run it by hand and mend it"
        self._lose(BackendError(f"{self._name} {how}{self._last_words()}", hint, kind=ErrorKind.RESET, retryable=True))

    async def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        async for line in _lines(self._process.stdout):
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
        shown = f": {_one_line(line)[:200]!r}" if line else ""
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
        if self.gone is None:
            self.gone = error
        for call in self._waiting.values():
            if not call.answer.done():
                call.answer.set_exception(self._loss())

    def _loss(self) -> BackendError:
        assert self.gone is not None  # noqa: S101
        return BackendError(self.gone.message, self.gone.hint, kind=self.gone.kind, retryable=True)

    async def _listen(self) -> None:
        """Read its standard error to the end and keep the last of it."""
        assert self._process.stderr is not None  # noqa: S101
        while chunk := await self._process.stderr.read(2**16):
            self._said = (self._said + chunk)[-_STDERR:]

    def _last_words(self) -> str:
        lines = redacted(self._said.decode("utf-8", "replace")).splitlines()
        last = _one_line(" / ".join(x.strip() for x in lines if x.strip()))
        return f"; its last words: {last[-400:]}" if last else ""


async def _started(words: list[str]) -> _Program:
    """The program, just started. Raises `PlanError`."""
    pipe = asyncio.subprocess.PIPE
    try:
        # In a session of its own: Ctrl-C in the terminal is for us, and the calls in flight are still to be answered.
        process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except FileNotFoundError:
        raise PlanError(f"command: there is no program {words[0]!r}", "check the path, or its place in PATH") from None
    except PermissionError:
        hint = f"`chmod +x {words[0]}`, or name the interpreter too: command:python {words[0]}"
        raise PlanError(f"command: {words[0]!r} may not be executed", hint) from None
    except (OSError, ValueError) as e:
        hint = "a script needs a first line such as #!/usr/bin/env python3, or its interpreter before it"
        raise PlanError(f"command: {words[0]!r} cannot be started: {e}", hint) from None
    return _Program(words, process)


async def _ended(process: asyncio.subprocess.Process, seconds: float) -> bool:
    """Whether the process ends within `seconds`. Looks instead of waiting: before Python 3.12 `wait` also waits for the pipes."""
    until = time.monotonic() + seconds
    pause = 0.001
    while process.returncode is None and time.monotonic() < until:
        await asyncio.sleep(pause)
        pause = min(0.05, pause * 2)
    return process.returncode is not None


def _signal(process: asyncio.subprocess.Process, name: str, *, always: bool = False) -> None:
    """Send a signal to the process and its children; where there are no groups of processes, end the process."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            if always or process.returncode is None:
                os.killpg(process.pid, getattr(signal, name))
        elif process.returncode is None:
            process.kill()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes | None]:
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


def _line(number: int, request: Request) -> bytes:
    """A request as the program reads it."""
    sampling = request.sampling
    settings = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "reply_tokens": sampling.reply_tokens,
        "seed": request.seed,
        "effort": sampling.effort,
        "verbosity": sampling.verbosity,
        "logprobs": sampling.logprobs or None,
        "schema": request.schema,
    }
    asked = {"id": str(number), "messages": request.messages, **{k: v for k, v in settings.items() if v is not None}}
    return (json.dumps(asked, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def reply_of(answer: Mapping[str, Any]) -> Reply:
    """The reply in a program's answer. Raises `BackendError`: the failure that it names, or what is wrong with it."""
    if answer.get("error"):
        raise _error_of(answer["error"])
    text, refusal, reasoning = (_text(answer, name) for name in ("text", "refusal", "reasoning"))
    if text is None and refusal is None and reasoning is None:
        raise _wrong("it has neither text nor error")
    said = answer.get("finish") or (Finish.REFUSAL if refusal else Finish.STOP)
    finish = finish_of(said)
    if finish is Finish.OTHER and said != Finish.OTHER:
        raise _wrong(f"finish is {said!r}, which is none of {', '.join(Finish)}")
    usage, notes = answer.get("usage"), answer.get("notes")
    return Reply(
        text or "",
        finish,
        _text(answer, "model"),
        reasoning=reasoning,
        refusal=refusal,
        usage={str(k): v for k, v in usage.items() if count_of(v) is not None} if isinstance(usage, dict) else {},
        notes=tuple(scrubbed(str(n)) for n in notes) if isinstance(notes, list) else (),
        cost=amount_of(answer.get("cost")),
        logprobs=logprobs_in(answer.get("logprobs"), scrubbed),
        replay=answer.get("replay"),
    )


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(f"{name} is no string")
    return None if value is None else scrubbed(value)


def _wrong(what: str) -> BackendError:
    hint = "`python -m pydoc sycoprobe.backends.command` shows what an answer is"
    return BackendError(f"the program's answer cannot be used: {redacted(what)[:200]}", hint, kind=ErrorKind.BAD_BODY)


def _error_of(error: Any) -> BackendError:
    """The failure that a program names."""
    given: dict[str, Any] = error if isinstance(error, dict) else {"message": str(error)}
    try:
        kind = ErrorKind(given.get("kind") or ErrorKind.INTERNAL)
    except ValueError:
        kind = ErrorKind.INTERNAL
    return BackendError(
        _one_line(redacted(str(given.get("message") or "the program names no reason")))[:300],
        kind=kind,
        retryable=bool(given.get("retryable", kind in _PASSING)),
        fatal=bool(given.get("fatal", kind in _LASTING)),
        retry_after=amount_of(given.get("retry_after")),
    )


def _one_line(said: str) -> str:
    """`said` without keys, in one line, with control characters made visible."""
    return visible(" ".join(redacted(said).split()))
