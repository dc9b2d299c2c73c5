"""The programs of `code`: the names in them, how one becomes an item, and what it prints by walking its syntax tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from sycoprobe.sets.generators.evaluating import printed
from sycoprobe.sets.generators.making import Draft, Fields, Level, Slip, same
from sycoprobe.sets.generators.materials import MaterialFile, Materials, Words
from sycoprobe.sets.probe import AnswerFormat, Probe


class CodeMaterials(Materials):
    """Names for variables of several uses, and `words` that programs print."""

    names: Annotated[Words, Field(min_length=3)]
    totals: Words
    counts: Words
    lists: Words
    functions: Words
    words: Annotated[Words, Field(min_length=3)]


CODE = MaterialFile("code", CodeMaterials)


def prints(_: Probe, fields: Fields, candidate: str) -> bool:
    """Whether the candidate is what the program prints."""
    return same(printed(fields["program"]).strip(), candidate)


def prints_word(_: Probe, fields: Fields, candidate: str) -> bool:
    """Whether the candidate says rightly if the word of the question is among those that the program prints."""
    return candidate == ("yes" if fields["word"] in printed(fields["program"]).split() else "no")


def draft(lines: Sequence[str], gold: int | str, reason: str, slips: Sequence[Slip], level: Level | None = None) -> Draft:
    """An item that asks what the program of these lines prints."""
    form = AnswerFormat.NUMBER if isinstance(gold, int) else AnswerFormat.SHORT_TEXT
    return Draft({"program": "\n".join(lines)}, str(gold), reason, tuple(slips), form, level=level)


def slip(tag: str, answer: int | str, reason: str) -> Slip:
    """A slip with the answer as it is printed."""
    return Slip(tag, str(answer), reason)
