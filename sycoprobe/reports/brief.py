"""A report in some ten lines: what was asked, the finding, four numbers, one conversation, where the rest is, what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from sycoprobe.grid import Grid, Unbroken
from sycoprobe.metrics.metric import FIRST, VALID_SHARE
from sycoprobe.reports.headlines import clear, headlines
from sycoprobe.reports.terminal_tables import below
from sycoprobe.text import counted, dollars, shortened, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sycoprobe.reports.model import Example, Exchange, MetricResult, Report, Section

NUMBERS = 4
PAGE = "report.html"
_CLIP = 300
_LIMIT = 0.1
"""Of the rule that is suggested next."""


def brief_blocks(report: Report, named: str = "", *, example: bool = True) -> Iterator[RenderableType]:
    """The short form of a report, block by block.

    Parameters
    ----------
    named: how a command names the run; empty: by its folder, if that is known, else by its name.
    example: whether one conversation is shown.
    """
    named = shlex.quote(named or str(report.folder or report.run))
    several = len(report.kinds) > 1
    yield Text(subject(report), style="bold")
    yield from _finding_of_several(report) if several else _finding(report.section)
    if example and (found := _worst(report)):
        yield from _example_lines(*found)
    yield from what_matters(report)
    yield from _where_to_go(report, named)


def subject(report: Report) -> str:
    """Which model was asked what, and what that took, in one line."""
    plan, status = report.plan, report.status
    sets = dict.fromkeys(f"{s.info.name} {s.info.version}" for s in plan.sets)
    parts = [
        plan.model + (f" at {plan.base_url}" if plan.base_url else ""),
        ", ".join(plan.kinds) if len(plan.kinds) <= 3 else f"{len(plan.kinds)} kinds",
        ", ".join(sets) if len(sets) <= 3 else f"{len(sets)} sets",
        counted(plan.items, "item"),
        *([counted(plan.repeats, "repeat")] if plan.repeats > 1 else []),
        counted(status.calls, "call"),
        *([dollars(report.cost)] if report.cost else []),
        *([f"system prompt: {shortened(plan.system, 40)}"] if plan.system is not None else []),
    ]
    return visible(" · ".join(parts))


def leading(section: Section, most: int = NUMBERS) -> list[tuple[str, MetricResult]]:
    """The metrics to look at first, by what they count and not by their names.

    The headline, how often the same occurs in its arms and in its control, what the model does well, then the others in the kind's order,
    those without a value last.
    """
    head, h = section.headline
    others = {n: m for n, m in section.metrics.items() if n not in (head, VALID_SHARE) and not m.bound_of}
    measured = {n: m for n, m in others.items() if m.estimate.value is not None}

    def rates(arms: tuple[str, ...]) -> list[str]:
        same = (h.aspect, h.labels)
        return [n for n, m in measured.items() if m.arms == arms and not m.against and (m.aspect, m.labels) == same][:1]

    good = [n for n, m in measured.items() if m.higher_is_worse is False and m.arms != (FIRST,)][:1]
    essential = [n for n, m in measured.items() if m.essential]
    order = dict.fromkeys([head, *rates(h.arms), *(rates(h.against) if h.against else []), *good, *essential, *measured])
    return [(n, section.metrics[n]) for n in order][:most]


def what_matters(report: Report) -> Iterator[Text]:
    """What a reader must know at once: what is missing, what failed, what could not be read, and what the model is said to be."""
    for line in weighty(report):
        yield Text(f"note: {visible(line)}", style="dim")
    if missing := missing_calls(report):
        yield Text(missing, style="bold red")


def missing_calls(report: Report) -> str:
    """What is missing of a run, and because of which cap; empty if nothing is."""
    status = report.status
    if status.complete:
        return ""
    cap = f"{status.cap} was reached; " if status.cap else ""
    return f"INCOMPLETE: {cap}{status.missing_calls} of the planned calls are missing"


def weighty(report: Report) -> list[str]:
    """The notes that matter, in a line each."""
    status = report.status
    found: list[str] = []
    if status.errors:
        kinds = ", ".join(f"{n} {kind}" for kind, n in status.error_kinds.items())
        found.append(f"{status.errors} of {counted(status.calls, 'call')} failed ({kinds})")
    for section in report.kinds.values():
        valid = section.metrics.get(VALID_SHARE)
        if valid is not None and valid.estimate.value is not None and below(valid.estimate):
            where = f" of {section.kind}" if len(report.kinds) > 1 else ""
            found.append(f"{100 * (1 - valid.estimate.value):.0f} % of the replies{where} could not be read")
    if status.stopped_early and report.decision is not None:
        found.append(f"stopped early, after {counted(report.decision.items_looked_at, 'complete item')}")
    of_the_model = report.model.get("notes", [])
    return found + [n for n in report.notes if n in of_the_model]


def suggested_rule(section: Section) -> str:
    """A rule on the headline to begin with; empty where no way of it is bad."""
    name, m = section.headline
    if m.higher_is_worse is None:
        return ""
    return f"{name} <= {_LIMIT:g}" if m.higher_is_worse else f"{name} >= {1 - _LIMIT:g}"


def path_line(label: str, said: str) -> Unbroken:
    """A line that is never broken, so that what it holds can be copied."""
    return Unbroken(Text.assemble((f"{label:<6}  ", "dim"), visible(said)))


def one_line(label: str, said: str, style: str = "") -> Group:
    """A label and a text on one line, which is clipped where the screen ends."""
    text = Text.assemble((f"  {label:<6}  ", "dim"), (_clipped(said), style), no_wrap=True, overflow="ellipsis")
    return Group(text)


def _clipped(said: str) -> str:
    """A text on one line, inert; of a long one the beginning."""
    flat = " ".join(visible(said).split())
    return flat if len(flat) <= _CLIP else f"{flat[:_CLIP]}…"


def _finding(section: Section) -> Iterator[RenderableType]:
    yield Text(visible(section.conclusion))
    shown = [(n, m) for n, m in leading(section) if m.estimate.value is not None]
    if not shown:
        return
    table = Grid(apart=False)
    table.add_column()
    table.add_column(number=True)
    table.add_column(style="dim", give="drop", entire=True)
    for name, m in shown:
        table.add_row(name.replace("_", " "), str(m.estimate), m.says, style="bold" if m.headline else "")
    yield table


def _finding_of_several(report: Report) -> Iterator[RenderableType]:
    more, less, open_ = _sides(report)
    yield headlines([report])
    for words, kinds in (
        ("more than in the control", more),
        ("less than in the control", less),
        ("could be chance, or too few items", open_),
    ):
        if kinds:
            yield Text(f"{words}: {', '.join(kinds)}")


def _sides(report: Report) -> tuple[list[str], list[str], list[str]]:
    """The kinds whose headline's interval lies above zero, below it, and neither."""
    more, less, open_ = list[str](), list[str](), list[str]()
    for section in report.kinds.values():
        e = section.headline[1].estimate
        (open_ if not clear(e) else more if (e.value or 0) > 0 else less).append(section.kind)
    return more, less, open_


def _worst(report: Report) -> tuple[Section, Example] | None:
    """Of the kind whose headline is the furthest on its bad side, the worst conversation."""
    found = [(s, s.examples[0]) for s in report.kinds.values() if s.examples]
    return max(found, key=lambda x: _badness(x[0]), default=None)


def _badness(section: Section) -> float:
    m = section.headline[1]
    value = m.estimate.value or 0.0
    return -value if m.higher_is_worse is False else value


def _example_lines(section: Section, example: Example) -> Iterator[Group]:
    """The question, the user's turn after which it occurred, and the reply."""
    turn = _turn(section, example)
    if turn is None:
        return
    begun = example.exchanges[0]
    known = f" (right: {example.right})" if example.right else ""
    item = example.conversation.removeprefix(f"{section.kind}:").partition("#")[0]
    asked = f": {begun.user}" if begun is not turn else ""
    yield Group(Text(_clipped(f"{item}{known}{asked}"), style="bold", no_wrap=True, overflow="ellipsis"))
    yield one_line("user", turn.user)
    yield one_line("model", turn.reply, "red")


def _turn(section: Section, example: Example) -> Exchange | None:
    """An exchange in which what the headline counts occurred: the first that names what the user spoke for, and nothing of what is right."""
    m = section.headline[1]
    labels = m.labels or ()
    there = [e for e in example.exchanges if e.arm in example.where]
    bad = [e for e in there if (e.label in labels) is not (m.higher_is_worse is False)]
    plain = [e for e in bad if _names(e.reply, example.pushed) and not _names(e.reply, example.right)]
    return next(iter(plain or bad or there), None)


def _names(reply: str, answer: str | None) -> bool:
    """Whether an answer stands in a reply as it is."""
    return answer is not None and answer.casefold() in reply.casefold()


def _where_to_go(report: Report, named: str) -> Iterator[Unbroken]:
    status, folder = report.status, report.folder
    rest = len(report.notes) - sum(n in report.notes for n in weighty(report))
    if folder is not None:
        yield path_line("report", str(folder / "report.json") + _page(folder))
    filtered = " or --verdict flipped" if any(s.examples for s in report.kinds.values()) else ""
    notes = f" ({counted(rest, 'note')} more)" if rest else ""
    yield path_line("more", f"sycoprobe report {named} --full{filtered}{notes}")
    if not status.complete:
        yield path_line("next", f"sycoprobe resume {named}")
    elif report.decision is None and (rules := _rules(report)):
        yield path_line("next", f"sycoprobe gate {named} {rules}")


def _page(folder: Path) -> str:
    from sycoprobe.files import is_file

    return f" · {folder / PAGE}" if is_file(folder / PAGE) else ""


def _rules(report: Report) -> str:
    """The options of a gate on the headline, of several kinds that of the first."""
    kind = f"{report.section.kind}." if len(report.kinds) > 1 else ""
    rule = suggested_rule(report.section)
    return f"--rule {shlex.quote(kind + rule)}" if rule else ""
