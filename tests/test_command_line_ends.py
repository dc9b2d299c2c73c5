"""How the command ends, whatever happened: the documented code, one line without control characters, never a traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sycoprobe import __version__, api, errors
from sycoprobe.cli import main as cli_main
from sycoprobe.cli.show import print_error
from sycoprobe.errors import Exit, GateError, Interrupted, JudgingFailed, ModelError, RunFailed, SycoprobeError
from sycoprobe.keys import remember
from tests.commands import cli
from tests.makers import sim_run, write_set

GLOSSARY = (Path(__file__).parent.parent / "docs" / "glossary.md").read_text(encoding="utf-8")
HOSTILE = "bad \x1b[2J\x1b]0;owned\x07name\r\u202egnorw\x00\x7f"


def ended(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: str) -> tuple[object, str, str]:
    """The code that `main` ends with, and what it printed."""
    monkeypatch.setattr(sys, "argv", ["sycoprobe", *args])
    with pytest.raises(SystemExit) as e:
        cli_main.main()
    out, err = capsys.readouterr()
    return e.value.code or 0, out, err


def test_an_error_is_two_lines_without_anything_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(GateError(HOSTILE, f"write {HOSTILE}"))
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: bad [^\n]*\n  fix: write bad [^\n]*\n", err), err
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", err)
    print_error(GateError("no more to say"))
    assert capsys.readouterr().err == "error: no more to say\n"


def test_names_that_a_user_gives_are_inert_in_errors(tmp_path: Path) -> None:
    for args in (("run", "x\x1b[2J"), ("gate", "x\x1b]0;a\x07", "--rule", "net_sycophancy <= 1"), ("score", "\x1b[31mrun")):
        done = cli(*args, cwd=tmp_path)
        assert done.returncode == 2
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", done.stderr), args
        assert "Traceback" not in done.stderr


def test_the_version_is_printed_and_nothing_else(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(capsys, monkeypatch, "--version") == (0, f"sycoprobe {__version__}\n", "")


def test_without_a_command_the_help_is_shown_and_with_a_wrong_one_it_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, err = ended(capsys, monkeypatch)
    assert "[OPTIONS] COMMAND" in out + err
    code, _, err = ended(capsys, monkeypatch, "rnu")
    assert code == 2 and "rnu" in err
    code, _, err = ended(capsys, monkeypatch, "run", "--no-such-option")
    assert code == 2 and "--no-such-option" in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GateError("x"), 2),
        (ModelError("x"), 2),
        (JudgingFailed("x"), 4),
        (RunFailed(GateError("x"), Path("r")), 4),
        (Interrupted(Path("r")), 130),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_ends_with_its_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> int:
        raise error

    monkeypatch.setattr(cli_main, "app", fails)
    with pytest.raises(SystemExit) as e:
        cli_main.main()
    assert e.value.code == code
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert err.splitlines()[0] == ("interrupted" if isinstance(error, KeyboardInterrupt) else f"error: {error}")


def failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception) -> tuple[object, str]:
    """How the command line ends where nobody thought of an error: its exit code, and what it says."""

    def fails(**_: object) -> int:
        raise error

    monkeypatch.setattr(cli_main, "app", fails)
    with pytest.raises(SystemExit) as e:
        cli_main.main()
    return e.value.code, capsys.readouterr().err


def test_a_defect_of_ours_is_one_line_and_its_traceback_a_file_without_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its exit code is one of its own: 1 would say that a check failed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    remember("sk-planted-0123456789abcdef")
    code, said = failed(monkeypatch, capsys, KeyError("sk-planted-0123456789abcdef"))
    assert code == Exit.DEFECT == 70
    assert len(said.splitlines()) == 1
    (file,) = tmp_path.glob("sycoprobe-*")
    assert str(file) in said and "/issues" in said and "KeyError" in said
    assert "Traceback" in file.read_text()
    assert "sk-planted" not in said + file.read_text()


def test_the_traceback_of_a_defect_lies_beside_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sim_run(tmp_path, 2)
    folder = tmp_path / "reports" / "run"
    monkeypatch.setattr("sycoprobe.reports.build._report", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError) as e:
        api.score(folder)
    code, said = failed(monkeypatch, capsys, e.value)
    assert code == 70
    (file,) = folder.glob("defect-*.txt")
    assert str(file) in said
    assert "ZeroDivisionError" in file.read_text()


def test_what_the_system_refuses_is_no_defect(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = failed(monkeypatch, capsys, OSError(36, "File name too long", "a" * 20))
    assert (code, said.splitlines()[0]) == (2, f"error: {'a' * 20}: File name too long")


def test_names_that_no_file_can_have_are_one_line(tmp_path: Path) -> None:
    long = "a" * 300
    for args in (["run", "quick", "-n", "1", "-m", "sim", "--name", long], ["report", long], ["score", long], ["gate", long],
                 ["validate", long], ["run", long, "-m", "sim"], ["init", long], ["resume", long]):  # fmt: skip
        done = cli(*args, cwd=tmp_path)
        assert done.returncode == (1 if args[0] == "validate" else 2), (args, done.stderr)
        assert "Traceback" not in done.stderr


def test_every_deliberate_error_has_a_documented_code() -> None:
    table = GLOSSARY.partition("## Exit codes")[2].partition("\n## ")[0]
    documented = {int(x) for x in re.findall(r"(?m)^\| `(\d+)` \|", table)}
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, SycoprobeError)]
    assert len(kinds) > 10
    assert {int(k.exit_code) for k in kinds} <= {int(code) for code in Exit}
    assert {int(code) for code in Exit} == documented == {0, 1, 2, 3, 4, 70, 130}


def test_an_error_says_what_is_wrong_and_how_to_fix_it_and_carries_what_it_found() -> None:
    faulty = errors.ProbeError("two faults", "see the places", faults=("one", "two"))
    assert (str(faulty), faulty.message, faulty.hint, faulty.faults) == (
        "two faults",
        "two faults",
        "see the places",
        ("one", "two"),
    )
    assert (errors.PlanError("x").hint, errors.ProbeError("x").faults) == ("", ())
    call = errors.BackendError("no", "wait", kind="rate_limit", retryable=True, retry_after=2.5)
    assert (call.message, call.hint, call.kind, call.retryable, call.fatal, call.retry_after) == (
        "no",
        "wait",
        "rate_limit",
        True,
        False,
        2.5,
    )
    assert errors.BackendError("no", kind="auth", fatal=True).fatal


def test_a_failed_run_says_how_to_go_on_and_one_whose_model_is_not_there_to_begin_anew() -> None:
    plain = RunFailed(GateError("it broke", "mend it"), Path("r/x"))
    assert (plain.message, plain.hint, plain.folder) == ("it broke", "mend it; then `sycoprobe resume r/x`", Path("r/x"))
    assert RunFailed(GateError("it broke"), Path("r/x")).hint == "fix it, then `sycoprobe resume r/x`"
    gone = errors.BackendError("no such model", "see --list", kind="not_found")
    assert RunFailed(gone, Path("r/x")).hint.startswith("see --list; then begin a new run")
    stopped = Interrupted(Path("r/x"), " after 3 calls")
    assert (stopped.message, stopped.hint) == ("interrupted after 3 calls", "`sycoprobe resume r/x` asks what is missing")


@pytest.mark.long
@pytest.mark.parametrize(("bound", "code"), [("0.9", 0), ("0.1", 1), ("0.5", 3)])
def test_a_gate_ends_with_its_decision_whoever_reads_its_table(bound: str, code: int, tmp_path: Path) -> None:
    """`sycoprobe gate … | head -1` in a script that minds every part of a pipe."""
    sim_run(tmp_path, 40, "accuracy=1,pushback=0.5,control=0")
    command = [sys.executable, "-m", "sycoprobe.cli.main", "gate", str(tmp_path / "reports" / "run")]
    with subprocess.Popen(
        [*command, "--rule", f"net_sycophancy <= {bound}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait() == code
        assert said == (b"exit 3: the gate is inconclusive\n" if code == 3 else b"")


@pytest.mark.long
def test_a_reader_that_leaves_in_the_middle_is_no_error(tmp_path: Path) -> None:
    sim_run(tmp_path, 60)
    command = [sys.executable, "-m", "sycoprobe.cli.main", "score", str(tmp_path / "reports" / "run"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.read(1) == b"{"
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)


@pytest.mark.long
def test_what_is_printed_into_a_pipe_is_all_there_and_in_utf_8(tmp_path: Path) -> None:
    report = sim_run(tmp_path, 60)
    done = cli("score", tmp_path / "reports" / "run", "--json", PYTHONIOENCODING="utf-8")
    assert done.returncode == 0
    assert json.loads(done.stdout)["conclusion"] == report.conclusion
    assert "·" in cli("score", tmp_path / "reports" / "run", PYTHONIOENCODING="utf-8").stdout


def test_ctrl_c_before_a_run_began_is_one_line_and_130(tmp_path: Path) -> None:
    code = "import os, signal, sys\nfrom sycoprobe.cli import main\nsys.argv = ['sycoprobe', 'score', 'x']\n"
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "def stop(*_, **__): os.kill(os.getpid(), signal.SIGINT); signal.pause()\nmain.app = stop\nmain.main()\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_the_code_of_a_command_is_the_code_of_the_process(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 3)
    (folder / "probes.jsonl").write_text("{}\n")
    assert cli("validate", folder).returncode == 1
    assert cli("kinds").returncode == 0
