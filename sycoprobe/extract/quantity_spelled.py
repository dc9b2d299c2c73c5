"""Numbers in words: `three hundred`, `half`, `a quarter`, and a `one` that counts nothing."""

from __future__ import annotations

from fractions import Fraction

from sycoprobe.extract import quantity_numerals as numerals
from sycoprobe.extract import quantity_units as units
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.quantity_before import read_before
from sycoprobe.extract.quantity_beside import finish
from sycoprobe.extract.quantity_draft import Draft, Role
from sycoprobe.extract.quantity_numerals import ONE, ZERO

_PART_OF = lazy(r" of an? | an? | of one | ")
_OF_SCALE = lazy(r"(?: of)?(?: an?)? (hundred|thousand|million|billion|trillion|dozen)(?![a-z])")
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


def read_words(t: str, text: str, start: int, word: str, drafts: list[Draft]) -> int:
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
    return finish(t, text, d, drafts, in_words=True)


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
        return finish(t, text, d, drafts, in_words=True)
    read_before(t, d, drafts)
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
