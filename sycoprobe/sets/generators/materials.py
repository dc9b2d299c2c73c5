"""What the generators ask with, as data: `data/NAME.toml`, read when it is first used and then checked whole.

A file has a table `[families.NAME]` for each family, with its level and its wordings, and beside them the names and numbers
that its generator draws from, as a class over `Materials` declares them. How a family is drawn and checked is code: a
`Method`, which also says which placeholders its wordings hold. Nothing is read at import.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from sycoprobe.errors import PlanError
from sycoprobe.sets.generators.making import Draft, Family, Fields, Level
from sycoprobe.sets.probe import Probe
from sycoprobe.sets.shipped import RESTORE, shipped_toml
from sycoprobe.sets.wordings import placeholders

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

M = TypeVar("M", bound="Materials")


def _readable(text: str) -> str:
    """A wording from which its fields can be read back: placeholders are plain, and no two stand side by side."""
    placeholders(text)
    for (_, before, _, _), (between, after, _, _) in pairwise(string.Formatter().parse(text)):
        if before is not None and after is not None and not between:
            raise ValueError(f"{{{before}}} and {{{after}}} stand side by side")
    return text


def _distinct(words: tuple[str, ...]) -> tuple[str, ...]:
    if doubled := [w for w in words if words.count(w) > 1]:
        raise ValueError(f"{doubled[0]!r} stands twice")
    return words


def _exact(given: object) -> object:
    """A positive number without rounding: a whole one, or a text such as '0.0254' or '1/60'."""
    if isinstance(given, int | str) and not isinstance(given, bool):
        try:
            found = Fraction(given)
        except (ValueError, ZeroDivisionError):
            found = Fraction(0)
        if found > 0:
            return found
    raise ValueError("is no exact positive number; write a whole one, or a text such as '0.0254' or '1/60'")


Word = Annotated[str, StringConstraints(min_length=1)]
Words = Annotated[tuple[Word, ...], Field(min_length=1), AfterValidator(_distinct)]
"""Different words, of which some are drawn."""
Wording = Annotated[Word, AfterValidator(_readable)]
Wordings = Annotated[tuple[Wording, ...], Field(min_length=1)]
Exact = Annotated[Fraction, BeforeValidator(_exact)]


class Piece(BaseModel):
    """Any part of a file: nothing but what is declared may stand in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Asking(Piece):
    """How hard a family is, and how it asks: by wordings of its own, or by the list in `[shared]` that `shared` names."""

    level: Level
    wordings: Wordings | None = None
    shared: str | None = None


class Materials(Piece):
    """All that stands in the file of one generator. Families take turns in the order of the file."""

    families: Mapping[str, Asking] = Field(min_length=1)
    shared: Mapping[str, Wordings] = {}


@dataclass(frozen=True, slots=True)
class Method:
    """How a family is drawn and checked, as `Family` explains; `fields` names the placeholders that each of its wordings holds."""

    fields: str
    draw: Callable[[random.Random, bool], Draft | None]
    holds: Callable[[Probe, Fields, str], bool]


class MaterialFile(Generic[M]):
    """The file of one generator.

    Parameters
    ----------
    name: the file is `NAME.toml`.
    model: what is to stand in it.
    folder: where it stands; by default among the package's own.
    """

    def __init__(self, name: str, model: type[M], folder: Traversable | None = None) -> None:
        self.name, self._model, self._folder = name, model, folder

    @cached_property
    def content(self) -> M:
        """What stands in it. Raises `PlanError` if the file cannot be read or is not as declared."""
        try:
            return self._model.model_validate(shipped_toml(self._file))
        except ValidationError as e:
            first = e.errors(include_url=False)[0]
            place = ".".join(str(p) for p in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            raise self._faulty(f"{place}: {message}" if place else message) from e

    def families(self, methods: Mapping[str, Method]) -> tuple[Family, ...]:
        """The generator's families, in the order of the file. Raises `PlanError` as `content` and `wordings` do."""
        wordings = self.wordings({family: method.fields for family, method in methods.items()})
        return tuple(
            Family(family, self.content.families[family].level, said, methods[family].draw, methods[family].holds)
            for family, said in wordings.items()
        )

    def wordings(self, fields: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """The wordings of each family, in the order of the file, where `fields` names the placeholders that they have to hold.

        Raises `PlanError` if the file has other families, or a wording other placeholders.
        """
        given = self.content
        if lacking := [family for family in fields if family not in given.families]:
            raise self._faulty(f"families: lacks {lacking[0]!r}")
        found = {}
        for family, asking in given.families.items():
            place = f"families.{family}"
            if family not in fields:
                raise self._faulty(f"{place}: nothing draws this family")
            wordings = asking.wordings or given.shared.get(asking.shared or "")
            if wordings is None or (asking.wordings and asking.shared):
                raise self._faulty(f"{place}: must have either `wordings`, or `shared` with the name of a list in [shared]")
            for i, wording in enumerate(wordings, 1):
                if placeholders(wording) != set(wanted := fields[family].split()):
                    held = " and ".join(f"{{{x}}}" for x in wanted)
                    raise self._faulty(f"{place}: wording {i} must hold {held}, and nothing else in braces")
            found[family] = wordings
        return found

    @property
    def _file(self) -> Traversable:
        return (self._folder or files("sycoprobe.sets.generators").joinpath("data")).joinpath(f"{self.name}.toml")

    def _faulty(self, what: str) -> PlanError:
        return PlanError(f"{self._file}: {what}", f"fix it there, {RESTORE}")
