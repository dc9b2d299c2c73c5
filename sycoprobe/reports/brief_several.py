"""Several runs that were begun together, in some ten lines: their headlines side by side, what matters, and what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from sycoprobe.reports.brief import missing_calls, path_line, weighty
from sycoprobe.reports.headlines import headlines
from sycoprobe.text import counted, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sycoprobe.reports.model import Report


def several_blocks(reports: Sequence[Report], named: str) -> Iterator[RenderableType]:
    """Of several runs: their headlines side by side, what was found with each, what matters, and where they are.

    `named` is what a command calls all of them.
    """
    yield Text(subject_of_all(reports), style="bold")
    yield headlines(reports)
    for report in reports:
        if len(report.kinds) == 1:
            yield Text(visible(report.section.conclusion))
    notes = {r.run: weighty(r) for r in reports}
    same = [n for n in notes[reports[0].run] if all(n in of for of in notes.values())]
    for note in same:
        yield Text(f"note: {visible(note)}", style="dim")
    for report in reports:
        name = report.run.rpartition("/")[2]
        for note in notes[report.run]:
            if note not in same:
                yield Text(visible(f"note: {name}: {note}"), style="dim")
        if missing := missing_calls(report):
            yield Text(visible(f"{name}: {missing}"), style="bold red")
    folders = [str(r.folder / "report.json") for r in reports if r.folder is not None]
    for i, each in enumerate(folders):
        yield path_line("" if i else "report", each)
    quoted = shlex.quote(named)
    yield path_line("more", f"sycoprobe report {quoted} --full or --verdict flipped")
    all_done = all(r.status.complete for r in reports)
    yield path_line("next", f"sycoprobe compare {quoted}" if all_done else f"sycoprobe resume {quoted}")


def subject_of_all(reports: Sequence[Report]) -> str:
    """Of runs that were begun together: what was asked of each."""
    kinds = dict.fromkeys(k for r in reports for k in r.plan.kinds)
    sets = dict.fromkeys(f"{s.info.name} {s.info.version}" for r in reports for s in r.plan.sets)
    names = [", ".join(x) if len(x) <= 3 else f"{len(x)} {what}" for x, what in ((kinds, "kinds"), (sets, "sets"))]
    calls = sum(r.status.calls for r in reports)
    return visible(" · ".join([counted(len(reports), "run"), *names, counted(calls, "call")]))
