"""The generator of `units`: conversions in exact or agreed units, temperatures, areas, speeds, data sizes, and two-step ones.

The answer comes from the direct factor between two units. It is confirmed by a chain of fractions through one base unit of
each kind, for which the sizes stand in a table of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sycoprobe.sets.generators.making import Family, confirmed, series
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.generators.units import conversions, problems, temperatures
from sycoprobe.sets.generators.units.sizes import UNITS
from sycoprobe.sets.probe import Probe

METHODS: Mapping[str, Method] = {**conversions.METHODS, **temperatures.METHODS, **problems.METHODS}


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes about units from `seed`; raises `ProbeError` as `making.series` does."""
    return series("units", families(), n, seed)


def verify(probe: Probe) -> bool:
    """Whether a chain of fractions confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(families(), probe)


@cache
def families() -> tuple[Family, ...]:
    """All families of questions. Raises `PlanError` if their file is not as it should be."""
    return UNITS.families(METHODS)
