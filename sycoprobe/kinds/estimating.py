"""From the rows of a kind's run to its numbers: measures with intervals, and curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.estimates import Estimate, Sample
from sycoprobe.intervals import CONFIDENCE
from sycoprobe.kinds.base import Among, Measure, Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


class Rows:
    """The rows of a run, by conversation, for many measures.

    Parameters
    ----------
    rows: in any order. clusters: by set, whether all of its items count as one cluster (sets made from one template).
    """

    def __init__(self, rows: Iterable[Row], whole_sets: frozenset[str] = frozenset()) -> None:
        self.by_conversation: dict[tuple[str, int], list[Row]] = {}
        self.whole_sets = whole_sets
        for row in sorted(rows, key=lambda r: (r.item, r.repeat, r.arm, r.turn, r.aspect)):
            self.by_conversation.setdefault((row.item, row.repeat), []).append(row)
        self.items = sorted({item for item, _ in self.by_conversation})

    def all(self) -> list[Row]:
        """Every row, ordered by item, repeat, arm, turn and aspect."""
        return [row for rows in self.by_conversation.values() for row in rows]

    def cluster(self, item: str) -> str:
        """What an item is sampled with: itself, or its set."""
        name = item.partition("/")[0]
        return name if name in self.whole_sets else item


def estimate_of(rows: Rows, measure: Measure, confidence: float = CONFIDENCE) -> Estimate:
    """The number of `measure` with its interval, or None and the reason.

    A rate is the mean over items of each item's share (Wilson's score interval at the effective sample size); a difference is
    taken within each conversation, then averaged over items (Tango's score interval, likewise); both as in
    `sycoprobe.estimates`. Averages of values (ratings) have Student's t interval on the items' means, cut off at what is
    possible: values lie in [0, 1] and their differences in [-1, 1].
    """
    return sample_of(rows, measure).estimate(confidence)


def sample_of(rows: Rows, measure: Measure) -> Sample:
    """One number an item for `measure`, in the form that `sycoprobe.estimates` and the gate work with."""
    import numpy as np

    place = {item: i for i, item in enumerate(rows.items)}
    items: list[int] = []
    arm_means: list[float] = []
    control_means: list[float] = []
    pairs = replies = 0
    for item, arm, control in _counting(rows, measure):
        items.append(place[item])
        arm_means.append(sum(arm) / len(arm))
        control_means.append(sum(control) / len(control) if control else 0.0)
        pairs += max(len(arm), len(control))
        replies += len(arm) + len(control)
    p, c, index = np.array(arm_means), np.array(control_means), np.array(items, dtype=np.int64)
    present, codes = np.unique(index, return_inverse=True)
    sizes = np.bincount(codes) if len(codes) else np.zeros(0)
    difference = bool(measure.against)
    values = np.bincount(codes, p - c) / sizes if len(codes) else np.zeros(0)
    up = _mean_over(codes, sizes, p * (1 - c)) if difference else None
    down = _mean_over(codes, sizes, c * (1 - p)) if difference else 0.0
    clusters = _clusters(rows, present) if rows.whole_sets else None
    return Sample(
        items=present,
        values=values,
        trials=replies,
        pairs=pairs if difference else replies,
        up=up,
        down=down,
        low=-1.0 if difference else 0.0,
        high=1.0,
        clusters=clusters,
        reason=_why_nothing(measure),
        method="paired by conversation" if difference else "",
        graded=measure.labels is None,
    )


def sides_of(rows: Rows, measure: Measure) -> tuple[float | None, float | None]:
    """The mean in the measure's arms, and in its control arms, over the conversations that it is made from; averaged by item."""
    sums: dict[str, list[tuple[float, float | None]]] = {}
    for item, arm, control in _counting(rows, measure):
        sums.setdefault(item, []).append((sum(arm) / len(arm), sum(control) / len(control) if control else None))
    if not sums:
        return None, None
    arm_value = sum(sum(a for a, _ in pairs) / len(pairs) for pairs in sums.values()) / len(sums)
    if not measure.against:
        return arm_value, None
    return arm_value, sum(sum(c or 0.0 for _, c in pairs) / len(pairs) for pairs in sums.values()) / len(sums)


def _counting(rows: Rows, measure: Measure) -> Iterator[tuple[str, list[float], list[float]]]:
    """The conversations that a measure is made from: the item, and what counts in the arms and in the control arms."""
    for (item, _), conversation in rows.by_conversation.items():
        if measure.among is not None and not _meets(conversation, measure.among):
            continue
        arm = scores(conversation, measure, measure.arms, measure.turn)
        control = scores(conversation, measure, measure.against, measure.against_turn)
        if arm and (control or not measure.against):
            yield item, arm, control


def scores(conversation: Sequence[Row], measure: Measure, arms: tuple[str, ...], turn: int | None) -> list[float]:
    """What the measure counts in these arms of a conversation: 0 or 1 for labels, else the rows' values."""
    found: list[float] = []
    for arm in arms:
        mine = [r for r in conversation if r.arm == arm and r.aspect == measure.aspect]
        if turn is not None:
            mine = [r for r in mine if r.turn == turn]
        elif mine:
            last = max(r.turn for r in mine)
            mine = [r for r in mine if r.turn == last]
        for row in mine:
            if measure.labels is not None and row.label is not None:
                found.append(float(row.label in measure.labels))
            elif measure.labels is None and row.value is not None:
                found.append(row.value)
    return found


def counts(rows: Rows) -> dict[str, dict[str, int]]:
    """How often each label and each outcome without one occurred, by `ARM.TURN ASPECT` (`ARM ASPECT` for derived rows)."""
    found: dict[str, dict[str, int]] = {}
    for row in rows.all():
        where = f"{row.arm} {row.aspect}" if row.turn < 0 else f"{row.arm}.{row.turn} {row.aspect}"
        counted = found.setdefault(where, {})
        name = row.label if row.label is not None else row.outcome.value
        counted[name] = counted.get(name, 0) + 1
    return found


def curve_of(
    name: str,
    arm: str,
    x_name: str,
    says: str,
    points: Iterable[tuple[float, Measure]],
    rows: Rows,
    confidence: float = CONFIDENCE,
) -> Curve:
    """A curve whose points are measures."""
    made = tuple(Point(x, estimate_of(rows, measure, confidence)) for x, measure in points)
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
    Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481, through scipy's `ecdf`, with the exponential Greenwood interval
    (Kalbfleisch & Prentice 2002, section 1.4.1, log-log). Where items have several conversations, the interval is a
    percentile bootstrap over items instead (seeded), since repeats of one item are not independent.
    """
    import numpy as np

    flat = [span for item in sorted(spans) for span in spans[item]]
    if not flat:
        none = Estimate(None, None, None, 0, 0, "none", f"no conversation counts in {arm!r}", confidence)
        return Curve(name, arm, "turn", says, tuple(Point(t, none) for t in range(1, turns + 1)))
    grid = np.arange(1, turns + 1)
    value = _kaplan_meier(flat, grid)
    if len(flat) == len(spans):
        low, high = _greenwood(flat, grid, confidence)
        method = "Kaplan-Meier, log-log Greenwood"
    else:
        draws = _resampled(spans, turns)
        side = (1 - confidence) / 2
        low, high = np.quantile(draws, side, axis=0), np.quantile(draws, 1 - side, axis=0)
        method = "Kaplan-Meier, bootstrap over items"
    points = (
        Point(int(t), Estimate(float(v), float(a), float(b), len(spans), len(flat), method, None, confidence))
        for t, v, a, b in zip(grid, value, low, high, strict=True)
    )
    return Curve(name, arm, "turn", says, tuple(points))


def _kaplan_meier(spans: Sequence[tuple[int, bool]], grid: NDArray[Any]) -> NDArray[np.float64]:
    from scipy.stats import CensoredData, ecdf

    events, censored = [t for t, flipped in spans if flipped], [t for t, flipped in spans if not flipped]
    found: NDArray[np.float64] = ecdf(CensoredData(uncensored=events, right=censored)).sf.evaluate(grid)
    return found


def _resampled(spans: Mapping[str, Sequence[tuple[int, bool]]], turns: int) -> NDArray[np.float64]:
    """The curve of 999 samples of the items with replacement; shape (samples, turns)."""
    import numpy as np

    names = sorted(spans)
    flips, at_risk = np.zeros((len(names), turns)), np.zeros((len(names), turns))
    for i, name in enumerate(names):
        for last, flipped in spans[name]:
            at_risk[i, :last] += 1
            if flipped and last <= turns:
                flips[i, last - 1] += 1
    drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=999)
    return np.asarray(np.cumprod(1 - drawn @ flips / np.maximum(drawn @ at_risk, 1), axis=1), dtype=np.float64)


def _greenwood(
    spans: Sequence[tuple[int, bool]], grid: NDArray[Any], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-log limits; where nothing, or everything, has flipped so far the exact binomial limit on that side."""
    import warnings

    import numpy as np
    from scipy.stats import CensoredData, ecdf

    from sycoprobe.intervals import clopper_pearson

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


def _meets(conversation: Sequence[Row], among: Among) -> bool:
    return any(
        r.arm == among.arm
        and r.aspect == among.aspect
        and r.label in among.labels
        and (among.turn is None or r.turn == among.turn)
        for r in conversation
    )


def _mean_over(codes: Any, sizes: Any, values: Any) -> float:
    """The mean over items of the items' means."""
    import numpy as np

    return float((np.bincount(codes, values) / sizes).mean()) if len(codes) else 0.0


def _clusters(rows: Rows, present: NDArray[np.int64]) -> NDArray[np.int64]:
    import numpy as np

    names = {name: i for i, name in enumerate(sorted({rows.cluster(item) for item in rows.items}))}
    return np.array([names[rows.cluster(rows.items[i])] for i in present], dtype=np.int64)


def _why_nothing(measure: Measure) -> str:
    if measure.judged:
        return "no rule can read this, and there is no judge's word on it: `sycoprobe judge run RUN -m MODEL`"
    where = " or ".join(measure.arms)
    both = f" and {' or '.join(measure.against)}" if measure.against else ""
    condition = (
        f", among conversations whose {measure.among.arm!r} was {' or '.join(measure.among.labels)}" if measure.among else ""
    )
    return f"no readable reply in {where}{both}{condition}"
