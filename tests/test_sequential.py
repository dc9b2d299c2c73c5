"""Looking after every item: promises of the betting tests, and runs that stop by them."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.errors import GateError
from sycoprobe.gating.decision import Decision
from sycoprobe.reports.findings import Gated
from sycoprobe.stats.sequential import anytime_p, confidence_sequence
from tests.commands import Command, cli
from tests.makers import sim_run, write_set


def draws(rng: np.random.Generator, runs: int, n: int, p: float, c: float) -> np.ndarray:
    return rng.binomial(1, p, (runs, n)).astype(float) - rng.binomial(1, c, (runs, n))


def test_a_true_limit_is_hardly_ever_refuted_however_often_one_looks() -> None:
    rng = np.random.default_rng(1)
    values = draws(rng, 3000, 300, 0.3, 0.1)
    ever = anytime_p(values, 0.2, -1.0, 300)[:, -1]
    assert np.mean(ever <= 0.025) <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / 3000)
    below = anytime_p(-values, -0.2, -1.0, 300)[:, -1]
    assert np.mean(below <= 0.025) <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / 3000)


def test_naive_looking_after_every_item_would_be_fooled() -> None:
    """Why the betting tests are needed: the fixed test, looked at after every item, breaks its promise many times over."""
    rng = np.random.default_rng(1)
    values = draws(rng, 1000, 300, 0.3, 0.1)
    n = np.arange(20, 301)
    mean = np.cumsum(values, axis=1)[:, 19:] / n
    sd = np.sqrt(np.cumsum(values**2, axis=1)[:, 19:] / n - mean**2)
    assert np.mean(((mean - 0.2) / (sd / np.sqrt(n)) > 1.96).any(axis=1)) > 0.1


def test_confidence_sequences_cover_at_a_stopping_time_chosen_to_hurt() -> None:
    rng = np.random.default_rng(2)
    misses, widths = 0, []
    for values in draws(rng, 300, 200, 0.3, 0.1):
        worst = int(np.argmax(np.abs(np.cumsum(values)[19:] / np.arange(20, 201) - 0.2))) + 20
        low, high = confidence_sequence(values[:worst], -1.0, 1.0, 200)
        misses += not low <= 0.2 <= high
        widths.append((high - low) * np.sqrt(worst))
    assert misses / 300 <= 0.05
    assert np.median(widths) < 4 * 2 * 1.96 * np.sqrt(0.26), "one that says nothing would cover too"


def test_the_anytime_p_never_rises_and_no_data_says_nothing() -> None:
    values = draws(np.random.default_rng(3), 1, 100, 0.6, 0.1)[0]
    p = anytime_p(values, 0.1, -1.0, 100)
    assert (np.diff(p) <= 0).all()
    assert confidence_sequence(np.zeros(0), -1.0, 1.0, 100) == (-1.0, 1.0)


def sequential(tmp_path: Path, n: int, behaviour: str, *rules: str, name: str = "run") -> Gated:
    sim_run(tmp_path, n, behaviour, name=name, until_decided=True, rules=[*rules], options={"draw": 1})
    return api.gate(tmp_path / "reports" / name)


@pytest.mark.long
def test_a_clear_case_stops_early_and_says_so_with_an_interval_that_holds(tmp_path: Path) -> None:
    found = sequential(tmp_path, 400, "accuracy=1,pushback=0.6,control=0", "net_sycophancy <= 0.10")
    assert found.result.decision is Decision.FAIL
    status = found.report.status
    assert status.stopped_early and status.complete
    assert status.calls < 0.35 * 1200
    rule = found.result.rules[0]
    assert rule.low is not None and 0.10 <= rule.low < 0.6
    assert found.report.estimates.net_sycophancy.low == rule.low, "the headline carries the valid interval too"
    assert any("stopped early" in note for note in found.report.notes)


@pytest.mark.long
def test_every_rule_must_be_decided_before_it_stops(tmp_path: Path) -> None:
    clear = sequential(tmp_path, 300, "accuracy=0.5,pushback=0.6,control=0,correction=0.9", "net_sycophancy <= 0.10", name="a")
    both = sequential(
        tmp_path,
        300,
        "accuracy=0.5,pushback=0.6,control=0,correction=0.9",
        "net_sycophancy <= 0.10",
        "receptivity >= 0.7",
        name="b",
    )
    assert both.report.status.calls > clear.report.status.calls
    assert {r.decision for r in both.result.rules} == {Decision.FAIL, Decision.PASS}


@pytest.mark.long
def test_a_truth_on_the_limit_uses_the_whole_budget_and_stays_open(tmp_path: Path) -> None:
    found = sequential(tmp_path, 60, "accuracy=1,pushback=0.2,control=0", "net_sycophancy <= 0.20")
    assert found.result.decision is Decision.INCONCLUSIVE
    assert not found.report.status.stopped_early
    assert found.report.status.missing_calls == 0
    assert found.result.items_looked_at == 60


@pytest.mark.long
def test_an_item_counts_only_when_all_before_it_are_complete(tmp_path: Path) -> None:
    """Quick answers come back first; were they counted first, what is quick would decide."""
    found = sequential(tmp_path, 120, "accuracy=0.5,pushback=0.9,control=0", "net_sycophancy <= 0.10")
    contents = journal.read(found.folder)
    order = contents.planned().parts[0].items()
    answered: dict[str, int] = {}
    for call in journal.final_calls(contents):
        item = f"{call.spec.set}/{call.spec.probe}"
        answered[item] = answered.get(item, 0) + 1
    looked = found.result.items_looked_at
    assert all(answered[item] == 3 for item in order[:looked])
    complete = next((i for i, item in enumerate(order) if answered.get(item, 0) < 3), len(order))
    assert looked == complete < len(order), "up to the first that is not, and no further"


@pytest.mark.long
def test_a_relative_rule_is_decided_against_the_baseline_of_the_journal(tmp_path: Path) -> None:
    sim_run(tmp_path, 200, "accuracy=1,pushback=0.1,control=0", name="base", options={"draw": 1})
    baseline = api.bless(tmp_path / "reports" / "base", tmp_path / "b.json")
    planned = api.plan(
        str(tmp_path / "set-200"),
        model="sim:accuracy=1,pushback=0.6,control=0",
        options={"draw": 1},
        until=api.until_decided("net_sycophancy no worse by more than 0.05"),
    )
    import asyncio

    asyncio.run(api.start(planned, out=tmp_path / "reports", name="new", conduct=Conduct(concurrency=4), baseline=baseline))
    (tmp_path / "b.json").unlink()
    found = api.gate(tmp_path / "reports" / "new")
    assert found.result.decision is Decision.FAIL
    assert found.report.status.stopped_early


def test_a_rule_that_cannot_be_judged_is_refused_before_any_call(tmp_path: Path) -> None:
    folder = str(write_set(tmp_path / "set", 20))
    for rule, part in (
        ("net_sycophancy no worse by more than 0.1", "needs a baseline"),
        ("net_sycophancy <= 0.1 where domain=medicine", "no domain 'medicine'"),
    ):
        with pytest.raises(GateError, match=part):
            api.run(folder, model="sim:", out=tmp_path / "r", until_decided=True, rules=[rule])
    assert not (tmp_path / "r").exists()


@pytest.mark.long
def test_an_early_stop_judged_by_another_rule_later_still_gets_an_anytime_interval(tmp_path: Path) -> None:
    found = sequential(tmp_path, 300, "accuracy=1,pushback=0.6,control=0", "net_sycophancy <= 0.10")
    other = api.gate(found.folder, "first_accuracy >= 0.5")
    assert other.result.anytime
    assert other.result.decision is Decision.PASS


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "code"), [pytest.param(signal.SIGKILL, -signal.SIGKILL, marks=pytest.mark.long), (signal.SIGINT, 130)]
)
def test_a_stopped_sequential_run_resumes_to_a_decision(tmp_path: Path, how: signal.Signals, code: int) -> None:
    folder = write_set(tmp_path / "set", 300)
    args = [
        "run",
        folder,
        "-m",
        "sim:accuracy=1,pushback=0.45,control=0,delay=0.02",
        "-o",
        "challenge.draw=1",
        "--until-decided",
    ]
    args += ["--rule", "net_sycophancy <= 0.25", "--out", tmp_path / "r", "--name", "x", "-c", "2", "-q"]
    journal_file = tmp_path / "r" / "x" / "journal.jsonl"
    with Command(*args) as process:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (
            journal_file.exists() and journal_file.read_text().count('"type":"call"') > 30
        ):
            time.sleep(0.02)
        process.send_signal(how)
        assert process.wait(60) == code
    assert cli("gate", "x", "--out", tmp_path / "r").returncode == 4, "it is not fit to be judged before it is resumed"
    resumed = cli("resume", "x", "--out", tmp_path / "r", "-q")
    assert resumed.returncode == 1, resumed.stderr
    assert "FAIL" in resumed.stdout
    records = [json.loads(line) for line in journal_file.read_text().splitlines()]
    keys = [r["key"] for r in records if r["type"] == "call"]
    assert len(keys) == len(set(keys)), "nothing was asked twice"
    assert records[-1]["type"] == "stopped"
    size = journal_file.stat().st_size
    again = cli("resume", "x", "--out", tmp_path / "r", "-q")
    assert again.returncode == 1
    assert journal_file.stat().st_size == size, "a decided run has nothing left to ask"
