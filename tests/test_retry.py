"""The waits between attempts, with the sleep and the dice in the test's hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from sycoprobe.backends.retry import retry_after, wait_before, with_retries
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def failing(*errors: BackendError) -> Callable[[], Awaitable[str]]:
    """An attempt that raises each of `errors` in turn, then succeeds."""
    left = list(errors)

    async def attempt() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return attempt


def passing(kind: ErrorKind = ErrorKind.SERVER, message: str = "HTTP 500: oops", after: float | None = None) -> BackendError:
    return BackendError(message, kind=kind, retryable=True, retry_after=after)


def tried(attempt: Callable[[], Awaitable[str]], retries: int, draw: float = 0.5) -> tuple[object, list[float], list[str]]:
    """What came of it (a result with its attempts, or the failure), the waits, and what was notified."""
    waits: list[float] = []
    lines: list[str] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    try:
        found: object = asyncio.run(with_retries(attempt, retries, lines.append, sleep, lambda: draw))
    except BackendError as e:
        found = e
    return found, waits, lines


def test_a_wait_is_a_share_of_a_doubling_span_that_ends_at_a_minute() -> None:
    spans = [wait_before(attempt, None, lambda: 1.0) for attempt in range(1, 9)]
    assert spans == [1, 2, 4, 8, 16, 32, 60, 60]
    assert wait_before(10_000, None, lambda: 1.0) == 60
    assert wait_before(5, None, lambda: 0.0) == 0


@pytest.mark.parametrize("after", [0.05, 3.0, 90.0])
@pytest.mark.parametrize("draw", [0.0, 0.3, 0.999])
def test_no_wait_is_shorter_than_the_server_asked_for_and_none_much_longer(after: float, draw: float) -> None:
    _, waits, _ = tried(failing(*[passing(after=after)] * 6), 6, draw)
    assert len(waits) == 6
    assert all(after <= wait <= after + 1 for wait in waits)


def test_the_attempts_are_one_and_the_retries() -> None:
    assert tried(failing(passing(), passing()), 2)[0] == ("done", 3)
    last = passing(message="HTTP 503: the third")
    found, waits, _ = tried(failing(passing(), passing(), last), 2)
    assert found is last
    assert len(waits) == 2
    assert tried(failing(), 0)[:2] == (("done", 1), [])


def test_what_cannot_pass_is_raised_without_a_wait() -> None:
    wrong = BackendError("HTTP 400: no", kind=ErrorKind.BAD_REQUEST)
    assert tried(failing(passing(), wrong), 6)[0] is wrong
    assert tried(failing(wrong), 6)[1:] == ([], [])


def test_an_error_that_nobody_named_is_not_tried_again() -> None:
    calls = []

    async def attempt() -> str:
        calls.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tried(attempt, 6)
    assert len(calls) == 1


def test_each_wait_is_told_with_its_cause_its_length_and_the_attempt_to_come() -> None:
    errors = [
        passing(ErrorKind.RATE_LIMIT, "HTTP 429: slow down", after=2.5),
        passing(ErrorKind.TIMEOUT, "no answer within 5 s"),
        passing(ErrorKind.ERROR_IN_200, "error within HTTP 200: upstream"),
    ]
    _, waits, lines = tried(failing(*errors), 6)
    assert waits == [3.0, 1.0, 2.0]
    assert lines == [
        "429: waiting 3.0 s (attempt 2 of 7)",
        "timeout: waiting 1.0 s (attempt 3 of 7)",
        "error_in_200: waiting 2.0 s (attempt 4 of 7)",
    ]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.25 "}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 04 Mar 2026 05:06:37 GMT"}, 30.0),
        ({"retry-after": "Wed, 04 Mar 2026 05:06:37 +0000"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 04 Mar 2026 05:06:37 -0000"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_the_servers_word_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, lambda: NOW) == seconds


@pytest.mark.parametrize("said", ["inf", "-inf", "nan", "1e999"])
@pytest.mark.parametrize("name", ["retry-after", "retry-after-ms"])
def test_a_wait_without_end_is_not_a_wait_that_can_be_asked_for(name: str, said: str) -> None:
    assert retry_after({name: said}, lambda: NOW) is None


def test_a_date_far_ahead_is_still_a_number_of_seconds() -> None:
    later = NOW + timedelta(days=2)
    assert retry_after({"retry-after": later.strftime("%a, %d %b %Y %H:%M:%S GMT")}, lambda: NOW) == 2 * 86400


def test_once_the_run_is_to_stop_nothing_is_waited_for_or_tried_again() -> None:
    slept: list[float] = []
    stop = False

    async def sleep(seconds: float) -> None:
        nonlocal stop
        slept.append(seconds)
        stop = len(slept) == 3

    last = passing(after=60)
    attempt = failing(last, passing(), passing())
    with pytest.raises(BackendError) as e:
        asyncio.run(with_retries(attempt, 6, lambda _line: None, sleep, lambda: 0.5, stopping=lambda: stop))
    assert e.value is last
    assert sum(slept) < 2
