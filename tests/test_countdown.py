"""The time left that a run shows: it never grows, it says so where calls have become slower, and it is near the truth."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from sycoprobe.cli.countdown import Countdown
from tests.commands import cli


def seconds(said: str) -> float:
    """What `1 h 2 min 3 s` comes to."""
    units = {"h": 3600, "min": 60, "s": 1}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+) (h|min|s)\b", said))


def told(pace: Iterator[float], calls: int, every: float = 0.2) -> list[str]:
    """What is said every fifth of a second of a run whose calls take so many seconds each."""
    countdown, now, done, at, said = Countdown(100.0), 100.0, 0, 100.0, []
    while done < calls:
        at += next(pace)
        while now < at:
            now += every
            said.append(countdown.says(now, done, calls - done))
        done += 1
    return said


def steady(each: float) -> Iterator[float]:
    while True:
        yield each


def uneven(seed: int) -> Iterator[float]:
    rng = random.Random(seed)
    while True:
        yield rng.expovariate(1 / rng.choice([0.02, 0.1, 0.5]))


def slowing() -> Iterator[float]:
    yield from (0.1 for _ in range(200))
    while True:
        yield 1.0


@pytest.mark.parametrize("pace", [steady(0.1), uneven(1), uneven(2), uneven(3), slowing()])
def test_the_time_left_never_grows(pace: Iterator[float]) -> None:
    left = [seconds(s) for s in told(pace, 400) if s]
    assert len(left) > 20
    assert all(later <= earlier for earlier, later in pairwise(left))


def test_at_a_steady_pace_it_is_near_the_truth_all_along() -> None:
    said = told(steady(0.1), 600)
    for i, each in enumerate(said):
        if each:
            assert seconds(each) == pytest.approx(60 - 0.2 * (i + 1), abs=10), each


def test_nothing_is_said_before_a_pace_is_known_and_nothing_at_the_end() -> None:
    said = told(steady(0.1), 600)
    assert said[:14] == [""] * 14 and said[16].startswith("about ")
    assert Countdown(0.0).says(60.0, 100, 0) == ""


def test_where_calls_become_much_slower_it_says_that_it_takes_longer() -> None:
    said = [s for s in told(slowing(), 400) if s]
    assert said[0].startswith("about ") and any(s.startswith("more than ") for s in said)


def test_conversations_that_end_early_shorten_the_calls_that_are_left(tmp_path: Path) -> None:
    options = ("-n", "10", "-m", "sim:unparsed=0.5", "--out", str(tmp_path), "--name", "r", "--verbose")
    done = cli("run", "facts", *options)
    (last,) = [x for x in done.stderr.splitlines() if " calls · " in x]
    asked, all_ = re.search(r"(\d+) of (\d+) calls", last).groups()  # type: ignore[union-attr]
    assert asked == all_ and int(all_) < 70, "those whose first reply names no answer are asked once"
