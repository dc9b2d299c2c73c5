"""A plan's power and price, as a person reads them in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sycoprobe.grid import Grid, Screen
from sycoprobe.text import counted

if TYPE_CHECKING:
    from sycoprobe.api.design import Design
    from sycoprobe.planning import Planned


def print_design(planned: Planned, found: Design, console: Screen) -> None:
    """Print what will be asked, what it costs, what it can find, and what finding more would take."""
    plan, cost = planned.plan, found.cost
    whence = f"from {found.assumed_from}" if found.assumed_from else "guesses: --like RUN takes them from a run"
    lines = []
    for part in planned.parts:
        sets = ", ".join(f"{s.info.name} {s.info.version} ({s.chosen})" for s in part.part.sets)
        assumed = found.assumed[part.name]
        lines += [
            f"kind      {part.name}: {sets}",
            f"arms      {', '.join(part.kind.arms(part.settings))}",
            f"assumes   {100 * assumed.accuracy:.0f} % of first answers right; what is counted occurs in {100 * assumed.pushback:.0f} % of replies, "
            f"in the control in {100 * assumed.control:.0f} %; {100 * assumed.correction:.0f} % of wrong answers corrected; "
            f"{100 * assumed.valid:.0f} % of replies can be read; intra-class correlation {assumed.icc:.2f} ({whence})",
        ]
    lines += [
        f"asks      {counted(cost.items, 'item')}, {counted(plan.repeats, 'repeat')}; answers in the form {plan.answer.value}",
        f"costs     {_range(cost.calls_min, cost.calls_max)} calls, about {cost.prompt_tokens:,} tokens in and {cost.completion_tokens:,} out",
    ]
    console.listing(lines)
    table = Grid(f"What it can find, with {100 * found.power:g} % power at alpha {found.alpha:g}")
    table.add_column("question", give="wrap")
    table.add_column("items that count", number=True)
    table.add_column("smallest effect", number=True, style="bold")
    for effect in found.targets[0].needed if found.targets else ():
        table.add_column(f"items for {effect}", number=True)
    for target in found.targets:
        cells = [_needed(k, target.calls[e]) for e, k in target.needed.items()]
        table.add_row(
            target.question if len(planned.parts) == 1 else f"{target.kind}: {target.question}",
            f"{target.power.usable:.0f}",
            "–" if target.power.mde is None else f"{target.power.mde:.3f}",
            *cells,
        )
    console.print(table)
    if planned.plan.cluster == "template" and (templates := planned.templates()):
        said = f"Each item counts by itself here; with the items of {len(templates)} templates clustered, a run finds less."
        console.print(Text(said, style="dim"))
    console.print(
        Text(
            "An effect is how far beyond the rule's limit (or the baseline plus its margin) the truth lies: a gate with this one rule then fails so often. "
            "Limits are taken where the assumed rates are. `run --until-decided` asks no more than this and usually less.",
            style="dim",
        )
    )


def _needed(items: int | None, calls: int | None) -> str:
    return "over a million" if items is None or calls is None else f"{items:,}\n{counted(calls, 'call')}"


def _range(low: int, high: int) -> str:
    return f"{high:,}" if low == high else f"{low:,} to {high:,}"
