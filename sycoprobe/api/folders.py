"""Where runs lie: new folders, and the folders that a name stands for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sycoprobe.errors import JournalError, PlanError
from sycoprobe.files import is_file, is_folder, plain
from sycoprobe.journal.journal import FILE
from sycoprobe.jsontext import json_value
from sycoprobe.planning import Planned
from sycoprobe.planning.legacy import DEFAULT_KIND
from sycoprobe.reports.model import Report

DEFAULT_OUT = Path("reports")


def new_folders(
    plans: Sequence[Planned], out: str | Path | None = None, name: str | None = None, labels: Sequence[str] = ()
) -> list[Path]:
    """A folder for each of several plans that are run together: in one folder, under its model's name, its label, or both.

    Raises `PlanError` if two are alike, `JournalError` if one is taken.
    """
    if len(plans) == 1:
        return [new_folder(plans[0], out, name)]
    asked = [(p.plan.model, p.plan.base_url, p.plan.system) for p in plans]
    if len(set(asked)) < len(asked):
        what = "a model" if len({p.plan.system for p in plans}) == 1 else "a model with one system prompt"
        raise PlanError(f"{what} is named twice", "name each once; repeats ask a model more often")
    models = len({p.plan.model for p in plans})
    group = root_of(out) / (name or _name_of(plans[0]))
    seen: Counter[str] = Counter()
    folders = []
    for planned, label in zip(plans, labels or [""] * len(plans), strict=True):
        slug = "-".join(filter(None, (model_slug(planned) if models > 1 or not label else "", slug_of(label))))
        seen[slug] += 1
        folders.append(new_folder(planned, group, slug if seen[slug] == 1 else f"{slug}-{seen[slug]}"))
    return folders


def new_folder(planned: Planned, out: str | Path | None, name: str | None) -> Path:
    folder = root_of(out) / (name or run_name(planned))
    if is_file(folder / FILE):
        raise JournalError(f"{folder}: there is a run already", f"`sycoprobe resume {folder}`, or choose another name")
    return folder


def load_report(folder: Path, *, rows: bool = True) -> Report:
    """The report of a run as it was written, by whatever version. Raises `ReportError`."""
    return Report.load(folder, rows=rows)


def find_run(run: str | Path, out: str | Path | None = None) -> Path:
    """The folder of a run given by path, by name, or as `latest`. Raises `JournalError`."""
    found = find_runs(run, out)
    if len(found) > 1:
        names = ", ".join(str(f) for f in found)
        raise JournalError(f"{str(run)!r} is several runs: {names}", "name one of them")
    return found[0]


def find_runs(run: str | Path, out: str | Path | None = None) -> list[Path]:
    """The folder of a run, or of all runs that were begun together under one name, in the order in which they were named.

    Raises `JournalError`.
    """
    root = root_of(out)
    if str(run) == "latest":
        found = sorted([*root.glob(f"*/{FILE}"), *root.glob(f"*/*/{FILE}")], key=lambda p: p.stat().st_mtime)
        if found:
            return [found[-1].parent]
        raise JournalError(f"{root}: there is no run yet", "`sycoprobe run quick` makes one")
    for folder in (Path(run), root / str(run)):
        if is_file(folder / FILE):
            return [folder]
        if is_file(folder) and folder.name == FILE:
            return [folder.parent]
        if together := [p.parent for p in folder.glob(f"*/{FILE}")] if is_folder(folder) else []:
            return sorted(together, key=_begun)
    raise JournalError(f"no run {str(run)!r} here or in {root}/", "name the folder of a run, or `latest`")


def root_of(out: str | Path | None) -> Path:
    """The folder that holds the runs."""
    return DEFAULT_OUT if out is None else Path(out)


def _begun(folder: Path) -> tuple[int, str]:
    """The place of a run among those that were begun with it; of journals that keep none, by name."""
    try:
        with plain(folder / FILE).open("rb") as file:
            header = json_value(file.readline())
        return int(header["conduct"]["position"]), folder.name
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return 0, folder.name


def run_name(planned: Planned) -> str:
    """A new run's default name: time, kinds, sets and model."""
    return f"{_name_of(planned)}-{model_slug(planned)}"


def _name_of(planned: Planned) -> str:
    """Time, kinds and sets; of many, how many."""
    kinds = [k for k in planned.plan.kinds if k != DEFAULT_KIND or len(planned.plan.kinds) > 1]
    sets = [s.name for s in planned.sets]
    asked = "+".join(kinds) if len(kinds) <= 3 else f"{len(kinds)}-kinds"
    of = "+".join(sets) if len(sets) <= 3 else f"{len(sets)}-sets"
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-" + "-".join(filter(None, (asked, of)))


def model_slug(planned: Planned) -> str:
    """The model's name in a form that suits a folder."""
    return slug_of(planned.plan.model.split("/")[-1])


def slug_of(name: str) -> str:
    """A name in a form that suits a folder."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")[:40]
