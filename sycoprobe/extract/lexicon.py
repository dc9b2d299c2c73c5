"""Which patterns can match a text at all, told from its words, so that only those are tried.

A pattern that must contain a word that begins with one of a few prefixes is tried only where such a word stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import or_
from threading import Lock

from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.needs import MARKS, Words, needs, parsed, worth

_WORD = re.compile(rf"[a-z0-9][a-z0-9']*|[{MARKS}]")
_MOST_WORDS = 50_000
_MOST_CHOSEN = 10_000
_LONGEST = 8
_LAYERS = 3
"""Of what a pattern needs, so many sets of words are looked for, the rarest first."""


class _Known(dict[str, int]):
    """What each word has that patterns need, of those that were added up to a time: a bit a pattern, for each layer.

    Attributes:
        size: How many patterns they are.
        always: What every text has.
        recent: The last texts that a mask was made of, with their masks.
    """

    def __init__(self, patterns: Sequence[list[Words]]) -> None:
        super().__init__()
        self.size = len(patterns)
        self.always = 0
        self.recent: tuple[tuple[str, int], ...] = ()
        self._prefixes: dict[str, int] = {}
        for i, sets in enumerate(patterns):
            for layer in range(_LAYERS):
                bit = 1 << (i + layer * self.size)
                if layer >= len(sets):
                    self.always |= bit
                    continue
                for prefix in sets[layer]:
                    self._prefixes[prefix] = self._prefixes.get(prefix, 0) | bit

    def __missing__(self, word: str) -> int:
        get = self._prefixes.get
        found = get("n't", 0) if "n't" in word else 0
        tail = word
        while tail:  # 'it's' has the word 's' as well
            head, _, rest = tail.partition("'")
            found |= get(tail + " ", 0) | get(head + " ", 0)
            for length in range(1, min(len(tail), _LONGEST) + 1):
                found |= get(tail[:length], 0)
            tail = rest
        if len(self) >= _MOST_WORDS:
            self.clear()
        self[word] = found
        return found

    def mask(self, text: str) -> int:
        """The patterns that can match somewhere in `text`, as bits."""
        for recent, mask in self.recent:
            if recent is text:
                return mask
        found = reduce(or_, map(self.__getitem__, set(_WORD.findall(text))), self.always)
        mask = found & (found >> self.size) & (found >> 2 * self.size) & ((1 << self.size) - 1)
        self.recent = ((text, mask), *self.recent[:1])
        return mask


class Lexicon:
    """The words that patterns need, each pattern being one bit of a mask."""

    def __init__(self) -> None:
        self._added: list[Callable[[], list[Words]]] = []
        self._needs: list[list[Words]] = []
        self._known = _Known([])
        self._lock = Lock()

    def add(self, pattern: str) -> int:
        """The bit of a pattern that is searched in lower-case text. It is parsed when a mask is asked for."""
        return 1 << self.add_all([lambda: needs(parsed(pattern))])

    def add_all(self, sets: Sequence[Callable[[], list[Words]]]) -> int:
        """Add what needs a word of each of some sets (see `needs`); gives the place of the first's bit, behind which the others'
        stand in order."""
        with self._lock:
            self._added += sets
            return len(self._added) - len(sets)

    def mask(self, text: str) -> int:
        """The patterns that can match somewhere in `text`, as bits."""
        return self._latest().mask(text)

    def alike(self, text: str, other: str) -> None:
        """Take the mask of `other` for `text` as well, which has no more words."""
        known = self._latest()
        mask = known.mask(other)
        known.recent = ((text, mask), (other, mask))

    def _latest(self) -> _Known:
        """What is known once all that was added is parsed."""
        known = self._known
        if known.size < len(self._added):
            with self._lock:
                self._needs += [wanted(sets()) for sets in self._added[len(self._needs) :]]
                self._known = known = _Known(self._needs)
        return known


def wanted(sets: list[Words]) -> list[Words]:
    """Of the sets of words that a pattern needs the rarest, and these as they are looked up."""
    cut = (frozenset(word if len(word) <= _LONGEST else word[:_LONGEST] for word in s) for s in sets)
    return sorted(cut, key=worth, reverse=True)[:_LAYERS]


def needed(pattern: str) -> Words | None:
    """The prefixes one of which must begin a word of every text that `pattern` matches; None where that cannot be told."""
    return next(iter(wanted(needs(parsed(pattern)))), None)


def alternatives(pattern: str) -> list[str]:
    """Patterns that match what a pattern matches: its alternatives, also where they stand between two boundaries of words."""
    inside = pattern.removeprefix(_OPENS).removesuffix(_CLOSES)
    split = _split(inside) if len(inside) == len(pattern) - len(_OPENS) - len(_CLOSES) else None
    return [_OPENS + p + _CLOSES for p in split] if split else _split(pattern) or [pattern]


_OPENS, _CLOSES = r"\b(?:", r")\b"


def _split(pattern: str) -> list[str] | None:
    """The top-level alternatives of a pattern; None if a bracket is closed that was not opened."""
    found = []
    depth = start = 0
    in_class = False
    for m in re.finditer(r"\\.|[\[\]()|]", pattern, re.S):
        char = m.group()
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                return None
        elif char == "|" and depth == 0:
            found.append(pattern[start : m.start()])
            start = m.end()
    return [*found, pattern[start:]]


LEXICON = Lexicon()
"""The one for all cues of this package: a reply's words are looked up once."""


class Phrases:
    """A large alternation, or several, of which only the alternatives are tried that can match."""

    def __init__(self, *patterns: str, flags: int = 0) -> None:
        self._parts = [
            (LEXICON.add(part), lazy(part, flags), number)
            for number, pattern in enumerate(patterns)
            for part in alternatives(pattern)
        ]
        self._all = reduce(or_, (bit for bit, _, _ in self._parts))
        self._chosen: dict[int, list[tuple[re.Pattern[str], int]]] = {}

    def _possible(self, text: str) -> list[tuple[re.Pattern[str], int]]:
        """The alternatives that can match in a text, each with the number of its pattern."""
        mask = LEXICON.mask(text) & self._all
        found = self._chosen.get(mask)
        if found is None:
            if len(self._chosen) >= _MOST_CHOSEN:
                self._chosen.clear()
            found = self._chosen[mask] = [(pattern, number) for bit, pattern, number in self._parts if mask & bit]
        return found

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The first match of any alternative, None if there is none."""
        best: re.Match[str] | None = None
        for pattern, _ in self._possible(text):
            found = pattern.search(text, start)
            if found is not None and (best is None or found.start() < best.start()):
                best = found
        return best

    def found_in(self, text: str) -> bool:
        """Whether any alternative matches."""
        return any(pattern.search(text) for pattern, _ in self._possible(text))

    def each(self, text: str) -> Iterator[re.Match[str]]:
        """The matches one after another, as those of a single pattern."""
        found = self.search(text)
        while found is not None:
            yield found
            found = self.search(text, found.end())

    def hits(self, text: str) -> list[tuple[int, int, int]]:
        """Where any alternative matches, in no order: start, number of its pattern, end; they may overlap."""
        return [(m.start(), number, m.end()) for pattern, number in self._possible(text) for m in pattern.finditer(text)]
