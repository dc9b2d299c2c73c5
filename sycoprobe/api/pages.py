"""The page of a run: written with its report, from the same reading of its replies, or made anew from its journal."""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress
from pathlib import Path

from sycoprobe.api.folders import Run, find_run
from sycoprobe.files import opened
from sycoprobe.pages.report import FILE, write_report
from sycoprobe.pages.spool import Spool
from sycoprobe.planning import Planned
from sycoprobe.reports import model
from sycoprobe.reports.build import Listener, judge
from sycoprobe.reports.model import Report
from sycoprobe.settings import Cluster

_CLUSTER = re.compile(rb'  "cluster": "(item|template)"')
"""The line of a report that says it: a field of its plan."""


def scored(folder: Path, cluster: Cluster | None = None, *, html: bool) -> Report:
    """Read the replies of the run in `folder` again and write its `report.json`, and its page if it is to have one. Raises as `score` does."""
    if not html:
        return judge(folder, cluster=cluster).report
    return _written(folder, folder / FILE, cluster, write=True)


def write_html(run: Run, file: str | Path | None = None, *, out: str | Path | None = None) -> Path:
    """Write the page of a run: one HTML file that opens from disk and loads nothing.

    Nothing is asked of a model. The numbers are made with the conversations, in one reading of the journal; the gate's decision is that of
    `gate.json` beside the run.

    Parameters
    ----------
    run: the run's folder, its name in `out`, `latest`, or its report.
    file: where the page is written (default: `report.html` in the run's folder). A run that is too large for one file has its conversations in
        a folder beside it, which is named after it (`report-pages`).
    out: the folder that holds the runs (default: reports).

    Returns
    -------
    The file.

    Raises
    ------
    JournalError: there is no such run, or it cannot be read.
    ReportError: the page cannot be written.
    """
    folder = find_run(run, out)
    target = folder / FILE if file is None else Path(file)
    _written(folder, target, _cluster_of(folder), write=False)
    return target


def _cluster_of(folder: Path) -> Cluster | None:
    """What the numbers of the report that lies there hold for; None: as planned. Its rows, which can be many, are not read."""
    with suppress(OSError), opened(folder / model.FILE) as lines:
        for line in lines:
            if found := _CLUSTER.match(line):
                return "template" if found[1] == b"template" else "item"
            if line.startswith(b' "rows"'):
                break
    return None


def _written(folder: Path, file: Path, cluster: Cluster | None, *, write: bool) -> Report:
    with ExitStack() as stack:
        spools: list[Spool] = []

        def listen(planned: Planned) -> Listener:
            spools.append(stack.enter_context(Spool(planned)))
            return spools[0].add

        report = judge(folder, write=write, cluster=cluster, listen=listen).report
        write_report(file, report, spools[0])
        return report
