"""The command that lists runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sycoprobe.cli import options as o
from sycoprobe.cli.given import takes
from sycoprobe.cli.outlet import write_json
from sycoprobe.cli.usage import Command


def register(app: typer.Typer) -> None:
    """Add the command of this file to the application."""
    app.command(cls=Command)(runs)


@takes("out")
def runs(
    folder: Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="Where they lie (default: as --out says).")] = None,
    *,
    given: dict[str, Any],
    config: o.Config = None,
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the runs of a folder, the newest first: model, kinds, sets, headline with its interval, and whether each is whole."""
    from sycoprobe import api
    from sycoprobe.cli.show import console
    from sycoprobe.config import found as settings
    from sycoprobe.reports.runs_terminal import runs_blocks

    root = folder or o.out_of(settings(config), given)
    found = api.runs(root)
    if json:
        write_json([run.to_dict() for run in found])
        return
    screen = console()
    if not found:
        screen.say("no run yet: `sycoprobe run quick` makes one")
    for block in runs_blocks(found) if found else ():
        screen.print(block)
