"""What a metric counts in each item and arm, and the ratios that its number is made of: one definition for every metric of every kind.

Every conversation of an item counts alike, and every item. In each arm a number is a ratio: what counts, over the readable replies that could
have counted. A metric of several arms is the mean of its arms' own ratios, so that it stays the same number whichever replies are lost, however
often a question is repeated, and however many arms a conversation draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sycoprobe.extract.types import Outcome
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import DERIVED, OUTCOMES, Table, runs_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ERROR = OUTCOMES.index(Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a metric counts, by item and arm.

    Attributes
    ----------
    items: shape (items,), indices into the table's `items`, ascending.
    hits, reads: shape (items, arms); what counts, and the replies that could have counted, each divided by the item's conversations.
        A column is an arm; of a metric through several turns, a turn of an arm.
    replies: shape (items, arms); how many replies that is.
    asked: shape (arms,); how many replies there are, readable or not.
    share: shape (items,); the share of the item's conversations that meet the metric's condition.
    signs: shape (arms,); 1 for the metric's arms, -1 for its control's.
    names: of the arms.
    chains: shape (arms,); columns of one number are the turns of one arm, whose ratios are chances to give in at that turn.
    least: what one reply counts at least: 0, or -1 between two runs.
    """

    items: NDArray[np.int64]
    hits: NDArray[np.float64]
    reads: NDArray[np.float64]
    replies: NDArray[np.int64]
    asked: NDArray[np.int64]
    share: NDArray[np.float64]
    signs: NDArray[np.float64]
    names: tuple[str, ...]
    chains: NDArray[np.int64]
    least: float = 0.0

    @property
    def used(self) -> NDArray[np.bool_]:
        """Of each arm: whether it was asked where the metric looks; an arm that no conversation drew is in no mean."""
        return self.asked > 0

    @property
    def unread(self) -> tuple[str, ...]:
        """Arms that were asked, of which no reply could be read: the mean of the arms cannot be had without them."""
        return tuple(
            n for n, asked, read in zip(self.names, self.asked, self.reads.sum(axis=0), strict=True) if asked and not read
        )

    def weights(self) -> NDArray[np.float64]:
        """Of each column: its arm's part in the number; 1 over the arms of its side that were asked, with the side's sign."""
        import numpy as np

        found = np.zeros(len(self.signs))
        for sign in (1.0, -1.0):
            side = (self.signs == sign) & self.used
            found[side] = sign / max(1, len(np.unique(self.chains[side])))
        return found

    def of_items(self, keep: Any) -> Terms:
        """The terms of these items (a mask or indices of shape (items,), with repetitions)."""
        return replace(
            self,
            items=self.items[keep],
            hits=self.hits[keep],
            reads=self.reads[keep],
            replies=self.replies[keep],
            share=self.share[keep],
        )

    def of_side(self, sign: float) -> Terms:
        """The metric's arms alone, or its control's, counted positively."""
        import numpy as np

        keep = self.signs == sign
        return replace(
            self,
            hits=self.hits[:, keep],
            reads=self.reads[:, keep],
            replies=self.replies[:, keep],
            asked=self.asked[keep],
            signs=np.ones(int(keep.sum())),
            chains=self.chains[keep],
            names=tuple(n for n, k in zip(self.names, keep, strict=True) if k),
        )

    def ratios(self) -> NDArray[np.float64]:
        """Of each arm: what counts over what could have; 0 where nothing could."""
        import numpy as np

        total = self.reads.sum(axis=0)
        return np.asarray(np.divide(self.hits.sum(axis=0), total, out=np.zeros(len(total)), where=total > 0))

    def by_item(self) -> NDArray[np.float64]:
        """Each item's own ratios, shape (items, arms); NaN where it has no readable reply."""
        import numpy as np

        return np.divide(self.hits, self.reads, out=np.full_like(self.hits, np.nan), where=self.reads > 0)

    def value(self) -> float:
        """The number: the mean of the arms' shares, less that of the control's. A share through several turns is 1 - Π (1 - ratio)."""
        import numpy as np

        ratios, weights = self.ratios(), self.weights()
        total = 0.0
        for chain in np.unique(self.chains[weights != 0]):
            of = self.chains == chain
            total += float(weights[of & (weights != 0)][0] * (1 - np.prod(1 - ratios[of])))
        return total

    def slopes(self) -> NDArray[np.float64]:
        """How the number changes with each column's ratio: the arm's part, times the chance not to have given in at its other turns."""
        import numpy as np

        kept, found = 1 - self.ratios(), self.weights()
        for column in range(len(found)):
            others = (self.chains == self.chains[column]) & (np.arange(len(found)) != column)
            found[column] *= np.prod(kept[others])
        return found

    def linearised(self) -> NDArray[np.float64]:
        """One number an item whose mean is `value` and whose spread is that of the number; shape (items,).

        An item's deviation from the mean is what it adds to the ratios: Σ_k g_k n (hits_ik - r_k reads_ik) / Σ_j reads_jk with g the `slopes`, the
        Taylor linearisation of a ratio (Woodruff 1971, J. Am. Stat. Assoc. 66, 411-414), and of a product of them. Each residual is divided by
        √(1 - h_ik), where h_ik is the item's share of the column's replies, as the bias-reduced estimate HC2 does (MacKinnon & White 1985,
        J. Econometrics 29, 305-325): an arm that few conversations drew would look surer than it is.
        """
        import numpy as np

        n, total = len(self.items), self.reads.sum(axis=0)
        if n == 0:
            return np.zeros(0)
        share = np.divide(self.reads, total, out=np.zeros_like(self.reads), where=total > 0)
        residual = np.divide(self.hits - self.ratios() * self.reads, total, out=np.zeros_like(self.hits), where=total > 0)
        grown = np.sqrt((1 - 1 / n) / np.maximum(1 - share, 1 / n)) if n > 1 else np.ones_like(share)
        parts = (residual * grown) @ self.slopes() * n
        return np.asarray(self.value() + parts - parts.mean(), dtype=np.float64)


def terms_of(table: Table, metric: Metric, *, whole: bool = False, turns: bool = False) -> Terms:
    """What `metric` counts in a run; of the items of which a reply counts.

    Of a metric through several turns: `whole` takes only the threads of which every turn could be read, a column an arm; `turns` a column
    a turn. Without either it is the first where every turn of every thread could be read, and the second where not.
    """
    import numpy as np

    if metric.through is not None and not whole and not turns:
        complete = terms_of(table, metric, whole=True)
        if (complete.replies.sum(axis=0) == complete.asked).all():
            return complete

    size = len(table.items)
    conversations = table.conversations()
    starts = np.r_[True, conversations[1:] != conversations[:-1]] if len(table) else np.zeros(0, dtype=bool)
    talks = np.maximum(np.bincount(table.columns["item"][starts], minlength=size), 1)
    meets = among(table, metric)
    met = starts if meets is None else starts & meets
    threads = whole and metric.through is not None
    columns = columns_of(replace(metric, through=None) if threads else metric)
    hits, reads, replies = (np.zeros((size, len(columns))) for _ in range(3))
    asked = np.zeros(len(columns), dtype=np.int64)
    for k, column in enumerate(columns):
        were, read, score = _whole_threads(table, metric, column) if threads else scored(table, metric, column)
        if meets is not None:
            were, read = were & meets, read & meets
        asked[k] = were.sum()
        items = table.columns["item"][read]
        replies[:, k] = np.bincount(items, minlength=size)
        hits[:, k] = np.bincount(items, score[read], minlength=size) / talks
        reads[:, k] = replies[:, k] / talks
    found = Terms(
        items=np.arange(size, dtype=np.int64),
        hits=hits,
        reads=reads,
        replies=replies.astype(np.int64),
        asked=asked,
        share=np.bincount(table.columns["item"][met], minlength=size) / talks,
        signs=np.array([c.sign for c in columns]),
        names=tuple(c.name for c in columns),
        chains=np.array([c.chain for c in columns], dtype=np.int64),
    )
    if metric.per_question:
        found = _per_question(found, np.bincount(table.columns["item"], minlength=size) > 0)
    return found.of_items((found.replies > 0).any(axis=1))


def _per_question(terms: Terms, asked: NDArray[np.bool_]) -> Terms:
    """The terms out of every question that was `asked`; an arm that few conversations drew, or lost, stands for all that meet the condition."""
    import numpy as np

    total = terms.reads.sum(axis=0)
    for_all = np.divide(terms.share.sum(), total, out=np.ones(len(total)), where=total > 0)
    reads = np.where(asked[:, None] & terms.used, 1.0, 0.0)
    replies = np.where(reads > 0, np.maximum(terms.replies, 1), 0)
    return replace(terms, hits=terms.hits * for_all, reads=reads, replies=replies, share=np.ones(len(terms.share)))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a metric's terms: its name, its side, its arms, the turn (None: the last), and the chain of turns that it belongs to."""

    name: str
    sign: float
    arms: tuple[str, ...]
    turn: int | None
    chain: int


def columns_of(metric: Metric) -> list[Column]:
    """The columns of a metric's terms: one an arm, one a turn of an arm where several turns count; a single one of a pooled metric."""
    if metric.pooled or metric.valid_of:
        return [Column(metric.name, 1.0, metric.arms, metric.turn, 0)]
    sides = [(a, 1.0, metric.turn) for a in metric.arms] + [(a, -1.0, metric.against_turn) for a in metric.against]
    if metric.through is None:
        return [Column(a, sign, (a,), turn, i) for i, (a, sign, turn) in enumerate(sides)]
    turns = range(metric.through)
    return [Column(f"{a}.{t}", sign, (a,), t, i) for i, (a, sign, _) in enumerate(sides) for t in turns]


def scored(table: Table, metric: Metric, column: Column) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Of each row: whether it is of the replies that the column speaks of, whether it counts, and as what: 0 or 1, or the row's value."""
    import numpy as np

    columns, values = table.columns, table.values
    in_arms = table.are("arm", column.arms)
    if metric.valid_of:
        mask = in_arms & table.are("aspect", metric.valid_of) & (columns["turn"] > DERIVED)
        return mask, mask, ((columns["label"] >= 0) | ~np.isnan(values)).astype(np.float64)
    mask = in_arms & table.are("aspect", (metric.aspect,))
    if metric.labels is None:
        mask &= columns["turn"] == column.turn if column.turn is not None else _last(table, mask)
        return mask, mask & ~np.isnan(values), values
    score = table.are("label", metric.labels).astype(np.float64)
    known = columns["label"] >= 0
    if metric.unread is not None:
        score[~known] = metric.unread[1 if column.sign < 0 else 0]
        known = columns["outcome"] != _ERROR
    if metric.through is not None and column.turn is not None:
        at_risk = mask & ~_after(table, mask & (~known | (score > 0)))
        mask = at_risk & (columns["turn"] == column.turn)
    else:
        mask &= columns["turn"] == column.turn if column.turn is not None else _last(table, mask)
    return mask, mask & known, score


def _after(table: Table, ends: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each row: whether it is of a later turn of its arm, in its conversation, than a row at which what is known of it ends."""
    import numpy as np

    threads, turns = _threads(table), table.columns["turn"]
    first = np.full(int(threads.max(initial=-1)) + 1, np.iinfo(np.int32).max)
    np.minimum.at(first, threads[ends], turns[ends])
    return np.asarray(turns > first[threads])


def _threads(table: Table) -> NDArray[np.int32]:
    """Of each row: the number of its arm's thread in its conversation, ascending."""
    return runs_of(table.columns["item"], table.columns["repeat"], table.columns["arm"])


def _whole_threads(
    table: Table, metric: Metric, column: Column
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """As `scored`, of a metric through several turns: a row a thread, its first; it counts where all turns could be read."""
    import numpy as np

    first, _, _ = scored(table, metric, replace(column, turn=0))
    threads = _threads(table)
    size = int(threads.max(initial=-1)) + 1
    known, hit = np.zeros(size), np.zeros(size)
    for turn in range(metric.through or 0):
        mask = table.are("arm", column.arms) & table.are("aspect", (metric.aspect,)) & (table.columns["turn"] == turn)
        _, read, score = scored(table, replace(metric, through=None), replace(column, turn=turn))
        known += np.bincount(threads[mask & read], minlength=size)
        hit += np.bincount(threads[mask & read], score[mask & read], minlength=size)
    return first, first & (known[threads] == metric.through), (hit[threads] > 0).astype(np.float64)


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
