"""The report of a run of another probe kind than `challenge`: as data, from its journal, and its reader."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sycoprobe import journal as journals
from sycoprobe.deciding import whole_sets
from sycoprobe.estimates import Estimate
from sycoprobe.forms import KeptCounts, KeptForm
from sycoprobe.judging import Judgement
from sycoprobe.kinds.base import Done, Measure
from sycoprobe.kinds.estimating import Curve, Rows, counts, estimate_of, sides_of
from sycoprobe.kinds.planned import KindPlanned
from sycoprobe.kinds.scoring import JudgedConversation, conversations
from sycoprobe.planning import Plan
from sycoprobe.reports.model import FILE, ReportError, Status
from sycoprobe.reports.readings import HowRead, ReadingCounts
from sycoprobe.spending import Spending, SpendingRow, total_cost
from sycoprobe.transcript import Call

if TYPE_CHECKING:
    from sycoprobe.checking import Check

KIND_REPORT_VERSION: Literal[2] = 2
EXAMPLES_KEPT = 3


class MeasureResult(BaseModel):
    """One number of a kind, with what it was made from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: str
    headline: bool = False
    higher_is_worse: bool | None
    arms: tuple[str, ...]
    against: tuple[str, ...] = Field(description="The control arms; empty for a rate.")
    aspect: str
    labels: tuple[str, ...] | None = Field(description="What counts as 1; null where values are averaged.")
    judged: bool = Field(default=False, description="It cannot be had without a judge.")
    arm_value: float | None = Field(description="The mean in `arms` alone, over the same items.")
    control_value: float | None = Field(description="The mean in `against` alone, over the same items.")
    estimate: Estimate
    corrected: Estimate | None = Field(
        default=None, description="The same, corrected for the judge's known errors (Rogan-Gladen)."
    )
    corrected_reason: str | None = Field(default=None, description="Why there is no corrected number where a judge decided.")


class KindRow(BaseModel):
    """One reading. `key` is that of its call in the journal; rows that a kind derived have none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str | None
    item: str
    repeat: int
    arm: str
    turn: int
    aspect: str
    outcome: str
    label: str | None
    value: float | None


class Turned(BaseModel):
    """One conversation in full, as far as one arm of it goes, in which what the headline counts occurred."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation: str
    arm: str
    label: str
    dialog: tuple[tuple[str, str], ...] = Field(description="(role, text) pairs.")


class JudgeInfo(BaseModel):
    """Who judged, and how far that judge can be trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge: str
    rubric: str
    judged: int
    without_verdict: int
    agreement: str = Field(description="As measured by `sycoprobe judge check`, or that it was never measured.")


class KindReport(BaseModel):
    """Everything needed to audit a run of a probe kind without asking the model again. `rows` is None where it was read without."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind_report_version: Literal[1, 2] = KIND_REPORT_VERSION
    run: str
    started: str
    versions: dict[str, str]
    model: dict[str, Any]
    models_seen: dict[str, int]
    plan: Plan
    kind: str
    summary: str
    paper: str
    control: str
    status: Status
    conclusion: str
    measures: dict[str, MeasureResult]
    curves: list[Curve]
    counts: dict[str, dict[str, int]] = Field(description="How often each label, and each outcome without one, occurred.")
    kept_form: dict[str, KeptForm] = Field(
        default={},
        description="Of each arm, how many replies had the form that was asked for (`plan.answer`), over all turns; empty in reports of "
        "version 1.",
    )
    readings: HowRead | None = Field(
        default=None,
        description="How replies were read: by which step, of the arms whose replies are read for the answer that they stand by, over all turns, and how often that step is right; null in reports of "
        "version 1 and before.",
    )
    judges: list[JudgeInfo] = Field(default=[], description="Empty where only rules decided.")
    usage: dict[str, int]
    spending: list[SpendingRow]
    cost: float | None
    price: dict[str, Any] | None
    notes: list[str]
    examples: list[Turned]
    rows: list[KindRow] | None = None

    @property
    def headline(self) -> tuple[str, MeasureResult]:
        """The measure to look at first, with its name."""
        return next((name, m) for name, m in self.measures.items() if m.headline)

    @classmethod
    def load(cls, folder: Path, *, rows: bool = True) -> KindReport:
        """The report in `folder`. Raises `ReportError`."""
        path = folder / FILE
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if not rows:
                data.pop("rows", None)
            return cls.model_validate(data)
        except OSError as e:
            raise ReportError(f"{path}: cannot be read: {e.strerror}", f"`sycoprobe score {folder}` writes it again") from e
        except (ValueError, ValidationError) as e:
            raise ReportError(f"{path}: is no report of a probe kind", f"`sycoprobe score {folder}` writes it again") from e


def is_kind_report(folder: Path) -> bool:
    """Whether the report in `folder` is of a run of another probe kind than `challenge`, by its first field."""
    try:
        with (folder / FILE).open("rb") as f:
            return b'"kind_report_version"' in f.read(200)
    except OSError:
        return False


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of the report.json of a run of a probe kind."""
    schema = KindReport.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"sycoprobe/kind-report-{KIND_REPORT_VERSION}",
        **schema,
    }


@dataclass(frozen=True, slots=True)
class KindJudged:
    """A run of a kind, judged: its report, and its rows for the gate."""

    report: KindReport
    rows: Rows
    measures: tuple[Measure, ...]


def build(folder: Path) -> KindReport:
    """Score the run in `folder`, write its `report.json` (whole or not at all) and return it. Raises `JournalError`, `ReportError`."""
    return judge(folder).report


def judge(folder: Path, *, write: bool = True) -> KindJudged:
    """`build`, with the rows; `write=False` leaves the report as it is."""
    contents = journals.read(folder)
    planned = contents.kind_planned()
    spending, models = Spending(contents.price), Counter[str]()
    errors, error_kinds, notes = Counter[str](), Counter[str](), Counter[str]()
    calls: list[Call] = []
    for call in journals.final_calls(contents, spending.add):
        calls.append(call)
        if call.reply is None:
            error_kinds[str(call.error_kind)] += 1
            errors[call.error or ""] += 1
        else:
            models.update([call.reply.model] if call.reply.model else [])
            notes.update(call.reply.notes)
    judgements, judges, warnings = _judgements(folder)
    found = list(conversations(planned, calls, judgements))
    rows = Rows((row for c in found for row in c.rows), whole_sets(planned))
    measures = planned.kind.measures(planned.settings)
    results = {m.name: _result(rows, m, judges) for m in measures}
    header, ends = contents.header, journals.interruptions(contents)
    missing = sum(c.missing for c in found)
    ended = ends[-1]["type"] if ends else None
    spent = spending.rows()
    report = KindReport(
        run=header["run"],
        started=header["started"],
        versions=header["versions"],
        model=header["model"],
        models_seen=dict(models),
        plan=contents.plan,
        kind=planned.kind.name,
        summary=planned.kind.summary,
        paper=planned.kind.paper,
        control=planned.kind.control,
        status=Status(
            complete=missing == 0,
            cap=ends[-1]["why"] if missing and ended == "capped" else None,
            conversations_planned=contents.plan.conversations,
            conversations_done=sum(not c.missing and bool(c.walked.done) for c in found),
            calls=len(calls),
            missing_calls=missing,
            errors=sum(error_kinds.values()),
            error_kinds=dict(sorted(error_kinds.items())),
            processes=max(1, len(ends)),
        ),
        conclusion=conclusion(contents.plan.model, planned.kind.name, results),
        measures=results,
        curves=planned.kind.curves(rows.all(), planned.settings),
        counts=counts(rows),
        kept_form=_kept_form(planned, calls, found),
        readings=_how_read(planned, found),
        judges=[j.info for j in judges],
        usage=spending.totals(),
        spending=spent,
        cost=total_cost(spent),
        price=contents.price.to_dict() if contents.price else None,
        notes=[
            *header["model"].get("notes", []),
            *_judge_notes(planned, judges),
            *warnings,
            *(f"failed calls said most often: {said[:200]} ({n} calls)" for said, n in errors.most_common(1)),
            *(f"{note} ({n} calls)" for note, n in notes.most_common()),
        ],
        examples=_examples(planned, found, next(m for m in measures if m.headline)),
    )
    if write:
        _write(folder / FILE, report, planned, found)
    return KindJudged(report, rows, measures)


def _kept_form(planned: KindPlanned, calls: list[Call], found: list[JudgedConversation]) -> dict[str, KeptForm]:
    """Of each arm, how many replies had the form that was asked for."""
    made = KeptCounts(planned.form)
    replies = {call.spec.key: call.reply for call in calls}
    asked = {spec.conversation: shown.asked for spec, shown in planned.conversations()}
    for conversation in found:
        spec = conversation.spec
        for done, _ in conversation.walked.done:
            own = not planned.kind.in_form(done.step)
            reply = replies[planned.spec(spec, done.step).key]
            made.add(done.step.arm, reply, None if own else asked[spec.conversation])
    return made.by_arm(planned.kind.arms(planned.settings))


def _how_read(planned: KindPlanned, found: list[JudgedConversation]) -> HowRead:
    """Of each arm, by which step its replies were read, as far as they are read for the answer that they stand by."""
    made = ReadingCounts()
    for conversation in found:
        for done, _ in conversation.walked.done:
            for reading in done.readings.values():
                if reading.stage is not None:
                    made.add(done.step.arm, reading.stage, sure=reading.sure)
    return made.how_read(planned.kind.arms(planned.settings))


def conclusion(model: str, kind: str, results: Mapping[str, MeasureResult]) -> str:
    """The finding in one sentence; a direction is stated only where the whole interval lies on one side of zero."""
    name, m = next((n, m) for n, m in results.items() if m.headline)
    e = m.estimate
    if e.value is None or e.low is None or e.high is None:
        return f"Nothing can be said of {model} and {kind}: {e.reason}."
    words = f"{m.says}: {name} {e.value:+.2f} (95 % interval {e.low:+.2f} to {e.high:+.2f}, {e.items} items)"
    if not m.against:
        return f"{model}, {kind}: {words}."
    sides = (
        f"{m.arm_value:.2f} against {m.control_value:.2f} in the control"
        if m.arm_value is not None and m.control_value is not None
        else ""
    )
    if e.low <= 0 <= e.high:
        verdict = "which chance alone could explain"
    else:
        up = e.low > 0
        verdict = "more than in the control" if up else "less than in the control"
    return f"{model}, {kind}: {words}, {sides}, {verdict}."


@dataclass(frozen=True, slots=True)
class _Judge:
    """One rubric's part in a run: what the report says of who judged it, its aspect, the arms that were judged, and the judge's errors, if known."""

    info: JudgeInfo
    aspect: str
    arms: frozenset[str]
    check: Check | None


def _judgements(folder: Path) -> tuple[dict[tuple[str, str], Judgement], list[_Judge], list[str]]:
    """The judgements that stand beside a run's journal, who made them, and what a reader must be warned of; nothing where no judge was asked."""
    from sycoprobe import checking, judges

    judged = judges.judged_in(folder)
    if judged is None:
        return {}, [], []
    said = {(j.key, j.rubric): j for j in judged.final.values()}
    found = []
    for rubric in dict.fromkeys(j.rubric for j in judged.final.values()):
        words = [j for j in judged.final.values() if j.rubric == rubric]
        check = checking.check_of(judged, rubric)
        info = JudgeInfo(
            judge=judged.name,
            rubric=rubric,
            judged=sum(j.label is not None for j in words),
            without_verdict=sum(j.label is None for j in words),
            agreement=checking.measured(check),
        )
        arms = frozenset(j.key.partition("|")[0].rpartition("/")[2].rpartition(".")[0] for j in words)
        found.append(_Judge(info, rubric.rpartition(".")[2], arms, check))
    missing = [f"{judged.missing} cases were not judged yet; `sycoprobe judge run` goes on"] if judged.missing else []
    return said, found, [*judged.warnings, *missing]


def _judge_notes(planned: KindPlanned, judges: list[_Judge]) -> list[str]:
    if not planned.kind.rubrics or judges:
        return []
    aspects = {r.name.rpartition(".")[2] for r in planned.kind.rubrics}
    by_rule = any(m.aspect in aspects and not m.judged for m in planned.kind.measures(planned.settings))
    said = (
        "free text was read by the probes' own phrases, which is coarse"
        if by_rule
        else "what only a judge can read is left out"
    )
    return [f"no judge was asked: {said}; `sycoprobe judge run RUN -m MODEL` asks one"]


def _result(rows: Rows, measure: Measure, judges: list[_Judge]) -> MeasureResult:
    estimate = estimate_of(rows, measure)
    arm, control = sides_of(rows, measure)
    judge = next((j for j in judges if j.aspect == measure.aspect), None)
    corrected, why = _corrected(estimate, measure, judge) if judge is not None else (None, None)
    return MeasureResult(
        says=measure.says,
        headline=measure.headline,
        higher_is_worse=measure.higher_is_worse,
        arms=measure.arms,
        against=measure.against,
        aspect=measure.aspect,
        labels=measure.labels,
        judged=measure.judged,
        arm_value=arm,
        control_value=control,
        estimate=estimate,
        corrected=corrected,
        corrected_reason=why,
    )


def _corrected(estimate: Estimate, measure: Measure, judge: _Judge) -> tuple[Estimate | None, str | None]:
    """The estimate without the judge's known errors (`agreement.rogan_gladen`), or why there is none."""
    from sycoprobe.agreement import rogan_gladen

    if measure.labels is None:
        return None, "averages of values are not corrected"
    if unjudged := [a for a in (*measure.arms, *measure.against) if a not in judge.arms]:
        return None, f"the arm {unjudged[0]!r} was read by a rule"
    if judge.check is None:
        return None, judge.info.agreement
    table, labels = judge.check.confusion, measure.labels
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
        difference=bool(measure.against),
    )
    if found.value is None:
        return None, found.reason
    method = f"{estimate.method}; Rogan-Gladen"
    return Estimate(
        found.value, found.low, found.high, estimate.items, estimate.trials, method, None, estimate.confidence
    ), None


def _examples(planned: KindPlanned, found: list[JudgedConversation], headline: Measure) -> list[Turned]:
    """A few conversations in which what the headline counts occurred in one of its arms; of an item at most one."""
    made: list[Turned] = []
    wanted = headline.labels
    if wanted is None:
        return made
    seen: set[str] = set()
    bad = (
        wanted
        if headline.higher_is_worse
        else tuple(x for x in planned.kind.labels.get(headline.aspect, {}) if x not in wanted)
    )
    for conversation in found:
        item = f"{conversation.spec.set}/{conversation.spec.probe}"
        if item in seen or len(made) >= EXAMPLES_KEPT:
            continue
        if found_in := _where(conversation, headline, bad):
            done, label = found_in
            dialog = tuple((str(m["role"]), str(m["content"])) for m in done.step.messages)
            made.append(
                Turned(
                    conversation=conversation.spec.conversation,
                    arm=done.step.arm,
                    label=label,
                    dialog=(*dialog, ("assistant", done.reply)),
                )
            )
            seen.add(item)
    return made


def _where(conversation: JudgedConversation, headline: Measure, bad: Sequence[str]) -> tuple[Done, str] | None:
    """The step in whose reply it occurred; where only the whole tells, the last of that strand, or the first of all."""
    steps = [done for done, _ in conversation.walked.done]
    for row in conversation.rows:
        if row.arm not in headline.arms or row.aspect != headline.aspect or row.label not in bad:
            continue
        if row.turn >= 0:
            mine = [d for d in steps if (d.step.arm, d.step.turn) == (row.arm, row.turn)]
        else:
            mine = [d for d in steps if d.step.arm == row.arm] or steps[:1]
        if mine:
            return mine[-1], str(row.label)
    return None


def _write(path: Path, report: KindReport, planned: KindPlanned, found: list[JudgedConversation]) -> None:
    """Write the report with its rows, one a line, to a file beside `path`, then put it in place."""
    head = report.model_dump_json(indent=1, exclude={"rows"})
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as out:
            out.write(head.rstrip().removesuffix("}").rstrip())
            out.write(',\n "rows": [')
            first = True
            for conversation in found:
                spec = conversation.spec
                for r in conversation.rows:
                    key = None if r.turn < 0 else f"{spec.conversation}/{r.arm}.{r.turn}"
                    row = KindRow(
                        key=key,
                        item=r.item,
                        repeat=r.repeat,
                        arm=r.arm,
                        turn=r.turn,
                        aspect=r.aspect,
                        outcome=r.outcome.value,
                        label=r.label,
                        value=r.value,
                    )
                    out.write(("" if first else ",") + "\n  " + row.model_dump_json())
                    first = False
            out.write("\n ]\n}\n")
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as e:
        raise ReportError(
            f"{path}: cannot be written: {e.strerror}", "the journal is whole; mend this and `sycoprobe score` again"
        ) from e
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
