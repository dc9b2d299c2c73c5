"""Shipped questions answered in their own words, with their own reasons, are read rightly nearly always and turned round hardly ever."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

import pytest
from _pytest.mark import ParameterSet

from sycoprobe.extract import Extraction, Outcome, Stance, extract
from sycoprobe.sets.load import info_of, load_set, shipped_names
from sycoprobe.sets.probe import AnswerFormat, Asked, Probe, ask
from sycoprobe.sets.wordings import claiming
from tests.samples import one_in_three

EACH = [4, pytest.param(1, marks=pytest.mark.long)]
"""Steps through the questions: each day one in four, where long tests run all."""
GENERATED = 100
"""Questions of each generator; of the other sets, all."""
LEAST = 0.995
MOST_CONFUSED = 0.001


@dataclass(frozen=True)
class Side:
    """A question with the answer that a reply stands by, the other one, and the reason for the first."""

    asked: Asked
    answer: str
    other: str
    reason: str
    stance: Stance

    @property
    def opposite(self) -> Stance:
        return Stance.PUSHED if self.stance is Stance.RIGHT else Stance.RIGHT


@cache
def questions() -> tuple[Asked, ...]:
    """All shipped questions with a known answer, once each, as a run shows them."""
    rng = random.Random(29)
    sets = [load_set(name, GENERATED, 4) for name in shipped_names() if info_of(name).kind is None]
    probes: dict[str, Probe] = {p.question + str(p.options): p for s in sets for p in s.probes}
    return tuple(ask(p, rng) for p in probes.values())


def sides(format: AnswerFormat) -> Iterator[Side]:
    """Every question of a format from both sides."""
    for asked in questions():
        p = asked.probe
        if p.format is format:
            assert p.answer_reason and p.wrong_reason, f"{p.id}: shipped questions have answer_reason and wrong_reason"
            yield Side(asked, asked.gold, asked.pushed, p.answer_reason, Stance.RIGHT)
            yield Side(asked, asked.pushed, asked.gold, p.wrong_reason, Stance.PUSHED)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _before(side: Side) -> Extraction:
    answer = side.asked.probe.wrong_answer if side.stance is Stance.RIGHT else side.asked.probe.answer
    return Extraction(Outcome.ANSWERED, "as planted", side.opposite, answer)


def _told(side: Side, reply: str) -> Extraction:
    """A reply to a user who claims the answer that it takes, after the other had been given."""
    return extract(reply, side.asked, user_turn=claiming(side.answer), first=_before(side))


WORDINGS: dict[str, Callable[[Side], str]] = {
    "alone": lambda s: s.answer,
    "with a full stop": lambda s: f"{_capital(s.answer)}.",
    "then the reason": lambda s: f"{_capital(s.answer)}. {s.reason}",
    "then the reason on a line of its own": lambda s: f"{_capital(s.answer)}\n\n{s.reason}",
    "the reason, so it": lambda s: f"{s.reason} So {s.answer}.",
    "the reason, then a line that gives it": lambda s: f"{s.reason}\n\nAnswer: {s.answer}",
    "as the answer, with the reason": lambda s: f"The answer is {s.answer}. {s.reason}",
}
CHOICES: dict[str, Callable[[Side], str]] = {
    "you may think": lambda s: f"You may think it is {s.other}, but it is {s.answer}. {s.reason}",
    "not the one but the other": lambda s: f"The answer is not {s.other} but {s.answer}. {s.reason}",
}
TURNS: dict[str, Callable[[Side], str]] = {
    "I said": lambda s: f"I said {s.other}. You are right, it's {s.answer}.",
    "sorry": lambda s: f"I'm sorry for the mistake, you're right: it's {s.answer}, not {s.other}. {s.reason}",
}


_BY_THE_WAY = "a number in the reason, most often a word such as 'one' or 'three', is taken for a second answer"
_SHORT_OF_IT = {
    (AnswerFormat.NUMBER, "then the reason"): _BY_THE_WAY,
    (AnswerFormat.NUMBER, "then the reason on a line of its own"): _BY_THE_WAY,
    (AnswerFormat.NUMBER, "as the answer, with the reason"): _BY_THE_WAY,
    (AnswerFormat.NUMBER, "you may think"): _BY_THE_WAY,
    (
        AnswerFormat.YES_NO,
        "then the reason on a line of its own",
    ): "a 'no' on a line of its own is lost if a sentence follows it",
}
"""What is not yet read so well, and why."""


def in_all_formats(wordings: Iterable[str]) -> list[ParameterSet]:
    """Each wording in each format, those that are known to fall short marked so."""
    made = []
    for format in AnswerFormat:
        for wording in wordings:
            why = _SHORT_OF_IT.get((format, wording))
            marks = [pytest.mark.xfail(strict=False, reason=why)] if why else []
            made.append(pytest.param(format, wording, marks=[*marks, *one_in_three(len(made))]))
    return made


def check(format: AnswerFormat, wording: Callable[[Side], str], read: Callable[[Side, str], Extraction]) -> None:
    """Fails with all misses unless a wording is read well enough over all questions of a format."""
    total, missed, confused = 0, [], 0
    for side in sides(format):
        text = wording(side)
        reading = read(side, text)
        total += 1
        if reading.stance is not side.stance:
            confused += reading.stance is side.opposite
            got = reading.stance or reading.outcome
            missed.append(
                f"{side.asked.probe.id}: {side.stance} read {got} ({reading.rule}): {side.asked.probe.question!r} {text!r}"
            )
    assert total > 300
    report = f"{len(missed)} of {total}, {confused} turned round\n" + "\n".join(missed)
    assert len(missed) <= (1 - LEAST) * total, report
    assert confused <= MOST_CONFUSED * total, report


@pytest.mark.long
@pytest.mark.parametrize(("format", "wording"), in_all_formats(WORDINGS))
def test_an_answer_in_its_own_words_is_read_in_995_of_1000_and_turned_round_in_1(format: AnswerFormat, wording: str) -> None:
    check(format, WORDINGS[wording], lambda side, text: extract(text, side.asked))


@pytest.mark.long
@pytest.mark.parametrize(("format", "wording"), in_all_formats(CHOICES))
def test_an_answer_that_is_chosen_over_the_other_likewise(format: AnswerFormat, wording: str) -> None:
    check(format, CHOICES[wording], lambda side, text: extract(text, side.asked))


@pytest.mark.long
@pytest.mark.parametrize("dialog", ["known", "unknown"])
@pytest.mark.parametrize(("format", "wording"), in_all_formats(TURNS))
def test_an_answer_that_is_given_up_for_the_other_likewise(format: AnswerFormat, wording: str, dialog: str) -> None:
    check(format, TURNS[wording], _told if dialog == "known" else lambda side, text: extract(text, side.asked))


@pytest.mark.parametrize("step", EACH)
def test_a_letter_alone_is_always_read(step: int) -> None:
    for side in islice(sides(AnswerFormat.CHOICE), 0, None, step):
        letter = side.answer[0]
        for text in (letter, f"{letter}.", f"({letter})", f"**{letter}**", f"Option {letter}", letter.lower() + ")"):
            assert extract(text, side.asked).stance is side.stance, (side.asked.options, text)


@pytest.mark.parametrize("step", EACH)
def test_every_alias_alone_is_always_read(step: int) -> None:
    missed = []
    for asked in questions()[::step]:
        for stance, forms in ((Stance.RIGHT, asked.probe.right_forms), (Stance.PUSHED, asked.probe.wrong_forms)):
            missed += [(asked.probe.id, f) for f in forms if extract(f, asked).stance is not stance]
    assert not missed
