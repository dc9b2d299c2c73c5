"""Looking after every item without fooling oneself: betting tests and confidence sequences.

A sceptic who holds that the mean is at most m may be bet against: before each item is seen, a stake is chosen
from the items before it, and the capital is multiplied by 1 + stake · (value - m). If the sceptic is right, the bet is fair or worse,
so the capital is a non-negative supermartingale and the chance that it *ever* reaches 1/alpha is at most alpha
(Ville 1939). So p = 1/(largest capital so far) may be looked at after every item, and stopping when it is small is no cheating.
Waudby-Smith & Ramdas (2024), J. R. Stat. Soc. B 86, 1-27 ("Estimating means of bounded random variables by betting"),
sections 4 and 5. Assumed: values are bounded, and each has the same mean given those before it (items in random order).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.stats.intervals import CONFIDENCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STAKES = (2.5, 6.0)
"""The stakes that are mixed half and half, in units of 1 / (standard deviation · √horizon): the first is
the best one for an effect that a fixed design of the horizon's size would just detect, the second for one of twice that size."""
PRIOR_VARIANCE = 0.25
PRIOR_ITEMS = 5
LARGEST = 0.97
"""How much of its capital a bet may lose at most on one item."""
BETS_SHARE = 0.2
"""How much of the level the bets have; the rest is for one fixed test at the end.

At an effect that the fixed design finds in 80 % of runs, bets alone decide in 55 %, for 74 % of the calls; with a share of 0.1, 0.2, 0.3, 0.5 it is in
79, 77, 76, 72 %, for 92, 89, 86, 81 % of the calls. At twice that effect nearly all runs decide, for 53, 47, 44, 39 % of the calls (bets alone: 33 %).
One point of power is worth 2.5 % of a fixed design's items there: up to about 0.2, a point that is given up saves that many calls; beyond, fewer.
`python -m benchmarks.bounds share`, the means of 100, 300 and 1,000 items with one and with five rebuttals.
"""


@dataclass(frozen=True, slots=True)
class Order:
    """The items of a sequential run that are complete, in the order in which they were planned.

    Attributes
    ----------
    items: names, from the first planned item on, without a gap.
    planned: how many were planned in all.
    """

    items: Sequence[str]
    planned: int

    def horizon(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """For values that stem from the items at these ascending places: how many values to expect in all.

        Foreseen for each from the share of the items before it that had a value.
        """
        import numpy as np

        return self.planned * (np.arange(len(places)) + 1) / (places + 2)


def capital(
    values: NDArray[np.float64], limit: float, low: Any, horizon: Any, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The logarithm of the capital won against "the mean is at most `limit`", after each item.

    Parameters
    ----------
    values: shape (..., items), in the order in which items were asked; each at least `low` times its weight.
    limit: greater than `low`.
    low: a number, or an array of shape (items,) each of whose entries is known before its item is seen.
    horizon: how many items there will be at most, as a number or an array of shape (items,) each of whose entries
        is known before its item is seen. It tunes the stakes and has no part in validity.
    weights: shape (items,), in [0, 1]: the mean is that of a ratio, the values' expectation over that of the weights. None: all are 1.

    Notes
    -----
    With weights w the bet is on value - w · limit, whose expectation is 0 where the ratio is `limit`.
    Half of the capital each is put on the stakes `STAKES[k]` / (s · √horizon), where s² is the variance of the items before,
    with a prior of `PRIOR_ITEMS` items of variance `PRIOR_VARIANCE`; a mixture of martingales is a martingale.
    """
    import numpy as np

    n = values.shape[-1]
    if n == 0:
        return np.zeros(values.shape)
    seen = np.arange(1, n + 1)
    sums = np.cumsum(values, axis=-1)
    squares = np.cumsum(values**2, axis=-1)
    variance = (squares - sums**2 / seen + PRIOR_ITEMS * PRIOR_VARIANCE) / (seen + PRIOR_ITEMS)
    first = np.full((*values.shape[:-1], 1), PRIOR_VARIANCE)
    before = np.concatenate([first, variance[..., :-1]], axis=-1)
    cap = LARGEST / np.maximum(limit - low, 1e-9)
    gains = values - limit if weights is None else values - limit * weights
    total: Any = -np.inf
    for stake in STAKES:
        bet = np.minimum(stake / np.sqrt(np.maximum(before, 1e-6) * horizon), cap)
        total = np.logaddexp(total, np.cumsum(np.log1p(bet * gains), axis=-1) - np.log(len(STAKES)))
    return np.asarray(total, dtype=np.float64)


def anytime_p(
    values: NDArray[np.float64], limit: float, low: Any, horizon: Any, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The anytime-valid one-sided p of "the mean is at most `limit`" after each item; it never rises. Arguments as for `capital`."""
    import numpy as np

    return np.exp(-np.maximum.accumulate(np.maximum(capital(values, limit, low, horizon, weights), 0.0), axis=-1))


def split_p(bets: float, fixed: float | None, share: float = BETS_SHARE) -> float:
    """The one-sided p of a sequential run that bets while items come in, and does one fixed test once all that were planned are complete.

    Parameters
    ----------
    bets: the anytime-valid p (the last of `anytime_p`).
    fixed: the fixed design's p over all planned items; None while some are open. It must never be looked at before.
    share: of the level that the bets have, in (0, 1].

    Notes
    -----
    min(bets / share, fixed / (1 - share)), at most 1. A true hypothesis is refuted at the level alpha by the bets with a chance of at most share · alpha,
    ever, and by the fixed test with at most (1 - share) · alpha, so by either with at most alpha, however they depend on each other
    (Bonferroni). It never rises while bets go on and falls once at most, at the end. The interval that goes with it is `confidence_sequence` with
    the confidence 1 - share · (1 - confidence); at the end, what it has in common with the fixed one of confidence 1 - (1 - share) · (1 - confidence).

    Raises `ValueError` if the share is out of range.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of {share}")
    p = bets / share
    if fixed is not None and share < 1:
        p = min(p, fixed / (1 - share))
    return min(p, 1.0)


def confidence_sequence(
    values: NDArray[np.float64],
    low: float,
    high: float,
    horizon: Any,
    confidence: float = CONFIDENCE,
    *,
    weights: NDArray[np.float64] | None = None,
    bounds: tuple[Any, Any] | None = None,
) -> tuple[float, float]:
    """Where the mean lies, valid at whatever item one stops: the values that no bet has refuted so far.

    Parameters
    ----------
    values: shape (items,), in the order asked.
    low, high: where the mean can lie.
    weights: as for `capital`.
    bounds: what a value can be at least and at most, as a number or for each item; None: `low` and `high`.

    Notes
    -----
    Each side gets half of 1 - confidence. The set {m: capital against "at most m" never reached 2/(1 - confidence)} is searched
    by halving; what was refuted once stays so, thus the last mean may lie outside. Waudby-Smith & Ramdas (2024), theorem 3, one-sided twice.
    """
    level = (1 - confidence) / 2
    least, most = bounds or (low, high)

    def above(m: float) -> bool:
        return bool(anytime_p(values, m, least, horizon, weights)[-1] <= level)

    def below(m: float) -> bool:
        return bool(anytime_p(-values, -m, -most, horizon, weights)[-1] <= level)

    if not len(values):
        return low, high
    bottom = _edge(above, low, high)
    top = _edge(below, high, low)
    return min(bottom, top), max(bottom, top)


def _edge(refuted: Callable[[float], bool], refutable: float, other: float) -> float:
    """Where what is refuted ends, between the end of the range that is refuted first and the other end."""
    step = 1e-6 if refutable < other else -1e-6
    if not refuted(refutable + step):
        return refutable
    for _ in range(24):
        middle = (refutable + other) / 2
        if refuted(middle):
            refutable = middle
        else:
            other = middle
    return refutable
