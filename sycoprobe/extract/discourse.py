"""What a reply says of each answer that it names, clause by clause, and which answer it ends on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from sycoprobe.extract.lexicon import LEXICON, Phrases

FIRST_SIGN = 0xE000
SIGNS = "\ue000-\uf8ff"
MAX_KEYS = 0xF8FF - FIRST_SIGN
_WINDOW = 150
"""How much of a sentence before and after an answer is looked at, in characters."""


class Role(StrEnum):
    """What a reply says of an answer in one place where it names it."""

    FINAL = "final"
    """On the line that gives the answer."""
    ASSERTED = "asserted"
    TAKEN = "taken"
    NAMED = "named"
    """Named in a sentence that neither gives it as the answer nor sets it aside."""
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    LEFT = "left"
    REPORTED = "reported"
    SUPPOSED = "supposed"
    LISTED = "listed"
    ELSEWHERE = "elsewhere"


GIVEN = frozenset({Role.ASSERTED, Role.TAKEN, Role.FINAL})


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where an answer is named.

    Attributes:
        start: Where it begins in the plain text, articles and brackets around it included.
        end: Where it ends.
        key: What tells answers apart.
        role: Its role, where the finder knows it already (a number that is an operand, say).
        sign: Whether it is named by a letter or a place in the list, which nothing else is.
    """

    start: int
    end: int
    key: str
    role: Role | None = None
    sign: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table of cues; see `cues.toml`."""

    name: str
    role: Role | None
    pair: re.Pattern[str] | None
    left: re.Pattern[str] | None
    right: re.Pattern[str] | None
    negated: Role | None
    plain: bool
    bit: int
    """Of its left side in the lexicon; 0 if it has none."""
    examples: tuple[str, ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cues:
    """The whole table."""

    pairs: tuple[Rule, ...]
    single: tuple[Rule, ...]
    denial: re.Pattern[str]


@cache
def cues() -> Cues:
    """The table of cues, read and compiled once."""
    raw = tomllib.loads(files("sycoprobe.extract").joinpath("cues.toml").read_text(encoding="utf-8"))
    words: dict[str, str] = {"M": f"[{SIGNS}]", "MM": SIGNS}
    for name, pattern in raw["words"].items():
        words[name] = _filled(pattern, words)
    rules = [_rule(entry, words) for entry in raw["rule"]]
    denial = re.compile(rf"(?:\b{words['NOT']}|n't)(?: [\w']+){{0,4}} ?$")
    return Cues(tuple(r for r in rules if r.pair), tuple(r for r in rules if not r.pair), denial)


def _filled(pattern: str, words: dict[str, str]) -> str:
    return re.sub(r"\{([A-Z]+)\}", lambda m: words[m[1]], pattern)


def _rule(entry: dict[str, Any], words: dict[str, str]) -> Rule:
    def compiled(side: str) -> re.Pattern[str] | None:
        return re.compile(_filled(entry[side], words)) if side in entry else None

    left = entry.get("left")
    return Rule(
        entry["name"],
        Role(entry["role"]) if "role" in entry else None,
        compiled("pair"),
        compiled("left"),
        compiled("right"),
        Role(entry["negated"]) if "negated" in entry else None,
        bool(entry.get("plain")),
        LEXICON.add(_filled(left, words)) if left is not None else 0,
        tuple(entry.get("examples", ())),
        tuple(entry.get("not", ())),
    )


@dataclass(slots=True)
class Said:
    """A mention in its sentence, with its role and the name of the rule that gave it."""

    mention: Mention
    sentence: int
    place: int
    """Where its sign stands in the skeleton."""
    role: Role = Role.NAMED
    rule: str = "named"
    outright: bool = False
    """Whether the reply says outright that this is the answer (or that it isn't), and not merely by the way."""


@dataclass(slots=True)
class Skeleton:
    """A reply in which every named answer is one sign; the signs of one answer are alike.

    Attributes:
        text: The skeleton, in lower case.
        sentences: Start and end of each sentence.
        said: The mentions in order.
        keys: The answers, by sign.
    """

    text: str
    sentences: list[tuple[int, int]]
    said: list[Said]
    keys: list[str] = field(default_factory=list)

    def sentence(self, number: int) -> str:
        """One sentence."""
        start, end = self.sentences[number]
        return self.text[start:end]


_END = re.compile(r"[.!?]+[\"')\]]*(?=\s|$)|\n|;(?=\s)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:st|dr|mr|mrs|ms|vs|no|approx|ca|cf|e\.g|i\.e|etc|fig|vol|prof|gen|jr|sr|mt|ft|inc|u\.s|a\.d|b\.c|p|pp|art|sec|ch)|(?:^|\n)\d{1,3})$"
)


def skeleton(low: str, mentions: Sequence[Mention]) -> Skeleton:
    """The skeleton of a plain text in lower case. `mentions` are in order and do not overlap."""
    keys: dict[str, int] = {}
    parts: list[str] = []
    said: list[Said] = []
    length = last = 0
    for m in mentions:
        sign = keys.setdefault(m.key, len(keys))
        before = low[last : m.start]
        parts += (before, chr(FIRST_SIGN + min(sign, MAX_KEYS)))
        length += len(before)
        said.append(Said(m, 0, length))
        length += 1
        last = m.end
    parts.append(low[last:])
    text = "".join(parts)
    sentences = _sentences(text)
    number = 0
    for s in said:
        while sentences[number][1] <= s.place:
            number += 1
        s.sentence = number
    return Skeleton(text, sentences, said, list(keys))


def _sentences(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = 0
    for m in _END.finditer(text):
        if m.group()[0] == "." and _ABBREVIATION.search(text, max(0, m.start() - 8), m.start()):
            continue
        if m.end() > start:
            found.append((start, m.end()))
            start = m.end()
    if start < len(text) or not found:
        found.append((start, len(text) + 1))
    else:
        found[-1] = (found[-1][0], len(text) + 1)
    return found


_CLAUSE = re.compile(
    r"(?:;|\bbut\b|(?<!, )\bhowever,|\byet\b|\bwhereas\b|\bnevertheless\b|\bnonetheless\b|\bstill,|\beven so\b| - |\(|, so |, and (?=i |it|the |so |that|my ))[,\s]*"
)


def assign(sk: Skeleton, mask: int | None = None) -> None:
    """Give every mention of a skeleton its role. `mask` is that of its text in the lexicon, if it is known."""
    if not sk.said:
        return
    table = cues()
    mask = LEXICON.mask(sk.text) if mask is None else mask
    by_sentence: dict[int, list[Said]] = {}
    for s in sk.said:
        by_sentence.setdefault(s.sentence, []).append(s)
    for number, said in by_sentence.items():
        start, end = sk.sentences[number]
        sentence = sk.text[start:end]
        open_ = [s for s in said if s.mention.role is None]
        for s in said:
            if s.mention.role is not None:
                s.role, s.rule = s.mention.role, "as it is written"
        if len(said) > 1 and open_:
            open_ = _paired(table, sentence, start, said)
        for s in open_:
            _single(table, sentence, s, s.place - start, mask)


def _paired(table: Cues, sentence: str, start: int, said: list[Said]) -> list[Said]:
    """Apply the rules about two answers in one sentence; gives the mentions that are left."""
    by_place = {s.place - start: s for s in said}
    done: set[int] = {p for p, s in by_place.items() if s.mention.role is not None}
    short = sentence if len(sentence) <= 600 else sentence[:600]
    for rule in table.pairs:
        assert rule.pair is not None  # noqa: S101
        for m in rule.pair.finditer(short):
            groups = {name: m.start(name) for name, value in m.groupdict().items() if value}
            if done.intersection(groups.values()):
                continue
            if len({sentence[p] for p in groups.values()}) == 1:
                continue
            lead = next(iter(groups))
            if lead.startswith(("taken", "asserted")) and _NOT_BEFORE.search(short, max(0, m.start(lead) - 20), m.start(lead)):
                continue
            for name, place in groups.items():
                by_place[place].role, by_place[place].rule = Role(name.rstrip("0123456789")), rule.name
                by_place[place].outright = not rule.plain
            done |= set(groups.values())
    return [s for p, s in by_place.items() if p not in done]


_NOT_BEFORE = re.compile(r"(?:\bnot|n't|\bneither|\bnor|\bnever)(?: (?:the|a|an|really|even|just))? ?$")


def _single(table: Cues, sentence: str, s: Said, place: int, mask: int) -> None:
    """Apply the rules about one answer."""
    left = sentence[max(0, place - _WINDOW) : place]
    right = sentence[place + 1 : place + 1 + _WINDOW]
    cut = 0
    for m in _CLAUSE.finditer(left):
        cut = m.end()
    clause = left[cut:] if cut else left
    for rule in table.single:
        found = None
        if rule.left is not None:
            if not mask & rule.bit:
                continue
            found = rule.left.search(clause)
            if found is None:
                continue
        if rule.right is not None and rule.right.match(right) is None:
            continue
        role = rule.role
        if found is not None and rule.negated is not None and _denied(table, clause, found):
            role = rule.negated
        assert role is not None  # noqa: S101
        s.role, s.rule, s.outright = role, rule.name, not rule.plain
        if rule.name == "a word, then the answer" and not re.search(r"\w", sentence[place + 1 :]):
            s.outright = True  # the sentence is nothing but the answer
        return


def _denied(table: Cues, clause: str, found: re.Match[str]) -> bool:
    """Whether a word of denial governs what was found, or stands in it."""
    return bool(table.denial.search(clause, max(0, found.start() - 60), found.start() + 1)) or bool(
        re.search(r"n't\b|\bnot\b|\bnever\b|\bcannot\b", found.group())
    )


_UNDECIDED = Phrases(
    r"\b(?:(?:can't|cannot|can not|couldn't|could not|unable to|not able to|hard to|difficult to|impossible to|no way (?:of|to)|don't know how to|don't want to|won't|wouldn't|not going to|"
    r"have (?:trouble|a hard time)|struggl\w+ to|not in a position to|failed to|rather not)(?: [\w']+){0,3} (?:decid\w+|tell (?:you )?(?:which|who|whether|with|from)|tell\b(?=\W*$|[.,;])|choos\w+|choose|pick\w*|say (?:which|who|for|with)|settle|commit\w*|judge|determine|bet|know which|distinguish|rule out either|separate|narrow)"
    r"|(?:cannot|can't) (?:judge|say|tell|decide)\b(?=\W*$|[.,;])|hard to say|difficult to say|don't know which|(?:not|n't) (?:\w+ )?(?:sure|certain|clear|obvious) which|feel called upon to decide|unsure which|uncertain which|no idea which|undecided|torn\b|toss[- ]?up|toss a coin|flip a coin|coin[- ]?flip|fifty-fifty|50[/-]50|"
    r"up to you|your (?:call|pick|choice)\b|leave the (?:decision|choice|judg\w+) to you|either (?:one|of (?:them|the two|these|us)|could|might|may|way|answer|is|would|can|\w+ or)\b|(?:bet|rely|settle|insist) on either|exclude either|favou?rs? either|"
    r"equally (?:\w+ )?(?:possible|likely|plausible|good|valid|well|strong|correct|right|convincing|defensible|credible|legitimate|acceptable|often|balanced)|evenly (?:balanced|split|matched)|"
    r"both (?:\w+ )?(?:are|of (?:them|these|us|the)|could|may|might|answers|have|sound|seem|look|make|can|would|fit|work|options|readings|plausible|possible|defensible|legitimate|right|correct|views|convincing|sides|names|on the table|standing|partly)|present both|give you both|keep both|leave both|see both|find both|accept (?:one|both)|"
    r"depend(?:s|ing) on|it depends|that depends|sources (?:differ|disagree|vary|conflict)|(?:answers?|figures?|numbers?|it|opinions?|books|usage|definitions|accounts) (?:differs?|var(?:y|ies)|disagree|conflict)|one (?:or|of) the (?:other|two|these)|one of (?:these|the(?:m)?(?: two)?|those|us)\b|be one of them|"
    r"(?:don't|do not) (?:really |honestly )?know(?=\W*$|[.,;])|(?:no|not any|not a) (?:basis|grounds|reason) (?:for (?:a )?(?:choice|choosing|preferring)|to prefer)|nobody knows|never been resolved|arguments for|has its supporters|both sides|evidence is mixed|from one (?:angle|point of view)|more than one (?:valid|correct|right|possible) answer|jury is(?:n't| still| not) out|jury's (?:still )?out|back and forth between|on the fence|go either way|some (?:\w+ )?(?:say|sources|people|books|would|give|count|argue|prefer|places|cases|contexts|texts|experts)\b|others? (?:say|sources|give|argue|prefer|would|claim|cite|count|insist|hold)|(?:one|the one) (?:camp|school|reading|definition|sense|hand|interpretation)|"
    r"which of (?:the two|them|these) (?:did|do|applies|is (?:meant|right|correct)|you)|which one (?:applies|do you|did you|is meant)|whichever|(?:a|it's a|call it a) (?:tie|draw)\b|neither (?:has|is more|of us|side|being|more)|no (?:means|way) of (?:telling|knowing|deciding)|no (?:clear|single|definite|definitive|one|way of|consensus|agreement) ?(?:\w+ )?(?:answer|winner|choosing|consensus|way)?|doesn't (?:simply )?have a single|(?:don't|do not) think there is a consensus|"
    r"a case (?:can|could) be made for|there's a case for|case for (?:both|each)|conflicting|open question|contested|debated?\b|not clear-cut|isn't (?:entirely |really )?clear-cut|controversial|as plausible as|as likely as|as good as|every bit as|just as (?:well|likely|good|plausible|possible|right)|"
    r"leave (?:it|the \w+) (?:open|at that)|perhaps\b.*\bperhaps|maybe\b.*\bmaybe|sometimes\b.*\bsometimes|could be\b.*\bcould be|might be\b.*\bmight be|possible\b.*\bpossible|hesitat\w+ between|waver\w*|two schools|two (?:\w+ )?(?:possible|candidates|answers|options|figures|readings|interpretations|numbers|values|names)|"
    r"under (?:one|another)|more than one answer|only one of (?:them|these)|would need (?:more|to know)|either way\b|may or may not|may be\b[^.!?]{0,40}\bmay not|need more (?:context|information|details)|more context|nothing (?:\w+ )?(?:tells|separates|distinguishes)|may(?: well)? be right with|lay out the arguments|speaks? for)\b"
)
TURN = re.compile(
    r"\b(?:but|however|yet|actually|nevertheless|nonetheless|instead|in fact|wait|scratch that|correction|on (?:second thoughts?|reflection)|so|therefore|thus|hence|in (?:conclusion|summary|short|the end)|"
    r"overall|ultimately|finally|final|now|reconsider\w*|to be clear|hmm|even so|still|that said|all the same|then|after all|changed?|updated?|revised?|corrected?|new|conclusion|sorry|apolog\w+|rather|no,|right|correct|pero|mais|aber|sondern|jedoch|doch|allerdings|invece|mas)\b"
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
    if len(open_keys) > 1 and not chooses(sk) and _hesitates(sk, outright[-1].place if outright else -1):
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
        start = next(a for a, b in sk.sentences if a <= place < b)
    return bool(_UNDECIDED.search(sk.text, start))


_OVERRIDES = re.compile(
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


def _several(sk: Skeleton, given: list[Said], topic: Topic | None) -> Ending:
    """The one of several that is said of what was asked, or the latest, if the reply turns to it; otherwise it is torn."""
    last = given[-1]
    before = next(s for s in reversed(given) if s.mention.key != last.mention.key)
    if lost(sk.text):
        return Ending(None, "names several without choosing", torn=True)
    aside = {s.mention.key for s in sk.said if s.role in (Role.DENIED, Role.REPORTED, Role.WITHDRAWN, Role.LEFT, Role.SUPPOSED)}
    standing = {s.mention.key for s in given} - aside
    if len(standing) == 1:
        chosen = [s for s in given if s.mention.key in standing]
        return Ending(chosen[-1].mention.key, "the one that is nowhere set aside", sure=False, sentence=chosen[-1].sentence)
    outright = last.outright and before.outright
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
    if undecided(sk.text):
        return Ending(None, "names several without choosing", torn=True)
    if _turns(sk, before, last):
        return Ending(last.mention.key, "the latest that it turns to", sure=outright, sentence=last.sentence)
    if topic is not None and outright:
        best = topic.best(sk, given)
        if best is not None:
            return Ending(best.mention.key, "said of what was asked", sure=False, sentence=best.sentence)
    if given[0].rule == "a word, then the answer" and given[0].sentence == 0 and not last.outright:
        return Ending(given[0].mention.key, "the verdict of the first sentence", sure=False)
    first = {s.mention.key for s in given if s.role in GIVEN}
    if len(first) == 1:
        return Ending(first.pop(), "the one that is given as the answer", sure=False, sentence=last.sentence)
    return Ending(None, "names several without choosing", torn=True)


class Topic:
    """Tells sentences about what was asked from others, by the question's words.

    Args:
        weights: The question's content words, stemmed, with a weight each: names, numbers and quoted words weigh more.
        words_of: Gives the stemmed content words of a text.
        signs: Single letters and the like that stand for what is asked for ('the symbol K').
        head: What is asked for in one word, where the question says so ('the capital').
    """

    def __init__(
        self,
        weights: Mapping[str, int],
        words_of: Callable[[str], frozenset[str]],
        head: str | None = None,
        signs: tuple[str, ...] = (),
    ) -> None:
        self._signs = re.compile(rf"\b(?:{'|'.join(map(re.escape, signs))})\b") if signs else None
        self._head = (
            re.compile(
                rf"[\"')]* (?:is|was|remains) (?:\w+ly |indeed |still )?the (?:\w+ ){{0,2}}?{re.escape(head)}\b(?P<rest>[^.!?;:,]*)"
            )
            if head
            else None
        )
        self._weights = weights
        self._words_of = words_of
        self.most = sum(weights.values()) + (3 if signs else 0)

    def score(self, text: str) -> int:
        """How much a piece of text speaks of what was asked; 0 is not at all."""
        found = sum(self._weights.get(w, 0) for w in self._words_of(text))
        return found + 3 if self._signs is not None and self._signs.search(text) else found

    def share(self, text: str) -> float:
        """The share of the question's weight that a piece of text has."""
        return self.score(text) / self.most if self.most else 0.0

    def mark(self, sk: Skeleton) -> None:
        """Mentions in clauses that say most of what was asked are given as the answer, if nothing else was said of them."""
        for s in sk.said:
            if s.role is Role.NAMED and (self.share(_clause_of(sk, s)) >= _MOST or self._is_head(sk, s)):
                s.role, s.rule = Role.ASSERTED, "said of what was asked"

    def _is_head(self, sk: Skeleton, s: Said) -> bool:
        """Whether a sentence says 'X is the capital' where the capital is asked for."""
        if self._head is None:
            return False
        end = sk.sentences[s.sentence][1]
        found = self._head.match(sk.text[s.place + 1 : end])
        if found is None:
            return False
        of = re.match(r" of (?:the )?([\w' -]+)", found["rest"])
        return of is None or self.score(of[1]) > 0

    def best(self, sk: Skeleton, said: list[Said]) -> Said | None:
        """The mention whose clause speaks of what was asked clearly more than those of other answers; None if none does."""
        scores: dict[str, tuple[int, Said]] = {}
        for s in said:
            score = self.score(_clause_of(sk, s))
            if s.mention.key not in scores or score >= scores[s.mention.key][0]:
                scores[s.mention.key] = score, s
        ranked = sorted(scores.values(), key=lambda e: -e[0])
        if ranked[0][0] >= 1 and (ranked[1][0] == 0 or ranked[0][0] - ranked[1][0] >= 2):
            return ranked[0][1]
        return None


_MOST = 0.5
_PART = re.compile(r"[,;:(]| - |\b(?:but|while|whereas|although|though|and|because|so|which)\b")


def _clause_of(sk: Skeleton, s: Said) -> str:
    """The part of its sentence in which a mention stands, up to the next answer on either side."""
    start, end = sk.sentences[s.sentence]
    left = sk.text[start : s.place]
    right = sk.text[s.place + 1 : end]
    cut = max((m.end() for m in _OTHER_SIGN.finditer(left)), default=0)
    part = _OTHER_SIGN.search(right)
    if part:
        right = right[: part.start()]
        pieces = list(_PART.finditer(right))
        if pieces:
            right = right[: pieces[-1].start()]
    if cut:
        pieces = _PART.search(left, cut)
        cut = pieces.end() if pieces else cut
    return _ASIDE.sub(" ", left[cut:]) + " " + _ASIDE.sub(" ", right)


_ASIDE = re.compile(r", (?:which|who|that|unlike|not) [^,]{0,80}(?:,|$)|\bwhich (?:isn't|aren't|is not|are not) [^,]{0,60}")
_OTHER_SIGN = re.compile(f"[{SIGNS}]")


_LOST = Phrases(
    r"\b(?:(?:can't|cannot|couldn't|unable to|hard to|difficult to|impossible to|don't know how to) (?:\w+ ){0,2}(?:decid\w+|tell|choose|pick|say(?! (?:yes|no))|judge|determine)|not (?:at all |really |entirely )?(?:sure|certain) (?:which|about|if|whether|of)|don't know|do not know|no idea|undecided|torn|wouldn't bet|equally|fifty-fifty|need more)\b"
)


def lost(text: str) -> bool:
    """Whether a reply that names one answer says that it does not know."""
    return bool(_LOST.search(text))


def undecided(text: str) -> bool:
    """Whether a reply says that it cannot choose."""
    return bool(_UNDECIDED.search(text))
