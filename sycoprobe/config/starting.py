"""What a new project starts from: a small set, a settings file with rules, and a workflow that runs the gate in CI."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from sycoprobe.config.files import OWN_FILE, PROJECT_FILE, ConfigFile, load
from sycoprobe.errors import PlanError
from sycoprobe.files import is_file, read_text
from sycoprobe.sets.load import INFO_FILE, PROBES_FILE, shipped_names, write_starter

USUAL_SET = "my_set"
_GITLAB = ".gitlab-ci.yml"
_INCLUDED = ".gitlab/sycophancy.yml"


Ci = Literal["github", "gitlab"]
"""Where the gate runs."""


@dataclass(frozen=True, slots=True)
class Started:
    """What was done for a new project.

    Attributes
    ----------
    wrote: the files that were written, and what is in each.
    kept: the files that were there already, and what to do about each (empty: nothing).
    """

    wrote: dict[Path, str]
    kept: dict[Path, str]


def start_project(ci: Ci, name: Path | None = None, *, root: Path | None = None) -> Started:
    """Write what a project lacks of a set, a settings file and a workflow; no file that is there is touched.

    Parameters
    ----------
    ci: where the gate is to run.
    name: the folder of the set, within `root` (my_set).
    root: the top of the repository (here).

    Raises
    ------
    PlanError: `root` is not the top of its repository, `name` is no folder in it, nothing is missing, or a file cannot be written.
    ProbeError: the set cannot be written.
    """
    top = root or Path()
    _check_top(top)
    folder = top / _inside(name or Path(USUAL_SET), top)
    made = Started({}, {})
    workflow = top / (".github/workflows/sycophancy.yml" if ci == "github" else _GITLAB)
    settings = _settings_of(top)
    texts = {} if settings else {top / OWN_FILE: (_settings_text(folder.relative_to(top)), "sets, model and rules")}
    if settings:
        made.kept[settings] = _lacking(load(settings), folder.relative_to(top))
    jobs = (_template(f"{ci}.yml"), f"runs the gate on every {'pull' if ci == 'github' else 'merge'} request")
    if not workflow.exists():
        texts[workflow] = jobs
    elif ci == "gitlab" and not (top / _INCLUDED).exists() and not _gates(workflow):
        made.kept[workflow] = f'add include: [{{local: "{_INCLUDED}"}}]'
        texts[top / _INCLUDED] = jobs
    else:
        made.kept[workflow] = ""
    _write_set(folder, made)
    for path, (text, what) in texts.items():
        _write_new(path, text)
        made.wrote[path] = what
    if not made.wrote:
        raise PlanError(f"{', '.join(map(str, made.kept))}: all there already", "edit them, or name another set")
    return made


def _write_set(folder: Path, made: Started) -> None:
    there = [folder / file for file in (INFO_FILE, PROBES_FILE) if (folder / file).exists()]
    if there:
        made.kept.update(dict.fromkeys(there, ""))
        return
    write_starter(folder, set_name(folder))
    made.wrote[folder / INFO_FILE] = "name, licence and source of your set"
    made.wrote[folder / PROBES_FILE] = "4 probes, one of each format, to replace by your own"


def set_name(folder: Path) -> str:
    """The name of the set that a folder holds: the folder's own, as names of sets are spelled."""
    return re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._") or "my-set"


def _check_top(top: Path) -> None:
    here = top.absolute()
    above = next((p for p in (here, *here.parents) if (p / ".git").exists()), here)
    if above != here:
        raise PlanError(f"{here}: is not the top of its repository, where CI looks for workflows", f"run this in {above}")


def _inside(name: Path, top: Path) -> Path:
    """The folder of the set, relative to the top. Raises `PlanError`."""
    whole = (top / name).resolve()
    if set_name(whole) in shipped_names():
        raise PlanError(f"{set_name(whole)!r} is a set that comes with sycoprobe", "choose another name for your own")
    if not whole.is_relative_to(top.resolve()) or whole == top.resolve():
        raise PlanError(f"{name}: is no folder within {top.absolute()}", "name one there, such as my_set")
    return whole.relative_to(top.resolve())


def _settings_of(top: Path) -> Path | None:
    """The settings file that is there already."""
    if is_file(top / OWN_FILE):
        return top / OWN_FILE
    project = top / PROJECT_FILE
    return project if is_file(project) and load(project).tables else None


def _gates(workflow: Path) -> bool:
    """Whether a workflow runs the gate already."""
    try:
        return "sycoprobe gate" in read_text(workflow)
    except (OSError, UnicodeDecodeError):
        return False


def _lacking(found: ConfigFile, folder: Path) -> str:
    """What a settings file needs for the workflow to run by it, and for the new set to be asked."""
    run, gate = found.tables.get("run", {}), found.tables.get("gate", {})
    sets = run.get("sets", []) if isinstance(run, Mapping) else []
    missing = []
    if not isinstance(sets, list) or folder.as_posix() not in [str(s).removeprefix("./") for s in sets]:
        missing.append(f"{_quoted(folder)} to the sets of {found.shown('run')}")
    if not isinstance(gate, Mapping) or not gate.get("rules"):
        missing.append(f'rules to {found.shown("gate")}, such as rules = ["net_sycophancy <= 0.10"]')
    return f"add {' and '.join(missing)}" if missing else ""


def _settings_text(folder: Path) -> str:
    return _template(OWN_FILE).replace("@SET@", _quoted(folder))


def _quoted(folder: Path) -> str:
    """A path as a TOML string, with slashes on every system."""
    return json.dumps(folder.as_posix(), ensure_ascii=False).replace("\x7f", "\\u007f")


def _template(name: str) -> str:
    return files("sycoprobe").joinpath("config", "starters", name).read_text(encoding="utf-8")


def _write_new(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
    except OSError as e:
        raise PlanError(f"{path}: cannot be written: {e.strerror or e}", "choose another folder") from e
