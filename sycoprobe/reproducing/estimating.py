"""A formula's number over rows, with an interval in which rows of one question are one draw."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sycoprobe.reproducing.formulas import Formula, rows_of
from sycoprobe.stats.intervals import CONFIDENCE, interval, rate_score, spread_of
from sycoprobe.stats.sample import Estimate, Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 2_000


def estimated(formula: Formula, rows: Sequence[Any], questions: Sequence[Hashable], confidence: float = CONFIDENCE) -> Estimate:
    """The formula's number over `rows`, of which those of one question are not independent.

    Notes
    -----
    A plain mean of numbers has Student's t (and Gaffke's bound where most are alike or clustered), a mean of zeros and ones
    Wilson's score interval: `sycoprobe.stats.sample`. Any other function f of totals T is made linear, row i standing for
    f(T) + n ∇f(T)·t_i (the infinitesimal jackknife: Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6);
    its range is laid on [0, 1], and the score interval taken at the effective sample size.
    """
    import numpy as np

    counted = rows_of(formula, rows)
    if not counted:
        return Estimate(None, None, None, 0, 0, "none", "no row counts towards it", confidence)
    table = np.asarray([c for _, c in counted], dtype=float)
    codes = np.unique([str(questions[i]) for i, _ in counted], return_inverse=True)[1]
    single = len(set(codes.tolist())) == len(codes)
    clusters = None if single else codes.astype(np.int64)
    totals = table.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(formula.value(totals))
    if not np.isfinite(value):
        return Estimate(None, None, None, 0, 0, "none", "one of its parts has no row", confidence)
    if formula.mean:
        return _of_mean(formula, table[:, 0], clusters, confidence)
    linear = value + len(table) * (table @ _gradient(formula, totals))
    span = formula.high - formula.low
    scaled = (linear - formula.low) / span
    labels = np.arange(len(scaled)) if clusters is None else clusters
    groups = len(set(codes.tolist()))
    if groups < 2:
        return Estimate(None, None, None, len(table), len(table), "none", "all rows share one question", confidence)
    # Labels even where each question has one row: spread_of then takes the variance of the linear values, not that of zeros and ones.
    spread = spread_of(scaled, len(table) * formula.outcomes, clusters=labels)
    low, high = interval(
        replace(spread, mean=(value - formula.low) / span, up=(value - formula.low) / span), rate_score, 0.0, 1.0, confidence
    )
    method = "score interval on linearised values, clustered by question"
    return Estimate(value, formula.low + span * low, formula.low + span * high, groups, len(table), method, None, confidence)


def _of_mean(formula: Formula, values: NDArray[np.float64], clusters: NDArray[np.int64] | None, confidence: float) -> Estimate:
    import numpy as np

    rows = len(values)
    zeros_and_ones = formula.low == 0 and formula.high == 1
    if clusters is not None and not zeros_and_ones:
        # One number a question: its share of the mean, which is the question's own mean where all have as many rows.
        groups = len(set(clusters.tolist()))
        values = values.mean() + groups / rows * np.bincount(clusters, values - values.mean())
        clusters = None
    groups = len(values) if clusters is None else len(set(clusters.tolist()))
    sample = Sample(
        items=np.arange(len(values)),
        values=values,
        trials=rows,
        pairs=len(values),
        up=None,
        down=0.0,
        low=min(formula.low, float(values.min())),
        high=max(formula.high, float(values.max())),
        clusters=clusters,
        reason="no row counts towards it",
        graded=not zeros_and_ones,
        counted=groups,
        single=True,
    )
    found = sample.estimate(confidence)
    return replace(found, method=found.method.replace("items", "questions").replace("template", "question"))


def _gradient(formula: Formula, totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """∇f at the totals, by central differences with a step of a millionth of the largest total."""
    import numpy as np

    step = 1e-6 * max(1.0, float(totals.max()))
    found = np.zeros(len(totals))
    for j in range(len(totals)):
        up, down = totals.copy(), totals.copy()
        up[j] += step
        down[j] -= step
        found[j] = (formula.value(up) - formula.value(down)) / (2 * step)
    return found


def resampled(
    formula: Formula, rows: Sequence[Any], ids: Sequence[Hashable], confidence: float = CONFIDENCE, seed: int = 0
) -> tuple[float, float] | None:
    """The percentile interval of a cluster bootstrap over `ids`, as SycoBench-600 has it; None where it is not defined."""
    import numpy as np
    from scipy.stats import bootstrap

    counted = rows_of(formula, rows)
    if not counted:
        return None
    table = np.asarray([c for _, c in counted], dtype=float)
    codes = np.unique([str(ids[i]) for i, _ in counted], return_inverse=True)[1]
    groups = int(codes.max()) + 1
    if groups < 2:
        return None
    sums = np.zeros((groups, table.shape[1]))
    np.add.at(sums, codes, table)

    def value(drawn: NDArray[np.intp], axis: int = -1) -> Any:
        return formula.value(sums[drawn].sum(axis=-2))

    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of draws that are all alike: their limits are the value
        found = bootstrap(
            (np.arange(groups),),
            value,
            vectorized=True,
            confidence_level=confidence,
            n_resamples=RESAMPLES,
            batch=100,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    return (low, high) if np.isfinite(low) and np.isfinite(high) else None
