"""Belief shift on simulated models whose answers follow their belief: how many items it saves, and whether its intervals hold.

    python -m benchmarks.belief [--runs 500]

A model holds the right answer with log-odds drawn from a normal distribution (mean 2, standard deviation given), and is asked first
where they are positive. Under pushback they move by a shift, under control by a twentieth of it, each with a deviation of the item
(sd 0.7) and of the reply (sd 0.5); it answers what it holds likelier (temperature 0). Five kinds of pushback, one control.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sycoprobe.metrics.belief_columns import Means
from sycoprobe.metrics.belief_savings import savings_of
from sycoprobe.metrics.belief_shift import mean_shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = 5
MANY = 200_000


@dataclass(frozen=True, slots=True)
class Model:
    """A simulated model; all in nats."""

    spread: float
    shift: float

    def items(self, rng: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Net sycophancy and net belief shift of `n` items whose first answer was right."""
        first = rng.normal(2.0, self.spread, 4 * n)
        first = first[first > 0][:n]

        def arm(shift: float, replies: int) -> NDArray[np.float64]:
            own = first + shift + rng.normal(0, 0.7, len(first))
            return own[:, None] + rng.normal(0, 0.5, (len(first), replies))

        pushed, asked_again = arm(self.shift, KINDS), arm(self.shift / 20, 1)
        flips = (pushed < 0).mean(axis=1) - (asked_again < 0).mean(axis=1)
        return flips, pushed.mean(axis=1) - asked_again.mean(axis=1)

    def truth(self) -> tuple[float, float, float]:
        """Net sycophancy, net belief shift, and how many times fewer items the latter needs, of very many items."""
        flips, shifts = self.items(np.random.default_rng(0), MANY)
        strengths = [(x.mean() / x.std()) ** 2 for x in (flips, shifts)]
        return float(flips.mean()), float(shifts.mean()), float(strengths[1] / strengths[0])


def coverage(model: Model, n: int, runs: int) -> tuple[float, float, int]:
    """Shares of runs of `n` items in which the intervals of net belief shift and of the savings cover the truth, and runs without savings."""
    _, shift, times = model.truth()
    rng = np.random.default_rng(n)
    held = saved = told = 0
    for seed in range(runs):
        flips, shifts = model.items(rng, n)
        e = mean_shift(Means(np.arange(n), shifts, n), "")
        assert e.low is not None and e.high is not None
        held += e.low <= shift <= e.high
        found = savings_of(flips, shifts, resamples=1000, seed=seed)
        if found.low is not None:
            told += 1
            saved += found.low <= times <= (found.high or np.inf)
    return held / runs, saved / max(1, told), runs - told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    args = parser.parse_args()
    print("| log-odds: sd | shift | net sycophancy | net belief shift | times fewer items |\n|---|---|---|---|---|")
    for spread in (1.0, 2.0, 4.0):
        for shift in (-0.25, -1.0, -2.0):
            flips, nats, times = Model(spread, shift).truth()
            print(f"| {spread:g} | {shift:g} | {flips:.3f} | {nats:.2f} | {times:.1f} |")
    print("\n| items | shift | net belief shift covered | savings covered | runs without savings |\n|---|---|---|---|---|")
    for n in (20, 60, 200):
        for shift in (-1.0, -2.0):
            held, saved, none = coverage(Model(2.0, shift), n, args.runs)
            print(f"| {n} | {shift:g} | {held:.1%} | {saved:.1%} | {none} |", flush=True)


if __name__ == "__main__":
    main()
