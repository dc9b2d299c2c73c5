"""What the conversations of one kind come to, taken in one by one: readings, counts, log-odds, and the worst of them whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import IO, Any

from sycoprobe.extract.log_odds import Belief, NoBelief, belief_of
from sycoprobe.extract.types import Outcome
from sycoprobe.jsontext import json_text
from sycoprobe.kinds.base import Exchange, Reading, Readings, Thread, Turn
from sycoprobe.kinds.judging import Judgement, JudgeOutcome
from sycoprobe.kinds.powers import Derives
from sycoprobe.kinds.walk import Walk, read_reply
from sycoprobe.metrics.belief_shift import Beliefs
from sycoprobe.metrics.table import Collector, Row, Table
from sycoprobe.planning import PlannedPart
from sycoprobe.planning.call import Call
from sycoprobe.planning.calls import FIRST
from sycoprobe.reports import model
from sycoprobe.reports.dialogs import Dialog, Taken, dialog_of
from sycoprobe.reports.model import Example, LetterCount
from sycoprobe.reports.readings import ReadingCounts
from sycoprobe.sets.forms import KeptCounts
from sycoprobe.sets.probe import LETTERS, Asked

EXAMPLES_KEPT = 5
_LONGEST_ANSWER = 200
_EXCHANGES_SHOWN = 24
Aspects = Mapping[tuple[str, str], Judgement]
"""A judge's words on a conversation, by `ARM.TURN` and aspect."""


class Scored:
    """Takes in the conversations of one kind. Memory is bounded by those that are open.

    Parameters
    ----------
    rows: a text file that every reading goes to as a line of JSON, as `reports.model.ReadingRow` has it; None: they are not kept.
    dialogs: is given each conversation, whole, as it is closed; None: nobody wants them.
    """

    def __init__(self, part: PlannedPart, rows: IO[str] | None = None, dialogs: Callable[[Dialog], None] | None = None) -> None:
        self.part = part
        self.collector = Collector(part.whole_sets(), by_template=part.by_template)
        self.kept = KeptCounts(part.form)
        self.readings = ReadingCounts()
        self.beliefs = Beliefs()
        self.milliseconds: Counter[str] = Counter()
        self._rows = rows
        self._dialogs = dialogs
        self._gold: Counter[str] = Counter()
        self._chosen: Counter[str] = Counter()
        self._open: dict[str, list[Taken]] = {}
        self._first_beliefs: dict[str, tuple[Belief, bool | None]] = {}
        self._worst: list[tuple[int, str, Example]] = []
        self._headline = part.headline
        self._deriving = part.kind if isinstance(part.kind, Derives) else None
        asks = part.plan.sampling.logprobs and part.kind.asks_in_form
        self._sides = part.kind.sides(part.settings) if asks else {}

    def answered(self, walk: Walk, done: Exchange, thread: Thread, call: Call) -> None:
        """Take in an answered turn, and what came before it."""
        kind, shown = self.part.kind, walk.conversation.shown
        in_form = kind.in_form(done.turn)
        side = done.turn.arm.partition(".")[0]
        self.kept.add(side, call.reply, shown.asked if in_form else None)
        for reading in done.readings.values():
            if reading.stage is not None:
                self.readings.add(side, reading.stage, sure=reading.sure)
                break
        if not thread and shown.asked is not None and shown.asked.options:
            self._count_letters(shown.asked, done)
        self._take(walk, done.turn, done.readings, call)

    def failed(self, walk: Walk, turn: Turn, thread: Thread, call: Call) -> None:
        """Take in a turn whose call failed."""
        self._take(walk, turn, read_reply(self.part.kind, walk.conversation.shown, turn, None, thread), call)

    def _take(self, walk: Walk, turn: Turn, readings: Readings, call: Call) -> None:
        self._open.setdefault(walk.conversation.key, []).append(Taken(turn, readings, call))

    def _count_letters(self, asked: Asked, done: Exchange) -> None:
        answer = next((r.answer for r in done.readings.values() if r.answer is not None), None)
        if done.turn.arm in (FIRST, "control") and answer in asked.options:
            self._gold[asked.letter_of(asked.probe.answer)] += 1
            self._chosen[asked.letter_of(answer)] += 1

    def close(self, walk: Walk, judged: Aspects) -> None:
        """Take in the whole of a conversation, as far as it went; `judged` are a judge's words, which take the place of a rule's."""
        conversation = walk.conversation
        spec, known = conversation.spec, dict(judged)
        taken = sorted(self._open.pop(conversation.key, ()), key=lambda t: (t.turn.arm != FIRST, t.turn.arm, t.turn.index))
        if not taken:
            return
        self.collector.item(self.part.info_of(conversation))
        found: list[tuple[Row, bool]] = []
        for t in taken:
            self.milliseconds[spec.item] += t.call.ms
            t.belief = self._belief(walk, t.turn, t.readings, t.call)
            odds = None if t.belief is None else t.belief.log_odds
            for aspect, reading in sorted(t.readings.items()):
                word = known.pop((f"{t.turn.arm}.{t.turn.index}", aspect), None)
                outcome, label = (reading.outcome, reading.label) if word is None else _judged(word)
                row = Row(spec.item, spec.repeat, t.turn.arm, t.turn.index, aspect, outcome, label, reading.value)
                found.append((row, word is not None))
                self._write(row, t.call, reading if word is None else None, t.turn.wording, odds)
        for (place, aspect), word in known.items():
            arm, _, index = place.rpartition(".")
            outcome, label = _judged(word)
            found.append((Row(spec.item, spec.repeat, arm, int(index), aspect, outcome, label), True))
            self._write(found[-1][0], None, None, "", None)
        found.sort(key=lambda r: (r[0].arm, r[0].turn, r[0].aspect))
        rows = [row for row, _ in found]
        for row in self._deriving.derive(conversation.shown, rows) if self._deriving is not None else ():
            found.append((row, False))
            rows.append(row)
            self._write(row, None, None, "", None)
        self.collector.add(rows)
        self._first_beliefs.pop(conversation.key, None)
        if self._dialogs is not None:
            self._dialogs(dialog_of(walk, taken, found))
        self._rank(walk, taken, found)

    def _belief(self, walk: Walk, turn: Turn, readings: Readings, call: Call) -> Belief | None:
        """What a reply tells of the log-odds of the right answer, taken note of; None where nobody asked for them."""
        asked = walk.conversation.shown.asked
        if not self._sides or asked is None or not readings:
            return None
        reading = next(iter(readings.values()))
        try:
            belief = belief_of(call.reply, asked, reading.plain())
        except Exception:  # log-probabilities are a server's, or a user's own function's
            belief = Belief(None, NoBelief.UNREADABLE)
        spec, key = walk.conversation.spec, walk.conversation.key
        if turn.arm == FIRST:
            right = None if reading.label is None else reading.label == "right"
            self._first_beliefs[key] = belief, right
            self.beliefs.add_first(spec.item, spec.repeat, belief, right=right)
        else:
            first, first_right = self._first_beliefs.get(key, (None, True))
            self.beliefs.add_trial(spec.item, spec.repeat, self._sides.get(turn.arm), belief, first, right=bool(first_right))
        return belief

    def _write(self, row: Row, call: Call | None, reading: Reading | None, wording: str, odds: float | None) -> None:
        """One reading, as a line of JSON."""
        if self._rows is None:
            return
        made: dict[str, Any] = {"kind": self.part.name, "key": None if call is None else call.spec.key}
        made |= {"item": row.item, "repeat": row.repeat, "arm": row.arm, "turn": row.turn, "aspect": row.aspect}
        made |= {"outcome": row.outcome.value, "label": row.label, "value": row.value}
        if reading is not None:
            made |= {"answer": _clipped(reading.answer), "rule": reading.rule}
            if reading.stage is not None:
                made |= {"stage": reading.stage.value, "sure": reading.sure}
        if wording:
            made["wording"] = wording
        if odds is not None:
            made["log_odds"] = odds
        self._rows.write(json_text(made) + "\n")

    def _rank(self, walk: Walk, taken: list[Taken], found: list[tuple[Row, bool]]) -> None:
        """Keep a conversation if it is among the worst: what the headline counts, in the most arms and not in the control; of an item, one."""
        headline = self._headline
        if headline.labels is None:
            return
        bad = headline.labels
        if headline.higher_is_worse is False:
            bad = tuple(x for x in self.part.kind.labels.get(headline.aspect, {}) if x not in bad)
        rows = [row for row, _ in found]
        of = [r for r in rows if r.aspect == headline.aspect and r.label in bad]
        where = tuple(dict.fromkeys(r.arm for r in of if r.arm in headline.arms))
        if not where or any(r.arm in headline.against for r in of):
            return
        if headline.among is not None and not any(
            r.arm == headline.among.arm and r.aspect == headline.among.aspect and r.label in headline.among.labels for r in rows
        ):
            return
        key, item = walk.conversation.key, walk.conversation.spec.item
        rank = -len(where)
        others = [(n, k) for n, k, _ in self._worst if k.rpartition("#")[0].rpartition(":")[2] == item]
        if others and min(others) <= (rank, key):
            return
        kept = [w for w in self._worst if w[1].rpartition("#")[0].rpartition(":")[2] != item]
        if len(kept) >= EXAMPLES_KEPT and max(w[:2] for w in kept) <= (rank, key):
            return
        kept.append((rank, key, self._example(dialog_of(walk, taken, found), where)))
        self._worst = sorted(kept, key=lambda w: w[:2])[:EXAMPLES_KEPT]

    def _example(self, dialog: Dialog, where: tuple[str, ...]) -> Example:
        exchanges = [
            model.Exchange(
                arm=s.arm, turn=s.turn, wording=s.wording, user=s.user, reply=s.reply, label=s.word(self._headline.aspect)
            )
            for s in dialog.said
        ]
        shown = [e for e in exchanges if e.arm in (FIRST, *where, *self._headline.against)]
        others = [e for e in exchanges if e not in shown]
        return Example(
            conversation=dialog.key,
            right=dialog.right,
            pushed=dialog.pushed,
            where=where,
            exchanges=tuple((shown + others)[:_EXCHANGES_SHOWN]),
        )

    def table(self) -> Table:
        """The readings as a table; nothing can be added after it."""
        found = self.collector.table(last=True)
        self.collector = Collector(self.part.whole_sets(), by_template=self.part.by_template)
        return found

    def examples(self) -> list[Example]:
        """The worst conversations, the worst first."""
        return [example for _, _, example in self._worst]

    def letters(self) -> dict[str, LetterCount]:
        """How often each letter was right, and how often it was chosen first."""
        return {x: LetterCount(gold=self._gold[x], chosen=self._chosen[x]) for x in LETTERS if self._gold[x] or self._chosen[x]}


def _judged(judgement: Judgement) -> tuple[Outcome, str | None]:
    match judgement.outcome:
        case JudgeOutcome.JUDGED:
            return Outcome.ANSWERED, judgement.label
        case JudgeOutcome.ABSTAINED:
            return Outcome.AMBIGUOUS, None
        case JudgeOutcome.ERROR:
            return Outcome.ERROR, None
        case _:
            return Outcome.UNPARSED, None


def _clipped(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST_ANSWER else text[: _LONGEST_ANSWER - 1] + "…"
