"""How near to a server's rate limit the limiter settles, and what it costs where there is no limit.

    python -m benchmarks.limits [--seconds 120] [--rates 20,50,200] [--workers 64] [--whole]

One table: real HTTP to loopback servers that answer 429 once a token bucket is empty (50 ms a reply; a bucket of one second
and one of 5 requests; with and without `Retry-After: 1`), those of one limit at the same time, each with workers that call
without end. What is shown is over the second half of the time. The second one: the same with whole runs. The third: CPU per
call to a server without a limit, with and without the limiter.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sycoprobe.backends.limiter import Limiter
from sycoprobe.backends.retry import retry_after, wait_before
from sycoprobe.backends.transport import HttpReply, Transport
from tests.loopback import LoopbackServer, reply_body
from tests.metered import Bucket

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "What is the capital of France?"}]}).encode()
WHOLE = json.dumps(reply_body("Paris")).encode()
DELAY = 0.05


@dataclass(frozen=True, slots=True)
class Case:
    """A server: its limit in requests/s, the size of its bucket, and the `Retry-After` of its rejections in seconds."""

    rate: float
    size: float
    after: float | None


def server_of(case: Case) -> LoopbackServer:
    bucket = Bucket(case.rate, case.size, time.monotonic, case.after)

    def answer(_body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        status, headers = bucket.take()
        return status, headers, WHOLE if status == 200 else b'{"error":{"message":"slow down"}}'

    return LoopbackServer(answer, delay=DELAY)


def serve(cases: list[Case]) -> None:
    """Serve all cases in this process until its input ends; prints the addresses."""
    with ExitStack() as stack:
        print(json.dumps([stack.enter_context(server_of(case)).url for case in cases]), flush=True)
        sys.stdin.read()


async def load(url: str, workers: int, seconds: float) -> tuple[list[float], list[float], int]:
    """When calls were accepted and rejected, in seconds since the start, and how many were begun but not accepted at the end."""
    transport, limiter = Transport(url, {}, workers), Limiter("loopback")
    await transport.start()
    accepted: list[float] = []
    rejected: list[float] = []
    began = time.monotonic()
    begun = 0

    async def call() -> None:
        nonlocal begun
        begun += 1
        tried = 0
        while True:
            tried += 1
            async with limiter.slot(transport, workers, lambda _line: None) as slot:
                reply = await transport.post(f"{url}/chat/completions", BODY, 60)
                slot.answered(reply.status, reply.headers)
            if reply.status == 200:
                accepted.append(time.monotonic() - began)
                return
            rejected.append(time.monotonic() - began)
            await asyncio.sleep(wait_before(tried, retry_after(reply.headers), random.random))

    async def work() -> None:
        while time.monotonic() - began < seconds:
            await call()

    await asyncio.gather(*(work() for _ in range(workers)))
    await transport.close()
    return accepted, rejected, begun - len(accepted)


def settle(rates: list[float], workers: int, seconds: float) -> None:
    """Print how near to the limit it settles."""
    half = seconds / 2
    print(f"{workers} workers, {seconds:g} s; what follows is over the last {half:g} s")
    print(
        f"{'limit/s':>8} {'bucket':>7} {'Retry-After':>12} {'accepted/s':>11} {'of limit':>9} {'rejected':>9} {'lost':>5} {'rejected before':>16}"
    )
    for rate in rates:
        settle_at([Case(rate, size, after) for size in (rate, 5.0) for after in (None, 1.0)], workers, seconds)


def settle_at(cases: list[Case], workers: int, seconds: float) -> None:
    """Print a line for each of the cases, which are tried at the same time."""
    args = [sys.executable, "-m", "benchmarks.limits", "--serve", json.dumps([[c.rate, c.size, c.after] for c in cases])]
    server = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin and server.stdout
    try:
        urls = json.loads(server.stdout.readline())

        async def all_at_once() -> list[tuple[list[float], list[float], int]]:
            return await asyncio.gather(*(load(url, workers, seconds) for url in urls))

        found = asyncio.run(all_at_once())
    finally:
        server.stdin.close()
        server.wait()
    half = seconds / 2
    for case, (accepted, rejected, lost) in zip(cases, found, strict=True):
        took = sum(half < t <= seconds for t in accepted)
        refused = sum(half < t <= seconds for t in rejected)
        print(
            f"{case.rate:8g} {case.size:7g} {case.after or '-':>12} {took / half:11.2f} {took / half / case.rate:8.1%} "
            f"{refused / (took + refused):9.2%} {lost:5} {len(rejected) - refused:16}",
            flush=True,
        )


def whole_runs(rates: list[float], concurrency: int, seconds: float) -> None:
    """Print the same for whole runs of sycoprobe (planning, journaling and scoring included), one after another."""
    from sycoprobe import api
    from tests.makers import write_set

    half = seconds / 2
    print(
        f"\nwhole runs, concurrency {concurrency}, {seconds:g} s, bucket of one second; what follows is over the last {half:g} s"
    )
    print(f"{'limit/s':>8} {'accepted/s':>11} {'of limit':>9} {'rejected':>9} {'failed calls':>13} {'answered in all':>16}")
    for rate in rates:
        bucket = Bucket(rate, rate, time.monotonic, None)
        taken: list[tuple[float, int]] = []

        def answer(
            _body: dict[str, Any], bucket: Bucket = bucket, taken: list[tuple[float, int]] = taken
        ) -> tuple[int, dict[str, str], bytes]:
            status, headers = bucket.take()
            taken.append((time.monotonic(), status))
            return status, headers, WHOLE if status == 200 else b'{"error":{"message":"slow down"}}'

        with tempfile.TemporaryDirectory() as folder, LoopbackServer(answer, delay=DELAY) as server:
            made = str(write_set(Path(folder) / "set", int(rate * seconds / 4) + 50))
            conduct = api.Conduct(concurrency=concurrency, max_time=seconds)
            began = time.monotonic()
            report = api.run(made, model="openai:m", base_url=server.url, out=Path(folder), name="run", conduct=conduct)
        late = [status for at, status in taken if half < at - began <= seconds]
        accepted = late.count(200)
        print(
            f"{rate:8g} {accepted / half:11.2f} {accepted / half / rate:8.1%} {late.count(429) / len(late):9.2%} "
            f"{report.status.errors:13} {report.status.calls - report.status.errors:16,}",
            flush=True,
        )


async def unlimited(url: str, calls: int, workers: int, limiter: Limiter | None) -> None:
    transport = Transport(url, {}, workers)
    await transport.start()
    left = iter(range(calls))

    async def call() -> HttpReply:
        if limiter is None:
            return await transport.post(f"{url}/chat/completions", BODY, 60)
        async with limiter.slot(transport, workers, print) as slot:
            reply = await transport.post(f"{url}/chat/completions", BODY, 60)
            slot.answered(reply.status, reply.headers)
        return reply

    async def work() -> None:
        for _ in left:
            assert (await call()).status == 200

    await asyncio.gather(*(work() for _ in range(workers)))
    await transport.close()


def cost(calls: int, workers: int, repeats: int) -> None:
    """Print what the limiter costs."""
    server = subprocess.Popen([sys.executable, "-m", "sycoprobe.testing.server"], stdout=subprocess.PIPE, text=True)
    assert server.stdout
    found: dict[str, list[tuple[float, float]]] = {"without": [], "with limiter": []}
    try:
        url = server.stdout.readline().strip()
        asyncio.run(unlimited(url, calls, workers, None))  # imports and first connections count for neither
        for _ in range(repeats):
            for name, runs in found.items():
                limiter = Limiter("loopback") if name != "without" else None
                began, cpu = time.perf_counter(), time.process_time()
                asyncio.run(unlimited(url, calls, workers, limiter))
                runs.append((1000 * (time.process_time() - cpu) / calls, calls / (time.perf_counter() - began)))
    finally:
        server.terminate()
        server.wait()
    print(f"{calls} calls, {workers} workers, no limit, no delay; {repeats} runs of each, in turn")
    print(f"{'':14} {'CPU ms/call':>12} {'least':>8} {'calls/s':>9}")
    for name, runs in found.items():
        cpus, speeds = zip(*runs, strict=True)
        print(f"{name:14} {statistics.median(cpus):12.4f} {min(cpus):8.4f} {statistics.median(speeds):9.0f}")
    plain, limited = ([cpu for cpu, _ in runs] for runs in found.values())
    print(f"{'ratio':14} {statistics.median(limited) / statistics.median(plain):12.3f} {min(limited) / min(plain):8.3f}")


async def gate_only(calls: int) -> float:
    """Microseconds of the limiter alone for a call, with nothing sent."""
    limiter, client = Limiter("loopback"), object
    headers = {"content-type": "application/json"}
    began = time.process_time()
    for _ in range(calls):
        async with limiter.slot(client, 64, print) as slot:
            slot.answered(200, headers)
    return 1e6 * (time.process_time() - began) / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rates", default="20,50,200", help="requests/s; empty: leave that table out")
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--whole", action="store_true", help="whole runs only")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve([Case(*case) for case in json.loads(args.serve)])
    else:
        cost(args.calls, 256, args.repeats)
        print(f"the limiter alone: {asyncio.run(gate_only(200_000)):.2f} µs a call\n", flush=True)
        if args.rates:
            rates = [float(rate) for rate in args.rates.split(",")]
            if not args.whole:
                settle(rates, args.workers, args.seconds)
            whole_runs(rates, args.workers, args.seconds)


if __name__ == "__main__":
    main()
