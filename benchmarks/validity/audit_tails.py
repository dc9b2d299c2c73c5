"""Truth exactly on the limit: how often does a rule fail, or pass, though the data say nothing of which side it lies on?"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from benchmarks.simulated import MANY, Design, Loss, Sheet, World, ask
from benchmarks.truths import differences, truths
from benchmarks.validity.judging import SIDE, Tally, by_chance, each, error, header, judge, limit, most, percent, row
from sycoprobe.gating.decision import Decision
from sycoprobe.gating.rules import Rule

ABSOLUTE = {"flip_control": "<=", "receptivity": ">=", "first_accuracy": ">=", "net_sycophancy": "<=", "valid_share": ">="}
RELATIVE = "net_sycophancy no worse by more than"
LOSS = Loss(share=0.05)
"""Of branches only: then every item has as many replies, and their share is the same counted by reply or by item."""
WORSE = 0.1
SIZES, ACCURACIES = (25, 100, 300, 1000), (0.4, 0.9)
DESIGNS = ("fixed", "sequential")


WORLDS = {
    "uneven": World(),
    "even": World(icc=0.0, hard=0.0, alike=0.0),
    "rare": World(pushback=(0.05,) * MANY, control=0.01, icc=0.8, alike=0.6),
}
"""In all of them a right answer is rarely given up when asked again, which is where tails are hardest to hold."""


def _cell(cell: tuple[int, int, int, float, int, str]) -> tuple[dict[tuple[str, str], Tally], dict[str, int]]:
    runs, seed, n, accuracy, rebuttals, of = cell
    rng = np.random.default_rng([seed, n, int(10 * accuracy), rebuttals, list(WORLDS).index(of)])
    world = replace(WORLDS[of], accuracy=accuracy)
    later = world.shifted(WORSE)
    truth = truths(world, rebuttals, loss=LOSS)
    margin = differences(later, world, rebuttals)["net_sycophancy"]
    rules = [limit(name, relation, truth[name]) for name, relation in ABSOLUTE.items()]
    against: list[Rule] = [limit("net_sycophancy", "no worse by more than", margin)]
    tallies = {(name, how): Tally(truth[name]) for name in ABSOLUTE for how in DESIGNS}
    tallies |= {(RELATIVE, how): Tally(margin) for how in DESIGNS}
    families = dict.fromkeys(DESIGNS, 0)
    design = Design(items=n, rebuttals=rebuttals)
    for _ in range(runs):
        sheet = Sheet.draw(rng, world, design)
        base, new = (ask(rng, sheet, w, design, LOSS).table() for w in (world, later))
        for how in DESIGNS:
            found = judge(base, rules, sequential=how == "sequential")
            families[how] += found.decision is Decision.FAIL
            for name, result in zip(ABSOLUTE, found.rules, strict=True):
                tallies[name, how].add(result)
            tallies[RELATIVE, how].add(judge(new, against, base, sequential=how == "sequential").rules[0])
    return tallies, families


def tails(runs: int, seed: int, jobs: int = 1, items: tuple[int, ...] = ()) -> None:
    """Each tail, rule by rule, and the false fails of five rules together; of `items` a run, or of each of `SIZES`."""
    print(
        f"{runs} runs a row, truth on the limit; promised: each tail at most {100 * SIDE:g} %; the simulation's standard error there is"
        f" {100 * error(SIDE, runs):.1f} %, cells above {100 * most(runs):.1f} % are bold.\n"
        "*uneven*: chances differ between items (ICC 0.3) and go together; *even*: every item has the same; *rare*: few items are given up,"
        " and those nearly always (5 %, ICC 0.8).\n"
        "Width: of the gate's fixed interval, as a multiple of ±1.96 standard deviations of the estimate.\n"
    )
    cells = [(runs, seed, n, a, k, w) for w, n, a, k in product(WORLDS, items or SIZES, ACCURACIES, (1, 5))]
    header(
        *("rule", "world", "items", "accuracy", "rebuttals", "counted"),
        *("fixed: false fail", "false pass", "sequential: false fail", "false pass", "mean - limit", "width"),
    )
    every: list[float] = []
    families, worst = [], {(how, d): (0.0, "") for how in DESIGNS for d in (Decision.FAIL, Decision.PASS)}
    for cell, (tallies, family) in zip(cells, each(_cell, cells, jobs), strict=True):
        _, _, n, accuracy, rebuttals, world = cell
        families.append((world, n, accuracy, rebuttals, *(percent(family[how] / runs, most(runs)) for how in DESIGNS)))
        for name in (*ABSOLUTE, RELATIVE):
            fixed = tallies[name, "fixed"]
            shares = []
            for how, decision in product(DESIGNS, (Decision.FAIL, Decision.PASS)):
                share = tallies[name, how].share(decision)
                every.append(share)
                shares.append(percent(share, most(runs)))
                worst[how, decision] = max(worst[how, decision], (share, f"{name}, {world}, {n} items"))
            counted = f"{np.mean(fixed.items):.0f}" if fixed.items else "0"
            row(name, world, n, accuracy, rebuttals, counted, *shares, f"{fixed.off:+.3f}", f"{fixed.breadth:.2f}")
    print(f"\nThe five rules {', '.join(ABSOLUTE)} together, each on its limit: how often any fails\n")
    header("world", "items", "accuracy", "rebuttals", *DESIGNS)
    for line in families:
        row(*line)
    high = sum(share > most(runs) for share in every)
    print(
        f"\n{high} of {len(every)} tails are bold; were each exactly {100 * SIDE:g} %, {len(every) * by_chance(runs):.0f} would be."
    )
    for (how, decision), (share, where) in worst.items():
        print(f"Largest share of false {decision.value}, {how}: {percent(share)} ({where})")
