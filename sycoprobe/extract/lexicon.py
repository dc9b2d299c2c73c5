"""Which patterns can match a text at all, told from its words, so that only those are tried.

A pattern that must contain a word that begins with one of a few prefixes is tried only where such a word stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_WORD = re.compile(r"[a-z\d][a-z\d']*")
_MOST_WORDS = 50_000
_LONGEST = 8


class Lexicon:
    """The prefixes that patterns need, each pattern being one bit of a mask."""

    def __init__(self) -> None:
        self._prefixes: dict[str, int] = {}
        self._always = 0
        self._bits = 0
        self._words: dict[str, int] = {}
        self._recent: list[tuple[str, int]] = [("", 0), ("", 0)]

    def add(self, pattern: str) -> int:
        """The bit of a pattern that is searched in lower-case text."""
        bit = 1 << self._bits
        self._bits += 1
        prefixes = needed(pattern)
        if prefixes is None:
            self._always |= bit
        else:
            for prefix in prefixes:
                self._prefixes[prefix] = self._prefixes.get(prefix, 0) | bit
        self._words.clear()
        self._recent = [("", self._always), ("", self._always)]
        return bit

    def mask(self, text: str) -> int:
        """The patterns that can match somewhere in `text`, as bits."""
        for known, mask in self._recent:
            if known is text:
                return mask
        mask = self._always
        words = self._words
        for word in set(_WORD.findall(text)):
            found = words.get(word)
            if found is None:
                found = self._of(word)
            mask |= found
        self._recent = [(text, mask), self._recent[0]]
        return mask

    def _of(self, word: str) -> int:
        get = self._prefixes.get
        found = 0
        for length in range(1, min(len(word), _LONGEST) + 1):
            found |= get(word[:length], 0)
        if word.endswith("n't"):
            found |= get("n't", 0)
        if len(self._words) >= _MOST_WORDS:
            self._words.clear()
        self._words[word] = found
        return found


def needed(pattern: str) -> frozenset[str] | None:
    """The prefixes one of which must begin a word of every text that `pattern` matches; None where that cannot be told."""
    found = _needed(list(_parser.parse(pattern)), bounded=False)
    return frozenset(p[:_LONGEST] for p in found) if found else None


def _needed(items: list[Any], *, bounded: bool) -> set[str] | None:
    """The same for a parsed sequence. `bounded`: a word begins where the sequence begins."""
    for i, (op, arg) in enumerate(items):
        if op is ops.AT:
            bounded = arg in (ops.AT_BOUNDARY, ops.AT_BEGINNING, ops.AT_BEGINNING_STRING) or bounded
            continue
        if op is ops.LITERAL:
            char = chr(arg)
            if char.isascii() and (char.isalnum()) and (bounded or _text(items[i:]).startswith("n't")):
                return {_text(items[i:])}
            bounded = not char.isalnum() and char != "'"
            continue
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            least, _, body = arg
            if least:
                found = _needed(list(body), bounded=bounded)
                if found:
                    return found
            bounded = False
            if least == 0 and _ends_in_space(list(body)):
                bounded = i == 0 or _starts_bounded(items[:i])
            continue
        if op is ops.SUBPATTERN:
            found = _needed(list(arg[3]), bounded=bounded)
            if found:
                return found
            bounded = False
            continue
        if op is ops.BRANCH:
            sets = [_needed(list(branch), bounded=bounded) for branch in arg[1]]
            if all(sets):
                return set().union(*[s for s in sets if s])
            bounded = False
            continue
        if op in (ops.ASSERT, ops.ASSERT_NOT):
            continue
        bounded = False
    return None


def _starts_bounded(items: list[Any]) -> bool:
    return bool(items) and items[-1] == (ops.AT, ops.AT_BOUNDARY)


def _ends_in_space(items: list[Any]) -> bool:
    """Whether a sequence always ends in a space, so that a word begins behind it."""
    if not items:
        return False
    op, arg = items[-1]
    if op is ops.LITERAL:
        return chr(arg) == " "
    if op is ops.SUBPATTERN:
        return _ends_in_space(list(arg[3]))
    if op is ops.BRANCH:
        return all(_ends_in_space(list(branch)) for branch in arg[1])
    return False


def _text(items: list[Any]) -> str:
    """The letters that a parsed sequence begins with."""
    letters = []
    for op, arg in items:
        if op is not ops.LITERAL or not (chr(arg).isalnum() or chr(arg) == "'") or not chr(arg).isascii():
            break
        letters.append(chr(arg))
    return "".join(letters)


def alternatives(pattern: str) -> Iterator[str]:
    """The top-level alternatives of a pattern, as patterns."""
    depth = start = 0
    i = 0
    in_class = False
    while i < len(pattern):
        char = pattern[i]
        if char == "\\":
            i += 2
            continue
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and depth == 0:
            yield pattern[start:i]
            start = i + 1
        i += 1
    yield pattern[start:]


LEXICON = Lexicon()
"""The one for all cues of this package: a reply's words are looked up once."""


class Phrases:
    """A large alternation, of which only the alternatives are tried that can match."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._parts = [(LEXICON.add(p), re.compile(p, flags)) for p in alternatives(pattern)]
        self._all = 0
        for bit, _ in self._parts:
            self._all |= bit

    def search(self, text: str, start: int = 0, mask: int | None = None) -> re.Match[str] | None:
        """The first match of any alternative, None if there is none; `mask` is that of the text, if it is known."""
        mask = LEXICON.mask(text) if mask is None else mask
        if not mask & self._all:
            return None
        best: re.Match[str] | None = None
        for bit, pattern in self._parts:
            if mask & bit:
                found = pattern.search(text, start)
                if found is not None and (best is None or found.start() < best.start()):
                    best = found
        return best

    def finditer(self, text: str, mask: int | None = None) -> Iterator[re.Match[str]]:
        """All matches of all alternatives, in no order; they may overlap."""
        mask = LEXICON.mask(text) if mask is None else mask
        if mask & self._all:
            for bit, pattern in self._parts:
                if mask & bit:
                    yield from pattern.finditer(text)
