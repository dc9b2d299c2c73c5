"""The command `sycoprobe`: finds the subcommand and turns errors into one clear line and an exit code."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, TextIO

import typer

from sycoprobe import __version__
from sycoprobe.cli import (
    board_cmd,
    card_cmd,
    gate_cmd,
    import_cmd,
    judge_cmd,
    models_cmd,
    outlet,
    reproduce_cmd,
    run_cmd,
    runs_cmd,
    sets_cmd,
    view_cmd,
)
from sycoprobe.cli.usage import Commands
from sycoprobe.errors import Exit, SycoprobeError
from sycoprobe.plugins import PluginWarning

app = typer.Typer(
    name="sycoprobe",
    cls=Commands,
    help="Measure whether a model gives up a right answer because a user disagrees.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a check said no, 2 usage or input error, 3 inconclusive, 4 incomplete or nothing measured, 70 a defect of sycoprobe's own, 130 interrupted.",
)
run_cmd.register(app)
runs_cmd.register(app)
gate_cmd.register(app)
card_cmd.register(app)
view_cmd.register(app)
board_cmd.register(app)
sets_cmd.register(app)
import_cmd.register(app)
reproduce_cmd.register(app)
app.add_typer(models_cmd.app, name="models", help="Show, fetch and locate local models.")
app.add_typer(judge_cmd.app, name="judge", help="Measure judges, and have a run's replies judged.")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"sycoprobe {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning of ours on one line, and others as Python does."""
    text = (
        f"warning: {message}" if issubclass(category, PluginWarning) else f"{filename}:{lineno}: {category.__name__}: {message}"
    )
    print(text, file=sys.stderr)


def main() -> None:
    """Run the command line; the process exits with a documented code and never with a traceback."""
    outlet.install()
    warnings.showwarning = _warn
    try:
        try:
            code = app(prog_name="sycoprobe", standalone_mode=True)
        finally:
            sys.stdout.flush()  # a full disk is an error of the command's, not of the interpreter's when it ends
    except SycoprobeError as e:
        from sycoprobe.cli.show import print_error

        print_error(e)
        sys.exit(e.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(Exit.INTERRUPTED)
    except Exception as e:
        from sycoprobe.cli.defect import told

        sys.exit(told(e))
    sys.exit(code)


if __name__ == "__main__":
    main()
