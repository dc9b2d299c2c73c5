"""The form in which answers are asked for: its JSON schema, the room that it takes, and whether a reply kept to it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sycoprobe.sets.probe import AnswerFormat, Asked
from sycoprobe.turns import Finish, Reply


class AnswerForm(StrEnum):
    """In which form every turn of a run asks for the answer; the words are in the wordings file."""

    LINE = "line"
    """Whatever the model likes, and as its last line `Answer: …`."""
    BRIEF = "brief"
    """The answer in a few words and nothing else."""
    FREE = "free"
    """No form is asked for."""
    SCHEMA = "schema"
    """A JSON object with the reasoning before the answer, to which the backend holds the reply."""


DEFAULT_FORM = AnswerForm.BRIEF
EARLIER_FORM = AnswerForm.BRIEF
"""The form of plans, baselines and wordings that were written before there were several."""

BRIEF_WORDS = 12
"""So many words are brief; an option that has more may still be said whole."""
REASONING, ANSWER = "reasoning", "answer"
_ROOM = {AnswerForm.BRIEF: 256, AnswerForm.LINE: 1024, AnswerForm.FREE: 1024, AnswerForm.SCHEMA: 1024}
OWN_ROOM = 256
"""Room for a reply of the kinds that ask in words of their own: what counts stands at its beginning, so a cut loses nothing."""
UNKNOWN_THINKING = 2048
"""Room for thinking where it is not known whether a model thinks. A limit costs nothing until it is used."""
THINKING = {"minimal": 2048, "low": 4096, "medium": 8192, "high": 16_384, "xhigh": 32_768, "max": 32_768}
"""Room for thinking by effort, as providers spell it; any other word that asks for thinking gets that of medium."""
_NO_THINKING = frozenset({"none", "off", "false", "0"})
_STANDS_IN = frozenset({"sim", "replay"})
"""Backends that stand in for a model: nothing thinks there."""
THOUGHTLESS = frozenset({"local:", "local:smollm2"})
"""Of the models that we know by name, those that do not think."""
_TYPICAL = {AnswerForm.BRIEF: 40, AnswerForm.LINE: 120, AnswerForm.FREE: 160, AnswerForm.SCHEMA: 120}
TYPICAL_THINKING = 800

_LINE = re.compile(r"[\s>#*_`~\-•]*(?:final\s+)?answer(?![a-z0-9])[\s*_`]*[:：]", re.IGNORECASE)
_FENCE = "```"
_QUIET = re.compile(r"(?:[\s*_`~.,:;\-–—…<>\[\]()]|\banswer\b)*", re.IGNORECASE)
"""What an answer that is none consists of: marks, and the word itself over again."""


def schema_of(asked: Asked) -> dict[str, Any]:
    """The JSON schema of a reply to `asked` in the form `schema`: the reasoning first, so that it can bear on the answer.

    A choice is one of its options with their letters, yes/no one of the two, a number a number. Only what every vendor's
    structured output takes is in it: types, `enum`, `required` and `additionalProperties`.
    """
    match asked.probe.format:
        case AnswerFormat.CHOICE:
            answer: dict[str, Any] = {"type": "string", "enum": [asked.named(option) for option in asked.options]}
        case AnswerFormat.YES_NO:
            answer = {"type": "string", "enum": ["yes", "no"]}
        case AnswerFormat.NUMBER:
            answer = {"type": "number"}
        case AnswerFormat.SHORT_TEXT:
            answer = {"type": "string"}
    return {
        "type": "object",
        "properties": {REASONING: {"type": "string"}, ANSWER: answer},
        "required": [REASONING, ANSWER],
        "additionalProperties": False,
    }


def kept(form: AnswerForm, text: str, asked: Asked) -> bool | None:
    """Whether a reply has the form that was asked for, whatever its answer is; None where none was asked for.

    Parameters
    ----------
    text: the reply as it came.
    asked: the question as the conversation shows it.

    Notes
    -----
    `line`: the last line that is not empty is `Answer:` with something after it, Markdown around it allowed. `brief`: one line of
    at most 12 words, or of as many as the longest option has with its letter. `schema`: the whole reply is one JSON object, a code
    fence around it allowed, with an `answer` that is a text, a number or a truth value and is not empty.
    """
    match form:
        case AnswerForm.FREE:
            return None
        case AnswerForm.LINE:
            return _keeps_line(text)
        case AnswerForm.BRIEF:
            return _keeps_brief(text, asked)
        case AnswerForm.SCHEMA:
            return _keeps_schema(text)


def _keeps_line(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    found = _LINE.match(lines[-1]) if lines else None
    return found is not None and not _QUIET.fullmatch(lines[-1][found.end() :])


def _keeps_brief(text: str, asked: Asked) -> bool:
    words = text.split()
    most = max([BRIEF_WORDS, *(len(asked.named(option).split()) for option in asked.options)])
    return 0 < len(words) <= most and len(text.strip().splitlines()) == 1


def _keeps_schema(text: str) -> bool:
    whole = text.strip()
    if whole.startswith(_FENCE) and whole.endswith(_FENCE):
        whole = whole.removesuffix(_FENCE).partition("\n")[2]
    try:
        data = json.loads(whole)
    except (ValueError, RecursionError):
        return False
    answer = data.get(ANSWER) if isinstance(data, dict) else None
    return bool(answer.strip()) if isinstance(answer, str) else isinstance(answer, int | float)


NOT_ASKED = "no form was asked for"


class KeptForm(BaseModel):
    """How many replies of one arm had the form that was asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replies: int = Field(description="Replies that came; refusals by the provider and failed calls are none.")
    kept: int | None = Field(description="How many of them had the form; null where that cannot be said.")
    share: float | None = Field(description="kept / replies.")
    reason: str | None = Field(default=None, description="Why there is no number.")


class KeptCounts:
    """Counts, by arm, the replies that kept to the form of a run.

    Parameters
    ----------
    form: that of the run; None: the run's turns do not ask in any of the forms.
    """

    def __init__(self, form: AnswerForm | None) -> None:
        self.form = form
        self._replies: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._own: Counter[str] = Counter()

    def add(self, arm: str, reply: Reply | None, asked: Asked | None) -> None:
        """Take note of one call's reply in an arm; `asked` is None where the turn asked in words of its own."""
        if reply is None or reply.finish is Finish.REFUSAL:
            return
        if self.form is None or asked is None:
            self._own[arm] += 1
            return
        self._replies[arm] += 1
        # What the length limit stopped did not come to the end that was asked for.
        self._kept[arm] += reply.finish is not Finish.LENGTH and bool(kept(self.form, reply.text, asked))

    def by_arm(self, arms: Iterable[str]) -> dict[str, KeptForm]:
        """The counts of these arms, in this order."""
        return {arm: self._of(arm) for arm in arms}

    def _of(self, arm: str) -> KeptForm:
        n = self._replies[arm]
        if not n and self._own[arm]:
            return KeptForm(replies=self._own[arm], kept=None, share=None, reason="its turns ask in words of their own")
        if not n:
            return KeptForm(replies=0, kept=None, share=None, reason="there is no reply")
        if self.form is AnswerForm.FREE:
            return KeptForm(replies=n, kept=None, share=None, reason=NOT_ASKED)
        return KeptForm(replies=n, kept=self._kept[arm], share=self._kept[arm] / n)


def kept_line(form: AnswerForm, counts: dict[str, KeptForm]) -> str | None:
    """One line for a reader: how many replies of each arm had the form; None where there is no number."""
    told = [f"{arm.replace('_', ' ')} {c.kept} of {c.replies}" for arm, c in counts.items() if c.kept is not None]
    if told:
        return f"Replies in the form asked for ({form.value}): " + ", ".join(told)
    free = any(c.reason == NOT_ASKED for c in counts.values())
    return "Replies in the form asked for: none was asked for (free)" if free else None


def thinks(model: str, effort: str | None) -> bool | None:
    """Whether a model thinks before it answers, as far as the user and the backend say; None: not known.

    The effort decides where one is given. Nothing is guessed from the name of a hosted model.

    Parameters
    ----------
    model: as the user names it, `backend:name`.
    effort: as the provider spells it.
    """
    if effort is not None:
        return effort not in _NO_THINKING
    return False if model.partition(":")[0] in _STANDS_IN or model in THOUGHTLESS else None


def room_for(form: AnswerForm | None, model: str, effort: str | None) -> int:
    """The default length limit of a reply, in tokens: room for the answer in its form, and for the thinking before it.

    Parameters
    ----------
    form: None for kinds that ask in words of their own.
    model, effort: as for `thinks`. An effort that is a number is a budget of thinking tokens.
    """
    answer = OWN_ROOM if form is None else _ROOM[form]
    thinking = thinks(model, effort)
    if thinking is None:
        return answer + UNKNOWN_THINKING
    if not thinking or effort is None:
        return answer
    budget = int(effort) if re.fullmatch(r"\d{1,6}", effort) else THINKING.get(effort, THINKING["medium"])
    return answer + budget


def template_thinks(template: str) -> bool:
    """Whether a chat template knows of thinking; a model of which it does not is taken for one that does not think."""
    return re.search(r"think|reasoning", template, re.IGNORECASE) is not None


def fitting(room: int, facts: Mapping[str, Any], unthinking: int) -> int:
    """A default length limit as the model and its server take it: never more than `room`, by which costs were told.

    Without thinking where the model does not think; and no more than the server says that a reply may have, and half of the
    context that it has: some refuse a call whose prompt and limit exceed it together, instead of stopping there.

    Parameters
    ----------
    room: the default by what was known before the model was reached.
    facts: what the backend said of the model: `thinks`, `context` in tokens, `reply_limit`.
    unthinking: the default for a model that does not think.
    """
    if facts.get("thinks") is False:
        room = min(room, unthinking)
    context, most = facts.get("context"), facts.get("reply_limit")
    if isinstance(context, int) and context > 1:
        room = min(room, context // 2)
    return min(room, most) if isinstance(most, int) and most > 0 else room


def typical_answer(form: AnswerForm) -> int:
    """About how many tokens an answer in this form takes, without any thinking."""
    return _TYPICAL[form]


TYPICAL_REPLY_TOKENS = _TYPICAL[EARLIER_FORM]
"""About how long a short answer is."""


def typical_thinking(model: str, effort: str | None) -> int:
    """About how many tokens are thought before a short answer, where it is known that the model thinks."""
    return TYPICAL_THINKING if thinks(model, effort) else 0
