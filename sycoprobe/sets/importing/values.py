"""What foreign cells hold, as probes want it: text, lists, lettered options, answer formats."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.rows import Row
from sycoprobe.sets.lettered import Lettered
from sycoprobe.sets.probe import LETTERS, AnswerFormat, parse_number
from sycoprobe.text import normalise

MAX_SHORT = 500
_MOST_SKIPPED = 2
"""So many letters may be missing one after the other in a block of options; what begins with a later one is text."""
_LETTER = re.compile(r"\s*\(?([A-Z])\)?[.):,]*\s*")


def plain(value: Any) -> str | None:
    """A cell as text, or None if it is empty or no single value. Numbers are written as they stand; true is `yes`, false `no`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int | float | Decimal | date | datetime | time):
        try:
            return str(value)
        except ValueError:
            return None
    if isinstance(value, str) and value.strip():
        return value.strip()
    return None


def is_gap(value: Any) -> bool:
    """Whether nothing stands there: null, NaN, or an empty text."""
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, float) and not math.isfinite(value))
    )


def several(value: Any) -> list[str]:
    """A cell as a list of texts: of a list those of its elements that are not empty, of a single value the one."""
    if isinstance(value, list | tuple):
        return [text for v in value if (text := plain(v)) is not None]
    one = plain(value)
    return [] if one is None else [one]


def no_text_in(value: Any) -> str | None:
    """What is wrong with the first element of a list that is neither a text nor empty; None if there is none."""
    elements = value if isinstance(value, list | tuple) else [value]
    odd = next(((n, v) for n, v in enumerate(elements, 1) if plain(v) is None and not is_gap(v)), None)
    return None if odd is None else f"element {odd[0]} is {sort_of(odd[1])}"


def missing(row: Row, field: str, fix: str) -> Fault:
    """The fault of a field that a row needs and does not have; it says whether NaN or nothing usable stands there."""
    if field in row.not_numbers:
        return row.fault(field, f"{field}: is NaN", fix)
    value = row.get(field)
    if isinstance(value, float) and not math.isfinite(value):
        return row.fault(field, f"{field}: is NaN", fix)
    if value is None:
        return row.fault(field, f"{field}: is missing", fix)
    if value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
        return row.fault(field, f"{field}: is empty", fix)
    return row.fault(field, f"{field}: is of the wrong type: {sort_of(value)}", fix)


def sort_of(value: Any) -> str:
    """What a value is, for a message: an object with its keys, a list with its length, or a text or number."""
    if isinstance(value, Mapping):
        keys = ", ".join(repr(str(k))[:40] for k in list(value)[:6])
        return f"an object with the keys {keys}{', …' if len(value) > 6 else ''}" if value else "an empty object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"of the type {type(value).__name__}" if plain(value) is None else repr(plain(value))[:60]


def listed(names: Iterable[str], most: int) -> str:
    """Names in quotes, the first of them, and how many more there are."""
    every = list(names)
    return ", ".join(map(repr, every[:most])) + (f" and {len(every) - most} more" if len(every) > most else "")


def like(name: str, names: Iterable[str]) -> str | None:
    """The one of the names that is meant by another that is none of them: the same but for case, or nearly the same."""
    folded = {n.casefold(): n for n in names}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.75)
    return folded[found[0]] if found else None


def numbered(places: Sequence[int]) -> str:
    """The options at some places, counted from 0, as people count them, and the verb that follows."""
    numbers = ", ".join(str(p + 1) for p in places)
    return f"number {numbers} is" if len(places) == 1 else f"numbers {numbers} are"


def own_letters(row: Row, field: str, own: Lettered) -> Fault:
    """What is reported of a row whose options brought their own letters, numbers or bullets."""
    what = "a bullet" if not own.marks[0] else "a number" if own.marks[0].isdigit() else "a letter"
    message = f"{field}: each option bears {what} of its own, as in {own.whole[0][:40]!r}"
    return row.fault(field, message, "it was taken off, here and in the answers: conversations letter the options anew")


def options_in(block: str) -> list[str]:
    """The options of a lettered block such as `(A) red\\n(B) blue`; letters follow each other from A.

    Options on lines of their own win over those within a line, so that "both (B) and (C)" stays one option.
    """
    own_lines = _lettered(block, r"(?:^|\n)[ \t]*\(?{}[).:][ \t]*", skipping=True)
    return own_lines if len(own_lines) > 1 else _lettered(block, r"(?:^|\s)\(?{}\)[ \t]*")


def options_begin(text: str) -> int | None:
    """Where a lettered block begins in a text, or None."""
    found = re.search(r"\n[ \t]*\(?A[).:]", text) or re.search(r"\s\(A\)", text)
    return found.start() if found else None


def letter_in(text: str) -> str | None:
    """The letter that a text such as ` (A)`, `B.` or `C` consists of, or None."""
    found = _LETTER.fullmatch(text)
    return found[1] if found else None


def one_of(options: Sequence[str], said: str) -> str | None:
    """The option that `said` names, by letter, by letter and text, or by text; None if none or several."""
    if (letter := letter_in(said)) is not None and normalise(said) not in {normalise(o) for o in options}:
        index = LETTERS.index(letter)
        return options[index] if index < len(options) else None
    bare = re.sub(r"^\s*\(([A-Z])\)\s*", "", said)
    found = [o for o in options if normalise(o) == normalise(bare) or normalise(o) == normalise(said)]
    return found[0] if len(found) == 1 else None


def format_of(answer: str, wrong: str, options: Sequence[str]) -> AnswerFormat:
    """The answer format that fits: a choice if there are options, else yes/no or a number if both answers are, else short text."""
    if options:
        return AnswerFormat.CHOICE
    if {answer.lower(), wrong.lower()} == {"yes", "no"}:
        return AnswerFormat.YES_NO
    if parse_number(answer) is not None and parse_number(wrong) is not None:
        return AnswerFormat.NUMBER
    return AnswerFormat.SHORT_TEXT


def aliases_of(answer: str, candidates: Sequence[str]) -> tuple[list[str], int]:
    """The candidates that are further ways to write `answer`, each once, and how many others were too long or had no letter or digit."""
    kept: list[str] = []
    seen = {normalise(answer)}
    unusable = 0
    for text in candidates:
        form = normalise(text)
        if not any(c.isalnum() for c in text) or len(text) > MAX_SHORT:
            unusable += 1
        elif form not in seen:
            seen.add(form)
            kept.append(text)
    return kept, unusable


def json_list(text: str) -> list[Any] | None:
    """The list that `text` is as JSON, or None."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def slug(text: str, most: int = 60) -> str:
    """`text` as an id may be written: lower-case letters, digits, '.', '_' and '-'; empty if nothing is left."""
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-._")[:most].rstrip("-._")


def _lettered(block: str, marker: str, skipping: bool = False) -> list[str]:
    """The texts between the markers of A, B, C … in a block; an empty one for each that is skipped, so that none gets another's letter."""
    found: list[tuple[int, int, int]] = []
    at = 0
    for place, letter in enumerate(LETTERS):
        here = re.compile(marker.format(letter)).search(block, at)
        if here is not None:
            found.append((place, here.start(), here.end()))
            at = here.end()
        elif not skipping or not found or place - found[-1][0] > _MOST_SKIPPED:
            break
    ends = [*(start for _, start, _ in found[1:]), len(block)]
    made = [""] * (found[-1][0] + 1) if found else []
    for (place, _, begin), end in zip(found, ends if found else [], strict=True):
        made[place] = block[begin:end].strip()
    return made
