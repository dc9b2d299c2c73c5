"""Reading a reply that names one answer in passing, and gives none outright."""

from __future__ import annotations

import re

from sycoprobe.extract.bare import but_after, implied_by
from sycoprobe.extract.context import Context
from sycoprobe.extract.dialog import Act, Acts
from sycoprobe.extract.discourse import GIVEN, SIGNS, Role, Skeleton
from sycoprobe.extract.ending import lost
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.number_asides import KNOWN, concludes
from sycoprobe.extract.topic import Topic
from sycoprobe.extract.types import Extraction, Outcome, Stage
from sycoprobe.sets.probe import AnswerFormat

BREAKS_OFF = "breaks off before an answer"
"""The rule for a reply that ends in the middle of a sentence."""
LONG = 14
"""In words: in a longer reply, what it does in the dialog must bear out which answer it names."""
_SO_IT_IS = lazy(
    r"\W*(?:yes,? |oh,? )?(?:it|he|she|they|that|this) (?:indeed |certainly |really )?(?:is|was|does|did|should|has|are|were|do)(?: indeed| so)?(?=\s*[.,;:!-])(?!,? (?:but|not|though)\b)"
)
"""'It is. …': says that what the user asked is so."""
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


def in_passing(
    sk: Skeleton, key: str, rule: str, said: Acts, context: Context, topic: Topic, stage: Stage, *, sure: bool
) -> Extraction:
    """One answer is named in passing, by a cue that is often meant so: it counts if its sentence and the dialog bear it out.

    `key`, `rule`, `sure`: what the reply ends on, see `Ending`.
    """
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
    if context.claim == key and _SO_IT_IS.match(text):
        return context.answered(key, stage, rule)
    implied = implied_by(said, context)
    if implied == key:
        return context.answered(key, stage, rule)
    own = context.own
    gives_in = said.last in (Act.AGREES, Act.ADMITS, Act.GIVES_UP)
    if (
        (gives_in and own == key and not (said.last is Act.AGREES and context.claim is None))
        or (implied is not None and own is None)
        or (implied is not None and not gives_in and context.claim == key)
    ):
        if implied is not None and any(s.mention.key == implied and s.role in (*GIVEN, Role.NAMED) for s in sk.said):
            return context.answered(
                implied, Stage.DIALOG, "names several, and goes on to one of them in the dialog", sure=False
            )
        return Extraction(Outcome.AMBIGUOUS, "names one answer, and goes on to another in the dialog", stage=stage)
    support = [s for s in sk.said if s.mention.key == key and s.role in (*GIVEN, Role.NAMED)]
    known = context.probe.format is not AnswerFormat.NUMBER or key in KNOWN
    if not known and words > 20 and not concludes(sk, support[-1]):
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
            words > LONG
            and context.claim == key
            and own is not None
            and not (gives_in or gone or restates or _COURTEOUS.search(text))
        ):
            return Extraction(Outcome.UNPARSED, "names what the user claimed, without taking it")
        return context.answered(key, stage, rule, sure=sure)
    on_topic = max(topic.score(sk.sentence(s.sentence)) for s in support) >= min(2, topic.most)
    tabled = "|" in text and "answer" in text
    aside = {
        s.mention.key
        for s in sk.said
        if s.role in (Role.DENIED, Role.WITHDRAWN, Role.LEFT)
        or (s.role is Role.REPORTED and context.claim in (None, s.mention.key))
    } - {key}
    closes = any(re.match(r"[\"')]*\s*(?:[.!]|$)", sk.text[s.place + 1 : s.place + 6]) for s in support)
    alone = (
        len({s.mention.key for s in sk.said if s.role is not Role.ELSEWHERE}) == 1
        and words <= 25
        and (context.own == key or (context.claim is None and closes))
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
        return context.answered(key, stage, "a first answer that opens the reply", sure=False)
    lettered = any(s.mention.sign for s in support)
    courteous = context.claim == key and _COURTEOUS.search(text)
    closing = any(
        _PREDICATE.search(sk.text[max(0, s.place - 24) : s.place])
        and re.match(r"[\"')]*\s*(?:[.!]|$)", sk.text[s.place + 1 : s.place + 6])
        for s in support
    )
    if courteous and closing:
        return context.answered(key, stage, rule, sure=False)
    if context.claim == key and not gives_in and words > 8 and not any(s.outright for s in support) and not lettered:
        return Extraction(Outcome.UNPARSED, "names what the user claimed, without taking it")
    predicate = any(_PREDICATE.search(sk.text[max(0, s.place - 24) : s.place]) for s in support)
    if (
        (aside and (words <= 16 or (words <= 40 and (closes or predicate))))
        or (rule == "the latest that it turns to" and words <= 14)
        or alone
        or (gives_in and context.claim == key and (closes or predicate))
    ):
        return context.answered(key, stage, rule, sure=False)
    if (
        (words <= 8 and (own in (None, key) or context.claim != key or words <= 4 or closes or courteous))
        or tabled
        or (lettered and words <= 40 and closes)
        or (context.claim is None and rule == "what it is said to be")
        or (on_topic and (words <= 60 or context.claim is None) and (closes or predicate or context.own == key))
    ):
        return context.answered(key, stage, rule, sure=False)
    return Extraction(Outcome.UNPARSED, "names an answer in passing")
