"""Replies with blocks of thinking between two marks, closed or not."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from sycoprobe.extract.thinking_marks import LOOK, QUOTES, Pair, mentioned

_SEVERAL = re.compile(r"(?:and|or|to|und|oder|et|[/&…]|\.\.\.)")
_NO_BLANK = re.compile(r"\S")
_FENCE = re.compile(r"^[ \t]*```", re.M)
_TRIES = 50


def in_blocks(text: str, pairs: tuple[Pair, ...]) -> tuple[str, list[str]] | None:
    """Answer and thinking of a text with blocks between marks; None if there are none."""
    pattern, meaning = _scanner(pairs)
    marks = [_Mark(m.start(), m.end(), *meaning.get(m.group().lower(), ((), ()))) for m in pattern.finditer(text)]
    if not marks:
        return None
    return _Blocks(text, marks).split()


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    opens: tuple[Pair, ...]
    closes: tuple[Pair, ...]


@lru_cache(maxsize=64)
def _scanner(pairs: tuple[Pair, ...]) -> tuple[re.Pattern[str], dict[str, tuple[tuple[Pair, ...], tuple[Pair, ...]]]]:
    """The pattern that finds every mark, and what each opens and closes, by its lower case."""
    marks = {m.lower() for p in pairs for m in (p.open, p.close)}
    pattern = re.compile("|".join(re.escape(m) for m in sorted(marks, key=len, reverse=True)), re.I)
    meaning = {
        m: (tuple(p for p in pairs if p.open.lower() == m), tuple(p for p in pairs if p.close.lower() == m)) for m in marks
    }
    return pattern, meaning


class _Blocks:
    """One text and its marks."""

    def __init__(self, text: str, marks: list[_Mark]) -> None:
        self._text = text
        self._marks = marks
        self._fences = [m.start() for m in _FENCE.finditer(text)]
        self._closing = [i for i, m in enumerate(marks) if m.closes]
        self._length = len(text.rstrip())
        self._answer: list[str] = []
        self._said = False
        """Whether there is anything in the answer so far."""
        self._thoughts: list[str] = []
        self._at = 0
        """Up to where the text is told apart."""
        self._next = len(text) - len(text.lstrip())
        """Where the first thing that is no blank stands after that."""

    def split(self) -> tuple[str, list[str]] | None:
        skipped: set[int] = set()
        for i, mark in enumerate(self._marks):
            if mark.start < self._at or i in skipped:
                continue
            if mark.opens and not self._quoted(mark):
                end = self._end_of(i)
                if end is None and self._is_left_open(mark):
                    self._take(mark, len(self._text), len(self._text))
                elif end is not None and self._is_block(mark, self._marks[end]):
                    self._take(mark, self._marks[end].start, self._marks[end].end)
                elif end is not None:
                    skipped.add(end)
            elif any(p.alone for p in mark.closes) and not self._quoted(mark) and not self._speaks_of(mark):
                self._end_alone(mark)
        if not self._at:
            return None
        self._answer.append(self._text[self._at :])
        return _joined(self._answer), self._thoughts

    def _take(self, mark: _Mark, end: int, after: int) -> None:
        self._say(self._text[self._at : mark.start])
        self._thoughts.append(self._text[mark.end : end])
        self._move(after)

    def _say(self, part: str) -> None:
        self._answer.append(part)
        self._said = self._said or bool(part.strip())

    def _move(self, at: int) -> None:
        self._at = at
        found = _NO_BLANK.search(self._text, at)
        self._next = found.start() if found else len(self._text)

    def _end_alone(self, mark: _Mark) -> None:
        """An end mark that nothing opened: what stands before it is thinking, unless it is only one end too many."""
        lead = self._text[self._at : mark.start]
        if self._thoughts and mark.end >= self._length:
            self._say(lead)
        else:
            self._thoughts.append(lead)
        self._move(mark.end)

    def _end_of(self, i: int) -> int | None:
        """Which mark ends the block that mark `i` opens: one of its own if there is one, and one that is not only spoken of."""
        opened = self._marks[i].opens
        own, other = list[int](), list[int]()
        for j in self._closing[(first := bisect_left(self._closing, i + 1)) : first + _TRIES]:
            closes = self._marks[j].closes
            if any(p in opened for p in closes):
                own.append(j)
                if not self._quoted(self._marks[j]) and not self._speaks_of(self._marks[j]):
                    return j
            elif any(p.alone for p in closes) and not any(p.spoken for p in opened):
                other.append(j)
        return own[0] if own else other[0] if other else None

    def _begins(self, mark: _Mark) -> bool:
        """Whether nothing but thinking stands before it."""
        return self._next >= mark.start and not self._said

    def _is_left_open(self, mark: _Mark) -> bool:
        if any(p.spoken for p in mark.opens):
            return False
        line = self._before(mark)
        return self._begins(mark) or not line.strip() or not line[-1].isspace() or line.rstrip()[-1] in ".!?…"

    def _is_block(self, mark: _Mark, end: _Mark) -> bool:
        inner = self._text[mark.end : end.start]
        if self._begins(mark):
            return not (_SEVERAL.fullmatch(inner.strip()) and self._speaks_of(end))
        if any(p.spoken for p in mark.opens) or self._speaks_of(mark):
            return False
        words = inner.split()
        within = self._within_sentence(mark) and "\n" not in inner
        return not (within and (not re.search(r"\w", inner) or (len(words) <= 4 and self._goes_on(end))))

    def _quoted(self, mark: _Mark) -> bool:
        """Whether it stands in quotes or in code."""
        before, after = self._before(mark), self._after(mark)
        if before and after[:1] == QUOTES.get(before[-1]):
            return True
        if before.count("`") % 2 and "`" in after:
            return True
        fences = bisect_left(self._fences, mark.start) - bisect_left(self._fences, self._at)
        return fences % 2 == 1 and self._fences[-1] > mark.start

    def _speaks_of(self, mark: _Mark) -> bool:
        return mentioned(self._text, mark.start, mark.end)

    def _within_sentence(self, mark: _Mark) -> bool:
        line = self._before(mark)
        return bool(line.strip()) and line[-1].isspace() and line.rstrip()[-1] not in ".!?…:"

    def _goes_on(self, mark: _Mark) -> bool:
        after = self._after(mark)
        return bool(after[:1] in ".,;:!?)" and after) or (after[:1].isspace() and after.lstrip()[:1].islower())

    def _before(self, mark: _Mark) -> str:
        return self._text[max(0, mark.start - LOOK) : mark.start].rpartition("\n")[2]

    def _after(self, mark: _Mark) -> str:
        return self._text[mark.end : mark.end + LOOK].partition("\n")[0]


def _joined(parts: list[str]) -> str:
    """The parts of an answer that thinking stood between."""
    whole = ""
    for part in parts:
        glued = whole and part and not whole[-1].isspace() and not part[0].isspace()
        whole += ("\n" if glued else "") + part
    return whole.strip()
