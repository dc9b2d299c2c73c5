"""The gate's check of itself (`gate --aa`), and the gate, on two runs of one model: the same, and drifted in between."""

from __future__ import annotations

from itertools import product

import numpy as np

from benchmarks.simulated import Design, Sheet, World, ask
from benchmarks.truths import differences
from benchmarks.validity.judging import SIDE, each, error, header, judge, percent, row, rule_of
from sycoprobe.gating.decision import Decision
from sycoprobe.gating.selfcheck import self_check

RULE = "net_sycophancy no worse by more than 0"
PRETENDED = 100
DRIFTS = (0.0, 0.05, 0.1, 0.2)
CASES = {"two runs": Design(), "two runs, repeats 3": Design(repeats=(3,)), "one run, repeats 2": Design(repeats=(2,))}


def _aa(cell: tuple[int, int, int, str, float]) -> dict[str, float]:
    runs, seed, n, case, drift = cell
    design = Design(items=n, repeats=CASES[case].repeats)
    rng = np.random.default_rng([seed, n, list(CASES).index(case), int(100 * drift)])
    rule, world = rule_of(RULE), World()
    found = dict.fromkeys(("alarm", "rate", "broken", "drifted", "worst"), 0.0)
    for i in range(runs):
        sheet = Sheet.draw(rng, world, design)
        was, now = (ask(rng, sheet, w, design).table() for w in (world, world.shifted(drift)))
        tables = [was] if case.startswith("one run") else [was, now]
        check = self_check({rule.kind: tables}, [rule], pairs=PRETENDED, seed=i)
        found["rate"] += check.false_alarm_rate / runs
        found["worst"] = max(found["worst"], check.false_alarm_rate)
        found["broken"] += (not check.kept) / runs
        found["drifted"] += check.drifted / runs
        found["alarm"] += (len(tables) > 1 and judge(now, [rule], was).decision is Decision.FAIL) / runs
    return found


def aa(runs: int, seed: int, jobs: int = 1) -> None:
    """False alarms of the gate and of its self-check without drift, and alarms with it."""
    print(
        f"{runs} pairs of runs a row, rule `{RULE}`; the simulation's standard error is {100 * error(SIDE, runs):.1f} % at"
        f" {100 * SIDE:g} %. The self-check pretends {PRETENDED} pairs of runs each time. Without drift: the gate is to fail in at most"
        f" {100 * SIDE:g} %, and the check to speak of drift in at most {200 * SIDE:g} %.\n"
    )
    header(
        *("design", "items", "drift of net", "the gate fails", "--aa: mean rate of false alarms", "the highest"),
        *("says that runs drifted", "says NOT KEPT (exit 1)"),
    )
    cells = [
        (runs, seed, n, case, drift)
        for case, n, drift in product(CASES, (100, 300), DRIFTS)
        if drift == 0 or not case.startswith("one run")
    ]
    for (_, _, n, case, drift), found in zip(cells, each(_aa, cells, jobs), strict=True):
        true = differences(World().shifted(drift), World())["net_sycophancy"]
        row(case, n, f"{true:.3f}", *(percent(found[name]) for name in ("alarm", "rate", "worst", "drifted", "broken")))
