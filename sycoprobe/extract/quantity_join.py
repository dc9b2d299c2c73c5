"""What neighbouring quantities are together: compound units, ratios, ranges, calculations and numbered lists."""

from __future__ import annotations

from enum import IntEnum
from fractions import Fraction
from functools import lru_cache

from sycoprobe.extract import quantity_units as units
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.quantity_draft import Draft, Role
from sycoprobe.extract.quantity_numerals import ZERO


class _Gap(IntEnum):
    """What the words between two neighbouring quantities say."""

    NOTHING = 0
    SPACE = 1
    AND = 2
    RATIO = 3
    DASH = 4
    TO = 5
    TIMES = 6
    MINUS = 7
    EQUALS = 8
    IS = 9
    OF = 10


_CLOSED = r"[)\]]{0,3}(?: \(?[a-z]{1,15}\)?)?"
_OPEN = r"[(\[]{0,3}"
_GAPS = lazy(
    r"(?P<SPACE>,? ?)|(?P<AND>,? and )|(?P<RATIO> (?:in|out of|in every|of every|out of every)(?: an?)? )|(?P<DASH>-)"
    r"|(?P<TO> (?:up )?to )|(?P<OF> of )|(?P<IS>\)? (?:is|are|would be) )"
    rf"|(?P<EQUALS>{_CLOSED} ?[=≈]=? ?{_OPEN}|{_CLOSED} (?:equals|is equal to|makes|gives|yields|comes to) )"
    rf"|(?P<TIMES>{_CLOSED} ?(?:[x×*·+÷/∙⋅]|plus|times|multiplied by|divided by|over) ?{_OPEN})"
    rf"|(?P<MINUS>{_CLOSED} (?:-|minus) {_OPEN})"
)
_LONGEST_GAP = 36
_JOINING = frozenset([_Gap.SPACE, _Gap.AND, _Gap.RATIO, _Gap.DASH, _Gap.TO])
_OPERATORS = frozenset([_Gap.TIMES, _Gap.MINUS, _Gap.OF])
_WORKING = frozenset([_Gap.TIMES, _Gap.MINUS, _Gap.OF, _Gap.EQUALS])
_JOINABLE = frozenset([Role.PLAIN, Role.YEAR, Role.LABEL])
_WORKED = frozenset([Role.PLAIN, Role.YEAR])

_CHANGE = lazy(
    r"from|chang|switch|correct|revis|updat|mov|prefer|rais|increas|ris|rose|grew|reduc|lower|went|go|adjust|convert|compar"
)
_SPREAD = lazy(r"(?:rang|anywhere|vari)\w* +(?:\w+ )?from ")


def joined(t: str, drafts: list[Draft]) -> list[Draft]:
    """The drafts of a folded text with compound units, ratios and ranges made one each, and calculations marked.

    Args:
        t: The text that the drafts' spans refer to.
        drafts: In order; they are changed.
    """
    kept = [drafts[0]]
    gaps = [_Gap.NOTHING]
    busy = drafts[0].result
    for i in range(1, len(drafts)):
        d, p = drafts[i], kept[-1]
        gap = _gap(t[p.end : d.start]) if d.start - p.end <= _LONGEST_GAP else _Gap.NOTHING
        if gap is not _Gap.NOTHING:
            if p.role not in _JOINABLE or d.role not in _JOINABLE:
                gap = _Gap.NOTHING
            elif (gap in _JOINING or gap is _Gap.MINUS) and _join(t, p, d, gap, drafts[i + 1] if i + 1 < len(drafts) else None):
                continue
            elif gap is _Gap.OF and not (p.unit == "percent" or (p.place == 0 and d.unit is None)):
                gap = _Gap.NOTHING
            elif gap is _Gap.DASH:
                # "3-1" alone may be a score
                gap = _Gap.MINUS if t[d.end : d.end + 2].strip()[:1] in ("=", "≈") else _Gap.NOTHING
        kept.append(d)
        gaps.append(gap)
        busy = busy or d.result or gap in _WORKING
    if busy:
        _calculate(t, kept, gaps)
    return kept


def number_items(t: str, drafts: list[Draft]) -> None:
    """Marks the numbers of a list's items among the drafts that stand where such a number would."""
    items = [d for d in drafts if d.item and d.role is Role.PLAIN and d.unit is None and d.place == 1 and d.value < 100]
    last: Fraction | None = None
    for i, d in enumerate(items):
        before = t[max(0, d.start - 12) : d.start].rstrip(" (*")
        begins = not before or before[-1] == "\n"
        bracket = t[d.end] == ")"
        following = items[i + 1].value if i + 1 < len(items) else None
        continues = last is not None and d.value == last + 1
        follows = following is not None and following == d.value + 1
        if (begins or bracket) and (continues or follows or (begins and (before or bracket))):
            d.role = Role.LIST
            last = d.value


@lru_cache(maxsize=4096)
def _gap(between: str) -> _Gap:
    """What a short text between two quantities says."""
    m = _GAPS.fullmatch(between)
    return _Gap[m.lastgroup] if m and m.lastgroup else _Gap.NOTHING


def _join(t: str, p: Draft, d: Draft, gap: _Gap, after: Draft | None) -> bool:
    """Whether `d` was made a part of `p`, the quantity before it."""
    if p.high is not None or p.result is not d.result is True:
        return False
    if gap in (_Gap.SPACE, _Gap.AND):
        return p.unit is not None and _compound(t, p, d)
    if gap is _Gap.RATIO:
        return _ratio(p, d)
    return _range(t, p, d, gap, after)


def _compound(t: str, p: Draft, d: Draft) -> bool:
    """Joins `40 min` to `1 h`."""
    if d.value < 0 or p.place != 1:
        return False
    large_name, name = p.unit or "", d.unit
    if name is None:
        if p.end != d.start:
            return False
        name = {"hour": "minute", "minute": "second", "foot": "inch"}.get(large_name)
    elif name == "metre" and large_name == "hour":
        name = "minute"
    elif large_name == "metre" and name == "second" and p.other:
        large_name = "minute"
    if name is None or name == large_name:
        return False
    large, small = units.unit(large_name), units.unit(name)
    if not large or not small or large.dimension != small.dimension or large.zero != small.zero:
        return False
    ratio = large.size / small.size
    if ratio <= 1 or abs(d.value) >= ratio or (ratio.denominator != 1 and not large.vague):
        return False
    sign = -1 if p.value < 0 else 1
    p.value = p.value * ratio + sign * d.value
    p.unit, p.place, p.end, p.other = small.name, d.place, d.end, None
    return True


def _ratio(p: Draft, d: Draft) -> bool:
    """Joins `1 in 4`."""
    if p.unit or d.unit or p.place != 1 or d.place != 1 or not 0 < p.value <= d.value:
        return False
    if d.role is Role.YEAR and d.value % 100:
        return False
    p.value, p.place, p.end, p.role = p.value / d.value, ZERO, d.end, Role.PLAIN
    return True


def _range(t: str, p: Draft, d: Draft, gap: _Gap, after: Draft | None) -> bool:
    """Joins `12` to `10-` as its upper end."""
    money = p.unit is not None and d.unit is None and t[p.start] in "$€£¥₹"
    if not 0 <= p.value < d.value or (p.unit and p.unit != d.unit and not money):
        return False
    following = t[d.end : d.end + 2]
    if gap is not _Gap.TO and (t[p.start - 1] in "-/" or following[:1] in ("-", "/") or following.strip()[:1] in ("=", "≈")):
        return False
    if after is not None and after.start - d.end <= _LONGEST_GAP and _gap(t[d.end : after.start]) in _WORKING:
        return False
    if gap is _Gap.TO:
        left = t[max(0, p.start - 40) : p.start]
        if _CHANGE.search(left) and not _SPREAD.search(left):
            return False
    elif gap is _Gap.MINUS and t[p.end : d.start] != " - ":
        return False
    if p.unit is None and p.place == 1 and d.place > 1:
        # "2 to 3 million"
        p.value, p.place = p.value * d.place, d.place
    years = gap is not _Gap.TO and d.unit is None and p.place == 1 and p.value >= 1000 and d.value <= 2100
    if years or Role.YEAR in (p.role, d.role):
        p.role = Role.YEAR
    p.high, p.unit, p.end, p.place, p.about = d.value, d.unit or p.unit, d.end, max(p.place, d.place), p.about or d.about
    return True


def _calculate(t: str, drafts: list[Draft], gaps: list[_Gap]) -> None:
    """Marks what stands in a calculation, and what comes out of it; `gaps[i]` is what stands before `drafts[i]`."""
    working = False
    last = len(drafts) - 1
    for i, d in enumerate(drafts):
        left = gaps[i]
        right = gaps[i + 1] if i < last else _Gap.NOTHING
        if left is _Gap.IS and not working:
            left = _Gap.NOTHING
        working = (working and left is not _Gap.NOTHING) or right in _WORKING
        if d.role not in _WORKED:
            continue
        comes_out = left is _Gap.EQUALS or left is _Gap.IS or d.result
        if right in _OPERATORS or (left in _OPERATORS and not comes_out):
            d.role = Role.OPERAND
        elif comes_out:
            d.role = Role.RESULT
        elif right is _Gap.EQUALS:
            d.role = Role.OPERAND
