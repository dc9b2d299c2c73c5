"""A static site of many runs: read each once, write its page, rank what asked the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sycoprobe.api.folders import root_of
from sycoprobe.api.provenance import Blessing, blessings
from sycoprobe.api.site import Site, is_site
from sycoprobe.errors import GateError, JournalError, PlanError, SycoprobeError
from sycoprobe.files import is_file, is_folder
from sycoprobe.gating.decision import GateResult
from sycoprobe.gating.history import Entry, asked_digest, groups, system_digest
from sycoprobe.gating.ranking import FLOOR
from sycoprobe.gating.rules import Relation, Stated, read_rule
from sycoprobe.journal.journal import FILE
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import Slice
from sycoprobe.names import slug_of
from sycoprobe.pages.board import (
    BlessingShown,
    Damaged,
    Limit,
    SeriesShown,
    group_of,
    index_page,
    series_of,
    trend_page,
)
from sycoprobe.pages.facts import decided
from sycoprobe.pages.report import write_report
from sycoprobe.pages.spool import Spool
from sycoprobe.planning import Planned, PlannedPart
from sycoprobe.reports.build import Judged, Listener, judge
from sycoprobe.reports.conclusion import why_incomplete
from sycoprobe.settings.gate import ALPHA
from sycoprobe.showing import OneLine
from sycoprobe.text import counted

RUNS = "runs"
DEFAULT_SITE = Path("board")


@dataclass(frozen=True, slots=True, repr=False)
class Board(OneLine):
    """A site that was written.

    Attributes
    ----------
    index: its first page.
    runs: how many runs are on it.
    tables: how many tables of models that were asked the same.
    damaged: by folder, why what lies there is no run that can be read.
    """

    index: Path
    runs: int
    tables: int
    damaged: tuple[tuple[str, str], ...]

    def _line(self) -> str:
        left = f", {len(self.damaged)} left out" if self.damaged else ""
        return f"{self.index}: {counted(self.runs, 'run')}, {counted(self.tables, 'table')}{left}"


def board(
    folder: str | Path | None = None,
    out: str | Path = DEFAULT_SITE,
    *,
    rules: Sequence[str] = (),
    baselines: Sequence[str | Path] = (),
    alpha: float = ALPHA,
    floor: float = FLOOR,
    progress: Callable[[str], None] | None = None,
) -> Board:
    """Write a static site of all runs in a folder: ranks, the runs over time, and a page for each run. It loads nothing from any network.

    Nothing is asked of a model. Every run is read once from its journal; what is no run, or cannot be read, is named on the site. Files of
    an earlier build that are no longer wanted are removed; others are not touched.

    Parameters
    ----------
    folder: holds the runs, and those that were begun together in folders of theirs (default: reports).
    out: where the site is written.
    rules: limits to draw where a run has no decision of a gate: `METRIC <= NUMBER` or `METRIC >= NUMBER`.
    baselines: files that `bless` wrote, beside those named sycoprobe-baseline.json here and in `folder`.
    alpha: the ranges of a table hold all together with an error of at most this.
    floor: a model that is shown to have less receptivity is stubborn, and is not ranked.
    progress: is told the name of each run before it is read.

    Raises
    ------
    JournalError: there is no such folder.
    PlanError, GateError: `alpha`, `floor` or a rule cannot be used.
    ReportError: the site cannot be written.
    """
    if not 0 < alpha < 0.5:
        raise GateError(f"alpha {alpha:g} is out of range", "0.05 is usual; it lies between 0 and 0.5")
    if not 0 <= floor <= 1:
        raise PlanError(f"floor {floor:g} is out of range", "it is a share, from 0 to 1")
    stated = [read_rule(text) for text in rules]
    root, site = root_of(folder), Site(Path(out))
    if not is_folder(root):
        raise JournalError(f"{root}: there is no such folder", "name the folder that holds the runs")
    entries: list[Entry] = []
    limits: dict[str, GateResult] = {}
    damaged: list[Damaged] = []
    slugs: set[str] = set()
    runs = 0
    for name, run, why in _found(root):
        if run is None:
            damaged.append(Damaged(name, why))
            continue
        if progress is not None:
            progress(name)
        slug = _slug(name, slugs)
        try:
            judged = _with_page(site, run, slug)
        except _Unreadable as e:
            damaged.append(Damaged(name, e.why))
            continue
        runs += 1
        gated = decided(run, judged.report)
        if gated is not None:
            limits[name] = gated.result
        entries += _entries(name, f"{RUNS}/{slug}.html", judged, gated.result if gated else None)
    tables = groups(entries)
    shown = [group_of(g, alpha=alpha, floor=floor) for g in tables]
    over_time = [s for g in tables for s in _series(g, limits, stated)]
    blessed, faults = _blessed(blessings((Path(b) for b in baselines), (Path(), root)))
    damaged += faults
    site.put(trend_page(over_time, blessed, folder=root.name or str(root)), "trend.html")
    index = site.put(index_page(shown, damaged, folder=root.name or str(root), alpha=alpha, floor=floor), "index.html")
    site.finish()
    return Board(index, runs, len(tables), tuple((d.name, d.why) for d in damaged))


def _found(root: Path) -> Iterator[tuple[str, Path | None, str]]:
    """The runs in a folder by name, and what is none, with the reason."""
    for each in sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")):
        if is_file(each / FILE):
            yield each.name, each, ""
        elif together := sorted(p.parent for p in each.glob(f"*/{FILE}")):
            yield from ((f"{each.name}/{p.name}", p, "") for p in together)
        elif not is_site(each):
            yield each.name, None, f"there is no {FILE} in it"


class _Unreadable(Exception):
    """A run that cannot be read."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _with_page(site: Site, run: Path, slug: str) -> Judged:
    """Read a run once, and write its page. Raises `_Unreadable` where it cannot be read, and `ReportError` where the page cannot be written."""
    spools: list[Spool] = []

    def listen(planned: Planned) -> Listener:
        spools.append(Spool(planned))
        return spools[0].add

    try:
        try:
            judged = judge(run, write=False, listen=listen)
        except SycoprobeError as e:
            raise _Unreadable(e.message) from e
        file = site.path(RUNS, f"{slug}.html")
        write_report(file, judged.report, spools[0])
    finally:
        for spool in spools:
            spool.__exit__()
    site.wrote(file)
    for page in sorted(file.with_name(f"{slug}-pages").glob("*.html")):
        site.wrote(page)
    return judged


def _slug(name: str, taken: set[str]) -> str:
    """A name for a run's page that no other has, in a form that suits every system."""
    slug = slug_of(name, longest=60, empty="run")
    found = next(s for i in range(len(taken) + 1) if (s := slug if i == 0 else f"{slug}-{i + 1}") not in taken)
    taken.add(found)
    return found


def _entries(name: str, page: str, judged: Judged, gated: GateResult | None) -> Iterator[Entry]:
    """What a run found, by kind and set."""
    report = judged.report
    lacking = why_incomplete(report, 0.05) or ""
    if report.plan.until is not None or report.status.stopped_early:
        lacking = "it is a sequential run, whose early end bends its numbers"
    for part in judged.planned.parts:
        table, prints = judged.tables[part.name], judged.fingerprints[part.name]
        for ref in part.part.sets:
            of = table.where({Slice.SET: ref.info.name}) if len(part.part.sets) > 1 else table
            yield Entry(
                run=name,
                page=page,
                model=report.plan.model,
                system=system_digest(report.plan),
                started=report.started,
                kind=part.name,
                set_name=ref.info.name,
                set_version=ref.info.version,
                items=ref.chosen,
                asked=asked_digest(
                    report.plan,
                    part.part,
                    ref.info.name,
                    prints,
                    (f"{j.judge} {j.rubric}" for j in report.kinds[part.name].judges),
                ),
                table=of,
                metrics=_metrics(part),
                why_not=lacking,
                decision="" if gated is None else gated.decision.value,
            )


def _metrics(part: PlannedPart) -> tuple[Metric, ...]:
    return tuple(m for m in part.kind.every_metric(part.settings) if not m.bound_of)


def _series(group: Sequence[Entry], decisions: dict[str, GateResult], stated: Sequence[Stated]) -> list[SeriesShown]:
    """The series of a table, with the limits that their gates set to the headline; of a series without any, those that were stated."""
    headline, kind = group[0].headline.name, group[0].kind
    found = []
    usual = [
        Limit(s.text, s.limit)
        for s in stated
        if s.relation is not Relation.NO_WORSE and not s.where and s.name == headline and s.kind in (None, kind)
    ]
    for of in series_of(group, ()):
        runs = [p.entry.run for p in of.points]
        mine = list(_limits([decisions[r] for r in reversed(runs) if r in decisions], kind, headline)) or usual
        found += series_of([p.entry for p in of.points], mine)
    return found


def _limits(decisions: Iterable[GateResult], kind: str, headline: str) -> Iterator[Limit]:
    """The absolute limits of a headline, the latest decision's first, each once."""
    seen = set()
    for decision in decisions:
        for r in decision.rules:
            if (r.kind, r.metric) == (kind, headline) and not r.relative and not r.where and r.rule not in seen:
                seen.add(r.rule)
                yield Limit(r.rule, r.bound)


def _blessed(found: Sequence[Blessing]) -> tuple[list[BlessingShown], list[Damaged]]:
    """Baselines for the page, and those that cannot be read."""
    shown = [
        BlessingShown(b.file, b.baseline.run, b.baseline.model, b.baseline.started, b.baseline.blessed, b.author)
        for b in found
        if b.baseline is not None
    ]
    return shown, [Damaged(b.file, b.fault) for b in found if b.baseline is None]
