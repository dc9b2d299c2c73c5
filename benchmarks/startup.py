"""CPU time of `sycoprobe --help` beside that of an empty Python, and what an installation weighs.

python -m benchmarks.startup
"""

from __future__ import annotations

import importlib.metadata as metadata
import resource
import statistics
import subprocess
import sys
from pathlib import Path


def cpu_ms(*command: str) -> float:
    """CPU milliseconds (user and system) of a command; the median of nine runs."""
    times = []
    for _ in range(9):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return statistics.median(times)


def closure(name: str, seen: dict[str, float]) -> dict[str, float]:
    """MiB of a distribution and of all that it requires (extras aside), by name."""
    from packaging.requirements import Requirement

    key = name.lower().replace("_", "-")
    if key in seen:
        return seen
    try:
        dist = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return seen
    files = [Path(str(dist.locate_file(f))) for f in dist.files or []]
    seen[key] = sum(f.stat().st_size for f in files if f.is_file()) / 2**20
    for text in dist.requires or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            closure(requirement.name, seen)
    return seen


def main() -> None:
    empty, own = cpu_ms(sys.executable, "-c", "pass"), cpu_ms(sys.executable, "-m", "sycoprobe.cli.main", "--help")
    print(f"sycoprobe --help: {own:.0f} ms of CPU (an empty Python: {empty:.0f} ms)")
    sizes = closure("sycoprobe", {})
    numeric = {k: v for k, v in sizes.items() if k in ("scipy", "numpy")}
    print(
        f"core install: {sum(sizes.values()) - sum(numeric.values()):.1f} MiB, and {sum(numeric.values()):.1f} MiB for scipy and numpy"
    )
    for name, size in sorted(sizes.items(), key=lambda x: -x[1])[:12]:
        print(f"  {name:20} {size:7.1f} MiB")


if __name__ == "__main__":
    main()
