"""The headlines of runs and kinds in one table, each beside its control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sycoprobe.grid import Grid
from sycoprobe.reports.terminal_numbers import share
from sycoprobe.stats.sample import FEWEST

if TYPE_CHECKING:
    from sycoprobe.reports.model import Report
    from sycoprobe.stats.sample import Estimate


def headlines(reports: Sequence[Report]) -> Grid:
    """A row for each run and kind; bold where the interval leaves zero out."""
    table = Grid()
    runs, kinds = len(reports) > 1, any(len(r.kinds) > 1 for r in reports)
    for head, wanted in (("run", runs), ("kind", kinds)):
        if wanted:
            table.add_column(head)
    table.add_column("metric", give="drop")
    table.add_column("arms, control", number=True, give="drop")
    table.add_columns("difference [95 %]", "items", number=True)
    for report in reports:
        for section in report.kinds.values():
            name, m = section.headline
            names = [*([report.run.rpartition("/")[2]] if runs else []), *([section.kind] if kinds else [])]
            sides = f"{share(m.arm_value)}, {share(m.control_value)}" if m.against else ""
            cells = (*names, name.replace("_", " "), sides, str(m.estimate), str(m.estimate.items))
            table.add_row(*cells, style="bold" if clear(m.estimate) else "")
    return table


def clear(e: Estimate) -> bool:
    """Whether an interval is shown, and leaves zero out."""
    return e.low is not None and e.high is not None and e.items >= FEWEST and not e.low <= 0 <= e.high
