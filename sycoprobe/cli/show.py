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

if TYPE_CHECKING:
    from sycoprobe.api.conduct import Conduct
    from sycoprobe.errors import SycoprobeError
    from sycoprobe.grid import Screen
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


def _written(file: Path) -> str:
    """A report as it was written. Raises `ReportError`."""
    from sycoprobe.errors import ReportError
    from sycoprobe.files import read_bytes

    try:
        return read_bytes(file).decode("utf-8", "replace")
    except OSError as e:
        raise ReportError(f"{file}: cannot be read: {e.strerror or e}", "`sycoprobe score RUN` writes it") from e


def print_one(report: Report, folder: Path, *, json: bool, transcripts: int = 5) -> None:
    """Print a report: its JSON as it is in the folder, or its summary."""
    from rich.text import Text

    from sycoprobe.files import is_file
    from sycoprobe.pages.report import FILE as PAGE
    from sycoprobe.reports.model import FILE
    from sycoprobe.reports.terminal import print_report

    if json:
        write_json(_written(folder / FILE))
        return
    screen = console()
    print_report(report, screen, transcripts=transcripts)
    page = f"page: {folder}/{PAGE} · " if is_file(folder / PAGE) else ""
    screen.print(Text(f"\n{page}report: {folder}/report.json · journal: {folder}/journal.jsonl", style="dim"), soft_wrap=True)


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
