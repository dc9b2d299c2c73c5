"""The page of a comparison: the numbers of `compare`, and the conversations that changed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sycoprobe.api.folders import Run
from sycoprobe.api.gate import Side, weighed
from sycoprobe.gating.comparing import Comparison
from sycoprobe.metrics.metric import Metric
from sycoprobe.pages.comparing import write_comparison
from sycoprobe.pages.conversation import readers
from sycoprobe.reports.build import Judged
from sycoprobe.reports.changed import Changes, changes
from sycoprobe.reports.scoring import dialogs_of
from sycoprobe.settings import Cluster
from sycoprobe.settings.gate import ALPHA


def compare_html(
    *runs: Run,
    file: str | Path,
    allow_mismatch: bool = False,
    alpha: float = ALPHA,
    cluster: Cluster | None = None,
    out: str | Path | None = None,
) -> Comparison:
    """Compare runs, and write a page of it: one HTML file that opens from disk and loads nothing, with the conversations that changed.

    Nothing is asked of a model. The journals are read several times over, one conversation at a time.

    Parameters
    ----------
    runs, allow_mismatch, alpha, cluster, out: as for `compare`.
    file: where the page is written; one that is there is replaced.

    Returns
    -------
    The comparison.

    Raises
    ------
    GateError, JournalError: as `compare`.
    ReportError: the page cannot be written.
    """
    side = weighed(*runs, allow_mismatch=allow_mismatch, alpha=alpha, cluster=cluster, out=out)
    changed = [_changes(side, i) for i in range(1, len(side.runs))]
    write_comparison(Path(file), side.found, changed, [readers(j.planned) for _, j in side.runs])
    return side.found


def _changes(side: Side, i: int) -> Changes:
    """What changed from the reference to the i-th run, over the items whose probes are the same."""
    (old_folder, old), (new_folder, new) = side.runs[0], side.runs[i]
    headlines = _headlines(old)
    theirs = new.fingerprints
    items = {
        kind: {item for item, print_ in old.fingerprints[kind].items() if theirs.get(kind, {}).get(item) == print_}
        for kind in headlines
    }
    return changes(partial(dialogs_of, old_folder), partial(dialogs_of, new_folder), headlines, items)


def _headlines(judged: Judged) -> dict[str, Metric]:
    return {part.name: part.headline for part in judged.planned.parts}
