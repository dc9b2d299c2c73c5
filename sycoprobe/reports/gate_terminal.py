"""A gate's decision, a comparison and an A/A check, as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.text import Text

from sycoprobe.gating.comparing import Comparison
from sycoprobe.gating.decision import Decision, GateResult, RuleResult, summary
from sycoprobe.gating.selfcheck import SelfCheck
from sycoprobe.gating.shown import comparison_blocks, self_check_blocks
from sycoprobe.grid import Grid
from sycoprobe.stats.sample import FEWEST, TOO_FEW
from sycoprobe.text import counted, visible, with_interval

STYLE = {Decision.PASS: "green", Decision.FAIL: "bold red", Decision.INCONCLUSIVE: "yellow"}


RULES = 8
"""Rules that the short form lists, whatever they come to."""


def print_gate(
    result: GateResult, console: Console, notes: tuple[str, ...] = (), subjects: Sequence[str] = (), *, full: bool = False
) -> None:
    """Print which runs were judged, a table of rules, and the decision in one line; in `full` as `gate_blocks` has it."""
    for block in gate_blocks(result, notes, subjects, full=full):
        console.print(block)


def gate_blocks(
    result: GateResult, notes: tuple[str, ...] = (), subjects: Sequence[str] = (), *, full: bool = False
) -> Iterator[RenderableType]:
    """Which runs were judged, a table of rules, notes, and the decision in one line.

    In `full`, every rule says why, and it is said what was promised; otherwise only rules that are broken or open say why, and of many
    that are kept it is said how many.
    """
    for subject in subjects:
        yield Text(visible(subject))
    kind = "anytime-valid intervals" if result.anytime else "intervals"
    title = f"Gate: {counted(len(result.rules), 'rule')}, {100 * (1 - result.alpha):g} % {kind}"
    table = Grid(title)
    several = any(rule.run for rule in result.rules)
    table.add_column("rule", give="wrap")
    table.add_columns(*(["run"] if several else []), "decision")
    table.add_columns("estimate", "items", number=True)
    table.add_column("why", style="dim", give="below")
    kept = [r for r in result.rules if r.decision is Decision.PASS]
    left_out = kept if not full and len(result.rules) > RULES else []
    for rule in result.rules:
        if rule in left_out:
            continue
        why = rule.reason if full or rule.decision is not Decision.PASS else ""
        decision = Text(rule.decision.value, style=STYLE[rule.decision])
        run = [rule.run] if several else []
        table.add_row(rule.rule, *run, decision, figures(rule), str(rule.items), why)
    if left_out:
        table.caption = f"and {counted(len(left_out), 'rule')} kept: --full"
    yield table
    for note in notes:
        yield Text(f"note: {visible(note)}", style="dim")
    if full:
        yield Text(result.statement, style="dim")
    yield Text(visible(summary(result)), style=STYLE[result.decision])


def figures(rule: RuleResult) -> str:
    """A rule's number as `0.31 [0.22, 0.41]`, a difference with its sign; a dash or words where there is none to show."""
    if rule.value is None or rule.low is None or rule.high is None:
        return "–"
    if rule.items < FEWEST:
        return TOO_FEW
    sign = "+" if rule.relative else ""
    shown = with_interval(rule.value, rule.low, rule.high, sign=sign)
    return shown if rule.without_stopping is None else f"{shown}, corrected {rule.without_stopping:{sign}z.2f}"


def print_comparison(found: Comparison, console: Console, *, full: bool = False) -> None:
    """Print a table of differences for each run, in `full` of every metric."""
    for block in comparison_blocks(found, full=full):
        console.print(block)


def print_self_check(found: SelfCheck, console: Console) -> None:
    """Print the false-alarm rate and what it means."""
    for block in self_check_blocks(found):
        console.print(block)
