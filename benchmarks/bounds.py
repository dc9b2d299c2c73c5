"""What the statistics of ratings and of sequential runs are chosen by: how often each tail errs, how wide, how biased, how soon decided.

    python -m benchmarks.bounds ratings|bias|share [--runs N] [--seed S]

`ratings`: Student's t beside `sycoprobe.stats.bounded`. `bias`: of the mean of a run that stopped early, before and after
`sycoprobe.stats.stopping`. `share`: of the level, how much the bets should have (`sycoprobe.stats.sequential.BETS_SHARE`).
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from benchmarks.validity import NAMES, NET, Model, Truth, planned_mde
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.stats.bounded import bounded_above, bounded_below, bounded_limits
from sycoprobe.stats.sequential import Order, anytime_p, confidence_sequence, split_p
from sycoprobe.stats.stopping import Bound, Stop, corrected_mean

SIDE = 0.025
LIMIT = 0.15
CONTROL = 0.05
Values = NDArray[np.float64]


def rating(low: float, share: float, shape: str) -> tuple[Values, Values]:
    """Ratings in steps of 0.05, of which a share moves, upwards only or either way; and their chances."""
    grid = np.arange(round(low * 20), 21) / 20
    start = 0.5 if (shape, low) == ("either way", 0.0) else 0.0
    weight = np.clip(1 - grid, 0, None) * (grid > 0) if shape == "upwards" else (grid - low) * (1 - grid)
    return grid, share * weight / weight.sum() + (1 - share) * (np.abs(grid - start) < 1e-9)


def ratings(runs: int, seed: int) -> None:
    """How often each tail errs on its truth, and how wide an interval is, in units of one that knows the spread."""
    print(f"{runs} runs a row (widths: 60); cells: % above, % below (at most 2.5 each), width beside the ideal")
    print("| range | moves | share | texts | Student's t | Gaffke | the worse of both | bets |\n" + "|---" * 8 + "|")
    for low in (0.0, -1.0):
        for shape in ("either way", "upwards"):
            for share in (0.05, 0.2, 1.0):
                for n in (10, 30, 100, 300, 1000):
                    rng = np.random.default_rng([seed, n, int(100 * share), int(low) + 1, len(shape)])
                    grid, chances = rating(low, share, shape)
                    cells = rated(rng.choice(grid, (runs, n), p=chances), low, grid, chances)
                    print(f"| [{low:.0f}, 1] | {shape} | {100 * share:.0f} % | {n} | " + " | ".join(cells) + " |", flush=True)


def rated(values: Values, low: float, grid: Values, chances: Values) -> list[str]:
    """The cells of one row of `ratings`."""
    n, truth = values.shape[1], round(float(grid @ chances), 12)
    ideal = 2 * 1.96 * float(np.sqrt((grid - truth) ** 2 @ chances / n))
    mean, error = values.mean(axis=1), np.maximum(values.std(axis=1, ddof=1), 1e-12) / np.sqrt(n)
    score, critical = (mean - truth) / error, float(stdtrit(n - 1, 1 - SIDE))
    student = np.stack([stdtr(n - 1, -score), stdtr(n - 1, score)])
    ours = np.array([[bounded_above(v, truth, low, 1), bounded_below(v, truth, low, 1)] for v in values]).T
    bets = np.stack([anytime_p(values, truth, low, n)[:, -1], anytime_p(-values, -truth, -1, n)[:, -1]])
    few = values[:60]
    half = critical * error[: len(few)]
    limits = [np.stack([np.maximum(low, mean[: len(few)] - half), np.minimum(1, mean[: len(few)] + half)])]
    limits.append(np.array([bounded_limits(v, low, 1) for v in few]).T)
    limits.append(np.stack([np.minimum(limits[0][0], limits[1][0]), np.maximum(limits[0][1], limits[1][1])]))
    limits.append(np.array([confidence_sequence(v, low, 1, n) for v in few]).T)
    found = (student, ours, np.maximum(student, ours), bets)
    return [
        f"{100 * (p[0] <= SIDE).mean():.1f}, {100 * (p[1] <= SIDE).mean():.1f}, {(e[1] - e[0]).mean() / ideal:.2f}"
        for p, e in zip(found, limits, strict=True)
    ]


def bias(runs: int, seed: int) -> None:
    """By how much a sequential run's mean misses the truth, and its root mean squared error, before and after the correction."""
    print(f"{runs} runs a row, one rule `<= {LIMIT}`, looked at after every item; one rebuttal")
    print("| planned | truth | stopped early | items asked | bias | corrected | error | corrected |\n" + "|---" * 8 + "|")
    for n in (100, 300, 1000):
        mde = planned_mde(n, LIMIT, 1, 0.0)
        for label, truth in truths(mde):
            rng = np.random.default_rng([seed, n, int(1000 * truth)])
            values = (rng.random((runs, n)) < truth + CONTROL).astype(float) - (rng.random((runs, n)) < CONTROL)
            stop = Stop((Bound(LIMIT),), -1.0, 1.0, 10)
            after = stop.first(values)
            seen = [v[:k] for v, k in zip(values, after, strict=True)]
            excess = np.array([(v - truth).sum() for v in seen])
            missed = [np.array([v.mean() for v in seen]) - truth, np.array([corrected_mean(v, stop, n) for v in seen]) - truth]
            biases = [x.mean() - np.polyfit(excess, x, 1)[0] * excess.mean() for x in missed]
            errors = [float(np.sqrt((x**2).mean())) for x in missed]
            cells = [f"{100 * (after < n).mean():.0f} %", f"{100 * after.mean() / n:.0f} %"]
            cells += [f"{x:+.3f}" for x in biases] + [f"{x:.3f}" for x in errors]
            print(f"| {n} | {label} ({truth:.2f}) | " + " | ".join(cells) + " |", flush=True)


def truths(mde: float) -> tuple[tuple[str, float], ...]:
    """Where the truth may lie, beside the limit."""
    return (("limit + 1 MDE", LIMIT + mde), ("limit + 2 MDE", LIMIT + 2 * mde), ("limit", LIMIT), ("0 (kept)", 0.0))


def share(runs: int, seed: int) -> None:
    """What is decided, how soon, and how often falsely on the limit, by the bets' share of the level."""
    shares = (0.1, 0.2, 0.3, 0.5, 1.0)
    print(
        f"{runs} runs a row, rule `net_sycophancy <= {LIMIT}`; cells: % failed, % passed, mean calls; a share of 1 is bets alone"
    )
    print("| items | kinds | truth | fixed | " + " | ".join(map(str, shares)) + " |\n" + "|---" * 9 + "|")
    for n in (100, 300, 1000):
        for kinds, icc in ((1, 0.0), (5, 0.3)):
            mde = planned_mde(n, LIMIT, kinds, icc)
            for label, truth in truths(mde):
                rng = np.random.default_rng([seed, n, kinds, int(1000 * truth)])
                t = Truth(accuracy=1.0, control=CONTROL, pushback=truth + CONTROL, valid=1.0, icc=icc)
                found = np.array([one_run(Model.draw(rng, n, t).run(rng, 1, kinds), n, shares) for _ in range(runs)])
                fail, passed, calls = 100 * found.mean(axis=0).T
                cells = [f"{fail[0]:.1f}, {passed[0]:.1f}"]
                cells += [f"{f:.1f}, {p:.1f}, {c:.0f} %" for f, p, c in zip(fail[1:], passed[1:], calls[1:], strict=True)]
                print(f"| {n} | {kinds} | {label} | " + " | ".join(cells) + " |", flush=True)


def one_run(table: Any, n: int, shares: tuple[float, ...]) -> list[tuple[float, float, float]]:
    """Whether the rule fails, whether it passes, and the share of calls: by the fixed test, then by each share."""
    sample = sample_of(table, NET)
    horizon = Order([i.item for i in NAMES[:n]], n).horizon(sample.items)
    bets = (
        anytime_p(sample.values, LIMIT, sample.low, horizon),
        anytime_p(-sample.values, -LIMIT, -sample.high, horizon),
    )
    fixed = sample.guarded_above(LIMIT), sample.guarded_below(LIMIT)
    rows = [(float(fixed[0] <= SIDE), float(fixed[1] <= SIDE), 1.0)]
    for s in shares:
        refuted = np.stack([b / s <= SIDE for b in bets])
        at = int(refuted.any(axis=0).argmax()) if refuted.any() else n - 1
        last = [split_p(float(b[at]), f if at == n - 1 else None, s) <= SIDE for b, f in zip(bets, fixed, strict=True)]
        rows.append((float(last[0]), float(last[1]), (at + 1) / n))
    return rows


def main() -> None:
    what = {"ratings": (ratings, 500), "bias": (bias, 300), "share": (share, 500)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=what)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seed", type=int, default=20261128)
    args = parser.parse_args()
    function, runs = what[args.what]
    function(args.runs or runs, args.seed)


if __name__ == "__main__":
    main()
