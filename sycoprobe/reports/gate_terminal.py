"""A gate's decision, a comparison, an A/A check and a design's power, as a person reads them in a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sycoprobe.gating.comparing import Comparison
from sycoprobe.gating.decision import Decision, GateResult, RuleResult, summary
from sycoprobe.gating.selfcheck import SelfCheck
from sycoprobe.reports.terminal_numbers import probability
from sycoprobe.text import visible

STYLE = {Decision.PASS: "green", Decision.FAIL: "bold red", Decision.INCONCLUSIVE: "yellow"}


def print_gate(result: GateResult, console: Console, notes: tuple[str, ...] = ()) -> None:
    """Print a table of rules, what was promised, and the decision in one line."""
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
    console.print(table)
    for note in notes:
        console.print(Text(f"note: {visible(note)}", style="dim"))
    console.print(Text(result.statement, style="dim"))
    console.print(Text(visible(summary(result)), style=STYLE[result.decision]))


def figures(rule: RuleResult) -> str:
    """A rule's number as `0.31 [0.22, 0.41]`, a difference with its sign, or a dash."""
    if rule.value is None or rule.low is None or rule.high is None:
        return "–"
    if rule.relative:
        return f"{rule.value:+.2f} [{rule.low:+.2f}, {rule.high:+.2f}]"
    return f"{rule.value:.2f} [{rule.low:.2f}, {rule.high:.2f}]"


def print_comparison(found: Comparison, console: Console) -> None:
    """Print a table of differences for each run."""
    many = sum(d.p is not None for r in found.runs for d in r.differences)
    for run in found.runs:
        title = f"{run.run} ({run.model}) against {found.reference} ({found.reference_model})"
        table = Table(box=SIMPLE_HEAD, title=Text(visible(title)), title_justify="left", title_style="bold")
        several = len({d.kind for d in run.differences}) > 1
        table.add_column("", no_wrap=True)
        for column in ("reference", "this run", f"difference, paired, {100 * (1 - found.alpha):g} %", "items", "p (Holm)"):
            table.add_column(column, justify="right", no_wrap=True)
        for d in run.differences:
            e = d.difference
            shown = "–" if e.value is None else f"{e.value:+.3f} [{e.low:+.3f}, {e.high:+.3f}]"
            clear = d.p_holm is not None and d.p_holm <= found.alpha
            cells = (_rate(d.reference), _rate(d.value), shown, str(e.items), probability(d.p_holm))
            name = f"{d.kind}: {d.metric}" if several else d.metric
            table.add_row(name.replace("_", " "), *cells, style="bold" if clear else "")
        console.print(table)
    console.print(
        Text(
            f"Paired by item and arm. Holm's correction over all {many} differences; bold: below {found.alpha:g}.",
            style="dim",
        )
    )
    for note in found.notes:
        console.print(Text(f"note: {visible(note)}", style="dim"))


def print_self_check(found: SelfCheck, console: Console) -> None:
    """Print the false-alarm rate and what it means."""
    console.print(Text("A/A self-check: the same model against itself", style="bold"))
    console.print(Text(f"rules         {visible('; '.join(found.rules))}"))
    console.print(
        Text(
            f"data          {found.items} items with up to {found.replicates} conversations each, {found.pairs} resampled pairs"
        )
    )
    rate, low, high = (100 * x for x in (found.false_alarm_rate, found.low, found.high))
    promise = 100 * found.alpha / 2
    console.print(
        Text(
            f"false alarms  {found.false_alarms} of {found.pairs}: {rate:.1f} % [{low:.1f}, {high:.1f}] (promised: at most {promise:g} %)"
        )
    )
    console.print(
        Text(f"undecided     {100 * found.undetermined / found.pairs:.1f} % of pairs: neither worse nor shown to be no worse")
    )
    verdict = (
        "The gate keeps its promise on these data."
        if found.kept
        else "The gate raises more false alarms here than it promises."
    )
    console.print(Text(verdict, style="green" if found.kept else "bold red"))


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
