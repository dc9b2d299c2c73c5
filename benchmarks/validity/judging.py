"""What the audits share: rules for simulated runs, the verdict on one, tallies, and tables of Markdown made row by row."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.simulated import KIND
from sycoprobe.gating.decision import Decision, GateResult, RuleResult, decide
from sycoprobe.gating.rules import Rule, read_rule
from sycoprobe.metrics.table import Table
from sycoprobe.settings.gate import ALPHA, MIN_ITEMS
from sycoprobe.stats.sequential import Order

SIDE = ALPHA / 2
METRICS = tuple(KIND.every_metric(KIND.settings_model()))


def rule_of(text: str) -> Rule:
    """A rule for a run of the kind `challenge`."""
    return read_rule(text).of(KIND.name, METRICS)


def limit(metric: str, relation: str, value: float) -> Rule:
    """A rule whose limit is this number, to ten places."""
    return rule_of(f"{metric} {relation} {value:.10f}")


def whole(table: Table) -> Order:
    """The order of a sequential run that has asked every item. Simulated items are drawn in random order.

    An anytime p never rises, so what the last look decides is what any look before it would have (`tests/test_simulated.py`).
    """
    return Order([info.item for info in table.items], len(table.items))


def judge(table: Table, rules: Sequence[Rule], base: Table | None = None, *, sequential: bool = False) -> GateResult:
    """The gate's verdict."""
    if sequential:
        return decide(table, rules, base=base, order=whole(table), intervals=False)
    return decide(table, rules, base=base)


def alone(result: RuleResult) -> Decision:
    """What the gate would have said, had this been its only rule."""
    if result.p_breach is None or result.p_kept is None or result.items < MIN_ITEMS:
        return Decision.INCONCLUSIVE
    if result.p_breach <= SIDE:
        return Decision.FAIL
    return Decision.PASS if result.p_kept <= SIDE else Decision.INCONCLUSIVE


@dataclass
class Tally:
    """What came of one rule over many runs, against one truth."""

    truth: float
    said: dict[Decision, int] = field(default_factory=lambda: defaultdict(int))
    values: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    below: int = 0
    above: int = 0
    runs: int = 0

    def add(self, result: RuleResult) -> None:
        """One run's result."""
        self.runs += 1
        self.said[alone(result)] += 1
        if result.value is None:
            return
        self.values.append(result.value)
        self.items.append(result.items)
        if result.low is not None and result.high is not None:
            self.widths.append(result.high - result.low)
            self.below += self.truth < result.low
            self.above += self.truth > result.high

    def share(self, decision: Decision) -> float:
        return self.said[decision] / max(self.runs, 1)

    @property
    def coverage(self) -> float:
        """Of the intervals that there are."""
        return 1 - (self.below + self.above) / max(len(self.widths), 1)

    @property
    def off(self) -> float:
        """The mean estimate less the truth."""
        return float(np.mean(self.values)) - self.truth if self.values else math.nan

    @property
    def wobble(self) -> float:
        """The simulation's own standard error of `off`."""
        return float(np.std(self.values, ddof=1)) / math.sqrt(len(self.values)) if len(self.values) > 1 else math.nan

    @property
    def breadth(self) -> float:
        """The mean interval's width as a share of the ideal one: ±1.96 of the estimates' own standard deviations."""
        ideal = 2 * 1.96 * float(np.std(self.values, ddof=1)) if len(self.values) > 1 else 0.0
        return float(np.mean(self.widths)) / ideal if ideal > 0 and self.widths else math.nan


def error(share: float, runs: int) -> float:
    """The simulation's own standard error of a share."""
    return math.sqrt(share * (1 - share) / max(runs, 1))


def most(runs: int) -> float:
    """The largest share of a tail that is compatible with what is promised: two Monte-Carlo errors above it."""
    return SIDE + 2 * error(SIDE, runs)


def by_chance(runs: int) -> float:
    """How often a tail of exactly what is promised comes out above `most`."""
    from scipy.special import bdtrc

    return float(bdtrc(math.floor(most(runs) * runs), runs, SIDE))


def percent(share: float, bound: float | None = None) -> str:
    """As 2.3 %, in bold above a bound."""
    if math.isnan(share):
        return ""
    text = f"{100 * share:.1f} %"
    return f"**{text}**" if bound is not None and share > bound else text


def covers(share: float, runs: int) -> str:
    """A coverage, in bold where it is less than promised by more than two Monte-Carlo errors."""
    text = f"{100 * share:.1f}"
    return f"**{text}**" if share < 1 - ALPHA - 2 * error(ALPHA, runs) else text


def header(*names: str) -> None:
    print("| " + " | ".join(names) + " |\n" + "|---" * len(names) + "|", flush=True)


def row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def each(make: Callable[[Any], Any], cells: Iterable[Any], jobs: int) -> Iterable[Any]:
    """`make` of every cell, in order, as they become ready; so many at once."""
    if jobs <= 1:
        yield from map(make, cells)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(make, cells)
