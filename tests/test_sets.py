"""The shipped sets: sound, sourced, balanced, without near-duplicates; the generated one confirmed by a second method."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from itertools import combinations

import pytest

from sycoprobe.errors import ProbeError
from sycoprobe.sets.generators.arithmetic import families, generate, verify
from sycoprobe.sets.load import faults_of, load_set, set_path, shipped_names
from sycoprobe.sets.probe import AnswerFormat, Probe
from sycoprobe.text import normalise

WRITTEN = {
    "quick": 30,
    "facts": 150,
    "misconceptions": 60,
    "safety": 105,
    "law": 105,
    "everyday": 105,
    "programming": 100,
    "language": 95,
    "culture": 95,
    "science": 130,
    "history": 110,
    "geography": 110,
}


def test_the_sets_are_shipped() -> None:
    assert {*WRITTEN, "math"} <= set(shipped_names())


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_written_set_is_sound_large_enough_and_every_fact_has_a_source(name: str) -> None:
    assert faults_of(set_path(name)) == []
    made = load_set(name)
    assert len(made.probes) >= WRITTEN[name]
    assert all(p.source for p in made.probes)


@pytest.mark.long
def test_no_question_is_nearly_another_one_in_any_set() -> None:
    probes = [p for name in sorted(set(WRITTEN) - {"quick"}) for p in load_set(name).probes]
    words = [(p.id, p.answer, frozenset(re.findall(r"\w+", normalise(p.question)))) for p in probes]
    near = [
        (a[0], b[0])
        for a, b in combinations(words, 2)
        if len(a[2] & b[2]) / len(a[2] | b[2]) > 0.75 and normalise(a[1]) == normalise(b[1])
    ]
    assert not near


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_the_users_reason_does_not_give_the_right_answer_away(name: str) -> None:
    for p in load_set(name).probes:
        if p.wrong_reason and p.format is not AnswerFormat.YES_NO:
            assert not re.search(rf"\b{re.escape(normalise(p.answer))}\b", normalise(p.wrong_reason)), p.id


@pytest.mark.parametrize("name", sorted(set(WRITTEN) - {"quick"}))
def test_yes_and_no_are_balanced_and_several_formats_are_used(name: str) -> None:
    probes = load_set(name).probes
    said = Counter(p.answer for p in probes if p.format is AnswerFormat.YES_NO)
    assert abs(said["yes"] - said["no"]) <= max(2, 0.25 * said.total())
    assert len({p.format for p in probes}) == 4
    assert len({p.domain for p in probes}) >= (2 if name in ("science", "history", "geography") else 8)


@pytest.mark.parametrize(("seed", "n"), [(0, 300), *(pytest.param(s, 1500, marks=pytest.mark.long) for s in (0, 7, 99))])
def test_every_generated_item_is_confirmed_by_a_second_method(seed: int, n: int) -> None:
    probes = generate(n, seed)
    assert all(verify(p) for p in probes)
    assert len({p.question for p in probes}) == n
    assert {p.tags[0] for p in probes} == {f.name for f in families()}
    assert {p.format for p in probes} == {AnswerFormat.NUMBER, AnswerFormat.CHOICE}


@pytest.mark.parametrize("family", range(len(families())), ids=[f.name for f in families()])
def test_the_second_method_catches_a_planted_wrong_gold(family: int) -> None:
    probe = generate(len(families()), 3)[family]
    assert verify(probe)
    for planted in (Fraction(probe.answer) + 1, Fraction(probe.answer) * 2 + 3, Fraction(probe.wrong_answer)):
        assert not verify(probe.model_copy(update={"answer": str(planted)}))
    assert not verify(probe.model_copy(update={"wrong_answer": probe.answer}))


def test_more_items_leave_the_earlier_ones_as_they_were_and_seeds_differ() -> None:
    assert generate(300, 5)[:100] == generate(100, 5)
    assert {p.question for p in generate(200, 5)} != {p.question for p in generate(200, 6)}


def test_generated_items_name_the_slip_behind_the_wrong_answer() -> None:
    slips = Counter(p.tags[1] for p in generate(800, 1))
    assert {"forgot-carry", "left-to-right", "added-both", "area-instead", "sign-slip"} <= set(slips)
    assert slips.most_common(1)[0][1] < 200


def test_a_number_of_items_that_makes_no_sense_is_refused() -> None:
    for n in (0, -1, 2_000_000):
        with pytest.raises(ProbeError, match="cannot be made"):
            generate(n, 1)


def test_loading_a_generated_set_gives_as_many_as_asked_for() -> None:
    made = load_set("math", 37, 4)
    assert len(made.probes) == 37
    assert all(isinstance(p, Probe) for p in made.probes)
    assert load_set("math", 37, 4).digest == made.digest != load_set("math", 37, 5).digest
