"""The journal: nothing that was received is lost, only a torn last line is ever repaired."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sycoprobe import api, journal
from sycoprobe.errors import JournalError
from sycoprobe.journal import Journal
from tests.makers import sim_run, write_set
from tests.sums import unsummed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sim_run(tmp_path, 10)
    return tmp_path / "reports" / "run"


def test_a_torn_last_line_is_repaired_and_nothing_else_changes(folder: Path) -> None:
    file = folder / "journal.jsonl"
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    calls = [i for i, x in enumerate(lines) if b'"type":"call"' in x]
    last = calls[-1]
    before = b"".join(lines[:last])
    for cut in (1, 7, len(lines[last]) // 2, len(lines[last]) - 1):
        file.write_bytes(before + lines[last][:cut])
        opened, contents = Journal.reopen(folder)
        assert contents.torn
        opened.close()
        assert file.read_bytes() == before
    file.write_bytes(before + b"\0" * 40 + b"\n")
    opened, _ = Journal.reopen(folder)
    opened.close()
    assert file.read_bytes() == before
    assert api.resume(folder).status.complete
    after = file.read_bytes()
    assert after.startswith(before)
    assert after.count(b'{"type":"call"') == len(calls), "what was torn is asked again, and nothing else"


def test_reading_does_not_write_even_if_the_last_line_is_torn(folder: Path) -> None:
    file = folder / "journal.jsonl"
    file.write_bytes(file.read_bytes() + b'{"type":"call","key"')
    was = file.read_bytes()
    assert api.score(folder).status.calls == 70
    assert file.read_bytes() == was


def test_damage_elsewhere_is_named_by_line_and_never_repaired(folder: Path) -> None:
    file = folder / "journal.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    lines[20] = b'{"type":"call", broken\n'
    file.write_bytes(b"".join(lines))
    was = file.read_bytes()
    with pytest.raises(JournalError, match=r"journal\.jsonl:21:1: the journal is damaged"):
        api.score(folder)
    assert file.read_bytes() == was


@pytest.mark.long
def test_a_second_process_on_the_same_run_is_refused_clearly(folder: Path) -> None:
    opened, _ = Journal.reopen(folder)
    done = subprocess.run(
        [sys.executable, "-m", "sycoprobe.cli.main", "resume", str(folder)], capture_output=True, text=True, check=False
    )
    opened.close()
    assert done.returncode == 2
    assert "another process is writing to this run" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_a_full_disk_ends_the_run_with_a_clear_error_and_a_whole_journal(tmp_path: Path) -> None:
    sim_run(tmp_path, 10, name="first")
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "from sycoprobe.cli.main import main; main()"
    )
    args = ["run", str(tmp_path / "set-10"), "-m", "sim:", "--repeats", "9", "--out", str(tmp_path), "--name", "full", "-q"]
    done = subprocess.run([sys.executable, "-c", script, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "journal.jsonl: cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    data = (tmp_path / "full" / "journal.jsonl").read_bytes()
    assert data.endswith(b"\n")
    answered = [json.loads(x)["key"] for x in data.splitlines() if b'"type":"call"' in x]
    assert answered
    report = api.resume(tmp_path / "full")
    assert report.status.complete
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_run_stopped_before_its_first_call_says_so(folder: Path) -> None:
    file = folder / "journal.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:3]))
    with pytest.raises(JournalError, match="before its first call"):
        api.resume(folder)


@pytest.mark.parametrize(("content", "says"), [(b'{"a": 1}\n', "no sycoprobe journal"), (b"", "before its first call")])
def test_another_file_is_not_taken_for_a_journal(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "journal.jsonl").write_bytes(content)
    with pytest.raises(JournalError, match=says):
        api.score(tmp_path)


def test_a_journal_of_a_newer_version_is_refused(folder: Path) -> None:
    file = folder / "journal.jsonl"
    file.write_text(unsummed(file.read_text()).replace('"schema_version":2', '"schema_version":99', 1))
    with pytest.raises(JournalError, match="newer sycoprobe"):
        journal.read(folder)


def test_lone_surrogates_in_a_reply_do_not_break_the_journal(folder: Path) -> None:
    opened, _ = Journal.reopen(folder)
    opened.append({"type": "note", "text": "half \ud83d emoji"})
    opened.close()
    assert api.score(folder).status.calls == 70


def test_a_folder_without_a_journal_and_one_that_cannot_be_made_are_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="none: cannot be read: ") as e:
        journal.read(tmp_path / "none")
    assert e.value.hint
    (tmp_path / "file").write_text("kept")
    with pytest.raises(JournalError, match=r"r: cannot be written: ") as e:
        api.run(str(write_set(tmp_path / "set", 2)), model="sim:", out=tmp_path / "file", name="r")
    assert "--out" in e.value.hint
    assert (tmp_path / "file").read_text() == "kept"
