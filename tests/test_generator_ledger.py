"""The generator of `ledger`: records that state an answer once, that only they can give, and that hang on the entry asked for."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from sycoprobe.sets.generators.ledger import generate, verify
from sycoprobe.sets.generators.ledger.records import LEDGER, read_record
from sycoprobe.sets.probe import AnswerFormat, parse_number


@pytest.mark.long
def test_a_record_is_a_few_sentences_of_moderate_length() -> None:
    for p in generate(2000, 1):
        assert p.context
        assert 40 <= len(p.context.split()) <= 120
        assert 3 <= len(re.findall(r"\.(?: |$)", p.context)) <= 6
        assert "{" not in p.context + p.question


@pytest.mark.long
def test_the_answer_stands_in_the_record_exactly_once_and_not_in_the_question() -> None:
    for p in generate(2000, 2):
        for form in p.right_forms:
            whole = rf"(?<![\w.]){re.escape(form)}(?!\w|\.\d)"
            assert len(re.findall(whole, p.context or "")) == 1, (p.context, form)
            assert not re.findall(whole, p.question)


@pytest.mark.long
def test_numbers_are_not_round() -> None:
    for p in generate(2000, 3):
        for number in re.findall(r"\d+", (p.context or "").replace(".", "")):
            assert int(number) % 5, p.context


@pytest.mark.long
def test_most_wrong_answers_come_from_another_entry_and_the_rest_are_slips_of_a_digit() -> None:
    sorts = Counter[bool]()
    for p in generate(2000, 4):
        stands = p.wrong_answer in (p.context or "")
        if not stands:
            assert p.tags[1] in ("digits-swapped", "digit-misread")
            assert parse_number(p.wrong_answer) is not None
            assert len(p.wrong_answer) == len(p.answer)
        sorts[stands] += 1
    assert 0.6 < sorts[True] / sorts.total() < 0.9


@pytest.mark.long
def test_no_value_is_known_from_another_record_of_the_same_question() -> None:
    answers = Counter(p.answer for p in generate(2000, 5) if p.format is not AnswerFormat.CHOICE)
    assert answers.most_common(1)[0][1] < 40


def test_an_entry_taken_out_of_the_record_leaves_the_question_without_an_answer() -> None:
    for p in generate(150, 6):
        text = p.context or ""
        gone = re.sub(rf"(?<![\w.]){re.escape(p.answer)}(?!\w|\.\d)", "…", text)
        assert verify(p)
        assert not verify(p.model_copy(update={"context": gone}))
        assert not verify(p.model_copy(update={"context": f"{text} {text}"}))
        assert not verify(p.model_copy(update={"context": None}))


def test_another_value_in_the_record_is_another_answer() -> None:
    for p in generate(400, 7):
        if p.format is AnswerFormat.NUMBER:
            text = re.sub(
                rf"(?<![\w.]){re.escape(p.answer)}(?!\w|\.\d)", "5005.5" if "." in p.answer else "5005", p.context or ""
            )
            assert not verify(p.model_copy(update={"context": text}))


def test_a_record_of_another_place_does_not_confirm_an_answer() -> None:
    for p in generate(200, 8):
        at = re.findall(r"(?: at| of| in) ([A-Z]\w+)", p.context or "")
        assert not verify(p.model_copy(update={"context": (p.context or "").replace(at[0], "Elsewhere")}))


def test_the_hard_records_and_no_others_have_to_be_read_twice() -> None:
    hops = {name: len(kind.reads) for name, kind in LEDGER.content.families.items()}
    for p in generate(300, 9):
        assert (p.difficulty.value == "hard") is (hops[p.tags[0]] == 2)


def test_a_record_is_read_by_the_names_in_the_question() -> None:
    text = "Plot 17 belongs to Ana Roe and plot 23 to Bo Lund. Plot 23 is planted with leeks and plot 17 with chard."
    reads = LEDGER.content.families["gardens"].reads
    assert read_record(text, reads, {"key": "chard"}) == "Ana Roe"
    assert read_record(text, reads, {"key": "leeks"}) == "Bo Lund"
    assert read_record(text, reads, {"key": "garlic"}) is None
