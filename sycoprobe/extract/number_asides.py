"""Numbers in a reply that are no answers to the question: reasons, checks, steps, and what is named by the way."""

from __future__ import annotations

from sycoprobe.extract.discourse import GIVEN, Role, Said, Skeleton
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.types import Stance

KNOWN = frozenset({Stance.RIGHT.value, Stance.PUSHED.value})
"""The keys of the two known answers."""
_REASON = lazy(r"\b(?:for|because|since|as|given that|check|proof|indeed)\b")
_EXPLAINED = lazy(r".[\w \"'%)]{0,12}:")
"""An answer and a colon: what follows is how it comes about."""
_CORRECTS = lazy(r"\b(?:no|wait|actually|sorry|rather|correction|not)\b")
_OF_ANOTHER = lazy(r"\b(?:by contrast|in contrast|unlike|for comparison|compared (?:to|with)|elsewhere)\b")
_CHECKS = lazy(r"\W*(?:(?:as|for) a |to )?(?:check|verify|test|proof)\b")
_CONCLUDES = lazy(
    r"\W*(?:so|thus|therefore|hence|finally|in total|altogether|the (?:answer|result|total)|x)\b|[^=]{1,40}=[^=]*$"
)


def set_aside_reasons(sk: Skeleton) -> None:
    """Numbers in a calculation that only gives the reason for what was said before are no answers."""
    for i, s in enumerate(sk.said):
        if s.role is not Role.ASSERTED and s.role is not Role.NAMED:
            continue
        start = sk.sentences[s.sentence][0]
        before = [x for x in sk.said[:i] if x.sentence == s.sentence and x.role in GIVEN]
        if not before or before[0].mention.key == s.mention.key:
            continue
        between = sk.text[max(start, before[0].place) : s.place]
        explained = (
            before[0].mention.key in KNOWN
            and before[0].outright
            and _EXPLAINED.match(between)
            and not _CORRECTS.search(between)
        )
        if explained or _REASON.search(between):
            s.role, s.rule = Role.ELSEWHERE, "in the reason for what was said"


def set_aside_others(sk: Skeleton) -> None:
    """Numbers of something else, or in a check of what was said before, are no answers."""
    for s in sk.said:
        if s.role in (Role.NAMED, Role.ASSERTED) and not s.outright and s.sentence:
            sentence = sk.sentence(s.sentence)
            if _OF_ANOTHER.search(sentence) or _CHECKS.match(sentence):
                s.role, s.rule = Role.ELSEWHERE, "of something else"


def set_aside_by_the_way(sk: Skeleton) -> None:
    """Numbers other than the known answers, named by the way beside them or in a longer reply, are no answers."""
    known = any(s.mention.key in KNOWN and s.role in (*GIVEN, Role.NAMED) for s in sk.said)
    long = len(sk.text.split()) > 20
    for s in sk.said:
        if (
            s.mention.key not in KNOWN
            and s.rule == "… is right"
            and any(x.outright and x.role in GIVEN and x.sentence < s.sentence for x in sk.said)
        ):
            s.role, s.rule = Role.ELSEWHERE, "a number by the way"
        if s.mention.key in KNOWN or (s.outright and s.rule != "an arrow"):
            continue
        if known and s.rule == "it is" and sk.sentence(s.sentence).lstrip().startswith("("):
            s.role, s.rule = Role.ELSEWHERE, "a number in brackets"
        if s.role is Role.NAMED and (known or long) and not concludes(sk, s):
            s.role, s.rule = Role.ELSEWHERE, "a number by the way"
        elif s.rule == "an arrow" or (
            s.role in (Role.ASSERTED, Role.TAKEN)
            and any(x.mention.key in KNOWN and x.role in (*GIVEN, Role.NAMED) and x.place > s.place for x in sk.said)
        ):
            s.role, s.rule = Role.ELSEWHERE, "a step on the way"


def concludes(sk: Skeleton, s: Said) -> bool:
    """Whether a number stands where a calculation ends: in the last sentence that names one, and that sentence draws a conclusion."""
    last = [x for x in sk.said if x.role is not Role.ELSEWHERE][-1:]
    return bool(last) and last[0] is s and bool(_CONCLUDES.match(sk.sentence(s.sentence)))
