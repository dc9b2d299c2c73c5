"""One run as a list of runs has it: what was asked of which model and when, its headlines, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from sycoprobe.errors import JournalError, ReportError
from sycoprobe.files import is_file, opened
from sycoprobe.journal.heads import checked_header, plan_of
from sycoprobe.journal.journal import FILE as JOURNAL
from sycoprobe.jsontext import json_value
from sycoprobe.planning import Plan
from sycoprobe.reports.model import FILE, Report, Status, without_rows
from sycoprobe.showing import OneLine
from sycoprobe.stats.sample import Estimate


class State(StrEnum):
    """Whether a run is whole."""

    COMPLETE = "complete"
    """All that was planned was asked."""
    STOPPED_EARLY = "stopped early"
    """A sequential run that ended once its rules were decided, or at its cap."""
    INCOMPLETE = "incomplete"
    """Calls are missing, or it has no report yet: it is under way, or was interrupted. `sycoprobe resume` goes on."""
    DAMAGED = "damaged"
    """It cannot be read; `why` says what is wrong."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The metric to look at first of one kind.

    Attributes
    ----------
    kind: the kind of probe.
    metric: the metric's name.
    estimate: its number, with its interval.
    """

    kind: str
    metric: str
    estimate: Estimate


@dataclass(frozen=True, slots=True, repr=False)
class ListedRun(OneLine):
    """A run in a list.

    Attributes
    ----------
    name: as commands take it: its path below the folder that was listed.
    folder: where it lies.
    started: when it began; of a damaged run, when its files were last changed.
    model: which model was asked; empty where that cannot be read.
    system: whether it was asked with a system prompt.
    kinds, sets: what was asked.
    items: how many probes.
    headlines: one a kind; none without a report.
    state: whether it is whole.
    why: what is wrong with a damaged run, or how an incomplete one goes on.
    """

    name: str
    folder: Path
    started: datetime
    model: str
    system: bool
    kinds: tuple[str, ...]
    sets: tuple[str, ...]
    items: int
    headlines: tuple[Headline, ...]
    state: State
    why: str = ""

    def _line(self) -> str:
        numbers = ", ".join(f"{h.metric} {h.estimate}" for h in self.headlines)
        return f"{self.name}: {self.state.value}, {self.model}, {', '.join(self.kinds)}{', ' if numbers else ''}{numbers}"

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {**asdict(self), "folder": str(self.folder), "started": self.started.isoformat(), "state": self.state.value}


class _Info(BaseModel):
    name: str


class _Set(BaseModel):
    info: _Info
    chosen: int


class _Part(BaseModel):
    kind: str
    sets: tuple[_Set, ...]


class _Asked(BaseModel):
    model: str
    system: str | None = None
    parts: tuple[_Part, ...]


class _Metric(BaseModel):
    headline: bool = False
    estimate: Estimate


class _Section(BaseModel):
    metrics: dict[str, _Metric]


class _Head(BaseModel):
    """What a list needs of a report of today, and nothing else."""

    report_version: Literal[6]
    started: datetime
    plan: _Asked
    status: Status
    kinds: dict[str, _Section]


def listed(folder: Path, name: str) -> ListedRun:
    """The run in `folder`. Raises nothing: a run that cannot be read is listed as damaged."""
    try:
        if is_file(folder / FILE):
            return _reported(folder, name)
        return _begun(folder, name)
    except (ReportError, JournalError) as e:
        why = e.message
    except OSError as e:
        why = f"{folder}: cannot be read: {e.strerror or e}"
    return ListedRun(name, folder, _changed(folder), "", False, (), (), 0, (), State.DAMAGED, why)


def _reported(folder: Path, name: str) -> ListedRun:
    head = _head_of(folder)
    headlines = tuple(
        Headline(kind, metric, m.estimate) for kind, s in head.kinds.items() for metric, m in s.metrics.items() if m.headline
    )
    status = head.status
    complete = State.STOPPED_EARLY if status.stopped_early else State.COMPLETE
    state = complete if status.complete else State.INCOMPLETE
    return _listed(folder, name, head.started, head.plan, headlines, state)


def _head_of(folder: Path) -> _Head:
    """What is needed of a report; one that is not of today, or not as we write it, is read as always. Raises `ReportError`, `OSError`."""
    try:
        return _Head.model_validate_json(without_rows(folder / FILE))
    except ValidationError:
        report = Report.load(folder, rows=False)
    try:
        return _Head.model_validate(report.model_dump(mode="json"))
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        raise ReportError(f"{folder / FILE}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from e


def _begun(folder: Path, name: str) -> ListedRun:
    """A run without a report, by the first line of its journal. Raises `JournalError`, `OSError`."""
    path = folder / JOURNAL
    with opened(path) as file:
        first = file.readline()
    try:
        header = checked_header(path, json_value(first))
        plan: Plan = plan_of(header)
        asked = _Asked.model_validate(plan.model_dump(mode="json"))
        started = datetime.fromisoformat(header["started"])
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as e:
        raise JournalError(f"{path}:1:1: this is no sycoprobe journal") from e
    return _listed(folder, name, started, asked, (), State.INCOMPLETE)


def _listed(
    folder: Path, name: str, started: datetime, plan: _Asked, headlines: tuple[Headline, ...], state: State
) -> ListedRun:
    sets = [s for part in plan.parts for s in part.sets]
    return ListedRun(
        name=name,
        folder=folder,
        started=started if started.tzinfo else started.replace(tzinfo=UTC),
        model=plan.model,
        system=plan.system is not None,
        kinds=tuple(part.kind for part in plan.parts),
        sets=tuple(dict.fromkeys(s.info.name for s in sets)),
        items=sum(s.chosen for s in sets),
        headlines=headlines,
        state=state,
        why=f"`sycoprobe resume {name}`" if state is State.INCOMPLETE else "",
    )


def _changed(folder: Path) -> datetime:
    """When the files of a run were last changed."""
    return max((_times(folder)), default=datetime.fromtimestamp(0, UTC))


def _times(folder: Path) -> Iterator[datetime]:
    for file in (folder / FILE, folder / JOURNAL, folder):
        try:
            yield datetime.fromtimestamp(file.stat().st_mtime, UTC)
        except OSError:
            continue
