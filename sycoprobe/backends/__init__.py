"""Ways to reach a model; `open_backend` finds one by the entry points of `sycoprobe.backends`."""

from __future__ import annotations

from importlib.metadata import entry_points

from sycoprobe.backends.base import Backend, BackendOptions
from sycoprobe.errors import PlanError

GROUP = "sycoprobe.backends"


def backend_names() -> list[str]:
    """The names of all installed backends, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def open_backend(model: str, options: BackendOptions) -> Backend:
    """The backend for `model`, written `backend:name`; not yet started.

    Raises
    ------
    PlanError: there is no such backend, its package is broken, or it does not send the headers and body fields that were given.
    SycoprobeError: what the backend itself objects to.
    """
    scheme, colon, name = model.partition(":")
    for point in entry_points(group=GROUP, name=scheme):
        try:
            opener = point.load()
        except ImportError as e:
            raise PlanError(f"the backend {scheme!r} cannot be loaded: {e}", "reinstall the package that brings it") from e
        backend: Backend = opener(name if colon else "", options)
        _check_extras(backend, scheme, options)
        return backend
    known = ", ".join(f"{n}:…" for n in backend_names())
    raise PlanError(f"no backend {scheme!r} (in model {model!r})", f"write backend:name, with one of {known}")


def _check_extras(backend: Backend, scheme: str, options: BackendOptions) -> None:
    given = [name for name, value in (("headers", options.headers), ("body fields", options.body)) if value]
    if given and not getattr(backend, "sends_extras", False):
        raise PlanError(
            f"{' and '.join(given)} go only to servers over HTTP, and {scheme}: is none",
            "leave headers and body out, or name a server: -m openai:NAME --base-url URL",
        )
