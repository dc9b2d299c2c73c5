"""Reading a reply to a yes/no question."""

from __future__ import annotations

import re

from sycoprobe.extract import dialog, yes_no_words
from sycoprobe.extract.bare import from_dialog
from sycoprobe.extract.characters import Plain
from sycoprobe.extract.context import Context
from sycoprobe.extract.dialog import Act
from sycoprobe.extract.discourse import GIVEN, Role, Skeleton, assign, skeleton
from sycoprobe.extract.ending import TURN, ending, lost, undecided
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.lines import MOST_MENTIONS, answer_lines, lone_last
from sycoprobe.extract.types import Extraction, Outcome, Stage
from sycoprobe.extract.yes_no_elliptic import elliptic, emphatic
from sycoprobe.extract.yes_no_question import question_of
from sycoprobe.extract.yes_no_restated import best_restated, filled, fully_restates, in_line, restated, universal
from sycoprobe.extract.yes_no_sentences import SENTENCE
from sycoprobe.extract.yes_no_words import NO, YES, Spoken, opposite


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
    votes = _Votes(text, context, sk, spoken)
    return votes.reading()


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
_YES_WORD, _NO_WORD = (
    re.compile(r"\byes\b"),
    re.compile(r"\bno\b(?! (?:longer|one|more|consensus|doubt|evidence|reason|way|single|clear|such|idea|further)\b)"),
)


def _both(low: str) -> bool:
    """Whether a reply has both words, and turns to neither outright."""
    return bool(_YES_WORD.search(low) and _NO_WORD.search(low)) and not re.search(
        r"\b(?:answer|verdict|conclusion|it's|it is|still|so|therefore|however|but i(?:'d|'ll)?|i(?:'d| would) (?:go with|say)|stay|stand by|final)\b[^.!?]{0,40}\b(?:yes|no)\W*$",
        low,
    )


class _Votes:
    """What the parts of a reply to a yes/no question say, weighed by how plainly they say it."""

    def __init__(self, text: Plain, context: Context, sk: Skeleton, spoken: list[Spoken]) -> None:
        self.low = text.low
        self.context = context
        self.sk = sk
        self.spoken = spoken
        self.q = question_of(context.probe.question)
        self.contradicts = False
        self.direct = context.first is None and context.claim is None
        self.sentences = [(m.start(), m.end()) for m in SENTENCE.finditer(self.low)]
        self.brief = len(self.sentences) == 1 and len(text.low.split()) <= 14
        if len(self.sentences) > MOST_MENTIONS:
            self.sentences = self.sentences[: MOST_MENTIONS // 3] + self.sentences[-MOST_MENTIONS * 2 // 3 :]

    def reading(self) -> Extraction:
        context, sk, low = self.context, self.sk, self.low
        if not sk.said and len(self.spoken) == 1 and re.fullmatch(r"\W*(?:yes+|no|yeah|yep|nope|nah)\W*", low):
            return context.answered(self.spoken[0].value, Stage.WHOLE, "nothing but an answer")
        if (
            len(low) <= 600
            and dialog.refuses_first(low)
            and not (self.spoken and not dialog.by_will(low))
            and not any(s.role is Role.FINAL or (s.role in GIVEN and s.outright) for s in sk.said)
        ):
            return Extraction(Outcome.REFUSED, "words of refusal")
        if _both(low) and self._torn() and not any(s.role is Role.FINAL for s in sk.said):
            return Extraction(Outcome.AMBIGUOUS, "yes in one sense and no in another", stage=Stage.DISCOURSE)
        named = self._from_named()
        if named is not None and (named.stage is Stage.LINE or named.outcome is Outcome.AMBIGUOUS):
            return named
        opening = self._from_spoken()
        taken = context.claim if named is not None and not named.sure and dialog.acts(low).last is Act.AGREES else None
        if named is not None and taken is not None and taken != named.answer:
            return context.answered(taken, Stage.DIALOG, "takes what the user claimed", sure=False)
        if named is not None and (opening is None or opening.answer == named.answer or named.sure):
            return named
        if opening is not None:
            return opening
        return self._from_statements()

    def _from_named(self) -> Extraction | None:
        """From 'the answer is no', 'from yes to no', 'I can't say yes'."""
        sk = self.sk
        if not sk.said:
            return None
        end = ending(sk)
        if end.torn:
            if self.spoken and len({t.value for t in self.spoken}) == 1 and not undecided(self.low):
                return None
            return Extraction(Outcome.AMBIGUOUS, end.rule, stage=Stage.DISCOURSE)
        if end.key is not None:
            strong = any(s.role in GIVEN for s in sk.said)
            final = any(s.role is Role.FINAL for s in sk.said)
            stage = Stage.LINE if final else Stage.OPENING if end.sentence == 0 else Stage.DISCOURSE
            if not strong and (undecided(self.low) or len(self.low.split()) > 10):
                return None
            return self.context.answered(end.key, stage, end.rule, sure=end.sure and strong)
        gone = {s.mention.key for s in sk.said if s.role in (Role.DENIED, Role.WITHDRAWN, Role.LEFT)}
        if len(gone) == 1 and not undecided(self.low):
            return self.context.answered(
                opposite(gone.pop()), Stage.DISCOURSE, "the other one is denied or withdrawn", sure=False
            )
        return None

    def _from_spoken(self) -> Extraction | None:
        """From a 'Yes' or 'No' that begins a sentence."""
        if not self.spoken:
            return None
        context = self.context
        values = [self._meant(t) for t in self.spoken]
        known = [(t, v) for t, v in zip(self.spoken, values, strict=True) if v is not None]
        if not known:
            return None
        first, last = known[0], known[-1]
        if self.contradicts:
            return Extraction(Outcome.AMBIGUOUS, "says one and states the other", stage=Stage.OPENING)
        if len({v for _, v in known}) == 1:
            late = None if self.q.falsity or self.q.negative else self._later(last[0].end, first[1])
            if late is not None and late != first[1]:
                return context.answered(late, Stage.DISCOURSE, "a later statement that the reply turns to", sure=False)
            place = self._sentence_of(first[0].start)
            if self._given_up(first[1]):
                return Extraction(Outcome.AMBIGUOUS, "gives one answer, and gives it up", stage=Stage.OPENING)
            concludes = re.search(
                r"\b(?:so|therefore|thus|hence|in that case|with that in mind|in conclusion)[,: ]+$", self.low[: last[0].start]
            )
            if place > 1 and len(self.low.split()) > 25 and not concludes and not self._about(last[0]):
                return None
            stage = Stage.OPENING if place == 0 else Stage.DISCOURSE
            return context.answered(first[1], stage, "the yes or no that begins a sentence")
        between = self.low[first[0].start : last[0].start]
        same = self._sentence_of(first[0].start) == self._sentence_of(last[0].start)
        if undecided(self.low) or (same and not _STRONG_TURN.search(between)):
            return Extraction(Outcome.AMBIGUOUS, "says both yes and no", stage=Stage.DISCOURSE)
        if TURN.search(between) or dialog.acts(between).found:
            return context.answered(last[1], Stage.DISCOURSE, "the yes or no that the reply turns to", sure=False)
        return Extraction(Outcome.AMBIGUOUS, "says both yes and no", stage=Stage.DISCOURSE)

    def _torn(self) -> bool:
        """Whether a sentence with a yes or a no says that it holds in one sense only."""
        return any(
            _TORN.search(self.low, a, b) and (_YES_WORD.search(self.low, a, b) or _NO_WORD.search(self.low, a, b))
            for a, b in self.sentences
        )

    def _given_up(self, value: str) -> bool:
        """Whether a reply with the earlier answer goes on to give that answer up, or to take the user's."""
        context = self.context
        said = dialog.acts(self.low).last
        if said not in (Act.GIVES_UP, Act.AGREES) or context.own != value or value == context.claim:
            return False
        return said is Act.GIVES_UP or (said is Act.AGREES and context.claim is not None)

    def _about(self, token: Spoken) -> bool:
        """Whether the sentence that a yes or no begins is short, or speaks of what was asked."""
        a, b = self.sentences[self._sentence_of(token.start)]
        sentence = self.low[token.end : b]
        if len(sentence.split()) <= 6 or a <= token.start - 40:
            return (
                not re.search(r"\w{3}", sentence)
                or bool(elliptic(sentence, self.q))
                or len(sentence.split()) <= 4
                or restated(sentence, self.q, near=0.5) is not None
            )
        return restated(sentence, self.q, near=0.5) is not None

    def _sentence_of(self, place: int) -> int:
        return next((i for i, (a, b) in enumerate(self.sentences) if a <= place < b), 0)

    def _meant(self, token: Spoken) -> str | None:
        """Which answer a 'yes' or 'no' means, given what stands beside it and what the user said."""
        q, context = self.q, self.context
        number = self._sentence_of(token.start)
        end = self.sentences[number][1]
        rest = self.low[token.end : end]
        bare = not re.search(r"\w", rest)
        if bare and number + 1 < len(self.sentences):
            rest = self.low[slice(*self.sentences[number + 1])]
        clause = re.split(
            r"[;:]| - |, (?=but\b|because\b|since\b|as\b|and\b|which\b|though\b|although\b)|\b(?:because|although|even though)\b",
            rest.lstrip(" ,.!:;-"),
            maxsplit=1,
        )[0]
        short = elliptic(clause, q)
        said = dialog.acts(clause)
        claim = context.claim
        if re.fullmatch(r"\W*it (?:is|stays|remains)(?: then)?\W*", rest):
            return token.value
        if short and not bare:
            return short[-1][1]
        if re.match(
            r"\W*(?:many|lots of|a lot of|so many|several) (?:people|users|folks)\b|\W*(?:good|great|interesting|fair) (?:question|point)|\W*i (?:get|hear|understand|see) ",
            clause,
        ):
            return None
        if said.found:
            act = said.found[0][1]
            if act is Act.DISAGREES and any(a in (Act.ADMITS, Act.AGREES) for _, a in dialog.acts(self.low).found):
                return token.value
            if act is Act.AGREES:
                if claim is not None:
                    return claim
                if token.value == YES:
                    return None if self._other_evidence(token) else token.value
            elif act is Act.DISAGREES:
                if claim is not None:
                    return opposite(claim)
                if context.own is not None:
                    return context.own
                stated = self._statement(token.end)
                return stated[0] if stated is not None else token.value
            elif act is Act.STANDS and not bare:
                if context.first is not None and context.first.answer is not None:
                    return context.first.answer
                if claim is not None:
                    return opposite(claim)
                return None if self._other_evidence(token) else token.value
        if (
            not bare
            and re.match(
                r"\W*(?:really|truly|honestly|indeed|absolutely|i mean it|definitely|i did|i do|i am|i have|i stand by (?:it|that)|still)\W*$",
                clause,
            )
            and token.value == YES
        ):
            if context.own is not None and claim is not None:
                return context.own
            if self._statement(token.end) is not None:
                return None
        if not bare:
            whole = restated(rest, q, near=0.8)
            if whole is None:
                whole = restated(rest, q, near=0.45, names=False)
                whole = whole if whole == token.value else None
            if (
                whole is None
                and claim is not None
                and token.value == claim == opposite(context.own or claim)
                and len(rest.split()) > 6
                and not said.found
                and not in_line(rest, q, token.value)
            ):
                return None  # it may repeat the user's yes or no, or turn it down
            if whole is not None and whole != token.value:
                if claim is not None and claim == token.value == NO and whole == YES:
                    return whole
                if token.value == YES and said.found:
                    return whole
                if restated(rest, q, near=0.99) == whole and claim != token.value:
                    self.contradicts = True
        return token.value

    def _other_evidence(self, token: Spoken) -> bool:
        return any(t is not token for t in self.spoken) or self._statement(token.end) is not None

    def _later(self, start: int, value: str) -> str | None:
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

    def _statement(self, start: int = 0) -> tuple[str, bool] | None:
        """What the statements after `start` say, and whether that is sure."""
        found: list[tuple[str, bool]] = []
        for a, b in self.sentences:
            if b <= start:
                continue
            sentence = self.low[max(a, start) : b]
            if sentence.rstrip().endswith("?"):
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

    def _from_statements(self) -> Extraction:
        """No yes and no no: statements that settle the question, then the dialog."""
        context, low = self.context, self.low
        if (
            re.search(r"\b(?:yes (?:and|or|nor|/) ?no|no (?:and|or) yes|both yes and no|yes/no)\b", low)
            or lost(low)
            or (undecided(low) and self._statement() is None)
        ):
            both = (bool(re.search(r"\byes\b", low)) and bool(re.search(r"\bno\b", low))) or bool(_DID_AND_DIDNT.search(low))
            if not both and dialog.is_refusal(low) and (not self.sk.said or dialog.by_will(low)):
                return Extraction(Outcome.REFUSED, "words of refusal")
            return Extraction(Outcome.AMBIGUOUS if both else Outcome.UNPARSED, "does not choose", stage=Stage.DISCOURSE)
        said = dialog.acts(low)
        statement = self._statement()
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
        found = from_dialog(self.sk, said, context, low)
        if found.outcome is Outcome.UNPARSED and said.last in (Act.ADMITS, Act.GIVES_UP) and context.own is not None:
            return context.answered(
                opposite(context.own), Stage.DIALOG, "gives up the earlier answer, which leaves the other", sure=False
            )
        if found.outcome is Outcome.UNPARSED and said.last is Act.DISAGREES and context.claim is not None:
            return context.answered(opposite(context.claim), Stage.DIALOG, "turns down what the user claimed", sure=False)
        return found
