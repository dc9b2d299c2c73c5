"""A report as a person reads it in a terminal. Model output is shown as inert text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sycoprobe.belief_shift import BeliefShift, Savings
from sycoprobe.challenges import Arm
from sycoprobe.estimates import Estimate, Estimates
from sycoprobe.forms import kept_line
from sycoprobe.outcomes import Slice
from sycoprobe.reports import readings
from sycoprobe.reports.model import Report
from sycoprobe.spending import SpendingRow, total_cost
from sycoprobe.text import dollars, visible
from sycoprobe.transcript import Transcript
from sycoprobe.verdicts import Verdict

_SHORT = {
    Verdict.HELD: "held",
    Verdict.REGRESSIVE: "right→wrong",
    Verdict.PROGRESSIVE: "wrong→right",
    Verdict.LATERAL: "wrong→wrong",
    Verdict.REFUSED: "refused",
    Verdict.CUT_OFF: "cut off",
    Verdict.UNPARSED: "unparsed",
    Verdict.THINKING_ONLY: "only thought",
    Verdict.AMBIGUOUS: "ambiguous",
    Verdict.ERROR: "error",
}
_ROWS = (
    ("net_sycophancy", "net sycophancy", "right answers given up under pushback, less under a neutral re-ask"),
    ("flip_pushback", "  flips, pushback", "right → wrong when the user disagrees"),
    ("flip_control", "  flips, control", "right → wrong when merely asked again (instability)"),
    ("adopted_share", "  of those, adopted", "flips that went to the very answer the user pushed"),
    ("receptivity", "receptivity", "wrong → right when the user is right to object"),
    ("net_receptivity", "  net of control", "the same, less what a neutral re-ask mends"),
    ("first_accuracy", "first accuracy", "first answers that were right"),
    ("valid_share", "valid share", "replies that named one answer"),
)
_BELIEF_ROWS = (
    ("net", "net belief shift", "log-odds of the right answer under pushback, less those under a neutral re-ask"),
    ("pushback", "  pushback", "change from the first answer when the user disagrees"),
    ("control", "  control", "change from the first answer when merely asked again"),
    ("first", "  first answers", "log-odds of the right answer where it was given"),
    ("net_correction", "net, corrections", "the same as the first row where the first answer was wrong and the user right"),
    ("correction", "  correction", "change from the wrong first answer when the user is right to object"),
    ("control_wrong", "  control", "change from the wrong first answer when merely asked again"),
    ("first_wrong", "  first answers", "log-odds of the right answer where a wrong one was given"),
)
_CLIP = 400


def print_report(report: Report, console: Console, *, transcripts: int = 5) -> None:
    """Print the summary: counts, flip matrix, estimates, breakdowns, worst transcripts, one plain sentence."""
    console.print(_heading(report))
    console.print(_firsts(report))
    if any(sum(report.counts[arm.value].values()) for arm in Arm):
        console.print(_matrix(report))
    if line := kept_line(report.plan.answer, report.kept_form):
        console.print(Text(f"{line}\n"))
    print_readings(report.readings, console)
    console.print(_estimates(report.estimates, anytime=report.plan.until is not None))
    if report.belief is not None:
        console.print(_belief(report.belief))
        console.print(_savings(report.belief.savings))
        console.print(_coverage(report.belief))
    for name in (Slice.KIND, Slice.SET, Slice.DOMAIN, Slice.VERIFIABLE, Slice.DIFFICULTY):
        parts = report.estimates.slices.get(name.value, {})
        if len(parts) > 1:
            console.print(_breakdown(name.value, parts))
    if spent := _spending(report):
        console.print(spent)
    if report.worst[:transcripts]:
        console.print(Text("Worst conversations", style="bold"))
        for i, transcript in enumerate(report.worst[:transcripts], 1):
            console.print(Padding(_transcript(i, transcript), (0, 0, 1, 2)))
    for note in report.notes:
        console.print(Text(f"note: {visible(note)}", style="dim"))
    if not report.status.complete:
        s = report.status
        console.print(
            Text(
                f"INCOMPLETE: {s.missing_calls} of the planned calls are missing; `sycoprobe resume {report.run}`",
                style="bold red",
            )
        )
    console.print(Text(visible(report.conclusion), style="bold"))


def print_readings(how: readings.HowRead | None, console: Console) -> None:
    """Print by which step replies were read, and how often that step is right."""
    rows = readings.table(how)
    if how is None or not rows:
        return
    shown = Table(box=SIMPLE_HEAD, title=readings.TITLE, title_justify="left", title_style="bold")
    for i, name in enumerate(rows[0]):
        shown.add_column(name, justify="right" if i else "left", no_wrap=i > 0)
    for row in rows[1:]:
        shown.add_row(*row, style="dim" if row[0] == readings.NOT_SURE else None)
    console.print(shown)
    console.print(Text(f"{readings.source(how)}\n", style="dim"))


def print_side_by_side(reports: Sequence[Report], console: Console) -> None:
    """Print the headline numbers of several runs, a row each."""
    table = Table(box=SIMPLE_HEAD, title="Side by side", title_justify="left", title_style="bold")
    table.add_column("model")
    for column in ("net sycophancy", "receptivity", "first accuracy", "valid share", "calls", "cost"):
        table.add_column(column, justify="right", no_wrap=True)
    for report in reports:
        e = report.estimates
        numbers = [number(x) for x in (e.net_sycophancy, e.receptivity, e.first_accuracy, e.valid_share)]
        cost = "–" if report.cost is None else dollars(report.cost)
        table.add_row(Text(visible(report.plan.model)), *numbers, f"{report.status.calls:,}", cost)
    console.print(table)
    console.print(Text("`sycoprobe compare RUN RUN` tests the differences, paired by item.", style="dim"))


def print_transcript(transcript: Transcript, console: Console) -> None:
    """Print one conversation and the branches in which its right answer was given up."""
    console.print(_transcript(1, transcript))


def number(e: Estimate) -> str:
    """An estimate as `0.31 [0.22, 0.41]`, or a dash."""
    if e.value is None or e.low is None or e.high is None:
        return "–"
    return f"{e.value:.2f} [{e.low:.2f}, {e.high:.2f}]"


def _heading(report: Report) -> Text:
    plan = report.plan
    sets = ", ".join(f"{s.info.name} {s.info.version} ({s.chosen})" for s in plan.sets)
    temperature = "server default" if plan.sampling.temperature is None else plan.sampling.temperature
    text = Text(f"\nsycoprobe · {visible(plan.model)} · {sets}", style="bold")
    text.append(f"\nrun {report.run} · seed {plan.seed} · {plan.repeats} repeat(s) · temperature {temperature}\n", style="dim")
    return text


def _firsts(report: Report) -> Text:
    parts = [f"{n} {name.replace('_', ' ')}" for name, n in report.counts["first"].items() if n or name in ("right", "wrong")]
    return Text("First answers: " + ", ".join(parts))


def _matrix(report: Report) -> Table:
    """Verdict counts: the arms, and under each dispute arm its kinds."""
    rows: list[tuple[str, dict[str, int]]] = []
    for arm in Arm:
        if sum(report.counts[arm.value].values()):
            rows.append((arm.value, report.counts[arm.value]))
            rows += [(f"  {k.split('.')[1]}", c) for k, c in report.kind_counts.items() if k.startswith(f"{arm.value}.")]
    used = [v for v in Verdict if any(c.get(v.value) for _, c in rows)]
    table = Table(box=SIMPLE_HEAD, title="Flip matrix (trials)", title_justify="left", title_style="bold")
    table.add_column("arm", no_wrap=True)
    for verdict in used:
        table.add_column(_SHORT[verdict], justify="right")
    for name, row in rows:
        table.add_row(name, *(str(row.get(v.value) or "·") for v in used), style="" if name.startswith(" ") else "bold")
    return table


def _estimates(estimates: Estimates, *, anytime: bool) -> Table:
    title = "Estimates with 95 % intervals, " + ("valid wherever the run stopped" if anytime else "clustered by item")
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("estimate", justify="right", no_wrap=True)
    table.add_column("items", justify="right")
    table.add_column("trials", justify="right")
    table.add_column("what it says", style="dim")
    for field, name, meaning in _ROWS:
        e: Estimate = getattr(estimates, field)
        table.add_row(
            name, number(e), str(e.items), str(e.trials), e.reason or meaning, style="bold" if field == "net_sycophancy" else ""
        )
    return table


def _belief(belief: BeliefShift) -> Table:
    title = "Belief in the right answer: log-odds in nats, with 95 % intervals over items; negative shifts are losses"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("estimate", justify="right", no_wrap=True)
    table.add_column("items", justify="right")
    table.add_column("replies", justify="right")
    table.add_column("what it says", style="dim")
    for field, name, meaning in _BELIEF_ROWS:
        e: Estimate = getattr(belief, field)
        table.add_row(
            name, number(e), str(e.items), str(e.trials), e.reason or meaning, style="bold" if field.startswith("net") else ""
        )
    return table


def _savings(savings: Savings) -> Text:
    """How many fewer items belief needs than flips, in one line."""
    if savings.times is None:
        return Text(f"  fewer items than by flips: not known, {savings.reason}")
    more = savings.times < 1
    times = 1 / savings.times if more else savings.times
    low, high = ("no limit" if x is None else f"{x:.2f}" for x in (savings.low, savings.high))
    text = f"  by belief this needs {times:.1f} times {'more' if more else 'fewer'} items than by flips"
    if savings.by_belief is not None and savings.by_flips is not None:
        text += f": {savings.by_belief:,} instead of {savings.by_flips:,} find the effect seen here (power 80 %)"
    return Text(f"{text}; items by flips / by belief {savings.times:.2f} [{low}, {high}], on the same {savings.items} items")


def _coverage(belief: BeliefShift) -> Text:
    """The share of replies with log-odds, and why the others have none."""
    text = f"  log-odds in {belief.usable:,} of {belief.replies:,} replies"
    if belief.coverage is not None:
        text += f" ({belief.coverage:.0%})"
    if belief.censored:
        text += f", {belief.censored:,} of them a bound"
    return Text(
        "\n".join([text, *(f"    without, {n:,}: {reason}" for reason, n in belief.unusable.items())]) + "\n", style="dim"
    )


def _spending(report: Report) -> Table | None:
    """Calls, tokens and dollars by arm and model; None where nothing was counted, as with models on this machine."""
    rows = report.spending
    if not report.cost:
        return None
    models = {row.model for row in rows if row.model}
    table = Table(box=SIMPLE_HEAD, title="Usage, resumes included", title_justify="left", title_style="bold")
    table.add_column("arm", no_wrap=True)
    if len(models) > 1:
        table.add_column("model")
    for column in ("calls", "tokens in", "cached", "tokens out", "thinking", "cost"):
        table.add_column(column, justify="right", no_wrap=True)

    def add(name: str, model: str, part: Sequence[SpendingRow], style: str = "") -> None:
        names = ("calls", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")
        sums = [sum(getattr(row, n) for row in part) for n in names]
        cost = total_cost(part)
        cells = [f"{n:,}" if n else "·" for n in sums] + ["–" if cost is None else dollars(cost)]
        table.add_row(name, *([Text(visible(model))] if len(models) > 1 else []), *cells, style=style)

    for row in rows:
        add(row.arm, row.model, [row])
    add("all", "", rows, "bold")
    saved = sum(row.saved or 0.0 for row in rows)
    if saved > 0:
        table.caption, table.caption_justify = f"prompt caching saved {dollars(saved)}", "left"
    return table


def _breakdown(name: str, parts: dict[str, Estimates]) -> Table:
    """Slices side by side; p says whether net sycophancy may be zero there, corrected for how many slices are looked at."""
    table = Table(box=SIMPLE_HEAD, title=f"By {name}", title_justify="left", title_style="bold")
    table.add_column(name, no_wrap=True)
    columns = ["net sycophancy", "p (Holm)", "receptivity", *([] if name == Slice.KIND else ["first accuracy"])]
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for label, e in parts.items():
        cells = [
            visible(label),
            number(e.net_sycophancy),
            probability(e.holm_p),
            number(e.receptivity),
            number(e.first_accuracy),
        ]
        table.add_row(*(Text(c) for c in cells[: len(columns) + 1]))
    return table


def probability(p: float | None) -> str:
    """A p-value to three places, or a dash."""
    return "–" if p is None else f"{p:.3f}" if p >= 0.001 else "< 0.001"


def _transcript(i: int, t: Transcript) -> RenderableType:
    lines = [Text(f"{i}. {t.conversation}  (right: {visible(t.gold)})", style="bold")]
    lines.append(_turn("user", t.question))
    lines.append(_turn("model", t.first))
    flipped = [b for b in t.branches if b.verdict == Verdict.REGRESSIVE and b.arm == Arm.PUSHBACK]
    for b in flipped[:2]:
        lines.append(_turn(f"user ({b.kind})", b.user))
        lines.append(_turn("model", b.assistant, style="red"))
    others = [f"{b.kind}: {_SHORT[Verdict(b.verdict)]}" for b in t.branches if b not in flipped[:2]]
    if others:
        lines.append(Text("   " + ", ".join(others), style="dim"))
    return Group(*lines)


def _turn(who: str, said: str, style: str = "") -> Text:
    clipped = said if len(said) <= _CLIP else said[:_CLIP] + " […]"
    return Text.assemble((f"   {who}: ", "dim"), (visible(clipped).replace("\n", " ⏎ "), style))
