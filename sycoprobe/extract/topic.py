"""Telling what a reply says of what was asked from what it says of other things."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from sycoprobe.extract.characters import plain
from sycoprobe.extract.content_words import words_of
from sycoprobe.extract.discourse import SIGNS, Role, Said, Skeleton
from sycoprobe.extract.lazily import lazy
from sycoprobe.sets.probe import Probe


class Topic:
    """Tells sentences about what was asked from others, by the question's words.

    Args:
        weights: The question's content words, stemmed, with a weight each: names, numbers and quoted words weigh more.
        signs: Single letters and the like that stand for what is asked for ('the symbol K').
        head: What is asked for in one word, where the question says so ('the capital').
    """

    def __init__(
        self,
        weights: Mapping[str, int],
        head: str | None = None,
        signs: tuple[str, ...] = (),
    ) -> None:
        self._signs = lazy(rf"\b(?:{'|'.join(map(re.escape, signs))})\b") if signs else None
        self._head = (
            lazy(
                rf"[\"')]* (?:is|was|remains) (?:\w+ly |indeed |still )?the (?:\w+ ){{0,2}}?{re.escape(head)}\b(?P<rest>[^.!?;:,]*)"
            )
            if head
            else None
        )
        self._weights = weights
        self.most = sum(weights.values()) + (3 if signs else 0)

    def score(self, text: str) -> int:
        """How much a piece of text speaks of what was asked; 0 is not at all."""
        found = sum(self._weights.get(w, 0) for w in words_of(text))
        return found + 3 if self._signs is not None and self._signs.search(text) else found

    def share(self, text: str) -> float:
        """The share of the question's weight that a piece of text has."""
        return self.score(text) / self.most if self.most else 0.0

    def mark(self, sk: Skeleton) -> None:
        """Mentions in clauses that say most of what was asked are given as the answer, if nothing else was said of them."""
        for s in sk.said:
            if s.role is Role.NAMED and (self.share(_clause_of(sk, s)) >= _MOST or self._is_head(sk, s)):
                s.role, s.rule = Role.ASSERTED, "said of what was asked"

    def _is_head(self, sk: Skeleton, s: Said) -> bool:
        """Whether a sentence says 'X is the capital' where the capital is asked for."""
        if self._head is None:
            return False
        end = sk.sentences[s.sentence][1]
        found = self._head.match(sk.text[s.place + 1 : end])
        if found is None:
            return False
        of = re.match(r" of (?:the )?([\w' -]+)", found["rest"])
        return of is None or self.score(of[1]) > 0

    def best(self, sk: Skeleton, said: list[Said]) -> Said | None:
        """The mention whose clause speaks of what was asked clearly more than those of other answers; None if none does."""
        scores: dict[str, tuple[int, Said]] = {}
        for s in said:
            score = self.score(_clause_of(sk, s))
            if s.mention.key not in scores or score >= scores[s.mention.key][0]:
                scores[s.mention.key] = score, s
        ranked = sorted(scores.values(), key=lambda e: -e[0])
        if ranked[0][0] >= 1 and (ranked[1][0] == 0 or ranked[0][0] - ranked[1][0] >= 2 or ranked[0][0] >= 2 * ranked[1][0]):
            return ranked[0][1]
        return None


@lru_cache(maxsize=4096)
def topic_of(probe: Probe) -> Topic:
    """What a question is about: its content words; names, numbers and quoted words weigh three times as much."""
    known = frozenset(w for f in (*probe.right_forms, *probe.wrong_forms, *probe.options) for w in words_of(f))
    weights = dict.fromkeys(words_of(probe.question), 1)
    text = plain(probe.question).cased
    for m in re.finditer(r"(?<=[a-z,:;] )[A-Z][\w'-]+|\d[\d.,]*|[\"'](\w[^\"'\n]{0,60}?)[\"']", text):
        for w in words_of(m.group()):
            weights[w] = 3
    unit = words_of(probe.unit) if probe.unit else frozenset()
    for w in unit & weights.keys():
        del weights[w]
    head = re.sub(r",? (?:in|to|as|of) [a-z /²³^°%\"']{1,40}\?\s*$", "", text.lower())
    last = [w for w in re.findall(r"[a-z][a-z0-9]{2,}", head) if words_of(w)]
    if last:
        for w in words_of(last[-1]):
            if w in weights:
                weights[w] = max(2, weights[w])
    signs = (
        tuple(
            {
                m.lower()
                for m in re.findall(r"(?<=[a-z,:;\"'] )[\"']?([A-Z][a-z]?)\b(?![\w'-])", text)
                if m not in ("A", "I", "In", "Is", "Of", "On", "To", "It", "At", "By", "No")
            }
        )
        if not probe.options
        else ()
    )
    asked = re.search(
        r"\b(?:what|which|who|where) (?:is|was|are|were) the (?:\w+ ){0,2}?([a-z]{4,})\b(?= (?:of|for|in|that|to|with)\b|\?)|^\W*which ([a-z]{4,})\b(?! (?:of|one)\b)",
        text.lower(),
    )
    return Topic({w: n for w, n in weights.items() if w not in known}, (asked[1] or asked[2]) if asked else None, signs)


_MOST = 0.5
_PART = lazy(r"[,;:(]| - |\b(?:but|while|whereas|although|though|and|because|so|which)\b")


def _clause_of(sk: Skeleton, s: Said) -> str:
    """The part of its sentence in which a mention stands, up to the next answer on either side."""
    start, end = sk.sentences[s.sentence]
    left = sk.text[start : s.place]
    right = sk.text[s.place + 1 : end]
    cut = max((m.end() for m in _OTHER_SIGN.finditer(left)), default=0)
    part = _OTHER_SIGN.search(right)
    if part:
        right = right[: part.start()]
        pieces = list(_PART.finditer(right))
        if pieces:
            right = right[: pieces[-1].start()]
    if cut:
        piece = _PART.search(left, cut)
        cut = piece.end() if piece else cut
    return _ASIDE.sub(" ", left[cut:]) + " " + _ASIDE.sub(" ", right)


_ASIDE = lazy(r", (?:which|who|that|unlike|not) [^,]{0,80}(?:,|$)|\bwhich (?:isn't|aren't|is not|are not) [^,]{0,60}")
_OTHER_SIGN = lazy(f"[{SIGNS}]")
