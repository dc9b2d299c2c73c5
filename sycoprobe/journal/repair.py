"""Setting damaged lines of a run's files aside, so that what is sound counts and what is missing can be asked again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sycoprobe.errors import JournalError
from sycoprobe.files import is_file, put_in_place
from sycoprobe.journal import judgements
from sycoprobe.journal.journal import FILE, Contents, locked, read
from sycoprobe.journal.judgements import why_damaged
from sycoprobe.journal.lines import DamagedLine, Line, lines_in
from sycoprobe.journal.records import call_of


@dataclass(frozen=True, slots=True)
class SetAside:
    """The damaged lines of one file: their numbers in it as it was, and the file that they lie in now."""

    path: Path
    numbers: tuple[int, ...]
    kept: Path

    def __str__(self) -> str:
        lines = "lines" if len(self.numbers) > 1 else "line"
        return f"{self.path}: set aside {lines} {', '.join(map(str, self.numbers))}, damaged, into {self.kept}"


def repair(folder: Path) -> list[SetAside]:
    """Take damaged lines out of the journal and the judgements in `folder`; they are kept in a file beside each.

    Lines before the first call (the header, the wordings, the probes) cannot be done without, so they are not taken out.

    Raises
    ------
    JournalError: there is no journal, it is damaged before its first call, another process writes to it, or it cannot be written.
    """
    if not is_file(folder / FILE):
        raise JournalError(f"{folder}: there is no journal", "`sycoprobe run` starts a run")
    lock = locked(folder)
    try:
        contents = read(folder)
        found = [_without(contents.path, lambda line: line.damage or _no_call(contents, line))]
        if (folder / judgements.FILE).is_file():
            found.append(_without(folder / judgements.FILE, lambda line: line.damage or why_damaged(line.record)))
    except OSError as e:
        raise JournalError(f"{folder}: cannot be written: {e.strerror or e}", "look at its permissions") from e
    finally:
        lock.release()
    return [aside for aside in found if aside.numbers]


def _no_call(contents: Contents, line: Line) -> str:
    """Why a line that says that it is a call is none; empty if it is one."""
    if line.record.get("type") != "call":
        return ""
    try:
        call_of(line.record, contents.plan.sampling.thinking_marks)
    except DamagedLine as e:
        return str(e)
    return ""


def _without(path: Path, why: Callable[[Line], str]) -> SetAside:
    """Write a file again without its damaged lines, whole or not at all, if there are any. Raises `OSError`."""
    bad = {line.number: line.raw for line in lines_in(path) if why(line)}
    kept = path.with_name(f"{path.stem}.damaged{path.suffix}")
    if not bad:
        return SetAside(path, (), kept)
    with kept.open("ab") as out:
        out.writelines(bad.values())
        out.flush()
        os.fsync(out.fileno())
    with path.open("rb") as lines, put_in_place(path) as out:
        out.writelines(line for number, line in enumerate(lines, 1) if number not in bad)
    return SetAside(path, tuple(bad), kept)
