"""Caps in calls, tokens, dollars and seconds: what counts as used, what is held for calls under way, and who is woken when it is given back."""

from __future__ import annotations

import asyncio
import math
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.money.budget import Budget, Caps, Most, Room, dollars_of, most_of, tokens_of, usage_of
from sycoprobe.money.price import TEMPLATE_TOKENS, Price
from sycoprobe.planning import CallSpec
from sycoprobe.planning.call import Call
from sycoprobe.turns import ErrorKind, Finish, Reply
from tests.commands import cli
from tests.loopback import LoopbackServer, default_answer, reply_body
from tests.makers import write_set

PRICE = Price(input=2.0, output=10.0)


def call(reply: Reply | None, said: str = "u" * 40) -> Call:
    spec = CallSpec("s", "p", 0)
    error = None if reply is not None else "HTTP 500: no"
    return Call(
        spec=spec, user=said, reply=reply, error=error, error_kind=None if reply else ErrorKind.SERVER, attempts=1, ms=1, at=""
    )


def answered(cost: float | None = None, text: str = "r" * 20, **usage: int) -> Call:
    return call(Reply(text, Finish.STOP, usage=usage, cost=cost))


# What a call used


def test_the_providers_bill_goes_before_the_price() -> None:
    used = {"prompt_tokens": 1000, "completion_tokens": 100}
    assert dollars_of(answered(0.5, **used), PRICE) == 0.5
    assert dollars_of(answered(0.0, **used), PRICE) == 0.0, "a bill of nothing is a bill"
    assert dollars_of(answered(0.5, **used), None) == 0.5
    assert dollars_of(answered(None, **used), PRICE) == pytest.approx((1000 * 2 + 100 * 10) / 1e6)
    assert dollars_of(answered(None, **used), None) is None
    assert dollars_of(call(None), PRICE) is None


def test_tokens_are_the_servers_and_four_characters_each_where_it_tells_none() -> None:
    assert tokens_of(answered(prompt_tokens=30, completion_tokens=5)) == 35
    assert tokens_of(answered(prompt_tokens=30)) == 35, "what it leaves out is estimated"
    assert tokens_of(answered(total_tokens=44)) == 44
    assert usage_of(answered()) == {"prompt_tokens": 10, "completion_tokens": 5}
    assert tokens_of(answered(reasoning_tokens=9)) == 15, "what it spent on thinking alone is no usage"
    assert (usage_of(call(None)), tokens_of(call(None))) == ({}, 0)


@pytest.mark.parametrize("wrong", [-1, -(10**9), 10**13, 10**400, 1.5, "7", None, True, float("nan"), -math.inf])
def test_a_number_of_tokens_or_a_bill_that_is_none_gives_no_cap_back(wrong: Any) -> None:
    for usage in ({"prompt_tokens": wrong}, {"completion_tokens": wrong}, {"total_tokens": wrong}, {"cached_tokens": wrong}):
        for more in ({}, {"prompt_tokens": 30} | usage, {"completion_tokens": 5} | usage):
            told = answered(**(more | usage))
            assert tokens_of(told) >= 15 and (dollars_of(told, PRICE) or 0) > 0, usage
    billed = answered(prompt_tokens=30, completion_tokens=5)
    assert billed.reply
    billed.reply.cost = -1.5 if wrong == 1.5 else wrong
    assert dollars_of(billed, PRICE) == pytest.approx((30 * 2 + 5 * 10) / 1e6)


def test_the_most_that_a_call_can_use_is_a_token_a_byte_and_the_whole_limit() -> None:
    most = most_of(500, 200, PRICE)
    assert (most.calls, most.tokens) == (1, 500 + TEMPLATE_TOKENS + 200)
    assert most.cost == pytest.approx(((500 + TEMPLATE_TOKENS) * 2 + 200 * 10) / 1e6)
    assert most_of(500, 200, PRICE, batch=True).cost == pytest.approx(most.cost / 2)
    assert most_of(500, 200, None).cost == 0.0


def test_a_budget_adds_up_calls_failed_ones_too() -> None:
    budget = Budget()
    for one in (answered(0.25, prompt_tokens=30, completion_tokens=5), call(None), answered(prompt_tokens=1000)):
        budget.count(one, PRICE)
    assert (budget.calls, budget.tokens) == (3, 1040)
    assert budget.cost == pytest.approx(0.25 + 0.002 + 5 * 10 / 1e6)


# Whether the next call fits


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        (Caps(calls=3), "the cap of 3 calls"),
        (Caps(tokens=300), "the cap of 300 tokens (200 used; what comes next may take 101)"),
        (Caps(cost=3.0), "the cap of $3 ($2.00 used; what comes next may cost $1.01)"),
    ],
)
def test_a_call_fits_up_to_the_cap_and_not_beyond(caps: Caps, said: str) -> None:
    budget = Budget(caps)
    budget.used(2, 200, 2.0)
    assert budget.over(Most(1, 100, 1.0)) is None, "exactly the cap is not beyond it"
    assert budget.over(Most(2, 101, 1.01)) == said
    assert budget.room(Most(2, 101, 1.01)) is Room.NO
    assert budget.reached == said


def test_without_a_cap_everything_fits_and_nothing_is_reached() -> None:
    budget = Budget()
    budget.used(10**6, 10**9, 10**6)
    assert budget.room(Most(1, 10**6, 10**6)) is Room.YES
    assert (budget.reached, budget.counts_tokens, budget.seconds_left) == (None, False, None)
    assert Budget(Caps(tokens=1)).counts_tokens and Budget(Caps(cost=1)).counts_tokens
    assert not Budget(Caps(calls=1, seconds=1)).counts_tokens


@pytest.mark.parametrize("caps", [Caps(tokens=1000), Caps(cost=10.0)])
def test_the_whole_of_what_is_under_way_is_held(caps: Caps) -> None:
    """Half of it would let a second call through which, with the first, may cross the cap."""
    budget, most = Budget(caps), Most(1, 600, 6.0)
    assert budget.room(most) is Room.YES
    assert budget.room(most) is Room.WAIT, "it fits once the first has given back what it did not use"
    assert budget.reached is None
    budget.used(1, 300, 3.0)
    budget.give_back(most)
    assert budget.room(most) is Room.YES
    budget.used(1, 600, 6.0)
    budget.give_back(most)
    assert budget.room(most) is Room.NO


def test_a_cap_on_calls_waits_for_nothing_since_calls_are_never_given_back_unused() -> None:
    budget = Budget(Caps(calls=1))
    assert budget.room(Most(1)) is Room.YES
    assert budget.room(Most(1)) is Room.NO


def test_who_waits_is_woken_whenever_something_is_given_back() -> None:
    budget, woken = Budget(Caps(tokens=10)), []
    budget.on_change(lambda: woken.append("one"))
    budget.on_change(lambda: woken.append("two"))
    budget.reserve(Most(1, 5))
    assert woken == []
    budget.give_back(Most(1, 5))
    assert woken == ["one", "two"]
    assert budget.room(Most(1, 10)) is Room.YES, "all of it was given back"


def test_time_is_up_at_the_cap_and_not_before() -> None:
    now = [100.0]
    budget = Budget(Caps(seconds=5), clock=lambda: now[0])
    assert budget.seconds_left == 5
    now[0] = 104.5
    assert budget.seconds_left == 0.5 and budget.room(Most(1)) is Room.YES
    now[0] = 105.0
    assert budget.seconds_left == 0 and budget.room(Most(1)) is Room.NO
    assert budget.reached == "the cap of 5 seconds"
    now[0] = 200.0
    assert budget.seconds_left == 0


# Whole runs


def test_calls_that_wait_for_room_are_asked_when_others_are_done(tmp_path: Path) -> None:
    """Room for about two calls at a time, and far less used than held: without being woken the run would hang."""
    folder = str(write_set(tmp_path / "set", 6))
    conduct = Conduct(concurrency=8, max_tokens=3000)

    async def go() -> api.Report:
        planned = api.plan(folder, model="sim:delay=0.001")
        return await asyncio.wait_for(api.start(planned, out=tmp_path / "r", name="x", conduct=conduct), 20)

    report = asyncio.run(go())
    assert report.status.complete and report.status.cap is None
    assert report.status.calls == 42


def test_an_openrouter_run_is_capped_by_what_it_was_billed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the list price it would cost next to nothing: only the bill reaches the cap."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-v1-0123456789abcdef")
    prices = tmp_path / "prices.toml"
    prices.write_text('schema_version = 1\n["openrouter:vendor/model"]\ninput = 0.01\noutput = 0.01\n')

    def billed(body: dict[str, Any]) -> Any:
        return reply_body("Final answer: Paris") | {
            "usage": {"prompt_tokens": 30, "completion_tokens": 3, "total_tokens": 33, "cost": 0.01}
        }

    with LoopbackServer(billed) as server:
        report = api.run(
            str(write_set(tmp_path / "set", 20)),
            model="openrouter:vendor/model",
            base_url=server.url,
            out=tmp_path / "r",
            name="x",
            conduct=Conduct(concurrency=1, max_cost=0.05, prices=prices),
        )
    made = list(journal.calls(journal.read(tmp_path / "r" / "x")))
    assert len(made) == 5, "a cent each"
    assert report.status.cap is not None and report.status.cap.startswith("the cap of $0.05 ($0.05")
    assert report.cost == pytest.approx(0.05)


def test_a_cap_under_which_not_even_one_call_fits_is_refused_before_any_with_a_fix_that_works(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 4)
    with LoopbackServer(default_answer) as server:
        command = ["run", folder, "-m", "openai:m", "--base-url", server.url, "--out", tmp_path / "r", "-q"]
        for cap in (["--max-tokens", "300"], ["--max-cost", "0.0001", "--prices", _prices(tmp_path)]):
            done = cli(*command, *cap, cwd=tmp_path)
            assert done.returncode == 2, done.stderr
            assert "not even the first call fits" in done.stderr
            fix = re.search(r"--reply-tokens (\d+) or fewer", done.stderr)
            assert fix is not None, done.stderr
            assert server.requests == 0 and not (tmp_path / "r").exists()
            tight = cli(*command, *cap, "--reply-tokens", int(fix[1]) + 1, cwd=tmp_path)
            assert tight.returncode == 2, tight.stderr
            fits = cli(*command, *cap, "--reply-tokens", fix[1], cwd=tmp_path)
            assert "not even" not in fits.stderr and server.requests == 1
            server.requests = 0
            shutil.rmtree(tmp_path / "r")


def _prices(folder: Path) -> Path:
    file = folder / "prices.toml"
    file.write_text('schema_version = 1\n["openai:m"]\ninput = 0.1\noutput = 1.0\n')
    return file
