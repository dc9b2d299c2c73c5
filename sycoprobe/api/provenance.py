"""Who blessed what: baseline files, and who committed them, where they lie in a Git repository."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sycoprobe import config
from sycoprobe.errors import SycoprobeError
from sycoprobe.gating.baselines import DEFAULT_FILE, Baseline

NOT_KNOWN = "not known"
SECONDS = 10.0
_FORMAT = "%an, %as"


@dataclass(frozen=True, slots=True)
class Blessing:
    """A baseline file: its baseline, who committed it and when, or why it cannot be read."""

    file: str
    baseline: Baseline | None
    author: str
    fault: str = ""


def blessings(files: Iterable[Path], beside: Iterable[Path]) -> list[Blessing]:
    """The baselines in these files, and the usual ones in these folders. One that cannot be read is named with its fault."""
    usual = [f / DEFAULT_FILE for f in beside if (f / DEFAULT_FILE).is_file()]
    every = {file.resolve(): file for file in (*usual, *files)}
    return [_blessing(file) for file in every.values()]


def _blessing(file: Path) -> Blessing:
    try:
        return Blessing(str(file), config.read_baseline(file), author_of(file))
    except SycoprobeError as e:
        return Blessing(str(file), None, NOT_KNOWN, e.message)


def author_of(file: Path) -> str:
    """Who last committed a file, and on which day; `not known` outside a repository, without Git, or for a file that differs from the commit."""
    folder, name = str(file.resolve().parent), file.name
    if _git(folder, "status", "--porcelain", "--", name) != "":
        return NOT_KNOWN
    return _git(folder, "log", "-1", f"--format={_FORMAT}", "--", name) or NOT_KNOWN


def _git(folder: str, *arguments: str) -> str | None:
    """What Git says; None where it cannot. Hooks and programs that a repository's own configuration names are not run."""
    safe = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
    try:
        found = subprocess.run(  # noqa: S603  # a fixed program, no shell
            ["git", *safe, "-C", folder, *arguments],  # noqa: S607
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
