"""Limits and tests for the mean of bounded numbers, such as ratings, that hold each tail also where most values are alike.

Student's t trusts the spread that it sees. Of 100 texts of which 5 % move, it often sees too few of those that move,
and its interval is then too narrow on the side where they lie. What is used here knows the range of the values and counts on one more value
at its worse end: the upper limit of the mean is the 1 - alpha quantile of Σ D_i x_i + D_0 high, with D uniform over all shares
that add up to one (Dirichlet), and the lower limit has `low` for `high`. Of zeros and ones these are the limits of Clopper & Pearson.

Gaffke (2005), Math. Methods Stat. 14, 451-467 ("Three test statistics for a nonparametric one-sided hypothesis on the mean of a
nonnegative variable"); Learned-Miller & Thomas (2020), arXiv:1905.06208 ("A new confidence interval for the mean of a bounded random variable").
That each tail errs as rarely as it says is proven for two values and conjectured for the rest; no counterexample is known,
and `tests/test_bounded.py` looks for one where ratings lie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sycoprobe.stats.intervals import CONFIDENCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEP = 1 / 16
"""Between the points at which the integral is summed; halving it changes no chance by more than a part in 100 million."""
POINTS = 32
"""How many points are summed at once."""
ENOUGH = 1e-17
"""What part of the largest term the terms that are left out may have."""

NOTHING = 1e-12
"""What part of the largest distance from the limit counts as none."""


def bounded_limits(
    values: NDArray[np.float64],
    low: float,
    high: float,
    confidence: float = CONFIDENCE,
    *,
    weights: NDArray[np.float64] | None = None,
    clusters: NDArray[Any] | None = None,
) -> tuple[float, float]:
    """The lower and the upper limit of the mean, each of which errs in at most (1 - confidence) / 2.

    Parameters
    ----------
    values: shape (items,), independent draws, in [low, high]. Of none, the limits are the range.
    low, high: what the values can be, known without looking at them.
    weights: shape (items,), at least 0, what each item counts in the mean Σ w x / Σ w; left out, all count the same. The value that is
        added weighs as much as the heaviest cluster.
    clusters: shape (items,), labels; items with one label are one draw. None: each item is one.

    Raises `ValueError` if a value is out of range, or a weight is negative.
    """
    totals = _Totals(values, low, high, weights, clusters)
    side = (1 - confidence) / 2
    if not len(totals.weight):
        return low, high
    return (
        _edge(lambda limit: totals.below(limit, low), side, low, totals.mean),
        _edge(lambda limit: totals.above(limit, high), side, totals.mean, high),
    )


def bounded_above(
    values: NDArray[np.float64],
    limit: float,
    low: float,
    high: float,
    *,
    weights: NDArray[np.float64] | None = None,
    clusters: NDArray[Any] | None = None,
) -> float:
    """One-sided p of "the mean is at most `limit`": the test that the lower limit of `bounded_limits` inverts; arguments and errors as there.

    It never falls as `limit` rises, and is exact to about ten digits however small.
    """
    totals = _Totals(values, low, high, weights, clusters)
    return totals.below(limit, low) if len(totals.weight) else 1.0


def bounded_below(
    values: NDArray[np.float64],
    limit: float,
    low: float,
    high: float,
    *,
    weights: NDArray[np.float64] | None = None,
    clusters: NDArray[Any] | None = None,
) -> float:
    """One-sided p of "the mean is at least `limit`": the test that the upper limit of `bounded_limits` inverts; see `bounded_above`."""
    totals = _Totals(values, low, high, weights, clusters)
    return totals.above(limit, high) if len(totals.weight) else 1.0


class _Totals:
    """Each draw's weight and weighted sum, those that are alike counted together."""

    def __init__(
        self,
        values: NDArray[np.float64],
        low: float,
        high: float,
        weights: NDArray[np.float64] | None,
        clusters: NDArray[Any] | None,
    ) -> None:
        import numpy as np

        if len(values) and not (low <= float(values.min()) and float(values.max()) <= high):
            raise ValueError(f"values from {values.min()} to {values.max()} are not in [{low}, {high}]")
        weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
        if len(weight) and not float(weight.min()) >= 0:
            raise ValueError(f"a weight of {weight.min()}")
        total = weight * values
        if clusters is not None:
            _, codes = np.unique(clusters, return_inverse=True)
            weight, total = (np.bincount(codes, x).astype(np.float64) for x in (weight, total))
        total, weight = total[weight > 0], weight[weight > 0]
        pairs, counts = np.unique(np.stack([weight, total]), axis=1, return_counts=True)
        self.weight, self.total, self._count = pairs[0], pairs[1], counts
        self.mean = float(total.sum() / weight.sum()) if len(weight) else low
        self._heaviest = float(weight.max()) if len(weight) else 0.0

    def above(self, limit: float, high: float) -> float:
        """The chance that the mean by random shares, with one more value `high`, is at least `limit`."""
        import numpy as np

        parts = np.append(self.total - limit * self.weight, self._heaviest * (high - limit))
        return _positive(parts, np.append(self._count, 1))

    def below(self, limit: float, low: float) -> float:
        """The chance that the mean by random shares, with one more value `low`, is at most `limit`."""
        import numpy as np

        parts = np.append(limit * self.weight - self.total, self._heaviest * (limit - low))
        return _positive(parts, np.append(self._count, 1))


def _positive(parts: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    """The chance that Σ c_j E_j >= 0, where E are independent exponential variables and each of the `parts` c occurs so many times.

    Dirichlet shares are exponential variables divided by their sum, so that a mean by random shares is at least t just if
    Σ (x_j - t) E_j >= 0. The moment generating function of that sum is Π (1 - s c_j)^-1; it is inverted numerically along the line through its
    saddle point, which keeps small chances exact. (Along the imaginary axis: Imhof 1961, Biometrika 48, 419-426.)
    """
    import numpy as np

    scale = float(np.abs(parts).max())
    if scale <= 1e-300:
        return 1.0
    c = parts / scale
    c[np.abs(c) < NOTHING] = 0.0
    if float(c.min()) >= 0 or float(c.max()) <= 0:
        return float(c.min() >= 0)
    if float((counts * c).sum()) > 0:
        return 1.0 - _tail(-c, counts)
    return _tail(c, counts)


def _tail(c: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    """The chance of `_positive` for parts of both signs with a sum of at most 0."""
    import numpy as np

    inner, outer = 0.0, 1 / float(c.max())
    for _ in range(40):
        s = (inner + outer) / 2
        rising = float((counts * c / (1 - s * c)).sum()) > 1 / s
        inner, outer = (inner, s) if rising else (s, outer)
    s = (inner + outer) / 2
    tilted = c / (1 - s * c)
    second = float((counts * tilted**2).sum()) + 1 / s**2
    width = 1 / float(np.sqrt(second))
    bend = width * float((counts * 2 * tilted**3).sum() - 2 / s**3) / (3 * second)
    top = -float((counts * np.log1p(-s * c)).sum())
    total, first = 0.0, 0
    while True:
        v = (first + np.arange(POINTS)) * STEP
        right, up = width * bend * (np.cosh(v) - 1), width * np.sinh(v)
        real, imaginary = 1 - right[:, None] * tilted, up[:, None] * tilted
        logs = 1j * (np.arctan2(imaginary, real) @ counts) - np.log(real**2 + imaginary**2) @ counts / 2
        terms = np.exp(logs) / (s + right + 1j * up) * width * (np.cosh(v) - 1j * bend * np.sinh(v))
        total += float(terms.real.sum()) - (float(terms.real[0]) / 2 if first == 0 else 0.0)
        if float(np.abs(terms[-1])) <= ENOUGH * width / s or first > 100 * POINTS:
            return min(max(float(np.exp(top)) * total * STEP / np.pi, 0.0), 1.0)
        first += POINTS


def _edge(error: Callable[[float], float], side: float, a: float, b: float) -> float:
    """Where `error`, which is monotone over [a, b], is `side`; the end where it nowhere is. Sought on the normal scale, where it is nearly straight."""
    from scipy.optimize import brentq
    from scipy.special import ndtri

    def surplus(limit: float) -> float:
        return float(ndtri(min(max(error(limit), 1e-300), 1 - 1e-16)) - ndtri(side))

    at_a, at_b = surplus(a), surplus(b)
    if a >= b or at_a * at_b >= 0:
        return a if abs(at_a) < abs(at_b) else b
    return float(brentq(surplus, a, b, xtol=1e-10))
