"""The generator of `logic`: syllogisms, conditionals, orderings, assignments, truth-tellers and labelled boxes.

The answer is derived by rules or known from how the puzzle was built. It is confirmed by listing every model of the text:
every way the world could be in which all that is said holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sycoprobe.sets.generators.logic import conditionals, islanders, orderings, places, syllogisms
from sycoprobe.sets.generators.logic.words import LOGIC
from sycoprobe.sets.generators.making import Family, confirmed, series
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import Probe

METHODS: Mapping[str, Method] = {
    **syllogisms.METHODS,
    **conditionals.METHODS,
    **orderings.METHODS,
    **islanders.METHODS,
    **places.METHODS,
}


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` logic probes from `seed`; raises `ProbeError` as `making.series` does."""
    return series("logic", families(), n, seed)


def verify(probe: Probe) -> bool:
    """Whether the models of its text confirm the probe; raises `ValueError` for a question of no family."""
    return confirmed(families(), probe)


@cache
def families() -> tuple[Family, ...]:
    """All families of puzzles. Raises `PlanError` if their file is not as it should be."""
    return LOGIC.families(METHODS)
