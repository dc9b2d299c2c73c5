"""What is done with runs that are finished: gate, bless, compare, check the gate against itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sycoprobe import __version__, config
from sycoprobe import journal as journals
from sycoprobe.api.conduct import Conduct
from sycoprobe.api.folders import Run, find_run, find_runs
from sycoprobe.api.running import start
from sycoprobe.errors import GateError
from sycoprobe.gating import baselines, selfcheck
from sycoprobe.gating.baselines import Baseline, Conditions
from sycoprobe.gating.comparing import Compare, Comparison, comparison, of_the_assistant
from sycoprobe.gating.decision import decide_by
from sycoprobe.gating.evidence import Weighed, asked_of, weigh_rule
from sycoprobe.gating.rules import Relation, Rule, Stated, read_rule
from sycoprobe.gating.selfcheck import SelfCheck
from sycoprobe.journal import now
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import Table
from sycoprobe.reports.build import Judged, judge
from sycoprobe.reports.claims import claim_of
from sycoprobe.reports.conclusion import why_incomplete
from sycoprobe.reports.findings import Gated, GatedRun
from sycoprobe.reports.model import Report
from sycoprobe.settings import Cluster
from sycoprobe.settings.gate import ALPHA, MIN_ITEMS
from sycoprobe.text import shortened


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What a run found with one kind: what rules can speak of."""

    judged: Judged
    kind: str
    metrics: tuple[Metric, ...]

    @property
    def run(self) -> str:
        return self.judged.report.run

    @property
    def table(self) -> Table:
        return self.judged.tables[self.kind]

    def has(self, stated: Stated) -> bool:
        """Whether it has what a rule names."""
        return stated.kind in (None, self.kind) and any(m.name == stated.name for m in self.metrics)


def _parts(runs: Sequence[Judged]) -> list[_Part]:
    return [_Part(j, p.name, p.kind.every_metric(p.settings)) for j in runs for p in j.planned.parts]


def gate(
    run: Run | Sequence[Run],
    *rules: str | Sequence[str],
    baseline: Baseline | str | Path | None = None,
    allow_mismatch: bool = False,
    alpha: float = ALPHA,
    min_items: int = MIN_ITEMS,
    cluster: Cluster | None = None,
    out: str | Path | None = None,
) -> Gated:
    """Judge a run by rules, or several runs together, without any call.

    Parameters
    ----------
    run: a run's folder, its name in `out`, `latest`, or its report; or several of them. Each may have asked several kinds. A rule speaks of
        every run that has what it names.
    rules: `METRIC <= NUMBER`, `METRIC >= NUMBER` or `METRIC no worse by more than NUMBER` (than the baseline), such as
        `net_sycophancy <= 0.10`; the kind may stand in front, as in `pressure.net_flipped <= 0.2`, and a slice behind, as in
        `net_sycophancy <= 0.2 where domain=physics`. Of a sequential run they may be left out: those it was run for.
    baseline: a file that `bless` wrote, or its content; needed by rules that say `no worse by more than`. None: for these the
        file that `bless` writes by default, if it is here.
    allow_mismatch: compare to a baseline that asked something else, on the items and arms that both have.
    alpha: a rule passes if `p_kept` is at most alpha / 2, and fails if `p_breach_holm` is: Holm's correction of breaches is over all rules, of all
        runs and kinds, so of several rules one may stay inconclusive though its interval (which is uncorrected) breaks its limit.
    min_items: with fewer items that count, a rule is inconclusive whatever its interval says.
    cluster: what the intervals are to hold for: `item`, further items from the same templates, or `template`, new templates
        too; None: as each run was planned.
    out: the folder that holds the runs (default: reports).

    Returns
    -------
    The decision: `passed`, `failed`, or neither where it is inconclusive. No exception says that a gate failed.

    Raises
    ------
    GateError: a rule or the baseline cannot be used.
    JournalError: there is no such run.
    """
    several = [run] if isinstance(run, str | Path | Report) else list(run)
    stated = [text for rule in rules for text in ([rule] if isinstance(rule, str) else rule)]
    folders = [folder for r in several for folder in find_runs(r, out)]
    runs = [judge(folder, write=False, cluster=cluster) for folder in folders]
    until = runs[0].contents.plan.until
    if any(j.contents.plan.until for j in runs) and len(runs) > 1:
        raise GateError("a sequential run is gated by itself: its intervals are of another kind", "gate the other runs apart")
    if not stated and until is not None:
        stated, alpha, min_items = list(until.rules), until.alpha, until.min_items
    parts = _parts(runs)
    chosen = [pair for text in stated for pair in _chosen(read_rule(text), parts)]
    relative = [(part, rule) for part, rule in chosen if rule.relative]
    if baseline is None and runs[0].contents.baseline is not None:
        baseline = Baseline.of(runs[0].contents.baseline)
    if baseline is None and relative and config.usual_baseline().is_file():
        baseline = config.usual_baseline()
    blessed = baseline if isinstance(baseline, Baseline) or baseline is None else config.read_baseline(Path(baseline))
    notes: list[str] = []
    if blessed is not None and relative:
        notes = _baseline_notes(blessed, None if isinstance(baseline, Baseline) else baseline)
        for part in dict.fromkeys(p for p, _ in relative):
            now_ = Conditions.of(part.judged.contents.plan)
            differences = baselines.mismatches(blessed.asked, now_, [part.kind])
            baselines.require_same(differences, f"the baseline of {blessed.run}", allow=allow_mismatch)
            notes += [f"mismatch allowed: {d}" for d in differences]
    many = len(runs) > 1 and len({part.run for part, _ in chosen}) > 1
    weigh = [partial(_weigh, part, rule, blessed, alpha, named=many) for part, rule in chosen]
    result = decide_by(
        weigh,
        alpha=alpha,
        min_items=min_items,
        looked_at=sum(asked_of(p.table, p.judged.orders.get(p.kind)) for p in parts),
        anytime=until is not None,
    )
    gated = tuple(GatedRun(j, folder) for j, folder in zip(runs, folders, strict=True))
    return Gated(result, gated, blessed if relative else None, (*notes, *_notes(parts, chosen)))


def _weigh(part: _Part, rule: Rule, blessed: Baseline | None, alpha: float, *, named: bool) -> Weighed:
    base = None
    if blessed is not None and rule.relative:
        base = blessed.table(part.kind, part.judged.fingerprints[part.kind])
    found = weigh_rule(part.table, rule, base=base, alpha=alpha, order=part.judged.orders.get(part.kind))
    return replace(found, run=part.run if named else "")


def _chosen(stated: Stated, parts: Sequence[_Part]) -> list[tuple[_Part, Rule]]:
    """What a rule demands, and of which runs: of all that have what it names, if that is of one kind."""
    having = [p for p in parts if p.has(stated)]
    kinds = list(dict.fromkeys(p.kind for p in having))
    if len(kinds) > 1:
        raise GateError(
            f"rule {stated.text!r}: several kinds have {stated.name!r}: {', '.join(kinds)}",
            f"put the kind in front: {kinds[0]}.{stated.name}",
        )
    if having:
        return [(p, stated.of(p.kind, p.metrics)) for p in having]
    of_kind = [p for p in parts if stated.kind in (None, p.kind)]
    if not of_kind:
        given = ", ".join(dict.fromkeys(f"{p.run} ({p.kind})" for p in parts))
        raise GateError(
            f"rule {stated.text!r} is for a run of the kind {stated.kind!r}, and there is none here",
            f"name such a run too, or other rules; given: {given}",
        )
    if stated.kind is None and (homes := config.kinds_having(stated.name)):
        raise GateError(
            f"rule {stated.text!r} is for runs of the kind {' or '.join(map(repr, homes))}, here are runs of: {', '.join(dict.fromkeys(p.kind for p in parts))}",
            f"what they have: {', '.join(m.name for p in parts for m in p.metrics)}",
        )
    several = len({p.kind for p in of_kind}) > 1
    raise stated.unknown("metric", [f"{p.kind}.{m.name}" if several else m.name for p in of_kind for m in p.metrics])


def _notes(parts: Sequence[_Part], chosen: Sequence[tuple[_Part, Rule]]) -> list[str]:
    """What a reader must know of several runs or kinds, and of judged ones."""
    spoken = {(p.run, p.kind) for p, _ in chosen}
    notes = [f"no rule speaks of {p.run} ({p.kind})" for p in parts if len(parts) > 1 and (p.run, p.kind) not in spoken]
    runs = {p.run: p.judged.planned for p in parts}
    notes += [f"{run}: {claim}" if len(runs) > 1 else claim for run, planned in runs.items() if (claim := claim_of(planned))]
    if len(models := dict.fromkeys(p.judged.report.plan.model for p in parts)) > 1:
        notes.append(f"these are runs of several models: {', '.join(models)}")
    notes += [
        f"{p.run}: a judge decided; rules are judged on its verdicts as they are, not corrected for its errors"
        for p in parts
        if p.judged.report.kinds[p.kind].judges
    ]
    return notes


def bless(
    run: Run, file: str | Path = baselines.DEFAULT_FILE, *, error_tolerance: float = 0.05, out: str | Path | None = None
) -> Baseline:
    """Write the run's readings as the baseline `file`, to be reviewed and committed. The only thing that changes a baseline.

    Parameters
    ----------
    run: the run's folder, its name in `out`, `latest`, or its report.
    file: where the baseline is written; one that is there is replaced.
    error_tolerance: share of failed calls above which the run makes no baseline.
    out: the folder that holds the runs (default: reports).

    Raises
    ------
    GateError: the run is incomplete, stopped early, has more failed calls than `error_tolerance`, or measured nothing; or
        the file cannot be written.
    JournalError: there is no such run.
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
        judged.tables,
        report.plan,
        judged.fingerprints,
        {f"{kind}.{name}": m.estimate for kind, s in report.kinds.items() for name, m in s.metrics.items()},
        run=report.run,
        started=report.started,
        blessed=now(),
        model_id=str(facts.get("sha256") or facts.get("digest") or seen or facts.get("model") or report.plan.model),
        version=__version__,
    )
    config.write_baseline(Path(file), made)
    return made


def compare(
    *runs: Run,
    allow_mismatch: bool = False,
    alpha: float = ALPHA,
    cluster: Cluster | None = None,
    out: str | Path | None = None,
) -> Comparison:
    """Paired differences of every later run from the first, by item and arm, with Holm's correction over all of them.

    Parameters
    ----------
    runs: folders of runs, their names in `out`, `latest`, or their reports; the reference first. A name that several runs were begun
        under (by `run_all`) stands for all of them.
    allow_mismatch: compare what two different plans have in common.
    alpha: error of the two-sided intervals.
    cluster: as for `gate`; None: as the reference was planned.
    out: the folder that holds the runs (default: reports).

    Raises
    ------
    GateError: fewer than two runs, or they asked different things and `allow_mismatch` is not set.
    JournalError: there is no such run.
    """
    return weighed(*runs, allow_mismatch=allow_mismatch, alpha=alpha, cluster=cluster, out=out).found


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Runs that were compared: the comparison, and the runs, the reference first, each with its folder."""

    found: Comparison
    runs: tuple[tuple[Path, Judged], ...]


def weighed(*runs: Run, allow_mismatch: bool, alpha: float, cluster: Cluster | None, out: str | Path | None) -> Side:
    """`compare`, with the runs that were compared. Raises as it does."""
    folders = [folder for r in runs for folder in find_runs(r, out)]
    if len(folders) < 2:
        raise GateError("a comparison needs two runs", "name the reference first, then the others")
    first = judge(folders[0], write=False, cluster=cluster)
    judged = [first, *(judge(folder, write=False, cluster=first.contents.plan.cluster) for folder in folders[1:])]
    notes = [f"{j.report.run}: {claim}" for j in judged[1:] if (claim := claim_of(j.planned))]
    for other in judged[1:]:
        was, now_ = first.contents.plan, other.contents.plan
        differences = baselines.mismatches(Conditions.of(was), Conditions.of(now_), besides=of_the_assistant(was, now_))
        baselines.require_same(differences, f"run {first.report.run}", allow=allow_mismatch)
        if was.system != now_.system:
            prompt = "has no system prompt" if now_.system is None else f"has the system prompt {shortened(now_.system)!r}"
            notes.append(f"{other.report.run} {prompt}")
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
    parts = [(o.report.run, o.report.plan.model, _compared(first, o)) for o in judged[1:]]
    found = comparison(first.report.run, first.report.plan.model, parts, alpha=alpha, notes=tuple(notes))
    return Side(found, tuple(zip(folders, judged, strict=True)))


def _compared(first: Judged, other: Judged) -> list[Compare]:
    """What two runs have in common, kind by kind: the items whose probes are the same."""
    found = []
    for part in first.planned.parts:
        if part.name not in other.tables:
            continue
        ours, theirs = first.fingerprints[part.name], other.fingerprints[part.name]
        same = {item for item, print_ in ours.items() if theirs.get(item) == print_}
        metrics = [m for m in part.kind.every_metric(part.settings) if not m.bound_of]
        found.append(Compare(part.name, metrics, first.tables[part.name], other.tables[part.name].of_names(same)))
    return found


def self_check(
    *runs: Run,
    rules: Sequence[str] = (),
    alpha: float = ALPHA,
    min_items: int = MIN_ITEMS,
    cluster: Cluster | None = None,
    out: str | Path | None = None,
) -> SelfCheck:
    """How often the gate says that a model became worse when it is the same model: an A/A check on replicates of its answers.

    Parameters
    ----------
    runs: one run with repeats, or several of one model by one plan (`sycoprobe gate --aa --again` makes another).
    rules: the relative ones are checked; if there is none, that the headline of each kind is `no worse by more than 0`, the
        rule with the least tolerance.
    alpha, min_items, cluster, out: as for `gate`. By template, whole templates are drawn instead of items.

    Raises
    ------
    GateError: fewer than two replicates of enough items, runs of several models, or runs that asked different things.
    JournalError: there is no such run.
    """
    judged = [judge(find_run(r, out), write=False, cluster=cluster) for r in runs]
    if len(models := dict.fromkeys(j.report.plan.model for j in judged)) > 1:
        raise GateError(
            f"these are runs of several models: {', '.join(models)}",
            "an A/A check compares a model with itself: name runs of one model",
        )
    for other in judged[1:]:
        baselines.require_same(
            baselines.mismatches(Conditions.of(judged[0].contents.plan), Conditions.of(other.contents.plan)),
            f"run {judged[0].report.run}",
            allow=False,
        )
    parts = _parts(judged[:1])
    relative = [rule for text in rules for _, rule in _chosen(read_rule(text), parts) if rule.relative]
    if not relative:
        relative = [Rule(p.kind, m, Relation.NO_WORSE, 0.0) for p in parts for m in p.metrics if m.headline]
    tables = {p.kind: [j.tables[p.kind] for j in judged] for p in parts}
    return selfcheck.self_check(tables, relative, alpha=alpha, min_items=min_items)


async def again(run: Run, *, out: str | Path | None = None, conduct: Conduct | None = None) -> Report:
    """Run a plan once more on the same model, drawing answers anew: the other side of an A/A check. Raises as `run` does."""
    folder = find_run(run, out)
    planned = journals.read(folder).planned()
    fresh = planned.changed(planned.plan.model_copy(update={"replica": planned.plan.replica + 1}))
    return await start(fresh, out=folder.parent, name=f"{folder.name}-again", conduct=conduct)


def _baseline_notes(baseline: Baseline, file: str | Path | None) -> list[str]:
    """What a reader must know of a baseline: whose it is, from which file, how old, and whether its model may have changed since."""
    days = baseline.age(datetime.now(UTC))
    source = "" if file is None else f", from {file}"
    notes = [
        f"baseline: {baseline.run}, model {baseline.model} ({baseline.model_id}), blessed {days} day{'' if days == 1 else 's'} ago{source}"
    ]
    if not baseline.dated:
        notes.append(f"the model id {baseline.model_id!r} carries no date or digest, so the provider may have changed it since")
    return notes
