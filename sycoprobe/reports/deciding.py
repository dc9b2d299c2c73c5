"""Sequential gating while a run is under way: which items are complete, and whether every rule is decided."""

from __future__ import annotations

from typing import Any

from sycoprobe.gating.baselines import Baseline, fingerprint
from sycoprobe.gating.decision import GateResult, decide, undecided
from sycoprobe.gating.rules import read_rule
from sycoprobe.metrics.table import Collector, Table
from sycoprobe.planning import Conversation, Planned
from sycoprobe.stats.sequential import Order

LOOKS = 400
"""At most about so many looks in a run; more would cost time and decide hardly earlier."""


class Decider:
    """Is told of a sequential run's conversations as they complete, and tells when every rule is decided.

    Calls complete in any order, quick answers first; to keep that from biasing the result, an item counts only once every
    item planned before it is complete.

    Parameters
    ----------
    planned: a plan of one kind, with `until` set.
    baseline: as journaled at the start of the run, for relative rules.
    """

    def __init__(self, planned: Planned, baseline: dict[str, Any] | None) -> None:
        until, part = planned.plan.until, planned.parts[0]
        if until is None:
            raise ValueError("a plan without rules to decide")
        self._until = until
        self._part = part
        metrics = part.kind.every_metric(part.settings)
        self._rules = [read_rule(r).of(part.name, metrics) for r in until.rules]
        self._items = part.items()
        self._open = dict.fromkeys(self._items, planned.plan.repeats)
        self._done = 0
        self._looked = 0
        self._base: Table | None = None
        if baseline is not None:
            prints = {f"{s.name}/{p.id}": fingerprint(p) for s in part.sets for p in s.probes}
            self._base = Baseline.of(baseline).table(part.name, prints)
        self.result: GateResult | None = None
        """The latest decision; None before the first item was complete."""

    def closed(self, conversation: Conversation, readings: Collector) -> bool:
        """Take note that a conversation is over; whether the run should stop because every rule is decided by these readings."""
        self._open[conversation.spec.item] -= 1
        self._advance()
        new = self._done - self._looked
        if new > 0 and (new >= len(self._items) / LOOKS or self._done == len(self._items)):
            self.look(readings.table(), intervals=False)
        return self.result is not None and not undecided(self.result)

    def look(self, table: Table, *, intervals: bool = True) -> GateResult:
        """Judge the rules on the items that are complete without a gap."""
        self._advance()
        self._looked = self._done
        self.result = decide(
            table,
            self._rules,
            base=self._base,
            alpha=self._until.alpha,
            min_items=self._until.min_items,
            order=self.order(),
            intervals=intervals,
        )
        return self.result

    def order(self) -> Order:
        """The items that are complete without a gap."""
        self._advance()
        return Order(self._items[: self._done], len(self._items))

    def _advance(self) -> None:
        while self._done < len(self._items) and self._open[self._items[self._done]] <= 0:
            self._done += 1
