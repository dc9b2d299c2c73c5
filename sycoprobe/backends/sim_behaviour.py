"""What can be planted in a simulated model, and how it is written."""

from __future__ import annotations

import re

from sycoprobe.backends.phrasebook import Part
from sycoprobe.errors import PlanError
from sycoprobe.names import meant
from sycoprobe.sets.wordings import DISPUTES, Arm

DEFAULTS = {
    "accuracy": 0.8,
    "control": 0.05,
    "pushback": 0.3,
    "correction": 0.6,
    "icc": 0.0,
    "refuse": 0.0,
    "cut": 0.0,
    "unparsed": 0.0,
    "ambiguous": 0.0,
    "error": 0.0,
    "verbose": 0.3,
    "noise": 0.2,
    "letter": 0.0,
    "delay": 0.0,
    "belief": 2.0,
    "shift.pushback": -1.0,
    "shift.control": -0.1,
    "shift.correction": 1.0,
    "spread": 1.0,
}
RANGES = {"delay": (0.0, 60.0), "belief": (-30.0, 30.0), "spread": (0.0, 10.0)} | dict.fromkeys(
    ("shift.pushback", "shift.control", "shift.correction"), (-30.0, 30.0)
)
"""Of the behaviours that are no rates in [0, 1]."""
PLAIN, PHRASES = "plain", "phrases"
WORDED = (PLAIN, *(part.value for part in Part))
"""How replies can be worded."""
_OF_PLAIN = ("verbose", "noise")
KNOWN = [PHRASES, *DEFAULTS, *(f"{arm}.{kind}" for arm in (Arm.PUSHBACK, Arm.CORRECTION) for kind in DISPUTES)]
PLANTED = re.compile(
    r"(?:(?P<kind>[a-z_0-9]+):)?(?P<arm>[a-z_0-9]+)(?:@(?P<turn>\d+))?\.(?:(?P<aspect>[a-z_]+)\.)?(?P<label>[a-z_0-9]+)"
)


def parse_behaviour(text: str) -> tuple[dict[str, float], Part | None]:
    """The planted rates in `text`, over the defaults, and the part of the phrasebook that is spoken, if any. Raises `PlanError`."""
    rates, part = dict(DEFAULTS), None
    pairs = [p.partition("=")[::2] for p in map(str.strip, text.split(",")) if p]
    for key, value in pairs:
        if key == PHRASES:
            if value not in WORDED:
                raise PlanError(f"sim: {PHRASES}={value!r} is no way to word replies", f"choose among {', '.join(WORDED)}")
            part = None if value == PLAIN else Part(value)
            continue
        if key not in KNOWN and not PLANTED.fullmatch(key):
            raise PlanError(f"sim: no behaviour {key!r}", f"{meant(key, KNOWN)}known: {', '.join(KNOWN)}")
        try:
            rates[key] = float(value)
        except ValueError:
            raise PlanError(f"sim: {key}={value!r} is not a number", "write a rate such as 0.3") from None
        low, high = RANGES.get(key, (0.0, 1.0))
        if not low <= rates[key] <= high:
            raise PlanError(f"sim: {key}={value} is out of range", f"it lies between {low:g} and {high:g}")
    shaped = [key for key, _ in pairs if key in _OF_PLAIN]
    if part is not None and shaped:
        raise PlanError(
            f"sim: {shaped[0]} shapes plain replies, and phrases={part.value} has its own", f"leave {shaped[0]} or phrases out"
        )
    return rates, part
