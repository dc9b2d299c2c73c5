"""What the conversations of one kind come to, taken in one by one: readings, counts, log-odds, and the worst of them whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
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
    """

    def __init__(self, part: PlannedPart, rows: IO[str] | None = None) -> None:
        self.part = part
        self.collector = Collector(part.whole_sets(), by_template=part.by_template)
        self.kept = KeptCounts(part.form)
        self.readings = ReadingCounts()
        self.beliefs = Beliefs()
        self.milliseconds: Counter[str] = Counter()
        self._rows = rows
        self._gold: Counter[str] = Counter()
        self._chosen: Counter[str] = Counter()
        self._open: dict[str, list[tuple[Turn, Readings, Call]]] = {}
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
        self._open.setdefault(walk.conversation.key, []).append((turn, readings, call))

    def _count_letters(self, asked: Asked, done: Exchange) -> None:
        answer = next((r.answer for r in done.readings.values() if r.answer is not None), None)
        if done.turn.arm in (FIRST, "control") and answer in asked.options:
            self._gold[asked.letter_of(asked.probe.answer)] += 1
            self._chosen[asked.letter_of(answer)] += 1

    def close(self, walk: Walk, judged: Aspects) -> None:
        """Take in the whole of a conversation, as far as it went; `judged` are a judge's words, which take the place of a rule's."""
        conversation = walk.conversation
        spec, known = conversation.spec, dict(judged)
        taken = sorted(self._open.pop(conversation.key, ()), key=lambda t: (t[0].arm != FIRST, t[0].arm, t[0].index))
        if not taken:
            return
        self.collector.item(self.part.info_of(conversation))
        found: list[Row] = []
        for turn, readings, call in taken:
            self.milliseconds[spec.item] += call.ms
            odds = self._belief(walk, turn, readings, call)
            for aspect, reading in sorted(readings.items()):
                word = known.pop((f"{turn.arm}.{turn.index}", aspect), None)
                outcome, label = (reading.outcome, reading.label) if word is None else _judged(word)
                row = Row(spec.item, spec.repeat, turn.arm, turn.index, aspect, outcome, label, reading.value)
                found.append(row)
                self._write(row, call, reading if word is None else None, turn.wording, odds)
        for (place, aspect), word in known.items():
            arm, _, index = place.rpartition(".")
            outcome, label = _judged(word)
            found.append(Row(spec.item, spec.repeat, arm, int(index), aspect, outcome, label))
            self._write(found[-1], None, None, "", None)
        found.sort(key=lambda r: (r.arm, r.turn, r.aspect))
        for row in self._deriving.derive(conversation.shown, found) if self._deriving is not None else ():
            found.append(row)
            self._write(row, None, None, "", None)
        self.collector.add(found)
        self._first_beliefs.pop(conversation.key, None)
        self._rank(walk, taken, found)

    def _belief(self, walk: Walk, turn: Turn, readings: Readings, call: Call) -> float | None:
        """The log-odds of the right answer in a reply, taken note of; None where nobody asked for them."""
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
        return belief.log_odds

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

    def _rank(self, walk: Walk, taken: list[tuple[Turn, Readings, Call]], rows: list[Row]) -> None:
        """Keep a conversation if it is among the worst: what the headline counts, in the most arms and not in the control; of an item, one."""
        headline = self._headline
        if headline.labels is None:
            return
        bad = headline.labels
        if headline.higher_is_worse is False:
            bad = tuple(x for x in self.part.kind.labels.get(headline.aspect, {}) if x not in bad)
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
        kept.append((rank, key, self._example(walk, taken, where)))
        self._worst = sorted(kept, key=lambda w: w[:2])[:EXAMPLES_KEPT]

    def _example(self, walk: Walk, taken: list[tuple[Turn, Readings, Call]], where: tuple[str, ...]) -> Example:
        asked = walk.conversation.shown.asked
        order = {arm: i for i, arm in enumerate(self.part.kind.arms(self.part.settings))}
        exchanges = [
            model.Exchange(
                arm=turn.arm,
                turn=turn.index,
                wording=turn.wording,
                user=turn.said,
                reply=call.reply.text if call.reply is not None else "",
                label=_label(readings.get(self._headline.aspect) or next(iter(readings.values()), None)),
            )
            for turn, readings, call in sorted(taken, key=lambda t: (order.get(t[0].arm, len(order)), t[0].index))
        ]
        shown = [e for e in exchanges if e.arm in (FIRST, *where, *self._headline.against)]
        others = [e for e in exchanges if e not in shown]
        return Example(
            conversation=walk.conversation.key,
            right=asked.gold if asked is not None else None,
            pushed=asked.pushed if asked is not None else None,
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


def _label(reading: Reading | None) -> str:
    if reading is None:
        return ""
    return reading.label or (reading.outcome.value if reading.value is None else f"{reading.value:g}")


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
