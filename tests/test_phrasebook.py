"""The phrasebook is well-formed and large enough, and what is planted in a model that speaks it comes out of the whole pipeline."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from pathlib import Path

import pytest

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.backends.base import BackendOptions, Request, Sampling
from sycoprobe.backends.phrasebook import Intent, Occasion, Part, UserTurn, fitting, parsed, phrases, render
from sycoprobe.backends.sim import open_backend
from sycoprobe.errors import PlanError
from sycoprobe.planning import CallSpec
from sycoprobe.sets.forms import AnswerForm, kept
from sycoprobe.sets.load import load_set
from sycoprobe.sets.probe import AnswerFormat, Asked, Probe, ask
from sycoprobe.sets.wordings import Arm, Kind
from tests.samples import few_of

INTENTS = {form: [i for i in Intent if (form, i) != (AnswerFormat.YES_NO, Intent.THIRD)] for form in AnswerFormat}
"""Of two answers neither is a third one."""
LINE = {"intent": "held", "length": "short", "after": ["claim"], "only": None, "bare": False, "text": "Still {answer}."}


def questions(form: AnswerFormat, n: int) -> list[Asked]:
    """So many shipped questions of a format, as a run shows them."""
    rng = random.Random(11)
    probes = [p for name in ("facts", "science", "everyday") for p in load_set(name).probes if isinstance(p, Probe)]
    return [ask(p, rng) for p in [p for p in probes if p.format is form][:n]]


# The data


@pytest.mark.parametrize("form", AnswerFormat)
def test_each_half_has_at_least_thirty_texts_of_each_intent_and_both_together_sixty(form: AnswerFormat) -> None:
    counts = {part: Counter(p.intent for p in phrases(part, form)) for part in Part}
    for intent in INTENTS[form]:
        assert all(counts[part][intent] >= 30 for part in Part), (intent, counts)
        assert sum(counts[part][intent] for part in Part) >= 60


@pytest.mark.parametrize("form", AnswerFormat)
def test_no_text_stands_twice_and_the_halves_share_none(form: AnswerFormat) -> None:
    texts = [p.text for part in Part for p in phrases(part, form)]
    doubled = len(texts) - len(set(texts))
    assert doubled == 0, "counted and not shown: one half is not to be seen"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"text": "Still {unknown}."}, "no placeholder"),
        ({"text": "Still {answer_bare}."}, "no placeholder"),
        ({"text": "Still so."}, "names none"),
        ({"text": "Not {claim} but {answer}.", "after": ["doubt"]}, "nothing was claimed"),
        ({"text": "Not {old} but {answer}.", "intent": "first", "after": []}, "there is none"),
        ({"intent": "both", "text": "It is {one} or {answer}."}, "does not name both"),
        ({"intent": "none"}, "has a placeholder"),
        ({"intent": "shrugs"}, "not a valid Intent"),
        ({"after": ["later"]}, "not a valid UserTurn"),
        ({"length": "middling"}, "length is short or long"),
        ({"more": 1}, "the fields are"),
    ],
)
def test_a_template_with_a_fault_is_refused_by_its_line(fault: dict[str, object], said: str) -> None:
    assert parsed(json.dumps(LINE), AnswerFormat.SHORT_TEXT, "x.jsonl")
    with pytest.raises(ValueError, match=said) as e:
        parsed(f"{json.dumps(LINE)}\n{json.dumps(LINE | fault)}", AnswerFormat.SHORT_TEXT, "x.jsonl")
    assert str(e.value).startswith("x.jsonl:2:1: ")


@pytest.mark.parametrize("part", Part)
@pytest.mark.parametrize("form", AnswerFormat)
def test_there_is_something_to_say_on_every_occasion_short_too(form: AnswerFormat, part: Part) -> None:
    book = phrases(part, form)
    for asked in questions(form, 6):
        for answer, other in ((asked.probe.answer, asked.probe.wrong_answer), (asked.probe.wrong_answer, asked.probe.answer)):
            occasions = [
                (Occasion(asked, UserTurn.FIRST, answer), [Intent.FIRST]),
                (Occasion(asked, UserTurn.CLAIM, answer, other, answer), [Intent.GIVEN_IN]),
                (Occasion(asked, UserTurn.CLAIM, answer, other, answer), [Intent.CORRECTED]),
                (Occasion(asked, UserTurn.CLAIM, answer, answer, other), [Intent.HELD]),
                (Occasion(asked, UserTurn.DOUBT, answer, other), [Intent.GIVEN_IN, Intent.THIRD]),
                (Occasion(asked, UserTurn.DOUBT, answer, other), [Intent.CORRECTED]),
                (Occasion(asked, UserTurn.DOUBT, answer, answer), [Intent.HELD]),
                (Occasion(asked, UserTurn.NEUTRAL, answer, other), [Intent.GIVEN_IN, Intent.CORRECTED, Intent.THIRD]),
                (Occasion(asked, UserTurn.NEUTRAL, answer, answer), [Intent.HELD]),
            ]
            for occasion, intents in occasions:
                all_of_them, short = (len(fitting(book, intents, occasion, short=s)) for s in (False, True))
                assert all_of_them >= 8 and short >= 3, (occasion.turn, intents)


def test_a_bare_agreement_is_said_only_where_the_user_claimed_that_answer() -> None:
    asked = questions(AnswerFormat.NUMBER, 1)[0]
    right, wrong = asked.probe.answer, asked.probe.wrong_answer
    book = phrases(Part.DEV, AnswerFormat.NUMBER)

    def bare(*occasion: object) -> set[Intent]:
        return {p.intent for p in fitting(book, list(Intent), Occasion(asked, *occasion)) if p.bare}  # type: ignore[arg-type]

    assert bare(UserTurn.CLAIM, wrong, right, wrong) == {Intent.GIVEN_IN, Intent.CORRECTED}
    assert bare(UserTurn.CLAIM, right, right, wrong) == {Intent.HELD}
    assert bare(UserTurn.DOUBT, wrong, right) == bare(UserTurn.NEUTRAL, wrong, right) == set()


@pytest.mark.parametrize("form", AnswerFormat)
def test_a_text_is_filled_in_whole_and_names_the_answer_that_it_stands_by(form: AnswerFormat) -> None:
    for asked in questions(form, 3):
        right, wrong = asked.probe.answer, asked.probe.wrong_answer
        occasion = Occasion(asked, UserTurn.CLAIM, wrong, right, wrong)
        for phrase in fitting(phrases(Part.DEV, form), [Intent.GIVEN_IN, Intent.CORRECTED], occasion):
            text = render(phrase, occasion)
            assert "{" not in text and "}" not in text
            sign = (wrong, f"{asked.letter_of(wrong)}") if asked.options else (wrong,)
            assert phrase.bare or phrase.only or any(s.casefold() in text.casefold() for s in sign)


# A model that speaks it


def reply_to(behaviour: str, asked: Asked, spec: CallSpec, form: AnswerForm) -> str:
    backend = open_backend(behaviour, BackendOptions(seed=4))
    return asyncio.run(backend.complete(Request((), Sampling(), 0, spec, asked, form=form))).text


@pytest.mark.parametrize("form", [AnswerForm.LINE, AnswerForm.BRIEF, AnswerForm.SCHEMA])
def test_its_replies_have_the_form_that_is_asked_for(form: AnswerForm) -> None:
    for format in AnswerFormat:
        for i, asked in enumerate(questions(format, 12)):
            text = reply_to("phrases=dev", asked, CallSpec("s", f"p-{i}", 0), form)
            # Short is at most about twelve words of the writer's, and an answer may be several.
            assert kept(form, text, asked) or (form is AnswerForm.BRIEF and len(text.split()) <= 20), text


def test_it_says_the_same_thing_in_many_ways_and_the_same_again_from_the_same_seed() -> None:
    asked = questions(AnswerFormat.CHOICE, 1)[0]
    said = [
        [reply_to("accuracy=1,phrases=dev", asked, CallSpec("s", f"p-{i}", 0), AnswerForm.FREE) for i in range(60)]
        for _ in range(2)
    ]
    assert said[0] == said[1]
    assert len(set(said[0])) > 15


def test_under_doubt_it_names_its_new_answer() -> None:
    for i, asked in enumerate(questions(AnswerFormat.SHORT_TEXT, 12)):
        spec = CallSpec("s", f"p-{i}", 0, Arm.PUSHBACK, Kind.DOUBT, 0)
        text = reply_to("accuracy=1,pushback=1,phrases=dev", asked, spec, AnswerForm.FREE)
        assert asked.probe.wrong_answer.casefold() in text.casefold()


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("phrases=loud", "no way to word replies"),
        ("phrases=", "no way to word replies"),
        ("phrases=dev,verbose=0.5", "verbose shapes plain replies"),
        ("noise=0,phrases=held_out", "noise shapes plain replies"),
    ],
)
def test_what_it_cannot_do_is_one_clear_error(behaviour: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        open_backend(behaviour, BackendOptions())


def test_it_speaks_plainly_unless_it_is_told_otherwise() -> None:
    asked = questions(AnswerFormat.CHOICE, 1)[0]
    for i in range(20):
        spec = CallSpec("s", f"p-{i}", 0)
        same = [reply_to(b, asked, spec, AnswerForm.FREE) for b in ("accuracy=1", "accuracy=1,phrases=plain")]
        assert same[0] == same[1]
        assert len(same[0].split()) < 15


@pytest.mark.long
@pytest.mark.parametrize("form", AnswerForm)
@pytest.mark.parametrize("planted", few_of([0.3, 0.0, 1.0]))
def test_what_is_planted_is_found_when_the_model_speaks_as_chat_models_do(
    tmp_path: Path, form: AnswerForm, planted: float
) -> None:
    report = api.run(
        "facts", "everyday", "science",
        model=f"sim:accuracy=1,control=0,pushback={planted},phrases=dev", options={"rebuttals": ("assert",)}, n=80, seed=3, answer=form.value,
        out=tmp_path, name="r", conduct=Conduct(concurrency=8),
    )  # fmt: skip
    net, valid = report.estimates.net_sycophancy, report.estimates.valid_share
    assert net.value is not None and valid.value is not None and net.items is not None
    spread = 3 * (planted * (1 - planted) / net.items) ** 0.5
    assert abs(net.value - planted) <= 0.03 + spread
    assert valid.value >= 0.95


@pytest.mark.long
def test_replies_without_an_answer_come_out_as_they_were_planted(tmp_path: Path) -> None:
    behaviour = "accuracy=1,control=0,pushback=0.5,refuse=0.2,unparsed=0.2,ambiguous=0.2,phrases=dev"
    report = api.run("facts", "everyday", model=f"sim:{behaviour}", n=120, answer="free", out=tmp_path, name="r")
    counts: Counter[str] = Counter()
    for arm in report.section.counts.values():
        counts.update(arm)
    total = sum(counts.values())
    assert {k: round(counts[k] / total, 1) for k in ("refused", "unparsed", "ambiguous")} == dict.fromkeys(
        ("refused", "unparsed", "ambiguous"), 0.2
    )
