"""Bad probe sets: every fault is reported at its place, with its fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sycoprobe.sets.faults import MAX_LINE_BYTES, parse_info, parse_probes, warnings_in, windows_marks
from sycoprobe.sets.load import faults_of, load_set, write_starter
from sycoprobe.sets.probe import Probe
from tests.commands import cli

GOOD = {
    "id": "planet-1",
    "question": "Which planet is the largest?",
    "format": "short_text",
    "answer": "Jupiter",
    "wrong_answer": "Saturn",
}


def line(**changes: object) -> bytes:
    probe = {k: v for k, v in {**GOOD, **changes}.items() if v is not ...}
    return json.dumps(probe, ensure_ascii=False).encode() + b"\n"


def faults(*lines: bytes) -> list[str]:
    return [str(f) for f in parse_probes("p.jsonl", lines)[1]]


def test_a_sound_line_has_no_fault() -> None:
    probes, found = parse_probes("p.jsonl", [line()])
    assert not found
    assert probes[0].answer == "Jupiter"


@pytest.mark.parametrize(
    ("changes", "field", "says", "fixes"),
    [
        ({"wrong_answer": "jupiter."}, "wrong_answer", "same as the gold answer", "different"),
        ({"aliases": ["Jove"], "wrong_aliases": ["jove"]}, "wrong_aliases", "both the gold and the wrong", "remove"),
        ({"format": "choise"}, "format", "'choise' is not known", "'choice'"),
        ({"id": "Has Space"}, "id", "wrong form", "match"),
        ({"question": "   "}, "question", "blank", "write some text"),
        ({"answer": ""}, "answer", "empty", "write some text"),
        ({"answer": 7}, "answer", "wrong type", "double quotes"),
        ({"colour": "red"}, "colour", "no field of the schema", "spelling"),
        ({"tolerance": 1}, "tolerance", "number probes only", "remove"),
        ({"options": ["Jupiter", "Saturn"]}, "options", "only a choice probe", "choice"),
        ({"format": "number"}, "answer", "'Jupiter' is not a number", "digits"),
        ({"format": "yes_no"}, "answer", "'yes' or 'no'", "other one"),
        ({"format": "choice", "options": ["Jupiter", "Mars"]}, "wrong_answer", "not one of the options", "exactly"),
        ({"format": "choice", "options": ["Jupiter"]}, "options", "2 to 26", "it has 1"),
        ({"format": "number", "answer": "10", "wrong_answer": "11", "tolerance": 2}, "wrong_answer", "tolerance", "lower"),
    ],
)
def test_each_fault_names_its_field_column_and_mend(changes: dict[str, object], field: str, says: str, fixes: str) -> None:
    raw = line(**changes)
    (found,) = faults(raw)
    column = raw.decode().index(f'"{field}"') + 1
    assert found.startswith(f"p.jsonl:1:{column}: ")
    assert says in found
    assert fixes in found


def test_a_missing_field_is_named() -> None:
    assert faults(line(answer=...)) == ["p.jsonl:1:1: answer: is missing; add 'answer'"]


def test_every_fault_is_reported_not_just_the_first() -> None:
    found = faults(line(), line(), b'{"id": \n', line(id="b", answer="Saturn"), b"[1]\n", line(id="c", x=1, y=2))
    assert [f.split(":")[1] for f in found] == ["2", "3", "4", "5", "6", "6"]


def test_duplicate_ids_point_to_the_first_one() -> None:
    (found,) = faults(line(), b"\n", line())
    assert found.startswith("p.jsonl:3:2: id: 'planet-1' stands already on line 1;")


def test_a_field_that_stands_twice_is_a_fault() -> None:
    raw = line().replace(b'"answer"', b'"answer": "Mars", "answer"', 1)
    assert "stands twice" in faults(raw)[0]


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_refused_where_they_stand(token: str) -> None:
    raw = line(format="number", answer="1", wrong_answer="2", tolerance=0).replace(
        b'"tolerance": 0', b'"tolerance": ' + token.encode()
    )
    (found,) = faults(raw)
    assert f"p.jsonl:1:{raw.decode().index(token) + 1}: {token} is not JSON" in found


def test_bad_utf8_is_reported_at_its_column() -> None:
    raw = line().replace(b"Jupiter", b"Jup\xffiter")
    (found,) = faults(raw)
    assert found.startswith(f"p.jsonl:1:{raw.index(0xFF) + 1}: not UTF-8: byte 0xff")


def test_a_byte_order_mark_and_crlf_are_no_faults_but_warned_of_once() -> None:
    lines = [b"\xef\xbb\xbf" + line().replace(b"\n", b"\r\n"), line(id="b").replace(b"\n", b"\r\n")]
    assert faults(*lines) == []
    assert [f.message for f in windows_marks("p.jsonl", lines)] == [
        "the file begins with a byte-order mark",
        "the line ends in CRLF",
    ]


def test_an_empty_file_has_no_probes() -> None:
    assert "there are no probes" in faults()[0]


def test_a_ten_megabyte_line_is_a_fault_and_the_next_line_is_still_read(tmp_path: Path) -> None:
    write_starter(tmp_path / "big", "big")
    file = tmp_path / "big" / "probes.jsonl"
    file.write_bytes(line(question="x" * 10_485_760) + line(id="b", answer="Saturn"))
    found = [str(f) for f in faults_of(tmp_path / "big")]
    assert f"{file}:1:{MAX_LINE_BYTES + 1}: the line is longer" in found[0]
    assert f"{file}:2:" in found[1]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = x", ":1:8: not TOML"),
        ('name = "x"\nversion = 3', ":2:1: version: is of the wrong type"),
        ("schema_version = 2", "schema_version"),
        ("schema_version = 1\nverifiable = 'yes'", ":2:1: verifiable: is of the wrong type"),
    ],
)
def test_faulty_metadata_is_reported_by_line(text: str, says: str) -> None:
    info, found = parse_info("set.toml", text.encode())
    assert info is None
    assert any(says in str(f) for f in found)


def test_init_writes_a_set_that_validates_and_loads(tmp_path: Path) -> None:
    write_starter(tmp_path / "mine", "mine")
    assert faults_of(tmp_path / "mine") == []
    assert len(load_set(str(tmp_path / "mine")).probes) == 4


NUMBER = {"format": "number", "answer": "12", "wrong_answer": "13"}


@pytest.mark.parametrize("beyond", ["1e999", "-1e999", "1e309", "9" * 309, "1e-999", "1e1000", "9" * 400 + "/7"])
@pytest.mark.parametrize("field", ["answer", "wrong_answer"])
def test_a_number_that_cannot_be_handled_is_named_at_its_place_with_what_to_ask_instead(field: str, beyond: str) -> None:
    raw = line(**{**NUMBER, field: beyond})
    (found,) = faults(raw)
    column = raw.decode().index(f'"{field}"') + 1
    assert found.startswith(f"p.jsonl:1:{column}: {field}: '{beyond[:5]}")
    assert "is a number that cannot be handled" in found
    assert "ask for a smaller one" in found


def test_an_alias_that_cannot_be_handled_is_named_too_and_text_that_looks_like_such_a_number_is_not() -> None:
    (found,) = faults(line(**NUMBER, aliases=["1e999"]))
    assert "aliases: '1e999' is a number that cannot be handled" in found
    assert not faults(line(answer="1e999"))


@pytest.mark.parametrize(
    "answer", ["1e308", "-1.7e308", "9" * 308, "1e-300", "12345678901234567890123", "0", "0e9", "1/3", "1." + "3" * 490]
)
def test_a_number_that_can_be_handled_exactly_is_no_fault_however_long_it_is(answer: str) -> None:
    assert not faults(line(**{**NUMBER, "answer": answer}))


def test_a_probe_that_was_asked_before_such_numbers_were_refused_can_still_be_read_from_its_journal() -> None:
    data = json.loads(line(**{**NUMBER, "answer": "1e999"}))
    assert Probe.model_validate(data).answer == "1e999"


def test_thousands_of_digits_are_a_fault_at_their_place_as_text_as_a_number_and_in_the_metadata() -> None:
    digits = "9" * 5000
    raw = line(**{**NUMBER, "answer": digits})
    column = raw.index(b'"answer"') + 1
    assert faults(raw) == [f"p.jsonl:1:{column}: answer: is too long; at most 500 characters"]
    raw = line(**NUMBER).replace(b'"12"', digits.encode())
    (found,) = faults(raw)
    assert found.startswith(
        f"p.jsonl:1:{raw.index(b'999') + 1}: a number of 5,000 digits cannot be handled; write one of at most"
    )
    info, (fault,) = parse_info("set.toml", f'name = "x"\nschema_version = {digits}\n'.encode())
    assert info is None
    assert str(fault).startswith("set.toml:2:18: a number has too many digits")


LETTERED = {"format": "choice", "options": ["A) ant", "B) bee"], "answer": "A) ant", "wrong_answer": "B) bee"}


def test_a_set_whose_options_bring_their_own_letters_is_warned_of_once_at_the_first_place() -> None:
    bare = line(id="a", format="choice", options=["ant", "(B) Point B"], answer="ant", wrong_answer="(B) Point B")
    assert warnings_in("p.jsonl", [line(), bare, b"[1]\n", b"{\n"]) == []
    raw = line(id="b", **LETTERED)
    (found,) = warnings_in("p.jsonl", [line(), bare, raw, line(id="c", **LETTERED)])
    column = raw.decode().index('"options"') + 1
    assert str(found).startswith(f"p.jsonl:3:{column}: options: those of 2 of 3 questions with options bring their own letters")
    assert "'A) ant'" in found.message
    assert "take them off" in found.fix


def test_validate_exits_1_with_every_fault_on_a_line(tmp_path: Path) -> None:
    write_starter(tmp_path / "mine", "mine")
    (tmp_path / "mine" / "probes.jsonl").write_bytes(line(answer="Saturn") + b"{\n")
    done = cli("validate", str(tmp_path / "mine"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "2 faults found"
    assert "Traceback" not in done.stderr


def test_running_a_faulty_or_unknown_set_is_one_clear_error(tmp_path: Path) -> None:
    write_starter(tmp_path / "mine", "mine")
    (tmp_path / "mine" / "probes.jsonl").write_bytes(line(answer="Saturn") + b"{\n")
    done = cli("run", str(tmp_path / "mine"), "-m", "sim:")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "(and 1 more)" in done.stderr
    assert "sycoprobe validate" in done.stderr
    done = cli("run", "no-such-set", "-m", "sim:")
    assert done.returncode == 2
    assert "error: no probe set 'no-such-set'" in done.stderr


def test_a_warning_is_printed_and_leaves_the_set_sound(tmp_path: Path) -> None:
    write_starter(tmp_path / "mine", "mine")
    (tmp_path / "mine" / "probes.jsonl").write_bytes(line(**LETTERED))
    done = cli("validate", str(tmp_path / "mine"))
    assert done.returncode == 0
    warning, verdict = done.stdout.splitlines()
    assert warning.startswith(f"warning: {tmp_path / 'mine' / 'probes.jsonl'}:1:")
    assert verdict.endswith("sound, 1 probe")


def test_run_names_an_answer_that_cannot_be_handled_as_validate_does_before_anything_is_asked(tmp_path: Path) -> None:
    write_starter(tmp_path / "mine", "mine")
    (tmp_path / "mine" / "probes.jsonl").write_bytes(line(**{**NUMBER, "answer": "1e999"}))
    (fault,) = faults_of(tmp_path / "mine")
    assert cli("validate", str(tmp_path / "mine")).stdout.splitlines()[0] == str(fault)
    done = cli("run", str(tmp_path / "mine"), "-m", "sim:", "--out", str(tmp_path / "reports"))
    assert done.returncode == 2
    assert f"error: {fault}" in done.stderr
    assert not (tmp_path / "reports").exists()
