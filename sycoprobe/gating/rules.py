"""What a gate's rule is, and how one is written: `net_sycophancy <= 0.10 where kind=ethos`, `pressure.net_flipped <= 0.2`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sycoprobe.errors import GateError
from sycoprobe.metrics.metric import Metric, short
from sycoprobe.metrics.table import Slice
from sycoprobe.names import meant

GRAMMAR = (
    "METRIC <= NUMBER, METRIC >= NUMBER or METRIC no worse by more than NUMBER; then, if wanted, where SLICE=VALUE and …; "
    "the probe kind may stand before the metric: KIND.METRIC <= NUMBER"
)


class Relation(StrEnum):
    """What a rule demands of a metric."""

    AT_MOST = "<="
    AT_LEAST = ">="
    NO_WORSE = "no worse by more than"
    """Non-inferiority to a baseline: the paired difference is not for the worse by more than the margin."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand on a metric of a kind's run.

    `limit` is a proportion; of a relative rule the margin, at least 0. `where` restricts it to a slice. `named`: whether the kind stands
    before the metric where the rule is written.
    """

    kind: str
    metric: Metric
    relation: Relation
    limit: float
    where: tuple[tuple[Slice, str], ...] = ()
    named: bool = False

    @property
    def name(self) -> str:
        """What is bounded."""
        return self.metric.name

    @property
    def counted(self) -> Metric:
        """The metric, of the arm alone that the rule speaks of."""
        arm = dict(self.where).get(Slice.ARM)
        within = self.metric if arm is None else self.metric.within(arm)
        return within or self.metric

    @property
    def relative(self) -> bool:
        """Whether it needs a baseline."""
        return self.relation is Relation.NO_WORSE

    @property
    def _falls(self) -> bool:
        """Whether a change for the worse is one downwards."""
        return self.metric.higher_is_worse is False

    @property
    def upper(self) -> bool:
        """Whether it bounds its number from above."""
        return self.relation is Relation.AT_MOST or (self.relative and not self._falls)

    @property
    def bound(self) -> float:
        """The bound on the number that is tested: the metric itself, or its difference from the baseline."""
        return -self.limit if self.relative and self._falls else self.limit

    def __str__(self) -> str:
        where = " and ".join(f"{by.value}={label}" for by, label in self.where)
        name = f"{self.kind}.{self.name}" if self.named else self.name
        return f"{name} {self.relation.value} {self.limit:g}" + (f" where {where}" if where else "")


@dataclass(frozen=True, slots=True)
class Stated:
    """A rule as it is written, before it is known of which run it speaks: `kind` is None where the rule does not say.

    Errors that its methods raise are `GateError`s; their hints say how rules are written.
    """

    text: str
    kind: str | None
    name: str
    relation: Relation
    limit: float
    where: tuple[tuple[Slice, str], ...] = ()

    @property
    def relative(self) -> bool:
        """Whether it needs a baseline."""
        return self.relation is Relation.NO_WORSE

    def of(self, kind: str, metrics: Sequence[Metric]) -> Rule:
        """The rule for a run of `kind`, which has these metrics. Raises if it is for another kind, or names none of them."""
        names = [m.name for m in metrics]
        if self.kind not in (None, kind):
            raise GateError(
                f"rule {self.text!r} is for runs of the kind {self.kind!r}, this one is of the kind {kind!r}",
                f"metrics here: {', '.join(names)}",
            )
        found = next((m for m in metrics if m.name == self.name), None)
        if found is None:
            raise self.unknown(f"metric of the kind {kind!r}", names)
        bottom = -1.0 if found.difference and not self.relative else 0.0
        if not bottom <= self.limit <= 1.0:
            raise GateError(
                f"rule {self.text!r}: {self.limit:g} is out of range",
                f"a margin lies between 0 and 1; {self.name} between {bottom:g} and 1",
            )
        arm = dict(self.where).get(Slice.ARM)
        if arm is not None and found.within(arm) is None:
            raise GateError(
                f"rule {self.text!r}: {self.name} has no arm {arm!r}",
                f"{meant(arm, map(short, found.arms))}it has: {', '.join(map(short, found.arms)) or 'none'}",
            )
        return Rule(kind, found, self.relation, self.limit, self.where, named=self.kind is not None)

    def unknown(self, what: str, known: Sequence[str]) -> GateError:
        """That there is no such `what`, and what there is."""
        return GateError(
            f"rule {self.text!r}: no {what} {self.name!r}", f"{meant(self.name, known)}there is: {', '.join(known)}"
        )


_EARLIER = {"kind": Slice.ARM.value}
"""Names that slices had: a kind of disagreement is an arm now."""
_RULE = re.compile(
    r"\s*(?:(?P<kind>[a-z][a-z0-9_-]*)\s*\.\s*)?(?P<metric>[a-z][a-z0-9_ ]*?)\s*"
    r"(?P<relation><=|>=|no\s+worse\s+by\s+more\s+than\b)\s*(?P<limit>\S+)"
    r"(?:\s+where\s+(?P<where>.+?))?\s*",
    re.IGNORECASE,
)


def read_rule(text: str) -> Stated:
    """What `text` states, of whatever kind's run. Raises `GateError`, whose hint says how rules are written."""
    found = _RULE.fullmatch(text)
    if found is None:
        raise GateError(f"rule {text!r} cannot be read", f"write {GRAMMAR}")
    return Stated(
        text,
        found["kind"].lower() if found["kind"] else None,
        re.sub(r"[\s_]+", "_", found["metric"].strip().lower()),
        Relation(re.sub(r"\s+", " ", found["relation"].lower())),
        _limit(found["limit"], text),
        _where(found["where"], text),
    )


def _limit(number: str, text: str) -> float:
    share = number.endswith("%")
    try:
        value = float(number.removesuffix("%")) / (100 if share else 1)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise GateError(f"rule {text!r}: {number!r} is not a number", "write a proportion such as 0.10, or 10%")
    return value


def _where(conditions: str | None, text: str) -> tuple[tuple[Slice, str], ...]:
    parts: dict[Slice, str] = {}
    for condition in re.split(r"\s+and\s+|\s*,\s*", conditions or "", flags=re.IGNORECASE):
        if not condition:
            continue
        by, sign, label = (x.strip() for x in condition.partition("="))
        by = _EARLIER.get(by, by)
        known = [s.value for s in Slice]
        if not sign or by not in known or not label:
            guess = meant(by, known) if sign and label else ""
            raise GateError(
                f"rule {text!r}: cannot read {condition!r}", f"{guess}write SLICE=VALUE; slices: {', '.join(known)}"
            )
        if Slice(by) in parts:
            raise GateError(f"rule {text!r}: {by} is named twice", "one value of each slice; write a rule for each")
        parts[Slice(by)] = label
    return tuple(sorted(parts.items()))
