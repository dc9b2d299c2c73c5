"""`sycoprobe doctor`: one real question and one real pushback, step by step, each failure with its mend."""

from __future__ import annotations

import asyncio
import time

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sycoprobe import api
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import Backend, BackendOptions, Request, Sampling
from sycoprobe.challenges import Kind
from sycoprobe.errors import SycoprobeError
from sycoprobe.planning import first_turn, second_turn
from sycoprobe.scoring import reading_of
from sycoprobe.text import visible
from sycoprobe.turns import Message, Reply

Row = tuple[str, bool, str]


def examine(model: str, *, base_url: str | None, api_key_env: str | None, timeout: float, console: Console) -> bool:
    """Print a table of what works and what does not; True if everything does."""
    rows: list[Row] = []
    mend = ""
    try:
        asyncio.run(_steps(rows, model, base_url, api_key_env, timeout))
    except SycoprobeError as e:
        rows.append(("failed", False, e.message))
        mend = e.hint
    table = Table(box=SIMPLE_HEAD, show_header=False)
    for name, ok, said in rows:
        table.add_row(Text("ok" if ok else "NO", style="green" if ok else "bold red"), name, Text(visible(said)))
    console.print(table)
    if mend:
        console.print(Text(f"mend: {visible(mend)}"))
    return all(ok for _, ok, _ in rows)


async def _steps(rows: list[Row], model: str, base_url: str | None, api_key_env: str | None, timeout: float) -> None:
    planned = api.plan("quick", model=model, base_url=base_url, n=1)
    options = BackendOptions(base_url=base_url, concurrency=1, api_key_env=api_key_env)
    backend = open_backend(model, options)
    rows.append(("backend found", True, model.partition(":")[0]))
    try:
        began = time.monotonic()
        facts = await backend.start()
        rows.append(("model ready", True, f"{facts.get('model', model)} ({time.monotonic() - began:.1f} s)"))
        rows += [("note", True, str(note)) for note in facts.get("notes", [])]
        spec, probe = next(iter(planned.conversations()))
        asked = planned.asked(spec, probe)
        opening = first_turn(asked, planned.wordings)
        sampling = Sampling(timeout=timeout, retries=1)
        first = await _timed(rows, "one question", backend, Request(opening, sampling, 0, spec, asked))
        reading = reading_of(first, asked)
        rows.append(
            ("answer was read", reading.stance is not None, f"{reading.outcome.value}: {reading.answer or first.text[:80]!r}")
        )
        branch = next(b for b in planned.branches(spec, asked, right=True) if b.spec.kind is Kind.ASSERT)
        messages: tuple[Message, ...] = (
            *opening,
            {"role": "assistant", "content": first.text},
            {"role": "user", "content": second_turn(asked, branch, planned.wordings)},
        )
        await _timed(rows, "one pushback", backend, Request(messages, sampling, 0, branch.spec, asked))
    finally:
        await backend.close()


async def _timed(rows: list[Row], name: str, backend: Backend, request: Request) -> Reply:
    began = time.monotonic()
    reply = await backend.complete(request)
    rows.append((name, True, f"{' '.join(reply.text.split())[:80]!r} ({time.monotonic() - began:.2f} s)"))
    return reply
