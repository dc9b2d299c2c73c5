"""Does the estimate depend on how often one asks, on how many rebuttals are drawn, or on what cannot be read? And on templates?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.simulated import NOTHING_LOST, Design, Loss, Sheet, World, ask
from benchmarks.truths import differences, truths
from benchmarks.validity.judging import SIDE, Tally, covers, each, error, header, judge, limit, most, percent, row
from sycoprobe.gating.decision import Decision

RATES = ("net_sycophancy", "flip_pushback", "flip_control", "receptivity", "net_receptivity", "first_accuracy")
PAIRED = ("net_sycophancy", "flip_pushback", "receptivity")
SEQUENTIAL = "sequential"
TOLERATED = 0.01
UNEQUAL = (1, 1, 1, 2, 5, 10)
STRONGER_LOSE_MORE = (0.0, 0.1, 0.2, 0.4, 0.6)
CASES = {
    "repeats 1": (Design(), NOTHING_LOST),
    "repeats 3": (Design(repeats=(3,)), NOTHING_LOST),
    "repeats 10": (Design(repeats=(10,)), NOTHING_LOST),
    "repeats 1 to 10": (Design(repeats=UNEQUAL), NOTHING_LOST),
    "repeats 1 to 10, harder more": (Design(repeats=UNEQUAL, harder_more=True), NOTHING_LOST),
    "draws 1 of 5": (Design(drawn=1), NOTHING_LOST),
    "draws 1 of 5, repeats 3": (Design(repeats=(3,), drawn=1), NOTHING_LOST),
    "draws 2 of 5, repeats 1 to 10": (Design(repeats=UNEQUAL, drawn=2), NOTHING_LOST),
    "loses 10 % at random": (Design(), Loss(0.1, first=True)),
    "loses 30 % at random": (Design(), Loss(0.3, first=True)),
    "loses 30 % at random, repeats 3": (Design(repeats=(3,)), Loss(0.3, first=True)),
    "loses by rebuttal": (Design(), Loss(0.05, by_rebuttal=STRONGER_LOSE_MORE)),
    "loses by rebuttal, repeats 3": (Design(repeats=(3,)), Loss(0.05, by_rebuttal=STRONGER_LOSE_MORE)),
    "loses by rebuttal, draws 1 of 5": (Design(drawn=1), Loss(0.05, by_rebuttal=STRONGER_LOSE_MORE)),
    "loses by rebuttal, draws 1 of 5, repeats 1 to 10": (
        Design(repeats=UNEQUAL, drawn=1),
        Loss(0.05, by_rebuttal=STRONGER_LOSE_MORE),
    ),
    "loses 30 % of flips": (Design(), Loss(0.05, flips=0.3)),
}


def _bias(cell: tuple[int, int, int, str, float]) -> dict[str, Tally]:
    runs, seed, n, case, accuracy = cell
    design, loss = CASES[case]
    design = replace(design, items=n)
    rng = np.random.default_rng([seed, n, list(CASES).index(case), int(10 * accuracy)])
    base = replace(World(), accuracy=accuracy)
    new = replace(base.shifted(0.1), accuracy=accuracy + 0.1)
    truth, change = truths(base, design.rebuttals), differences(new, base, design.rebuttals)
    tallies = {name: Tally(truth[name]) for name in RATES} | {f"Δ {name}": Tally(change[name]) for name in PAIRED}
    tallies |= {SEQUENTIAL: Tally(truth["net_sycophancy"]), f"Δ {SEQUENTIAL}": Tally(change["net_sycophancy"])}
    rules = [limit(name, "<=", truth[name]) for name in RATES]
    relative = [limit(name, "no worse by more than", max(change[name], 0)) for name in PAIRED]
    for _ in range(runs):
        sheet = Sheet.draw(rng, base, design)
        was, now = (ask(rng, sheet, w, design, loss).table() for w in (base, new))
        for name, result in zip(RATES, judge(was, rules).rules, strict=True):
            tallies[name].add(result)
        for name, result in zip(PAIRED, judge(now, relative, was).rules, strict=True):
            tallies[f"Δ {name}"].add(result)
        tallies[SEQUENTIAL].add(judge(was, rules[:1], sequential=True).rules[0])
        tallies[f"Δ {SEQUENTIAL}"].add(judge(now, relative[:1], was, sequential=True).rules[0])
    return tallies


def bias(runs: int, seed: int, jobs: int = 1) -> None:
    """The mean estimate less the truth, and coverage, by design and loss."""
    cells = [(runs, seed, 200, case, accuracy) for case in CASES for accuracy in (0.4, 0.7)]
    made = list(each(_bias, cells, jobs))
    wobbles = [
        max(t.wobble for found in made for name, t in found.items() if name.startswith("Δ") is paired)
        for paired in (False, True)
    ]
    print(
        f"{runs} runs of 200 items a row; cells: mean estimate - truth / share of the gate's 95 % intervals that cover the truth; the"
        f" simulation's standard error is at most {wobbles[0]:.4f} of the former (Δ: {wobbles[1]:.4f}) and"
        f" {100 * error(2 * SIDE, runs):.1f} of the latter.\nBold: further off than {TOLERATED} by more than two of its own such errors,"
        " and coverage below 95 by more than two. Δ: a later run on the same items, with 0.1 more flips and 0.1 more right answers.\n"
        "On the limit: `net_sycophancy <= truth` and `no worse by more than the true Δ`, false fail / false pass, each at most"
        f" {100 * SIDE:g} %; bold above {100 * most(runs):.1f} %.\n"
    )
    limits = ("fixed", "Δ fixed", "sequential", "Δ sequential")
    header("case", "accuracy", *RATES, *(f"Δ {name}" for name in PAIRED), *(f"on the limit: {name}" for name in limits))
    for (_, _, _, case, accuracy), tallies in zip(cells, made, strict=True):
        estimates = [_off(t) for name, t in tallies.items() if SEQUENTIAL not in name]
        on_limit = [tallies[name] for name in ("net_sycophancy", "Δ net_sycophancy", SEQUENTIAL, f"Δ {SEQUENTIAL}")]
        row(case, accuracy, *estimates, *(_tails(t) for t in on_limit))


def _off(tally: Tally) -> str:
    off = f"{tally.off:+.3f}"
    far = abs(tally.off) > TOLERATED + 2 * tally.wobble
    return f"{f'**{off}**' if far else off} / {covers(tally.coverage, tally.runs)}"


def _tails(tally: Tally) -> str:
    return " / ".join(percent(tally.share(d), most(tally.runs)) for d in (Decision.FAIL, Decision.PASS))


SETS = {
    "120 single": (120, ()),
    "60 single, 2 templates of 60": (180, (60, 60)),
    "60 single, 5 templates of 24": (180, (24,) * 5),
    "60 single, 12 templates of 10": (180, (10,) * 12),
    "300 single, 2 templates of 20": (340, (20, 20)),
    "2 templates of 60": (120, (60, 60)),
    "5 templates of 24": (120, (24,) * 5),
}
CLUSTERED = ("net_sycophancy", "flip_pushback", "flip_control", "first_accuracy")


def _templates(cell: tuple[int, int, str, float]) -> dict[str, Tally]:
    runs, seed, name, share = cell
    n, sizes = SETS[name]
    world = replace(World(), template=share)
    design = Design(items=n, templates=sizes)
    rng = np.random.default_rng([seed, n, len(sizes), int(10 * share)])
    truth = truths(world)
    tallies = {metric: Tally(truth[metric]) for metric in CLUSTERED}
    rules = [limit(metric, "<=", truth[metric]) for metric in CLUSTERED]
    for _ in range(runs):
        table = ask(rng, Sheet.draw(rng, world, design), world, design).table()
        for metric, result in zip(CLUSTERED, judge(table, rules).rules, strict=True):
            tallies[metric].add(result)
    return tallies


def templates(runs: int, seed: int, jobs: int = 1) -> None:
    """Coverage and tails where some items share a template."""
    print(
        f"{runs} runs a row, truth on the limit; cells: coverage / false fail / false pass / width; the simulation's standard error is"
        f" {100 * error(2 * SIDE, runs):.1f} and {100 * error(SIDE, runs):.1f} %, bold beyond two of them. *shared*: of the copula's"
        " variance, by the items of one template.\n"
    )
    header("sets", "shared", *CLUSTERED)
    cells = [(runs, seed, name, share) for name in SETS for share in (0.0, 0.3, 0.6)]
    for (_, _, name, share), tallies in zip(cells, each(_templates, cells, jobs), strict=True):
        shown = []
        for tally in tallies.values():
            shown.append(f"{covers(tally.coverage, runs)} / {_tails(tally)} / {tally.breadth:.1f}")
        row(name, share, *shown)
