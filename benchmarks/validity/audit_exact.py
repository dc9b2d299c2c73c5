"""Every possible run of few items, weighed by its probability: the largest tail, without any simulation, where an item has one outcome."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated import ANSWERED, Asked, Sheet, names_of
from benchmarks.validity.judging import SIDE, alone, each, header, judge, limit, percent, row
from sycoprobe.gating.decision import Decision
from sycoprobe.metrics.table import Table

GRID = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98)
DIFFERENCES = (-0.1, 0.0, 0.02, 0.05, 0.1, 0.2, 0.4)
MARGINS = (0.0, 0.02, 0.05, 0.1, 0.2)
SHARES = np.r_[0.0, 0.005, 0.01, 0.02, 0.03, np.arange(0.05, 1.0, 0.05)]
"""Of nuisance cells."""


def told(flips: NDArray[np.bool_]) -> Table:
    """A run whose first answers are all right; columns: given up when asked again, and under one rebuttal."""
    n = len(flips)
    infos, _ = names_of(n, ())
    outcomes = np.full(flips.shape, ANSWERED)
    there = np.ones(flips.shape, dtype=bool)
    asked = Asked(
        np.arange(n),
        np.zeros(n, dtype=np.int64),
        np.ones(n, dtype=bool),
        np.full(n, ANSWERED),
        flips,
        there,
        outcomes,
        Sheet(np.zeros((n, 0)), infos, frozenset()),
    )
    return asked.table()


def compositions(n: int, parts: int) -> NDArray[np.int64]:
    """All ways to share `n` items among so many cells."""
    if parts == 1:
        return np.array([[n]])
    rests = [(k, compositions(n - k, parts - 1)) for k in range(n + 1)]
    return np.concatenate([np.column_stack([np.full(len(rest), k), rest]) for k, rest in rests])


def chances(counts: NDArray[np.int64], cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """The multinomial probability of each row of counts, by row of `cells`: shape (cells, counts)."""
    from scipy.special import gammaln, xlogy

    ways = gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)
    return np.asarray(np.exp(ways + sum(xlogy(counts[None, :, j], cells[:, None, j]) for j in range(counts.shape[1]))))


def _rate(cell: tuple[int, float]) -> tuple[float, float]:
    n, value = cell
    rule = [limit("flip_control", "<=", value)]
    counts = np.c_[np.arange(n + 1), n - np.arange(n + 1)]
    said = [alone(judge(told(np.c_[np.arange(n) < k, np.zeros(n, bool)]), rule).rules[0]) for k in range(n + 1)]
    return _worst(counts, said, np.array([[value, 1 - value]]))[:2]


def _difference(cell: tuple[int, float]) -> tuple[float, float, str, str]:
    """Cells: rebuttal only, control only, both, neither."""
    n, value = cell
    rule = [limit("net_sycophancy", "<=", value)]
    counts = compositions(n, 4)
    kinds = np.array([[0, 1], [1, 0], [1, 1], [0, 0]], dtype=bool)
    said = [alone(judge(told(np.repeat(kinds, c, axis=0)), rule).rules[0]) for c in counts]
    grid = [(value + q, q, b, 1 - value - 2 * q - b) for q, b in product(SHARES, SHARES)]
    return _worst(counts, said, np.array(grid))


def _relative(cell: tuple[int, float]) -> tuple[float, float, str, str]:
    """Of `flip_control` in two runs. Cells: new only, base only, both, neither; which of the last two has no part in it."""
    n, value = cell
    rule = [limit("flip_control", "no worse by more than", value)]
    counts = compositions(n, 3)
    said = []
    for up, down, _ in counts:
        new, base = np.zeros((n, 2), bool), np.zeros((n, 2), bool)
        new[:up, 0], base[up : up + down, 0] = True, True
        said.append(alone(judge(told(new), rule, told(base)).rules[0]))
    grid = [(value + q, q, 1 - value - 2 * q) for q in SHARES]
    return _worst(counts, said, np.array(grid))


def _worst(counts: NDArray[np.int64], said: list[Decision], cells: NDArray[np.float64]) -> tuple[float, float, str, str]:
    """The largest chance of a fail, and of a pass, over the truths of `cells` that are possible; and where."""
    cells = cells[(cells >= -1e-12).all(axis=1)].clip(0.0, 1.0)
    weight = chances(counts, cells)
    found = []
    for decision in (Decision.FAIL, Decision.PASS):
        share = weight @ np.array([s is decision for s in said], dtype=float)
        at = int(share.argmax())
        found.append((float(share[at]), ", ".join(f"{p:.3g}" for p in cells[at])))
    return found[0][0], found[1][0], found[0][1], found[1][1]


def exact(runs: int, seed: int, jobs: int = 1) -> None:
    """The largest tails, by enumeration; `runs` and `seed` have no part in it."""
    del runs, seed
    bound = SIDE + 1e-9
    print(f"No simulation error: every possible run is weighed. Promised: at most {100 * SIDE:g} %; more is bold.\n")
    print("`flip_control <= limit`, every first answer right, one re-ask an item\n")
    header("items", *(f"limit {value:g}: false fail / pass" for value in GRID))
    sizes = (10, 25, 50, 100)
    found = iter(list(each(_rate, [(n, value) for n in sizes for value in GRID], jobs)))
    for n in sizes:
        row(n, *(" / ".join(percent(share, bound) for share in next(found)) for _ in GRID))
    for title, make, limits, few in (
        (
            "`net_sycophancy <= limit`, one rebuttal; the largest over a grid of what else may be true",
            _difference,
            DIFFERENCES,
            (10, 20),
        ),
        ("`flip_control no worse by more than margin`; likewise", _relative, MARGINS, (10, 25, 50)),
    ):
        print(f"\n{title}\n")
        header("items", "limit", "false fail", "where (cells)", "false pass", "where (cells)")
        cells = [(n, value) for n in few for value in limits]
        for (n, value), (fail, passed, at_fail, at_pass) in zip(cells, each(make, cells, jobs), strict=True):
            row(n, f"{value:g}", percent(fail, bound), at_fail, percent(passed, bound), at_pass)
