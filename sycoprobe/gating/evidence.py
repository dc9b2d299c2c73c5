"""What the data of a run say of a rule: the number that it bounds, and one-sided p-values on either side of the bound."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sycoprobe.errors import GateError
from sycoprobe.gating.rules import Rule
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.metrics.paired import paired_sample
from sycoprobe.metrics.sequence import Payoffs, anytime_estimate, first_items, looked_at, split_tails
from sycoprobe.metrics.table import Table
from sycoprobe.settings.gate import ALPHA
from sycoprobe.stats.sample import Estimate, Sample
from sycoprobe.stats.sequential import Order


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the data say of a rule. `breach`, `kept`: one-sided p of "it is kept" and of "it is broken"; `payoffs`: of a sequential run."""

    estimate: Estimate
    breach: float
    kept: float
    payoffs: Payoffs | None = None

    @classmethod
    def of(cls, rule: Rule, estimate: Estimate, above: float, below: float) -> Evidence:
        """From the p-values that the number is above, and below, the rule's bound."""
        return cls(estimate, *((above, below) if rule.upper else (below, above)))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A rule, the numbers that it speaks of, and what they say of it (None where there is nothing), of so many items `asked`."""

    rule: Rule
    sample: Sample
    evidence: Evidence | None
    asked: int
    run: str = ""


def weigh_rule(
    table: Table,
    rule: Rule,
    *,
    base: Table | None = None,
    alpha: float = ALPHA,
    order: Order | None = None,
    intervals: bool = True,
) -> Weighed:
    """What the readings of a run say of a rule; parameters and errors as of `decide`."""
    sample, evidence = _evidence(table, rule, base, alpha, order, intervals=intervals)
    return Weighed(rule, sample, evidence, asked_of(table, order))


def asked_of(table: Table, order: Order | None = None) -> int:
    """How many items were asked; of a sequential run, the complete ones."""
    return len(order.items) if order else table.asked()


def _fixed(sample: Sample, rule: Rule, alpha: float) -> Evidence | None:
    estimate = sample.guarded(1 - alpha)
    if estimate.value is None:
        return None
    return Evidence.of(rule, estimate, sample.guarded_above(rule.bound), sample.guarded_below(rule.bound))


def _evidence(
    table: Table, rule: Rule, base: Table | None, alpha: float, order: Order | None, *, intervals: bool
) -> tuple[Sample, Evidence | None]:
    """What the data say of a rule; None where there is nothing."""
    part, metric = _part(table, rule, order), rule.counted
    if rule.relative and base is None:
        raise GateError(
            f"rule {str(rule)!r} needs a baseline",
            "`sycoprobe bless RUN` writes sycoprobe-baseline.json, which is then found; name another file with --baseline",
        )
    against = base if rule.relative else None
    if order is None:
        sample = sample_of(part, metric) if against is None else paired_sample(part, against, metric)
        return sample, _fixed(sample, rule, alpha)
    sample, payoffs = looked_at(part, metric, order, against)
    if payoffs is None:
        return sample, None
    if intervals:
        estimate = anytime_estimate(sample, payoffs, 1 - alpha)
    else:
        estimate = Estimate(float(sample.values.mean()), None, None, sample.rests_on, sample.trials, "none")
    evidence = Evidence.of(rule, estimate, *split_tails(sample, payoffs, rule.bound))
    return sample, replace(evidence, payoffs=payoffs)


def _part(table: Table, rule: Rule, order: Order | None) -> Table:
    """The rows that a rule speaks of; while a sequential run is young, a slice may have none."""
    if order is not None:
        table = first_items(table, order)
        try:
            return table.where(dict(rule.where))
        except GateError:
            return table.of_names(())
    return table.where(dict(rule.where))
