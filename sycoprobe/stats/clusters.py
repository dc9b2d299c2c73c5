"""How sure a mean is whose items come in clusters, a few of them big: its variance and the degrees of freedom of that."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 0.975
"""The quantile at which degrees of freedom are matched."""
LEAST = 0.05
"""Items of one cluster are taken to be correlated at least so much, though a few clusters may happen to show nothing of it. Without this the
intervals of one cluster of 60 among 60 single items, correlated by 0.1, miss a truth of 0.05 in 3.8 % of samples, with it in 2.8 %."""


def cluster_variance(values: NDArray[np.float64], clusters: NDArray[Any]) -> tuple[float, float, int]:
    """The variance of the mean of `values`, its degrees of freedom, and how many clusters there are.

    Parameters
    ----------
    values: shape (items,), at least one.
    clusters: shape (items,), labels; items with one label are not independent of each other.

    Returns
    -------
    The variance; degrees of freedom, at least 1 and at most one less than there are clusters; the number of clusters. With one
    cluster nothing is known: 0, 1 and 1. With single items only, the variance is that of `values` (ddof 1) over their number.

    Notes
    -----
    With S_g the sum of a cluster's deviations from the mean, and h_g = n_g/n the share of the items that it has, the variance is
    Σ_g S_g² / (1 - h_g) / n²: CR2 of Bell & McCaffrey (2002), Survey Methodology 28, 169-181, for a mean. A big cluster pulls the mean
    towards itself, so that its deviation is too small; CR2 puts that right for independent items. For items that are alike within
    clusters a factor does, which makes the variance unbiased under the working model of Imbens & Kolesár (2016), Rev. Econ. Stat. 98,
    701-712: items of one cluster are correlated by ρ, others are not. ρ is estimated from the variances between and within clusters, as
    an analysis of variance has it, and taken as at least `LEAST`.

    The degrees of freedom are those of the Student's t that has the same 97.5 % quantile as error over standard error has under this
    model with normal errors (`matched_freedom`). Imbens & Kolesár, and Pustejovsky & Tipton (2018), J. Bus. Econ. Stat. 36, 672-683, take
    Satterthwaite's, which supposes that the variance estimate is near a chi-square and independent of the error. Where one to
    three clusters have most of the items it is neither, and Satterthwaite's intervals are up to two times too wide.
    """
    import numpy as np

    labels, codes, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    groups, n = len(labels), len(values)
    if groups < 2:
        return 0.0, 1.0, groups
    deviations = values - values.mean()
    sums = np.bincount(codes, deviations).astype(np.float64)
    variance = float((sums**2 / (1 - sizes / n)).sum()) / n**2
    kinds, times = np.unique(sizes, return_counts=True)
    if len(kinds) == 1:
        return variance, float(groups - 1), groups
    rho = max(_correlation(float((deviations**2).sum()), sums, sizes), LEAST)
    shape = tuple(zip(kinds.tolist(), times.tolist(), strict=True))
    return variance * _factor(shape, rho), matched_freedom(shape, round(rho, 2)), groups


def _correlation(squares: float, sums: NDArray[np.float64], sizes: NDArray[np.int64]) -> float:
    """The intra-cluster correlation, in [0, 1], of items whose squared deviations add up to `squares` and whose deviations to `sums` in each cluster.

    Donner (1986), Int. Stat. Rev. 54, 67-82: the estimator of the analysis of variance for clusters of different sizes.
    """
    groups, n = len(sizes), int(sizes.sum())
    between = float((sums**2 / sizes).sum())
    within = max(squares - between, 0.0) / (n - groups)
    usual = (n - float((sizes**2).sum()) / n) / (groups - 1)
    shared = (between / (groups - 1) - within) / usual
    return shared / (shared + within) if shared > 0 else 0.0


Shape = tuple[tuple[int, int], ...]
"""The sizes of clusters, ascending, each with how many clusters have it."""


def _parts(shape: Shape, rho: float) -> tuple[Any, ...]:
    """Of each size: how many clusters have it; its share of the items; CR2's weight; the variance of a cluster's sum."""
    import numpy as np

    sizes, times = np.array(shape, dtype=np.float64).T
    shares = sizes / float((sizes * times).sum())
    return times, shares, 1 / (1 - shares), sizes * (1 - rho + rho * sizes)


def _factor(shape: Shape, rho: float) -> float:
    """What CR2's variance is multiplied by to be right on average if items of one cluster are correlated by `rho`.

    Cov(S_g, S_h) = [g = h] s_g - h_g s_h - h_h s_g + h_g h_h Σ s, with s_g the variance of a cluster's sum; its diagonal is all that counts here.
    """
    times, shares, weights, sums = _parts(shape, rho)
    total = float((times * sums).sum())
    return total / float((times * weights * (sums - 2 * shares * sums + shares**2 * total)).sum())


@lru_cache(maxsize=1024)
def matched_freedom(shape: Shape, rho: float) -> float:
    """The degrees of freedom at which Student's t has the 97.5 % quantile of error over standard error.

    Parameters
    ----------
    shape: sizes of clusters, ascending, each with how many clusters have it; at least two clusters.
    rho: how items of one cluster are correlated, in [0, 1]; errors are normal.

    Returns
    -------
    From 1 to one less than there are clusters.

    Notes
    -----
    P(error² > c² · variance estimate) is the chance that a quadratic form in normal variables exceeds 0: Imhof (1961), Biometrika 48,
    419-426, equation 3.2. c is found by halving. Clusters of one size enter as their sum and as a chi-square of their differences.
    """
    from scipy.special import stdtridf, stdtrit

    groups = sum(times for _, times in shape)
    chance = _exceeding(shape, rho)
    low, high = (float(stdtrit(df, SIDE)) for df in (groups - 1, 1))
    if chance(low) <= 2 * (1 - SIDE):
        return float(groups - 1)
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) > 2 * (1 - SIDE) else (low, middle)
    return min(max(float(stdtridf(SIDE, high)), 1.0), float(groups - 1))


def _exceeding(shape: Shape, rho: float) -> Callable[[float], float]:
    """A function: the chance that the error is more than so many standard errors, if items of one cluster are correlated by `rho`."""
    import numpy as np

    times, shares, weights, sums = _parts(shape, rho)
    factor = _factor(shape, rho)
    error = np.sqrt(times * sums / float((times * sums).max()))
    # Of each size: how far the mean of its clusters' sums lies from what its share would be, in terms of what the error is made of.
    deviations = (np.diag(1 / times) - shares[:, None]) * error
    between = deviations.T @ (deviations * (times * weights * factor)[:, None])
    within = weights * sums * factor / float((times * sums).max())
    counts = np.concatenate([np.ones(len(times)), times - 1])
    # Steps of the logarithm: the integrand is smooth, and the smoother the fewer chi-squares it is made of. The chance is right to 5 digits.
    step = min(0.4, 2 / math.sqrt(float(times.sum())))
    points = np.exp(np.arange(-30.0, 45.0, step))[:, None]

    def chance(errors: float) -> float:
        roots = np.concatenate([np.linalg.eigvalsh(np.outer(error, error) - errors**2 * between), -(errors**2) * within])
        reach = points * (roots / np.abs(roots).max())
        angles = (counts * np.arctan(reach)).sum(axis=1) / 2
        logs = (counts * np.log1p(reach**2)).sum(axis=1) / 4
        return 0.5 + float((np.sin(angles) * np.exp(-logs)).sum()) * step / math.pi

    return chance
