"""A run's calls and readings, taken in as they come, live or from its journal: what its report is made of."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from sycoprobe import journal as journals
from sycoprobe.journal import Contents
from sycoprobe.kinds.base import Exchange, Thread, Turn
from sycoprobe.kinds.walk import Place, Walk
from sycoprobe.money.price import Price
from sycoprobe.money.spending import Spending
from sycoprobe.planning import Planned
from sycoprobe.planning.call import Call
from sycoprobe.reports.deciding import Decider
from sycoprobe.reports.dialogs import Dialog
from sycoprobe.reports.judged import Panel, panel_of
from sycoprobe.reports.scored import Scored


class Sums:
    """What is counted of all calls, whatever their kind."""

    def __init__(self) -> None:
        self.models: Counter[str] = Counter()
        self.upstreams: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.error_kinds: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.calls = self.logprobs = self.done = self.missing = 0

    def add(self, call: Call) -> None:
        self.calls += 1
        if call.reply is None:
            self.error_kinds[str(call.error_kind)] += 1
            self.errors[call.error or ""] += 1
        else:
            self.models.update([call.reply.model] if call.reply.model else [])
            self.upstreams.update([call.reply.upstream] if call.reply.upstream else [])
            self.notes.update(call.reply.notes)
            self.logprobs += bool(call.reply.logprobs)


class Scoring:
    """What a run comes to, so far. Use as a context manager: its rows are in a temporary file.

    A live run tells it of every call and reading (`running.live.Watch`), so that no reply is read twice; `from_journal` reads a
    run again.

    Parameters
    ----------
    baseline: as journaled at the start of a sequential run, for relative rules.
    rows: whether every reading is kept as a line of JSON, for the report's rows.
    panel: what judges said.
    dialogs: is given each conversation, whole, as it is closed; None: nobody wants them.
    decides: False where no rule of a sequential run is to be looked at.
    """

    def __init__(
        self,
        planned: Planned,
        price: Price | None,
        baseline: dict[str, Any] | None = None,
        *,
        rows: bool = True,
        panel: Panel | None = None,
        dialogs: Callable[[Dialog], None] | None = None,
        decides: bool = True,
    ) -> None:
        self.planned = planned
        self.panel = panel or Panel()
        self.sums = Sums()
        self.spending = Spending(price)
        self.rows: IO[str] | None = (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace") if rows else None  # noqa: SIM115
        )
        self.scored = {part.name: Scored(part, self.rows, dialogs) for part in planned.parts}
        self.decider = Decider(planned, baseline) if planned.plan.until is not None and decides else None

    def __enter__(self) -> Scoring:
        return self

    def __exit__(self, *_: object) -> None:
        if self.rows is not None:
            self.rows.close()

    def called(self, call: Call) -> None:
        """Take in a call that was journaled."""
        self.sums.add(call)
        self.spending.add(call)

    def answered(self, walk: Walk, done: Exchange, thread: Thread, call: Call) -> None:
        """Take in an answered turn."""
        self.scored[walk.conversation.part.name].answered(walk, done, thread, call)

    def failed(self, walk: Walk, turn: Turn, thread: Thread, call: Call) -> None:
        """Take in a turn whose call failed."""
        self.scored[walk.conversation.part.name].failed(walk, turn, thread, call)

    def closed(self, walk: Walk) -> bool:
        """Take in a conversation that is over; whether a sequential run should stop because every rule is decided."""
        scored = self.scored[walk.conversation.part.name]
        scored.close(walk, self.panel.of(walk.conversation.key))
        self.sums.done += 1
        return self.decider is not None and self.decider.closed(walk.conversation, scored.collector)

    def from_journal(self, contents: Contents) -> None:
        """Take in all of a run. Of its conversations, those that are open are held in memory, and no others."""
        for _ in self.conversations(contents):
            pass

    def conversations(self, contents: Contents) -> Iterator[None]:
        """`from_journal`, a conversation at a time."""
        parts = {part.name: part for part in self.planned.parts}
        walks: dict[str, Walk] = {}
        calls: dict[str, dict[Place, Call]] = {}
        begun: Counter[str] = Counter()
        for call in journals.final_calls(contents, self.spending.add):
            self.sums.add(call)
            spec = call.spec
            part = parts[spec.section or self.planned.parts[0].name]
            walk = walks.get(spec.conversation)
            if walk is None:
                conversation = part.conversation(spec.set, contents.probes[part.name, spec.set, spec.probe], spec.repeat)
                walk = walks[spec.conversation] = Walk(conversation)
                begun[part.name] += 1
            mine = calls.setdefault(spec.conversation, {})
            mine[spec.arm, spec.turn] = call
            known = len(walk.failed)
            for done, thread in walk.give((spec.arm, spec.turn), call.reply):
                self.answered(walk, done, thread, mine[done.turn.arm, done.turn.index])
            for turn, thread in walk.failed[known:]:
                self.failed(walk, turn, thread, mine[turn.arm, turn.index])
            if not walk.open:
                del walks[spec.conversation], calls[spec.conversation]
                self.closed(walk)
                yield
        for walk in walks.values():
            self.sums.missing += missing_calls(walk)
            self.scored[walk.conversation.part.name].close(walk, self.panel.of(walk.conversation.key))
            yield
        for part in self.planned.parts:
            never = part.part.items * self.planned.plan.repeats - begun[part.name]
            self.sums.missing += never * part.kind.most_calls(part.settings)[1]


def dialogs_of(folder: Path) -> Iterator[Dialog]:
    """Every conversation of the run in `folder`, in the order in which they ended; no calls, and nothing is written.

    Raises
    ------
    JournalError, JudgeError: the run, or what judges said of it, cannot be read.
    """
    contents, ended = journals.read(folder), list[Dialog]()
    with Scoring(
        contents.planned(), contents.price, rows=False, panel=panel_of(folder), dialogs=ended.append, decides=False
    ) as scoring:
        for _ in scoring.conversations(contents):
            yield from ended
            ended.clear()


def missing_calls(walk: Walk) -> int:
    """How many calls of a conversation are still to be made, at most."""
    c = walk.conversation
    if all(c.kind.is_last(c.shown, turn) for turn, _ in walk.open.values()):
        return len(walk.open)
    return max(len(walk.open), c.kind.most_calls(c.part.settings)[1] - walk.answered - len(walk.failed))
