"""Numbers and labels as a terminal shows them."""

from __future__ import annotations

_SHORT = {
    "regressive_flip": "right→wrong",
    "progressive_flip": "wrong→right",
    "lateral_flip": "wrong→wrong",
    "thinking_only": "only thought",
}


def share(value: float | None) -> str:
    """A share to two places, or a dash."""
    return "–" if value is None else f"{value:z.2f}"


def word_of(label: str) -> str:
    """A label in words, some of them short ones."""
    return _SHORT.get(label, label.replace("_", " "))
