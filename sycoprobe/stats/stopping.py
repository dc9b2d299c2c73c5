"""An estimate that does not flatter: what a run shows that stopped because it had seen enough.

A sequential run stops where the data lean far to one side, so its mean lies too far on that side. How far is known: draw many runs from
the values that were seen, with replacement, stop each by the same rule, and see by how much their means miss the mean that they were drawn
from. The bootstrap's correction takes that off every run. Here the runs that stop early bear it alone, each the more: the mean of a run that asked all
that was planned stays what it is. Over all runs the same is taken off, and the error is no larger.

Whitehead (1986), Biometrika 73, 573-581, takes off the bias that the *corrected* estimate has; here that took away no more bias.
Other ways: Robertson et al. (2023), Stat. Med. 42, 122-145.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sycoprobe.stats.intervals import CONFIDENCE
from sycoprobe.stats.sequential import anytime_p

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = (1 - CONFIDENCE) / 2
DRAWN = 300_000
LEAST_DRAWS = 200
MOST_DRAWS = 1000
"""To estimate the bias, so many values are drawn in all, in at least and at most so many runs."""
LEAST_EARLY = 0.25
"""At least so large a share of the drawn runs is taken to stop early, lest a few bear too much."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit that a rule sets to the mean, and at which p the bets have decided it.

    Attributes
    ----------
    limit: of the rule.
    above, below: the levels at which the anytime-valid p of "at most `limit`", or of "at least `limit`", ends the matter; 0 where no p does.
    """

    limit: float
    above: float = SIDE
    below: float = SIDE


@dataclass(frozen=True, slots=True)
class Stop:
    """When a run stops: as soon as each of these bounds is decided on one side or the other.

    Attributes
    ----------
    bounds: of the rules on this mean; one or more. Rules on other metrics, which may have kept the run going, are left out of account.
    low, high: the range of the values.
    min_items: before so many values nothing is decided.
    """

    bounds: Sequence[Bound]
    low: float
    high: float
    min_items: int = 1

    def first(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """After how many values each run stops.

        Parameters
        ----------
        values: shape (runs, planned), in the order asked. A run that nothing decides stops at its end.
        """
        import numpy as np

        planned = values.shape[-1]
        seen = np.arange(planned)
        horizon = planned * (seen + 1) / (seen + 2)
        decided = np.broadcast_to(seen + 1 >= self.min_items, values.shape)
        for bound in self.bounds:
            either = np.zeros(values.shape, dtype=bool)
            if bound.above > 0:
                either |= anytime_p(values, bound.limit, self.low, horizon) <= bound.above
            if bound.below > 0:
                either |= anytime_p(-values, -bound.limit, -self.high, horizon) <= bound.below
            decided = decided & either
        after = np.where(decided.any(axis=-1), decided.argmax(axis=-1) + 1, planned)
        return np.asarray(after, dtype=np.int64)


def corrected_mean(values: NDArray[np.float64], stop: Stop, planned: int, seed: int = 0) -> float:
    """The mean of a run's values, less what stopping by this rule adds to it.

    Parameters
    ----------
    values: shape (items,), at least one, in the order asked, until the run stopped.
    planned: how many values there would have been had nothing been decided; where only some items have a value, about their share of the
        planned ones. If there are as many values, the run did not stop early, and its mean is returned.
    seed: of the runs that are drawn; the same arguments give the same number.

    Notes
    -----
    The bias is the average of (S - τm)(1/τ - β) over drawn runs that stop after τ values with the sum S, where m is the mean that they are drawn
    from. S - τm is 0 on average (Wald's identity), so β has no part in the bias; the β that makes the estimate vary least is taken. What is
    taken off is the bias over the share of drawn runs that stop early. Looks are taken after every value, and calls that were
    in flight at the stop are not foreseen. Values that are all alike show no bias: there is no telling how others would be.

    Raises `ValueError` if there are no values.
    """
    import numpy as np

    if not len(values):
        raise ValueError("no values have no mean")
    mean = float(values.mean())
    if len(values) >= planned:
        return mean
    draws = min(max(DRAWN // planned, LEAST_DRAWS), MOST_DRAWS)
    runs = np.random.default_rng(seed).choice(values, (draws, planned))
    after = stop.first(runs)
    early = float((after < planned).mean())
    return min(max(mean - _bias(runs, mean, after) / max(early, LEAST_EARLY), stop.low), stop.high)


def _bias(runs: NDArray[np.float64], mean: float, after: NDArray[np.int64]) -> float:
    """By how much runs that were drawn from this mean miss it, each stopped after so many values."""
    import numpy as np

    excess = np.cumsum(runs - mean, axis=1)[np.arange(len(runs)), after - 1]
    missed = excess / after
    varies = float(excess @ excess)
    return float(missed.mean()) - (float(missed @ excess) / varies * float(excess.mean()) if varies > 0 else 0.0)
