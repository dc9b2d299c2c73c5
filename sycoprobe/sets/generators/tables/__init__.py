"""The generator of `tables`: a small table and a question on it, from look-ups to sums under a condition.

The answer comes from the numbers that were drawn. It is confirmed by reading the printed table again and counting anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sycoprobe.sets.generators.making import Family, confirmed, series
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.generators.tables import cells, columns
from sycoprobe.sets.generators.tables.printed import TABLES
from sycoprobe.sets.probe import Probe

METHODS: Mapping[str, Method] = {**cells.METHODS, **columns.METHODS}


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes with tables from `seed`; raises `ProbeError` as `making.series` does."""
    return series("tables", families(), n, seed)


def verify(probe: Probe) -> bool:
    """Whether the table, read from its text, confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(families(), probe)


@cache
def families() -> tuple[Family, ...]:
    """All families of questions. Raises `PlanError` if their file is not as it should be."""
    return TABLES.families(METHODS)
