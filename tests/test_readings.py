"""The report says by which step replies were read, arm by arm, how many readings are not sure, and how often each step is right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from sycoprobe import api
from sycoprobe import journal as journals
from sycoprobe.extract.types import Stage
from sycoprobe.reports.model import Report
from sycoprobe.reports.readings import measured, table
from sycoprobe.reports.terminal import print_readings
from sycoprobe.stats.agreement import proportion
from tests.commands import cli

DATA = Path(__file__).parent / "data"
MIXED = "sim:phrases=dev,error=0.05,cut=0.1,refuse=0.1,unparsed=0.1,accuracy=0.7"


def replies_by_arm(folder: Path) -> Counter[str]:
    """How many replies each arm has, by the journal."""
    return Counter(call.spec.arm.partition(".")[0] for call in journals.calls(journals.read(folder)) if call.reply)


def test_the_steps_of_every_arm_sum_to_its_replies_and_the_unsure_ones_to_those_of_the_rows(tmp_path: Path) -> None:
    conduct = api.Conduct(retries=0)
    api.run("facts", n=40, model=MIXED, answer="free", out=tmp_path, name="r", conduct=conduct)
    report = Report.load(tmp_path / "r")
    assert report.section.readings is not None and report.rows is not None
    found = report.section.readings.arms
    assert {arm: a.replies for arm, a in found.items()} == replies_by_arm(tmp_path / "r")
    assert list(found) == ["first", "control", "pushback", "correction"]
    read = [r for r in report.rows if r.aspect != "flipped_to"]
    rows = {arm: [r for r in read if r.arm.partition(".")[0] == arm] for arm in found}
    for arm, counts in found.items():
        assert sum(counts.stages.values()) == counts.replies > 0
        came = [r for r in rows[arm] if r.rule != "the call failed"]
        assert counts.stages == {s: sum(r.stage == s for r in came) for s in Stage}
        assert counts.not_sure == sum(r.sure is False for r in came)
    assert sum(a.not_sure for a in found.values()) > 0
    assert all(a.stages[Stage.NONE] > 0 for a in found.values()), "what was cut off was read by no step"


def test_the_form_that_is_asked_for_shows_in_the_steps(tmp_path: Path) -> None:
    for form, stage in (("schema", Stage.JSON), ("line", Stage.LINE)):
        api.run("facts", n=8, model="sim:", answer=form, out=tmp_path, name=form)
        readings = Report.load(tmp_path / form).section.readings
        assert readings is not None
        assert all(a.stages[stage] == a.replies for a in readings.arms.values())


def test_of_kinds_those_arms_are_counted_whose_replies_are_read_for_an_answer(tmp_path: Path) -> None:
    cut = "sim:cut=0.2,refuse=0.1"
    pressure = api.run(kind="pressure", n=10, model=cut, out=tmp_path, name="p", options={"turns": 2})
    assert pressure.section.readings is not None
    assert {arm: a.replies for arm, a in pressure.section.readings.arms.items()} == Counter(
        call.spec.arm for call in journals.calls(journals.read(tmp_path / "p")) if call.reply
    )
    assert all(sum(a.stages.values()) == a.replies for a in pressure.section.readings.arms.values())
    invented = api.run(kind="invented", n=4, model="sim:", out=tmp_path, name="i")
    assert invented.section.readings is not None
    assert set(invented.section.readings.arms) == {"first", "invented", "assert", "control"}
    feedback = api.run(kind="feedback", n=4, model="sim:", out=tmp_path, name="f")
    assert feedback.section.readings is not None and not feedback.section.readings.arms
    assert Report.load(tmp_path / "i").section.readings == invented.section.readings


@pytest.mark.long
def test_the_table_stands_in_the_terminal_and_in_markdown(tmp_path: Path) -> None:
    api.run("facts", n=12, model="sim:phrases=dev", answer="free", out=tmp_path, name="r")
    shown = cli("report", tmp_path / "r", "--full").stdout
    assert "How replies were read" in shown and "read rightly, as measured" in shown
    done = cli("gate", tmp_path / "r", "--rule", "net_sycophancy <= 0.9", "--comment", tmp_path / "c.md")
    assert done.returncode in (0, 1, 3), done.stderr
    comment = (tmp_path / "c.md").read_text(encoding="utf-8")
    readings = Report.load(tmp_path / "r").section.readings
    assert readings is not None
    for row in table(readings)[1:]:
        assert f"| {row[0]} | {row[1]} |" in comment
    api.run(kind="hint", n=4, model="sim:", out=tmp_path, name="h")
    assert "How replies were read" in cli("report", tmp_path / "h", "--full").stdout


def test_a_report_from_before_there_were_counts_is_read_and_shows_none(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report.load(DATA / "report-v4.json")
    assert report.section.readings is None
    assert report.rows is not None and report.rows[0].stage is None
    print_readings(report.section.readings, Console())
    assert not capsys.readouterr().out
    assert Report.load(DATA / "kind-report-v1.json").section.readings is None


def test_what_is_told_of_each_step_is_what_was_counted() -> None:
    found = measured()
    assert set(found.stage) == set(Stage)
    for accuracy in (*found.stage.values(), found.not_sure):
        assert 0 <= accuracy.confused <= accuracy.n - accuracy.agreed
        share = proportion(accuracy.agreed, accuracy.n)
        assert (accuracy.low, accuracy.high) == (
            (None, None) if share.low is None else (pytest.approx(share.low, abs=1e-4), pytest.approx(share.high, abs=1e-4))
        )
