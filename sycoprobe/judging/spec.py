"""Who judges, and how: a model through any backend, or a rule without a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from sycoprobe.kinds.judging import Case, Judgement
from sycoprobe.money.budget import Caps

MIN_SHARE = 0.5
STAND_INS = ("sim", "replay")
"""Backends that answer by the planned call and not by the dialog, so that they cannot judge."""


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A model as a judge: `backend:name` as after `-m`, where it is, the name of its key's variable, its own marks of thinking, and
    the headers and body fields that its server wants."""

    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    thinking_marks: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    body: Mapping[str, JsonValue] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.model


@runtime_checkable
class RuleJudge(Protocol):
    """A judge that makes no call: the kinds' own grading by rule, named `rule`, or any function of a case."""

    name: str

    def judge(self, case: Case) -> Judgement:
        """Its word on a case."""
        ...


AnyJudge = JudgeSpec | RuleJudge


@dataclass(frozen=True, slots=True)
class How:
    """How judging is run.

    Attributes
    ----------
    concurrency: calls under way at once, for each judge.
    reply_tokens: length limit of a reply, thinking included.
    temperature: None leaves it to the server.
    timeout: seconds for one attempt.
    retries: further attempts.
    effort: of a reasoning model, as the provider spells it.
    caps: on the calls, tokens, dollars and seconds of this process, of all judges together; judging can be resumed.
    prices: a TOML file of prices.
    strict: a parameter that a server rejects is an error.
    allow_self: let a model judge itself; what comes of it is marked.
    min_share: the share of a panel that must name a label.
    notify: told of retries and waits, a line each.
    told: told after each call how many are done, and of how many.
    """

    concurrency: int = 8
    reply_tokens: int = 1024
    temperature: float | None = 0.0
    timeout: float = 120.0
    retries: int = 6
    effort: str | None = None
    caps: Caps = field(default_factory=Caps)
    prices: Path | None = None
    strict: bool = False
    allow_self: bool = False
    min_share: float = MIN_SHARE
    notify: Callable[[str], None] = lambda _line: None
    told: Callable[[int, int], None] = lambda _done, _of: None
