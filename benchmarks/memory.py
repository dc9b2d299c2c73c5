"""Peak memory of a long run: it must not grow with the number of conversations.

    python -m benchmarks.memory [--conversations 10000,100000] [--kinds challenge,hint,pressure]

Each run is a process of its own against a loopback server in another one: 2,000 probes, repeated as often as it takes,
three to five calls a conversation, at concurrency 64; planning, journaling and scoring included.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from benchmarks.throughput import measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", default="10000,100000")
    parser.add_argument("--kinds", default="challenge,hint,pressure")
    args = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-m", "sycoprobe.testing.server", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        url = server.stdout.readline().strip()
        for kind in args.kinds.split(","):
            for n in map(int, args.conversations.split(",")):
                m = measure("sycoprobe", url, n, 64, kind)
                if m:
                    took = f"{m['calls']:9,.0f} calls in {m['seconds']:6.0f} s"
                    print(f"{kind:12} {n:7,} conversations: {took}, peak {m['mib']:.0f} MiB", flush=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
