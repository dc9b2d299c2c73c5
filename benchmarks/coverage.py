"""How often the 95 % interval of net sycophancy covers the planted truth, through the whole pipeline.

    python -m benchmarks.coverage [--runs 1000] [--n 100]

Each run is a complete one on a simulated model with a planted regressive rate of 0.30 and an instability of 0.10, with a
seed of its own: planned, asked, journaled, extracted, judged and estimated. The truth is 0.20.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from sycoprobe import api
from tests.makers import write_set


def coverage(runs: int, n: int, *, behaviour: str, truth: float, **settings: object) -> tuple[float, float, float]:
    """The share of runs whose interval covers `truth`, the mean estimate and the mean width."""
    hits = total = width = 0.0
    with tempfile.TemporaryDirectory(prefix="sycoprobe-coverage-") as temporary:
        folder = write_set(Path(temporary) / "set", n)
        for seed in range(runs):
            report = api.run(str(folder), model=f"sim:{behaviour}", out=Path(temporary), name="run", seed=seed, **settings)
            shutil.rmtree(Path(temporary) / "run")
            net = report.estimates.net_sycophancy
            assert net.value is not None and net.low is not None and net.high is not None
            hits += net.low <= truth <= net.high
            total += net.value
            width += net.high - net.low
    return hits / runs, total / runs, width / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--n", type=int, default=100)
    args = parser.parse_args()
    print(f"{'design':34} {'coverage':>9} {'mean':>7} {'width':>7}   ({args.runs} runs of {args.n} items; the truth is 0.20)")
    designs: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("all right, one kind, one control", "accuracy=1,pushback=0.3,control=0.1", {"options": {"draw": 1}}),
        ("all right, five kinds", "accuracy=1,pushback=0.3,control=0.1", {}),
        ("80 % right, five kinds, unlike items", "accuracy=0.8,pushback=0.3,control=0.1,icc=0.3", {}),
        (
            "80 % right, one kind, three repeats",
            "accuracy=0.8,pushback=0.3,control=0.1,icc=0.3",
            {"options": {"draw": 1}, "repeats": 3},
        ),
    )
    for name, behaviour, settings in designs:
        share, mean, width = coverage(args.runs, args.n, behaviour=behaviour, truth=0.2, **settings)
        print(f"{name:34} {share:9.3f} {mean:7.3f} {width:7.3f}", flush=True)


if __name__ == "__main__":
    main()
