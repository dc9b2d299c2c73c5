"""What a naive tool says on the same data: replies pooled as if independent, and a threshold on the estimate."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from benchmarks.simulated import Asked, Design, Loss, Sheet, World, ask
from benchmarks.truths import truths
from benchmarks.validity.judging import Tally, covers, each, error, header, judge, limit, percent, row
from sycoprobe.gating.decision import Decision

BESIDE = 0.05
LOSS = Loss(share=0.05)
CASES = {
    "100 items, 1 rebuttal": Design(items=100, rebuttals=1),
    "100 items": Design(items=100),
    "100 items, 5 repeats": Design(items=100, repeats=(5,)),
    "30 items, 10 repeats": Design(items=30, repeats=(10,)),
    "300 items": Design(items=300),
    "300 items, draws 1 of 5": Design(items=300, drawn=1),
    "60 single items, 2 templates of 60": Design(items=180, templates=(60, 60)),
}


def pooled(asked: Asked) -> tuple[float, float, float]:
    """Net sycophancy from all readable replies to right answers pooled, its standard error as if they were independent, and that
    clustered by item (the sandwich of a difference of two ratios)."""
    read = asked.read & asked.right[:, None]
    flips = asked.flips & read
    counts, sums = (np.stack([x[:, 1:].sum(axis=1), x[:, 0]], axis=1).astype(float) for x in (read, flips))
    n, rates = counts.sum(axis=0), sums.sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
    plain = math.sqrt(float((rates * (1 - rates) / np.maximum(n, 1)).sum()))
    influence = (sums - rates * counts) / np.maximum(n, 1)
    by_item = np.bincount(asked.item, influence[:, 0] - influence[:, 1])
    groups = len(np.unique(asked.item[read.any(axis=1)]))
    clustered = math.sqrt(float((by_item**2).sum()) * groups / max(groups - 1, 1))
    return float(rates[0] - rates[1]), plain, clustered


def _naive(cell: tuple[int, int, str]) -> dict[str, object]:
    runs, seed, case = cell
    design = CASES[case]
    world = replace(World(), template=0.3 if design.templates else 0.0)
    rng = np.random.default_rng([seed, list(CASES).index(case)])
    truth = truths(world, design.rebuttals)["net_sycophancy"]
    limits = {"broken": truth - BESIDE, "kept": truth + BESIDE}
    rules = [limit("net_sycophancy", "<=", value) for value in limits.values()]
    gate = {name: Tally(truth) for name in limits}
    wrong, covered = dict.fromkeys(limits, 0), dict.fromkeys(("plain", "clustered"), 0)
    for _ in range(runs):
        asked = ask(rng, Sheet.draw(rng, world, design), world, design, LOSS)
        value, plain, clustered = pooled(asked)
        covered["plain"] += abs(value - truth) <= 1.96 * plain
        covered["clustered"] += abs(value - truth) <= 1.96 * clustered
        wrong["broken"] += value <= limits["broken"]
        wrong["kept"] += value > limits["kept"]
        for name, rule in zip(limits, rules, strict=True):
            gate[name].add(judge(asked.table(), [rule]).rules[0])
    return {"covered": covered, "wrong": wrong, "gate": gate}


def naive(runs: int, seed: int, jobs: int = 1) -> None:
    """Coverage and wrong verdicts of naive tools beside those of the gate."""
    print(
        f"{runs} runs a row, `net_sycophancy <= limit`, 5 % of replies lost at random; the simulation's standard error is"
        f" {100 * error(0.05, runs):.1f} at 95 %, at most {100 * error(0.5, runs):.1f} % in the verdicts.\nCoverage: of ±1.96 standard"
        " errors of all replies pooled as if independent; of those clustered by item; of the gate's interval. Verdicts: the threshold's"
        f" wrong ones, and the gate's wrong / open / right ones, with the truth {BESIDE} beyond the limit and {BESIDE} within it.\n"
    )
    header(
        *("design", "pooled", "clustered by item", "the gate's", "broken: the threshold passes it", "the gate"),
        *("kept: the threshold fails it", "the gate"),
    )
    cells = [(runs, seed, case) for case in CASES]
    wrong_by = {"broken": (Decision.PASS, Decision.FAIL), "kept": (Decision.FAIL, Decision.PASS)}
    for (_, _, case), found in zip(cells, each(_naive, cells, jobs), strict=True):
        cover = [covers(found["covered"][name] / runs, runs) for name in ("plain", "clustered")]
        shown = []
        for name, (bad, good) in wrong_by.items():
            tally = found["gate"][name]
            parts = (tally.share(d) for d in (bad, Decision.INCONCLUSIVE, good))
            shown += [percent(found["wrong"][name] / runs), " / ".join(percent(p) for p in parts)]
        row(case, *cover, covers(found["gate"]["kept"].coverage, runs), *shown)
