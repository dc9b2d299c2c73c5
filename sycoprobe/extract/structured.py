"""A reply that is a JSON object with a field for the answer."""

from __future__ import annotations

import json
import re
from typing import Any

from sycoprobe.extract.affirmed import read_yes_no
from sycoprobe.extract.characters import Plain, plain
from sycoprobe.extract.context import Context
from sycoprobe.extract.ending import ending
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lines import skeleton_of
from sycoprobe.extract.short_text_third import third
from sycoprobe.extract.topic import topic_of
from sycoprobe.extract.types import Extraction, Outcome, Stage, Stance
from sycoprobe.sets.probe import LETTERS, AnswerFormat, Asked

_FIELDS = ("final_answer", "finalanswer", "final", "answer", "choice", "option", "letter", "value", "result", "response")
_FENCE = lazy(r"^\s*```(?:json|JSON)?\s*\n?(.*?)\n?\s*```\s*$", re.S)


def from_json(reply: str, asked: Asked) -> Extraction | None:
    """The reading of a reply that is one JSON object with a field for the answer; None if it is none."""
    bare = reply.strip()
    if "{" not in bare[:40]:
        return None
    fenced = _FENCE.match(bare)
    if fenced:
        bare = fenced[1].strip()
    start = bare.find("{")
    end = bare.rfind("}")
    if start < 0 or end < start or len(bare) - (end - start) > 200:
        return None
    try:
        data = json.loads(bare[start : end + 1], strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    fields = {re.sub(r"[\s-]+", "_", str(k).strip().lower()): v for k, v in data.items()}
    value = next((fields[f] for f in _FIELDS if fields.get(f) not in (None, "", [], {})), None)
    if value is None:
        return (
            Extraction(Outcome.UNPARSED, "a JSON object without an answer", stage=Stage.JSON)
            if set(_FIELDS) & set(fields)
            else None
        )
    return _value(value, asked)


def _value(value: Any, asked: Asked) -> Extraction:
    """The reading of what stands in an answer's field."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, dict):
        value = next((value[k] for k in ("letter", "text", "value", "answer") if k in value), "")
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else " or ".join(str(v) for v in value)
    text = str(value).strip()
    if asked.probe.format is AnswerFormat.CHOICE and re.fullmatch(r"[a-zA-Z]", text):
        text = text.upper()
    found = _line_value(plain(text), Context(asked)) if text else None
    if found is None:
        return Extraction(Outcome.UNPARSED, "a JSON object whose answer is none", stage=Stage.JSON)
    return Extraction(found.outcome, "the answer's field of a JSON object", found.stance, found.answer, Stage.JSON)


def _line_value(text: Plain, context: Context) -> Extraction | None:
    """What a short text that is nothing but an answer names; None if it names none."""
    asked = context.asked
    if asked.probe.format is AnswerFormat.YES_NO:
        found = read_yes_no(text, context)
        return found if found.outcome is not Outcome.UNPARSED else None
    sk = skeleton_of(text, asked)
    end = ending(sk, topic_of(context.probe))
    if end.torn:
        return Extraction(Outcome.AMBIGUOUS, end.rule, stage=Stage.LINE)
    if end.key is not None:
        return context.answered(end.key, Stage.LINE, end.rule)
    if asked.probe.format is AnswerFormat.CHOICE:
        letter = re.fullmatch(r"\W*(?:option )?([a-z])\W*", text.low)
        if letter:
            place = LETTERS.find(letter[1].upper())
            return context.answered(
                asked.options[place] if place < len(asked.options) else letter[1].upper(), Stage.LINE, "a letter"
            )
    if asked.probe.format is not AnswerFormat.NUMBER and not sk.said:
        other = third(text, sk, asked, [(0, len(text.low))])
        if other:
            return Extraction(Outcome.ANSWERED, "an answer that is none of the known ones", Stance.OTHER, other, Stage.LINE)
    return None
