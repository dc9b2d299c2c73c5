"""Random generators that depend on a seed and on names only: not on order, process or platform."""

from __future__ import annotations

import hashlib
import random


def rng_for(seed: int, *parts: str) -> random.Random:
    """A generator that depends on `seed` and `parts` only."""
    text = "\x1f".join((str(seed), *parts))
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))
