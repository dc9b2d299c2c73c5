"""Where the numbers of a text stand, in digits, signs and words, each with what its surroundings say of it."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction

from sycoprobe.extract import quantity_numerals as numerals
from sycoprobe.extract import quantity_units as units
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.quantity_beside import finish
from sycoprobe.extract.quantity_draft import Draft, Role
from sycoprobe.extract.quantity_numerals import ONE, ZERO, Form
from sycoprobe.extract.quantity_spelled import read_words
from sycoprobe.extract.quantity_words import RAISED

MANY = 1000
"""After so many numbers and number words, a text that goes on for more than `TAIL` characters is read on only in these."""
TAIL = 4000


def _trie(words: list[str]) -> str:
    """A pattern that matches the words, in which each letter is looked at once."""
    tree: dict[str, list[str]] = {}
    for word in words:
        tree.setdefault(word[:1], []).append(word[1:])
    ends = "" in tree
    branches = [first + _trie(rest) for first, rest in tree.items() if first]
    if not branches:
        return ""
    whole = branches[0] if len(branches) == 1 and not ends else f"(?:{'|'.join(branches)})"
    return whole + "?" if ends else whole


_STARTS = sorted({*numerals.WORDS, *numerals.ORDINALS, "half", "quarter"})
_VULGAR = "".join(numerals.VULGAR)
_FIRST = "".join(sorted({word[0] for word in _STARTS}))
_TOKEN = lazy(
    rf"[^a-z0-9_](?=[.0-9{_VULGAR}{_FIRST}])(?:(\.?[0-9]+(?:[.,'][0-9]+){{0,12}})|([{_VULGAR}])|({_trie(_STARTS)})(?![a-z0-9_]))"
)
_NOTE = lazy(rf"(?<=[a-z.,;:!?)\]\"'])([{RAISED}]{{1,4}})(?![{RAISED}])")
_DIGITS = lazy(r"[0-9]+(?:\.[0-9]+)?")
_DATE = lazy(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9-])|([0-9]{1,2})[-./]([0-9]{1,2})[-./]([0-9]{4}|[0-9]{2})(?![./-]?[0-9])"
)
_MIXED = lazy(r" ([0-9]{1,9})/([1-9][0-9]{0,8})(?![0-9/])")
_VULGAR_AFTER = lazy(rf" ?([{_VULGAR}])")


def find(t: str, text: str) -> list[Draft]:
    """The quantities of a folded and padded text one by one, each with what its own surroundings say of it.

    Args:
        t: `folded(text)`.
        text: The text as it is given; its upper case tells `5M` from `5m`.
    """
    drafts: list[Draft] = []
    search = _TOKEN.search
    parted = 0
    seen = 0
    found = search(t)
    while found:
        start = found.start() + 1
        which = found.lastindex
        if which == 1:
            run = found[1]
            if start < parted:
                # the rest of a run that is a list, such as "1,2,3"
                plain = _DIGITS.match(t, start)
                run = plain.group() if plain else run
            end = _read_digits(t, text, start, run, drafts)
            if end < 0:
                end, parted = -end, max(parted, found.end())
            while end < len(t) and drafts and drafts[-1].unit in ("hour", "minute", "foot") and t[end].isdigit():
                # "1h40"
                plain = _DIGITS.match(t, end)
                end = abs(_read_digits(t, text, end, plain.group(), drafts)) if plain else end + 1
        elif which == 2:
            d = Draft(start, start + 1, numerals.VULGAR[found[2]], ZERO)
            end = finish(t, text, d, drafts)
        else:
            end = read_words(t, text, start, found[3], drafts)
        seen += 1
        if seen == MANY and len(t) - end > TAIL:
            end = max(t.find(" ", len(t) - TAIL), len(t) - TAIL)
        found = search(t, end - 1)
    return drafts


def with_notes(t: str, drafts: list[Draft]) -> list[Draft]:
    """The drafts, and between them the raised numbers that stand as notes at words."""
    merged: list[Draft] = []
    left = iter(drafts)
    following = next(left, None)
    for m in itertools.islice(_NOTE.finditer(t), MANY):
        while following and following.start < m.start():
            merged.append(following)
            following = next(left, None)
        inside = merged and merged[-1].end > m.start()
        if not inside and t[m.start() - 2 : m.end()].lstrip() not in units.table().spelled:
            number = numerals.whole(m[1].translate(numerals.SUPERSCRIPT))
            merged.append(Draft(m.start(), m.end(), Fraction(number), ONE, Role.FOOTNOTE))
    if following:
        merged += [following, *left]
    return merged


def _read_digits(t: str, text: str, start: int, run: str, drafts: list[Draft]) -> int:
    """Reads the number in digits at `start`; its end, negative if only the first of several in the run was read."""
    if run[0] == "." and t[start - 1] == ".":
        start, run = start + 1, run[1:]
    size = len(run)
    end = start + size
    following = t[end : end + 1]
    if size <= 10 and ((following and following in "-/") or not run.isdigit()):
        dated = _DATE.match(t, start)
        if dated:
            return _read_date(dated, drafts)
    numeral = numerals.digits(run)
    d = Draft(start, start + numeral.length, numeral.value, numeral.place)
    if numeral.form is Form.NUMBER:
        if following == " " and size <= 3 and t[end + 1 : end + 2].isdigit():
            _read_grouped(t, d)
        elif following and (following in _VULGAR or (following == " " and t[end + 1 : end + 2] in numerals.VULGAR)):
            part = _VULGAR_AFTER.match(t, end)
            if part:
                d.end, d.value, d.place = part.end(), d.value + numerals.VULGAR[part[1]], ZERO
    elif numeral.form is Form.VERSION:
        d.role = Role.LABEL
    stop = finish(t, text, d, drafts)
    return -stop if numeral.form is Form.PARTED else stop


def _read_grouped(t: str, d: Draft) -> None:
    """Extends a number of at most three digits by the groups or the fraction after the space that follows it."""
    end = d.end
    mixed = _MIXED.match(t, end) if "/" in t[end + 2 : end + 12] else None
    if mixed:
        d.end, d.value, d.place = mixed.end(), d.value + Fraction(int(mixed[1]), int(mixed[2])), ZERO
        return
    grouped = numerals.spaced(t, d.start) if t[end + 2 : end + 4].isdigit() else None
    if grouped:
        d.end, d.value, d.place = grouped


def _read_date(m: re.Match[str], drafts: list[Draft]) -> int:
    """A date in digits, as one quantity a part: year, month and day."""
    for group in (1, 2, 3, 4, 5, 6):
        if m[group]:
            role = Role.YEAR if group in (1, 6) else Role.DATE
            drafts.append(Draft(m.start(group), m.end(group), Fraction(int(m[group])), ONE, role))
    return m.end()
