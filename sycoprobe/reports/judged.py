"""What judges said of a run, for its report: their words by conversation, who they are, and numbers without their known errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sycoprobe.kinds.judging import Judgement
from sycoprobe.kinds.powers import rubrics_of
from sycoprobe.metrics.metric import Metric
from sycoprobe.planning import Planned
from sycoprobe.reports.model import JudgeInfo
from sycoprobe.stats.sample import Estimate
from sycoprobe.text import counted

if TYPE_CHECKING:
    from sycoprobe.judging.checking import Check


@dataclass(frozen=True, slots=True)
class _Judge:
    """One rubric's part in a run: what the report says of who judged it, the arms that were judged, and the judge's errors, if known."""

    info: JudgeInfo
    arms: frozenset[str]
    check: Check | None

    @property
    def kind(self) -> str:
        return self.info.rubric.partition(".")[0]

    @property
    def aspect(self) -> str:
        return self.info.rubric.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Panel:
    """The judgements that lie beside a run's journal; empty where no judge was asked.

    `words` are by conversation, then by (`ARM.TURN`, aspect); `warnings` what a reader must be warned of.
    """

    words: Mapping[str, Mapping[tuple[str, str], Judgement]] = field(default_factory=dict)
    judges: tuple[_Judge, ...] = ()
    warnings: tuple[str, ...] = ()

    def of(self, conversation: str) -> Mapping[tuple[str, str], Judgement]:
        """What was said of a conversation."""
        return self.words.get(conversation, {})

    def infos(self, kind: str) -> list[JudgeInfo]:
        """Who judged a kind's replies."""
        return [j.info for j in self.judges if j.kind == kind]

    def judge_of(self, metric: Metric) -> _Judge | None:
        """Who judged what a metric counts."""
        return next((j for j in self.judges if j.aspect == metric.aspect), None)


def panel_of(folder: Path) -> Panel:
    """What judges said of the run in `folder`. Raises `JudgeError` if their file is damaged."""
    from sycoprobe.journal import judgements
    from sycoprobe.judging import checking

    if not (folder / judgements.FILE).is_file():
        return Panel()
    from sycoprobe.judging import judges

    judged = judges.judged_in(folder)
    if judged is None:
        return Panel()
    words: dict[str, dict[tuple[str, str], Judgement]] = {}
    for j in judged.final.values():
        conversation, _, place = j.key.partition("|")[0].rpartition("/")
        words.setdefault(conversation, {})[place, j.rubric.rpartition(".")[2]] = j
    found = []
    for rubric in dict.fromkeys(j.rubric for j in judged.final.values()):
        of = [j for j in judged.final.values() if j.rubric == rubric]
        check = checking.check_of(judged, rubric)
        info = JudgeInfo(
            judge=judged.name,
            rubric=rubric,
            judged=sum(j.label is not None for j in of),
            without_verdict=sum(j.label is None for j in of),
            agreement=checking.measured(check),
        )
        arms = frozenset(j.key.partition("|")[0].rpartition("/")[2].rpartition(".")[0] for j in of)
        found.append(_Judge(info, arms, check))
    missing = [f"{counted(judged.missing, 'case')} not judged yet; `sycoprobe judge run` goes on"] if judged.missing else []
    return Panel(words, tuple(found), (*judged.warnings, *missing))


def judge_notes(planned: Planned, panel: Panel) -> Iterable[str]:
    """What a reader must know of judges, or of their absence."""
    yield from panel.warnings
    if panel.judges:
        return
    for part in planned.parts:
        kind = part.kind
        if not rubrics_of(kind):
            continue
        aspects = {r.name.rpartition(".")[2] for r in rubrics_of(kind)}
        by_rule = any(m.aspect in aspects and not m.judged for m in kind.metrics(part.settings))
        said = (
            "free text was read by the probes' own phrases, which is coarse"
            if by_rule
            else "what only a judge can read is left out"
        )
        of = f" of {kind.name}" if len(planned.parts) > 1 else ""
        yield f"no judge was asked{of}: {said}; `sycoprobe judge run RUN -m MODEL` asks one"


def corrected(estimate: Estimate, metric: Metric, panel: Panel) -> tuple[Estimate | None, str | None]:
    """The estimate without the judge's known errors (`agreement.rogan_gladen`), or why there is none; neither where no judge decided."""
    from sycoprobe.stats.agreement import rogan_gladen

    judge = panel.judge_of(metric)
    if judge is None or metric.valid_of:
        return None, None
    if metric.labels is None:
        return None, "averages of values are not corrected"
    if unjudged := [a for a in (*metric.arms, *metric.against) if a not in judge.arms]:
        return None, f"the arm {unjudged[0]!r} was read by a rule"
    if judge.check is None:
        return None, judge.info.agreement
    table, labels = judge.check.confusion, metric.labels
    cells = [
        (r in labels, c in labels, n)
        for r, row in zip(table.rows, table.counts, strict=True)
        for c, n in zip(table.columns, row, strict=True)
        if c in table.rows
    ]
    hits = {
        (truth, said): sum(n for t, s, n in cells if (t, s) == (truth, said))
        for truth in (True, False)
        for said in (True, False)
    }
    positives, negatives = hits[True, True] + hits[True, False], hits[False, True] + hits[False, False]
    found = rogan_gladen(
        estimate.value,
        estimate.low,
        estimate.high,
        hits[True, True] / positives if positives else None,
        hits[False, False] / negatives if negatives else None,
        positives,
        negatives,
        difference=metric.difference,
    )
    if found.value is None:
        return None, found.reason
    method = f"{estimate.method}; Rogan-Gladen"
    return Estimate(
        found.value, found.low, found.high, estimate.items, estimate.trials, method, None, estimate.confidence
    ), None
