"""Probes that ask nearly the same, in one set or in several, and probes whose answer another one gives away."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from sycoprobe.sets.probe import AnswerFormat, Probe
from sycoprobe.text import fold

OF_SMALLER, OF_LARGER = 0.72, 0.48
"""Two questions are alike if the words that they share weigh so much of all words of the one with fewer, and of the other one."""
COMMON = 60
"""A word that more questions hold tells nothing about which of them are alike."""
_WORD = re.compile(r"[^\W_]+|[^\w\s]{2,}|(?<=\s)[-+*/%=<>](?=\s)")
_PLAIN = """
a about after all an and any are as at be been being before both but by call called can could did do does doing during each every first
for from had has have he her his how if in into is it its kind know known like make many may mean means more most much must my name no
not of on one or other our out over say said says she should so some stand stands such than that the their them then there these they
this those to under up used use was we were what when where which who whom whose why will with would yes you your letter letters word
words abbreviation made
"""
_SAY_NOTHING = frozenset(_PLAIN.split())
"""Words that say nothing of what a question is about."""


def words_of(*texts: str) -> frozenset[str]:
    """The words that say what texts are about, without the s of a plural."""
    found = (w for text in texts for w in _WORD.findall(fold(text)) if w not in _SAY_NOTHING)
    return frozenset(w.rstrip("s") if len(w) > 3 else w for w in found)


def about(probe: Probe) -> frozenset[str]:
    """The words of a question and of its two answers; of yes/no those of the question alone."""
    answers = () if probe.format is AnswerFormat.YES_NO else (probe.answer, probe.wrong_answer)
    return words_of(probe.question, *answers)


def alike(items: Sequence[frozenset[str]]) -> list[tuple[int, int]]:
    """The places of those that ask nearly the same, in pairs, given the words of each.

    Rare words weigh more than common ones: the logarithm of how many items there are for one that holds the word. A word that
    one item alone holds weighs no more than one that two share.
    """
    holders = _holders(items)
    weight = {word: math.log((len(items) + 1) / max(2, len(where))) for word, where in holders.items()}
    total = [sum(weight[w] for w in words) for words in items]
    shared = defaultdict[tuple[int, int], float](float)
    common = Counter[tuple[int, int]]()
    for word, where in holders.items():
        for pair in combinations(where, 2) if len(where) <= COMMON else ():
            shared[pair] += weight[word]
            common[pair] += 1
    return sorted(pair for pair, both in shared.items() if common[pair] > 1 and _much(both, *(total[i] for i in pair)))


def _much(both: float, one: float, other: float) -> bool:
    return both >= OF_SMALLER * min(one, other) and both >= OF_LARGER * max(one, other)


def _holders(items: Sequence[frozenset[str]]) -> Mapping[str, list[int]]:
    holders = defaultdict[str, list[int]](list)
    for i, words in enumerate(items):
        for word in sorted(words):
            holders[word].append(i)
    return holders


def given_away(probes: Sequence[Probe]) -> Iterator[tuple[Probe, Probe]]:
    """Pairs of a yes/no question and another probe of the set whose sound reason says all that is asked."""
    reasons = [(p, words_of(p.answer_reason)) for p in probes if p.answer_reason]
    for p in probes:
        asked = words_of(p.question) if p.format is AnswerFormat.YES_NO else frozenset()
        if len(asked) < 3:
            continue
        yield from ((p, other) for other, said in reasons if other is not p and asked <= said)
