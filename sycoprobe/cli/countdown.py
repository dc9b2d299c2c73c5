"""How long a run will take yet: a time that never grows."""

from __future__ import annotations

import math

SETTLED = 3.0
"""Seconds after which a pace can be told."""
FEWEST = 10
"""Calls after which a pace can be told."""
HALF_LIFE = 20.0
"""Seconds after which a pace counts half."""
SLOWER = 1.5
"""So many times as long as was said: then it is said that it takes longer."""


class Countdown:
    """Tells the time left from the calls that are left and the pace of late.

    What was said once is never taken back by a longer time: the time left stands still until the run has caught up, and if calls have
    become much slower it is said that it will be more.

    Parameters
    ----------
    started: when the run began, in seconds of any clock that the other times are told by.
    """

    def __init__(self, started: float) -> None:
        self._started = self._at = started
        self._calls = 0
        self._weight = self._weighed = 0.0
        self._said = math.inf
        self._estimate = math.inf

    def says(self, now: float, calls: int, left: int) -> str:
        """The time left in words; empty while it cannot be told, and at the end.

        Parameters
        ----------
        now: the time.
        calls: that were made since the start.
        left: that are to be made yet, at most.
        """
        self._keep_pace(now, calls)
        settled = now - self._started >= SETTLED and calls >= FEWEST
        if not left or not self._weighed or (not settled and math.isinf(self._said)):
            return ""
        self._estimate = left * self._weight / self._weighed
        self._said = min(self._said, _rounded(self._estimate))
        if self._said < 1:
            return ""
        more = "more than" if self._estimate > SLOWER * self._said + 1 else "about"
        return f"{more} {duration(self._said)} left"

    def _keep_pace(self, now: float, calls: int) -> None:
        """Seconds and calls so far, those of long ago for less."""
        seconds = now - self._at
        if seconds <= 0:
            return
        fading = 0.5 ** (seconds / HALF_LIFE)
        self._weight = self._weight * fading + seconds
        self._weighed = self._weighed * fading + (calls - self._calls)
        self._at, self._calls = now, calls


def _rounded(seconds: float) -> float:
    """Seconds as they are said: long times to what can be known of them."""
    step = 1 if seconds < 20 else 5 if seconds < 120 else 60 if seconds < 7200 else 600
    return math.ceil(seconds / step) * step


def duration(seconds: float) -> str:
    """Seconds in words.

    >>> duration(83), duration(7260)
    ('1 min 23 s', '2 h 1 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"
