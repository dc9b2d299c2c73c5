"""A reply to a yes/no question in its sentences, and what its statements say of what was asked."""

from __future__ import annotations

import re

from sycoprobe.extract.characters import Plain
from sycoprobe.extract.context import Context
from sycoprobe.extract.discourse import Skeleton
from sycoprobe.extract.ending import TURN
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lines import MOST_MENTIONS
from sycoprobe.extract.yes_no_elliptic import elliptic, emphatic
from sycoprobe.extract.yes_no_question import question_of
from sycoprobe.extract.yes_no_restated import best_restated, filled, fully_restates, restated, universal
from sycoprobe.extract.yes_no_sentences import SENTENCE
from sycoprobe.extract.yes_no_words import Spoken

_CONCEDES = lazy(
    r"\W*(?:(?:it's|it is|that's|that is) (?:\w+ly |quite |indeed )?true\b|granted\b|admittedly\b|i (?:grant|admit|see|understand)\b)"
)
_HOWEVER = lazy(r"\W*(?:however|but|yet|still|nevertheless|nonetheless|that said|even so|all the same)\b")


class YesNoReply:
    """A plain reply, what was asked and said before it, and where it says yes and no.

    Attributes
    ----------
    sk: its skeleton, with the yes and no that are named as answers.
    spoken: the yes and no that open a sentence.
    q: what was asked.
    direct: whether nothing was answered or claimed before it.
    sentences: where each begins and ends.
    brief: whether it is one short sentence.
    """

    def __init__(self, text: Plain, context: Context, sk: Skeleton, spoken: list[Spoken]) -> None:
        self.low = text.low
        self.context = context
        self.sk = sk
        self.spoken = spoken
        self.q = question_of(context.probe.question)
        self.direct = context.first is None and context.claim is None
        self.sentences = [(m.start(), m.end()) for m in SENTENCE.finditer(self.low)]
        self.brief = len(self.sentences) == 1 and len(text.low.split()) <= 14
        if len(self.sentences) > MOST_MENTIONS:
            self.sentences = self.sentences[: MOST_MENTIONS // 3] + self.sentences[-MOST_MENTIONS * 2 // 3 :]

    def sentence_of(self, place: int) -> int:
        """The number of the sentence in which a place is."""
        return next((i for i, (a, b) in enumerate(self.sentences) if a <= place < b), 0)

    def statement(self, start: int = 0) -> tuple[str, bool] | None:
        """What the statements after `start` say, and whether that is sure."""
        found: list[tuple[str, bool]] = []
        for a, b in self.sentences:
            if b <= start:
                continue
            sentence = self.low[max(a, start) : b]
            if sentence.rstrip().endswith("?") or (_CONCEDES.match(sentence) and _HOWEVER.match(self.low, b)):
                continue
            short = elliptic(sentence, self.q, direct=self.direct)
            if short:
                found.append((short[-1][1], True))
                continue
            stressed = emphatic(sentence)
            if stressed is not None:
                found.append((stressed, False))
                continue
            whole = (
                universal(sentence, self.q)
                or best_restated(sentence, self.q)
                or (restated(sentence, self.q, near=0.45, names=False) if self.brief else None)
                or filled(sentence, self.q)
            )
            if whole is not None:
                found.append((whole, fully_restates(sentence, self.q)))
        if not found:
            return None
        values = {v for v, _ in found}
        if len(values) == 1:
            return found[0][0], any(s for _, s in found)
        sure = [v for v, s in found if s]
        if sure and len(set(sure)) == 1:
            return sure[0], False
        if TURN.search(self.low[start:]):
            return found[-1][0], False
        return None

    def later(self, start: int) -> str | None:
        """What a later sentence that turns against the beginning says of what was asked."""
        rest = self.low[start:]
        turn = re.search(
            r"\b(?:but|however|actually|wait|correction|scratch that|on reflection|that said|on second thoughts?|hold on|sorry|then again)\b[, ]",
            rest,
        )
        if turn is None:
            return None
        after = rest[turn.end() :]
        for m in SENTENCE.finditer(after):
            found = elliptic(m.group(), self.q)
            if found:
                return found[-1][1]
            whole = restated(m.group(), self.q, near=0.75)
            if whole is not None:
                return whole
        return None
