"""What the user says in the second turn: challenge wordings as checked data."""

from __future__ import annotations

import hashlib
import random
import re
import string
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from sycoprobe.errors import PlanError
from sycoprobe.jsontext import TextFault, read_toml
from sycoprobe.sets.forms import EARLIER_FORM, AnswerForm
from sycoprobe.sets.probe import LETTERS, AnswerFormat, Asked, Name
from sycoprobe.text import decoded
from sycoprobe.turns import Message

PLACEHOLDERS = frozenset({"claim", "reason", "question", "closing"})


class Arm(StrEnum):
    """A branch from the shared first answer."""

    CONTROL = "control"
    """A neutral re-ask. What flips here is instability."""
    PUSHBACK = "pushback"
    """The first answer was right and the user disagrees. A flip is sycophancy."""
    CORRECTION = "correction"
    """The first answer was wrong and the user disagrees, rightly. A flip to the right answer is good judgement."""


class Kind(StrEnum):
    """How the user disagrees; `neutral` is the control's."""

    NEUTRAL = "neutral"
    """Only asks again."""
    DOUBT = "doubt"
    """Disagrees without naming another answer."""
    ASSERT = "assert"
    """Names another answer, without support."""
    ETHOS = "ethos"
    """Leans on their own authority."""
    JUSTIFICATION = "justification"
    """Gives a reason."""
    CITATION = "citation"
    """Points to a source."""


DISPUTES: tuple[Kind, ...] = (Kind.DOUBT, Kind.ASSERT, Kind.ETHOS, Kind.JUSTIFICATION, Kind.CITATION)
Template = Annotated[str, StringConstraints(min_length=1, max_length=5_000)]
RequestText = Annotated[str, StringConstraints(max_length=5_000)]
"""A request to answer in some form; empty where none is asked for."""
Requests = dict[AnswerForm, dict[AnswerFormat, RequestText]]


class Challenge(BaseModel):
    """One wording of one kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Name
    kind: Kind
    text: Template

    @property
    def needs_reason(self) -> bool:
        return "{reason}" in self.text

    @model_validator(mode="after")
    def _sound(self) -> Challenge:
        used = placeholders(self.text)
        if unknown := used - PLACEHOLDERS:
            raise ValueError(f"unknown placeholder {{{min(unknown)}}}; known are {', '.join(sorted(PLACEHOLDERS))}")
        if "closing" not in used:
            raise ValueError("the text must hold {closing}, so that every arm ends in the same request")
        if self.kind in (Kind.NEUTRAL, Kind.DOUBT) and used & {"claim", "reason"}:
            raise ValueError(f"a {self.kind.value} wording names no answer; remove {{claim}} and {{reason}}")
        if self.kind not in (Kind.NEUTRAL, Kind.DOUBT) and "claim" not in used:
            raise ValueError(f"a {self.kind.value} wording must hold {{claim}}")
        return self


class Wordings(BaseModel):
    """All texts around a probe: requests to answer in each form, and challenges.

    `ask` and `closing` hold the requests by form and format. Texts that stand in a file right under `[ask]` and `[closing]`, as in
    files from before there were forms, are those of the form `brief`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1]
    version: str
    ask: Requests
    closing: Requests
    challenge: tuple[Challenge, ...] = Field(min_length=1)

    @field_validator("ask", "closing", mode="before")
    @classmethod
    def _by_form(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        flat = {name: text for name, text in given.items() if isinstance(text, str)}
        nested = {name: texts for name, texts in given.items() if not isinstance(texts, str)}
        if flat and EARLIER_FORM in nested:
            raise ValueError(f"texts right under it are those of {EARLIER_FORM.value!r}, which has a table of its own too")
        return {EARLIER_FORM: flat, **nested} if flat else nested

    @field_serializer("ask", "closing")
    def _as_written(self, requests: Requests) -> dict[str, Any]:
        """As the file has them: a file of one form keeps its shape, and so its digest."""
        made = {form.value: {name.value: text for name, text in texts.items()} for form, texts in requests.items()}
        return made[EARLIER_FORM] if list(made) == [EARLIER_FORM] else made

    @model_validator(mode="after")
    def _complete(self) -> Wordings:
        for table, requests in (("ask", self.ask), ("closing", self.closing)):
            for form, texts in requests.items():
                place = f"{table}.{form.value}"
                if missing := set(AnswerFormat) - texts.keys():
                    raise ValueError(f"[{place}] lacks {min(missing).value!r}")
                for name, text in texts.items():
                    if placeholders(text):
                        raise ValueError(f"[{place}] texts hold no placeholders")
                    if not text.strip() and (table == "closing" or form is not AnswerForm.FREE):
                        raise ValueError(f"[{place}] {name.value} is empty; only [ask.free] may be")
        if not self.ask:
            raise ValueError("[ask] has no texts")
        if lone := self.ask.keys() ^ self.closing.keys():
            form = min(lone)
            has, lacks = ("ask", "closing") if form in self.ask else ("closing", "ask")
            raise ValueError(f"[{has}.{form}] has no counterpart [{lacks}.{form}]")
        ids = [c.id for c in self.challenge]
        if doubled := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"challenge id {min(doubled)!r} stands twice")
        for kind in Kind:
            if not any(c.kind is kind and not c.needs_reason for c in self.challenge):
                raise ValueError(f"kind {kind.value!r} needs at least one wording without {{reason}}")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def require(self, form: AnswerForm) -> None:
        """Raises `PlanError` if these wordings do not ask in this form."""
        if form not in self.ask:
            has = ", ".join(f.value for f in AnswerForm if f in self.ask)
            raise PlanError(
                f"--answer {form.value}: these wordings (version {self.version}) lack [ask.{form.value}] and [closing.{form.value}]",
                f"add the two tables, as in the shipped wordings (`sycoprobe show wordings`), or choose among: {has}",
            )

    def request(self, form: AnswerForm, name: AnswerFormat) -> str:
        """What follows a question of this format in the first turn; empty where no form is asked for."""
        return self.ask[form][name].format()

    def close(self, form: AnswerForm, name: AnswerFormat) -> str:
        """The request with which every later turn ends."""
        return self.closing[form][name].format()

    def draw(self, kind: Kind, rng: random.Random, *, has_reason: bool) -> Challenge:
        """A wording of `kind` drawn from `rng`, among those that the probe can fill."""
        return rng.choice(self._fitting[kind, has_reason])

    @cached_property
    def _fitting(self) -> dict[tuple[Kind, bool], list[Challenge]]:
        """Those of a kind, by whether the probe has a reason to fill in."""
        return {
            (kind, has_reason): [c for c in self.challenge if c.kind is kind and (has_reason or not c.needs_reason)]
            for kind in Kind
            for has_reason in (False, True)
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """What the user asserts and why."""

    answer: str
    reason: str | None


def claim_of(asked: Asked, arm: Arm) -> Claim:
    """The user's claim in `arm`: the wrong answer under pushback, the right one under correction."""
    if arm is Arm.CORRECTION:
        return Claim(asked.gold, asked.probe.answer_reason)
    return Claim(asked.pushed, asked.probe.wrong_reason)


def question_text(asked: Asked) -> str:
    """The question, with its lettered options if it is a choice."""
    lines = [asked.probe.question, *(f"{LETTERS[i]}) {o}" for i, o in enumerate(asked.options))]
    return "\n".join(lines)


def first_turn(asked: Asked, wordings: Wordings, form: AnswerForm) -> tuple[Message, ...]:
    """The messages of the first call: the system prompt if the probe has one, then the question."""
    probe = asked.probe
    parts = [probe.context or "", question_text(asked), wordings.request(form, probe.format)]
    user: Message = {"role": "user", "content": "\n\n".join(p for p in parts if p)}
    return ({"role": "system", "content": probe.system}, user) if probe.system else (user,)


NOTHING_CLAIMED = ""
"""The gist of a turn in which the user claims nothing, such as the first question or a neutral re-ask."""


def claiming(answer: str) -> str:
    """The gist of a turn in which the user claims an answer, as `Asked.named` names it."""
    return f"The answer is {answer}."


def gist_of(asked: Asked, arm: Arm, kind: Kind) -> str:
    """What the user says in a branch, in one plain sentence: what a reply to it is read by, whatever the wording and its language."""
    match kind:
        case Kind.NEUTRAL:
            return NOTHING_CLAIMED
        case Kind.DOUBT:
            return "I doubt that."
        case _:
            return claiming(claim_of(asked, arm).answer)


def placeholders(text: str) -> set[str]:
    """The placeholders of a template. Raises `ValueError` for anything but plain `{name}`."""
    found = set()
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            raise ValueError(f"{{{name}}} is not a plain placeholder; write {{name}}, and {{{{ or }}}} for braces")
        found.add(name)
    return found


def parse_wordings(file: str, raw: bytes) -> Wordings:
    """The wordings in the bytes of a TOML file. Raises `PlanError` naming file and place."""
    try:
        return Wordings.model_validate(read_toml(raw))
    except TextFault as e:
        raise PlanError(f"{file}:{e.place}: {e.message}", "compare with the shipped wordings: `sycoprobe show wordings`") from e
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        place = ".".join(str(p) for p in first["loc"])
        line = _line_of(decoded(raw), first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        said = f"{place}: {message}" if place else message
        line = line if place else _line_with(decoded(raw), message)
        raise PlanError(f"{file}:{line}:1: {said}", "compare with the shipped wordings: `sycoprobe show wordings`") from e


def _line_with(text: str, message: str) -> int:
    """The line of the table that a message about the whole file begins with, from 1."""
    named = re.match(r"\[[\w.]+\]", message)
    lines = text.splitlines()
    return next((i for i, t in enumerate(lines, 1) if named and t.strip().startswith(named[0])), 1)


def _line_of(text: str, loc: tuple[int | str, ...]) -> int:
    """The line on which the table that `loc` points into begins, from 1."""
    lines = text.splitlines()
    heads = [i for i, t in enumerate(lines, 1) if t.strip().startswith("[[challenge]]")]
    if len(loc) > 1 and loc[0] == "challenge" and isinstance(loc[1], int) and loc[1] < len(heads):
        return heads[loc[1]]
    form = f"[{loc[0]}.{loc[1]}]" if len(loc) > 1 else ""
    heads = [i for i, t in enumerate(lines, 1) if form and t.strip().startswith(form)]
    return next(iter(heads), 0) or next(
        (i for i, t in enumerate(lines, 1) if loc and t.strip().startswith((f"[{loc[0]}]", f"[{loc[0]}.", f"{loc[0]} "))), 1
    )
