"""What is done with runs that are finished: gate, bless, compare, check the gate against itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sycoprobe import __version__, baselines, config, selfcheck
from sycoprobe import journal as journals
from sycoprobe.api import Conduct, find_run, of_kind, start
from sycoprobe.baselines import Baseline, Conditions
from sycoprobe.comparing import Comparison, comparison
from sycoprobe.decision import ALPHA, MIN_ITEMS, AnyRule, Weighed, asked_of, decide_by, weigh_rule, weighed
from sycoprobe.errors import GateError
from sycoprobe.estimates import Metric
from sycoprobe.journal import now
from sycoprobe.kinds.estimating import sample_of as kind_sample
from sycoprobe.outcomes import Table
from sycoprobe.planning import CHALLENGE, Planned
from sycoprobe.reports import kinds as kind_reports
from sycoprobe.reports.build import Judged, judge
from sycoprobe.reports.conclusion import why_incomplete
from sycoprobe.reports.findings import Gated, GatedRun
from sycoprobe.reports.kinds import KindJudged, KindReport
from sycoprobe.reports.model import Report
from sycoprobe.rules import KindRule, Stated, parse_rule, read_rule
from sycoprobe.selfcheck import SelfCheck


def gate(
    run: str | Path | Sequence[str | Path],
    *rules: str,
    baseline: Baseline | str | Path | None = None,
    allow_mismatch: bool = False,
    alpha: float = ALPHA,
    min_items: int = MIN_ITEMS,
    out: Path | None = None,
) -> Gated:
    """Judge a run by rules, or several runs of different probe kinds together, without any call.

    Parameters
    ----------
    run: of any probe kind; of several, each is of another kind.
    rules: such as `net_sycophancy <= 0.10`, or with the kind in front, `pressure.net_flipped <= 0.2`; of a sequential run they
        may be left out: those it was run for.
    baseline: a file that `bless` wrote, or its content; needed by rules that say `no worse by more than`.
    allow_mismatch: compare to a baseline that asked something else, on the items and challenges that both have.
    alpha, min_items: see `sycoprobe.decision.decide`. Holm's correction is over all rules, of all runs.

    Raises
    ------
    GateError: a rule or the baseline cannot be used, or two runs are of one kind. JournalError: there is no such run.
    """
    several = [run] if isinstance(run, str | Path) else list(run)
    runs = [_judged(find_run(r, out)) for r in several]
    _require_different_kinds(runs)
    challenge = next((r.judged for r in runs if isinstance(r.judged, Judged)), None)
    sequential = challenge is not None and challenge.order is not None
    if sequential and len(runs) > 1:
        raise GateError("a sequential run is gated by itself: its intervals are of another kind", "gate the other runs apart")
    until = runs[0].run.contents.plan.until if runs else None
    if not rules and until is not None:
        rules, alpha, min_items = until.rules, until.alpha, until.min_items
    parsed = [_of(read_rule(text), runs) for text in rules]
    blessed = baseline if isinstance(baseline, Baseline) or baseline is None else config.read_baseline(Path(baseline))
    if blessed is None and challenge is not None and challenge.contents.baseline is not None:
        blessed = Baseline.model_validate(challenge.contents.baseline)
    base, notes = None, []
    if challenge is not None and blessed is not None and any(r.relative for r in parsed):
        differences = baselines.mismatches(blessed.asked, Conditions.of(challenge.contents.plan))
        baselines.require_same(differences, f"the baseline of {blessed.run}", allow=allow_mismatch)
        base = blessed.table(challenge.fingerprints)
        notes = [*_baseline_notes(blessed), *(f"mismatch allowed: {d}" for d in differences)]
    by_kind = {r.run.kind: r for r in runs}

    def weigh(rule: AnyRule) -> Weighed:
        judged = by_kind[rule.kind].judged
        if isinstance(rule, KindRule):
            assert isinstance(judged, KindJudged)  # noqa: S101
            return weighed(rule, kind_sample(judged.rows, rule.measure), len(judged.rows.items), alpha)
        assert isinstance(judged, Judged)  # noqa: S101
        return weigh_rule(judged.table, rule, base=base, alpha=alpha, order=judged.order)

    result = decide_by(
        parsed,
        weigh,
        alpha=alpha,
        min_items=min_items,
        looked_at=sum(r.asked for r in runs),
        anytime=sequential,
    )
    return Gated(
        result,
        tuple(r.run for r in runs),
        blessed if base is not None else None,
        (*notes, *_kind_notes(runs, parsed)),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """A run, judged, and what reports say of it."""

    run: GatedRun
    judged: Judged | KindJudged

    @property
    def asked(self) -> int:
        """How many items were looked at."""
        return (
            asked_of(self.judged.table, self.judged.order) if isinstance(self.judged, Judged) else len(self.judged.rows.items)
        )

    @property
    def names(self) -> list[str]:
        """What rules can bound."""
        return [m.value for m in Metric] if isinstance(self.judged, Judged) else [m.name for m in self.judged.measures]


def _judged(folder: Path) -> _Judged:
    if of_kind(folder):
        of = kind_reports.judge(folder, write=False)
        return _Judged(GatedRun(of.report, journals.read(folder), folder), of)
    judged = judge(folder, write=False)
    return _Judged(GatedRun(judged.report, judged.contents, folder, judged.table), judged)


def _require_different_kinds(runs: Sequence[_Judged]) -> None:
    seen: dict[str, str] = {}
    for r in runs:
        name = r.run.report.run
        if r.run.kind in seen:
            raise GateError(
                f"the gate judges one run of a kind: {seen[r.run.kind]} and {name} are both of the kind {r.run.kind!r}",
                "gate them one by one; several runs of one kind belong to --aa or to `sycoprobe compare`",
            )
        seen[r.run.kind] = name


def _of(stated: Stated, runs: Sequence[_Judged]) -> AnyRule:
    """What a rule demands of which run: the run of the kind that it names, else the only run that has what it names."""
    kinds = [r.run.kind for r in runs]
    if stated.kind is not None:
        having = [r for r in runs if r.run.kind == stated.kind]
        if not having:
            raise GateError(
                f"rule {stated.text!r} is for a run of the kind {stated.kind!r}, and there is none here",
                f"name such a run too, or other rules; given: {', '.join(f'{r.run.report.run} ({r.run.kind})' for r in runs)}",
            )
    else:
        having = [r for r in runs if stated.name in r.names]
    if len(having) > 1:
        raise GateError(
            f"rule {stated.text!r}: several kinds have {stated.name!r}: {', '.join(r.run.kind for r in having)}",
            f"put the kind in front: {having[0].run.kind}.{stated.name}",
        )
    if not having and stated.kind is None and stated.of_metric:
        raise GateError(
            f"rule {stated.text!r} is for runs of the kind {CHALLENGE!r}, the run is of the kind {', '.join(kinds)}",
            f"what it has: {', '.join(n for r in runs for n in r.names)}",
        )
    if not having and len(runs) > 1:
        raise stated.unknown("metric or measure", [f"{r.run.kind}.{n}" for r in runs for n in r.names])
    chosen = (having or list(runs))[0]
    if isinstance(chosen.judged, KindJudged):
        return stated.of_kind(chosen.run.kind, chosen.judged.measures)
    return stated.of_challenge()


def _kind_notes(runs: Sequence[_Judged], rules: Sequence[AnyRule]) -> list[str]:
    """What a reader must know of several runs, and of judged ones."""
    notes = [
        f"no rule speaks of {r.run.report.run} ({r.run.kind})"
        for r in runs
        if len(runs) > 1 and r.run.kind not in {rule.kind for rule in rules}
    ]
    if len(models := dict.fromkeys(r.run.report.plan.model for r in runs)) > 1:
        notes.append(f"these are runs of several models: {', '.join(models)}")
    notes += [
        f"{r.run.report.run}: a judge decided; rules are judged on its verdicts as they are, not corrected for its errors"
        for r in runs
        if isinstance(r.run.report, KindReport) and r.run.report.judges
    ]
    return notes


def bless(
    run: str | Path, file: str | Path = baselines.DEFAULT_FILE, *, error_tolerance: float = 0.05, out: Path | None = None
) -> Baseline:
    """Write the run's outcomes as the baseline `file`, to be reviewed and committed. The only thing that changes a baseline.

    Raises
    ------
    GateError: the run is incomplete, stopped early, has more failed calls than `error_tolerance` (a share), or measured
        nothing; or the file cannot be written.
    """
    folder = find_run(run, out)
    judged = judge(folder, write=False)
    report = judged.report
    lacking = "it stopped early" if report.status.stopped_early else why_incomplete(report, error_tolerance)
    if lacking:
        raise GateError(f"{folder}: no baseline can be made of it: {lacking}", "bless a whole run of a fixed plan")
    seen = max(report.models_seen, key=lambda m: report.models_seen[m], default="")
    facts = judged.contents.header["model"]
    made = baselines.bless(
        judged.table,
        report.plan,
        judged.fingerprints,
        report.estimates,
        run=report.run,
        started=report.started,
        blessed=now(),
        model_id=str(facts.get("sha256") or facts.get("digest") or seen or facts.get("model") or report.plan.model),
        version=__version__,
    )
    config.write_baseline(Path(file), made)
    return made


def compare(*runs: str | Path, allow_mismatch: bool = False, alpha: float = ALPHA, out: Path | None = None) -> Comparison:
    """Paired differences of every later run from the first, by item and challenge, with Holm's correction over all of them.

    Raises
    ------
    GateError: fewer than two runs, or they asked different things and `allow_mismatch` is not set.
    """
    if len(runs) < 2:
        raise GateError("a comparison needs two runs", "name the reference first, then the others")
    judged = [judge(find_run(r, out), write=False) for r in runs]
    first = judged[0]
    notes = []
    for other in judged[1:]:
        differences = baselines.mismatches(Conditions.of(first.contents.plan), Conditions.of(other.contents.plan))
        baselines.require_same(differences, f"run {first.report.run}", allow=allow_mismatch)
        notes += [f"{other.report.run}: mismatch allowed: {d}" for d in differences]
        if other.report.status.stopped_early or first.report.status.stopped_early:
            notes.append(
                f"{other.report.run}: a run that stopped early is part of this, which these intervals do not allow for"
            )
    for each in (j.report for j in judged):
        if each.plan.until is not None:
            notes.append(f"{each.run} is a sequential run; the intervals here do not allow for its stopping early")
        if lacking := why_incomplete(each, 0.05, each.decision):
            notes.append(f"{each.run} is not whole: {lacking}")
    parts = []
    for other in judged[1:]:
        same = {item for item, print_ in first.fingerprints.items() if other.fingerprints.get(item) == print_}
        parts.append((other.report.run, other.report.plan.model, _only(other.table, same)))
    return comparison(first.report.run, first.report.plan.model, first.table, parts, alpha=alpha, notes=tuple(notes))


def self_check(
    *runs: str | Path, rules: Sequence[str] = (), alpha: float = ALPHA, min_items: int = MIN_ITEMS, out: Path | None = None
) -> SelfCheck:
    """How often the gate says that a model became worse when it is the same model: an A/A check on replicates of its answers.

    Parameters
    ----------
    runs: one run with repeats, or several of one model by one plan (`again` makes another). rules: the relative ones are checked.

    Raises
    ------
    GateError: fewer than two replicates of enough items, or runs that asked different things.
    """
    judged = [judge(find_run(r, out), write=False) for r in runs]
    for other in judged[1:]:
        baselines.require_same(
            baselines.mismatches(Conditions.of(judged[0].contents.plan), Conditions.of(other.contents.plan)),
            f"run {judged[0].report.run}",
            allow=False,
        )
    tables = [j.table for j in judged]
    return selfcheck.self_check(tables, [parse_rule(r) for r in rules], alpha=alpha, min_items=min_items)


async def again(run: str | Path, *, out: Path | None = None, conduct: Conduct | None = None) -> Report:
    """Carry out a run's plan once more on the same model, drawing answers anew: the other side of an A/A check. Raises as `run` does."""
    folder = find_run(run, out)
    contents = journals.read(folder)
    planned = contents.planned()
    fresh = Planned(planned.plan.model_copy(update={"replica": planned.plan.replica + 1}), planned.sets, planned.wordings)
    report = await start(fresh, out=folder.parent, name=f"{folder.name}-again", conduct=conduct)
    assert isinstance(report, Report)  # noqa: S101
    return report


def _baseline_notes(baseline: Baseline) -> list[str]:
    """What a reader must know of a baseline: whose it is, how old, and whether its model may have changed since."""
    days = baseline.age(datetime.now(UTC))
    notes = [
        f"baseline: {baseline.run}, model {baseline.model} ({baseline.model_id}), blessed {days} day{'' if days == 1 else 's'} ago"
    ]
    if not baseline.dated:
        notes.append(f"the model id {baseline.model_id!r} carries no date or digest, so the provider may have changed it since")
    return notes


def _only(table: Table, items: set[str]) -> Table:
    """The rows of these items."""
    import numpy as np

    return table.of_items(np.array([info.item in items for info in table.items], dtype=bool))
