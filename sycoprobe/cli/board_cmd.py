"""The command `board`: a static site of many runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sycoprobe.cli import options as o
from sycoprobe.cli.given import takes
from sycoprobe.cli.usage import Command

if TYPE_CHECKING:
    from sycoprobe.api.board import Board


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(cls=Command)(board)


@takes("rules", "alpha")
def board(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="The folder that holds the runs (default: reports).")
    ] = None,
    *,
    given: dict[str, Any],
    config: o.Config = None,
    out: Annotated[Path, typer.Option("--out", metavar="SITE", help="Where the site is written.")] = Path("board"),
    baseline: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A baseline to name on the page of runs over time. May be repeated."),
    ] = None,
    floor: Annotated[float, typer.Option(help="Receptivity below which a model is stubborn and has no rank.")] = 0.5,
    quiet: o.Quiet = False,
) -> None:
    """Write a static site of many runs: ranks as far as intervals allow, runs over time, a page for each run."""
    import sys

    from sycoprobe import api
    from sycoprobe import config as settings
    from sycoprobe.text import visible

    file = settings.found(config)
    chosen = settings.gate_settings(file, settings.command_line(given))
    found = api.board(
        folder if folder is not None else o.out_of(file, {}),
        out,
        rules=chosen.rules,
        baselines=baseline or (),
        alpha=chosen.alpha,
        floor=floor,
        progress=None if quiet else lambda name: print(visible(f"reading {name}"), file=sys.stderr),
    )
    _tell(found)


def _tell(found: Board) -> None:
    from sycoprobe.text import counted, visible

    for name, why in found.damaged:
        print(visible(f"left out: {name}: {why}"))
    print(visible(f"wrote {found.index}: {counted(found.runs, 'run')} in {counted(found.tables, 'table')}"))
