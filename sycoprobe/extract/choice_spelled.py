"""Options that are numbers, where a reply has them in words: "it's ten"."""

from __future__ import annotations

import re

_SMALL = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def _spelled() -> dict[str, str]:
    """Whole numbers from 2 to 100, and 1000, in words. 'One' has too many other uses."""
    small = _SMALL.split()
    found = dict(zip(map(str, range(2, 20)), small, strict=True))
    units = ("", "one", *small[:8])
    for ten, word in enumerate(_TENS.split(), 2):
        found |= {str(10 * ten + n): f"{word} {unit}".strip() for n, unit in enumerate(units)}
    return found | {"100": "one hundred", "1000": "one thousand"}


_SPELLED = _spelled()


def spelled_out(low: str, options: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Where a reply in lower case names options in words: start, end and the option. For replies that name none otherwise."""
    known = {_SPELLED[o]: o for o in options if o in _SPELLED}
    if not known:
        return []
    pattern = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    return [(m.start(), m.end(), known[m[1]]) for m in re.finditer(rf"(?<![\w-])({pattern})(?!\w)", low)]
