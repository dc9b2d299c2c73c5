"""How fast to send to a server that has said 'too many': a rate that falls at a rejection and grows back."""

from __future__ import annotations

CUT = 0.92
"""What is left of the rate after a rejection, where no better is known from what the server took."""
NEARLY = 0.88
"""A server that took this share of the rate is at its limit at that rate, and not before."""
DEEPEST = 0.5
"""What is left of the rate at least, after one rejection."""
RECOVERY = 15.0
"""Seconds from a cut back to where the limit was met, at least."""
CALLS = 50
"""So many calls at least lie between a cut and the next visit at the limit: a rejection is to stay rare at low rates too."""
WORTH = 40.0
"""A recovery takes so many times the wait that the rejection cost."""
LONGEST_RECOVERY = 300.0
ISOLATED = 100
"""A rejection with no other among so many calls before it cuts nothing: two calls may have come close together by chance."""
TOLERANCE = 5.0
"""Seconds without growth after such a one."""
QUIET = 0.95
"""Below this share of the rate at which the limit was met, no rejection should come: those that do are noise."""
TELLING = 100
"""Calls sent that slowly, from which on the share of noise among them is taken at its word; from half as many on, with reserve."""
NOISE = 0.03
"""Share of calls whose rejection is borne as noise, at most: with those that a cut costs, fewer than 5 % are to be rejected."""
MOVED = 0.12
"""Where a greater share of calls is rejected below the limit, the limit has moved: that is no noise."""
MOST_CREDIT = 4.0
"""Rejections that are borne in a row, at most."""
CHEAP = 0.5
"""Seconds; a rejection that costs a longer wait is not borne."""
DOUBLING = 2.0
"""Seconds in which a rate doubles that has never met the limit."""
LOWEST = 1 / 120
"""Requests/s."""
SLACK = 0.05
"""Seconds; what a late timer lost, up to this, is made up for."""
FEW = 4
"""No more calls than these are made up for at once where rates are high, since a bucket may be small; `LEAST_SLACK` always is."""
LEAST_SLACK = 0.01
SPAN = 30.0
"""Seconds; what the server took lately is measured over one to two of these."""
ENOUGH = 10
"""Fewer calls say nothing about what the server takes."""


class Pace:
    """A rate in requests/s, and when the next call may be sent.

    It falls only at a rejection (HTTP 429), and grows only while calls wait for it. After a cut it comes back along a cubic:
    fast at first, flat where the limit was last met, then away from it ever faster. That is the shape of CUBIC (RFC 9438,
    section 4.2) with two things made simple: it is a rate, not a window, and the time K of the way back is chosen, not
    computed from the size of the cut. As a rate begins that has never met the limit, it doubles every two seconds.

    Where the limit is, is taken from both sides: the rate of the call that was rejected is above it; what the server took
    since the cut before is at or below it, since the server had nothing left to give at both ends of that time.

    Some servers reject calls for reasons that have nothing to do with this client's rate (others use up what is shared). Such
    rejections come below the limit too, and no cut removes them: as many as come there, and half as many again, are
    borne, up to 3 % of all calls.

    Parameters
    ----------
    rate: requests/s to begin with.
    now: seconds on the limiter's clock, as all times here.
    """

    __slots__ = (
        "_credit",
        "_deaf_until",
        "_first",
        "_grown",
        "_knee",
        "_last_refused",
        "_low",
        "_mid",
        "_next",
        "_quiet",
        "_quiet_refused",
        "_recovery",
        "_refused",
        "_since",
        "hold",
        "number",
        "rate",
    )

    def __init__(self, rate: float, now: float) -> None:
        self.rate = max(rate, LOWEST)
        self.number = 0
        """Calls sent so far."""
        self.hold = 0.0
        """No growth before this time."""
        self._next = now + 1 / self.rate
        self._knee: float | None = None
        self._low = self.rate
        self._grown = 0.0
        self._recovery = RECOVERY
        self._deaf_until = now
        self._since, self._first, self._refused = now, 0, 0
        self._mid = (now, 0)
        self._last_refused = 0
        self._quiet = self._quiet_refused = 0.0
        self._credit = 0.0

    @property
    def due(self) -> float:
        """When the next call may be sent."""
        return self._next

    def not_before(self, until: float) -> None:
        """Nothing is sent before this time, and nothing is made up for after it."""
        self._next = max(self._next, until)

    def sent(self, now: float, *, waited: bool) -> None:
        """Book a call. `waited`: whether it was in a queue before."""
        slack = min(SLACK, max(LEAST_SLACK, FEW / self.rate)) if waited else 0.0
        if waited and now <= self._next + slack and now >= self.hold:
            self._grow(1 / self.rate)
        self._next = max(self._next, now - slack) + 1 / self.rate
        self.number += 1
        if self._is_quiet(self.rate) and now > self._deaf_until:
            self._quiet += 1
            if self._quiet > 2 * TELLING:
                self._quiet, self._quiet_refused = self._quiet / 2, self._quiet_refused / 2
        self._credit = min(MOST_CREDIT, self._credit + self._noise) if self._noise else 0.0
        if now - self._mid[0] > SPAN:
            (self._since, self._first), self._mid = self._mid, (now, self.number)
            self._refused = 0

    def _grow(self, seconds: float) -> None:
        if self._knee is None:
            self.rate *= 2.0 ** min(1.0, seconds / DOUBLING)
            return
        self._grown += seconds
        off = self._grown / self._recovery - 1
        self.rate = max(self.rate, self._knee + (self._knee - self._low) * off**3)

    def rejected(self, sent: float, rate: float, number: int, now: float, cost: float) -> bool:
        """Cut the rate because of a rejected call, unless it tells of the time before a cut, or is alone. Returns whether it was cut.

        Parameters
        ----------
        sent: when that call was sent.
        rate: the rate then.
        number: `self.number` then.
        cost: seconds during which nothing may be sent because of it; 0 where the server asked for no wait.
        """
        alone = not cost and number - self._last_refused >= ISOLATED
        self._last_refused = max(self._last_refused, number)
        if sent <= self._deaf_until or self._is_noise(rate, cost):
            self._refused += 1
            return False
        if alone:
            self._refused += 1
            self.hold = max(self.hold, now + TOLERANCE)
            return False
        calls = number - self._first
        # A mean over a time in which the rate doubled and doubled again is far below what the server took at last.
        telling = calls >= ENOUGH and sent > self._since and (self._knee is not None or rate < 1.2 * self._low)
        took = (calls - self._refused) / (sent - self._since) if telling else CUT * rate
        took = min(max(took, DEEPEST * rate), rate)
        self._knee = max(rate if took > NEARLY * rate else CUT * rate, LOWEST)
        self.rate = self._low = max(min(took, CUT * rate * (1 - self._noise)), LOWEST)
        self._grown = 0.0
        self._recovery = max(min(max(RECOVERY, WORTH * cost), LONGEST_RECOVERY), CALLS / self.rate)
        # The server may be just about to have room for the next call: not yet for those that follow at once.
        self._next = max(self._next, now + 1.5 / self.rate)
        self._deaf_until = now + min(2.0, max(0.05, 4 / self.rate))
        self._since, self._first, self._refused = now, self.number, 0
        self._mid = (now, self.number)
        return True

    @property
    def _noise(self) -> float:
        """The share of calls whose rejection is borne."""
        if self._quiet_refused <= 1 or self._quiet < TELLING / 2:
            return 0.0
        return min(NOISE, 1.5 * self._quiet_refused / max(TELLING, self._quiet))

    def _is_quiet(self, rate: float) -> bool:
        """Whether a rate is so far below the limit that no rejection should come of it; what was borne may hide the limit."""
        return self._knee is not None and rate < QUIET * (1 - self._noise) * self._knee

    def _is_noise(self, rate: float, cost: float) -> bool:
        """Whether a rejected call, sent at `rate`, is one of those that come whatever the rate."""
        if self._is_quiet(rate):
            self._quiet_refused += 1
            if self._quiet_refused > max(MOVED * self._quiet, MOST_CREDIT):
                self._quiet = self._quiet_refused = self._credit = 0.0
        if self._credit < 1 or cost > CHEAP:
            return False
        self._credit -= 1
        return True
