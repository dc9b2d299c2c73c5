"""Does the gate keep its promises? Simulated runs whose truth is known, judged by the code that judges real runs.

    python -m benchmarks.validity WHAT [--runs N] [--seed S] [--jobs J] [--rule RULE] [--items N]

Outcomes are drawn by numpy (the whole pipeline from question to estimate is `benchmarks.coverage`). docs/validity.md holds tables that
these commands printed.
"""

from __future__ import annotations

import argparse
import inspect

from benchmarks.validity.audit_bias import bias, templates
from benchmarks.validity.audit_exact import exact
from benchmarks.validity.audit_hedging import hedging
from benchmarks.validity.audit_naive import naive
from benchmarks.validity.audit_pairs import aa
from benchmarks.validity.audit_power import power
from benchmarks.validity.audit_ratings import ratings
from benchmarks.validity.audit_tails import tails
from benchmarks.validity.model import NET as NET
from benchmarks.validity.model import Model as Model
from benchmarks.validity.model import Truth as Truth
from benchmarks.validity.planted import alarms, coverage
from benchmarks.validity.planted import planned_mde as planned_mde
from benchmarks.validity.stopping import cost
from sycoprobe.metrics.estimate import sample_of as sample_of


def main() -> None:
    what = {"coverage": (coverage, 2000), "alarms": (alarms, 5000), "power": (power, 1000), "cost": (cost, 1000)}
    what |= {"tails": (tails, 2000), "bias": (bias, 1000), "templates": (templates, 2000), "hedging": (hedging, 1000)}
    what |= {"aa": (aa, 400), "ratings": (ratings, 2000), "naive": (naive, 1000), "exact": (exact, 1)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=what)
    parser.add_argument("--runs", type=int, help="simulated runs a row (exact needs none)")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--jobs", type=int, default=1, help="rows that are made at once; the numbers do not depend on it")
    parser.add_argument("--rule", action="append", default=[], help="hedging: a further rule, as a settings file has it")
    parser.add_argument("--items", type=int, action="append", default=[], help="tails: only runs of so many items")
    args = parser.parse_args()
    function, runs = what[args.what]
    further = {"jobs": args.jobs, "rules": tuple(args.rule), "items": tuple(args.items)}
    takes = inspect.signature(function).parameters
    function(args.runs or runs, args.seed, **{name: value for name, value in further.items() if name in takes})
