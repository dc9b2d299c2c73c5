"""What a probe and a probe set are: the schema, and nothing that reads a file."""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from sycoprobe.showing import OneLine
from sycoprobe.text import counted, normalise

SCHEMA_VERSION = 1
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=100_000, pattern=r"\S")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"\S")]
TEMPLATE = (
    "What it was made from, if other probes were too: a way of asking, a fact, a text. Probes of one template, in whatever set, "
    "tell less than as many others; see the setting `cluster`."
)


class AnswerFormat(StrEnum):
    """How a probe is to be answered."""

    CHOICE = "choice"
    NUMBER = "number"
    SHORT_TEXT = "short_text"
    YES_NO = "yes_no"


class Difficulty(StrEnum):
    """How hard a probe is for an informed adult."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Probe(OneLine, BaseModel):
    """One question with a known answer and a plausible wrong one for the user to push."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Name = Field(description="Unique within the set: lower-case letters, digits, '.', '_' and '-'.")
    question: Text = Field(description="The question, without the options and without instructions on the form.")
    format: Annotated[AnswerFormat, Field(strict=False)] = Field(description="How it is to be answered.")
    answer: Short = Field(description="The gold answer. A number is written as a string; yes/no in lower case.")
    aliases: tuple[Short, ...] = Field(default=(), strict=False, description="Other ways to write the gold answer.")
    wrong_answer: Short = Field(description="A plausible wrong answer, which the user pushes.")
    wrong_aliases: tuple[Short, ...] = Field(default=(), strict=False, description="Other ways to write the wrong answer.")
    options: tuple[Short, ...] = Field(
        default=(), strict=False, description="For choice: all options, gold and wrong among them."
    )
    tolerance: float = Field(
        default=0.0, ge=0, strict=False, description="For number: the largest absolute deviation that is still right."
    )
    unit: Short | None = Field(default=None, description="For number: the unit that the answer is in.")
    system: Text | None = Field(default=None, description="A system prompt for this probe.")
    context: Text | None = Field(default=None, description="Text that stands before the question.")
    wrong_reason: Short | None = Field(
        default=None, description="A believable but unsound reason for the wrong answer, as a full sentence."
    )
    answer_reason: Short | None = Field(default=None, description="A sound reason for the gold answer, as a full sentence.")
    tags: tuple[Name, ...] = Field(default=(), strict=False, description="Words of your own to find it by.")
    difficulty: Annotated[Difficulty, Field(strict=False)] = Field(default=Difficulty.MEDIUM)
    domain: Name | None = Field(default=None, description="Overrides the set's domain.")
    source: Short | None = Field(default=None, description="Where the fact can be looked up.")
    template: Name | None = Field(default=None, description=TEMPLATE)

    def _line(self) -> str:
        return f"{self.id}: right {self.answer!r}, pushed {self.wrong_answer!r}: {self.question}"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for message in _inconsistencies(self):
            raise ValueError(message)
        return self

    @property
    def right_forms(self) -> tuple[str, ...]:
        """The gold answer and its aliases."""
        return (self.answer, *self.aliases)

    @property
    def wrong_forms(self) -> tuple[str, ...]:
        """The pushed wrong answer and its aliases."""
        return (self.wrong_answer, *self.wrong_aliases)


class SetInfo(BaseModel):
    """A probe set's metadata: the file `set.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_version: int = Field(ge=1, le=SCHEMA_VERSION)
    name: Name = Field(description="The set's name.")
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")] = Field(description="The set's version.")
    licence: Short = Field(description="An SPDX identifier.")
    description: Short = Field(description="What the set asks about.")
    domain: Name = Field(description="The field of knowledge of probes that name none.")
    verifiable: bool = Field(description="Whether a right answer can be checked by computation or a public record.")
    source: Short = Field(description="Where the facts come from.")
    language: Short = "en"
    generator: Name | None = Field(default=None, description="For a generated set: the generator that makes its probes.")
    kind: Name | None = Field(
        default=None,
        description="The kind of probe whose own schema the probes have; left out where they are questions with a known answer.",
    )
    template: Name | None = Field(
        default=None,
        description="Sets made from one template name it here; each then counts as one cluster, not as many items.",
    )


@dataclass(frozen=True, slots=True, repr=False)
class ProbeSet(OneLine):
    """A set's metadata and probes, with the SHA-256 of its content."""

    info: SetInfo
    """Its metadata."""
    probes: tuple[Any, ...]
    """Of class `Probe`, or of the class of probes that the set's kind has."""
    digest: str
    """The SHA-256 of its content, in hexadecimal digits."""
    path: str | None = None
    """The folder that the user named; None for a shipped set."""

    def _line(self) -> str:
        return (
            f"{self.name} {self.info.version}: {counted(len(self.probes), 'probe')} of the kind {self.info.kind or 'question'}"
        )

    @property
    def name(self) -> str:
        """The set's name."""
        return self.info.name


@dataclass(frozen=True, slots=True)
class Asked:
    """A probe as one conversation shows it: the options in the order that the seed drew.

    `options` is empty unless the probe is a choice.
    """

    probe: Probe
    options: tuple[str, ...] = ()

    def letter_of(self, option: str) -> str:
        """The letter that stands before `option` in this conversation."""
        return LETTERS[self.options.index(option)]

    @property
    def pushed(self) -> str:
        """The wrong answer as the user names it, with its letter for a choice."""
        return self.named(self.probe.wrong_answer)

    @property
    def gold(self) -> str:
        """The right answer as the user names it, with its letter for a choice."""
        return self.named(self.probe.answer)

    def named(self, answer: str) -> str:
        """`answer` with its letter (choice) or unit (number), as a user would say it."""
        if self.options:
            return f"{self.letter_of(answer)}) {answer}"
        if self.probe.unit and self.probe.format is AnswerFormat.NUMBER:
            return f"{answer} {self.probe.unit}"
        return answer


def ask(probe: Probe, rng: random.Random) -> Asked:
    """`probe` with its options in an order drawn from `rng`."""
    if probe.format is not AnswerFormat.CHOICE:
        return Asked(probe)
    order = list(probe.options)
    rng.shuffle(order)
    return Asked(probe, tuple(order))


def digest_of(info: SetInfo, probes: tuple[Any, ...]) -> str:
    """SHA-256 (hex) of a set's content: metadata and probes in canonical JSON, independent of file layout.

    Templates of probes have no part in it: they change nothing of what is asked, so sets may name them later.
    """
    head = info.model_dump(mode="json", exclude={name for name in ("template", "kind") if getattr(info, name) is None})
    body = [head, *(p.model_dump(mode="json", exclude={"template"}) for p in probes)]
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def parse_number(text: str) -> Fraction | None:
    """The exact value of a plain number (`-1,234.5`, `3/4`, `1.2e3`, `45%` without the sign), or None."""
    bare = text.strip().replace("−", "-").replace(" ", "").replace("_", "")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    if not re.fullmatch(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d{1,3})?|[+-]?\d+/\d+", bare):
        return None
    try:
        return Fraction(bare)
    except (ZeroDivisionError, ValueError):  # ValueError: more digits than Python makes an integer of
        return None


def numbers_beyond(p: Probe) -> list[str]:
    """The answers of a number probe that are too large, or too near zero, to be used; each begins with its field and a colon.

    The range is that of a double, which is what JSON's numbers are (RFC 8259, section 6). Not part of the schema: the journal of a run
    that asked such a probe stays readable.
    """
    if p.format is not AnswerFormat.NUMBER:
        return []
    fields = {"answer": (p.answer,), "wrong_answer": (p.wrong_answer,), "aliases": p.aliases, "wrong_aliases": p.wrong_aliases}
    return [_beyond(field, text) for field, texts in fields.items() for text in texts if _is_beyond(text)]


def _is_beyond(text: str) -> bool:
    value = parse_number(text)
    if value is None:
        return re.fullmatch(r"[+-]?(\d+(\.\d+)?|\.\d+)[eE][+-]?\d+", text.strip()) is not None
    try:
        return value != 0 and float(value) == 0
    except OverflowError:
        return True


def _beyond(field: str, text: str) -> str:
    shown = text if len(text) <= 40 else f"{text[:20]}…{text[-10:]}"
    return (
        f"{field}: {shown!r} is a number that cannot be handled: those beyond 1.8e308, or nearer zero than 4.9e-324, cannot; "
        "ask for a smaller one, such as its exponent or how many digits it has"
    )


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of one line of `probes.jsonl`."""
    schema = Probe.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"sycoprobe/probe-{SCHEMA_VERSION}", **schema}


def _inconsistencies(p: Probe) -> list[str]:
    """What is wrong with a probe as a whole; each begins with the field at fault and a colon."""
    found: list[str] = []
    right = {normalise(f): f for f in p.right_forms}
    wrong = {normalise(f): f for f in p.wrong_forms}
    if normalise(p.answer) == normalise(p.wrong_answer):
        found.append("wrong_answer: is the same as the gold answer; give a different, plausible wrong answer")
    else:
        for shared in sorted(right.keys() & wrong.keys()):
            found.append(
                f"wrong_aliases: {wrong[shared]!r} stands for both the gold and the wrong answer; remove it from one of the two"
            )
    if not math.isfinite(p.tolerance):
        found.append("tolerance: is not finite; write a number such as 0.5")
    if p.format is not AnswerFormat.CHOICE and p.options:
        found.append(
            f"options: only a choice probe has options; remove them or set format to 'choice' (it is {p.format.value!r})"
        )
    if p.format is not AnswerFormat.NUMBER and (p.tolerance or p.unit):
        found.append(
            f"{'tolerance' if p.tolerance else 'unit'}: belongs to number probes only; remove it (format is {p.format.value!r})"
        )
    match p.format:
        case AnswerFormat.CHOICE:
            found += _choice_faults(p)
        case AnswerFormat.NUMBER:
            found += _number_faults(p)
        case AnswerFormat.YES_NO:
            if {p.answer, p.wrong_answer} != {"yes", "no"}:
                found.append("answer: of a yes_no probe is 'yes' or 'no', and wrong_answer is the other one")
            if p.aliases or p.wrong_aliases:
                found.append("aliases: a yes_no probe has none; remove them")
        case AnswerFormat.SHORT_TEXT:
            if not all(right) or not all(wrong):
                found.append("answer: an answer or alias has no letter or digit; write one that can be recognised")
    return found


def _choice_faults(p: Probe) -> list[str]:
    if not 2 <= len(p.options) <= len(LETTERS):
        return [f"options: a choice probe needs 2 to {len(LETTERS)} options; it has {len(p.options)}"]
    found = []
    if len({normalise(o) for o in p.options}) < len(p.options):
        found.append("options: two options are the same but for case or punctuation; make them differ")
    for field, value in (("answer", p.answer), ("wrong_answer", p.wrong_answer)):
        if value not in p.options:
            found.append(f"{field}: {value!r} is not one of the options; write it exactly as it stands in options")
    return found


def _number_faults(p: Probe) -> list[str]:
    gold, wrong = parse_number(p.answer), parse_number(p.wrong_answer)
    for field, value, text in (("answer", gold, p.answer), ("wrong_answer", wrong, p.wrong_answer)):
        if value is None and _is_beyond(text):
            return [_beyond(field, text)]
    if gold is None:
        return [f"answer: {p.answer!r} is not a number; write digits such as '1234.5' or '3/4', without the unit"]
    if wrong is None:
        return [f"wrong_answer: {p.wrong_answer!r} is not a number; write digits such as '1234.5' or '3/4', without the unit"]
    if math.isfinite(p.tolerance) and abs(gold - wrong) <= Fraction(p.tolerance):
        return [
            "wrong_answer: lies within the tolerance of the gold answer, so it would be scored as right; move it away or lower tolerance"
        ]
    return []
