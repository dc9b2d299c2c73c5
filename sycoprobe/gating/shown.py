"""A comparison and an A/A check as people read them: tables and lines, whatever shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from sycoprobe.grid import Grid
from sycoprobe.text import counted, probability, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sycoprobe.gating.comparing import Compared, Comparison, Difference
    from sycoprobe.gating.selfcheck import SelfCheck


def comparison_blocks(found: Comparison, *, full: bool = False) -> Iterator[RenderableType]:
    """A table of differences for each run, how they were corrected, and the notes.

    In `full`, of every metric; otherwise of each kind's headline, which comes first, and of what is clear.
    """
    for run in found.runs:
        yield _table(found, run, full=full)
    many = sum(d.p is not None for r in found.runs for d in r.differences)
    yield Text(
        f"Paired by item and arm. Holm's correction over {counted(many, 'difference')}; bold: below {found.alpha:g}.",
        style="dim",
    )
    for note in found.notes:
        yield Text(f"note: {visible(note)}", style="dim")


def _shown(found: Comparison, run: Compared, *, full: bool) -> list[Difference]:
    headlines = {d.kind: d for d in reversed(run.differences)}
    return [d for d in run.differences if full or d is headlines[d.kind] or d.clear(found.alpha)]


def _table(found: Comparison, run: Compared, *, full: bool) -> Grid:
    title = f"{run.run} ({run.model}) against {found.reference} ({found.reference_model})"
    table = Grid(title)
    several = len({d.kind for d in run.differences}) > 1
    table.add_column(give="wrap")
    for column in ("reference", "this run", f"difference, paired, {100 * (1 - found.alpha):g} %", "items", "p (Holm)"):
        table.add_column(column, number=True, give="drop" if column in ("reference", "this run") else "")
    shown = _shown(found, run, full=full)
    if rest := len(run.differences) - len(shown):
        table.caption = f"and {counted(rest, 'difference')} that {'are' if rest > 1 else 'is'} not clear: --full"
    for d in shown:
        e = d.difference
        cells = (
            _rates(d.reference, d.reference_all),
            _rates(d.value, d.value_all),
            e.shown(3, sign="+"),
            str(e.items),
            probability(d.p_holm),
        )
        name = f"{d.kind}: {d.metric}" if several else d.metric
        table.add_row(name.replace("_", " "), *cells, style="bold" if d.clear(found.alpha) else "")
    return table


def self_check_blocks(found: SelfCheck) -> Iterator[RenderableType]:
    """The false-alarm rate and what it means."""
    yield Text("A/A self-check: the same model against itself", style="bold")
    yield Text(f"rules         {visible('; '.join(found.rules))}")
    yield Text(
        f"data          {counted(found.items, 'item')} with up to {counted(found.replicates, 'conversation')} each, {counted(found.pairs, 'resampled pair')}"
    )
    rate, low, high = (100 * x for x in (found.false_alarm_rate, found.low, found.high))
    promise = 100 * found.alpha / 2
    yield Text(
        f"false alarms  {found.false_alarms} of {found.pairs}: {rate:.1f} % [{low:.1f}, {high:.1f}] (promised: at most {promise:g} %)"
    )
    yield Text(f"undecided     {100 * found.undetermined / found.pairs:.1f} % of pairs: neither worse nor shown to be no worse")
    if found.drift_p is None:
        yield Text(
            "one run       what changes from one run to the next is not seen; --again asks the plan once more", style="dim"
        )
    else:
        yield Text(
            f"whole runs    the gate fails {found.run_alarms} of {found.run_pairs} comparisons of one run with another; "
            f"p that they differ by chance only: {probability(found.drift_p)}"
        )
    if found.drifted:
        verdict = "These runs differ by more than chance: something changed between them, and the gate would blame the model."
    elif found.kept:
        verdict = "The gate keeps its promise on these data."
    else:
        verdict = "The gate raises more false alarms here than it promises."
    yield Text(verdict, style="green" if found.kept else "bold red")


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:z.3f}"


def _rates(compared: float | None, whole: float | None) -> str:
    """A number on what is compared, and over all items of its run where that is another."""
    shown, all_ = _rate(compared), _rate(whole)
    return shown if shown == all_ or whole is None else f"{shown} (all {all_})"
