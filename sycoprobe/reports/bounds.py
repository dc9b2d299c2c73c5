"""How far replies that could not be read leave the headline open, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sycoprobe.reports.model import Section

WIDE = 0.05
"""From here on the bounds of a headline are said: how far replies that could not be read leave it open."""


def bounds_line(section: Section) -> str | None:
    """What the headline lies between whatever the replies that could not be read would have said; None where that is hardly anything."""
    headline = section.headline[0]
    least, most = (section.metrics.get(f"{headline}_{end}") for end in ("at_least", "at_most"))
    if least is None or most is None or least.estimate.value is None or most.estimate.value is None:
        return None
    low, high = least.estimate, most.estimate
    if most.estimate.value - least.estimate.value <= WIDE:
        return None
    name = headline.replace("_", " ")
    return (
        f"replies that could not be read leave {name} anywhere between {low.value:.2f} (95 % interval from {low.low:.2f}) and {high.value:.2f} "
        f"(to {high.high:.2f}), if they are not missing at random; `{headline}_at_most` can be gated"
    )
