"""Intervals and tests on one number an item; pure functions that know nothing of models or arms.

All of them rest on the same idea. Each item (or each cluster of items) is one independent draw; what was
measured several times within it is averaged first. Of that average we take a **score** interval at the
*effective* sample size: the number of single outcomes that would have varied as much as the averages did.
A score interval asks of each candidate value whether the data would be surprising if it were true, so it
stays inside the possible range and stays right where nothing, or everything, flipped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.stats.clusters import cluster_variance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Spread:
    """What a score interval needs to know of a sample.

    Attributes
    ----------
    mean: of the values.
    effective: how many single outcomes would vary as much as the values do.
    df: degrees of freedom of the variance estimate; None where each item has one outcome, so that none was estimated.
    clusters: how many independent draws.
    up, down: for a difference, the shares of single outcomes that are +1 and -1; for a rate, `up` is its mean and `down` is 0.
    """

    mean: float
    effective: float
    df: float | None
    clusters: int
    up: float
    down: float


def spread_of(
    values: NDArray[np.float64],
    trials: int,
    *,
    up: float | None = None,
    down: float = 0.0,
    clusters: NDArray[Any] | None = None,
    single: bool = False,
) -> Spread:
    """The spread of `values`, one an item.

    Parameters
    ----------
    values: shape (items,), at least one; in [0, 1] for a rate, in [-1, 1] or [-2, 2] for a difference.
    trials: how many single outcomes (or pairs of them) the values were made from; `items` if each has one.
    up, down: shares of single outcomes that are +1 and -1; `up` is the mean where it is left out (a rate).
    clusters: shape (items,), labels; items with one label are not independent (sets from one template). None: all are.
    single: whether an item has one outcome at most (of a difference, on each side): what zeros and ones vary is known from their mean.

    Notes
    -----
    With V the variance of one outcome and S the (cluster-robust) variance of the mean, the effective number is V/S:
    Korn & Graubard (1998), Survey Methodology 24, 193-201. It is at most `trials`. With clusters, S is bias-reduced and its
    degrees of freedom are the fewer of those of `sycoprobe.stats.clusters` and of `_freedom`. Where all values are alike the variance
    says nothing; the effective number is then the number of clusters if nothing or everything flipped, else `trials`.
    """
    import numpy as np

    n = len(values)
    mean = float(values.mean())
    if up is None:
        up = mean
    total = up + down
    if total > 1.0:
        up, down = up / total, down / total
    one = up + down - (up - down) ** 2
    if clusters is None:
        groups = n
        variance = float(values.var(ddof=1)) / n if n > 1 else 0.0
    else:
        variance, freedom, groups = cluster_variance(values, clusters)
    if clusters is None and trials <= n:
        return Spread(mean, float(n), None, n, up, down)
    if one <= 1e-12:
        effective = float(groups)
    elif variance <= 1e-15:
        effective = float(trials) if clusters is None else float(groups)
    else:
        effective = min(max(one / variance, 1.0), float(trials))
    if clusters is None:
        return Spread(mean, effective, None if single else _freedom(values - mean), n, up, down)
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], values - mean).astype(np.float64)
    return Spread(mean, effective, min(freedom, _freedom(sums)), groups, up, down)


def _freedom(deviations: NDArray[np.float64]) -> float:
    """Degrees of freedom of the variance of these deviations, one a cluster: what a chi-square would need to be as uncertain.

    Satterthwaite (1946), Biometrics Bull. 2, 110-114, with Var(s²) ≈ s⁴(kurtosis - 1)/n: few items that fail
    altogether among many that never do tell less of the variance than their number suggests. At least 1, at most n - 1.
    """
    n = len(deviations)
    second = float((deviations**2).mean())
    if second <= 1e-15 or n < 4:
        return float(max(1, n - 1))
    kurtosis = float((deviations**4).mean()) / second**2
    return max(1.0, min(float(n - 1), 2 * n / max(kurtosis - 1, 1e-9)))


def rate_score(spread: Spread, value: float) -> float:
    """How many standard errors the observed rate lies above `value`, the errors taken as if `value` were true.

    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212, at the effective sample size.
    """
    error = math.sqrt(max(value * (1 - value), 0.0) / spread.effective)
    return _ratio(spread.mean - value, error)


def difference_score(spread: Spread, value: float) -> float:
    """How many standard errors the observed difference lies above `value`, the errors taken as if `value` were true.

    Tango (1998), Stat. Med. 17, 891-908, equation 5: with b = n·up and c = n·down discordant pairs among n, the
    nuisance share of -1 is replaced by its maximum-likelihood value under the difference `value`. Here n is the effective number.
    """
    n = spread.effective
    b, c = n * spread.up, n * spread.down
    linear = -b - c + (2 * n - b + c) * value
    root = math.sqrt(max(linear**2 + 8 * n * c * value * (1 - value), 0.0))
    nuisance = (root - linear) / (4 * n)
    variance = n * (2 * nuisance + value * (1 - value))
    return _ratio(n * (spread.mean - value), math.sqrt(max(variance, 0.0)))


Score = Callable[[Spread, float], float]


def interval(spread: Spread, score: Score, low: float, high: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """All values in [low, high] that the data do not contradict at this confidence, both sides alike.

    The critical value is normal if each item has one outcome, else Student's t with the spread's degrees of freedom:
    the same as shrinking the effective number by (z/t)² (Korn & Graubard 1998).
    """
    from scipy.special import ndtri, stdtrit

    side = 0.5 + confidence / 2
    critical = float(ndtri(side) if spread.df is None else stdtrit(spread.df, side))
    return (
        _boundary(lambda v: score(spread, v) - critical, low, spread.mean, rising=False),
        _boundary(lambda v: score(spread, v) + critical, spread.mean, high, rising=True),
    )


def p_above(spread: Spread, score: Score, value: float) -> float:
    """One-sided p of "the true value is at most `value`": small where the data lie above it. The test that `interval` inverts."""
    return _tail(score(spread, value), spread.df)


def p_below(spread: Spread, score: Score, value: float) -> float:
    """One-sided p of "the true value is at least `value`": small where the data lie below it."""
    return _tail(-score(spread, value), spread.df)


def clopper_pearson(successes: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact interval for one outcome an item: never covers less than it claims, and is wider for it.

    Clopper & Pearson (1934), Biometrika 26, 404-413, as quantiles of the beta distribution (the same as scipy's `binomtest`,
    without the half second and 46 MiB that `scipy.stats` takes). Raises `ValueError` if n < 1.
    """
    from scipy.special import betaincinv

    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"{successes} of {n} is no share")
    side = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, side))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - side))
    return low, high


def mcnemar(up: int, down: int) -> float:
    """Exact two-sided p that `up` and `down` discordant pairs are equally likely; 1 if there is none.

    McNemar (1947), Psychometrika 12, 153-157, with the exact binomial tail; one outcome an item and side.
    """
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(up, down), up + down, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the same order: rejecting those at most alpha keeps the chance of any false one at alpha.

    Holm (1979), Scand. J. Stat. 6, 65-70. Holds however the tests depend on each other.
    """
    m = len(p_values)
    adjusted = [1.0] * m
    running = 0.0
    for rank, i in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (m - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def bootstrap_interval(
    values: NDArray[np.float64],
    *,
    clusters: NDArray[Any] | None = None,
    confidence: float = CONFIDENCE,
    resamples: int = 4999,
    seed: int = 0,
) -> tuple[float, float] | None:
    """A cluster-bootstrap (BCa) interval for the mean of `values`, one an item; None where it is not defined.

    Whole items, or whole clusters of them, are drawn with replacement. Efron (1987), J. Am. Stat. Assoc. 82, 171-185,
    through scipy's `bootstrap`. It is not defined for fewer than two clusters or where all values are alike, and covers
    less than it claims below about 100 clusters (docs/validity.md): a second opinion, not what the gate decides by.
    """
    import numpy as np
    from scipy.stats import bootstrap

    if clusters is None:
        clusters = np.arange(len(values))
    _, codes = np.unique(clusters, return_inverse=True)
    sums, sizes = np.bincount(codes, values), np.bincount(codes).astype(np.float64)
    if len(sums) < 2 or np.allclose(values, values[0]):
        return None

    def mean(s: NDArray[np.float64], n: NDArray[np.float64], axis: int = -1) -> Any:
        return s.sum(axis=axis) / n.sum(axis=axis)

    found = bootstrap(
        (sums, sizes),
        mean,
        paired=True,
        vectorized=True,
        confidence_level=confidence,
        n_resamples=resamples,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    low, high = float(found.low), float(found.high)
    return None if math.isnan(low) or math.isnan(high) else (low, high)


def _ratio(distance: float, error: float) -> float:
    if error > 0.0:
        return distance / error
    return 0.0 if abs(distance) < 1e-12 else math.copysign(math.inf, distance)


def _tail(score: float, df: float | None) -> float:
    from scipy.special import ndtr, stdtr

    return float(ndtr(-score) if df is None else stdtr(df, -score))


def _boundary(surplus: Callable[[float], float], a: float, b: float, *, rising: bool) -> float:
    """Where `surplus`, which falls over [a, b], changes sign; the outer end (b if rising, else a) if it nowhere does."""
    inner, outer = (a, b) if rising else (b, a)
    if (surplus(outer) >= 0) if rising else (surplus(outer) <= 0):
        return outer
    for _ in range(60):
        middle = (inner + outer) / 2
        inside = surplus(middle) >= 0 if rising else surplus(middle) <= 0
        inner, outer = (middle, outer) if inside else (inner, middle)
    return (inner + outer) / 2
