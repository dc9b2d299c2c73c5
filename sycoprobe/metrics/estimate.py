"""From the table to numbers with intervals, by one definition for every metric of every kind.

The **item** (one probe of one set) is the unit that is sampled: conversations and arms of an item are not independent. `sycoprobe.metrics.terms`
says what counts in each item and arm; here that becomes one number an item, of which intervals and tests are made.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import Table
from sycoprobe.metrics.terms import Terms, terms_of
from sycoprobe.stats.intervals import CONFIDENCE, Spread, spread_of
from sycoprobe.stats.sample import Estimate, Sample
from sycoprobe.stats.tails import Sides, correlation_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def estimate_of(table: Table, metric: Metric, confidence: float = CONFIDENCE) -> Estimate:
    """The number of `metric` with its interval, or None and the reason.

    In each arm it is a ratio: what counts over the readable replies that could have counted, every conversation of an item and every item
    counting alike; of several arms the mean of their ratios; of a difference that mean less the control's. Intervals take the item as what
    is sampled: Wilson's score interval at the effective sample size for a rate, Tango's likewise for a difference. Averages of values
    (ratings) have Student's t interval, cut off at what is possible: values lie in [0, 1] and their differences in [-1, 1].
    """
    return sample_of(table, metric).estimate(confidence)


def sample_of(table: Table, metric: Metric) -> Sample:
    """One number an item for `metric`, in the form that intervals and the gate work with."""
    terms = terms_of(table, metric)
    clusters = table.clusters()
    return sample_from(terms, metric, None if clusters is None else clusters[terms.items])


def sample_from(terms: Terms, metric: Metric, clusters: NDArray[np.int64] | None = None) -> Sample:
    """`sample_of`, from the terms of a run; `clusters` names the cluster of each of their items."""
    difference = metric.difference
    reason = why_not(terms, metric)
    if reason is not None:
        terms = terms.of_items(terms.items < 0)
        clusters = None
    up, down = _discordant(terms) if difference else (None, 0.0)
    replies = int(terms.replies.sum())
    arm_replies = int(terms.replies[:, terms.signs > 0].sum())
    return Sample(
        items=terms.items,
        values=terms.linearised(),
        trials=replies,
        pairs=_pairs(terms, arm_replies if difference else replies),
        up=up,
        down=down,
        low=-1.0 if difference else 0.0,
        high=1.0,
        clusters=clusters,
        reason=reason or metric.why_nothing(),
        method="paired by item" if difference else "",
        graded=metric.graded,
        counted=fewest_items(terms),
        single=single(terms),
        sides=cache(partial(_sides, terms, clusters)) if difference and not metric.graded else None,
    )


def why_not(terms: Terms, metric: Metric) -> str | None:
    """Why the number cannot be had although there are readable replies; None where it can.

    A side without a reply, or an arm that was asked and of which nothing could be read: the mean of the others would be another number.
    """
    for sign in {float(s) for s in terms.signs}:
        if not terms.reads[:, terms.signs == sign].any():
            return metric.why_nothing()
    if terms.unread:
        return f"no readable reply in {' or '.join(terms.unread)}, of which {metric.name} is made"
    return None


def fewest_items(terms: Terms) -> int:
    """How many items the number rests on: of a difference, on the side that has fewer."""
    sides = {float(s) for s in terms.signs}
    return min((int((terms.replies[:, terms.signs == s] > 0).any(axis=1).sum()) for s in sides), default=0)


def _pairs(terms: Terms, replies: int) -> int:
    """How many single outcomes (pairs, of a difference) the number is made of; as many as items only where each item has exactly one."""
    n, used = len(terms.items), terms.used
    return n if single(terms) and bool((terms.replies == 1)[:, used].all()) else max(n + 1, replies)


def single(terms: Terms) -> bool:
    """Whether an item has one outcome on each side at most, so that what single outcomes vary is known from their mean."""
    import numpy as np

    sides = terms.signs[terms.used].tolist()
    return len(sides) == len(set(sides)) and bool(np.isin(terms.reads, (0, 1)).all() and (terms.replies <= 1).all())


def _discordant(terms: Terms) -> tuple[float, float]:
    """The shares of pairs (a reply of the arms, one of the control, of one item) that are +1 and -1; their difference is the number itself."""
    import numpy as np

    value = terms.value()
    arm, control = (_mean_of_arms(terms.of_side(sign)) for sign in (1.0, -1.0))
    both = ~(np.isnan(arm) | np.isnan(control))
    if both.any():
        weight = terms.share[both]
        apart = arm[both] * (1 - control[both]) + control[both] * (1 - arm[both])
        total = float((apart * weight).sum() / weight.sum()) if weight.sum() > 0 else 0.0
    else:
        a, c = terms.of_side(1.0).value(), terms.of_side(-1.0).value()
        total = a * (1 - c) + c * (1 - a)
    total = min(1.0, max(total, abs(value)))
    return (total + value) / 2, (total - value) / 2


def _mean_of_arms(side: Terms) -> NDArray[np.float64]:
    """Of each item, the mean of its arms' ratios; NaN where it has none."""
    import numpy as np

    ratios = side.by_item()
    known = ~np.isnan(ratios)
    count = known.sum(axis=1)
    empty = np.full(len(ratios), np.nan)
    return np.asarray(np.divide(np.where(known, ratios, 0.0).sum(axis=1), count, out=empty, where=count > 0))


def _sides(terms: Terms, clusters: NDArray[np.int64] | None) -> Sides:
    """The two rates of a difference, of at least one item."""
    arm, control = terms.of_side(1.0), terms.of_side(-1.0)
    return Sides(spread(arm, clusters), spread(control, clusters), correlation_of(arm.linearised(), control.linearised()))


def spread(side: Terms, clusters: NDArray[np.int64] | None) -> Spread:
    """The spread of one side, over the items that it has replies of."""
    keep = (side.replies > 0).any(axis=1)
    of = side.of_items(keep)
    labels = None if clusters is None else clusters[keep]
    return spread_of(of.linearised(), _pairs(of, int(of.replies.sum())), clusters=labels, single=single(of))


def sides_of(table: Table, metric: Metric) -> tuple[float | None, float | None]:
    """The number in the metric's arms, and in its control arms; None where there is none."""
    terms = terms_of(table, metric)
    if why_not(terms, metric) is not None:
        return None, None
    return terms.of_side(1.0).value(), terms.of_side(-1.0).value() if metric.against else None
