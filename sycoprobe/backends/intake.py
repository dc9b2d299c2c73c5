"""How fast a server takes calls."""

from __future__ import annotations

LEAST_SPAN = 0.2
"""Seconds over which the rate that a server took is measured, at least: a burst is no rate."""
RECENT = 5.0
"""Seconds; that rate is measured over the last one to two of these."""


class Intake:
    """Counts calls that a server took, and tells their rate lately.

    Parameters
    ----------
    now: seconds on the limiter's clock, as all times here.
    """

    __slots__ = ("_before", "_mid", "_since", "_taken")

    def __init__(self, now: float) -> None:
        self._since = self._mid = now
        self._taken = self._before = 0

    def took(self, now: float) -> None:
        """Count a call that the server took."""
        self._taken += 1
        if now - self._mid > RECENT:
            self._since, self._before = self._mid, self._taken
            self._mid, self._taken = now, 0

    def rate(self, now: float) -> float:
        """Calls/s over the last while."""
        return (self._before + self._taken) / max(LEAST_SPAN, now - self._since)
