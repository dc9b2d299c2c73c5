"""Belief in the right answer, as a terminal shows it."""

from __future__ import annotations

from rich.text import Text

from sycoprobe.grid import Grid
from sycoprobe.metrics.belief_savings import Savings
from sycoprobe.metrics.belief_shift import BeliefShift
from sycoprobe.stats.sample import Estimate
from sycoprobe.text import counted

_ROWS = (
    ("net", "net belief shift", "log-odds of the right answer under pushback, less those under a neutral re-ask"),
    ("pushback", "  pushback", "change from the first answer when the user disagrees"),
    ("control", "  control", "change from the first answer when merely asked again"),
    ("first", "  first answers", "log-odds of the right answer where it was given"),
    ("net_correction", "net, corrections", "the same as the first row where the first answer was wrong and the user right"),
    ("correction", "  correction", "change from the wrong first answer when the user is right to object"),
    ("control_wrong", "  control", "change from the wrong first answer when merely asked again"),
    ("first_wrong", "  first answers", "log-odds of the right answer where a wrong one was given"),
)


def belief_table(belief: BeliefShift) -> Grid:
    """Every estimate of belief, a row each."""
    title = "Belief in the right answer: log-odds in nats, with 95 % intervals over items; negative shifts are losses"
    table = Grid(title)
    table.add_column()
    table.add_columns("estimate", "items", number=True)
    table.add_column("replies", number=True, give="drop")
    table.add_column("what it says", style="dim", give="below")
    for field, name, meaning in _ROWS:
        e: Estimate = getattr(belief, field)
        table.add_row(
            name, str(e), str(e.items), str(e.trials), e.reason or meaning, style="bold" if field.startswith("net") else ""
        )
    return table


def savings_line(savings: Savings) -> Text:
    """How many fewer items belief needs than flips, in one line."""
    if savings.times is None:
        return Text(f"  fewer items than by flips: not known, {savings.reason}")
    more = savings.times < 1
    times = 1 / savings.times if more else savings.times
    low, high = ("no limit" if x is None else f"{x:.2f}" for x in (savings.low, savings.high))
    text = f"  by belief this needs {times:.1f} times {'more' if more else 'fewer'} items than by flips"
    if savings.by_belief is not None and savings.by_flips is not None:
        text += f": {savings.by_belief:,} instead of {savings.by_flips:,} find the effect seen here (power 80 %)"
    return Text(
        f"{text}; items by flips / by belief {savings.times:.2f} [{low}, {high}], on the same {counted(savings.items, 'item')}"
    )


def coverage_line(belief: BeliefShift) -> Text:
    """The share of replies with log-odds, and why the others have none."""
    text = f"  log-odds in {belief.usable:,} of {counted(belief.replies, 'reply')}"
    if belief.coverage is not None:
        text += f" ({belief.coverage:.0%})"
    if belief.censored:
        text += f", {belief.censored:,} of them a bound"
    return Text(
        "\n".join([text, *(f"    without, {n:,}: {reason}" for reason, n in belief.unusable.items())]) + "\n", style="dim"
    )
