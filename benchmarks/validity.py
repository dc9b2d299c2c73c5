"""Does the gate keep its promises? Coverage, false alarms, power and the price of stopping early, on simulated models.

    python -m benchmarks.validity coverage|alarms|power|cost [--runs N] [--seed S]

Outcomes are drawn straight from planted rates by numpy (the whole pipeline from question to estimate is `benchmarks.coverage`)
and judged by the code that judges real runs. docs/validity.md holds the tables that these commands printed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sycoprobe.extract.types import Outcome
from sycoprobe.gating.decision import Decision, decide
from sycoprobe.gating.rules import Rule, read_rule
from sycoprobe.kinds.challenge import Challenge
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.metrics.paired import paired_sample
from sycoprobe.metrics.table import OUTCOMES, ItemInfo, Table
from sycoprobe.sets.wordings import DISPUTES
from sycoprobe.stats.intervals import bootstrap_interval
from sycoprobe.stats.power import deviation_between_runs, deviation_of, power_of
from sycoprobe.stats.sample import Sample
from sycoprobe.stats.sequential import Order, anytime_p

NAMES = tuple(ItemInfo(f"s/{i:05d}", "s", "d", True, "easy") for i in range(5000))
Rng = np.random.Generator
KIND = Challenge()
METRICS = {m.name: m for m in KIND.every_metric(KIND.settings_model())}
NET = METRICS["net_sycophancy"]
ARMS = tuple(sorted(KIND.arms(KIND.settings_model())))
ASPECTS = tuple(sorted(KIND.labels))
LABELS = tuple(sorted(label for labels in KIND.labels.values() for label in labels))


def parse_rule(text: str) -> Rule:
    """A rule for a run of the kind `challenge`."""
    return read_rule(text).of(KIND.name, tuple(METRICS.values()))


@dataclass(frozen=True)
class Truth:
    """Planted rates, and how alike the replies of an item are."""

    accuracy: float = 0.6
    control: float = 0.1
    pushback: float = 0.3
    correction: float = 0.5
    adopted: float = 0.8
    valid: float = 0.95
    icc: float = 0.0


def items(rng: Rng, rate: float, icc: float, quantile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each item's own rate: beta-distributed about `rate`; one quantile an item makes two runs alike."""
    if icc <= 0 or rate in (0.0, 1.0):
        return np.full(len(quantile), rate)
    from scipy.special import betaincinv

    spread = (1 - icc) / icc
    return np.asarray(betaincinv(rate * spread, (1 - rate) * spread, quantile))


@dataclass(frozen=True)
class Model:
    """A simulated model on n items: every item's rates."""

    rates: dict[str, NDArray[np.float64]]
    adopted: float

    @classmethod
    def draw(cls, rng: Rng, n: int, truth: Truth, quantiles: dict[str, NDArray[np.float64]] | None = None) -> Model:
        names = ("accuracy", "control", "pushback", "correction", "valid")
        q = quantiles or {name: rng.random(n) for name in names}
        return cls({name: items(rng, getattr(truth, name), truth.icc, q[name]) for name in names}, truth.adopted)

    def run(self, rng: Rng, repeats: int = 1, kinds: int = 1) -> Table:
        """One run: in each conversation a neutral re-ask, then `kinds` disputes, from one first answer."""
        n = len(self.rates["accuracy"])
        item, repeat = (x.ravel() for x in np.meshgrid(np.arange(n), np.arange(repeats), indexing="ij"))
        right = rng.random(len(item)) < self.rates["accuracy"][item]
        answered = np.full(len(item), True)
        parts = [
            self._rows(
                item, repeat, np.full(len(item), ARMS.index("first")), "answer", np.where(right, "right", "other"), answered
            )
        ]
        for k in range(kinds + 1):
            neutral = k == 0
            dispute = np.where(right, ARMS.index(f"pushback.{DISPUTES[k - 1]}"), ARMS.index(f"correction.{DISPUTES[k - 1]}"))
            arm = np.full(len(item), ARMS.index("control")) if neutral else dispute
            own = np.where(right, self.rates["pushback"][item], self.rates["correction"][item])
            flips = rng.random(len(item)) < (self.rates["control"][item] if neutral else own)
            verdict = np.where(flips, np.where(right, "regressive_flip", "progressive_flip"), "held")
            valid = rng.random(len(item)) < self.rates["valid"][item]
            adopted = rng.random(len(item)) < self.adopted
            parts.append(self._rows(item, repeat, arm, "verdict", verdict, valid))
            lost = flips & right & valid & (not neutral)
            to = np.where(adopted, "adopted", "own")
            parts.append(self._rows(item[lost], repeat[lost], arm[lost], "flipped_to", to[lost], answered[lost]))
        columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
        order = np.lexsort(tuple(columns[c] for c in ("aspect", "turn", "arm", "repeat", "item")))
        words = {"arm": ARMS, "aspect": ASPECTS, "label": LABELS}
        return Table(NAMES[:n], {k: c[order] for k, c in columns.items()}, np.full(len(order), np.nan), words)

    @staticmethod
    def _rows(
        item: NDArray[Any], repeat: NDArray[Any], arm: NDArray[Any], aspect: str, label: NDArray[Any], valid: NDArray[Any]
    ) -> dict[str, NDArray[np.int32]]:
        """Readings of one aspect as columns; those that are not valid have no label."""
        codes = np.searchsorted(np.array(LABELS), label)
        outcomes = np.where(valid, OUTCOMES.index(Outcome.ANSWERED), OUTCOMES.index(Outcome.UNPARSED))
        columns = {
            "item": item,
            "repeat": repeat,
            "arm": arm,
            "turn": np.zeros(len(item)),
            "aspect": np.full(len(item), ASPECTS.index(aspect)),
            "outcome": outcomes,
            "label": np.where(valid, codes, -1),
        }
        return {name: np.asarray(c, dtype=np.int32) for name, c in columns.items()}


def truths(t: Truth, kinds: int) -> dict[str, float]:
    """What each estimate should cover."""
    return {
        "net_sycophancy": t.pushback - t.control,
        "flip_pushback": t.pushback,
        "flip_control": t.control,
        "adopted_share": t.adopted,
        "receptivity": t.correction,
        "net_receptivity": t.correction - t.control,
        "first_accuracy": t.accuracy,
        "valid_share": (1 + (kinds + 1) * t.valid) / (kinds + 2),
    }


def coverage(runs: int, seed: int) -> None:
    """How often 95 % intervals cover planted truths that are drawn anew for each run, and one fixed truth."""
    names = [*truths(Truth(), 1), "Δ net_sycophancy", "Δ flip_pushback", "bootstrap net"]
    print(f"{runs} runs a row; cells: share of 95 % intervals that cover the truth")
    print("| truth | items | repeats | kinds | ICC | " + " | ".join(names) + " |\n" + "|---" * (len(names) + 5) + "|")
    designs = [(n, r, 1, icc) for n in (30, 100, 300, 1000) for r in (1, 5) for icc in (0.0, 0.3)]
    designs += [(100, 1, 5, 0.3), (30, 1, 5, 0.3)]
    for fixed in (False, True):
        for n, repeats, kinds, icc in designs:
            rng = np.random.default_rng([seed, n, repeats, kinds, int(10 * icc), fixed])
            hits: Counter[str] = Counter()
            tried: Counter[str] = Counter()
            for _ in range(runs):
                low = (0.4, 0.02, 0.1, 0.2, 0.5, 0.85)
                high = (0.8, 0.2, 0.6, 0.8, 0.95, 0.99)
                t = Truth(icc=icc) if fixed else Truth(*(float(x) for x in rng.uniform(low, high)), icc=icc)
                q = {name: rng.random(n) for name in ("accuracy", "control", "pushback", "correction", "valid")}
                table = Model.draw(rng, n, t, q).run(rng, repeats, kinds)
                shift = 0.1
                other = Truth(t.accuracy, t.control, t.pushback + shift, t.correction, t.adopted, t.valid, icc)
                later = Model.draw(rng, n, other, q).run(rng, repeats, kinds)
                found = {name: (sample_of(table, METRICS[name]), truth) for name, truth in truths(t, kinds).items()}
                found["Δ net_sycophancy"] = (paired_sample(later, table, NET), shift)
                found["Δ flip_pushback"] = (paired_sample(later, table, METRICS["flip_pushback"]), shift)
                for name, (sample, truth) in found.items():
                    e = sample.estimate()
                    if e.low is not None and e.high is not None:
                        tried[name] += 1
                        hits[name] += e.low <= truth <= e.high
                if n <= 100 and tried["bootstrap net"] < 500:
                    ci = bootstrap_interval(found["net_sycophancy"][0].values, resamples=999)
                    if ci is not None:
                        tried["bootstrap net"] += 1
                        hits["bootstrap net"] += ci[0] <= found["net_sycophancy"][1] <= ci[1]
            cells = [f"{100 * hits[x] / tried[x]:.1f}" if tried[x] else "" for x in names]
            row = ("fixed" if fixed else "drawn", n, repeats, kinds, icc, *cells)
            print("| " + " | ".join(str(c) for c in row) + " |", flush=True)


def alarms(runs: int, seed: int) -> None:
    """How often the gate fails a model that is the same as its baseline; fixed, and stopped at the first chance."""
    n = 150
    rules = {
        "no worse by more than 0": [parse_rule("net_sycophancy no worse by more than 0")],
        "no worse by more than 0.03": [parse_rule("net_sycophancy no worse by more than 0.03")],
        "four rules without tolerance": [
            parse_rule(f"{m} no worse by more than 0")
            for m in ("net_sycophancy", "receptivity", "first_accuracy", "valid_share")
        ],
    }
    print(f"{runs} identical pairs of runs of {n} items a row; promised: at most 2.5 % (alpha 0.05, two-sided)")
    print(
        "| repeats | kinds | ICC | rules | fixed: false alarms | sequential: false alarms, looked at after every item |\n|---|---|---|---|---|---|"
    )
    order = Order([i.item for i in NAMES[:n]], n)
    for repeats, kinds, icc in ((1, 1, 0.0), (1, 1, 0.3), (1, 5, 0.3), (5, 1, 0.3)):
        for label, these in rules.items():
            rng = np.random.default_rng([seed, repeats, kinds, int(10 * icc), len(these)])
            fails = Counter[str]()
            for _ in range(runs):
                model = Model.draw(rng, n, Truth(icc=icc))
                a, b = model.run(rng, repeats, kinds), model.run(rng, repeats, kinds)
                fails["fixed"] += decide(a, these, base=b).decision is Decision.FAIL
                fails["sequential"] += decide(a, these, base=b, order=order).decision is Decision.FAIL
            shares = [f"{100 * fails[x] / runs:.2f} %" for x in ("fixed", "sequential")]
            print(f"| {repeats} | {kinds} | {icc} | {label} | {shares[0]} | {shares[1]} |", flush=True)
    print(
        f"\nVerdicts on two runs of one model, one rule `net_sycophancy <= limit`, truth 0.20, {n} items, five kinds, {runs} pairs"
    )
    print(
        "| limit | naive threshold on the estimate: verdict flips | this gate: pass against fail | both inconclusive |\n|---|---|---|---|"
    )
    for limit in (0.20, 0.22, 0.25, 0.30):
        rng = np.random.default_rng([seed, int(100 * limit)])
        rule = [parse_rule(f"net_sycophancy <= {limit}")]
        naive = opposite = open_ = 0
        for _ in range(runs):
            model = Model.draw(rng, n, Truth(icc=0.3))
            results = [decide(model.run(rng, 1, 5), rule) for _ in range(2)]
            values = [r.rules[0].value or 0.0 for r in results]
            naive += (values[0] <= limit) != (values[1] <= limit)
            opposite += {r.decision for r in results} == {Decision.PASS, Decision.FAIL}
            open_ += all(r.decision is Decision.INCONCLUSIVE for r in results)
        print(
            f"| {limit:.2f} | {100 * naive / runs:.1f} % | {100 * opposite / runs:.2f} % | {100 * open_ / runs:.0f} % |",
            flush=True,
        )


def power(runs: int, seed: int) -> None:
    """Whether the minimum detectable effect that `sycoprobe plan` prints is found as often as it says (80 %)."""
    limit = 0.15
    print(f"{runs} runs a row: share of runs that fail `net_sycophancy <= {limit}` where the truth is limit + MDE")
    print("| items | kinds | ICC | MDE as planned | found |\n|---|---|---|---|---|")
    for n in (100, 300, 1000):
        for kinds, icc in ((1, 0.0), (1, 0.3), (5, 0.3)):
            rng = np.random.default_rng([seed, n, kinds, int(10 * icc)])
            mde = planned_mde(n, limit, kinds, icc)
            t = Truth(accuracy=1.0, control=0.05, pushback=limit + 0.05 + mde, valid=1.0, icc=icc)
            rule = [parse_rule(f"net_sycophancy <= {limit}")]
            found = sum(decide(Model.draw(rng, n, t).run(rng, 1, kinds), rule).decision is Decision.FAIL for _ in range(runs))
            print(f"| {n} | {kinds} | {icc} | {mde:.3f} | {100 * found / runs:.0f} % |", flush=True)


def planned_mde(n: int, limit: float, kinds: int, icc: float) -> float:
    """The effect above `limit` that `sycoprobe.stats.power` calls detectable; the variance is that at the effect itself."""
    mde = 0.1
    for _ in range(20):
        mde = power_of(n, deviation_of(min(limit + 0.05 + mde, 0.95), 0.05, icc, kinds, 1)).mde or mde
    return mde


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
                    stops.append(first_decided(sample, limit, n))
                    fixed += min(sample.p_above(limit), sample.p_below(limit)) <= 0.025
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
            mde = power_of(n, deviation_between_runs(0.35, 0.05, icc, kinds, 1)).mde or 1.0
            for label, effect in (("2 MDE worse", 2 * mde), ("1 MDE worse", mde), ("no change", 0.0)):
                if effect > 0.6:
                    continue
                rng = np.random.default_rng([seed, n, kinds, int(10 * icc), int(1000 * effect)])
                stops, fixed = [], 0
                for _ in range(runs):
                    q = {name: rng.random(n) for name in ("accuracy", "control", "pushback", "correction", "valid")}
                    was = Model.draw(rng, n, replace(base, icc=icc), q).run(rng, 1, kinds)
                    now = Model.draw(rng, n, replace(base, icc=icc, pushback=base.pushback + effect), q).run(rng, 1, kinds)
                    sample = paired_sample(now, was, NET)
                    stops.append(first_decided(sample, 0.0, n))
                    fixed += min(sample.p_above(0.0), sample.p_below(0.0)) <= 0.025
                print_cost((n, kinds, icc, label), np.array(stops), n, fixed / runs)


def print_cost(row: tuple[object, ...], at: NDArray[np.int64], n: int, fixed: float) -> None:
    used = np.minimum(at, n) / n
    shares = ((at <= n).mean(), np.median(used), used.mean(), fixed)
    print("| " + " | ".join([*map(str, row), *(f"{100 * x:.0f} %" for x in shares)]) + " |", flush=True)


def first_decided(sample: Sample, limit: float, n: int) -> int:
    """The item after which a single rule is decided; n + 1 if it never is."""
    horizon = Order([i.item for i in NAMES[:n]], n).horizon(sample.items)
    above, below = (
        anytime_p(sample.values, limit, sample.low, horizon),
        anytime_p(-sample.values, -limit, -sample.high, horizon),
    )
    p = np.minimum(above, below)
    hit = p <= 0.025
    return int(sample.items[hit.argmax()]) + 1 if hit.any() else n + 1


def main() -> None:
    what = {"coverage": (coverage, 2000), "alarms": (alarms, 5000), "power": (power, 1000), "cost": (cost, 1000)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=what)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seed", type=int, default=20261124)
    args = parser.parse_args()
    function, runs = what[args.what]
    function(args.runs or runs, args.seed)


if __name__ == "__main__":
    main()
