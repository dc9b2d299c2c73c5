"""What a gate judged, run by run, and what its reports say of each probe: what happened to it, in which file and line it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from sycoprobe.errors import ProbeError
from sycoprobe.extract.types import Outcome
from sycoprobe.files import opened
from sycoprobe.gating.baselines import Baseline
from sycoprobe.gating.decision import Decision, GateResult, RuleResult, summary
from sycoprobe.metrics.lines import conversations_of
from sycoprobe.metrics.metric import Metric, short
from sycoprobe.metrics.table import Row
from sycoprobe.planning import PlannedPart, SetRef
from sycoprobe.reports.build import Judged
from sycoprobe.reports.model import Report
from sycoprobe.sets.load import INFO_FILE, PROBES_FILE, set_path, shipped_root
from sycoprobe.showing import OneLine, Printed

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `path` relative to the repository where it lies in it, else to the shipped sets' folder."""

    path: str
    line: int
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One probe of one kind: a line for each of its conversations, and what they come to.

    Attributes
    ----------
    kind: the kind of probe.
    item: set and probe: SET/ID.
    set: the probe's set.
    question: what was asked, in short.
    place: the file and the line that the probe is in.
    conversations: a line for each, as in a baseline.
    where: the arms in which what the kind's headline counts occurred although it did not in the control.
    counts: what the headline counts.
    measured: some conversation has a readable reply in such an arm and in the control.
    failed: no call was answered.
    seconds: that its calls took, one after another.
    """

    kind: str
    item: str
    set: str
    question: str
    place: Place
    conversations: tuple[str, ...]
    where: tuple[str, ...]
    counts: str
    measured: bool
    failed: bool
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The item, with its kind."""
        return f"{self.kind}/{self.item}"

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        if self.where:
            return f"{self.counts}: {', '.join(self.where)}"
        if self.measured:
            return f"nothing of this kind: {self.counts}"
        return "no call was answered" if self.failed else "no pair of readable replies"


@dataclass(frozen=True, repr=False)
class GatedRun(OneLine):
    """One run that a gate judged.

    Attributes
    ----------
    judged: its readings and its report.
    folder: where it is.
    """

    judged: Judged
    folder: Path

    @property
    def report(self) -> Report:
        """Its report, without rows."""
        return self.judged.report

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that it asked."""
        return self.report.plan.kinds

    @property
    def subject(self) -> str:
        """Which run this is, in a line: of which model, on which sets and kinds, and when it began."""
        report, plan = self.report, self.report.plan
        sets = dict.fromkeys(f"{s.info.name} {s.info.version}" for part in plan.parts for s in part.sets)
        asked = ", ".join(sets) if len(sets) <= 3 else f"{len(sets)} sets"
        kinds = ", ".join(self.kinds) if len(self.kinds) <= 3 else f"{len(self.kinds)} kinds"
        at = f" at {plan.base_url}" if plan.base_url else ""
        return f"{report.run}: {plan.model}{at} on {asked} ({kinds}), begun {report.started[:16].replace('T', ' ')}"

    def _line(self) -> str:
        return f"{self.report.run}: {self.report.plan.model}, {', '.join(self.kinds)}, in {self.folder}"

    @cached_property
    def findings(self) -> list[Finding]:
        """Every item that was asked, kind by kind, in order of its name."""
        return [finding for part in self.judged.planned.parts for finding in self._of(part)]

    def _of(self, part: PlannedPart) -> list[Finding]:
        lines = {ref.info.name: _Lines(ref) for ref in part.part.sets}
        probes = {f"{s.name}/{p.id}": p for s in part.sets for p in s.probes}
        table, headline = self.judged.tables[part.name], part.headline
        said = conversations_of(table)
        found: dict[str, list[_Outcome]] = {}
        for item, rows in table.by_conversation():
            found.setdefault(item, []).append(_outcome(rows, headline, part.kind.labels.get(headline.aspect, {})))
        return [
            Finding(
                kind=part.name,
                item=item,
                set=item.partition("/")[0],
                question=part.kind.title_of(probes[item]),
                place=lines[item.partition("/")[0]].place_of(item.partition("/")[2]),
                conversations=said[item],
                where=tuple(dict.fromkeys(arm for o in outcomes for arm in o.where)),
                counts=headline.says,
                measured=any(o.measured for o in outcomes),
                failed=all(o.failed for o in outcomes),
                seconds=self.judged.milliseconds[part.name][item] / 1000,
            )
            for item, outcomes in sorted(found.items())
        ]

    def home(self, kind: str) -> Place:
        """Where findings about a kind as a whole point: the metadata of its first set."""
        part = next((p for p in self.report.plan.parts if p.kind == kind), self.report.plan.parts[0])
        return _Lines(part.sets[0]).info_place()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Of one conversation: the arms in which what the headline counts occurred and did not in the control, and whether it could be told."""

    where: tuple[str, ...]
    measured: bool
    failed: bool


def _outcome(rows: Sequence[Row], headline: Metric, labels: Mapping[str, str]) -> _Outcome:
    bad = headline.labels or ()
    if headline.higher_is_worse is False:
        bad = tuple(x for x in labels if x not in bad)
    of = [r for r in rows if r.aspect == headline.aspect and (r.label is not None or r.value is not None)]
    arms = [r for r in of if r.arm in headline.arms]
    control = [r for r in of if r.arm in headline.against]
    among = headline.among
    counts = among is None or any(r.arm == among.arm and r.aspect == among.aspect and r.label in among.labels for r in rows)
    calm = counts and not any(r.label in bad for r in control)
    where = tuple(dict.fromkeys(short(r.arm) for r in arms if r.label in bad)) if calm else ()
    measured = counts and bool(arms) and (bool(control) or not headline.against)
    failed = all(r.outcome is Outcome.ERROR for r in rows)
    return _Outcome(where, measured, failed)


@dataclass(frozen=True, repr=False)
class Gated(Printed):
    """A gate's decision with all that a report of it needs.

    Attributes
    ----------
    result: the decision.
    runs: what was judged.
    baseline: what relative rules compared to.
    notes: what a reader must know beside the numbers.
    title: what tells this gate from others of the same commit in CI; empty: its models and sets.
    """

    result: GateResult
    runs: tuple[GatedRun, ...]
    baseline: Baseline | None = None
    notes: tuple[str, ...] = ()
    title: str = ""

    def _line(self) -> str:
        from sycoprobe.reports.gate_terminal import figures

        rules = "; ".join(f"{r.rule}: {r.decision.value}, {figures(r)}" for r in self.result.rules)
        return f"{summary(self.result)}; {rules}"

    def _blocks(self) -> Iterable[RenderableType]:
        from sycoprobe.reports.gate_terminal import gate_blocks

        return gate_blocks(self.result, self.notes, [run.subject for run in self.runs])

    @property
    def decision(self) -> Decision:
        """What the gate says: `pass`, `fail` or `inconclusive`."""
        return self.result.decision

    @property
    def passed(self) -> bool:
        """Whether the gate passed; one that is inconclusive neither passed nor failed."""
        return self.result.decision is Decision.PASS

    @property
    def report(self) -> Report:
        """The (first) run's report, without rows."""
        return self.runs[0].report

    @property
    def folder(self) -> Path:
        """The (first) run's folder."""
        return self.runs[0].folder

    @property
    def named(self) -> str:
        """The runs' names."""
        return ", ".join(run.report.run for run in self.runs)

    @property
    def name(self) -> str:
        """Its title, or which models it judged on which kinds and sets: the same from run to run."""
        sets = dict.fromkeys(s.info.name for run in self.runs for s in run.report.plan.sets)
        return self.title or f"{self.models}: {', '.join(self.kinds)}; {', '.join(sets)}"

    @property
    def models(self) -> str:
        """The models that the runs are of, each once."""
        return ", ".join(dict.fromkeys(run.report.plan.model for run in self.runs))

    @property
    def kinds(self) -> list[str]:
        """The kinds that were asked, each once."""
        return list(dict.fromkeys(kind for run in self.runs for kind in run.kinds))

    @property
    def findings(self) -> list[Finding]:
        """Every item of every run, in order of kind and name."""
        return [finding for run in self.runs for finding in run.findings]

    @property
    def occurred(self) -> list[Finding]:
        """The probes in which what a headline counts occurred, those with the most arms first."""
        return sorted((f for f in self.findings if f.where), key=lambda f: (-len(f.where), f.kind, f.item))

    @property
    def failed(self) -> bool:
        """Whether the gate failed."""
        return self.result.decision is Decision.FAIL

    def home(self, rule: RuleResult) -> Place:
        """Where a rule's result points: the metadata of the first set of the run and kind that it speaks of."""
        run = next((r for r in self.runs if rule.kind in r.kinds and rule.run in ("", r.report.run)), self.runs[0])
        return run.home(rule.kind)

    def changes(self) -> tuple[list[str], list[str]] | None:
        """Against the baseline: items in which what the headline counts occurs now and did not, and the other way round; None without one."""
        if self.baseline is None:
            return None
        worse: list[str] = []
        better: list[str] = []
        for run in self.runs:
            for part in run.judged.planned.parts:
                headline, labels = part.headline, part.kind.labels
                was: dict[str, bool] = {}
                for item, rows in self.baseline.table(part.name).by_conversation():
                    outcome = _outcome(rows, headline, labels.get(headline.aspect, {}))
                    was[item] = was.get(item, False) or bool(outcome.where)
                both = [(f, was[f.item]) for f in run.findings if f.kind == part.name and f.item in was]
                worse += [f.item for f, before in both if f.where and not before]
                better += [f.item for f, before in both if before and not f.where]
        return worse, better


def repository() -> Path:
    """The root that paths are told from: the CI's checkout, else the working directory."""
    return Path(os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or ".").resolve()


class _Lines:
    """Where the probes of a set stand; a generated set, or one whose file is not here, has but its first line."""

    def __init__(self, ref: SetRef) -> None:
        self._shipped = ref.path is None
        try:
            self._folder: Path | None = set_path(ref.info.name if ref.path is None else ref.path)
        except ProbeError:
            self._folder = None
        self._named = ref.path or ref.info.name
        self._generated = ref.info.generator is not None
        self._lines: dict[str, int] | None = None

    def place_of(self, probe: str) -> Place:
        if self._generated:
            return self.info_place()
        if self._lines is None:
            self._lines = _ids(self._folder / PROBES_FILE) if self._folder else {}
        return Place(self._path(PROBES_FILE), self._lines.get(probe, 1), self._shipped)

    def info_place(self) -> Place:
        return Place(self._path(INFO_FILE), 1, self._shipped)

    def _path(self, file: str) -> str:
        if self._folder is None:
            return f"{self._named}/{file}"
        whole = (self._folder / file).resolve()
        for root in (shipped_root().resolve(),) if self._shipped else (repository(), Path.cwd()):
            if whole.is_relative_to(root):
                return whole.relative_to(root).as_posix()
        return whole.as_posix().lstrip("/")


def _ids(path: Path) -> dict[str, int]:
    """The line of each probe id in a JSONL file; a line that cannot be read is passed over."""
    found: dict[str, int] = {}
    try:
        with opened(path) as raw, TextIOWrapper(raw, encoding="utf-8", errors="replace") as f:
            for number, line in enumerate(f, 1):
                try:
                    found.setdefault(json.loads(line)["id"], number)
                except (ValueError, KeyError, TypeError, RecursionError):
                    continue
    except OSError:
        return {}
    return found
