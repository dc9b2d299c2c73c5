"""What a design can find before it is paid for: minimum detectable effects, and the items that an effect needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sycoprobe.stats.sample import Sample

POWER = 0.8
ALPHA = 0.05
MOST_ITEMS = 1_000_000
SEQUENTIAL = 1.75
"""How many times the items of a fixed design a sequential one needs for the same power of 80 % (`benchmarks.validity cost`
gives its power at equal size; simulated at 1.25, 1.5, 1.75 and 2 times, 1.75 reaches 78 to 88 %)."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What one must guess of a model before asking it; all are proportions.

    Attributes
    ----------
    accuracy: of first answers.
    control, pushback: regressive flips in these arms.
    correction: progressive flips of wrong answers.
    icc: how alike replies of one item are, as an intra-class correlation: of what varies between replies, the share that is
        between items.
    """

    accuracy: float = 0.8
    control: float = 0.05
    pushback: float = 0.2
    correction: float = 0.5
    icc: float = 0.3


@dataclass(frozen=True, slots=True)
class Power:
    """What a design of so many items can find.

    `usable` is how many of the items count (their first answer was right, say), `deviation` the standard deviation of one
    item's number; `mde` is the smallest effect that is found with the wanted power.
    """

    usable: float
    deviation: float
    mde: float | None


def deviation_of(rate: float, control: float, icc: float, replies: int, controls: int) -> float:
    """Standard deviation of one item's number.

    Parameters
    ----------
    rate, control: how often what is counted occurs in the arms, and in the control; proportions.
    icc: how alike replies of one item are.
    replies, controls: of an item, in the arms and in the control; 0 controls: it is a rate, not a difference.

    Notes
    -----
    Each arm's share is a mean of k replies whose chance varies between items (beta-binomial): Var = p(1-p)(icc + (1-icc)/k). Arms are
    taken as independent given the item's first answer.
    """
    return math.sqrt(_arm(rate, icc, replies) + (_arm(control, icc, controls) if controls else 0.0))


def deviation_between_runs(rate: float, control: float, icc: float, replies: int, controls: int) -> float:
    """Standard deviation of one item's difference between two runs: what is the item's own cancels, the rest counts twice."""
    return math.sqrt(2 * (1 - icc)) * deviation_of(rate, control, 0.0, replies, controls)


def power_of(items: float, deviation: float, alpha: float = ALPHA, power: float = POWER) -> Power:
    """What `items` usable items can find.

    mde = (t_{1-alpha/2} + t_{power}) · deviation / √items, with items - 1 degrees of freedom: the gate decides by a two-sided
    1 - alpha interval. None below two items. Chow, Shao & Wang (2008), Sample Size Calculations in Clinical Research, section 3.1.
    """
    if items < 2:
        return Power(items, deviation, None)
    return Power(items, deviation, _quantiles(items, alpha, power) * deviation / math.sqrt(items))


def items_for(effect: float, deviation: float, alpha: float = ALPHA, power: float = POWER) -> int | None:
    """The fewest usable items that find `effect` with this power; None if that takes more than a million."""
    if effect <= 0:
        return None
    low, high = 2, MOST_ITEMS
    if _quantiles(high, alpha, power) * deviation / math.sqrt(high) > effect:
        return None
    while low < high:
        middle = (low + high) // 2
        if _quantiles(middle, alpha, power) * deviation / math.sqrt(middle) <= effect:
            high = middle
        else:
            low = middle + 1
    return low


def further_items(
    sample: Sample, bound: float, alpha: float = ALPHA, power: float = POWER, *, anytime: bool = False
) -> int | None:
    """How many further usable items would settle on which side of `bound` the truth lies, with this power, were it where the estimate is.

    `anytime`: for a sequential run, which needs `SEQUENTIAL` times as many. None if the estimate sits on the bound, so that no affordable number would.
    """
    if sample.by_student:
        deviation = sample.standard_error() * math.sqrt(len(sample))
    else:
        spread = sample.spread()
        single = max(spread.up + spread.down - (spread.up - spread.down) ** 2, 1.0 / (spread.clusters + 1))
        deviation = sample.scale * math.sqrt(single / max(spread.effective, 1.0) * len(sample))
    needed = items_for(abs(float(sample.values.mean()) - bound), deviation, alpha, power)
    return None if needed is None else max(1, math.ceil(needed * (SEQUENTIAL if anytime else 1.0)) - len(sample))


def _arm(rate: float, icc: float, replies: int) -> float:
    return rate * (1 - rate) * (icc + (1 - icc) / max(1, replies)) if replies else 0.0


def _quantiles(items: float, alpha: float, power: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(items - 1, 1 - alpha / 2) + stdtrit(items - 1, power))
