"""Which words a text must have for a pattern to match it, told from the pattern's structure.

All of it is on the safe side: where it cannot be told, nothing is said to be needed. Texts are in lower case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

from sycoprobe.extract.written import words

Item: TypeAlias = tuple[Any, Any]
"""One element of a parsed pattern, as `re` has it, but with lists for sequences, and one literal for letters in a row."""
Words: TypeAlias = frozenset[str]

_GROUP = (ops.SUBPATTERN, ops.ATOMIC_GROUP)
_REPEAT = (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT)
_STOPS = (ops.AT_BOUNDARY, ops.AT_END, ops.AT_END_STRING)
_STARTS = (ops.AT_BOUNDARY, ops.AT_BEGINNING, ops.AT_BEGINNING_STRING)


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


def parsed(pattern: str, parts: Mapping[str, Part] | None = None) -> list[Item]:
    """The elements of a pattern. `parts` are what single characters in it stand for."""
    return _sequence(_parser.parse(pattern), parts or {})


def _sequence(items: Iterable[Any], parts: Mapping[str, Part]) -> list[Item]:
    made: list[Item] = []
    letters = ""
    for op, arg in items:
        if op is ops.LITERAL:
            char = chr(arg)
            if _is_letter(char) or char == "'":
                letters += char
                continue
        if letters:
            made.append((ops.LITERAL, letters))
            letters = ""
        if op is ops.LITERAL:
            made.append((ops.SUBPATTERN, parts[char]) if char in parts else (op, char))
        elif op in _GROUP:
            made.append((ops.SUBPATTERN, _sequence(arg[3] if op is ops.SUBPATTERN else arg, parts)))
        elif op in _REPEAT:
            made.append((ops.MAX_REPEAT, (arg[0], _sequence(arg[2], parts))))
        elif op is ops.BRANCH:
            made.append((op, [_sequence(branch, parts) for branch in arg[1]]))
        else:
            made.append((op, arg))
    if letters:
        made.append((ops.LITERAL, letters))
    return made


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z" or "0" <= char <= "9"


def _parts_words(op: Any, arg: Any) -> bool:
    """Whether an element is one character that is never a letter or digit."""
    if op is ops.LITERAL:
        return not _is_letter(arg[0])
    if op is not ops.IN:
        return False
    for kind, what in arg:
        if kind is ops.LITERAL:
            if _is_letter(chr(what)):
                return False
        elif kind is ops.RANGE:
            if what[0] <= ord("z") and what[1] >= ord("0"):
                return False
        elif kind is not ops.CATEGORY or what not in (ops.CATEGORY_SPACE, ops.CATEGORY_NOT_WORD):
            return False
    return True


# ------------------------------------------------------------------------------------------------------ words anywhere


SIGNS = "?|=\u2248\u2e22\u2713\u2717\u2192"
"""Characters that count as words."""


def needs(items: list[Item], *, bounded: bool = False) -> list[Words]:
    """Sets of beginnings of words: of each set, one begins a word of every text that the pattern matches.

    A word is letters, digits and apostrophes, or one of `SIGNS`; behind an apostrophe another one begins. What ends in a space
    is a whole word, but for what follows an apostrophe. `n't` stands for a word with it.
    `bounded`: no letter or digit precedes what the pattern matches.
    """
    return _needs(items, bounded, closed=False)[0]


def _needs(items: list[Item], bounded: bool, closed: bool) -> tuple[list[Words], bool]:
    """The same for a sequence, and whether no letter or digit precedes what follows it.

    `bounded`: none precedes it. `closed`: none follows a letter or digit that it ends with.
    """
    found: list[Words] = []
    for i, (op, arg) in enumerate(items):
        stops = _stops(*items[i + 1]) if i + 1 < len(items) else closed
        if op is ops.LITERAL and (_is_letter(arg[-1]) or arg[-1] == "'"):
            word = (arg if bounded else arg.partition("'")[2]).lstrip("'")
            if arg.endswith("n't"):
                found.append(frozenset(["n't"]))
            elif word:
                found.append(frozenset([word + " " if stops and word[-1] != "'" else word]))
            bounded = arg[-1] == "'"
        elif op is ops.LITERAL and arg in SIGNS:
            found.append(frozenset(arg))
            bounded = True
        elif op is ops.AT:
            bounded = bounded or arg in _STARTS
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            continue
        elif op is ops.MAX_REPEAT:
            least, body = arg
            inside, after = _needs(body, bounded, closed=False)
            if least:
                found += inside
                bounded = after
            else:
                bounded = bounded and after
        elif op is ops.SUBPATTERN:
            inside, bounded = arg.needs(bounded, stops) if isinstance(arg, Part) else _needs(arg, bounded, stops)
            found += inside
        elif op is ops.BRANCH:
            branches = [_needs(branch, bounded, stops) for branch in arg]
            if all(inside for inside, _ in branches):
                found.append(frozenset().union(*[max(inside, key=worth) for inside, _ in branches]))
            bounded = all(after for _, after in branches)
        else:
            bounded = _parts_words(op, arg)
    return found, bounded


def _stops(op: Any, arg: Any) -> bool:
    """Whether no letter or digit follows one that stands before an element."""
    return (op is ops.AT and arg in _STOPS) or _parts_words(op, arg)


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
    words: set[str] = set()
    letters = ""
    for op, arg in items:
        if op is ops.LITERAL and (_is_letter(arg[-1]) or arg[-1] == "'"):
            run = arg[::-1] if backwards else arg
            letters, apostrophe, _ = (letters + run if letters else run.lstrip("'")).partition("'")
            if apostrophe:
                break
            continue
        if letters and op not in (ops.ASSERT, ops.ASSERT_NOT):
            break
        if op is ops.AT:
            if backwards and arg in (ops.AT_BEGINNING, ops.AT_BEGINNING_STRING):
                return words | {""}, False
        elif op is ops.MAX_REPEAT or op is ops.SUBPATTERN or op is ops.BRANCH:
            least, bodies = (arg[0], [arg[1]]) if op is ops.MAX_REPEAT else (1, [arg] if op is ops.SUBPATTERN else arg)
            inside = [_ends(body[::-1] if backwards else body, backwards) for body in bodies]
            none = least == 0
            for each in inside:
                if each is None:
                    return None
                words |= each[0]
                none = none or each[1]
            if not none:
                return words, False
        elif op not in (ops.ASSERT, ops.ASSERT_NOT) and not _parts_words(op, arg):
            return None
    return (words | {letters}, False) if letters else (words, True)
