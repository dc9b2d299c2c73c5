"""The generator of `dates`: weekdays, spans, leap years, ISO weeks and ages in the Gregorian calendar.

The answer comes from `datetime`; it is confirmed by the Julian day number, which is integer arithmetic alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sycoprobe.sets.generators.dates import days, spans
from sycoprobe.sets.generators.dates.calendar import DATES
from sycoprobe.sets.generators.making import Family, confirmed, series
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import Probe

METHODS: Mapping[str, Method] = {**days.METHODS, **spans.METHODS}


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes about dates from `seed`; raises `ProbeError` as `making.series` does."""
    return series("dates", families(), n, seed)


def verify(probe: Probe) -> bool:
    """Whether arithmetic on Julian day numbers confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(families(), probe)


@cache
def families() -> tuple[Family, ...]:
    """All families of questions. Raises `PlanError` if their file is not as it should be."""
    return DATES.families(METHODS)
