"""From a run's journal to its report: one streaming pass, no calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO

from sycoprobe import journal as journals
from sycoprobe.backends.extras import fields_of
from sycoprobe.errors import ReportError, about
from sycoprobe.files import put_in_place
from sycoprobe.gating.baselines import fingerprint
from sycoprobe.gating.decision import GateResult
from sycoprobe.journal.journal import Contents
from sycoprobe.kinds.powers import curves_of
from sycoprobe.metrics.estimate import sample_of, sides_of
from sycoprobe.metrics.metric import Metric, short
from sycoprobe.metrics.sequence import anytime_estimate, first_items, looked_at
from sycoprobe.metrics.table import OUTCOMES, Slice, Table, counts
from sycoprobe.money.spending import total_cost
from sycoprobe.planning import Planned, PlannedPart
from sycoprobe.reports.claims import check_clusters, claim_of
from sycoprobe.reports.conclusion import conclusion
from sycoprobe.reports.dialogs import Dialog
from sycoprobe.reports.judged import Panel, corrected, judge_notes, panel_of
from sycoprobe.reports.model import FILE, MetricResult, Report, Section, Sliced, Status
from sycoprobe.reports.scored import Scored
from sycoprobe.reports.scoring import Scoring, Sums
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.settings import Asking, Cluster, declared
from sycoprobe.settings.checking import checked
from sycoprobe.stats.intervals import holm
from sycoprobe.stats.sample import Estimate
from sycoprobe.stats.sequential import Order
from sycoprobe.text import counted

Listener = Callable[[Dialog], None]
"""Is given the conversations of a run one by one, each whole."""


@dataclass(frozen=True)
class Judged:
    """A run that was scored.

    Attributes
    ----------
    report: without rows.
    contents: of its journal.
    planned: its plan, with its probes.
    tables: its readings by kind.
    orders: of a sequential run, its complete items by kind.
    milliseconds: by kind and item, that the calls took, one after another.
    """

    report: Report
    contents: Contents
    planned: Planned
    tables: dict[str, Table]
    orders: dict[str, Order]
    milliseconds: dict[str, Counter[str]]

    @cached_property
    def fingerprints(self) -> dict[str, dict[str, str]]:
        """By kind, the fingerprint of each item's probe."""
        return {
            part.name: {f"{s.name}/{p.id}": fingerprint(p) for s in part.sets for p in s.probes} for part in self.planned.parts
        }


def build(folder: Path, cluster: Cluster | None = None) -> Report:
    """Score the run in `folder`, write its `report.json` (whole or not at all) and return it without its rows.

    Parameters
    ----------
    cluster: what its numbers are to hold for; None: as it was planned. The report's plan says which.

    Raises
    ------
    JournalError: the journal cannot be read.
    PlanError, GateError: `cluster` is no such thing, or not to be had of a sequential run.
    ReportError: the report cannot be written.
    """
    return judge(folder, cluster=cluster).report


def judge(
    folder: Path,
    *,
    write: bool = True,
    cluster: Cluster | None = None,
    listen: Callable[[Planned], Listener] | None = None,
) -> Judged:
    """`build`, with the readings. Raises as `build` does.

    Parameters
    ----------
    write: False leaves the report as it is.
    listen: given the plan, gives what takes in the conversations; None: nobody wants them.
    """
    with about(folder):
        return _judge(folder, write=write, cluster=cluster, listen=listen)


def _judge(folder: Path, *, write: bool, cluster: Cluster | None, listen: Callable[[Planned], Listener] | None) -> Judged:
    contents = journals.read(folder)
    if cluster is not None:
        contents = _clustered(contents, cluster)
    try:
        planned, panel = contents.planned(), panel_of(folder)
        dialogs = None if listen is None else listen(planned)
        with Scoring(planned, contents.price, contents.baseline, rows=write, panel=panel, dialogs=dialogs) as scoring:
            scoring.from_journal(contents)
            return finished(folder, contents, scoring)
    except OSError as e:
        raise _unwritten(folder, e) from e


def _clustered(contents: Contents, cluster: Cluster) -> Contents:
    """The same run, with numbers that are to hold for something else than was planned."""
    changed = contents.plan.model_copy(update={"cluster": checked(declared(Asking)["cluster"], cluster)})
    found = replace(contents, plan=changed)
    check_clusters(found.planned())
    return found


def built(folder: Path, scoring: Scoring) -> Report:
    """The report of a run that has just ended, from what it told `scoring`: no reply is read again. Raises as `build` does."""
    try:
        with about(folder):
            return finished(folder, journals.read(folder), scoring).report
    except OSError as e:
        raise _unwritten(folder, e) from e


def _unwritten(folder: Path, e: OSError) -> ReportError:
    return ReportError(
        f"{folder / FILE}: cannot be written: {e.strerror or e}", "the journal is whole; fix this and `sycoprobe score` again"
    )


def finished(folder: Path, contents: Contents, scoring: Scoring) -> Judged:
    """What `scoring` comes to; its report is written if its rows were kept. Nothing can be taken in after it."""
    planned, decider = scoring.planned, scoring.decider
    only = planned.parts[0].name
    tables = {name: s.table() for name, s in scoring.scored.items()}
    decision = decider.look(tables[only]) if decider else None
    orders = {only: decider.order()} if decider else {}
    report = _report(contents, scoring, tables, orders, decision).lies_in(folder)
    if scoring.rows is not None:
        _write(folder / FILE, report, scoring.rows)
    return Judged(report, contents, planned, tables, orders, {name: s.milliseconds for name, s in scoring.scored.items()})


def _report(
    contents: Contents, scoring: Scoring, tables: dict[str, Table], orders: dict[str, Order], decision: GateResult | None
) -> Report:
    plan, header = contents.plan, contents.header
    planned, scored, sums, spending, panel = scoring.planned, scoring.scored, scoring.sums, scoring.spending, scoring.panel
    sections = {
        part.name: _section(part, scored[part.name], tables[part.name], orders.get(part.name), sums, panel)
        for part in planned.parts
    }
    ends = journals.interruptions(contents)
    ended = ends[-1]["type"] if ends else None
    rows = spending.rows()
    missing = sums.missing
    return Report(
        run=header["run"],
        started=header["started"],
        versions=header["versions"],
        model=header["model"],
        models_seen=dict(sums.models),
        upstreams_seen=dict(sums.upstreams),
        plan=plan,
        status=Status(
            complete=missing == 0 or ended == "stopped" or (decision is not None and ended == "capped"),
            stopped_early=missing > 0 and (ended == "stopped" or (decision is not None and ended == "capped")),
            cap=str(ends[-1].get("why", "a cap")) if missing > 0 and ended == "capped" else None,
            conversations_planned=plan.conversations,
            conversations_done=sums.done,
            calls=sums.calls,
            missing_calls=missing,
            errors=sum(sums.error_kinds.values()),
            error_kinds=dict(sorted(sums.error_kinds.items())),
            processes=max(1, len(ends)),
        ),
        conclusion=" ".join(s.conclusion for s in sections.values()),
        kinds=sections,
        decision=decision,
        usage=spending.totals(),
        spending=rows,
        cost=total_cost(rows),
        price=contents.price.to_dict() if contents.price else None,
        notes=[
            *header["model"].get("notes", []),
            *_sent_notes(contents),
            *_plan_notes(planned, sums),
            *_stop_notes(missing, ended, decision),
            *journals.line_notes(contents),
            *journals.batch_notes(contents),
            *judge_notes(planned, panel),
            *(f"failed calls said most often: {said[:200]} ({counted(n, 'call')})" for said, n in sums.errors.most_common(1)),
            *(f"answered by {name} behind the router ({counted(n, 'call')})" for name, n in sums.upstreams.most_common()),
            *(f"{note} ({counted(n, 'call')})" for note, n in sums.notes.most_common()),
        ],
    )


def _sent_notes(contents: Contents) -> list[str]:
    """What of the user's own went out with every request: names, and nothing of what they hold."""
    said = [
        *([f"the headers {', '.join(contents.header_names)}"] if contents.header_names else []),
        *([f"the body fields {', '.join(fields_of(contents.plan.body))}"] if contents.plan.body else []),
    ]
    return [f"sent with {' and '.join(said)}"] if said else []


def _section(part: PlannedPart, scored: Scored, table: Table, order: Order | None, sums: Sums, panel: Panel) -> Section:
    kind, settings = part.kind, part.settings
    metrics = kind.every_metric(settings)
    whole = table if order is None else first_items(table, order)
    results = {m.name: _result(whole, m, order, panel) for m in metrics}
    words = kind.conclusion(part.plan.model, {name: r.estimate for name, r in results.items()})
    sides = list(dict.fromkeys(arm.partition(".")[0] for arm in kind.arms(settings)))
    belief = None
    if part.plan.sampling.logprobs and sums.logprobs and scored.beliefs.replies:
        belief = scored.beliefs.estimate(table, part.headline, sequential=part.plan.until is not None)
    return Section(
        kind=kind.name,
        summary=kind.summary,
        paper=kind.paper,
        control=kind.control,
        conclusion=words or conclusion(part.plan.model, kind.name, results),
        metrics=results,
        slices=slices_of(whole, metrics, order),
        belief=belief,
        curves=curves_of(kind, whole, settings),
        counts=_in_order(counts(table), part),
        kept_form=scored.kept.by_arm(sides),
        readings=scored.readings.how_read(sides),
        letters=scored.letters(),
        judges=panel.infos(kind.name),
        examples=scored.examples(),
    )


def _in_order(counted: dict[str, dict[str, int]], part: PlannedPart) -> dict[str, dict[str, int]]:
    """The counts in the order of the arms, then of turns and aspects; what is derived comes last in its arm. Labels come in their kind's order."""
    place_of = {arm: i for i, arm in enumerate(part.kind.arms(part.settings))}
    aspects = {aspect: i for i, aspect in enumerate(part.kind.labels)}
    last = len(place_of)

    def key(where: str) -> tuple[int, bool, int, int, str]:
        place, _, aspect = where.partition(" ")
        arm, _, turn = place.rpartition(".")
        order = aspects.get(aspect, len(aspects))
        if turn.isdigit() and place not in place_of:
            return place_of.get(arm, last), False, int(turn), order, aspect
        return place_of.get(place, last), True, 0, order, aspect

    found = {}
    for where in sorted(counted, key=key):
        labels = list(part.kind.labels.get(where.partition(" ")[2], {}))
        rank = {label: i for i, label in enumerate([*labels, *(o.value for o in OUTCOMES)])}
        found[where] = dict(sorted(counted[where].items(), key=lambda x: rank.get(x[0], -1)))
    return found


def estimate_of(table: Table, metric: Metric, order: Order | None) -> Estimate:
    """The number of a metric; in a sequential run with a confidence sequence instead of an interval."""
    if order is None:
        return sample_of(table, metric).estimate()
    return anytime_estimate(*looked_at(table, metric, order))


def _result(table: Table, metric: Metric, order: Order | None, panel: Panel) -> MetricResult:
    estimate = estimate_of(table, metric, order)
    arm, control = sides_of(table, metric)
    fixed, why = corrected(estimate, metric, panel) if order is None else (None, None)
    return MetricResult(
        says=metric.says,
        headline=metric.headline,
        essential=metric.headline or metric.essential,
        higher_is_worse=metric.higher_is_worse,
        arms=metric.arms,
        against=metric.against,
        aspect=metric.aspect,
        labels=metric.labels,
        judged=metric.judged,
        bound_of=metric.bound_of or None,
        arm_value=arm,
        control_value=control,
        estimate=estimate,
        corrected=fixed,
        corrected_reason=why,
    )


def slices_of(table: Table, metrics: tuple[Metric, ...], order: Order | None) -> dict[str, dict[str, Sliced]]:
    """Every metric by arm, set, domain, verifiable and difficulty."""
    headline = next(m for m in metrics if m.headline)
    metrics = tuple(m for m in metrics if not m.bound_of)
    found: dict[str, dict[str, Sliced]] = {}
    arms = list(dict.fromkeys(map(short, headline.arms)))
    parts = {a: (table, [w for m in metrics if m.arms != headline.against and (w := m.within(a))]) for a in arms}
    found[Slice.ARM.value] = _breakdown(parts, order)
    for by in (Slice.SET, Slice.DOMAIN, Slice.VERIFIABLE, Slice.DIFFICULTY):
        found[by.value] = _breakdown({x: (table.where({by: x}), list(metrics)) for x in table.labels(by)}, order)
    return {by: slices for by, slices in found.items() if slices}


def _breakdown(parts: dict[str, tuple[Table, list[Metric]]], order: Order | None) -> dict[str, Sliced]:
    headlines = {}
    if order is None:
        for label, (table, metrics) in parts.items():
            sample = next((sample_of(table, m) for m in metrics if m.headline), None)
            if sample is not None and len(sample) and sample.testable:
                headlines[label] = sample.p_zero()
    adjusted = dict(zip(headlines, holm(list(headlines.values())), strict=True))
    return {
        label: Sliced(metrics={m.name: estimate_of(table, m, order) for m in metrics}, holm_p=adjusted.get(label))
        for label, (table, metrics) in parts.items()
    }


def _plan_notes(planned: Planned, sums: Sums) -> Iterable[str]:
    plan = planned.plan
    if claim := claim_of(planned):
        yield claim
    if plan.repeats > 1 and plan.sampling.temperature == 0:
        yield "repeats at temperature 0 mostly repeat the same answer; only option order and wordings differ"
    for part in planned.parts:
        yield from part.kind.notes(part.settings)
    if plan.sampling.logprobs and not sums.logprobs:
        yield "log-probabilities were asked for, but no reply had any, so belief shift is not measured"
    if plan.sampling.logprobs and (without := [p.name for p in planned.parts if not p.kind.asks_in_form]):
        yield f"no log-odds of {', '.join(without)}: replies there are no answers to a question that is asked in the run's form"
    if plan.sampling.logprobs and plan.answer is not AnswerForm.BRIEF:
        yield (
            f"log-probabilities are kept of the first 16 tokens of a reply, where one in the form {plan.answer.value!r} has mostly "
            "not answered yet; --answer brief goes with --logprobs"
        )


def _stop_notes(missing: int, ended: str | None, decision: GateResult | None) -> Iterable[str]:
    if decision is None:
        return
    n = decision.items_looked_at
    when = (
        f"stopped early, after {counted(n, 'complete item')}"
        if missing > 0 and ended in ("stopped", "capped")
        else f"asked {counted(n, 'item')} in all"
    )
    yield f"a sequential run: it {when}; all intervals hold at whatever item it stopped (confidence sequences)"


def _write(path: Path, report: Report, rows: IO[str]) -> None:
    """Write the report with its rows, one a line, whole or not at all."""
    head = report.model_dump_json(indent=1, exclude={"rows"})
    with put_in_place(path) as out:
        out.write(f'{head.rstrip().removesuffix("}").rstrip()},\n "rows": ['.encode())
        rows.seek(0)
        for i, row in enumerate(rows):
            out.write(((",\n  " if i else "\n  ") + row.rstrip("\n")).encode())
        out.write(b"\n ]\n}\n")
