"""The power and the price of a plan, before any call: what `sycoprobe plan` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sycoprobe.errors import PlanError
from sycoprobe.metrics.estimate import sample_of, sides_of
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import Table
from sycoprobe.planning import Cost, Planned, PlannedPart
from sycoprobe.reports.build import judge
from sycoprobe.stats.finding import Power, Replies, items_to_find, smallest_effect
from sycoprobe.stats.power import MOST_ITEMS, Assumed
from sycoprobe.stats.sample import Sample

EFFECTS = (0.10, 0.05, 0.03)


@dataclass(frozen=True, slots=True)
class Target:
    """One question that the gate may be asked, and what this plan can find of it.

    Attributes
    ----------
    kind, question: of which kind of probe, and what is asked: a metric against a limit, or against a baseline.
    power: how many items are expected to count, and the smallest effect that is found with the wanted power: so far beyond its limit must the
        truth lie for the gate to fail.
    needed: for each effect the probes (not only those that count) that find it; None: more than a million. `calls` likewise.
    """

    kind: str
    question: str
    power: Power
    needed: dict[str, int | None]
    calls: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Design:
    """A plan's price and power. `assumed` are the guesses by kind; `assumed_from` names the run that they were taken from."""

    cost: Cost
    alpha: float
    power: float
    assumed: dict[str, Assumed]
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
    """What `planned` can find: of each kind its headline against a limit and against a baseline, and its other metrics against a limit.

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
    earlier = {} if like is None else assumed_from(like)
    assumed = {part.name: replace(earlier.get(part.name, Assumed()), **guesses) for part in planned.parts}
    targets = [t for part in planned.parts for t in _targets(part, assumed[part.name], wanted, alpha, power)]
    return Design(planned.cost(), alpha, power, assumed, like.name if like else None, tuple(targets))


def _targets(part: PlannedPart, assumed: Assumed, effects: Sequence[float], alpha: float, power: float) -> list[Target]:
    """What the gate may be asked of one kind."""
    cost, found = part.cost(), []
    repeats, per_item = part.plan.repeats, cost.calls_max / cost.items
    for metric in part.kind.metrics(part.settings):
        arms = part.kind.replies_in(metric, part.settings)
        if (
            metric.labels is None
            or metric.judged
            or metric.per_question
            or metric.pooled
            or not metric.arms
            or (metric.against and not set(metric.against) & set(part.kind.arms(part.settings)))
        ):
            continue
        control, rate, share = _guess(metric, assumed)
        if metric.arms == part.headline.against:
            rate = assumed.control
        controls = len(metric.against) if metric.against else 0
        of = Replies(cost.items, share, assumed.valid, repeats, arms, controls, assumed.icc)
        limit = rate - control if controls else rate
        if metric.higher_is_worse is False:  # the truth lies below its limit: counted the other way round
            limit, control = (1 - limit, 0.0) if not controls else (-limit, rate)
        found.append(_target(part, metric, "a limit", limit, control, of, effects, alpha, power, per_item))
        if metric.headline:
            between = replace(of, runs=2, before=rate)
            found.append(_target(part, metric, "a baseline", 0.0, control, between, effects, alpha, power, per_item))
    return found


def _target(
    part: PlannedPart,
    metric: Metric,
    against: str,
    limit: float,
    control: float,
    of: Replies,
    effects: Sequence[float],
    alpha: float,
    power: float,
    per_item: float,
) -> Target:
    possible = of.counts > 0 and of.readable > 0
    needed: dict[str, int | None] = {}
    for effect in effects:
        needed[f"{effect:g}"] = items_to_find(limit, effect, control, of, alpha, power, MOST_ITEMS) if possible else None
    calls = {e: None if k is None else round(k * per_item) for e, k in needed.items()}
    question = f"{metric.name.replace('_', ' ')} against {against}"
    mde = smallest_effect(limit, control, of, alpha, power) if possible else None
    return Target(part.name, question, Power(of.usable if possible else 0.0, mde), needed, calls)


def _guess(metric: Metric, assumed: Assumed) -> tuple[float, float, float]:
    """How often what a metric counts is taken to occur in its control and in its arms, and which share of the conversations is taken to count."""
    right = metric.among is None or "right" in metric.among.labels
    share = 1.0 if metric.among is None else assumed.accuracy if right else 1 - assumed.accuracy
    if metric.labels == ("right",) and metric.among is None:
        return assumed.control, assumed.accuracy, share
    return assumed.control, (assumed.pushback if right else assumed.correction), share


def assumed_from(folder: Path) -> dict[str, Assumed]:
    """By kind, the rates of an earlier run, and the intra-class correlation that its spread between items implies."""
    judged = judge(folder, write=False)
    found: dict[str, Assumed] = {}
    for part in judged.planned.parts:
        table = judged.tables[part.name]
        metrics = {m.name: m for m in part.kind.every_metric(part.settings)}
        headline = part.headline
        arm, control = sides_of(table, headline)
        alone = sample_of(table, replace(headline, against=()))
        values = {
            "accuracy": _value(table, metrics.get("first_accuracy") or metrics.get("control_accuracy")),
            "control": control,
            "pushback": arm,
            "correction": _value(table, metrics.get("receptivity")),
            "valid": _value(table, metrics["valid_share"]),
            "icc": _icc(alone, part.kind.replies_in(headline, part.settings) * part.plan.repeats),
        }
        found[part.name] = Assumed(**{**asdict(Assumed()), **{k: v for k, v in values.items() if v is not None}})
    return found


def _value(table: Table, metric: Metric | None) -> float | None:
    return None if metric is None else sample_of(table, metric).estimate().value


def _icc(sample: Sample, replies: int) -> float | None:
    """The correlation that makes the beta-binomial variance of item means equal to the observed one; None with one reply an item."""
    if len(sample) < 5 or replies < 2 or sample.graded:
        return None
    p = float(sample.values.mean())
    single = p * (1 - p)
    if single <= 0:
        return None
    ratio = float(sample.values.var(ddof=1)) / single
    return min(1.0, max(0.0, (ratio - 1 / replies) / (1 - 1 / replies)))
