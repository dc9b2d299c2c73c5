"""What a yes/no question asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sycoprobe.extract.characters import plain
from sycoprobe.extract.content_words import words_of
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.yes_no_sentences import AUX, CONTENT, FALSITY, NEGATION


@dataclass(frozen=True, slots=True)
class Question:
    """What a yes/no question asks: its auxiliary verb's family, its content words in order, and whether it asks for a negative."""

    aux: str | None
    words: frozenset[str]
    order: tuple[str, ...]
    negative: bool
    superlative: str | None
    called: bool
    falsity: bool
    """Whether it asks if something is false, wrong or a myth."""
    names: frozenset[str]
    """Content words that are written with a capital, without the first word."""
    last: str
    text: str
    core: tuple[str, ...]
    """The content words in order, without those of a phrase at the end that only says in which sense it is asked."""


_MANNER = words_of(
    "botanically speaking technically strictly biologically legally scientifically actually really currently usually generally normally naked exactly precisely true untrue correct wrong false right case always sense term"
)
_IN_WHICH_SENSE = lazy(
    r" (?:in|on|under|by) (?:the |an? )?(?:[\w-]+ ){0,2}(?:calendar|sense|system|terms|general|practice|rules?|species|cases|law|standards?)\?"
)


@lru_cache(maxsize=2048)
def question_of(text: str) -> Question:
    """The question in parts."""
    low = plain(text).low
    last = re.split(r"(?<=[.!?])\s+(?=\S)", low.strip())[-1]
    asked = (
        last if last.endswith("?") or "?" not in low else next(s for s in re.split(r"(?<=[.!?])\s+", low) if s.endswith("?"))
    )
    asked = re.sub(r"\([^()]*\)", " ", asked)
    clause = re.sub(r"^.*?,\s+(?=(?:is|are|was|were|does|do|did|can|could|has|have|had|will|would|should|must)\b)", "", asked)
    first = clause.split()[0] if clause.split() else ""
    order = tuple(w for w in dict.fromkeys(_stems(asked)) if w not in _MANNER)
    superlative = re.search(r"\b(?:the )?(\w{3,}?)est\b(?! (?:germany|virginia|coast|indies|africa|bank))", asked)
    return Question(
        AUX.get(first),
        frozenset(order),
        order,
        len(NEGATION.findall(clause)) % 2 == 1,
        superlative[1] if superlative else None,
        "called" in asked or "named" in asked or "word for" in asked,
        bool(re.search(rf"\b{FALSITY}\b", clause)),
        frozenset(w for m in re.finditer(r"(?<=[a-z,:;] )[A-Z][\w'-]+", plain(text).cased) for w in words_of(m.group()))
        & frozenset(order),
        (re.findall(r"[a-z0-9]+", asked) or [""])[-1],
        asked,
        tuple(w for w in dict.fromkeys(_stems(_IN_WHICH_SENSE.sub("?", clause))) if w not in _MANNER),
    )


def _stems(text: str) -> list[str]:
    known = words_of(text)
    return [s for w in CONTENT.findall(text) for s in words_of(w) if s in known]
