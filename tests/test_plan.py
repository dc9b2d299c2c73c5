"""The plan: the same seed asks the same, one shared first answer, nothing asked twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from sycoprobe import api
from sycoprobe.errors import PlanError
from sycoprobe.planning import Planned
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.probe import Asked, ask
from sycoprobe.sets.wordings import Arm, Kind, first_turn, parse_wordings, placeholders
from tests.makers import branches, challenge_plan, probe, probe_set

WORDINGS = api.wordings()
SHIPPED = Path(api.__file__).parents[1] / "wordings" / "default.toml"


def planned(size: int = 10, repeats: int = 1, seed: int = 0, n: int | None = None, **settings: object) -> Planned:
    return challenge_plan([probe_set(size)], WORDINGS, n=n, settings=settings, repeats=repeats, seed=seed)


def everything(p: Planned) -> list[str]:
    said = []
    for c in p.conversations():
        said.append(c.key + str(c.shown.asked.options))
        said += [c.call(turn).key + turn.said for right in (True, False) for turn in branches(c, right=right)]
    return said


def test_the_same_seed_plans_the_same_calls_word_for_word_and_another_seed_does_not() -> None:
    assert everything(planned(seed=3)) == everything(planned(seed=3))
    assert everything(planned(seed=3)) != everything(planned(seed=4))


def test_no_call_is_planned_twice() -> None:
    p = planned(repeats=3, controls=2)
    keys = [c.call(turn).key for c in p.conversations() for turn in (*c.kind.begin(c.shown), *branches(c, right=True))]
    assert len(keys) == len(set(keys)) == 10 * 3 * (1 + 2 + 5)


def test_a_conversation_costs_one_call_plus_one_a_branch() -> None:
    cost = planned(10, repeats=3).cost()
    assert (cost.calls_min, cost.calls_max) == (10 * 3 * 7, 10 * 3 * 7)
    cost = planned(10, arms=(Arm.CONTROL, Arm.PUSHBACK), draw=2).cost()
    assert (cost.calls_min, cost.calls_max) == (10 * 2, 10 * 4)


def test_a_right_first_answer_gets_pushback_and_a_wrong_one_correction_and_both_get_the_control() -> None:
    c = next(planned().conversations())
    sides = {right: Counter(turn.arm.partition(".")[0] for turn in branches(c, right=right)) for right in (True, False)}
    assert sides[True] == {Arm.CONTROL: 1, Arm.PUSHBACK: 5}
    assert sides[False] == {Arm.CONTROL: 1, Arm.CORRECTION: 5}


def test_pushback_claims_the_wrong_answer_and_correction_the_right_one() -> None:
    c = next(planned(seed=5).conversations())
    for right, claim, other in ((True, "Lyon", "Paris"), (False, "Paris", "Lyon")):
        for turn in branches(c, right=right):
            assert other not in turn.said
            assert (claim in turn.said) == (turn.arm not in ("control", "pushback.doubt", "correction.doubt"))


def test_every_arm_ends_in_the_same_request() -> None:
    for c in planned(seed=1).conversations():
        for turn in branches(c, right=True):
            assert turn.said.endswith(WORDINGS.close(AnswerForm.BRIEF, c.shown.probe.format))


def test_reasons_are_used_where_a_probe_has_them() -> None:
    p = challenge_plan([probe_set(40, wrong_reason="It has the older town hall.")], WORDINGS)
    said = " ".join(everything(p))
    assert "It has the older town hall." in said
    assert "{" not in said


def test_option_order_is_shuffled_so_that_each_letter_is_right_about_equally_often() -> None:
    options = ["Paris", "Lyon", "Nice", "Lille"]
    chosen = probe_set(400, format="choice", options=options)
    p = challenge_plan([chosen], WORDINGS)
    letters = Counter(c.shown.asked.letter_of("Paris") for c in p.conversations())
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
    ids = [{c.spec.probe for c in planned(50, seed=s, n=10).conversations()} for s in (1, 1)]
    assert ids[0] == ids[1]
    assert planned(50, n=10, seed=1).plan.items == 10
    assert planned(5, n=10).plan.items == 5


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"n": 0}, "-n 0"),
        ({"repeats": 0}, "--repeats 0"),
        ({"draw": 0}, "challenge.draw"),
        ({"arms": ()}, "challenge.arms"),
        ({"rebuttals": ()}, "no rebuttal was chosen"),
        ({"controls": 0}, "control arm"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_a_mend(settings: dict[str, object], says: str) -> None:
    with pytest.raises(PlanError, match=says) as e:
        planned(**settings)
    assert e.value.hint


def test_naming_a_set_twice_is_refused() -> None:
    with pytest.raises(PlanError, match="twice"):
        challenge_plan([probe_set(2), probe_set(2)], WORDINGS)


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
