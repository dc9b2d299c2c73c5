"""Two runs side by side: one difference an item, over the arms that both have a readable reply in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.metrics.estimate import among, scored
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import Table
from sycoprobe.stats.sample import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Cells:
    """Of each item and column: readable replies, and what they come to.

    Shape (items, columns): a column an arm of the metric; of a difference, the control arms together are column 0.
    """

    n: NDArray[np.float64]
    hits: NDArray[np.float64]

    def rates(self) -> NDArray[np.float64]:
        """The mean in each cell; NaN where there is no readable reply."""
        import numpy as np

        return np.divide(self.hits, self.n, out=np.full_like(self.hits, np.nan), where=self.n > 0)

    def rows(self, chosen: NDArray[Any]) -> Cells:
        """The cells of these items."""
        return Cells(self.n[chosen], self.hits[chosen])


def cells_of(table: Table, metric: Metric) -> Cells:
    """The outcomes of `metric` by item and arm; the share of readable replies is one column."""
    import numpy as np

    meets = among(table, metric)
    size = len(table.items)

    def column(arms: tuple[str, ...], turn: int | None) -> tuple[Any, Any]:
        mask, score = scored(table, metric, arms, turn)
        if meets is not None:
            mask = mask & meets
        items = table.columns["item"][mask]
        return np.bincount(items, minlength=size), np.bincount(items, score[mask], minlength=size)

    sides = [column(metric.against, metric.against_turn)] if metric.difference else []
    sides += [column(metric.arms, metric.turn)] if metric.valid_of else [column((a,), metric.turn) for a in metric.arms]
    n, hits = (np.stack([side[i] for side in sides], axis=1).astype(np.float64) for i in (0, 1))
    return Cells(n, hits)


def paired_sample(new: Table, base: Table, metric: Metric) -> Sample:
    """One difference an item, `new` minus `base`, for the items of both that `metric` can be read from in both.

    Paired by item and arm: of an item, only the arms that got a readable reply in both runs are compared, each as the mean over
    its repeats; a difference between arms is taken within each run first. The items are indices into `new.items`. With a metric
    that looks at some conversations only (right first answers, say), an item that has them in one run only is in no pair.
    """
    import numpy as np

    there = {info.item: i for i, info in enumerate(base.items)}
    match_of = [there.get(info.item, -1) for info in new.items]
    ours = np.array([i for i, j in enumerate(match_of) if j >= 0], dtype=np.int64)
    theirs = np.array([j for j in match_of if j >= 0], dtype=np.int64)
    clusters = new.clusters()
    a, b = cells_of(new, metric), cells_of(base, metric)
    return difference_of(a.rows(ours), b.rows(theirs), metric, ours, None if clusters is None else clusters[ours])


def difference_of(
    a: Cells, b: Cells, metric: Metric, items: NDArray[np.int64], clusters: NDArray[np.int64] | None = None
) -> Sample:
    """`paired_sample` from cells whose rows are matched already; `items` names the rows."""
    import numpy as np

    difference = a.rates() - b.rates()
    outcomes, trials = np.maximum(a.n, b.n), a.n + b.n
    controls = np.zeros(len(items))
    if metric.difference:
        difference = difference[:, 1:] - difference[:, :1]
        outcomes, trials, controls = outcomes[:, 1:], trials[:, 1:], trials[:, 0]
    usable = ~np.isnan(difference)
    keep = usable.any(axis=1)
    cells, use = difference[keep], usable[keep]
    single = cells[use]
    one_each = not metric.difference and bool((trials[keep] * use).sum() == 2 * keep.sum())
    return Sample(
        items=items[keep],
        values=np.where(use, cells, 0.0).sum(axis=1) / np.maximum(1, use.sum(axis=1)),
        trials=int((trials[keep] * use).sum() + controls[keep].sum()),
        pairs=int(keep.sum()) if one_each else max(int(keep.sum()) + 1, 2 * int((outcomes[keep] * use).sum())),
        up=float(np.maximum(single, 0).mean()) if len(single) else 0.0,
        down=float(np.maximum(-single, 0).mean()) if len(single) else 0.0,
        low=-2.0 if metric.difference else -1.0,
        high=2.0 if metric.difference else 1.0,
        clusters=None if clusters is None else clusters[keep],
        reason=f"no item has a value of {metric.name} in both runs",
        method="paired by item and arm",
        graded=metric.graded,
    )
