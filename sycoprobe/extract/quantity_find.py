"""Where the numbers of a text stand, and what the words right before and right after each say of it."""

from __future__ import annotations

import itertools
import re
from enum import Enum
from fractions import Fraction

from sycoprobe.extract import quantity_numerals as numerals
from sycoprobe.extract import quantity_units as units
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.quantity_draft import Draft, Role
from sycoprobe.extract.quantity_numerals import ONE, ZERO, Form

PAD = 20
"""How many spaces stand before the text that is searched, so that each number has something on its left."""
_PADDING = " " * PAD
MANY = 1000
"""After so many numbers and number words, a text that goes on for more than `TAIL` characters is read on only in these."""
TAIL = 4000


class _Cue(Enum):
    """What the word before a number says of it."""

    ABOUT = 1
    STEP = 2
    LABEL = 3
    YEAR = 4
    YEAR_PERHAPS = 5
    MONTH = 6
    NEGATIVE = 7
    RESULT = 8


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
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_FIRST = "".join(sorted({word[0] for word in _STARTS}))
_TOKEN = lazy(
    rf"[^a-z0-9_](?=[.0-9{_VULGAR}{_FIRST}])(?:(\.?[0-9]+(?:[.,'][0-9]+){{0,12}})|([{_VULGAR}])|({_trie(_STARTS)})(?![a-z0-9_]))"
)
_NOTE = lazy(rf"(?<=[a-z.,;:!?)\]\"'])([{_RAISED}]{{1,4}})(?![{_RAISED}])")
_ODD = lazy("[A-Z\u00a0\u2000-\u200a\u202f\u205f\u3000−–—‒‑‐’‘ʼ′`“”″⁄∕µº\uff01-\uff5e]")
_FOLD = {
    **dict.fromkeys(
        map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"), " "
    ),
    **dict.fromkeys(map(ord, "−–—‒‑‐"), "-"),
    **dict.fromkeys(map(ord, "’‘ʼ′`"), "'"),
    **dict.fromkeys(map(ord, "“”″"), '"'),
    **dict.fromkeys(map(ord, "⁄∕"), "/"),
    **{ord("µ"): "μ", ord("º"): "°"},
    **{full: chr(full - 0xFEE0).lower() for full in range(0xFF01, 0xFF5F)},
}

_DIGITS = lazy(r"[0-9]+(?:\.[0-9]+)?")
_DATE = lazy(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9-])|([0-9]{1,2})[-./]([0-9]{1,2})[-./]([0-9]{4}|[0-9]{2})(?![./-]?[0-9])"
)
_WRITTEN_ON = lazy(
    r"(?P<ordinal>(?:st|nd|rd|th)(?![a-z]))"
    r"|e(?P<exponent>[+-]?[0-9]{1,9})(?![a-z0-9])"
    r"|(?: ?[x×*·] ?10 ?(?:\^|\*\*) ?[({]?(?P<power>[+-]?[0-9]{1,9})[)}]?)"
    rf"|(?: ?[x×*·] ?10(?P<raised>[⁻⁺]?[{_RAISED}]{{1,9}}))"
    r"|(?: ?[x×] ?10(?P<flat>-?[0-9]{1,2})(?![0-9/^]|[.,][0-9]))"
    rf"|(?:\^|\*\*)[({{]?(?P<to>[+-]?[0-9]{{1,9}})[)}}]?|(?P<above>[⁻⁺]?[{_RAISED}]{{1,9}})(?![0-9])"
    r"|(?: ?/ ?(?P<below>[0-9]{1,15})(?![0-9/]|[.,][0-9]))"
    r"|(?::(?P<minutes>[0-5][0-9])(?::(?P<seconds>[0-5][0-9]))?(?: ?[ap]\.?m(?![a-z]))?(?![0-9:]))"
    r"|(?::(?P<odds>[0-9]{1,6})(?![0-9:]|[.,][0-9]))"
)
_MIXED = lazy(r" ([0-9]{1,9})/([1-9][0-9]{0,8})(?![0-9/])")
_VULGAR_AFTER = lazy(rf" ?([{_VULGAR}])")
_NEXT = lazy(r"[ -]?([a-z]+|[°℃℉%‰$€£¥₹¢])")
_SHORT_SCALE = lazy(r" ?(mio|mn|bn|tn|[mkbt])(?![a-z/^²³0-9'])")
_PART_OF = lazy(r" of an? | an? | of one | ")
_OF_SCALE = lazy(r"(?: of)?(?: an?)? (hundred|thousand|million|billion|trillion|dozen)(?![a-z])")
_BELOW_ZERO = lazy(r"(?: (?:degrees?|°)(?: (?:celsius|fahrenheit|c|f)(?![a-z]))?)? below (?:zero|freezing)(?![a-z])")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_DAY_OF = lazy(rf"(?: of)? {_MONTH}")
_TIME_OF_DAY = lazy(r" ?(?:[ap]\.?m(?![a-z])|o'clock)")
_ERA = lazy(r" ?(?:bce?|ce|ad|b\.c|a\.d)(?![a-z])")
_AFTER_MONTH = lazy(rf"(?:^|[^a-z]){_MONTH}\.? [0-9]{{1,2}}(?:st|nd|rd|th)?$")
_ITEM = lazy(r"[.)](?: +\S| *\n *\S)")
_PLURAL = lazy(r" (?!was |is |has |its |this |his |as |us |does |across |always |perhaps |thus )[a-z]{2,}s(?![a-z])")
_AN_HOUR_AND = lazy(r"(?:^|[^a-z])(an? ([a-z]{3,12})) and an? $")
_NO_COUNT = lazy(
    r"[- ](?:of|thing|way|more|can|could|might|may|that|who|whom|whose|which|is|was|another|such|person|side|hand|should|"
    r"would|will|where|when|to|by|at|must|has|moment|i|you|we|he|she|they|it|from|with)(?![a-z])|'s|-"
)
_BEFORE_ONE = (
    "exactly only just equals make makes is are was be has have had leaves gives number total say says said answer plus minus times "
    "by contain contains remains with over least most than = :"
)
_COUNTS = frozenset(_BEFORE_ONE.split())
_IDLE = lazy(r"(?:give|gimme|wait|hold|hang|just|take|let)(?![a-z])[^.;\n]{0,12}$")
_STILL_ORDINAL = lazy(r" (?!of )[a-z]")
_INCHES_FOLLOW = lazy(r"' ?[0-9]{1,2}(?:\"|''|(?![0-9a-z']))")

_CURRENCY = {"$": "dollar", "€": "euro", "£": "pound sterling", "¥": "yen", "₹": "rupee"}
_CODES = {"usd": "dollar", "eur": "euro", "gbp": "pound sterling", "jpy": "yen", "inr": "rupee", "chf": "Swiss franc"}
_ABOUT_SIGNS = "~≈∼"
_SIGNS_BEFORE = frozenset("$€£¥₹-")
_CLOSE = ("close to", "more or less", "an estimated", "in the region of", "somewhere near")
_TALKED = "sure certain right wrong mistaken correct think thinking talking said asked what how"
_TALKS = tuple(_TALKED.split())
"""Words after which `about` says what is talked of, not that a number is approximate."""
_MONTHS = (
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept "
    "oct nov dec jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec."
)
_LABELS = (
    "article articles art. table page pages p. pp. option options figure figures fig fig. chapter chapters section sections sec. "
    "§ question no. nr. version python equation eq. room route line volume vol. part parts edition amendment item example "
    "exercise problem note appendix footnote grade verse act scene season episode channel flight gate platform highway bus "
    "type class clause paragraph para rule iso rfc port # level phase case reference ref. apollo"
)
_APPROXIMATE = "about roughly approximately approx approx. around nearly almost circa ca ca. c. ~ ≈ ∼"
_IN_YEAR = "in since until till during year late early mid summer winter spring autumn fall"
_MAKES = "= equals makes gives totals total: sum: result: equal totalling yields"
_CUES: dict[str, _Cue] = {
    **dict.fromkeys(_APPROXIMATE.split(), _Cue.ABOUT),
    **dict.fromkeys(("step", "steps"), _Cue.STEP),
    **dict.fromkeys(_LABELS.split(), _Cue.LABEL),
    **dict.fromkeys(_IN_YEAR.split(), _Cue.YEAR),
    **dict.fromkeys(("before", "after", "by", "of"), _Cue.YEAR_PERHAPS),
    **dict.fromkeys(_MONTHS.split(), _Cue.MONTH),
    **dict.fromkeys(("minus", "negative"), _Cue.NEGATIVE),
    **dict.fromkeys(_MAKES.split(), _Cue.RESULT),
}
_SPEAKS_AFTER = frozenset(
    [*numerals.SCALES, *_MONTHS.split(), *_CODES, "and", "am", "pm", "a", "p", "o", "bc", "bce", "ce", "ad", "b"]
)
_SPEAKS_AFTER |= {"x", "below", "of", "s", *numerals.SHORT_SCALES}
"""First words after a number that may say something of it, besides units."""


def folded(text: str) -> str:
    """`text` in lower case with plain spaces, dashes, quotes and digits, character by character, and padded on its left."""
    if not _ODD.search(text):
        return _PADDING + text
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return _PADDING + (low if low.isascii() else low.translate(_FOLD))


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
            end = _finish(t, text, d, drafts)
        else:
            end = _read_words(t, text, start, found[3], drafts)
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
    stop = _finish(t, text, d, drafts)
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


def _read_words(t: str, text: str, start: int, word: str, drafts: list[Draft]) -> int:
    """Reads the number in words at `start`; its end."""
    end = start + len(word)
    if word not in numerals.WORDS:
        return _read_part(t, text, start, word, drafts)
    said = numerals.spoken(t, start, word)
    if said.end == end:
        if word == "one":
            past = _not_a_count(t, start, end)
            if past:
                return past
        elif word == "zero" and t[start - 10 : start].endswith(("absolute ", "below ", "above ", "sub-")):
            return end
    d = Draft(start, said.end, said.value, said.place)
    if said.ordinal:
        d.role = Role.ORDINAL
        drafts.append(d)
        return said.end
    if word in numerals.SCALES and t[start - 2 : start] == "a " and t[start - 3] in ' \n("':
        d.start = start - 2
    return _finish(t, text, d, drafts, in_words=True)


def _read_part(t: str, text: str, start: int, word: str, drafts: list[Draft]) -> int:
    """Reads `half`, `a quarter`, `a third` at `start`, with the unit or scale that it is a part of; its end.

    An ordinal is read as such.
    """
    end = start + len(word)
    left = t[start - 10 : start]
    article = left.endswith(("a ", "an ")) and not t[start - (2 if left.endswith("a ") else 3) - 1].isalnum()
    named = _PART_OF.match(t, end)
    unit = units.unit_at(t, named.end() - 1) if named and word in numerals.PARTS else None
    scale = _OF_SCALE.match(t, end) if word in ("half", "quarter") else None
    if word not in ("half", "quarter") and (
        word not in numerals.PARTS or not article or (not unit and _STILL_ORDINAL.match(t, end))
    ):
        drafts.append(Draft(start, end, Fraction(numerals.ORDINALS[word]), ONE, Role.ORDINAL))
        return end
    value = Fraction(1, numerals.PARTS[word])
    if left.endswith("and a ") and _add_part(t, start, end, value, drafts):
        return end
    if word == "quarter" and not article and not scale and not unit:
        return end
    if t[end : end + 1] == "-" or left.endswith(("first ", "second ", "other ", "better ", "the ")):
        return end
    if t.startswith((" past", " time"), end):
        return end
    d = Draft(start - 2 if article and left.endswith("a ") else start, end, value, ZERO)
    if scale:
        d.end, d.value = scale.end(), value * numerals.SCALES[scale[1]]
    elif unit:
        d.unit, d.end = unit
    if d.unit is None:
        return _finish(t, text, d, drafts, in_words=True)
    _read_before(t, d, drafts)
    drafts.append(d)
    return d.end


def _add_part(t: str, start: int, end: int, value: Fraction, drafts: list[Draft]) -> bool:
    """Whether a part was added to what stands before it: `an hour and a half`, `2 hours and a half`."""
    whole = _AN_HOUR_AND.search(t[max(0, start - 26) : start])
    unit = units.unit_at(f" {whole[2]}", 0) if whole else None
    if whole and unit and unit[1] == len(whole[2]) + 1:
        d = Draft(start - len(whole[1]) - len(" and a "), end, 1 + value, ZERO)
        d.unit = unit[0]
        drafts.append(d)
        return True
    if drafts and drafts[-1].unit and t[drafts[-1].end : start] == " and a ":
        drafts[-1].value += value
        drafts[-1].place, drafts[-1].end = ZERO, end
        return True
    return False


def _not_a_count(t: str, start: int, end: int) -> int:
    """How far to go on if a lone `one` is a pronoun, 0 if it is a number."""
    left = t[start - 16 : start]
    bare = left.rstrip(" \"'(*")
    if (not bare or bare[-1] in ".\n:!=") and t[end : end + 1] in ("", ".", "!", "\n", '"', ")"):
        return 0
    if t.startswith((" in ", " out of ", " plus ", " minus ", " times "), end):
        return 0
    unit = units.unit_at(t, end)
    if unit:
        if unit[0] in ("second", "minute") and _IDLE.search(left):
            return unit[1]
        return end if left.endswith((" no ", "which ", " the ")) else 0
    word = left.rstrip(" :\"'(").rpartition(" ")[2]
    return 0 if word in _COUNTS and not _NO_COUNT.match(t, end) else end


def _finish(t: str, text: str, d: Draft, drafts: list[Draft], in_words: bool = False) -> int:
    """Reads what stands after and before a number, and keeps it; its end."""
    end = d.end
    following = t[end : end + 1]
    plain = d.role is Role.PLAIN
    if plain and following:
        if following == " ":
            _read_after_space(t, text, d, in_words)
        elif following in ".)":
            if t[d.start - 1] in " \n(":
                d.item = _ITEM.match(t, end) is not None
        elif following.isalpha() or (following in _TIGHT_SIGNS and (following not in "-:" or t[end + 1 : end + 2].isalnum())):
            _read_after(t, text, d, in_words)
    _read_before(t, d, drafts)
    drafts.append(d)
    return d.end


def _read_after_space(t: str, text: str, d: Draft, in_words: bool) -> None:
    """Reads what a number says together with the word after the space that follows it, if it says anything."""
    following = t[d.end + 1 : d.end + 2]
    if following.isalpha():
        m = _NEXT.match(t, d.end)
        if m and m[1] not in _SPEAKS_AFTER and m[1] not in units.table().words:
            return
    elif following not in _SPACED_SIGNS:
        return
    _read_after(t, text, d, in_words)


_SPACED_SIGNS = frozenset("x×*·/°%‰$€£¥₹¢℃℉")
_TIGHT_SIGNS = frozenset("-/:^*×·'\"°%‰$€£¥₹¢℃℉⁻⁺" + _RAISED)
"""Signs that can say something of the number that they follow."""


def _read_after(t: str, text: str, d: Draft, in_words: bool) -> None:
    """Reads suffix, exponent, scale and unit after a number."""
    if not in_words:
        m = _WRITTEN_ON.match(t, d.end)
        if m:
            _apply(t, m, d)
            if d.role is not Role.PLAIN:
                return
        if t.startswith(" and ", d.end):
            d.end, d.value, d.place = numerals.and_part(t, d.end, d.value, d.place)
        _read_scale(t, text, d)
    end = d.end
    found = units.unit_at(t, end)
    if found:
        d.unit, d.end = found
        if d.unit != "metre":
            d.other = None
        if d.unit == "second" and t[end : d.end] == "s" and d.place == 1 and 1000 <= d.value <= 2100 and d.value % 10 == 0:
            d.unit, d.role = None, Role.YEAR
    elif t[end : end + 1] == "'":
        if _INCHES_FOLLOW.match(t, end):
            d.unit, d.end = "foot", end + 1
    elif t[end : end + 1] == '"':
        if t[d.start - 1] == "'" or t[d.start - 2] == "'":
            d.unit, d.end = "inch", end + 1
    elif d.place == 1:
        if _DAY_OF.match(t, end):
            if d.value <= 31:
                d.role = Role.DATE
        elif _TIME_OF_DAY.match(t, end):
            d.role = Role.DATE
        elif _ERA.match(t, end):
            d.role = Role.YEAR
        else:
            code = _NEXT.match(t, end)
            if code and code[1] in _CODES:
                d.unit, d.end = _CODES[code[1]], code.end()
    if t.startswith((" below", " degree"), d.end):
        below = _BELOW_ZERO.match(t, d.end)
        if below and d.value > 0:
            d.value, d.end = -d.value, below.end()


def _read_scale(t: str, text: str, d: Draft) -> None:
    """Multiplies in `million`, `k`, `bn`; where an abbreviation can be a unit as well, both readings are kept."""
    for _ in range(2):
        m = _NEXT.match(t, d.end)
        if not m or m[1] not in numerals.SCALES or t[d.end] == "-":
            break
        factor = numerals.SCALES[m[1]]
        d.value, d.place, d.end = numerals.capped(d.value * factor), d.place * factor, m.end()
    else:
        return
    short = _SHORT_SCALE.match(t, d.end)
    if not short:
        return
    mark = short[1]
    factor = numerals.SHORT_SCALES[mark]
    tight = short.start(1) == d.end
    if len(mark) == 1:
        money = t[d.start - 1] in _CURRENCY
        upper = text[short.end() - PAD - 1] == mark.upper()
        if mark == "m" and not money and not upper:
            if tight:
                d.other = (d.value * factor, None)
            return
        if (not tight and mark != "m") or (mark == "t" and not money):
            return
        if mark == "k" and not money:
            d.other = (d.value, "kelvin")
        elif mark == "b" and not money:
            d.other = (d.value, "byte")
    d.value, d.place, d.end = numerals.capped(d.value * factor), d.place * factor, short.end()


def _apply(t: str, m: re.Match[str], d: Draft) -> None:
    """What is written onto a number: an ordinal's ending, an exponent, a denominator, minutes."""
    kind, what = m.lastgroup, m[m.lastgroup or 0]
    if kind == "ordinal":
        d.end = m.end()
        d.role = Role.DATE if d.value <= 31 and _DAY_OF.match(t, m.end()) else Role.ORDINAL
    elif kind in ("exponent", "power", "raised"):
        factor = numerals.power(Fraction(10), what)
        d.value, d.place, d.end = numerals.capped(d.value * factor), d.place * factor, m.end()
    elif kind == "flat":
        # "3 × 108 m/s": a raised exponent that was folded away, if what follows or the mantissa tells
        if 1 <= abs(d.value) < 10 and (units.unit_at(t, m.end()) or (d.place < 1 and t[m.end() : m.end() + 2] != " =")):
            factor = numerals.power(Fraction(10), what)
            d.value, d.place, d.end = d.value * factor, d.place * factor, m.end()
    elif kind in ("to", "above"):
        d.value, d.end = numerals.power(d.value, what), m.end()
    elif kind in ("below", "odds"):
        if d.place == 1 and int(what):
            d.value, d.place, d.end = d.value / int(what), ZERO, m.end()
    elif d.place == 1 and d.value < 25:
        seconds = int(m["seconds"] or 0)
        d.value += Fraction(int(m["minutes"]), 60) + Fraction(seconds, 3600)
        d.role, d.end, d.place = Role.DATE, m.end(), ZERO


def _read_before(t: str, d: Draft, drafts: list[Draft]) -> None:
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
    cue = _CUES.get(word)
    if cue is None:
        if left[-1] in "=≈~∼#],":
            _read_sign_before(t, d, left)
        elif before == "[" and t[d.end : d.end + 1] == "]":
            _bracketed(t, d)
        elif left.endswith(_CLOSE):
            d.about = True
        elif word in _CODES and d.unit is None:
            d.unit = _CODES[word]
        return
    if cue is _Cue.ABOUT:
        d.about = word != "about" or not left[: -len(word) - 1].endswith(_TALKS)
        d.result = word == "≈"
        if d.role is Role.PLAIN and left[: -len(word)].rstrip().endswith(("in", "since", "until")) and _yearlike(t, d):
            d.role = Role.YEAR
    elif cue is _Cue.MONTH and d.role is Role.ORDINAL:
        d.role = Role.DATE
    elif d.role is Role.PLAIN:
        _apply_cue(t, d, cue, word, left, drafts)


def _apply_cue(t: str, d: Draft, cue: _Cue, word: str, left: str, drafts: list[Draft]) -> None:
    if cue is _Cue.NEGATIVE:
        at = t.rfind(word, 0, d.start)
        if not drafts or drafts[-1].end < at - (word == "minus"):
            d.value, d.start = -d.value, at
            earlier = t[max(0, at - 16) : at].rstrip(" (")
            d.about = _CUES.get(earlier[earlier.rfind(" ") + 1 :]) is _Cue.ABOUT
    elif cue is _Cue.RESULT:
        d.result = True
    elif d.unit is not None:
        return
    elif cue is _Cue.STEP:
        d.role = Role.LIST
    elif cue is _Cue.LABEL:
        if d.place == 1 or word in ("version", "python", "section"):
            d.role = Role.LABEL
    elif cue is _Cue.MONTH:
        if d.place == 1:
            d.role = Role.YEAR if d.value > 31 else Role.DATE
    elif _yearlike(t, d) and (cue is _Cue.YEAR or _dated(left, word)):
        d.role = Role.YEAR


def _signed(t: str, d: Draft, drafts: list[Draft]) -> int:
    """Applies the minus and the currency sign before a number; where it starts with them."""
    start = d.start
    floor = drafts[-1].end if drafts else PAD
    if t[start - 1] == "-" and t[start - 2] in _CURRENCY and start - 2 >= floor:
        # "$-5"
        d.value, start = -d.value, start - 1
    at = start - 1 if t[start - 1] in _CURRENCY else start - 2
    if at >= floor and t[at] in _CURRENCY and (at == start - 1 or t[start - 1] == " "):
        d.unit = d.unit or _CURRENCY[t[at]]
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
            or earlier in _MONTHS
        )
    return not earlier.startswith(
        ("multipl", "divid", "increas", "decreas", "reduc", "rais", "ris", "ros", "gr", "fall", "fell")
    )
