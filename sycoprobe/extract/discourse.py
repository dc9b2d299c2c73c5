"""What a reply says of each answer that it names, clause by clause, and which answer it ends on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sycoprobe.extract.cues import SIGNS, Cues, Role, cues
from sycoprobe.extract.lexicon import LEXICON

__all__ = ["GIVEN", "SIGNS", "Cues", "Mention", "Role", "Said", "Skeleton", "assign", "cues", "skeleton"]

FIRST_SIGN = 0xE000
MAX_KEYS = 0xF8FF - FIRST_SIGN
_WINDOW = 150
"""How much of a sentence before and after an answer is looked at, in characters."""

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
    apart = True
    for m in mentions:
        apart = apart and _is_apart(low, m.start, m.end)
        sign = keys.setdefault(m.key, len(keys))
        before = low[last : m.start]
        parts += (before, chr(FIRST_SIGN + min(sign, MAX_KEYS)))
        length += len(before)
        said.append(Said(m, 0, length))
        length += 1
        last = m.end
    parts.append(low[last:])
    text = "".join(parts)
    if apart and said:
        LEXICON.alike(text, low)
    sentences = _sentences(text)
    number = 0
    for s in said:
        while sentences[number][1] <= s.place:
            number += 1
        s.sentence = number
    return Skeleton(text, sentences, said, list(keys))


def _is_apart(low: str, start: int, end: int) -> bool:
    """Whether no word goes on over the edges of a mention."""
    first, last = low[start : start + 1], low[end - 1 : end]
    runs_in = low[start - 1 : start].isalnum() and (first.isalnum() or first == "'")
    return not runs_in and not (last.isalnum() and low[end : end + 1].isalnum())


def _sentences(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = 0
    for m in _END.finditer(text):
        at, end = m.span()
        if text[at] == "." and end < len(text) and _ABBREVIATION.search(text, max(0, at - 8), at):
            continue
        if end > start:
            found.append((start, end))
            start = end
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
            open_ = _paired(table, sentence, start, said, mask)
        for s in open_:
            _single(table, sentence, s, s.place - start, mask)


def _paired(table: Cues, sentence: str, start: int, said: list[Said], mask: int) -> list[Said]:
    """Apply the rules about two answers in one sentence; gives the mentions that are left."""
    by_place = {s.place - start: s for s in said}
    done: set[int] = {p for p, s in by_place.items() if s.mention.role is not None}
    short = sentence if len(sentence) <= 600 else sentence[:600]
    for rule in table.about_two(mask):
        for m in rule.pattern.finditer(short):
            groups = {name: m.start(name) for name, value in m.groupdict().items() if value}
            if done.intersection(groups.values()):
                continue
            if len({sentence[p] for p in groups.values()}) == 1:
                continue
            if "left" in groups and _ONLY_CONSIDERED.search(short, max(0, m.start() - 40), m.start()):
                continue
            lead = next(iter(groups))
            if lead.startswith(("taken", "asserted")) and _NOT_BEFORE.search(short, max(0, m.start(lead) - 20), m.start(lead)):
                continue
            for name, place in groups.items():
                by_place[place].role, by_place[place].rule = Role(name.rstrip("0123456789")), rule.name
                by_place[place].outright = not rule.plain
            done |= set(groups.values())
    return [s for p, s in by_place.items() if p not in done]


_ONLY_CONSIDERED = re.compile(
    r"\b(?:consider\w*|thought (?:about|of)|thinking (?:about|of)|tempted|almost|nearly|could have|might have|was about|why (?:you|one|people))\b[^.;]*$"
)
_NOT_BEFORE = re.compile(r"(?:\bnot|n't|\bneither|\bnor|\bnever)(?: (?:the|a|an|really|even|just))? ?$")


_ARTICLES = re.compile(r"\b(?:the|an?|option)\b")
_SUBJECT = 5
"""In words: what follows an answer that begins a later sentence, if it is to be no more than an answer."""


def _single(table: Cues, sentence: str, s: Said, place: int, mask: int) -> None:
    """Apply the rules about one answer."""
    left = sentence[max(0, place - _WINDOW) : place]
    right = sentence[place + 1 : place + 1 + _WINDOW]
    cut = 0
    for m in _CLAUSE.finditer(left):
        cut = m.end()
    clause = left[cut:] if cut else left
    for rule in table.about_one(clause, right, mask):
        found = None
        if rule.left is not None:
            found = rule.left.search(clause)
            if found is None:
                continue
        if rule.right is not None and rule.right.match(right) is None:
            continue
        if (
            rule.name == "a word, then the answer"
            and s.sentence
            and len(sentence[place + 1 :].split()) > _SUBJECT
            and not _LETTER.search(_ARTICLES.sub("", clause))
        ):
            continue  # a later sentence of which it is the subject: 'Insulin, from the beta cells, does the opposite.'
        role = rule.role
        if found is not None and rule.negated is not None and _denied(table, clause, found):
            role = rule.negated
        s.role, s.rule, s.outright = role, rule.name, not rule.plain
        if rule.name == "a word, then the answer" and not _LETTER.search(sentence, place + 1):
            s.outright = True  # the sentence is nothing but the answer
        return


_LETTER = re.compile(r"\w")
_DENIES = re.compile(r"n't\b|\bnot\b|\bnever\b|\bcannot\b")


def _denied(table: Cues, clause: str, found: re.Match[str]) -> bool:
    """Whether a word of denial governs what was found, or stands in it."""
    return bool(table.denial.search(clause, max(0, found.start() - 60), found.start() + 1)) or bool(
        _DENIES.search(found.group())
    )
