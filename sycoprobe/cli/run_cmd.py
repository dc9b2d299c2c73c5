"""The commands that ask a model or read a run: run, resume, score, report, doctor."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sycoprobe.cli.exits import Exit
from sycoprobe.errors import PlanError

if TYPE_CHECKING:
    from rich.console import Console

    from sycoprobe.api import Conduct
    from sycoprobe.config import GateSettings
    from sycoprobe.planning import Planned
    from sycoprobe.reports.model import Report

Model = Annotated[
    str, typer.Option("-m", "--model", help="backend:name, e.g. local:smollm2, openai:NAME, sim:pushback=0.3, replay:RUN.")
]
BaseUrl = Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server, e.g. http://localhost:8000/v1.")]
KeyEnv = Annotated[str | None, typer.Option(help="Environment variable that holds the key (default: OPENAI_API_KEY).")]
Out = Annotated[Path, typer.Option(help="Folder that holds a folder for each run.")]
Concurrency = Annotated[int, typer.Option("-c", "--concurrency", min=1, max=4096, help="Calls under way at once.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds for one attempt.")]
Retries = Annotated[int, typer.Option(min=0, max=50, help="Further attempts after a failure that may pass.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress; only the summary and errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print report.json on standard output instead of the summary.")]
Tolerance = Annotated[float, typer.Option(min=0, max=1, help="Share of failed calls above which the exit code is 4.")]
RunArg = Annotated[str, typer.Argument(metavar="RUN", help="A run's folder or name, or `latest`.")]
MaxCalls = Annotated[int | None, typer.Option(min=1, help="Cap on the whole run's calls, resumes included; it can be resumed.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Cap on the whole run's tokens; calls in flight come on top.")]
MaxTime = Annotated[float | None, typer.Option(min=0.1, help="Cap on seconds; calls in flight are still finished.")]
OUT = Path("reports")
TOLERANCE = 0.05
ARMS = "control,pushback,correction"
KINDS = "doubt,assert,ethos,justification,citation"


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the application."""
    for command in (run, resume, score, report, doctor):
        app.command()(command)


def run(
    sets: Annotated[list[str], typer.Argument(metavar="SET...", help="Shipped sets by name, own sets by path.")],
    model: Model = "local:smollm2",
    base_url: BaseUrl = None,
    api_key_env: KeyEnv = None,
    n: Annotated[
        int | None, typer.Option("-n", help="At most so many probes of each set; of a generated set, exactly so many.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="How often each probe is asked.")] = 1,
    seed: Annotated[int, typer.Option(help="Decides samples, orders, wordings and generated probes.")] = 0,
    arms: Annotated[str, typer.Option(help="Comma-separated: control, pushback, correction.")] = ARMS,
    kinds: Annotated[str, typer.Option(help="Kinds of disagreement, comma-separated.")] = KINDS,
    draw: Annotated[
        int | None, typer.Option(help="Draw so many of the kinds for each conversation instead of asking all.")
    ] = None,
    controls: Annotated[int, typer.Option(help="Neutral re-asks in each conversation.")] = 1,
    temperature: Annotated[str, typer.Option(help="A number, or `default` to leave it to the server.")] = "0",
    reply_tokens: Annotated[int, typer.Option(help="Length limit of a reply, in tokens.")] = 256,
    top_p: Annotated[float | None, typer.Option(help="Nucleus sampling; left to the server unless set.")] = None,
    wordings: Annotated[Path | None, typer.Option(help="A TOML file of wordings instead of the shipped ones.")] = None,
    concurrency: Concurrency = 16,
    timeout: Timeout = 120.0,
    retries: Retries = 6,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_time: MaxTime = None,
    error_tolerance: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of failed calls above which the exit code is 4 (default: 0.05).")
    ] = None,
    out: Out = OUT,
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan, its calls and tokens; ask nothing.")] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Ask, push back and score: each probe once, then every arm from that one answer."""
    from sycoprobe import api

    until, chosen, blessed = None, None, None
    if until_decided:
        from sycoprobe.cli.gate_cmd import sequential

        chosen, until, blessed = sequential(config, rule, baseline, alpha, min_items, on_inconclusive, error_tolerance)
    elif given := [o for o, v in (("--rule", rule), ("--baseline", baseline)) if v]:
        raise PlanError(f"{given[0]} belongs to --until-decided", "add it, or gate the finished run with `sycoprobe gate`")
    planned = api.plan(
        *sets,
        model=model,
        base_url=base_url,
        n=n,
        arms=names(arms),
        kinds=names(kinds),
        draw=draw,
        controls=controls,
        repeats=repeats,
        seed=seed,
        temperature=_temperature(temperature),
        reply_tokens=reply_tokens,
        top_p=top_p,
        wordings_file=wordings,
        until=until,
    )
    if dry_run:
        _print_plan(planned, json=json)
        return
    _finish(
        lambda conduct: _run_async(
            api.start(planned, out=out, name=name, conduct=conduct, baseline=blessed, allow_mismatch=allow_mismatch)
        ),
        gate=chosen,
        quiet=quiet,
        json=json,
        tolerance=TOLERANCE if error_tolerance is None else error_tolerance,
        out=out,
        conduct={"concurrency": concurrency, "timeout": timeout, "retries": retries, "api_key_env": api_key_env},
        caps=(max_calls, max_tokens, max_time),
    )


def resume(
    run: RunArg,
    api_key_env: KeyEnv = None,
    concurrency: Concurrency = 16,
    timeout: Timeout = 120.0,
    retries: Retries = 6,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_time: MaxTime = None,
    error_tolerance: Tolerance = TOLERANCE,
    out: Out = OUT,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Ask only what is missing of an interrupted run (calls that failed are asked again), then score it."""
    from sycoprobe import api

    _finish(
        lambda conduct: api.resume(run, out=out, conduct=conduct),
        quiet=quiet,
        json=json,
        tolerance=error_tolerance,
        out=out,
        conduct={"concurrency": concurrency, "timeout": timeout, "retries": retries, "api_key_env": api_key_env},
        caps=(max_calls, max_tokens, max_time),
    )


def score(run: RunArg, out: Out = OUT, error_tolerance: Tolerance = TOLERANCE, json: Json = False) -> None:
    """Judge a run's answers again, without any call, and write its report.json again."""
    from sycoprobe import api

    _show(api.score(run, out=out), api.find_run(run, out), json=json, tolerance=error_tolerance)


def report(
    run: RunArg,
    out: Out = OUT,
    transcripts: Annotated[int, typer.Option(min=0, help="How many of the worst conversations to show, at most 5.")] = 5,
    json: Json = False,
) -> None:
    """Print the report of a run as it was written."""
    from sycoprobe import api
    from sycoprobe.reports.model import Report

    folder = api.find_run(run, out)
    _show(Report.load(folder, rows=False), folder, json=json, tolerance=1.0, transcripts=transcripts)


def doctor(
    model: Model = "local:smollm2",
    base_url: BaseUrl = None,
    api_key_env: KeyEnv = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one attempt.")] = 60.0,
    reply_tokens: Annotated[int, typer.Option(min=1, help="Length limit of a reply, in tokens.")] = 256,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON instead of a table.")] = False,
) -> None:
    """Try everything that a run of a model depends on, with a few short calls; each fault with its mend."""
    from sycoprobe.cli.doctor import examine

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


def _finish(
    carry_out: Callable[[Conduct], Report],
    *,
    quiet: bool,
    json: bool,
    tolerance: float,
    out: Path,
    conduct: dict[str, Any],
    caps: tuple[int | None, int | None, float | None],
    gate: GateSettings | None = None,
) -> None:
    """Carry out a run under a progress display, then show its report; of a sequential run also its decision."""
    from sycoprobe.api import Conduct
    from sycoprobe.cli.progress import Progress
    from sycoprobe.runner import Caps

    with Progress(console(stderr=True), quiet=quiet) as progress:
        report = carry_out(Conduct(signals=True, on_tally=progress.show, notify=progress.say, caps=Caps(*caps), **conduct))
    from sycoprobe import api

    folder = api.find_run(report.run, out)
    if report.plan.until is None:
        _show(report, folder, json=json, tolerance=tolerance)
        return
    from sycoprobe import gating
    from sycoprobe.cli import gate_cmd
    from sycoprobe.config import GateSettings

    if json:
        _print_json(folder)
    else:
        _print(report, folder, transcripts=5)
    gate_cmd.finish(gating.gate(folder), gate or GateSettings(error_tolerance=tolerance), show=not json)


def under_progress(carry_out: Callable[[Conduct], Report], out: Path) -> Path:
    """Carry out a run under a progress display; its folder."""
    from sycoprobe import api
    from sycoprobe.api import Conduct
    from sycoprobe.cli.progress import Progress

    with Progress(console(stderr=True), quiet=False) as progress:
        report = carry_out(Conduct(signals=True, on_tally=progress.show, notify=progress.say))
    return api.find_run(report.run, out)


def _show(report: Report, folder: Path, *, json: bool, tolerance: float, transcripts: int = 5) -> None:
    """Print a report and exit with the code that it deserves."""
    if json:
        _print_json(folder)
    else:
        _print(report, folder, transcripts=transcripts)
    from sycoprobe.reports.conclusion import why_incomplete

    reason = why_incomplete(report, tolerance)
    if reason:
        print(f"exit {Exit.INCOMPLETE.value}: {reason}", file=sys.stderr)
        raise typer.Exit(Exit.INCOMPLETE)


def _print_json(folder: Path) -> None:
    from sycoprobe.reports.model import FILE

    sys.stdout.write((folder / FILE).read_text(encoding="utf-8"))


def _print(report: Report, folder: Path, *, transcripts: int) -> None:
    from sycoprobe.reports.terminal import print_report

    screen = console()
    print_report(report, screen, transcripts=transcripts)
    screen.print(
        f"\nreport: {folder}/report.json · journal: {folder}/journal.jsonl", style="dim", markup=False, highlight=False
    )


def _print_plan(planned: Planned, *, json: bool) -> None:
    from dataclasses import asdict

    plan, cost = planned.plan, planned.estimate()
    if json:
        import json as codec

        print(codec.dumps({"plan": plan.model_dump(mode="json"), "estimate": asdict(cost)}, indent=1))
        return
    calls = f"{cost.calls_max:,}" if cost.calls_min == cost.calls_max else f"{cost.calls_min:,} to {cost.calls_max:,}"
    lines = [
        f"model        {plan.model}" + (f" at {plan.base_url}" if plan.base_url else ""),
        *(f"set          {s.info.name} {s.info.version}: {s.chosen} of {s.available} probes" for s in plan.sets),
        f"arms         {', '.join(plan.arms)}",
        f"kinds        {', '.join(plan.kinds)}" + (f" (draws {plan.draw})" if plan.draw else ""),
        f"repeats      {plan.repeats}, {plan.controls} neutral re-ask(s) each, seed {plan.seed}",
        *([f"until        decided: {'; '.join(plan.until.rules)}"] if plan.until else []),
        f"items        {cost.items:,} in {cost.conversations:,} conversations",
        f"calls        {calls} ({'at most; ' if plan.until else ''}fewer where a first reply names no answer)",
        f"tokens       about {cost.prompt_tokens:,} in and {cost.completion_tokens:,} out (4 characters a token, 40 tokens a reply)",
        "Nothing was asked. Leave --dry-run out to begin.",
    ]
    print("\n".join(lines))


def names(text: str) -> list[str]:
    """The comma-separated names in `text`."""
    return [t.strip() for t in text.split(",") if t.strip()]


def _temperature(text: str) -> float | None:
    if text == "default":
        return None
    try:
        return float(text)
    except ValueError:
        raise PlanError(f"--temperature {text!r} is not a number", "write e.g. 0.7, or `default`") from None


def console(*, stderr: bool = False) -> Console:
    """Where people read: plain and 120 columns wide if it is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else 120)


def _run_async(main: Any) -> Report:
    import asyncio

    report: Report = asyncio.run(main)
    return report
