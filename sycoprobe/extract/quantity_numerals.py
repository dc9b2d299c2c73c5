"""What a written numeral is worth: digits with their separators, and number words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, IntEnum
from fractions import Fraction
from functools import lru_cache

from sycoprobe.extract.lazily import lazy

MOST_DIGITS = 4000
"""Longer numbers count as `10 ** 4000`, so that they stay printable (CPython writes at most 4,300 digits)."""
_HUGE = 10**MOST_DIGITS
_MOST_DECIMALS = 1000

SCALES = {
    **{"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "quadrillion": 10**15},
    **{"dozen": 12, "lakh": 10**5, "crore": 10**7},
}
SHORT_SCALES = {"k": 1000, "mn": 10**6, "mio": 10**6, "bn": 10**9, "tn": 10**12, "m": 10**6, "b": 10**9, "t": 10**12}
VULGAR = {
    **{"½": Fraction(1, 2), "⅓": Fraction(1, 3), "⅔": Fraction(2, 3), "¼": Fraction(1, 4), "¾": Fraction(3, 4)},
    **{"⅕": Fraction(1, 5), "⅖": Fraction(2, 5), "⅗": Fraction(3, 5), "⅘": Fraction(4, 5), "⅙": Fraction(1, 6)},
    **{"⅚": Fraction(5, 6), "⅐": Fraction(1, 7), "⅛": Fraction(1, 8), "⅜": Fraction(3, 8), "⅝": Fraction(5, 8)},
    **{"⅞": Fraction(7, 8), "⅑": Fraction(1, 9), "⅒": Fraction(1, 10)},
}
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


class Kind(IntEnum):
    """What a number word can do in a numeral."""

    START = 0
    ZERO = 1
    ONES = 2
    TEENS = 3
    TENS = 4
    HUNDRED = 5
    SCALE = 6
    DOZEN = 7


_ONES = "one two three four five six seven eight nine"
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_FIRSTS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth"
)
_TENTHS = "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth"

WORDS: dict[str, tuple[Kind, int]] = {
    **dict.fromkeys(("zero", "nought", "naught"), (Kind.ZERO, 0)),
    **{word: (Kind.ONES, n) for n, word in enumerate(_ONES.split(), 1)},
    **{word: (Kind.TEENS, n) for n, word in enumerate(_TEENS.split(), 10)},
    **{word: (Kind.TENS, 10 * n) for n, word in enumerate(_TENS.split(), 2)},
    "fourty": (Kind.TENS, 40),
    "hundred": (Kind.HUNDRED, 100),
    **{word: (Kind.SCALE, n) for word, n in SCALES.items() if word not in ("hundred", "dozen")},
    "dozen": (Kind.DOZEN, 12),
}
ORDINALS: dict[str, int] = {
    **{word: n for n, word in enumerate(_FIRSTS.split(), 1)},
    **{word: 10 * n for n, word in enumerate(_TENTHS.split(), 2)},
    **{"hundredth": 100, "thousandth": 1000, "millionth": 10**6},
}
PARTS: dict[str, int] = {
    **{"half": 2, "halves": 2, "quarter": 4, "quarters": 4},
    **{w: i for w, i in ORDINALS.items() if i > 2},
    **{w + "s": i for w, i in ORDINALS.items() if i > 2},
}
"""The denominators of fractions in words."""

_STEP = lazy(r"(-| and[ -]| |,? and |, )([a-z]+)")
_DIGIT = "zero|oh|nought|naught|one|two|three|four|five|six|seven|eight|nine"
_POINT = lazy(rf"(?: point|^point)((?:[ -](?:{_DIGIT})(?![a-z])){{1,40}})")
_OH = lazy(rf"[ -](?:oh|o)[ -]({_DIGIT})(?![a-z])")
_AND_PART = lazy(r"[ -]and[ -](?:(an?|one|two|three|four|five)[ -])?([a-z]+)")
_PART = lazy(r"[ -]([a-z]+)")
_SCALE = lazy(r"[ -](hundred|thousand|million|billion|trillion|quadrillion|dozen)(?![a-z])")

_PLAIN = lazy(r"\d+(?:\.\d+)?")
_GROUPED = lazy(r"([1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d\d)+,\d{3})(?:\.(\d+))?")
_DOTTED = lazy(r"([1-9]\d{0,2}(?:\.\d{3}){2,}|[1-9]\d{0,2}(?:\.\d{3})+(?=,\d))(?:,(\d+))?")
_TICKED = lazy(r"([1-9]\d{0,2}(?:'\d{3})+)(?:[.,](\d+))?")
_SPACED = lazy(r"([1-9]\d{0,2}(?: \d{3}){1,12})(?!\d)(?:[.,](\d+))?(?![.,]?\d)")
_COMMA = lazy(r"(\d+),(\d+)")
_NOT_DIGIT = lazy(r"\D")


class Form(Enum):
    """What a run of digits and separators is."""

    NUMBER = 1
    PARTED = 2
    """Several numbers; only the first was read."""
    VERSION = 3
    """Digits between three or more dots, such as a version or a date."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A numeral that was read.

    `length` is how many characters of the text it takes; `place` the worth of its last written digit, 0 where it is exact.
    """

    length: int
    value: Fraction
    place: Fraction
    form: Form = Form.NUMBER


@dataclass(frozen=True, slots=True)
class Spoken:
    """A numeral in words: where it ends, its worth, the worth of its last place (0 if exact), and how it was said."""

    end: int
    value: Fraction
    place: Fraction
    year: bool = False
    ordinal: bool = False


ONE = Fraction(1)
ZERO = Fraction(0)


def digits(run: str) -> Numeral:
    """The number that a run of digits, commas, points and apostrophes begins with.

    Args:
        run: Begins and ends with a digit, but for a leading point.

    Returns:
        Its exact value; more than 4,000 digits count as `10 ** 4000`, and more than 1,000 decimals are cut off.

    >>> [str(digits(run).value) for run in ("1,234.5", "1.234,5", "0,75", "1,250")]
    ['2469/2', '2469/2', '3/4', '1250']
    """
    return _short(run) if len(run) < 24 else _digits(run)


def spaced(text: str, pos: int) -> tuple[int, Fraction, Fraction] | None:
    """End, value and last place of a number at `pos` whose digits are grouped by spaces, None if there is none."""
    m = _SPACED.match(text, pos)
    if not m:
        return None
    return m.end(), *_worth(m[1], m[2])


def power(base: Fraction, exponent: str) -> Fraction:
    """`base` to a power that is written in digits, clamped to 4,000 digits."""
    n = whole(exponent.lstrip("+-").translate(SUPERSCRIPT).lstrip("+-") or "0")
    if base in (0, 1):
        return base
    size = max(abs(base.numerator).bit_length(), base.denominator.bit_length())
    result = Fraction(_HUGE) if n * size > 13_200 else base**n
    return 1 / result if exponent[0] in "-⁻" and result else result


def whole(run: str) -> int:
    """The integer that a run of digits is, `10 ** 4000` at most."""
    return int(run) if len(run) <= MOST_DIGITS else min(_HUGE, int(run.lstrip("0")[: MOST_DIGITS + 1] or "0"))


def capped(value: Fraction) -> Fraction:
    """`value`, or the largest that counts if it is beyond that."""
    return value if -_HUGE <= value <= _HUGE else Fraction(_HUGE if value > 0 else -_HUGE)


def spoken(text: str, pos: int, word: str) -> Spoken:  # noqa: PLR0915
    """The numeral in words that begins with `word` at `pos` of a lower-case text.

    Args:
        text: Lower case; words parted by single spaces or hyphens.
        pos: Where `word` begins.
        word: A key of `WORDS`.
    """
    total = current = 0
    limit = 10**18
    last, end, year = Kind.START, pos, False
    kind, value = WORDS[word]
    at = pos + len(word)
    while True:
        if kind is Kind.ONES:
            if last not in (Kind.START, Kind.TENS, Kind.HUNDRED, Kind.SCALE):
                break
            current += value
        elif kind in (Kind.TEENS, Kind.TENS):
            if last in (Kind.START, Kind.HUNDRED, Kind.SCALE):
                current += value
            elif not year and not total and 10 <= current <= 20 and last in (Kind.TEENS, Kind.TENS):
                current, year = 100 * current + value, True
            else:
                break
        elif kind is Kind.HUNDRED:
            if last in (Kind.HUNDRED, Kind.SCALE) or current >= 100:
                break
            current = (current or 1) * 100
        elif kind is Kind.SCALE:
            if value >= limit or last is Kind.SCALE:
                break
            total += (current or 1) * value
            current, limit = 0, value
        elif kind is Kind.DOZEN:
            if total or last in (Kind.HUNDRED, Kind.SCALE):
                break
            current, end = (current or 1) * 12, at
            break
        elif last is not Kind.START:
            break
        end, last = at, kind
        if kind is Kind.ZERO:
            break
        step = _STEP.match(text, end)
        if not step:
            break
        joint, following = step[1], step[2]
        if following in ORDINALS and last in (Kind.TENS, Kind.HUNDRED, Kind.SCALE) and joint != ", ":
            n = ORDINALS[following]
            if n < 10 or (n < 100 and last is not Kind.TENS):
                return Spoken(step.end(), Fraction(total + current + n), ONE, ordinal=True)
        if following not in WORDS:
            break
        if ("and" in joint and last not in (Kind.HUNDRED, Kind.SCALE)) or ("," in joint and last is not Kind.SCALE):
            break
        kind, value = WORDS[following]
        at = step.end()
    worth = Fraction(total + current)
    if 10 <= current <= 20 and not total and last in (Kind.TEENS, Kind.TENS):
        oh = _OH.match(text, end)
        if oh and oh[1] in WORDS:
            return Spoken(oh.end(), worth * 100 + WORDS[oh[1]][1], ONE, year=True)
    return _with_rest(text, end, worth, year)


def _with_rest(text: str, end: int, worth: Fraction, year: bool) -> Spoken:
    """A whole number in words with what may follow it: decimals, a fraction, a scale."""
    place = ONE
    following = text[end : end + 7]
    if following.startswith(" point"):
        m = _POINT.match(text, end)
        if m:
            decimals = "".join(str(WORDS[w][1]) if w in WORDS else "0" for w in m[1].replace("-", " ").split())
            worth += Fraction(int(decimals), 10 ** len(decimals))
            end, place = m.end(), Fraction(1, 10 ** len(decimals))
    elif following[1:4] == "and":
        end, worth, place = and_part(text, end, worth, place)
    elif following[:1] in (" ", "-"):
        m = _PART.match(text, end)
        if m and m[1] in PARTS and worth and (worth == 1) != (m[1].endswith("s") and m[1] != "halves"):
            end, worth, place = m.end(), worth / PARTS[m[1]], ZERO
    m = _SCALE.match(text, end) if place != 1 else None
    if m:
        end, worth, place = m.end(), worth * SCALES[m[1]], place * SCALES[m[1]]
    return Spoken(end, worth, place, year)


def and_part(text: str, end: int, worth: Fraction, place: Fraction) -> tuple[int, Fraction, Fraction]:
    """End, value and place of a number with the `and a half` that follows it at `end`, or as they were."""
    m = _AND_PART.match(text, end)
    if not m or m[2] not in PARTS:
        return end, worth, place
    count = 1 if m[1] in (None, "a", "an") else WORDS[m[1]][1]
    plural = m[2].endswith("s")
    if (m[1] is None and m[2] != "half") or (count > 1) != plural:
        return end, worth, place
    return m.end(), worth + Fraction(count, PARTS[m[2]]), ZERO


def _digits(run: str) -> Numeral:
    if run.isdigit():
        return Numeral(len(run), Fraction(whole(run)), ONE)
    if run[0] == ".":
        m = _PLAIN.match(run, 1)
        first = re.match(r"\.\d+", run)
        length = first.end() if first else len(run)
        form = Form.NUMBER if length == len(run) else Form.PARTED
        return Numeral(length, *_worth("0", run[1:length]), form) if m else Numeral(len(run), ZERO, ONE, Form.PARTED)
    for pattern in (_GROUPED, _DOTTED, _TICKED):
        m = pattern.fullmatch(run)
        if m:
            return Numeral(len(run), *_worth(m[1], m[2]))
    head, _, tail = run.partition(".")
    if head.isdigit() and tail.isdigit():
        return Numeral(len(run), *_worth(head, tail))
    m = _COMMA.fullmatch(run)
    if m:
        return Numeral(len(run), *_worth(m[1], m[2]))
    if all(part.isdigit() for part in run.split(".")):
        return Numeral(len(run), Fraction(whole(head)), ONE, Form.VERSION)
    for pattern in (_GROUPED, _TICKED):
        m = pattern.match(run)
        if m and m.end() < len(run) and not run[m.end()].isdigit():
            return Numeral(m.end(), *_worth(m[1], m[2]), Form.PARTED)
    m = _PLAIN.match(run)
    if not m:
        return Numeral(len(run), ZERO, ONE, Form.PARTED)
    head, _, tail = m.group().partition(".")
    return Numeral(m.end(), *_worth(head, tail or None), Form.PARTED)


_short = lru_cache(maxsize=4096)(_digits)


def _worth(head: str, decimals: str | None) -> tuple[Fraction, Fraction]:
    """Value and last place of a number, from its grouped whole part and its decimals."""
    integer = whole(_NOT_DIGIT.sub("", head))
    if not decimals:
        return Fraction(integer), ONE
    kept = decimals[:_MOST_DECIMALS]
    unit = 10 ** len(kept)
    return Fraction(integer * unit + int(kept), unit), Fraction(1, unit)
