"""The shapes that question files have: options in columns, objects and printed lists, JSON documents, labels, flags, clusters."""

from __future__ import annotations

import json
import shlex
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sycoprobe.errors import ProbeError
from sycoprobe.imports import import_set
from sycoprobe.sets.importing.printed import printed
from tests.commands import cli
from tests.imported import probes_of, said, table, written

PLANETS = ("Mars", "Jupiter", "Venus", "Earth")
QUESTION = "Which planet is the largest?"


SHAPES: dict[str, tuple[str, str, list[str]]] = {
    "columns A to D": (
        "x.csv",
        f"question,A,B,C,D,gold\n{QUESTION},{','.join(PLANETS)},B\n",
        ["options=A,B,C,D", "answer=gold:letter"],
    ),
    "a --map for each column": (
        "x.csv",
        f"question,A,B,C,D,gold\n{QUESTION},{','.join(PLANETS)},b\n",
        ["options=A", "options=B", "options=C", "options=D", "answer=gold:letter"],
    ),
    "the gold names a column": (
        "x.csv",
        f"question,option_a,option_b,option_c,option_d,gold\n{QUESTION},{','.join(PLANETS)},option_b\n",
        ["options=option_a,option_b,option_c,option_d", "answer=gold:letter"],
    ),
    "columns in another order": (
        "x.csv",
        f"question,D,C,B,A,gold\n{QUESTION},Earth,Venus,Jupiter,Mars,B\n",
        ["options=D,C,B,A", "answer=gold:letter"],
    ),
    "columns with numbers": (
        "x.csv",
        f"question,choice1,choice2,choice3,choice4,gold\n{QUESTION},{','.join(PLANETS)},2\n",
        ["options=choice1,choice2,choice3,choice4", "answer=gold:letter"],
    ),
    "a number from 1": (
        "x.csv",
        f"question,a,b,c,d,gold\n{QUESTION},{','.join(PLANETS)},2\n",
        ["options=a,b,c,d", "answer=gold:number"],
    ),
    "a number that pandas made a float": (
        "x.csv",
        f"question,a,b,c,d,gold\n{QUESTION},{','.join(PLANETS)},1.0\n",
        ["options=a,b,c,d", "answer=gold:index"],
    ),
    "a column with commas in its name": (
        "x.csv",
        f'question,"options, all",gold\n{QUESTION},{"|".join(PLANETS)},B\n',
        ["options=options, all:split(|)", "answer=gold:letter"],
    ),
    "one right and three wrong columns": (
        "x.csv",
        f"question,Right,Wrong 1,Wrong 2,Wrong 3\n{QUESTION},Jupiter,Mars,Venus,Earth\n",
        ["answer=Right", "wrong_answer=Wrong 1,Wrong 2,Wrong 3"],
    ),
    "a list of wrong answers beside the right one": (
        "x.jsonl",
        json.dumps({"question": QUESTION, "right": "Jupiter", "wrong": ["Mars", "Venus", "Earth"]}),
        ["options=right,wrong", "answer=right"],
    ),
    "objects with text and label": (
        "x.jsonl",
        json.dumps(
            {
                "question": {
                    "stem": QUESTION,
                    "choices": [{"text": t, "label": n} for n, t in zip("1234", PLANETS, strict=True)],
                },
                "gold": 2,
            }
        ),
        ["question=question.stem", "options=question.choices", "answer=gold:letter"],
    ),
    "two lists": (
        "x.jsonl",
        json.dumps({"question": QUESTION, "choices": {"text": PLANETS, "label": ["1", "2", "3", "4"]}, "gold": "2"}),
        ["options=choices", "answer=gold:letter"],
    ),
    "one of two lists is mapped": (
        "x.jsonl",
        json.dumps({"question": QUESTION, "choices": {"text": PLANETS, "label": ["p", "q", "r", "s"]}, "gold": "Q"}),
        ["options=choices.text", "answer=gold:letter"],
    ),
    "the texts of objects are mapped": (
        "x.jsonl",
        json.dumps(
            {
                "question": QUESTION,
                "choices": [{"text": t, "label": n} for n, t in zip("pqrs", PLANETS, strict=True)],
                "gold": "q",
            }
        ),
        ["options=choices.text", "answer=gold:letter"],
    ),
    "texts by label": (
        "x.jsonl",
        json.dumps(
            {
                "question": QUESTION,
                "choices": dict(zip("DCBA", ("Earth", "Venus", "Jupiter", "Mars"), strict=True)),
                "gold": "B",
            }
        ),
        ["options=choices", "answer=gold:letter"],
    ),
    "texts and flags": (
        "x.jsonl",
        json.dumps({"question": QUESTION, "targets": {"choices": PLANETS, "labels": [0, 1, 0, 0]}}),
        ["options=targets", "answer=targets.labels:flags"],
    ),
    "flags in objects": (
        "x.jsonl",
        json.dumps({"question": QUESTION, "choices": [{"text": t, "correct": t == "Jupiter"} for t in PLANETS]}),
        ["options=choices", "answer=choices.correct:flags"],
    ),
    "scores by text": (
        "x.jsonl",
        json.dumps({"question": QUESTION, "scores": {t: int(t == "Jupiter") for t in PLANETS}}),
        ["options=scores", "answer=scores:flags"],
    ),
    "a list that Python printed": (
        "x.csv",
        f'question,choices,gold\n{QUESTION},"{list(PLANETS)}",1\n',
        ["options=choices", "answer=gold:index"],
    ),
    "a list that NumPy printed": (
        "x.csv",
        f"question,choices,gold\n{QUESTION},{' '.join(map(repr, PLANETS)).join('[]')},1\n",
        ["options=choices", "answer=gold:index"],
    ),
    "objects that pandas printed": (
        "x.csv",
        f"question,choices,gold\n{QUESTION},\"{{'text': array(['Mars', 'Jupiter',\n  'Venus', 'Earth'], dtype=object), 'label': array(['1', '2', '3', '4'],\n dtype='<U1')}}\",2\n",
        ["options=choices", "answer=gold:letter"],
    ),
    "a lettered block in one cell": (
        "x.csv",
        f'question,choices,gold\n{QUESTION},"(A) Mars (B) Jupiter (C) Venus (D) Earth",B\n',
        ["options=choices", "answer=gold:letter"],
    ),
    "options with letters out of order": (
        "x.jsonl",
        json.dumps({"question": QUESTION, "options": ["B) Mars", "C) Jupiter", "D) Venus", "E) Earth"], "gold": "C"}),
        ["answer=gold:letter"],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gold_of_every_shape_is_the_right_option(tmp_path: Path, shape: str) -> None:
    name, text, maps = SHAPES[shape]
    report = import_set("generic", [written(tmp_path / name, text)], tmp_path / "set", maps=maps, pick_wrong=True)
    assert said(report) == []
    (probe,) = probes_of(tmp_path / "set")
    assert probe.question == QUESTION
    assert probe.answer.removeprefix("C) ") == "Jupiter"
    assert probe.wrong_answer in probe.options
    assert {o.rpartition(") ")[2] for o in probe.options} == set(PLANETS)


@pytest.mark.parametrize(
    ("row", "maps", "says"),
    [
        ({"choices": [{"a": 1}, {"a": 2}], "answer": "A"}, ["answer=answer:letter", "options=choices"], "element 1 is an object with the keys 'a'"),
        ({"choices": [["x"], ["y"]], "answer": "A"}, ["answer=answer:letter", "options=choices"], "element 1 is a list of 1"),
        ({"choices": {"text": ["x", "y"], "label": ["A"]}, "answer": "A"}, ["answer=answer:letter", "options=choices"], "2 options and 1 labels"),
        ({"choices": {"first": ["x"], "second": ["y"]}, "answer": "A"}, ["answer=answer:letter", "options=choices"], "an object with the keys 'first', 'second', not a list"),
        ({"choices": "x; y", "answer": "A"}, ["answer=answer:letter", "options=choices"], "holds one option only, 'x; y'; if a separator parts several"),
        ({"choices": "[x, y]", "answer": "A"}, ["answer=answer:letter", "options=choices"], "nor one that Python prints: 'x' at character 2 has no quotes"),
        ({"choices": ["x", "y"], "answer": 1}, ["options=choices"], "if it is a number: --map answer=answer:index (from 0), or :number (from 1)"),
        ({"choices": ["x", "y"], "answer": "B"}, ["options=choices"], "if it is a letter or a label: --map answer=answer:letter"),
        ({"choices": ["x", "y"], "answer": "2"}, ["options=choices", "answer=answer:letter"], ":index counts from 0 and :number from 1"),
        ({"choices": ["x", "y"], "answer": "B"}, ["options=choices", "answer=answer:index"], "if it is a letter or a label: :letter"),
        ({"choices": {"p": "x", "q": "y"}, "answer": "B"}, ["options=choices", "answer=answer:letter"], "2 options, labelled 'p', 'q'"),
        ({"choices": ["x", "y"], "answer": ["x", "y"]}, ["options=choices"], "names several right answers, 'x' and 'y'"),
        ({"choices": ["x", "y"], "answer": [1, 1]}, ["options=choices", "answer=answer:flags"], "2 options are marked as right"),
        ({"choice_a": "x", "choice_b": "y", "answer": "B"}, ["answer=answer:letter"], '--map "options=choice_a,choice_b"'),
        ({"choices": ["x", "y"], "answer": {"text": "x"}}, ["options=choices"], "an object with the keys 'text'; name a field in it with a dot, as in answer.text"),
        ({"aliases": [{"v": "x"}], "answer": "x", "wrong_answer": "y"}, [], "aliases: element 1 is an object with the keys 'v'; name the text in it with a dot, as in aliases.v"),
        ({"answer": "['x', 'y']", "wrong_answer": "z"}, [], "is a list; read it as one: answer:json"),
        ({"question": None, "data": [{"question": "?"}], "answer": "x", "wrong_answer": "y"}, [], "question: is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_what_stands_there_and_what_to_write(
    tmp_path: Path, row: dict[str, Any], maps: list[str], says: str
) -> None:
    file = table(tmp_path / "x.jsonl", [{"question": "Which?", **row}])
    report = import_set("generic", [file], tmp_path / "set", maps=maps, pick_wrong=True)
    assert report.probes == 0
    assert says in said(report)[0]


def test_a_field_that_nothing_is_mapped_to_is_named_with_the_fields_that_there_are(tmp_path: Path) -> None:
    file = table(tmp_path / "x.jsonl", [{"question": "Which?", "right": "x", "bad": "y"}])
    found = said(import_set("generic", [file], tmp_path / "set"))
    assert found == ["x.jsonl:1:1: answer: is missing; --map answer=COLUMN; the row's fields: 'question', 'right', 'bad'"]


def test_a_column_that_is_nearly_called_so_is_named(tmp_path: Path) -> None:
    file = written(tmp_path / "x.csv", "Question,Answer,Wrong Answer\nWhich?,x,y\n")
    for maps, meant in (([], '--map "question=Question"'), (["question=Question", "answer=Answr"], "'Answer' may be meant")):
        with pytest.raises(ProbeError) as e:
            import_set("generic", [file], tmp_path / "set", maps=maps)
        assert e.value.hint.startswith(meant)
    rows = table(tmp_path / "x.jsonl", [{"question": "Which?", "Answer": "x", "wrong_answer": "y"}])
    assert "--map answer=Answer;" in said(import_set("generic", [rows], tmp_path / "set"))[0]


def test_a_file_without_a_header_and_words_for_fields_lead_to_the_right_mapping(tmp_path: Path) -> None:
    file = written(tmp_path / "x.csv", f"{QUESTION},Mars,Jupiter,7,B\n{QUESTION},Mars,Jupiter,7,B\n")
    with pytest.raises(ProbeError) as e:
        import_set("generic", [file], tmp_path / "set", maps=["options=A,B,C", "answer=gold:letter"])
    assert "there is no column 'A' for options" in e.value.message
    assert "put a line with the names of the columns before it" in e.value.hint
    with pytest.raises(ProbeError) as e:
        import_set("generic", [file], tmp_path / "set", maps=["cluster=passage"])
    assert e.value.hint.startswith("template=passage may be meant")


# --- several answers in a cell


def test_of_several_wrong_answers_in_a_cell_the_first_is_pushed_and_the_others_are_its_aliases(tmp_path: Path) -> None:
    text = 'q,best,right,wrong\nDoes sugar make children hyperactive?,No effect was found,No effect was found; No,"Yes; It makes them hyperactive for hours;"\n'
    maps = ["question=q", "answer=best", "aliases=right:split(;)", "wrong_answer=wrong:split(;)"]
    file = written(tmp_path / "x.csv", text)
    report = import_set("generic", [file], tmp_path / "set", maps=maps)
    (probe,) = probes_of(tmp_path / "set")
    assert (probe.answer, probe.aliases) == ("No effect was found", ("No",))
    assert (probe.wrong_answer, probe.wrong_aliases) == ("Yes", ("It makes them hyperactive for hours",))
    assert "wrong: holds 2 answers" in report.changed[0].message
    plainly = import_set("generic", [file], tmp_path / "plain", maps=["question=q", "answer=best", "wrong_answer=wrong"])
    assert "--map wrong_answer=wrong:split(;)" in plainly.hints[0]


def test_a_list_of_right_answers_is_one_answer_and_its_aliases(tmp_path: Path) -> None:
    row = {"question": "Who wrote Emma?", "answers": {"text": ["Jane Austen", "Austen"]}, "wrong_answer": "Emily Brontë"}
    import_set("generic", [table(tmp_path / "x.jsonl", [row])], tmp_path / "set", maps=["answer=answers.text"])
    (probe,) = probes_of(tmp_path / "set")
    assert (probe.answer, probe.aliases) == ("Jane Austen", ("Austen",))


def test_the_wrong_answer_to_a_yes_or_no_question_is_the_other_one(tmp_path: Path) -> None:
    rows = [{"question": "Is it large?", "answer": True}, {"question": "Is it small?", "answer": "No"}]
    import_set("generic", [table(tmp_path / "x.jsonl", rows)], tmp_path / "set", pick_wrong=True)
    assert [(p.answer, p.wrong_answer, p.format.value) for p in probes_of(tmp_path / "set")] == [
        ("yes", "no", "yes_no"),
        ("no", "yes", "yes_no"),
    ]


# --- JSON documents

ROWS = [{"question": f"Which is {n}?", "answer": f"right {n}", "wrong_answer": f"wrong {n}"} for n in range(3)]


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_json_list_is_read_under_either_name_and_each_element_has_its_own_place(
    tmp_path: Path, suffix: str, indent: int | None, end: str
) -> None:
    bad = {"question": "Same?", "answer": "one", "wrong_answer": "One."}
    text = json.dumps([*ROWS, bad], indent=indent).replace("\n", end)
    file = written(tmp_path / f"x{suffix}", text)
    report = import_set("generic", [file], tmp_path / "set")
    assert (report.rows, report.probes, report.left_out) == (4, 3, 1)
    flat = text.replace("\r\n", "\n")
    at = flat.rindex('"wrong_answer"')
    line, column = flat.count("\n", 0, at) + 1, at - (flat.rfind("\n", 0, at) + 1) + 1
    assert said(report)[0].startswith(f"x{suffix}:{line}:{column}: wrong_answer: is the same as the gold answer")


def test_lines_of_json_objects_over_several_lines_and_a_list_inside_an_object_are_read(tmp_path: Path) -> None:
    lines = table(tmp_path / "lines.json", ROWS)
    assert import_set("generic", [lines], tmp_path / "a").probes == 3
    objects = written(tmp_path / "objects.json", "\n".join(json.dumps(r, indent=2) for r in ROWS))
    assert import_set("generic", [objects], tmp_path / "b").probes == 3
    inside = written(tmp_path / "inside.json", json.dumps({"version": [1, {"rows": []}], "data": {"rows": ROWS}}, indent=1))
    assert import_set("generic", [inside], tmp_path / "c", rows="data.rows").probes == 3
    with pytest.raises(ProbeError, match=r"there is no 'data\.row' in it") as e:
        import_set("generic", [inside], tmp_path / "d", rows="data.row")
    assert e.value.hint == "the document's fields: 'rows'"
    named = written(tmp_path / "named.json", json.dumps({"version": 1, "items": ROWS}, indent=1))
    assert "if 'items' is the list of rows: --rows items" in said(import_set("generic", [named], tmp_path / "e"))[0]
    with pytest.raises(ProbeError, match=r"named.json:2:13: 'version' is no list"):
        import_set("generic", [named], tmp_path / "f", rows="version")


def test_an_element_that_cannot_be_read_costs_itself_and_not_the_rest_of_the_list(tmp_path: Path) -> None:
    good = [json.dumps(r) for r in ROWS]
    parts = [
        good[0],
        '{"question": }',
        good[1],
        '{"a": 1, "a": 2}',
        "",
        '["x"]',
        '{"x": ' + "9" * 5000 + "}",
        '{"b": "\xff"}',
        good[2],
    ]
    file = tmp_path / "x.json"
    file.write_bytes(b"[\n" + ",\n".join(parts).encode("latin-1") + b"\n]")
    report = import_set("generic", [file], tmp_path / "set")
    assert [p.question for p in probes_of(tmp_path / "set")] == [r["question"] for r in ROWS]
    assert [(r.line, r.faults[0].message.partition(":")[0]) for r in report.left_out_rows] == [
        (3, "not JSON"),
        (5, "a"),
        (6, "an element of the list is empty"),
        (7, "a list, not an object"),
        (8, "a number of 5,000 digits cannot be handled"),
        (9, "not UTF-8"),
    ]


@pytest.mark.parametrize(("cut", "says"), [("]", "the list is not closed"), ("\n]", "the list is not closed")])
def test_a_list_that_was_cut_off_is_said_to_be(tmp_path: Path, cut: str, says: str) -> None:
    text = json.dumps(ROWS, indent=1).removesuffix(cut)
    report = import_set("generic", [written(tmp_path / "x.json", text)], tmp_path / "set")
    assert (report.probes, report.left_out) == (3, 1)
    assert says in said(report)[0]
    more = import_set("generic", [written(tmp_path / "y.json", json.dumps(ROWS) + "\n[1]")], tmp_path / "more")
    assert said(more) == ["y.json:2:1: text follows the list; write one list, or an object a line"]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.lists(st.sampled_from([*'[]{},:"\\ \n', '"question"', "1", "null", "é", "\ud800"]), max_size=30).map("".join))
def test_no_json_document_gives_anything_but_probes_reports_and_errors(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    file = folder / "x.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    for at in (None, "question"):
        try:
            report = import_set("generic", [file], folder / f"set{at}", rows=at)
        except ProbeError as e:
            assert e.hint
        else:
            assert report.rows == report.left_out


# --- printed lists

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)


@given(
    st.recursive(
        st.lists(LEAVES, max_size=5),
        lambda inner: st.lists(inner | LEAVES, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=10,
    )
)
def test_whatever_python_prints_is_read_back(value: Any) -> None:
    assert printed(repr(value)) == value


@given(st.lists(st.text(max_size=6), min_size=2, max_size=6))
def test_whatever_numpy_prints_is_read_back(texts: list[str]) -> None:
    numpy = pytest.importorskip("numpy")
    texts = [t.replace("\0", "0") for t in texts]
    with numpy.printoptions(linewidth=30):
        for array in (numpy.array(texts), numpy.array(texts, dtype=object)):
            assert printed(str(array)) == texts
            assert printed(repr(array)) == texts


@pytest.mark.parametrize(
    "text",
    ["['a' 'b', 'c']", "['a', 'b' 'c']", "[a, b]", "['a' ... 'b']", "['a'", "[" * 500, "['a']]", "{'a'}", "f('a'", "[1_0]"],
)
def test_what_leaves_open_where_an_element_ends_is_refused_and_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"character|deep|commas"):
        printed(text)


SOUP = [
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "'",
    '"',
    "\\",
    "\\x",
    ",",
    ":",
    "=",
    " ",
    "\n",
    "a",
    "array(",
    "nan",
    "b'é'",
    "1",
    ".",
    "-",
    "\0",
    "\ud800",
]


@given(st.lists(st.sampled_from(SOUP), max_size=20).map("".join))
def test_no_text_gives_anything_but_a_value_or_one_error(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            printed(f"[{text}]")
        except ValueError as e:
            assert str(e)


# --- rows that belong together


def test_a_column_says_which_rows_are_one_cluster_and_other_words_are_other_clusters(tmp_path: Path) -> None:
    passages = ["Text 1", "Text 1", "text-1", "x" * 200 + "a", "x" * 200 + "b", "", "Text 1"]
    rows = [
        {"question": f"Which is {n}?", "answer": f"right {n}", "wrong_answer": f"bad {n}", "passage": p}
        for n, p in enumerate(passages)
    ]
    report = import_set("generic", [table(tmp_path / "x.jsonl", rows)], tmp_path / "set", maps=["template=passage"])
    names = [p.template for p in probes_of(tmp_path / "set")]
    assert names[0] == names[1] == names[6] == "text-1"
    assert names[5] is None
    assert len({n for n in names if n}) == 4, "what differs in the source differs here, however alike the names"
    assert "6 probes share 4 templates" in report.hints[0]
    assert sum("it became" in c.fix for c in report.changed) == 4, "each word is told once"


def test_subjects_become_domains_whatever_they_are_called(tmp_path: Path) -> None:
    rows = [{**r, "subject": "High School Biology"} for r in ROWS]
    report = import_set("generic", [table(tmp_path / "x.jsonl", rows)], tmp_path / "set", maps=["domain=subject"])
    assert {p.domain for p in probes_of(tmp_path / "set")} == {"high-school-biology"}
    assert len(report.changed) == 1


def test_the_command_takes_columns_documents_and_says_what_may_not_be_meant(tmp_path: Path) -> None:
    text = json.dumps({"results": [{"q": QUESTION, "A": "Mars", "B": "Jupiter", "gold": "B", "text": "t"}] * 1}, indent=1)
    file = written(tmp_path / "x.json", text)
    done = cli("import", "generic", file, "--out", tmp_path / "set", "--rows", "results", "--map", "question=q", "--map", "options=A,B",
               "--map", "answer=gold:letter", "--pick-wrong")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert probes_of(tmp_path / "set")[0].answer == "Jupiter"


# --- the table of docs/importing.md

PAIR = {"question": QUESTION, "options": ["Mars", "Jupiter"], "answerKey": "B"}
CHOICES = {"text": ["Mars", "Jupiter"], "label": ["A", "B"]}
OBJECTS = [{"text": "Mars", "label": "A"}, {"text": "Jupiter", "label": "B"}]
KNOWN: dict[str, tuple[str, Any]] = {
    "MMLU, Parquet": (".jsonl", {"question": QUESTION, "subject": "astronomy", "choices": ["Mars", "Jupiter"], "answer": 1}),
    "MMLU, CSV": (".csv", f"question,A,B,C,D,gold\n{QUESTION},Mars,Jupiter,Venus,Earth,B\n"),
    "ARC, CommonsenseQA": (".jsonl", {"id": "Mercury_1", "question": QUESTION, "choices": CHOICES, "answerKey": "B"}),
    "OpenBookQA and ARC": (".jsonl", {"id": "7-980", "question": {"stem": QUESTION, "choices": OBJECTS}, "answerKey": "B"}),
    "GPQA": (
        ".csv",
        f"Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\n{QUESTION},Jupiter,Mars,Venus,Earth\n",
    ),
    "TruthfulQA, CSV": (
        ".csv",
        f"Type,Question,Best Answer,Correct Answers,Incorrect Answers\nx,{QUESTION},Jupiter,Jupiter; It is Jupiter,Mars; The planet Mars\n",
    ),
    "TruthfulQA, `mc1": (".jsonl", {"question": QUESTION, "mc1_targets": {"choices": ["Jupiter", "Mars"], "labels": [1, 0]}}),
    "MedMCQA": (".jsonl", {"id": "e9ad", "question": QUESTION, "opa": "Mars", "opb": "Jupiter", "opc": "Io", "opd": "", "cop": 1}),
    "MedQA": (".jsonl", {"question": QUESTION, "answer": "Jupiter", "options": {"A": "Mars", "B": "Jupiter"}, "answer_idx": "B"}),
    "HellaSwag": (".jsonl", {"ctx": QUESTION, "endings": ["Mars", "Jupiter"], "label": "1"}),
    "RACE": (".jsonl", {"article": "x", "example_id": "high1.txt", "question": QUESTION, "options": PAIR["options"], "answer": "B"}),
    "BoolQ": (".jsonl", {"question": QUESTION, "passage": "x", "answer": True}),
    "SciQ": (
        ".jsonl",
        {"question": QUESTION, "correct_answer": "Jupiter", **{f"distractor{n}": t for n, t in enumerate(("Mars", "Venus", "Io"), 1)}},
    ),
    "Open Trivia DB": (
        ".json",
        {"response_code": 0, "results": [{"question": QUESTION, "correct_answer": "Jupiter", "incorrect_answers": ["Mars", "Venus"]}]},
    ),
}  # fmt: skip


def mappings() -> dict[str, str]:
    """The rows of the page's table."""
    page = (Path(__file__).parent.parent / "docs" / "importing.md").read_text(encoding="utf-8")
    rows = page.partition("| file | mapping |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
    return {row.split(" | ")[0].removeprefix("| "): row.split(" | ")[1].removesuffix(" |").strip("`") for row in rows}


@pytest.mark.parametrize("known", KNOWN)
def test_the_mapping_that_the_page_gives_for_a_known_file_reads_it(tmp_path: Path, known: str) -> None:
    suffix, content = KNOWN[known]
    text = content if isinstance(content, str) else json.dumps(content, indent=None if suffix == ".jsonl" else 1)
    file = written(tmp_path / f"x{suffix}", text)
    (mapping,) = [m for name, m in mappings().items() if name.startswith(known)]
    words = shlex.split(mapping)
    options = {flag: [v for f, v in pairwise(words) if f == flag] for flag in ("--map", "--rows")}
    report = import_set(
        "generic",
        [file],
        tmp_path / "set",
        maps=options["--map"],
        rows=next(iter(options["--rows"]), None),
        pick_wrong="--pick-wrong" in words,
    )
    assert said(report) == []
    (probe,) = probes_of(tmp_path / "set")
    assert (probe.question, probe.answer) == (QUESTION, "yes" if known == "BoolQ" else "Jupiter")


def test_every_file_of_the_table_is_tried() -> None:
    assert len(mappings()) == len(KNOWN)
