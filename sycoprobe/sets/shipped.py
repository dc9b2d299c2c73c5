"""TOML files that come with the package: one way to read them, and one clear error where one was damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sycoprobe.errors import PlanError
from sycoprobe.jsontext import TextFault, read_toml

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

RESTORE = "or restore the file as it was installed"
"""What a hint on a faulty file ends in."""


def shipped_toml(file: Traversable) -> dict[str, object]:
    """What stands in a file. Raises `PlanError` that names the file if it cannot be read or is not TOML."""
    try:
        return read_toml(file.read_bytes())
    except OSError as e:
        raise PlanError(f"{file}: cannot be read: {e.strerror}", "install sycoprobe again") from e
    except TextFault as e:
        raise PlanError(f"{file}:{e.place}: {e.message}", f"fix it there, {RESTORE}") from e
