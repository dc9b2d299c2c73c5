"""The generator of `code`: short Python programs, and what they print.

The answer is worked out beside the program when it is drawn. It is confirmed by `evaluating.printed`, which walks the
program's syntax tree; generating never executes a program. The tests execute thousands of them with Python itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sycoprobe.sets.generators.code import control, expressions, sequences
from sycoprobe.sets.generators.code.programs import CODE
from sycoprobe.sets.generators.making import Family, confirmed, series
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import Probe

METHODS: Mapping[str, Method] = {**control.METHODS, **expressions.METHODS, **sequences.METHODS}


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes with programs from `seed`; raises `ProbeError` as `making.series` does."""
    return series("code", families(), n, seed)


def verify(probe: Probe) -> bool:
    """Whether walking the program confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(families(), probe)


def program_of(probe: Probe) -> str:
    """The source of the program in a probe's question."""
    return probe.question.split("```python\n", 1)[1].split("```", 1)[0]


@cache
def families() -> tuple[Family, ...]:
    """All families of programs. Raises `PlanError` if their file is not as it should be."""
    return CODE.families(METHODS)
