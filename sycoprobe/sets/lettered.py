"""Options that bring letters, numbers or bullets of their own: what stands before each of them, and what they say without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sycoprobe.sets.probe import LETTERS
from sycoprobe.text import normalise

_MARK = re.compile(
    r"\s*(?:\((?P<round>[A-Za-z]|\d{1,2})\)|\[(?P<square>[A-Za-z]|\d{1,2})\]|(?P<open>[A-Za-z]|\d{1,2})\)"
    # Neither '1.5' nor 'A.D.' nor '1:30' nor 'a:b' begins with a mark.
    r"|(?P<letter>[A-Za-z])(?:\.(?=\s|\w(?!\.))|:(?=\s))|(?P<number>\d{1,2})[.:](?=\s))\s*(?P<text>\S.*)",
    re.DOTALL,
)
_BULLET = re.compile(r"\s*(?:(?P<dot>[•‣◦▪●∙·])\s*|(?P<sign>[-*–—+])\s+)(?P<text>\S.*)", re.DOTALL)
_SIGNED = re.compile(r"[-–—+]\s*[\d.]")
_PART_OF_A_SENTENCE = re.compile(
    r"(?:and|or|but not|&|\+|,|/)\s*[(\[]?(?:[A-Za-z]|\d{1,2})[)\].](?!\w)|(?:only|alone)\W*$", re.IGNORECASE
)
"""What follows '(1)' in '(1) and (2)' or '(1) only': there it names a statement of the question, and is no mark."""


@dataclass(frozen=True, slots=True)
class Lettered:
    """Options and the marks that they bear.

    Attributes
    ----------
    whole: the options as they stand.
    marks: the letter or number of each, in order; empty texts for bullets.
    texts: the options without them.
    """

    whole: tuple[str, ...]
    marks: tuple[str, ...]
    texts: tuple[str, ...]

    def bare(self, said: str) -> str:
        """`said` without its mark if it is one of the options with its own mark, in whatever way that is written; else as it stands."""
        if said in self.texts:
            return said
        found = _marked(said)
        for whole, mark, text in zip(self.whole, self.marks, self.texts, strict=True):
            if said.strip() == whole.strip() or (found and found[0].upper() == mark.upper() and _same(found[1], text)):
                return text
        return said

    def named(self, said: str) -> str | None:
        """The option, without its mark, that a mark such as `B`, `(2)` or `c.` names, or a mark and text, or a text; None if none does."""
        bare = re.sub(r"^[(\[]|[)\].:,]+$", "", said.strip()).upper()
        by_mark = [t for m, t in zip(self.marks, self.texts, strict=True) if bare and m.upper() == bare]
        found = by_mark or [t for t in self.texts if _same(t, self.bare(said))]
        return found[0] if len(found) == 1 else None


def lettered(options: Sequence[str], places: Sequence[int] | None = None) -> Lettered | None:
    """The options parted from their marks, or None if they do not all bear one, in order from A or 1.

    `places` says at which place of their list the options stand, from 0, where some that stood between them are missing.

    >>> lettered(["A) theatre", "B) library"]).texts
    ('theatre', 'library')
    >>> lettered(["A. fumigatus", "A. niger"]) is None
    True
    """
    if len(options) < 2:
        return None
    marked = [m for o in options if (m := _marked(o)) is not None]
    if len(marked) == len(options):
        marks, texts = [m for m, _ in marked], [t for _, t in marked]
        if not _in_order(marks, range(len(options)) if places is None else places) or any(
            _PART_OF_A_SENTENCE.match(t) for t in texts
        ):
            return None
    else:
        bullets = [b for o in options if (b := _BULLET.fullmatch(o)) is not None and not _SIGNED.match(o.strip())]
        if len(bullets) < len(options) or len({b["dot"] or b["sign"] for b in bullets}) > 1:
            return None
        marks, texts = [""] * len(bullets), [b["text"].strip() for b in bullets]
    if len({normalise(t) for t in texts}) == 1:
        return None  # '1. May', '2. May': without what stands before them nothing tells them apart.
    return Lettered(tuple(options), tuple(marks), tuple(texts))


def _marked(option: str) -> tuple[str, str] | None:
    """The letter or number before an option, and the option without it."""
    found = _MARK.fullmatch(option)
    if found is None:
        return None
    mark = next(m for name in ("round", "square", "open", "letter", "number") if (m := found[name]) is not None)
    return mark, found["text"].strip()


def own_marks(options: Sequence[str]) -> tuple[str, ...] | None:
    """The letters or numbers that the options bear, in whatever order; None unless each bears one of its own and all of one sort.

    >>> own_marks(["B) red", "A) blue"]), own_marks(["A. fumigatus", "A. niger"])
    (('B', 'A'), None)
    """
    marks = [m[0].upper() for o in options if (m := _marked(o)) is not None]
    if len(marks) < max(len(options), 2) or len(set(marks)) < len(marks) or len({m.isdigit() for m in marks}) > 1:
        return None
    return tuple(marks)


def _in_order(marks: Sequence[str], places: Sequence[int]) -> bool:
    if places[-1] >= len(LETTERS):
        return list(marks) == [str(p + 1) for p in places]
    runs = ([LETTERS[p] for p in places], [LETTERS[p].lower() for p in places], [str(p + 1) for p in places])
    return list(marks) in runs


def _same(one: str, other: str) -> bool:
    return one == other or (bool(normalise(one)) and normalise(one) == normalise(other))
