"""The table of cues: what the words around a named answer say of it, and which of its rules can match at a place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lexicon import LEXICON
from sycoprobe.extract.needs import Item, Part, Words, first_words, last_words, needs, parsed

SIGNS = "\ue000-\uf8ff"


class Role(StrEnum):
    """What a reply says of an answer in one place where it names it."""

    FINAL = "final"
    """On the line that gives the answer."""
    ASSERTED = "asserted"
    TAKEN = "taken"
    NAMED = "named"
    """Named in a sentence that neither gives it as the answer nor sets it aside."""
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    LEFT = "left"
    REPORTED = "reported"
    SUPPOSED = "supposed"
    LISTED = "listed"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table of cues; see `cues.toml`."""

    name: str
    plain: bool
    firm: bool
    needs: Callable[[], list[Words]]
    """Sets of words of each of which its sentence has one; see `needs`."""
    examples: tuple[str, ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairRule(Rule):
    """A rule about two answers in one sentence: the groups of its pattern are named by the roles that it gives."""

    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class SingleRule(Rule):
    """A rule about one answer, by what stands on either side of it."""

    role: Role
    negated: Role | None
    left: re.Pattern[str] | None
    right: re.Pattern[str] | None
    last: frozenset[str] | None
    """Endings one of which the last word before the answer has; None if that cannot be told."""
    first: frozenset[str] | None
    """Beginnings one of which the first word after the answer has; None if that cannot be told."""


class Cues:
    """The whole table.

    Attributes:
        pairs: The rules about two answers in one sentence.
        single: The rules about one answer, in the order in which they are tried.
        firm: The names of the rules that no second reader overrules.
        opposed: Those, and the names of all rules about two answers.
        denial: Matches up to where a word of denial governs what follows.
    """

    def __init__(self, pairs: Iterable[PairRule], single: Iterable[SingleRule], denial: re.Pattern[str]) -> None:
        self.pairs = tuple(pairs)
        self.single = tuple(single)
        self.denial = denial
        self.firm = frozenset(r.name for r in (*self.pairs, *self.single) if r.firm)
        self.opposed = frozenset(r.name for r in self.pairs) | self.firm
        self._place = LEXICON.add_all([r.needs for r in (*self.pairs, *self.single)])
        self._last = _Beside([r.last and frozenset(w[::-1] for w in r.last) for r in self.single])
        self._first = _Beside([r.first for r in self.single])

    def about_two(self, mask: int) -> Iterator[PairRule]:
        """The rules about two answers that can match in a text with this mask."""
        return _chosen(self.pairs, mask >> self._place)

    def about_one(self, clause: str, right: str, mask: int) -> Iterator[SingleRule]:
        """The rules about one answer that can match between `clause` and `right`, in a text with this mask."""
        before, after = _LAST_WORD.match(clause), _FIRST_WORD.match(right)
        beside = self._last[before[1][::-1] if before else ""] & self._first[after[1] if after else ""]
        return _chosen(self.single, mask >> self._place + len(self.pairs) & beside)


R = TypeVar("R", bound=Rule)


def _chosen(rules: Sequence[R], bits: int) -> Iterator[R]:
    bits &= (1 << len(rules)) - 1
    while bits:
        lowest = bits & -bits
        yield rules[lowest.bit_length() - 1]
        bits ^= lowest


class _Beside(dict[str, int]):
    """Which rules can match beside a word, as bits, by what each wants: beginnings of the word, None if that cannot be told."""

    def __init__(self, wanted: list[frozenset[str] | None]) -> None:
        super().__init__()
        self._beginnings: dict[str | None, int] = {}
        for i, words in enumerate(wanted):
            for word in words if words is not None else (None,):
                self._beginnings[word] = self._beginnings.get(word, 0) | 1 << i

    def __missing__(self, word: str) -> int:
        found = self._beginnings.get(None, 0)
        for length in range(min(1, len(word)), len(word) + 1):
            found |= self._beginnings.get(word[:length], 0)
        if len(self) >= _MOST_BESIDE:
            self.clear()
        self[word] = found
        return found


_LAST_WORD = re.compile(r"(?:.*[^a-z0-9])?([a-z0-9]+)", re.S)
_FIRST_WORD = re.compile(r"[^a-z0-9]*([a-z0-9]+)")
_MOST_BESIDE = 20_000


@cache
def cues() -> Cues:
    """The table of cues, read once; each pattern is compiled when it is first tried."""
    raw = tomllib.loads(files("sycoprobe.extract").joinpath("cues.toml").read_text(encoding="utf-8"))
    words = _Words(raw["words"])
    pairs = [_pair(entry, words) for entry in raw["rule"] if "pair" in entry]
    single = [_single(entry, words) for entry in raw["rule"] if "pair" not in entry]
    return Cues(pairs, single, lazy(rf"(?:\b{words.filled('{NOT}')}|n't)(?: [\w']+){{0,4}} ?$"))


class _Words:
    """The words in braces. Each is parsed once, and stands for one character in the patterns that are parsed with it."""

    _BRACES = re.compile(r"\{([A-Z]+)\}")

    def __init__(self, raw: Mapping[str, str]) -> None:
        self._text = {"M": f"[{SIGNS}]", "MM": SIGNS}
        self._sign = dict(self._text)
        self._parts: dict[str, Part] = {}
        for i, (name, pattern) in enumerate(raw.items()):
            sign = chr(0xF0000 + i)
            self._parts[sign] = Part(self.parsed(pattern))
            self._text[name] = self.filled(pattern)
            self._sign[name] = sign

    def filled(self, pattern: str) -> str:
        """A pattern with the words for their names."""
        return self._BRACES.sub(lambda m: self._text[m[1]], pattern)

    def parsed(self, pattern: str) -> list[Item]:
        """A pattern's elements."""
        return parsed(self._BRACES.sub(lambda m: self._sign[m[1]], pattern), self._parts)


def _pair(entry: dict[str, Any], words: _Words) -> PairRule:
    parts = words.parsed(entry["pair"])
    return PairRule(
        entry["name"],
        bool(entry.get("plain")),
        bool(entry.get("firm")),
        lambda: needs(parts),
        tuple(entry.get("examples", ())),
        tuple(entry.get("not", ())),
        lazy(words.filled(entry["pair"])),
    )


def _single(entry: dict[str, Any], words: _Words) -> SingleRule:
    def side(name: str) -> tuple[re.Pattern[str] | None, list[Item]]:
        return (lazy(words.filled(entry[name])), words.parsed(entry[name])) if name in entry else (None, [])

    (left, before), (right, after) = side("left"), side("right")
    return SingleRule(
        entry["name"],
        bool(entry.get("plain")),
        bool(entry.get("firm")),
        lambda: needs(before) + needs(after, bounded=True),
        tuple(entry.get("examples", ())),
        tuple(entry.get("not", ())),
        Role(entry["role"]),
        Role(entry["negated"]) if "negated" in entry else None,
        left,
        right,
        last_words(before) if left is not None else None,
        first_words(after) if right is not None else None,
    )
