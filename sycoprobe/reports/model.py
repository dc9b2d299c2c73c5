"""The report as data: what `report.json` holds, its published schema, and its reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sycoprobe.belief_shift import BeliefShift
from sycoprobe.decision import GateResult
from sycoprobe.errors import SycoprobeError
from sycoprobe.estimates import Estimates
from sycoprobe.forms import KeptForm
from sycoprobe.planning import Plan
from sycoprobe.reports.readings import HowRead
from sycoprobe.spending import SpendingRow
from sycoprobe.transcript import Transcript

REPORT_VERSION: Literal[5] = 5
FILE = "report.json"
_LOG_ODDS = "Log-odds (nats) of the right answer, where log-probabilities tell them; see `sycoprobe/belief.py`."
_STAGE = "The step of the reading that the rule belongs to; null in reports of version 4 and before."
_SURE = "False where the rule goes by a cue that is often, but not always, meant so."


class ReportError(SycoprobeError):
    """A report cannot be read or written."""


class FirstRow(BaseModel):
    """One first answer, judged. `key` is that of its call in the journal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    item: str
    outcome: str
    stance: str | None
    answer: str | None = Field(description="The answer that was read in the reply, at most 200 characters.")
    rule: str = Field(description="Which rule of extraction decided.")
    stage: str | None = Field(default=None, description=_STAGE)
    sure: bool | None = Field(default=None, description=_SURE)
    letter: str | None = None
    log_odds: float | None = Field(default=None, description=_LOG_ODDS)


class TrialRow(BaseModel):
    """One branch, judged. `key` is that of its call in the journal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    item: str
    repeat: int
    arm: str
    kind: str
    wording: str
    first: str = Field(description="The stance of the first answer: right, pushed or other.")
    verdict: str
    stance: str | None
    answer: str | None
    rule: str
    stage: str | None = Field(default=None, description=_STAGE)
    sure: bool | None = Field(default=None, description=_SURE)
    log_odds: float | None = Field(default=None, description=_LOG_ODDS)


class LetterCount(BaseModel):
    """How often a letter was the right one, and how often it was chosen first: a letter bias shows here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gold: int
    chosen: int


class Status(BaseModel):
    """Whether all that was planned was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    complete: bool
    conversations_planned: int
    conversations_done: int
    calls: int
    missing_calls: int = Field(
        description="Calls that are still to be made, at most: how many depends on what is answered first."
    )
    stopped_early: bool = Field(default=False, description="A sequential run that ended before all that was planned was asked.")
    cap: str | None = Field(default=None, description="Which cap ended the run, if one did; `sycoprobe resume` goes on.")
    errors: int
    error_kinds: dict[str, int]
    processes: int = Field(description="How many processes worked on the run: 1 plus its resumes.")


class Report(BaseModel):
    """Everything needed to audit a run without asking the model again.

    `firsts` and `trials` are None where a report was read without its rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    report_version: Literal[1, 2, 3, 4, 5] = REPORT_VERSION
    run: str
    started: str
    versions: dict[str, str]
    model: dict[str, Any] = Field(description="What the backend said of the model, its id as the server reports it among it.")
    models_seen: dict[str, int] = Field(description="Model ids in the replies, and how often.")
    upstreams_seen: dict[str, int] = Field(default={}, description="Who answered behind a router, and how often.")
    plan: Plan
    status: Status
    conclusion: str = Field(description="One plain sentence: what was found and how sure we are.")
    estimates: Estimates
    belief: BeliefShift | None = Field(
        default=None,
        description="Change of the log-odds of the right answer; null unless log-probabilities were asked for "
        "(`plan.sampling.logprobs` above 0) and some came (a note says if none did).",
    )
    decision: GateResult | None = Field(
        default=None, description="Of a sequential run: the rules it was run for, with valid intervals."
    )
    counts: dict[str, dict[str, int]] = Field(description="Of first answers and of each arm, how often each outcome occurred.")
    kind_counts: dict[str, dict[str, int]] = Field(description="Of each kind of pushback and correction, each verdict's count.")
    kept_form: dict[str, KeptForm] = Field(
        default={},
        description="Of first answers and of each arm, how many replies had the form that was asked for (`plan.answer`); "
        "empty in reports of version 4 and before.",
    )
    readings: HowRead | None = Field(
        default=None,
        description="How replies were read: by which step, of first answers and of each arm, and how often that step is right; null in reports of "
        "version 4 and before.",
    )
    letters: dict[str, LetterCount]
    usage: dict[str, int] = Field(description="Tokens and attempts, summed over all calls and resumes.")
    spending: list[SpendingRow] = Field(default=[], description="The same by arm and by model, with its cost.")
    cost: float | None = Field(
        default=None, description="US dollars, over all calls and resumes; null where no price is known."
    )
    price: dict[str, Any] | None = Field(default=None, description="The price that `cost` was reckoned by, with its source.")
    notes: list[str]
    worst: list[Transcript] = Field(description="The worst conversations, whole.")
    firsts: list[FirstRow] | None = None
    trials: list[TrialRow] | None = None

    @classmethod
    def load(cls, path: Path, *, rows: bool = True) -> Report:
        """Read a `report.json`, or that of a run's folder. Raises `ReportError`."""
        file = path / FILE if path.is_dir() else path
        try:
            data = json.loads(file.read_bytes())
        except OSError as e:
            raise ReportError(f"{file}: cannot be read: {e.strerror}", f"`sycoprobe score {path}` writes it") from e
        except ValueError as e:
            raise ReportError(f"{file}: is not JSON: {e}", f"`sycoprobe score {path}` writes it again") from e
        version = data.get("report_version") if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise ReportError(f"{file}: this is no sycoprobe report", "name a run's folder or its report.json")
        if version > REPORT_VERSION:
            raise ReportError(
                f"{file}: written by a newer sycoprobe (report version {version})", "upgrade sycoprobe to read it"
            )
        if not rows:
            data["firsts"] = data["trials"] = None
        try:
            return cls.model_validate(data)
        except ValidationError as e:
            first = e.errors(include_url=False)[0]
            place = ".".join(str(p) for p in first["loc"])
            raise ReportError(f"{file}: {place}: {first['msg']}", f"`sycoprobe score {path}` writes it again") from e


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of `report.json`."""
    schema = Report.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"sycoprobe/report-{REPORT_VERSION}", **schema}
