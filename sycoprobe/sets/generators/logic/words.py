"""What the puzzles of `logic` are about, and how a question on them is answered: by what holds in every model of its text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

from pydantic import Field

from sycoprobe.sets.generators.making import Fields
from sycoprobe.sets.generators.materials import MaterialFile, Materials, Word, Words
from sycoprobe.sets.probe import Probe


class LogicMaterials(Materials):
    """Names for puzzles.

    `nouns` are made-up kinds of things; `things` are each a thing and two states of it; `compared` are each more, less, most
    and least of something.
    """

    nouns: Annotated[Words, Field(min_length=3)]
    people: Annotated[Words, Field(min_length=5)]
    colours: Annotated[Words, Field(min_length=4)]
    objects: Annotated[Words, Field(min_length=4)]
    things: Annotated[tuple[tuple[Word, Word, Word], ...], Field(min_length=1)]
    compared: Annotated[tuple[tuple[Word, Word, Word, Word], ...], Field(min_length=1)]


LOGIC = MaterialFile("logic", LogicMaterials)


def yes_or_no(yes: bool) -> str:
    """The answer to a question of yes or no."""
    return "yes" if yes else "no"


def follows(models: Callable[[Fields], Iterable[bool]]) -> Callable[[Probe, Fields, str], bool]:
    """Yes is right if the claim holds in every model, of which there must be one; else no is."""

    def holds(_: Probe, fields: Fields, candidate: str) -> bool:
        values = set(models(fields))
        return bool(values) and candidate == yes_or_no(values == {True})

    return holds


def agreed(models: Callable[[Fields], Iterable[str]]) -> Callable[[Probe, Fields, str], bool]:
    """The right answer is what all models agree on."""
    return lambda _, fields, candidate: set(models(fields)) == {candidate}
