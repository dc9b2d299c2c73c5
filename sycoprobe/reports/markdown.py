"""Markdown for people: the pull-request comment, the step summary, and a comparison. Model output stands in it as inert text."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence

from sycoprobe.gating.comparing import Comparison
from sycoprobe.gating.decision import Decision, summary
from sycoprobe.reports import readings
from sycoprobe.reports.bounds import bounds_line
from sycoprobe.reports.findings import Gated, GatedRun
from sycoprobe.reports.gate_terminal import figures
from sycoprobe.reports.model import Example, Report, Section
from sycoprobe.sets.forms import kept_line
from sycoprobe.stats.sample import Estimate
from sycoprobe.text import probability, shortened, visible

MARKER = "<!-- sycoprobe:gate "
"""How the first line of a comment begins, by which it is found again and updated; the rest is the gate's name."""
TRANSCRIPTS = 5
_LONGEST = 60_000
_CLIP = 900
_LONGEST_NAME = 150
_SIGN = {Decision.PASS: "✅", Decision.FAIL: "❌", Decision.INCONCLUSIVE: "❔"}
_TURNS = 12


def marker(name: str) -> str:
    """The first line of the comment of the gate called `name`, which no other gate's comment has.

    >>> marker("nightly / gate / openai:m")
    '<!-- sycoprobe:gate 72370875 nightly / gate / openai:m -->'
    """
    shown = re.sub(r"[^\w .,:;/=+()\[\]@#]|-(?=-)", "_", visible(name).replace("->", "_"))[:_LONGEST_NAME]
    return f"{MARKER}{hashlib.sha256(name.encode()).hexdigest()[:8]} {shown.strip() or '_'} -->"


def to_comment(gated: Gated) -> str:
    """The body of the one pull-request comment: decision, numbers with intervals, what changed, five transcripts.

    Always shorter than GitHub's limit of 65,536 characters; transcripts are left out from the last one on to keep it so.
    """
    head = f"{marker(gated.name)}\n{_page(gated)}"
    shown = [block for run in gated.runs for block in _conversations(run, alone=len(gated.runs) == 1)]
    while True:
        body = head + "".join(shown)
        if len(body) <= _LONGEST or not shown:
            return body[:_LONGEST]
        shown = shown[:-1]


def _conversations(run: GatedRun, *, alone: bool) -> list[str]:
    """The conversations of a run that show what it counts, each kind's under a title; but one of each where there are several runs or kinds."""
    blocks: list[str] = []
    for section in run.report.kinds.values():
        few = section.examples[: TRANSCRIPTS if alone and len(run.kinds) == 1 else 1]
        title = f"Conversations in which there is what {section.headline[0]} of {section.kind} counts"
        head = f"\n### {inline(title)}\n\n"
        blocks += [(head if i == 1 else "") + _example(i, e) for i, e in enumerate(few, 1)]
    return blocks


def to_summary(gated: Gated) -> str:
    """What GitHub shows on the page of a workflow run: the comment without its marker."""
    return to_comment(gated).partition("\n")[2]


def comparison_page(found: Comparison) -> str:
    """The tables of `sycoprobe compare --markdown`."""
    parts = []
    for run in found.runs:
        title = f"{run.run} ({run.model}) against {found.reference} ({found.reference_model})"
        rows = [
            (
                d.metric.replace("_", " "),
                _rate(d.reference),
                _rate(d.value),
                d.difference.shown(3, sign="+"),
                str(d.difference.items),
                inline(probability(d.p_holm)),
            )
            for d in run.differences
        ]
        header = ("metric", "reference", "this run", "difference, paired", "items", "p (Holm)")
        parts.append(f"## {inline(title)}\n\n{table(header, rows)}")
    notes = "".join(f"- {inline(n)}\n" for n in found.notes)
    return "\n".join([*parts, notes]) if notes else "\n".join(parts)


def inline(text: str) -> str:
    """`text` as inert inline Markdown: no markup, no HTML, no mention, no reference, on one line."""
    plain = html.escape(visible(text).replace("\n", " ").replace("\t", " "), quote=False)
    plain = re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", plain)
    # at a line's beginning, neither a list nor an underline of the line before
    return re.sub(r"^(\s*)(?=[-=]|\d+[.)])", r"\1&#8203;", _unlinked(plain))


def _unlinked(text: str) -> str:
    """`text` in which GitHub finds no mention, no reference and no address; what keeps them apart has no width."""
    apart = re.sub(r"([@#])(?=\w)", r"\1&#8203;", text).replace("://", ":&#8203;//")
    return re.sub(r"(?i)\b(www)(?=\.)", r"\1&#8203;", apart)


def _page(gated: Gated) -> str:
    result = gated.result
    sign = _SIGN[result.decision]
    lines = [
        f"## {sign} sycoprobe: {inline(summary(result))}",
        "",
        *(line for run in gated.runs for line in (_about(run), "")),
        table(
            ("rule", "", f"estimate, {100 * (1 - result.alpha):g} %", "items", "why"),
            [
                (
                    inline(f"{r.rule} ({r.run})" if r.run else r.rule),
                    f"{_SIGN[r.decision]} {r.decision.value}",
                    figures(r),
                    str(r.items),
                    inline(r.reason),
                )
                for r in result.rules
            ],
        ),
        inline(result.statement),
        "",
        "<details><summary>All estimates</summary>\n",
        *(_estimates(run) for run in gated.runs),
        "</details>\n",
    ]
    lines += [f"- {inline(n)}" for n in gated.notes]
    lines += [f"- {inline(n)}" for n in dict.fromkeys(n for run in gated.runs for n in run.report.notes)]
    changes = gated.changes()
    if changes is not None:
        worse, better = changes
        lines += ["", "### What changed against the baseline", "", "Probes in which what the headline counts"]
        lines.append(f"- occurs now, did not before: {_items(worse)}")
        lines.append(f"- occurred before, does not now: {_items(better)}")
    return "\n".join(lines) + "\n"


def _about(run: GatedRun) -> str:
    """Which run this is, and what it found."""
    report = run.report
    sets = ", ".join(f"{s.info.name} {s.info.version} ({s.chosen})" for s in report.plan.sets)
    system = f", system prompt: {inline(shortened(report.plan.system))}" if report.plan.system is not None else ""
    return f"{inline(report.plan.model)} on {inline(sets)}, run {inline(report.run)}{system}. {inline(report.conclusion)}"


def _estimates(run: GatedRun) -> str:
    return "\n".join(_section(run.report, section) for section in run.report.kinds.values())


def _section(report: Report, section: Section) -> str:
    title = section.kind if len(report.kinds) > 1 else ""
    rows = [_estimate(name, m.estimate) for name, m in section.metrics.items() if not m.bound_of]
    parts = [table((inline(title), "estimate, 95 %", "items", "replies"), rows)]
    if line := bounds_line(section):
        parts.append(f"{inline(line)}\n")
    if section.kept_form and (line := kept_line(report.plan.answer, section.kept_form)):
        parts.append(f"{inline(line)}\n")
    how = section.readings
    if how is not None and (rows_ := readings.table(how)):
        shown = table(tuple(map(inline, rows_[0])), [tuple(map(inline, row)) for row in rows_[1:]])
        parts.append(f"{readings.TITLE}:\n\n{shown}\n{inline(readings.source(how))}\n")
    return "\n".join(parts)


def _items(items: list[str]) -> str:
    named = ", ".join(inline(i) for i in items[:10])
    return f"{len(items)}" + (f" ({named}{', …' if len(items) > 10 else ''})" if items else "")


def _estimate(name: str, e: Estimate) -> tuple[str, ...]:
    return name.replace("_", " "), str(e) if e.value is not None else inline(e.reason or "–"), str(e.items), str(e.trials)


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of cells that are inert already."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _example(number_: int, example: Example) -> str:
    """A conversation in a `<pre>` block: nothing in it is Markdown, and all of it is escaped as HTML.

    The blank line before `<pre>` matters: a block that begins with `<pre>` ends at `</pre>` only (CommonMark 0.31, 4.6),
    whereas one that began with `<details>` would end at the first blank line that a model writes.
    """
    turns: list[tuple[str, str]] = []
    told = [e for e in example.exchanges if e.arm == "first" or e.arm == example.where[0]]
    for e in told or example.exchanges:
        turns += [("user" if e.arm == "first" else f"user ({e.arm})", e.user), ("model", e.reply)]
    right = f"right: {example.right}; " if example.right else ""
    return _block(number_, f"{example.conversation} ({right}{', '.join(example.where)})", turns[:_TURNS])


def _block(number_: int, title: str, turns: Sequence[tuple[str, str]]) -> str:
    body = "\n\n".join(f"{who}: {_clipped(said)}" for who, said in turns)
    title = _unlinked(html.escape(visible(" ".join(title.split()))))
    return f"<details{' open' if number_ == 1 else ''}><summary>{number_}. {title}</summary>\n\n<pre>{html.escape(visible(body))}</pre>\n</details>\n\n"


def _clipped(text: str) -> str:
    return text if len(text) <= _CLIP else text[:_CLIP] + " […]"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:z.3f}"
