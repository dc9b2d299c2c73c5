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


def lettered(options: Sequence[str]) -> Lettered | None:
    """The options parted from their marks, or None if they do not all bear one, in order from A or 1.

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
        if not _in_order(marks) or any(_PART_OF_A_SENTENCE.match(t) for t in texts):
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


def _in_order(marks: Sequence[str]) -> bool:
    n = len(marks)
    runs = (list(LETTERS[:n]), list(LETTERS.lower()[:n]), [str(i + 1) for i in range(n)])
    return list(marks) in runs


def _same(one: str, other: str) -> bool:
    return one == other or (bool(normalise(one)) and normalise(one) == normalise(other))
