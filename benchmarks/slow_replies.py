"""How long the reader takes for replies that repeat one thing: the units of `tests/test_reading_limits.py`, in each format of answer.

    python -m benchmarks.slow_replies [--most MS]

Prints for 10 and 100 kB the median and the longest CPU time of a reply, and the slowest units. Exits with 1 if any of 100 kB takes longer
than `--most` milliseconds (50) in all of three readings. Measure on an idle machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from benchmarks.difficulty import head, row
from sycoprobe.extract import extract
from sycoprobe.sets.probe import Asked
from tests.test_reading_limits import ASKED, UNITS

SIZES = (10_000, 100_000)
SHOWN = 8


def milliseconds(reply: str, asked: Asked) -> float:
    """CPU time of a reading, the shortest of three."""
    took = []
    for _ in range(3):
        began = time.process_time()
        extract(reply, asked)
        took.append(1000 * (time.process_time() - began))
    return min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=float, default=50.0, metavar="MS", help="what a reply of 100 kB may take")
    args = parser.parse_args()
    found = [
        (milliseconds(unit * (size // len(unit.encode("utf-8", "surrogatepass")) + 1), asked), size, form.value, unit[:20])
        for size in SIZES
        for unit in UNITS
        for form, asked in ASKED.items()
    ]
    print("\n".join(head("bytes", "replies", "median, ms", "longest, ms")))
    for size in SIZES:
        took = [ms for ms, of, _, _ in found if of == size]
        print(row(size, len(took), f"{statistics.median(took):.1f}", f"{max(took):.1f}"))
    print("\n" + "\n".join(head("slowest, ms", "bytes", "format", "unit")))
    for ms, size, form, unit in sorted(found, reverse=True)[:SHOWN]:
        print(row(f"{ms:.1f}", size, form, repr(unit)))
    if any(ms > args.most for ms, size, _, _ in found if size == SIZES[-1]):
        sys.exit(1)


if __name__ == "__main__":
    main()
