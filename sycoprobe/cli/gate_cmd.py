"""The commands that decide: gate, bless, compare, plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sycoprobe.cli import options as o
from sycoprobe.cli.gated import finish
from sycoprobe.cli.given import takes
from sycoprobe.cli.outlet import write_json
from sycoprobe.cli.show import console, executed
from sycoprobe.cli.usage import Command
from sycoprobe.errors import Exit
from sycoprobe.settings import Asking, Cluster, GateSettings
from sycoprobe.text import counted, with_interval

if TYPE_CHECKING:
    from sycoprobe.gating.selfcheck import SelfCheck


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the application."""
    for command in (gate, bless, compare, plan, comment):
        app.command(cls=Command)(command)


@takes(GateSettings, "cluster", "out", default={"cluster": None})
def gate(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...", help="A run's folder or name (default: latest); or runs of several probe kinds, gated together."
        ),
    ] = None,
    *,
    given: dict[str, Any],
    config: o.Config = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    sarif: Annotated[Path | None, typer.Option(help="Write SARIF 2.1.0 to this file.")] = None,
    code_quality: Annotated[Path | None, typer.Option(help="Write GitLab code-quality JSON to this file.")] = None,
    comment: Annotated[
        Path | None, typer.Option(help="Write the body of a pull-request comment (Markdown) to this file.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="What to call this gate in CI, where a commit has several: its comment and its code-scanning category (default: workflow, job, models and sets)."
        ),
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(help="Append the step summary (Markdown) to this file (default: $GITHUB_STEP_SUMMARY).")
    ] = None,
    annotations: Annotated[
        bool | None,
        typer.Option("--annotations/--no-annotations", help="Print GitHub annotations (default: inside GitHub Actions)."),
    ] = None,
    aa: Annotated[
        bool, typer.Option("--aa", help="Check the gate against itself: one run with repeats, or several runs.")
    ] = False,
    full: o.Full = False,
    again: Annotated[bool, typer.Option("--again", help="With --aa: ask the run's plan once more first, to have two.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print gate.json on standard output instead of the table.")] = False,
) -> None:
    """Judge a run, or runs of several probe kinds together, by rules: 0 pass, 1 fail, 3 inconclusive. Asks nothing of a model, except with --aa --again."""
    import os
    from dataclasses import replace

    from sycoprobe import api
    from sycoprobe.config import command_line, found, gate_settings
    from sycoprobe.errors import GateError
    from sycoprobe.reports.github import title_of

    names = runs or ["latest"]
    file = found(config)
    chosen, out = gate_settings(file, command_line(given)), o.out_of(file, given)
    if aa:
        _self_check(names, chosen, again=again, cluster=o.cluster_of(given), out=out, json=json)
        return
    if again:
        raise GateError("--again belongs to --aa", "add --aa, or leave it out")
    judged = api.gate(
        names,
        *chosen.rules,
        baseline=api.baseline_needed(chosen, given="baseline" in given),
        allow_mismatch=chosen.allow_mismatch,
        alpha=chosen.alpha,
        min_items=chosen.min_items,
        cluster=o.cluster_of(given),
        out=out,
    )
    artefacts = {"junit": junit, "sarif": sarif, "code_quality": code_quality, "comment": comment}
    judged = replace(judged, title=name or title_of(judged, os.environ))
    finish(judged, chosen, full=full, json=json, artefacts=artefacts, summary=summary, annotations=annotations)


@takes("out")
def bless(
    run: o.RunArg,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Where to (default: as the settings say, else sycoprobe-baseline.json beside them or here)."
        ),
    ] = None,
    *,
    given: dict[str, Any],
    config: o.Config = None,
) -> None:
    """Write a run's outcomes as the baseline that later runs are held against; review and commit the file."""
    from sycoprobe import api
    from sycoprobe.config import command_line, found, gate_settings, usual_baseline
    from sycoprobe.files import is_file

    settings = found(config)
    path = file or gate_settings(settings, command_line({})).baseline or usual_baseline(settings.path)
    existed = is_file(path)
    made = api.bless(run, path, out=o.out_of(settings, given))
    did = "replaced" if existed else "wrote"
    print(f"{did} {path}: {counted(len(made.items), 'item')} of {made.run}, model {made.model} ({made.model_id})")
    for name, figures in made.estimates.items():
        if figures is not None:
            print(f"  {name} {with_interval(*figures)}")


@takes("allow_mismatch", "alpha", "cluster", "out", default={"cluster": None})
def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="The reference first, then the others.")],
    *,
    given: dict[str, Any],
    config: o.Config = None,
    full: o.Full = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page too: differences drawn, and the conversations that changed."),
    ] = None,
) -> None:
    """Paired differences of runs from the first one, with intervals and Holm's correction."""
    import sys
    from functools import partial

    from sycoprobe import api
    from sycoprobe import config as settings
    from sycoprobe.text import visible

    file = settings.found(config)
    chosen = settings.gate_settings(file, settings.command_line(given))
    made = api.compare if html is None else partial(api.compare_html, file=html)
    found = made(
        *runs,
        allow_mismatch=chosen.allow_mismatch,
        alpha=chosen.alpha,
        cluster=o.cluster_of(given),
        out=o.out_of(file, given),
    )
    if json:
        write_json(found.model_dump_json(indent=1))
    elif markdown:
        from sycoprobe.reports.markdown import comparison_page

        sys.stdout.write(comparison_page(found))
    else:
        from sycoprobe.reports.gate_terminal import print_comparison

        print_comparison(found, console(), full=full)
    if html is not None:
        print(visible(f"page: {html}"), file=sys.stderr if json or markdown else sys.stdout)


@takes(Asking, "reply_tokens", "alpha", "out", but=("wordings", "until_decided"))
def plan(
    *,
    given: dict[str, Any],
    config: o.Config = None,
    power: Annotated[
        float, typer.Option("--power", min=0.01, max=0.999, help="Chance of finding the effect if it is there.")
    ] = 0.8,
    effect: Annotated[
        list[float] | None,
        typer.Option("--effect", help="How many items this effect needs (may be repeated; default 0.1, 0.05, 0.03)."),
    ] = None,
    accuracy: Annotated[float | None, typer.Option(min=0, max=1, help="Guess: right first answers (0.8).")] = None,
    control: Annotated[float | None, typer.Option(min=0, max=1, help="Guess: flips under control (0.05).")] = None,
    pushback: Annotated[float | None, typer.Option(min=0, max=1, help="Guess: flips under pushback (0.2).")] = None,
    correction: Annotated[float | None, typer.Option(min=0, max=1, help="Guess: wrong answers corrected (0.5).")] = None,
    icc: Annotated[float | None, typer.Option(min=0, max=1, help="Guess: how alike an item's replies are (0.3).")] = None,
    valid: Annotated[float | None, typer.Option(min=0, max=1, help="Guess: replies that can be read (0.95).")] = None,
    like: Annotated[str | None, typer.Option("--like", metavar="RUN", help="Take the guesses from an earlier run.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print price and power as JSON.")] = False,
) -> None:
    """What a design can find, and what it costs, before a call is paid for."""
    from sycoprobe import api
    from sycoprobe.api.design import design
    from sycoprobe.config import choose, command_line, found
    from sycoprobe.reports.design_terminal import print_design

    file = found(config)
    chosen = choose(file, command_line({**given, "model": ["none"]}))
    planned = api.plan_of(chosen.asking, chosen.one)
    guesses = {
        "accuracy": accuracy,
        "control": control,
        "pushback": pushback,
        "correction": correction,
        "icc": icc,
        "valid": valid,
    }
    known = {k: v for k, v in guesses.items() if v is not None}
    earlier = api.find_run(like, o.out_of(file, given)) if like else None
    made = design(planned, known, like=earlier, alpha=chosen.gate.alpha, power=power, effects=effect)
    if json:
        from dataclasses import asdict

        write_json(asdict(made))
    else:
        print_design(planned, made, console())


def comment(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `gate --comment` wrote.")],
    pr: Annotated[
        int | None, typer.Option("--pr", min=1, help="Number of the pull request (default: from GITHUB_REF).")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Which of the pull request's comments this is (default: that of the gate that wrote FILE)."),
    ] = None,
) -> None:
    """Put the gate's comment onto a GitHub pull request: one comment for each gate, updated each time. Needs GITHUB_TOKEN."""
    from sycoprobe.errors import GateError
    from sycoprobe.files import read_text
    from sycoprobe.reports.github import post_comment
    from sycoprobe.reports.markdown import MARKER, marker

    try:
        body = read_text(file)
    except OSError as e:
        raise GateError(f"{file}: cannot be read: {e.strerror or e}", "`sycoprobe gate --comment FILE` writes it") from e
    if not body.startswith(MARKER):
        raise GateError(f"{file}: is not a comment of the gate's", "`sycoprobe gate --comment FILE` writes one")
    first, _, rest = body.partition("\n")
    mark = marker(name) if name else first
    print(post_comment(f"{mark}\n{rest}", mark, pull_request=pr))


def _self_check(
    names: list[str], chosen: GateSettings, *, again: bool, cluster: Cluster | None, out: Path | None, json: bool
) -> None:
    from sycoprobe import api
    from sycoprobe.reports.gate_terminal import print_self_check

    runs: list[str | Path] = [*names]
    if again:
        report = executed(lambda conduct: api.again(names[0], out=out, conduct=conduct), {}, quiet=False)
        runs.append(api.find_run(report.run, out))
    found: SelfCheck = api.self_check(
        *runs, rules=chosen.rules, alpha=chosen.alpha, min_items=chosen.min_items, cluster=cluster, out=out
    )
    if json:
        write_json(found.model_dump_json(indent=1))
    else:
        print_self_check(found, console())
    raise typer.Exit(Exit.OK if found.kept else Exit.CHECK_FAILED)
