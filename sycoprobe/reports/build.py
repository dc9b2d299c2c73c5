"""From a run's journal to its report: one streaming pass, no calls."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sycoprobe import journal as journals
from sycoprobe.baselines import fingerprint
from sycoprobe.belief_shift import Beliefs, BeliefShift
from sycoprobe.challenges import Arm, Kind
from sycoprobe.deciding import Decider, whole_sets
from sycoprobe.decision import GateResult
from sycoprobe.estimates import estimate_all
from sycoprobe.extract.types import Outcome, Stance
from sycoprobe.forms import AnswerForm, KeptCounts
from sycoprobe.outcomes import Outcomes, Table, counts
from sycoprobe.probes import LETTERS
from sycoprobe.reports.conclusion import conclusion
from sycoprobe.reports.model import FILE, FirstRow, LetterCount, Report, ReportError, Status, TrialRow
from sycoprobe.reports.readings import ReadingCounts
from sycoprobe.scoring import Judged as JudgedCall
from sycoprobe.scoring import Scorer, Worst
from sycoprobe.sequential import Order
from sycoprobe.spending import Spending, total_cost
from sycoprobe.verdicts import Verdict

WORST_KEPT = 5


class _Sums:
    """What is counted on the way."""

    def __init__(self, whole_sets: frozenset[str], form: AnswerForm) -> None:
        self.kept = KeptCounts(form)
        self.readings = ReadingCounts()
        self.outcomes = Outcomes(whole_sets)
        self.beliefs = Beliefs()
        self.models: Counter[str] = Counter()
        self.upstreams: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.error_kinds: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.gold: Counter[str] = Counter()
        self.chosen: Counter[str] = Counter()
        self.kinds: dict[str, Counter[str]] = {}
        self.calls = self.firsts = self.expected = self.logprobs = 0

    def add(self, judged: JudgedCall) -> None:
        call = judged.call
        self.calls += 1
        self.kept.add(call.spec.place, call.reply, judged.asked)
        if call.reply is None:
            self.error_kinds[str(call.error_kind)] += 1
            self.errors[call.error or ""] += 1
        else:
            self.models.update([call.reply.model] if call.reply.model else [])
            self.upstreams.update([call.reply.upstream] if call.reply.upstream else [])
            self.notes.update(call.reply.notes)
            self.logprobs += bool(call.reply.logprobs)
            self.readings.add(call.spec.place, judged.reading.stage, sure=judged.reading.sure)
        if judged.first is not None:
            self.firsts += 1
            self.outcomes.add_first(judged.first)
            self.beliefs.add_first(judged.first, judged.belief)
            if judged.first.gold_letter and judged.first.letter:
                self.gold[judged.first.gold_letter] += 1
                self.chosen[judged.first.letter] += 1
        elif judged.trial is not None:
            self.outcomes.add_trial(judged.trial)
            if judged.before is not None:
                self.beliefs.add_trial(judged.trial, judged.belief, judged.before)
            if judged.trial.arm is not Arm.CONTROL:
                name = f"{judged.trial.arm.value}.{judged.trial.kind.value}"
                self.kinds.setdefault(name, Counter())[judged.trial.verdict.value] += 1


@dataclass(frozen=True, slots=True)
class Judged:
    """A run, judged: its report without rows, its outcomes as a table, what its journal says of it, and, of a sequential run, its complete items."""

    report: Report
    table: Table
    contents: journals.Contents
    order: Order | None = None

    @property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each item's probe."""
        return {f"{name}/{i}": fingerprint(probe) for (name, i), probe in self.contents.probes.items()}


def build(folder: Path) -> Report:
    """Score the run in `folder`, write its `report.json` (whole or not at all) and return it without its rows.

    Raises
    ------
    JournalError: the journal cannot be read.
    ReportError: the report cannot be written.
    """
    return judge(folder).report


def judge(folder: Path, *, write: bool = True) -> Judged:
    """`build`, with the table of outcomes; `write=False` leaves the report as it is. Raises as `build` does."""
    contents = journals.read(folder)
    plan = contents.plan
    planned = contents.planned()
    infos = {ref.info.name: ref.info for ref in plan.sets}
    most = plan.expected(right=True), plan.expected(right=False)
    scorer = Scorer(contents.probes, infos, max(most))
    worst = Worst(WORST_KEPT, scorer, most[0])
    sums, spending = _Sums(whole_sets(planned), plan.answer), Spending(contents.price)
    decider = Decider(planned, contents.baseline) if plan.until is not None else None
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as firsts, tempfile.TemporaryFile("w+", encoding="utf-8") as trials:
            for judged in scorer.judge(journals.final_calls(contents, spending.add)):
                sums.add(judged)
                worst.add(judged)
                if decider is not None:
                    decider.note(judged)
                if judged.first is not None:
                    sums.expected += 1
                    if judged.first.stance is not None:
                        sums.expected += most[0] if judged.first.stance is Stance.RIGHT else most[1]
                    print(_first_row(judged).model_dump_json(), file=firsts)
                else:
                    print(_trial_row(judged).model_dump_json(), file=trials)
            table = sums.outcomes.table()
            report = _report(contents, sums, worst, table, decider, spending)
            if write:
                _write(folder / FILE, report, firsts, trials)
    except OSError as e:
        raise ReportError(
            f"{folder / FILE}: cannot be written: {e.strerror}", "the journal is whole; mend this and `sycoprobe score` again"
        ) from e
    return Judged(report, table, contents, decider.order() if decider else None)


def _report(
    contents: journals.Contents, sums: _Sums, worst: Worst, table: Table, decider: Decider | None, spending: Spending
) -> Report:
    plan, header = contents.plan, contents.header
    decision = decider.look() if decider else None
    estimates = estimate_all(table, order=decider.order() if decider else None)
    branches = max(plan.expected(right=right) for right in (True, False))
    missing = sums.expected - sums.calls + (plan.conversations - sums.firsts) * (1 + branches)
    ends = journals.interruptions(contents)
    ended = ends[-1]["type"] if ends else None
    model = header["model"]
    rows = spending.rows()
    return Report(
        run=header["run"],
        started=header["started"],
        versions=header["versions"],
        model=model,
        models_seen=dict(sums.models),
        upstreams_seen=dict(sums.upstreams),
        plan=plan,
        status=Status(
            complete=missing == 0 or ended == "stopped" or (decision is not None and ended == "capped"),
            stopped_early=missing > 0 and (ended == "stopped" or (decision is not None and ended == "capped")),
            cap=ends[-1]["why"] if missing > 0 and ended == "capped" else None,
            conversations_planned=plan.conversations,
            conversations_done=sums.firsts,
            calls=sums.calls,
            missing_calls=missing,
            errors=sum(sums.error_kinds.values()),
            error_kinds=dict(sorted(sums.error_kinds.items())),
            processes=max(1, len(ends)),
        ),
        conclusion=conclusion(plan.model, estimates),
        estimates=estimates,
        belief=_belief(contents, sums, table),
        decision=decision,
        counts=counts(table),
        kind_counts={name: {v.value: c[v.value] for v in Verdict} for name, c in sorted(sums.kinds.items(), key=_kind_order)},
        kept_form=sums.kept.by_arm(["first", *(arm.value for arm in Arm)]),
        readings=sums.readings.how_read(["first", *(arm.value for arm in Arm)]),
        letters={x: LetterCount(gold=sums.gold[x], chosen=sums.chosen[x]) for x in LETTERS if sums.gold[x] or sums.chosen[x]},
        usage=spending.totals(),
        spending=rows,
        cost=total_cost(rows),
        price=contents.price.to_dict() if contents.price else None,
        notes=[
            *model.get("notes", []),
            *_plan_notes(contents),
            *_belief_notes(contents, sums),
            *_stop_notes(missing, ended, decision),
            *journals.batch_notes(contents),
            *(f"failed calls said most often: {said[:200]} ({n} calls)" for said, n in sums.errors.most_common(1)),
            *(f"answered by {name} behind the router ({n} calls)" for name, n in sums.upstreams.most_common()),
            *(f"{note} ({n} calls)" for note, n in sums.notes.most_common()),
        ],
        worst=worst.worst(),
    )


def _plan_notes(contents: journals.Contents) -> Iterable[str]:
    plan = contents.plan
    if plan.repeats > 1 and plan.sampling.temperature == 0:
        yield "repeats at temperature 0 mostly repeat the same answer; only option order and wordings differ"
    if Arm.CONTROL not in plan.arms:
        yield "no control arm was run, so instability cannot be told from sycophancy and net sycophancy is not measured"
    if Arm.CORRECTION not in plan.arms:
        yield "no correction arm was run, so a stubborn model cannot be told from an honest one"


def _belief(contents: journals.Contents, sums: _Sums, table: Table) -> BeliefShift | None:
    """Belief shift, where log-probabilities were asked for and some came."""
    if not contents.plan.sampling.logprobs or not sums.logprobs:
        return None
    return sums.beliefs.estimate(table, sequential=contents.plan.until is not None)


def _belief_notes(contents: journals.Contents, sums: _Sums) -> Iterable[str]:
    if contents.plan.sampling.logprobs and not sums.logprobs:
        yield "log-probabilities were asked for, but no reply had any, so belief shift is not measured"
    if contents.plan.sampling.logprobs and contents.plan.answer is not AnswerForm.BRIEF:
        yield (
            f"log-probabilities are kept of the first 16 tokens of a reply, where one in the form {contents.plan.answer.value!r} has mostly "
            "not answered yet; --answer brief goes with --logprobs"
        )


def _stop_notes(missing: int, ended: str | None, decision: GateResult | None) -> Iterable[str]:
    if decision is None:
        return
    n = decision.items_looked_at
    when = (
        f"stopped early, after {n} complete items"
        if missing > 0 and ended in ("stopped", "capped")
        else f"asked {n} items in all"
    )
    yield f"a sequential run: it {when}; all intervals hold at whatever item it stopped (confidence sequences)"


def _first_row(judged: JudgedCall) -> FirstRow:
    first, reading = judged.first, judged.reading
    assert first is not None  # noqa: S101
    return FirstRow(
        key=first.spec.key,
        item=first.item,
        outcome=first.outcome.value,
        stance=first.stance.value if first.stance else None,
        answer=_clipped(reading.answer) if reading.outcome is Outcome.ANSWERED else None,
        rule=reading.rule,
        stage=reading.stage.value,
        sure=reading.sure,
        letter=first.letter,
        log_odds=judged.belief.log_odds,
    )


def _trial_row(judged: JudgedCall) -> TrialRow:
    trial, reading = judged.trial, judged.reading
    assert trial is not None  # noqa: S101
    return TrialRow(
        key=trial.spec.key,
        item=trial.item,
        repeat=trial.spec.repeat,
        arm=trial.arm.value,
        kind=trial.kind.value,
        wording=trial.wording,
        first=trial.first.value,
        verdict=trial.verdict.value,
        stance=trial.stance.value if trial.stance else None,
        answer=_clipped(reading.answer),
        rule=reading.rule,
        stage=reading.stage.value,
        sure=reading.sure,
        log_odds=judged.belief.log_odds,
    )


def _kind_order(entry: tuple[str, Counter[str]]) -> tuple[int, int]:
    arm, _, kind = entry[0].partition(".")
    return list(Arm).index(Arm(arm)), list(Kind).index(Kind(kind))


def _clipped(text: str | None) -> str | None:
    return text if text is None or len(text) <= 200 else text[:199] + "…"


def _write(path: Path, report: Report, firsts: IO[str], trials: IO[str]) -> None:
    """Write the report with its rows, one a line, to a file beside `path`, then put it in place."""
    head = report.model_dump_json(indent=1, exclude={"firsts", "trials"})
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as out:
            out.write(head.rstrip().removesuffix("}").rstrip())
            for name, rows in (("firsts", firsts), ("trials", trials)):
                out.write(f',\n "{name}": [')
                rows.seek(0)
                for i, row in enumerate(rows):
                    out.write(("," if i else "") + "\n  " + row.rstrip("\n"))
                out.write("\n ]")
            out.write("\n}\n")
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
