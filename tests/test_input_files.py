"""Files that a parser itself cannot take, and what is no file: one line with the place, whichever file it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import commands
from tests.makers import sim_run, write_set
from tests.samples import few_of

DEEP, LONG = "[" * 100_000, "9" * 5000


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a set and a run."""
    folder = tmp_path_factory.mktemp("files")
    write_set(folder / "set", 2)
    sim_run(folder, 2)
    return folder


def refused(work: Path, file: Path, *args: object, code: int = 2) -> None:
    done = commands.cli(*args, cwd=work)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    said = (done.stderr + done.stdout).splitlines()[0]
    assert file.name in said, said


RUN = "reports/run"
FILES = {
    "settings": (["gate", RUN, "--config", "FILE"], "toml"),
    "wordings": (["run", "set", "-m", "sim", "--dry-run", "--wordings", "FILE"], "toml"),
    "prices": (["run", "set", "-m", "openai:m", "--dry-run", "--max-cost", "1", "--prices", "FILE"], "toml"),
    "baseline": (["gate", RUN, "--rule", "net_sycophancy no worse by more than 0.1", "--baseline", "FILE"], "json"),
    "labelled": (["judge", "check", "-m", "openai:m", "--labelled", "FILE"], "json"),
    "system prompt": (["run", "set", "-m", "sim", "--dry-run", "--system", "FILE"], "txt"),
}


@pytest.mark.parametrize("content", few_of(["deep", "long", "torn", "not UTF-8"]))
@pytest.mark.parametrize("which", [w for w in FILES if w != "system prompt"])
def test_what_a_parser_cannot_take_is_a_fault_with_its_place(which: str, content: str, work: Path) -> None:
    args, form = FILES[which]
    begin = "x = " if form == "toml" else ""
    file = work / f"bad.{form}"
    file.write_bytes({"deep": begin + DEEP, "long": begin + LONG, "torn": begin + "{"}.get(content, "").encode() or b"\xff\xfe")
    refused(work, file, *[file if a == "FILE" else a for a in args])


@pytest.mark.parametrize("which", ["set.toml", "probes.jsonl"])
@pytest.mark.parametrize(
    "content", few_of([DEEP, LONG, "x = " + DEEP[:5000], "x = " + LONG]), ids=["deep", "long", "deep key", "long key"]
)
def test_such_a_set_is_validated_and_not_run(which: str, content: str, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 2)
    with (folder / which).open("a") as f:
        f.write(content + "\n")
    refused(tmp_path, folder / which, "validate", folder, code=1)
    refused(tmp_path, folder / which, "run", folder, "-m", "sim")


@pytest.mark.parametrize(
    "content", few_of([DEEP, LONG, "{", '{"report_version": 5}', '{"report_version": 1, "estimates": 7}', "[]"])
)
def test_such_a_report_is_named(content: str, tmp_path: Path) -> None:
    sim_run(tmp_path, 2)
    (tmp_path / RUN / "report.json").write_text(content)
    refused(tmp_path, tmp_path / RUN / "report.json", "report", RUN)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("which", few_of([*FILES, "set.toml", "probes.jsonl", "journal.jsonl", "report.json"]))
def test_a_named_pipe_is_refused_and_not_waited_for(which: str, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 2)
    sim_run(tmp_path, 2)
    if which in FILES:
        args, form = FILES[which]
        pipe = tmp_path / f"pipe.{form}"
        args = [str(pipe) if a == "FILE" else a for a in args]
    else:
        pipe = (folder if which in ("set.toml", "probes.jsonl") else tmp_path / RUN) / which
        pipe.unlink()
        args = ["report" if which == "report.json" else "score", RUN]
        if which in ("set.toml", "probes.jsonl"):
            args = ["run", "set", "-m", "sim"]
    os.mkfifo(pipe)
    with commands.Command(*args, cwd=tmp_path) as command:
        assert command.wait(60) == 2
        assert "Traceback" not in command.communicate()[1]
