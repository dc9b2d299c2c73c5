"""A run of one probe kind: asks every conversation's next turns, a bounded number of calls at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sycoprobe import journal as journals
from sycoprobe.backends.base import Backend
from sycoprobe.errors import JudgeError
from sycoprobe.judging import Case
from sycoprobe.kinds import scoring
from sycoprobe.kinds.base import Done, Scene, Shown, Step
from sycoprobe.kinds.planned import KindPlanned, done_of, following, walk
from sycoprobe.planning import TurnSpec
from sycoprobe.runner import Asking, answered
from sycoprobe.turns import Message, Reply


class KindRun(Asking):
    """One run in progress. Takes what `Asking` takes, and the journal's contents on a resume, of which nothing is asked again."""

    def __init__(
        self,
        planned: KindPlanned,
        backend: Backend,
        journal: journals.Journal,
        *,
        contents: journals.Contents | None = None,
        **settings: Any,
    ) -> None:
        self._plan = planned
        self._replies: dict[str, dict[tuple[str, int], Reply | None]] = {}
        if contents is not None:
            for call in journals.calls(contents):
                if isinstance(call.spec, TurnSpec) and call.reply is not None:
                    places = self._replies.setdefault(call.spec.conversation, {})
                    places[call.spec.strand, call.spec.turn] = call.reply
        super().__init__(planned, backend, journal, **settings)

    def _conversations(self) -> Iterator[tuple[TurnSpec, Shown]]:
        yield from self._plan.conversations()

    async def _begin(self, spec: TurnSpec, shown: Shown) -> None:
        """Queue the calls with which a conversation begins, or goes on after an earlier process."""
        self.tally.firsts += 1
        walked = walk(self._plan.kind, shown, self._replies.pop(spec.conversation, {}), self._said)
        self.tally.earlier += len(walked.done)
        self._waiting.extend((spec, shown, step, dialog) for step, dialog in walked.open)
        self._changed.set()

    async def _continue(self, spec: TurnSpec, shown: Shown, step: Step, dialog: tuple[Done, ...]) -> None:
        self._opening += 1
        try:
            scene = Scene(self._plan.kind, shown, step, dialog)
            call = await self._call(self._plan.spec(spec, step), shown.asked, step.messages, 0, scene)
            if call is None:
                return
            call.wording = step.wording or None
            self._keep(call)
            if call.reply is None:
                return
            done = done_of(self._plan.kind, shown, step, call.reply, dialog, self._said(call.reply))
            self._waiting.extend((spec, shown, s, d) for s, d in following(self._plan.kind, shown, (*dialog, done)))
        finally:
            self._opening -= 1
            self._changed.set()

    def _said(self, reply: Reply) -> Message:
        return answered(reply, self._sampling)


def cases_of_run(folder: Path) -> list[Case]:
    """What a judge is to be asked about the run in `folder`.

    Raises `JournalError` if there is no such run, `JudgeError` if rules read all of what its kind asks.
    """
    contents = journals.read(folder)
    if not contents.of_kind or not contents.kind_planned().kind.rubrics:
        raise JudgeError(
            f"{folder}: a judge has nothing to do in a run of the kind {contents.plan.probe_kind!r}: rules read all of it",
            "`sycoprobe kinds NAME` says whether a judge can be asked",
        )
    return scoring.cases(contents.kind_planned(), journals.final_calls(contents))
