"""The limiter against simulated servers in virtual time, and against a real one on loopback."""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import time
import warnings
import weakref
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from sycoprobe.backends.allowance import allowances_in, pause_until_reset, seconds_to
from sycoprobe.backends.breaker import TRIALS
from sycoprobe.backends.limiter import LONGEST_PAUSE, Limiter
from sycoprobe.backends.limiters import limiter_for
from sycoprobe.backends.transport import Transport
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind
from tests.loopback import LoopbackServer
from tests.metered import Bucket, Load, Model, Window, now, simulated, virtually

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC).timestamp()


def refused() -> BackendError:
    return BackendError("cannot connect: connection refused", kind=ErrorKind.CONNECT, retryable=True)


def limiter() -> Limiter:
    return Limiter("api.example.com", clock=now)


async def one(
    gate: Limiter,
    client: Model,
    *,
    concurrency: int = 64,
    seconds: float = 0.05,
    answer: tuple[int, dict[str, str]] | BackendError = (200, {}),
) -> float:
    """Make one call; when it was sent."""
    async with gate.slot(client, concurrency, client.lines.append) as slot:
        sent = now()
        await asyncio.sleep(seconds)
        if isinstance(answer, BackendError):
            raise answer
        slot.answered(*answer)
    return sent


async def nothing_left(gate: Limiter) -> None:
    """Assert that the limiter holds no call, no waiter and no task."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert (gate._in_flight, gate._wanted, len(gate._ring)) == (0, 0, 0)
    assert gate.waiting_for is None


# The pace


@pytest.mark.long
@pytest.mark.parametrize("after", [None, 1.0], ids=["bare 429", "Retry-After 1"])
@pytest.mark.parametrize(
    ("rate", "size", "latency"),
    [
        (2, 2, 0.5),
        (2, 1, 0.05),
        (8.33, 500, 0.5),
        (8.33, 8.33, 10),
        (20, 20, 0.05),
        (20, 5, 0.05),
        (50, 50, 0.05),
        (50, 5, 2),
        pytest.param(200, 200, 0.05, marks=pytest.mark.long),
        pytest.param(200, 5, 0.05, marks=pytest.mark.long),
    ],
)
def test_the_pace_settles_within_a_tenth_of_the_limit_and_few_calls_are_rejected(
    rate: float, size: float, latency: float, after: float | None
) -> None:
    end = 240 if size > 60 * rate / 2 else 110  # a bucket of a minute's calls lasts for longer
    begin = end - 50
    load = simulated(
        lambda: Bucket(rate, size, after=after).take, workers=max(64, round(1.3 * rate * latency)), seconds=end, latency=latency
    )
    assert load.rate(begin, end) == pytest.approx(rate, rel=0.1)
    assert load.share_rejected(60) < 0.05


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.long) for s in range(1, 5))])
def test_the_pace_settles_whatever_the_jitter(seed: int) -> None:
    load = simulated(lambda: Bucket(20, 8).take, latency=0.3, seed=seed)
    assert load.rate(60, 150) == pytest.approx(20, rel=0.1)
    assert load.share_rejected(60) < 0.02


def test_no_call_is_lost_and_none_is_made_twice() -> None:
    async def main() -> None:
        load = Load(limiter(), Bucket(20, 5, after=1).take)
        model = Model()
        await asyncio.gather(*(load.call(model, 64) for _ in range(500)))
        assert len(load.accepted) == 500
        assert load.rejected
        await nothing_left(load.limiter)

    virtually(main())


def test_the_first_pace_is_what_was_accepted_and_not_what_was_tried() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        for _ in range(10):
            await one(gate, model, seconds=0.1)
        await asyncio.gather(*(one(gate, model, answer=(429, {})) for _ in range(12)))
        assert gate._pace is not None
        assert gate._pace.rate == pytest.approx(10 / 1.05)

    virtually(main())


@pytest.mark.parametrize(("before", "then"), [(50, 10), (10, 50), pytest.param(20, 16, marks=pytest.mark.long)])
def test_the_pace_follows_a_limit_that_changes(before: float, then: float) -> None:
    async def main() -> None:
        bucket = Bucket(before, 10)
        load = Load(limiter(), bucket.take)

        async def change() -> None:
            await asyncio.sleep(60)
            bucket.rate = then

        changing = asyncio.ensure_future(change())
        await load.run(180, {Model(): 64})
        await changing
        assert load.rate(30, 60) == pytest.approx(before, rel=0.1)
        assert load.rate(135, 180) == pytest.approx(then, rel=0.1)
        assert load.share_rejected(65) < 0.05

    virtually(main())


def test_a_busy_machine_whose_timers_are_late_is_no_slower_for_it() -> None:
    async def late(seconds: float) -> None:
        await asyncio.sleep(seconds + 0.03)

    async def main() -> None:
        load = Load(Limiter("api.example.com", clock=now, sleep=late), Bucket(20, 20).take)
        await load.run(110, {Model(): 64})
        assert load.rate(60, 110) == pytest.approx(20, rel=0.1)
        assert load.share_rejected(60) < 0.05

    virtually(main())


def test_rejections_that_come_whatever_the_rate_do_not_bring_it_down_for_ever() -> None:
    dice = random.Random(7)
    load = simulated(lambda: lambda: (429 if dice.random() < 0.02 else 200, {}), workers=8, seconds=120)
    # Cut at each of them, the rate would be 8/s by then, and falling.
    assert load.rate(80, 120) > 30


def test_where_a_reset_is_a_full_bucket_the_bucket_is_not_waited_full() -> None:
    load = simulated(lambda: Bucket(5, 60, full=True).take, seconds=180)
    assert load.rate(60, 180) == pytest.approx(5, rel=0.1)
    assert load.share_rejected(60) < 0.05


def test_a_limit_by_windows_is_used_up_and_not_overrun() -> None:
    load = simulated(lambda: Window(20, 30).take, seconds=600)
    assert load.rate(60, 600) == pytest.approx(20 / 30, rel=0.1)
    assert load.share_rejected(60) < 0.05


def test_a_pace_that_nobody_uses_up_does_not_grow() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        for _ in range(40):
            await one(gate, model)
        await one(gate, model, answer=(429, {}))
        assert gate._pace is not None
        await one(gate, model)
        await asyncio.sleep(1)
        before = gate._pace.rate
        for _ in range(30):
            await one(gate, model)
            await asyncio.sleep(10 / before)
        assert gate._pace.rate == before
        await asyncio.gather(*(one(gate, model) for _ in range(30)))
        assert gate._pace.rate > before

    virtually(main())


def test_rejections_of_calls_sent_before_a_cut_do_not_cut_again() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        await asyncio.gather(*(one(gate, model) for _ in range(64)))
        await one(gate, model, answer=(429, {}))
        await asyncio.sleep(5)
        assert gate._pace is not None
        many = [asyncio.ensure_future(one(gate, model, seconds=1.0, answer=(429, {}))) for _ in range(20)]
        await asyncio.sleep(0.99)
        before = gate._pace.rate
        await asyncio.gather(*many)
        assert 0.5 * before <= gate._pace.rate < before

    virtually(main())


@pytest.mark.parametrize("status", [500, 502, 529])
def test_a_server_error_stops_growth_for_a_while_and_cuts_nothing(status: int) -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        await asyncio.gather(*(one(gate, model) for _ in range(20)))
        await one(gate, model, answer=(429, {}))
        assert gate._pace is not None
        await one(gate, model, answer=(status, {}))
        before = gate._pace.rate
        started = now()
        await asyncio.gather(*(one(gate, model) for _ in range(int(4 * before))))
        assert now() - started < 5
        assert gate._pace.rate == before
        await asyncio.gather(*(one(gate, model) for _ in range(int(8 * before))))
        assert gate._pace.rate > before

    virtually(main())


# The window


def test_calls_in_flight_begin_at_four_and_double_a_round_trip_up_to_what_is_wanted() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        sent = await asyncio.gather(*(one(gate, model, concurrency=24, seconds=1.0) for _ in range(100)))
        assert [sum(round(t - min(sent)) == s for t in sent) for s in range(6)] == [4, 8, 16, 24, 24, 24]
        await nothing_left(gate)

    virtually(main())


def test_without_a_rejection_nothing_is_ever_waited_for_but_the_window() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        started = now()
        await asyncio.gather(*(one(gate, model, concurrency=256, seconds=0.01) for _ in range(2000)))
        # 2,000 calls in rounds of 256 take 8 round trips; six more to grow to that.
        assert now() - started <= 0.01 * 14 + 1e-9
        assert model.lines == []

    virtually(main())


# What servers say


@pytest.mark.parametrize("status", [429, 503, 529])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "2500"}, 2.5),
        ({"retry-after": "86400"}, LONGEST_PAUSE),
    ],
)
def test_nobody_sends_before_the_servers_word_is_over(status: int, headers: dict[str, str], seconds: float) -> None:
    async def main() -> None:
        gate, model, other = limiter(), Model(), Model()
        await one(gate, model, answer=(status, headers))
        told = now()
        waiting = [asyncio.ensure_future(one(gate, m)) for m in (model, other) for _ in range(3)]
        await asyncio.sleep(seconds / 2)
        assert gate.waiting_for is not None
        assert gate.waiting_for.startswith(
            "api.example.com: rate limited, resuming in" if status == 429 else "api.example.com: overloaded, resuming in"
        )
        sent = await asyncio.gather(*waiting)
        assert min(sent) == pytest.approx(told + seconds, abs=1e-3)
        await nothing_left(gate)

    virtually(main())


@pytest.mark.parametrize("said", ["-3", "inf", "nan", "soon", "", "1e999"])
@pytest.mark.parametrize("name", ["retry-after", "retry-after-ms", "ratelimit-reset"])
def test_a_word_that_is_no_number_of_seconds_is_no_pause(name: str, said: str) -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        await one(gate, model, answer=(429, {name: said, "ratelimit-remaining": "0"}))
        assert await one(gate, model) - now() < 3
        assert gate._paused_until < now()

    virtually(main())


def test_the_last_unit_of_a_window_ends_sending_until_the_reset_without_any_rejection() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        await one(gate, model, answer=(200, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "9"}))
        told = now()
        assert await one(gate, model, answer=(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"})) == told
        told = now()
        assert await one(gate, model) == pytest.approx(told + 9, abs=1e-3)

    virtually(main())


def test_an_account_without_quota_is_no_rate_limit() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        async with gate.slot(model, 4, model.lines.append) as slot:
            slot.answered(429, {"retry-after": "60"}, quota=True)
        started = now()
        assert await one(gate, model) == started
        assert gate._pace is None

    virtually(main())


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("2m59.56s", 179.56),
        ("1h0m0.5s", 3600.5),
        ("1.5", 1.5),
        ("0", 0.0),
        (" 7 ", 7.0),
        (f"{NOW + 30:.0f}", 30.0),
        (f"{1000 * NOW + 2500:.0f}", 2.5),
        (f"{NOW - 30:.0f}", 0.0),
        ("2026-03-04T05:06:37Z", 30.0),
        ("2026-03-04T06:06:37+01:00", 30.0),
        ("2026-03-04T05:05:00Z", 0.0),
        ("2026-03-04T05:06:37", None),
        ("-1", None),
        ("-1s", None),
        ("inf", None),
        ("nan", None),
        ("1e999", None),
        ("9" * 400 + "s", None),
        ("s", None),
        ("1.2.3s", None),
        ("6m0", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_reset_is_read_in_all_its_forms(said: str | None, seconds: float | None) -> None:
    assert seconds_to(said, NOW) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "after_success", "after_rejection"),
    [
        (
            {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "60s", "x-ratelimit-limit-requests": "10"},
            6.0,
            60.0,
        ),
        (
            {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "60s", "x-ratelimit-limit-requests": "500"},
            1.2,
            60.0,
        ),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, 360.0, 360.0),
        ({"x-ratelimit-remaining-tokens": "1", "x-ratelimit-reset-tokens": "6m0s"}, 0.0, 0.0),
        ({"x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "0", "x-ratelimit-limit-tokens": "-1"}, 0.0, 0.0),
        (
            {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "2026-03-04T05:06:37Z"},
            30.0,
            30.0,
        ),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-03-04T05:06:37Z",
                "anthropic-ratelimit-input-tokens-limit": "40000",
            },
            0.6,
            30.0,
        ),
        (
            {
                "anthropic-ratelimit-output-tokens-remaining": "0",
                "anthropic-ratelimit-output-tokens-reset": "2026-03-04T05:06:37Z",
            },
            30.0,
            30.0,
        ),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{1000 * NOW + 5000:.0f}", "x-ratelimit-limit": "20"}, 5.0, 5.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "12"}, 12.0, 12.0),
        ({"ratelimit-remaining": "none", "ratelimit-reset": "12"}, 0.0, 0.0),
        ({"ratelimit-remaining": "0"}, 0.0, 0.0),
    ],
)
def test_what_is_used_up_is_paused_for_by_the_meaning_that_each_vendor_gives_its_reset(
    headers: dict[str, str], after_success: float, after_rejection: float
) -> None:
    told = allowances_in(headers)
    assert pause_until_reset(headers, told, NOW, rejected=False) == pytest.approx(after_success)
    assert pause_until_reset(headers, told, NOW, rejected=True) == pytest.approx(after_rejection)


# Turns


def test_clients_of_very_different_sizes_get_equal_shares_of_a_pace() -> None:
    async def main() -> None:
        small, middle, large = Model(), Model(), Model()
        load = Load(limiter(), Bucket(20, 5).take)
        await load.run(60, {small: 4, middle: 16, large: 200})
        shares = [load.by_client[id(m)] / len(load.accepted) for m in (small, middle, large)]
        assert shares == pytest.approx([1 / 3] * 3, abs=0.04)

    virtually(main())


def test_two_clients_get_equal_shares_even_if_one_queued_thousands_before() -> None:
    async def main() -> None:
        few, many = Model(), Model()
        gate = limiter()
        load = Load(gate, Bucket(20, 5).take)
        crowd = [asyncio.ensure_future(load.call(many, 2000)) for _ in range(2000)]
        await asyncio.sleep(10)
        before = load.by_client.get(id(many), 0)
        started = now()
        await asyncio.gather(*(load.call(few, 20) for _ in range(20)))
        # Twenty of its own, and as many of the other, at 20 a second; more for those rejected.
        assert now() - started < 6
        assert load.by_client[id(many)] - before < 60
        for call in crowd:
            call.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        await nothing_left(gate)

    virtually(main())


def test_within_a_client_calls_go_in_order() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        sent = await asyncio.gather(*(one(gate, model, concurrency=4, seconds=0.1) for _ in range(30)))
        assert sent == sorted(sent)

    virtually(main())


# The breaker


def dead(
    gate: Limiter, model: Model, sent: list[float], *, workers: int, alive_after: float = float("inf"), retries: int = 10_000
) -> Callable[[], Awaitable[None]]:
    """Workers that call a server which refuses all connections until `alive_after`; each makes one call succeed."""
    started = now()

    async def work() -> None:
        for _ in range(retries):
            try:
                async with gate.slot(model, workers, model.lines.append) as slot:
                    sent.append(now() - started)
                    await asyncio.sleep(0.001)
                    if now() - started < alive_after:
                        raise refused()
                    slot.answered(200, {})
                return
            except BackendError as e:
                if e.fatal:
                    raise
            await asyncio.sleep(0.2)

    async def main() -> None:
        results = await asyncio.gather(*(work() for _ in range(workers)), return_exceptions=True)
        for result in results:
            if result is not None:
                raise result

    return main


@pytest.mark.parametrize("workers", [1, 64])
def test_a_server_that_is_gone_is_tried_by_one_call_at_a_time_and_given_up_after_a_minute(workers: int) -> None:
    async def main() -> None:
        gate, model, sent = limiter(), Model(), list[float]()
        with pytest.raises(BackendError) as caught:
            await dead(gate, model, sent, workers=workers)()
        assert (caught.value.kind, caught.value.fatal) == (ErrorKind.CONNECT, True)
        assert "api.example.com does not answer" in caught.value.message
        assert "resume" in caught.value.hint
        trials = sent[-TRIALS:]
        assert [round(b - a) for a, b in itertools.pairwise(trials)] == [2, 4, 8, 16, 30]
        assert len(sent) <= 3 * workers + TRIALS
        assert 55 < now() - 1000 < 70
        with pytest.raises(BackendError, match="does not answer"):
            await one(gate, model)
        assert gate.gave_up
        await nothing_left(gate)

    virtually(main())


def test_an_answer_of_any_status_closes_the_breaker_and_everything_goes_on() -> None:
    async def main() -> None:
        gate, model, sent = limiter(), Model(), list[float]()
        await dead(gate, model, sent, workers=64, alive_after=10)()
        assert now() - 1000 < 17
        assert len(model.lines) == 4
        assert model.lines[0] == "api.example.com does not answer: trying again in 1 s"
        await nothing_left(gate)
        for status in (500, 404, 429):
            for _ in range(3):
                with pytest.raises(BackendError):
                    await one(gate, model, answer=refused())
            assert gate._breaker.open
            await one(gate, model, answer=(status, {}))
            assert not gate._breaker.open

    virtually(main())


def test_calls_that_fail_together_count_once_and_an_answer_in_between_counts_for_more() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        await asyncio.gather(*(one(gate, model) for _ in range(300)))
        for _ in range(2):
            await asyncio.gather(*(one(gate, model, answer=refused()) for _ in range(64)), return_exceptions=True)
            assert not gate._breaker.open
        await one(gate, model, answer=(500, {}))
        for _ in range(2):
            await asyncio.gather(*(one(gate, model, answer=refused()) for _ in range(64)), return_exceptions=True)
        assert not gate._breaker.open
        await asyncio.gather(*(one(gate, model, answer=refused()) for _ in range(64)), return_exceptions=True)
        assert gate._breaker.open

    virtually(main())


def test_while_the_breaker_is_open_it_says_when_it_tries_again() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        for _ in range(5):
            with pytest.raises(BackendError):
                await one(gate, model, answer=refused())
        waiting = asyncio.ensure_future(one(gate, model))
        await asyncio.sleep(0.5)
        assert gate.waiting_for == "api.example.com does not answer: trying again in 4 s"
        await waiting
        assert gate.waiting_for is None

    virtually(main())


def test_a_trial_that_is_cancelled_leaves_its_place_to_the_next() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        for _ in range(3):
            with pytest.raises(BackendError):
                await one(gate, model, answer=refused())
        started = now()
        trial = asyncio.ensure_future(one(gate, model, seconds=1000))
        behind = asyncio.ensure_future(one(gate, model))
        await asyncio.sleep(3)
        assert not behind.done()
        trial.cancel()
        assert await behind == pytest.approx(started + 3)
        await asyncio.gather(trial, return_exceptions=True)
        await nothing_left(gate)

    virtually(main())


# Cancellation, and who shares a limiter


@pytest.mark.parametrize("held", ["window", "pace", "pause", "breaker"])
def test_cancelled_calls_leave_no_trace_wherever_they_wait(held: str) -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        if held == "pace":
            await one(gate, model, answer=(429, {}))
        if held == "pause":
            await one(gate, model, answer=(503, {"retry-after": "60"}))
        for _ in range(3 if held == "breaker" else 0):
            with pytest.raises(BackendError):
                await one(gate, model, answer=refused())
        for moment in (0.0, 0.001, 1.0, 1.001, 2.0, 2.0001):
            calls = [asyncio.ensure_future(one(gate, model, seconds=1.0)) for _ in range(30)]
            await asyncio.sleep(moment)
            for call in calls[::2]:
                call.cancel()
            await asyncio.sleep(0.01)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            await nothing_left(gate)
        if held != "breaker":
            await asyncio.gather(*(one(gate, model) for _ in range(10)))
            await nothing_left(gate)

    virtually(main())


def test_a_call_cancelled_in_the_moment_of_its_turn_gives_the_turn_back() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        first = asyncio.ensure_future(one(gate, model, concurrency=1))
        second = asyncio.ensure_future(one(gate, model, concurrency=1))
        third = asyncio.ensure_future(one(gate, model, concurrency=1))
        first.add_done_callback(lambda _: second.cancel())
        await first
        await third
        assert second.cancelled()
        await nothing_left(gate)

    virtually(main())


def test_a_loop_that_ends_while_calls_wait_ends_without_a_warning() -> None:
    async def main() -> None:
        gate, model = limiter(), Model()
        await one(gate, model, answer=(429, {"retry-after": "600"}))
        waiting.extend(asyncio.ensure_future(one(gate, model)) for _ in range(5))
        await asyncio.sleep(0)

    waiting: list[asyncio.Future[float]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        virtually(main())
        assert all(w.cancelled() for w in waiting)
        waiting.clear()
        gc.collect()


def test_lines_are_told_when_what_is_waited_for_changes_and_not_for_each_call() -> None:
    async def main() -> None:
        load = Load(limiter(), Bucket(20, 20, after=1).take)
        model = Model()
        await load.run(60, {model: 64})
        assert len(load.accepted) > 1000
        assert 2 <= len(model.lines) < 30
        assert model.lines[0] == "api.example.com: rate limited, resuming in 1 s"
        assert model.lines[1].startswith("api.example.com: paced at ")

    virtually(main())


def test_a_display_that_breaks_holds_up_no_call() -> None:
    def broken(_line: str) -> None:
        raise ValueError

    async def main() -> None:
        gate, model = limiter(), Model()
        await one(gate, model, answer=(429, {"retry-after": "1"}))
        async with gate.slot(Model, 4, broken) as slot:
            slot.answered(200, {})
        await nothing_left(gate)

    virtually(main())


def test_one_limiter_serves_a_host_and_key_within_one_loop() -> None:
    async def main() -> tuple[Limiter, Limiter, Limiter, Limiter]:
        return (
            limiter_for("a.example", "sk-1"),
            limiter_for("A.example", "sk-1"),
            limiter_for("a.example", None),
            limiter_for("b.example", "sk-1"),
        )

    one_, same, other_key, other_host = asyncio.run(main())
    assert one_ is same
    assert len({id(x) for x in (one_, other_key, other_host)}) == 3
    assert asyncio.run(main())[0] is not one_


def test_a_limiter_that_gave_up_is_not_given_to_the_next_run() -> None:
    async def main() -> None:
        gate = limiter_for("gone.example", None)
        gate._breaker.given_up = "gone.example does not answer"
        assert limiter_for("gone.example", None) is not gate

    asyncio.run(main())


def test_neither_loop_nor_client_nor_key_is_kept_alive() -> None:
    async def main() -> None:
        gate, client = limiter_for("a.example", "sk-very-secret"), Model()
        async with gate.slot(client, 1, print) as slot:
            slot.answered(200, {})
        async with gate.slot(client, 1, lambda _: None) as slot:
            slot.answered(429, {})
        refs.append(weakref.ref(client))
        refs.append(weakref.ref(asyncio.get_running_loop()))
        assert "sk-very-secret" not in repr(vars(gate))

    refs: list[weakref.ref[object]] = []
    asyncio.run(main())
    gc.collect()
    assert [r() for r in refs] == [None, None]


# A real server


@pytest.mark.long
def test_a_real_server_with_a_limit_answers_every_call_through_the_limiter() -> None:
    bucket = Bucket(200, 20, time.monotonic)

    def answer(_body: object) -> tuple[int, dict[str, str], bytes]:
        status, headers = bucket.take()
        return status, headers, b"{}"

    async def main(url: str) -> tuple[int, float]:
        transport = Transport(url, {}, 64)
        await transport.start()
        gate, model, rejected = limiter_for("127.0.0.1", None), Model(), 0

        async def call() -> None:
            nonlocal rejected
            while True:
                async with gate.slot(model, 64, model.lines.append) as slot:
                    reply = await transport.post(url, b"{}", 10)
                    slot.answered(reply.status, reply.headers)
                if reply.status == 200:
                    return
                rejected += 1

        started = time.monotonic()
        await asyncio.gather(*(call() for _ in range(400)))
        await transport.close()
        await nothing_left(gate)
        return rejected, time.monotonic() - started

    with LoopbackServer(answer, delay=0.02) as server:
        rejected, seconds = asyncio.run(main(server.url))
    assert server.requests == 400 + rejected
    assert rejected < 200
    assert seconds > 380 / 200 - 0.1
