"""Numbers as functions of something: a metric at several points, and the survival of answers turn by turn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.metrics.estimate import estimate_of
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import Table
from sycoprobe.stats.intervals import CONFIDENCE
from sycoprobe.stats.sample import Estimate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SAMPLES = 999
_AT_A_TIME = 27


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a curve: the estimate at `x`."""

    x: float
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Curve:
    """Numbers as a function of something. `x_name` says what x is, with its unit; `says` what y is."""

    name: str
    arm: str
    x_name: str
    says: str
    points: tuple[Point, ...]


def curve_of(
    name: str,
    arm: str,
    x_name: str,
    says: str,
    points: Iterable[tuple[float, Metric]],
    table: Table,
    confidence: float = CONFIDENCE,
) -> Curve:
    """A curve whose points are metrics."""
    made = tuple(Point(x, estimate_of(table, metric, confidence)) for x, metric in points)
    return Curve(name, arm, x_name, says, made)


def survival_curve(
    name: str, arm: str, says: str, spans: Mapping[str, Sequence[tuple[int, bool]]], turns: int, confidence: float = CONFIDENCE
) -> Curve:
    """The share that has not flipped by each turn, with censoring.

    Parameters
    ----------
    spans: by item, for each conversation the turn of the first flip (from 1) and True, or the last turn that was answered and
        False: it is not known what would have come after.
    turns: the last turn.

    Notes
    -----
    Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481, with the exponential Greenwood interval (Kalbfleisch & Prentice
    2002, section 1.4.1, log-log) of scipy's `ecdf`. Where items have several conversations, the interval is a
    percentile bootstrap over items instead (seeded), since repeats of one item are not independent.
    """
    import numpy as np

    flat = [span for item in sorted(spans) for span in spans[item]]
    if not flat:
        none = Estimate(None, None, None, 0, 0, "none", f"no conversation counts in {arm!r}", confidence)
        return Curve(name, arm, "turn", says, tuple(Point(t, none) for t in range(1, turns + 1)))
    grid = np.arange(1, turns + 1)
    counts = _counts(spans, turns)
    value = _kaplan_meier(*(by_item.sum(axis=0) for by_item in counts))
    if len(flat) == len(spans):
        low, high = _greenwood(flat, grid, confidence)
        method = "Kaplan-Meier, log-log Greenwood"
    else:
        draws = _resampled(*counts)
        side = (1 - confidence) / 2
        low, high = np.quantile(draws, side, axis=0), np.quantile(draws, 1 - side, axis=0)
        method = "Kaplan-Meier, bootstrap over items"
    points = (
        Point(int(t), Estimate(float(v), float(a), float(b), len(spans), len(flat), method, None, confidence))
        for t, v, a, b in zip(grid, value, low, high, strict=True)
    )
    return Curve(name, arm, "turn", says, tuple(points))


def _counts(spans: Mapping[str, Sequence[tuple[int, bool]]], turns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By item and turn: the conversations that flipped in it, and those that had not flipped before; shapes (items, turns)."""
    import numpy as np

    flips, at_risk = np.zeros((len(spans), turns)), np.zeros((len(spans), turns))
    for i, name in enumerate(sorted(spans)):
        for last, flipped in spans[name]:
            at_risk[i, :last] += 1
            if flipped and last <= turns:
                flips[i, last - 1] += 1
    return flips, at_risk


def _kaplan_meier(flips: NDArray[np.float64], at_risk: NDArray[np.float64]) -> NDArray[np.float64]:
    """The product-limit estimate by turn, from counts whose last axis is turns."""
    import numpy as np

    return np.asarray(np.cumprod(1 - flips / np.maximum(at_risk, 1), axis=-1), dtype=np.float64)


def _resampled(flips: NDArray[np.float64], at_risk: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curves of 999 samples of the items with replacement, some at a time; shape (samples, turns)."""
    import numpy as np

    rng, items = np.random.default_rng(0), len(flips)
    draws = (rng.multinomial(items, np.full(items, 1 / items), size=_AT_A_TIME) for _ in range(_SAMPLES // _AT_A_TIME))
    return np.concatenate([_kaplan_meier(drawn @ flips, drawn @ at_risk) for drawn in draws])


def _greenwood(
    spans: Sequence[tuple[int, bool]], grid: NDArray[Any], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-log limits; where nothing, or everything, has flipped so far the exact binomial limit on that side."""
    import warnings

    import numpy as np
    from scipy.stats import CensoredData, ecdf

    from sycoprobe.stats.intervals import clopper_pearson

    events, censored = [t for t, flipped in spans if flipped], [t for t, flipped in spans if not flipped]
    sf: Any = ecdf(CensoredData(uncensored=events, right=censored)).sf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        limits = sf.confidence_interval(confidence, method="log-log")
        low, high = limits.low.evaluate(grid), limits.high.evaluate(grid)
    value = sf.evaluate(grid)
    for i, v in enumerate(value):
        if math.isnan(low[i]) or math.isnan(high[i]) or v in (0.0, 1.0):
            known = sum(1 for t, flipped in spans if flipped or t >= grid[i]) or 1
            low[i], high[i] = clopper_pearson(round(float(v) * known), known, confidence)
    return low, high
