"""A model that is a Python function: `-m python:pkg.module:callable`.

The function gets the dialog, a list of `{"role": …, "content": …}`, and gives back the answer: a string, or a
`sycoprobe.backends.base.Reply`. It may be `async`; a plain one runs in a thread of its own for each call under way. Any
callable will do: a method, an object with `__call__`, a `functools.partial`. A class is made into an object without
arguments when the run begins, and that object is asked; if it has a `close`, that is called at the end.

If it takes them by name, it is also given `temperature`, `top_p` (numbers or None), `reply_tokens`, `seed`, `logprobs`
(integers), `effort`, `verbosity` (strings or None), `timeout` (seconds; the call is given up after it in any case) and
`schema` (a JSON schema that the answer is to follow, or None; one that takes it by `**settings` gets it only where there is one).

What it raises is a failed call. Raise `sycoprobe.errors.BackendError` to say which kind of failure it is and whether it may
pass: a retryable one is tried again as with any other backend.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import importlib
import inspect
import queue
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from sycoprobe.backends.base import BackendOptions, ErrorKind, Finish, Reply, Request, started
from sycoprobe.backends.retry import with_retries
from sycoprobe.errors import BackendError, PlanError, SycoprobeError
from sycoprobe.extract.replies import finish_of
from sycoprobe.keys import redacted, remember_environment, scrubbed

_WRITE = "write -m python:pkg.module:callable, with the package importable from here"
_OFFERED = ("temperature", "top_p", "reply_tokens", "seed", "effort", "verbosity", "logprobs", "timeout", "schema")


def open_backend(name: str, options: BackendOptions) -> PythonBackend:
    """The backend for `pkg.module:callable`. Raises `PlanError` if it cannot be imported or is not callable."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise PlanError(f"python: {name!r} names no function", _WRITE)
    remember_environment()
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it: modules beside the user are found
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as e:
        raise PlanError(f"python: {name}: {redacted(str(e))}", _WRITE) from e
    except (Exception, SystemExit) as e:
        raise PlanError(f"python: importing {module} raised {_named(e)}", "fix the module") from e
    if not callable(found):
        raise PlanError(f"python: {name} is not callable", _WRITE)
    return PythonBackend(name, found, options)


class PythonBackend:
    """Asks a function. What it raises becomes a failed call of the kind `internal`, unless it is a `BackendError`."""

    def __init__(self, name: str, function: Callable[..., Any], options: BackendOptions) -> None:
        self._name = name
        self._given = function
        self._options = options
        self._function: Callable[..., Any] | None = None
        self._asynchronous = False
        self._offered: tuple[str, ...] = ()
        self.takes_schema = False
        """Whether the function takes a `schema`; known once it has started."""
        self._threads = _Threads()

    async def start(self) -> dict[str, Any]:
        """Make the object, where a class was named; see `Backend.start`. Raises `PlanError` if that fails."""
        function = self._given
        if inspect.isclass(function):
            made, failed = await self._threads.run(function)
            if failed is not None:
                hint = "a class is made into an object without arguments"
                raise PlanError(f"python: {self._name}() raised {_named(failed)}", hint) from failed
            if not callable(made):
                raise PlanError(f"python: an object of the class {self._name} is not callable", "give it a __call__")
            function = made
        self._function = function
        self._asynchronous = _is_asynchronous(function)
        self._offered = _parameters(function)
        self.takes_schema = "schema" in self._offered
        return {"model": self._name, "mode": "chat", "notes": []}

    async def complete(self, request: Request) -> Reply:
        """One turn, after retries; see `Backend.complete`."""
        reply, attempts = await with_retries(
            lambda: self._attempt(request), request.sampling.retries, self._options.notify, stopping=self._options.stopping
        )
        reply.attempts = max(reply.attempts, attempts)
        return reply

    async def close(self) -> None:
        """Let the threads go, and close the object if we made it; safe to call twice."""
        function, self._function = self._function, None
        end = getattr(function, "close", None)
        if function is not None and inspect.isclass(self._given) and callable(end):
            if inspect.iscoroutinefunction(end):
                await end()
            else:
                await self._threads.run(end)
        self._threads.close()

    async def _attempt(self, request: Request) -> Reply:
        limit = request.sampling.timeout
        clock = asyncio.timeout(limit)
        try:
            async with clock:
                said = await self._answer(request)
        except SycoprobeError as e:
            e.message, e.hint = redacted(e.message), redacted(e.hint)
            e.args = (e.message,)
            raise
        except TimeoutError as e:
            if clock.expired():
                message, hint = f"{self._name} gave no answer within {limit:g} s", "--timeout allows it longer"
            else:
                message, hint = f"{self._name} raised {_named(e)}", ""
            raise BackendError(message, hint, kind=ErrorKind.TIMEOUT, retryable=True) from None
        except (Exception, SystemExit) as e:
            raise BackendError(f"{self._name} raised {_named(e)}", kind=ErrorKind.INTERNAL) from e
        return request.sampling.settled(self._reply(said))

    async def _answer(self, request: Request) -> Any:
        """What the function gives back. Raises what it raises."""
        function, sampling = started(self._function), request.sampling
        own = {"seed": request.seed, "schema": request.schema}
        known = {name: own[name] if name in own else getattr(sampling, name) for name in self._offered}
        given = {
            name: value for name, value in known.items() if name != "schema" or value is not None or _names(function, name)
        }
        messages = [dict(m) for m in request.messages]
        if self._asynchronous:
            said = function(messages, **given)
        else:
            said, failed = await self._threads.run(functools.partial(function, messages, **given))
            if isinstance(failed, Exception | SystemExit):
                raise failed
            if failed is not None:  # as our own it would end more than this call
                raise RuntimeError(_named(failed)) from failed
        return await said if inspect.isawaitable(said) else said

    def _reply(self, said: Any) -> Reply:
        """The reply in what the function gave back. Raises `BackendError` if it is none."""
        reply = Reply(said, model=self._name) if isinstance(said, str) else said
        if not isinstance(reply, Reply) or not isinstance(reply.text, str):
            what = f"a Reply whose text is {type(reply.text).__name__}" if isinstance(reply, Reply) else type(said).__name__
            hint = "return the answer as a string, or a sycoprobe.backends.base.Reply"
            raise BackendError(f"{self._name} gave back {what}", hint, kind=ErrorKind.BAD_BODY)
        reply.text = scrubbed(reply.text)
        for name in ("reasoning", "refusal", "model", "upstream"):
            if (value := getattr(reply, name)) is not None:
                setattr(reply, name, scrubbed(str(value)))
        reply.notes = tuple(scrubbed(str(n)) for n in ((reply.notes,) if isinstance(reply.notes, str) else reply.notes or ()))
        reply.finish = reply.finish if isinstance(reply.finish, Finish) else finish_of(reply.finish)
        reply.usage = reply.usage if isinstance(reply.usage, dict) else {}
        return reply


class _Threads:
    """Threads that outlive a call and are used again, so that what a function keeps for its thread is kept.

    Unlike an executor's, they are daemons: a function that never comes back does not keep the process from ending, nor
    does it take the place of the calls after it.
    """

    def __init__(self) -> None:
        self._idle: list[queue.SimpleQueue[Callable[[], None] | None]] = []
        self._closed = False

    def run(self, function: Callable[[], Any]) -> Awaitable[tuple[Any, BaseException | None]]:
        """What `function` gives back or raises, from a thread that has nothing else to do."""
        loop = asyncio.get_running_loop()
        came: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()
        inbox: queue.SimpleQueue[Callable[[], None] | None]
        if self._idle:
            inbox = self._idle.pop()
        else:
            inbox = queue.SimpleQueue()
            threading.Thread(target=_work, args=(inbox,), name="sycoprobe-python", daemon=True).start()
        context = contextvars.copy_context()

        def settle(result: tuple[Any, BaseException | None]) -> None:
            if not came.done():
                came.set_result(result)
            if self._closed:
                inbox.put(None)
            else:
                self._idle.append(inbox)

        def work() -> None:
            result: tuple[Any, BaseException | None]
            try:
                result = context.run(function), None
            except BaseException as e:
                result = None, e
            try:
                loop.call_soon_threadsafe(settle, result)
            except RuntimeError:  # the loop is closed: nobody waits for us
                inbox.put(None)

        inbox.put(work)
        return came

    def close(self) -> None:
        """End the idle threads now, and the others when they come back."""
        self._closed = True
        for inbox in self._idle:
            inbox.put(None)
        self._idle.clear()


def _work(inbox: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    while (job := inbox.get()) is not None:
        job()


def _named(error: BaseException) -> str:
    """An exception's type and words, without keys."""
    said = redacted(str(error))
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _is_asynchronous(function: Callable[..., Any]) -> bool:
    """Whether a call gives a coroutine at once, so that it needs no thread."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def _names(function: Callable[..., Any], parameter: str) -> bool:
    """Whether the function has a parameter of this name, and not only `**settings`."""
    return parameter in inspect.signature(function).parameters


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Which of the offered settings the function takes by name (and are not bound by a `functools.partial` already)."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()
    bound = function.keywords if isinstance(function, functools.partial) else {}
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return tuple(name for name in _OFFERED if name not in bound)
    taken = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    first = next(iter(parameters), None)
    return tuple(
        name
        for name in _OFFERED
        if name in parameters and name != first and name not in bound and parameters[name].kind in taken
    )
