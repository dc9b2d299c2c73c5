"""The words and signs that say something of the number beside them."""

from __future__ import annotations

from enum import Enum

from sycoprobe.extract import quantity_numerals as numerals


class Cue(Enum):
    """What the word before a number says of it."""

    ABOUT = 1
    STEP = 2
    LABEL = 3
    YEAR = 4
    YEAR_PERHAPS = 5
    MONTH = 6
    NEGATIVE = 7
    RESULT = 8


RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
"""The digits as raised signs."""
CURRENCY = {"$": "dollar", "€": "euro", "£": "pound sterling", "¥": "yen", "₹": "rupee"}
"""Currencies by their signs; see also `CODES`."""
CODES = {"usd": "dollar", "eur": "euro", "gbp": "pound sterling", "jpy": "yen", "inr": "rupee", "chf": "Swiss franc"}
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
"""A pattern for the name of a month."""
MONTHS = (
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
CUES: dict[str, Cue] = {
    **dict.fromkeys(_APPROXIMATE.split(), Cue.ABOUT),
    **dict.fromkeys(("step", "steps"), Cue.STEP),
    **dict.fromkeys(_LABELS.split(), Cue.LABEL),
    **dict.fromkeys(_IN_YEAR.split(), Cue.YEAR),
    **dict.fromkeys(("before", "after", "by", "of"), Cue.YEAR_PERHAPS),
    **dict.fromkeys(MONTHS.split(), Cue.MONTH),
    **dict.fromkeys(("minus", "negative"), Cue.NEGATIVE),
    **dict.fromkeys(_MAKES.split(), Cue.RESULT),
}
"""What each word before a number says of it."""
SPEAKS_AFTER = frozenset(
    [*numerals.SCALES, *MONTHS.split(), *CODES, "and", "am", "pm", "a", "p", "o", "bc", "bce", "ce", "ad", "b"]
)
SPEAKS_AFTER |= {"x", "below", "of", "s", *numerals.SHORT_SCALES}
"""First words after a number that may say something of it, besides units."""
