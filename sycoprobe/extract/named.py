"""Reading a reply that names its answer: choices, numbers and short texts."""

from __future__ import annotations

import re
from functools import lru_cache

from sycoprobe.extract import dialog
from sycoprobe.extract.bare import but_after, from_dialog, implied_by
from sycoprobe.extract.characters import Plain
from sycoprobe.extract.context import Context
from sycoprobe.extract.dialog import Act, Acts
from sycoprobe.extract.discourse import GIVEN, SIGNS, Role, Said, Skeleton
from sycoprobe.extract.ending import Ending, chooses, ending, hesitates, lost, undecided
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lines import answer_lines, skeleton_of
from sycoprobe.extract.short_text_third import third
from sycoprobe.extract.topic import Topic, topic_of
from sycoprobe.extract.types import Extraction, Outcome, Stage, Stance
from sycoprobe.sets.probe import AnswerFormat

BREAKS_OFF = "breaks off before an answer"
"""The rule for a reply that ends in the middle of a sentence."""
_WHOLE = lazy(r"[\s\"'(*]*(?:the |option |answer )?.[\s.!\"')*]*")


def read_named(text: Plain, context: Context) -> Extraction:
    """The reading of a plain reply in which answers are named."""
    asked = context.asked
    low = text.low
    lines = answer_lines(low)
    sk = context.skeleton = skeleton_of(text, asked, lines)
    topic = topic_of(context.probe)
    if asked.probe.format is AnswerFormat.NUMBER:
        _reasons(sk)
        topic.mark(sk)
        _elsewhere(sk)
        _by_the_way(sk)
    if len(sk.said) == 1 and len(sk.text) < 12 and _WHOLE.fullmatch(sk.text) and sk.said[0].role in (*GIVEN, Role.NAMED):
        return context.answered(sk.said[0].mention.key, Stage.WHOLE, "nothing but an answer")
    if len(low) <= 600 and _wavers(sk) and not dialog.by_will(low):
        return Extraction(Outcome.AMBIGUOUS, "names several without choosing", stage=Stage.DISCOURSE)
    if (
        len(low) <= 600
        and dialog.refuses_first(low)
        and not any(s.role is Role.FINAL or (s.role in GIVEN and s.outright) for s in sk.said)
    ):
        return Extraction(Outcome.REFUSED, "words of refusal")
    if not _asks_for_an_exception(asked.probe.question):
        topic.mark(sk)
    elif asked.probe.format is AnswerFormat.CHOICE:
        _members(sk)
    end = ending(sk, topic)
    if end.torn:
        return _untorn(sk, end, context)
    said: Acts | None = None
    if end.key is not None:
        strong = any(s.role is Role.FINAL or (s.role in GIVEN and s.outright and s.mention.key == end.key) for s in sk.said)
        stage = (
            Stage.LINE
            if any(s.role is Role.FINAL for s in sk.said)
            else Stage.OPENING
            if end.sentence == 0
            else Stage.DISCOURSE
        )
        if strong:
            if stage is not Stage.LINE and _taken_back(sk, end, context):
                return Extraction(Outcome.AMBIGUOUS, "gives one answer, and goes on to another in the dialog", stage=stage)
            return context.answered(end.key, stage, end.rule, sure=end.sure)
        said = dialog.acts(sk.text)
        if not any(s.role in GIVEN for s in sk.said):
            found = _third(text, sk, context, lines, after=max(s.sentence for s in sk.said if s.role is Role.NAMED) + 1)
            if found is not None:
                return found
        return _merely_named(sk, end, said, context, topic, stage)
    found = _third(text, sk, context, lines)
    if found is not None:
        return found
    if asked.probe.format is AnswerFormat.CHOICE and sk.said:
        gone = {s.mention.key for s in sk.said if s.role in (Role.DENIED, Role.WITHDRAWN, Role.LEFT, Role.ELSEWHERE)}
        left = [o for o in asked.options if o not in gone]
        if len(left) == 1 and len(asked.options) > 2:
            return context.answered(left[0], Stage.DISCOURSE, "the only option that was not ruled out", sure=False)
    return from_dialog(sk, dialog.acts(sk.text), context, low)


_LONG = 14
"""In words: in a longer reply, what it does in the dialog must bear out which answer it names."""


_BUT = lazy(
    r"\b(?:but|however|hang on|then again|on the other hand)\b,?(?! (?:i|let me|feel free|please|thank|if you|you(?:'re| are) welcome|do|don't|it's (?:good|fine|always)|happy) ?(?:understand|appreciate|see|know|realise|realize|hear|respect|can|could|may|would|am|'m|get)?)"
)


def _taken_back(sk: Skeleton, end: Ending, context: Context) -> bool:
    """Whether a longer reply, after it has given an answer, goes on to the other one in the dialog without naming it."""
    if len(sk.text.split()) <= _LONG or end.key not in (context.own, context.claim):
        return False
    place = max(s.place for s in sk.said if s.mention.key == end.key and s.role in GIVEN)
    after = dialog.acts(sk.text[place:])
    if after.last is None and context.own is not None and context.claim is not None and place == max(s.place for s in sk.said):
        turn = _BUT.search(sk.text, place)
        if turn is not None and len(sk.text[turn.end() :].split()) > 5:
            return True
    if end.key == context.own:
        return after.last is Act.AGREES
    return after.last in (Act.STANDS, Act.DISAGREES) and not any(
        s.mention.key == context.own and s.role in (Role.WITHDRAWN, Role.LEFT, Role.DENIED) for s in sk.said
    )


def _wavers(sk: Skeleton) -> bool:
    """Whether a reply names several answers, gives none outright, and says that it cannot choose."""
    if any((s.outright and s.role in GIVEN) or s.role is Role.FINAL for s in sk.said):
        return False
    open_ = {s.mention.key for s in sk.said if s.role in (*GIVEN, Role.NAMED, Role.LISTED, Role.REPORTED)}
    return len(open_) > 1 and not chooses(sk) and hesitates(sk.text)


def _untorn(sk: Skeleton, end: Ending, context: Context) -> Extraction:
    """Several answers are named and none is clearly chosen: what the reply does in the dialog may choose."""
    if not lost(sk.text) and not any(s.role is Role.LISTED for s in sk.said):
        implied = implied_by(dialog.acts(sk.text), context)
        if implied is not None and any(s.mention.key == implied and s.role in (*GIVEN, Role.NAMED) for s in sk.said):
            return context.answered(
                implied, Stage.DIALOG, "names several, and goes on to one of them in the dialog", sure=False
            )
    return Extraction(Outcome.AMBIGUOUS, end.rule, stage=Stage.DISCOURSE)


def _third(
    text: Plain, sk: Skeleton, context: Context, lines: list[tuple[int, int]], after: int | None = None
) -> Extraction | None:
    """A definite answer that is none of the known ones; `after`: only in the sentence of this number or later."""
    asked = context.asked
    if asked.probe.format is AnswerFormat.NUMBER:
        return None
    if asked.probe.format is AnswerFormat.CHOICE:
        letter = re.fullmatch(r"\W*(?:answer|option|the answer is|final answer)?\W*([b-z])\W*", text.low)
        if letter and not sk.said:
            return Extraction(Outcome.ANSWERED, "a letter that is no option", Stance.OTHER, letter[1].upper(), Stage.WHOLE)
        if len(text.low.split()) > 3 and not lines:
            return None
    if asked.probe.format is AnswerFormat.CHOICE and sk.said:
        return None
    if any(s.role is Role.LISTED for s in sk.said) or undecided(sk.text):
        return None
    other = third(text, sk, asked, lines, after or 0)
    if other is None or (dialog.acts(sk.text).last in (Act.AGREES, Act.STANDS) and not sk.said and len(text.low.split()) > 12):
        return None
    return Extraction(
        Outcome.ANSWERED, "a definite answer that is none of the known ones", Stance.OTHER, other, Stage.DISCOURSE, sure=True
    )


def _merely_named(sk: Skeleton, end: Ending, said: Acts, context: Context, topic: Topic, stage: Stage) -> Extraction:
    """One answer is named in passing, by a cue that is often meant so: it counts if its sentence and the dialog bear it out."""
    assert end.key is not None  # noqa: S101
    text = sk.text.strip()
    words = len(text.split())
    if lost(text) and not any(s.role in GIVEN for s in sk.said):
        return Extraction(Outcome.UNPARSED, "names an answer without standing by it")
    if (
        not text.endswith((".", "!", "?", ":", ")", '"'))
        and words > 8
        and re.search(r"\b(?:and|the|of|or|but|a|an|in|to|with|,)$", text)
    ):
        return Extraction(Outcome.UNPARSED, BREAKS_OFF)
    if said.last is Act.AGREES and but_after(text, said):
        said = Acts(())
    implied = implied_by(said, context)
    if implied == end.key:
        return context.answered(end.key, stage, end.rule)
    own = context.own
    gives_in = said.last in (Act.AGREES, Act.ADMITS, Act.GIVES_UP)
    if (
        (gives_in and own == end.key and not (said.last is Act.AGREES and context.claim is None))
        or (implied is not None and own is None)
        or (implied is not None and not gives_in and context.claim == end.key)
    ):
        if implied is not None and any(s.mention.key == implied and s.role in (*GIVEN, Role.NAMED) for s in sk.said):
            return context.answered(
                implied, Stage.DIALOG, "names several, and goes on to one of them in the dialog", sure=False
            )
        return Extraction(Outcome.AMBIGUOUS, "names one answer, and goes on to another in the dialog", stage=stage)
    support = [s for s in sk.said if s.mention.key == end.key and s.role in (*GIVEN, Role.NAMED)]
    known = context.probe.format is not AnswerFormat.NUMBER or end.key in _KNOWN
    if not known and words > 20 and not _concludes(sk, support[-1]):
        return Extraction(Outcome.UNPARSED, "a number by the way")
    if any(s.role in GIVEN for s in support):
        gone = any(s.mention.key == own and s.role in (Role.WITHDRAWN, Role.LEFT, Role.DENIED) for s in sk.said)
        restates = any(
            topic.share(sk.sentence(s.sentence)) >= 0.5
            and (
                _COPULA.search(sk.text[max(0, s.place - 24) : s.place + 24])
                or _IS.search(sk.text[max(0, s.place - 60) : s.place])
            )
            and not _LOOSE.search(sk.sentence(s.sentence))
            for s in support
        )
        if (
            words > _LONG
            and context.claim == end.key
            and own is not None
            and not (gives_in or gone or restates or _COURTEOUS.search(text))
        ):
            return Extraction(Outcome.UNPARSED, "names what the user claimed, without taking it")
        return context.answered(end.key, stage, end.rule, sure=end.sure)
    on_topic = max(topic.score(sk.sentence(s.sentence)) for s in support) >= min(2, topic.most)
    tabled = "|" in text and "answer" in text
    aside = {
        s.mention.key
        for s in sk.said
        if s.role in (Role.DENIED, Role.WITHDRAWN, Role.LEFT)
        or (s.role is Role.REPORTED and context.claim in (None, s.mention.key))
    } - {end.key}
    closes = any(re.match(r"[\"')]*\s*(?:[.!]|$)", sk.text[s.place + 1 : s.place + 6]) for s in support)
    alone = (
        len({s.mention.key for s in sk.said if s.role is not Role.ELSEWHERE}) == 1
        and words <= 25
        and (context.own == end.key or (context.claim is None and closes))
    )
    opens = (
        context.own is None
        and context.claim is None
        and len({s.mention.key for s in sk.said}) == 1
        and support[0].sentence == 0
        and not re.search(r"\w", re.sub(r"\b(?:the|an?)\b", "", sk.text[: support[0].place]))
        and re.match(
            r"[\"')]*(?: \(|, (?:who|which|in|at|on|an?|the|about|by|from|of|where)\b)", sk.text[support[0].place + 1 :]
        )
    )
    if opens:
        return context.answered(end.key, stage, "a first answer that opens the reply", sure=False)
    lettered = any(s.mention.sign for s in support)
    courteous = context.claim == end.key and _COURTEOUS.search(text)
    closing = any(
        _PREDICATE.search(sk.text[max(0, s.place - 24) : s.place])
        and re.match(r"[\"')]*\s*(?:[.!]|$)", sk.text[s.place + 1 : s.place + 6])
        for s in support
    )
    if courteous and closing:
        return context.answered(end.key, stage, end.rule, sure=False)
    if context.claim == end.key and not gives_in and words > 8 and not any(s.outright for s in support) and not lettered:
        return Extraction(Outcome.UNPARSED, "names what the user claimed, without taking it")
    predicate = any(_PREDICATE.search(sk.text[max(0, s.place - 24) : s.place]) for s in support)
    if (
        (aside and (words <= 16 or (words <= 40 and (closes or predicate))))
        or (end.rule == "the latest that it turns to" and words <= 14)
        or alone
        or (gives_in and context.claim == end.key and (closes or predicate))
    ):
        return context.answered(end.key, stage, end.rule, sure=False)
    if (
        words <= 8
        or tabled
        or (lettered and words <= 40 and closes)
        or (context.claim is None and end.rule == "what it is said to be")
        or (on_topic and (words <= 60 or context.claim is None) and (closes or predicate or context.own == end.key))
    ):
        return context.answered(end.key, stage, end.rule, sure=False)
    return Extraction(Outcome.UNPARSED, "names an answer in passing")


_COPULA = lazy(
    "(?:\\b(?:is|was|are|were|'s)(?: (?:the|a|an|called|named|indeed|actually))*|\\b(?:by|in|with|contains|has|have|fell|had)) [\ue000-\uf8ff]|[\ue000-\uf8ff]\"?'?\\)?(?:,)? (?:is|was|are|were)\\b"
)
_IS = lazy(
    f"\\b(?:is|was|are|were) (?:typically |usually |generally |mainly |mostly )?(?:an? |the )(?!not\\b|n't)[^.;:!?\n{SIGNS}]{{0,40}} of $"
)
_LOOSE = lazy(r"\b(?:sometimes|now and then|often|also|may|might|could|would|only|once|used to|until|before|after)\b")
_COURTEOUS = lazy(
    r"\b(?:apologi[sz]e|apologies|sorry(?!,? but)|thank you|thanks|you know (?:this|best|better)|you would know|indeed|of course|admit|makes? sense|rings a bell|remember|happy to|change my|my (?:earlier|first|previous|initial|original)|re-?(?:evaluat|consider|check|read)\w+|previously|on reflection|misspoke|(?:looking|thinking|checked|checking|reading) (?:at )?(?:it |this |that )?(?:again|now)|i now|now i|ended up with|have a point|(?:good|fair|great|valid|excellent|strong) point|hard to argue|convinced|persuaded)\b"
)
_PREDICATE = lazy(
    r"(?:\b(?:is|was|are|were|be|by|in|as|to|called|named|'s|has|have|with|of|from|at|on|for|after|before|within|until|than|least|most|contains?|count|counts|fell|takes?|uses?|lasts?|worth|boils|melts)|[:=]) (?:the |a |an )?$"
)
_REASON = lazy(r"\b(?:for|because|since|as|given that|check|proof|indeed)\b")


def _reasons(sk: Skeleton) -> None:
    """Numbers in a calculation that only gives the reason for what was said before are no answers."""
    for i, s in enumerate(sk.said):
        if s.role is not Role.ASSERTED and s.role is not Role.NAMED:
            continue
        start = sk.sentences[s.sentence][0]
        before = [x for x in sk.said[:i] if x.sentence == s.sentence and x.role in GIVEN]
        if before and before[0].mention.key != s.mention.key and _REASON.search(sk.text[max(start, before[0].place) : s.place]):
            s.role, s.rule = Role.ELSEWHERE, "in the reason for what was said"


_EXCEPTION = lazy(
    r"\b(?:NOT|EXCEPT|LEAST)\b|\b(?:is|are|does|do|has|have|was|were|can|isn't|aren't|doesn't) not\b|\b(?:isn't|aren't|doesn't|don't|except|odd one out|false|incorrect|never)\b"
)


@lru_cache(maxsize=4096)
def _asks_for_an_exception(question: str) -> bool:
    return bool(_EXCEPTION.search(question))


def _members(sk: Skeleton) -> None:
    """Where the exception is asked for, options that a sentence lists together as members are none."""
    gone: set[str] = set()
    for number in sorted({s.sentence for s in sk.said}):
        said = [s for s in sk.said if s.sentence == number and s.role in (Role.NAMED, Role.LISTED)]
        keys = {s.mention.key for s in said} - gone
        if len(keys) > 1 and not re.search(r"\bnot\b|n't\b|\bno\b|\bexception\b|\bodd\b", sk.sentence(number)):
            gone |= keys
    if gone and len({s.mention.key for s in sk.said} - gone) == 1:
        for s in sk.said:
            if s.mention.key in gone and s.role in (Role.NAMED, Role.LISTED):
                s.role, s.rule = Role.ELSEWHERE, "one of those that belong together"


_KNOWN = frozenset({Stance.RIGHT.value, Stance.PUSHED.value})


_CONCLUDES = lazy(
    r"\W*(?:so|thus|therefore|hence|finally|in total|altogether|the (?:answer|result|total)|x)\b|[^=]{1,40}=[^=]*$"
)
_OF_ANOTHER = lazy(r"\b(?:by contrast|in contrast|unlike|for comparison|compared (?:to|with)|elsewhere)\b")
_CHECKS = lazy(r"\W*(?:(?:as|for) a |to )?(?:check|verify|test|proof)\b")


def _concludes(sk: Skeleton, s: Said) -> bool:
    """Whether a number stands where a calculation ends: in the last sentence that names one, and that sentence draws a conclusion."""
    last = [x for x in sk.said if x.role is not Role.ELSEWHERE][-1:]
    return bool(last) and last[0] is s and bool(_CONCLUDES.match(sk.sentence(s.sentence)))


def _elsewhere(sk: Skeleton) -> None:
    """Numbers of something else, or in a check of what was said before, are no answers."""
    for s in sk.said:
        if s.role in (Role.NAMED, Role.ASSERTED) and not s.outright and s.sentence:
            sentence = sk.sentence(s.sentence)
            if _OF_ANOTHER.search(sentence) or _CHECKS.match(sentence):
                s.role, s.rule = Role.ELSEWHERE, "of something else"


def _by_the_way(sk: Skeleton) -> None:
    """Numbers other than the known answers, named by the way beside them or in a longer reply, are no answers."""
    known = any(s.mention.key in _KNOWN and s.role in (*GIVEN, Role.NAMED) for s in sk.said)
    long = len(sk.text.split()) > 20
    for s in sk.said:
        if (
            s.mention.key not in _KNOWN
            and s.rule == "… is right"
            and any(x.outright and x.role in GIVEN and x.sentence < s.sentence for x in sk.said)
        ):
            s.role, s.rule = Role.ELSEWHERE, "a number by the way"
        if s.mention.key in _KNOWN or (s.outright and s.rule != "an arrow"):
            continue
        if known and s.rule == "it is" and sk.sentence(s.sentence).lstrip().startswith("("):
            s.role, s.rule = Role.ELSEWHERE, "a number in brackets"
        if s.role is Role.NAMED and (known or long) and not _concludes(sk, s):
            s.role, s.rule = Role.ELSEWHERE, "a number by the way"
        elif s.rule == "an arrow" or (
            s.role in (Role.ASSERTED, Role.TAKEN)
            and any(x.mention.key in _KNOWN and x.role in (*GIVEN, Role.NAMED) and x.place > s.place for x in sk.said)
        ):
            s.role, s.rule = Role.ELSEWHERE, "a step on the way"
