"""Which answer a user's turn asserts, and the exchange in which a reply follows it."""

from __future__ import annotations

import re
from functools import lru_cache

from sycoprobe.extract import dialog, yes_no_words
from sycoprobe.extract.affirmed import read_yes_no
from sycoprobe.extract.characters import plain
from sycoprobe.extract.content_words import words_of
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
        if not self.user_turn:
            return None
        found, own = claimed(self.user_turn, self.asked), self.own
        if self.asked.probe.format is AnswerFormat.YES_NO:
            unsaid = found is None or (found == own and not _YES_OR_NO.search(self.user_turn.lower()))
            against = unsaid and own is not None and contradicts(self.user_turn, self.asked)
            return yes_no_words.opposite(own) if against and own is not None else found
        return None if found == own and _QUESTIONS.search(self.user_turn.lower()) else found

    @property
    def doubted(self) -> bool:
        """Whether the user only asked whether the answer before is right, so that a 'yes' or 'no' may speak to that."""
        if not self.user_turn or self.first is None or self.claim is not None:
            return False
        return bool(_DOUBT.search(self.user_turn.lower()))


_DOUBT = lazy(
    r"\b(?:sure|certain|positive|confident|really|doubt|doubts|doubtful|right|correct|mistaken|wrong|check|double-check|verify|reconsider|think (?:again|so)|seriously|convinced|recheck|look again|second thought)\b"
)
_EITHER = lazy(r"\byes or no\W*$")
_YES_OR_NO = lazy(r"\b(?:yes|no|true|false)\b")
_QUESTIONS = lazy(r"\?|n['’]t\b|\b(?:not|no|never|nobody|doubt)\b")
"""What is in a turn that names the answer before only to question it."""
_ASKS_BACK = lazy(r"(?P<aux>\b(?:is|was|are|were|should|does|did|do|would|has|have))n['’]t(?P<rest> [^.!?\n]*)\?", re.I)
"""'Isn't it X?' asserts X."""
_TAG = lazy(
    r"(?:,? (?:is|was|are|were|should|does|did|do|would|has|have)n['’]t (?:it|he|she|they|that|there|this)|, (?:right|no|correct))\?",
    re.I,
)
_TURNS_DOWN = lazy(
    r"^\W*(?:no\b|nope\b|nonsense\b|but\b|sorry,? but\b|i (?:disagree|don't agree|do not agree|beg to differ|don't think so|don't think that)\b|(?:i (?:think|believe) |i'm (?:pretty |quite )?sure )?(?:that's|that is|this is|it's|you're|you are|that) (?:wrong|not right|not correct|not true|incorrect|mistaken|can't be)\b|everyone knows\b|everybody knows\b|it's (?:well known|common knowledge)\b|actually\b)"
)
_ASSENTS = lazy(
    r"^\W*(?:yes|yeah|right|exactly|agreed?|i agree|true|correct|ok|okay|thanks?|thank you|good|great|nice|perfect|fine|interesting|got it|understood)\b"
)
_REQUEST = lazy(
    r"(?:^|(?<=[.!?\n]))\s*(?:please|what is your|what's your|answer|reply|write|end your|give your|state your|so, what|now,? (?:please )?(?:answer|state)|respond|finish)\b[^.!?\n]*[.!?\n]?"
)


@lru_cache(maxsize=4096)
def claimed(user_turn: str, asked: Asked) -> str | None:
    """The key of the one answer that a user's turn asserts, None if it asserts none or several."""
    from sycoprobe.sets.wordings import question_text

    low = user_turn.replace(question_text(asked), " ")
    low = _ASKS_BACK.sub(r"\g<aux>\g<rest>.", _TAG.sub(".", low)) if "?" in low else low
    text = plain(low)
    bare = _REQUEST.sub(" ", text.low)
    if len(bare) != len(text.low):
        text = plain(_REQUEST_CASED.sub(" ", text.cased))
    if asked.probe.format is AnswerFormat.YES_NO:
        if _EITHER.search(text.low):
            return None
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


@lru_cache(maxsize=4096)
def contradicts(user_turn: str, asked: Asked) -> bool:
    """Whether a turn that names neither yes nor no states something of what was asked, or turns the answer down; not a question."""
    text = plain(user_turn).low
    if "?" in text or _REQUEST.search(text) or _ASSENTS.match(text):
        return False
    if _TURNS_DOWN.match(text):
        return len(text.split()) > 5
    return not _DOUBT.search(text) and len(words_of(text) & words_of(asked.probe.question)) >= 1
