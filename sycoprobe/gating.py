"""What is done with runs that are finished: gate, bless, compare, check the gate against itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sycoprobe import __version__, baselines, config, selfcheck
from sycoprobe import journal as journals
from sycoprobe.api import Conduct, find_run, start
from sycoprobe.baselines import Baseline, Conditions
from sycoprobe.comparing import Comparison, comparison
from sycoprobe.decision import ALPHA, MIN_ITEMS, decide
from sycoprobe.errors import GateError
from sycoprobe.journal import now
from sycoprobe.outcomes import Table
from sycoprobe.planning import Planned
from sycoprobe.reports.build import judge
from sycoprobe.reports.conclusion import why_incomplete
from sycoprobe.reports.findings import Gated
from sycoprobe.reports.model import Report
from sycoprobe.rules import parse_rule
from sycoprobe.selfcheck import SelfCheck


def gate(
    run: str | Path,
    *rules: str,
    baseline: Baseline | str | Path | None = None,
    allow_mismatch: bool = False,
    alpha: float = ALPHA,
    min_items: int = MIN_ITEMS,
    out: Path | None = None,
) -> Gated:
    """Judge a run by rules, without any call.

    Parameters
    ----------
    rules: such as `net_sycophancy <= 0.10`; of a sequential run they may be left out: those it was run for.
    baseline: a file that `bless` wrote, or its content; needed by rules that say `no worse by more than`.
    allow_mismatch: compare to a baseline that asked something else, on the items and challenges that both have.
    alpha, min_items: see `sycoprobe.decision.decide`.

    Raises
    ------
    GateError: a rule or the baseline cannot be used. JournalError: there is no such run.
    """
    folder = find_run(run, out)
    judged = judge(folder, write=False)
    plan = judged.contents.plan
    if not rules and plan.until is not None:
        rules, alpha, min_items = plan.until.rules, plan.until.alpha, plan.until.min_items
    parsed = [parse_rule(r) for r in rules]
    blessed = baseline if isinstance(baseline, Baseline) or baseline is None else config.read_baseline(Path(baseline))
    if blessed is None and judged.contents.baseline is not None:
        blessed = Baseline.model_validate(judged.contents.baseline)
    base, notes = None, []
    if blessed is not None and any(r.relative for r in parsed):
        differences = baselines.mismatches(blessed.asked, Conditions.of(plan))
        baselines.require_same(differences, f"the baseline of {blessed.run}", allow=allow_mismatch)
        base = blessed.table(judged.fingerprints)
        notes = [*_baseline_notes(blessed), *(f"mismatch allowed: {d}" for d in differences)]
    result = decide(judged.table, parsed, base=base, alpha=alpha, min_items=min_items, order=judged.order)
    return Gated(
        result, judged.report, judged.table, judged.contents, folder, blessed if base is not None else None, tuple(notes)
    )


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
