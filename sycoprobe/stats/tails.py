"""Limits that hold each tail: what the gate decides by, since a score interval's two tails do not err equally often.

A Wilson interval covers a rate near 0 often enough, yet nearly all of its misses are on one side; and a difference whose control
never flipped looks surer than it is. A gate reads one side only. Each function here is the other witness beside the score interval;
`sycoprobe.stats.sample` takes the more careful of the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sycoprobe.stats.intervals import CONFIDENCE, Spread, difference_score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 0.5 + CONFIDENCE / 2
STEP = 0.5
"""The continuity correction of a difference of single outcomes, in pairs: half a step."""
FARTHEST = 40.0
"""Standard errors beyond which a tail is nothing."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a difference within one run: their spreads, and how their items' means go together."""

    arm: Spread
    control: Spread
    correlation: float

    @property
    def difference(self) -> float:
        """Of the means."""
        return self.arm.mean - self.control.mean


def correlation_of(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Pearson's correlation of the items' means, in [0, 0.95]; 0 where one side does not vary. A negative one would make limits narrower in one
    direction only by chance, so it is taken as 0."""
    import numpy as np

    if len(one) < 3 or float(one.std()) < 1e-12 or float(other.std()) < 1e-12:
        return 0.0
    return min(max(float(np.corrcoef(one, other)[0, 1]), 0.0), 0.95)


# A rate


def exact_limits(spread: Spread, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact interval of a rate, at the effective sample size.

    Clopper & Pearson (1934), Biometrika 26, 404-413, with fractional counts at the effective number, which is shrunk for the uncertainty
    of the variance: Korn & Graubard (1998), Survey Methodology 24, 193-201, section 3.
    """
    from scipy.special import betaincinv

    n = _counted(spread)
    x, side = spread.mean * n, (1 - confidence) / 2
    low = 0.0 if x <= 0 else float(betaincinv(x, n - x + 1, side))
    high = 1.0 if x >= n else float(betaincinv(x + 1, n - x, 1 - side))
    return low, high


def exact_above(spread: Spread, value: float) -> float:
    """One-sided p of "the rate is at most `value`": the test that `exact_limits` inverts."""
    from scipy.special import betainc

    n = _counted(spread)
    x = spread.mean * n
    return 1.0 if x <= 0 or value >= 1 else float(betainc(x, n - x + 1, max(value, 0.0)))


def exact_below(spread: Spread, value: float) -> float:
    """One-sided p of "the rate is at least `value`"."""
    from scipy.special import betaincc

    n = _counted(spread)
    x = spread.mean * n
    return 1.0 if x >= n or value <= 0 else float(betaincc(x + 1, n - x, min(value, 1.0)))


def _counted(spread: Spread) -> float:
    """The effective number, shrunk by (z/t)² where the variance was estimated (Korn & Graubard 1998, equation 7)."""
    from scipy.special import ndtri, stdtrit

    if spread.df is None:
        return spread.effective
    return spread.effective * (float(ndtri(SIDE)) / float(stdtrit(spread.df, SIDE))) ** 2


# A difference


def stepped_score(spread: Spread, value: float) -> float:
    """Tango's score, its distance nearer to 0 by `STEP` of a pair: the continuity correction of a difference of single outcomes.

    Without it a tail of a rule on its limit errs in up to 4.7 % at 10 pairs and 3.4 % at 25, with it in at most 2.7 and 2.6 %, where no pair is
    alike, else 2.5 % (`python -m benchmarks.validity exact`: all outcomes are weighed, over a grid of what else may be true). Edwards (1948),
    Psychometrika 13, 185-187, corrects a test of no difference so, by a whole pair.
    """
    n = spread.effective
    away = n * abs(spread.mean - value)
    return difference_score(spread, value) * max(away - STEP, 0.0) / away if away > 0 else 0.0


def recovered_limits(sides: Sides, errors: float) -> tuple[float, float]:
    """Limits of a difference from those of its two rates, `errors` standard errors away.

    The method of variance estimates recovery: Zou & Donner (2008), Stat. Med. 27, 1693-1702, equation 6, with Wilson's limits of
    either rate at its effective sample size and their correlation. A side on which nothing was seen still has an upper limit.
    """
    arm_low, arm_high = _wilson(sides.arm, errors)
    control_low, control_high = _wilson(sides.control, errors)
    a, c, r = sides.arm.mean, sides.control.mean, sides.correlation

    def distance(one: float, other: float) -> float:
        return math.sqrt(max(one**2 + other**2 - 2 * r * one * other, 0.0))

    d = sides.difference
    return max(-1.0, d - distance(a - arm_low, control_high - c)), min(1.0, d + distance(arm_high - a, c - control_low))


def recovered_above(sides: Sides, value: float) -> float:
    """One-sided p of "the difference is at most `value`": the test that `recovered_limits` inverts."""
    return _tail(lambda errors: recovered_limits(sides, errors)[0] > value, beyond=sides.difference > value)


def recovered_below(sides: Sides, value: float) -> float:
    """One-sided p of "the difference is at least `value`"."""
    return _tail(lambda errors: recovered_limits(sides, errors)[1] < value, beyond=sides.difference < value)


def _tail(excludes: Callable[[float], bool], *, beyond: bool) -> float:
    """The normal tail at the most standard errors at which the limit still excludes a value; 0.5 where none does."""
    from scipy.special import ndtr

    if not beyond:
        return 0.5
    low, high = 0.0, FARTHEST
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excludes(middle) else (low, middle)
    return float(ndtr(-low))


def _wilson(spread: Spread, errors: float) -> tuple[float, float]:
    """Wilson's limits of a rate, so many normal standard errors away; of Student's t where the variance was estimated."""
    from scipy.special import ndtr, stdtrit

    far = errors
    if spread.df is not None:
        far = float(stdtrit(spread.df, float(ndtr(min(errors, 8.0))))) * max(errors / 8.0, 1.0)
    n, p = spread.effective, min(max(spread.mean, 0.0), 1.0)  # the mean of what items add may lie beyond by rounding
    middle = (p + far**2 / (2 * n)) / (1 + far**2 / n)
    half = far / (1 + far**2 / n) * math.sqrt(p * (1 - p) / n + far**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)
