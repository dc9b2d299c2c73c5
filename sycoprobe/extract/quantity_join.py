"""What neighbouring quantities are together: compound units, ratios, ranges, calculations and numbered lists."""

from __future__ import annotations

import re
from enum import Enum
from fractions import Fraction
from functools import lru_cache

from sycoprobe.extract import quantity_units as units
from sycoprobe.extract.quantity_draft import Draft, Role
from sycoprobe.extract.quantity_numerals import ZERO


class _Gap(Enum):
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


@lru_cache(maxsize=4096)
def _gap(between: str) -> _Gap:
    """What a short text between two quantities says."""
    m = _GAPS.fullmatch(between)
    return _Gap[m.lastgroup] if m and m.lastgroup else _Gap.NOTHING


_GAPS = re.compile(
    r"(?P<SPACE>,? ?)|(?P<AND>,? and )|(?P<RATIO> (?:in|out of|in every|of every|out of every)(?: an?)? )|(?P<DASH>-)"
    r"|(?P<TO> (?:up )?to )"
    r"|(?P<EQUALS>[)\]]{0,3} ?(?:\(?[a-z]{1,15}\)? ?)?(?:=|≈)=? ?[(\[]{0,3}|[)\]]{0,3} (?:equals|is equal to|makes|gives|yields|comes to) )"
    r"|(?P<IS>\)? (?:is|are|would be) )"
    r"|(?P<TIMES>[)\]]{0,3}(?: \(?[a-z]{1,15}\)?)? ?(?:[x×*·+÷/∙⋅]|plus|times|multiplied by|divided by|over) ?[(\[]{0,3})"
    r"|(?P<MINUS>[)\]]{0,3}(?: \(?[a-z]{1,15}\)?)? (?:-|minus) [(\[]{0,3})"
)


def _joined(t: str, drafts: list[_Draft]) -> list[_Draft]:
    """The drafts with compound units, ratios in words and ranges made one each."""
    kept = [drafts[0]]
    for i in range(1, len(drafts)):
        d, p = drafts[i], kept[-1]
        if d.start - p.end > 14 or not _join(t, p, d, t[p.end : d.start], drafts, i):
            kept.append(d)
    return kept


def _join(t: str, p: _Draft, d: _Draft, between: str, drafts: list[_Draft], i: int) -> bool:
    """Whether `d` was made a part of `p`, the quantity before it."""
    gap = _gap(between)
    if gap is _Gap.NOTHING or p.role not in _JOINABLE or d.role not in _JOINABLE:
        return False
    if gap in (_Gap.SPACE, _Gap.AND):
        return p.unit is not None and _compound(p, d, between)
    if gap is _Gap.RATIO:
        return _ratio(p, d)
    if gap in (_Gap.DASH, _Gap.TO) or (gap is _Gap.MINUS and between == " - "):
        return _range(t, p, d, gap, drafts[i + 1] if i + 1 < len(drafts) else None)
    return False


_JOINABLE = frozenset([Role.PLAIN, Role.YEAR, Role.LABEL])


def _compound(p: _Draft, d: _Draft, between: str) -> bool:
    """Joins `40 min` to `1 h`."""
    if p.high is not None or d.value < 0 or p.value.denominator != 1 or "," in between:
        return False
    name = d.unit
    if name is None and between == "" and p.unit in ("hour", "foot"):
        name = "minute" if p.unit == "hour" else "inch"
    elif name == "metre" and p.unit == "hour":
        name = "minute"
    if p.unit == "metre" and name == "second" and between != ", " and p.other:
        p.unit = "minute"
    large, small = units.unit(p.unit or ""), units.unit(name or "")
    if not large or not small or large.dimension != small.dimension or "temperature" in large.dimension:
        return False
    if large.size <= small.size or abs(d.value) * small.size >= large.size:
        return False
    ratio = large.size / small.size
    if ratio.denominator != 1 and not large.vague:
        return False
    worth = p.value * ratio
    p.value = worth - d.value if p.value < 0 else worth + d.value
    p.unit, p.place, p.end, p.other = small.name, d.place, d.end, None
    return True


def _ratio(p: _Draft, d: _Draft) -> bool:
    """Joins `1 in 4`."""
    if p.unit or d.unit or p.high is not None or not 0 < p.value <= d.value or p.place != 1 or d.place != 1:
        return False
    if d.role is Role.YEAR and (d.value > 1000 and d.value % 100):
        return False
    p.value, p.place, p.end, p.role = p.value / d.value, ZERO, d.end, Role.PLAIN
    return True


def _range(t: str, p: _Draft, d: _Draft, gap: _Gap, after: _Draft | None) -> bool:
    """Joins `12` to `10-` as its upper end."""
    if p.high is not None or not 0 <= p.value < d.value or (p.unit and p.unit != d.unit):
        return False
    if t[p.start - 1] == "-" or t[d.end : d.end + 1] == "-" or (p.calc and gap is not _Gap.TO):
        return False
    if after is not None and after.start - d.end < 24 and _gap(t[d.end : after.start]) in (_Gap.EQUALS, _Gap.TIMES):
        return False
    if gap is _Gap.MINUS and re.match(r" ?[=≈]", t[d.end : d.end + 2]):
        return False
    if gap is _Gap.TO:
        left = t[max(0, p.start - 40) : p.start]
        if _RANGE_NOT.search(left) and not _BUT_RANGE.search(left):
            return False
    if Role.YEAR in (p.role, d.role):
        p.role = Role.YEAR
    p.high, p.unit, p.end = d.value, d.unit, d.end
    p.place = max(p.place, d.place)
    if d.place > p.value and d.place % 1000 == 0 and not p.place > 1:
        p.value *= d.place
    return True


def _calculate(t: str, drafts: list[_Draft]) -> None:
    """Marks what stands in a calculation, and what comes out of it."""
    gaps = [
        _gap(t[p.end : d.start]) if d.start - p.end <= 24 and t[p.end : d.start] else _Gap.NOTHING
        for p, d in zip(drafts, drafts[1:], strict=False)
    ]
    gaps = [_Gap.MINUS if g is _Gap.DASH else g for g in gaps]
    worked = False
    for i, d in enumerate(drafts):
        left = gaps[i - 1] if i else _Gap.NOTHING
        right = gaps[i] if i < len(gaps) else _Gap.NOTHING
        if left not in _OPERATIONS and not (left is _Gap.IS and worked):
            worked = False
        if d.role not in _CALCULABLE:
            worked = worked or right in _OPERATORS
            continue
        equals_left = left is _Gap.EQUALS or (left is _Gap.IS and worked) or d.calc
        if right in _OPERATORS or (left in _OPERATORS and not equals_left):
            d.role = Role.OPERAND
            worked = True
        elif equals_left:
            d.role = Role.RESULT
        elif right is _Gap.EQUALS:
            d.role = Role.OPERAND
            worked = True


_OPERATORS = frozenset([_Gap.TIMES, _Gap.MINUS])
_OPERATIONS = frozenset([_Gap.TIMES, _Gap.MINUS, _Gap.EQUALS])
_CALCULABLE = frozenset([Role.PLAIN, Role.YEAR])


def _number_items(t: str, drafts: list[_Draft]) -> None:
    """Marks the numbers of a list's items."""
    items = [d for d in drafts if d.item and d.role is Role.PLAIN and d.unit is None and d.place == 1 and d.value < 100]
    last: Fraction | None = None
    for i, d in enumerate(items):
        head = t[max(0, d.start - 200) : d.start]
        line = head[head.rfind("\n") + 1 :]
        begins = not line.strip(" (*") and (len(head) < 200 or "\n" in head)
        bracket = t[d.end] == ")"
        following = items[i + 1].value if i + 1 < len(items) else None
        first = not t[: d.start].strip(" (*")
        if last is not None and d.value == last + 1 and (begins or bracket):
            d.role = Role.LIST
        elif begins and (not first or bracket):
            d.role = Role.LIST
        elif (begins or bracket) and following == d.value + 1:
            d.role = Role.LIST
        if d.role is Role.LIST:
            last = d.value


