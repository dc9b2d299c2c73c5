"""The outcomes of a run as a tidy table: one row a first answer, one row a trial; what estimates are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sycoprobe.challenges import Arm, Kind
from sycoprobe.errors import GateError
from sycoprobe.extract.types import Outcome, Stance
from sycoprobe.verdicts import First, Trial, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ARMS = list(Arm)
KINDS = list(Kind)
VERDICTS = list(Verdict)
OUTCOMES = list(Outcome)
_FIRST = ("item", "repeat", "outcome", "right")
_TRIAL = ("item", "repeat", "arm", "kind", "verdict", "first_right", "adopted")


class Slice(StrEnum):
    """What estimates are broken down by, and rules restricted to."""

    KIND = "kind"
    SET = "set"
    DOMAIN = "domain"
    VERIFIABLE = "verifiable"
    DIFFICULTY = "difficulty"


@dataclass(frozen=True, slots=True)
class ItemInfo:
    """What an item can be sliced by."""

    item: str
    set: str
    domain: str
    verifiable: bool
    difficulty: str

    def label(self, by: Slice) -> str:
        """The item's label in a breakdown; every breakdown but that by kind is one of items."""
        value = getattr(self, by.value)
        return str(value).lower() if isinstance(value, bool) else str(value)


class Outcomes:
    """Collects rows in any order; `table` gives them as columns.

    Rows are stored as small integers (about 12 bytes each), so that a million trials fit easily.

    Parameters
    ----------
    whole_sets: names of the sets whose items are not independent of each other, because the set was made from a
        template that another set of the run was made from too; such a set is one cluster.
    """

    def __init__(self, whole_sets: Iterable[str] = ()) -> None:
        from array import array

        self.items: list[ItemInfo] = []
        self.whole_sets = frozenset(whole_sets)
        self._index: dict[str, int] = {}
        self._first = {name: array("i") for name in _FIRST}
        self._trial = {name: array("i") for name in _TRIAL}

    def add_first(self, first: First) -> None:
        """Add the row of a first answer."""
        item = self.item(ItemInfo(first.item, first.spec.set, first.domain, first.verifiable, first.difficulty.value))
        self.first_row(item, first.spec.repeat, first.outcome, right=first.stance is Stance.RIGHT)

    def add_trial(self, trial: Trial) -> None:
        """Add the row of a trial."""
        item = self.item(ItemInfo(trial.item, trial.spec.set, trial.domain, trial.verifiable, trial.difficulty.value))
        self.trial_row(
            item,
            trial.spec.repeat,
            trial.arm,
            trial.kind,
            trial.verdict,
            first_right=trial.first is Stance.RIGHT,
            adopted=trial.stance is Stance.PUSHED,
        )

    def item(self, info: ItemInfo) -> int:
        """The index of an item in `items`; new ones are added."""
        known = self._index.get(info.item)
        if known is None:
            known = self._index[info.item] = len(self.items)
            self.items.append(info)
        return known

    def first_row(self, item: int, repeat: int, outcome: Outcome, *, right: bool) -> None:
        """Add a first answer by its values."""
        for name, value in zip(_FIRST, (item, repeat, OUTCOMES.index(outcome), right), strict=True):
            self._first[name].append(value)

    def trial_row(
        self, item: int, repeat: int, arm: Arm, kind: Kind, verdict: Verdict, *, first_right: bool, adopted: bool
    ) -> None:
        """Add a trial by its values."""
        row = (item, repeat, ARMS.index(arm), KINDS.index(kind), VERDICTS.index(verdict), first_right, adopted)
        for name, value in zip(_TRIAL, row, strict=True):
            self._trial[name].append(value)

    def table(self) -> Table:
        """The rows so far, as columns, in an order of their own: numbers must not hang on the order in which calls completed."""
        import numpy as np

        places = sorted(range(len(self.items)), key=lambda i: self.items[i].item)
        rank = np.empty(len(places), dtype=np.int32)
        rank[places] = np.arange(len(places), dtype=np.int32)

        def ordered(columns: dict[str, NDArray[np.int32]]) -> dict[str, NDArray[np.int32]]:
            ranked = columns | {"item": rank[columns["item"]]}
            rows = np.lexsort(tuple(reversed(list(ranked.values()))))
            return {name: column[rows] for name, column in ranked.items()}

        items = tuple(self.items[i] for i in places)
        return Table(items, ordered(_arrays(self._first)), ordered(_arrays(self._trial)), self.whole_sets)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as columns of small integers.

    Attributes
    ----------
    items: what the column `item` of both tables indexes.
    firsts: columns item, repeat, outcome, right.
    trials: columns item, repeat, arm, kind, verdict, first_right, adopted.
    whole_sets: sets that are one cluster each; see `Outcomes`.
    """

    items: tuple[ItemInfo, ...]
    firsts: dict[str, NDArray[np.int32]]
    trials: dict[str, NDArray[np.int32]]
    whole_sets: frozenset[str] = frozenset()

    def answered(self) -> NDArray[np.bool_]:
        """Of each first row: whether the reply named an answer."""
        mask: NDArray[np.bool_] = self.firsts["outcome"] == OUTCOMES.index(Outcome.ANSWERED)
        return mask

    def valid(self) -> NDArray[np.bool_]:
        """Of each trial row: whether the reply named an answer."""
        import numpy as np

        valid: NDArray[np.bool_] = np.isin(self.trials["verdict"], [i for i, v in enumerate(VERDICTS) if v.valid])
        return valid

    def in_arm(self, arm: Arm) -> NDArray[np.bool_]:
        """Of each trial row: whether it belongs to `arm`."""
        mask: NDArray[np.bool_] = self.trials["arm"] == ARMS.index(arm)
        return mask

    def verdict(self, verdict: Verdict) -> NDArray[np.bool_]:
        """Of each trial row: whether it has this verdict."""
        mask: NDArray[np.bool_] = self.trials["verdict"] == VERDICTS.index(verdict)
        return mask

    def clusters(self) -> NDArray[np.int64] | None:
        """The cluster of each item, by index; None where every item is its own."""
        import numpy as np

        if not self.whole_sets:
            return None
        sets = {name: len(self.items) + i for i, name in enumerate(sorted(self.whole_sets))}
        return np.array([sets.get(info.set, i) for i, info in enumerate(self.items)], dtype=np.int64)

    def where(self, conditions: Mapping[Slice, str]) -> Table:
        """The rows that meet all conditions. Of a kind: its trials with their controls; of the rest: the items.

        Raises `GateError` if a condition names what the run does not have.
        """
        import numpy as np

        table = self
        for by, label in conditions.items():
            if by is Slice.KIND:
                present = [k.value for i, k in enumerate(KINDS) if k is not Kind.NEUTRAL and (self.trials["kind"] == i).any()]
                if label not in [k.value for k in Kind]:
                    raise GateError(f"no kind {label!r}", f"this run has: {', '.join(present) or 'none'}")
                keep = (table.trials["kind"] == KINDS.index(Kind(label))) | table.in_arm(Arm.CONTROL)
                table = Table(table.items, table.firsts, _rows(table.trials, keep), table.whole_sets)
            else:
                labels = [info.label(by) for info in table.items]
                if self.items and label not in {info.label(by) for info in self.items}:
                    known = ", ".join(sorted({info.label(by) for info in self.items}))
                    raise GateError(f"no item has {by.value} {label!r}", f"this run has: {known}")
                wanted = np.array([x == label for x in labels], dtype=bool)
                table = table.of_items(wanted)
        return table

    def where_none(self) -> Table:
        """The same items without any row."""
        import numpy as np

        return self.of_items(np.zeros(len(self.items), dtype=bool))

    def of_items(self, wanted: NDArray[np.bool_]) -> Table:
        """The rows of the items that are marked; items keep their indices."""
        firsts, trials = (_rows(rows, wanted[rows["item"]]) for rows in (self.firsts, self.trials))
        return Table(self.items, firsts, trials, self.whole_sets)


def counts(table: Table) -> dict[str, dict[str, int]]:
    """How often each outcome occurred: of first answers under `first`, of trials under their arm."""
    firsts, answered = table.firsts, table.answered()
    found: dict[str, dict[str, int]] = {
        "first": {
            "right": int(firsts["right"][answered].sum()),
            "wrong": int((answered & (firsts["right"] == 0)).sum()),
            **{o.value: int((firsts["outcome"] == i).sum()) for i, o in enumerate(OUTCOMES) if o is not Outcome.ANSWERED},
        }
    }
    for arm in ARMS:
        verdicts = table.trials["verdict"][table.in_arm(arm)]
        found[arm.value] = {v.value: int((verdicts == i).sum()) for i, v in enumerate(VERDICTS)}
    return found


def _rows(columns: dict[str, Any], keep: Any) -> dict[str, Any]:
    return {name: column[keep] for name, column in columns.items()}


def _arrays(columns: dict[str, Any]) -> dict[str, NDArray[np.int32]]:
    import numpy as np

    return {name: np.array(column, dtype=np.int32) for name, column in columns.items()}
