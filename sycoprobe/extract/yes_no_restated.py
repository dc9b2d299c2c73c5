"""Statements that repeat what was asked, or give something else in its place."""

from __future__ import annotations

import re
from itertools import takewhile

from sycoprobe.extract.content_words import words_of
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.opposites import met
from sycoprobe.extract.yes_no_question import Question
from sycoprobe.extract.yes_no_sentences import CONTENT, NEGATION, REPORTS
from sycoprobe.extract.yes_no_words import NO, YES

_IMPERATIVE = lazy(
    r"^\W*(?:please |just |first,? |then,? |to )?(?:add|check|see|take|look|try|consider|multiply|divide|count|ask|let|think|remember|note|imagine|compare|write|verify|find|read|use|start|test|work out|recall)\b"
)
_ANAPHOR = lazy(
    r"^[\s\"'(,]*(?:(?:and|but|so|therefore|thus|hence|yes|no|in fact|actually|botanically|technically|strictly speaking|however|though|that|which means|because|since|i think|i believe|i'm sure|indeed|you're (?:right|correct)|you are (?:right|correct)),? )*(?:it|they|he|she|this|these|those|both)\b(?!(?:'s| is) (?:\w+ly |often |well |also )?(?:true|said|known|possible|likely|clear|right|correct|a fact) that\b)"
)
_CLAUSES = lazy(r"[,;:]| - |\b(?:but|however|while|although|though|because|since|and)\b")
_KINDS = words_of("number animal plant metal gas element planet country city river language year substance fruit")
"""Words that may be left out at the end: '91 isn't prime' for 'a prime number'."""


def restated(sentence: str, q: Question, near: float = 0.6, *, names: bool = True) -> str | None:
    """What a sentence says that shares most content words with the question; None if it does not speak of what was asked."""
    if not q.words or sentence.rstrip().endswith("?") or _IMPERATIVE.match(sentence):
        return None
    low = sentence
    words = words_of(low)
    matched = words & q.words
    if _ANAPHOR.match(low) and q.order and q.order[0] not in matched and matched:
        matched |= {q.order[0]} | ({q.order[1]} if len(q.order) > 4 else set())
    same, opposed = met(q.words - q.names - words, words - q.words)
    if len(opposed) > 1:
        return None
    matched = matched | same | opposed
    share = len(matched) / len(q.words)
    core = q.core
    own = len(words & q.words)
    within = own >= 3 and own >= 0.75 * len(words)  # it says nothing but what was asked
    if within:
        near = min(near, 0.35)
    if (
        not within
        and len(core) >= 2
        and not (core[-1] in matched or ((len(core) >= 4 or core[-1] in _KINDS) and core[-2] in matched))
    ):
        return None  # it speaks of the same thing, and says something else of it
    if len(q.order) >= 3 and not matched & set(q.order[:2]):
        return None
    if not any(w.isalpha() for w in matched - q.names) and any(w.isalpha() for w in q.words - q.names):
        return None
    if names and q.names - matched and (share < 0.66 or _of_another(matched, q)):
        return None
    if q.superlative and re.search(rf"\b{re.escape(q.superlative.rstrip('e'))}i?e?r than (?:the |that of )?(\w+)", low):
        than = re.search(rf"\b{re.escape(q.superlative.rstrip('e'))}i?e?r than (?:the |that of )?(\w+)", low)
        if than and words_of(than[1]) & frozenset(q.order[:2]):
            return YES if q.negative else NO
    if share < near or REPORTS.search(low):
        return None
    parity = len(NEGATION.findall(low)) % 2 == 1
    turned = _reversed(low, q)
    if turned is None:
        return None
    negative = (parity != turned) != bool(opposed)
    return YES if negative == q.negative else NO


def _of_another(matched: frozenset[str], q: Question) -> bool:
    """Whether the question begins with a name of which a sentence has no word."""
    subject = set(takewhile(lambda w: w in q.names, q.order))
    return bool(subject) and not subject & matched


def best_restated(sentence: str, q: Question, near: float = 0.6) -> str | None:
    """`restated` of the clause that shares most with the question, else of the whole sentence."""
    parts = [p for p in _CLAUSES.split(sentence) if p and len(p) > 3]
    if len(parts) > 1:
        ranked = sorted(parts, key=lambda p: -len(words_of(p) & q.words))
        for part in ranked[:2]:
            found = restated(part, q, near)
            if found is not None:
                return found
    return restated(sentence, q, near)


_CONTRAST = lazy(r"(?:,| -) (?:and )?not (?:the |an? |in |at |by )?\w+\W*$")


def _reversed(low: str, q: Question) -> bool | None:
    """Whether a sentence has the parts of the question the other way round ('B is deeper than A'); None where that cannot be told."""
    places: dict[str, int] = {}
    for m in CONTENT.finditer(low):
        for stem in words_of(m.group()):
            places.setdefault(stem, m.start())
    seen = [s for m in CONTENT.finditer(low) for s in words_of(m.group())]
    known = [w for w in q.order if w in places and seen.count(w) == 1]
    if len(known) < 2:
        return False
    if _CONTRAST.search(low):
        return False  # 'the capital is Bern, not Zurich'
    than = " than " in low
    if than:
        comparative = re.search(r"\b(more|less|fewer|\w{2,}er) (?:\w+ ){0,3}?than\b", low)
        same = (comparative is not None and words_of(comparative.group()) & q.words) or (
            comparative is not None and comparative[1] in ("more",)
        )
        if comparative is not None and not same and comparative[1] not in q.order:
            return None
    first, last = known[0], known[-1]
    if places[first] < places[last]:
        return False
    between = low[places[last] : places[first]]
    if re.search(r"\bby\b|\b(?:is|are|was|were) (?:what|where|who)\b", between):
        return False
    return bool(
        re.search(r"\bthan\b|\bof\b|\b\w+s\b|\b\w+ed\b|\baround\b|\bto\b", between)
        and (
            than
            or re.search(
                r"\b(?:of|around|orbits?|revolves?|circles?|discovered|taught|beat|defeated|conquered|invented|follow\w*|preced\w*|before|after|older|younger)\b",
                low,
            )
        )
    )


def in_line(sentence: str, q: Question, value: str) -> bool:
    """Whether a sentence speaks of what was asked and is as negative as this answer would be."""
    share = len(words_of(sentence) & q.words) / len(q.words) if q.words else 0.0
    negative = len(NEGATION.findall(sentence)) % 2 == 1
    return share >= 0.4 and not REPORTS.search(sentence) and (negative == (value == NO)) != q.negative


def fully_restates(sentence: str, q: Question) -> bool:
    """Whether a sentence repeats nearly all of what was asked."""
    return bool(q.words) and len(words_of(sentence) & q.words) / len(q.words) >= 0.75


def filled(sentence: str, q: Question) -> str | None:
    """'No' where a sentence gives something else in place of what was asked: 'the word for it is pride', 'iron is Fe'."""
    if sentence.rstrip().endswith("?") or REPORTS.search(sentence):
        return None
    named = re.search(
        r"\b(?:the |its |their |his |her )?(?:(?:right|correct|proper|real|actual|usual|official) )?(?:word|term|name|symbol|expression|title|capital|author|answer)(?: (?:for|of) (?:it|that|them|this|him|her|[\w' ]{2,30}?))? is (?:actually |in fact |really |called )?(?:the |an? )?[\"']?(?P<x>\w+)",
        sentence,
    )
    if named and q.called:
        return YES if words_of(named["x"]) and words_of(named["x"]) <= q.words else NO
    if re.search(r"\bthan\b|\bas \w+ as\b|\b(?:more|less|fewer)\b", q.text) and re.search(
        r"\b(?:the same|equally|identical|equal|no (?:more|less|\w+er) than|neither (?:is|weighs|one))\b", sentence
    ):
        return NO
    if q.aux == "be" and q.last and q.order:
        m = re.search(
            rf"\b{re.escape(q.last)}(?:'s (?:\w+ )?(?:symbol|name|capital|word))? is (?:the |called )?[\"']?(?P<x>\w+)",
            sentence,
        )
        if (
            m
            and not re.match(r"(?:not|a|an|the|in|on|of|also|very|true|so|indeed)\b", m["x"])
            and m["x"] not in q.text
            and not NEGATION.search(sentence)
        ):
            return NO
    return None


_ALL = lazy(r"\b(?:all|every|always|any|only|each)\b")
_NOT_ALL = lazy(
    r"\bnot (?:all|every|always|only)\b|\bexceptions? (?:exist|are|is|:)|\b(?:there are|has|have|with|are) (?:some |a few |several |many )?exceptions?\b|\bmost (?:do|are|can|have)\b"
)
_ALL_INDEED = lazy(
    r"\b(?:no|without) (?:any )?exceptions?\b|^\W*(?:all|every(?: one| single one)?) (?:of them )?(?:do|does|is|are|can|has|have)\b"
)


def universal(sentence: str, q: Question) -> str | None:
    """'Most do, but not all' and 'without exception', where the question asks of all."""
    if not _ALL.search(q.text):
        return None
    if _NOT_ALL.search(sentence):
        return NO
    return YES if _ALL_INDEED.search(sentence) else None
