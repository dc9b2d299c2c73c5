"""Run, resume and score: a plan goes to a model, and its folder becomes a report."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from sycoprobe import __version__
from sycoprobe.api.conduct import Conduct, price_for
from sycoprobe.api.executing import execute
from sycoprobe.api.folders import Run, find_run, find_runs, forget, new_folder, new_folders
from sycoprobe.api.models import Model, Opener, named
from sycoprobe.api.pages import scored
from sycoprobe.api.planning import check_until
from sycoprobe.api.together import Together
from sycoprobe.backends import facts_of, open_backend
from sycoprobe.backends.base import Backend, BackendOptions
from sycoprobe.errors import JournalError, PlanError, SycoprobeError, about
from sycoprobe.gating.baselines import Baseline
from sycoprobe.gating.decision import undecided
from sycoprobe.journal import Contents, Journal
from sycoprobe.jsontext import writable_json
from sycoprobe.kinds.powers import planted
from sycoprobe.loops import run_alone
from sycoprobe.pages.spool import Spool
from sycoprobe.planning import Planned
from sycoprobe.reports.build import judge
from sycoprobe.reports.model import Report
from sycoprobe.reports.scoring import Scoring
from sycoprobe.running import batched
from sycoprobe.running.asking import Earlier
from sycoprobe.sets.forms import AnswerForm, fitting, room_for
from sycoprobe.settings import Cluster, ConductSettings, declared
from sycoprobe.settings.checking import checked


async def start(
    planned: Planned,
    *,
    out: str | Path | None = None,
    name: str | None = None,
    conduct: Conduct | None = None,
    baseline: Baseline | None = None,
    allow_mismatch: bool = False,
) -> Report:
    """Run a plan as a new run; `baseline` is what a sequential run's relative rules compare to. Raises as `run` does, and `GateError`."""
    conduct = conduct or Conduct()
    if planned.plan.until is not None:
        check_until(planned, planned.plan.until, baseline, allow_mismatch=allow_mismatch)
    folder = new_folder(planned, out, name)
    try:
        with Together(conduct) as together:
            return await _start(planned, together, folder, baseline)
    finally:
        forget([folder])


async def start_all(
    plans: Sequence[Planned],
    *,
    out: str | Path | None = None,
    name: str | None = None,
    labels: Sequence[str] = (),
    headers: Sequence[Mapping[str, str]] = (),
    backends: Sequence[Opener | None] = (),
    folders: Sequence[Path] | None = None,
    conduct: Conduct | None = None,
) -> list[Report | SycoprobeError]:
    """Run several plans (the same probes on several models) at the same time, each as a run of its own.

    They share the caps of `conduct`, and what goes to one host under one key passes one limiter, in turn. One that fails does
    not stop the others; its error stands in its place.

    Parameters
    ----------
    name: of the folder that holds them, each under its model's name (default: time and sets). `find_runs` finds them all by it.
    labels: for each plan, what its folder is named by beside the model: that of its system prompt.
    headers: for each plan, the headers of its requests; none: those of `conduct`.
    backends: for each plan, what opens its backend instead of its model's name; none: those of their names.
    folders: the runs' folders, if they are chosen already (by `new_folders`).

    Raises
    ------
    PlanError, JournalError, PriceError: before any call, if one of them cannot be begun.
    """
    conduct = conduct or Conduct()
    if sequential := [p for p in plans if p.plan.until is not None]:
        raise PlanError(f"a sequential run has one model, not {len(plans)}", f"run {sequential[0].plan.model} by itself")
    folders = folders or new_folders(plans, out, name, labels)
    try:
        return await _start_all(plans, folders, headers, backends, conduct)
    finally:
        forget(folders)


async def _start_all(
    plans: Sequence[Planned],
    folders: Sequence[Path],
    headers: Sequence[Mapping[str, str]],
    backends: Sequence[Opener | None],
    conduct: Conduct,
) -> list[Report | SycoprobeError]:
    with Together(conduct) as together:
        for planned in plans:
            price_for(planned, conduct)
        names = [f"{folder.parent.name}/{folder.name}" for folder in folders]
        own = headers or [conduct.headers] * len(plans)
        openers = backends or [conduct.backend] * len(plans)
        conducts = [replace(conduct, headers=h, backend=b) for h, b in zip(own, openers, strict=True)]
        parts = enumerate(zip(plans, folders, names, conducts, strict=True))
        begun = (_start(p, together, folder, run=n, conduct=c, position=i) for i, (p, folder, n, c) in parts)
        return [_told(r) for r in await asyncio.gather(*begun, return_exceptions=True)]


def resume(run: Run, *, out: str | Path | None = None, model: Model | None = None, conduct: Conduct | None = None) -> Report:
    """Ask what is missing of an earlier run, then score it. Nothing that was answered is asked again.

    Parameters
    ----------
    run: the run's folder, its name in `out`, `latest`, or its report.
    out: the folder that holds the runs (default: reports).
    model: the function or backend of the run, where it cannot be imported by its name (a lambda, a function within another).
    conduct: how it goes on; caps on the whole run stay those that it was begun with, unless `conduct` has others.

    Raises
    ------
    JournalError: there is no such run, or it cannot be continued: another process works on it, or the model is another one.
    RunFailed, Interrupted, ModelError: as `run` does.
    EventLoopError: an event loop runs; await `aresume`.
    """
    return run_alone(
        lambda: aresume(run, out=out, model=model, conduct=conduct), called="sycoprobe.resume", instead="sycoprobe.aresume"
    )


async def aresume(
    run: Run, *, out: str | Path | None = None, model: Model | None = None, conduct: Conduct | None = None
) -> Report:
    """`resume`, to be awaited where an event loop runs: the same parameters, report and errors."""
    conduct = conduct or Conduct()
    opener = None if model is None else named(model)[1]
    with Together(conduct if opener is None else replace(conduct, backend=opener)) as together:
        return await _resume(find_run(run, out), together)


async def resume_all(
    runs: Sequence[Run], *, out: str | Path | None = None, conduct: Conduct | None = None
) -> list[Report | SycoprobeError]:
    """`aresume` of several runs at the same time, which share caps and limiters as in `start_all`."""
    folders = [folder for run in runs for folder in find_runs(run, out)]
    with Together(conduct or Conduct()) as together:
        resumed = (_resume(folder, together) for folder in folders)
        return [_told(r) for r in await asyncio.gather(*resumed, return_exceptions=True)]


def _told(result: Report | BaseException) -> Report | SycoprobeError:
    if isinstance(result, Report | SycoprobeError):
        return result
    raise result


async def _start(
    planned: Planned,
    together: Together,
    folder: Path,
    baseline: Baseline | None = None,
    run: str | None = None,
    conduct: Conduct | None = None,
    position: int | None = None,
) -> Report:
    conduct = conduct or together.conduct
    price = price_for(planned, conduct)
    backend = _backend(planned, conduct, lambda: together.ending)
    try:
        facts = await facts_of(planned.plan.model, backend)
        _check_suits(planned, backend)
        planned = _fitted(planned, facts)
        kept = baseline.model_dump(mode="json") if baseline else None
        journal = Journal.create(
            folder,
            planned,
            facts,
            versions(),
            baseline=kept,
            price=price.to_dict() if price else None,
            conduct=_conduct_kept(conduct) | ({} if position is None else {"position": position}),
            batch=await batched.begin(planned, backend) if conduct.batch else None,
            run=run,
        )
        with ExitStack() as stack:
            spool = stack.enter_context(Spool(planned)) if conduct.html else None
            scoring = stack.enter_context(Scoring(planned, price, kept, dialogs=None if spool is None else spool.add))
            return await execute(planned, backend, journal, folder, together, conduct, Earlier(), scoring, price, spool)
    finally:
        await backend.close()


async def _resume(folder: Path, together: Together) -> Report:
    with about(folder):
        return await _resumed(folder, together)


async def _resumed(folder: Path, together: Together) -> Report:
    journal, contents = Journal.reopen(folder)
    try:
        planned = contents.planned()
        conduct = _as_begun(together.conduct, contents)
        together.budget.caps = conduct.caps
        price = contents.price or price_for(planned, conduct)
        # Before anything is waited for, so that of several runs none asks before all have told what they used.
        earlier = Earlier.of(contents, price)
        together.budget.used(earlier.calls, earlier.tokens, earlier.cost)
        backend = _backend(planned, conduct, lambda: together.ending)
        try:
            facts = await facts_of(planned.plan.model, backend)
            _same_model(contents, facts)
            _check_suits(planned, backend)
            if planned.plan.until:
                decision = judge(folder, write=False).report.decision
                if decision is not None and decision.items_looked_at and not undecided(decision):
                    return scored(folder, html=conduct.html)
            with Scoring(planned, price, contents.baseline, rows=False) as scoring:
                return await execute(planned, backend, journal, folder, together, conduct, earlier, scoring, price)
        finally:
            await backend.close()
    finally:
        journal.close()


_KEPT = ("calls", "tokens", "cost")
"""The caps that a resume goes by."""
_TOLD = ("concurrency", "timeout", "retries", "strict")
"""What of the conduct is journaled for readers."""


def _conduct_kept(conduct: Conduct) -> dict[str, Any]:
    """What of the conduct the journal keeps: by what a resume goes (the caps on the whole run, the names of headers), and what readers want to know."""
    caps = {k: v for k in _KEPT if (v := getattr(conduct, f"max_{k}")) is not None}
    settings = {k: getattr(conduct, k) for k in _TOLD}
    headers = {"headers": list(conduct.headers)} if conduct.headers else {}
    return {**({"caps": caps} if caps else {}), **headers, "settings": settings}


def _as_begun(conduct: Conduct, contents: Contents) -> Conduct:
    """The conduct of a resume: in batches if the run was begun so, and under the caps that it was begun with unless others are given.

    Raises `JournalError` if it was begun with headers that are not given again.
    """
    named = {name.lower() for name in conduct.headers}
    missing = [name for name in contents.header_names if name.lower() not in named]
    if missing:
        raise JournalError(
            f"the run was begun with headers that are not given now: {', '.join(missing)} (what they hold is kept nowhere)",
            f"give them again, as in --header '{missing[0]}: …'",
        )
    batch = "batch" in contents.header
    if any(getattr(conduct, f"max_{k}") is not None for k in _KEPT):
        return replace(conduct, batch=batch)
    kept = contents.header.get("conduct", {}).get("caps", {})
    return replace(conduct, batch=batch, **{f"max_{k}": kept.get(k) for k in _KEPT})


def score(run: Run, *, cluster: Cluster | None = None, out: str | Path | None = None, html: bool = True) -> Report:
    """Read a run's replies again, without any call, and write its report and its page again.

    Parameters
    ----------
    run: the run's folder, its name in `out`, `latest`, or its report.
    cluster: what its numbers are to hold for, `item` (further items from the same templates) or `template` (new templates too);
        None: as the run was planned. `gate` and `compare` do not follow it: they have a `cluster` of their own.
    out: the folder that holds the runs (default: reports).
    html: whether its page is written, too.

    Raises
    ------
    JournalError: there is no such run, or it cannot be read.
    GateError: a sequential run cannot be clustered by template.
    """
    return scored(find_run(run, out), cluster, html=html)


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    return {"sycoprobe": __version__, "python": platform.python_version(), "platform": sys.platform}


def _backend(planned: Planned, conduct: Conduct, stopping: Callable[[], bool]) -> Backend:
    plan = planned.plan
    for name, setting in declared(ConductSettings).items():
        checked(setting, getattr(conduct, name))
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
        headers=conduct.headers,
        body=plan.body,
    )
    backend = conduct.backend(options) if conduct.backend else open_backend(plan.model, options)
    if conduct.batch:
        batched.check(planned, backend)
    return backend


def _check_suits(planned: Planned, backend: Backend) -> None:
    """Raises `PlanError` if the started backend cannot answer as planned: by a JSON schema, or, simulated, a kind that it cannot play."""
    if getattr(backend, "simulates", False):
        for part in planned.parts:
            planted(part.kind)
    wants = any(part.form is AnswerForm.SCHEMA for part in planned.parts)
    if wants and not getattr(backend, "takes_schema", False):
        raise PlanError(
            f"answer schema: {planned.plan.model} cannot hold a reply to a JSON schema",
            "answer line asks for a last line that is as easy to read; structured output have openai, responses, azure, anthropic, "
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
