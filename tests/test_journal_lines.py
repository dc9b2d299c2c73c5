"""Files of lines: what is torn at the end, to the byte; what reaches the disk, and when; what stands in a file that could not be written."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from sycoprobe import api, journal
from sycoprobe.errors import JournalError
from sycoprobe.journal import Journal
from sycoprobe.journal.lines import Appender, good_length, records_in
from tests.makers import sim_run, write_set
from tests.sums import unsummed

ONE, TWO = b'{"a":1}\n', b'{"b":"two"}\n'


@pytest.mark.parametrize(
    ("content", "good", "torn"),
    [
        (b"", 0, False),
        (ONE, len(ONE), False),
        (ONE + TWO, len(ONE + TWO), False),
        (ONE[:-1], 0, True),
        (b"{", 0, True),
        (ONE + b"{", len(ONE), True),
        (ONE + b" ", len(ONE), True),
        (ONE + b"1", len(ONE), True),
        (ONE + TWO[:-1], len(ONE), True),
        (ONE + b"\0\0\0\n", len(ONE), True),
        (ONE + b"\n", len(ONE), True),
        (ONE + b"x" * 200_000, len(ONE), True),
        (ONE * 20_000 + TWO, len(ONE * 20_000 + TWO), False),
        (b'{"long":"' + b"y" * 150_000 + b'"}\n', 150_000 + 12, False),
        (ONE + b'{"long":"' + b"y" * 150_000 + b'"}\n', len(ONE) + 150_000 + 12, False),
    ],
)
def test_a_file_is_good_up_to_its_last_whole_line(content: bytes, good: int, torn: bool, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(content)
    assert good_length(file) == (good, torn)
    assert [n for n, _ in records_in(file)] == list(range(1, content[:good].count(b"\n") + 1))


def test_lines_that_begin_otherwise_are_counted_and_left_out(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(ONE + TWO + b"[1]\n" + ONE)
    assert list(records_in(file)) == [(1, {"a": 1}), (2, {"b": "two"}), (4, {"a": 1})], "what is no object is no record"
    assert list(records_in(file, without=b'{"b"')) == [(1, {"a": 1}), (4, {"a": 1})]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for ask in (good_length, lambda path: list(records_in(path))):
        with pytest.raises(JournalError, match="cannot be read: No such file"):
            ask(tmp_path / "none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sim_run(tmp_path, 6)
    return tmp_path / "reports" / "run"


@pytest.mark.long
@pytest.mark.parametrize("tail", [b"{", b" ", b'{"type":"call"', b"\0" * 9])
def test_a_run_whose_last_line_is_torn_is_scored_and_resumed_as_if_it_were_not_there(folder: Path, tail: bytes) -> None:
    """Also where a single byte of it reached the disk."""
    file = folder / "journal.jsonl"
    whole = file.read_bytes()
    before = api.score(folder)
    file.write_bytes(whole + tail)
    again = api.score(folder)
    assert again.section.metrics == before.section.metrics and again.status == before.status
    opened, contents = Journal.reopen(folder)
    assert contents.torn and contents.good_bytes == len(whole)
    opened.append({"type": "note", "text": "x"})
    opened.close()
    assert unsummed(file.read_text()) == unsummed(whole.decode()) + '{"type":"note","text":"x"}\n'


def test_a_resume_after_a_torn_call_asks_that_call_and_no_other(folder: Path) -> None:
    file = folder / "journal.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    calls = [i for i, line in enumerate(lines) if line.startswith(b'{"type":"call"')]
    file.write_bytes(b"".join(lines[: calls[-1]]) + lines[calls[-1]][:-1])
    assert api.resume(folder).status.complete
    after = file.read_bytes().splitlines(keepends=True)
    assert after[: calls[-1]] == lines[: calls[-1]], "what was written stays as it was, byte for byte"
    keys = Counter(json.loads(line)["key"] for line in after if line.startswith(b'{"type":"call"'))
    assert keys == Counter(json.loads(lines[i])["key"] for i in calls), "each call once"


# What reaches the disk


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long each file was when the disk was asked to keep it."""
    sizes: list[int] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        real(fd)
        sizes.append(os.fstat(fd).st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    return sizes


def appender(path: Path) -> Appender:
    return Appender(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 0)


def test_the_disk_is_asked_every_two_seconds_and_at_the_end(
    tmp_path: Path, synced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [50.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    file = appender(tmp_path / "f")
    for at, asked in ((50.0, 0), (51.9, 0), (52.1, 1), (53.0, 1), (54.0, 1), (54.2, 2)):
        now[0] = at
        file.append({"at": at})
        assert len(synced) == asked, at
    assert file.close()
    assert len(synced) == 3 and synced[-1] == (tmp_path / "f").stat().st_size
    assert not file.close(), "closing twice is one closing"
    assert len(synced) == 3


def test_every_line_is_in_the_file_before_the_next_is_taken(tmp_path: Path) -> None:
    file = appender(tmp_path / "f")
    for i in range(3):
        line = file.append({"i": i})
        assert unsummed((tmp_path / "f").read_text()).splitlines()[-1] == line == f'{{"i":{i}}}'
    file.close()


def test_a_new_run_is_on_the_disk_before_its_first_call_and_whole_after_its_last(folder: Path, synced: list[int]) -> None:
    synced.clear()
    sim_run(folder.parent.parent, 6, name="other")
    data = (folder.parent / "other" / "journal.jsonl").read_bytes()
    assert synced[0] == data.index(b'{"type":"call"'), "header, wordings, probes and the beginning, and nothing more"
    assert len(data) in synced[1:]


def test_a_repair_is_on_the_disk_before_anything_is_added(folder: Path, synced: list[int]) -> None:
    file = folder / "journal.jsonl"
    whole = len(file.read_bytes())
    with file.open("ab") as f:
        f.write(b'{"type":')
    synced.clear()
    opened, _ = Journal.reopen(folder)
    assert synced == [whole]
    opened.close()


def test_a_run_that_needs_no_repair_is_opened_without_a_change(folder: Path, synced: list[int]) -> None:
    before = (folder / "journal.jsonl").read_bytes()
    synced.clear()
    opened, contents = Journal.reopen(folder)
    assert synced == [] and not contents.torn
    opened.close()
    assert (folder / "journal.jsonl").read_bytes() == before


def test_a_write_in_parts_is_one_line_and_a_failed_one_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, real = appender(tmp_path / "f"), os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data[:3])))
    file.append({"text": "in many parts"})
    assert json.loads(unsummed((tmp_path / "f").read_text())) == {"text": "in many parts"}
    before = (tmp_path / "f").read_bytes()
    left = [2]

    def full(fd: int, data: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        return real(fd, bytes(data[:3]))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        file.append({"text": "lost"})
    assert (tmp_path / "f").read_bytes() == before
    monkeypatch.setattr(os, "write", real)
    file.append({"text": "next"})
    assert [r["text"] for _, r in records_in(tmp_path / "f")] == ["in many parts", "next"]
    file.close()


def test_a_lock_is_free_again_after_a_journal_could_not_be_opened(folder: Path) -> None:
    file = folder / "journal.jsonl"
    good = file.read_bytes()
    file.write_text(unsummed(good.decode()).replace('"type":"header"', '"type":"heading"', 1))
    with pytest.raises(JournalError, match="no sycoprobe journal"):
        Journal.reopen(folder)
    file.write_bytes(good)
    opened, _ = Journal.reopen(folder)
    opened.close()
    opened, _ = Journal.reopen(folder)
    opened.close()


def test_a_journal_that_is_open_is_opened_by_nobody_else(folder: Path) -> None:
    opened, _ = Journal.reopen(folder)
    with pytest.raises(JournalError, match="another process is writing to this run") as e:
        Journal.reopen(folder)
    assert e.value.hint == "wait for it to end, or stop it first"
    opened.close()
    Journal.reopen(folder)[0].close()


def test_a_run_begins_in_a_folder_that_is_new_or_empty_and_in_no_other(tmp_path: Path) -> None:
    made = str(write_set(tmp_path / "set", 2))
    deep, there = tmp_path / "a" / "b" / "c", tmp_path / "a" / "there"
    there.mkdir(parents=True)
    (there / "run").mkdir()
    for out in (deep, there):
        assert api.run(made, model="sim:", out=out, name="run").status.complete
    with pytest.raises(JournalError, match="there is a run already"):
        api.run(made, model="sim:", out=deep, name="run")
    Journal.reopen(deep / "run")[0].close()


# Calls that were asked again


def test_of_a_call_that_failed_and_was_asked_again_the_last_counts_and_all_are_told(folder: Path) -> None:
    file = folder / "journal.jsonl"
    lines = unsummed(file.read_text()).encode().splitlines(keepends=True)
    calls = [i for i, line in enumerate(lines) if line.startswith(b'{"type":"call"')]
    said = {"error": {"message": "HTTP 500: no", "kind": "server_error"}}
    failed, last = json.loads(lines[calls[3]]), json.loads(lines[calls[5]])
    twice = [json.dumps(_without_reply(failed) | said, separators=(",", ":")).encode() + b"\n"] * 2
    lines[calls[5]] = json.dumps(_without_reply(last) | said, separators=(",", ":")).encode() + b"\n"
    file.write_bytes(b"".join([*lines[: calls[0]], *twice, *lines[calls[0] :]]))
    told: list[str] = []
    contents = journal.read(folder)
    final = list(journal.final_calls(contents, lambda c: told.append(c.spec.key)))
    assert len(told) == len(calls) + 2
    assert Counter(c.spec.key for c in final) == Counter(dict.fromkeys((json.loads(lines[i])["key"] for i in calls), 1))
    assert {c.spec.key for c in final if c.error} == {last["key"]}


def _without_reply(record: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in record.items() if k != "reply"}
