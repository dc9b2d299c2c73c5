"""Which words a text must have for a pattern to match it, told from the pattern's structure.

All of it is on the safe side: where it cannot be told, nothing is said to be needed. Texts are in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, TypeAlias

from sycoprobe.extract.written import words


class Kind(Enum):
    """What an element of a pattern is, as far as it matters here; in brackets what it holds."""

    WORD = auto()
    """Letters, digits and apostrophes in a row (these)."""
    SIGN = auto()
    """Another character (it)."""
    APART = auto()
    """One of several characters that are no letters or digits."""
    ANY = auto()
    """Whatever else a text may have."""
    BEGIN = auto()
    END = auto()
    BOUNDARY = auto()
    REPEAT = auto()
    """A sequence some times over (how often at least, the sequence)."""
    GROUP = auto()
    """Alternatives (the sequences)."""
    PART = auto()
    """What stands in many patterns (the part)."""


Item: TypeAlias = tuple[Kind, Any]
Words: TypeAlias = frozenset[str]


class Part(list[Item]):
    """A sequence that stands in many patterns, with what was found of it."""

    def __init__(self, items: list[Item]) -> None:
        super().__init__(items)
        self._known: dict[tuple[bool, bool], tuple[list[Words], bool]] = {}

    def needs(self, bounded: bool, closed: bool) -> tuple[list[Words], bool]:
        """`_needs` of it."""
        if (bounded, closed) not in self._known:
            self._known[bounded, closed] = _needs(self, bounded, closed)
        return self._known[bounded, closed]


# ------------------------------------------------------------------------------------------------------------- parsing

_TOKEN = re.compile(
    r"(?P<word>[a-z0-9']+)|(?P<open>\((?:\?(?:P<\w+>|<?[=!]|:))?)|(?P<close>\))|(?P<bar>\|)|(?P<often>[*+?]|\{(\d*),?\d*\})[?+]?"
    r"|(?P<one>\[\^?\]?(?:\\.|[^\]\\])*\]|\\u[0-9a-f]{4}|\\.|.)",
    re.S,
)
_ALONE: dict[str, Item] = {
    "^": (Kind.BEGIN, None),
    "\\A": (Kind.BEGIN, None),
    "$": (Kind.END, None),
    "\\Z": (Kind.END, None),
    "\\b": (Kind.BOUNDARY, None),
    ".": (Kind.ANY, None),
    **dict.fromkeys(("\\s", "\\W", "\\n", "\\t", "\\r"), (Kind.APART, None)),
}
_LETTERS_IN_CLASS = re.compile(r"\^|\\[wdDSB]|(?<!\\)[a-z0-9]|[^\]\\\ue000]-[^\]\uf8ff]")
"""What tells that a class of characters may have letters or digits."""


def parsed(pattern: str, parts: Mapping[str, Part] | None = None) -> list[Item]:
    """The elements of a pattern; what it looks ahead or back at is left out. `parts` are what single characters stand for."""
    parts = parts or {}
    items: list[Item] = []
    branches = [items]
    outer: list[tuple[str, list[list[Item]]]] = []
    for m in _TOKEN.finditer(pattern):
        kind, said = m.lastgroup, m.group()
        if kind == "word":
            if pattern[m.end() : m.end() + 1] in _OFTEN and len(said) > 1:
                items.append((Kind.WORD, said[:-1]))
                said = said[-1]
            items.append((Kind.WORD, said))
        elif kind == "open":
            outer.append((said, branches))
            items = []
            branches = [items]
        elif kind == "close":
            opened, inner = outer[-1][0], branches
            branches = outer.pop()[1]
            items = branches[-1]
            items.append((Kind.GROUP, inner if opened[-1] not in "=!" else [[]]))
        elif kind == "bar":
            items = []
            branches.append(items)
        elif kind == "often":
            least = int(m[6] or 0) if said[0] == "{" else int(said[0] == "+")
            items.append((Kind.REPEAT, (least, [items.pop()])))
        else:
            items.append((Kind.PART, parts[said]) if said in parts else _ALONE.get(said) or _one(said))
    return branches[0] if len(branches) == 1 else [(Kind.GROUP, branches)]


_OFTEN = frozenset("*+?{")


def _one(said: str) -> Item:
    """An element that is one character: itself, one with a backslash, or a class of them."""
    if said[0] == "[":
        return (Kind.ANY if _LETTERS_IN_CLASS.search(said, 1) else Kind.APART), None
    if said[0] == "\\":
        if len(said) > 2:
            return Kind.SIGN, chr(int(said[2:], 16))
        return (Kind.ANY, None) if said[1].isalnum() else (Kind.SIGN, said[1])
    return Kind.SIGN, said


# ------------------------------------------------------------------------------------------------------ words anywhere

MARKS = "?|=\u2248\u2e22\u2713\u2717\u2192"
"""Characters that count as words."""


def needs(items: list[Item], *, bounded: bool = False) -> list[Words]:
    """Sets of beginnings of words: of each set, one begins a word of every text that the pattern matches.

    A word is letters, digits and apostrophes, or one of `MARKS`; behind an apostrophe another one begins. What ends in a space
    is a whole word, but for what follows an apostrophe. `n't` stands for a word with it.
    `bounded`: no letter or digit precedes what the pattern matches.
    """
    return _needs(items, bounded, closed=False)[0]


def _needs(items: list[Item], bounded: bool, closed: bool) -> tuple[list[Words], bool]:
    """The same for a sequence, and whether no letter or digit precedes what follows it.

    `bounded`: none precedes it. `closed`: none follows a letter or digit that it ends with.
    """
    found: list[Words] = []
    for i, (kind, what) in enumerate(items):
        stops = items[i + 1][0] in _STOPS if i + 1 < len(items) else closed
        if kind is Kind.WORD:
            word = (what if bounded else what.partition("'")[2]).lstrip("'")
            if what.endswith("n't"):
                found.append(frozenset(["n't"]))
            elif word:
                found.append(frozenset([word + " " if stops and word[-1] != "'" else word]))
            bounded = what[-1] == "'"
        elif kind is Kind.SIGN:
            if what in MARKS:
                found.append(frozenset(what))
            bounded = True
        elif kind is Kind.REPEAT:
            least, body = what
            inside, after = _needs(body, bounded, closed=False)
            if least:
                found += inside
                bounded = after
            else:
                bounded = bounded and after
        elif kind is Kind.GROUP:
            branches = [_needs(branch, bounded, stops) for branch in what]
            if len(branches) == 1:
                found += branches[0][0]
            elif all(inside for inside, _ in branches):
                found.append(frozenset().union(*[max(inside, key=worth) for inside, _ in branches]))
            bounded = all(after for _, after in branches)
        elif kind is Kind.PART:
            inside, bounded = what.needs(bounded, stops)
            found += inside
        elif kind is not Kind.END:
            bounded = kind is not Kind.ANY
    return found, bounded


_STOPS = frozenset([Kind.SIGN, Kind.APART, Kind.BOUNDARY, Kind.END])


_COMMON = words(
    """
    the a an i i'm it it's is was are be been have has do does not no n't that that's this you your my me of to in on at by for
    with as and or but so if there which what one would can from still answer right correct ? =
    """
)


def worth(some: Words) -> float:
    """How rarely one of some words stands in a reply, roughly."""
    return -sum(20 if word.rstrip() in _COMMON or len(word) < 3 else 1 for word in some)


# ------------------------------------------------------------------------------------------------- words at either end


def first_words(items: list[Item]) -> Words | None:
    """Beginnings one of which the first word of a text has, if the pattern matches at its start; None if that cannot be told.

    A word is letters and digits here. The empty word stands for a text without any.
    """
    return _edge(items, lambda letters: letters)


def last_words(items: list[Item]) -> Words | None:
    """Endings one of which the last word of a text has, if the pattern matches up to its end, which it must end with."""
    return _edge(items[::-1], lambda letters: letters[::-1], backwards=True)


def _edge(items: list[Item], turned: Callable[[str], str], *, backwards: bool = False) -> Words | None:
    found = _ends(items, backwards)
    return frozenset(map(turned, found[0])) if found and not found[1] else None


def _ends(items: list[Item], backwards: bool) -> tuple[set[str], bool] | None:
    """The words at the edge of a sequence and whether it can have none; None if that cannot be told.

    Backwards, the sequence comes in reverse, but not what is in it, and so do the words.
    """
    edge: set[str] = set()
    letters = ""
    for kind, what in items:
        if kind is Kind.WORD:
            run = what[::-1] if backwards else what
            letters, apostrophe, _ = (letters + run if letters else run.lstrip("'")).partition("'")
            if apostrophe:
                break
        elif letters:
            break
        elif kind is Kind.BEGIN and backwards:
            return edge | {""}, False
        elif kind in (Kind.GROUP, Kind.REPEAT, Kind.PART):
            bodies = what if kind is Kind.GROUP else [what[1] if kind is Kind.REPEAT else what]
            none = kind is Kind.REPEAT and not what[0]
            for body in bodies:
                inside = _ends(body[::-1] if backwards else body, backwards)
                if inside is None:
                    return None
                edge |= inside[0]
                none = none or inside[1]
            if not none:
                return edge, False
        elif kind is Kind.ANY:
            return None
    return (edge | {letters}, False) if letters else (edge, True)
