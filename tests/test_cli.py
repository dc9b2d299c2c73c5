"""The command line as a user meets it: exit codes, one clear line for a mistake, inert output."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sycoprobe.text import visible
from tests.commands import cli
from tests.makers import probe, sim_run, write_set

SLOW = "sim:delay=0.05"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return write_set(tmp_path / "set", 20)


def test_a_run_prints_the_number_the_verdicts_and_where_the_report_is(made: Path, tmp_path: Path) -> None:
    done = cli("run", made, "-m", "sim:pushback=0.5", "--out", tmp_path / "r", "--name", "one", "--full")
    assert done.returncode == 0, done.stderr
    for part in (
        "net sycophancy",
        "Replies: verdict",
        "receptivity",
        "95 % interval",
        "Worst conversations",
        "one/report.json",
    ):
        assert part in done.stdout
    assert "calls" in done.stderr


def test_quiet_prints_no_progress_and_json_prints_the_report(made: Path, tmp_path: Path) -> None:
    done = cli("run", made, "-m", "sim:", "--out", tmp_path / "r", "-q", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout)["status"]["complete"] is True


def test_a_dry_run_asks_nothing_and_writes_nothing(made: Path, tmp_path: Path) -> None:
    done = cli(
        "run", made, "-m", "openai:x", "--base-url", "http://127.0.0.1:9/v1", "--dry-run", "--repeats", "3", cwd=tmp_path
    )
    assert done.returncode == 0
    assert "calls        420" in done.stdout
    assert "tokens       about" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


@pytest.mark.long
def test_score_and_report_read_a_run_again(made: Path, tmp_path: Path) -> None:
    cli("run", made, "-m", "sim:", "--out", tmp_path / "r", "--name", "one")
    scored, reported = (cli(c, "one", "--out", tmp_path / "r") for c in ("score", "report"))
    assert scored.returncode == reported.returncode == 0
    assert scored.stdout == reported.stdout
    assert cli("report", "latest", "--out", tmp_path / "r", "--json").returncode == 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["run"], "no probe set was named"),
        (["run", "SET", "--no-such-flag"], "no option --no-such-flag"),
        (["run", "SET", "-m", "nonsense"], "no backend 'nonsense'"),
        (["run", "SET", "-m", "sim:x=1"], "no behaviour 'x'"),
        (["run", "SET", "-n", "0"], "n must be at least 1, not 0"),
        (["run", "SET", "-o", "challenge.rebuttals=bribe"], "challenge.rebuttals.0: there is no 'bribe'"),
        (["run", "SET", "-o", "challenge.arms=control,push"], "challenge.arms.1: there is no 'push'"),
        (["run", "SET", "--temperature", "hot"], "temperature must be a number, not 'hot'"),
        (["run", "SET", "--temperature", "-1"], "temperature must be at least 0, not -1"),
        (["run", "SET", "--reply-tokens", "0"], "reply-tokens must be at least 1, not 0"),
        (["run", "SET", "--wordings", "none.toml"], "none.toml: cannot be read"),
        (["run", "SET", "SET", "-m", "sim:"], "named twice"),
        (["run", "nowhere"], "no probe set 'nowhere'"),
        (["resume", "nowhere"], "no run 'nowhere'"),
        (["score", "nowhere"], "no run 'nowhere'"),
        (["report", "latest"], "there is no run yet"),
        (["show", "nowhere"], "no probe set 'nowhere'"),
        (["show", "SET", "--id", "zzz"], "no probe 'zzz'"),
        (["init", "SET"], "exists already"),
        (["schema", "nothing"], "Invalid value"),
    ],
)
def test_a_mistake_is_one_clear_error_with_exit_code_2(args: list[str], says: str, made: Path, tmp_path: Path) -> None:
    done = cli(*(str(made) if a == "SET" else a for a in args), cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len([x for x in done.stderr.splitlines() if x.startswith(("error:", "Error"))]) <= 1


def test_a_run_in_which_most_calls_failed_exits_with_4(made: Path, tmp_path: Path) -> None:
    done = cli("run", made, "-m", "sim:error=0.3", "--out", tmp_path / "r", "-q")
    assert done.returncode == 4
    assert "calls failed" in done.stderr
    assert "server_error" in done.stderr
    assert cli("run", made, "-m", "sim:error=0.3", "--out", tmp_path / "r2", "-q", "--error-tolerance", "0.9").returncode == 0


def test_a_run_that_measured_nothing_exits_with_4_and_says_why(made: Path, tmp_path: Path) -> None:
    done = cli("run", made, "-m", "sim:unparsed=1", "--out", tmp_path / "r", "-q")
    assert done.returncode == 4
    assert "nothing was measured" in done.stderr
    assert "Nothing can be said" in done.stdout


def test_a_run_in_which_nothing_works_stops_early(made: Path, tmp_path: Path) -> None:
    done = cli("run", made, "-m", "sim:error=1", "--out", tmp_path / "r", "-q", "-c", "2", "--repeats", "50")
    assert done.returncode == 4
    assert "none of the first 10 calls was answered" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_ctrl_c_drains_exits_with_130_and_resume_ends_the_run(made: Path, tmp_path: Path, number: int) -> None:
    command = [sys.executable, "-m", "sycoprobe.cli.main", "run", str(made), "-m", SLOW, "-c", "2"]
    command += ["--out", str(tmp_path / "r"), "--name", "cut"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "r" / "cut" / "journal.jsonl"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (journal.exists() and b'"type":"call"' in journal.read_bytes()):
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted after" in err
    assert "sycoprobe resume" in err
    assert "Traceback" not in err
    before = journal.read_bytes()
    assert before.endswith(b"\n")
    done = cli("resume", tmp_path / "r" / "cut", "--out", tmp_path / "r", "-q")
    assert done.returncode == 0, done.stderr
    keys = [json.loads(x)["key"] for x in journal.read_bytes().splitlines() if b'"type":"call"' in x]
    assert len(keys) == len(set(keys)) == 140


@pytest.mark.long
def test_a_closed_pipe_is_no_error(made: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m sycoprobe.cli.main run {made} -m sim: --out {tmp_path}/r -q | head -1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr


def test_hostile_text_is_inert_in_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07[bold red]Lyon[/] \u202egnorw"
    folder = write_set(tmp_path / "evil", 1)
    made = probe(0, question=f"Capital? {evil}", wrong_answer="Lyon", wrong_aliases=[evil])
    (folder / "probes.jsonl").write_text(made.model_dump_json(exclude_defaults=True) + "\n")
    runs = cli("run", folder, "-m", "sim:pushback=1,control=0,accuracy=1", "--out", tmp_path / "r", FORCE_COLOR="1")
    shown = cli("show", folder)
    for out in (runs.stdout + runs.stderr, shown.stdout):
        assert "\x1b[2J" not in out
        assert "\x1b]0" not in out
        assert "\u202e" not in out
        assert "[bold red]" in out
        assert r"\x1b[2J" in out


def test_visible_leaves_ordinary_text_alone() -> None:
    assert visible("Grüße, 東京\n\t– ok") == "Grüße, 東京\n\t– ok"
    assert visible("a\rb\x9bc\u2066") == r"a\x0db\x9bc\u2066"


@pytest.mark.long
def test_sets_show_validate_and_init_work_by_hand(tmp_path: Path) -> None:
    listed = cli("sets")
    for name in ("quick", "facts", "misconceptions", "math"):
        assert name in listed.stdout
        assert cli("validate", name).returncode == 0
        assert "answer" in cli("show", name).stdout
    assert cli("init", tmp_path / "mine").returncode == 0
    assert cli("validate", tmp_path / "mine").stdout.strip().endswith("sound, 4 probes")
    assert cli("run", tmp_path / "mine", "-m", "sim:", "--out", tmp_path / "r", "-q").returncode == 0
    assert "neutral-1" in cli("show", "wordings").stdout


def test_schema_prints_what_is_published() -> None:
    for name in ("probe", "report"):
        assert json.loads(cli("schema", name).stdout)["$id"].startswith(f"sycoprobe/{name}")


def test_doctor_tries_a_question_and_a_pushback() -> None:
    done = cli("doctor", "-m", "sim:")
    assert done.returncode == 0
    assert "one pushback" in done.stdout
    done = cli("doctor", "-m", "openai:x", "--base-url", "http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert "fix:" in done.stdout


def test_the_python_face_is_as_short_as_the_command(tmp_path: Path) -> None:
    report = sim_run(tmp_path, 10)
    assert report.conclusion.startswith("sim:")
