"""The reports of runs that were begun together, as a list that shows itself in a notebook."""

from __future__ import annotations

from sycoprobe.errors import SycoprobeError
from sycoprobe.grid import Grid
from sycoprobe.reports.model import Report
from sycoprobe.showing import as_html
from sycoprobe.text import visible


class Reports(list[Report | SycoprobeError]):
    """A list of reports, with the error of a run in the place of its report where there is one."""

    def _repr_html_(self) -> str:
        table = Grid()
        table.add_columns("run", "model", "kind", "metric")
        table.add_columns("estimate", "items", number=True)
        table.add_column("state")
        for report in self:
            if isinstance(report, SycoprobeError):
                table.add_row("", "", "", "", "–", "", visible(report.message))
                continue
            state = "complete" if report.status.complete else "INCOMPLETE"
            for section in report.kinds.values():
                name, m = section.headline
                cells = (
                    report.run,
                    report.plan.model,
                    section.kind,
                    name.replace("_", " "),
                    str(m.estimate),
                    str(m.estimate.items),
                )
                table.add_row(*map(visible, cells), state)
        return as_html([table])
