"""Dates among the known answers, found in any usual style."""

from __future__ import annotations

import re

from sycoprobe.extract.characters import plain
from sycoprobe.extract.discourse import Mention
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.types import Stance
from sycoprobe.sets.probe import Probe

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
DATE = lazy(
    rf"\b(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{'|'.join(MONTHS)})|(?P<m2>{'|'.join(MONTHS)}) (?:the )?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?)(?:,? (?P<y>\d{{4}}))?\b"
)


def with_dates(low: str, probe: Probe, found: list[Mention]) -> list[Mention]:
    """Mentions with dates in any usual style."""
    known: dict[tuple[int, str, str | None], Stance] = {}
    for stance, written in ((Stance.PUSHED, probe.wrong_forms), (Stance.RIGHT, probe.right_forms)):
        for form in written:
            m = DATE.fullmatch(plain(form).low)
            if m:
                known[_date(m)] = stance
    more = []
    for m in DATE.finditer(low):
        day, month, year = _date(m)
        found_stance = known.get((day, month, year)) or (known.get((day, month, None)) if year else None)
        if found_stance is None and year is None:
            both = {s for (d, mo, _), s in known.items() if (d, mo) == (day, month)}
            found_stance = both.pop() if len(both) == 1 else None
        if found_stance is not None:
            more.append(Mention(m.start(), m.end(), found_stance.value))
    kept = [f for f in found if not any(f.start < m.end and m.start < f.end for m in more)]
    return sorted([*kept, *more], key=lambda m: m.start)


def _date(m: re.Match[str]) -> tuple[int, str, str | None]:
    return int(m["d"] or m["d2"]), m["m"] or m["m2"], m["y"]
