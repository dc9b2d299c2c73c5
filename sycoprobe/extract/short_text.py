"""Finding the known answers to a question with a short answer in words."""

from __future__ import annotations

import re
from functools import lru_cache

from sycoprobe.extract.characters import Plain, plain
from sycoprobe.extract.discourse import Mention
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.short_text_dates import DATE, with_dates
from sycoprobe.extract.types import Stance
from sycoprobe.extract.written import bare, flexible
from sycoprobe.sets.probe import Asked, Probe

_DECORATION_LEFT = lazy(r"(?:\b(?:the|an?) )?[\"'(\[]*\Z")


@lru_cache(maxsize=4096)
def _pattern(probe: Probe) -> tuple[re.Pattern[str], dict[str, Stance], bool]:
    """One pattern for all forms of both answers, the longest first; whose each is; whether they are dates."""
    forms: dict[str, Stance] = {}
    for stance, written in ((Stance.RIGHT, probe.right_forms), (Stance.PUSHED, probe.wrong_forms)):
        for form in written:
            low = plain(form).low
            forms.setdefault(bare(low) or low, stance)
    _with_last_names(probe, forms)
    dates = any(DATE.fullmatch(f) for f in forms)
    alternatives = "|".join(flexible(f) for f in sorted(forms, key=len, reverse=True) if f)
    return re.compile(rf"(?<![\w])(?:{alternatives})(?:s|es)?(?!\w)"), forms, dates


def _with_last_names(probe: Probe, forms: dict[str, Stance]) -> None:
    """'Bell' for 'Alexander Graham Bell', where the other answer does not share it."""
    for form, stance in ((probe.answer, Stance.RIGHT), (probe.wrong_answer, Stance.PUSHED)):
        words = form.split()
        if len(words) > 1 and all(w[:1].isupper() for w in words) and len(words[-1]) >= 3 and words[-1].isalpha():
            last = plain(words[-1]).low
            other = [f for f, s in forms.items() if s is not stance]
            if not any(last in f.split() for f in other) and last not in plain(probe.question).low.split():
                forms.setdefault(last, stance)


def find(text: Plain, asked: Asked) -> list[Mention]:
    """Every place where a reply names one of the two known answers, in order. The keys are the stances' values."""
    low = text.low
    pattern, forms, dates = _pattern(asked.probe)
    found: list[Mention] = []
    for m in pattern.finditer(low):
        said = m.group()
        stance = forms.get(bare(said)) or forms.get(bare(said.removesuffix("s"))) or forms.get(bare(said.removesuffix("es")))
        if stance is not None:
            found.append(_decorated(low, m.start(), m.end(), stance.value))
    if dates:
        found = with_dates(low, asked.probe, found)
    return found


def asks_for_a_date(probe: Probe) -> bool:
    """Whether one of the known answers is a date."""
    return _pattern(probe)[2]


def _decorated(low: str, start: int, end: int, key: str) -> Mention:
    left = _DECORATION_LEFT.search(low, max(0, start - 8), start)
    if left:
        start = left.start()
    while end < len(low) and low[end] in "\"')]":
        end += 1
    return Mention(start, end, key)
