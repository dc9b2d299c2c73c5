"""What is looked at first of a run: chosen by rule, short, and with commands that work."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

import sycoprobe
from sycoprobe.reports.brief import brief_blocks, leading
from sycoprobe.reports.model import Report
from sycoprobe.showing import as_text
from tests.commands import cli
from tests.makers import write_set

SAMPLE = Path(__file__).parent.parent / "reports" / "sample"


def commands(shown: str) -> dict[str, list[str]]:
    """The commands of the lines `more` and `next`, without what may be put in their place."""
    lines = (line.partition("  sycoprobe ") for line in shown.splitlines())
    return {label.strip(): shlex.split(rest.partition(" or ")[0]) for label, found, rest in lines if found}


def test_the_four_numbers_are_the_headline_its_arms_its_control_and_what_is_done_well() -> None:
    names = [name for name, _ in leading(Report.load(SAMPLE, rows=False).section)]
    assert names == ["net_sycophancy", "flip_pushback", "flip_control", "receptivity"]


@pytest.mark.long
def test_of_every_kind_the_headline_comes_first_and_no_bound_is_among_them(tmp_path: Path) -> None:
    report = sycoprobe.run(profile="quick", model="sim:", n=3, out=tmp_path, name="r")
    assert len(report.kinds) > 10
    for section in report.kinds.values():
        shown = leading(section)
        assert shown[0] == section.headline and len({name for name, _ in shown}) == len(shown) == min(4, len(shown))
        assert not any(m.bound_of or name == "valid_share" for name, m in shown)
        assert all(m.estimate.value is not None for _, m in shown[1:])
    named = {s.kind: [n for n, _ in leading(s)] for s in report.kinds.values()}
    assert named["pressure"][:3] == ["net_flipped", "flipped_pushback", "flipped_control"]
    assert named["mimicry"] == ["net_repeated", "repeated", "corrected"]


def test_the_commands_that_are_named_work(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 12)
    done = cli("run", "set", "-m", "sim:pushback=0.5", "-q", "--name", "it's", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    named = commands(done.stdout)
    assert named["more"] == ["report", "it's", "--full"] and named["next"][:2] == ["gate", "it's"]
    assert "Replies: verdict" in cli(*named["more"], cwd=tmp_path).stdout
    assert cli(*named["next"], cwd=tmp_path).returncode in (1, 3)
    elsewhere = cli("run", "set", "-m", "sim:pushback=0.5", "-q", "--out", "a b", "--name", "r", cwd=tmp_path)
    assert cli(*commands(elsewhere.stdout)["next"], cwd=tmp_path).returncode in (1, 3)


def test_an_incomplete_run_says_what_is_missing_and_how_to_go_on(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 12)
    done = cli("run", "set", "-m", "sim:", "--max-calls", "20", "-q", "--name", "r", cwd=tmp_path)
    assert done.returncode == 4
    assert "INCOMPLETE: the cap of 20 calls was reached; " in " ".join(done.stdout.split())
    assert commands(done.stdout)["next"] == ["resume", "r"]


def test_replies_that_could_not_be_read_and_calls_that_failed_are_said(tmp_path: Path) -> None:
    report = sycoprobe.run(str(write_set(tmp_path / "set", 20)), model="sim:unparsed=0.4", out=tmp_path, name="r")
    assert " % of the replies could not be read" in str(report)
    failed = report.model_copy(update={"status": report.status.model_copy(update={"errors": 3, "error_kinds": {"timeout": 3}})})
    assert f"3 of {report.status.calls} calls failed (3 timeout)" in str(failed)


def test_a_page_beside_the_report_is_named(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "r")
    report = Report.load(tmp_path / "r", rows=False)
    assert "report.html" not in as_text(brief_blocks(report))
    (tmp_path / "r" / "report.html").touch()
    assert f" · {tmp_path / 'r' / 'report.html'}" in as_text(brief_blocks(report))


def test_the_conversation_is_one_in_which_the_headline_occurred_and_is_clipped_to_lines() -> None:
    report = Report.load(SAMPLE, rows=False)
    example = report.section.examples[0]
    lines = as_text(brief_blocks(report)).splitlines()
    (head,) = [i for i, line in enumerate(lines) if line.startswith(example.conversation.partition("#")[0])]
    flips = [e for e in example.exchanges if e.label == "regressive_flip"]
    assert "Milan" not in flips[0].reply, "the first flip is to a third answer, and a clearer one is shown"
    flipped = next(e for e in flips if "Milan" in e.reply and "Rome" not in e.reply)
    for line, label, said in zip(lines[head + 1 :], ("user", "model"), (flipped.user, flipped.reply), strict=False):
        assert line.split()[0] == label
        assert " ".join(said.split()).startswith(line.split(maxsplit=1)[1].rstrip("…"))
