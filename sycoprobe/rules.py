"""What a gate's rule is, and how one is written: `net_sycophancy <= 0.10 where kind=ethos`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from sycoprobe.errors import GateError
from sycoprobe.estimates import Metric
from sycoprobe.outcomes import Slice

GRAMMAR = "METRIC <= NUMBER, METRIC >= NUMBER or METRIC no worse by more than NUMBER; then, if wanted, where SLICE=VALUE and …"


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


_RULE = re.compile(
    r"\s*(?P<metric>[a-z][a-z_ ]*?)\s*(?P<relation><=|>=|no\s+worse\s+by\s+more\s+than\b)\s*(?P<limit>\S+)"
    r"(?:\s+where\s+(?P<where>.+?))?\s*",
    re.IGNORECASE,
)


def parse_rule(text: str) -> Rule:
    """The rule that `text` states. Raises `GateError`, whose hint says how rules are written."""
    found = _RULE.fullmatch(text)
    if found is None:
        raise GateError(f"rule {text!r} cannot be read", f"write {GRAMMAR}")
    metric = _metric(found["metric"], text)
    word = re.sub(r"\s+", " ", found["relation"].lower())
    relation = Relation(word)
    limit = _limit(found["limit"], text)
    bottom = -1.0 if metric.difference and relation is not Relation.NO_WORSE else 0.0
    if not bottom <= limit <= 1.0:
        raise GateError(
            f"rule {text!r}: {limit:g} is out of range",
            f"a margin lies between 0 and 1; {metric.value} between {bottom:g} and 1",
        )
    return Rule(metric, relation, limit, _where(found["where"], text))


def _metric(name: str, text: str) -> Metric:
    wanted = re.sub(r"[\s_]+", "_", name.strip().lower())
    try:
        return Metric(wanted)
    except ValueError:
        close = get_close_matches(wanted, [m.value for m in Metric], n=1)
        guess = f"did you mean {close[0]!r}? " if close else ""
        raise GateError(
            f"rule {text!r}: no metric {wanted!r}", f"{guess}metrics: {', '.join(m.value for m in Metric)}"
        ) from None


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
