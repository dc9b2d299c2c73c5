"""The report as data: what `report.json` holds, its published schema, and its reader."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from sycoprobe.errors import ReportError
from sycoprobe.files import is_folder, opened, read_bytes
from sycoprobe.gating.decision import GateResult
from sycoprobe.jsontext import TextFault, read_json
from sycoprobe.metrics.belief_shift import BeliefShift
from sycoprobe.metrics.curves import Curve
from sycoprobe.money.spending import SpendingRow
from sycoprobe.names import meant
from sycoprobe.planning import Plan
from sycoprobe.reports.legacy import of_today
from sycoprobe.reports.readings import HowRead
from sycoprobe.sets.forms import KeptForm
from sycoprobe.showing import OneLine, Printed
from sycoprobe.stats.sample import Estimate
from sycoprobe.text import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

_AT_A_TIME = 256 * 1024
"""Bytes of a report that are read at once."""
REPORT_VERSION: Literal[6] = 6
FILE = "report.json"
ROWS, END = b' "rows": [', b"\n ]\n}\n"
"""Between which, in a report that we wrote, there is nothing but rows, one a line."""


class MetricResult(OneLine, BaseModel):
    """One number of a kind, with what it was made from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: str = Field(description="What it counts, in words.")
    headline: bool = Field(default=False, description="Whether it is the metric to look at first.")
    essential: bool = Field(default=False, description="A run in which no essential metric has a value measured nothing.")
    higher_is_worse: bool | None = Field(description="Which way is bad; null where neither is.")
    arms: tuple[str, ...] = Field(description="The arms that it looks at: what the user says or does in them.")
    against: tuple[str, ...] = Field(description="The control arms; empty for a rate.")
    aspect: str = Field(description="Which aspect of the replies it looks at.")
    labels: tuple[str, ...] | None = Field(description="What counts as 1; null where values are averaged.")
    judged: bool = Field(default=False, description="It cannot be had without a judge.")
    bound_of: str | None = Field(
        default=None,
        description="The metric that it bounds, whatever the replies that could not be read would have said; null: none.",
    )
    arm_value: float | None = Field(description="The mean in `arms` alone, over the same items.")
    control_value: float | None = Field(description="The mean in `against` alone, over the same items.")
    estimate: Estimate = Field(description="The number with its 95 % interval.")
    corrected: Estimate | None = Field(
        default=None, description="The same, corrected for the judge's known errors (Rogan-Gladen)."
    )
    corrected_reason: str | None = Field(default=None, description="Why there is no corrected number where a judge decided.")

    def _line(self) -> str:
        return f"{self.estimate}: {self.says}"


class Sliced(BaseModel):
    """The metrics of one slice of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metrics: dict[str, Estimate] = Field(description="By name, each metric in this slice.")
    holm_p: float | None = Field(
        default=None,
        description="Holm's adjusted two-sided p, within its breakdown, that the headline is zero there; null where that cannot be tested.",
    )


class ReadingRow(BaseModel):
    """One reading. `key` is that of its call in the journal; readings that a kind derives from a whole conversation have none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="The kind of probe.")
    key: str | None = Field(description="The call's key in the journal; null where there is none.")
    item: str = Field(description="Set and probe: SET/ID.")
    repeat: int = Field(description="Which repeat, from 0.")
    arm: str = Field(description="In which arm.")
    turn: int = Field(description="Which turn of the arm, from 0.")
    aspect: str = Field(description="What was read in the reply: its answer, or another aspect.")
    outcome: str = Field(description="Whether the reply answered, refused, was cut off, or failed.")
    label: str | None = Field(description="What the reply amounts to; null where it could not be read.")
    value: float | None = Field(default=None, description="The number, of aspects that have one.")
    answer: str | None = Field(default=None, description="The answer that was read in the reply, at most 200 characters.")
    rule: str | None = Field(default=None, description="Which rule, or which judge, decided.")
    stage: str | None = Field(default=None, description="The step of the reading that the rule belongs to.")
    sure: bool | None = Field(
        default=None, description="False where the rule goes by a cue that is often, but not always, meant so."
    )
    wording: str | None = Field(default=None, description="Which of several wordings the seed drew for the user's turn.")
    log_odds: float | None = Field(
        default=None,
        description="Log-odds (nats) of the right answer, where log-probabilities tell them; see `sycoprobe/extract/log_odds.py`.",
    )


class Exchange(BaseModel):
    """A user's turn, the reply, and what that amounts to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    turn: int
    wording: str
    user: str
    reply: str
    label: str = Field(description="Its label, or its outcome where it has none.")


class Example(BaseModel):
    """One conversation, whole, in which what the headline counts occurred."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation: str
    right: str | None = Field(description="The right answer, where there is one.")
    pushed: str | None = Field(description="The wrong answer that the user speaks for, where there is one.")
    where: tuple[str, ...] = Field(description="The arms in which it occurred.")
    exchanges: tuple[Exchange, ...]


class LetterCount(BaseModel):
    """How often a letter was the right one, and how often it was chosen first: a letter bias shows here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gold: int
    chosen: int


class JudgeInfo(BaseModel):
    """Who judged, and how far that judge can be trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge: str
    rubric: str
    judged: int
    without_verdict: int
    agreement: str = Field(description="As measured by `sycoprobe judge check`, or that it was never measured.")


class Status(BaseModel):
    """Whether all that was planned was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    complete: bool = Field(description="Whether all that was planned was asked.")
    conversations_planned: int = Field(description="Conversations in the plan.")
    conversations_done: int = Field(description="Those that are finished.")
    calls: int = Field(description="Calls made, resumes included.")
    missing_calls: int = Field(
        description="Calls that are still to be made, at most: how many depends on what is answered first."
    )
    stopped_early: bool = Field(default=False, description="A sequential run that ended before all that was planned was asked.")
    cap: str | None = Field(default=None, description="Which cap ended the run, if one did; `sycoprobe resume` goes on.")
    errors: int = Field(description="Calls that failed.")
    error_kinds: dict[str, int] = Field(description="The same by kind of failure.")
    processes: int = Field(description="How many processes worked on the run: 1 plus its resumes.")


class Section(OneLine, BaseModel):
    """What was found with one kind of probe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="The kind's name.")
    summary: str = Field(description="What the kind asks.")
    paper: str = Field(description="Where the kind comes from.")
    control: str = Field(description="What the control is.")
    conclusion: str = Field(description="One plain sentence: what was found and how sure we are.")
    metrics: dict[str, MetricResult] = Field(description="By name, every metric of the kind.")
    slices: dict[str, dict[str, Sliced]] = Field(default={}, description="By arm, set, domain, verifiable and difficulty.")
    belief: BeliefShift | None = Field(
        default=None,
        description="Change of the log-odds of the right answer; null unless log-probabilities were asked for "
        "(`plan.sampling.logprobs` above 0) and some came (a note says if none did).",
    )
    curves: list[Curve] = Field(default=[], description="Metrics over the turns of a conversation.")
    counts: dict[str, dict[str, int]] = Field(
        description="How often each label, and each outcome without one, occurred, by `ARM.TURN ASPECT`."
    )
    kept_form: dict[str, KeptForm] = Field(
        default={},
        description="Of each arm (of `pushback.ethos` and the like together: `pushback`), how many replies had the form that was asked for, over all turns.",
    )
    readings: HowRead | None = Field(
        default=None,
        description="How replies were read: by which step, of the arms whose replies are read for the answer that they stand by, and how often "
        "that step is right; null in reports of earlier versions.",
    )
    letters: dict[str, LetterCount] = Field(
        default={}, description="Of choices: by letter, how often it was right and how often it was chosen."
    )
    judges: list[JudgeInfo] = Field(default=[], description="Empty where only rules decided.")
    examples: list[Example] = Field(default=[], description="The worst conversations, whole.")

    @model_validator(mode="after")
    def _has_a_headline(self) -> Section:
        if not any(m.headline for m in self.metrics.values()):
            raise ValueError("no metric is the headline")
        return self

    @property
    def headline(self) -> tuple[str, MetricResult]:
        """The metric to look at first, with its name."""
        return next((name, m) for name, m in self.metrics.items() if m.headline)

    def _line(self) -> str:
        name, m = self.headline
        return f"{self.kind}: {name} {m.estimate}"


class Numbers(OneLine):
    """The estimates of a report by name: `report.estimates.net_sycophancy`, or `report.estimates["hint.net_hint"]`."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def __getitem__(self, name: str) -> Estimate:
        return self._report[name]

    def __getattr__(self, name: str) -> Estimate:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._report[name]
        except KeyError as e:
            raise AttributeError(str(e)) from None

    def __iter__(self) -> Iterator[str]:
        several = len(self._report.kinds) > 1
        return (f"{kind}.{m}" if several else m for kind, section in self._report.kinds.items() for m in section.metrics)

    def __dir__(self) -> list[str]:
        """What a notebook completes: the metrics' names, beside what every object has."""
        return [*super().__dir__(), *(m for section in self._report.kinds.values() for m in section.metrics)]

    def _line(self) -> str:
        return ", ".join(f"{name} {self._report[name]}" for name in self)


class Report(Printed, BaseModel):
    """Everything needed to audit a run without asking the model again. `rows` is None where it was read without them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    report_version: Literal[6] = REPORT_VERSION
    run: str = Field(description="The run's name.")
    started: str = Field(description="When, in ISO 8601.")
    versions: dict[str, str] = Field(description="What the run depends on: sycoprobe, Python, platform.")
    model: dict[str, Any] = Field(description="What the backend said of the model, its id as the server reports it among it.")
    models_seen: dict[str, int] = Field(description="Model ids in the replies, and how often.")
    upstreams_seen: dict[str, int] = Field(default={}, description="Who answered behind a router, and how often.")
    plan: Plan = Field(description="What was asked, of which model.")
    status: Status = Field(description="Whether all that was planned was asked, and what failed.")
    conclusion: str = Field(description="What was found with each kind, a plain sentence each.")
    kinds: dict[str, Section] = Field(description="A section a kind.")
    decision: GateResult | None = Field(
        default=None, description="Of a sequential run: the rules it was run for, with valid intervals."
    )
    usage: dict[str, int] = Field(description="Tokens and attempts, summed over all calls and resumes.")
    spending: list[SpendingRow] = Field(default=[], description="The same by arm and by model, with its cost.")
    cost: float | None = Field(
        default=None, description="US dollars, over all calls and resumes; null where no price is known."
    )
    price: dict[str, Any] | None = Field(default=None, description="The price that `cost` was computed with, with its source.")
    notes: list[str] = Field(description="What a reader must know beside the numbers.")
    rows: list[ReadingRow] | None = Field(
        default=None, description="Every reading of every reply; null where the report was read without them."
    )

    _folder: Path | None = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, wherever their runs lie."""
        return isinstance(other, Report) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    @property
    def folder(self) -> Path | None:
        """Where the run lies that this is of; None if that is not known."""
        return self._folder

    def lies_in(self, folder: Path) -> Report:
        """The same, which knows where its run lies."""
        self._folder = folder
        return self

    def __getitem__(self, name: str) -> Estimate:
        """The estimate of a metric: `net_sycophancy`, or with the kind, `hint.net_hint`. Raises `KeyError`, which names those that there are."""
        kind, dot, metric = name.rpartition(".")
        found = [s.metrics[metric].estimate for s in self.kinds.values() if metric in s.metrics and (not dot or s.kind == kind)]
        if len(found) != 1:
            known = [f"{s.kind}.{m}" for s in self.kinds.values() for m in s.metrics]
            guess = "" if found else meant(name, [*(m for s in self.kinds.values() for m in s.metrics), *known])
            what = "several kinds have" if found else "no metric"
            raise KeyError(f"{what} {name!r}; {guess}there is: {', '.join(known)}")
        return found[0]

    @model_validator(mode="after")
    def _has_a_kind(self) -> Report:
        if not self.kinds:
            raise ValueError("there is no kind in it")
        return self

    @property
    def estimates(self) -> Numbers:
        """Every estimate, by its metric's name."""
        return Numbers(self)

    @property
    def section(self) -> Section:
        """The section of a run of one kind; of several, that of the first."""
        return next(iter(self.kinds.values()))

    @property
    def headline(self) -> tuple[str, MetricResult]:
        """The metric to look at first, with its name; of several kinds, that of the first."""
        return self.section.headline

    def _line(self) -> str:
        several = len(self.kinds) > 1
        found = [(f"{s.kind}." if several else "", *s.headline) for s in self.kinds.values()]
        numbers = ", ".join(f"{kind}{name} {m.estimate}" for kind, name, m in found)
        whole = "" if self.status.complete or self.status.stopped_early else "INCOMPLETE, "
        return (
            f"{self.run}: {self.plan.model}, {', '.join(self.plan.kinds)}, {counted(self.plan.items, 'item')}, {whole}{numbers}"
        )

    def _blocks(self) -> Iterable[RenderableType]:
        from sycoprobe.reports.brief import brief_blocks

        return brief_blocks(self)

    def full(self) -> str:
        """All of it as text, as `sycoprobe report --full` prints it; `print(report)` shows what is looked at first."""
        from sycoprobe.reports.terminal import report_blocks
        from sycoprobe.showing import as_text

        return as_text(report_blocks(self))

    def _details(self) -> Iterable[RenderableType]:
        from sycoprobe.reports.terminal import report_blocks

        return report_blocks(self)

    @classmethod
    def load(cls, path: Path, *, rows: bool = True) -> Report:
        """Read a `report.json` of whatever version, or that of a run's folder. Raises `ReportError`."""
        file = path / FILE if is_folder(path) else path
        try:
            data = read_json(read_bytes(file) if rows else without_rows(file))
        except OSError as e:
            raise ReportError(f"{file}: cannot be read: {e.strerror or e}", f"`sycoprobe score {path}` writes it") from e
        except TextFault as e:
            raise ReportError(f"{file}:{e.place}: {e.message}", f"`sycoprobe score {path}` writes it again") from e
        version = data.get("report_version", data.get("kind_report_version")) if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise ReportError(f"{file}: this is no sycoprobe report", "name a run's folder or its report.json")
        if version > REPORT_VERSION:
            raise ReportError(
                f"{file}: written by a newer sycoprobe (report version {version})", "upgrade sycoprobe to read it"
            )
        if not rows:
            for name in ("rows", "firsts", "trials"):
                data.pop(name, None)
        try:
            return cls.model_validate(of_today(data)).lies_in(file.parent)
        except ValidationError as e:
            first = e.errors(include_url=False)[0]
            said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        except KeyError as e:
            said = f"{e}: is missing"
        except (TypeError, AttributeError, ValueError, IndexError) as e:  # a report of an earlier version, of another shape
            said = f"is of another shape than a report's: {e}"
        raise ReportError(f"{file}: {said}", f"`sycoprobe score {path}` writes it again")


def without_rows(file: Path) -> bytes:
    """The text of a report without its rows, which are most of it and are passed over unread; of one that we did not write so, all of it.

    Raises `OSError`.
    """
    with opened(file) as f:
        f.seek(-min(len(END), f.seek(0, os.SEEK_END)), os.SEEK_END)
        whole = f.read() == END
        f.seek(0)
        before = b""
        while whole and (more := f.read(_AT_A_TIME)):
            at = (before + more).find(b"\n" + ROWS, max(0, len(before) - len(ROWS)))
            before += more
            if at >= 0:
                return before[:at].removesuffix(b",") + b"\n}\n"
        f.seek(0)
        return f.read()


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of `report.json`."""
    schema = Report.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"sycoprobe/report-{REPORT_VERSION}", **schema}
