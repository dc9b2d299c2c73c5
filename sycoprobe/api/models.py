"""What answers as a model: its name, or in Python a function or a backend of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

from sycoprobe.backends.base import Backend, BackendOptions
from sycoprobe.errors import PlanError

Model = str | Callable[..., Any] | Backend
"""BACKEND:NAME; or a function of the dialog (a list of messages) to the answer, plain or `async`; or a backend."""
Opener = Callable[[BackendOptions], Backend]


def named(model: Model) -> tuple[str, Opener | None]:
    """The name under which a plan keeps a model, and what opens its backend; None: the name does.

    Raises
    ------
    PlanError: it is neither a name, nor a function, nor a backend.
    """
    if isinstance(model, str):
        return model, None
    if _is_backend(model):
        backend = model
        name = str(getattr(backend, "name", None) or type(backend).__name__)
        return (name if ":" in name else f"python:{type(backend).__module__}:{name}"), lambda _options: backend
    if callable(model):
        from sycoprobe.backends.python import PythonBackend

        function: Callable[..., Any] = model
        own = getattr(function, "__qualname__", None) or type(function).__qualname__
        name = f"{getattr(function, '__module__', None) or type(function).__module__}:{own}"
        return f"python:{name}", lambda options: PythonBackend(name, function, options)
    raise PlanError(f"model must be a name, a function or a backend, not {type(model).__name__}", 'write e.g. "openai:NAME"')


def _is_backend(model: object) -> TypeGuard[Backend]:
    return not isinstance(model, type) and all(callable(getattr(model, m, None)) for m in ("start", "complete", "close"))
