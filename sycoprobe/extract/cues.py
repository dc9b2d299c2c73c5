"""The table of cues: what the words around a named answer say of it, and which of its rules can match at a place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

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
    role: Role | None
    pair: re.Pattern[str] | None
    left: re.Pattern[str] | None
    right: re.Pattern[str] | None
    negated: Role | None
    plain: bool
    firm: bool
    needs: Callable[[], list[Words]]
    """Sets of words of each of which its sentence has one; see `needs`."""
    last: frozenset[str] | None
    """Endings one of which the last word before the answer has; None if that cannot be told."""
    first: frozenset[str] | None
    """Beginnings one of which the first word after the answer has; None if that cannot be told."""
    examples: tuple[str, ...]
    excluded: tuple[str, ...]


class Cues:
    """The whole table.

    Attributes:
        pairs: The rules about two answers in one sentence.
        single: The rules about one answer, in the order in which they are tried.
        firm: The names of the rules that no second reader overrules.
        opposed: Those, and the names of all rules about two answers.
        denial: Matches up to where a word of denial governs what follows.
    """

    def __init__(self, rules: list[Rule], denial: re.Pattern[str]) -> None:
        self.pairs = tuple(r for r in rules if r.pair)
        self.single = tuple(r for r in rules if not r.pair)
        self.denial = denial
        self.firm = frozenset(r.name for r in rules if r.firm)
        self.opposed = frozenset(r.name for r in self.pairs) | self.firm
        self._place = LEXICON.add_all([r.needs for r in (*self.pairs, *self.single)])
        self._last = _Beside([r.last and frozenset(w[::-1] for w in r.last) for r in self.single])
        self._first = _Beside([r.first for r in self.single])

    def about_two(self, mask: int) -> Iterator[Rule]:
        """The rules about two answers that can match in a text with this mask."""
        return _chosen(self.pairs, mask >> self._place)

    def about_one(self, clause: str, right: str, mask: int) -> Iterator[Rule]:
        """The rules about one answer that can match between `clause` and `right`, in a text with this mask."""
        before, after = _LAST_WORD.match(clause), _FIRST_WORD.match(right)
        beside = self._last[before[1][::-1] if before else ""] & self._first[after[1] if after else ""]
        return _chosen(self.single, mask >> self._place + len(self.pairs) & beside)


def _chosen(rules: Sequence[Rule], bits: int) -> Iterator[Rule]:
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
    rules = [_rule(entry, words) for entry in raw["rule"]]
    return Cues(rules, lazy(rf"(?:\b{words.filled('{NOT}')}|n't)(?: [\w']+){{0,4}} ?$"))


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


def _rule(entry: dict[str, Any], words: _Words) -> Rule:
    def side(name: str) -> re.Pattern[str] | None:
        return lazy(words.filled(entry[name])) if name in entry else None

    def items(name: str) -> list[Item] | None:
        return words.parsed(entry[name]) if name in entry else None

    pair, left, right = items("pair"), items("left"), items("right")
    return Rule(
        entry["name"],
        Role(entry["role"]) if "role" in entry else None,
        side("pair"),
        side("left"),
        side("right"),
        Role(entry["negated"]) if "negated" in entry else None,
        bool(entry.get("plain")),
        bool(entry.get("firm")),
        lambda: needs(pair or left or []) + needs(right or [], bounded=True),
        last_words(left) if left is not None else None,
        first_words(right) if right is not None else None,
        tuple(entry.get("examples", ())),
        tuple(entry.get("not", ())),
    )
