"""From the outcomes of runs and the rules to a decision: pass, fail, or not known yet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sycoprobe.errors import GateError
from sycoprobe.gating.evidence import Weighed, asked_of, weigh_rule
from sycoprobe.gating.rules import Rule
from sycoprobe.metrics.sequence import without_stopping
from sycoprobe.metrics.table import Table
from sycoprobe.planning.legacy import DEFAULT_KIND
from sycoprobe.settings.gate import ALPHA, MIN_ITEMS
from sycoprobe.showing import OneLine
from sycoprobe.stats.intervals import holm
from sycoprobe.stats.power import POWER, further_items
from sycoprobe.stats.sequential import Order
from sycoprobe.text import counted

GATE_VERSION: Literal[1] = 1
AGAIN = ": in a new run, or with --until-decided, since a second look at a run that grows would err about twice as often"


class Decision(StrEnum):
    """What a rule, or the gate as a whole, says."""

    PASS = "pass"  # noqa: S105
    """The evidence is that the rule is kept. Of the gate: that every rule is."""
    FAIL = "fail"
    """The evidence is that the rule is broken. Of the gate: that at least one is."""
    INCONCLUSIVE = "inconclusive"
    """The evidence allows both."""


class RuleResult(OneLine, BaseModel):
    """One rule, judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = Field(description="The rule, as it was written.")
    kind: str = Field(default=DEFAULT_KIND, description="Of which kind of probe the rule speaks.")
    run: str = Field(default="", description="Of which run, where several have what it names.")
    metric: str = Field(description="Which metric it bounds.")
    where: dict[str, str] = Field(description="The slice that it speaks of; empty: all.")
    relative: bool = Field(description="Whether the number is a paired difference, this run minus the baseline.")
    upper: bool = Field(description="Whether `bound` bounds the number from above.")
    bound: float = Field(description="The limit.")
    decision: Decision = Field(description="Whether it is kept.")
    value: float | None = Field(description="The number that is bounded; null where nothing was measured.")
    low: float | None = Field(description="Its interval, at the gate's alpha.")
    high: float | None = Field(description="Its interval, at the gate's alpha.")
    without_stopping: float | None = Field(
        default=None, description="The number, less what stopping early adds to it; null where no run stopped early."
    )
    items: int = Field(description="Items that the number rests on.")
    trials: int = Field(description="Judged replies in them.")
    method: str = Field(description="How the interval was computed.")
    p_breach: float | None = Field(description="One-sided p of 'the rule is kept'; small is evidence of breach.")
    p_breach_holm: float | None = Field(
        description="The same after Holm's correction for all rules; the rule fails if it is at most alpha / 2."
    )
    p_kept: float | None = Field(description="One-sided p of 'the rule is broken'; the rule passes if it is at most alpha / 2.")
    further_items: int | None = Field(
        description="Further probes to ask, beside those asked, for a new run that would settle an open rule, about; null: not known."
    )
    reason: str = Field(description="Why the decision is what it is.")

    def _line(self) -> str:
        return f"{self.decision.value}: {self.rule}: {self.reason}"


class GateResult(OneLine, BaseModel):
    """The gate's decision, and what it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate_version: Literal[1] = GATE_VERSION
    decision: Decision = Field(description="Pass, fail or inconclusive.")
    alpha: float = Field(description="Error of the two-sided intervals.")
    min_items: int = Field(description="Fewer items than this leave a rule open.")
    anytime: bool = Field(description="Whether intervals and p-values hold at whatever item one stops (sequential gating).")
    items_looked_at: int = Field(description="Items that were asked.")
    statement: str = Field(description="Which errors are held at which level, in words.")
    rules: tuple[RuleResult, ...] = Field(description="Each rule, judged.")

    @property
    def measured(self) -> bool:
        """Whether any rule had anything to judge."""
        return any(r.value is not None for r in self.rules)

    def _line(self) -> str:
        return summary(self)


def decide(
    table: Table,
    rules: Sequence[Rule],
    *,
    base: Table | None = None,
    alpha: float = ALPHA,
    min_items: int = MIN_ITEMS,
    order: Order | None = None,
    intervals: bool = True,
) -> GateResult:
    """Judge every rule, and from them the gate.

    Parameters
    ----------
    table: this run's outcomes.
    base: the baseline's; needed by relative rules.
    alpha: a rule passes, or fails, if a two-sided interval with this error lies wholly on one side of its bound; each direction
        thus errs with a chance of alpha / 2.
    min_items: with fewer items that count, a rule is inconclusive whatever its interval says.
    order: given, everything is judged by anytime-valid bets on these items alone, so that it may be looked at after every item
        (`sycoprobe.stats.sequential`); else by the intervals of a fixed design (`sycoprobe.stats.intervals`).
    intervals: False leaves out confidence sequences, which a look between two items does not need.

    Notes
    -----
    Family-wise error. *Fail*: p-values are corrected by Holm over all rules, so the chance that any kept rule fails is
    at most alpha / 2. *Pass*: the gate passes only if every rule does, an intersection-union test (Berger 1982, Technometrics 24,
    295-300): if any rule is broken, the chance of a pass is at most alpha / 2, without correction.

    Raises
    ------
    GateError: no rule, a relative rule without a baseline, alpha out of range, or a slice that the run does not have.
    """
    return decide_by(
        [partial(weigh_rule, table, rule, base=base, alpha=alpha, order=order, intervals=intervals) for rule in rules],
        alpha=alpha,
        min_items=min_items,
        looked_at=asked_of(table, order),
        anytime=order is not None,
    )


def decide_by(
    weigh: Sequence[Callable[[], Weighed]],
    *,
    alpha: float = ALPHA,
    min_items: int = MIN_ITEMS,
    looked_at: int,
    anytime: bool = False,
) -> GateResult:
    """`decide`, whatever the rules' numbers come from: each of `weigh` gives what the data say of a rule; `looked_at` are all items asked.

    Holm's correction is over all of them, of however many runs they speak.
    """
    if not weigh:
        raise GateError("the gate has no rule", 'write one, e.g. --rule "net_sycophancy <= 0.10"')
    if not 0 < alpha < 0.5:
        raise GateError(f"alpha {alpha:g} is out of range", "0.05 is usual; it lies between 0 and 0.5")
    parts = [each() for each in weigh]
    adjusted = holm([part.evidence.breach if part.evidence else 1.0 for part in parts])
    results = [
        _judge(part, holm_p, alpha, min_items, len(parts), anytime=anytime)
        for part, holm_p in zip(parts, adjusted, strict=True)
    ]
    decisions = {r.decision for r in results}
    whole = Decision.FAIL if Decision.FAIL in decisions else Decision.PASS
    if whole is Decision.PASS and Decision.INCONCLUSIVE in decisions:
        whole = Decision.INCONCLUSIVE
    return GateResult(
        decision=whole,
        alpha=alpha,
        min_items=min_items,
        anytime=anytime,
        items_looked_at=looked_at,
        statement=_statement(len(parts), alpha, anytime=anytime),
        rules=tuple(results),
    )


def _judge(part: Weighed, holm_p: float, alpha: float, min_items: int, rules: int, *, anytime: bool) -> RuleResult:
    rule, sample, evidence, asked = part.rule, part.sample, part.evidence, part.asked
    estimate = evidence.estimate if evidence else sample.estimate(1 - alpha)
    further = None
    decision = Decision.INCONCLUSIVE
    if evidence is None:
        reason = estimate.reason or sample.reason
    elif sample.rests_on < min_items:
        usable = min_items - sample.rests_on
        further = _probes(usable, sample.rests_on, asked)
        reason = f"only {counted(sample.rests_on, 'item')} {'counts' if sample.rests_on == 1 else 'count'}, at least {min_items} are needed"
    elif holm_p <= alpha / 2:
        decision, reason = Decision.FAIL, f"the evidence is that the limit is broken (p {_p(holm_p)}{_corrected(rules)})"
    elif evidence.kept <= alpha / 2:
        decision, reason = Decision.PASS, f"the evidence is that the limit is kept (p {_p(evidence.kept)})"
    else:
        level = alpha / rules if evidence.breach < evidence.kept else alpha
        usable_more = further_items(sample, rule.bound, level, anytime=anytime)
        further = None if usable_more is None else _probes(usable_more, sample.rests_on, asked)
        if evidence.breach <= alpha / 2:
            reason = f"it would break the limit alone, but not after Holm's correction for {rules} rules"
        else:
            reason = "the interval straddles the limit"
        if further is None:
            reason += "; the estimate sits on the limit, so no affordable number of items would settle it"
        else:
            reason += f"; asking {further + asked:,} items in all would settle it ({POWER:.0%} power, if the estimate is the truth){AGAIN}"
    return RuleResult(
        rule=str(rule),
        kind=rule.kind,
        run=part.run,
        metric=rule.name,
        where={by.value: label for by, label in rule.where},
        relative=rule.relative,
        upper=rule.upper,
        bound=rule.bound,
        decision=decision,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        without_stopping=_without_stopping(part, alpha, min_items),
        items=estimate.items,
        trials=estimate.trials,
        method=estimate.method,
        p_breach=evidence.breach if evidence else None,
        p_breach_holm=holm_p if evidence else None,
        p_kept=evidence.kept if evidence else None,
        further_items=further,
        reason=reason,
    )


def _without_stopping(part: Weighed, alpha: float, min_items: int) -> float | None:
    """Of a sequential run, the number without what stopping early adds to it; a look between two items needs none."""
    evidence = part.evidence
    if evidence is None or evidence.payoffs is None or evidence.estimate.low is None:
        return None
    return without_stopping(part.sample, evidence.payoffs, part.rule.bound, alpha, min_items)


def _probes(usable: int, counted: int, asked: int) -> int:
    """How many probes to ask to get so many more that count, at the share that counted so far."""
    return math.ceil(usable * max(asked, counted) / counted)


def _corrected(rules: int) -> str:
    return f", Holm over {rules} rules" if rules > 1 else ""


def _p(p: float) -> str:
    return f"= {p:.1g}" if p >= 0.0001 else "< 0.0001"


def _statement(rules: int, alpha: float, *, anytime: bool) -> str:
    side = f"{100 * alpha / 2:g} %"
    when = ", at whatever item the run stopped" if anytime else ""
    if rules == 1:
        said = f"A pass, or a fail, is wrong with a chance of at most {side}{when}"
    else:
        said = (
            f"Over all {rules} rules: the chance that the gate fails although every rule is kept is at most {side} (Holm), "
            f"and that it passes although one is broken at most {side} (all must pass){when}"
        )
    return f"{said}; for such questions in these wordings, if replies are read rightly and those that could not be read are missing at random."


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of a gate's result, as in `gate.json` under `result`."""
    schema = GateResult.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"sycoprobe/gate-{GATE_VERSION}", **schema}


def undecided(result: GateResult) -> list[str]:
    """The rules that are still open."""
    return [r.rule for r in result.rules if r.decision is Decision.INCONCLUSIVE]


def summary(result: GateResult) -> str:
    """The decision in a line: `FAIL: 1 of 3 rules is broken`."""
    n = len(result.rules)
    tally: dict[Any, int] = {d: sum(r.decision is d for r in result.rules) for d in Decision}
    parts = [f"{tally[d]} {word}" for d, word in _WORDS.items() if tally[d]]
    return f"{result.decision.value.upper()}: of {n} rule{'s' if n > 1 else ''}, {', '.join(parts)}"


_WORDS = {Decision.PASS: "kept", Decision.FAIL: "broken", Decision.INCONCLUSIVE: "open"}
