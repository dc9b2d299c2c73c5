"""Runs in a list, as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from sycoprobe.grid import Grid
from sycoprobe.reports.listed import ListedRun, State
from sycoprobe.text import counted, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

_STYLE = {State.COMPLETE: "", State.STOPPED_EARLY: "", State.INCOMPLETE: "yellow", State.DAMAGED: "bold red"}


def runs_blocks(runs: Sequence[ListedRun]) -> Iterator[RenderableType]:
    """A row for each run, and below it what was asked of which model."""
    table = Grid()
    table.add_column("run", give="wrap")
    table.add_column("began", give="drop")
    table.add_column("headline [95 %]", number=True)
    table.add_column("state")
    table.add_column("what was asked", style="dim", give="below", entire=True)
    for run in runs:
        state = Text(run.state.value, style=_STYLE[run.state])
        began = f"{run.started.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(run.name, began, _headline(run), state, _asked(run))
    yield table


def _headline(run: ListedRun) -> str:
    """The number of the first kind, and how many more there are."""
    if not run.headlines:
        return "–"
    first, *others = run.headlines
    return f"{first.estimate}{f' +{len(others)}' if others else ''}"


def _asked(run: ListedRun) -> str:
    """Which model, kinds and sets; of a damaged run, what is wrong."""
    if run.state is State.DAMAGED:
        return visible(run.why)
    parts = [
        run.model,
        _few(run.kinds, "kinds"),
        f"{_few(run.sets, 'sets')} ({counted(run.items, 'item')})",
        *(["with a system prompt"] if run.system else []),
        *([run.why] if run.why else []),
    ]
    return visible(" · ".join(parts))


def _few(names: Sequence[str], what: str) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} {what}"
