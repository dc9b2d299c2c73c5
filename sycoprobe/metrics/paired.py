"""Two runs side by side: one difference, made of the items and arms that both have a readable reply in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from sycoprobe.metrics.estimate import fewest_items, spread, why_not
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import Table
from sycoprobe.metrics.terms import Terms, terms_of
from sycoprobe.stats.sample import Sample
from sycoprobe.stats.tails import Sides, correlation_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def paired_sample(new: Table, base: Table, metric: Metric, made: Callable[..., Terms] = terms_of) -> Sample:
    """The difference `new` minus `base` in `metric`, over the items of both that it can be read from in both.

    Paired by item and arm: in each arm the items with a readable reply in both runs are compared, weighted by what share of their
    conversations counts in either; of several arms the mean of their differences; of a metric with a control less the control's difference.
    With a metric that looks at some conversations only (right first answers, say), an item that has them in one run only is in no pair.
    The items are indices into `new.items`. `made` gives the terms of a run: of many comparisons, each run's once.
    """
    import numpy as np

    ours, theirs = matched(new, base, metric, made=made)
    clusters = new.clusters()
    clusters = None if clusters is None else clusters[ours.items]
    if metric.through is not None and len(ours.signs) > len(np.unique(ours.chains)):
        return _apart(ours, theirs, metric, clusters)
    return difference_of(ours, theirs, metric, clusters)


def common_numbers(new: Table, base: Table, metric: Metric) -> tuple[float | None, float | None]:
    """The numbers of either run on the very items and replies that `paired_sample` compares; their difference is its value."""
    ours, theirs = matched(new, base, metric)
    if metric.through is not None:
        return (None, None) if why_not(ours, metric) or why_not(theirs, metric) else (ours.value(), theirs.value())
    pair = pair_of(ours, theirs)
    if why_not(pair, metric) is not None:
        return None, None
    sides = (replace(pair, hits=ours.hits * theirs.reads), replace(pair, hits=theirs.hits * ours.reads))
    one, other = (side.value() for side in sides)
    return one, other


def matched(
    new: Table, base: Table, metric: Metric, *, whole: bool = False, made: Callable[..., Terms] = terms_of
) -> tuple[Terms, Terms]:
    """The terms of either run, of the items that both have, row by row; the items are indices into `new.items`."""
    import numpy as np

    ours, theirs = (made(x, metric, whole=whole) for x in (new, base))
    if len(ours.signs) != len(theirs.signs):  # in one run every turn could be read, in the other not
        ours, theirs = (made(x, metric, whole=False, turns=True) for x in (new, base))
    row_of = {base.items[i].item: row for row, i in enumerate(theirs.items.tolist())}
    found = np.array([row_of.get(new.items[i].item, -1) for i in ours.items.tolist()], dtype=np.int64)
    return ours.of_items(found >= 0), theirs.of_items(found[found >= 0])


def difference_of(ours: Terms, theirs: Terms, metric: Metric, clusters: NDArray[np.int64] | None = None) -> Sample:
    """`paired_sample` from terms whose rows are matched already."""
    both = pair_of(ours, theirs)
    keep = (both.reads > 0).any(axis=1)
    pair, ours, theirs = both.of_items(keep), ours.of_items(keep), theirs.of_items(keep)
    reason = why_not(pair, metric)
    if reason is not None:
        pair, ours, theirs, clusters = (*(x.of_items(x.items < 0) for x in (pair, ours, theirs)), None)
    elif clusters is not None:
        clusters = clusters[keep]
    up, down = _moved(pair)
    n, single = len(pair.items), int((pair.replies * (pair.signs > 0)).sum())
    once = (ours.replies == 1) & (theirs.replies == 1) & (pair.reads == 1)
    one_each = not metric.difference and pair.used.sum() == 1 and bool(once[:, pair.used].all())
    nothing = f"no item has a value of {metric.name} in both runs"
    return Sample(
        items=pair.items,
        values=pair.linearised(),
        trials=int(((ours.replies + theirs.replies) * (pair.reads > 0)).sum()),
        pairs=n if one_each else max(n + 1, 2 * single),
        up=up,
        down=down,
        low=-2.0 if metric.difference else -1.0,
        high=2.0 if metric.difference else 1.0,
        clusters=clusters,
        reason=nothing if reason is None or reason == metric.why_nothing() else reason,
        method="paired by item and arm",
        graded=metric.graded,
        sides=None if metric.difference or metric.graded else cache(partial(_two_runs, pair, ours, theirs, clusters)),
        counted=fewest_items(pair),
    )


def _two_runs(pair: Terms, ours: Terms, theirs: Terms, clusters: NDArray[np.int64] | None) -> Sides:
    """The rates of either run on the items and replies that are compared."""
    new, base = (
        replace(pair, hits=one.hits * other.reads, replies=one.replies * (pair.reads > 0), least=0.0)
        for one, other in ((ours, theirs), (theirs, ours))
    )
    return Sides(spread(new, clusters), spread(base, clusters), correlation_of(new.linearised(), base.linearised()))


def _apart(ours: Terms, theirs: Terms, metric: Metric, clusters: NDArray[np.int64] | None) -> Sample:
    """The difference of two runs in a metric through several turns, of which some could not be read: of their numbers on the items of both."""
    why = why_not(ours, metric) or why_not(theirs, metric)
    if why is not None:
        ours, theirs, clusters = (*(x.of_items(x.items < 0) for x in (ours, theirs)), None)
    value = ours.value() - theirs.value()
    up, down = _discordant_runs(ours, theirs, value)
    return Sample(
        items=ours.items,
        values=ours.linearised() - theirs.linearised(),
        trials=int(ours.replies.sum() + theirs.replies.sum()),
        pairs=max(len(ours.items) + 1, int(ours.replies.sum())),
        up=up,
        down=down,
        low=-2.0 if metric.difference else -1.0,
        high=2.0 if metric.difference else 1.0,
        clusters=clusters,
        reason=why or f"no item has a value of {metric.name} in both runs",
        method="paired by item",
        graded=metric.graded,
        counted=min(fewest_items(ours), fewest_items(theirs)),
    )


def _discordant_runs(ours: Terms, theirs: Terms, value: float) -> tuple[float, float]:
    """How far single conversations of two runs differ upwards and downwards, were they independent: what the score interval takes as its scale."""
    total = sum(
        a * (1 - b) + b * (1 - a)
        for sign in {float(s) for s in ours.signs}
        for a, b in [(ours.of_side(sign).value(), theirs.of_side(sign).value())]
    )
    total = max(total, abs(value))
    return (total + value) / 2, (total - value) / 2


def pair_of(ours: Terms, theirs: Terms) -> Terms:
    """The terms of a difference between runs, of rows that are matched.

    With a and a' the counts of either run in an item and arm, and b and b' the replies that could have counted, a·b' - a'·b counts out of b·b':
    both products have the expectation of one conversation, whatever the number of conversations.
    """
    import numpy as np

    return Terms(
        items=ours.items,
        hits=ours.hits * theirs.reads - theirs.hits * ours.reads,
        reads=ours.reads * theirs.reads,
        replies=np.where(ours.reads * theirs.reads > 0, np.maximum(ours.replies, theirs.replies), 0),
        asked=np.minimum(ours.asked, theirs.asked),
        share=ours.share * theirs.share,
        signs=ours.signs,
        names=ours.names,
        chains=ours.chains,
        least=-1.0,
    )


def _moved(pair: Terms) -> tuple[float, float]:
    """How far single pairs differ upwards and downwards on average; the first less the second is the number itself."""
    import numpy as np

    value = pair.value()
    moved, weight = pair.by_item(), pair.reads
    control = pair.signs < 0
    if control.any():
        known = ~np.isnan(moved[:, control])
        count = known.sum(axis=1)
        mean = np.divide(
            np.where(known, moved[:, control], 0).sum(axis=1), count, out=np.full(len(moved), np.nan), where=count > 0
        )
        moved, weight = moved[:, ~control] - mean[:, None], weight[:, ~control]
    usable = ~np.isnan(moved)
    total = float((np.abs(moved[usable]) * weight[usable]).sum() / weight[usable].sum()) if usable.any() else 0.0
    total = max(total, abs(value))
    return (total + value) / 2, (total - value) / 2
