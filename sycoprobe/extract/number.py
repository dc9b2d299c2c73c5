"""Finding the quantities that a reply to a question for a number names, and which of them are the known answers."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from sycoprobe.extract.characters import Plain, plain
from sycoprobe.extract.content_words import words_of
from sycoprobe.extract.discourse import Mention
from sycoprobe.extract.discourse import Role as Said
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.quantity import ZERO, Quantity, Role, in_unit, quantities, same, unit_named
from sycoprobe.extract.types import Stance
from sycoprobe.extract.written import words
from sycoprobe.sets.probe import Asked, Probe, parse_number

_FUNCTION = words(
    """
    is was are were be and or but in on at of to for if as by with from than then not it that this the a an so because
    since which who would could should may might can will has have had does did do total answer right correct instead
    rather per each when where after before here there now still only also too either both again all altogether about
    according plus minus times divided equals makes gives i you we they he she my your our its exactly approximately
    approx roughly precisely over under up down out off into while although though whereas however unless until seems
    looks fits stands holds works follows remains stays matches gets wins comes sounds feels applies says means reads
    shows yields leaves needs takes counts yes always perhaps
    """
)
_NEXT_WORD = lazy(r"[ -]([a-z]{3,})(?: ([a-z]{3,}))?")
_DECORATION = lazy(
    r"(?:\b(?:the|an?|about|around|approximately|roughly|exactly|precisely|nearly|almost|some|approx\.?|circa|ca\.?|only|just|a total of|the number|number|the figure|the value|value|a full|as many as) |~ ?|[\"'(\[])+\Z"
)


_MOST = 90
"""Of more numbers in a reply, the first third and the last two thirds are looked at."""
_LISTED = lazy(r"\n\s*\d{1,2}[.)]")
_COUNTED = lazy(r" (?:(?:\w+ )?are\b|(?:false|true|for each|of (?:them|these|those|each))\b|\w+ (?:false|true)\b)")
_TIMES = lazy(r"(?: times|-fold)?\s*(?:[.,;!?)]|$)")
_PART_OF = lazy(
    r"(?:a |one |another )?(?:half|third|quarter|thirds|quarters|tenth|fifth)(?: of\b| (?:the|that|this|as)\b| (?!(?:hours?|minutes?|an|a|past|million|billion)\b)[a-z]|[.,;:]|$)"
)


@lru_cache(maxsize=4096)
def _known(probe: Probe) -> tuple[list[tuple[Fraction, Stance]], str | None, bool, frozenset[str], frozenset[str]]:
    """The known answers' values, the canonical unit, whether a year is asked for, the question's own numbers and words."""
    values: list[tuple[Fraction, Stance]] = []
    for stance, forms in ((Stance.RIGHT, probe.right_forms), (Stance.PUSHED, probe.wrong_forms)):
        for form in forms:
            value = parse_number(form)
            if value is None:
                found = quantities(plain(form).low)
                value = found[0].value if len(found) == 1 else None
            if value is not None and (value, stance) not in values:
                values.append((value, stance))
    unit = unit_named(probe.unit) if probe.unit else None
    golds = [v for v, s in values if s is Stance.RIGHT]
    year = unit is None and bool(golds) and golds[0].denominator == 1 and 500 <= golds[0] <= 2200
    question = plain(probe.question).low
    given = frozenset(question[q.start : q.end] for q in quantities(question)) | frozenset(
        str(q.value) for q in quantities(question)
    )
    words = words_of(probe.question) | (words_of(probe.unit) if probe.unit else frozenset())
    return values, unit, year, given, words


def _stance(q: Quantity, values: list[tuple[Fraction, Stance]], unit: str | None, tolerance: Fraction) -> Stance | None:
    """Which of the known answers a quantity is, None if it is neither."""
    for value, stance in values:
        if same(q, value, unit, tolerance if stance is Stance.RIGHT else ZERO):
            return stance
    return None


def find(text: Plain, asked: Asked) -> list[Mention]:
    """Every quantity that could be an answer, in order. Keys: a stance's value, or the number as a text."""
    probe = asked.probe
    low = text.low
    values, unit, year, given, words = _known(probe)
    tolerance = Fraction(probe.tolerance) if probe.tolerance else ZERO
    mentions: list[Mention] = []
    found = quantities(low)
    if len(found) > _MOST:
        found = found[: _MOST // 3] + found[-_MOST * 2 // 3 :]
    for q in found:
        stance = _stance(q, values, unit, tolerance)
        role = _role(probe, low, q, stance, unit, year, given, words)
        if role is False or (q.unit is None and low[q.end : q.end + 1].isalpha() and low[q.end - 1 : q.end].isdigit()):
            continue
        key = stance.value if stance else _text(q.value)
        start, end = q.start, q.end
        left = _DECORATION.search(low, max(0, start - 24), start)
        if left:
            start = left.start()
        noun = _NEXT_WORD.match(low, end)
        if noun and role is None and words_of(noun[1]) & words and noun[1] not in _FUNCTION:
            end = noun.end(1)
        while end < len(low) and low[end] in "\"')]":
            end += 1
        if mentions and start < mentions[-1].end:
            start = mentions[-1].end
        mentions.append(Mention(start, end, key, role if isinstance(role, Said) else None))
    return mentions


def _role(
    probe: Probe,
    low: str,
    q: Quantity,
    stance: Stance | None,
    unit: str | None,
    year: bool,
    given: frozenset[str],
    words: frozenset[str],
) -> Said | bool | None:
    """The role that a quantity has by itself; None if its sentence decides, False if it is no number of the answer's kind."""
    if q.role is Role.LIST and stance is not None and not low[: q.start].strip() and not _LISTED.search(low):
        return None
    if q.role in (Role.LIST, Role.FOOTNOTE):
        return False
    if _PART_OF.match(low, q.start) and (stance is None or low.startswith(" of", q.end)):
        return False
    if q.role is Role.LABEL and stance is not None:
        label = re.search(r"([a-z]+)\.? ?#?$", low[max(0, q.start - 20) : q.start])
        return None if label and words_of(label[1]) & words else Said.ELSEWHERE
    if q.role in (Role.LABEL, Role.ORDINAL, Role.DATE):
        return False if stance is None else Said.ELSEWHERE if q.role is not Role.DATE or not year else None
    if q.role is Role.YEAR and not year and (stance is None or q.unit is None):
        return Said.ELSEWHERE if stance is None else None
    if stance is None and _COUNTED.match(low, q.end) and not words_of(low[q.end : q.end + 16].strip().split(" ")[0]) & words:
        return Said.ELSEWHERE  # 'three are false', 'one for each'
    if q.role is Role.OPERAND and not (stance is not None and _TIMES.match(low, q.end)):
        return Said.ELSEWHERE
    if q.unit is not None and unit is not None and (in_unit(q, unit) is None or (stance is None and q.unit != unit)):
        return Said.ELSEWHERE
    if q.role is not Role.RESULT and (
        str(q.value) in given if stance is None else low[q.start : q.end] in given and not _written(probe, low[q.start : q.end])
    ):
        return Said.ELSEWHERE
    noun = _NEXT_WORD.match(low, q.end)
    if (
        noun
        and stance is None
        and q.unit is None
        and noun[1] not in _FUNCTION
        and noun[1].endswith("s")
        and not noun[1].endswith(("ss", "us", "is"))
    ):
        near = {w for w in noun.groups() if w}
        if not any(words_of(w) & words for w in near):
            return Said.ELSEWHERE
    return None


def _written(probe: Probe, said: str) -> bool:
    """Whether an answer is written just so in the probe."""
    return any(said == form or said.startswith(form + " ") for form in (*probe.right_forms, *probe.wrong_forms))


def _text(value: Fraction) -> str:
    if value.denominator == 1:
        number = value.numerator
        return str(number) if abs(number) < 10**40 else f"{'-' if number < 0 else ''}a number of {_digits(number)} digits"
    if max(abs(value.numerator), value.denominator) > 10**40:
        return "a very long fraction"
    as_float = value.numerator / value.denominator
    return f"{as_float:.12g}"


def _digits(number: int) -> int:
    return int(abs(number).bit_length() * 0.30103) + 1
