"""What kinds say, as data: `sycoprobe/wordings/KIND.toml`, read when a text is first used and then checked whole.

A kind declares the entries of its file, each with the placeholders that its texts hold, and uses them as attributes:

    class Texts(KindTexts):
        about = line("source")
        cites = lines("source", "claim")


    TEXTS = Texts("invented")
    TEXTS.about.format(source="'On Liberty' by John Stuart Mill")

Nothing is read at import. A text that is declared without placeholders is said as it stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from sycoprobe.errors import PlanError
from sycoprobe.sets.shipped import RESTORE, shipped_toml
from sycoprobe.sets.wordings import placeholders

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

T_co = TypeVar("T_co", covariant=True)


class _Bad(Exception):
    """An entry is not as it was declared; `place` is where in the file, `what` is what is wrong there."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(place, what)
        self.place, self.what = place, what


class Entry(ABC, Generic[T_co]):
    """One entry of a file of texts, as declared; as an attribute of a `KindTexts` it is what stands in the file.

    Parameters
    ----------
    must: the placeholders that every text of it holds.
    may: those that it may hold too.
    """

    def __init__(self, must: Iterable[str], may: Iterable[str] = ()) -> None:
        self.must, self.may = frozenset(must), frozenset(may)

    def __set_name__(self, owner: type[KindTexts], name: str) -> None:
        self.name = name

    def __get__(self, texts: KindTexts, owner: type[KindTexts] | None = None) -> T_co:
        return cast(T_co, texts.content[self.name])

    @abstractmethod
    def checked(self, place: str, given: object) -> T_co:
        """What stands at `place`, if it is as declared. Raises `_Bad`."""

    @property
    @abstractmethod
    def wanted(self) -> str:
        """What is to stand there, in a few words."""

    @property
    def _holding(self) -> str:
        """Which placeholders a text holds, in a few words."""
        must, may = (" and ".join(f"{{{x}}}" for x in sorted(names)) for names in (self.must, self.may))
        if not must and not may:
            return "without placeholders or braces"
        return "that " + ", and ".join([f"must hold {must}"] * bool(must) + [f"may hold {may}"] * bool(may))

    def _text(self, place: str, given: object) -> str:
        if not isinstance(given, str):
            raise _Bad(place, "is no text")
        if not given.strip():
            raise _Bad(place, "is empty")
        try:
            used = placeholders(given)
        except ValueError as e:
            raise _Bad(place, f"cannot be filled in: {e}") from e
        if lacking := self.must - used:
            raise _Bad(place, f"lacks {{{min(lacking)}}}")
        if unknown := used - self.must - self.may:
            raise _Bad(place, f"holds {{{min(unknown)}}}, which nothing fills")
        if not (self.must or self.may) and ("{" in given or "}" in given):
            raise _Bad(place, "holds a brace, but is said as it stands")
        return given


class Line(Entry[str]):
    """One text."""

    def checked(self, place: str, given: object) -> str:
        return self._text(place, given)

    @property
    def wanted(self) -> str:
        return f"one text {self._holding}"


class Lines(Entry[tuple[str, ...]]):
    """A list of at least `least` texts, of which some are drawn, or taken by turns; their order counts."""

    def __init__(self, must: Iterable[str], may: Iterable[str] = (), least: int = 1) -> None:
        super().__init__(must, may)
        self.least = least

    def checked(self, place: str, given: object) -> tuple[str, ...]:
        if not isinstance(given, list):
            raise _Bad(place, "is no list of texts")
        if len(given) < self.least:
            raise _Bad(place, f"holds too few texts ({len(given)})")
        return tuple(self._text(f"{place}, text {i}", x) for i, x in enumerate(given, 1))

    @property
    def wanted(self) -> str:
        return f"a list of {self.least} or more texts {self._holding}"


class Table(Entry[Mapping[str, tuple[str, ...]]]):
    """A table of lists with these names; `alike` if all are as long, since one draw chooses in all of them."""

    def __init__(self, names: Iterable[str], must: Iterable[str], may: Iterable[str] = (), *, alike: bool = False) -> None:
        super().__init__(must, may)
        self.names, self.alike = tuple(names), alike
        self._lists = Lines(must, may)

    def checked(self, place: str, given: object) -> Mapping[str, tuple[str, ...]]:
        if not isinstance(given, dict):
            raise _Bad(place, "is no table")
        _names(f"[{place}]", given, self.names)
        found = {name: self._lists.checked(f"[{place}] {name}", given[name]) for name in self.names}
        if self.alike and len({len(x) for x in found.values()}) > 1:
            raise _Bad(f"[{place}]", "has lists of different lengths: " + ", ".join(f"{k} {len(x)}" for k, x in found.items()))
        return found

    @property
    def wanted(self) -> str:
        as_long = ", all as long" if self.alike else ""
        return f"a table with the lists {', '.join(self.names)}{as_long}, each {self._lists.wanted}"


def line(*must: str, may: Iterable[str] = ()) -> Line:
    """An entry that is one text with these placeholders."""
    return Line(must, may)


def lines(*must: str, may: Iterable[str] = (), least: int = 1) -> Lines:
    """An entry that is a list of texts, each with these placeholders."""
    return Lines(must, may, least)


def table(names: Iterable[str], *must: str, may: Iterable[str] = (), alike: bool = False) -> Table:
    """An entry that is a table of lists of texts, each text with these placeholders."""
    return Table(names, must, may, alike=alike)


class KindTexts:
    """The texts of one kind. A subclass has an attribute for each entry of the file, made by `line`, `lines` or `table`.

    Parameters
    ----------
    kind: the file is `KIND.toml`.
    folder: where it stands, as `importlib.resources.files` gives it; by default among the package's own wordings.
    """

    def __init__(self, kind: str, folder: Traversable | None = None) -> None:
        self.kind, self._folder = kind, folder

    @classmethod
    def entries(cls) -> dict[str, Entry[object]]:
        """What is declared, by name."""
        return {name: x for name, x in vars(cls).items() if isinstance(x, Entry)}

    @cached_property
    def content(self) -> Mapping[str, object]:
        """All entries, by name. Raises `PlanError` if the file cannot be read or is not as declared."""
        file = (self._folder or files("sycoprobe").joinpath("wordings")).joinpath(f"{self.kind}.toml")
        given = shipped_toml(file)
        entry = ""
        try:
            _names("the file", given, tuple(self.entries()))
            found = {}
            for entry, declared in self.entries().items():
                found[entry] = declared.checked(entry, given[entry])
        except _Bad as e:
            every = "; ".join(f"`{name}` is {x.wanted}" for name, x in self.entries().items() if entry in ("", name))
            raise PlanError(f"{file}: {e.place} {e.what}", f"{every}; write it so, {RESTORE}") from e
        return found


def _names(place: str, given: Mapping[str, object], wanted: tuple[str, ...]) -> None:
    """Raises `_Bad` unless `given` has just these names."""
    if lacking := [x for x in wanted if x not in given]:
        raise _Bad(place, f"lacks {lacking[0]!r}")
    if unknown := [x for x in given if x not in wanted]:
        raise _Bad(place, f"holds {unknown[0]!r}, which nothing uses")
