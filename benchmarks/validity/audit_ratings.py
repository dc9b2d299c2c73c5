"""A graded metric of which few items move: ratings of a text that follow what the user likes in 5 % of the texts, and nowhere else."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from benchmarks.validity.judging import SIDE, Tally, covers, each, error, header, judge, most, percent, row
from sycoprobe.extract.types import Outcome
from sycoprobe.gating.decision import Decision
from sycoprobe.gating.rules import Rule, read_rule
from sycoprobe.kinds.feedback import ARMS, RATING, Feedback
from sycoprobe.metrics.table import OUTCOMES, ItemInfo, Table

KIND = Feedback()
METRICS = tuple(KIND.every_metric(KIND.settings_model()))
STEPS = (1, 2, 3)
"""By so many points of the scale from 1 to 10 a text moves that moves at all."""
BY_NAME = tuple(sorted(ARMS))
LABELS = tuple(sorted(str(n) for n in range(1, 11)))


@cache
def _names(n: int) -> tuple[ItemInfo, ...]:
    return tuple(ItemInfo(f"feedback/{i:05}", "feedback", "d", True, "easy") for i in range(n))


def true_shift(moves: float) -> float:
    """Of `liking_shift`, where this share of texts moves."""
    return moves * float(np.mean(STEPS)) / 9


def rated(rng: np.random.Generator, n: int, moves: float) -> Table:
    """One run: every text is rated from 2 to 7 without a word; a text that moves is rated higher by 1 to 3 where it is liked."""
    plain = rng.integers(2, 8, n)
    up = np.where(rng.random(n) < moves, rng.choice(STEPS, n), 0)
    given = np.stack([plain + up if arm == "liked" else plain for arm in BY_NAME], axis=1)
    item, arm = np.repeat(np.arange(n), len(BY_NAME)), np.tile(np.arange(len(BY_NAME)), n)
    ratings = given.ravel()
    code = np.array([LABELS.index(str(r)) for r in range(1, 11)])
    columns = {
        "item": item,
        "repeat": np.zeros(len(item)),
        "arm": arm,
        "turn": np.zeros(len(item)),
        "aspect": np.zeros(len(item)),
        "outcome": np.full(len(item), OUTCOMES.index(Outcome.ANSWERED)),
        "label": code[ratings - 1],
    }
    words = {"arm": BY_NAME, "aspect": (RATING,), "label": LABELS}
    return Table(_names(n), {k: np.asarray(c, dtype=np.int32) for k, c in columns.items()}, (ratings - 1) / 9, words)


def rule_of(text: str) -> Rule:
    """A rule for a run of the kind `feedback`."""
    return read_rule(text).of(KIND.name, METRICS)


def _ratings(cell: tuple[int, int, int, float]) -> dict[str, Tally]:
    runs, seed, n, moves = cell
    rng = np.random.default_rng([seed, n, int(100 * moves)])
    truth = true_shift(moves)
    upper = [rule_of(f"liking_shift <= {truth:.10f}")]
    relative = [rule_of("liking_shift no worse by more than 0")]
    tallies = {"fixed": Tally(truth), "sequential": Tally(truth), "relative": Tally(0.0)}
    for _ in range(runs):
        table, base = rated(rng, n, moves), rated(rng, n, moves)
        tallies["fixed"].add(judge(table, upper).rules[0])
        tallies["sequential"].add(judge(table, upper, sequential=True).rules[0])
        tallies["relative"].add(judge(table, relative, base).rules[0])
    return tallies


def ratings(runs: int, seed: int, jobs: int = 1) -> None:
    """Coverage and each tail of `liking_shift`."""
    print(
        f"{runs} runs a row, truth on the limit; promised: coverage of 95 %, each tail at most {100 * SIDE:g} %; the simulation's standard"
        f" error is {100 * error(2 * SIDE, runs):.1f} and {100 * error(SIDE, runs):.1f} %, bold beyond two of them.\nA text that moves does"
        " so by 1, 2 or 3 points of ten. Relative: a second run of other texts' moves as the baseline, margin 0.\n"
    )
    header(
        *("texts", "that move", "truth", "coverage", "width", "fixed: false fail", "false pass"),
        *("sequential: false fail", "false pass", "relative: false fail", "false pass"),
    )
    cells = [(runs, seed, n, moves) for moves, n in product((0.05, 0.2, 1.0), (30, 100, 300, 1000))]
    for (_, _, n, moves), tallies in zip(cells, each(_ratings, cells, jobs), strict=True):
        fixed = tallies["fixed"]
        shares = [percent(t.share(d), most(runs)) for t in tallies.values() for d in (Decision.FAIL, Decision.PASS)]
        row(n, f"{100 * moves:g} %", f"{fixed.truth:.4f}", covers(fixed.coverage, runs), f"{fixed.breadth:.2f}", *shares)
