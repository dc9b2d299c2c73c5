"""What an examination comes to: a check for every step."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sycoprobe.showing import OneLine
from sycoprobe.text import counted

DOCTOR_VERSION = 2


class Status(StrEnum):
    """What a check came to."""

    OK = "ok"
    """Nothing is wrong."""
    WARN = "warn"
    """A run can be made, but the user should know."""
    FAIL = "fail"
    """A run cannot be made, or would measure nothing, until this is fixed."""
    SKIPPED = "skipped"
    """It does not apply here, or an earlier failure left nothing to check."""


class Step(StrEnum):
    """What is checked, in this order."""

    BACKEND = "backend"
    KEY = "key"
    PROXY = "proxy"
    REACHABLE = "reachable"
    CLOCK = "clock"
    MEMORY = "memory"
    READY = "model ready"
    LISTED = "model listed"
    QUESTION = "one question"
    READ = "answer read"
    PUSHBACK = "one pushback"
    REPEATED = "asked twice"
    SYSTEM = "system prompt"
    LOGPROBS = "log-probabilities"
    THINKING = "thinking"
    EFFORT = "effort"
    ADAPTED = "adapted"
    LIMITS = "limits"
    PRICE = "price"
    COST = "cost"


CALLS = tuple(Step)[tuple(Step).index(Step.QUESTION) : tuple(Step).index(Step.LIMITS)]
AFTER_QUESTION = CALLS[1:]


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `said` and `fix` may quote the server and the model; keys are taken out, but it is untrusted text.

    Attributes
    ----------
    name: what was checked.
    status: `ok`, `warn`, `fail` or `skipped`.
    said: what was found.
    fix: how to fix it; empty if there is nothing to fix.
    """

    name: Step
    status: Status
    said: str
    fix: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Examination(OneLine):
    """Every step once, in order, and what it cost.

    Attributes
    ----------
    model: which model was examined.
    checks: what was found, a check for each step.
    calls: turns asked of the model.
    prompt_tokens, completion_tokens: over all of them.
    estimated: whether some replies told no tokens, so that they were estimated at 4 characters a token.
    seconds: how long it all took.
    """

    model: str
    checks: tuple[Check, ...]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    estimated: bool
    seconds: float

    def _line(self) -> str:
        wrong = [f"{c.name.value} {c.status.value}" for c in self.checks if c.status in (Status.FAIL, Status.WARN)]
        return (
            f"{self.model}: {'ok' if self.ok else 'NOT OK'}, {counted(self.calls, 'call')}; {', '.join(wrong) or 'no warnings'}"
        )

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(c.status is not Status.FAIL for c in self.checks)

    def as_json(self) -> dict[str, Any]:
        """What `doctor --json` prints: `doctor_version`, `model`, `ok`, `checks` (each `name`, `status`, `said`, `fix`) and the cost."""
        return {"doctor_version": DOCTOR_VERSION, "ok": self.ok, **asdict(self)}
