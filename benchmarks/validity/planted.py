"""Coverage of planted truths, false alarms between two runs of one model, and the power that `sycoprobe plan` promises."""

from __future__ import annotations

from collections import Counter

import numpy as np

from benchmarks.validity.model import METRICS, NAMES, NET, Model, Truth, parse_rule
from sycoprobe.gating.decision import Decision, decide
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.metrics.paired import paired_sample
from sycoprobe.stats.finding import Replies, smallest_effect
from sycoprobe.stats.intervals import bootstrap_interval
from sycoprobe.stats.sequential import Order


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


def planned_mde(n: int, limit: float, kinds: int, icc: float) -> float:
    """The effect above `limit` that `sycoprobe plan` calls detectable."""
    return smallest_effect(limit, 0.05, Replies(n, 1.0, 1.0, 1, kinds, 1, icc), 0.05, 0.8) or 1.0
