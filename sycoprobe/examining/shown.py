"""Replies and facts as an examination shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sycoprobe.keys import redacted
from sycoprobe.turns import Finish, Reply

SHOWN = 80
"""Characters of a reply that are shown."""


def quoted(reply: Reply) -> str:
    """What a reply said, cut to one short line."""
    if reply.finish is Finish.REFUSAL:
        return f"refused: {' '.join((reply.refusal or reply.text).split())[:SHOWN]!r}"
    text = " ".join(redacted(reply.text).split())
    return f"“{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”"


def is_cut(reply: Reply, limit: int) -> bool:
    """Whether the reply reached its limit."""
    return reply.finish is Finish.LENGTH or reply.usage.get("completion_tokens", 0) >= limit


def thought(reply: Reply) -> int:
    """Tokens of thinking, or else its characters."""
    return reply.usage.get("reasoning_tokens") or len(reply.reasoning or "")


def facts_said(facts: Mapping[str, Any]) -> list[str]:
    """What a backend tells of itself beside the model's name, in a few words."""
    said = []
    for key, value in facts.items():
        if key in ("model", "notes", "base_url", "rates", "phrases") or not isinstance(value, str | int | float) or value == "":
            continue
        shown = f"{value[:12]}…" if key == "sha256" and isinstance(value, str) else str(value)
        said.append(f"{key.replace('_', ' ')} {shown}")
    return said


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
