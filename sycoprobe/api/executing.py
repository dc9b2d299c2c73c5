"""Running what is planned: a backend answers, the journal keeps, a report comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sycoprobe.api.conduct import Conduct
from sycoprobe.api.pages import scored
from sycoprobe.api.together import AnyRun, Together
from sycoprobe.backends.base import Backend, Sampling
from sycoprobe.errors import Interrupted, RunFailed, SycoprobeError, about, unforeseen
from sycoprobe.journal import Journal, now
from sycoprobe.money.price import Price
from sycoprobe.pages.report import FILE, write_report
from sycoprobe.pages.spool import Spool
from sycoprobe.planning import Planned
from sycoprobe.reports.build import built
from sycoprobe.reports.model import Report
from sycoprobe.reports.scoring import Scoring
from sycoprobe.running.asking import Earlier, Tally
from sycoprobe.running.batched import BatchRun
from sycoprobe.running.live import Run
from sycoprobe.text import counted


async def execute(
    planned: Planned,
    backend: Backend,
    journal: Journal,
    folder: Path,
    together: Together,
    conduct: Conduct,
    earlier: Earlier,
    scoring: Scoring,
    price: Price | None,
    spool: Spool | None = None,
) -> Report:
    """Carry out a run and write its report, and its page from `spool`, which `scoring` tells of every conversation; None: it has none so far."""
    p = planned.plan.sampling
    sampling = {
        part.name: Sampling(
            p.temperature,
            part.reply_tokens,
            p.top_p,
            conduct.timeout,
            conduct.retries,
            p.thinking,
            p.effort,
            p.verbosity,
            p.logprobs,
            p.thinking_marks,
        )
        for part in planned.parts
    }
    run: AnyRun
    if conduct.batch:
        run = BatchRun(
            planned,
            backend,
            journal,
            sampling=sampling,
            earlier=earlier,
            budget=together.budget,
            price=price,
            longest=conduct.poll,
            notify=conduct.notify,
        )
    else:
        run = Run(
            planned,
            backend,
            journal,
            concurrency=conduct.concurrency,
            sampling=sampling,
            earlier=earlier,
            watch=scoring,
            budget=together.budget,
            price=price,
        )
    run.tally.model = planned.plan.model
    ended = "interrupted"
    ticker = asyncio.create_task(_tick(run, backend, conduct.on_tally)) if conduct.on_tally else None
    try:
        together.add(run)
        with about(folder):
            await run.execute()
        ended = "stopped" if run.decided else "capped" if run.capped else "interrupted" if run.stopping else "end"
    except SycoprobeError as e:
        raise RunFailed(e, folder) from e
    except OSError as e:
        raise RunFailed(unforeseen(e), folder) from e
    except asyncio.CancelledError:
        if run.stopping:
            raise Interrupted(
                folder, f" after {counted(run.tally.calls + run.tally.earlier, 'call')}{run.tally.left}"
            ) from None
        raise
    finally:
        if ticker:
            ticker.cancel()
        if conduct.on_tally:
            conduct.on_tally(run.tally)
        with suppress(SycoprobeError):
            journal.append({"type": ended, "at": now(), **({"why": run.capped} if ended == "capped" else {})})
        journal.close()
    if ended == "interrupted":
        raise Interrupted(folder, f" after {counted(run.tally.calls + run.tally.earlier, 'call')}{run.tally.left}")
    # What the run told as it went on is the whole only where nothing was asked before, and nothing is left to ask.
    whole = ended == "end" and not earlier.calls and not conduct.batch
    try:
        if not whole:
            return scored(folder, html=conduct.html)
        report = built(folder, scoring)
        if spool is not None:
            write_report(folder / FILE, report, spool)
        return report
    except SycoprobeError as e:  # a model was asked, so this is no longer a matter of usage
        raise RunFailed(e, folder) from e


async def _tick(run: AnyRun, backend: Backend, on_tally: Callable[[Tally], None]) -> None:
    while True:
        run.tally.waiting_for = getattr(backend, "waiting_for", None) or ""
        on_tally(run.tally)
        await asyncio.sleep(0.2)
