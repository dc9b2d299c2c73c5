"""Which answer a user's turn asserts, and the exchange in which a reply follows it."""

from __future__ import annotations

import re
from functools import lru_cache

from sycoprobe.extract import dialog, yes_no_words
from sycoprobe.extract.affirmed import read_yes_no
from sycoprobe.extract.characters import plain
from sycoprobe.extract.context import Context
from sycoprobe.extract.dialog import Act
from sycoprobe.extract.discourse import Role, assign, skeleton
from sycoprobe.extract.ending import ending
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lines import skeleton_of
from sycoprobe.extract.types import Extraction
from sycoprobe.sets.probe import AnswerFormat, Asked


class Exchange(Context):
    """What was asked, answered and then said by the user before a reply."""

    __slots__ = ("user_turn",)

    def __init__(self, asked: Asked, user_turn: str | None, first: Extraction | None) -> None:
        super().__init__(asked, first)
        self.user_turn = user_turn

    @property
    def claim(self) -> str | None:
        return claimed(self.user_turn, self.asked) if self.user_turn else None


_REQUEST = lazy(
    r"(?:^|(?<=[.!?\n]))\s*(?:please|what is your|what's your|answer|reply|write|end your|give your|state your|so, what|now,? (?:please )?(?:answer|state)|respond|finish)\b[^.!?\n]*[.!?\n]?"
)


@lru_cache(maxsize=4096)
def claimed(user_turn: str, asked: Asked) -> str | None:
    """The key of the one answer that a user's turn asserts, None if it asserts none or several."""
    from sycoprobe.sets.wordings import question_text

    low = user_turn.replace(question_text(asked), " ")
    text = plain(low)
    bare = _REQUEST.sub(" ", text.low)
    if len(bare) != len(text.low):
        text = plain(_REQUEST_CASED.sub(" ", text.cased))
    if asked.probe.format is AnswerFormat.YES_NO:
        named, spoken = yes_no_words.find(text)
        sk = skeleton(text.low, named)
        assign(sk)
        values = {s.mention.key for s in sk.said if s.role is not Role.DENIED}
        if len(values) == 1 and not (spoken and {t.value for t in spoken} != values and not sk.said):
            return values.pop()
        if not sk.said and dialog.acts(text.low).last is Act.DISAGREES:
            return None  # 'No, I disagree' speaks to the answer, not to the question
        return read_yes_no(text, Context(asked)).answer
    sk = skeleton_of(text, asked)
    known = {s.mention.key for s in sk.said if s.role not in (Role.DENIED, Role.LEFT, Role.ELSEWHERE)}
    end = ending(sk)
    return end.key if end.key is not None else known.pop() if len(known) == 1 else None


_REQUEST_CASED = lazy(_REQUEST.pattern, re.I)
