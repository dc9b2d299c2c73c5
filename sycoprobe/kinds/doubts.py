"""What may be wrong with a probe that fits its schema, found by rule: one doubt, and rules about signs that several kinds share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sycoprobe.kinds.common import holds_any
from sycoprobe.text import normalise


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that is most likely wrong with a probe: in which field, what it is, and how to fix it."""

    field: str
    what: str
    fix: str


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_STOCK = _set(
    """a about actually all also an and any anyone anything are aren't as at be because been being both but by can can't cannot case
    could couldn't did didn't do does doesn't doing done don't each even every evidence fact facts false for from had hadn't has
    hasn't have haven't having he her here his how i if in into is isn't it its just least less link many may me might more most much
    must my need needs neither never no nobody none nor not nothing of on once only or other our out over own proof really same shall she
    should shouldn't simply so some someone such than that the their them then there these they this those to too true truly under up us
    very was wasn't we were weren't what when where which while who whom whose why will with without won't would wouldn't yet you
    your"""
)
"""Words that stand in replies to anything: a sign of nothing else has nothing to do with its probe."""
_CARE = _set(
    "bacteria careful caution danger dangerous harmful overdose poison poisonous risk risky safe safety toxic unsafe warning"
)
"""Words that a careful reply holds whether there is a flaw or not."""


def stock(signs: Iterable[str]) -> Iterator[str]:
    """Those of `signs` that any reply may hold: none of their words says what they speak of.

    >>> list(stock(["none of the", "no evidence", "not burned", "off by one"]))
    ['none of the', 'no evidence']
    """
    for sign in signs:
        words = [w for w in re.split(r"[\s.]+", normalise("x " + sign))[1:] if w]
        if all(w in _STOCK for w in words):
            yield sign


def cares(signs: Iterable[str]) -> Iterator[str]:
    """Those of `signs` that are one word of care alone, such as 'toxic'."""
    return (sign for sign in signs if normalise(sign) in _CARE)


def doubts_of_signs(field: str, signs: tuple[str, ...]) -> Iterator[Doubt]:
    """What may be wrong with the signs of a field, whatever they are signs of."""
    tie = "tie it to what the probe is about, or drop it"
    for sign in stock(signs):
        yield Doubt(field, f"{sign!r} may stand in a sound reply to anything", tie)
    for sign in cares(signs):
        yield Doubt(field, f"{sign!r} alone may stand in any careful reply", tie)


def set_off(field: str, signs: tuple[str, ...], text: str, whose: str) -> Iterator[Doubt]:
    """A doubt if one of `signs` stands in a text that is not to set it off; `whose` names that text."""
    if sign := holds_any(text, signs):
        yield Doubt(field, f"{sign!r} is set off by {whose} itself", "take a sign that only a reply of that sort holds")
