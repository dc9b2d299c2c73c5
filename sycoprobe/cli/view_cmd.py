"""The command that opens the terminal explorer: view."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import typer

from sycoprobe.cli import options as o
from sycoprobe.cli.usage import Command
from sycoprobe.errors import MissingExtraError, PlanError


def register(app: typer.Typer) -> None:
    """Add the command of this file to the application."""
    app.command(cls=Command)(view)


def _can_view() -> bool:
    try:
        return find_spec("textual") is not None
    except ValueError:  # what Python says of a module that was made unimportable
        return False


def view(run: o.LatestArg = "latest", config: o.Config = None) -> None:
    """Look through a run's conversations in the terminal: by verdict, arm and kind, with search. Needs the extra [view]."""
    from sycoprobe import api
    from sycoprobe import journal as journals
    from sycoprobe.config import found
    from sycoprobe.installing import install
    from sycoprobe.reports.branches import branches_of
    from sycoprobe.reports.scoring import dialogs_of

    folder = api.find_run(run, o.out_of(found(config), {}))
    if not _can_view():
        raise MissingExtraError("`sycoprobe view` needs the extra [view]", install("view"))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise PlanError("`sycoprobe view` needs a terminal", f"`sycoprobe report {folder}` prints the report")
    from sycoprobe.cli.viewer import Viewer

    planned = journals.read(folder).planned()
    headlines = {part.name: part.headline for part in planned.parts}
    Viewer(f"{folder.name}: {planned.plan.model}", branches_of(dialogs_of(folder), headlines)).run()
