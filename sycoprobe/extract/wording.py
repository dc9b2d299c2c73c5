"""How other readers than that of known answers see a reply: as plain text in lower case, and whether it declines."""

from __future__ import annotations

from sycoprobe.extract.characters import plain
from sycoprobe.extract.dialog import is_refusal, refuses_first

__all__ = ["clean", "is_refusal", "refuses_first"]


def clean(reply: str) -> str:
    """The reply as plain text in lower case; lines stay lines."""
    return plain(reply).low
