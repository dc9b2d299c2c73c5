"""Carrying out runs under a progress display, and printing what came of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import typer

from sycoprobe.cli.outlet import Outlet, write_json
from sycoprobe.errors import Exit
from sycoprobe.text import counted

if TYPE_CHECKING:
    from sycoprobe.api import Conversations
    from sycoprobe.api.conduct import Conduct
    from sycoprobe.errors import SycoprobeError
    from sycoprobe.grid import Screen
    from sycoprobe.reports.choosing import Wanted
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


@dataclass(frozen=True)
class Shown:
    """How reports are printed.

    Attributes
    ----------
    json: as they stand in the folder.
    full: with every table and note.
    transcripts: how many whole conversations follow; None: none, but what the summary has.
    latest: whether commands may call the run `latest`, because it has just been made and nobody has named it.
    """

    json: bool = False
    full: bool = False
    transcripts: int | None = None
    latest: bool = False


def show(report: Report, folder: Path, how: Shown, *, tolerance: float) -> None:
    """Print a report and exit with the code that it deserves."""
    print_one(report, folder, how)
    if code_of(report, tolerance):
        raise typer.Exit(Exit.INCOMPLETE)


def show_all(
    results: Sequence[Report | SycoprobeError],
    folders: Sequence[Path],
    how: Shown,
    *,
    named: str = "",
    tolerance: float,
    alpha: float | None = None,
) -> None:
    """Print several runs side by side (in full: each whole, first); exit with the worst code among them.

    With `alpha`, the error of their intervals, the paired differences from the first run follow. `named` is what stands for all of them.
    """
    from sycoprobe.errors import SycoprobeError
    from sycoprobe.reports.brief_several import several_blocks
    from sycoprobe.reports.terminal import kinds_blocks

    codes = [Exit.OK]
    done: list[tuple[Report, Path]] = []
    for result, folder in zip(results, folders, strict=True):
        if isinstance(result, SycoprobeError):
            print_error(result)
            codes.append(result.exit_code)
            continue
        done.append((result, folder))
    several = len(done) > 1
    for report, folder in done:
        if how.json or how.full or not several or how.transcripts is not None:
            print_one(report, folder, how, examples=1 if len(results) > 1 else 5)
    if several and not how.json:
        reports = [report for report, _ in done]
        screen = console()
        for block in kinds_blocks(reports) if how.full else several_blocks(reports, named or str(folders[0].parent)):
            screen.print(block)
        if alpha is not None:
            _print_differences([folder for _, folder in done], alpha, full=how.full)
    codes += [Exit.INCOMPLETE for report, _ in done if code_of(report, tolerance)]
    raise typer.Exit(max(codes))


def _print_differences(folders: Sequence[Path], alpha: float, *, full: bool) -> None:
    """Print the paired differences of runs from the first one, or why there are none."""
    from sycoprobe import api
    from sycoprobe.errors import GateError
    from sycoprobe.reports.gate_terminal import print_comparison

    try:
        print_comparison(api.compare(*folders, alpha=alpha), console(), full=full)
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


def print_one(report: Report, folder: Path, how: Shown, *, examples: int = 5) -> None:
    """Print a report: its JSON as it is in the folder, the short form, or all of it with so many `examples`; then whole conversations."""
    from rich.text import Text

    from sycoprobe.files import is_file
    from sycoprobe.pages.report import FILE as PAGE
    from sycoprobe.reports.brief import brief_blocks
    from sycoprobe.reports.model import FILE
    from sycoprobe.reports.terminal import print_report

    if how.json:
        write_json(_written(folder / FILE))
        return
    screen = console()
    if how.full:
        print_report(report, screen, transcripts=examples if how.transcripts is None else 0)
        page = f" · page: {folder}/{PAGE}" if is_file(folder / PAGE) else ""
        screen.print(
            Text(f"\nreport: {folder}/report.json · journal: {folder}/journal.jsonl{page}", style="dim"), soft_wrap=True
        )
    else:
        for block in brief_blocks(
            report.lies_in(folder), "latest" if how.latest else named(report, folder), example=how.transcripts is None
        ):
            screen.print(block)
    if how.transcripts:
        from sycoprobe.api import conversations
        from sycoprobe.reports.choosing import Wanted

        print_conversations(conversations(folder, Wanted(), how.transcripts), screen)


def show_conversations(folders: Sequence[Path], wanted: Wanted, most: int | None, *, json: bool) -> None:
    """Print the conversations of runs that are wanted: whole, or as JSON; at most so many of each run."""
    from dataclasses import asdict

    from sycoprobe.api import conversations

    for folder in folders:
        found = conversations(folder, wanted, most)
        if json:
            write_json([asdict(dialog) for dialog in found.dialogs])
            continue
        screen = console()
        if len(folders) > 1:
            screen.say(f"{folder.name}:")
        print_conversations(found, screen)


def named(report: Report, folder: Path) -> str:
    """How a command names a run: by its name where that is enough, else by its folder."""
    from sycoprobe.api import DEFAULT_OUT

    return report.run if folder == DEFAULT_OUT / report.run else str(folder)


def print_conversations(found: Conversations, screen: Screen) -> None:
    """Print conversations, whole, and how many more there are."""
    from sycoprobe.reports.transcripts import print_dialog

    for number, dialog in enumerate(found.dialogs, 1):
        print_dialog(number, dialog, found.verdicts, screen)
    shown = len(found.dialogs)
    more = f"; --transcripts {found.all} shows all" if shown < found.all else ""
    screen.say(f"{shown} of {counted(found.all, 'conversation')}{more}")


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
