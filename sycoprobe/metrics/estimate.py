"""From the table to numbers with intervals, by one definition for every metric of every kind.

The **item** (one probe of one set) is the unit that is sampled. Repeats and arms of an item are not independent, so they are averaged
first: what counts in a conversation, then the conversations of an item; a difference is taken within each conversation.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import DERIVED, Table
from sycoprobe.stats.intervals import CONFIDENCE, spread_of
from sycoprobe.stats.sample import Estimate, Sample
from sycoprobe.stats.sequential import Order, confidence_sequence
from sycoprobe.stats.tails import Sides, correlation_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = tuple[NDArray[np.bool_], NDArray[np.float64]]


def estimate_of(table: Table, metric: Metric, confidence: float = CONFIDENCE) -> Estimate:
    """The number of `metric` with its interval, or None and the reason.

    A rate is the mean over items of each item's share (Wilson's score interval at the effective sample size); a difference is
    taken within each conversation, then averaged over items (Tango's score interval, likewise). Averages of values (ratings) have
    Student's t interval on the items' means, cut off at what is possible: values lie in [0, 1] and their differences in [-1, 1].
    """
    return sample_of(table, metric).estimate(confidence)


def scored(table: Table, metric: Metric, arms: tuple[str, ...], turn: int | None) -> Scores:
    """Of each row: whether the metric counts it in these arms, and as what: 0 or 1 for labels, else the row's value."""
    import numpy as np

    columns, values = table.columns, table.values
    in_arms = table.are("arm", arms)
    if metric.valid_of:
        mask = in_arms & table.are("aspect", metric.valid_of) & (columns["turn"] > DERIVED)
        return mask, ((columns["label"] >= 0) | ~np.isnan(values)).astype(np.float64)
    mask = in_arms & table.are("aspect", (metric.aspect,))
    if turn is not None:
        mask &= columns["turn"] == turn
    else:
        mask &= _last(table, mask)
    if metric.labels is None:
        return mask & ~np.isnan(values), values
    return mask & (columns["label"] >= 0), table.are("label", metric.labels).astype(np.float64)


def _last(table: Table, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each marked row: whether it is of the last turn of its arm in its conversation."""
    import numpy as np

    rows = np.flatnonzero(mask)
    found = np.zeros(len(table), dtype=bool)
    if not len(rows):
        return found
    arm = table.conversations()[rows].astype(np.int64) * (len(table.words["arm"]) + 1) + table.columns["arm"][rows]
    turns = table.columns["turn"][rows]
    first = np.flatnonzero(np.r_[True, arm[1:] != arm[:-1]])
    most = np.repeat(np.maximum.reduceat(turns, first), np.diff(np.r_[first, len(rows)]))
    found[rows] = turns == most
    return found


def among(table: Table, metric: Metric) -> NDArray[np.bool_] | None:
    """Of each row: whether its conversation meets the metric's condition; None where it has none."""
    import numpy as np

    condition = metric.among
    if condition is None:
        return None
    mask = table.are("arm", (condition.arm,)) & table.are("aspect", (condition.aspect,)) & table.are("label", condition.labels)
    if condition.turn is not None:
        mask &= table.columns["turn"] == condition.turn
    conversations = table.conversations()
    meets = np.zeros(int(conversations.max(initial=-1)) + 1, dtype=bool)
    meets[conversations[mask]] = True
    return meets[conversations]


class _Counted:
    """What counts in the arms and in the control arms of each conversation that a metric is made from."""

    def __init__(self, table: Table, metric: Metric) -> None:
        import numpy as np

        # The share of readable replies is one of replies, not of conversations: it is pooled within an item.
        codes = table.by_item() if metric.valid_of else table.conversations()
        size = int(codes.max(initial=-1)) + 1
        meets = among(table, metric)

        def sums(arms: tuple[str, ...], turn: int | None) -> tuple[Any, Any]:
            mask, score = scored(table, metric, arms, turn)
            if meets is not None:
                mask = mask & meets
            n = np.bincount(codes[mask], minlength=size)
            return n, np.bincount(codes[mask], score[mask], minlength=size)

        n_arm, sum_arm = sums(metric.arms, metric.turn)
        n_control, sum_control = sums(metric.against, metric.against_turn)
        keep = n_arm > 0
        if metric.against:
            keep &= n_control > 0
        starts = np.zeros(size, dtype=np.int64)
        starts[codes] = table.columns["item"]
        self.arm = sum_arm[keep] / n_arm[keep]
        self.control = np.divide(sum_control[keep], n_control[keep], out=np.zeros(int(keep.sum())), where=n_control[keep] > 0)
        self.items, self.codes = np.unique(starts[keep], return_inverse=True)
        self.sizes = np.bincount(self.codes, minlength=len(self.items))
        self.arm_replies, self.control_replies = int(n_arm[keep].sum()), int(n_control[keep].sum())
        self.replies = int((n_arm[keep] + n_control[keep]).sum())
        self.pairs = int(np.maximum(n_arm[keep], n_control[keep]).sum())

    def by_item(self, values: Any) -> NDArray[np.float64]:
        """The mean of the conversations of each item."""
        import numpy as np

        return np.asarray(np.bincount(self.codes, values, minlength=len(self.items)) / self.sizes, dtype=np.float64)

    def mean(self, values: Any) -> float:
        """The mean over items of their means; 0 where there are none."""
        return float(self.by_item(values).mean()) if len(self.items) else 0.0


def sample_of(table: Table, metric: Metric) -> Sample:
    """One number an item for `metric`, in the form that intervals and the gate work with."""
    found = _Counted(table, metric)
    difference = metric.difference
    clusters = table.clusters()
    return Sample(
        items=found.items.astype("int64"),
        values=found.by_item(found.arm - found.control if difference else found.arm),
        trials=found.replies,
        pairs=found.pairs if difference else found.replies,
        up=found.mean(found.arm * (1 - found.control)) if difference else None,
        down=found.mean(found.control * (1 - found.arm)) if difference else 0.0,
        low=-1.0 if difference else 0.0,
        high=1.0,
        clusters=None if clusters is None else clusters[found.items],
        reason=metric.why_nothing(),
        method="paired by conversation" if difference else "",
        graded=metric.graded,
        sides=cache(partial(_sides, found, table)) if difference and not metric.graded else None,
    )


def _sides(found: _Counted, table: Table) -> Sides:
    """The two rates of a difference, of at least one item."""
    clusters = table.clusters()
    clusters = None if clusters is None else clusters[found.items]
    arm, control = found.by_item(found.arm), found.by_item(found.control)
    return Sides(
        spread_of(arm, found.arm_replies, clusters=clusters),
        spread_of(control, found.control_replies, clusters=clusters),
        correlation_of(arm, control),
    )


def sides_of(table: Table, metric: Metric) -> tuple[float | None, float | None]:
    """The mean in the metric's arms, and in its control arms, over the conversations that it is made from; averaged by item."""
    found = _Counted(table, metric)
    if not len(found.items):
        return None, None
    return found.mean(found.arm), found.mean(found.control) if metric.against else None


# Sequential runs


def first_items(table: Table, order: Order) -> Table:
    """The rows of a sequential run's complete items."""
    return table.of_names(order.items)


def in_order(sample: Sample, table: Table, order: Order) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A sample's values in the order in which items were planned, and for each the horizon that bets are tuned to."""
    import numpy as np

    place = {name: i for i, name in enumerate(order.items)}
    places = np.array([place[table.items[i].item] for i in sample.items], dtype=np.int64)
    by = np.argsort(places)
    return sample.values[by], order.horizon(places[by])


def anytime_estimate(sample: Sample, table: Table, order: Order, confidence: float = CONFIDENCE) -> Estimate:
    """A sample's mean with a confidence sequence, valid at whatever item a sequential run stopped."""
    if not len(sample):
        return sample.estimate(confidence)
    values, horizon = in_order(sample, table, order)
    low, high = confidence_sequence(values, sample.low, sample.high, horizon, confidence)
    method = "betting confidence sequence on item means"
    return Estimate(float(values.mean()), low, high, len(values), sample.trials, method, None, confidence)
