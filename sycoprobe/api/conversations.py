"""The conversations of a run that somebody wants to read."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sycoprobe import journal
from sycoprobe.errors import about
from sycoprobe.reports.choosing import Verdicts, Wanted, check, chosen, names_of
from sycoprobe.reports.dialogs import Dialog
from sycoprobe.reports.scoring import dialogs_of


@dataclass(frozen=True)
class Conversations:
    """Some of the conversations that were wanted.

    Attributes
    ----------
    dialogs: those that are to be shown, in order.
    all: how many were wanted.
    verdicts: what their turns come to.
    """

    dialogs: list[Dialog]
    all: int
    verdicts: Verdicts


def conversations(folder: Path, wanted: Wanted, most: int | None = None) -> Conversations:
    """The conversations of the run in `folder` that are wanted, those in which the most went wrong first; at most `most` of them.

    Raises
    ------
    ReportError: the run has no such kind, probe, arm, rebuttal or verdict.
    JournalError, JudgeError: it cannot be read.
    """
    with about(folder):
        planned = journal.read(folder).planned()
        check(wanted, names_of(planned))
        verdicts = Verdicts.of(planned)
        order = {part.name: i for i, part in enumerate(planned.parts)}
        counter = count()
        them = (dialog for dialog, _ in zip(chosen(dialogs_of(folder), wanted, verdicts), counter, strict=False))

        def rank(dialog: Dialog) -> tuple[int, int, str, int]:
            return -verdicts.weight(dialog), order[dialog.kind], dialog.item, dialog.repeat

        dialogs = sorted(them, key=rank) if most is None else heapq.nsmallest(most, them, key=rank)
        deque(them, maxlen=0)
        return Conversations(dialogs, next(counter), verdicts)
