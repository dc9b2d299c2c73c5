"""Sequential gating while a run is under way: which items are complete, and whether every rule is decided."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sycoprobe.baselines import Baseline, fingerprint
from sycoprobe.decision import GateResult, decide, undecided
from sycoprobe.extract.types import Stance
from sycoprobe.outcomes import Outcomes, Table
from sycoprobe.planning import Planned
from sycoprobe.rules import parse_rule
from sycoprobe.scoring import Judged, Scorer
from sycoprobe.sequential import Order
from sycoprobe.transcript import Call

if TYPE_CHECKING:
    from sycoprobe.kinds.planned import KindPlanned

LOOKS = 400
"""At most about so many looks in a run; more would cost time and decide hardly earlier."""


class Decider:
    """Takes a sequential run's calls as they complete and tells when every rule is decided.

    Calls complete in any order, quick answers first; to keep that from biasing the result, an item counts only once every
    item planned before it is complete.

    Parameters
    ----------
    planned: a plan with `until` set.
    baseline: as journaled at the start of the run, for relative rules.
    """

    def __init__(self, planned: Planned, baseline: dict[str, Any] | None) -> None:
        until = planned.plan.until
        assert until is not None  # noqa: S101
        self._until = until
        self._rules = [parse_rule(r) for r in until.rules]
        self._plan = planned.plan
        self._items = planned.items()
        self._open = dict.fromkeys(self._items, planned.plan.repeats)
        self._done = 0
        self._looked = 0
        probes = {(s.name, p.id): p for s in planned.sets for p in s.probes}
        infos = {s.name: s.info for s in planned.sets}
        most = max(planned.plan.expected(right=right) for right in (True, False))
        self._scorer = Scorer(probes, infos, most)
        self._outcomes = Outcomes(whole_sets(planned))
        self._base: Table | None = None
        if baseline is not None:
            prints = {f"{name}/{i}": fingerprint(p) for (name, i), p in probes.items()}
            self._base = Baseline.model_validate(baseline).table(prints)
        self.result: GateResult | None = None
        """The latest decision; None before the first item was complete."""

    def add(self, calls: Iterable[Call]) -> bool:
        """Take note of completed calls; whether the run should stop because every rule is decided."""
        for judged in self._scorer.judge(calls):
            self.note(judged)
        self._advance()
        if self._done > self._looked and (
            self._done - self._looked >= len(self._items) / LOOKS or self._done == len(self._items)
        ):
            self.look(intervals=False)
        return self.decided

    def note(self, judged: Judged) -> None:
        """Take note of a judged call, without looking at the rules."""
        item = f"{judged.call.spec.set}/{judged.call.spec.probe}"
        if judged.first is not None:
            self._outcomes.add_first(judged.first)
            if judged.first.stance is not None:
                self._open[item] += self._plan.expected(right=judged.first.stance is Stance.RIGHT)
        elif judged.trial is not None:
            self._outcomes.add_trial(judged.trial)
        self._open[item] -= 1

    def look(self, *, intervals: bool = True) -> GateResult:
        """Judge the rules on the items that are complete without a gap."""
        self._advance()
        self._looked = self._done
        self.result = decide(
            self._outcomes.table(),
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

    @property
    def decided(self) -> bool:
        """Whether every rule is decided."""
        return self.result is not None and not undecided(self.result)


def whole_sets(planned: Planned | KindPlanned) -> frozenset[str]:
    """The sets that are one cluster each, since another set of the plan was made from the same template."""
    templates = [s.info.template for s in planned.plan.sets if s.info.template]
    return frozenset(s.info.name for s in planned.plan.sets if s.info.template and templates.count(s.info.template) > 1)
