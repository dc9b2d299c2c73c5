"""What the sign, the currency and the word before a number say of it."""

from __future__ import annotations

from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.quantity_draft import Draft, Role
from sycoprobe.extract.quantity_folded import PAD
from sycoprobe.extract.quantity_words import CODES, CUES, CURRENCY, MONTH, MONTHS, Cue

_AFTER_MONTH = lazy(rf"(?:^|[^a-z]){MONTH}\.? [0-9]{{1,2}}(?:st|nd|rd|th)?$")
_PLURAL = lazy(r" (?!was |is |has |its |this |his |as |us |does |across |always |perhaps |thus )[a-z]{2,}s(?![a-z])")
_ABOUT_SIGNS = "~≈∼"
_SIGNS_BEFORE = frozenset("$€£¥₹-")
_CLOSE = ("close to", "more or less", "an estimated", "in the region of", "somewhere near")
_TALKED = "sure certain right wrong mistaken correct think thinking talking said asked what how"
_TALKS = tuple(_TALKED.split())
"""Words after which `about` says what is talked of, not that a number is approximate."""


def read_before(t: str, d: Draft, drafts: list[Draft]) -> None:
    """Reads sign, currency and the word before a number."""
    start = d.start
    before = t[start - 1]
    if before in _SIGNS_BEFORE or (before == " " and t[start - 2] in _SIGNS_BEFORE):
        start = d.start = _signed(t, d, drafts)
    left = t[start - 18 : start].rstrip(" \"'(*[")
    if not left:
        return
    word = left[left.rfind(" ") + 1 :]
    if "\n" in word:
        word = word[word.rfind("\n") + 1 :]
    cue = CUES.get(word)
    if cue is None:
        if left[-1] in "=≈~∼#],":
            _read_sign_before(t, d, left)
        elif before == "[" and t[d.end : d.end + 1] == "]":
            _bracketed(t, d)
        elif left.endswith(_CLOSE):
            d.about = True
        elif word in CODES and d.unit is None:
            d.unit = CODES[word]
        return
    if cue is Cue.ABOUT:
        d.about = word != "about" or not left[: -len(word) - 1].endswith(_TALKS)
        d.result = word == "≈"
        if d.role is Role.PLAIN and left[: -len(word)].rstrip().endswith(("in", "since", "until")) and _yearlike(t, d):
            d.role = Role.YEAR
    elif cue is Cue.MONTH and d.role is Role.ORDINAL:
        d.role = Role.DATE
    elif d.role is Role.PLAIN:
        _apply_cue(t, d, cue, word, left, drafts)


def _apply_cue(t: str, d: Draft, cue: Cue, word: str, left: str, drafts: list[Draft]) -> None:
    if cue is Cue.NEGATIVE:
        at = t.rfind(word, 0, d.start)
        if not drafts or drafts[-1].end < at - (word == "minus"):
            d.value, d.start = -d.value, at
            earlier = t[max(0, at - 16) : at].rstrip(" (")
            d.about = CUES.get(earlier[earlier.rfind(" ") + 1 :]) is Cue.ABOUT
    elif cue is Cue.RESULT:
        d.result = True
    elif d.unit is not None:
        return
    elif cue is Cue.STEP:
        d.role = Role.LIST
    elif cue is Cue.LABEL:
        if d.place == 1 or word in ("version", "python", "section"):
            d.role = Role.LABEL
    elif cue is Cue.MONTH:
        if d.place == 1:
            d.role = Role.YEAR if d.value > 31 else Role.DATE
    elif _yearlike(t, d) and (cue is Cue.YEAR or _dated(left, word)):
        d.role = Role.YEAR


def _signed(t: str, d: Draft, drafts: list[Draft]) -> int:
    """Applies the minus and the currency sign before a number; where it starts with them."""
    start = d.start
    floor = drafts[-1].end if drafts else PAD
    if t[start - 1] == "-" and t[start - 2] in CURRENCY and start - 2 >= floor:
        # "$-5"
        d.value, start = -d.value, start - 1
    at = start - 1 if t[start - 1] in CURRENCY else start - 2
    if at >= floor and t[at] in CURRENCY and (at == start - 1 or t[start - 1] == " "):
        d.unit = d.unit or CURRENCY[t[at]]
        start = at - 2 if t[at - 2 : at] == "us" and not t[at - 3].isalpha() else at
    spaced = t[start - 1] == " "
    at = start - 2 if spaced else start - 1
    if t[at] != "-" or d.role is not Role.PLAIN or d.value < 0 or at < floor:
        return start
    prior = t[at - 1]
    if spaced:
        # a dash and a space are a bullet or a subtraction, but for what opens an expression
        negative = t[max(0, at - 3) : at].rstrip()[-1:] in frozenset("=(*×/:")
    else:
        after_number = prior == " " and bool(drafts) and drafts[-1].end == at - 1
        negative = not (prior.isalnum() or prior in ")]%°'\"-" or after_number)
    if not negative:
        return start
    d.value = -d.value
    return at


def _read_sign_before(t: str, d: Draft, left: str) -> None:
    """What a sign on the left of a number says."""
    sign = left[-1]
    if sign in _ABOUT_SIGNS:
        d.about = True
    if sign in "=≈":
        d.result = True
    elif sign == "#":
        if t[d.start - 1] == "#" and not left.endswith("##") and d.role is Role.PLAIN:
            d.role = Role.LABEL
    elif sign == "]":
        _bracketed(t, d)
    elif sign == "," and d.role is Role.PLAIN and _yearlike(t, d) and _AFTER_MONTH.search(t[d.start - 20 : d.start - 2]):
        d.role = Role.YEAR


def _bracketed(t: str, d: Draft) -> None:
    """Makes a whole number in square brackets after something a footnote."""
    if t[d.start - 1] != "[" or t[d.end : d.end + 1] != "]" or d.place != 1 or d.unit or d.role is not Role.PLAIN:
        return
    before = t[max(0, d.start - 4) : d.start - 1].strip()
    if before and before[-1] not in "=:":
        d.role = Role.FOOTNOTE


def _yearlike(t: str, d: Draft) -> bool:
    """Whether a number could be a year, and no plural follows that it could count."""
    if d.unit is not None or d.place != 1 or not 1000 <= d.value <= 2100:
        return False
    return "," not in t[d.start : d.end] and not _PLURAL.match(t, d.end)


def _dated(left: str, word: str) -> bool:
    """Whether `by`, `of`, `before` or `after` stands where a date follows, and no calculation."""
    earlier = left[: -len(word)].rstrip()
    earlier = earlier[max(earlier.rfind(" "), earlier.rfind("\n")) + 1 :]
    if word == "of":
        return (
            earlier in ("summer", "winter", "spring", "autumn", "fall", "year", "end", "beginning", "start")
            or earlier in MONTHS
        )
    return not earlier.startswith(
        ("multipl", "divid", "increas", "decreas", "reduc", "rais", "ris", "ros", "gr", "fall", "fell")
    )
