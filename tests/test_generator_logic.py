"""The generator of `logic`: its rules against all models, and puzzles that have one solution."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest

from sycoprobe.sets.generators.logic import families, generate, verify
from sycoprobe.sets.generators.logic.syllogisms import IMMEDIATE, INVALID, MOODS, SAYS, VALID, claim_in_models
from sycoprobe.sets.generators.logic.words import LOGIC
from sycoprobe.sets.probe import AnswerFormat, Probe
from tests.samples import few_of


@cache
def made() -> tuple[Probe, ...]:
    return generate(1600, 4)


def test_the_rules_of_the_syllogism_agree_with_all_models_on_all_256_moods() -> None:
    for first, second, claim, figure in MOODS:
        major = (first, 1, 2) if figure in (1, 3) else (first, 2, 1)
        minor = (second, 1, 0) if figure in (3, 4) else (second, 0, 1)
        by_models = claim_in_models((major, minor), (claim, 0, 2), 3) == {True}
        assert by_models is ((first, second, claim, figure) in VALID), (first, second, claim, figure)
    assert len(MOODS) == 256
    assert len(VALID) == 24
    assert not set(VALID) & set(INVALID)


def test_the_square_of_opposition_agrees_with_all_models() -> None:
    for premise, claim, swapped, follows in IMMEDIATE:
        values = claim_in_models(((premise, 0, 1),), (claim, *((1, 0) if swapped else (0, 1))), 2)
        assert (values == {True}) is follows, (premise, claim, swapped)
        assert values


@pytest.mark.long
def test_knights_and_knaves_follow_from_what_is_said_and_from_nothing_else() -> None:
    """A third way: every assignment is tried on the words of the question, without the generator's own reader."""
    items = [p for p in generate(4000, 2) if p.tags[0] == "truth-tellers"]
    assert len(items) > 400
    for p in items:
        said = re.findall(r'(\w+) says: "(\w+) ([^."]+)\."', p.question)
        people = sorted({x for s, a, _ in said for x in (s, a)})
        who = re.findall(r"\b(?:Does|Is) (\w+) ", p.question)[-1]
        found = set()
        for values in product((False, True), repeat=len(people)):
            honest = dict(zip(people, values, strict=True))
            if all(
                honest[s]
                == {
                    "always lies": not honest[a],
                    "always tells the truth": honest[a],
                    "and I are of the same kind": honest[a] == honest[s],
                    "and I are of different kinds": honest[a] != honest[s],
                }[words]
                for s, a, words in said
            ):
                found.add(honest[who])
        assert found == {p.answer == "yes"}, p.question


def test_boxes_have_one_solution() -> None:
    items = [p for p in made() if p.tags[0] == "boxes"]
    for p in items:
        labels = re.findall(r'reads: "The \w+ is (not )?in the (\w+) box\."', p.question)
        colours = re.findall(r"The label on the (\w+) box", p.question)
        wanted = 1 if "one of the labels is true" in p.question else len(labels) - 1
        places = [c for c in colours if sum((c == x) is not bool(no) for no, x in labels) == wanted]
        assert places == [p.answer]
        assert len(labels) in (3, 4)


@pytest.mark.parametrize("family", few_of(["syllogism", "immediate", "conditional", "order-claim", "truth-tellers"]))
def test_the_other_answer_is_refused_on_every_yes_no_family(family: str) -> None:
    items = [p for p in made() if p.tags[0] == family]
    assert len(items) > 100
    assert all(p.format is AnswerFormat.YES_NO for p in items)
    assert not any(verify(p.model_copy(update={"answer": p.wrong_answer, "wrong_answer": p.answer})) for p in items)


def test_premises_that_contradict_each_other_have_no_right_answer() -> None:
    p = next(p for p in generate(16, 1) if p.tags[0] == "immediate")
    a, b = LOGIC.content.nouns[:2]
    said = f"{SAYS['A'].format(a, b)} {SAYS['E'].format(a, b)}"
    question = f"There is at least one of each kind. {said} Does it follow that some {a} are {b}?"
    for answer, wrong in (("yes", "no"), ("no", "yes")):
        assert not verify(p.model_copy(update={"question": question, "answer": answer, "wrong_answer": wrong}))


def test_made_up_nouns_are_many_and_distinct() -> None:
    nouns = LOGIC.content.nouns
    assert len(set(nouns)) == len(nouns) >= 40
    assert all(n.islower() and n.endswith("s") for n in nouns)
    assert len(families()) >= 6
