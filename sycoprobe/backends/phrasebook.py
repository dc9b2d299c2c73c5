"""The phrasebook: how chat models word an answer, as templates by what the reply does, and the filling of them.

The data are `testing/phrases/FORMAT.PART.jsonl`. Each template is written for one format of answer and free of any topic. The two parts
are halves of what several writers wrote, none of whom saw the code that reads replies: `dev` is what it was made with, and
`held_out` what it is measured on, and looked at by nobody who works on it.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from sycoprobe.sets.forms import ANSWER, REASONING, AnswerForm
from sycoprobe.sets.probe import AnswerFormat, Asked, parse_number


class Part(StrEnum):
    """A half of the phrasebook."""

    DEV = "dev"
    HELD_OUT = "held_out"


class Intent(StrEnum):
    """What a reply does."""

    FIRST = "first"
    """Answers a question that was just asked."""
    HELD = "held"
    """Stays with the answer given before."""
    GIVEN_IN = "given_in"
    """Takes another answer, giving up its own."""
    CORRECTED = "corrected"
    """The same, told as learning."""
    THIRD = "third"
    """Ends on an answer that is neither its earlier one nor the user's."""
    BOTH = "both"
    """Names two answers and does not choose."""
    NONE = "none"
    """Names no answer."""
    REFUSES = "refuses"
    """Declines to answer."""

    @property
    def answers(self) -> bool:
        """Whether it stands by one answer."""
        return self not in (Intent.BOTH, Intent.NONE, Intent.REFUSES)


class UserTurn(StrEnum):
    """What the user said, to which a phrase replies."""

    FIRST = "first"
    """The question, for the first time."""
    NEUTRAL = "neutral"
    """The question again."""
    DOUBT = "doubt"
    """A disagreement that names no answer."""
    CLAIM = "claim"
    """Another answer."""


NAMED = ("answer", "claim", "old", "one", "two")
"""The answers that a template can name."""
_FORMS = {
    AnswerFormat.CHOICE: ("", "_letter", "_text"),
    AnswerFormat.NUMBER: ("", "_bare"),
    AnswerFormat.SHORT_TEXT: ("",),
    AnswerFormat.YES_NO: ("",),
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One template. `only`: the one answer, yes or no, that the text fits. `bare`: it names no answer, the dialog tells which."""

    format: AnswerFormat
    intent: Intent
    short: bool
    after: frozenset[UserTurn]
    only: str | None
    bare: bool
    text: str
    placeholders: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """Which of `NAMED`, or `reason`, it names."""
        return frozenset(p.partition("_")[0].lower() for p in self.placeholders)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a reply is to say, and when. Answers are those of the probe, without letter or unit.

    Attributes
    ----------
    turn: what the user said.
    answer: what the reply stands by; None where it stands by none.
    old: the answer given before, None before the first one.
    claim: what the user claimed.
    one, two: what a reply that does not choose is torn between.
    """

    asked: Asked
    turn: UserTurn
    answer: str | None = None
    old: str | None = None
    claim: str | None = None
    one: str | None = None
    two: str | None = None

    @property
    def reason(self) -> str | None:
        """The probe's reason for the answer, if it has one."""
        probe = self.asked.probe
        return {probe.answer: probe.answer_reason, probe.wrong_answer: probe.wrong_reason}.get(self.answer or "")

    def named(self, name: str) -> str | None:
        """The answer that a template calls so."""
        known = {"answer": self.answer, "claim": self.claim, "old": self.old, "one": self.one, "two": self.two}
        return known[name]


@cache
def phrases(part: Part, format: AnswerFormat) -> tuple[Phrase, ...]:
    """All templates of a part for a format."""
    name = f"{format.value}.{part.value}.jsonl"
    return parsed(files("sycoprobe").joinpath("testing", "phrases", name).read_text(encoding="utf-8"), format, name)


def parsed(text: str, format: AnswerFormat, file: str) -> tuple[Phrase, ...]:
    """The templates in a file's text. Raises `ValueError`, with file and line but not the text, for one that is not well-formed."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            phrase = _phrase(json.loads(line), format)
        except (KeyError, TypeError, ValueError) as e:
            raise ValueError(f"{file}:{number}:1: {type(e).__name__ if isinstance(e, KeyError) else e}") from None
        found.append(phrase)
    return tuple(found)


def _phrase(data: dict[str, object], format: AnswerFormat) -> Phrase:
    if set(data) != {"intent", "length", "after", "only", "bare", "text"}:
        raise ValueError("the fields are intent, length, after, only, bare and text")
    text, after, only = str(data["text"]), data["after"], data["only"]
    intent = Intent(str(data["intent"]))
    used = frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    known = {name + form for name in NAMED for form in _FORMS[format]} | {"reason"}
    if format is AnswerFormat.YES_NO:
        known |= {name.capitalize() for name in NAMED}
    if unknown := used - known:
        raise ValueError(f"no placeholder {{{min(unknown)}}} for {format.value}")
    if data["length"] not in ("short", "long") or only not in (None, "yes", "no") or not isinstance(after, list):
        raise ValueError("length is short or long, only is null, yes or no, after is a list")
    made = Phrase(
        format,
        intent,
        data["length"] == "short",
        frozenset(UserTurn(turn) for turn in after) or frozenset({UserTurn.FIRST}),
        None if only is None else str(only),
        bool(data["bare"]),
        text,
        used,
    )
    if fault := _fault(made):
        raise ValueError(fault)
    return made


def _fault(phrase: Phrase) -> str | None:
    """What is wrong with a template as a whole."""
    names = phrase.names
    if phrase.intent.answers and "answer" not in names and not phrase.bare and phrase.only is None:
        return "it stands by an answer and names none"
    if phrase.intent is Intent.BOTH and not names >= {"one", "two"}:
        return "it is torn between two answers and does not name both"
    if phrase.intent is Intent.NONE and names:
        return "it names no answer, and has a placeholder"
    if "claim" in names and phrase.after != {UserTurn.CLAIM}:
        return "it names the claim where nothing was claimed"
    if "old" in names and UserTurn.FIRST in phrase.after:
        return "it names an earlier answer where there is none"
    return None


def fitting(phrases: Iterable[Phrase], intents: Sequence[Intent], occasion: Occasion, *, short: bool = False) -> list[Phrase]:
    """The templates that do one of `intents` and make sense on this occasion.

    A bare text is only fit where the dialog tells its answer: an agreement where the user claimed it, a stand where it was given before.
    """
    polarity = occasion.answer if occasion.asked.probe.format is AnswerFormat.YES_NO else None
    found = []
    for phrase in phrases:
        if phrase.intent not in intents or occasion.turn not in phrase.after or (short and not phrase.short):
            continue
        if phrase.only is not None and phrase.only != polarity:
            continue
        told = occasion.old if phrase.intent is Intent.HELD else occasion.claim
        if phrase.bare and told != occasion.answer:
            continue
        missing = [n for n in phrase.names if (occasion.reason if n == "reason" else occasion.named(n)) is None]
        if not missing:
            found.append(phrase)
    return found


def render(phrase: Phrase, occasion: Occasion) -> str:
    """A template with its answers filled in, as the occasion's question names them."""
    text = phrase.text.format_map({p: _filled(p, occasion) for p in phrase.placeholders})
    return text[:1].upper() + text[1:] if phrase.text.startswith("{") else text


def _filled(placeholder: str, occasion: Occasion) -> str:
    name, _, form = placeholder.partition("_")
    if name == "reason":
        return occasion.reason or ""
    answer = occasion.named(name.lower()) or ""
    match form:
        case "letter":
            return occasion.asked.letter_of(answer)
        case "text" | "bare":
            return answer
    named = occasion.asked.named(answer)
    return named.capitalize() if name[0].isupper() else named


def in_form(text: str, occasion: Occasion, form: AnswerForm | None) -> str:
    """A reply's text in the form that was asked for.

    `line`: an answer has a last line of its own, and where there is none there is no such line. `schema`: the text is the reasoning;
    the answer's field holds both answers where the reply is torn, and is empty where it names none.
    """
    asked, answer = occasion.asked, occasion.answer
    match form:
        case AnswerForm.LINE if answer is not None:
            return f"{text}\n\nAnswer: {asked.named(answer) if asked.options else answer}"
        case AnswerForm.SCHEMA:
            return json.dumps({REASONING: text, ANSWER: _field(occasion)}, ensure_ascii=False)
    return text


def _field(occasion: Occasion) -> str | float:
    asked, answer = occasion.asked, occasion.answer
    if occasion.one is not None and occasion.two is not None:
        return f"{asked.named(occasion.one)} or {asked.named(occasion.two)}"
    if answer is None:
        return ""
    if asked.probe.format is AnswerFormat.NUMBER and (value := parse_number(answer)) is not None:
        return int(value) if value.denominator == 1 else float(value)
    return asked.named(answer)


def torn(occasion: Occasion, rng: random.Random) -> Occasion:
    """The occasion of a reply that is torn: between its earlier answer and the other, in this order where there is an earlier one."""
    probe = occasion.asked.probe
    pair = [probe.answer, probe.wrong_answer]
    if occasion.old is None:
        rng.shuffle(pair)
    else:
        pair = [occasion.old, next(a for a in (occasion.claim, *pair) if a not in (None, occasion.old))]
    return Occasion(occasion.asked, occasion.turn, None, occasion.old, occasion.claim, *pair)
