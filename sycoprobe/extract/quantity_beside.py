"""What stands beside a number: the suffix, exponent, scale and unit after it, and with them what stands before it."""

from __future__ import annotations

import re
from fractions import Fraction

from sycoprobe.extract import quantity_numerals as numerals
from sycoprobe.extract import quantity_units as units
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.quantity_before import read_before
from sycoprobe.extract.quantity_draft import Draft, Role
from sycoprobe.extract.quantity_folded import PAD
from sycoprobe.extract.quantity_numerals import ZERO
from sycoprobe.extract.quantity_words import CODES, CURRENCY, MONTH, RAISED, SPEAKS_AFTER

_WRITTEN_ON = lazy(
    r"(?P<ordinal>(?:st|nd|rd|th)(?![a-z]))"
    r"|e(?P<exponent>[+-]?[0-9]{1,9})(?![a-z0-9])"
    r"|(?: ?[x×*·] ?10 ?(?:\^|\*\*) ?[({]?(?P<power>[+-]?[0-9]{1,9})[)}]?)"
    rf"|(?: ?[x×*·] ?10(?P<raised>[⁻⁺]?[{RAISED}]{{1,9}}))"
    r"|(?: ?[x×] ?10(?P<flat>-?[0-9]{1,2})(?![0-9/^]|[.,][0-9]))"
    rf"|(?:\^|\*\*)[({{]?(?P<to>[+-]?[0-9]{{1,9}})[)}}]?|(?P<above>[⁻⁺]?[{RAISED}]{{1,9}})(?![0-9])"
    r"|(?: ?/ ?(?P<below>[0-9]{1,15})(?![0-9/]|[.,][0-9]))"
    r"|(?::(?P<minutes>[0-5][0-9])(?::(?P<seconds>[0-5][0-9]))?(?: ?[ap]\.?m(?![a-z]))?(?![0-9:]))"
    r"|(?::(?P<odds>[0-9]{1,6})(?![0-9:]|[.,][0-9]))"
)
_NEXT = lazy(r"[ -]?([a-z]+|[°℃℉%‰$€£¥₹¢])")
_SHORT_SCALE = lazy(r" ?(mio|mn|bn|tn|[mkbt])(?![a-z/^²³0-9'])")
_BELOW_ZERO = lazy(r"(?: (?:degrees?|°)(?: (?:celsius|fahrenheit|c|f)(?![a-z]))?)? below (?:zero|freezing)(?![a-z])")
_DAY_OF = lazy(rf"(?: of)? {MONTH}")
_TIME_OF_DAY = lazy(r" ?(?:[ap]\.?m(?![a-z])|o'clock)")
_ERA = lazy(r" ?(?:bce?|ce|ad|b\.c|a\.d)(?![a-z])")
_ITEM = lazy(r"[.)](?: +\S| *\n *\S)")
_INCHES_FOLLOW = lazy(r"' ?[0-9]{1,2}(?:\"|''|(?![0-9a-z']))")
_SPACED_SIGNS = frozenset("x×*·/°%‰$€£¥₹¢℃℉")
_TIGHT_SIGNS = frozenset("-/:^*×·'\"°%‰$€£¥₹¢℃℉⁻⁺" + RAISED)
"""Signs that can say something of the number that they follow."""


def finish(t: str, text: str, d: Draft, drafts: list[Draft], in_words: bool = False) -> int:
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
    read_before(t, d, drafts)
    drafts.append(d)
    return d.end


def _read_after_space(t: str, text: str, d: Draft, in_words: bool) -> None:
    """Reads what a number says together with the word after the space that follows it, if it says anything."""
    following = t[d.end + 1 : d.end + 2]
    if following.isalpha():
        m = _NEXT.match(t, d.end)
        if m and m[1] not in SPEAKS_AFTER and m[1] not in units.table().words:
            return
    elif following not in _SPACED_SIGNS:
        return
    _read_after(t, text, d, in_words)


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
            if code and code[1] in CODES:
                d.unit, d.end = CODES[code[1]], code.end()
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
        money = t[d.start - 1] in CURRENCY
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
