"""What a gate's rule is, and how one is written: `net_sycophancy <= 0.10 where kind=ethos`, `pressure.net_flipped <= 0.2`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from sycoprobe.errors import GateError
from sycoprobe.estimates import Metric
from sycoprobe.outcomes import Slice
from sycoprobe.planning import CHALLENGE

if TYPE_CHECKING:
    from sycoprobe.kinds.base import Measure

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
    """One demand. `limit` is a proportion; of a relative rule the margin, at least 0. `where` restricts it to a slice."""

    metric: Metric
    relation: Relation
    limit: float
    where: tuple[tuple[Slice, str], ...] = ()

    @property
    def kind(self) -> str:
        """Of which probe kind's run it speaks."""
        return CHALLENGE

    @property
    def name(self) -> str:
        """What is bounded."""
        return self.metric.value

    @property
    def relative(self) -> bool:
        """Whether it needs a baseline."""
        return self.relation is Relation.NO_WORSE

    @property
    def upper(self) -> bool:
        """Whether it bounds its number from above."""
        return self.relation is Relation.AT_MOST or (self.relative and self.metric.higher_is_worse)

    @property
    def bound(self) -> float:
        """The bound on the number that is tested: the metric itself, or its difference from the baseline."""
        return -self.limit if self.relative and not self.metric.higher_is_worse else self.limit

    def __str__(self) -> str:
        where = " and ".join(f"{by.value}={label}" for by, label in self.where)
        return f"{self.metric.value} {self.relation.value} {self.limit:g}" + (f" where {where}" if where else "")


@dataclass(frozen=True, slots=True)
class KindRule:
    """One absolute demand on a measure of a run of another probe kind than `challenge`."""

    kind: str
    measure: Measure
    relation: Relation
    limit: float

    @property
    def name(self) -> str:
        """What is bounded."""
        return self.measure.name

    @property
    def where(self) -> tuple[tuple[Slice, str], ...]:
        """Such runs have no slices."""
        return ()

    @property
    def relative(self) -> bool:
        """Such runs have no baselines."""
        return False

    @property
    def upper(self) -> bool:
        """Whether it bounds its number from above."""
        return self.relation is Relation.AT_MOST

    @property
    def bound(self) -> float:
        """The bound on the measure."""
        return self.limit

    def __str__(self) -> str:
        return f"{self.kind}.{self.name} {self.relation.value} {self.limit:g}"


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

    @property
    def of_metric(self) -> bool:
        """Whether a run of the kind `challenge` has what it names."""
        return self.kind in (None, CHALLENGE) and self.name in list(Metric)

    def of_challenge(self) -> Rule:
        """The rule for a run of the kind `challenge`. Raises if it is for another kind's run, or names no metric."""
        if self.kind not in (None, CHALLENGE):
            raise GateError(
                f"rule {self.text!r} is for runs of the kind {self.kind!r}, this one is for runs of the kind {CHALLENGE!r}",
                f"metrics here: {', '.join(m.value for m in Metric)}",
            )
        if self.name not in list(Metric):
            raise self.unknown("metric", [m.value for m in Metric])
        metric = Metric(self.name)
        self._check_limit(difference=metric.difference)
        return Rule(metric, self.relation, self.limit, self.where)

    def of_kind(self, kind: str, measures: Sequence[Measure]) -> KindRule:
        """The rule for a run of `kind`, which has these measures. Raises if it has no such one, or the rule is relative or has a slice."""
        found = next((m for m in measures if m.name == self.name), None)
        if found is None:
            raise self.unknown(f"measure of the kind {kind!r}", [m.name for m in measures])
        if self.relative or self.where:
            what = self.relation.value if self.relative else "where"
            raise GateError(
                f"rule {self.text!r}: {what!r} is for runs of the kind {CHALLENGE!r}, {found.name} is of the kind {kind!r}",
                f"write {kind}.{found.name} <= NUMBER, or >= NUMBER",
            )
        self._check_limit(difference=bool(found.against))
        return KindRule(kind, found, self.relation, self.limit)

    def unknown(self, what: str, known: Sequence[str]) -> GateError:
        """That there is no such `what`, and what there is."""
        close = get_close_matches(self.name, known, n=1)
        guess = f"did you mean {close[0]!r}? " if close else ""
        return GateError(f"rule {self.text!r}: no {what} {self.name!r}", f"{guess}there is: {', '.join(known)}")

    def _check_limit(self, *, difference: bool) -> None:
        bottom = -1.0 if difference and not self.relative else 0.0
        if not bottom <= self.limit <= 1.0:
            raise GateError(
                f"rule {self.text!r}: {self.limit:g} is out of range",
                f"a margin lies between 0 and 1; {self.name} between {bottom:g} and 1",
            )


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


def parse_rule(text: str) -> Rule:
    """The rule that `text` states, for a run of the kind `challenge`. Raises `GateError`, as `read_rule` does."""
    return read_rule(text).of_challenge()


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
        known = [s.value for s in Slice]
        if not sign or by not in known or not label:
            raise GateError(f"rule {text!r}: cannot read {condition!r}", f"write SLICE=VALUE; slices: {', '.join(known)}")
        if Slice(by) in parts:
            raise GateError(f"rule {text!r}: {by} is named twice", "one value of each slice; write a rule for each")
        parts[Slice(by)] = label
    return tuple(sorted(parts.items()))
