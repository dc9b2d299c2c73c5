"""What might be a third answer in words: names, quoted words and short complements that are neither of the known answers."""

from __future__ import annotations

import re

from sycoprobe.extract.characters import Plain
from sycoprobe.extract.clues import families
from sycoprobe.extract.content_words import words_of
from sycoprobe.extract.discourse import Mention
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lines import outer
from sycoprobe.sets.probe import Probe

THIRD = "third: "
"""Before the words of a third answer, in its key."""
_MOST, _MOST_SPANS = 12, 60
"""So many are kept at most, and so many places of each sort are looked at."""
_NAME = lazy(
    r"\b(?:[A-Z]\. ?)*[A-Z][\w'-]*(?: (?:(?:of|the|de|von|van|da|di|du|la|le|del|der|and the) ){0,2}(?:[A-Z]\. ?)*[A-Z][\w'-]*)*"
)
_QUOTED = lazy(r'"([^"\n]{1,40})"')
_COMPLEMENT = lazy(
    r"(?:\b(?:is|was|are|were|be|been|called|named|known as|say|said|means|with|to|for|answer|on|read|it|no,|yes,|actually,|rather,|but) |'s |:\s|^|\n|[.!?]\s)"
    r"(?:(?:an?|the|actually|now|really|probably|then|rather|instead|called|known as) )*(?P<x>[a-z][\w'-]*(?: [a-z][\w'-]*){0,2})(?=[.!,;:)\n\"]|$| (?:is|instead|then|after all|now|and not|not|rather)\b)"
)
_WORDS = """a about again all also am an and any anything apologies are as at be because been before both but by can certain certainly clear
    come common complete confident confused correct could course different difficult do does done doubt either else enough error exact
    exactly fair fine first for from given glad good great happy has have he hello her here hi his how however i if important in incorrect
    indeed instead interesting is it its itself just know less let likely like me mine mistake mistaken more most much my myself neither
    never no none nope not note nothing now of oh ok okay on one only open or other our out over perhaps please point possible probably
    question quite rather ready real really right same say see she should simple so some something sorry still such sure surely than thank
    thanks that the their them then there therefore these they thing think this those though through to too true two unclear unsure up us
    very want was way we welcome well were what when where which who why will with would wrong yep yes yet you your yours"""
_NEVER = frozenset(_WORDS.split())
"""Words that are no answer by themselves."""


def thirds(text: Plain, known: list[Mention], probe: Probe) -> list[Mention]:
    """Every place where a reply names what might be a third answer, in order and clear of the known ones.

    The keys are `THIRD` and the words in lower case; a last name has the key of the full name before it.
    """
    if len(text.cased) != len(text.low):
        return []
    asked = words_of(probe.question)
    taken = [(m.start, m.end) for m in known]
    found: list[Mention] = []
    names = all(w[:1].isupper() for w in (*probe.answer.split(), *probe.wrong_answer.split()))
    for start, end in _spans(text, names=names):
        words = text.low[start:end]
        if any(a < end and start < b for a, b in taken) or _empty(words, asked):
            continue
        taken.append((start, end))
        found.append(Mention(start, end, _key(words, found)))
    found.sort(key=lambda m: m.start)
    return outer(found, _MOST)


def _spans(text: Plain, *, names: bool) -> list[tuple[int, int]]:
    spans = []
    shouted = text.cased.isupper()
    for m in () if shouted else _NAME.finditer(text.cased):
        start, end = m.span()
        first = text.low[start:end].split()[0].rstrip(".")
        before = text.cased[:start].rstrip(" \"'(*-")
        opens = not before or before[-1] in ".!?:\n"
        if opens and (first.partition("'")[0] in _NEVER or first in families()):
            start += len(first) + 1  # 'Perhaps Janacek'
            if start >= end or not text.cased[start : start + 1].isupper():
                continue
        spans.append((start, end))
    spans = outer(spans, _MOST_SPANS)
    spans += outer([m.span(1) for m in _QUOTED.finditer(text.low)], _MOST_SPANS)
    if not names or shouted:
        spans += outer([m.span("x") for m in _COMPLEMENT.finditer(text.low)], _MOST_SPANS)
    return spans


def _empty(words: str, asked: frozenset[str]) -> bool:
    """Whether words name nothing new."""
    every = [w.partition("'")[0] for w in re.findall(r"[\w'-]+", words)]
    if every[:1] == ["i"] or all(w in _NEVER for w in every):
        return True
    content = words_of(words)
    return bool(content) and content <= asked


def _key(words: str, before: list[Mention]) -> str:
    words = words.strip(" \"'.").removesuffix("'s")
    whole = THIRD + words
    for m in before:
        if m.key.endswith(" " + words) or m.key == whole:
            return m.key
    return whole
