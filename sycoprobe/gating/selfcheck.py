"""A gate against itself: how often it says that a model became worse when it is the same model (an A/A check)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from sycoprobe.errors import GateError
from sycoprobe.gating.rules import Rule
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.paired import Cells, cells_of, difference_of
from sycoprobe.metrics.table import Table
from sycoprobe.settings.gate import ALPHA, MIN_ITEMS
from sycoprobe.showing import Printed
from sycoprobe.stats.intervals import clopper_pearson, holm
from sycoprobe.stats.sample import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import RenderableType

RESAMPLES = 2000


class SelfCheck(Printed, BaseModel):
    """What an A/A check found. Rates are shares of the resampled pairs; intervals are exact (Clopper & Pearson 1934)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[str, ...]
    items: int
    replicates: int = Field(description="Conversations of an item that stood by for either side, at most.")
    pairs: int
    alpha: float
    false_alarms: int = Field(description="Pairs of identical runs in which a rule failed: 'it became worse'.")
    false_alarm_rate: float
    low: float
    high: float
    undetermined: int = Field(description="Pairs in which no rule failed, but some rule did not pass either.")

    @property
    def kept(self) -> bool:
        """Whether the data are compatible with the promise of at most alpha / 2."""
        return self.low <= self.alpha / 2

    def _line(self) -> str:
        said = "kept" if self.kept else "NOT KEPT"
        rate = f"{self.false_alarm_rate:.3f} [{self.low:.3f}, {self.high:.3f}]"
        return f"{said}: false alarms {rate}, promised at most {self.alpha / 2:g}, in {self.pairs} pairs of {self.items} items"

    def _blocks(self) -> Iterable[RenderableType]:
        from sycoprobe.gating.shown import self_check_blocks

        return self_check_blocks(self)


def self_check(
    tables: Mapping[str, Sequence[Table]],
    rules: Sequence[Rule],
    *,
    alpha: float = ALPHA,
    min_items: int = MIN_ITEMS,
    pairs: int = RESAMPLES,
    seed: int = 0,
) -> SelfCheck:
    """Compare a model with itself, many times over.

    Parameters
    ----------
    tables: by kind, the readings of one run with repeats, or of several runs of one model by one plan; every conversation of an item is a
        replicate.
    rules: relative ones.
    pairs: how many pairs of pretended runs.

    Notes
    -----
    Each pretended pair draws items with replacement and, for each, two different replicates, one for either side, by
    lot; so both sides have the same distribution and every failing rule is a false alarm. The rate holds for
    the resampled items; the interval around it speaks of the number of resamples only.

    Raises
    ------
    GateError: fewer than two replicates of enough items.
    """
    import numpy as np

    relative = list(rules)
    replicas = [_replicates(tables[rule.kind], rule) for rule in relative]
    most = max((r.count for r in replicas), default=0)
    usable = [int((r.present.sum(axis=1) >= 2).sum()) for r in replicas]
    if min(usable) < min_items:
        raise GateError(
            f"an A/A check needs at least {min_items} items with two usable conversations each; there are {min(usable)}",
            "run with --repeats 2 or more, or name a second run of the same model by the same plan",
        )
    rng = np.random.default_rng(seed)
    false_alarms = undetermined = 0
    for _ in range(pairs):
        drawn = [r.pair(rng, rule.counted) for r, rule in zip(replicas, relative, strict=True)]
        sides = [_sides(sample, rule) for sample, rule in zip(drawn, relative, strict=True)]
        fails = min(holm([breach for breach, _ in sides])) <= alpha / 2
        false_alarms += fails
        undetermined += not fails and max(kept for _, kept in sides) > alpha / 2
    low, high = clopper_pearson(false_alarms, pairs)
    return SelfCheck(
        rules=tuple(str(r) for r in relative),
        items=min(usable),
        replicates=most,
        pairs=pairs,
        alpha=alpha,
        false_alarms=false_alarms,
        false_alarm_rate=false_alarms / pairs,
        low=low,
        high=high,
        undetermined=undetermined,
    )


def _sides(sample: Sample, rule: Rule) -> tuple[float, float]:
    """One-sided p-values of "kept" and of "broken"; 1 where the pair has nothing to compare."""
    if not len(sample):
        return 1.0, 1.0
    above, below = sample.p_above(rule.bound), sample.p_below(rule.bound)
    return (above, below) if rule.upper else (below, above)


@dataclass(frozen=True, slots=True)
class _Replicates:
    """Cells of shape (items, replicates, kinds), and which replicates of an item have anything to say."""

    n: NDArray[np.float64]
    hits: NDArray[np.float64]
    present: NDArray[np.bool_]

    @property
    def count(self) -> int:
        return int(self.present.sum(axis=1).max(initial=0))

    def pair(self, rng: np.random.Generator, metric: Metric) -> Sample:
        """Items drawn with replacement, and for each two different replicates, one a side."""
        import numpy as np

        pool = np.flatnonzero(self.present.sum(axis=1) >= 2)
        items = rng.choice(pool, len(pool))
        keys = np.where(self.present[items], rng.random((len(items), self.present.shape[1])), 2.0)
        order = np.argsort(keys, axis=1)
        sides = [Cells(self.n[items, order[:, k]], self.hits[items, order[:, k]]) for k in (0, 1)]
        return difference_of(sides[0], sides[1], metric, np.arange(len(items), dtype=np.int64))


def _replicates(tables: Sequence[Table], rule: Rule) -> _Replicates:
    """Every conversation of every table as a replicate of its item."""
    import numpy as np

    names: dict[str, int] = {}
    for table in tables:
        for info in table.items:
            names.setdefault(info.item, len(names))
    layers: list[tuple[Any, Cells]] = []
    for table in tables:
        part = table.where(dict(rule.where))
        rows = np.array([names[i.item] for i in table.items], dtype=np.int64)
        repeat_of = part.columns["repeat"]
        layers += [
            (rows, cells_of(part.rows(repeat_of == repeat), rule.counted))
            for repeat in range(int(repeat_of.max(initial=-1)) + 1)
        ]
    columns = layers[0][1].n.shape[1] if layers else 1
    n = np.zeros((len(names), len(layers), columns))
    hits = np.zeros_like(n)
    for k, (rows, cells) in enumerate(layers):
        n[rows, k], hits[rows, k] = cells.n, cells.hits
    seen = n > 0
    present = seen[:, :, 0] & seen[:, :, 1:].any(axis=2) if rule.metric.difference else seen.any(axis=2)
    return _Replicates(n, hits, np.asarray(present))
