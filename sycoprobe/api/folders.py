"""Where runs lie: new folders, and the folders that a name stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sycoprobe.errors import JournalError, PlanError
from sycoprobe.files import is_file, is_folder, opened
from sycoprobe.journal.journal import FILE
from sycoprobe.jsontext import json_value
from sycoprobe.names import check_run_name, meant, slug_of
from sycoprobe.planning import Planned
from sycoprobe.planning.legacy import DEFAULT_KIND
from sycoprobe.reports.model import FILE as REPORT_FILE
from sycoprobe.reports.model import Report

DEFAULT_OUT = Path("reports")
_made: set[Path] = set()
"""The folders that this process made for runs."""
Run = str | Path | Report
"""A run: its folder, its name, `latest`, or its report."""


def new_folders(
    plans: Sequence[Planned], out: str | Path | None = None, name: str | None = None, labels: Sequence[str] = ()
) -> list[Path]:
    """A folder for each of several plans that are run together: in one folder, under its model's name, its label, or both.

    They are made; `forget` takes away those that stayed empty. Raises as `new_folder`, and `PlanError` if two plans are alike.
    """
    if len(plans) == 1:
        return [new_folder(plans[0], out, name)]
    asked = [(p.plan.model, p.plan.base_url, p.plan.system) for p in plans]
    if len(set(asked)) < len(asked):
        what = "a model" if len({p.plan.system for p in plans}) == 1 else "a model with one system prompt"
        raise PlanError(f"{what} is named twice", "name each once; repeats ask a model more often")
    if name is not None:
        check_run_name(name)
    group = _of_its_own(root_of(out), _name_of(plans[0])) if name is None else root_of(out) / name
    models = len({p.plan.model for p in plans})
    seen: Counter[str] = Counter()
    folders = []
    for planned, label in zip(plans, labels or [""] * len(plans), strict=True):
        model = model_slug(planned) if models > 1 or not label else ""
        slug = "-".join(filter(None, (model, slug_of(label, empty="prompt") if label else "")))
        seen[slug] += 1
        folders.append(_named(group, slug if seen[slug] == 1 else f"{slug}-{seen[slug]}"))
    return folders


def new_folder(planned: Planned, out: str | Path | None, name: str | None) -> Path:
    """The folder of a new run, made before anything is asked; `forget` takes it away if it stays empty.

    Without a name it has one of its own, also beside runs of the same second.

    Raises
    ------
    PlanError: the name cannot be a folder's. JournalError: a run has it, or the folder cannot be made.
    """
    if name is None:
        return _of_its_own(root_of(out), run_name(planned))
    check_run_name(name)
    return _named(root_of(out), name)


def forget(folders: Iterable[Path]) -> None:
    """Take away the folders of runs that wrote nothing, and those around them that were made for them and are empty now."""
    for folder in folders:
        with suppress(OSError):
            for each in (folder, *folder.parents):
                if each not in _made:
                    break
                each.rmdir()
                _made.discard(each)


def _named(root: Path, name: str) -> Path:
    folder = root / name
    if is_file(folder / FILE):
        raise JournalError(f"{folder}: there is a run already", f"`sycoprobe resume {folder}`, or choose another name")
    _make(folder)
    return folder


def _of_its_own(root: Path, name: str) -> Path:
    """A folder that nobody else has, of this process or another: NAME, or NAME-2 and so on."""
    _make(root)
    for suffix in ("", *(f"-{i}" for i in range(2, 10_000))):
        folder = root / f"{name}{suffix}"
        if not folder.exists():
            with suppress(FileExistsError):
                _make(folder, new=True)
                return folder
    raise JournalError(f"{root / name}: there are too many runs of this name", "choose another name")


def _make(folder: Path, *, new: bool = False) -> None:
    """Make a folder; `new`: `FileExistsError` if there is one. Raises `JournalError` if it cannot be made."""
    missing = [each for each in (folder, *folder.parents) if not is_folder(each)]
    try:
        folder.mkdir(parents=True, exist_ok=not new)
    except OSError as e:
        if new and isinstance(e, FileExistsError):
            raise
        raise JournalError(f"{folder}: cannot be written: {e.strerror}", "choose a folder with --out") from e
    _made.update(missing)


def load_report(folder: Path, *, rows: bool = True) -> Report:
    """The report of a run as it was written, by whatever version. Raises `ReportError`."""
    return Report.load(folder, rows=rows)


def find_run(run: Run, out: str | Path | None = None) -> Path:
    """The folder of a run given by path, by name, as `latest`, or by its report. Raises `JournalError`."""
    found = find_runs(run, out)
    if len(found) > 1:
        names = ", ".join(str(f) for f in found)
        raise JournalError(f"{str(run)!r} is several runs: {names}", "name one of them")
    return found[0]


def find_runs(run: Run, out: str | Path | None = None) -> list[Path]:
    """The folder of a run, or of all runs that were begun together under one name, in the order in which they were named.

    Raises `JournalError`.
    """
    if isinstance(run, Report):
        if run.folder is None:
            raise JournalError(f"where the run {run.run!r} lies is not known", "name its folder")
        run = run.folder
    root = root_of(out)
    if str(run) == "latest":
        found = sorted(_journals(root), key=lambda p: p.stat().st_mtime)
        if found:
            return [found[-1].parent]
        raise JournalError(f"{root}: there is no run yet", "`sycoprobe run quick` makes one")
    for folder in (Path(run), root / str(run)):
        if is_file(folder / FILE):
            return [folder]
        if is_file(folder) and is_file(folder.parent / FILE):
            return [folder.parent]
        if together := [p.parent for p in folder.glob(f"*/{FILE}")] if is_folder(folder) else []:
            return sorted(together, key=_begun)
    there = sorted({p.parent.relative_to(root).parts[0] for p in _journals(root)})
    raise JournalError(
        f"no run {str(run)!r} here or in {root}/", f"{meant(str(run), ['latest', *there])}name the folder of a run, or `latest`"
    )


def run_folders(root: Path) -> list[Path]:
    """The folders of all runs in a folder, those that were begun together too: whatever has a journal or a report."""
    files = (f for pattern in (FILE, REPORT_FILE) for depth in ("*", "*/*") for f in root.glob(f"{depth}/{pattern}"))
    return sorted({f.parent for f in files})


def _journals(root: Path) -> list[Path]:
    """The journals of all runs in a folder, those that were begun together too."""
    return [*root.glob(f"*/{FILE}"), *root.glob(f"*/*/{FILE}")]


def root_of(out: str | Path | None) -> Path:
    """The folder that holds the runs."""
    return DEFAULT_OUT if out is None else Path(out)


def _begun(folder: Path) -> tuple[int, str]:
    """The place of a run among those that were begun with it; of journals that keep none, by name."""
    try:
        with opened(folder / FILE) as file:
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
    what = slug_of("-".join(filter(None, (asked, of))), 60)
    return f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{what}"


def model_slug(planned: Planned) -> str:
    """The model's name in a form that suits a folder."""
    return slug_of(planned.plan.model.split("/")[-1], empty="model")
