"""Two or more runs side by side: paired differences from the first one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sycoprobe.metrics.estimate import sample_of
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.paired import common_numbers, paired_sample
from sycoprobe.metrics.table import Table
from sycoprobe.showing import OneLine, Printed
from sycoprobe.stats.intervals import bootstrap_interval, holm
from sycoprobe.stats.sample import Estimate, Sample

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sycoprobe.planning import Plan

COMPARISON_VERSION: Literal[2] = 2


class Difference(OneLine, BaseModel):
    """One metric of one run, against the reference."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="The kind of probe.")
    metric: str = Field(description="The metric's name.")
    reference: float | None = Field(description="The metric in the reference run, on the items and replies that are compared.")
    value: float | None = Field(
        description="The metric in the other run, on the same; less the reference it is the difference."
    )
    reference_all: float | None = Field(default=None, description="The metric in the reference run, over all its items.")
    value_all: float | None = Field(default=None, description="The metric in the other run, over all its items.")
    difference: Estimate = Field(description="Other run minus reference, paired: over the items that both can be read in.")
    bootstrap: tuple[float, float] | None = Field(description="A cluster-bootstrap (BCa) interval as a second opinion.")
    p: float | None = Field(description="Two-sided p of 'no difference': McNemar's exact test for one outcome each.")
    p_holm: float | None = Field(description="After Holm's correction over all differences of the comparison.")

    def clear(self, alpha: float) -> bool:
        """Whether it differs from zero after Holm's correction (`p_holm` at most alpha), as the comparison's tables show in bold."""
        return self.p_holm is not None and self.p_holm <= alpha

    def _line(self) -> str:
        return f"{self.kind}: {self.metric} {self.difference}"


class Compared(OneLine, BaseModel):
    """One run against the reference."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(description="The run's name.")
    model: str = Field(description="Its model.")
    differences: tuple[Difference, ...] = Field(description="A difference for each kind and metric.")

    def _line(self) -> str:
        return f"{self.run}: {self.model}, {len(self.differences)} differences"


class Comparison(Printed, BaseModel):
    """What `sycoprobe compare` found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    comparison_version: Literal[2] = COMPARISON_VERSION
    reference: str = Field(description="The first run's name.")
    reference_model: str = Field(description="Its model.")
    alpha: float = Field(description="Error of the two-sided intervals.")
    runs: tuple[Compared, ...] = Field(description="Every later run against the first.")
    notes: tuple[str, ...] = Field(default=(), description="What a reader must know beside the numbers.")

    def _line(self) -> str:
        found = [d for run in self.runs for d in run.differences]
        clear = sum(d.clear(self.alpha) for d in found)
        others = ", ".join(f"{run.run} ({run.model})" for run in self.runs)
        return f"{clear} of {len(found)} differences are clear: {others} against {self.reference} ({self.reference_model})"

    def _blocks(self) -> Iterable[RenderableType]:
        from sycoprobe.gating.shown import comparison_blocks

        return comparison_blocks(self)


@dataclass(frozen=True, slots=True)
class Compare:
    """What is compared of one kind in one pair of runs: the metrics, and the readings of the reference and of the other run."""

    kind: str
    metrics: Sequence[Metric]
    reference: Table
    other: Table


def of_the_assistant(was: Plan, now_: Plan) -> tuple[str, ...]:
    """What of a plan belongs to the assistants that are compared, and not to what is asked: the system prompt, and a limit on
    replies that nobody chose, which goes by the model."""
    chosen = any(p.sampling.reply_tokens_from == "user" for p in (was, now_))
    return ("system",) if chosen else ("system", "reply_tokens")


def comparison(
    run: str,
    model: str,
    others: Sequence[tuple[str, str, Sequence[Compare]]],
    *,
    alpha: float,
    notes: tuple[str, ...] = (),
) -> Comparison:
    """Every metric of every other run (name, model, its kinds) minus that of the reference, corrected together by Holm."""
    found: list[tuple[int, Compare, Metric, Sample]] = [
        (i, each, metric, paired_sample(each.other, each.reference, metric))
        for i, (_, _, kinds) in enumerate(others)
        for each in kinds
        for metric in each.metrics
    ]
    raw = [sample.p_zero() if len(sample) else None for *_, sample in found]
    adjusted = iter(holm([p for p in raw if p is not None]))
    rows: list[list[Difference]] = [[] for _ in others]
    for (i, each, metric, sample), p in zip(found, raw, strict=True):
        value, reference = common_numbers(each.other, each.reference, metric)
        rows[i].append(
            Difference(
                kind=each.kind,
                metric=metric.name,
                reference=reference,
                value=value,
                reference_all=sample_of(each.reference, metric).estimate().value,
                value_all=sample_of(each.other, metric).estimate().value,
                difference=sample.estimate(1 - alpha),
                bootstrap=bootstrap_interval(sample.values, clusters=sample.clusters, confidence=1 - alpha)
                if len(sample)
                else None,
                p=p,
                p_holm=None if p is None else next(adjusted),
            )
        )
    runs = tuple(Compared(run=name, model=m, differences=tuple(r)) for (name, m, _), r in zip(others, rows, strict=True))
    return Comparison(reference=run, reference_model=model, alpha=alpha, runs=runs, notes=notes)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `sycoprobe compare --json`."""
    schema = Comparison.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"sycoprobe/comparison-{COMPARISON_VERSION}",
        **schema,
    }
