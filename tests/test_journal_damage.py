"""Lines of a journal that are not what was written: named with their place, never counted, and set aside where the user says so."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sycoprobe import api, journal
from sycoprobe.errors import JournalError
from sycoprobe.journal.lines import DamagedLine, record_in, with_sum
from sycoprobe.jsontext import json_text
from tests import commands
from tests.makers import sim_run
from tests.sums import unsummed


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder, which no test changes."""
    out = tmp_path_factory.mktemp("whole")
    sim_run(out, 3, "pushback=0.4")
    return out / "reports" / "run"


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of the run."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)


def write(folder: Path, lines: list[bytes]) -> None:
    (folder / "journal.jsonl").write_bytes(b"".join(lines))


def a_call(lines: list[bytes]) -> int:
    """Where a call in the middle stands."""
    calls = [i for i, line in enumerate(lines) if b'"type":"call"' in line]
    return calls[len(calls) // 2]


SPOILT = {
    "a field's name": lambda line: line.replace(b'"user"', b'"usEr"'),
    "how it ended": lambda line: line.replace(b'"finish":"stop"', b'"finish":"stoq"'),
    "a list for a reply": lambda line: line.replace(b'"reply":{', b'"reply":[1],"z":{'),
    "no time": lambda line: re.sub(rb',"at":"[^"]*"', b"", line),
    "a word for milliseconds": lambda line: re.sub(rb'"ms":\d+', b'"ms":"x"', line),
    "a word for tokens": lambda line: re.sub(rb'"usage":\{[^}]*\}', b'"usage":"x"', line),
    "no reply and no error": lambda line: line.replace(b'"reply"', b'"answer"'),
    "nesting": lambda line: b"[" * 5000 + b"\n",
    "no JSON": lambda line: line[: len(line) // 2] + b"\n",
    "no UTF-8": lambda line: line.replace(b'"user":"', b'"user":"\xff'),
}


@pytest.mark.parametrize("summed", [True, False], ids=["with sums", "of an earlier version"])
@pytest.mark.parametrize("how", SPOILT)
def test_a_damaged_line_is_named_with_its_place_by_whoever_reads_it(how: str, summed: bool, folder: Path) -> None:
    lines = lines_of(folder)
    if not summed:
        lines = unsummed(b"".join(lines).decode()).encode().splitlines(keepends=True)
    at = a_call(lines)
    lines[at] = SPOILT[how](lines[at])
    write(folder, lines)
    for ask in (api.score, api.resume, api.gate, api.bless, lambda f: api.compare(f, f)):
        with pytest.raises(JournalError) as e:
            ask(folder)
        assert e.value.message.startswith(f"{folder / 'journal.jsonl'}:{at + 1}:1: the journal is damaged: ")
        assert "--repair" in e.value.hint


@pytest.mark.parametrize("how", ["another word", "another number"])
def test_a_change_that_no_shape_shows_is_told_by_the_checksum(how: str, folder: Path) -> None:
    lines = lines_of(folder)
    at = a_call(lines)
    old = lines[at]
    lines[at] = old.replace(b'"text":"', b'"text":"x') if how == "another word" else old.replace(b'"ms":', b'"ms":1')
    assert lines[at] != old
    write(folder, lines)
    with pytest.raises(JournalError, match=rf":{at + 1}:1: .*its checksum does not fit"):
        api.score(folder)


def test_a_line_that_was_only_written_in_another_way_is_sound(folder: Path) -> None:
    """Tools write JSON with spaces, escapes and line ends of their own; what it says is the same."""
    before = api.score(folder)
    lines = [json.dumps(json.loads(line)).encode() + b"\r\n" for line in lines_of(folder)]
    write(folder, lines)
    assert api.score(folder) == before


def test_repair_sets_damaged_lines_aside_and_resume_asks_their_calls_again(folder: Path) -> None:
    before = api.score(folder)
    lines = lines_of(folder)
    at = a_call(lines)
    spoilt = [SPOILT["how it ended"](lines[at]), b"no line of ours\n"]
    write(folder, [*lines[:at], *spoilt, *lines[at + 1 :]])
    found = commands.cli("score", folder, "--repair")
    assert found.returncode == 4, found.stderr
    assert f"set aside lines {at + 1}, {at + 2}, damaged" in found.stderr
    assert (folder / "journal.damaged.jsonl").read_bytes() == b"".join(spoilt), "nothing is thrown away"
    assert lines_of(folder) == [*lines[:at], *lines[at + 1 :]], "what is sound stays as it was, byte for byte"
    assert not api.score(folder).status.complete
    again = api.resume(folder)
    assert again.status.complete
    assert again.section.metrics == before.section.metrics
    assert api.repair(folder) == []


@pytest.mark.parametrize("kind", ["header", "wordings", "probe"])
def test_what_stands_before_the_first_call_is_not_set_aside(kind: str, folder: Path) -> None:
    lines = lines_of(folder)
    at = next(i for i, line in enumerate(lines) if line.startswith(b'{"type":"%s"' % kind.encode()))
    lines[at] = lines[at].replace(b":", b": ", 1).replace(b'",', b'x",', 1)
    write(folder, lines)
    for ask in (api.score, api.repair):
        with pytest.raises(JournalError, match=f":{at + 1}:1: ") as e:
            ask(folder)
        assert "--repair" not in e.value.hint


def test_a_probe_that_was_taken_out_is_missed(folder: Path) -> None:
    lines = lines_of(folder)
    del lines[next(i for i, line in enumerate(lines) if line.startswith(b'{"type":"probe"'))]
    write(folder, lines)
    with pytest.raises(JournalError, match="it has 2 probes of made, and the plan 3"):
        api.score(folder)


def test_a_call_that_stands_twice_counts_once_and_is_told(folder: Path) -> None:
    before = api.score(folder)
    lines = lines_of(folder)
    at = a_call(lines)
    other = json.loads(lines[at])
    del other["crc"]
    other["reply"]["text"] = "something else"
    write(folder, [*lines[: at + 1], lines[at], with_sum(json_text(other).encode()) + b"\n", *lines[at + 1 :]])
    after = api.score(folder)
    assert (after.section.metrics, after.status, after.usage) == (before.section.metrics, before.status, before.usage)
    assert [n for n in after.notes if n not in before.notes] == [
        f"left out: journal.jsonl, lines {at + 2}, {at + 3}, each a call that an earlier line has the answer to: "
        "a copy, or two journals in one file"
    ]
    contents = journal.read(folder)
    keys = [c.spec.key for c in journal.calls(contents)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("field", ["probe", "set", "repeat"])
def test_a_call_of_another_run_is_left_out_and_told(field: str, folder: Path) -> None:
    before = api.score(folder)
    lines = lines_of(folder)
    at = a_call(lines)
    other = json.loads(lines[at])
    del other["crc"]
    other[field] = 7 if field == "repeat" else "another"
    write(folder, [*lines[: at + 1], with_sum(json_text(other).encode()) + b"\n", *lines[at + 1 :]])
    after = api.score(folder)
    assert (after.section.metrics, after.status, after.usage) == (before.section.metrics, before.status, before.usage)
    assert f"left out: journal.jsonl, line {at + 2}, each a call of no probe of this run" in after.notes


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text(st.characters(exclude_categories=())), max_size=5))
def test_a_line_with_its_checksum_is_read_as_it_was_written(record: dict[str, object]) -> None:
    record.pop("crc", None)
    body = json_text({"type": "x", **record}).encode("utf-8", "backslashreplace")
    found = record_in(with_sum(body) + b"\n")
    assert found is not None
    assert json_text(found) == json_text(record_in(body))
    assert "crc" not in found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unseen(at: int, bit: int, whole: Path) -> None:
    """Whatever bit of a call's line changes: the line is damaged, or says what it said."""
    lines = lines_of(whole)
    line = lines[a_call(lines)].rstrip(b"\n")
    at %= len(line)
    flipped = line[:at] + bytes([line[at] ^ 1 << bit]) + line[at + 1 :]
    try:
        found = record_in(flipped)
    except DamagedLine:
        return
    assert found is not None
    told = record_in(line)
    assert {k: v for k, v in found.items() if told is None or k in told} == told
