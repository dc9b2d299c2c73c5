"""A model that is a Python function: `-m python:pkg.module:callable`.

The function gets the dialog, a list of `{"role": …, "content": …}`, and gives back the answer: a string, or a
`sycoprobe.backends.base.Reply`. It may be `async`; a plain one runs in a thread of its own for each call under way. If it takes them
by name, it is also given `temperature` (a number or None), `reply_tokens` and `seed` (integers).
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sycoprobe.backends.base import BackendOptions, ErrorKind, Reply, Request
from sycoprobe.errors import BackendError, PlanError, SycoprobeError

_WRITE = "write -m python:pkg.module:callable, with the package importable from here"
_OFFERED = ("temperature", "reply_tokens", "seed")


def open_backend(name: str, options: BackendOptions) -> PythonBackend:
    """The backend for `pkg.module:callable`. Raises `PlanError` if it cannot be imported or is not callable."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise PlanError(f"python: {name!r} names no function", _WRITE)
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it: modules beside the user are found
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as e:
        raise PlanError(f"python: {name}: {e}", _WRITE) from e
    except Exception as e:
        raise PlanError(f"python: importing {module} raised {type(e).__name__}: {e}", "mend the module") from e
    if not callable(found):
        raise PlanError(f"python: {name} is not callable", _WRITE)
    return PythonBackend(name, found, options.concurrency)


class PythonBackend:
    """Asks a function. What it raises becomes a failed call of the kind `internal`, unless it is a `BackendError`."""

    def __init__(self, name: str, function: Callable[..., Any], concurrency: int) -> None:
        self._name = name
        self._function = function
        self._offered = _parameters(function)
        self._threads: ThreadPoolExecutor | None = None
        self._concurrency = concurrency

    async def start(self) -> dict[str, Any]:
        self._threads = ThreadPoolExecutor(self._concurrency, "sycoprobe-python")
        return {"model": self._name, "mode": "chat", "notes": []}

    async def complete(self, request: Request) -> Reply:
        known = {
            "temperature": request.sampling.temperature,
            "reply_tokens": request.sampling.reply_tokens,
            "seed": request.seed,
        }
        given = {key: known[key] for key in self._offered}
        messages = [dict(m) for m in request.messages]
        try:
            async with asyncio.timeout(request.sampling.timeout):
                if inspect.iscoroutinefunction(self._function):
                    said = await self._function(messages, **given)
                else:
                    loop = asyncio.get_running_loop()
                    said = await loop.run_in_executor(self._threads, lambda: self._function(messages, **given))
                    if inspect.isawaitable(said):
                        said = await said
        except SycoprobeError:
            raise
        except TimeoutError:
            message = f"{self._name} gave no answer within {request.sampling.timeout:g} s"
            raise BackendError(message, "--timeout allows it longer", kind=ErrorKind.TIMEOUT) from None
        except Exception as e:
            raise BackendError(f"{self._name} raised {type(e).__name__}: {e}", kind=ErrorKind.INTERNAL) from e
        if isinstance(said, Reply):
            return said
        if not isinstance(said, str):
            hint = "return the answer as a string, or a sycoprobe.backends.base.Reply"
            raise BackendError(f"{self._name} gave back {type(said).__name__}", hint, kind=ErrorKind.BAD_BODY)
        return Reply(said, model=self._name)

    async def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Which of the offered settings the function takes by name."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return _OFFERED
    return tuple(name for name in _OFFERED if name in parameters)
