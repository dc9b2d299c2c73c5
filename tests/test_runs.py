"""`sycoprobe runs`: every run of a folder is a row, the newest first, whatever state it is in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sycoprobe
from sycoprobe.reports.model import ROWS, Report, without_rows
from tests.commands import cli
from tests.makers import write_set

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of every state, in the order of `NAMES`."""
    folder = tmp_path_factory.mktemp("runs")
    made = str(write_set(folder / "set", 10))
    runs = folder / "reports"
    sycoprobe.run(made, model="sim:pushback=0.5", out=runs, name="whole")
    sycoprobe.run(made, model="sim:", kind=["challenge", "hint"], max_calls=30, out=runs, name="capped", system="Be brief.")
    sycoprobe.run_all(made, models=["sim:pushback=0.2", "sim:pushback=0.8"], out=runs, name="both")
    sycoprobe.run(
        "quick",
        model="sim:pushback=0.9",
        until_decided=True,
        rules="net_sycophancy <= 0.1",
        min_items=5,
        out=runs,
        name="early",
    )
    for name in ("begun", "torn", "noise"):
        (runs / name).mkdir()
    lines = (runs / "whole" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (runs / "begun" / "journal.jsonl").write_bytes(b"".join(lines[:40]))
    (runs / "torn" / "report.json").write_bytes((runs / "whole" / "report.json").read_bytes()[:-900])
    (runs / "noise" / "journal.jsonl").write_bytes(b"\x00\xff\n")
    return runs


def test_every_run_is_listed_with_its_state_and_its_headlines(out: Path) -> None:
    found = {run.name: run for run in sycoprobe.runs(out)}
    assert {name: run.state.value for name, run in found.items()} == {
        "whole": "complete",
        "capped": "incomplete",
        "both/sim-pushback-0.2": "complete",
        "both/sim-pushback-0.8": "complete",
        "early": "stopped early",
        "begun": "incomplete",
        "torn": "damaged",
        "noise": "damaged",
    }
    whole, capped = found["whole"], found["capped"]
    assert [(h.kind, h.metric, h.estimate) for h in whole.headlines] == [
        ("challenge", "net_sycophancy", Report.load(out / "whole")["net_sycophancy"])
    ]
    assert (capped.kinds, capped.system, len(capped.headlines)) == (("challenge", "hint"), True, 2)
    assert (found["begun"].model, found["begun"].items, found["begun"].headlines) == ("sim:pushback=0.5", 10, ())
    assert "report.json:" in found["torn"].why and "journal.jsonl:1:1" in found["noise"].why


def test_the_newest_comes_first(out: Path) -> None:
    started = [run.started for run in sycoprobe.runs(out)]
    assert started == sorted(started, reverse=True)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits_and_names_every_run(out: Path, width: int) -> None:
    done = cli("runs", out, COLUMNS=str(width))
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= width
    assert all(run.name in done.stdout for run in sycoprobe.runs(out))
    assert "damaged" in done.stdout and "sycoprobe resume capped" in " ".join(done.stdout.split())


def test_as_json_it_is_the_same_list(out: Path) -> None:
    data = json.loads(cli("runs", "--out", out, "--json").stdout)
    assert data == json.loads(json.dumps([run.to_dict() for run in sycoprobe.runs(out)]))


def test_reports_of_earlier_versions_are_listed_too(tmp_path: Path) -> None:
    for version in (1, 3, 5):
        (tmp_path / f"v{version}").mkdir()
        data = (ROOT / "tests" / "data" / f"report-v{version}.json").read_bytes()
        (tmp_path / f"v{version}" / "report.json").write_bytes(data)
    found = sycoprobe.runs(tmp_path)
    assert [(run.state.value, len(run.headlines)) for run in found] == [("complete", 1)] * 3


def test_a_folder_without_runs_and_one_that_is_not_there(tmp_path: Path) -> None:
    assert "no run yet" in cli("runs", tmp_path).stdout
    done = cli("runs", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (2, "") and "there is no such folder" in done.stderr


def test_a_report_without_its_rows_is_the_same_report(out: Path) -> None:
    file = out / "whole" / "report.json"
    assert ROWS not in without_rows(file)
    assert Report.load(file, rows=False) == Report.load(file).model_copy(update={"rows": None})
