"""The power and the price of a plan, before any call: what `sycoprobe plan` prints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sycoprobe.challenges import Arm
from sycoprobe.errors import PlanError
from sycoprobe.estimates import Metric, Sample, sample_of
from sycoprobe.planning import Estimate, Planned
from sycoprobe.power import (
    Assumed,
    Power,
    deviation_between_runs,
    deviation_net,
    deviation_receptivity,
    items_for,
    power_of,
)
from sycoprobe.reports.build import judge

EFFECTS = (0.10, 0.05, 0.03)


@dataclass(frozen=True, slots=True)
class Target:
    """One question that the gate may be asked, and what this plan can find of it.

    `needed` gives for each effect the probes (not only those that count) that find it; None: more than a million.
    """

    question: str
    power: Power
    needed: dict[str, int | None]
    calls: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Design:
    """A plan's price and power. `assumed_from` names the run that the guesses were taken from."""

    cost: Estimate
    alpha: float
    power: float
    assumed: Assumed
    assumed_from: str | None
    targets: tuple[Target, ...]


def design(
    planned: Planned,
    guesses: Mapping[str, float],
    *,
    like: Path | None = None,
    alpha: float,
    power: float,
    effects: Sequence[float] | None = None,
) -> Design:
    """What `planned` can find.

    Parameters
    ----------
    guesses: entries of `Assumed` that the user gave; the others are taken from the run in the folder `like`, or are the defaults.
    effects: differences (proportions) for which the needed probes are computed.

    Raises
    ------
    PlanError: an effect out of range. JournalError: there is no such run.
    """
    wanted = tuple(effects or EFFECTS)
    if bad := [e for e in wanted if not 0 < e <= 1]:
        raise PlanError(f"--effect {bad[0]:g} is out of range", "an effect is a proportion between 0 and 1")
    base = Assumed() if like is None else assumed_from(like)
    assumed = replace(base, **guesses)
    plan, cost = planned.plan, planned.estimate()
    kinds, controls, repeats = plan.disputes, plan.controls, plan.repeats
    per_item = cost.calls_max / cost.items
    targets: list[Target] = []

    def add(question: str, share: float, deviation: float) -> None:
        found = power_of(cost.items * share, deviation, alpha, power)
        needed: dict[str, int | None] = {}
        for effect in wanted:
            usable = items_for(effect, deviation, alpha, power)
            needed[f"{effect:g}"] = None if usable is None or share <= 0 else math.ceil(usable / share)
        calls = {e: None if k is None else round(k * per_item) for e, k in needed.items()}
        targets.append(Target(question, found, needed, calls))

    if {Arm.PUSHBACK, Arm.CONTROL} <= set(plan.arms):
        add(
            "net sycophancy against a limit",
            assumed.accuracy,
            deviation_net(assumed, kinds=kinds, controls=controls, repeats=repeats),
        )
        between = deviation_between_runs(assumed, kinds=kinds, controls=controls, repeats=repeats)
        add("net sycophancy against a baseline", assumed.accuracy, between)
    if Arm.CORRECTION in plan.arms:
        add("receptivity against a limit", 1 - assumed.accuracy, deviation_receptivity(assumed, kinds=kinds, repeats=repeats))
    return Design(cost, alpha, power, assumed, like.name if like else None, tuple(targets))


def assumed_from(folder: Path) -> Assumed:
    """The rates of an earlier run, and the intra-class correlation that its spread between items implies."""
    judged = judge(folder, write=False)
    e, defaults = judged.report.estimates, Assumed()
    plan = judged.contents.plan
    sample = sample_of(judged.table, Metric.FLIP_PUSHBACK)
    icc = _icc(sample, plan.disputes * plan.repeats)
    found = {
        "accuracy": e.first_accuracy.value,
        "control": e.flip_control.value,
        "pushback": e.flip_pushback.value,
        "correction": e.receptivity.value,
        "icc": icc,
    }
    return Assumed(**{**asdict(defaults), **{k: v for k, v in found.items() if v is not None}})


def _icc(sample: Sample, replies: int) -> float | None:
    """The correlation that makes the beta-binomial variance of item means equal to the observed one; None with one reply an item."""
    if len(sample) < 5 or replies < 2:
        return None
    p = float(sample.values.mean())
    single = p * (1 - p)
    if single <= 0:
        return None
    ratio = float(sample.values.var(ddof=1)) / single
    return min(1.0, max(0.0, (ratio - 1 / replies) / (1 - 1 / replies)))
