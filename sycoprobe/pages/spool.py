"""Conversations on their way to a page: rendered one by one into a temporary file, so that memory does not grow with them."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from sycoprobe.metrics.metric import FIRST
from sycoprobe.pages.conversation import Reader, readers
from sycoprobe.pages.rendering import loaded
from sycoprobe.planning import Planned
from sycoprobe.reports.dialogs import Dialog
from sycoprobe.text import writable


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a conversation lies in the file, and by what it is ordered: its kind, then the worst first."""

    kind: int
    rank: int
    item: str
    repeat: int
    start: int
    length: int

    @property
    def order(self) -> tuple[int, int, str, int]:
        """Smaller comes first."""
        return self.kind, -self.rank, self.item, self.repeat


class Spool:
    """Takes in the conversations of a run. Use as a context manager.

    `flips` counts, by kind and arm, from which label to which it went: from the first answer, or from the control where a kind has none.
    `arms` are those of each kind in its order, `labels` those that occurred.
    """

    def __init__(self, planned: Planned) -> None:
        self.kinds = [part.name for part in planned.parts]
        self.entries: list[Entry] = []
        self.flips: dict[str, Counter[tuple[str, str, str]]] = {kind: Counter() for kind in self.kinds}
        self.arms = {part.name: part.kind.arms(part.settings) for part in planned.parts}
        self.labels: dict[str, None] = {}
        # Loaded now, with what it imports, since a run may have no file descriptor to spare later.
        self._template = loaded("dialog.html", "macros.html")
        self._readers: dict[str, Reader] = readers(planned)
        self._several = len(self.kinds) > 1
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="sycoprobe-page-")  # noqa: SIM115  # closed at exit
        self._end = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def size(self) -> int:
        """Bytes of all conversations."""
        return self._end

    def add(self, dialog: Dialog) -> None:
        """Take in a conversation."""
        shown = self._readers[dialog.kind].shown(dialog)
        text = self._template.render(d=shown, several=self._several)
        raw = writable(text).encode()
        self.entries.append(Entry(self.kinds.index(dialog.kind), shown.rank, dialog.item, dialog.repeat, self._end, len(raw)))
        self._file.write(raw)
        self._end += len(raw)
        self._count(dialog)

    def _count(self, dialog: Dialog) -> None:
        last = {s.arm: s.label for s in dialog.said}
        for s in dialog.said:
            self.labels[s.label] = None
        for _, found in dialog.derived:
            if found.label:
                self.labels[found.label] = None
        against = self._readers[dialog.kind].headline.against
        start = next((arm for arm in (FIRST, *against) if arm in last), None)
        if start is None or not last[start]:
            return
        begun = next((s.label for s in dialog.said if s.arm == start), "")
        self.flips[dialog.kind].update((arm, begun, label) for arm, label in last.items() if arm != start and label)

    def in_order(self) -> list[Entry]:
        """The conversations kind by kind, of each the worst first."""
        return sorted(self.entries, key=lambda e: e.order)

    def texts(self, entries: Iterable[Entry]) -> Iterator[str]:
        """The HTML of conversations, one by one."""
        for e in entries:
            self._file.seek(e.start)
            yield self._file.read(e.length).decode()
