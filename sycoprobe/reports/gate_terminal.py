"""A gate's decision, a comparison and an A/A check, as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from sycoprobe.gating.comparing import Comparison
from sycoprobe.gating.decision import Decision, GateResult, RuleResult, summary
from sycoprobe.gating.selfcheck import SelfCheck
from sycoprobe.gating.shown import comparison_blocks, self_check_blocks
from sycoprobe.text import visible

STYLE = {Decision.PASS: "green", Decision.FAIL: "bold red", Decision.INCONCLUSIVE: "yellow"}


def print_gate(result: GateResult, console: Console, notes: tuple[str, ...] = (), subjects: Sequence[str] = ()) -> None:
    """Print which runs were judged, a table of rules, what was promised, and the decision in one line."""
    for block in gate_blocks(result, notes, subjects):
        console.print(block)


def gate_blocks(result: GateResult, notes: tuple[str, ...] = (), subjects: Sequence[str] = ()) -> Iterator[RenderableType]:
    """Which runs were judged, a table of rules, what was promised, and the decision in one line."""
    for subject in subjects:
        yield Text(visible(subject))
    kind = "anytime-valid intervals" if result.anytime else "intervals"
    title = f"Gate: {len(result.rules)} rule{'s' if len(result.rules) != 1 else ''}, {100 * (1 - result.alpha):g} % {kind}"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    several = any(rule.run for rule in result.rules)
    table.add_column("rule")
    if several:
        table.add_column("run")
    table.add_column("decision", no_wrap=True)
    table.add_column("estimate", justify="right", no_wrap=True)
    table.add_column("items", justify="right", no_wrap=True)
    table.add_column("why", style="dim")
    for rule in result.rules:
        decision = Text(rule.decision.value, style=STYLE[rule.decision])
        run = [Text(visible(rule.run))] if several else []
        table.add_row(Text(visible(rule.rule)), *run, decision, figures(rule), str(rule.items), Text(visible(rule.reason)))
    yield table
    for note in notes:
        yield Text(f"note: {visible(note)}", style="dim")
    yield Text(result.statement, style="dim")
    yield Text(visible(summary(result)), style=STYLE[result.decision])


def figures(rule: RuleResult) -> str:
    """A rule's number as `0.31 [0.22, 0.41]`, a difference with its sign, or a dash."""
    if rule.value is None or rule.low is None or rule.high is None:
        return "–"
    sign = "+" if rule.relative else ""
    shown = f"{rule.value:{sign}.2f} [{rule.low:{sign}.2f}, {rule.high:{sign}.2f}]"
    return shown if rule.without_stopping is None else f"{shown}, corrected {rule.without_stopping:{sign}.2f}"


def print_comparison(found: Comparison, console: Console) -> None:
    """Print a table of differences for each run."""
    for block in comparison_blocks(found):
        console.print(block)


def print_self_check(found: SelfCheck, console: Console) -> None:
    """Print the false-alarm rate and what it means."""
    for block in self_check_blocks(found):
        console.print(block)
