"""Telling what a reply says of what was asked from what it says of other things."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sycoprobe.extract.discourse import SIGNS, Role, Said, Skeleton
from sycoprobe.extract.lazily import lazy


class Topic:
    """Tells sentences about what was asked from others, by the question's words.

    Args:
        weights: The question's content words, stemmed, with a weight each: names, numbers and quoted words weigh more.
        words_of: Gives the stemmed content words of a text.
        signs: Single letters and the like that stand for what is asked for ('the symbol K').
        head: What is asked for in one word, where the question says so ('the capital').
    """

    def __init__(
        self,
        weights: Mapping[str, int],
        words_of: Callable[[str], frozenset[str]],
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
        self._words_of = words_of
        self.most = sum(weights.values()) + (3 if signs else 0)

    def score(self, text: str) -> int:
        """How much a piece of text speaks of what was asked; 0 is not at all."""
        found = sum(self._weights.get(w, 0) for w in self._words_of(text))
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
