"""Short statements that answer without the word yes or no: 'it does', 'that is true', 'certainly not'."""

from __future__ import annotations

import re

from sycoprobe.extract.content_words import words_of
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.yes_no_question import Question
from sycoprobe.extract.yes_no_sentences import AUX, FALSITY, REPORTS
from sycoprobe.extract.yes_no_words import NO, YES

_PRONOUN = r"(?:it|they|he|she|that|this|these|those|you|there|both)"
_ELLIPSIS = lazy(
    rf"(?<![\w'-])(?P<pro>{_PRONOUN})(?P<adv>(?: (?:really|certainly|definitely|actually|simply|just|indeed|absolutely|most certainly|sure|surely|clearly|truly|still|generally|always|probably|in fact|very much))*)"
    r"(?:(?P<s>'s|'re|'ve|'d|'ll)|\s+(?P<aux>is|are|was|were|does|do|did|can|could|has|have|had|will|would|should|must|may|might|ca|wo))(?P<neg>n't|nnot| not| never| no| hardly)?"
    r"(?P<adv2>(?: (?:really|certainly|definitely|actually|indeed|simply|just|absolutely|so|that way|at all|do so|be|always|be so|the case|like that|either|by law|in general|as a rule|anyway|after all|too|correct))*)"
    r"(?P<end>(?=\s[a-z])|\s*(?:$|[.,;:!?\n\")-]|(?:and|but|as|because|since|though|although|by|for|whatever|no matter|even|if|unless|when|regardless|despite|in (?:fact|reality|general|this|most|many|all|some)|under|according)\b))"
)
_IT_IS_SO = lazy(
    rf"\b(?P<subj>it|that|this|the (?:statement|claim|premise|assertion|proposition|idea|answer|assumption|description|sentence)(?: in (?:the|your) question| (?:you|as) \w+)?|what (?:you asked about|the question says))(?:'s|\s+is|\s+was|\s+would be|\s+remains|\s+does seem to be| does hold|\s+holds)(?P<neg>n't| not| never| no)?(?: (?:\w+ly|still|just|indeed|in fact|of course|all|also|quite|so|simply))*"
    rf"(?: (?P<t>true|right|correct|the case|so|a fact|accurate|valid|factual|real|up\b|a (?:\w+ )?fact)|(?: (?P<f>{FALSITY}|not so|nonsense)))\b"
)


_MOST = 8
"""Of more such statements in a sentence only the last are looked at."""


def elliptic(sentence: str, q: Question, *, direct: bool = False) -> list[tuple[int, str]]:
    """Short statements such as 'it does' and 'they can't': where they stand and what they answer.

    `direct`: nothing was said between the question and this reply, so that 'that is true' speaks of what was asked.
    """
    found: list[tuple[int, str]] = []
    for m in list(_ELLIPSIS.finditer(sentence))[-_MOST:]:
        aux = m["aux"]
        if aux is None:
            family = "be" if m["s"] in ("'s", "'re") else None
            if not m["neg"] or family is None:
                continue
        else:
            family = {"ca": "can", "wo": "will"}.get(aux) or AUX.get(aux)
        if family is None or (q.aux is not None and family != q.aux and not re.match(r"\s*(?:$|[.,;:!\n])", m["end"])):
            continue
        if m["pro"] in ("that", "this") and (m["adv2"].strip() in ("correct",) or not direct):
            continue
        if aux in ("may", "might", "must", "should", "would", "could", "will") and family != q.aux:
            continue
        if (m["pro"] == "you" and m["aux"] in ("are", "were")) or (m["pro"] == "we"):
            continue
        before = re.split(r"[,;:]|\bbut\b", sentence[: m.start("pro")])[-1]
        if (
            re.search(r"\b(?:yes|no)\W*$", sentence[: m.start("pro")])
            and m["pro"] == "it"
            and not m["neg"]
            and m["aux"] == "is"
        ):
            continue  # 'no it is' takes the no
        if re.search(
            r"\b(?:if|whether|unless|because|since|as|why|how|when|where|which|who|than)\s*$", before
        ) and not re.search(r"\bthat\s*$", before):
            continue
        if _ELSEWHERE.search(before) and not words_of(before) & q.words:
            continue  # 'in a vacuum it doesn't'
        if m["end"] == "" and not _whole_predicate(sentence[m.end() :], q):
            continue
        if m["end"] == "" and (
            not _predicate(sentence[m.end() :], q) or re.search(r"\b(?:if|when|unless)\b", sentence[: m.start()])
        ):
            continue
        if sentence[m.end() - 1 : m.end()] == "?" or REPORTS.search(before[-50:]):
            continue
        negative = bool(m["neg"]) != (q.negative and family != q.aux)
        if (
            m["aux"] in ("is", "was", "stays")
            and not m["neg"]
            and m["pro"] == "it"
            and re.search(r"[a-z\d]\s$", sentence[: m.start("pro")])
            and not re.search(
                r"\b(?:and|but|so|yes|no|that|think|believe|indeed|sure|course|right|say|see|then|now|fact|because|inspection|reflection|thought|agree|admit|know|well|okay|really)\s$",
                sentence[: m.start("pro")],
            )
        ):
            continue  # 'three months it is'
        found.append((m.start("pro"), NO if negative else YES))
    for m in list(_IT_IS_SO.finditer(sentence))[-_MOST:]:
        if REPORTS.search(re.split(r"[,;:]|\bbut\b", sentence[: m.start()])[-1][-60:]):
            continue
        agreed = re.search(
            r"\b(?:right|correct|agree|see|realise|realize|true|admit)(?: now)? that $", sentence[: m.start()]
        ) or re.match(
            r"\W*(?:you're right|you are right|good catch|agreed|indeed|point taken|fair enough)[,:;-]? $",
            sentence[: m.start()],
        )
        if (m["subj"] in ("that", "this") and not (q.negative or direct or agreed)) or sentence.startswith(" that ", m.end()):
            continue
        false = bool(m["f"]) != bool(m["neg"])
        # 'it is wrong' affirms a question that asks whether it is wrong
        found.append((m.start(), NO if false != q.falsity else YES))
    return sorted(found)


_ELSEWHERE = lazy(r"^\W*(?:in|on|at|for|by|under) (?:\w+ ){0,3}\w+ $")


def _predicate(rest: str, q: Question) -> bool:
    """Whether what follows 'it can' begins with a word of what was asked."""
    near = re.match(r"\s*(?:(?:be|been|a|an|the|to|in|of|even|ever|\w+ly) )*([a-z]{3,})", rest)
    return near is not None and bool(words_of(near[1]) & frozenset(q.order[1:]))


def _whole_predicate(rest: str, q: Question) -> bool:
    """Whether what follows 'it can', if it is long, has one of the last words of what was asked ('it flows into the *Pacific*')."""
    said = words_of(re.split(r"[,;:.!?]| - |\b(?:but|because|since|and)\b", rest, maxsplit=1)[0])
    return len(said) < 2 or len(q.order) < 3 or bool(said & frozenset(q.order[-2:]))


_EMPHATIC_NO = lazy(
    r"^\W*(?:(?:i'm afraid|sorry,?|well,?|oh,?|on the contrary[,:]?) )*(?:(?:certainly|definitely|absolutely|of course|surely|probably|most certainly|decidedly|clearly|i'm afraid|i think|i believe|i'd say) not\b|not (?:at all|really|in the least|in the slightest|so|quite|exactly|by a long shot|a chance|true|ever|in reality)\b|hardly\b(?! ever)|far from it|by no means|no way|never\b(?=\W*$|[.!,])|nonsense|under no circumstances|in no way|only in (?:films|movies|fairy tales|fiction|cartoons|stories|legends?|myths?|theory)|quite the (?:opposite|contrary|reverse)|not even close|far from)"
)
_EMPHATIC_YES = lazy(
    r"^\W*(?:(?:well|oh|why),? )?(?:(?:yes|oh yes|most|very|quite)?,? ?(?:certainly|definitely|absolutely|of course|surely|indeed|naturally|undoubtedly|without (?:a )?doubt|no doubt|for sure|by all means|you bet|obviously|precisely|always|without question|beyond (?:a |any )?doubt|most definitely|most certainly|very much so|100%|correct|that's the case|it's a fact|sure thing|sure is|sure does|doch|genau)\b(?! (?:not|i |you|understand|let|thing|happy|,? (?:i|let|here|this))))"
)
_MYTH = lazy(
    r"^\W*(?:(?:well|actually|sorry|i'm afraid|no),? )*(?:that|this|it)(?:'s| is) (?:just |only |simply |in fact |actually |indeed |still )?(?:an? |the )?(?:\w+ ){0,3}(?:myth|misconception|fallacy|urban legend|old wives' tale|legend|misunderstanding)\b"
)
_PARTS = lazy(r"[,;:]| - |\bbut\b")


def emphatic(sentence: str) -> str | None:
    """'Certainly not!', 'Of course.': an answer without the word yes or no."""
    if _EMPHATIC_NO.match(sentence):
        return NO
    if _EMPHATIC_YES.match(sentence):
        return YES
    return NO if any(_MYTH.match(part) for part in _PARTS.split(sentence)) else None
