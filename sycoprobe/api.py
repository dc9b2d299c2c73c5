"""Everything the command line does, from Python."""

from __future__ import annotations

import asyncio
import platform
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sycoprobe import __version__, baselines, batching, money, prices
from sycoprobe.asking import KindRun
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import Backend, BackendOptions, Sampling
from sycoprobe.baselines import Baseline, Conditions
from sycoprobe.batching import BatchRun
from sycoprobe.budget import Budget, Caps
from sycoprobe.challenges import DISPUTES, Arm, Kind, Wordings, parse_wordings
from sycoprobe.deciding import Decider, whole_sets
from sycoprobe.decision import ALPHA, MIN_ITEMS
from sycoprobe.errors import GateError, JournalError, PlanError, PriceError, SycoprobeError
from sycoprobe.forms import DEFAULT_FORM, AnswerForm, fitting, room_for
from sycoprobe.journal import FILE, Contents, Journal, calls, now
from sycoprobe.journal import read as read_journal
from sycoprobe.keys import check_name
from sycoprobe.kinds.planned import KindPlanned, make_kind_plan
from sycoprobe.money import Price
from sycoprobe.outcomes import Slice
from sycoprobe.planning import CHALLENGE, Planned, SamplingPlan, Until, default_sampling, make_plan
from sycoprobe.probes import Probe
from sycoprobe.profiles import Profile, parts_of
from sycoprobe.reports import kinds as kind_reports
from sycoprobe.reports.build import build
from sycoprobe.reports.model import Report
from sycoprobe.rules import parse_rule
from sycoprobe.runner import Earlier, Run, Tally
from sycoprobe.sets import info_of, kind_named, kind_names, load_set
from sycoprobe.text import writable_json
from sycoprobe.thinking import checked_marks
from sycoprobe.turns import ErrorKind, Thinking
from sycoprobe.verdicts import domain_of

DEFAULT_MODEL = "local:smollm2"
DEFAULT_OUT = Path("reports")
T = TypeVar("T")
AnyPlanned = Planned | KindPlanned
AnyReport = Report | kind_reports.KindReport
AnyRun = Run | BatchRun | KindRun


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


class Interrupted(SycoprobeError):
    """The run was stopped before its end; what was answered is kept. `folder` is where to resume it."""

    def __init__(self, folder: Path, missing: str = "") -> None:
        super().__init__(f"interrupted{missing}", f"`sycoprobe resume {folder}` asks what is missing")
        self.folder = folder


class RunFailed(SycoprobeError):
    """The run cannot go on; what was answered is kept. The cause is `__cause__`; `folder` is where to resume it."""

    def __init__(self, cause: SycoprobeError, folder: Path) -> None:
        then = f"then `sycoprobe resume {folder}`"
        if getattr(cause, "kind", None) == ErrorKind.NOT_FOUND:
            then = "then begin a new run: a resume asks the same model at the same address"
        hint = f"{cause.hint}; {then}" if cause.hint else f"mend it, {then}"
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
    api_key_env: str | None = None,
    n: int | None = None,
    arms: Sequence[str] = tuple(Arm),
    kinds: Sequence[str] = DISPUTES,
    draw: int | None = None,
    controls: int = 1,
    repeats: int = 1,
    seed: int = 0,
    answer: str = DEFAULT_FORM,
    temperature: float | None = 0.0,
    reply_tokens: int | None = None,
    top_p: float | None = None,
    thinking: str = Thinking.STRIP,
    effort: str | None = None,
    verbosity: str | None = None,
    logprobs: int = 0,
    thinking_marks: str | Sequence[str] = (),
    wordings_file: Path | None = None,
    until: Until | None = None,
) -> Planned:
    """What a run with these settings will ask; makes no call.

    Parameters
    ----------
    sets: names of shipped sets or paths of folders.
    base_url: the server's address. api_key_env: name under which the key is in the environment, `.env` or the keyring.
    n: at most so many probes of each set, sampled by `seed`; of a generated set, exactly so many.
    answer: 'line', 'brief', 'free' or 'schema': the form in which every turn asks for the answer (`AnswerForm`).
    temperature: None leaves it to the server's default.
    reply_tokens: length limit of a reply; None: what suits the form, with room for thinking unless the model is known not to think.
    thinking: 'strip' or 'replay': what becomes of a reply's thinking in the turns that follow.
    effort, verbosity: as the provider spells them; None leaves them to the server.
    logprobs: of how many likeliest tokens log-probabilities are asked for.
    thinking_marks: marks of the model's own around its thinking, beside those that are known: "<cot>…</cot>", or several.
    until: makes the run sequential: it stops as soon as these rules are decided (`until_decided` makes one).

    Raises
    ------
    ProbeError, PlanError
    """
    if not sets:
        raise PlanError("no probe set was named", "`sycoprobe sets` lists them")
    _check_address(base_url, api_key_env)
    form = _member(AnswerForm, answer, "form of answer")
    sampling = _sampling_plan(
        form,
        model,
        temperature=temperature,
        reply_tokens=reply_tokens,
        top_p=top_p,
        thinking=thinking,
        effort=effort,
        verbosity=verbosity,
        logprobs=logprobs,
        thinking_marks=thinking_marks,
    )
    return make_plan(
        tuple(load_set(s, n, seed) for s in sets),
        wordings(wordings_file),
        model=model,
        base_url=base_url,
        api_key_env=api_key_env,
        n=n,
        arms=tuple(_member(Arm, a, "arm") for a in arms),
        kinds=tuple(_member(Kind, k, "kind") for k in kinds),
        draw=draw,
        controls=controls,
        repeats=repeats,
        seed=seed,
        sampling=sampling,
        answer=form,
        until=until,
    )


def plan_kind(
    kind: str,
    *sets: str,
    model: str = DEFAULT_MODEL,
    base_url: str | None = None,
    api_key_env: str | None = None,
    n: int | None = None,
    repeats: int = 1,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    answer: str = DEFAULT_FORM,
    wordings_file: Path | None = None,
    **sampling: Any,
) -> KindPlanned:
    """What a run of another probe kind than `challenge` will ask; makes no call.

    Parameters
    ----------
    kind: its name; `sycoprobe kinds` lists them. sets: none: those that the kind names. settings: the kind's own.
    answer: as for `plan`; kinds that ask in words of their own (`sycoprobe kinds NAME` says so) leave it aside.
    sampling: temperature, reply_tokens, top_p, thinking, effort, verbosity, thinking_marks, as for `plan`. The rest: as for `plan`.

    Raises
    ------
    ProbeError, PlanError
    """
    found = kind_named(kind)
    names = sets or found.sets
    if not names:
        raise PlanError(f"the probe kind {kind!r} has no shipped set", "name a set of your own, or import one")
    _check_address(base_url, api_key_env)
    form = _member(AnswerForm, answer, "form of answer")
    return make_kind_plan(
        found,
        tuple(load_set(s, n, seed) for s in names),
        wordings(wordings_file),
        model=model,
        base_url=base_url,
        api_key_env=api_key_env,
        n=n,
        repeats=repeats,
        seed=seed,
        sampling=_sampling_plan(form if found.asks_in_form else None, model, **sampling),
        settings=settings,
        answer=form,
    )


def plan_profile(profile: str, *, n: int | None = None, seed: int = 0, **settings: Any) -> list[AnyPlanned]:
    """The plans of a profile (`quick`, `ci`, `standard`, `full`) for one model; `n` caps the probes of each set further.

    Raises `ProbeError`, `PlanError`.
    """
    chosen = _member(Profile, profile, "profile")
    kinds = tuple(k for k in kind_names() if kind_named(k).sets)
    found: list[AnyPlanned] = []
    for part in parts_of(chosen, kinds):
        size = part.n if n is None else min(n, part.n or n)
        if part.kind == CHALLENGE:
            found.append(plan(*part.sets, n=size, seed=seed, **settings))
        else:
            found.append(plan_kind(part.kind, *part.sets, n=size, seed=seed, settings=part.settings, **settings))
    return found


def plan_sets(
    *sets: str,
    kinds: Sequence[str] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    challenge: Mapping[str, Any] | None = None,
    **common: Any,
) -> list[AnyPlanned]:
    """The plans of a run of several probe kinds and sets for one model.

    Parameters
    ----------
    sets: each goes to the kinds that suit it; a kind that none suits asks its own.
    kinds: names, or `all`; none: the kind that each set is of, `challenge` for questions with known answers.
    settings: by kind. challenge: what is only for `plan` (arms, kinds of disagreement, controls …). common: what both take.

    Raises
    ------
    ProbeError, PlanError: among others, a set that suits none of the kinds.
    """
    wanted = list(dict.fromkeys(kinds))
    if "all" in wanted:
        wanted = [CHALLENGE, *(k for k in kind_names() if kind_named(k).sets)]
    if doubled := {s for s in sets if sets.count(s) > 1}:
        raise PlanError(
            f"the set {min(doubled)!r} is named twice", "name each set once; a copy of a set needs a name of its own"
        )
    own = {s: info_of(s).kind for s in sets}
    groups: dict[str, list[str]] = {k: [] for k in wanted}
    for s, of in own.items():
        suits = [k for k in wanted if _suits(k, s, of)] if wanted else [of or CHALLENGE]
        if not suits:
            raise PlanError(f"the set {s!r} suits none of: {', '.join(wanted)}", f"it is of the kind {of or CHALLENGE!r}")
        for k in suits:
            groups.setdefault(k, []).append(s)
    given = settings or {}
    if CHALLENGE in given:
        raise PlanError("the probe kind 'challenge' has no --set", "--arms, --kinds, --draw and --controls are its settings")
    if unknown := [k for k in given if k not in groups]:
        raise PlanError(f"--set is for {unknown[0]!r}, which is not run", f"this run has: {', '.join(groups)}")
    found: list[AnyPlanned] = []
    for k, names in groups.items():
        if k != CHALLENGE:
            found.append(plan_kind(k, *names, settings=given.get(k), **common))
        elif names or not sets:
            found.append(plan(*(names or ["quick"]), **common, **(challenge or {})))
    return found


def _suits(kind: str, name: str, of: str | None) -> bool:
    """Whether the set `name`, whose own kind is `of`, can be asked as `kind`."""
    if of is not None or kind == CHALLENGE:
        return (of or CHALLENGE) == kind
    found = kind_named(kind)
    return found.probe_model is Probe and found.fault(load_set(name, 1).probes[0], found.settings_model()) is None


def _check_address(base_url: str | None, api_key_env: str | None) -> None:
    if base_url and "@" in base_url.partition("://")[2].partition("/")[0]:
        raise PlanError(
            "--base-url holds a user name or password, which would be journaled",
            "put the key into the environment and name it with --api-key-env",
        )
    if api_key_env is not None:
        check_name(api_key_env)


def _sampling_plan(
    form: AnswerForm | None,
    model: str,
    *,
    thinking: str = Thinking.STRIP,
    thinking_marks: str | Sequence[str] = (),
    reply_tokens: int | None = None,
    **values: Any,
) -> SamplingPlan:
    values["thinking"] = _member(Thinking, thinking, "thinking policy")
    values["thinking_marks"] = checked_marks((thinking_marks,) if isinstance(thinking_marks, str) else thinking_marks)
    try:
        if reply_tokens is None:
            return default_sampling(form, model, **values)
        return SamplingPlan(reply_tokens=reply_tokens, **values)
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise PlanError(f"--{option} {first['input']}: {first['msg'].lower()}", "correct the value") from None


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
    report = await start(plan(*sets, **settings), out=out, name=name, conduct=conduct)
    assert isinstance(report, Report)  # noqa: S101
    return report


def run_kind(
    kind: str, *sets: str, out: Path | None = None, name: str | None = None, conduct: Conduct | None = None, **settings: Any
) -> kind_reports.KindReport:
    """`run` for another probe kind than `challenge`. Takes what `plan_kind` takes; raises as `run` does."""
    report = asyncio.run(start(plan_kind(kind, *sets, **settings), out=out, name=name, conduct=conduct))
    assert isinstance(report, kind_reports.KindReport)  # noqa: S101
    return report


async def start(
    planned: AnyPlanned,
    *,
    out: Path | None = None,
    name: str | None = None,
    conduct: Conduct | None = None,
    baseline: Baseline | None = None,
    allow_mismatch: bool = False,
) -> AnyReport:
    """Carry out a plan as a new run; `baseline` is what a sequential run's relative rules compare to. Raises as `run` does, and `GateError`."""
    conduct = conduct or Conduct()
    if isinstance(planned, Planned) and planned.plan.until is not None:
        _check_until(planned, baseline, allow_mismatch=allow_mismatch)
    with _Together(conduct) as together:
        return await _start(planned, together, _new_folder(planned, out, name), baseline)


async def start_all(
    plans: Sequence[AnyPlanned],
    *,
    out: Path | None = None,
    name: str | None = None,
    folders: Sequence[Path] | None = None,
    conduct: Conduct | None = None,
) -> list[AnyReport | SycoprobeError]:
    """Carry out several plans (the same probes on several models, say) at the same time, each as a run of its own.

    They share the caps of `conduct`, and what goes to one host under one key passes one limiter, in turn. One that fails does
    not stop the others; its error stands in its place. Several plans for one model (of several probe kinds, say) go one after another.

    Parameters
    ----------
    name: each run's folder is this with the model's name behind it (default: time, sets and model).
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
        lanes: dict[tuple[str, str | None], list[int]] = {}
        for i, planned in enumerate(plans):
            lanes.setdefault((planned.plan.model, planned.plan.base_url), []).append(i)
        results: dict[int, AnyReport | BaseException] = {}

        async def one_after_another(indices: list[int]) -> None:
            for i in indices:
                try:
                    results[i] = await _start(plans[i], together, folders[i])
                except Exception as e:
                    results[i] = e

        await asyncio.gather(*(one_after_another(indices) for indices in lanes.values()))
        return [_told(results[i]) for i in range(len(plans))]


def resume(run: str | Path, *, out: Path | None = None, conduct: Conduct | None = None) -> AnyReport:
    """Ask what is missing of an earlier run, then score it. Raises as `run` does."""
    return asyncio.run(aresume(run, out=out, conduct=conduct))


async def aresume(run: str | Path, *, out: Path | None = None, conduct: Conduct | None = None) -> AnyReport:
    """`resume`, from asynchronous code."""
    with _Together(conduct or Conduct()) as together:
        return await _resume(find_run(run, out), together)


async def resume_all(
    runs: Sequence[str | Path], *, out: Path | None = None, conduct: Conduct | None = None
) -> list[AnyReport | SycoprobeError]:
    """`aresume` of several runs at the same time, which share caps and limiters as in `start_all`."""
    folders = [find_run(run, out) for run in runs]
    with _Together(conduct or Conduct()) as together:
        resumed = (_resume(folder, together) for folder in folders)
        return [_told(r) for r in await asyncio.gather(*resumed, return_exceptions=True)]


def _told(result: AnyReport | BaseException) -> AnyReport | SycoprobeError:
    if isinstance(result, Report | kind_reports.KindReport | SycoprobeError):
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


def new_folders(plans: Sequence[AnyPlanned], out: Path | None = None, name: str | None = None) -> list[Path]:
    """A folder for each of several plans that are carried out together. Raises `PlanError` if two are alike, `JournalError` if one is taken."""
    models, kinds = {p.plan.model for p in plans}, {p.plan.probe_kind for p in plans}

    def named(p: AnyPlanned) -> str | None:
        if name is None or len(plans) == 1:
            return name
        parts = [p.plan.probe_kind] if len(kinds) > 1 else []
        return "-".join([name, *parts, *([model_slug(p)] if len(models) > 1 or not parts else [])])

    folders = [_new_folder(p, out, named(p)) for p in plans]
    if len(set(folders)) < len(folders):
        raise PlanError("a model is named twice", "name each once; --repeats asks a model more often")
    return folders


def price_range(
    planned: AnyPlanned, file: Path | None = None, *, batch: bool = False
) -> tuple[Price | None, tuple[float, float] | None]:
    """What the plan's model costs, and about the least and the most US dollars that the plan takes; None where nobody knows.

    `file` is a TOML file of prices. Raises `PriceError` for a fault in it.
    """
    price = _price(planned, Conduct(prices=file))
    if price is None:
        return None, None
    return price, money.price_range(planned.estimate(), price, reply_tokens=planned.plan.sampling.reply_tokens, batch=batch)


def _new_folder(planned: AnyPlanned, out: Path | None, name: str | None) -> Path:
    folder = (out or DEFAULT_OUT) / (name or run_name(planned))
    if (folder / FILE).exists():
        raise JournalError(f"{folder}: there is a run already", f"`sycoprobe resume {folder}`, or choose another name")
    return folder


def _price(planned: AnyPlanned, conduct: Conduct) -> Price | None:
    """What the plan's model costs. Raises `PriceError` if that is unknown and money is capped, or the file of prices has a fault."""
    plan = planned.plan
    table = prices.read_table(conduct.prices) if conduct.prices else None
    price = prices.price_of(plan.model, base_url=plan.base_url, table=table)
    if price is None and conduct.caps.cost is not None:
        raise PriceError("--max-cost needs a price", prices.why_unpriced(plan.model, base_url=plan.base_url))
    return price


async def _start(planned: AnyPlanned, together: _Together, folder: Path, baseline: Baseline | None = None) -> AnyReport:
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
            batch=await batching.begin(planned, backend) if conduct.batch and isinstance(planned, Planned) else None,
        )
        decider = Decider(planned, kept) if isinstance(planned, Planned) and planned.plan.until else None
        return await _carry_out(planned, backend, journal, folder, together, conduct, Earlier(), decider, price)
    finally:
        await backend.close()


async def _resume(folder: Path, together: _Together) -> AnyReport:
    journal, contents = Journal.reopen(folder)
    try:
        planned: AnyPlanned = contents.kind_planned() if contents.of_kind else contents.planned()
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
            decider = Decider(planned, contents.baseline) if isinstance(planned, Planned) and planned.plan.until else None
            if decider and decider.add(call for call in calls(contents) if call.reply is not None):
                return build(folder)
            return await _carry_out(planned, backend, journal, folder, together, conduct, earlier, decider, price, contents)
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


def score(run: str | Path, *, out: Path | None = None) -> AnyReport:
    """Judge a run's answers again, without any call, and write its report again. Raises `JournalError`."""
    folder = find_run(run, out)
    return kind_reports.build(folder) if of_kind(folder) else build(folder)


def load_report(folder: Path, *, rows: bool = True) -> AnyReport:
    """The report of a run as it was written, of whatever probe kind. Raises `ReportError`."""
    own = kind_reports.is_kind_report(folder)
    return kind_reports.KindReport.load(folder, rows=rows) if own else Report.load(folder, rows=rows)


def of_kind(folder: Path) -> bool:
    """Whether a run is of another probe kind than `challenge`. Raises `JournalError`."""
    return read_journal(folder).of_kind


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


def run_name(planned: AnyPlanned) -> str:
    """A new run's default name: time, sets and model."""
    sets = "+".join(s.name for s in planned.sets)
    if planned.plan.probe_kind != CHALLENGE:
        sets = f"{planned.plan.probe_kind}-{sets}"
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{sets}-{model_slug(planned)}"


def model_slug(planned: AnyPlanned) -> str:
    """The model's name in a form that suits a folder."""
    return re.sub(r"[^a-z0-9.]+", "-", planned.plan.model.split("/")[-1].lower()).strip("-")[:40]


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    return {"sycoprobe": __version__, "python": platform.python_version(), "platform": sys.platform}


async def _carry_out(
    planned: AnyPlanned,
    backend: Backend,
    journal: Journal,
    folder: Path,
    together: _Together,
    conduct: Conduct,
    earlier: Earlier,
    decider: Decider | None,
    price: Price | None,
    contents: Contents | None = None,
) -> AnyReport:
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
        p.thinking_marks,
    )
    run: AnyRun
    if isinstance(planned, KindPlanned):
        run = KindRun(
            planned,
            backend,
            journal,
            contents=contents,
            concurrency=conduct.concurrency,
            sampling=sampling,
            earlier=earlier,
            budget=together.budget,
            price=price,
        )
    elif conduct.batch:
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
            enough=(lambda call: decider.add([call])) if decider else None,
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
    return kind_reports.build(folder) if isinstance(planned, KindPlanned) else build(folder)


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


async def _tick(run: AnyRun, backend: Backend, on_tally: Callable[[Tally], None]) -> None:
    while True:
        run.tally.waiting_for = getattr(backend, "waiting_for", None) or ""
        on_tally(run.tally)
        await asyncio.sleep(0.2)


def _backend(planned: AnyPlanned, conduct: Conduct, stopping: Callable[[], bool]) -> Backend:
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
    if conduct.batch and isinstance(planned, KindPlanned):
        raise PlanError(
            f"--batch does not go with the probe kind {plan.probe_kind!r}", "leave --batch out; only `challenge` can be batched"
        )
    if conduct.batch and isinstance(planned, Planned):
        batching.check(planned, backend)
    return backend


def _check_form(planned: AnyPlanned, backend: Backend) -> None:
    """Raises `PlanError` if replies are to follow a JSON schema and the started backend cannot hold them to one."""
    if planned.form is AnswerForm.SCHEMA and not getattr(backend, "takes_schema", False):
        raise PlanError(
            f"--answer schema: {planned.plan.model} cannot hold a reply to a JSON schema",
            "--answer line asks for a last line that is as easy to read; structured output have openai, responses, azure, anthropic, "
            "gemini, ollama, local, most models of openrouter, and command and python where the program takes `schema`",
        )


def _fitted(planned: AnyPlanned, facts: dict[str, Any]) -> AnyPlanned:
    """The plan, its default limit on a reply lowered to what suits the model and its server; one that the user gave is left alone."""
    plan = planned.plan
    sampling = plan.sampling
    if sampling.reply_tokens_from == "user":
        return planned
    plain = room_for(planned.form, plan.model, "none") if sampling.effort is None else sampling.reply_tokens
    room = fitting(sampling.reply_tokens, facts, plain)
    return planned if room == sampling.reply_tokens else planned.limited(room)


def _same_model(contents: Contents, facts: dict[str, Any]) -> None:
    """Refuse to mix two models in one run."""
    for fact in ("model", "sha256", "digest"):
        before, after = contents.header["model"].get(fact), writable_json(facts.get(fact))
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
