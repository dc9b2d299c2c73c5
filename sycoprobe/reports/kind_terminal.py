"""Runs of probe kinds in the terminal: one report whole, or many kinds in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sycoprobe.forms import kept_line
from sycoprobe.kinds.estimating import Curve
from sycoprobe.reports.kinds import KindReport, Turned
from sycoprobe.reports.terminal import number, print_readings
from sycoprobe.text import dollars, visible

if TYPE_CHECKING:
    from rich.console import Console

    from sycoprobe.reports.model import Report

_CLIP = 400


def print_kind_report(report: KindReport, console: Console, *, examples: int = 3) -> None:
    """Print the summary of a run: counts, measures with their controls, curves, a few conversations, one plain sentence."""
    plan = report.plan
    sets = ", ".join(f"{s.info.name} {s.info.version} ({s.chosen})" for s in plan.sets)
    console.print(Text(f"\nsycoprobe · {visible(plan.model)} · {report.kind} · {sets}", style="bold"))
    settings = " · ".join(f"{k} {_plain(v)}" for k, v in plan.settings.items())
    console.print(
        Text(
            f"run {report.run} · seed {plan.seed} · {plan.repeats} repeat(s)" + (f" · {settings}" if settings else ""),
            style="dim",
        )
    )
    console.print(Text(f"{report.summary}\ncontrol: {report.control}\nafter: {report.paper}\n", style="dim"))
    console.print(_counts(report))
    if line := kept_line(plan.answer, report.kept_form):
        console.print(Text(f"{line}\n"))
    print_readings(report.readings, console)
    console.print(_measures(report))
    for name in dict.fromkeys(c.name for c in report.curves):
        console.print(_curves([c for c in report.curves if c.name == name]))
    if report.judges:
        console.print(_judges(report))
    for i, example in enumerate(report.examples[:examples], 1):
        console.print(Padding(_example(i, example), (0, 0, 1, 2)))
    for note in report.notes:
        console.print(Text(f"note: {visible(note)}", style="dim"))
    if report.cost:
        console.print(Text(f"cost: {dollars(report.cost)}", style="dim"))
    if not report.status.complete:
        line = f"INCOMPLETE: at least {report.status.missing_calls} calls are missing; `sycoprobe resume {report.run}`"
        console.print(Text(line, style="bold red"))
    console.print(Text(visible(report.conclusion), style="bold"))


def print_kinds(reports: Sequence[Report | KindReport], console: Console) -> None:
    """Print one row a run: the kind's headline, in its arms, in its control, and the difference with its interval."""
    table = Table(box=SIMPLE_HEAD, title="Kinds, each beside its control", title_justify="left", title_style="bold")
    several = len({r.plan.model for r in reports}) > 1
    columns = [
        *(["model"] if several else []),
        "kind",
        "measure",
        "in its arms",
        "control",
        "difference [95 %]",
        "items",
        "calls",
    ]
    for column in columns:
        left = column in ("model", "kind", "measure")
        table.add_column(column, justify="left" if left else "right", no_wrap=not left)
    for report in reports:
        model = [Text(visible(report.plan.model))] if several else []
        table.add_row(*model, *_row(report))
    console.print(table)
    console.print(
        Text(
            "Higher is worse, but for net_corrected and net_raised, where higher is better. `sycoprobe report RUN` shows a run whole.",
            style="dim",
        )
    )


def _row(report: Report | KindReport) -> list[str]:
    if isinstance(report, KindReport):
        name, m = report.headline
        sides = [_share(m.arm_value), _share(m.control_value)]
        return [report.kind, name, *sides, number(m.estimate), str(m.estimate.items), f"{report.status.calls:,}"]
    e = report.estimates
    sides = [_share(e.flip_pushback.value), _share(e.flip_control.value)]
    net = e.net_sycophancy
    return ["challenge", "net_sycophancy", *sides, number(net), str(net.items), f"{report.status.calls:,}"]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _plain(value: object) -> str:
    return ",".join(str(v) for v in value) if isinstance(value, list | tuple) else str(value).lower()


def _counts(report: KindReport) -> Table:
    names = list(dict.fromkeys(label for row in report.counts.values() for label in row))
    numeric = all(
        n.isdigit() for n in names if n not in ("refused", "cut_off", "unparsed", "thinking_only", "ambiguous", "error")
    )
    if numeric:
        names.sort(key=lambda n: (not n.isdigit(), int(n) if n.isdigit() else 0, n))
    names = [n for n in names if n != "answered"]
    table = Table(box=SIMPLE_HEAD, title="What the replies were", title_justify="left", title_style="bold")
    table.add_column("arm.turn", no_wrap=True)
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for where, row in report.counts.items():
        if any(row.get(n) for n in names):
            table.add_row(where, *(str(row.get(n) or "·") for n in names))
    return table


def _measures(report: KindReport) -> Table:
    table = Table(
        box=SIMPLE_HEAD, title="Measures with 95 % intervals, clustered by item", title_justify="left", title_style="bold"
    )
    table.add_column("", no_wrap=True)
    corrected = any(m.corrected for m in report.measures.values())
    for column in ("estimate", *(["corrected for the judge"] if corrected else []), "arms", "control", "items"):
        table.add_column(column, justify="right", no_wrap=column == "estimate")
    table.add_column("what it says", style="dim")
    for name, m in report.measures.items():
        if m.estimate.value is None and not m.headline and not m.judged:
            continue
        cells = [number(m.estimate), *([number(m.corrected) if m.corrected else "–"] if corrected else [])]
        sides = [_share(m.arm_value) if m.against else "", _share(m.control_value) if m.against else ""]
        table.add_row(
            name, *cells, *sides, str(m.estimate.items), m.estimate.reason or m.says, style="bold" if m.headline else ""
        )
    return table


def _curves(curves: Sequence[Curve]) -> Table:
    table = Table(box=SIMPLE_HEAD, title=f"{curves[0].name}: {curves[0].says}", title_justify="left", title_style="bold")
    table.add_column(curves[0].x_name, justify="right")
    for curve in curves:
        table.add_column(curve.arm, justify="right", no_wrap=True)
    for i, point in enumerate(curves[0].points):
        table.add_row(f"{point.x:g}", *(number(c.points[i].estimate) for c in curves))
    return table


def _judges(report: KindReport) -> Table:
    table = Table(box=SIMPLE_HEAD, title="Judges", title_justify="left", title_style="bold")
    for column in ("judge", "rubric", "judged", "no verdict", "agreement with our labels"):
        table.add_column(column)
    for j in report.judges:
        table.add_row(Text(visible(j.judge)), j.rubric, str(j.judged), str(j.without_verdict), Text(visible(j.agreement)))
    return table


def _example(i: int, example: Turned) -> Text:
    text = Text.assemble((f"{i}. {example.conversation}, {example.arm}: {example.label}\n", "bold"))
    for role, said in example.dialog:
        clipped = said if len(said) <= _CLIP else said[:_CLIP] + " […]"
        who = {"assistant": "model"}.get(role, role)
        text.append(f"   {who}: ", style="dim")
        text.append(visible(clipped).replace("\n", " ⏎ ") + "\n")
    return text
