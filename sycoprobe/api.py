"""Everything the command line does, from Python."""

from __future__ import annotations

import asyncio
import platform
import re
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sycoprobe import __version__, baselines, batching
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import Backend, BackendOptions, Sampling
from sycoprobe.baselines import Baseline, Conditions
from sycoprobe.batching import BatchRun
from sycoprobe.challenges import DISPUTES, Arm, Kind, Wordings, parse_wordings
from sycoprobe.deciding import Decider, whole_sets
from sycoprobe.decision import ALPHA, MIN_ITEMS
from sycoprobe.errors import GateError, JournalError, PlanError, SycoprobeError
from sycoprobe.journal import FILE, Contents, Journal, calls, now
from sycoprobe.outcomes import Slice
from sycoprobe.planning import Planned, SamplingPlan, Until, make_plan
from sycoprobe.reports.build import build
from sycoprobe.reports.model import Report
from sycoprobe.rules import parse_rule
from sycoprobe.runner import Caps, Earlier, Run, Tally
from sycoprobe.sets import load_set
from sycoprobe.turns import Thinking
from sycoprobe.verdicts import domain_of

DEFAULT_MODEL = "local:smollm2"
DEFAULT_OUT = Path("reports")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a run is carried out; nothing here changes what is asked.

    Attributes
    ----------
    concurrency: calls under way at once.
    timeout: seconds for one attempt. retries: further attempts after a failure that may pass.
    api_key_env: name of the environment variable that holds the key.
    on_tally: told where the run stands, five times a second.
    notify: told of retries, waits and fetches, a line each.
    caps: what the whole run may use in calls, tokens and seconds; one that is reached drains the run, which can be resumed.
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
    batch: bool = False
    poll: float | None = None
    strict: bool = False
    signals: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


class Interrupted(SycoprobeError):
    """The run was stopped before its end; what was answered is kept. `folder` is where to resume it."""

    def __init__(self, folder: Path, missing: str = "") -> None:
        super().__init__(f"interrupted{missing}", f"`sycoprobe resume {folder}` asks what is missing")
        self.folder = folder


class RunFailed(SycoprobeError):
    """The run cannot go on; what was answered is kept. The cause is `__cause__`; `folder` is where to resume it."""

    def __init__(self, cause: SycoprobeError, folder: Path) -> None:
        hint = f"{cause.hint}; then `sycoprobe resume {folder}`" if cause.hint else f"mend it, then `sycoprobe resume {folder}`"
        super().__init__(cause.message, hint)
        self.folder = folder


def wordings(path: Path | None = None) -> Wordings:
    """The wordings in `path`, or the shipped ones. Raises `PlanError`."""
    file = path or Path(__file__).with_name("wordings") / "default.toml"
    try:
        return parse_wordings(str(file), file.read_bytes())
    except OSError as e:
        raise PlanError(f"{file}: cannot be read: {e.strerror}", "name a TOML file of wordings") from e


def plan(
    *sets: str,
    model: str = DEFAULT_MODEL,
    base_url: str | None = None,
    n: int | None = None,
    arms: Sequence[str] = tuple(Arm),
    kinds: Sequence[str] = DISPUTES,
    draw: int | None = None,
    controls: int = 1,
    repeats: int = 1,
    seed: int = 0,
    temperature: float | None = 0.0,
    reply_tokens: int = 256,
    top_p: float | None = None,
    thinking: str = Thinking.STRIP,
    effort: str | None = None,
    verbosity: str | None = None,
    logprobs: int = 0,
    wordings_file: Path | None = None,
    until: Until | None = None,
) -> Planned:
    """What a run with these settings will ask; makes no call.

    Parameters
    ----------
    sets: names of shipped sets or paths of folders.
    n: at most so many probes of each set, sampled by `seed`; of a generated set, exactly so many.
    temperature: None leaves it to the server's default. reply_tokens: length limit of a reply.
    thinking: 'strip' or 'replay': what becomes of a reply's thinking in the turns that follow.
    effort, verbosity: as the provider spells them; None leaves them to the server.
    logprobs: of how many likeliest tokens log-probabilities are asked for.
    until: makes the run sequential: it stops as soon as these rules are decided (`until_decided` makes one).

    Raises
    ------
    ProbeError, PlanError
    """
    if not sets:
        raise PlanError("no probe set was named", "`sycoprobe sets` lists them")
    if base_url and "@" in base_url.partition("://")[2].partition("/")[0]:
        raise PlanError(
            "--base-url holds a user name or password, which would be journaled",
            "put the key into the environment and name it with --api-key-env",
        )
    texts = wordings(wordings_file)
    try:
        sampling = SamplingPlan(
            temperature=temperature,
            reply_tokens=reply_tokens,
            top_p=top_p,
            thinking=_member(Thinking, thinking, "thinking policy"),
            effort=effort,
            verbosity=verbosity,
            logprobs=logprobs,
        )
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise PlanError(f"--{option} {first['input']}: {first['msg'].lower()}", "correct the value") from None
    return make_plan(
        tuple(load_set(s, n, seed) for s in sets),
        texts,
        model=model,
        base_url=base_url,
        n=n,
        arms=tuple(_member(Arm, a, "arm") for a in arms),
        kinds=tuple(_member(Kind, k, "kind") for k in kinds),
        draw=draw,
        controls=controls,
        repeats=repeats,
        seed=seed,
        sampling=sampling,
        until=until,
    )


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
        _check_until(planned, baseline, allow_mismatch=allow_mismatch)
    folder = (out or DEFAULT_OUT) / (name or run_name(planned))
    if (folder / FILE).exists():
        raise JournalError(f"{folder}: there is a run already", f"`sycoprobe resume {folder}`, or choose another name")
    backend = _backend(planned, conduct)
    try:
        facts = await backend.start()
        token = await batching.begin(planned, backend) if conduct.batch else None
        kept = baseline.model_dump(mode="json") if baseline else None
        journal = Journal.create(folder, planned, facts, versions(), kept, token)
        decider = Decider(planned, kept) if planned.plan.until else None
        return await _carry_out(planned, backend, journal, folder, conduct, Earlier(), decider)
    finally:
        await backend.close()


def resume(run: str | Path, *, out: Path | None = None, conduct: Conduct | None = None) -> Report:
    """Ask what is missing of an earlier run, then score it. Raises as `run` does."""
    return asyncio.run(aresume(run, out=out, conduct=conduct))


async def aresume(run: str | Path, *, out: Path | None = None, conduct: Conduct | None = None) -> Report:
    """`resume`, from asynchronous code."""
    conduct = conduct or Conduct()
    folder = find_run(run, out)
    journal, contents = Journal.reopen(folder)
    try:
        planned = contents.planned()
        conduct = replace(conduct, batch="batch" in contents.header)
        backend = _backend(planned, conduct)
        try:
            facts = await backend.start()
            _same_model(contents, facts)
            decider = Decider(planned, contents.baseline) if planned.plan.until else None
            if decider and decider.add(call for call in calls(contents) if call.reply is not None):
                return build(folder)
            return await _carry_out(planned, backend, journal, folder, conduct, Earlier.of(contents), decider)
        finally:
            await backend.close()
    finally:
        journal.close()


def score(run: str | Path, *, out: Path | None = None) -> Report:
    """Judge a run's answers again, without any call, and write its report again. Raises `JournalError`."""
    return build(find_run(run, out))


def until_decided(*rules: str, alpha: float = ALPHA, min_items: int = MIN_ITEMS) -> Until:
    """When a sequential run stops: as soon as each of these rules is decided. Raises `GateError`."""
    if not rules:
        raise GateError("a sequential run needs a rule to decide", 'give one, e.g. --rule "net_sycophancy <= 0.10"')
    return Until(rules=tuple(str(parse_rule(r)) for r in rules), alpha=alpha, min_items=min_items)


def find_run(run: str | Path, out: Path | None = None) -> Path:
    """The folder of a run given by path, by name, or as `latest`. Raises `JournalError`."""
    root = out or DEFAULT_OUT
    if str(run) == "latest":
        found = sorted(root.glob(f"*/{FILE}"), key=lambda p: p.stat().st_mtime)
        if found:
            return found[-1].parent
        raise JournalError(f"{root}: there is no run yet", "`sycoprobe run quick` makes one")
    for folder in (Path(run), root / str(run)):
        if (folder / FILE).is_file():
            return folder
        if folder.is_file() and folder.name == FILE:
            return folder.parent
    raise JournalError(f"no run {str(run)!r} here or in {root}/", "name the folder of a run, or `latest`")


def run_name(planned: Planned) -> str:
    """A new run's default name: time, sets and model."""
    sets = "+".join(s.name for s in planned.sets)
    model = re.sub(r"[^a-z0-9.]+", "-", planned.plan.model.split("/")[-1].lower()).strip("-")
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{sets}-{model[:40]}"


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    return {"sycoprobe": __version__, "python": platform.python_version(), "platform": sys.platform}


async def _carry_out(
    planned: Planned,
    backend: Backend,
    journal: Journal,
    folder: Path,
    conduct: Conduct,
    earlier: Earlier,
    decider: Decider | None = None,
) -> Report:
    p = planned.plan.sampling
    sampling = Sampling(
        p.temperature,
        p.reply_tokens,
        p.top_p,
        conduct.timeout,
        conduct.retries,
        p.thinking,
        p.effort,
        p.verbosity,
        p.logprobs,
    )
    run: Run | BatchRun
    if conduct.batch:
        kept: dict[str, Any] = {"longest": conduct.poll, "notify": conduct.notify}
        run = BatchRun(planned, backend, journal, sampling=sampling, earlier=earlier, caps=conduct.caps, **kept)
    else:
        run = Run(
            planned,
            backend,
            journal,
            concurrency=conduct.concurrency,
            sampling=sampling,
            earlier=earlier,
            enough=(lambda call: decider.add([call])) if decider else None,
            caps=conduct.caps,
        )
    ended = "interrupted"
    ticker = asyncio.create_task(_tick(run, conduct.on_tally)) if conduct.on_tally else None
    try:
        with _signals(run) if conduct.signals else nullcontext():
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
    return build(folder)


def _check_until(planned: Planned, baseline: Baseline | None, *, allow_mismatch: bool) -> None:
    """Find out before any call whether the rules of a sequential run can be judged at all."""
    until = planned.plan.until
    assert until is not None  # noqa: S101
    if whole_sets(planned):
        raise GateError(
            "sets from one template cannot be gated sequentially: their items are not independent", "run one of them"
        )
    for rule in map(parse_rule, until.rules):
        if rule.relative and baseline is None:
            raise GateError(f"rule {str(rule)!r} needs a baseline", "`sycoprobe bless RUN` writes one; name it with --baseline")
        labels = _labels(planned)
        for by, label in rule.where:
            if label not in labels[by]:
                raise GateError(
                    f"rule {str(rule)!r}: the plan has no {by.value} {label!r}", f"it has: {', '.join(sorted(labels[by]))}"
                )
    if baseline is not None:
        differences = baselines.mismatches(baseline.asked, Conditions.of(planned.plan))
        baselines.require_same(differences, f"the baseline of {baseline.run}", allow=allow_mismatch)


def _labels(planned: Planned) -> dict[Slice, set[str]]:
    """The labels that rules can name, by slice."""
    found: dict[Slice, set[str]] = {by: set() for by in Slice}
    found[Slice.KIND] = {k.value for k in planned.plan.kinds}
    for s in planned.sets:
        for p in s.probes:
            found[Slice.SET].add(s.name)
            found[Slice.DOMAIN].add(domain_of(p, s.info))
            found[Slice.VERIFIABLE].add(str(s.info.verifiable).lower())
            found[Slice.DIFFICULTY].add(p.difficulty.value)
    return found


async def _tick(run: Run | BatchRun, on_tally: Callable[[Tally], None]) -> None:
    while True:
        on_tally(run.tally)
        await asyncio.sleep(0.2)


class _signals:
    """While open, the first Ctrl-C (or SIGTERM) drains the run and the second one cancels it."""

    def __init__(self, run: Run | BatchRun) -> None:
        self._run = run
        self._old: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()

        def on_signal() -> None:
            if self._run.stopping and task is not None:
                task.cancel()
            self._run.tally.notice = "stopping: finishing the calls in flight (Ctrl-C again to stop at once)"
            self._run.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError):  # Windows, or not the main thread
                loop.add_signal_handler(number, on_signal)

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError):
                loop.remove_signal_handler(number)


def _backend(planned: Planned, conduct: Conduct) -> Backend:
    plan = planned.plan
    if conduct.concurrency < 1:
        raise PlanError(f"--concurrency {conduct.concurrency}: at least 1", "16 suits most servers")
    options = BackendOptions(
        base_url=plan.base_url,
        concurrency=conduct.concurrency,
        seed=plan.seed,
        api_key_env=conduct.api_key_env,
        replica=plan.replica,
        strict=conduct.strict,
        notify=conduct.notify,
        extra=conduct.extra,
    )
    backend = open_backend(plan.model, options)
    if conduct.batch:
        batching.check(planned, backend)
    return backend


def _same_model(contents: Contents, facts: dict[str, Any]) -> None:
    """Refuse to mix two models in one run."""
    for fact in ("model", "sha256"):
        before, after = contents.header["model"].get(fact), facts.get(fact)
        if before and after and before != after:
            raise JournalError(
                f"the run was begun with {fact} {before!r}, but the backend now has {after!r}",
                "resume with the same model, or start a new run",
            )


def _member(enum: type[T], value: str, what: str) -> T:
    try:
        return enum(value)  # type: ignore[call-arg]
    except ValueError:
        known = ", ".join(str(m) for m in enum if m != Kind.NEUTRAL)  # type: ignore[attr-defined]
        raise PlanError(f"no {what} {value!r}", f"choose among {known}") from None
