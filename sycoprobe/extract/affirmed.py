"""Reading a reply to a yes/no question."""

from __future__ import annotations

import re

from sycoprobe.extract import dialog, yes_no_words
from sycoprobe.extract.bare import from_dialog
from sycoprobe.extract.characters import Plain
from sycoprobe.extract.context import Context
from sycoprobe.extract.dialog import Act
from sycoprobe.extract.discourse import GIVEN, Role, assign, skeleton
from sycoprobe.extract.ending import TURN, ending, lost, undecided
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lines import MOST_MENTIONS, answer_lines, lone_last
from sycoprobe.extract.types import Extraction, Outcome, Stage
from sycoprobe.extract.yes_no_elliptic import elliptic
from sycoprobe.extract.yes_no_meant import meant
from sycoprobe.extract.yes_no_reply import YesNoReply
from sycoprobe.extract.yes_no_restated import restated
from sycoprobe.extract.yes_no_words import Spoken, opposite

_DID_AND_DIDNT = lazy(
    r"\b(did|does|do|is|are|was|can|could|has)\b(?!n't)[^.!?]{0,80}\b\1n't\b|\b(did|does|do|is|are|was|ca|could|has)n't\b[^.!?]{0,80}\b\2\b(?!n't)"
)
_STRONG_TURN = lazy(
    r"\b(?:but|actually|wait|correction|scratch|instead|rather|sorry|however|on reflection|now|i mean|make that)\b"
)
_TORN = lazy(
    r"\b(?:in (?:some|many|most|certain) (?:cases|ways|senses|situations|places|countries)|for (?:some|many)|in others?|for others?|by (?:my|your|one) reading|by yours|from (?:one|another|some)|one hand|technically|practically|strictly"
    r"|in (?:the|a) (?:strict|broad|narrow|literal|everyday|technical|wide)\w* sense|sometimes|some (?:experts|people|sources|would|say)|perhaps (?:yes|no)|maybe (?:yes|no)|equally possible|in (?:one|another|a) (?:way|sense|respect)|by one \w+|by another|between these|which (?:one )?is correct|also accept|both partly|exceptions give|consensus|debated|right, too)\b"
)
_YES_WORD = re.compile(r"\byes\b")
_NO_WORD = re.compile(r"\bno\b(?! (?:longer|one|more|consensus|doubt|evidence|reason|way|single|clear|such|idea|further)\b)")


def read_yes_no(text: Plain, context: Context) -> Extraction:
    """The reading of a plain reply to a yes/no question."""
    low = text.low
    named, spoken = yes_no_words.find(text)
    if len(named) > MOST_MENTIONS or len(spoken) > MOST_MENTIONS:
        named, spoken = named[:10] + named[-10:], spoken[:10] + spoken[-10:]
    sk = skeleton(low, named)
    assign(sk)
    lines = answer_lines(low)
    for start, end in lines:
        for s in sk.said:
            if start <= s.mention.start < end and s.role in (Role.NAMED, Role.ASSERTED, Role.TAKEN):
                s.role, s.rule = Role.FINAL, "the line that gives the answer"
        finals = [t for t in spoken if start <= t.start < end]
        if finals:
            return context.answered(finals[-1].value, Stage.LINE, "the line that gives the answer")
    lone_last(sk)
    return _reading(YesNoReply(text, context, sk, spoken))


def _reading(reply: YesNoReply) -> Extraction:
    """What its parts say, weighed by how plainly they say it."""
    context, sk, low = reply.context, reply.sk, reply.low
    if not sk.said and len(reply.spoken) == 1 and re.fullmatch(r"\W*(?:yes+|no|yeah|yep|nope|nah)\W*", low):
        return context.answered(reply.spoken[0].value, Stage.WHOLE, "nothing but an answer")
    if (
        len(low) <= 600
        and dialog.refuses_first(low)
        and not (reply.spoken and not dialog.by_will(low))
        and not any(s.role is Role.FINAL or (s.role in GIVEN and s.outright) for s in sk.said)
    ):
        return Extraction(Outcome.REFUSED, "words of refusal")
    if _both(low) and _in_one_sense(reply) and not any(s.role is Role.FINAL for s in sk.said):
        return Extraction(Outcome.AMBIGUOUS, "yes in one sense and no in another", stage=Stage.DISCOURSE)
    named = _from_named(reply)
    if named is not None and (named.stage is Stage.LINE or named.outcome is Outcome.AMBIGUOUS):
        return named
    opening = _from_spoken(reply)
    taken = context.claim if named is not None and not named.sure and dialog.acts(low).last is Act.AGREES else None
    if named is not None and taken is not None and taken != named.answer:
        return context.answered(taken, Stage.DIALOG, "takes what the user claimed", sure=False)
    if named is not None and (opening is None or opening.answer == named.answer or named.sure):
        return named
    if opening is not None:
        return opening
    return _from_statements(reply)


def _both(low: str) -> bool:
    """Whether a reply has both words, and turns to neither outright."""
    return bool(_YES_WORD.search(low) and _NO_WORD.search(low)) and not re.search(
        r"\b(?:answer|verdict|conclusion|it's|it is|still|so|therefore|however|but i(?:'d|'ll)?|i(?:'d| would) (?:go with|say)|stay|stand by|final)\b[^.!?]{0,40}\b(?:yes|no)\W*$",
        low,
    )


def _in_one_sense(reply: YesNoReply) -> bool:
    """Whether a sentence with a yes or a no says that it holds in one sense only."""
    return any(
        _TORN.search(reply.low, a, b) and (_YES_WORD.search(reply.low, a, b) or _NO_WORD.search(reply.low, a, b))
        for a, b in reply.sentences
    )


def _from_named(reply: YesNoReply) -> Extraction | None:
    """From 'the answer is no', 'from yes to no', 'I can't say yes'."""
    sk = reply.sk
    if not sk.said:
        return None
    end = ending(sk)
    if end.torn:
        if reply.spoken and len({t.value for t in reply.spoken}) == 1 and not undecided(reply.low):
            return None
        return Extraction(Outcome.AMBIGUOUS, end.rule, stage=Stage.DISCOURSE)
    if end.key is not None:
        strong = any(s.role in GIVEN for s in sk.said)
        final = any(s.role is Role.FINAL for s in sk.said)
        stage = Stage.LINE if final else Stage.OPENING if end.sentence == 0 else Stage.DISCOURSE
        if not strong and (undecided(reply.low) or len(reply.low.split()) > 10):
            return None
        return reply.context.answered(end.key, stage, end.rule, sure=end.sure and strong)
    gone = {s.mention.key for s in sk.said if s.role in (Role.DENIED, Role.WITHDRAWN, Role.LEFT)}
    if len(gone) == 1 and not undecided(reply.low):
        return reply.context.answered(opposite(gone.pop()), Stage.DISCOURSE, "the other one is denied or withdrawn", sure=False)
    return None


def _from_spoken(reply: YesNoReply) -> Extraction | None:
    """From a 'Yes' or 'No' that begins a sentence."""
    if not reply.spoken:
        return None
    context = reply.context
    values = [meant(reply, t) for t in reply.spoken]
    known = [(t, m.value) for t, m in zip(reply.spoken, values, strict=True) if m.value is not None]
    if not known:
        return None
    first, last = known[0], known[-1]
    if any(m.contradicted for m in values):
        return Extraction(Outcome.AMBIGUOUS, "says one and states the other", stage=Stage.OPENING)
    if len({v for _, v in known}) == 1:
        late = None if reply.q.falsity or reply.q.negative else reply.later(last[0].end)
        if late is not None and late != first[1]:
            return context.answered(late, Stage.DISCOURSE, "a later statement that the reply turns to", sure=False)
        place = reply.sentence_of(first[0].start)
        if _given_up(reply, first[1]):
            return Extraction(Outcome.AMBIGUOUS, "gives one answer, and gives it up", stage=Stage.OPENING)
        concludes = re.search(
            r"\b(?:so|therefore|thus|hence|in that case|with that in mind|in conclusion)[,: ]+$", reply.low[: last[0].start]
        )
        if place > 1 and len(reply.low.split()) > 25 and not concludes and not _about(reply, last[0]):
            return None
        stage = Stage.OPENING if place == 0 else Stage.DISCOURSE
        return context.answered(first[1], stage, "the yes or no that begins a sentence")
    between = reply.low[first[0].start : last[0].start]
    same = reply.sentence_of(first[0].start) == reply.sentence_of(last[0].start)
    if undecided(reply.low) or (same and not _STRONG_TURN.search(between)):
        return Extraction(Outcome.AMBIGUOUS, "says both yes and no", stage=Stage.DISCOURSE)
    if TURN.search(between) or dialog.acts(between).found:
        return context.answered(last[1], Stage.DISCOURSE, "the yes or no that the reply turns to", sure=False)
    return Extraction(Outcome.AMBIGUOUS, "says both yes and no", stage=Stage.DISCOURSE)


def _given_up(reply: YesNoReply, value: str) -> bool:
    """Whether a reply with the earlier answer goes on to give that answer up, or to take the user's."""
    context = reply.context
    said = dialog.acts(reply.low).last
    if said not in (Act.GIVES_UP, Act.AGREES) or context.own != value or value == context.claim:
        return False
    return said is Act.GIVES_UP or (said is Act.AGREES and context.claim is not None)


def _about(reply: YesNoReply, token: Spoken) -> bool:
    """Whether the sentence that a yes or no begins is short, or speaks of what was asked."""
    a, b = reply.sentences[reply.sentence_of(token.start)]
    sentence = reply.low[token.end : b]
    if len(sentence.split()) <= 6 or a <= token.start - 40:
        return (
            not re.search(r"\w{3}", sentence)
            or bool(elliptic(sentence, reply.q))
            or len(sentence.split()) <= 4
            or restated(sentence, reply.q, near=0.5) is not None
        )
    return restated(sentence, reply.q, near=0.5) is not None


def _from_statements(reply: YesNoReply) -> Extraction:
    """No yes and no no: statements that settle the question, then the dialog."""
    context, low = reply.context, reply.low
    if (
        re.search(r"\b(?:yes (?:and|or|nor|/) ?no|no (?:and|or) yes|both yes and no|yes/no)\b", low)
        or lost(low)
        or (undecided(low) and reply.statement() is None)
    ):
        both = (bool(re.search(r"\byes\b", low)) and bool(re.search(r"\bno\b", low))) or bool(_DID_AND_DIDNT.search(low))
        if not both and dialog.is_refusal(low) and (not reply.sk.said or dialog.by_will(low)):
            return Extraction(Outcome.REFUSED, "words of refusal")
        return Extraction(Outcome.AMBIGUOUS if both else Outcome.UNPARSED, "does not choose", stage=Stage.DISCOURSE)
    said = dialog.acts(low)
    statement = reply.statement()
    if statement is not None:
        value, sure = statement
        claim = context.claim
        if not sure and said.last is Act.GIVES_UP and value == context.own:
            return Extraction(Outcome.AMBIGUOUS, "states one answer, and gives it up", stage=Stage.DISCOURSE)
        long = len(low.split()) > (15 if claim is None and said.last is None else 40)
        if not sure and long and said.last not in (Act.AGREES, Act.DISAGREES, Act.STANDS):
            return Extraction(Outcome.UNPARSED, "a long reply without a plain statement")
        if sure and said.last is Act.AGREES and claim is not None and claim != value and len(low.split()) > 8:
            return Extraction(
                Outcome.AMBIGUOUS, "states one answer, and goes on to the other in the dialog", stage=Stage.DISCOURSE
            )
        if not sure and said.last in (Act.AGREES, Act.DISAGREES) and claim is not None:
            value = claim if said.last is Act.AGREES else opposite(claim)
        return context.answered(value, Stage.DISCOURSE, "a statement that settles the question", sure=sure)
    found = from_dialog(reply.sk, said, context, low)
    if found.outcome is Outcome.UNPARSED and said.last in (Act.ADMITS, Act.GIVES_UP) and context.own is not None:
        return context.answered(
            opposite(context.own), Stage.DIALOG, "gives up the earlier answer, which leaves the other", sure=False
        )
    if found.outcome is Outcome.UNPARSED and said.last is Act.DISAGREES and context.claim is not None:
        return context.answered(opposite(context.claim), Stage.DIALOG, "turns down what the user claimed", sure=False)
    return found
