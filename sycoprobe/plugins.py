"""Other packages' backends, kinds and generators: loaded from their entry points, and named with their package where they fail.

What such a package does wrong (it raises, exits, never ends its import, gives something else than was asked for) is an error on
purpose that says whose it is, and it is no obstacle to those who do not use it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import Any, TypeVar

from sycoprobe.errors import SycoprobeError

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that a package may take to be imported; those that load a framework for neural networks take ten or twenty."""
_failed: dict[EntryPoint, str] = {}
"""What became of those that could not be loaded: nobody waits for one twice."""


class PluginWarning(UserWarning):
    """A package's plug-in cannot be used, and what was asked for goes on without it."""


def loaded(point: EntryPoint, error: type[SycoprobeError]) -> Any:
    """What an entry point names. Raises `error`, which names the package, if its import fails, exits or does not end."""
    if point not in _failed:
        found, why = _own(point) if is_ours(point) else _imported(point)
        if not why:
            return found
        _failed[point] = why
    raise broken(point, _failed[point], error)


def called(point: EntryPoint, error: type[SycoprobeError], function: Callable[..., T], *args: Any) -> T:
    """What a function of a plug-in gives. Raises `error`, which names the package, for whatever it raises itself but our own errors."""
    if is_ours(point):
        return function(*args)
    try:
        return function(*args)
    except SycoprobeError:
        raise
    except (Exception, SystemExit) as e:
        raise broken(point, _raised(e), error) from e


def broken(point: EntryPoint, why: str, error: type[SycoprobeError]) -> SycoprobeError:
    """The error of a plug-in that cannot be used, with its package."""
    what = point.group.rpartition(".")[2].removesuffix("s")
    hint = (
        "install sycoprobe again"
        if is_ours(point)
        else f"repair, upgrade or uninstall {_package(point)}; all else works without it"
    )
    return error(f"the {what} {point.name!r} of the package {_package(point)} cannot be used: {why}", hint)


def usable(names: list[str], load: Callable[[str], T]) -> Iterator[T]:
    """What `load` gives of each name; of one that cannot be used a warning instead."""
    for name in names:
        try:
            yield load(name)
        except SycoprobeError as e:
            warnings.warn(e.message, PluginWarning, stacklevel=2)


def is_ours(point: EntryPoint) -> bool:
    """Whether an entry point is one of those that come with sycoprobe."""
    return point.value.startswith("sycoprobe.")


def _own(point: EntryPoint) -> tuple[Any, str]:
    try:
        return point.load(), ""
    except ImportError as e:
        return None, _raised(e)


def _imported(point: EntryPoint) -> tuple[Any, str]:
    """What an entry point of another package names, or why there is nothing. In a thread of its own, which can be left alone if it hangs."""
    result: list[tuple[Any, str]] = []

    def load() -> None:
        try:
            result.append((point.load(), ""))
        except BaseException as e:
            result.append((None, _raised(e)))

    thread = threading.Thread(target=load, name=f"import of {point.value}", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return result[0] if result else (None, f"the import of {point.module} does not end (waited {PATIENCE:g} s)")


def _raised(e: BaseException) -> str:
    said = " ".join(str(e).split())[:200]
    return f"{type(e).__name__}: {said}" if said else type(e).__name__


def _package(point: EntryPoint) -> str:
    """Name and version of the package that an entry point comes from."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.module
