"""From a run's calls to a kind's rows: every conversation is walked once, when all of its calls are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sycoprobe.extract.types import Outcome
from sycoprobe.judging import Case, Judgement, JudgeOutcome
from sycoprobe.kinds.base import Done, Readings, Row, Step
from sycoprobe.kinds.planned import KindPlanned, Walked, read_reply, walk
from sycoprobe.planning import TurnSpec
from sycoprobe.transcript import Call
from sycoprobe.turns import Reply


@dataclass(slots=True)
class JudgedConversation:
    """One conversation: how far it was answered, and its rows (derived ones last). `missing` calls may still be made, at least."""

    spec: TurnSpec
    walked: Walked
    rows: list[Row] = field(default_factory=list)
    missing: int = 0


def conversations(
    planned: KindPlanned, calls: Iterable[Call], judgements: Mapping[tuple[str, str], Judgement] | None = None
) -> Iterator[JudgedConversation]:
    """Every planned conversation, judged; those of which nothing was asked have no rows.

    `judgements` are a judge's (or a panel's) words by (key, rubric); they take the place of what a rule read.
    """
    replies: dict[str, dict[tuple[str, int], Reply | None]] = {}
    for call in calls:
        spec = call.spec
        if isinstance(spec, TurnSpec):
            replies.setdefault(spec.conversation, {})[spec.strand, spec.turn] = call.reply
    said = _by_conversation(judgements or {})
    for spec, shown in planned.conversations():
        walked = walk(planned.kind, shown, replies.pop(spec.conversation, {}))
        found = JudgedConversation(spec, walked, missing=len(walked.open))
        item = f"{spec.set}/{spec.probe}"
        known = said.get(spec.conversation, {})
        readings: list[tuple[Step, Readings]] = [(done.step, done.readings) for done, _ in walked.done]
        readings += [(step, read_reply(planned.kind, shown, step, None, dialog)) for step, dialog in walked.failed]
        for step, aspects in readings:
            for aspect, reading in aspects.items():
                judged = known.pop((f"{step.arm}.{step.turn}", aspect), None)
                outcome, label = (reading.outcome, reading.label) if judged is None else _judged(judged)
                found.rows.append(Row(item, spec.repeat, step.arm, step.turn, aspect, outcome, label, reading.value))
        for (place, aspect), judgement in known.items():
            arm, _, turn = place.rpartition(".")
            outcome, label = _judged(judgement)
            found.rows.append(Row(item, spec.repeat, arm, int(turn), aspect, outcome, label))
        found.rows.sort(key=lambda r: (r.arm, r.turn, r.aspect))
        found.rows += planned.kind.derive(shown, found.rows)
        yield found


def cases(planned: KindPlanned, calls: Iterable[Call]) -> list[Case]:
    """What a judge is to be asked about the conversations of a run."""
    found: list[Case] = []
    shown_of = {spec.conversation: shown for spec, shown in planned.conversations()}
    for judged in conversations(planned, calls):
        spec = judged.spec

        def key(step: Step, spec: TurnSpec = spec) -> str:
            return planned.spec(spec, step).key

        done: list[tuple[Done, tuple[Done, ...]]] = judged.walked.done
        found += planned.kind.cases(shown_of[spec.conversation], key, done)
    return found


def _by_conversation(judgements: Mapping[tuple[str, str], Judgement]) -> dict[str, dict[tuple[str, str], Judgement]]:
    """The judgements of each conversation, by (arm.turn, aspect)."""
    found: dict[str, dict[tuple[str, str], Judgement]] = {}
    for (key, rubric), judgement in judgements.items():
        conversation, _, place = key.partition("|")[0].rpartition("/")
        found.setdefault(conversation, {})[place, rubric.rpartition(".")[2]] = judgement
    return found


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
