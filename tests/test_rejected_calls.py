"""Attempts that a rate limit rejected, where a limiter paces them: a tenth of a retry each, and none once the run is to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sycoprobe.backends.retry import LOOK_EVERY, finite_number, wait_before, with_retries
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind


def rejected() -> BackendError:
    return BackendError("HTTP 429: slow down", kind=ErrorKind.RATE_LIMIT, retryable=True, retry_after=7.0)


def failed() -> BackendError:
    return BackendError("HTTP 500: oops", kind=ErrorKind.SERVER, retryable=True)


class Server:
    """Raises its errors in turn, then answers; counts what it was asked, and what was waited for."""

    def __init__(self, *errors: BackendError) -> None:
        self.left = list(errors)
        self.asked = 0
        self.waits: list[float] = []

    async def attempt(self) -> str:
        self.asked += 1
        if self.left:
            raise self.left.pop(0)
        return "done"

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def run(self, retries: int, *, paced: bool = True, stopping: Callable[[], bool] | None = None) -> tuple[str, int]:
        made: Awaitable[tuple[str, int]] = with_retries(
            self.attempt, retries, lambda _line: None, self.sleep, lambda: 0.5, paced=paced, stopping=stopping
        )

        async def go() -> tuple[str, int]:
            return await made

        return asyncio.run(go())


@pytest.mark.parametrize("retries", [1, 2, 6])
def test_ten_rejections_for_each_retry_are_nothing_but_waiting_for_ones_turn(retries: int) -> None:
    server = Server(*[rejected()] * 10 * retries)
    assert server.run(retries) == ("done", 1 + 10 * retries)
    assert server.waits == [], "the limiter decides how long they wait"


def test_rejections_beyond_that_use_up_retries_as_any_failure_does() -> None:
    server = Server(*[rejected()] * 13)
    with pytest.raises(BackendError):
        server.run(1)
    assert server.asked == 10 + 2
    assert server.waits == [7.5]
    fits = Server(*[rejected()] * 11)
    assert fits.run(1) == ("done", 12)


def test_a_rejection_leaves_the_retries_for_other_failures_untouched() -> None:
    server = Server(failed(), rejected(), failed(), *[rejected()] * 5)
    assert server.run(2) == ("done", 9)
    assert server.waits == [0.5, 1.0], "the second failure waits as the second, however many rejections stood between"
    with pytest.raises(BackendError, match="500"):
        Server(failed(), rejected(), failed(), failed()).run(2)


def test_without_retries_a_rejection_is_final() -> None:
    server = Server(rejected())
    with pytest.raises(BackendError, match="429"):
        server.run(0)
    assert server.asked == 1


def test_where_nothing_paces_the_attempts_a_rejection_is_a_failure_like_others() -> None:
    server = Server(*[rejected()] * 3)
    with pytest.raises(BackendError, match="429"):
        server.run(2, paced=False)
    assert server.asked == 3 and server.waits == [7.5, 8.0]


def test_a_rejection_that_cannot_pass_is_not_tried_again() -> None:
    final = BackendError("HTTP 429: your quota is used up", kind=ErrorKind.RATE_LIMIT, retryable=False)
    server = Server(final)
    with pytest.raises(BackendError, match="quota"):
        server.run(5)
    assert server.asked == 1


@pytest.mark.parametrize("error", [rejected, failed])
def test_once_the_run_is_to_stop_no_failure_is_tried_again(error: Callable[[], BackendError]) -> None:
    """After Ctrl-C a rejected call must not go round and round until the server takes it."""
    server = Server(*[error()] * 50)
    with pytest.raises(BackendError):
        server.run(5, stopping=lambda: True)
    assert server.asked == 1 and server.waits == []


def test_a_stop_ends_a_wait_within_half_a_second() -> None:
    server, stop = Server(failed(), failed()), []

    async def sleep(seconds: float) -> None:
        server.waits.append(seconds)
        if len(server.waits) == 2:
            stop.append(True)

    server.sleep = sleep  # type: ignore[method-assign]
    server.left[0].retry_after = 60.0
    with pytest.raises(BackendError):
        server.run(5, stopping=lambda: bool(stop))
    assert server.waits == [LOOK_EVERY, LOOK_EVERY] and server.asked == 1


def test_a_wait_that_may_be_stopped_is_as_long_as_one_that_may_not() -> None:
    server = Server(failed(), failed())
    assert server.run(2, stopping=lambda: False) == ("done", 3)
    assert sum(server.waits) == pytest.approx(0.5 + 1.0)
    assert max(server.waits) <= 0.5


def test_a_server_that_names_its_wait_gets_at_most_a_second_on_top_and_one_that_asks_none_the_whole_span() -> None:
    assert wait_before(6, 10.0, lambda: 0.99) == 11.0
    assert wait_before(1, 10.0, lambda: 0.25) == 10.25
    assert wait_before(6, None, lambda: 0.5) == wait_before(6, 0.0, lambda: 0.5) == 16.0


def test_a_header_is_a_number_or_none() -> None:
    assert [finite_number(x) for x in ("2.5", " 3 ", "-1", None, "", "x", "inf", "nan")] == [2.5, 3.0, -1.0, *[None] * 5]
