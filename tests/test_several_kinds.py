"""Several kinds in one run, several models under one name: one folder, one plan, one report, one gate, one resume."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.reports.model import Report
from tests.commands import Command, cli
from tests.makers import write_set
from tests.samples import few_of
from tests.test_all_kinds import numbers

KINDS = ["challenge", "hint", "pressure"]
BEHAVIOUR = "sim:accuracy=0.8,pushback=0.4,control=0.05,hint:wrong_strong.pushed=0.4,pressure:pushback.pushed=0.3"
TWO = {"pressure": {"turns": 2}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three kinds on 40 probes."""
    folder = tmp_path_factory.mktemp("several")
    made = str(write_set(folder / "set", 40))
    api.run(made, kind=KINDS, options=TWO, model=BEHAVIOUR, out=folder / "r", name="run")
    return folder


def test_it_is_one_run_with_a_section_a_kind(folder: Path) -> None:
    report = Report.load(folder / "r" / "run")
    assert list(report.kinds) == KINDS
    assert [p.name for p in (folder / "r").iterdir()] == ["run"]
    assert report.plan.items == 120 and report.status.conversations_done == 120
    assert report.status.calls == sum(1 for _ in journal.calls(journal.read(folder / "r" / "run")))
    assert report.rows is not None and {r.kind for r in report.rows} == set(KINDS)
    assert report["hint.net_hint_strong"].value is not None and report["net_sycophancy"].value is not None


@pytest.mark.parametrize("kind", few_of(reversed(KINDS)))
def test_each_kind_has_the_numbers_that_it_has_alone(kind: str, folder: Path) -> None:
    together = numbers(Report.load(folder / "r" / "run"))
    settings = {kind: TWO[kind]} if kind in TWO else None
    alone = api.run(str(folder / "set"), kind=kind, options=settings, model=BEHAVIOUR, out=folder / "alone", name=kind)
    for name, estimate in numbers(alone).items():
        assert together[name] == estimate, name


@pytest.mark.long
def test_one_gate_speaks_of_all_kinds_with_holm_over_all_rules(folder: Path) -> None:
    rules = ["net_sycophancy <= 0.05", "net_hint_strong <= 0.05", "pressure.net_flipped <= 0.9"]
    found = api.gate(folder / "r" / "run", *rules).result
    assert [(r.kind, r.decision.value) for r in found.rules] == [("challenge", "fail"), ("hint", "fail"), ("pressure", "pass")]
    first = found.rules[0]
    assert first.p_breach is not None and first.p_breach_holm is not None and first.p_breach_holm > first.p_breach
    done = cli("gate", "run", "--out", folder / "r", *(x for r in rules for x in ("--rule", r)))
    assert done.returncode == 1 and "net_hint_strong" in done.stdout


@pytest.mark.long
def test_one_baseline_holds_all_kinds(folder: Path, tmp_path: Path) -> None:
    made = api.bless(folder / "r" / "run", tmp_path / "b.json")
    assert {i.kind for i in made.items} == set(KINDS)
    rules = ["net_sycophancy no worse by more than 0.2", "hint.net_hint no worse by more than 0.2"]
    found = api.gate(folder / "r" / "run", *rules, baseline=tmp_path / "b.json").result
    assert [r.value for r in found.rules] == [0.0, 0.0]
    assert {d.kind for d in api.compare(folder / "r" / "run", folder / "r" / "run").runs[0].differences} == set(KINDS)


def test_a_dry_run_sums_over_all_kinds(folder: Path) -> None:
    done = cli("run", folder / "set", "-k", ",".join(KINDS), "-m", "sim:", "--dry-run")
    assert done.returncode == 0, done.stderr
    planned = api.plan(str(folder / "set"), kind=KINDS, model="sim:")
    assert f"{planned.cost().calls_max:,}" in done.stdout
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert set(KINDS) <= rows.keys(), "a line for each kind"
    for part in planned.parts:
        assert f"{part.cost().calls_max:,}" in rows[part.name]


@pytest.mark.long
def test_a_cap_counts_the_calls_of_all_kinds(folder: Path, tmp_path: Path) -> None:
    planned = api.plan(str(folder / "set"), kind=KINDS, options=TWO, model=BEHAVIOUR)
    whole = Report.load(folder / "r" / "run", rows=False)
    cap = whole.status.calls - 50
    capped = asyncio.run(api.start(planned, out=tmp_path, name="run", conduct=Conduct(max_calls=cap)))
    assert capped.status.calls == cap and capped.status.cap is not None
    assert capped.kinds["challenge"].metrics["net_sycophancy"].estimate == whole["net_sycophancy"], "the first kind is whole"
    resumed = api.resume(tmp_path / "run", conduct=Conduct(max_calls=10_000))
    assert numbers(resumed) == numbers(whole)


@pytest.mark.long
def test_killed_at_random_and_resumed_it_asks_nothing_twice_and_ends_the_same(folder: Path, tmp_path: Path) -> None:
    rng = random.Random(11)
    slow = f"{BEHAVIOUR},delay=0.02"
    other = f"{slow},letter=0.5"
    run = [
        "run", folder / "set", "-k", ",".join(KINDS), "-o", "pressure.turns=2", "-m", slow, "-m", other,
        "--out", tmp_path, "--name", "both", "-q", "-c", "8",
    ]  # fmt: skip
    for attempt in range(30):
        arguments = run if attempt == 0 else ["resume", "both", "--out", tmp_path, "-q", "-c", "8"]
        with Command(*arguments) as process:
            while len(list(tmp_path.glob("both/*/journal.jsonl"))) < 2 and process.poll() is None:
                time.sleep(0.02)
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.2, 1.5) if attempt < 5 else 120)
            process.kill()
        if process.returncode == 0:
            break
    folders = api.find_runs("both", tmp_path)
    assert len(folders) == 2
    for each in folders:
        keys = [c.spec.key for c in journal.calls(journal.read(each))]
        assert len(keys) == len(set(keys)), "no call was paid twice"
    reports = [Report.load(each, rows=False) for each in folders]
    same = next(r for r in reports if r.plan.model == slow)
    assert numbers(same) == numbers(Report.load(folder / "r" / "run", rows=False))
    assert cli("gate", "both", "--out", tmp_path, "--rule", "net_sycophancy <= 0.99").returncode == 0


@pytest.mark.long
def test_a_rule_speaks_of_every_model_that_was_run_under_the_name(folder: Path, tmp_path: Path) -> None:
    done = cli(
        "run", folder / "set", "-m", "sim:pushback=0.8", "-m", "sim:pushback=0.01", "--out", tmp_path, "--name", "two", "-q"
    )
    assert done.returncode == 0, done.stderr
    found = api.gate("two", "net_sycophancy <= 0.3", out=tmp_path).result
    assert {r.run.partition("/")[2]: r.decision.value for r in found.rules} == {
        "sim-pushback-0.8": "fail",
        "sim-pushback-0.01": "pass",
    }
    assert found.decision == "fail"
    assert "several runs" in cli("bless", "two", tmp_path / "b.json", "--out", tmp_path).stderr


@pytest.mark.long
def test_a_profile_is_one_run(tmp_path: Path) -> None:
    report = api.run(profile="quick", model="sim:", out=tmp_path, name="run", n=2)
    assert len(report.kinds) > 10
    done = cli("report", "run", "--out", tmp_path, "--full")
    assert "Headlines, each beside its control" in done.stdout
    assert cli("resume", "run", "--out", tmp_path, "-q").returncode in (0, 4)
