"""How often a gate finds an effect: the power of a design, by the very limits that the gate decides by.

A gate fails a rule where the guarded limit lies beyond the rule's bound. So the estimate is sought at which it just does, at the sample sizes that
the design will have; power is the chance that the estimate gets there if the truth is the bound plus the effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sycoprobe.stats.intervals import Spread, difference_score, rate_score
from sycoprobe.stats.tails import Sides, exact_above, recovered_limits, stepped_score

TOP = 0.995
"""Rates are planned up to here."""


@dataclass(frozen=True, slots=True)
class Replies:
    """What a design asks of each of its items.

    Attributes
    ----------
    items: how many are asked.
    counts: the chance that a conversation of an item counts (its first answer is right, say).
    readable: the chance that a reply can be read.
    repeats: conversations of an item.
    arms, controls: replies of a conversation in the arms, and in the control; 0 controls: it is a rate.
    icc: how alike replies of an item are, as an intra-class correlation.
    runs: 1, or 2 for the difference of two runs of this design.
    before: of two runs, how often what is counted occurs in the arms of the first.
    least: with fewer items that count, the gate leaves a rule open.
    """

    items: float
    counts: float
    readable: float
    repeats: int
    arms: int
    controls: int
    icc: float
    runs: int = 1
    before: float = 0.2
    least: int = 10

    @property
    def usable(self) -> float:
        """How many items are expected to count: of two runs, in both."""
        if self.runs == 2 and self.repeats == 1:
            return self.items * self._counts(2)
        return self.items * (1 - (1 - self.counts) ** self.repeats) ** self.runs

    def _counts(self, power: int) -> float:
        """The mean over items of this power of the chance that a conversation counts, which varies between items as their replies do (beta)."""
        a, icc = self.counts, self.icc
        second = a * (a * (1 - icc) + icc)
        return second if power == 2 else second * (a * (1 - icc) + 2 * icc) / (1 + icc)

    def size(self, replies: int) -> float:
        """How many single outcomes vary as much as the ratio of a side with so many replies a conversation; at least 1.

        In one run, an item's chance p_i varies with p(1-p)·icc, and each reply around it with p(1-p)(1-icc). Items count by the share w of their
        conversations that does, so that n (E w)²/E w² of them vary as if they counted alike. Between two runs the items' chances cancel; with B
        an item's share of conversations that count and could be read, 2 p(1-p)(1-icc) E[B²B'] / (R n K (E[BB'])²) is left.
        """
        a, v, n, repeats = self.counts, self.readable, self.items, self.repeats
        second, third = self._counts(2), self._counts(3)
        if self.runs == 2:
            squares = third * v**3 * (1 - 1 / repeats) + second * v**2 / repeats
            variance = 2 * (1 - self.icc) * squares / (repeats * n * replies * (v**2 * second) ** 2)
        else:
            alike = n * a**2 / (second * (1 - 1 / repeats) + a / repeats)
            lost = (1 - v) / (v * repeats * replies)
            variance = (1 - self.icc) / (n * a * repeats * replies * v) + self.icc * (1 + lost) / alike
        return max(1.0, 1 / variance) if variance > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Power:
    """What a design can find: `usable` is how many items are expected to count, `mde` the smallest effect that is found with the wanted power."""

    usable: float
    mde: float | None


def power_at(bound: float, effect: float, control: float, of: Replies, alpha: float) -> float:
    """The chance that a run of this design fails "the number is at most `bound`", if it is `bound + effect`.

    Parameters
    ----------
    bound, effect: proportions or differences of them; the effect is positive.
    control: how often what is counted occurs in the control (of a difference; of two runs, in either).
    alpha: error of the gate's two-sided intervals.

    Notes
    -----
    The estimate is taken as normal around the truth, with the variance that it has there; so is the number of items that count, which must not be
    less than the gate wants.
    """
    from scipy.special import ndtr

    truth = bound + effect
    deviation = _deviation(truth, control, of)
    critical = _critical(bound, control, of, alpha)
    counted = of.usable * max(1 - of.usable / of.items, 0.0)
    enough = float(ndtr((of.usable - of.least + 0.5) / math.sqrt(counted))) if counted > 0 else float(of.usable >= of.least)
    return enough * (float(ndtr((truth - critical) / deviation)) if deviation > 0 else float(truth > critical))


def smallest_effect(bound: float, control: float, of: Replies, alpha: float, power: float) -> float | None:
    """The smallest effect beyond `bound` that is found with this power; None where none is."""
    most = TOP - bound - (of.before if of.runs == 2 else control if of.controls else 0.0)
    if of.usable < 2 or most <= 0 or power_at(bound, most, control, of, alpha) < power:
        return None
    low, high = 0.0, most
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if power_at(bound, middle, control, of, alpha) >= power else (middle, high)
    return high


def items_to_find(
    bound: float, effect: float, control: float, of: Replies, alpha: float, power: float, most: int
) -> int | None:
    """The fewest items, asked in this way, that find `effect` with this power; None if that takes more than `most`."""
    if effect <= 0 or bound + effect > TOP:
        return None
    low, high = 2, most

    def enough(items: int) -> bool:
        sized = replace(of, items=float(items))
        return sized.usable >= 2 and power_at(bound, effect, control, sized, alpha) >= power

    if not enough(high):
        return None
    while low < high and high - low > low // 200:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


def _deviation(number: float, control: float, of: Replies) -> float:
    """The standard deviation of the estimate where the truth is `number`."""
    if of.runs == 2:
        was, now = _two_runs(number, of)
        arm = (was * (1 - was) + now * (1 - now)) / 2 / of.size(of.arms)
        return math.sqrt(arm + (control * (1 - control) / of.size(of.controls) if of.controls else 0.0))
    p = min(max(number + (control if of.controls else 0.0), 0.0), 1.0)
    variance = p * (1 - p) / of.size(of.arms)
    return math.sqrt(variance + (control * (1 - control) / of.size(of.controls) if of.controls else 0.0))


def _two_runs(change: float, of: Replies) -> tuple[float, float]:
    """The rates in the arms of either run, where they differ by `change`."""
    return of.before, min(max(of.before + change, 0.0), 1.0)


def _critical(bound: float, control: float, of: Replies, alpha: float) -> float:
    """The smallest estimate at which the gate says that the bound is broken."""
    low, high = bound, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if _excludes(middle, bound, control, of, alpha) else (middle, high)
    return high


def _excludes(estimate: float, bound: float, control: float, of: Replies, alpha: float) -> bool:
    """Whether the gate says that the bound is broken, by this estimate from a run of this design."""
    from scipy.special import ndtri

    side = alpha / 2
    errors = float(ndtri(1 - side))
    single = of.repeats * of.arms == 1 and of.controls * of.repeats <= 1
    if of.runs == 2:
        spread = _between(estimate, control, of)
        return difference_score(spread, bound) > _quantile(spread, side)
    if not of.controls:
        spread = Spread(
            estimate, of.size(of.arms), None if single else _df(of, estimate, of.arms), round(of.usable), estimate, 0.0
        )
        return rate_score(spread, bound) > _quantile(spread, side) and exact_above(spread, bound) <= side
    p = min(max(estimate + control, 0.0), 1.0)
    arm = Spread(p, of.size(of.arms), None if of.repeats * of.arms == 1 else _df(of, p, of.arms), round(of.usable), p, 0.0)
    c_df = None if of.repeats * of.controls == 1 else _df(of, control, of.controls)
    below = Spread(control, of.size(of.controls), c_df, round(of.usable), control, 0.0)
    apart = min(1.0, max(p * (1 - control) + control * (1 - p), abs(estimate)))
    variance = p * (1 - p) / arm.effective + control * (1 - control) / below.effective
    effective = max(1.0, (apart - estimate**2) / variance) if variance > 0 else arm.effective
    both = Spread(
        estimate,
        effective,
        None if single else _df(of, p, of.arms, control),
        round(of.usable),
        (apart + estimate) / 2,
        (apart - estimate) / 2,
    )
    if difference_score(both, bound) <= _quantile(both, side):
        return False
    if single and stepped_score(both, bound) <= errors:
        return False
    return recovered_limits(Sides(arm, below, 0.0), errors)[0] > bound


def _between(estimate: float, control: float, of: Replies) -> Spread:
    """The spread of a difference between two runs."""
    was, now = _two_runs(estimate, of)
    kept = 1 - of.icc
    moved = kept * (was * (1 - now) + now * (1 - was))
    still = 2 * kept * control * (1 - control) if of.controls else 0.0
    apart = min(1.0, max(moved + still - moved * still, abs(estimate)))
    deviation = _deviation(estimate, control, of)
    effective = max(1.0, (apart - estimate**2) / deviation**2) if deviation > 0 else of.usable
    each = max(apart - estimate**2, 1e-9)
    kurtosis = 3 + (apart - 3 * each**2) / each**2 / max(1, of.arms * of.repeats)
    df = max(1.0, min(of.usable - 1, 2 * of.usable / max(kurtosis - 1, 1e-9)))
    return Spread(estimate, effective, df, round(of.usable), (apart + estimate) / 2, (apart - estimate) / 2)


def _df(of: Replies, rate: float, replies: int, control: float | None = None) -> float:
    """The degrees of freedom that the kurtosis of items' means leaves (`sycoprobe.stats.intervals`): of one side, or of a difference."""
    n, k = of.usable, max(1, round(replies * of.repeats * of.readable))
    second, fourth = _moments(rate, of.icc, k)
    if control is not None:
        c = max(1, round(of.controls * of.repeats * of.readable))
        other = _moments(control, of.icc, c)
        fourth = fourth - 3 * second**2 + other[1] - 3 * other[0] ** 2
        second += other[0]
        fourth += 3 * second**2
    kurtosis = fourth / second**2 if second > 1e-12 else 3.0
    return max(1.0, min(n - 1, 2 * n / max(kurtosis - 1, 1e-9)))


def _moments(rate: float, icc: float, k: int) -> tuple[float, float]:
    """The second and fourth central moment of the mean of `k` outcomes of an item (beta-binomial)."""
    import numpy as np
    from scipy.special import betaln, gammaln

    rate = min(max(rate, 1e-6), 1 - 1e-6)
    j = np.arange(k + 1)
    logs = gammaln(k + 1) - gammaln(j + 1) - gammaln(k - j + 1)
    if icc <= 1e-6:
        logs = logs + j * math.log(rate) + (k - j) * math.log1p(-rate)
    else:
        s = (1 - min(icc, 0.999)) / icc
        logs = logs + betaln(j + rate * s, k - j + (1 - rate) * s) - betaln(rate * s, (1 - rate) * s)
    weight, away = np.exp(logs), j / k - rate
    return float((weight * away**2).sum()), float((weight * away**4).sum())


def _quantile(spread: Spread, side: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(ndtri(1 - side) if spread.df is None else stdtrit(spread.df, 1 - side))
