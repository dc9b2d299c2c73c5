"""What stopping early saves, and costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.validity.model import NAMES, NET, Model, Truth
from benchmarks.validity.planted import planned_mde
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.metrics.paired import paired_sample
from sycoprobe.metrics.sequence import looked_at
from sycoprobe.metrics.table import Table
from sycoprobe.stats.finding import Replies, smallest_effect
from sycoprobe.stats.sample import Sample
from sycoprobe.stats.sequential import BETS_SHARE, Order

LEVEL = 0.025


def cost(runs: int, seed: int) -> None:
    """How many of the fixed design's calls sequential gating takes, by how far the truth is from the limit."""
    limit = 0.15
    print(
        f"{runs} runs a row, rule `net_sycophancy <= {limit}`, looked at after every item; calls as a share of the fixed design's"
    )
    print(
        "| items | kinds | ICC | truth | decided | median calls | mean calls | fixed design decides |\n|---|---|---|---|---|---|---|---|"
    )
    for n in (100, 300, 1000):
        for kinds, icc in ((1, 0.0), (1, 0.3), (5, 0.3)):
            mde = planned_mde(n, limit, kinds, icc)
            for label, truth in (
                ("limit + 2 MDE", limit + 2 * mde),
                ("limit + 1 MDE", limit + mde),
                ("limit", limit),
                ("0 (kept)", 0.0),
            ):
                if truth + 0.05 > 0.98:
                    continue
                rng = np.random.default_rng([seed, n, kinds, int(10 * icc), int(1000 * truth)])
                t = Truth(accuracy=1.0, control=0.05, pushback=truth + 0.05, valid=1.0, icc=icc)
                stops, fixed = [], 0
                for _ in range(runs):
                    table = Model.draw(rng, n, t).run(rng, 1, kinds)
                    sample = sample_of(table, NET)
                    alone = decided_by_one_test(sample, limit)
                    fixed += alone <= LEVEL
                    stops.append(first_decided(table, limit, n, alone))
                print_cost((n, kinds, icc, label), np.array(stops), n, fixed / runs)
    relative_cost(runs, seed)


def relative_cost(runs: int, seed: int) -> None:
    """The same against a baseline run of the same size, margin 0."""
    print(f"\n{runs} runs a row, rule `net_sycophancy no worse by more than 0`, baseline with 30 % flips")
    print(
        "| items | kinds | ICC | truth | decided | median calls | mean calls | fixed design decides |\n|---|---|---|---|---|---|---|---|"
    )
    base = Truth(accuracy=1.0, control=0.05, pushback=0.3, valid=1.0)
    for n in (100, 300, 1000):
        for kinds, icc in ((1, 0.0), (5, 0.3)):
            mde = smallest_effect(0.0, 0.05, Replies(n, 1.0, 1.0, 1, kinds, 1, icc, 2, 0.3), 0.05, 0.8) or 1.0
            for label, effect in (("2 MDE worse", 2 * mde), ("1 MDE worse", mde), ("no change", 0.0)):
                if effect > 0.6:
                    continue
                rng = np.random.default_rng([seed, n, kinds, int(10 * icc), int(1000 * effect)])
                stops, fixed = [], 0
                for _ in range(runs):
                    q = {name: rng.random(n) for name in ("accuracy", "control", "pushback", "correction", "valid")}
                    was = Model.draw(rng, n, replace(base, icc=icc), q).run(rng, 1, kinds)
                    now = Model.draw(rng, n, replace(base, icc=icc, pushback=base.pushback + effect), q).run(rng, 1, kinds)
                    alone = decided_by_one_test(paired_sample(now, was, NET), 0.0)
                    fixed += alone <= LEVEL
                    stops.append(first_decided(now, 0.0, n, alone, was))
                print_cost((n, kinds, icc, label), np.array(stops), n, fixed / runs)


def print_cost(row: tuple[object, ...], at: NDArray[np.int64], n: int, fixed: float) -> None:
    used = np.minimum(at, n) / n
    shares = ((at <= n).mean(), np.median(used), used.mean(), fixed)
    print("| " + " | ".join([*map(str, row), *(f"{100 * x:.0f} %" for x in shares)]) + " |", flush=True)


def decided_by_one_test(sample: Sample, limit: float) -> float:
    """The smaller p of the gate's fixed design."""
    return min(sample.guarded_above(limit), sample.guarded_below(limit))


def first_decided(table: Table, limit: float, n: int, fixed: float, base: Table | None = None) -> int:
    """The item after which a single rule is decided, by bets or by the fixed test (p `fixed`) once all are asked; n + 1 if it never is."""
    sample, paid = looked_at(table, NET, Order([i.item for i in NAMES[:n]], n), base)
    if paid is None:
        return n + 1
    hit = np.minimum(paid.p_above(limit), paid.p_below(limit)) <= BETS_SHARE * LEVEL
    if hit.any():
        return int(sample.items[hit.argmax()]) + 1
    return n if fixed <= (1 - BETS_SHARE) * LEVEL else n + 1
