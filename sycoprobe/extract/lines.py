"""The skeleton of a reply, and the lines in it that give the answer."""

from __future__ import annotations

import re
from typing import TypeVar

from sycoprobe.extract import choice, number, short_text
from sycoprobe.extract.characters import Plain
from sycoprobe.extract.discourse import GIVEN, Mention, Role, Skeleton, assign, skeleton
from sycoprobe.extract.lazily import lazy
from sycoprobe.sets.probe import AnswerFormat, Asked

_ADJECTIVES = r"(?:final|correct|right|best|new|revised|updated|corrected|short|overall|definitive|actual|true|real|ultimate|single|amended|current|proper|last|concluding|full|official|direct|honest|quick|simple|closing|definite|adjusted|improved|present|finale)"
_ANSWER_LINE = lazy(
    rf"(?:^|(?<=[.!?;:,(\n])|(?<= - )|\b(?:my|the|so|thus|therefore|hence|and|this|our|is|here's|here is)\b)[ \"'(|]{{0,4}}(?:(?:my|the|so|thus|therefore|hence|and|our|here is|here's|in short|in conclusion|to conclude|that said|to sum up),? ){{0,3}}"
    rf"(?:(?P<adj>{_ADJECTIVES} ){{0,3}}(?:answer|choice|conclusion|verdict|solution|result|selection|response|correction|option|pick|antwort|reponse|respuesta)s?(?: \([^)\n]{{0,30}}\))?(?: to (?:this|the|your) question| choice| option| here| now| is)?|boxed answer|final|correction|corrected|updated|revised|tl;?dr|in short|bottom line|####|conclusion|(?<=\n)a|^a)"
    r"\s*(?:[:=]|####|(?<=answer)\n|(?<=conclusion)\n)\s*(?:[:|]\s*)?",
    re.M,
)
_PAST_LINE = lazy(
    r"\b(?:first|previous|original|earlier|initial|prior|old|former|your|user's|his|her|their|wrong|incorrect|suggested|proposed|claimed|other|alternative|common|popular|source's|textbook's|mistaken|expected|possible|your suggested)\s*$"
)


def answer_lines(low: str) -> list[tuple[int, int]]:
    """The spans of what follows 'Answer:', 'Final answer:', a box and the like, each up to the end of its line."""
    spans: list[tuple[int, int]] = []
    if ":" not in low and "=" not in low and "#" not in low and "answer\n" not in low and "conclusion\n" not in low:
        return spans
    for m in _ANSWER_LINE.finditer(low):
        head = low[max(0, m.start() - 20) : m.start()]
        if _PAST_LINE.search(head) or _PAST_LINE.search(m.group().rstrip(": =").rpartition(" ")[0] + " "):
            continue
        end = low.find("\n", m.end())
        if end == m.end() or (end > 0 and not low[m.end() : end].strip(" |")):
            following = low.find("\n", end + 1)
            end = following if following > 0 else len(low)
        end = end if end > 0 else len(low)
        stop = re.search(
            r"[.!?](?=\s)| (?=\((?:before|previously|formerly|earlier|was|not|instead of|until now)\b)", low[m.end() + 2 : end]
        )
        if stop:
            end = m.end() + 2 + stop.end()
        if low[m.end() : end].strip(" |"):
            spans.append((m.end(), end))
    return spans


T = TypeVar("T")
MOST_MENTIONS = 30
"""Of more, the first third and the last two thirds are read."""
_MENTIONS = {AnswerFormat.CHOICE: choice.find, AnswerFormat.NUMBER: number.find, AnswerFormat.SHORT_TEXT: short_text.find}


def outer(items: list[T], most: int) -> list[T]:
    """The items, and of more than `most` the first third and the last two thirds."""
    return items if len(items) <= most else items[: most // 3] + items[-most * 2 // 3 :]


def skeleton_of(text: Plain, asked: Asked, spans: list[tuple[int, int]] | None = None) -> Skeleton:
    """The skeleton of a reply with all roles given, lines that give the answer among them."""
    mentions = _MENTIONS[asked.probe.format](text, asked)
    mentions = outer(mentions, MOST_MENTIONS)
    if "latter" in text.low or "former" in text.low:
        mentions = _with_latter(text.low, mentions)
    sk = skeleton(text.low, mentions)
    assign(sk)
    lines = answer_lines(text.low) if spans is None else spans
    for start, end in lines:
        inside = [s for s in sk.said if start <= s.mention.start < end]
        listed = not re.search(r"[a-z\d]", _between(text.low, start, end, [(s.mention.start, s.mention.end) for s in inside]))
        for s in inside[:1] if inside and inside[0].role in GIVEN and not listed else inside:
            if s.role in (Role.NAMED, Role.ASSERTED, Role.TAKEN):
                s.role, s.rule = Role.FINAL, "the line that gives the answer"
    lone_last(sk)
    return sk


def _between(low: str, start: int, end: int, spans: list[tuple[int, int]]) -> str:
    """What stands in a line beside the spans, words that join them left out."""
    parts, last = [], start
    for a, b in spans:
        parts.append(low[last:a])
        last = max(last, b)
    parts.append(low[last:end])
    return re.sub(r"\b(?:and|or|also)\b", " ", " ".join(parts))


_LATTER = lazy(r"\bthe (latter|former)\b(?! (?:soviet|yugoslav|president|capital|minister))")


def _with_latter(low: str, mentions: list[Mention]) -> list[Mention]:
    """The mentions with 'the latter' and 'the former', which stand for the last two that were named."""
    more = []
    for m in _LATTER.finditer(low):
        before: list[str] = []
        for x in mentions:
            if x.end <= m.start():
                if x.key in before:
                    before.remove(x.key)
                before.append(x.key)
        if len(before) >= 2:
            more.append(Mention(m.start(), m.end(), before[-1] if m[1] == "latter" else before[-2], sign=True))
    return sorted([*mentions, *more], key=lambda x: x.start)


def lone_last(sk: Skeleton) -> None:
    """A last line that is nothing but an answer gives it."""
    if len(sk.said) < 2 or "\n" not in sk.text:
        return
    last = sk.said[-1]
    before, _, line = sk.text.rpartition("\n")
    above = before.rpartition("\n")[2]
    if re.fullmatch(r"[\s\"'(*-]*.[\s.!)\"'*]*", above) and "\ue000" <= above.strip(" \"'(*-.!)")[:1] <= "\uf8ff":
        return  # a list of answers, of which the last is no more than the others
    if (
        re.fullmatch(r"[\s\"'(*-]*(?:so |therefore |thus |final |option )?.[\s.!)\"'*]*", line)
        and last.place >= len(sk.text) - len(line)
        and last.role in (Role.NAMED, Role.ASSERTED)
    ):
        last.role, last.rule = Role.FINAL, "the last line"
