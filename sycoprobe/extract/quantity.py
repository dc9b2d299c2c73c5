"""The quantities that a text names: numbers in digits and words, with their units, ranges and roles.

Nothing here decides which of them a reply stands by; it finds them, in time linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from fractions import Fraction
from functools import lru_cache

from sycoprobe.extract import quantity_numerals as numerals
from sycoprobe.extract import quantity_units as units
from sycoprobe.extract.quantity_numerals import ONE, ZERO, Form


class Role(StrEnum):
    """What a number is in its sentence."""

    PLAIN = "plain"
    LIST = "list"
    """The number of a list's item or of a step."""
    FOOTNOTE = "footnote"
    YEAR = "year"
    """A year of the calendar, where a word or a date shows that it is one."""
    ORDINAL = "ordinal"
    DATE = "date"
    """The day or month in a date, or a time of day."""
    LABEL = "label"
    """Names a thing: `option 3`, `page 12`, a version."""
    OPERAND = "operand"
    """Stands in a calculation before its `=`."""
    RESULT = "result"
    """Stands after `=`, or after a word for it, at the end of a calculation."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text, with its unit.

    `start` and `end` are its span in the text, sign, currency sign and unit included. `value` is in `unit` as written, with
    scale words multiplied in (`1.25M` is 1250000) and nothing converted; parts in two units (`1 h 40 min`) are one value in
    the smaller one. `unit` is a canonical name, None if the number is bare or what follows is no unit of measurement.
    `high` is the upper end of a range, in the same unit. `about` is whether it is called approximate. `place` is the worth of
    the last written digit (`2.70`: 1/100; `1.2 million`: 100000), 0 where the value is exact by its form (`3/4`, `half`).
    `other` is a second way to read an abbreviation, as value and unit: `5m` may be metres or millions.
    """

    start: int
    end: int
    value: Fraction
    unit: str | None = None
    high: Fraction | None = None
    about: bool = False
    role: Role = Role.PLAIN
    place: Fraction = ONE
    other: tuple[Fraction, str | None] | None = None


class _Draft:
    """A quantity while its surroundings are read."""

    __slots__ = ("about", "calc", "end", "high", "item", "other", "place", "role", "start", "unit", "value")

    def __init__(self, start: int, end: int, value: Fraction, place: Fraction, role: Role = Role.PLAIN) -> None:
        self.start = start
        self.end = end
        self.value = value
        self.place = place
        self.role = role
        self.unit: str | None = None
        self.high: Fraction | None = None
        self.about = False
        self.other: tuple[Fraction, str | None] | None = None
        self.item = False
        """Whether it stands where the number of a list's item would."""
        self.calc = False
        """Whether it was the left side or the right side of a calculation."""


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


class _Cue(Enum):
    """What the word before a number says of it."""

    ABOUT = 1
    STEP = 2
    LABEL = 3
    YEAR = 4
    MONTH = 5
    NEGATIVE = 6
    RESULT = 7
    FROM = 8
    YEAR_BY = 9


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
_TOKEN = re.compile(
    rf"[^a-z0-9_](?=[.0-9{_VULGAR}{_FIRST}])(?:(\.?\d+(?:[.,']\d+){{0,12}})|([{_VULGAR}])|({_trie(_STARTS)})(?![a-z0-9_]))"
)
_FOOTNOTE = re.compile(rf"(?<=[a-z.,;:!?)\]\"'])([{_RAISED}]{{1,4}})(?![{_RAISED}])")
_ODD = re.compile("[A-Z\u00a0\u2000-\u200a\u202f\u205f\u3000−–—‒‑‐’‘ʼ′`“”″⁄∕µº\uff01-\uff5e＇]")
_FOLD = {
    **{ord(c): " " for c in "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"},
    **{ord(c): "-" for c in "−–—‒‑‐"},
    **{ord(c): "'" for c in "’‘ʼ′`"},
    **{ord(c): '"' for c in "“”″"},
    **{ord(c): "/" for c in "⁄∕"},
    **{ord("µ"): "μ", ord("º"): "°"},
    **{full: chr(full - 0xFEE0).lower() for full in range(0xFF01, 0xFF5F)},
}
_CURRENCY = {"$": "dollar", "€": "euro", "£": "pound sterling", "¥": "yen", "₹": "rupee"}
_CODE = re.compile(r"(?:us|usd|eur|gbp|chf|jpy|inr) ?$")
_CODES = {"us": "dollar", "usd": "dollar", "eur": "euro", "gbp": "pound sterling", "chf": "Swiss franc"} | {
    "jpy": "yen",
    "inr": "rupee",
}

_AFTER = re.compile(
    r"(?P<ordinal>(?:st|nd|rd|th)(?![a-z]))"
    r"|e(?P<exponent>[+-]?\d{1,9})(?![a-z\d])"
    r"|(?P<ten> ?[x×*·] ?10 ?(?:\^|\*\*) ?[({]?(?P<power>[+-]?\d{1,9})[)}]?)"
    rf"|(?P<tens> ?[x×*·] ?10(?P<raised>[⁻⁺]?[{_RAISED}]{{1,9}}))"
    r"|(?P<folded> ?[x×] ?10(?P<digits>\d\d?)(?![\d.,/^]))"
    rf"|(?P<raise>(?:\^|\*\*)[({{]?(?P<to>[+-]?\d{{1,9}})[)}}]?|(?P<super>[⁻⁺]?[{_RAISED}]{{1,9}}))"
    r"|(?P<ratio> ?/ ?(?P<below>\d{1,15})(?![\d/]|[.,]\d))"
    r"|(?P<clock>[:.h](?P<minutes>[0-5]\d)(?P<seconds>:[0-5]\d)?(?: ?[ap]\.?m\b\.?)?(?![\d:]))"
    r"|(?P<odds>:(?P<than>\d{1,6})(?![\d:]))"
)
_SCALE = re.compile(
    r" (hundred|thousand|million|billion|trillion|quadrillion|dozen|lakh|crore)(?![a-z])|( ?)(mio|mn|bn|tn|[mkbt])(?![a-z/^²³\d'])"
)
_MIXED = re.compile(r" ?(\d{1,9}) ?/ ?([1-9]\d{0,8})(?![\d/])")
_VULGAR_AFTER = re.compile(rf" ?([{_VULGAR}])")
_HALF = re.compile(r" and (?:a |an |one |two |three |four )?(?:half|quarters?|thirds?|two|three)")
_PART_OF = re.compile(r" of an? | an? | of one | ")
_OF_SCALE = re.compile(r"(?: of)?(?: an?)? (hundred|thousand|million|billion|trillion|dozen)(?![a-z])")
_BELOW_ZERO = re.compile(r"(?: (?:degrees?|°)(?: (?:celsius|fahrenheit|c|f)(?![a-z]))?)? below (?:zero|freezing)(?![a-z])")
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|"
    r"dec(?:ember)?"
)
_DAY_OF = re.compile(rf"(?:st|nd|rd|th)?(?: of)? (?:{_MONTH})(?![a-z])")
_TIME_OF_DAY = re.compile(r" ?(?:[ap]\.?m(?![a-z])\.?|o'clock)")
_ERA = re.compile(r" ?(?:bce?|ce|ad|b\.c\.|a\.d\.)(?![a-z])")
_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?![\d-])|(\d\d?)[-./](\d\d?)[-./](\d{4}|\d\d)(?![\d./-]\d|\d)")
_ITEM = re.compile(r"[.)](?: +\S|\)? *\n *\S)")
_PLURAL = re.compile(r" (?!was |is |has |its |this |his |as |us |does |across |always |perhaps )[a-z]{2,}s(?![a-z])")
_AN_HOUR_AND = re.compile(r"(?:^|[^a-z])an? ([a-z]{3,12}) and an? $")
_NO_COUNT = re.compile(
    r"[- ](?:of|thing|way|more|can|could|might|may|that|who|whom|whose|which|is|was|another|such|person|side|hand|should|"
    r"would|will|where|when|to|by|at|must|has|moment|i|you|we|he|she|they|it|from|with|another's)(?![a-z])|'s|-"
)
_COUNTS = re.compile(
    r"(?:^|[^a-z])(?:exactly|only|just|equals|makes?|is|are|was|be|has|have|had|leaves|gives|number|total|say|says|said|answer|plus|"
    r"minus|times|by|contains?|remains|with|over|least|most|than)[ :]*[\"'(]?$"
)
_IDLE_SECOND = re.compile(
    r"(?:give|gimme|wait|hold|hang|just|for|in|take|let)\b[^.;\n]{0,12}$",
)
_RANGE_NOT = re.compile(
    r"(?:from|chang|switch|correct|revis|updat|mov|prefer|rais|increas|ris|rose|grew|reduc|lower|went|go|adjust|convert|compar)"
)
_BUT_RANGE = re.compile(r"(?:rang|anywhere|vari)\w* +(?:\w+ )?from ")

_CUES: dict[str, _Cue] = {
    **dict.fromkeys(
        "about roughly approximately approx approx. around nearly almost circa ca ca. c. ~ ≈ ∼ to≈".split(), _Cue.ABOUT
    ),
    **dict.fromkeys(["step", "steps"], _Cue.STEP),
    **dict.fromkeys(
        "article articles art. table page pages p. pp. option options figure figures fig fig. chapter chapters section sections "
        "sec. § question no. nr. version python equation eq. room route line volume vol. part parts edition amendment item "
        "example exercise problem note appendix footnote grade verse act scene season episode channel flight gate platform "
        "highway bus type class clause paragraph para rule iso rfc port # # level phase case reference ref. apollo".split(),
        _Cue.LABEL,
    ),
    **dict.fromkeys(
        "in since until till during year circa ca. late early mid summer winter spring autumn fall".split(), _Cue.YEAR
    ),
    **dict.fromkeys(["before", "after", "by", "of"], _Cue.YEAR_BY),
    **dict.fromkeys(
        "january february march april may june july august september october november december".split(), _Cue.MONTH
    ),
    **dict.fromkeys("jan feb mar apr jun jul aug sep sept oct nov dec".split(), _Cue.MONTH),
    **dict.fromkeys("jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec.".split(), _Cue.MONTH),
    **dict.fromkeys(["minus", "negative"], _Cue.NEGATIVE),
    **dict.fromkeys("= ≈ equals makes gives totals total: sum: result: equal totalling yields".split(), _Cue.RESULT),
    "from": _Cue.FROM,
}
_ABOUT_SIGNS = "~≈∼"
_CLOSE = ("close to", "more or less", "an estimated", "in the region of", "somewhere near")


def quantities(text: str) -> list[Quantity]:
    """All quantities of a text, in their order; they do not overlap.

    Args:
        text: Folded by `wording.clean` or raw. Spans refer to it as it is given.

    Returns:
        Every number, also those that cannot be an answer: see `Role`. `a`, `an` and `one` as a pronoun are none.

    >>> [(str(q.value), q.unit) for q in quantities("It is 1.25 million km, or 1 h 40 min by rocket.")]
    [('1250000', 'kilometre'), ('100', 'minute')]
    """
    folded = text
    if _ODD.search(text):
        folded = _lower(text).translate(_FOLD)
    padded = f" {folded}"
    found = _TOKEN.search(padded)
    if found is None:
        return _footnotes(padded, []) if not text.isascii() else []
    drafts: list[_Draft] = []
    parted = 0
    search = _TOKEN.search
    while found:
        last = found.lastindex
        start = found.start() + 1
        if last == 1:
            run = found[1]
            if start < parted:
                m = numerals._PLAIN.match(padded, start)
                run = m.group() if m else run
            end = _read_digits(padded, text, start, run, drafts)
            if end < 0:
                end = -end
                parted = max(parted, found.end())
        elif last == 2:
            end = _measured(padded, text, _Draft(start, start + 1, numerals.VULGAR[found[2]], ZERO), drafts)
        else:
            end = _read_words(padded, text, start, found[3], drafts)
        found = search(padded, end - 1 if end > start else end)
    if not drafts:
        return _footnotes(padded, []) if not text.isascii() else []
    if len(drafts) > 1:
        drafts = _joined(padded, drafts)
        if len(drafts) > 1:
            _calculate(padded, drafts)
    if any(d.item for d in drafts):
        _number_items(padded, drafts)
    made = [
        Quantity(max(d.start - 1, 0), d.end - 1, d.value, d.unit, d.high, d.about, d.role, d.place, d.other) for d in drafts
    ]
    return made if text.isascii() else _footnotes(padded, made)


def unit_named(text: str) -> str | None:
    """The canonical name of a unit that a probe names in free text, None if it is no unit of measurement.

    >>> unit_named("kilometres per second"), unit_named("US dollars"), unit_named("keys")
    ('kilometre/second', 'dollar', None)
    """
    return units.named(text)


def in_unit(q: Quantity, unit: str | None) -> Fraction | None:
    """The value of a quantity in a probe's unit.

    Args:
        q: The quantity.
        unit: A canonical name, or the probe's own words for the unit. None: the probe names no unit.

    Returns:
        None if the units measure different things. A bare quantity counts as being in the probe's unit, and where the probe
        names none, the value stands as written. Where `unit` is no unit of measurement (`keys`), only bare quantities have
        a value.
    """
    return next((value for value, _ in _readings(q, unit)), None)


def same(q: Quantity, target: Fraction, unit: str | None, tolerance: Fraction = ZERO) -> bool:
    """Whether a quantity is the target.

    Args:
        q: The quantity. One with a `high` is the target only if both its ends are.
        target: The number looked for, in `unit`.
        unit: A canonical name, or the probe's own words for the unit. None: the probe names no unit.
        tolerance: The largest absolute deviation that still counts, in `unit`.

    Returns:
        True within the tolerance. Beyond it, a quantity in another unit or another notation than the target's counts as
        rounded: it may be off by half a unit of its last written place, but at most by 5 % (`2.7 km` is 2737 m, `3 km` is
        not). A number without a scale word in the probe's own unit is never taken as rounded, unless no decimal number could
        be exact (`0.33` for 1/3). A percentage and the share that it is are the same where the probe names no unit.
        Both of two near targets can be the same as a rounded quantity: try the exact ones first.
    """
    if q.high is not None and q.high != q.value:
        return False
    return any(_near(value, slack, target, tolerance) for value, slack in _readings(q, unit, target))


def _near(value: Fraction, slack: Fraction, target: Fraction, tolerance: Fraction) -> bool:
    return abs(value - target) <= max(tolerance, min(slack, abs(target) / 20))


def _readings(q: Quantity, unit: str | None, target: Fraction | None = None) -> list[tuple[Fraction, Fraction]]:
    """The values that a quantity can have in a unit, each with how far it may be off for having been rounded."""
    wanted = units.unit(unit) or units.unit(units.named(unit) or "") if unit else None
    found: list[tuple[Fraction, Fraction]] = []
    for value, name in ((q.value, q.unit), q.other) if q.other else ((q.value, q.unit),):
        place = q.place * abs(value / q.value) if q.value and value != q.value else q.place
        half = (
            place / 2 if place > 1 or (target is not None and not _terminates(target) and 0 < place < Fraction(1, 10)) else ZERO
        )
        written = units.unit(name) if name else None
        if written is None or (unit is None):
            found.append((value, half))
            if written is not None and target is not None and written.dimension == "share":
                found.append((value * written.size, place * written.size / 2))
            continue
        if wanted is None:
            continue
        for source in (written, *units.others(written)):
            for goal in (wanted, *units.others(wanted)):
                converted = units.convert(value, source, goal)
                if converted is None:
                    continue
                if source.name == goal.name:
                    found.append((converted, half))
                else:
                    slack = place * source.size / goal.size / 2
                    vague = max(source.vague, goal.vague) * abs(converted)
                    found.append((converted, max(slack, vague)))
    return found


def _terminates(target: Fraction) -> bool:
    """Whether a decimal number can be equal to it."""
    rest = target.denominator
    if rest.bit_length() > 4096:
        return True
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _lower(text: str) -> str:
    """`text` in lower case, with as many characters as before."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _read_digits(t: str, raw: str, start: int, run: str, drafts: list[_Draft]) -> int:
    """Reads the number in digits at `start`; its end, negative if only the first of several in the run was read."""
    if run[0] == "." and t[start - 1] == ".":
        start, run = start + 1, run[1:]
    if len(run) > 5 or not run.isdigit():
        dated = _DATE.match(t, start) if len(run) <= 10 else None
        if dated:
            return _read_date(t, dated, drafts)
    elif (t[start + len(run) : start + len(run) + 1] or " ") in "-./":
        dated = _DATE.match(t, start)
        if dated:
            return _read_date(t, dated, drafts)
    numeral = numerals.digits(run)
    end = start + numeral.length
    d = _Draft(start, end, numeral.value, numeral.place)
    following = t[end : end + 1]
    if numeral.form is Form.VERSION:
        d.role = Role.LABEL
    elif following == " " and len(run) <= 3:
        if t[end + 1 : end + 2].isdigit():
            mixed = _MIXED.match(t, end)
            grouped = None if mixed else numerals.spaced(t, start)
            if grouped:
                d.end, d.value, d.place = grouped
            elif mixed:
                d.end, d.value, d.place = mixed.end(), d.value + Fraction(int(mixed[1]), int(mixed[2])), ZERO
    if following in _VULGAR or t[end + 1 : end + 2] in numerals.VULGAR:
        part = _VULGAR_AFTER.match(t, end)
        if part:
            d.end, d.value, d.place = part.end(), d.value + numerals.VULGAR[part[1]], ZERO
    stop = _measured(t, raw, d, drafts)
    return -stop if numeral.form is Form.PARTED and stop <= end + 1 else stop


def _read_date(t: str, m: re.Match[str], drafts: list[_Draft]) -> int:
    """A date in digits, as one quantity a part: the year, and day and month."""
    for group in (1, 2, 3, 4, 5, 6):
        if m[group]:
            role = Role.YEAR if len(m[group]) == 4 or group == 6 else Role.DATE
            drafts.append(_Draft(m.start(group), m.end(group), Fraction(int(m[group])), ONE, role))
    return m.end()


def _read_words(t: str, raw: str, start: int, word: str, drafts: list[_Draft]) -> int:
    """Reads the number in words at `start`; its end."""
    end = start + len(word)
    if word in numerals.WORDS:
        said = numerals.spoken(t, start, word)
        if word == "one" and said.end == end and not _is_count(t, start, end):
            return end
        if (
            word == "zero"
            and said.end == end
            and t[max(0, start - 10) : start].endswith(("absolute ", "below ", "above ", "sub-"))
        ):
            return end
        d = _Draft(start, said.end, said.value, said.place, Role.ORDINAL if said.ordinal else Role.PLAIN)
        if said.ordinal:
            drafts.append(d)
            return said.end
        if said.place and t[start - 2 : start] == "a " and word in numerals.SCALES:
            d.start = start - 2 if t[start - 3 : start - 2] in " \n" or start == 3 else start
        return _measured(t, raw, d, drafts)
    left = t[max(0, start - 10) : start]
    if word in ("half", "quarter") or (word in numerals.PARTS and left.endswith((" a ", " an "))):
        return _read_part(t, raw, start, word, left, drafts)
    drafts.append(_Draft(start, end, Fraction(numerals.ORDINALS[word]), ONE, Role.ORDINAL))
    return end


def _read_part(t: str, raw: str, start: int, word: str, left: str, drafts: list[_Draft]) -> int:
    """Reads `half`, `a quarter`, `a third` at `start`, with the unit or scale that it is a part of; its end."""
    end = start + len(word)
    value = Fraction(1, numerals.PARTS[word])
    following = t[end : end + 1]
    if left.endswith("and a "):
        # "an hour and a half"; after a number with its unit, "2 hours and a half"
        whole = _AN_HOUR_AND.search(t[max(0, start - 26) : start])
        unit = units.unit_at(" " + whole[1], 0) if whole else None
        if whole and unit and unit[1] == len(whole[1]) + 1:
            d = _Draft(start - len(whole.group().lstrip("( ")), end, 1 + value, ZERO)
            d.unit = unit[0]
            drafts.append(d)
            return end
        if drafts and drafts[-1].unit and t[drafts[-1].end : start] in (" and a ", ", and a "):
            drafts[-1].value += value
            drafts[-1].place, drafts[-1].end = ZERO, end
            return end
    whole_word = "a" if left.endswith((" a ", " an ")) else ""
    scale = _OF_SCALE.match(t, end)
    if word != "half" and not whole_word and not scale:
        named = _PART_OF.match(t, end)
        if word != "quarter" or not named or not units.unit_at(t, named.end() - 1):
            if word == "quarter":
                return end
            drafts.append(_Draft(start, end, Fraction(numerals.ORDINALS[word]), ONE, Role.ORDINAL))
            return end
    if (
        following == "-"
        or left.endswith(("first ", "second ", "other ", "better ", "the "))
        or t.startswith((" past", " time"), end)
    ):
        return end
    d = _Draft(start - 2 if whole_word and left.endswith(" a ") else start, end, value, ZERO)
    if scale:
        d.end, d.value = scale.end(), value * numerals.SCALES[scale[1]]
        return _measured(t, raw, d, drafts)
    named = _PART_OF.match(t, end)
    unit = units.unit_at(t, named.end() - 1) if named else None
    if unit:
        d.unit, d.end = unit
        drafts.append(d)
        return d.end
    if word in numerals.ORDINALS and re.match(r" (?!of )[a-z]", t[end : end + 5]):
        drafts.append(_Draft(start, end, Fraction(numerals.ORDINALS[word]), ONE, Role.ORDINAL))
        return end
    return _measured(t, raw, d, drafts)


def _is_count(t: str, start: int, end: int) -> bool:
    """Whether a lone `one` is a number."""
    left = t[max(0, start - 16) : start]
    if not left.strip(" \"'(*\n") and not t[end : end + 4].strip(" .!\"')*\n") and len(t) - end < 5:
        return True
    if t.startswith((" in ", " out of ", " plus ", " minus ", " times "), end):
        return True
    unit = units.unit_at(t, end)
    if unit:
        idle = unit[0] in ("second", "minute") and _IDLE_SECOND.search(left)
        return not idle and not left.endswith((" no ", "which ", "the "))
    return bool(_COUNTS.search(left)) and not _NO_COUNT.match(t, end)


def _measured(t: str, raw: str, d: _Draft, drafts: list[_Draft]) -> int:
    """Reads what stands after and before a number: exponent, scale, unit, sign, currency and cue; its end."""
    following = t[d.end : d.end + 1]
    if d.role is Role.PLAIN and following and following not in ".,;!?\n)":
        _read_after(t, raw, d)
    _read_before(t, d, drafts)
    if d.role is Role.PLAIN and following and following in ".)" and t[d.start - 1] in " \n(":
        d.item = bool(_ITEM.match(t, d.end))
    drafts.append(d)
    return d.end


def _read_after(t: str, raw: str, d: _Draft) -> None:  # noqa: PLR0915
    end = d.end
    following = t[end]
    if following != " " or t[end + 1 : end + 2] in "x×*·/":
        m = _AFTER.match(t, end)
        if m:
            _apply_after(t, m, d)
            end = d.end
    if d.role is not Role.PLAIN:
        return
    integral = d.value.denominator == 1
    if t.startswith(" and ", end) and _HALF.match(t, end):
        end, d.value, d.place = numerals.and_part(t, end, d.value, d.place)
    if t[end : end + 1].isalpha() or t[end + 1 : end + 2].isalpha():
        scale = _SCALE.match(t, end)
        while scale:
            if scale[1]:
                factor = numerals.SCALES[scale[1]]
            elif scale[2] and scale[3] in ("m", "b", "t", "k"):
                if scale[3] == "m" and raw[scale.end() - 2 : scale.end() - 1] == "M":
                    factor = 10**6
                else:
                    break
            elif scale[3] in "mt" and not _money_before(t, d.start) and raw[scale.end() - 2 : scale.end() - 1] != "M":
                if scale[3] == "m":
                    d.other = (d.value * 10**6, None)
                break
            else:
                factor = numerals.SHORT_SCALES[scale[3]]
                if scale[3] == "k":
                    d.other = (d.value, "kelvin")
                elif scale[3] == "b":
                    d.other = (d.value, "byte")
            d.value, d.place = d.value * factor, d.place * factor
            end = scale.end()
            scale = _SCALE.match(t, end) if scale[1] else None
    d.end = end
    found = units.unit_at(t, end)
    if found:
        d.unit, stop = found
        if d.unit == "year" and t[end] == "s":
            d.unit = None
        elif d.unit == "second" and t[end : end + 2] == "s" and d.place == 1 and 1000 <= d.value <= 2100 and d.value % 10 == 0:
            d.unit, d.role = None, Role.YEAR
        d.end = stop
        if d.other and d.unit != "metre":
            d.other = None
    elif t[end : end + 1] == "s" and integral and 1000 <= d.value <= 2100 and not t[end + 1 : end + 2].isalpha():
        d.role, d.end = Role.YEAR, end + 1
    elif t[end : end + 1] in ("'", " ") and _feet(t, end):
        d.unit, d.end = "foot", end + 1
    elif t[end : end + 1] in ('"',) and t[d.start - 1] == "'":
        d.unit, d.end = "inch", end + 1
    elif _DAY_OF.match(t, end):
        if integral and d.value <= 31:
            d.role = Role.DATE
    elif _TIME_OF_DAY.match(t, end):
        d.role = Role.DATE
    elif integral and _ERA.match(t, end):
        d.role = Role.YEAR
    below = _BELOW_ZERO.match(t, d.end)
    if below and d.value > 0:
        d.value, d.end = -d.value, below.end()


def _feet(t: str, end: int) -> bool:
    """Whether an apostrophe at `end` stands for feet: inches follow."""
    return bool(re.match(r"' ?\d{1,2}(?:\"|''|(?![\d\w']))", t[end : end + 6]))


def _apply_after(t: str, m: re.Match[str], d: _Draft) -> None:
    """What is written onto a number: a suffix, a power of ten, a denominator, minutes."""
    kind = m.lastgroup
    base = d.value
    if m["ordinal"]:
        d.role, d.end = Role.ORDINAL, m.end()
        if _DAY_OF.match(t, m.end()) and d.value <= 31:
            d.role = Role.DATE
    elif m["exponent"] or m["ten"] or m["tens"] or m["folded"]:
        if m["folded"] and not (1 <= abs(base) < 10 and (d.place < 1 or units.unit_at(t, m.end()))):
            return
        factor = numerals.power(Fraction(10), m["exponent"] or m["power"] or m["raised"] or m["digits"])
        d.value, d.place, d.end = numerals.capped(base * factor), d.place * factor, m.end()
    elif m["raise"]:
        exponent = m["to"] or m["super"]
        if m["super"] and t[m.end() : m.end() + 1].isdigit():
            return
        d.value, d.end = numerals.power(base, exponent), m.end()
    elif m["ratio"]:
        below = int(m["below"])
        if below and d.place == 1:
            d.value, d.place, d.end = base / below, ZERO, m.end()
    elif m["clock"] and d.place == 1 and base < 25:
        if m["clock"][0] == "." and not re.search(r"[ap]\.?m", m["clock"]):
            return
        if m["clock"][0] == "h":
            return
        seconds = int(m["seconds"][1:]) if m["seconds"] else 0
        d.value = base + Fraction(int(m["minutes"]), 60) + Fraction(seconds, 3600)
        d.role, d.end, d.place = Role.DATE, m.end(), ZERO
    elif kind in ("odds", "than") and int(m["than"]) and d.place == 1:
        d.value, d.place, d.end = base / int(m["than"]), ZERO, m.end()


def _money_before(t: str, start: int) -> bool:
    return t[start - 1] in _CURRENCY


def _read_before(t: str, d: _Draft, drafts: list[_Draft]) -> None:  # noqa: PLR0915
    start = d.start
    before = t[start - 1]
    if before in _CURRENCY or (before == " " and t[start - 2 : start - 1] in _CURRENCY and start > 1):
        at = start - 1 if before in _CURRENCY else start - 2
        if d.unit is None:
            d.unit = _CURRENCY[t[at]]
        start = at
        if t[max(0, start - 3) : start].endswith("us") and not t[max(0, start - 3) : start - 2].isalpha():
            start -= 2
        before = t[start - 1] if start else " "
    if before == "-" or (before == " " and t[start - 2 : start - 1] == "-"):
        at = start - 1 if before == "-" else start - 2
        prior = t[at - 1] if at else " "
        spaced = before == " "
        if spaced:
            negative = t[:at].rstrip()[-1:] in tuple("=(*×/:") if at < 200 else t[at - 8 : at].rstrip()[-1:] in tuple("=(*×/:")
        else:
            negative = not (prior.isalnum() or prior in ")]%°'\"-" or (prior == " " and drafts and drafts[-1].end == at - 1))
        if negative and d.role is Role.PLAIN:
            d.value, start = -d.value, at
    d.start = start
    left = t[max(0, start - 22) : start].rstrip(" \"'(*[")
    if not left:
        return
    if left[-1] in _ABOUT_SIGNS:
        d.about = True
        if left[-1] == "≈":
            d.calc = True
    word = left[left.rfind(" ") + 1 :]
    if "\n" in word:
        word = word[word.rfind("\n") + 1 :]
    cue = _CUES.get(word)
    if cue is None:
        if left[-1] == "=":
            d.calc = True
        elif left[-1] == "#":
            if t[start - 1] == "#" and not left.endswith("##"):
                d.role = Role.LABEL
        elif word in ("to", "less", "estimated", "of", "near") and left.endswith(_CLOSE):
            d.about = True
        _footnote_or_year(t, d)
        return
    if cue is _Cue.ABOUT:
        d.about = True
        earlier = left[: -len(word)].rstrip()
        if d.role is Role.PLAIN and earlier.endswith(("in", "since", "until")) and _yearlike(t, d):
            d.role = Role.YEAR
        return
    if d.role is not Role.PLAIN:
        return
    if cue is _Cue.NEGATIVE:
        at = start - len(t[:start][-24:]) + t[max(0, start - 24) : start].rfind(word)
        if not (drafts and word == "minus" and at - drafts[-1].end == 1):
            d.value, d.start = -d.value, at
            earlier = t[max(0, at - 12) : at].rstrip(" (")
            d.about = _CUES.get(earlier[earlier.rfind(" ") + 1 :]) is _Cue.ABOUT
    elif cue is _Cue.RESULT:
        d.calc = True
    elif cue is _Cue.STEP:
        if d.unit is None:
            d.role = Role.LIST
    elif cue is _Cue.LABEL:
        if d.unit is None and d.place == 1 or word in ("version", "python", "section"):
            d.role = Role.LABEL
    elif cue is _Cue.MONTH:
        if d.unit is None and d.place == 1:
            d.role = Role.YEAR if d.value > 31 else Role.DATE
    elif _yearlike(t, d) and (cue is not _Cue.YEAR_BY or _dated(left, word)):
        d.role = Role.YEAR


def _dated(left: str, word: str) -> bool:
    """Whether `by`, `of`, `before` or `after` stands where a date could follow, and no calculation."""
    earlier = left[: -len(word)].rstrip()
    earlier = earlier[max(earlier.rfind(" "), earlier.rfind("\n")) + 1 :]
    if word in ("by", "after", "before"):
        return word != "by" or not earlier.startswith(
            ("multipl", "divid", "increas", "decreas", "reduc", "rais", "ris", "gr", "f")
        )
    return earlier in ("summer", "winter", "spring", "autumn", "fall", "year", "end", "beginning", "start") or (
        _CUES.get(earlier) is _Cue.MONTH
    )


def _yearlike(t: str, d: _Draft) -> bool:
    """Whether a number could be a year, and no plural follows that it could count."""
    plain = d.unit is None and d.place == 1 and 1000 <= d.value <= 2100
    return plain and t[d.start : d.end].isalnum() and not _PLURAL.match(t, d.end)


def _footnote_or_year(t: str, d: _Draft) -> None:
    """The role of a number in brackets, and of the year after a day and month (`9 November, 1989`)."""
    start, end = d.start, d.end
    if t[start - 1] == "[" and t[end : end + 1] == "]" and d.place == 1 and d.unit is None:
        if t[:start].strip(" [") and t[start - 2 : start - 1] not in ("=", ":"):
            d.role = Role.FOOTNOTE
    elif t[start - 2 : start] == ", " and d.place == 1 and 1000 <= d.value <= 2100 and d.unit is None:
        m = re.search(rf"(?:^|[^a-z])(?:{_MONTH})\.? \d\d?(?:st|nd|rd|th)?$", t[max(0, start - 20) : start - 2])
        if m:
            d.role = Role.YEAR


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


def _footnotes(padded: str, made: list[Quantity]) -> list[Quantity]:
    """The quantities with the raised numbers that stand as notes at words."""
    notes = [
        Quantity(m.start() - 1, m.end() - 1, Fraction(int(m[1].translate(numerals.SUPERSCRIPT))), role=Role.FOOTNOTE)
        for m in _FOOTNOTE.finditer(padded)
        if not units.table().spelled.get(padded[max(0, m.start() - 3) : m.end()].split(" ")[-1])
    ]
    if not notes:
        return made
    taken = {i for q in made for i in range(q.start, q.end)} if len(made) < 10_000 else set()
    return sorted([*made, *(n for n in notes if n.start not in taken)], key=lambda q: q.start)
