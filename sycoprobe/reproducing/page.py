"""The page of a reproduction in Markdown: tables, what changes in the order of models, where the files disagree, and the files."""

from __future__ import annotations

from sycoprobe.reports.markdown import inline, table
from sycoprobe.reproducing.result import Reproduction
from sycoprobe.reproducing.views import order_said, summary, views
from sycoprobe.text import counted


def to_markdown(found: Reproduction) -> str:
    """The whole page. Names and texts of the data are inert in it."""
    lines = [
        f"# {inline(found.title)}",
        "",
        f"Read again by sycoprobe {found.sycoprobe} from the authors' published data. {summary(found)}",
        "Intervals are of 95 %; rows of one question are one draw.",
        "",
        f"- Paper: {inline(found.citation)}",
        f"- Data: {inline(found.source)}, licence {inline(found.licence)}, {counted(len(found.files), 'file')}",
        f"- SHA-256 of all files: `{found.sha256}`",
        "",
    ]
    for part, title in found.parts.items():
        lines += [f"## {inline(title)}", ""]
        for view in views([f for f in found.figures if f.part == part]):
            cells = [(inline(row[0]), *row[1:]) for row in view.rows]  # numbers are our own, and are copied
            lines += [f"**{inline(view.title)}**", "", table(tuple(map(inline, view.head)), cells)]
        lines += [line for o in found.orders if o.part == part for line in (f"- {inline(order_said(o))}",)]
        lines += [""]
    lines += ["## Findings in the files", ""]
    lines += [f"- {inline(str(f))}" for f in found.findings] or ["None."]
    files = [(inline(f.file), str(f.rows), f"`{f.sha256}`") for f in found.files]
    return "\n".join([*lines, "", "## Files", "", table(("file", "rows", "SHA-256"), files)])
