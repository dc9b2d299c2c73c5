"""Whole runs on simulated models: what is planted is found, what is paid for is kept, what is read is the same again."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import jsonschema
import pydantic
import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.errors import JournalError, PlanError, ReportError
from sycoprobe.reports.model import Report
from tests.commands import cli
from tests.loopback import LoopbackServer, default_answer
from tests.makers import sim_run, write_set
from tests.sums import unsummed

SCHEMAS = Path(__file__).parent.parent / "schemas"


def rows(folder: Path) -> list[str]:
    """A report's rows in an order that does not depend on which call finished first."""
    report = json.loads((folder / "report.json").read_text())
    return sorted(json.dumps(r) for r in report["rows"])


@pytest.mark.long
def test_planted_rates_are_found_within_their_intervals(tmp_path: Path) -> None:
    e = sim_run(tmp_path, 400, "accuracy=0.7,pushback=0.4,control=0.1,correction=0.55").estimates
    for estimate, truth in (
        (e.first_accuracy, 0.7),
        (e.flip_pushback, 0.4),
        (e.flip_control, 0.1),
        (e.net_sycophancy, 0.3),
        (e.receptivity, 0.55),
        (e.net_receptivity, 0.45),
    ):
        assert estimate.low is not None and estimate.high is not None
        assert estimate.low - 0.02 <= truth <= estimate.high + 0.02
    assert e.valid_share.value == 1.0


def test_rates_planted_for_one_arm_are_found_in_that_arm(tmp_path: Path) -> None:
    kinds = sim_run(tmp_path, 200, "accuracy=1,pushback=0.1,pushback.ethos=0.9,control=0").section.slices["arm"]
    assert kinds["ethos"].metrics["net_sycophancy"].value == pytest.approx(0.9, abs=0.07)
    assert kinds["doubt"].metrics["net_sycophancy"].value == pytest.approx(0.1, abs=0.07)


def test_replies_without_an_answer_are_counted_apart(tmp_path: Path) -> None:
    report = sim_run(tmp_path, 300, "refuse=0.1,cut=0.1,unparsed=0.1,ambiguous=0.1,error=0.1")
    counts = report.section.counts
    first = counts["first.0 answer"]
    for outcome in ("refused", "cut_off", "unparsed", "ambiguous", "error"):
        assert 10 <= first[outcome] <= 55
        assert sum(n.get(outcome, 0) for place, n in counts.items() if place.startswith("pushback.")) > 30
    assert sum(first.values()) == 300
    assert report.status.errors == sum(n.get("error", 0) for n in counts.values())


def test_a_model_that_never_moves_is_called_stubborn_not_honest(tmp_path: Path) -> None:
    report = sim_run(tmp_path, 120, "accuracy=0.6,pushback=0,control=0,correction=0")
    assert report.estimates.net_sycophancy.value == 0.0
    assert report.estimates.receptivity.value == 0.0
    assert "stubborn rather than honest" in report.conclusion


def test_a_letter_bias_shows_in_the_report_and_cancels_in_accuracy(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "letters", 200)
    lines = [
        json.loads(x) | {"format": "choice", "options": ["Paris", "Lyon", "Nice", "Lille"]}
        for x in (folder / "probes.jsonl").read_text().splitlines()
    ]
    (folder / "probes.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    report = api.run(str(folder), model="sim:letter=1", out=tmp_path, name="r")
    assert report.section.letters["A"].chosen == 200
    assert report.section.letters["A"].gold < 80
    assert report.estimates.first_accuracy.value == pytest.approx(0.25, abs=0.09)


def test_one_first_answer_is_shared_by_all_arms(tmp_path: Path) -> None:
    sim_run(tmp_path, 20, "accuracy=0.5")
    contents = journal.read(tmp_path / "reports" / "run")
    keys = Counter(c.spec.conversation for c in journal.calls(contents) if c.spec.arm == "first")
    assert len(keys) == 20
    assert set(keys.values()) == {1}
    calls = list(journal.calls(contents))
    assert len(calls) == 20 * 7 == len({c.spec.key for c in calls})


def test_the_same_seed_gives_the_same_report_whatever_the_concurrency(tmp_path: Path) -> None:
    folder = str(write_set(tmp_path / "set", 40))
    for name, concurrency in (("a", 1), ("b", 32)):
        api.run(folder, model="sim:", out=tmp_path, name=name, conduct=Conduct(concurrency=concurrency))
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    reports = [Report.load(tmp_path / x, rows=False) for x in "ab"]
    assert reports[0].kinds == reports[1].kinds


def test_the_report_fits_its_published_schema_and_reads_back_whole(tmp_path: Path) -> None:
    sim_run(tmp_path, 20)
    data = json.loads((tmp_path / "reports" / "run" / "report.json").read_text())
    jsonschema.validate(data, json.loads((SCHEMAS / "report.schema.json").read_text()))
    report = Report.load(tmp_path / "reports" / "run")
    assert report.rows is not None
    assert len([r for r in report.rows if r.aspect == "answer"]) == 20
    assert len([r for r in report.rows if r.aspect == "verdict"]) == 120
    in_journal = {c.spec.key for c in journal.calls(journal.read(tmp_path / "reports" / "run"))}
    assert {r.key for r in report.rows} == in_journal


@pytest.mark.skipif(
    tuple(map(int, pydantic.VERSION.split(".")[:2])) < (2, 13), reason="older pydantic words some schemas in another way"
)
def test_the_published_schemas_are_those_of_the_code() -> None:
    from sycoprobe.gating import baselines, comparing, decision
    from sycoprobe.reports import model
    from sycoprobe.sets import probe as probes

    homes = {"probe": probes, "report": model, "gate": decision, "baseline": baselines, "comparison": comparing}
    for name, made in ((name, home.json_schema()) for name, home in homes.items()):
        assert json.loads((SCHEMAS / f"{name}.schema.json").read_text()) == made, (
            f"`sycoprobe schema {name} > schemas/{name}.schema.json`"
        )


def test_scoring_again_makes_no_call_and_gives_the_same_report(tmp_path: Path) -> None:
    before = sim_run(tmp_path, 30)
    folder = tmp_path / "reports" / "run"
    size = (folder / "journal.jsonl").stat().st_size
    was = rows(folder)
    (folder / "report.json").unlink()
    assert api.score(folder).kinds == before.kinds
    assert rows(folder) == was
    assert (folder / "journal.jsonl").stat().st_size == size


def test_a_replay_gives_the_same_answers_without_the_model(tmp_path: Path) -> None:
    before = sim_run(tmp_path, 30, "accuracy=0.6")
    folder = tmp_path / "set-30"
    after = api.run(str(folder), model=f"replay:{tmp_path / 'reports' / 'run'}", out=tmp_path, name="again")
    assert {n: after[n] for n in after.estimates} == {n: before[n] for n in before.estimates}
    assert rows(tmp_path / "again") == rows(tmp_path / "reports" / "run")


def test_a_replay_of_another_seed_says_that_other_things_were_asked(tmp_path: Path) -> None:
    sim_run(tmp_path, 30)
    folder = str(tmp_path / "set-30")
    report = api.run(folder, model=f"replay:{tmp_path / 'reports' / 'run'}", out=tmp_path, name="again", seed=9)
    assert report.status.error_kinds["missing"] > 0


def test_resume_asks_only_what_is_missing_and_ends_in_the_same_report(tmp_path: Path) -> None:
    sim_run(tmp_path, 30, name="whole")
    sim_run(tmp_path, 30, name="cut")
    folder = tmp_path / "reports" / "cut"
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    begin = next(i for i, x in enumerate(lines) if b'"type":"begin"' in x)
    kept = lines[: begin + 60]
    (folder / "journal.jsonl").write_bytes(b"".join(kept))
    report = api.resume(folder)
    after = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    assert after[: len(kept)] == kept
    keys = [json.loads(x)["key"] for x in after if b'"type":"call"' in x]
    assert len(keys) == len(set(keys)) == 210
    assert report.status.complete
    assert rows(folder) == rows(tmp_path / "reports" / "whole")


def test_a_complete_run_is_resumed_without_its_server_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_set(tmp_path / "set", 5)
    monkeypatch.setenv("MY_OWN_KEY", "a-key-of-some-length-1234")
    with LoopbackServer(default_answer) as server:
        done = cli(
            *("run", folder, "-m", "openai:m", "--base-url", server.url, "--api-key-env", "MY_OWN_KEY"),
            *("--header", "x-team: seven", "--out", tmp_path / "r", "--name", "whole", "-q"),
            cwd=tmp_path,
        )
    assert done.returncode == 0, done.stderr
    monkeypatch.delenv("MY_OWN_KEY")
    before = (tmp_path / "r" / "whole" / "report.json").read_bytes()
    again = cli("resume", tmp_path / "r" / "whole", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "is complete: nothing is left to ask" in again.stderr
    assert (tmp_path / "r" / "whole" / "report.json").read_bytes() == before


def test_a_run_of_which_one_call_failed_is_not_complete(tmp_path: Path) -> None:
    sim_run(tmp_path, 20, "error=0.1")
    said: list[str] = []
    api.resume(tmp_path / "reports" / "run", conduct=api.Conduct(notify=said.append))
    assert not said


def test_resume_asks_failed_calls_again_and_the_last_word_counts(tmp_path: Path) -> None:
    before = sim_run(tmp_path, 60, "error=0.2")
    assert before.status.errors > 20
    folder = tmp_path / "reports" / "run"
    journal_file = folder / "journal.jsonl"
    journal_file.write_text(unsummed(journal_file.read_text()).replace("error=0.2", "error=0"))
    after = api.resume(folder)
    assert after.status.errors == 0
    assert after.status.complete
    assert after.status.processes == 2
    assert sum(after.section.counts["first.0 answer"].values()) == 60


def test_a_run_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    sim_run(tmp_path, 5)
    was = (tmp_path / "reports" / "run" / "journal.jsonl").read_bytes()
    with pytest.raises(JournalError, match="there is a run already"):
        sim_run(tmp_path, 5)
    assert (tmp_path / "reports" / "run" / "journal.jsonl").read_bytes() == was


def test_a_run_begun_with_another_model_file_is_not_continued(tmp_path: Path) -> None:
    sim_run(tmp_path, 5)
    folder = tmp_path / "reports" / "run"
    file = folder / "journal.jsonl"
    lines = (
        unsummed(file.read_text()).replace('"model":{"model":"sim"', '"model":{"model":"another"', 1).splitlines(keepends=True)
    )
    file.write_text("".join(line for line in lines[:-4]))
    with pytest.raises(JournalError, match="begun with model 'another'"):
        api.resume(folder)


def test_runs_are_found_by_path_by_name_and_as_latest(tmp_path: Path) -> None:
    sim_run(tmp_path, 5)
    out = tmp_path / "reports"
    assert api.find_run("run", out) == api.find_run(out / "run") == api.find_run("latest", out) == out / "run"
    with pytest.raises(JournalError, match="no run 'other'"):
        api.find_run("other", out)


def test_it_runs_inside_an_event_loop(tmp_path: Path) -> None:
    folder = str(write_set(tmp_path / "set", 5))
    report = asyncio.run(api.arun(folder, model="sim:", out=tmp_path, name="r"))
    assert report.status.calls == 35


def test_an_unknown_backend_or_behaviour_is_one_clear_error(tmp_path: Path) -> None:
    folder = str(write_set(tmp_path / "set", 5))
    with pytest.raises(PlanError, match="no backend 'gpt'"):
        api.run(folder, model="gpt:x", out=tmp_path)
    with pytest.raises(PlanError, match="no behaviour 'flips'"):
        api.run(folder, model="sim:flips=1", out=tmp_path)
    with pytest.raises(PlanError, match="out of range"):
        api.run(folder, model="sim:control=7", out=tmp_path)
    assert not list(tmp_path.glob("*/journal.jsonl"))


def test_a_report_of_a_newer_version_is_refused_and_a_broken_one_named(tmp_path: Path) -> None:
    sim_run(tmp_path, 5)
    file = tmp_path / "reports" / "run" / "report.json"
    text = file.read_text()
    file.write_text(text.replace('"report_version": 6', '"report_version": 99'))
    with pytest.raises(ReportError, match="newer sycoprobe"):
        Report.load(file)
    file.write_text(text[:100])
    with pytest.raises(ReportError, match=r"report.json:6:3: not JSON"):
        Report.load(file)


def test_a_run_without_control_says_so_and_measures_no_net_sycophancy(tmp_path: Path) -> None:
    report = sim_run(tmp_path, 20, "accuracy=1", options={"arms": ["pushback"]})
    assert report.estimates.net_sycophancy.value is None
    assert report.estimates.flip_pushback.value is not None
    assert any("no control arm" in n for n in report.notes)
