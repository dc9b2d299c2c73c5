"""The commands that ask a model or read a run: run, resume, score, report, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sycoprobe.cli import options as o
from sycoprobe.errors import Exit, PlanError

if TYPE_CHECKING:
    from sycoprobe.planning import Planned


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the application."""
    for command in (run, resume, score, report, doctor):
        app.command()(command)


def run(
    sets: Annotated[
        list[str] | None, typer.Argument(metavar="[SET]...", help="Shipped sets by name, own sets by path.")
    ] = None,
    model: o.Models = None,
    probe_kind: Annotated[
        list[str] | None,
        typer.Option(
            "--probe-kind",
            "-k",
            help="challenge (default), hint, pressure … or `all`; comma-separated or repeated: one run of them all. `sycoprobe kinds` lists them.",
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="Kinds, sets and sizes by budget: quick, ci, standard or full.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of a probe kind, e.g. pressure.turns=3; may be repeated.")
    ] = None,
    base_url: o.BaseUrl = None,
    api_key_env: o.KeyEnv = None,
    n: Annotated[
        int | None, typer.Option("-n", help="At most so many probes of each set; of a generated set, exactly so many.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="How often each probe is asked.")] = 1,
    seed: Annotated[int, typer.Option(help="Decides samples, orders, wordings and generated probes.")] = 0,
    arms: o.Arms = None,
    kinds: o.Kinds = None,
    draw: Annotated[
        int | None, typer.Option(help="Draw so many of the kinds for each conversation instead of asking all.")
    ] = None,
    controls: Annotated[int | None, typer.Option(help="Neutral re-asks in each conversation (default: 1).")] = None,
    answer: o.Answer = o.ANSWER,
    temperature: Annotated[str, typer.Option(help="A number, or `default` to leave it to the server.")] = "0",
    reply_tokens: o.ReplyTokens = None,
    top_p: Annotated[float | None, typer.Option(help="Nucleus sampling; left to the server unless set.")] = None,
    thinking: Annotated[
        str, typer.Option(help="`strip`: the model sees only the text of its first answer; `replay`: its thinking too.")
    ] = "strip",
    thinking_marks: Annotated[
        list[str] | None,
        typer.Option(
            help='Marks of the model\'s own around its thinking, e.g. "<cot>…</cot>"; may be repeated. Many are known.'
        ),
    ] = None,
    effort: Annotated[str | None, typer.Option(help="Reasoning effort as the provider spells it, e.g. low.")] = None,
    verbosity: Annotated[str | None, typer.Option(help="Verbosity as the provider spells it, e.g. low.")] = None,
    logprobs: Annotated[int, typer.Option(help="Ask for log-probabilities of so many likeliest tokens; journaled.")] = 0,
    system: o.System = None,
    wordings: Annotated[Path | None, typer.Option(help="A TOML file of wordings instead of the shipped ones.")] = None,
    concurrency: o.Concurrency = 16,
    timeout: o.Timeout = 120.0,
    retries: o.Retries = 6,
    strict: o.Strict = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="Ask in the vendor's batches: half the price, within a day (OpenAI, Anthropic).")
    ] = False,
    max_calls: o.MaxCalls = None,
    max_tokens: o.MaxTokens = None,
    max_cost: o.MaxCost = None,
    max_time: o.MaxTime = None,
    prices: o.Prices = None,
    error_tolerance: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of failed calls above which the exit code is 4 (default: 0.05).")
    ] = None,
    out: o.Out = o.OUT,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the run's folder (default: time, sets and model).")
    ] = None,
    until_decided: Annotated[
        bool, typer.Option("--until-decided", help="Ask item by item and stop as soon as every rule of the gate is decided.")
    ] = False,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="With --until-decided: instead of the rules in the settings.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="With --until-decided: what relative rules compare to.")] = None,
    allow_mismatch: Annotated[bool, typer.Option("--allow-mismatch", help="As for `gate`.")] = False,
    config: Annotated[Path | None, typer.Option(help="As for `gate`.")] = None,
    alpha: Annotated[float | None, typer.Option(help="As for `gate`.")] = None,
    min_items: Annotated[int | None, typer.Option(help="As for `gate`.")] = None,
    on_inconclusive: Annotated[str | None, typer.Option(help="As for `gate`.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, its calls, tokens and price; ask nothing.")
    ] = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    json: o.Json = False,
) -> None:
    """Ask, push back and score: each probe once, then every arm from that one answer."""
    from sycoprobe import api
    from sycoprobe.cli import gated, show
    from sycoprobe.config import resolve_model

    until, chosen, blessed = None, None, None
    if until_decided:
        chosen, until, blessed = gated.sequential(config, rule, baseline, alpha, min_items, on_inconclusive, error_tolerance)
    elif given := [name for name, v in (("--rule", rule), ("--baseline", baseline)) if v]:
        raise PlanError(f"{given[0]} belongs to --until-decided", "add it, or gate the finished run with `sycoprobe gate`")

    models = [resolve_model(m, base_url=base_url, api_key_env=api_key_env) for m in model or [o.DEFAULT_MODEL]]

    common: dict[str, Any] = {
        "n": n,
        "repeats": repeats,
        "seed": seed,
        "answer": answer,
        "temperature": _temperature(temperature),
        "reply_tokens": reply_tokens,
        "top_p": top_p,
        "thinking": thinking,
        "effort": effort,
        "verbosity": verbosity,
        "wordings_file": wordings,
        "system": o.system_of(system),
    }
    common |= {
        "arms": o.names(arms) if arms is not None else None,
        "kinds": o.names(kinds) if kinds is not None else None,
        "draw": draw,
        "controls": controls,
        "logprobs": logprobs,
        "until": until,
        "profile": profile,
    }
    wanted = [k for given in probe_kind or () for k in o.names(given)]
    if profile is not None and (sets or wanted or setting):
        raise PlanError("--profile chooses sets and kinds itself", "leave the sets, --probe-kind and --set out, or --profile")
    if profile is None and not sets and not wanted:
        raise PlanError("no probe set was named", "`sycoprobe sets` lists them; or give --probe-kind or --profile")
    settings = o.settings_of(setting, wanted)

    def plan_of(m: Any) -> Planned:
        return api.plan(
            *(sets or ()),
            kind=wanted,
            settings=settings,
            model=m.model,
            base_url=m.base_url,
            api_key_env=m.api_key_env,
            thinking_marks=tuple(thinking_marks or m.thinking_marks),
            **common,
        )

    plans = [plan_of(m) for m in models]
    if until is not None and len(plans) > 1:
        raise PlanError("--until-decided goes with one model", "run the others by themselves")
    if dry_run:
        for planned in plans:
            show.print_plan(planned, prices, batch=batch, json=json)
        if len(plans) > 1 and not json:
            costs = [planned.cost() for planned in plans]
            print(f"\nall {len(plans)} runs: {sum(c.calls_min for c in costs):,} to {sum(c.calls_max for c in costs):,} calls")
        return
    conduct = {
        "concurrency": concurrency,
        "timeout": timeout,
        "retries": retries,
        "strict": strict,
        "batch": batch,
        "prices": prices,
        "caps": o.caps(max_calls, max_tokens, max_cost, max_time),
    }
    tolerance = o.TOLERANCE if error_tolerance is None else error_tolerance
    if len(plans) > 1:
        folders = api.new_folders(plans, out, name)
        results = show.executed(
            lambda c: api.start_all(plans, folders=folders, conduct=c), conduct, quiet=quiet, verbose=verbose
        )
        show.show_all(results, folders, json=json, tolerance=tolerance)
        return
    report = show.executed(
        lambda c: api.start(plans[0], out=out, name=name, conduct=c, baseline=blessed, allow_mismatch=allow_mismatch),
        conduct,
        quiet=quiet,
        verbose=verbose,
    )
    folder = out / report.run
    if chosen is not None:
        gated.finish_sequential(report, folder, chosen, json=json)
    else:
        show.show(report, folder, json=json, tolerance=tolerance)


def resume(
    run: o.RunArgs,
    api_key_env: o.KeyEnv = None,
    concurrency: o.Concurrency = 16,
    timeout: o.Timeout = 120.0,
    retries: o.Retries = 6,
    strict: o.Strict = False,
    max_calls: o.MaxCalls = None,
    max_tokens: o.MaxTokens = None,
    max_cost: o.MaxCost = None,
    max_time: o.MaxTime = None,
    prices: o.Prices = None,
    error_tolerance: o.Tolerance = o.TOLERANCE,
    out: o.Out = o.OUT,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    json: o.Json = False,
) -> None:
    """Ask only what is missing of an interrupted run (calls that failed are asked again), then score it."""
    from sycoprobe import api
    from sycoprobe.cli import gated, show
    from sycoprobe.config import GateSettings

    folders = [folder for name in run for folder in api.find_runs(name, out)]
    conduct = {
        "api_key_env": api_key_env,
        "concurrency": concurrency,
        "timeout": timeout,
        "retries": retries,
        "strict": strict,
        "prices": prices,
        "caps": o.caps(max_calls, max_tokens, max_cost, max_time),
    }
    if len(folders) > 1:
        results = show.executed(lambda c: api.resume_all(folders, conduct=c), conduct, quiet=quiet, verbose=verbose)
        show.show_all(results, folders, json=json, tolerance=error_tolerance)
        return
    report = show.executed(lambda c: api.aresume(folders[0], conduct=c), conduct, quiet=quiet, verbose=verbose)
    if report.plan.until is not None:
        gated.finish_sequential(report, folders[0], GateSettings(error_tolerance=error_tolerance), json=json)
    else:
        show.show(report, folders[0], json=json, tolerance=error_tolerance)


def score(run: o.RunArg, out: o.Out = o.OUT, error_tolerance: o.Tolerance = o.TOLERANCE, json: o.Json = False) -> None:
    """Read the replies of a run (or of all that were begun together) again, without any call, and write its report.json again."""
    from sycoprobe import api
    from sycoprobe.cli import show

    folders = api.find_runs(run, out)
    show.show_all([api.score(folder) for folder in folders], folders, json=json, tolerance=error_tolerance)


def report(
    run: o.RunArg,
    out: o.Out = o.OUT,
    transcripts: Annotated[int, typer.Option(min=0, help="How many of the worst conversations to show, at most 5.")] = 5,
    json: o.Json = False,
) -> None:
    """Print the report of a run (or of all that were begun together) as it was written."""
    from sycoprobe import api
    from sycoprobe.cli import show

    folders = api.find_runs(run, out)
    found = [api.load_report(folder, rows=False) for folder in folders]
    if len(found) > 1:
        show.show_all(found, folders, json=json, tolerance=1.0)
    show.show(found[0], folders[0], json=json, tolerance=1.0, transcripts=transcripts)


def doctor(
    model: o.Model = o.DEFAULT_MODEL,
    base_url: o.BaseUrl = None,
    api_key_env: o.KeyEnv = None,
    timeout: o.Timeout = 60.0,
    reply_tokens: Annotated[
        int | None, typer.Option(min=1, help="Length limit of a reply, in tokens (default: that of a run of the model).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON instead of a table.")] = False,
) -> None:
    """Try everything that a run of a model depends on, with a few short calls; each fault with its fix."""
    from sycoprobe.cli.doctor import examine
    from sycoprobe.cli.show import console

    ok = examine(
        model,
        screen=console(),
        progress=console(stderr=True),
        as_json=json,
        base_url=base_url,
        api_key_env=api_key_env,
        timeout=timeout,
        reply_tokens=reply_tokens,
    )
    raise typer.Exit(Exit.OK if ok else Exit.CHECK_FAILED)


def _temperature(text: str) -> float | None:
    if text == "default":
        return None
    try:
        return float(text)
    except ValueError:
        raise PlanError(f"--temperature {text!r} is not a number", "write e.g. 0.7, or `default`") from None
