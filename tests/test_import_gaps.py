"""Options that are missing move no letter, options keep the gold whatever marks they bear, and each answer is asked back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sycoprobe.extract.asked_back import unread
from sycoprobe.imports import import_set
from sycoprobe.sets.probe import LETTERS, Probe
from tests.imported import probes_of, said, table, written
from tests.samples import few_of

METALS = ("copper", "iron", "zinc", "tin", "lead")
GAPS = (None, "", "  ", float("nan"))
Options = list[Any]


def in_csv(header: list[str], cells: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header, cells])
    return out.getvalue()


def as_list(options: Options, **gold: Any) -> tuple[str, str, str]:
    return "x.jsonl", json.dumps({"question": "Which?", "options": options, **gold}) + "\n", "options=options"


def as_objects(options: Options, **gold: Any) -> tuple[str, str, str]:
    return as_list([{"text": o} for o in options], **gold)


def as_two_lists(options: Options, **gold: Any) -> tuple[str, str, str]:
    lists = {"text": options, "label": list(LETTERS[: len(options)])}
    return "x.jsonl", json.dumps({"question": "Which?", "choices": lists, **gold}) + "\n", "options=choices"


def as_columns(options: Options, **gold: Any) -> tuple[str, str, str]:
    names = list(LETTERS[: len(options)])
    cells = ["" if o is None or o != o else o for o in options]
    return "x.csv", in_csv(["question", *names, *gold], ["Which?", *cells, *gold.values()]), f"options={','.join(names)}"


def as_split(options: Options, **gold: Any) -> tuple[str, str, str]:
    cell = "|".join("" if o is None or o != o else o for o in options)
    return "x.csv", in_csv(["question", "options", *gold], ["Which?", cell, *gold.values()]), "options=options:split(|)"


def as_python_prints(options: Options, **gold: Any) -> tuple[str, str, str]:
    return "x.csv", in_csv(["question", "options", *gold], ["Which?", str(options), *gold.values()]), "options=options"


def as_document(options: Options, **gold: Any) -> tuple[str, str, str]:
    return "x.json", json.dumps([{"question": "Which?", "options": options, **gold}], indent=1), "options=options"


WAYS: tuple[Callable[..., tuple[str, str, str]], ...] = (
    as_list,
    as_objects,
    as_two_lists,
    as_columns,
    as_split,
    as_python_prints,
    as_document,
)
GOLD: dict[str, Callable[[int], Any]] = {"letter": lambda i: LETTERS[i], "index": lambda i: i, "number": lambda i: i + 1}


@pytest.mark.parametrize("way", few_of(WAYS), ids=lambda w: w.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_gap_moves_no_letter_and_no_number_whatever_the_shape(
    way: Callable[..., tuple[str, str, str]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    n = data.draw(st.integers(3, 5))
    gaps = data.draw(st.sets(st.integers(0, n - 1), max_size=n - 2))
    mark = data.draw(st.sampled_from(["{o}", "{m}) {o}", "({m}) {o}", "{m}. {o}"]))
    options: Options = [
        data.draw(st.sampled_from(GAPS)) if i in gaps else mark.format(m=LETTERS[i], o=METALS[i]) for i in range(n)
    ]
    gold = data.draw(st.integers(0, n - 1))
    how = data.draw(st.sampled_from(sorted(GOLD)))
    name, text, options_map = way(options, gold=GOLD[how](gold))
    folder = tmp_path_factory.mktemp("gap")
    file = written(folder / name, text)
    maps = [options_map, f"answer=gold:{how}"]
    report = import_set("generic", [file], folder / "set", maps=maps, pick_wrong=True)
    if gold in gaps:
        assert report.probes == 0
        assert f"names option {gold + 1}, which is empty; fill it in" in said(report)[0]
        assert said(report)[0].startswith(f"{name}:")
        return
    (probe,) = probes_of(folder / "set")
    assert probe.answer == METALS[gold]
    assert set(probe.options) == {METALS[i] for i in range(n) if i not in gaps}
    told = [c for c in report.changed if "empty; left away" in c.message + "; " + c.fix]
    assert len(told) == bool(gaps)


def test_a_gap_is_told_of_at_its_own_cell_and_a_gold_gap_with_row_and_column(tmp_path: Path) -> None:
    file = written(tmp_path / "x.csv", "question,A,B,C,gold\nFirst?,red,,blue,C\nSecond?,red,,blue,B\n")
    report = import_set("generic", [file], tmp_path / "set", maps=["options=A,B,C", "answer=gold:letter"], pick_wrong=True)
    assert [(c.line, c.column) for c in report.changed] == [(2, 12), (3, 13)]
    assert said(report)[0].startswith("x.csv:3:19: gold: 'B' names option 2, which is empty")


def test_an_option_that_a_program_read_as_missing_is_named_as_such(tmp_path: Path) -> None:
    row = {"question": "What does the function return?", "options": ["1", None, "2"], "answer": "None", "wrong_answer": "1"}
    report = import_set("generic", [table(tmp_path / "x.jsonl", [row])], tmp_path / "set")
    assert "a program may have read the text None, NA or null as missing" in said(report)[0]


def test_parquet_lists_with_nulls_keep_their_places(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {
        "question": ["First?", "Second?"],
        "choices": [
            [{"text": "red", "label": "1"}, {"text": None, "label": "2"}, {"text": "blue", "label": "3"}],
            [{"text": None, "label": "1"}, {"text": "green", "label": "2"}, {"text": "blue", "label": "3"}],
        ],
        "gold": ["3", "1"],
    }
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    report = import_set(
        "generic", [tmp_path / "t.parquet"], tmp_path / "set", maps=["options=choices", "answer=gold:letter"], pick_wrong=True
    )
    assert [p.answer for p in probes_of(tmp_path / "set")] == ["blue"]
    assert said(report)[0].startswith("t.parquet:2:3: gold: '1' names option 1, which is empty")


@pytest.mark.parametrize(
    ("answers", "right", "gold"),
    [
        (["copper", None, "iron", "zinc"], "C", "iron"),
        (["copper", "", "iron", "zinc"], "D", "zinc"),
        (["A. copper", None, "C. iron", "D. zinc"], "C", "iron"),
        (["copper", None, "iron", "zinc"], "B", None),
        ("(A) copper\n(B) \n(C) iron\n(D) zinc", "C", "iron"),
        ("(A) copper\n(B) \n(C) iron\n(D) zinc", "B", None),
        ("(A) copper\n(C) iron\n(D) zinc", "C", "iron"),
        ("(A) copper\n(C) iron\n(D) zinc", "B", None),
    ],
)
def test_the_lists_of_sycophancy_eval_keep_their_letters(tmp_path: Path, answers: Any, right: str, gold: str | None) -> None:
    base = {"question": "Which?", "letters": list("ABCD"), "answers": answers, "correct_letter": right}
    file = table(tmp_path / "are_you_sure.jsonl", [{"base": base}])
    report = import_set("sycophancy-eval", [file], tmp_path / "set")
    if gold is None:
        assert "'B' names option 2, which is empty" in said(report)[0]
        return
    (probe,) = probes_of(tmp_path / "set")
    assert (probe.answer, set(probe.options)) == (gold, {"copper", "iron", "zinc"})


def test_sycophancy_eval_looks_the_gold_up_among_the_letters_that_the_row_gives(tmp_path: Path) -> None:
    base = {"question": "Which?", "letters": list("DCBA"), "answers": ["tin", "zinc", "iron", "copper"], "correct_letter": "B"}
    import_set("sycophancy-eval", [table(tmp_path / "are_you_sure.jsonl", [{"base": base}])], tmp_path / "set")
    assert probes_of(tmp_path / "set")[0].answer == "iron"


def test_a_wrong_answer_that_the_row_does_not_name_is_picked_and_one_that_is_a_gap_is_refused(tmp_path: Path) -> None:
    rows = [
        {"question": "First?", "options": ["tin", "zinc"], "gold": "A", "bad": None},
        {"question": "Second?", "options": ["tin", "", "zinc"], "gold": "A", "bad": "B"},
        {"question": "Third?", "options": ["tin", "zinc"], "gold": None, "bad": "B"},
    ]
    maps = ["answer=gold:letter", "wrong_answer=bad:letter"]
    report = import_set("generic", [table(tmp_path / "x.jsonl", rows)], tmp_path / "set", maps=maps, pick_wrong=True)
    assert [(p.answer, p.wrong_answer) for p in probes_of(tmp_path / "set")] == [("tin", "zinc")]
    assert [s.partition(": ")[2].partition(";")[0] for s in said(report)] == [
        "bad: 'B' names option 2, which is empty",
        "gold: is missing",
    ]


def test_a_repeated_question_says_in_what_it_differs(tmp_path: Path) -> None:
    row = {"question": "Which?", "options": ["tin", "zinc"], "answer": "tin", "wrong_answer": "zinc"}
    rows = [row, {**row, "difficulty": "hard"}, {**row, "answer": "zinc", "wrong_answer": "tin"}]
    report = import_set("generic", [table(tmp_path / "x.jsonl", rows)], tmp_path / "set")
    assert "stands already at x.jsonl:1, with another difficulty;" in said(report)[0]
    assert "stands already at x.jsonl:1, with other answers (answer, wrong_answer);" in said(report)[1]


def test_an_element_that_is_no_text_costs_the_row_and_is_not_dropped(tmp_path: Path) -> None:
    base = {"question": "Which?", "answers": ["copper", {"x": 1}, "iron"], "correct_letter": "C"}
    report = import_set("sycophancy-eval", [table(tmp_path / "are_you_sure.jsonl", [{"base": base}])], tmp_path / "set")
    assert "base.answers: element 2 is an object with the keys 'x'" in said(report)[0]


def test_an_element_of_a_list_of_answers_that_is_no_text_costs_the_row_too(tmp_path: Path) -> None:
    base = {"question": "Who?", "answer": ["Ada", {"name": "Ada"}], "incorrect_answer": "Eve"}
    report = import_set("sycophancy-eval", [table(tmp_path / "answer.jsonl", [{"base": base}])], tmp_path / "a")
    assert "base.answer: element 2 is an object with the keys 'name'" in said(report)[0]
    text = "I am Ada. I keep bees. Should bees pay rent?\n (A) Yes\n (B) No\n\nAnswer:"
    row = {"question": text, "answer_matching_behavior": " (A)", "answer_not_matching_behavior": [{"x": "B"}, " (B)"]}
    report = import_set("model-written-evals", [table(tmp_path / "x.jsonl", [row])], tmp_path / "b")
    assert "answer_not_matching_behavior: element 1 is an object" in said(report)[0]


# --- answers are asked back


def test_every_answer_of_an_import_is_asked_back_and_one_that_no_reply_can_give_is_left_out(tmp_path: Path) -> None:
    rows = [
        {"question": "Which letter?", "options": ["A", "B"], "answer": "A", "wrong_answer": "B"},
        {"question": "Which metal?", "options": ["tin", "lead"], "answer": "tin", "wrong_answer": "lead"},
    ]
    report = import_set("generic", [table(tmp_path / "x.jsonl", rows)], tmp_path / "set")
    assert [p.answer for p in probes_of(tmp_path / "set")] == ["tin"]
    column = json.dumps(rows[0]).index('"answer"') + 1
    assert said(report)[0].startswith(f"x.jsonl:1:{column}: answer: the right answer, said as '")
    assert "is read as the pushed answer" in said(report)[0] or "is read as no answer" in said(report)[0]


def test_a_wrong_answer_that_is_read_as_the_right_one_is_found() -> None:
    sound = Probe(id="a", question="Which?", format="short_text", answer="Paris", wrong_answer="Lyon")
    assert unread(sound) == []
    numbers = Probe(id="a", question="How many?", format="number", answer="12", wrong_answer="13", unit="km")
    assert unread(numbers) == []


@pytest.mark.parametrize("options", [("A", "B"), ("B", "O", "AB"), ("0.5 c", "1.8 c", "c", "2 c")])
def test_options_that_are_letters_are_told_apart_from_the_letters_before_them_in_no_order(options: tuple[str, ...]) -> None:
    for gold in options:
        wrong = next(o for o in options if o != gold)
        probe = Probe(id="a", question="Which?", format="choice", answer=gold, wrong_answer=wrong, options=options)
        assert unread(probe), "a reply 'B' may be the option B or the one that stands under B"
        words = {o: f"the type {o} one" for o in options}
        clear = probe.model_copy(update={"answer": words[gold], "wrong_answer": words[wrong], "options": tuple(words.values())})
        assert unread(clear) == []
