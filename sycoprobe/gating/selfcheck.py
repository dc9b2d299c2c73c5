"""A gate against itself: how often it says that a model became worse when it is the same model (an A/A check)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from sycoprobe.errors import GateError
from sycoprobe.gating.rules import Rule
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.paired import difference_of, paired_sample
from sycoprobe.metrics.table import Table
from sycoprobe.metrics.terms import Terms, terms_of
from sycoprobe.settings.gate import ALPHA, MIN_ITEMS
from sycoprobe.showing import Printed
from sycoprobe.stats.intervals import clopper_pearson, holm
from sycoprobe.stats.sample import Sample
from sycoprobe.text import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import RenderableType

RESAMPLES = 2000


class SelfCheck(Printed, BaseModel):
    """What an A/A check found. Rates are shares of the resampled pairs; intervals are exact (Clopper & Pearson 1934)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[str, ...] = Field(description="The rules that were checked.")
    items: int = Field(description="Items with at least two replicates.")
    replicates: int = Field(description="Conversations of an item that stood by for either side, at most.")
    pairs: int = Field(description="Resampled pairs of runs.")
    alpha: float = Field(description="Error of the two-sided intervals.")
    false_alarms: int = Field(description="Pairs of identical runs in which a rule failed: 'it became worse'.")
    false_alarm_rate: float = Field(description="The same as a share.")
    low: float = Field(description="Its interval.")
    high: float = Field(description="Its interval.")
    undetermined: int = Field(description="Pairs in which no rule failed, but some rule did not pass either.")
    run_pairs: int = Field(default=0, description="Whole runs compared with each other, each way round; 0: there is one run.")
    run_alarms: int = Field(
        default=0, description="Of these, how often a rule failed: what the gate would have said of these runs."
    )
    drift_p: float | None = Field(
        default=None,
        description="Two-sided p of 'whole runs differ by chance only', the smallest over pairs of runs and rules, by Holm; null: there is one run.",
    )

    @property
    def drifted(self) -> bool:
        """Whether whole runs differ by more than chance: then the resampled rate, in which drift cancels, does not hold for them."""
        return self.drift_p is not None and self.drift_p <= self.alpha

    @property
    def kept(self) -> bool:
        """Whether the data are compatible with the promise of at most alpha / 2, from run to run as well."""
        return self.low <= self.alpha / 2 and not self.drifted

    def _line(self) -> str:
        said = "kept" if self.kept else "NOT KEPT"
        rate = f"{self.false_alarm_rate:.3f} [{self.low:.3f}, {self.high:.3f}]"
        return f"{said}: false alarms {rate}, promised at most {self.alpha / 2:g}, in {counted(self.pairs, 'pair')} of {counted(self.items, 'item')}"

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
    the resampled items; the interval around it speaks of the number of resamples only. Drawing item by item cancels what differs
    between whole runs (another day, another version behind the same name). So several runs are also compared whole, each pair both
    ways round, as the gate compares them, and a test says whether they differ by more than chance: that of the paired difference
    (`Sample.p_zero`), Holm-corrected over pairs of runs and rules.

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
    run_pairs, run_alarms, drift_p = _between_runs(tables, relative, alpha)
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
        run_pairs=run_pairs,
        run_alarms=run_alarms,
        drift_p=drift_p,
    )


def _between_runs(tables: Mapping[str, Sequence[Table]], rules: Sequence[Rule], alpha: float) -> tuple[int, int, float | None]:
    """Whole runs compared with each other: how many ordered pairs, in how many a rule failed, and the p of no drift."""
    count = min(len(runs) for runs in tables.values())
    pairs = list(permutations(range(count), 2))
    alarms, drift = 0, []
    for new, base in pairs:
        samples = [_whole(tables[rule.kind][new], tables[rule.kind][base], rule) for rule in rules]
        breaches = [_sides(sample, rule)[0] for sample, rule in zip(samples, rules, strict=True)]
        alarms += min(holm(breaches)) <= alpha / 2
        if new < base:
            drift += [sample.p_zero() for sample in samples if len(sample)]
    return len(pairs), alarms, min(holm(drift)) if drift else None


def _whole(new: Table, base: Table, rule: Rule) -> Sample:
    """The paired difference of two whole runs in what a rule speaks of."""
    return paired_sample(new.where(dict(rule.where)), base, rule.counted)


def _sides(sample: Sample, rule: Rule) -> tuple[float, float]:
    """One-sided p-values of "broken" and of "kept"; 1 where the pair has nothing to compare, or one cluster only."""
    if not len(sample) or not sample.testable:
        return 1.0, 1.0
    above, below = sample.guarded_above(rule.bound), sample.guarded_below(rule.bound)
    return (above, below) if rule.upper else (below, above)


@dataclass(frozen=True, slots=True)
class _Replicates:
    """The terms of every conversation, a layer each (shape (layers, items, …)), which conversations of an item say anything, and clusters.

    `like`: terms of the same metric.
    """

    layers: dict[str, NDArray[Any]]
    like: Terms
    present: NDArray[np.bool_]
    clusters: NDArray[np.int64] | None = None

    @property
    def count(self) -> int:
        return int(self.present.sum(axis=1).max(initial=0))

    def pair(self, rng: np.random.Generator, metric: Metric) -> Sample:
        """Items, or whole clusters of them, drawn with replacement, and for each item two different replicates, one a side."""
        import numpy as np

        pool = np.flatnonzero(self.present.sum(axis=1) >= 2)
        drawn = None
        if self.clusters is None:
            items = rng.choice(pool, len(pool))
        else:
            names, of = np.unique(self.clusters[pool], return_inverse=True)
            members = np.split(pool[np.argsort(of, kind="stable")], np.cumsum(np.bincount(of))[:-1])
            chosen = [members[g] for g in rng.integers(len(names), size=len(names))]
            items = np.concatenate(chosen)
            drawn = np.repeat(np.arange(len(chosen), dtype=np.int64), [len(m) for m in chosen])
        keys = np.where(self.present[items], rng.random((len(items), self.present.shape[1])), 2.0)
        order = np.argsort(keys, axis=1)
        ours, theirs = (self._drawn(items, order[:, k]) for k in (0, 1))
        return difference_of(ours, theirs, metric, drawn)

    def _drawn(self, items: NDArray[Any], layer: NDArray[Any]) -> Terms:
        """The terms of these items, each from the layer that was drawn for it."""
        import numpy as np

        drawn = {name: layers[layer, items] for name, layers in self.layers.items()}
        return replace(self.like, items=np.arange(len(items), dtype=np.int64), **drawn)


def _replicates(tables: Sequence[Table], rule: Rule) -> _Replicates:
    """Every conversation of every table as a replicate of its item."""
    import numpy as np

    names: dict[str, int] = {}
    for table in tables:
        for info in table.items:
            names.setdefault(info.item, len(names))
    layers = []
    for table in tables:
        part = table.where(dict(rule.where))
        repeat_of = part.columns["repeat"]
        for repeat in range(int(repeat_of.max(initial=-1)) + 1):
            terms = terms_of(part.rows(repeat_of == repeat), rule.counted)
            layers.append(_placed(terms, [names[part.items[i].item] for i in terms.items.tolist()], len(names)))
    if not layers:
        layers = [_placed(terms_of(tables[0], rule.counted).of_items(np.zeros(0, dtype=np.int64)), [], len(names))]
    seen = np.stack([x.replies > 0 for x in layers], axis=1)
    present = np.ones(seen.shape[:2], dtype=bool)
    for sign in set(layers[0].signs.tolist()):
        present &= seen[:, :, layers[0].signs == sign].any(axis=2)
    stacked = {name: np.stack([getattr(x, name) for x in layers]) for name in ("hits", "reads", "replies", "share")}
    like = replace(layers[0], asked=np.sum([x.asked for x in layers], axis=0))
    return _Replicates(stacked, like, present, _clusters(tables, names))


def _placed(terms: Terms, places: Sequence[int], size: int) -> Terms:
    """The terms with a row for each of `size` items, at these places; the others have nothing."""
    import numpy as np

    def spread(values: NDArray[Any]) -> Any:
        found = np.zeros((size, *values.shape[1:]), dtype=values.dtype)
        found[list(places)] = values
        return found

    return replace(
        terms,
        items=np.arange(size, dtype=np.int64),
        hits=spread(terms.hits),
        reads=spread(terms.reads),
        replies=spread(terms.replies),
        share=spread(terms.share),
    )


def _clusters(tables: Sequence[Table], names: Mapping[str, int]) -> NDArray[np.int64] | None:
    """The cluster of each item of all the tables; None where every item is its own."""
    import numpy as np

    labels: dict[int, int] = {}
    for table in tables:
        if (clusters := table.clusters()) is None:
            return None
        for info, first in zip(table.items, clusters.tolist(), strict=True):
            at = names[table.items[first].item]
            labels.setdefault(names[info.item], labels.get(at, at))
    return np.array([labels[i] for i in range(len(names))], dtype=np.int64)
