"""Text from models and servers never acts: not on a CI runner that reads the log, not on a terminal, and no stream is too narrow for it."""

from __future__ import annotations

import html
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sycoprobe
from sycoprobe.cli.outlet import Outlet
from sycoprobe.inert import inert_json, spelled
from sycoprobe.reports.markdown import inline
from tests.commands import Command
from tests.loopback import LoopbackServer
from tests.samples import few_of

COMMANDS = (
    "##[warning]owned",
    "::error::owned",
    "  ::add-mask::x",
    "\u2003::stop-commands::t",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[buildStatus text='owned']",
    "section_start:1:owned",
    "travis_fold:start:owned",
    "+++ owned",
    "\x1b[31m::error::",
)
HOSTILE = f"{'z' * 50} " + " ".join(f"{c}\n{c} {'y' * 60}" for c in COMMANDS) + " \x1b[2J\x07\u202e\u200b é → 東 😀"


def taken(line: str) -> bool:
    """Whether a runner would take the line for a command of its own (the grammars of six of them, each in its own way)."""
    github = line.lstrip().startswith("::") or "##[" in line
    azure_or_teamcity = "##vso[" in line.lower() or "##teamcity[" in line.lower()
    folds = re.search(r"section_(start|end):|travis_(fold|time):", line) is not None
    return github or azure_or_teamcity or folds or line.startswith(("--- ", "+++ ", "~~~ ", "^^^ "))


def written(parts: list[str], encoding: str = "utf-8", *, styled: bool = False) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding, newline="")
    outlet = Outlet(stream, styled=styled)
    for part in parts:
        assert outlet.write(part) == len(part)
    outlet.flush()
    return raw.getvalue().decode(encoding)


PIECES = st.sampled_from(
    [*COMMANDS, ":", "#", "[", " ", "\t", "\n", "\r", "a", "vso", "error", "section_", "---", "\u00a0", "\x1b[1m"]
)


@given(st.lists(st.text(max_size=6) | PIECES, max_size=25), st.booleans())
@example(["#", "#", "["], False)
@example([":", ":error::x"], True)
@example(["section_", "start:1:a"], False)
def test_whatever_is_written_in_whatever_pieces_no_line_is_a_command(parts: list[str], styled: bool) -> None:
    shown = written([p.replace("\x0b", "").replace("\x0c", "") if styled else p for p in parts], styled=styled)
    assert not [line for line in shown.split("\n") if taken(line)]


@given(st.lists(st.text(max_size=8), max_size=8), st.sampled_from(["ascii", "cp1252", "latin-1", "cp437", "utf-8", "utf-16"]))
def test_every_stream_can_be_written_to_whatever_it_encodes(parts: list[str], encoding: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", written(parts, encoding))


@given(st.recursive(st.text() | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=8))
@example({"x": "##[error] section_start:1:a travis_fold:b ##vso[x]\u202e\x7f\u2028😀"})
def test_json_means_the_same_on_every_stream_and_holds_no_command(value: Any) -> None:
    for encoding in ("ascii", "cp1252", "utf-8"):
        text = inert_json(json.dumps(value, ensure_ascii=False, indent=1), encoding)
        text.encode(encoding)
        assert json.loads(text) == value
        assert not [line for line in text.split("\n") if taken(line)]
        assert not re.search("[\x7f-\x9f\u202e]", text)


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("right→wrong – 0.31 · …", "ascii", "right->wrong - 0.31 * ..."),
        ("right→wrong – 0.31 · …", "cp1252", "right->wrong – 0.31 · …"),
        ("Brasília", "ascii", "Brasilia"),
        ("東", "cp1252", "\\u6771"),
        ("東 → x", "utf-8", "東 → x"),
    ],
)
def test_what_a_stream_lacks_is_spelled_in_ascii(text: str, encoding: str, shown: str) -> None:
    assert spelled(text, encoding) == shown


def yielding(body: dict[str, Any]) -> str:
    """The right answer, and the wrong one with commands as soon as the user names it."""
    said = [m["content"] for m in body["messages"] if m["role"] == "user"]
    probe = next(p for p in sycoprobe.load_set("quick").probes if p.question in said[0])
    yields = len(said) > 1 and probe.wrong_answer in said[-1]
    return f"{HOSTILE}\nAnswer: {probe.wrong_answer}" if yields else f"Answer: {probe.answer}"


def sycoprobe_in(folder: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    clean = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}
    with Command(*args, cwd=folder, env=clean | environment) as command:
        out, err = command.printed()
        return subprocess.CompletedProcess(command.args, command.wait(), out, err)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of a model that writes commands."""
    folder = tmp_path_factory.mktemp("hostile")
    with LoopbackServer(yielding) as server:
        options = ("-n", "6", "-m", "openai:x", "--base-url", server.url, "--answer", "line", "--name", "w")
        done = sycoprobe_in(folder, "run", "quick", *options, "--verbose", "--full", GITHUB_ACTIONS="true")
        assert done.returncode == 0, done.stderr
        (folder / "run").write_bytes(done.stdout + done.stderr)
    return folder


EVERY = [
    ["report", "w"],
    ["report", "w", "--full"],
    ["report", "w", "--transcripts", "20"],
    ["report", "w", "--json"],
    ["score", "w"],
    ["gate", "w", "--rule", "net_sycophancy <= 0.9"],
    ["gate", "w", "--rule", "net_sycophancy <= 0.9", "--json"],
    ["bless", "w", "b.json"],
    ["compare", "w", "w"],
    ["compare", "w", "w", "--markdown"],
    ["plan", "quick"],
    ["run", "quick", "--dry-run"],
    ["run", "--show-settings"],
    ["doctor", "-m", "sim:"],
    ["sets"],
    ["kinds"],
    ["kinds", "challenge"],
    ["models", "list"],
    ["show", "facts"],
    ["show", "wordings"],
    ["validate", "facts"],
    ["schema", "report"],
    ["--help"],
    ["run", "--help"],
    ["run", "nosuch"],
]
SOME = [["report", "w"], ["sets"]]
"""What stands for all where each case takes processes that cannot be forked."""


def commands(found: bytes) -> list[str]:
    """The lines that a runner would obey, without the annotations that the gate means."""
    ours = re.compile(r"::(error|warning|notice) (file=[^,]*,line=\d+,)?title=(sycoprobe%3A|challenge)")
    return [x for x in found.decode("utf-8").replace("\r", "\n").split("\n") if taken(x) and not ours.match(x)]


def test_a_models_words_are_no_commands_in_the_log_of_a_run(run: Path) -> None:
    found = (run / "run").read_bytes()
    assert b"::error::owned" in found and b"#\\#[warning]owned" in found, "the replies must be there, or this says nothing"
    assert commands(found) == []
    for args in (
        ["report", "w"],
        ["report", "w", "--full"],
        ["report", "w", "--verdict", "flipped"],
        ["report", "w", "--json"],
        ["gate", "w", "--rule", "net_sycophancy <= 0.9"],
    ):
        for width in ("40", "80", "200"):
            done = sycoprobe_in(run, *args, GITHUB_ACTIONS="true", COLUMNS=width)
            assert commands(done.stdout + done.stderr) == [], (args, width)
    shown = sycoprobe_in(run, "gate", "w", "--rule", "net_sycophancy <= 0.9", GITHUB_ACTIONS="true").stdout
    assert b"\n::warning title=sycoprobe" in shown or b"\n::error title=sycoprobe" in shown, "our own annotations stay"


def test_what_python_prints_of_a_report_holds_no_command_either(run: Path) -> None:
    shown = str(sycoprobe.score("w", out=run / "reports"))
    assert "owned" in shown
    assert not [line for line in shown.split("\n") if taken(line)]


@pytest.mark.parametrize("status", few_of([401, 400, 500]))
def test_a_servers_words_are_no_commands_in_errors_and_logs(tmp_path: Path, status: int) -> None:
    body = json.dumps({"error": {"message": HOSTILE}}).encode()
    with LoopbackServer(route=lambda _: (status, {}, body)) as server:
        options = ("-n", "3", "-m", "openai:x", "--base-url", server.url, "--retries", "0", "--verbose")
        for command in (("run", "quick", *options), ("doctor", *options[2:6])):
            done = sycoprobe_in(tmp_path, *command, GITHUB_ACTIONS="true")
            found = done.stdout + done.stderr
            assert b"owned" in found and b"Traceback" not in found
            assert commands(found) == []
            assert b"\x1b" not in found


@pytest.mark.parametrize("encoding", few_of(["ascii", "cp1252"]))
@pytest.mark.parametrize("args", [pytest.param(a, marks=() if a in SOME else pytest.mark.long, id=" ".join(a)) for a in EVERY])
def test_output_that_is_not_utf_8_gets_fall_backs_and_never_a_traceback(run: Path, encoding: str, args: list[str]) -> None:
    plain, done = sycoprobe_in(run, *args), sycoprobe_in(run, *args, PYTHONIOENCODING=encoding)
    assert done.returncode == plain.returncode
    assert b"Traceback" not in done.stderr
    assert done.stdout.decode(encoding).count("\n") == plain.stdout.decode("utf-8").count("\n")
    if "--json" in args or args[0] == "schema":
        assert json.loads(done.stdout.decode(encoding)) == json.loads(plain.stdout.decode("utf-8"))


@pytest.mark.skipif(os.name != "posix", reason="the shell's pipes")
@pytest.mark.parametrize("args", [pytest.param(a, marks=() if a in SOME else pytest.mark.long, id=" ".join(a)) for a in EVERY])
def test_a_reader_that_goes_away_ends_nothing_and_is_told_nothing(run: Path, args: list[str]) -> None:
    command = [sys.executable, "-m", "sycoprobe", *args]
    read, write = os.pipe()
    os.close(read)
    both = subprocess.run(command, cwd=run, stdout=write, stderr=write, check=False)
    only = subprocess.run(command, cwd=run, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    plain = sycoprobe_in(run, *args)
    assert both.returncode == only.returncode == plain.returncode
    assert b"Traceback" not in only.stderr and b"roken" not in only.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("args", few_of([["sets"], ["report", "w", "--json"], ["schema", "report"]]))
def test_a_full_disk_under_standard_output_is_one_clear_line(run: Path, args: list[str]) -> None:
    command = [sys.executable, "-m", "sycoprobe", *args]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, cwd=run, stdout=full, stderr=subprocess.PIPE, check=False)
        silent = subprocess.run(command, cwd=run, stdout=full, stderr=full, check=False)
    assert done.returncode == silent.returncode == 2
    assert re.fullmatch(rb"error: standard output: cannot be written: [^\n]+\n  fix: [^\n]+\n", done.stderr)


@pytest.mark.parametrize(
    "text", ["www.evil.example", "@team", "#12", "$x$", "- a", "=== a", "1. a", "http://evil.example", "\ta"]
)
def test_inline_markdown_makes_no_link_no_list_and_no_mention(text: str) -> None:
    shown = html.unescape(inline(text))
    assert not re.search(r"www\.|[@#]\w|://|^\s*([-=]|\d+\.)|(?<!\\)\$|\t", shown), shown
