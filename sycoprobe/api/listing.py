"""The runs in a folder."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.api.folders import root_of, run_folders
from sycoprobe.errors import JournalError
from sycoprobe.files import is_folder
from sycoprobe.reports.listed import ListedRun, listed


def runs(folder: str | Path | None = None) -> list[ListedRun]:
    """The runs in a folder, those that were begun together too: of each what was asked, its headlines and its state, the newest first.

    Parameters
    ----------
    folder: where they lie (default: reports).

    Raises
    ------
    JournalError: there is no such folder. A run that cannot be read is listed as damaged.
    """
    root = root_of(folder)
    if not is_folder(root):
        raise JournalError(f"{root}: there is no such folder", "`sycoprobe run quick` makes a run in `reports`")
    found = [listed(each, each.relative_to(root).as_posix()) for each in run_folders(root)]
    return sorted(found, key=lambda run: (run.started, run.name), reverse=True)
