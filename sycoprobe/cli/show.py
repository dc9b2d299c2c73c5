"""Carrying out runs under a progress display, and printing what came of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import typer

from sycoprobe.cli.outlet import Outlet, write_json
from sycoprobe.errors import Exit
from sycoprobe.text import counted

if TYPE_CHECKING:
    from sycoprobe.api.conduct import Conduct
    from sycoprobe.errors import SycoprobeError
    from sycoprobe.grid import Screen
    from sycoprobe.planning import Planned, PlannedPart
    from sycoprobe.reports.model import Report


def executed(make: Callable[[Conduct], Awaitable[Any]], conduct: dict[str, Any], *, quiet: bool, verbose: bool = False) -> Any:
    """What `make` gives, run under a progress display; Ctrl-C drains it."""
    import asyncio

    from sycoprobe.api.conduct import Conduct
    from sycoprobe.cli.progress import Progress

    if verbose:
        log_exchanges()

    async def go() -> Any:
        return await make(Conduct(signals=True, on_tally=progress.show, notify=progress.say, **conduct))

    with Progress(console(stderr=True), quiet=quiet, plain=verbose) as progress:
        return asyncio.run(go())


def log_exchanges() -> None:
    """Have every exchange with a server written to standard error; keys are taken out of what servers say."""
    import logging

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("sycoprobe")
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False


def show(report: Report, folder: Path, *, json: bool, tolerance: float, transcripts: int = 5) -> None:
    """Print a report and exit with the code that it deserves."""
    print_one(report, folder, json=json, transcripts=transcripts)
    if code_of(report, tolerance):
        raise typer.Exit(Exit.INCOMPLETE)


def show_all(
    results: Sequence[Report | SycoprobeError],
    folders: Sequence[Path],
    *,
    json: bool,
    tolerance: float,
    alpha: float | None = None,
) -> None:
    """Print several runs, one after another, then side by side; exit with the worst code among them.

    With `alpha`, the error of their intervals, the paired differences from the first run follow.
    """
    from sycoprobe.errors import SycoprobeError
    from sycoprobe.reports.terminal import print_kinds

    codes = [Exit.OK]
    reports: list[Report] = []
    done: list[Path] = []
    transcripts = 1 if len(results) > 1 else 5
    for result, folder in zip(results, folders, strict=True):
        if isinstance(result, SycoprobeError):
            print_error(result)
            codes.append(result.exit_code)
            continue
        print_one(result, folder, json=json, transcripts=transcripts)
        codes += [Exit.INCOMPLETE] if code_of(result, tolerance) else []
        reports.append(result)
        done.append(folder)
    if len(reports) > 1 and not json:
        print_kinds(reports, console())
        if alpha is not None:
            _print_differences(done, alpha)
    raise typer.Exit(max(codes))


def _print_differences(folders: Sequence[Path], alpha: float) -> None:
    """Print the paired differences of runs from the first one, or why there are none."""
    from sycoprobe import api
    from sycoprobe.errors import GateError
    from sycoprobe.reports.gate_terminal import print_comparison

    try:
        print_comparison(api.compare(*folders, alpha=alpha), console())
    except GateError as e:
        print(f"no differences: {e.message}", file=sys.stderr)


def code_of(report: Report, tolerance: float) -> Exit:
    """INCOMPLETE, with the reason printed, or OK."""
    from sycoprobe.reports.conclusion import why_incomplete

    reason = why_incomplete(report, tolerance)
    if reason:
        print(f"exit {Exit.INCOMPLETE.value}: {report.run}: {reason}", file=sys.stderr)
        return Exit.INCOMPLETE
    return Exit.OK


def print_one(report: Report, folder: Path, *, json: bool, transcripts: int = 5) -> None:
    """Print a report: its JSON as it is in the folder, or its summary."""
    from rich.text import Text

    from sycoprobe.reports.model import FILE
    from sycoprobe.reports.terminal import print_report

    if json:
        write_json((folder / FILE).read_text(encoding="utf-8"))
        return
    screen = console()
    print_report(report, screen, transcripts=transcripts)
    screen.print(Text(f"\nreport: {folder}/report.json · journal: {folder}/journal.jsonl", style="dim"), soft_wrap=True)


def print_plans(plans: Sequence[Planned], prices: Path | None, *, batch: bool, json: bool) -> None:
    """Print what each of several runs would ask and cost, and all of them together."""
    for planned in plans:
        print_plan(planned, prices, batch=batch, json=json)
    if len(plans) > 1 and not json:
        costs = [planned.cost() for planned in plans]
        print(f"\nall {len(plans)} runs: {sum(c.calls_min for c in costs):,} to {sum(c.calls_max for c in costs):,} calls")


def print_plan(planned: Planned, prices: Path | None, *, batch: bool, json: bool) -> None:
    """Print what would be asked, and what that would cost."""
    from dataclasses import asdict

    from sycoprobe import api
    from sycoprobe.backends.extras import fields_of
    from sycoprobe.text import shortened

    plan, cost = planned.plan, planned.cost()
    price, dollars = api.price_range(planned, prices, batch=batch)
    if json:
        paid = {"price": price.to_dict() if price else None, "dollars": dollars}
        write_json({"plan": plan.model_dump(mode="json"), "estimate": asdict(cost), **paid})
        return
    calls = f"{cost.calls_max:,}" if cost.calls_min == cost.calls_max else f"{cost.calls_min:,} to {cost.calls_max:,}"
    lines = [
        f"model        {plan.model}" + (f" at {plan.base_url}" if plan.base_url else ""),
        *([f"system       {shortened(plan.system)}"] if plan.system is not None else []),
        *([f"body         {', '.join(fields_of(plan.body))}"] if plan.body else []),
        *(line for part in planned.parts for line in _asked_lines(part)),
        f"repeats      {plan.repeats}, seed {plan.seed}",
        *([f"until        decided: {'; '.join(plan.until.rules)}"] if plan.until else []),
        f"items        {cost.items:,} in {counted(cost.conversations, 'conversation')}",
        f"calls        {calls} ({'at most; ' if plan.until else ''}fewer where a first reply names no answer)",
        f"tokens       about {cost.prompt_tokens:,} in and {cost.completion_tokens:,} out (4 characters a token, {cost.typical_reply} tokens a reply)",
        f"price        {_price_line(planned, price, dollars, batch=batch)}",
        "Nothing was asked. Leave --dry-run out to begin.",
    ]
    console().listing(lines)


def _asked_lines(part: PlannedPart) -> list[str]:
    """What a plan asks of one kind, in which arms and form."""
    settings = ", ".join(f"{k}={_plain(v)}" for k, v in part.part.settings.items() if k != "arms")
    form = part.form.value if part.form is not None else "in the kind's own words"
    why = "" if part.plan.sampling.reply_tokens_from == "user" else " (the default for this form and model)"
    return [
        f"kind         {part.name}" + (f" ({settings})" if settings else ""),
        *(f"set          {s.info.name} {s.info.version}: {s.chosen} of {s.available} probes" for s in part.part.sets),
        f"arms         {', '.join(part.kind.arms(part.settings))}",
        f"answer       {form}; replies of at most {part.reply_tokens:,} tokens{why}",
    ]


def _plain(value: object) -> str:
    return ",".join(str(v) for v in value) if isinstance(value, list | tuple) else str(value).lower()


def _price_line(planned: Planned, price: Any, dollars: tuple[float, float] | None, *, batch: bool) -> str:
    if price is None or dollars is None:
        from sycoprobe.money import lists as prices

        return prices.why_unpriced(planned.plan.model, base_url=planned.plan.base_url).splitlines()[0]
    if price.free:
        return f"nothing ({price.source})"
    from sycoprobe.text import dollars as said

    low, high = (said(x) for x in dollars)
    half = f", in batches {price.batch:g} of that" if batch else ""
    return f"{low} to {high} (${price.input:g} in, ${price.output:g} out per million tokens{half}: {price.source}; low: {planned.cost().typical_reply}-token replies; high: replies of {planned.plan.sampling.reply_tokens} tokens and dense text)"


def console(*, stderr: bool = False) -> Screen:
    """Where people read: as wide as the terminal, or as COLUMNS says; plain and 120 columns wide if it is neither."""
    from sycoprobe.grid import NARROWEST, Screen

    stream = sys.stderr if stderr else sys.stdout
    said = os.environ.get("COLUMNS", "")
    given = max(NARROWEST, int(said)) if said.isdecimal() and int(said) > 0 else None
    width = given or (None if stream.isatty() else 120)
    file = stream.styled() if isinstance(stream, Outlet) else stream
    return Screen(cast("IO[str]", file), width, stderr=stderr, bounded=given is not None or stream.isatty())


def print_error(error: SycoprobeError) -> None:
    """Print what is wrong and how to fix it on standard error."""
    from sycoprobe.text import visible

    print(visible(f"error: {error.message}"), file=sys.stderr)
    if error.hint:
        print(visible(f"  fix: {error.hint}"), file=sys.stderr)
