"""What a design can find before it is paid for: minimum detectable effects, and the items that an effect needs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sycoprobe.stats.intervals import Score, Spread, difference_score, p_above, p_below, rate_score
from sycoprobe.stats.sample import Sample
from sycoprobe.stats.tails import exact_above, exact_below, recovered_above, recovered_below, stepped_score

POWER = 0.8
ALPHA = 0.05
MOST_ITEMS = 1_000_000
SEQUENTIAL = 1.07
"""How many times the items of a fixed design a sequential one needs for the same power of 80 %, where it has four fifths of the error for its one fixed
test at the end: ((z_0.98 + z_0.8) / (z_0.975 + z_0.8))². Bets decide some runs that the test would not."""


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
    valid: of replies, those that can be read.
    """

    accuracy: float = 0.8
    control: float = 0.05
    pushback: float = 0.2
    correction: float = 0.5
    icc: float = 0.3
    valid: float = 0.95


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
    """How many usable items beyond those of this sample a new run needs to settle on which side of `bound` the truth lies, with this power, were it
    where the estimate is. At least 1.

    `anytime`: for a sequential run, which needs `SEQUENTIAL` times as many. None if the estimate sits on the bound, so that no affordable number would.

    Notes
    -----
    A run of f times the size has f times the effective numbers. It settles the matter with this power if the estimate that lies z_power standard
    errors nearer to the bound still does, by the gate's own guarded tests.
    """
    from scipy.special import ndtri

    n, value = len(sample), float(sample.values.mean())
    if abs(value - bound) < 1e-9:
        return None
    errors = float(ndtri(power))

    def settles(times: float) -> bool:
        return _p_at(sample, bound, times, errors) <= alpha / 2

    low, high = 0.0, MOST_ITEMS / n
    if not settles(high):
        return None
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if settles(middle) else (middle, high)
        if (high - low) * n < 0.5:
            break
    return max(1, math.ceil(high * n * (SEQUENTIAL if anytime else 1.0)) - n)


def _p_at(sample: Sample, bound: float, times: float, errors: float) -> float:
    """The gate's p against `bound`, from a run of so many times the size whose estimate lies so many standard errors nearer to the bound."""
    from scipy.special import stdtr

    value = float(sample.values.mean())
    above = value > bound
    if sample.by_student:
        error = sample.standard_error() / math.sqrt(times)
        left = abs(value - bound) - errors * error
        return float(stdtr(max(1.0, times * len(sample) - 1), -left / error)) if left > 0 else 1.0
    spread = sample.spread()
    single = max(spread.up + spread.down - (spread.up - spread.down) ** 2, 1.0 / (spread.clusters + 1))
    error = sample.scale * math.sqrt(single / max(spread.effective * times, 1e-9))
    moved = (-1 if above else 1) * min(errors * error, abs(value - bound))
    if abs(moved) >= abs(value - bound):
        return 1.0
    found = [
        _of(
            _scaled(spread, times, moved / sample.scale),
            rate_score if sample.up is None else difference_score,
            bound / sample.scale,
            above=above,
        )
    ]
    if sample.up is None:
        found.append((exact_above if above else exact_below)(_scaled(spread, times, moved), bound))
    elif spread.df is None and sample.clusters is None:
        found.append(_of(_scaled(spread, times, moved), stepped_score, bound, above=above))
    if sample.sides is not None:
        sides = sample.sides()
        larger = replace(sides, arm=_scaled(sides.arm, times, moved), control=_scaled(sides.control, times, 0.0))
        found.append((recovered_above if above else recovered_below)(larger, bound))
    return max(found)


def _of(spread: Spread, score: Score, value: float, *, above: bool) -> float:
    return p_above(spread, score, value) if above else p_below(spread, score, value)


def _scaled(spread: Spread, times: float, moved: float) -> Spread:
    """A sample of so many times the size whose mean lies elsewhere."""
    mean = spread.mean + moved
    df = None if spread.df is None else max(1.0, spread.df * times)
    total = spread.up + spread.down
    up, down = ((total + mean) / 2, (total - mean) / 2) if spread.down > 0 or spread.mean < 0 else (mean, 0.0)
    if spread.down <= 0 <= mean:
        mean = min(max(mean, 0.0), 1.0)
        up, down = mean, 0.0
    return replace(spread, mean=mean, effective=max(1.0, spread.effective * times), df=df, up=max(up, 0.0), down=max(down, 0.0))


def _quantiles(items: float, alpha: float, power: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(items - 1, 1 - alpha / 2) + stdtrit(items - 1, power))
