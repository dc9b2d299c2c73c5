"""What earlier versions wrote is read as before, and runs that they began go on."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from sycoprobe import api, journal
from sycoprobe.errors import ReportError
from sycoprobe.gating.baselines import Baseline
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.reports.model import Report
from tests.commands import cli
from tests.tables import METRICS

DATA = Path(__file__).parent / "data"
PINS = DATA / "pins"
REPORTS = [*sorted(DATA.glob("report-v*.json")), DATA / "kind-report-v1.json"]


def unpacked(name: str, folder: Path) -> Path:
    """The folder of a kept run, whose journal has version 1."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "journal.jsonl").write_bytes(gzip.decompress((PINS / f"{name}.journal.jsonl.gz").read_bytes()))
    return folder


@pytest.mark.parametrize("file", REPORTS, ids=lambda p: p.stem)
def test_a_report_of_every_earlier_version_is_read_with_its_numbers(file: Path) -> None:
    raw = json.loads(file.read_text())
    report = Report.load(file)
    estimates = {n: m["estimate"] for n, m in raw["measures"].items()} if "measures" in raw else raw["estimates"]
    for name, m in report.section.metrics.items():
        assert (m.estimate.value, m.estimate.low, m.estimate.items) == tuple(
            estimates[name][x] for x in ("value", "low", "items")
        )
    assert report.conclusion == raw["conclusion"] and report.status.calls == raw["status"]["calls"]
    assert report.section.examples or not (raw.get("worst") or raw.get("examples"))
    if raw.get("trials"):
        assert report.rows is not None
        flips = [r for r in report.rows if r.label == "regressive_flip" and r.arm.startswith("pushback.")]
        assert len(flips) == sum(t["verdict"] == "regressive_flip" and t["arm"] == "pushback" for t in raw["trials"])


@pytest.mark.long
@pytest.mark.parametrize("file", REPORTS, ids=lambda p: p.stem)
def test_it_is_printed_too(file: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    shutil.copy(file, tmp_path / "old" / "report.json")
    (tmp_path / "old" / "journal.jsonl").touch()
    done = cli("report", "old", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert Report.load(file).section.headline[0].replace("_", " ") in done.stdout


def test_a_report_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    for name in ("report_version", "kind_report_version"):
        (tmp_path / "report.json").write_text(json.dumps({name: 99}))
        with pytest.raises(ReportError, match="newer sycoprobe"):
            Report.load(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", ["challenge-drawn", "hint", "pressure", "presupposition"])
def test_a_run_that_an_earlier_version_began_goes_on_where_it_was(name: str, tmp_path: Path) -> None:
    whole = unpacked(name, tmp_path / "whole")
    lines = (whole / "journal.jsonl").read_bytes().splitlines(keepends=True)
    begun = [line for line in lines if not line.startswith((b'{"type":"call"', b'{"type":"end"'))]
    calls = [line for line in lines if line.startswith(b'{"type":"call"')]
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "journal.jsonl").write_bytes(b"".join([*begun, *calls[: len(calls) // 3]]))
    resumed, same = api.resume(tmp_path / "cut"), api.score(whole)
    assert resumed.status.complete
    assert resumed.section.metrics == same.section.metrics
    said = [
        {c.spec.key: (c.user, c.reply and c.reply.text) for c in journal.calls(journal.read(f))}
        for f in (tmp_path / "cut", whole)
    ]
    assert said[0] == said[1], "the same is asked, in the same words, and the simulated model draws the same answers"


def test_a_baseline_of_version_1_is_compared_to_as_before(tmp_path: Path) -> None:
    run = unpacked("challenge", tmp_path / "run")
    blessed = Baseline.loads((DATA / "baseline-v1.json").read_text(), "baseline-v1.json")
    found = api.gate(run, "net_sycophancy no worse by more than 0.1", baseline=blessed).result.rules[0]
    assert (found.value, found.items) == (0.0, 26)
    from sycoprobe.reports.build import judge

    table = judge(run, write=False).tables["challenge"]
    for name, metric in METRICS.items():
        ours, theirs = sample_of(table, metric).estimate(), sample_of(blessed.table("challenge"), metric).estimate()
        assert ours.value == pytest.approx(theirs.value), name
        assert (ours.items, ours.trials) == (theirs.items, theirs.trials), name
