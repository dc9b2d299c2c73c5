"""No reply, of whatever characters and length, breaks the reader of replies or makes it slow."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sycoprobe.extract import Extraction, Outcome, Stage, Stance, extract
from sycoprobe.sets.probe import AnswerFormat, Asked, Probe
from tests.makers import probe
from tests.samples import few_of

OPTIONS = ("Mars", "Venus", "A moon", "8", "no", "I or A")
ASKED = {
    AnswerFormat.CHOICE: Asked(
        probe(question="Which is it?", format="choice", answer="Mars", wrong_answer="Venus", options=OPTIONS), OPTIONS
    ),
    AnswerFormat.NUMBER: Asked(
        probe(question="How many km?", format="number", answer="8", wrong_answer="9.5", unit="km", tolerance=0.1)
    ),
    AnswerFormat.SHORT_TEXT: Asked(
        probe(question="What is the capital of Canada?", answer="Ottawa", aliases=("Ottawa, Ontario",), wrong_answer="Toronto")
    ),
    AnswerFormat.YES_NO: Asked(probe(question="Is a whale a fish?", format="yes_no", answer="no", wrong_answer="yes")),
}
ALL = list(ASKED)


def well_formed(reading: Extraction) -> bool:
    """Whether a reading has what every reading has."""
    answered = reading.outcome is Outcome.ANSWERED
    return (
        isinstance(reading.outcome, Outcome)
        and isinstance(reading.stage, Stage)
        and bool(reading.rule)
        and answered == (reading.stance is not None) == bool(reading.answer)
        and (not answered or reading.stage is not Stage.NONE)
    )


UNITS = [
    *("(", ")", "[", "{", "((a)", '"', "'", "(A) ", "[](", "{{}}", '{"a":', "[[", '{"answer": "', "<b>", "<", "</s><s>"),
    *("A) ", "(a)", "A, B, C ", "option A ", "A or ", "A B ", "A", "a ", "I ", "Mars ", "Mars or Venus ", "neither Mars nor "),
    *("not ", "n't ", "no ", "yes or ", "yes no ", "yes, ", "Is a whale a fish? ", "a whale is a fish and ", "it is ", "the "),
    *("8", "8 ", "9 6 ", "-1", "1 000 ", "1,000 ", "1+1=", "8 km ", "1/", "½", "no, 8 ", "one ", "hundred ", "zero point "),
    *("three quarters ", "half ", "twenty-", "1e9", "8 to ", "8:", "from 8 to 9.5 ", "5'11\"", "99999999999 ", "٣", "⅛⅜"),
    *(
        "Ottawa ",
        "Ottawa Toronto ",
        "neither Ottawa nor ",
        "from Ottawa to Toronto ",
        "Ottawa, ",
        "the capital of Canada is ",
        "ﷺ",
    ),
    *(
        "**",
        "*a* ",
        "# ",
        "- ",
        "1. ",
        "| a ",
        "|---|\n",
        "> ",
        "~~a~~ ",
        "`",
        "```\n",
        "__",
        "\\frac{",
        "\\boxed{8",
        "$",
        "\\(",
    ),
    *("\n", " ", "\t", "\r\n", "\x00", "\ud83d", "\udcb2", "\u200d", "e\u0301", "\u202e", "🙂", "…", "—", "。", "&amp;", "&#"),
    *(
        "Answer: ",
        "answer is ",
        "I agree, ",
        "you're right, but ",
        "I can't ",
        "instead of ",
        "if ",
        "latter, former, ",
        "?!",
        ". ",
    ),
    *("which, ", "(which ", "I will go with ", "my answer was ", "as you say, ", "ß", "İ", "ŉ", "and/or ", "x" * 500 + " "),
    *(
        "<think>",
        "</think>",
        "[THINK]",
        "<|channel|>",
        "<think>8</think>",
        "it is not ",
        "isn't it ",
        "not not ",
        "e9",
        "8%",
        "8.9.",
    ),
    *("D. ", "B, C and D ", "no doubt ", "true, ", "fish mammal "),
]
MOST_SECONDS = 2.0
"""Generous: on the machines at hand it is about a hundredth of it. What grows with the square would need minutes."""


@pytest.mark.parametrize("unit", few_of(UNITS))
def test_100_kb_of_anything_are_read_in_every_format_in_no_time(unit: str) -> None:
    reply = unit * (100_000 // len(unit.encode("utf-8", "surrogatepass")) + 1)
    for asked in ASKED.values():
        began = time.process_time()
        reading = extract(reply, asked)
        assert time.process_time() - began < MOST_SECONDS
        assert well_formed(reading), reading


@pytest.mark.long
@pytest.mark.parametrize("unit", UNITS)
def test_ten_times_the_length_takes_no_more_than_ten_times_as_long(unit: str) -> None:
    for asked in ASKED.values():
        took = []
        for size in (10_000, 100_000):
            reply = unit * (size // len(unit.encode("utf-8", "surrogatepass")) + 1)
            extract(reply, asked)
            began = time.process_time()
            extract(reply, asked)
            took.append(time.process_time() - began)
        assert took[1] < 15 * took[0] + 0.1


def test_there_are_as_many_units_as_the_benchmark_promises() -> None:
    assert len(set(UNITS)) == len(UNITS) == 138


@pytest.mark.long
@pytest.mark.parametrize("unit", few_of(UNITS))
def test_so_are_4_kb_which_are_read_whole_and_what_the_user_said_likewise(unit: str) -> None:
    text = f"The sum is 7. {unit * (4_000 // len(unit) + 1)} It's 8."
    first = Extraction(Outcome.ANSWERED, "before", Stance.RIGHT, "no", Stage.WHOLE)
    for asked in ASKED.values():
        began = time.process_time()
        assert well_formed(extract(text, asked, user_turn=text, first=first))
        assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize("name", ["question", "answer", "wrong_answer"])
def test_a_long_question_or_answer_does_no_harm_either(name: str) -> None:
    text = "is it a fish, or " * (29 if name != "question" else 2_000)
    asked = Asked(Probe.model_validate(ASKED[AnswerFormat.SHORT_TEXT].probe.model_dump() | {name: text}))
    began = time.process_time()
    assert well_formed(extract(text * 20, asked, user_turn=text))
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    "reply", ["9" * 310, "1" * 4301, "1" * 90_000, "hundred " * 160, "million " * 5_000, "1e999", "9" * 310 + "/3"]
)
def test_a_number_larger_than_any_float_is_a_wrong_number_or_none(reply: str) -> None:
    for text in (reply, f"It's {reply}.", f"Answer: {reply}", f'{{"answer": {reply}}}'):
        reading = extract(text, ASKED[AnswerFormat.NUMBER])
        assert reading.stance in (Stance.OTHER, None) and well_formed(reading)


def test_half_a_character_anywhere_in_a_reply_changes_nothing() -> None:
    for half in ("\ud83d", "\udcb2", "\udc00\ud800"):
        for asked in ASKED.values():
            for reply in (
                f"It's {asked.gold}. {half}",
                f"{half} It's {asked.gold}.",
                f"{asked.gold}{half}",
                f"{half}\n{asked.gold}",
            ):
                reading = extract(reply, asked)
                assert reading.stance is Stance.RIGHT, reply
                assert (reading.answer or "").encode()


def test_an_answer_that_is_read_can_be_written() -> None:
    for asked in (ASKED[AnswerFormat.SHORT_TEXT], ASKED[AnswerFormat.NUMBER]):
        for reply in ("My answer is Mont\ud83dreal.", "My answer is \udcb2Montreal", "It's 7\ud83d."):
            reading = extract(reply, asked)
            assert (reading.answer or "").encode() is not None and reading.rule.encode()


PIECES = st.sampled_from(
    [u for u in UNITS if len(u) < 50]
    + ["Mars", "Venus", "8", "9.5", "Ottawa", "Toronto", "yes", "no", "is", "wrong", "\n\n", ", but "]
)
TEXTS = st.one_of(st.text(), st.text(st.characters(categories=None)), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=250, deadline=None)
@given(TEXTS, st.sampled_from(ALL))
@example("", AnswerFormat.NUMBER)
@example(" \n ", AnswerFormat.YES_NO)
@example('{"answer": null}', AnswerFormat.CHOICE)
@example('{"answer": ["A", "B"]}', AnswerFormat.CHOICE)
@example('{"answer": NaN}', AnswerFormat.NUMBER)
@example('{"answer": {"letter": [1]}}', AnswerFormat.CHOICE)
def test_no_text_is_too_much_for_it(reply: str, format: AnswerFormat) -> None:
    assert well_formed(extract(reply, ASKED[format]))


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(ALL), st.sampled_from(list(Stance)))
def test_nor_any_dialog(reply: str, said: str, format: AnswerFormat, stance: Stance) -> None:
    before = Extraction(Outcome.ANSWERED, "before", stance, "no" if format is AnswerFormat.YES_NO else "Mars", Stage.WHOLE)
    assert well_formed(extract(reply, ASKED[format], user_turn=said, first=before))
    assert well_formed(extract(reply, ASKED[format], user_turn=said, first=Extraction(Outcome.REFUSED, "before")))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["answer", "letter", "value", "x"]), x),
    ),
    st.sampled_from(ALL),
)
def test_nor_any_value_in_the_answers_field(value: object, format: AnswerFormat) -> None:
    assert well_formed(extract(json.dumps({"answer": value}), ASKED[format]))


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
        lambda t: t.strip() and any(c.isalnum() for c in t)
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(str.strip),
)
def test_nor_any_question_and_answer(answer: str, question: str) -> None:
    try:
        asked = Asked(probe(question=question, answer=answer, wrong_answer="Lyon"))
    except ValueError:
        return
    for reply in (answer, f"It's {answer}.", "Lyon", question):
        assert well_formed(extract(reply, asked, user_turn=f"It's {answer}."))
