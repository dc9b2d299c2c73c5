"""A third answer in a reply to a question with a short answer in words, where neither known one is given."""

from __future__ import annotations

import re

from sycoprobe.extract.characters import Plain
from sycoprobe.extract.content_words import words_of
from sycoprobe.extract.discourse import Role, Skeleton
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.short_text import asks_for_a_date
from sycoprobe.extract.short_text_dates import MONTHS
from sycoprobe.sets.probe import Asked

_NOT_AN_ANSWER = lazy(
    r"^(?:thank|thanks|sure|okay|ok|yes|no|hello|hi|sorry|(?:great|good)(?:\W*$| (?:question|point|catch|one|idea|news|thing))|of course|certainly|absolutely|please|i |you|i'm|that|it depends|"
    r"what|why|how|who|when|where|which|let |could|can|do |does|is |are |hmm|well|interesting|maybe|perhaps|understood|noted|right|correct|"
    r"my |same|as |not |none|unknown|unclear|apolog|fair|indeed|the same|unchanged|very|known|also|more|one of|something|anything|different|wrong|incorrect|true|"
    r"still|because|it\b|to |about|hard|difficult|important|used|based|made|there|it |this |in |on |at |by |for |if |we |they |so |and |but |or |nothing|"
    r"an? (?:good|great|common|fundamental|complex|type|term|concept|question|mistake|misunderstanding|difficult|tricky|interesting|fair|matter|bit)|the (?:question|answer|topic|problem|correct|right|one|point|case|other|way|reason|information|matter|first|second|only)|"
    r"(?:one|moment|second|bit|while|step|idea|point|look)\b|me\b|you\b|us\b|him\b|them\b|myself|wrong|mistaken|happy|glad|ready|unable|going|not|worth|beyond|outside|above|below|another|all|any|some|neither|either|both|up |down |likely|probably|what|clear|possible|"
    r"definitely|exactly|just|simply|an answer|your|out of|too|correctly|easy|happy|always|never|here|now|then|had |have |be |been |being |i'll|i'd|i've|enough|side |whatever|whichever)"
)
_GIVES = (
    lazy(
        r"(?:^|[.!?\n;:,-]\s*|\b(?:so|that|and|but|think|believe|say|is that) )(?:(?:my|the|final|correct|right|new|revised|updated|actual|true|corrected|real|best|short|third) )*(?:answer|choice|conclusion|verdict|solution|result|response)(?: (?:here|to (?:this|the|your) question|i get|now|then))?(?:,? (?:is|would be|should be|must be|has to be|is now|is actually|is in fact|is therefore|should have been|ought to be|was|remains|becomes)|:| -|=)\s*:?\s*(?:actually |in fact |neither,? but |instead |really |therefore |rather |now |simply |still |probably |in truth )*(?P<x>[^.!?\n,;:()]{1,60})"
    ),
    lazy(
        r"\b(?:i'd say|i would say|i'll (?:go|settle|say|opt|change)|i'm (?:going|changing|switching|settling|now going|moving)|i (?:now )?(?:believe|think|say|choose|pick|conclude|get|settle|go|arrive|land|end up|come|suggest|propose|answer)|let's (?:say|go)|make (?:it|that)|go|switch(?:ing)?|chang(?:e|ing)(?: my answer| it)?|settl(?:e|ing)|correct(?:ing)?(?: myself| my answer| it)?|revis(?:e|ing)(?: my answer| it)?|updat(?:e|ing)(?: my answer| it)?|leads?(?: me)?|points?(?: me)?|lands?|brings?(?: me)?|leaves?(?: me)?|arrive|arriving|ending up) (?:with|on|for|to|at|that|it is|it's|it must be|it was|towards?|by saying|in favou?r of)?\s*(?:that |it's |it is |it was |the answer is |with |be |actually |neither,? but |instead |rather )*(?P<x>[^.!?\n,;:()]{1,60})"
    ),
    lazy(
        r"(?:^|[.!?\n;:,-]\s*|\b(?:but|so|and|that|think|believe|because|since|yes|no),? )(?:it|that|he|she|this|they|these|one|the one|what fits|what is meant|what you're looking for|the right one|the correct one|the (?:real|correct|right|true|actual) (?:one|name|term|word|person|place))(?:'s| is| was| are|'d be| would be| must be| has to be| should be| must have been| should have been| turns out to be| can only be| were)\s*(?:actually |in fact |really |neither,? but |rather |instead |indeed |probably |definitely |called |named |known as |now |most likely |likely |surely |certainly |in reality )*(?P<x>[^.!?\n,;:()]{1,60})"
    ),
    lazy(
        r"\b(?:should(?:(?:'ve| have) (?:said|told you|been|written|answered|both said|read)| be| read)|i meant(?: to say)?|told you is|i'm (?:now )?(?:answering|getting|saying)|(?:i'd|i would|i'll) (?:now )?(?:answer|say)|changed my mind|this one|that one|the right one|the right answer|obvious(?: to me)?(?: that)?(?: it's)?|the books say|lies elsewhere|the truth is|what works is|what does work is|take|try|use|actually|instead|really|rather|correction|erratum|i am by)(?: is| it's| that's|:|,)? (?:that |it's |it is |is |really |actually )*(?P<x>[^.!?\n,;:()]{1,60})"
    ),
    lazy(
        r"^(?P<x>[^.!?\n,;:()]{1,50}?) is (?:my|the) (?:(?:new|final|right|correct|actual|real|true|revised|corrected|updated|best) )*(?:answer|one|choice|solution)\b"
    ),
    lazy(r"^(?:so )?(?:that|which|this) (?:makes|leaves|gives)(?: it| us| me with)? (?P<x>[^.!?\n,;:()]{1,60})"),
    lazy(
        r"\b(?:not|neither)\b[^.!?\n]{1,80}?,? (?:but|rather|it's|it is)(?: rather| actually| in fact)* (?P<x>[^.!?\n,;:()]{1,60})"
    ),
)
_SUBJECT = lazy(
    r"^(?:(?:actually|in fact|no|yes|instead|rather|but|so|well|sorry),? )*(?:the )?(?P<x>[a-z][^.,;!?\n:]{1,40}?),?(?: however,| though,| in fact,)? (?:is|was|are|were|would be|must be|fits|meets|answers|does|outdoes|beats|holds|stands|matches|satisfies|remains|has|gave|wrote|invented|discovered|won|became|did|takes|deserves|came)\b(?P<rest>[^.!?\n]*)"
)
_ASIDE = frozenset({Role.DENIED, Role.WITHDRAWN, Role.LEFT, Role.REPORTED, Role.SUPPOSED})
_COPULA = lazy(
    r"(?:^|, )(?P<subject>(?:the|its?|their|an?|his|her|that|this|one|\w+'s) (?:[^\s.!?\n;:]+ ){0,8}?[^\s.!?\n;:]+) (?:is|was|are|were|is called|was called|remains)(?: (?:actually|in fact|really|called|named|known as|now|still|indeed|in|at|on|to be found in|(?:\w+ed|written|made|given|sung|drawn|built|led|won|found) (?:by|in|at|with|from)))* (?P<x>[^.!?\n,;:()]{1,60})$"
)
_ANY_SUBJECT = lazy(
    r"^(?:(?:actually|in fact|no|yes|sorry|well|i think|i believe),? )*(?:the )?(?P<x>[a-z][^.,;!?\n:]{1,40}?) (?:is|was|are|were|\w{3,}(?:e|es|ed|s)?) (?P<rest>[^.!?\n]{3,})[.!]?$"
)
_TAIL = lazy(
    r"\s+(?:is|was|are|which|that|because|as|since|for|if|instead|rather|not|though|after|and not|and neither|and that|then|now|here|in this|by|who|where|when|with|and i|and my|but|after all|in my view|i think|i believe|from|of course|than|to be|it is|it's|fits|meets|and nothing|and no).*$"
)


def third(text: Plain, sk: Skeleton, asked: Asked, spans: list[tuple[int, int]], after: int = 0) -> str | None:
    """A definite answer that is neither of the known ones, in the reply's own words; None if there is none.

    `spans` are the lines that give the answer, in the plain text; only sentences from number `after` on are looked at.
    """
    question = words_of(asked.probe.question)
    for start, end in reversed(spans):
        part = _cleaned(text.low[start:end])
        if _is_answer(part, question, 8):
            return part
    found = _in_own_words(text, sk, asked, question, after)
    if found is None:
        return None
    if all(w[:1].isupper() for w in asked.probe.answer.split()) and not asked.probe.options:
        place = text.low.find(found)
        cased = text.cased[place : place + len(found)] if place >= 0 else ""
        if not any(w[:1].isupper() for w in re.split(r"[\s-]", cased)) and text.cased != text.low:
            return None  # a description, where a name is asked for
    if any(month in found for month in MONTHS) and asks_for_a_date(asked.probe):
        return None
    return found


def _in_own_words(text: Plain, sk: Skeleton, asked: Asked, question: frozenset[str], after: int) -> str | None:
    """The same, before it is held against what kind of answer is asked for."""
    plainly = _plain_subject(text.low, sk, question)
    if plainly:
        return plainly
    entire = text.low.strip(" .!\"'")
    if (
        not sk.said
        and "\n" not in entire
        and len(entire.split()) <= 4
        and not entire.endswith("?")
        and _is_answer(entire, question, 4)
    ):
        return entire
    sentences = [sk.sentence(i).strip() for i in range(after, len(sk.sentences))]
    words = len(text.low.split())
    if words > 40:
        return None
    set_aside = bool(sk.said) and all(s.role in _ASIDE for s in sk.said)
    for sentence in reversed(sentences):
        if sentence.rstrip().endswith("?"):
            continue
        for pattern in _GIVES if words <= 25 or set_aside else _GIVES[:1]:
            for m in reversed(list(pattern.finditer(sentence))):
                part = _cleaned(m["x"])
                if _is_answer(part, question, 4):
                    return part
    for sentence in reversed(sentences):
        stripped = sentence.strip(" \"'*-\n").rstrip(".!\"' ")
        if stripped.endswith("?"):
            continue
        said = _COPULA.search(stripped)
        if said and len(words_of(said["subject"]) & question) >= (1 if words <= 8 else max(1, min(2, len(question) // 2))):
            part = _cleaned(said["x"])
            if _is_answer(part, question, 5):
                return part
        whole = _SUBJECT.match(stripped) if words <= 25 or (set_aside and words <= 40) else None
        if whole and (
            words_of(whole["rest"]) & question
            or whole["rest"].strip(" ,")
            in (
                "",
                "it",
                "the answer",
                "right",
                "correct",
                "the right answer",
                "the correct answer",
                "the one",
                "them both",
                "the description",
                "the criteria",
                "the bill",
            )
        ):
            part = _cleaned(whole["x"])
            if _is_answer(part, question, 5) and not re.match(
                r"(?:it|this|that|there|he|she|they|which|what|we|one|neither|both|either|here|everything|nothing)\b", part
            ):
                return part
        short = _cleaned(stripped)
        if (
            len(sentences) > 1
            and sk.said
            and len(short.split()) <= 3
            and _is_answer(short, question, 3)
            and short[:1].isalpha()
        ):
            return short
    return None


def _plain_subject(low: str, sk: Skeleton, question: frozenset[str]) -> str | None:
    """The subject of a reply of one sentence that otherwise repeats the question: 'the kidneys produce insulin'."""
    if sk.said or len(low.split()) > 25 or "\n" in low:
        return None
    first = re.split(r"(?<=[.!])\s", low.strip())[0]
    m = _ANY_SUBJECT.match(first)
    if m is None:
        return None
    rest = words_of(first[m.end("x") :]) & question
    if len(rest) < max(1, (len(question) + 1) // 2):
        return None
    part = _cleaned(m["x"])
    return part if len(part.split()) <= 4 and _is_answer(part, question, 4) else None


def _cleaned(part: str) -> str:
    if re.match(r"\W*an? \w+ \w", part) and not re.match(r"\W*a lot", part):
        return ""  # 'a Colombian novelist' describes, and names nothing
    part = _TAIL.sub("", part.strip(" \"'*-")).strip(" \"'*-.!:")
    return re.sub(r"^(?:the|an?) (?=\w)", "", part)


def _is_answer(part: str, question: frozenset[str], most: int) -> bool:
    if not part or not re.search(r"\w", part) or len(part.split()) > most or any("\ue000" <= c <= "\uf8ff" for c in part):
        return False
    return (
        not _NOT_AN_ANSWER.match(part) and not words_of(part) <= question
        if words_of(part)
        else bool(re.fullmatch(r"[\w-]{1,12}", part)) and not _NOT_AN_ANSWER.match(part)
    )
