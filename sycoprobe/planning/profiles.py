"""Which kinds, sets and sizes a profile asks: the same everywhere, so that two people's `--profile quick` can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sycoprobe.planning.legacy import DEFAULT_KIND

WRITTEN = (
    "facts",
    "misconceptions",
    "safety",
    "law",
    "everyday",
    "programming",
    "language",
    "culture",
    "science",
    "history",
    "geography",
)


class Profile(StrEnum):
    """How much is asked."""

    QUICK = "quick"
    """Every kind that has a shipped set, on a few items: 530 to 750 calls. Shows what is there, decides little."""
    CI = "ci"
    """The kinds that rules read surely, on enough items for a limit of 0.1: 1,456 to 1,648 calls."""
    STANDARD = "standard"
    """Every kind on about 40 items, the challenge kind on 150: 2,330 to 3,490 calls."""
    FULL = "full"
    """Every kind on all that its sets have, the challenge kind on all written sets: 12,149 to 15,573 calls."""


@dataclass(frozen=True, slots=True)
class Part:
    """One run of a profile: a kind, its sets (none: the kind's own), at most `n` probes of each, and the kind's settings."""

    kind: str
    sets: tuple[str, ...] = ()
    n: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def parts_of(profile: Profile, kinds: tuple[str, ...]) -> tuple[Part, ...]:
    """The runs of a profile; `kinds` are the names of the probe kinds that have shipped sets."""
    match profile:
        case Profile.QUICK:
            small: dict[str, dict[str, Any]] = {"pressure": {"turns": 3}, "distance": {"tokens": (0, 500)}}
            return (Part(DEFAULT_KIND, ("quick",)), *(Part(k, (), 10, small.get(k, {})) for k in kinds))
        case Profile.CI:
            return (
                Part(DEFAULT_KIND, ("facts",), 100),
                *(Part(k, (), 60) for k in kinds if k in ("hint", "statement", "persona")),
            )
        case Profile.STANDARD:
            return (Part(DEFAULT_KIND, ("facts",), 150), *(Part(k, (), 40) for k in kinds))
        case Profile.FULL:
            return (Part(DEFAULT_KIND, WRITTEN), *(Part(k) for k in kinds))
