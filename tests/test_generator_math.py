"""The generator of `math`: what its items promise, and what its second method catches."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from functools import cache
from math import gcd

import pytest

from sycoprobe.sets.generators.arithmetic import families, generate, verify
from sycoprobe.sets.generators.making import read_back
from sycoprobe.sets.load import load_set
from sycoprobe.sets.probe import AnswerFormat, Probe, digest_of, parse_number
from tests.samples import few_of

SEEDS = (0, 1, 7, -3, 123_456_789)


@cache
def made() -> tuple[Probe, ...]:
    return generate(1600, 4)


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_two_thousand_items_verify_and_are_distinct_with_distinct_ids(seed: int) -> None:
    probes = generate(2000, seed)
    assert all(verify(p) for p in probes)
    assert len({p.question for p in probes}) == len({p.id for p in probes}) == 2000
    assert all(re.fullmatch(rf"math-{seed}-\d{{6}}", p.id) for p in probes)


@pytest.mark.parametrize("seed", few_of(SEEDS))
def test_a_shorter_set_is_the_beginning_of_a_longer_one(seed: int) -> None:
    longer = generate(500, seed)
    assert all(generate(n, seed) == longer[:n] for n in (1, 10, 123))


@pytest.mark.long
def test_another_process_with_another_hash_seed_makes_the_same_items() -> None:
    code = "from sycoprobe.sets.generators.arithmetic import generate; print([p.model_dump_json() for p in generate(200, 11)])"
    here = hashlib.sha256(f"{[p.model_dump_json() for p in generate(200, 11)]}\n".encode()).hexdigest()
    for hash_seed in ("0", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"}
        out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True).stdout
        assert hashlib.sha256(out.replace(b"\r\n", b"\n")).hexdigest() == here


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_no_wrong_answer_and_no_distractor_has_the_value_of_the_gold(seed: int) -> None:
    for p in generate(2000, seed):
        gold = parse_number(p.answer)
        assert gold is not None
        values = [parse_number(o) for o in dict.fromkeys((p.wrong_answer, *p.options)) if o != p.answer]
        assert None not in values
        assert gold not in values
        assert len(set(values)) == len(values)


def test_a_choice_has_four_options_and_the_gold_at_every_letter_about_equally_often() -> None:
    choices = [p for p in made() if p.format is AnswerFormat.CHOICE]
    assert all(len(p.options) == 4 for p in choices)
    assert 0.1 < len(choices) / len(made()) < 0.5
    places = Counter(p.options.index(p.answer) for p in choices)
    assert all(0.2 < places[i] / len(choices) < 0.3 for i in range(4))


def test_a_fraction_is_in_lowest_terms() -> None:
    fractions = [p for p in made() if p.tags[0] == "fractions"]
    assert fractions
    for p in fractions:
        top, _, bottom = p.answer.partition("/")
        assert gcd(int(top), int(bottom or 1)) == 1


@pytest.mark.long
@pytest.mark.parametrize("family", [f.name for f in families()])
def test_a_planted_wrong_gold_is_caught_in_every_family(family: str) -> None:
    for p in [p for p in generate(640, 9) if p.tags[0] == family]:
        gold = Fraction(p.answer)
        for planted in {gold + 1, gold - 1, gold * 10, gold * 2, -gold, gold + Fraction(1, 2), Fraction(p.wrong_answer)} - {
            gold
        }:
            # also where the planted answer stands among the options, so that the arithmetic is what catches it
            options = tuple(str(planted) if o == p.answer else o for o in p.options if o != str(planted))
            assert not verify(p.model_copy(update={"answer": str(planted), "options": options})), (p.question, planted)


def test_the_gold_pushed_as_wrong_is_caught() -> None:
    assert not any(verify(p.model_copy(update={"wrong_answer": p.answer})) for p in generate(160, 9))


def test_a_gold_that_is_not_in_lowest_terms_is_caught() -> None:
    p = next(p for p in generate(320, 9) if p.tags[0] == "fractions" and p.format is AnswerFormat.NUMBER)
    gold = Fraction(p.answer)
    assert verify(p)
    assert not verify(p.model_copy(update={"answer": f"{gold.numerator * 2}/{gold.denominator * 2}"}))


def test_a_distractor_that_is_right_as_well_is_caught() -> None:
    p = next(p for p in generate(320, 9) if p.format is AnswerFormat.CHOICE)
    again = f"{Fraction(p.answer).numerator * 2}/{Fraction(p.answer).denominator * 2}"
    assert verify(p)
    assert not verify(p.model_copy(update={"options": (*p.options, again)}))


def test_a_choice_whose_options_lack_the_gold_is_caught() -> None:
    p = next(p for p in generate(320, 9) if p.format is AnswerFormat.CHOICE)
    assert not verify(p.model_copy(update={"options": tuple(o for o in p.options if o != p.answer)}))


def test_a_question_of_no_family_is_refused() -> None:
    p = generate(1, 9)[0]
    with pytest.raises(ValueError, match="no family asks"):
        verify(p.model_copy(update={"question": "What is the colour of 7?"}))


def test_each_question_is_read_by_its_own_family_only() -> None:
    for p in made()[:300]:
        read = {f.name: read_back(f, p.question) for f in families()}
        assert [name for name, found in read.items() if found and all(x.isdigit() for x in found.values())] == [p.tags[0]]


def operands(p: Probe) -> tuple[int, int]:
    """The two numbers of a sum or difference."""
    a, b = re.findall(r"\d+", p.question)
    return int(a), int(b)


@pytest.mark.parametrize(("n", "kinds"), [(1600, 5), pytest.param(4000, 6, marks=pytest.mark.long)])
def test_a_forgotten_carry_or_borrow_is_claimed_only_where_there_is_one(n: int, kinds: int) -> None:
    seen = Counter[tuple[str, ...]]()
    for p in made() if n == 1600 else generate(n, 6):
        if p.tags in {("addition", "forgot-carry"), ("addition", "wrote-out-carry")}:
            a, b = operands(p)
            assert any(a // q % 10 + b // q % 10 > 9 for q in (1, 10, 100)), p.question
        elif p.tags == ("addition", "needless-carry"):
            a, b = operands(p)
            assert a % 10 + b % 10 < 10, p.question
        elif p.tags in {("subtraction", "forgot-borrow"), ("subtraction", "smaller-from-larger")}:
            a, b = operands(p)
            assert any(a // q % 10 < b // q % 10 for q in (1, 10, 100)), p.question
        elif p.tags == ("multiplication", "forgot-carry"):
            a, b = operands(p)
            assert (a % 10) * (b % 10) > 9, p.question
        else:
            continue
        seen[p.tags] += 1
    assert len(seen) == kinds


def test_every_item_names_family_and_slip_and_gives_both_reasons() -> None:
    for p in generate(800, 8):
        assert len(p.tags) == 2
        assert p.source == "computed"
        assert p.wrong_reason and p.wrong_reason[0].isupper() and p.wrong_reason.endswith(".")
        assert p.answer_reason and p.answer_reason[0].isupper() and p.answer_reason.endswith(".")
        assert p.answer not in re.findall(r"-?\d+(?:/\d+)?", p.wrong_reason)


def test_each_difficulty_has_a_fair_share_of_a_set_of_usual_size() -> None:
    shares = Counter(p.difficulty.value for p in generate(1000, 3))
    assert all(shares[d] > 250 for d in ("easy", "medium", "hard"))


def test_the_shipped_set_holds_what_the_generator_makes() -> None:
    made = load_set("math", 50, 12)
    assert made.probes == generate(50, 12)
    assert made.digest == digest_of(made.info, generate(50, 12))
