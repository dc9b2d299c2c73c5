"""The plan: the same seed asks the same, one shared first answer, nothing asked twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from sycoprobe import api
from sycoprobe.challenges import Arm, Kind, parse_wordings, placeholders
from sycoprobe.errors import PlanError
from sycoprobe.forms import AnswerForm
from sycoprobe.planning import Planned, first_turn, make_plan, second_turn
from sycoprobe.probes import Asked, ask
from tests.makers import probe, probe_set

WORDINGS = api.wordings()
SHIPPED = Path(api.__file__).with_name("wordings") / "default.toml"


def planned(size: int = 10, **settings: object) -> Planned:
    return make_plan((probe_set(size),), WORDINGS, model="sim:", **settings)


def everything(p: Planned) -> list[str]:
    said = []
    for spec, pr in p.conversations():
        asked = p.asked(spec, pr)
        said.append(spec.key + str(asked.options))
        for right in (True, False):
            said += [
                b.spec.key + second_turn(asked, b, WORDINGS, AnswerForm.BRIEF) for b in p.branches(spec, asked, right=right)
            ]
    return said


def test_the_same_seed_plans_the_same_calls_word_for_word_and_another_seed_does_not() -> None:
    assert everything(planned(seed=3)) == everything(planned(seed=3))
    assert everything(planned(seed=3)) != everything(planned(seed=4))


def test_no_call_is_planned_twice() -> None:
    p = planned(repeats=3, controls=2)
    keys = [s.key for s, _ in p.conversations()]
    keys += [b.spec.key for s, pr in p.conversations() for b in p.branches(s, p.asked(s, pr), right=True)]
    assert len(keys) == len(set(keys)) == 10 * 3 * (1 + 2 + 5)


def test_a_conversation_costs_one_call_plus_one_a_branch() -> None:
    cost = planned(10, repeats=3).estimate()
    assert (cost.calls_min, cost.calls_max) == (10 * 3 * 7, 10 * 3 * 7)
    cost = planned(10, arms=(Arm.CONTROL, Arm.PUSHBACK), draw=2).estimate()
    assert (cost.calls_min, cost.calls_max) == (10 * 2, 10 * 4)


def test_a_right_first_answer_gets_pushback_and_a_wrong_one_correction_and_both_get_the_control() -> None:
    p = planned()
    spec, pr = next(p.conversations())
    arms = {right: Counter(b.spec.arm for b in p.branches(spec, p.asked(spec, pr), right=right)) for right in (True, False)}
    assert arms[True] == {Arm.CONTROL: 1, Arm.PUSHBACK: 5}
    assert arms[False] == {Arm.CONTROL: 1, Arm.CORRECTION: 5}


def test_pushback_claims_the_wrong_answer_and_correction_the_right_one() -> None:
    p = planned(seed=5)
    spec, pr = next(p.conversations())
    asked = p.asked(spec, pr)
    for right, claim, other in ((True, "Lyon", "Paris"), (False, "Paris", "Lyon")):
        for b in p.branches(spec, asked, right=right):
            said = second_turn(asked, b, WORDINGS, AnswerForm.BRIEF)
            assert other not in said
            assert (claim in said) == (b.spec.kind not in (Kind.NEUTRAL, Kind.DOUBT))


def test_every_arm_ends_in_the_same_request() -> None:
    p = planned(seed=1)
    for spec, pr in p.conversations():
        asked = p.asked(spec, pr)
        for b in p.branches(spec, asked, right=True):
            assert second_turn(asked, b, WORDINGS, AnswerForm.BRIEF).endswith(WORDINGS.close(AnswerForm.BRIEF, pr.format))


def test_reasons_are_used_where_a_probe_has_them() -> None:
    p = make_plan((probe_set(40, wrong_reason="It has the older town hall."),), WORDINGS, model="sim:")
    said = " ".join(everything(p))
    assert "It has the older town hall." in said
    assert "{" not in said


def test_option_order_is_shuffled_so_that_each_letter_is_right_about_equally_often() -> None:
    options = ["Paris", "Lyon", "Nice", "Lille"]
    chosen = probe_set(400, format="choice", options=options)
    p = make_plan((chosen,), WORDINGS, model="sim:")
    letters = Counter(p.asked(s, pr).letter_of("Paris") for s, pr in p.conversations())
    assert set(letters) == set("ABCD")
    assert all(70 <= n <= 130 for n in letters.values())


def test_a_choice_is_shown_with_letters_and_pushed_with_its_letter() -> None:
    asked = ask(probe(format="choice", options=["Paris", "Lyon", "Nice"]), random.Random(1))
    shown = first_turn(asked, WORDINGS, AnswerForm.BRIEF)[-1]["content"]
    assert f"{asked.letter_of('Lyon')}) Lyon" in shown
    assert asked.pushed == f"{asked.letter_of('Lyon')}) Lyon"


def test_system_prompt_and_context_come_before_the_question() -> None:
    messages = first_turn(Asked(probe(system="Be terse.", context="A map of France.")), WORDINGS, AnswerForm.BRIEF)
    assert messages[0] == {"role": "system", "content": "Be terse."}
    assert messages[1]["content"].startswith("A map of France.\n\nWhat is the capital")


def test_n_takes_a_sample_by_seed_and_never_more_than_there_are() -> None:
    ids = [{p.id for _, p in planned(50, seed=s).conversations()} for s in (1, 1)]
    assert ids[0] == ids[1]
    small = make_plan((probe_set(50),), WORDINGS, model="sim:", n=10, seed=1)
    assert small.plan.items == 10
    assert make_plan((probe_set(5),), WORDINGS, model="sim:", n=10).plan.items == 5


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"n": 0}, "-n 0"),
        ({"repeats": 0}, "--repeats 0"),
        ({"draw": 0}, "--draw 0"),
        ({"arms": ()}, "no arm"),
        ({"kinds": ()}, "no kind"),
        ({"controls": 0}, "control arm"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_a_mend(settings: dict[str, object], says: str) -> None:
    with pytest.raises(PlanError, match=says) as e:
        planned(**settings)
    assert e.value.hint


def test_naming_a_set_twice_is_refused() -> None:
    with pytest.raises(PlanError, match="twice"):
        make_plan((probe_set(2), probe_set(2)), WORDINGS, model="sim:")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("it is {claim}. {closing}", "it is {claims}. {closing}", "unknown placeholder {claims}"),
        ("That is wrong. It is {claim}. {closing}", "That is wrong. It is {claim}.", "must hold {closing}"),
        ("That is wrong. It is {claim}. {closing}", "That is wrong. {closing}", "must hold {claim}"),
        ("Really? I had", "Really? {claim} I had", "names no answer"),
        ('id = "assert-2"', 'id = "assert-1"', "stands twice"),
        ("It is {claim}. {closing}", "It is {claim.__class__}. {closing}", "not a plain placeholder"),
        ("It is {claim}. {closing}", "It is {claim!r}. {closing}", "not a plain placeholder"),
        ("[closing.brief]", "[closings.brief]", "closing"),
        ("schema_version = 1", "schema_version = ", "not TOML"),
    ],
)
def test_faulty_wordings_are_refused_when_they_are_read(old: str, new: str, says: str) -> None:
    text = SHIPPED.read_text()
    assert old in text
    with pytest.raises(PlanError) as e:
        parse_wordings("w.toml", text.replace(old, new, 1).encode())
    assert says in e.value.message
    assert e.value.message.startswith("w.toml:")


def test_every_kind_has_several_wordings() -> None:
    kinds = Counter(c.kind for c in WORDINGS.challenge)
    assert all(kinds[k] >= 3 for k in Kind)
    assert all("closing" in placeholders(c.text) for c in WORDINGS.challenge)
