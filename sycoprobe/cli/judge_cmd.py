"""`sycoprobe judge`: measure judges against labelled transcripts, and have a run's replies judged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sycoprobe.cli import options as o
from sycoprobe.cli.given import ALL, takes
from sycoprobe.cli.outlet import write_json
from sycoprobe.cli.usage import Command, Commands
from sycoprobe.errors import Exit
from sycoprobe.settings.gate import ERROR_TOLERANCE
from sycoprobe.text import counted, with_interval

if TYPE_CHECKING:
    from sycoprobe.grid import Screen
    from sycoprobe.judging.checking import Check, Checked
    from sycoprobe.judging.judged import Judged
    from sycoprobe.judging.spec import AnyJudge, How
    from sycoprobe.stats.agreement import Figure

app = typer.Typer(cls=Commands, no_args_is_help=True)
Judges = Annotated[
    list[str],
    typer.Option("-m", "--model", help="The judge, as backend:name or an alias; several make a panel with a majority."),
]
_ADDRESS = ("base_url", "api_key_env", "headers", "body")
SETTINGS = (
    *_ADDRESS,
    "reply_tokens",
    "effort",
    "concurrency",
    "timeout",
    "retries",
    "strict",
    "max_calls",
    "max_tokens",
    "max_cost",
    "max_time",
    "prices",
    "error_tolerance",
)
DEFAULTS = {"concurrency": 8, "reply_tokens": 1024}
_CAPS = {"calls": "calls", "tokens": "tokens", "cost": "cost", "seconds": "time"}


@app.command(cls=Command)
@takes(*SETTINGS, default=DEFAULTS)
def check(
    model: Judges,
    *,
    given: dict[str, Any],
    config: o.Config = None,
    rubric: Annotated[list[str] | None, typer.Option("--rubric", help="Only this rubric; may be repeated.")] = None,
    n: Annotated[int | None, typer.Option("-n", min=1, help="At most so many transcripts of each rubric.")] = None,
    labelled: Annotated[Path | None, typer.Option(help="A JSONL file of your own labelled transcripts.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write what came of it to this file, too.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask everything anew, instead of only what is missing.")] = False,
    quiet: o.Quiet = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Measure a judge: its labels of our transcripts against those of careful readers. Later reports show what was found."""
    from sycoprobe.cli.show import console
    from sycoprobe.judging import checking

    settings, tolerance = _settings(given)
    how = _how(quiet, **settings)
    judges = _judges(model, config, given)
    checked = checking.check(judges, only=rubric or (), n=n, file=labelled, again=again, how=how)
    written = checking.save(checked, save)
    if json:
        write_json(checked.as_json())
    else:
        _show(checked, console())
        for path in written[-1:]:
            print(f"\nkept: {path}" if save else f"\nkept in {path.parent}")
    _finish(checked.judged, tolerance)


@app.command(cls=Command)
@takes(*SETTINGS, "out", default=DEFAULTS)
def run(
    run: o.RunArg,
    model: Judges,
    *,
    given: dict[str, Any],
    config: o.Config = None,
    allow_self: Annotated[
        bool, typer.Option("--allow-self", help="Let the model under test judge itself; reports say so.")
    ] = False,
    quiet: o.Quiet = False,
) -> None:
    """Have the replies of a run judged; asks only what this judge has not judged yet. What it says stands beside the journal."""
    from sycoprobe.api import find_run, score
    from sycoprobe.cli import show
    from sycoprobe.cli.show import console
    from sycoprobe.config import found
    from sycoprobe.judging import judges

    folder = find_run(run, o.out_of(found(config), given))
    settings, tolerance = _settings(given)
    how = _how(quiet, allow_self=allow_self, **settings)
    judged = judges.judge_run(folder, None, _judges(model, config, given), how)
    _show_judged(judged, console())
    show.print_one(score(folder), folder, show.Shown())
    print(f"\njudgements: {folder / 'judgements.jsonl'}")
    _finish(judged, tolerance)


def _judges(models: list[str], config: Path | None, given: dict[str, Any]) -> list[AnyJudge]:
    """The judges that were named; what a settings file says of runs is not said of them."""
    from sycoprobe.backends import check_model
    from sycoprobe.backends.extras import body_of, headers_of
    from sycoprobe.config import command_line, found, model_named
    from sycoprobe.judging.spec import JudgeSpec

    file = found(config).without_run()
    address = command_line({k: v for k, v in given.items() if k in _ADDRESS})
    judges: list[AnyJudge] = []
    for name in models:
        target, sampling = model_named(file, name, address)
        check_model(target.model[0], file.aliases)
        judges.append(
            JudgeSpec(
                target.model[0],
                target.base_url,
                target.api_key_env,
                sampling.thinking_marks,
                headers_of(target.headers),
                body_of(target.body),
            )
        )
    return judges


def _settings(given: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """How judging is run, by name, and the share of cases that may be left without a verdict."""
    from sycoprobe.config import command_line
    from sycoprobe.config.layers import merge
    from sycoprobe.money.budget import Caps

    known = {k: ALL[k] for k in SETTINGS if k not in _ADDRESS}
    values = {**DEFAULTS, "error_tolerance": ERROR_TOLERANCE, **merge([command_line(given)], known).values}
    caps = {k: values.pop(f"max_{word}", None) for k, word in _CAPS.items()}
    tolerance = values.pop("error_tolerance")
    return {**values, "caps": Caps(**caps)}, tolerance


def _how(quiet: bool, **settings: Any) -> How:
    """How to judge, with progress on standard error: every tenth call, and what is waited for."""
    from sycoprobe.judging.spec import How

    def told(done: int, of: int) -> None:
        if not quiet and (done == of or done % max(1, of // 10) == 0):
            print(f"{done}/{of} judged", file=sys.stderr)

    def notify(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr)

    return How(told=told, notify=notify, **settings)


def _show(checked: Checked, screen: Screen) -> None:
    """A table a judge, then the confusion tables."""
    from sycoprobe.grid import Grid

    for judge, overall in checked.pooled.items():
        own = [c for c in checked.checks if c.judge == judge]
        screen.print(f"\n{judge}", style="bold")
        table = Grid()
        table.add_column("rubric")
        table.add_columns("n", "agreement", "kappa", "alpha", number=True)
        for column in ("abst.", "unread."):
            table.add_column(column, number=True, give="drop")
        for c in own:
            cells = (_said(c.agreement), _said(c.kappa), _said(c.alpha), *_failures(c))
            table.add_row(c.rubric, str(c.n), *cells)
        if len(own) > 1:
            together = (_said(overall[name]) for name in ("agreement", "kappa", "alpha"))
            failed = (str(sum(int(_failures(c)[i]) for c in own)) for i in range(2))
            table.add_row("all (by rubric)", str(sum(c.n for c in own)), *together, *failed)
        screen.print(table)
        for c in own:
            _show_confusion(c, screen)
    for line in dict.fromkeys(n for j in checked.judged.judges for n in j.notes):
        screen.print(f"note: {line}", style="dim")


def _failures(c: Check) -> tuple[str, str]:
    """How many abstentions, and how many replies that are no verdict (unreadable, refused, failed)."""
    o = c.outcomes
    return str(o.get("abstained", 0)), str(sum(o.get(name, 0) for name in ("unreadable", "refused", "error")))


def _show_confusion(c: Check, screen: Screen) -> None:
    from sycoprobe.grid import Grid

    table = Grid()
    table.add_column(f"{c.rubric}: reader / judge")
    table.add_columns(*c.confusion.columns, number=True)
    for name, row in zip(c.confusion.rows, c.confusion.counts, strict=True):
        table.add_row(name, *(str(k) if k else "·" for k in row))
    screen.print(table)
    counted = " or ".join(c.positive)
    screen.print(f"  {counted}: sensitivity {_said(c.sensitivity)}, specificity {_said(c.specificity)}")


def _said(f: Figure) -> str:
    return "–" if f.value is None or f.low is None or f.high is None else with_interval(f.value, f.low, f.high)


def _show_judged(judged: Judged, screen: Screen) -> None:
    """How often each label was given, by rubric, and how far the judge is to be trusted."""
    from collections import Counter

    from sycoprobe.grid import Grid
    from sycoprobe.judging import checking

    for line in judged.warnings:
        screen.print(f"WARNING: {line}", style="bold red")
    if not judged.final:
        screen.print("This run has nothing that a judge is asked about.")
        return
    counted = Counter((j.rubric, j.label or j.outcome.value) for j in judged.final.values())
    table = Grid()
    table.add_columns("rubric", "label")
    table.add_column("cases", number=True)
    for (rubric, label), k in sorted(counted.items()):
        table.add_row(rubric, label, str(k))
    screen.print(table)
    for rubric in sorted({r for r, _ in counted}):
        screen.say(f"{rubric}: {checking.measured(checking.check_of(judged, rubric))}")


def _finish(judged: Judged, tolerance: float) -> None:
    """Exit with INCOMPLETE, and say why, if judgements are missing beyond the tolerance or a cap ended the judging."""
    cases = len(judged.final) or judged.missing
    if judged.capped:
        print(f"exit {Exit.INCOMPLETE.value}: {judged.capped} is reached; the same command goes on", file=sys.stderr)
        raise typer.Exit(Exit.INCOMPLETE)
    if judged.missing and judged.missing > tolerance * cases:
        said = f"{counted(judged.missing, 'case')} not judged; the same command asks what is missing"
        print(f"exit {Exit.INCOMPLETE.value}: {said}", file=sys.stderr)
        raise typer.Exit(Exit.INCOMPLETE)
