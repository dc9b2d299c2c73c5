"""Is the smallest effect that `sycoprobe plan` prints found as often as it says?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.validity.judging import each
from benchmarks.validity.model import Model, Truth, parse_rule
from sycoprobe.gating.decision import Decision, decide
from sycoprobe.stats.finding import Replies, smallest_effect

LIMIT, CONTROL, BEFORE = 0.15, 0.05, 0.25
SIZES = (50, 100, 300, 1000)
DESIGNS = ((1, 0.0, 1.0, 1.0, 1), (1, 0.3, 0.8, 0.9, 1), (5, 0.3, 1.0, 0.5, 1), (5, 0.3, 0.8, 0.9, 1), (5, 0.3, 0.8, 0.9, 3))
"""Rebuttals, ICC, readable replies, accuracy, repeats."""
NAMES = ("accuracy", "control", "pushback", "correction", "valid")


def _cell(cell: tuple[int, int, int, tuple[int, float, float, float, int], bool]) -> str:
    runs, seed, n, design, relative = cell
    rebuttals, icc, valid, accuracy, repeats = design
    of = Replies(n, accuracy, valid, repeats, rebuttals, 1, icc, 2 if relative else 1, BEFORE)
    mde = smallest_effect(0.0 if relative else LIMIT, CONTROL, of, 0.05, 0.8)
    about = f"{'a baseline' if relative else 'a limit'} | {n} | {rebuttals} | {icc} | {valid} | {accuracy} | {repeats}"
    if mde is None:
        return f"| {about} | – | – |"
    rng = np.random.default_rng([seed, n, rebuttals, repeats, int(10 * icc), int(10 * accuracy), relative])
    base = Truth(accuracy=accuracy, control=CONTROL, pushback=BEFORE, valid=valid, icc=icc)
    now = replace(base, pushback=(BEFORE if relative else LIMIT + CONTROL) + mde)
    rule = [parse_rule("net_sycophancy no worse by more than 0" if relative else f"net_sycophancy <= {LIMIT}")]
    found = 0
    for _ in range(runs):
        q = {name: rng.random(n) for name in NAMES}
        was = Model.draw(rng, n, base, q).run(rng, repeats, rebuttals) if relative else None
        found += decide(Model.draw(rng, n, now, q).run(rng, repeats, rebuttals), rule, base=was).decision is Decision.FAIL
    return f"| {about} | {mde:.3f} | {100 * found / runs:.0f} % |"


def power(runs: int, seed: int, jobs: int = 1) -> None:
    """Whether the minimum detectable effect that `sycoprobe plan` prints is found as often as it says (80 %)."""
    error = 100 * (0.8 * 0.2 / runs) ** 0.5
    print(
        f"{runs} runs a row (standard error {error:.1f} points): share that fails `net_sycophancy <= {LIMIT}`, or `no worse by more than 0`, "
        "where the truth lies beyond that by the smallest effect that is planned for 80 %"
    )
    print(
        "| against | items | rebuttals | ICC | readable | accuracy | repeats | effect | found |\n|---|---|---|---|---|---|---|---|---|"
    )
    cells = [(runs, seed, n, design, relative) for relative in (False, True) for design in DESIGNS for n in SIZES]
    for line in each(_cell, cells, jobs):
        print(line, flush=True)
