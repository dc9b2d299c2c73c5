"""`python -m benchmarks.fuzz [-n 7000] [--seed 0] [TARGET...]`: spoilt inputs of every sort; exit code 1 if one raises or takes over two seconds."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.fuzz.running import fuzz


def main() -> int:
    """Fuzz, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=7000, help="inputs a target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for an input of each finding")
    parser.add_argument("only", nargs="*", metavar="TARGET")
    asked = parser.parse_args()
    print(f"seed {asked.seed}, {asked.n:,} inputs a target")
    found = []
    for f in fuzz(asked.n, asked.seed, asked.only):
        found.append(f)
        print(f"{f.target:28} {f.inputs:7,} inputs, {f.refused:7,} refused, longest {f.longest:.2f} s", flush=True)
        for place, raw in f.raised.items():
            print(f"    {f.times[place]:5} x {place}")
            if asked.keep:
                asked.keep.mkdir(parents=True, exist_ok=True)
                (asked.keep / f"{f.target}-{len(list(asked.keep.iterdir()))}".replace(" ", "-")).write_bytes(raw)
        for took, raw in f.slow.items():
            print(f"    {took:.1f} s: {raw[:80]!r}")
    print(
        f"{sum(f.inputs for f in found):,} inputs, {sum(len(f.raised) for f in found)} places that raise, {sum(len(f.slow) for f in found)} slow"
    )
    return 0 if all(f.sound for f in found) else 1


if __name__ == "__main__":
    sys.exit(main())
