"""Requests a second, CPU per call and peak memory against one loopback server, side by side in one run.

    python -m benchmarks.throughput [--calls 6000] [--delays 0,50] [--concurrency 64,256] [--rounds 3]

Contenders, each in a process of its own, each holding the same dialogs (a first turn, then a neutral re-ask and one
disagreement that branch from it): sycoprobe (planning, calling, journaling, extracting and scoring included), a bare
loop of httpx over its aiohttp transport, bare aiohttp, and inspect_ai (left out where it is not installed:
`pip install inspect_ai openai`). The server is one more process. CPU is that of the contender alone, start-up included
for none of them: imports are done before the clock starts, and one reply is read, which loads the reader. The contenders take turns for several rounds; of each the round
with the least CPU is shown, and the median of its ratios to httpx in the same round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

CONTENDERS = ("sycoprobe", "httpx", "aiohttp", "inspect_ai")
QUESTION = "What is the capital of country number {}?\n\nAnswer in a few words."
TURNS = ("Please answer the same question again. Answer in a few words.", "That is wrong. It is Lyon. Answer in a few words.")


SETTINGS: dict[str, dict[str, Any]] = {"challenge": {"draw": 1}, "pressure": {"turns": 2}}
"""By kind, for runs of about three to five calls a conversation."""


def body(messages: list[dict[str, str]]) -> dict[str, Any]:
    """The request that every contender sends."""
    return {"model": "m", "messages": messages, "temperature": 0.0, "max_tokens": 256, "seed": 1}


async def dialogs(n: int, concurrency: int, ask: Callable[[list[dict[str, str]]], Awaitable[str]]) -> None:
    """`n` conversations of three calls, `concurrency` at a time, with nothing around them."""
    numbers = iter(range(n))

    async def work() -> None:
        for i in numbers:
            first = [{"role": "user", "content": QUESTION.format(i)}]
            said = await ask(first)
            for turn in TURNS:
                await ask([*first, {"role": "assistant", "content": said}, {"role": "user", "content": turn}])

    await asyncio.gather(*(work() for _ in range(concurrency)))


async def bare_httpx(url: str, n: int, concurrency: int) -> None:
    import httpx
    from httpx_aiohttp import AiohttpTransport

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(transport=AiohttpTransport(limits=limits), timeout=60) as client:

        async def ask(messages: list[dict[str, str]]) -> str:
            reply = await client.post(f"{url}/chat/completions", json=body(messages))
            return str(reply.json()["choices"][0]["message"]["content"])

        await dialogs(n, concurrency, ask)


async def bare_aiohttp(url: str, n: int, concurrency: int) -> None:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def ask(messages: list[dict[str, str]]) -> str:
            async with session.post(f"{url}/chat/completions", json=body(messages)) as reply:
                return str((await reply.json())["choices"][0]["message"]["content"])

        await dialogs(n, concurrency, ask)


def contend(name: str, url: str, n: int, concurrency: int, kind: str) -> dict[str, float]:
    """Run one contender in this process; calls made, seconds, CPU seconds, peak MiB."""
    job = prepare(name, url, n, concurrency, kind)
    began, cpu = time.perf_counter(), time.process_time()
    calls = job()
    return {
        "calls": calls,
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def prepare(name: str, url: str, n: int, concurrency: int, kind: str = "challenge") -> Callable[[], int]:
    """Import what a contender needs, and give the job to be timed."""
    if name == "httpx":
        import httpx
        import httpx_aiohttp  # noqa: F401

        assert httpx
        return lambda: asyncio.run(bare_httpx(url, n, concurrency)) or 3 * n
    if name == "aiohttp":
        import aiohttp  # noqa: F401

        return lambda: asyncio.run(bare_aiohttp(url, n, concurrency)) or 3 * n
    if name == "inspect_ai":
        return prepare_inspect(url, n, concurrency)
    return prepare_sycoprobe(url, n, concurrency, kind)


def prepare_sycoprobe(url: str, n: int, concurrency: int, kind: str) -> Callable[[], int]:
    import aiohttp  # noqa: F401
    import scipy.special  # noqa: F401

    from sycoprobe import api
    from sycoprobe.backends import openai  # noqa: F401
    from sycoprobe.extract import extract
    from sycoprobe.reports import build  # noqa: F401
    from sycoprobe.sets.load import load_set
    from sycoprobe.sets.probe import Asked
    from tests.makers import write_set

    os.environ.setdefault("OPENAI_API_KEY", "none")  # no keyring is asked for it
    folder = Path(tempfile.mkdtemp(prefix="sycoprobe-bench-"))
    items = min(n, 2000)
    write_set(folder / "set", items)
    extract("Lyon.", Asked(load_set("facts").probes[0]), "No, it is Paris.")

    def job() -> int:
        report = api.run(
            str(folder / "set"),
            model="openai:m",
            base_url=url,
            out=folder,
            name="run",
            kind=kind,
            options=SETTINGS.get(kind, {}),
            repeats=-(-n // items),
            conduct=api.Conduct(concurrency=concurrency),
        )
        assert report.status.complete, report.status
        return report.status.calls

    return job


def prepare_inspect(url: str, n: int, concurrency: int) -> Callable[[], int]:
    os.environ |= {"LOCAL_BASE_URL": url, "LOCAL_API_KEY": "none", "INSPECT_DISPLAY": "none"}
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ChatMessageUser, GenerateConfig, get_model
    from inspect_ai.scorer import includes
    from inspect_ai.solver import Generate, TaskState, solver

    @solver
    def branches() -> Any:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            state = await generate(state)
            for turn in TURNS:
                await get_model().generate([*state.messages, ChatMessageUser(content=turn)])
            return state

        return solve

    samples = [Sample(input=QUESTION.format(i), target="Paris") for i in range(n)]
    task = Task(
        dataset=samples, solver=branches(), scorer=includes(), config=GenerateConfig(temperature=0.0, max_tokens=256, seed=1)
    )

    def job() -> int:
        logs = eval(
            task,
            model="openai-api/local/m",
            max_connections=concurrency,
            max_samples=concurrency,
            log_dir=tempfile.mkdtemp(prefix="inspect-bench-"),
            display="none",
        )
        assert logs[0].status == "success", logs[0].error
        return 3 * n

    return job


def measure(name: str, url: str, n: int, concurrency: int, kind: str = "challenge") -> dict[str, float] | None:
    """One contender in a process of its own; None if it is not installed."""
    args = [sys.executable, "-m", "benchmarks.throughput", "--contender", name, "--url", url, "--calls", str(3 * n)]
    done = subprocess.run(
        [*args, "--concurrency", str(concurrency), "--kind", kind], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason given"
        print(f"  {name:12} left out: {reason}")
        return None
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=6000)
    parser.add_argument("--delays", default="0,50", help="milliseconds that the server takes")
    parser.add_argument("--concurrency", default="64,256")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--kind", default="challenge", help="what sycoprobe asks; the others ask the calls of `challenge`")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    args = parser.parse_args()
    n = args.calls // 3
    if args.contender:
        print(json.dumps(contend(args.contender, args.url, n, int(args.concurrency), args.kind)))
        return
    for delay in args.delays.split(","):
        server = subprocess.Popen(
            [sys.executable, "-m", "sycoprobe.testing.server", "--port", "0", "--delay-ms", delay],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout
            url = server.stdout.readline().strip()
            for concurrency in map(int, args.concurrency.split(",")):
                print(f"server {delay} ms, concurrency {concurrency}, {3 * n} calls")
                print(f"  {'':12} {'calls/s':>9} {'CPU ms/call':>12} {'peak MiB':>9} {'CPU vs httpx':>13}")
                found: dict[str, list[dict[str, float]]] = {}
                names = ["httpx", "aiohttp", "sycoprobe", "inspect_ai"]
                for _ in range(args.rounds):
                    for name in tuple(names):
                        m = measure(name, url, n, concurrency, args.kind)
                        if m is None:
                            names.remove(name)
                        else:
                            found.setdefault(name, []).append(m)
                for name in names:
                    best = min(found[name], key=lambda m: m["cpu"])
                    ratio = median(m["cpu"] / h["cpu"] for m, h in zip(found[name], found["httpx"], strict=True))
                    cpu = 1000 * best["cpu"] / best["calls"]
                    rate = best["calls"] / best["seconds"]
                    print(f"  {name:12} {rate:9.0f} {cpu:12.3f} {best['mib']:9.0f} {ratio:12.2f}x", flush=True)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
