"""A report as a person reads it in a terminal. Model output is shown as inert text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from sycoprobe.grid import Grid
from sycoprobe.metrics.table import Slice
from sycoprobe.reports import readings
from sycoprobe.reports.bounds import bounds_line
from sycoprobe.reports.terminal_belief import belief_table, coverage_line, savings_line
from sycoprobe.reports.terminal_numbers import share, word_of
from sycoprobe.reports.terminal_tables import (
    breakdown_table,
    counts_tables,
    curves_table,
    judges_table,
    metrics_table,
    spending_table,
)
from sycoprobe.sets.forms import kept_line
from sycoprobe.text import counted, shortened, visible

if TYPE_CHECKING:
    from sycoprobe.reports.model import Example, Report, Section

_CLIP = 400
_TURNS_SHOWN = 12


def print_report(report: Report, console: Console, *, transcripts: int = 5) -> None:
    """Print the summary: a section a kind, what was used, notes, and a plain sentence for each kind."""
    for block in report_blocks(report, transcripts=transcripts):
        console.print(block)


def report_blocks(report: Report, *, transcripts: int = 5) -> Iterator[RenderableType]:
    """The summary, table by table and line by line."""
    yield _heading(report)
    several = len(report.kinds) > 1
    for section in report.kinds.values():
        if several:
            yield Text(f"{section.kind}: {section.summary}", style="bold underline")
        yield from _section_blocks(report, section, transcripts=1 if several and transcripts else transcripts)
    if several:
        yield from kinds_blocks([report])
    if spent := spending_table(report):
        yield spent
    yield from _ending(report)


def _bounds(section: Section) -> Iterator[Text]:
    if line := bounds_line(section):
        yield Text(f"{line}\n")


def _ending(report: Report) -> Iterator[Text]:
    for note in report.notes:
        yield Text(f"note: {visible(note)}", style="dim")
    if not report.status.complete:
        s = report.status
        yield Text(
            f"INCOMPLETE: {s.missing_calls} of the planned calls are missing; `sycoprobe resume {report.run}`",
            style="bold red",
        )
    for section in report.kinds.values():
        yield Text(visible(section.conclusion), style="bold")


def _section_blocks(report: Report, section: Section, *, transcripts: int) -> Iterator[RenderableType]:
    """What was found with one kind: counts, metrics, breakdowns, curves, the worst conversations."""
    yield from counts_tables(section)
    if all(m.estimate.value is None for name, m in section.metrics.items() if name != "valid_share"):
        return  # the conclusion says why; tables would say it once more in each cell
    if section.kept_form and (line := kept_line(report.plan.answer, section.kept_form)):
        yield Text(f"{line}\n")
    yield from _readings_blocks(section.readings)
    yield metrics_table(section, anytime=report.plan.until is not None, by=report.plan.cluster)
    yield from _bounds(section)
    if section.belief is not None:
        yield belief_table(section.belief)
        yield savings_line(section.belief.savings)
        yield coverage_line(section.belief)
    for by in Slice:
        parts = section.slices.get(by.value, {})
        if len(parts) > 1:
            yield from breakdown_table(section, by, parts)
    for name in dict.fromkeys(c.name for c in section.curves):
        yield curves_table([c for c in section.curves if c.name == name])
    if section.judges:
        yield judges_table(section)
    if section.examples[:transcripts]:
        yield Text("Worst conversations", style="bold")
        for i, example in enumerate(section.examples[:transcripts], 1):
            yield Padding(_example(i, example), (0, 0, 1, 2))


def print_readings(how: readings.HowRead | None, console: Console) -> None:
    """Print by which step replies were read, and how often that step is right."""
    for block in _readings_blocks(how):
        console.print(block)


def _readings_blocks(how: readings.HowRead | None) -> Iterator[RenderableType]:
    rows = readings.table(how)
    if how is None or not rows:
        return
    shown = Grid(readings.TITLE)
    for i, name in enumerate(rows[0]):
        shown.add_column(name, number=i > 0, give="drop" if i == len(rows[0]) - 1 else "")
    for row in rows[1:]:
        shown.add_row(*row, style="dim" if row[0] == readings.NOT_SURE else "")
    yield shown
    yield Text(f"{readings.source(how)}\n", style="dim")


def kinds_blocks(reports: Sequence[Report]) -> Iterator[RenderableType]:
    """One row a run and kind, and which way is bad."""
    table = Grid("Headlines, each beside its control")
    models = len({r.plan.model for r in reports}) > 1
    several = len(reports) > 1
    names = [*(["run"] if several else []), *(["model"] if models else []), "kind", "metric"]
    for column in names:
        table.add_column(column, give="wrap")
    table.add_columns("in its arms", "control", "difference [95 %]", "items", number=True)
    for report in reports:
        for section in report.kinds.values():
            name, m = section.headline
            sides = (share(m.arm_value), share(m.control_value)) if m.against else ("", "")
            model = [report.plan.model] if models else []
            run = [report.run.rpartition("/")[2]] if several else []
            table.add_row(*run, *model, section.kind, name.replace("_", " "), *sides, str(m.estimate), str(m.estimate.items))
    yield table
    headlines = [s.headline for r in reports for s in r.kinds.values()]
    better = sorted({name for name, m in headlines if m.higher_is_worse is False})
    lines = [f"Higher is worse{', but for ' + ', '.join(better) + ', where higher is better' if better else ''}."]
    if several:
        lines.append("`sycoprobe compare RUN RUN` tests the differences, paired by item.")
    yield Text(" ".join(lines), style="dim")


def example_block(example: Example) -> RenderableType:
    """One conversation in which what the headline counts occurred."""
    return _example(1, example)


def _heading(report: Report) -> Text:
    plan = report.plan
    sets = ", ".join(f"{s.info.name} {s.info.version} ({s.chosen})" for s in plan.sets)
    temperature = "server default" if plan.sampling.temperature is None else plan.sampling.temperature
    text = Text(f"\nsycoprobe · {visible(plan.model)} · {', '.join(plan.kinds)} · {sets}", style="bold")
    text.append(
        f"\nrun {report.run} · seed {plan.seed} · {counted(plan.repeats, 'repeat')} · temperature {temperature}\n", style="dim"
    )
    if plan.system is not None:
        text.append(f"system prompt: {shortened(plan.system)}\n", style="dim")
    return text


def _example(i: int, example: Example) -> RenderableType:
    """A conversation: its first answer, the arms in which it occurred (two, if each is one turn), and what became of the others."""
    right = f"  (right: {visible(example.right)})" if example.right else ""
    lines = [Text(f"{i}. {example.conversation}{right}", style="bold")]
    where = list(example.where)[:2]
    shown = [e for e in example.exchanges if e.arm == "first" or e.arm in where] or list(example.exchanges)
    shown = shown[:_TURNS_SHOWN]
    for e in shown:
        lines.append(_turn("user" if e.arm == "first" else f"user ({e.arm})", e.user))
        lines.append(_turn("model", e.reply, style="red" if e.arm in where else ""))
    others = [f"{e.arm}: {word_of(e.label)}" for e in example.exchanges if e not in shown and e.label]
    if others:
        lines.append(Text("   " + ", ".join(others), style="dim"))
    return Group(*lines)


def _turn(who: str, said: str, style: str = "") -> Text:
    clipped = said if len(said) <= _CLIP else said[:_CLIP] + " […]"
    return Text.assemble((f"   {who}: ", "dim"), (visible(clipped).replace("\n", " ⏎ "), style))
