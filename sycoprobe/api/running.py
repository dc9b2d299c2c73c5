"""Run, resume and score: a plan goes to a model, and its folder becomes a report."""

from __future__ import annotations

import asyncio
import platform
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sycoprobe import __version__
from sycoprobe.api.folders import find_run, find_runs, new_folder, new_folders
from sycoprobe.api.planning import check_until, plan
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import Backend, BackendOptions, Sampling
from sycoprobe.errors import Interrupted, JournalError, PlanError, PriceError, RunFailed, SycoprobeError
from sycoprobe.gating.baselines import Baseline
from sycoprobe.gating.decision import undecided
from sycoprobe.journal import Contents, Journal, now
from sycoprobe.money import lists as prices
from sycoprobe.money import price as money
from sycoprobe.money.budget import Budget, Caps
from sycoprobe.money.files import read_table
from sycoprobe.money.price import Price
from sycoprobe.planning import Planned
from sycoprobe.reports.build import build, built, judge
from sycoprobe.reports.model import Report
from sycoprobe.reports.scoring import Scoring
from sycoprobe.running import batched
from sycoprobe.running.asking import Earlier, Tally
from sycoprobe.running.batched import BatchRun
from sycoprobe.running.live import Run
from sycoprobe.sets.forms import AnswerForm, fitting, room_for
from sycoprobe.text import writable_json

AnyRun = Run | BatchRun


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a run is carried out; nothing here changes what is asked.

    Attributes
    ----------
    concurrency: calls under way at once.
    timeout: seconds for one attempt. retries: further attempts after a failure that may pass.
    api_key_env: name under which the key is found; None: the plan's.
    on_tally: told where the run stands, five times a second.
    notify: told of retries, waits and fetches, a line each.
    caps: what the whole run may use in calls, tokens, dollars and seconds; one that is reached drains the run, which can be resumed.
    prices: a TOML file of prices, which wins over list prices.
    batch: ask in the vendor's batches, at half the price and within a day; a run that was begun so is always resumed so.
    poll: seconds between two looks at a batch, at most; None: 60.
    strict: a parameter that the server rejects is an error, instead of being adapted and noted in the report.
    signals: finish calls in flight and stop on the first Ctrl-C, stop at once on the second.
    """

    concurrency: int = 16
    timeout: float = 120.0
    retries: int = 6
    api_key_env: str | None = None
    on_tally: Callable[[Tally], None] | None = None
    notify: Callable[[str], None] = lambda _line: None
    caps: Caps = field(default_factory=Caps)
    prices: Path | None = None
    batch: bool = False
    poll: float | None = None
    strict: bool = False
    signals: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def run(
    *sets: str, out: Path | None = None, name: str | None = None, conduct: Conduct | None = None, **settings: Any
) -> Report:
    """Ask, push back, score: the whole of `sycoprobe run`, from synchronous code.

    Parameters
    ----------
    sets, settings: as for `plan`.
    out: folder that holds a folder a run (default `reports`). name: the run's folder in it (default: time, sets and model).

    Raises
    ------
    ProbeError, PlanError, JournalError, ModelError
    RunFailed: the run cannot go on, but can be resumed.
    Interrupted: stopped by Ctrl-C (with `conduct.signals`).
    """
    return asyncio.run(arun(*sets, out=out, name=name, conduct=conduct, **settings))


async def arun(
    *sets: str, out: Path | None = None, name: str | None = None, conduct: Conduct | None = None, **settings: Any
) -> Report:
    """`run`, from asynchronous code."""
    return await start(plan(*sets, **settings), out=out, name=name, conduct=conduct)


async def start(
    planned: Planned,
    *,
    out: Path | None = None,
    name: str | None = None,
    conduct: Conduct | None = None,
    baseline: Baseline | None = None,
    allow_mismatch: bool = False,
) -> Report:
    """Carry out a plan as a new run; `baseline` is what a sequential run's relative rules compare to. Raises as `run` does, and `GateError`."""
    conduct = conduct or Conduct()
    if planned.plan.until is not None:
        check_until(planned, planned.plan.until, baseline, allow_mismatch=allow_mismatch)
    with _Together(conduct) as together:
        return await _start(planned, together, new_folder(planned, out, name), baseline)


async def start_all(
    plans: Sequence[Planned],
    *,
    out: Path | None = None,
    name: str | None = None,
    folders: Sequence[Path] | None = None,
    conduct: Conduct | None = None,
) -> list[Report | SycoprobeError]:
    """Carry out several plans (the same probes on several models) at the same time, each as a run of its own.

    They share the caps of `conduct`, and what goes to one host under one key passes one limiter, in turn. One that fails does
    not stop the others; its error stands in its place.

    Parameters
    ----------
    name: of the folder that holds them, each under its model's name (default: time and sets). `find_runs` finds them all by it.
    folders: the runs' folders, if they are chosen already (by `new_folders`).

    Raises
    ------
    PlanError, JournalError, PriceError: before any call, if one of them cannot be begun.
    """
    conduct = conduct or Conduct()
    if sequential := [p for p in plans if p.plan.until is not None]:
        raise PlanError(f"a sequential run has one model, not {len(plans)}", f"run {sequential[0].plan.model} by itself")
    folders = folders or new_folders(plans, out, name)
    with _Together(conduct) as together:
        for planned in plans:
            _price(planned, conduct)
        names = [f"{folder.parent.name}/{folder.name}" for folder in folders]
        begun = (_start(p, together, folder, run=n) for p, folder, n in zip(plans, folders, names, strict=True))
        return [_told(r) for r in await asyncio.gather(*begun, return_exceptions=True)]


def resume(run: str | Path, *, out: Path | None = None, conduct: Conduct | None = None) -> Report:
    """Ask what is missing of an earlier run, then score it. Raises as `run` does."""
    return asyncio.run(aresume(run, out=out, conduct=conduct))


async def aresume(run: str | Path, *, out: Path | None = None, conduct: Conduct | None = None) -> Report:
    """`resume`, from asynchronous code."""
    with _Together(conduct or Conduct()) as together:
        return await _resume(find_run(run, out), together)


async def resume_all(
    runs: Sequence[str | Path], *, out: Path | None = None, conduct: Conduct | None = None
) -> list[Report | SycoprobeError]:
    """`aresume` of several runs at the same time, which share caps and limiters as in `start_all`."""
    folders = [folder for run in runs for folder in find_runs(run, out)]
    with _Together(conduct or Conduct()) as together:
        resumed = (_resume(folder, together) for folder in folders)
        return [_told(r) for r in await asyncio.gather(*resumed, return_exceptions=True)]


def _told(result: Report | BaseException) -> Report | SycoprobeError:
    if isinstance(result, Report | SycoprobeError):
        return result
    raise result


class _Together:
    """What runs that go on at the same time share: how they are carried out, their budget, and who is told of Ctrl-C.

    While a run goes on, the first Ctrl-C (or SIGTERM) drains all of them and the second one cancels them.
    """

    def __init__(self, conduct: Conduct) -> None:
        self.conduct = conduct
        self.budget = Budget(conduct.caps)
        self.signalled = False
        """Whether a first signal has come, so that no further attempt is made."""
        self._runs: list[AnyRun] = []
        self._tasks: list[asyncio.Task[Any]] = []

    def __enter__(self) -> _Together:
        return self

    def add(self, run: AnyRun) -> None:
        """From now on a signal reaches this run, which goes on in the current task."""
        task = asyncio.current_task()
        if self.signalled:
            run.stop()
        self._runs.append(run)
        self._tasks += [task] if task is not None else []
        if self.conduct.signals and len(self._runs) == 1:
            for number in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError, RuntimeError):  # Windows, or not the main thread
                    asyncio.get_running_loop().add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        if all(run.stopping for run in self._runs):
            for task in self._tasks:
                task.cancel()
        self.signalled = True
        for run in self._runs:
            run.stop()

    def __exit__(self, *_: object) -> None:
        if self.conduct.signals and self._runs:
            for number in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError, RuntimeError):
                    asyncio.get_running_loop().remove_signal_handler(number)


def price_range(
    planned: Planned, file: Path | None = None, *, batch: bool = False
) -> tuple[Price | None, tuple[float, float] | None]:
    """What the plan's model costs, and about the least and the most US dollars that the plan takes; None where nobody knows.

    `file` is a TOML file of prices. Raises `PriceError` for a fault in it.
    """
    price = _price(planned, Conduct(prices=file))
    if price is None:
        return None, None
    ranges = [money.price_range(p.cost(), price, reply_tokens=p.reply_tokens, batch=batch) for p in planned.parts]
    return price, (sum(low for low, _ in ranges), sum(high for _, high in ranges))


def _price(planned: Planned, conduct: Conduct) -> Price | None:
    """What the plan's model costs. Raises `PriceError` if that is unknown and money is capped, or the file of prices has a fault."""
    plan = planned.plan
    table = read_table(conduct.prices) if conduct.prices else None
    price = prices.price_of(plan.model, base_url=plan.base_url, table=table)
    if price is None and conduct.caps.cost is not None:
        raise PriceError("--max-cost needs a price", prices.why_unpriced(plan.model, base_url=plan.base_url))
    return price


async def _start(
    planned: Planned, together: _Together, folder: Path, baseline: Baseline | None = None, run: str | None = None
) -> Report:
    conduct = together.conduct
    price = _price(planned, conduct)
    backend = _backend(planned, conduct, lambda: together.signalled)
    try:
        facts = await backend.start()
        _check_form(planned, backend)
        planned = _fitted(planned, facts)
        kept = baseline.model_dump(mode="json") if baseline else None
        journal = Journal.create(
            folder,
            planned,
            facts,
            versions(),
            baseline=kept,
            price=price.to_dict() if price else None,
            conduct=_conduct_kept(conduct),
            batch=await batched.begin(planned, backend) if conduct.batch else None,
            run=run,
        )
        with Scoring(planned, price, kept) as scoring:
            return await _carry_out(planned, backend, journal, folder, together, conduct, Earlier(), scoring, price)
    finally:
        await backend.close()


async def _resume(folder: Path, together: _Together) -> Report:
    journal, contents = Journal.reopen(folder)
    try:
        planned = contents.planned()
        conduct = _as_begun(together.conduct, contents)
        together.budget.caps = conduct.caps
        price = contents.price or _price(planned, conduct)
        # Before anything is waited for, so that of several runs none asks before all have told what they used.
        earlier = Earlier.of(contents, price)
        together.budget.used(earlier.calls, earlier.tokens, earlier.cost)
        backend = _backend(planned, conduct, lambda: together.signalled)
        try:
            facts = await backend.start()
            _same_model(contents, facts)
            _check_form(planned, backend)
            if planned.plan.until:
                decision = judge(folder, write=False).report.decision
                if decision is not None and decision.items_looked_at and not undecided(decision):
                    return build(folder)
            with Scoring(planned, price, contents.baseline, rows=False) as scoring:
                return await _carry_out(planned, backend, journal, folder, together, conduct, earlier, scoring, price)
        finally:
            await backend.close()
    finally:
        journal.close()


def _conduct_kept(conduct: Conduct) -> dict[str, Any]:
    """What of the conduct a resume goes by, unless it is told otherwise: the caps on what the whole run may use."""
    caps = {k: v for k in ("calls", "tokens", "cost") if (v := getattr(conduct.caps, k)) is not None}
    return {"caps": caps} if caps else {}


def _as_begun(conduct: Conduct, contents: Contents) -> Conduct:
    """The conduct of a resume: in batches if the run was begun so, and under the caps that it was begun with unless others are given."""
    given = conduct.caps
    if given.calls is None and given.tokens is None and given.cost is None:
        kept = contents.header.get("conduct", {}).get("caps", {})
        given = replace(given, **{k: kept.get(k) for k in ("calls", "tokens", "cost")})
    return replace(conduct, caps=given, batch="batch" in contents.header)


def score(run: str | Path, *, out: Path | None = None) -> Report:
    """Read a run's replies again, without any call, and write its report again. Raises `JournalError`."""
    return build(find_run(run, out))


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    return {"sycoprobe": __version__, "python": platform.python_version(), "platform": sys.platform}


async def _carry_out(
    planned: Planned,
    backend: Backend,
    journal: Journal,
    folder: Path,
    together: _Together,
    conduct: Conduct,
    earlier: Earlier,
    scoring: Scoring,
    price: Price | None,
) -> Report:
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
        await run.execute()
        ended = "stopped" if run.decided else "capped" if run.capped else "interrupted" if run.stopping else "end"
    except SycoprobeError as e:
        raise RunFailed(e, folder) from e
    except asyncio.CancelledError:
        if run.stopping:
            raise Interrupted(folder, f" after {run.tally.calls + run.tally.earlier} calls{run.tally.left}") from None
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
        raise Interrupted(folder, f" after {run.tally.calls + run.tally.earlier} calls{run.tally.left}")
    # What the run told as it went on is the whole only where nothing was asked before, and nothing is left to ask.
    whole = ended == "end" and not earlier.calls and not conduct.batch
    return built(folder, scoring) if whole else build(folder)


async def _tick(run: AnyRun, backend: Backend, on_tally: Callable[[Tally], None]) -> None:
    while True:
        run.tally.waiting_for = getattr(backend, "waiting_for", None) or ""
        on_tally(run.tally)
        await asyncio.sleep(0.2)


def _backend(planned: Planned, conduct: Conduct, stopping: Callable[[], bool]) -> Backend:
    plan = planned.plan
    if conduct.concurrency < 1:
        raise PlanError(f"--concurrency {conduct.concurrency}: at least 1", "16 suits most servers")
    options = BackendOptions(
        base_url=plan.base_url,
        concurrency=conduct.concurrency,
        seed=plan.seed,
        api_key_env=conduct.api_key_env or plan.api_key_env,
        replica=plan.replica,
        strict=conduct.strict,
        stopping=stopping,
        notify=conduct.notify,
        extra=conduct.extra,
    )
    backend = open_backend(plan.model, options)
    if conduct.batch:
        batched.check(planned, backend)
    return backend


def _check_form(planned: Planned, backend: Backend) -> None:
    """Raises `PlanError` if replies are to follow a JSON schema and the started backend cannot hold them to one."""
    wants = any(part.form is AnswerForm.SCHEMA for part in planned.parts)
    if wants and not getattr(backend, "takes_schema", False):
        raise PlanError(
            f"--answer schema: {planned.plan.model} cannot hold a reply to a JSON schema",
            "--answer line asks for a last line that is as easy to read; structured output have openai, responses, azure, anthropic, "
            "gemini, ollama, local, most models of openrouter, and command and python where the program takes `schema`",
        )


def _fitted(planned: Planned, facts: dict[str, Any]) -> Planned:
    """The plan, its default limits on a reply lowered to what suits the model and its server; one that the user gave is left alone."""
    plan = planned.plan
    sampling = plan.sampling
    if sampling.reply_tokens_from == "user":
        return planned
    rooms = []
    for part in planned.parts:
        plain = room_for(part.form, plan.model, "none") if sampling.effort is None else part.reply_tokens
        rooms.append(fitting(part.reply_tokens, facts, plain))
    most = max(rooms)
    parts = [
        p.model_copy(update={"reply_tokens": None if room == most else room}) for p, room in zip(plan.parts, rooms, strict=True)
    ]
    changed = plan.model_copy(update={"parts": tuple(parts), "sampling": sampling.model_copy(update={"reply_tokens": most})})
    return planned if changed == plan else planned.changed(changed)


def _same_model(contents: Contents, facts: dict[str, Any]) -> None:
    """Refuse to mix two models in one run."""
    for fact in ("model", "sha256", "digest"):
        before, after = contents.header["model"].get(fact), writable_json(facts.get(fact))
        if before and after and before != after:
            raise JournalError(
                f"the run was begun with {fact} {before!r}, but the backend now has {after!r}",
                "resume with the same model, or start a new run",
            )
