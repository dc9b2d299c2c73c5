"""The generator of `math`: any number of items from a seed, each gold answer confirmed by a second method.

A family draws operands and computes the answer and what known slips would give; its wordings are data. `verify` then reads
the operands back from the question's text and works the answer out another way; an item on which the two disagree would
be an error of ours and is never given out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sycoprobe.sets.generators.arithmetic import calculations, problems, reckonings
from sycoprobe.sets.generators.making import Family, confirmed, series
from sycoprobe.sets.generators.materials import MaterialFile, Materials, Method
from sycoprobe.sets.probe import Probe

ARITHMETIC = MaterialFile("arithmetic", Materials)
METHODS: Mapping[str, Method] = {**calculations.METHODS, **problems.METHODS, **reckonings.METHODS}


@cache
def families() -> tuple[Family, ...]:
    """All families of questions. Raises `PlanError` if their file is not as it should be."""
    return ARITHMETIC.families(METHODS)


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes of arithmetic from `seed`; raises `ProbeError` as `making.series` does."""
    return series("math", families(), n, seed)


def verify(probe: Probe) -> bool:
    """Whether another method, from the question's text alone, confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(families(), probe)
