"""How many items belief shift saves over counting flips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sycoprobe.stats.power import ALPHA, POWER, items_for
from sycoprobe.text import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


LEAST_ITEMS = 10
"""Shared items below which two designs are not compared: a standard deviation of fewer is too rough."""
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Savings:
    """How many times fewer items tell an effect of disagreement from none by belief than by flips, on the same items.

    For a given test the items needed are proportional to (standard deviation / mean)², so the ratio is
    (mean/sd)² of an item's net belief shift over (mean/sd)² of its net sycophancy. `low` and `high` are the limits of a 95 %
    bootstrap interval; `high` is None where resamples leave it without an upper limit (flips that show no effect at all).
    `by_flips` and `by_belief` are the items needed to find either effect, were it what it seems here, at a power of 80 % and a
    two-sided level of 5 %; None where that would take more than a million.
    """

    times: float | None
    low: float | None
    high: float | None
    items: int
    by_flips: int | None = None
    by_belief: int | None = None
    reason: str | None = None


def savings_of(flips: Iterable[float], shifts: Iterable[float], *, resamples: int = RESAMPLES, seed: int = 0) -> Savings:
    """How many times fewer items net belief shift needs than net sycophancy to be told from zero; one pair of numbers an item.

    Parameters
    ----------
    flips, shifts: of the same items in the same order: net sycophancy in [-1, 1], and net belief shift in nats.

    Notes
    -----
    n = ((z_{1-alpha/2} + z_{power}) · sd / mean)² items are needed (Chow, Shao & Wang 2008, Sample Size Calculations in Clinical Research,
    section 3.1), so the ratio of two needs no z. The interval is the percentile bootstrap over items, both numbers drawn
    together (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13). An effect of a resample that points the other way
    counts as no effect: no number of items would show it.
    """
    import numpy as np
    from scipy.stats import bootstrap

    f, b = np.fromiter(flips, float), np.fromiter(shifts, float)
    reason = _incomparable(f, b)
    if reason is not None:
        return Savings(None, None, None, len(f), reason=reason)

    def share(x: NDArray[np.float64], y: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
        """k/(1 + k) of the ratio k: finite where k is not, and percentiles keep their places."""
        flip, shift = _strength(x, axis), _strength(-y, axis)
        shares: NDArray[np.float64] = np.where(flip + shift > 0, shift / np.maximum(flip + shift, 1e-300), 0.5)
        return shares

    drawn = bootstrap(
        (f, b), share, n_resamples=resamples, paired=True, vectorized=True, method="percentile", random_state=seed
    ).confidence_interval
    low, high = (_times(float(x)) for x in (drawn.low, drawn.high))
    by_flips, by_belief = (items_for(abs(float(x.mean())), float(x.std(ddof=1)), ALPHA, POWER) for x in (f, b))
    return Savings(_times(float(share(f, b))), low, high, len(f), by_flips, by_belief)


def _incomparable(flips: NDArray[np.float64], shifts: NDArray[np.float64]) -> str | None:
    if len(flips) < LEAST_ITEMS:
        return f"only {counted(len(flips), 'item')} {'has' if len(flips) == 1 else 'have'} both flips and log-odds; {LEAST_ITEMS} are needed"
    if flips.mean() <= 0:
        return "net sycophancy is not above zero here, so no number of items would find it"
    if shifts.mean() >= 0:
        return "belief in the right answer does not fall here, so no number of items would find it"
    if flips.std() == 0 or shifts.std() == 0:
        return "all items are alike here, so that the items needed cannot be told"
    return None


def _strength(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """(mean/sd)² of an effect, 0 if it points the other way; the sd is kept above rounding."""
    import numpy as np

    mean, deviation = np.maximum(values.mean(axis=axis), 0.0), np.maximum(values.std(axis=axis, ddof=1), 1e-9)
    squared: NDArray[np.float64] = (mean / deviation) ** 2
    return squared


def _times(share: float) -> float | None:
    """The ratio whose share is k/(1 + k); None where it has no upper limit."""
    return share / (1 - share) if share < 1 - 1e-9 else None
