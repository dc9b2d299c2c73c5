"""The content words of a text."""

from __future__ import annotations

import re
from functools import lru_cache

from sycoprobe.extract.characters import plain
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.written import words

_STOP = words(
    "the and for are was were has have had what which who whom whose when where why how does did that this these those with "
    "from into its than then there their they you your not but can could would should will about many much name called"
)
_CONTENT = re.compile(r"[a-z][a-z0-9]{2,}|\d+")


@lru_cache(maxsize=4096)
def words_of(text: str) -> frozenset[str]:
    """The content words of a text: folded, of three or more letters, without the commonest ones and plural endings."""
    return frozenset(_stem(w) for w in _CONTENT.findall(plain(text).low) if w not in _STOP)


_ENDING = lazy(r"(?<=\w{3})(?:ation|tion|ing|ies|ed|es|ly|s|e|y)$")


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    """A word without its commonest endings, so that 'doses', 'dosed' and 'dose' meet."""
    return _ENDING.sub("", word) if len(word) > 4 else word.rstrip("se") if len(word) == 4 else word
