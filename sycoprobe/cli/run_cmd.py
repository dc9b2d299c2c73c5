"""The commands that ask a model or read a run: run, resume, score, report, doctor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sycoprobe.cli import options as o
from sycoprobe.cli.given import takes
from sycoprobe.cli.show import Shown
from sycoprobe.cli.usage import Command, PageCommand
from sycoprobe.errors import Exit
from sycoprobe.settings import UNTIL, Asking, ConductSettings, Sampling, Target

if TYPE_CHECKING:
    from pathlib import Path

    from sycoprobe.api import Prepared
    from sycoprobe.config import ConfigFile


def _filter(*names: str, help: str) -> Any:
    return typer.Option(*names, help=f"{help} May be repeated, or hold several with commas.")


CAPS = ("max_calls", "max_tokens", "max_cost", "max_time")
ONE = ("thinking_marks",)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the application."""
    for command in (run, resume, score, report, doctor):
        app.command(cls=PageCommand if command is report else Command)(command)


@takes(Asking, Target, Sampling, ConductSettings, *UNTIL, "on_inconclusive", "error_tolerance")
def run(
    *,
    given: dict[str, Any],
    config: o.Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, its calls, tokens and price; ask nothing.")
    ] = False,
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Print every setting, its value and where it was given; ask nothing.")
    ] = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    full: o.Full = False,
    transcripts: o.Transcripts = None,
    json: o.Json = False,
    probe_kind: Annotated[list[str] | None, o.renamed("--kind")] = None,
    set_: Annotated[list[str] | None, o.renamed("--option", "--set")] = None,
    arms: Annotated[list[str] | None, o.renamed("--option challenge.arms=…")] = None,
    kinds: Annotated[list[str] | None, o.renamed("--option challenge.rebuttals=…")] = None,
    draw: Annotated[list[str] | None, o.renamed("--option challenge.draw=…")] = None,
    controls: Annotated[list[str] | None, o.renamed("--option challenge.controls=…")] = None,
) -> None:
    """Ask, push back and score: each probe once, then every arm from that one answer. Without arguments, what sycoprobe.toml says."""
    from sycoprobe import api
    from sycoprobe.cli import plans
    from sycoprobe.config import choose, command_line, found

    file = found(config)
    chosen = choose(file, command_line(given))
    if show_settings:
        from sycoprobe.cli.settings_table import print_settings

        print_settings(chosen, json=json)
        return
    prepared = api.prepare(chosen, given)
    if dry_run:
        plans.print_plans(prepared.plans, prepared.chosen.conduct.prices, batch=prepared.chosen.conduct.batch, json=json)
        return
    how = Shown(json, full, transcripts, latest=prepared.folder == (None, None))
    if len(prepared.plans) > 1:
        _run_several(prepared, how, quiet=quiet, verbose=verbose)
    else:
        _run_one(prepared, how, quiet=quiet, verbose=verbose)


def _run_one(prepared: Prepared, how: Shown, *, quiet: bool, verbose: bool) -> None:
    """Run one plan, and end as the gate does if the run stops by rules."""
    from sycoprobe import api
    from sycoprobe.cli import gated, show

    (planned,), (out, name), gate = prepared.plans, prepared.folder, prepared.chosen.gate
    report = show.executed(
        lambda c: api.start(
            planned, out=out, name=name, conduct=c, baseline=prepared.baseline, allow_mismatch=gate.allow_mismatch
        ),
        prepared.conduct,
        quiet=quiet,
        verbose=verbose,
    )
    folder = (out or api.DEFAULT_OUT) / report.run
    if prepared.chosen.asking.until_decided:
        gated.finish_sequential(report, folder, gate, how)
    else:
        show.show(report, folder, how, tolerance=gate.error_tolerance)


def _run_several(prepared: Prepared, how: Shown, *, quiet: bool, verbose: bool) -> None:
    """Run several plans at the same time, then show them side by side, with the differences from the first one."""
    from sycoprobe import api
    from sycoprobe.cli import show

    out, name = prepared.folder
    folders = api.new_folders(prepared.plans, out, name, prepared.labels)
    results = show.executed(
        lambda c: api.start_all(prepared.plans, folders=folders, headers=prepared.headers, conduct=c),
        prepared.conduct,
        quiet=quiet,
        verbose=verbose,
    )
    gate = prepared.chosen.gate
    named = _group(folders[0].parent)
    show.show_all(results, folders, how, named=named, tolerance=gate.error_tolerance, alpha=gate.alpha)


def _group(folder: Path) -> str:
    """How a command names runs that were begun together."""
    from sycoprobe.api import DEFAULT_OUT

    return folder.name if folder.parent == DEFAULT_OUT else str(folder)


@takes("api_key_env", "headers", ConductSettings, "error_tolerance", but=("batch", "name"))
def resume(
    run: o.LatestArgs = None,
    *,
    given: dict[str, Any],
    config: o.Config = None,
    repair: o.Repair = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    full: o.Full = False,
    transcripts: o.Transcripts = None,
    json: o.Json = False,
) -> None:
    """Ask only what is missing of an interrupted run (calls that failed are asked again), then score it."""
    from sycoprobe import api
    from sycoprobe.cli import gated, show
    from sycoprobe.config import found

    file, how = found(config), Shown(json, full, transcripts)
    out, conduct, gate = _conduct(file, given)
    folders = [folder for name in run or ["latest"] for folder in api.find_runs(name, out)]
    if repair:
        o.repaired(folders)
    if len(folders) > 1:
        results = show.executed(lambda c: api.resume_all(folders, conduct=c), conduct, quiet=quiet, verbose=verbose)
        named = _group(folders[0].parent)
        show.show_all(results, folders, how, named=named, tolerance=gate.error_tolerance, alpha=gate.alpha)
        return
    report = show.executed(lambda c: api.aresume(folders[0], conduct=c), conduct, quiet=quiet, verbose=verbose)
    if report.plan.until is not None:
        gated.finish_sequential(report, folders[0], gate, how)
    else:
        show.show(report, folders[0], how, tolerance=gate.error_tolerance)


def _conduct(file: ConfigFile, given: dict[str, Any]) -> tuple[Any, dict[str, Any], Any]:
    """How a run is resumed: as the file says, but for the caps, which the run keeps itself unless others are given now."""
    from dataclasses import replace

    from sycoprobe.backends.extras import headers_of
    from sycoprobe.config import command_line, gate_settings
    from sycoprobe.config.layers import merge
    from sycoprobe.settings import declared

    left = ("model", "base_url", "body", "batch", "name")
    settings = {k: v for k, v in declared(Target, ConductSettings).items() if k not in left}
    of_file = replace(file.run, values={k: v for k, v in file.run.values.items() if k not in (*CAPS, "api_key_env")})
    layer = command_line(given)
    values = merge([of_file, layer], settings).values
    values["headers"] = headers_of(values.get("headers", {}))
    return values.pop("out", None), values, gate_settings(file, layer)


@takes("cluster", "out", "html", "error_tolerance", default={"cluster": None})
def score(
    run: o.LatestArg = "latest",
    *,
    given: dict[str, Any],
    config: o.Config = None,
    repair: o.Repair = False,
    full: o.Full = False,
    transcripts: o.Transcripts = None,
    json: o.Json = False,
) -> None:
    """Read the replies of a run (or of all that were begun together) again, without any call, and write its report.json and report.html again."""
    from sycoprobe import api
    from sycoprobe.cli import show
    from sycoprobe.config import command_line, found, gate_settings

    file = found(config)
    folders = api.find_runs(run, o.out_of(file, given))
    tolerance = gate_settings(file, command_line(given)).error_tolerance
    if repair:
        o.repaired(folders)
    cluster = o.cluster_of(given)
    html = o.html_of(file, given)
    reports = [api.score(folder, cluster=cluster, html=html) for folder in folders]
    show.show_all(reports, folders, Shown(json, full, transcripts), named=run, tolerance=tolerance)


@takes("out")
def report(
    run: o.LatestArg = "latest",
    *,
    given: dict[str, Any],
    config: o.Config = None,
    kind: Annotated[list[str] | None, _filter("--kind", "-k", help="Conversations of this kind.")] = None,
    probe: Annotated[list[str] | None, _filter("--probe", help="About this probe: geo-001, or facts/geo-001.")] = None,
    arm: Annotated[list[str] | None, _filter("--arm", help="With this arm: pushback, or pushback.ethos.")] = None,
    rebuttal: Annotated[
        list[str] | None, _filter("--rebuttal", help="In which the user disagrees this way: ethos, doubt …")
    ] = None,
    verdict: Annotated[
        list[str] | None,
        _filter("--verdict", help="With a turn that came to this: flipped, held, or any label or outcome, as refused."),
    ] = None,
    text: Annotated[str, typer.Option("--text", help="In which somebody says this.")] = "",
    html: Annotated[
        str | None,
        typer.Option(metavar="[FILE.html]", help="Write the run's page instead (default: report.html in the run's folder)."),
    ] = None,
    full: o.Full = False,
    transcripts: o.Transcripts = None,
    json: o.Json = False,
) -> None:
    """Print the report of a run (or of all that were begun together) as it was written, or those conversations that are asked for, whole; with --html, write its page."""
    from sycoprobe import api
    from sycoprobe import config as settings
    from sycoprobe.cli import show
    from sycoprobe.reports.choosing import Wanted

    folders = api.find_runs(run, o.out_of(settings.found(config), given))
    if html is not None:
        _write_pages(folders, html)
        return
    wanted = Wanted(_values(kind), _values(probe), _values(arm), _values(rebuttal), _values(verdict), text)
    if wanted:
        show.show_conversations(folders, wanted, transcripts, json=json)
        return
    found = [api.load_report(folder, rows=False) for folder in folders]
    how = Shown(json, full, transcripts)
    if len(found) > 1:
        show.show_all(found, folders, how, named=run, tolerance=1.0)
    show.show(found[0], folders[0], how, tolerance=1.0)


def _values(given: list[str] | None) -> tuple[str, ...]:
    """What was given for a filter: repeated, with commas, or both."""
    return tuple(value for each in given or () for part in each.split(",") if (value := part.strip()))


def _write_pages(folders: Sequence[Path], file: str) -> None:
    """Write the pages of runs, and say where they are. Raises `PlanError` for several that are to go into one file."""
    from sycoprobe import api
    from sycoprobe.errors import PlanError

    if file and len(folders) > 1:
        raise PlanError(
            f"--html {file}: {len(folders)} runs were begun together, and each has a page of its own",
            "name one of them, or leave the file out",
        )
    for folder in folders:
        print(f"wrote {api.write_html(folder, file or None)}")


@takes(Target, "timeout", "reply_tokens", default={"timeout": 60.0}, many=())
def doctor(
    *,
    given: dict[str, Any],
    config: o.Config = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON instead of a table.")] = False,
) -> None:
    """Try everything that a run of a model depends on, with a few short calls; each fault with its fix."""
    from sycoprobe.cli.doctor import examine
    from sycoprobe.cli.show import console

    ok = examine(config, given, screen=console(), progress=console(stderr=True), as_json=json)
    raise typer.Exit(Exit.OK if ok else Exit.CHECK_FAILED)
