"""A report as a person reads it in a terminal. Model output is shown as inert text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sycoprobe.extract.types import Outcome
from sycoprobe.metrics.belief_shift import BeliefShift, Savings
from sycoprobe.metrics.curves import Curve
from sycoprobe.metrics.table import Slice
from sycoprobe.money.spending import SpendingRow, total_cost
from sycoprobe.reports import readings
from sycoprobe.reports.model import Example, Report, Section, Sliced
from sycoprobe.sets.forms import kept_line
from sycoprobe.stats.sample import Estimate
from sycoprobe.text import dollars, visible

_SHORT = {
    "regressive_flip": "right→wrong",
    "progressive_flip": "wrong→right",
    "lateral_flip": "wrong→wrong",
    "thinking_only": "only thought",
}
_WITHOUT_LABEL = {o.value for o in Outcome}
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
_TURNS_SHOWN = 12


def print_report(report: Report, console: Console, *, transcripts: int = 5) -> None:
    """Print the summary: a section a kind, what was used, notes, and a plain sentence for each kind."""
    console.print(_heading(report))
    several = len(report.kinds) > 1
    for section in report.kinds.values():
        if several:
            console.print(Text(f"{section.kind}: {section.summary}", style="bold underline"))
        _print_section(report, section, console, transcripts=1 if several and transcripts else transcripts)
    if several:
        print_kinds([report], console)
    if spent := _spending(report):
        console.print(spent)
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
    for section in report.kinds.values():
        console.print(Text(visible(section.conclusion), style="bold"))


def _print_section(report: Report, section: Section, console: Console, *, transcripts: int) -> None:
    """What was found with one kind: counts, metrics, breakdowns, curves, the worst conversations."""
    for table in _counts(section):
        console.print(table)
    if section.kept_form and (line := kept_line(report.plan.answer, section.kept_form)):
        console.print(Text(f"{line}\n"))
    print_readings(section.readings, console)
    console.print(_metrics(section, anytime=report.plan.until is not None))
    if section.belief is not None:
        console.print(_belief(section.belief))
        console.print(_savings(section.belief.savings))
        console.print(_coverage(section.belief))
    for by in Slice:
        parts = section.slices.get(by.value, {})
        if len(parts) > 1:
            console.print(_breakdown(section, by, parts))
    for name in dict.fromkeys(c.name for c in section.curves):
        console.print(_curves([c for c in section.curves if c.name == name]))
    if section.judges:
        console.print(_judges(section))
    if section.examples[:transcripts]:
        console.print(Text("Worst conversations", style="bold"))
        for i, example in enumerate(section.examples[:transcripts], 1):
            console.print(Padding(_example(i, example), (0, 0, 1, 2)))


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


def print_kinds(reports: Sequence[Report], console: Console) -> None:
    """Print one row a run and kind: the headline in its arms, in its control, and the difference with its interval."""
    table = Table(box=SIMPLE_HEAD, title="Headlines, each beside its control", title_justify="left", title_style="bold")
    models = len({r.plan.model for r in reports}) > 1
    names = [*(["model"] if models else []), "kind", "metric"]
    for column in names:
        table.add_column(column)
    for column in ("in its arms", "control", "difference [95 %]", "items"):
        table.add_column(column, justify="right", no_wrap=True)
    for report in reports:
        for section in report.kinds.values():
            name, m = section.headline
            sides = (_share(m.arm_value), _share(m.control_value)) if m.against else ("", "")
            model = [Text(visible(report.plan.model))] if models else []
            table.add_row(*model, section.kind, name.replace("_", " "), *sides, number(m.estimate), str(m.estimate.items))
    console.print(table)
    headlines = [s.headline for r in reports for s in r.kinds.values()]
    better = sorted({name for name, m in headlines if m.higher_is_worse is False})
    lines = [f"Higher is worse{', but for ' + ', '.join(better) + ', where higher is better' if better else ''}."]
    if len(reports) > 1:
        lines.append("`sycoprobe compare RUN RUN` tests the differences, paired by item.")
    console.print(Text(" ".join(lines), style="dim"))


def print_example(example: Example, console: Console) -> None:
    """Print one conversation in which what the headline counts occurred."""
    console.print(_example(1, example))


def number(e: Estimate) -> str:
    """An estimate as `0.31 [0.22, 0.41]`, or a dash."""
    if e.value is None or e.low is None or e.high is None:
        return "–"
    return f"{e.value:.2f} [{e.low:.2f}, {e.high:.2f}]"


def _heading(report: Report) -> Text:
    plan = report.plan
    sets = ", ".join(f"{s.info.name} {s.info.version} ({s.chosen})" for s in plan.sets)
    temperature = "server default" if plan.sampling.temperature is None else plan.sampling.temperature
    text = Text(f"\nsycoprobe · {visible(plan.model)} · {', '.join(plan.kinds)} · {sets}", style="bold")
    text.append(f"\nrun {report.run} · seed {plan.seed} · {plan.repeats} repeat(s) · temperature {temperature}\n", style="dim")
    return text


def _counts(section: Section) -> list[RenderableType]:
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
            said = ", ".join(f"{counted[n]} {_word(n)}" for n in names if counted.get(n))
            found.append(Text(f"{place} ({aspect.replace('_', ' ')}): {said}"))
            continue
        if not names:
            continue
        table = Table(box=SIMPLE_HEAD, title=f"Replies: {aspect.replace('_', ' ')}", title_justify="left", title_style="bold")
        table.add_column("arm", no_wrap=True)
        for name in names:
            table.add_column(_word(name), justify="right")
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


def _word(label: str) -> str:
    return _SHORT.get(label, label.replace("_", " "))


def _metrics(section: Section, *, anytime: bool) -> Table:
    title = "Metrics with 95 % intervals, " + ("valid wherever the run stopped" if anytime else "clustered by item")
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    corrected = any(m.corrected for m in section.metrics.values())
    for column in ("estimate", *(["corrected for the judge"] if corrected else []), "arms", "control", "items", "replies"):
        table.add_column(column, justify="right", no_wrap=column == "estimate")
    table.add_column("what it says", style="dim")
    for name, m in section.metrics.items():
        if m.estimate.value is None and not m.essential and not m.judged and not m.headline:
            continue
        e = m.estimate
        cells = [number(e), *([number(m.corrected) if m.corrected else "–"] if corrected else [])]
        sides = [_share(m.arm_value), _share(m.control_value)] if m.against else ["", ""]
        style = "bold" if m.headline else ""
        table.add_row(name.replace("_", " "), *cells, *sides, str(e.items), str(e.trials), e.reason or m.says, style=style)
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


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


def _breakdown(section: Section, by: Slice, parts: dict[str, Sliced]) -> Table:
    """Slices side by side; p says whether the headline may be zero there, corrected for how many slices are looked at."""
    table = Table(box=SIMPLE_HEAD, title=f"By {by.value}", title_justify="left", title_style="bold")
    table.add_column(by.value, no_wrap=True)
    headline = section.headline[0]
    others = [n for n, m in section.metrics.items() if m.essential and m.higher_is_worse is False and n != headline]
    shown = [n for n in (headline, *others) if any(n in part.metrics for part in parts.values())]
    tested = any(part.holm_p is not None for part in parts.values())
    for name in shown:
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
        if name == headline and tested:
            table.add_column("p (Holm)", justify="right", no_wrap=True)
    for label, part in parts.items():
        cells = []
        for name in shown:
            cells.append(number(part.metrics[name]) if name in part.metrics else "–")
            if name == headline and tested:
                cells.append(probability(part.holm_p))
        table.add_row(Text(visible(label)), *cells)
    return table


def _curves(curves: Sequence[Curve]) -> Table:
    table = Table(box=SIMPLE_HEAD, title=f"{curves[0].name}: {curves[0].says}", title_justify="left", title_style="bold")
    table.add_column(curves[0].x_name, justify="right")
    for curve in curves:
        table.add_column(curve.arm, justify="right", no_wrap=True)
    for i, point in enumerate(curves[0].points):
        table.add_row(f"{point.x:g}", *(number(c.points[i].estimate) for c in curves))
    return table


def _judges(section: Section) -> Table:
    table = Table(box=SIMPLE_HEAD, title="Judges", title_justify="left", title_style="bold")
    for column in ("judge", "rubric", "judged", "no verdict", "agreement with our labels"):
        table.add_column(column)
    for j in section.judges:
        table.add_row(Text(visible(j.judge)), j.rubric, str(j.judged), str(j.without_verdict), Text(visible(j.agreement)))
    return table


def probability(p: float | None) -> str:
    """A p-value to three places, or a dash."""
    return "–" if p is None else f"{p:.3f}" if p >= 0.001 else "< 0.001"


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
    others = [f"{e.arm}: {_word(e.label)}" for e in example.exchanges if e not in shown and e.label]
    if others:
        lines.append(Text("   " + ", ".join(others), style="dim"))
    return Group(*lines)


def _turn(who: str, said: str, style: str = "") -> Text:
    clipped = said if len(said) <= _CLIP else said[:_CLIP] + " […]"
    return Text.assemble((f"   {who}: ", "dim"), (visible(clipped).replace("\n", " ⏎ "), style))
