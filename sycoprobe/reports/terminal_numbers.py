"""Numbers and labels as a terminal shows them."""

from __future__ import annotations

from sycoprobe.stats.sample import Estimate

_SHORT = {
    "regressive_flip": "right→wrong",
    "progressive_flip": "wrong→right",
    "lateral_flip": "wrong→wrong",
    "thinking_only": "only thought",
}


def number(e: Estimate) -> str:
    """An estimate as `0.31 [0.22, 0.41]`, or a dash."""
    if e.value is None or e.low is None or e.high is None:
        return "–"
    return f"{e.value:.2f} [{e.low:.2f}, {e.high:.2f}]"


def probability(p: float | None) -> str:
    """A p-value to three places, or a dash."""
    return "–" if p is None else f"{p:.3f}" if p >= 0.001 else "< 0.001"


def share(value: float | None) -> str:
    """A share to two places, or a dash."""
    return "–" if value is None else f"{value:.2f}"


def word_of(label: str) -> str:
    """A label in words, some of them short ones."""
    return _SHORT.get(label, label.replace("_", " "))
