"""The tables of a report in a terminal: counts, metrics, usage, slices, curves, judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from sycoprobe.extract.types import Outcome
from sycoprobe.grid import Grid
from sycoprobe.metrics.curves import Curve
from sycoprobe.metrics.table import Slice
from sycoprobe.money.spending import SpendingRow, total_cost
from sycoprobe.reports.terminal_numbers import share, word_of
from sycoprobe.stats.sample import TOO_FEW
from sycoprobe.text import dollars, probability

if TYPE_CHECKING:
    from sycoprobe.reports.model import Report, Section, Sliced
    from sycoprobe.stats.sample import Estimate

READABLE = 0.95
_WITHOUT_LABEL = {o.value for o in Outcome}


def counts_tables(section: Section) -> list[RenderableType]:
    """What the replies were, aspect by aspect: a line where one place was read, else a table with a row a place."""
    aspects: dict[str, dict[str, dict[str, int]]] = {}
    for where, counted in section.counts.items():
        place, _, aspect = where.partition(" ")
        aspects.setdefault(aspect, {})[place.removesuffix(".0")] = counted
    found: list[RenderableType] = []
    for aspect, places in aspects.items():
        names = list(dict.fromkeys(label for counted in places.values() for label in counted))
        names = sorted(names, key=lambda n: (n in _WITHOUT_LABEL, int(n) if n.isdigit() else 0))
        names = [n for n in names if n != Outcome.ANSWERED.value]
        if len(places) == 1:
            [(place, counted)] = places.items()
            said = ", ".join(f"{counted[n]} {word_of(n)}" for n in names if counted.get(n))
            found.append(Text(f"{place} ({aspect.replace('_', ' ')}): {said}"))
            continue
        if not names:
            continue
        table = Grid(f"Replies: {aspect.replace('_', ' ')}")
        table.add_column("arm")
        table.add_columns(*map(word_of, names), number=True)
        for name, counted, style in _grouped(places):
            if any(counted.get(n) for n in names):
                table.add_row(name, *(str(counted.get(n) or "·") for n in names), style=style)
        found.append(table)
    return found


def _grouped(places: dict[str, dict[str, int]]) -> list[tuple[str, dict[str, int], str]]:
    """Rows of a name, its counts and its style: arms of one side (`pushback.doubt`, `pushback.ethos`) below their sum."""
    sides = Counter(place.partition(".")[0] for place in places if not place.rpartition(".")[2].isdigit())
    found: list[tuple[str, dict[str, int], str]] = []
    for place, counted in places.items():
        side, dot, rest = place.partition(".")
        if not dot or sides[side] < 2 or rest.isdigit():
            found.append((place, counted, ""))
            continue
        if not any(name == side for name, _, _ in found):
            mine = [c for p, c in places.items() if p.startswith(f"{side}.")]
            found.append((side, dict(sum(map(Counter, mine), Counter())), "bold"))
        found.append((f"  {rest}", counted, ""))
    return found


def metrics_table(section: Section, *, anytime: bool, by: str) -> Grid:
    """The metrics with their intervals, a row each, the headline in bold."""
    title = "Metrics with 95 % intervals, " + ("valid wherever the run stopped" if anytime else f"clustered by {by}")
    table = Grid(title)
    table.add_column()
    corrected = any(m.corrected for m in section.metrics.values())
    table.add_columns("estimate", *(["corrected for the judge"] if corrected else []), number=True)
    for column in ("arms", "control", "items", "replies"):
        table.add_column(column, number=True, give="" if column == "items" else "drop")
    table.add_column("what it says", style="dim", give="below")
    for name, m in section.metrics.items():
        if m.bound_of or (m.estimate.value is None and not m.essential and not m.judged and not m.headline):
            continue
        e = m.estimate
        cells = [str(e), *([str(m.corrected) if m.corrected else "–"] if corrected else [])]
        sides = [share(m.arm_value), share(m.control_value)] if m.against else ["", ""]
        style = "bold" if m.headline else ""
        table.add_row(name.replace("_", " "), *cells, *sides, str(e.items), str(e.trials), e.reason or m.says, style=style)
    return table


def spending_table(report: Report) -> Grid | None:
    """Calls, tokens and dollars by arm and model; None where nothing was counted, as with models on this machine."""
    rows = report.spending
    if not report.cost:
        return None
    models = {row.model for row in rows if row.model}
    table = Grid("Usage, resumes included")
    table.add_columns("arm", *(["model"] if len(models) > 1 else []))
    for column in ("calls", "tokens in", "cached", "tokens out", "thinking", "cost"):
        table.add_column(column, number=True, give="drop" if column in ("cached", "thinking") else "")

    def add(name: str, model: str, part: Sequence[SpendingRow], style: str = "") -> None:
        names = ("calls", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")
        sums = [sum(getattr(row, n) for row in part) for n in names]
        cost = total_cost(part)
        cells = [f"{n:,}" if n else "·" for n in sums] + ["–" if cost is None else dollars(cost)]
        table.add_row(name, *([model] if len(models) > 1 else []), *cells, style=style)

    for row in rows:
        add(row.arm, row.model, [row])
    add("all", "", rows, "bold")
    saved = sum(row.saved or 0.0 for row in rows)
    if saved > 0:
        table.caption = f"prompt caching saved {dollars(saved)}"
    return table


def breakdown_table(section: Section, by: Slice, parts: dict[str, Sliced]) -> Iterator[Grid]:
    """Slices side by side, unless none has a number; p says whether the headline may be zero there, corrected for how many slices are looked at."""
    table = Grid(f"By {by.value}")
    table.add_column(by.value)
    headline = section.headline[0]
    others = [n for n, m in section.metrics.items() if m.essential and m.higher_is_worse is False and n != headline]
    if by is Slice.ARM and any(below(part.metrics.get("valid_share")) for part in parts.values()):
        others.append("valid_share")
    shown = [n for n in (headline, *others) if any(n in part.metrics for part in parts.values())]
    tested = any(part.holm_p is not None for part in parts.values())
    for name in shown:
        table.add_column(name.replace("_", " "), number=True)
        if name == headline and tested:
            table.add_column("p (Holm)", number=True, give="drop")
    few: list[str] = []
    for label, part in parts.items():
        cells: list[str] = []
        for name in shown:
            cells.append(str(part.metrics[name]) if name in part.metrics else "–")
            if name == headline and tested:
                cells.append(probability(None if cells[-1] == TOO_FEW else part.holm_p))
        if any(c.isdigit() for cell in cells for c in cell):
            table.add_row(label, *cells)
        else:
            few.append(label)
    if few:
        table.caption = f"too few items: {', '.join(few)}"
    if table.styles:
        yield table


def below(e: Estimate | None) -> bool:
    """Whether so many replies could not be read that it must be seen in which arms."""
    return e is not None and e.value is not None and e.value < READABLE


def curves_table(curves: Sequence[Curve]) -> Grid:
    """Curves of one name side by side, a row a point."""
    table = Grid(f"{curves[0].name}: {curves[0].says}")
    table.add_columns(curves[0].x_name, *(curve.arm for curve in curves), number=True)
    for i, point in enumerate(curves[0].points):
        table.add_row(f"{point.x:g}", *(str(c.points[i].estimate) for c in curves))
    return table


def judges_table(section: Section) -> Grid:
    """The judges, and how far each agreed with our labels."""
    table = Grid("Judges")
    table.add_columns("judge", "rubric")
    table.add_columns("judged", "no verdict", number=True)
    table.add_column("agreement with our labels", give="below")
    for j in section.judges:
        table.add_row(j.judge, j.rubric, str(j.judged), str(j.without_verdict), j.agreement)
    return table
