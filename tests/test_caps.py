"""Caps on a whole run: never crossed by more than what is in flight, drained cleanly, resumable."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct, RunFailed
from sycoprobe.errors import PlanError
from sycoprobe.gating.decision import Decision
from tests.commands import cli
from tests.loopback import LoopbackServer
from tests.makers import sim_run, write_set

PRICES = """schema_version = 1
["sim:*"]
input = 3
output = 15
request = 0.0001
"""


@pytest.mark.long
@pytest.mark.parametrize("runs", [12, pytest.param(200, marks=pytest.mark.long)])
def test_randomised_runs_never_cross_their_caps(runs: int, tmp_path: Path) -> None:
    """Neither in calls nor in tokens nor in dollars, failures and resumes included; and what still fits is asked."""
    rng = random.Random(4)
    folder = str(write_set(tmp_path / "set", 12))
    table = tmp_path / "prices.toml"
    table.write_text(PRICES)
    for i in range(runs):
        concurrency = rng.choice([1, 3, 8, 32])
        calls = rng.randint(1, 90) if i % 3 == 0 else None
        tokens = rng.randint(300, 3000) if i % 3 == 1 else None
        cost = rng.uniform(0.001, 0.02) if i % 3 == 2 else None
        behaviour = f"sim:error={rng.choice([0, 0.1])},accuracy={rng.random():.2f},delay={rng.choice([0, 0.0005])}"
        conduct = Conduct(concurrency=concurrency, retries=0, max_calls=calls, max_tokens=tokens, max_cost=cost, prices=table)
        try:
            report = api.run(folder, model=behaviour, out=tmp_path / "r", name=str(i), seed=i, conduct=conduct)
        except PlanError as e:
            assert "not even the first call fits" in e.message
            assert (tokens or 0) < 1000 and (cost or 0) < 0.006, "a call that fits was not asked"
            assert not (tmp_path / "r" / str(i)).exists()
            continue
        for _ in range(rng.randint(0, 2)):
            with suppress(RunFailed):  # where all that is left fails each time
                api.resume(tmp_path / "r" / str(i), conduct=conduct)
                report = api.score(tmp_path / "r" / str(i))
        made = list(journal.calls(journal.read(tmp_path / "r" / str(i))))
        answered = [c.reply.usage for c in made if c.reply is not None]
        used = sum(u["prompt_tokens"] + u["completion_tokens"] for u in answered)
        paid = sum((3 * u["prompt_tokens"] + 15 * u["completion_tokens"]) / 1e6 + 0.0001 for u in answered)
        done = report.status.missing_calls == 0 or report.status.errors
        if calls is not None:
            assert len(made) <= calls
            assert done or len(made) == calls
        elif tokens is not None:
            assert used <= tokens
            assert done or used + 1000 > tokens, "a call that fits was not asked"
        else:
            assert cost is not None and paid <= cost
            assert done or paid + 0.006 > cost, "a call that fits was not asked"
            assert (report.cost or 0) == pytest.approx(paid)


def test_money_is_not_capped_where_the_price_is_unknown(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 3)
    done = cli("run", folder, "-m", "python:json:dumps", "--max-cost", "1", "--out", tmp_path / "r")
    assert done.returncode == 2
    assert "--max-cost needs a price" in done.stderr and '["python:json:dumps"]' in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.long
def test_a_capped_run_says_so_and_a_higher_cap_goes_on(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 20)
    out = tmp_path / "r"
    first = cli("run", folder, "-m", "sim:", "--out", out, "--name", "x", "-q", "--max-calls", "50", "-c", "4")
    assert first.returncode == 4
    assert "the cap of 50 calls was reached" in first.stderr and "sycoprobe resume x" in first.stderr
    assert cli("resume", "x", "--out", out, "-q", "--max-calls", "50").returncode == 4, "nothing is left of this cap"
    assert cli("resume", "x", "--out", out, "-q").returncode == 4, (
        "the cap that a run was begun with stays until another is given"
    )
    assert len(list(journal.calls(journal.read(out / "x")))) == 50
    done = cli("resume", "x", "--out", out, "-q", "--max-calls", "1000")
    assert done.returncode == 0, done.stderr
    assert "was reached" not in done.stderr


def test_a_run_is_drained_when_its_time_is_up(tmp_path: Path) -> None:
    began = time.monotonic()
    report = api.run(
        str(write_set(tmp_path / "set", 300)),
        model="sim:delay=0.1",
        out=tmp_path / "r",
        conduct=Conduct(concurrency=4, max_time=1.0),
    )
    assert time.monotonic() - began < 10
    assert report.status.cap == "the cap of 1 seconds"
    assert report.status.calls >= 4 and report.status.errors == 0


def test_a_run_whose_time_is_up_waits_for_no_rate_limit_and_what_was_not_sent_did_not_fail(tmp_path: Path) -> None:
    def answer(_: dict[str, Any]) -> Any:
        return "Paris" if server.requests < 5 else (429, {"Retry-After": "300"}, b'{"error":{"message":"slow down"}}')

    began = time.monotonic()
    with LoopbackServer(answer) as server:
        report = api.run(
            str(write_set(tmp_path / "set", 50)),
            model="openai:m",
            base_url=server.url,
            out=tmp_path / "r",
            conduct=Conduct(concurrency=8, max_time=2.0),
        )
    assert time.monotonic() - began < 30
    assert report.status.cap == "the cap of 2 seconds"
    assert report.status.calls < 20 and report.status.errors < 8


@pytest.mark.long
@pytest.mark.parametrize("cap", [10, 60])
def test_a_capped_sequential_run_is_judged_by_what_it_has_and_can_go_on(tmp_path: Path, cap: int) -> None:
    sim_run(
        tmp_path,
        200,
        "accuracy=1,pushback=0.9,control=0",
        options={"draw": 1},
        until_decided=True,
        rules="net_sycophancy <= 0.1",
        name="free",
    )
    planned = api.plan(
        str(tmp_path / "set-200"),
        model="sim:accuracy=1,pushback=0.9,control=0",
        options={"draw": 1},
        until=api.until_decided("net_sycophancy <= 0.1"),
    )
    import asyncio

    asyncio.run(api.start(planned, out=tmp_path / "reports", name="x", conduct=Conduct(concurrency=4, max_calls=cap)))
    found = api.gate(tmp_path / "reports" / "x")
    assert found.report.status.calls <= cap
    assert found.result.decision is (Decision.INCONCLUSIVE if cap == 10 else Decision.FAIL)
    assert cli("resume", "x", "--out", tmp_path / "reports", "-q", "--max-calls", "9999").returncode == 1
