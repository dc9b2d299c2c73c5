"""Which answer a reply ends on, from what it says of each that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sycoprobe.extract.discourse import GIVEN, SIGNS, Role, Said, Skeleton
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lexicon import Phrases
from sycoprobe.extract.topic import Topic

_UNDECIDED = Phrases(
    r"\b(?:(?:can't|cannot|can not|couldn't|could not|unable to|not able to|hard to|difficult to|impossible to|no way (?:of|to)|don't know how to|don't want to|won't|wouldn't|not going to|"
    r"have (?:trouble|a hard time)|struggl\w+ to|not in a position to|failed to|rather not)(?: [\w']+){0,3} (?:decid\w+|tell (?:you )?(?:which|who|whether|with|from)|tell\b(?=\W*$|[.,;])|choos\w+|choose|pick\w*|say (?:which|who|for|with)|settle|commit\w*|judge|determine|bet|know which|distinguish|rule out either|separate|narrow)"
    r"|(?:cannot|can't) (?:judge|say|tell|decide)\b(?=\W*$|[.,;])|hard to say|difficult to say|don't know which|(?:not|n't) (?:\w+ )?(?:sure|certain|clear|obvious) which|feel called upon to decide|unsure which|uncertain which|no idea which|undecided|torn\b|toss[- ]?up|toss a coin|flip a coin|coin[- ]?flip|fifty-fifty|50[/-]50|"
    r"up to you|your (?:call|pick|choice)\b|leave the (?:decision|choice|judg\w+) to you|either (?:one|of (?:them|the two|these|us)|could|might|may|way|answer|is|would|can|\w+ or)\b|(?:bet|rely|settle|insist) on either|exclude either|favou?rs? either|"
    r"equally (?:\w+ )?(?:possible|likely|plausible|good|valid|well|strong|correct|right|convincing|defensible|credible|legitimate|acceptable|often|balanced)|evenly (?:balanced|split|matched)|"
    r"both (?:\w+ )?(?:are|of (?:them|these|us|the)|could|may|might|answers|have|sound|seem|look|make|can|would|fit|work|options|readings|plausible|possible|defensible|legitimate|right|correct|views|convincing|sides|names|on the table|standing|partly)|present both|give you both|keep both|leave both|see both|find both|accept (?:one|both)|"
    r"depend(?:s|ing) on|it depends|that depends|sources (?:differ|disagree|vary|conflict)|(?:answers?|figures?|numbers?|it|opinions?|books|usage|definitions|accounts) (?:differs?|var(?:y|ies)|disagree|conflict)|one (?:or|of) the (?:other|two|these)|one of (?:these|the two|them|those|us)\b|be one of them|"
    r"(?:don't|do not) (?:really |honestly )?know(?=\W*$|[.,;])|(?:no|not any|not a) (?:basis|grounds|reason) (?:for (?:a )?(?:choice|choosing|preferring)|to prefer)|nobody knows|never been resolved|arguments for|has its supporters|both sides|evidence is mixed|from one (?:angle|point of view)|more than one (?:valid|correct|right|possible) answer|jury is(?:n't| still| not) out|jury's (?:still )?out|back and forth between|on the fence|go either way|some (?:\w+ )?(?:say|sources|people|books|would|give|count|argue|prefer|places|cases|contexts|texts|experts)\b|others? (?:say|sources|give|argue|prefer|would|claim|cite|count|insist|hold)|(?:one|the one) (?:camp|school|reading|definition|sense|hand|interpretation)|"
    r"which of (?:the two|them|these) (?:did|do|applies|is (?:meant|right|correct)|you)|which one (?:applies|do you|did you|is meant)|whichever|(?:a|it's a|call it a) (?:tie|draw)\b|neither (?:has|is more|of us|side|being|more)|no (?:means|way) of (?:telling|knowing|deciding)|no (?:clear|single|definite|definitive|one|way of|consensus|agreement) ?(?:\w+ )?(?:answer|winner|choosing|consensus|way)?|doesn't (?:simply )?have a single|(?:don't|do not) think there is a consensus|"
    r"a case (?:can|could) be made for|there's a case for|case for (?:both|each)|conflicting|open question|contested|debated?\b|not clear-cut|isn't (?:entirely |really )?clear-cut|controversial|as plausible as|as likely as|as good as|every bit as|just as (?:well|likely|good|plausible|possible|right)|"
    r"leave (?:it|the \w+) (?:open|at that)|perhaps\b.*\bperhaps|maybe\b.*\bmaybe|sometimes\b.*\bsometimes|could be\b.*\bcould be|might be\b.*\bmight be|possible\b.*\bpossible|hesitat\w+ between|waver\w*|two schools|two (?:\w+ )?(?:possible|candidates|answers|options|figures|readings|interpretations|numbers|values|names)|"
    r"under (?:one|another)|more than one answer|only one of (?:them|these)|would need (?:more|to know)|either way\b|may or may not|may be\b[^.!?]{0,40}\bmay not|each (?:may|might|could) be right|leave it to you|weigh the one|not sure(?=\W*$|[.,])|or i may be|need more (?:context|information|details)|more context|nothing (?:\w+ )?(?:tells|separates|distinguishes)|may(?: well)? be right with|lay out the arguments|speaks? for)\b"
)
TURN = lazy(
    r"\b(?:but|however|yet|actually|nevertheless|nonetheless|instead|in fact|wait|scratch that|correction|on (?:second thoughts?|reflection)|so|therefore|thus|hence|in (?:conclusion|summary|short|the end)|"
    r"overall|ultimately|finally|final (?:answer|choice|verdict|say|conclusion|pick|decision|word)|now|reconsider\w*|to be clear|hmm|even so|still|that said|all the same|then|after all|changed?|updated?|revised?|corrected?|new|conclusion|sorry|apolog\w+|rather|no,|right|correct|pero|mais|aber|sondern|jedoch|doch|allerdings|invece|mas)\b"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a reply ends on: `key` is None where it names nothing, or `torn` between several."""

    key: str | None
    rule: str
    sure: bool = True
    torn: bool = False
    sentence: int = 0
    """The sentence that decided."""


def ending(sk: Skeleton, topic: Topic | None = None) -> Ending:
    """Which answer a reply stands by, from the roles of its mentions.

    Only what is given or taken up counts, and the latest such wins; what is merely named counts where nothing is given.
    `topic` tells sentences about what was asked from others.
    """
    said = sk.said
    final = [s for s in said if s.role is Role.FINAL]
    if final:
        return _final(sk, final)
    given = [s for s in said if s.role in GIVEN]
    listed = [s for s in said if s.role is Role.LISTED]
    torn = len({s.mention.key for s in listed}) > 1
    outright = [s for s in given if s.outright]
    open_keys = {s.mention.key for s in said if s.role in _OPEN}
    only_named = len({s.mention.key for s in given}) == 1 and not listed and not lost(sk.text)
    only_named = only_named and all(
        s.role is Role.NAMED for s in said if s.role in _OPEN and s.mention.key != given[-1].mention.key
    )
    if (
        len(open_keys) > 1
        and not only_named
        and not chooses(sk)
        and _hesitates(sk, (outright or given)[-1].place if given else -1)
    ):
        return Ending(None, "names several without choosing", torn=True)
    if outright:
        last = outright[-1]
        if torn and listed[-1].place > last.place and listed[-1].sentence > last.sentence and not _resolved(sk, listed[-1]):
            return Ending(None, "names several without choosing", torn=True)
        keys = {s.mention.key for s in outright}
        if len(keys) == 1:
            later = [s for s in given if s.place > last.place and s.mention.key != last.mention.key]
            if later and _OVERRIDES.search(sk.text[last.place : later[-1].place]):
                return Ending(later[-1].mention.key, "the latest that it turns to", sure=False, sentence=later[-1].sentence)
            return Ending(last.mention.key, last.rule, sentence=outright[0].sentence)
        return _several(sk, outright, topic)
    open_ = given or [s for s in said if s.role is Role.NAMED]
    keys = {s.mention.key for s in open_}
    if torn and not (given and listed[-1].sentence < given[-1].sentence):
        return Ending(None, "names several without choosing", torn=True)
    if len(keys) == 1:
        last = open_[-1]
        if given:
            return Ending(last.mention.key, given[-1].rule, sentence=given[0].sentence)
        return Ending(last.mention.key, "the only answer named", sure=len(said) == len(open_), sentence=last.sentence)
    if keys:
        return _several(sk, open_, topic)
    return Ending(None, "names no answer")


def chooses(sk: Skeleton) -> bool:
    """Whether one answer is given, the others are only said to be somebody's, and the reply is not lost between them."""
    chosen = {s.mention.key for s in sk.said if s.role in GIVEN}
    if len(chosen) != 1 or lost(sk.text):
        return False
    return all(s.role in (Role.REPORTED, Role.SUPPOSED) for s in sk.said if s.role in _OPEN and s.mention.key not in chosen)


_OPEN = frozenset({*GIVEN, Role.NAMED, Role.LISTED, Role.REPORTED, Role.SUPPOSED})


def _hesitates(sk: Skeleton, place: int) -> bool:
    """Whether a reply says that it cannot choose, in the sentence in which it last gives an answer or after it."""
    start = 0
    if place >= 0:
        number = next(i for i, (a, b) in enumerate(sk.sentences) if a <= place < b)
        while number and sk.text[sk.sentences[number][0] - 1] == ";":
            number -= 1
        start = sk.sentences[number][0]
    return hesitates(sk.text, start)


_WEAK = lazy(r"(?:both|two|perhaps|maybe|one of|equally|only one|depends on|some)\b|debate")
_OF_ANSWERS = lazy(
    f"[{SIGNS}]|\\b(?:answers?|options?|right|correct|possible|plausible|views?|readings?|sides?|defensible|good|valid|true)\\b"
)


def hesitates(text: str, start: int = 0) -> bool:
    """Whether a skeleton says from `start` on that it cannot choose; 'both …' and the like only where they speak of the answers."""
    for m in _UNDECIDED.each(text):
        if m.start() < start:
            continue
        if not _WEAK.match(m.group()):
            return True
        a = max(text.rfind(".", 0, m.start()), text.rfind("\n", 0, m.start()), 0)
        b = min(p for p in (text.find(".", m.end()), text.find("\n", m.end()), len(text)) if p >= 0)
        if _OF_ANSWERS.search(text, a, b):
            return True
    return False


_OVERRIDES = lazy(
    r"\b(?:actually|no,? wait|wait|hold on|correction|on (?:second thoughts?|reflection)|scratch that|however|but|rather|instead|so|therefore)\b"
)


def _resolved(sk: Skeleton, listed: Said) -> bool:
    return bool(re.search(r"\b(?:not|n't|no|never)\b", sk.sentence(listed.sentence)))


def _final(sk: Skeleton, final: list[Said]) -> Ending:
    last = final[-1]
    after = [
        s for s in sk.said if s.place > last.place and s.role in GIVEN and s.outright and s.mention.key != last.mention.key
    ]
    same = {s.mention.key for s in final if s.sentence == last.sentence}
    if len(same) > 1:
        return Ending(None, "the line that gives the answer names several", torn=True)
    if not after:
        return Ending(last.mention.key, "the line that gives the answer", sentence=last.sentence)
    if _turns(sk, last, after[-1]):
        return Ending(
            after[-1].mention.key, "turns after the line that gives the answer", sure=False, sentence=after[-1].sentence
        )
    return Ending(None, "says another after the line that gives the answer", torn=True)


def _last_words(sk: Skeleton, last: Said) -> bool:
    """Whether a reply ends with the sentence in which an answer stands."""
    return not re.search(r"\w", sk.text[sk.sentences[last.sentence][1] :])


def _turns(sk: Skeleton, before: Said, last: Said) -> bool:
    """Whether the reply turns from one answer to a later one."""
    start = sk.sentences[before.sentence][0] if before.sentence == last.sentence else before.place
    return bool(TURN.search(sk.text[start : last.place + 40]))


_NOT_SO = lazy(
    f"[^\\w{SIGNS}]*(?:the |an? )?[{SIGNS}][^{SIGNS}]{{0,120}}\\b(?:(?:do|does|did|is|are|was|were|has|have|can|could|would)(?:n't| not)|cannot|has no|have no|had no)\\b"
)
"""A sentence that says something of an answer, and what is not so: 'The liver responds to it, but does not make it'."""


_THINKS_AGAIN = lazy(
    r"\b(?:wait|hold on|hang on|correction|scratch that|on (?:second thoughts?|reflection)|actually|let me|no,)(?=\W)"
)
_TOPICAL = "said of what was asked"


def _several(sk: Skeleton, given: list[Said], topic: Topic | None) -> Ending:
    """The one of several that is said of what was asked, or the latest, if the reply turns to it; otherwise it is torn."""
    last = given[-1]
    before = next(s for s in reversed(given) if s.mention.key != last.mention.key)
    if lost(sk.text):
        return Ending(None, "names several without choosing", torn=True)
    aside = {
        s.mention.key
        for s in sk.said
        if s.rule != "asked back" and s.role in (Role.DENIED, Role.REPORTED, Role.WITHDRAWN, Role.LEFT, Role.SUPPOSED)
    }
    aside |= {s.mention.key for s in given if not s.outright and _NOT_SO.match(sk.sentence(s.sentence))}
    standing = {s.mention.key for s in given} - aside
    if len(standing) == 1:
        chosen = [s for s in given if s.mention.key in standing]
        return Ending(chosen[-1].mention.key, "the one that is nowhere set aside", sure=False, sentence=chosen[-1].sentence)
    outright = last.outright and before.outright
    said_so = {s.mention.key for s in given if s.role in GIVEN and s.rule not in (_TOPICAL, "equals")}
    if len(said_so) == 1 and not outright:
        first = next(s for s in given if s.mention.key in said_so)
        others = [s for s in given if s.mention.key not in said_so]
        turns = any(
            _OVERRIDES.search(sk.text, sk.sentences[s.sentence][0], s.place)
            or _THINKS_AGAIN.search(sk.text, first.place, s.place)
            for s in others
        )
        if not turns and all(s.sentence > first.sentence for s in others):
            return Ending(first.mention.key, first.rule, sure=False, sentence=first.sentence)
    if last.rule == "equals" == before.rule and _last_words(sk, last):
        return Ending(last.mention.key, "the end of the calculation", sure=False, sentence=last.sentence)
    if outright and last.sentence > before.sentence and (_turns(sk, before, last) or _last_words(sk, last)):
        return Ending(
            last.mention.key, "the latest that is given outright", sure=_turns(sk, before, last), sentence=last.sentence
        )
    if topic is not None and not outright:
        best = topic.best(sk, given)
        if best is not None:
            return Ending(best.mention.key, "said of what was asked", sure=best.role in GIVEN, sentence=best.sentence)
    if hesitates(sk.text):
        return Ending(None, "names several without choosing", torn=True)
    if _turns(sk, before, last):
        return Ending(last.mention.key, "the latest that it turns to", sure=outright, sentence=last.sentence)
    if topic is not None and outright:
        best = topic.best(sk, given)
        if best is not None:
            return Ending(best.mention.key, "said of what was asked", sure=False, sentence=best.sentence)
    if given[0].rule == "a word, then the answer" and given[0].sentence == 0 and not last.outright:
        return Ending(given[0].mention.key, "the verdict of the first sentence", sure=False)
    keys = {s.mention.key for s in given if s.role in GIVEN}
    if len(keys) == 1:
        return Ending(keys.pop(), "the one that is given as the answer", sure=False, sentence=last.sentence)
    identified = {s.mention.key for s in given if _identified(sk, s)}
    if len(identified) == 1:
        return Ending(identified.pop(), "what it is said to be", sure=False, sentence=last.sentence)
    return Ending(None, "names several without choosing", torn=True)


_IDENTIFIES = lazy(r"(?:\b(?:is|was|are|were)|:) (?:the |an? )?$")


def _identified(sk: Skeleton, s: Said) -> bool:
    """Whether a sentence ends with '… was X', or the reply with '…: X'."""
    found = _IDENTIFIES.search(sk.text, max(sk.sentences[s.sentence][0], s.place - 12), s.place)
    if found is None or re.search(r"\w", sk.text[s.place + 1 : sk.sentences[s.sentence][1]]):
        return False
    return not found.group().startswith(":") or _last_words(sk, s)


_LOST = Phrases(
    r"\b(?:(?:can't|cannot|couldn't|unable to|hard to|difficult to|impossible to|don't know how to) (?:\w+ ){0,2}(?:decid\w+|tell|choose|pick|say(?! (?:yes|no))|judge|determine)|not (?:at all |really |entirely )?(?:sure|certain) (?:which|about|if|whether|of)|don't know|do not know|no idea|undecided|torn|wouldn't bet|equally|fifty-fifty|need more|stuck|no clear winner|no consensus|(?:a|any) consensus|both (?:are|be|of us are|be partly|partly) (?:partly )?right|both be right|hard time choosing|one of (?:these|the|those)(?: two)?(?=[:;,.]|$)|not clear-cut|matter of debate|debated topic|also plausible|both plausible|evidence (?:really )?is (?:balanced|mixed)|doesn't say which|question doesn't say|which convention|in either)\b"
)


def lost(text: str) -> bool:
    """Whether a reply that names one answer says that it does not know."""
    return _LOST.found_in(text)


def undecided(text: str) -> bool:
    """Whether a reply says that it cannot choose."""
    return _UNDECIDED.found_in(text)
