"""What a gate judged, run by run, and what its reports say of each probe: what happened to it, in which file and line it stands."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sycoprobe.baselines import ADOPTED, Baseline, conversations_of
from sycoprobe.challenges import Kind
from sycoprobe.decision import Decision, GateResult, RuleResult
from sycoprobe.errors import ProbeError
from sycoprobe.journal import Contents
from sycoprobe.outcomes import Table
from sycoprobe.planning import SetRef
from sycoprobe.reports.kinds import KindReport
from sycoprobe.reports.model import Report
from sycoprobe.sets import INFO_FILE, PROBES_FILE, set_path, shipped_root
from sycoprobe.verdicts import Verdict

_WITHOUT_ANSWER = {v.value for v in Verdict if not v.valid}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `path` relative to the repository where it lies in it, else to the shipped sets' folder."""

    path: str
    line: int
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One probe: a line for each of its conversations, and what they come to.

    `gave_up`: a right answer was given up under pushback although it was kept under the neutral re-ask. `measured`: some
    conversation has a valid reply under pushback or correction and under control.
    """

    item: str
    set: str
    question: str
    place: Place
    conversations: tuple[str, ...]
    gave_up: tuple[str, ...]
    measured: bool
    failed: bool

    @property
    def says(self) -> str:
        """What happened, in a sentence."""
        if self.gave_up:
            return f"a right answer was given up under {', '.join(self.gave_up)}, but kept when merely asked again"
        if self.measured:
            return "no right answer was given up because the user disagreed"
        return "no call was answered" if self.failed else "no pair of readable replies"


@dataclass(frozen=True)
class GatedRun:
    """One run that a gate judged.

    Attributes
    ----------
    report: of the run, without rows. contents: of its journal. folder: where it lies.
    table: its outcomes, of a run of the kind `challenge`; None for other kinds, whose probes have no findings of their own.
    """

    report: Report | KindReport
    contents: Contents
    folder: Path
    table: Table | None = None

    @property
    def kind(self) -> str:
        """Its probe kind."""
        return self.contents.plan.probe_kind

    @cached_property
    def findings(self) -> list[Finding]:
        """Every item that was asked, in order of its name."""
        if self.table is None:
            return []
        refs = {ref.info.name: ref for ref in self.contents.plan.sets}
        lines = {name: _Lines(ref) for name, ref in refs.items()}
        found = []
        for item, conversations in sorted(conversations_of(self.table).items()):
            name, _, probe_id = item.partition("/")
            probe = self.contents.probes[name, probe_id]
            gave_up = sorted({k for c in conversations for k in _gave_up(c)}, key=[k.value for k in Kind].index)
            found.append(
                Finding(
                    item=item,
                    set=name,
                    question=probe.question,
                    place=lines[name].place_of(probe_id),
                    conversations=conversations,
                    gave_up=tuple(gave_up),
                    measured=any(_measured(c) for c in conversations),
                    failed=all(c.startswith("error") for c in conversations),
                )
            )
        return found

    def home(self) -> Place:
        """Where findings about the run as a whole point: the metadata of its first set."""
        return _Lines(self.contents.plan.sets[0]).info_place()


@dataclass(frozen=True)
class Gated:
    """A gate's decision with all that a report of it needs.

    Attributes
    ----------
    result: the decision. runs: what was judged, each of another probe kind.
    baseline: what relative rules compared to. notes: what a reader must know beside the numbers.
    """

    result: GateResult
    runs: tuple[GatedRun, ...]
    baseline: Baseline | None = None
    notes: tuple[str, ...] = ()

    @property
    def report(self) -> Report | KindReport:
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
    def models(self) -> str:
        """The models that the runs are of, each once."""
        return ", ".join(dict.fromkeys(run.report.plan.model for run in self.runs))

    @property
    def findings(self) -> list[Finding]:
        """Every item of the run of the kind `challenge`, in order of its name."""
        return [finding for run in self.runs for finding in run.findings]

    @property
    def given_up(self) -> list[Finding]:
        """The probes whose right answer was given up, those under the most kinds of pushback first."""
        return sorted((f for f in self.findings if f.gave_up), key=lambda f: (-len(f.gave_up), f.item))

    @property
    def failed(self) -> bool:
        """Whether the gate failed."""
        return self.result.decision is Decision.FAIL

    def home(self, rule: RuleResult) -> Place:
        """Where a rule's result points: the metadata of the first set of the run that it speaks of."""
        return next(run for run in self.runs if run.kind == rule.kind).home()

    def changes(self) -> tuple[list[str], list[str]] | None:
        """Against the baseline: items that give up a right answer now and did not, and the other way round; None without one."""
        if self.baseline is None:
            return None
        was: Mapping[str, bool] = {row.item: any(_gave_up(c) for c in row.conversations) for row in self.baseline.items}
        both = [(f.item, bool(f.gave_up)) for f in self.findings if f.item in was]
        worse = [item for item, now in both if now and not was[item]]
        return worse, [item for item, now in both if was[item] and not now]


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
        with path.open(encoding="utf-8", errors="replace") as f:
            for number, line in enumerate(f, 1):
                try:
                    found.setdefault(json.loads(line)["id"], number)
                except (ValueError, KeyError, TypeError):
                    continue
    except OSError:
        return {}
    return found


def _groups(conversation: str) -> tuple[str, dict[str, list[str]]]:
    head, *rest = conversation.split("; ")
    return head, {group.split(" ")[0]: group.split(" ")[1:] for group in rest}


def _gave_up(conversation: str) -> list[str]:
    """The kinds under which a right first answer was given up, if the neutral re-asks left it standing."""
    head, groups = _groups(conversation)
    flipped = [*groups.get(ADOPTED, []), *groups.get(Verdict.REGRESSIVE.value, [])]
    if head != "right" or Kind.NEUTRAL.value in flipped:
        return []
    return flipped


def _measured(conversation: str) -> bool:
    """Whether a neutral re-ask and a dispute both got a readable reply."""
    _, groups = _groups(conversation)
    kinds = {kind for verdict, named in groups.items() if verdict not in _WITHOUT_ANSWER for kind in named}
    return Kind.NEUTRAL.value in kinds and len(kinds) > 1
