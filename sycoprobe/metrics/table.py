"""The readings of a run as a table: one row a reading, in columns of small integers; what every number is made from."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sycoprobe.errors import GateError
from sycoprobe.extract.types import Outcome

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OUTCOMES = list(Outcome)
_COLUMNS = {"item": "i", "repeat": "i", "arm": "h", "turn": "h", "aspect": "h", "outcome": "b", "label": "h"}
"""Each column with the type of its numbers, as `array` names it."""
_BLOCK = 20_000
"""So many rows are turned into Python's numbers at once."""
DERIVED = -1
"""The turn of rows that a kind derives from a whole conversation."""


class Slice(StrEnum):
    """What numbers are broken down by, and rules restricted to: the arm, or what is known of the item."""

    ARM = "arm"
    """One branch, such as `control` or `ethos`."""
    SET = "set"
    """One probe set."""
    DOMAIN = "domain"
    """The field that the question is of."""
    VERIFIABLE = "verifiable"
    """Whether the answer can be looked up or computed (`true` or `false`)."""
    DIFFICULTY = "difficulty"
    """`easy`, `medium` or `hard`, for an informed adult."""
    TEMPLATE = "template"
    """Questions made from one template or about one text."""


@dataclass(frozen=True, slots=True)
class ItemInfo:
    """What an item (`SET/PROBE`) can be sliced by; the template is empty where none is known."""

    item: str
    set: str
    domain: str
    verifiable: bool
    difficulty: str
    template: str = ""

    def label(self, by: Slice) -> str:
        """The item's label in a breakdown; every breakdown but that by arm is one of items."""
        value = getattr(self, by.value)
        return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Row:
    """One reading, as a row of the table that metrics are made from.

    `item` is the cluster (set and probe). `label` is None where the reply did not yield one, and `outcome` says why.
    `turn` is -1 in rows that a kind derives from a whole conversation.
    """

    item: str
    repeat: int
    arm: str
    turn: int
    aspect: str
    outcome: Outcome
    label: str | None = None
    value: float | None = None


class Collector:
    """Collects rows in any order; `table` gives them as columns. 25 bytes a row, so that a million fit easily.

    Parameters
    ----------
    whole_sets: names of the sets whose items are not independent of each other, because the set was made from a
        template that another set of the run was made from too; such a set is one cluster.
    by_template: whether items of one template are one cluster too, so that numbers hold for new templates.
    """

    def __init__(self, whole_sets: Iterable[str] = (), *, by_template: bool = False) -> None:
        self.whole_sets = frozenset(whole_sets)
        self.by_template = by_template
        self._items: list[ItemInfo] = []
        self._index: dict[str, int] = {}
        self._words: dict[str, dict[str, int]] = {"arm": {}, "aspect": {}, "label": {}}
        self._columns = {name: array(code) for name, code in _COLUMNS.items()}
        self._values = array("d")

    def item(self, info: ItemInfo) -> None:
        """Say what is known of an item; without it, an item is of its set and of nothing else."""
        known = self._index.get(info.item)
        if known is None:
            self._index[info.item] = len(self._items)
            self._items.append(info)
        else:
            self._items[known] = info

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        columns, words = self._columns, self._words
        for row in rows:
            item = self._index.get(row.item)
            if item is None:
                self.item(ItemInfo(row.item, row.item.partition("/")[0], "", True, ""))
                item = self._index[row.item]
            columns["item"].append(item)
            columns["repeat"].append(row.repeat)
            columns["turn"].append(row.turn)
            columns["outcome"].append(OUTCOMES.index(row.outcome))
            for name, word in (("arm", row.arm), ("aspect", row.aspect)):
                known = words[name]
                columns[name].append(known.setdefault(word, len(known)))
            labels = words["label"]
            columns["label"].append(-1 if row.label is None else labels.setdefault(row.label, len(labels)))
            self._values.append(math.nan if row.value is None else row.value)

    def table(self, *, last: bool = False) -> Table:
        """The rows so far, in an order of their own: numbers must not depend on the order in which calls completed.

        Of the `last` table the rows are not kept here too; nothing can be added after it.
        """
        import numpy as np

        columns: dict[str, NDArray[Any]] = {n: np.frombuffer(c, dtype=c.typecode) for n, c in self._columns.items()}
        if last:
            self._columns = {}
        infos = sorted(self._items, key=lambda i: i.item)
        columns["item"] = _renumbered(columns["item"], [i.item for i in self._items])
        vocabulary = {}
        for name, words in self._words.items():
            vocabulary[name] = tuple(sorted(words))
            columns[name] = _renumbered(columns[name], list(words))
        order = np.lexsort(tuple(columns[n] for n in ("aspect", "turn", "arm", "repeat", "item")))
        for name in columns:
            columns[name] = columns[name][order]
        values = np.frombuffer(self._values, dtype=np.float64)[order]
        if last:
            self._values = array("d")
        return Table(tuple(infos), columns, values, vocabulary, self.whole_sets, self.by_template)


def table_of(rows: Iterable[Row], whole_sets: Iterable[str] = ()) -> Table:
    """The table of these rows."""
    made = Collector(whole_sets)
    made.add(rows)
    return made.table()


def runs_of(*columns: NDArray[Any]) -> NDArray[np.int32]:
    """Numbers that go up by one wherever one of the columns changes."""
    import numpy as np

    changes = np.zeros(len(columns[0]), dtype=np.int32)
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.cumsum(changes, dtype=np.int32)


def _renumbered(codes: Any, names: list[str]) -> Any:
    """Codes of `names` as codes of the same names in order; -1 stays."""
    import numpy as np

    ranks = np.full(len(names) + 1, -1, dtype=codes.dtype)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names), dtype=codes.dtype)
    return ranks[codes]


@dataclass(frozen=True)
class Table:
    """Readings as columns.

    Attributes
    ----------
    items: what the column `item` indexes, by name.
    columns: item, repeat, arm, turn, aspect, outcome, label (-1: none), shape (rows,); ordered by item, repeat, arm, turn, aspect.
    values: shape (rows,); NaN where a reading has no number.
    words: what the columns arm, aspect and label index.
    whole_sets: sets that are one cluster each; see `Collector`.
    by_template: whether items of one template are one cluster.
    """

    items: tuple[ItemInfo, ...]
    columns: Mapping[str, NDArray[np.int32]]
    values: NDArray[np.float64]
    words: Mapping[str, tuple[str, ...]]
    whole_sets: frozenset[str] = frozenset()
    by_template: bool = False

    def __len__(self) -> int:
        return len(self.values)

    def codes(self, column: str, words: Iterable[str]) -> list[int]:
        """The codes of these words in a column; those that it does not have are left out."""
        known = {word: i for i, word in enumerate(self.words[column])}
        return [known[w] for w in words if w in known]

    def are(self, column: str, words: Iterable[str]) -> NDArray[np.bool_]:
        """Of each row: whether it has one of these words in a column."""
        import numpy as np

        codes = self.codes(column, words)
        if len(codes) == 1:
            one: NDArray[np.bool_] = self.columns[column] == codes[0]
            return one
        return np.isin(self.columns[column], codes)

    def conversations(self) -> NDArray[np.int32]:
        """Of each row: the number of its conversation, from 0, ascending; rows of one follow one another."""
        return runs_of(self.columns["item"], self.columns["repeat"])

    def by_item(self) -> NDArray[np.int32]:
        """Of each row: the number of its item among those that have rows, from 0, ascending."""
        return runs_of(self.columns["item"])

    def clusters(self) -> NDArray[np.int64] | None:
        """The cluster of each item, as the index of its first item; None where every item is its own.

        An item of a whole set is of the set's cluster, whatever its template.
        """
        import numpy as np

        if not self.whole_sets and not self.by_template:
            return None
        shared: dict[tuple[str, str], int] = {}
        found = []
        for i, info in enumerate(self.items):
            if info.set in self.whole_sets:
                found.append(shared.setdefault(("set", info.set), i))
            elif self.by_template and info.template:
                found.append(shared.setdefault(("template", info.template), i))
            else:
                found.append(i)
        alone = not self.whole_sets and len(set(found)) == len(found)
        return None if alone else np.array(found, dtype=np.int64)

    def asked(self) -> int:
        """How many items have a row."""
        import numpy as np

        return len(np.unique(self.columns["item"]))

    def where(self, conditions: Mapping[Slice, str]) -> Table:
        """The rows of the items that meet all conditions; an arm is no condition on items (`Metric.within`).

        Raises `GateError` if a condition names what the run does not have.
        """
        import numpy as np

        table = self
        for by, label in conditions.items():
            if by is Slice.ARM:
                continue
            known = {info.label(by) for info in self.items}
            if self.items and label not in known:
                raise GateError(f"no item has {by.value} {label!r}", f"this run has: {', '.join(sorted(known - {''}))}")
            table = table.of_items(np.array([info.label(by) == label for info in table.items], dtype=bool))
        return table

    def of_items(self, wanted: NDArray[np.bool_]) -> Table:
        """The rows of the items that are marked; items keep their indices."""
        return self.rows(wanted[self.columns["item"]])

    def of_names(self, names: Iterable[str]) -> Table:
        """The rows of the items of these names."""
        import numpy as np

        wanted = set(names)
        return self.of_items(np.array([info.item in wanted for info in self.items], dtype=bool))

    def rows(self, keep: NDArray[np.bool_]) -> Table:
        """The rows that are marked."""
        return replace(self, columns={n: c[keep] for n, c in self.columns.items()}, values=self.values[keep])

    def by_conversation(self) -> Iterator[tuple[str, list[Row]]]:
        """Each conversation's item and rows, in the table's order."""
        rows: list[Row] = []
        names = [self.words[n] for n in ("arm", "aspect", "label")]
        for item, repeat, arm, turn, aspect, outcome, label, value in self._numbers():
            row = Row(
                self.items[item].item,
                repeat,
                names[0][arm],
                turn,
                names[1][aspect],
                OUTCOMES[outcome],
                names[2][label] if label >= 0 else None,
                None if math.isnan(value) else value,
            )
            if rows and (rows[0].item, rows[0].repeat) != (row.item, row.repeat):
                yield rows[0].item, rows
                rows = []
            rows.append(row)
        if rows:
            yield rows[0].item, rows

    def _numbers(self) -> Iterator[tuple[Any, ...]]:
        """The rows as Python's numbers, a block at a time."""
        for start in range(0, len(self), _BLOCK):
            part = slice(start, start + _BLOCK)
            columns = [self.columns[n][part].tolist() for n in _COLUMNS]
            yield from zip(*columns, self.values[part].tolist(), strict=True)

    def labels(self, by: Slice) -> list[str]:
        """What the items of the table can be sliced by."""
        return sorted({info.label(by) for info in self.items})


def counts(table: Table) -> dict[str, dict[str, int]]:
    """How often each label and each outcome without one occurred, by `ARM.TURN ASPECT` (`ARM ASPECT` for derived rows)."""
    import numpy as np

    found: dict[str, dict[str, int]] = {}
    if not len(table):
        return found
    names = ("arm", "turn", "aspect", "outcome", "label")
    sizes = tuple(int(table.columns[n].max()) + 2 for n in names)
    code = np.ravel_multi_index(tuple(table.columns[n].astype(np.int64) + 1 for n in names), sizes)
    codes, times = np.unique(code, return_counts=True)
    cells = np.stack(np.unravel_index(codes, sizes)) - 1
    for (arm, turn, aspect, outcome, label), n in zip(cells.T.tolist(), times.tolist(), strict=True):
        place = table.words["arm"][arm] if turn < 0 else f"{table.words['arm'][arm]}.{turn}"
        counted = found.setdefault(f"{place} {table.words['aspect'][aspect]}", {})
        name = table.words["label"][label] if label >= 0 else OUTCOMES[outcome].value
        counted[name] = counted.get(name, 0) + n
    return found
