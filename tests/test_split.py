"""Bets while items come in and one fixed test at the end: the level is kept, and more is decided than by bets alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import betainc

from sycoprobe.stats.sequential import BETS_SHARE, anytime_p, split_p

SIDE = 0.025
PLANNED = 200
Values = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def test_each_part_has_its_share_of_the_level() -> None:
    assert split_p(0.005, None, 0.2) == pytest.approx(0.025)
    assert split_p(0.005, 0.9, 0.2) == pytest.approx(0.025)
    assert split_p(0.9, 0.02, 0.2) == pytest.approx(0.025)
    assert split_p(0.9, 0.9) == split_p(0.9, None) == 1
    assert split_p(0.02, 0.001, 1.0) == 0.02, "bets alone"
    assert split_p(BETS_SHARE * SIDE, None) == pytest.approx(SIDE)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.2])
def test_a_share_is_more_than_none_and_at_most_all(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        split_p(0.5, 0.5, share)


def decided(truth: float, limit: float, runs: int, seed: int) -> tuple[float, float, float, float]:
    """How often a rate is found above and below a limit; by bets and the exact test at the end, and by bets alone."""
    values = (np.random.default_rng(seed).random((runs, PLANNED)) < truth).astype(float)
    horizon = PLANNED * np.arange(1, PLANNED + 1) / np.arange(2, PLANNED + 2)
    ones = values.sum(axis=1)
    above = anytime_p(values, limit, 0.0, horizon)[:, -1]
    below = anytime_p(-values, -limit, -1.0, horizon)[:, -1]
    more = np.where(ones > 0, betainc(np.maximum(ones, 1), PLANNED - ones + 1, limit), 1.0)
    fewer = np.where(ones < PLANNED, betainc(np.maximum(PLANNED - ones, 1), ones + 1, 1 - limit), 1.0)
    up = [split_p(float(b), float(f)) <= SIDE for b, f in zip(above, more, strict=True)]
    down = [split_p(float(b), float(f)) <= SIDE for b, f in zip(below, fewer, strict=True)]
    return float(np.mean(up)), float(np.mean(down)), float((above <= SIDE).mean()), float((below <= SIDE).mean())


@pytest.mark.parametrize("limit", [0.05, 0.2, 0.5])
def test_on_its_limit_a_rule_is_decided_as_rarely_as_promised(limit: float) -> None:
    runs = 3000
    up, down, _, _ = decided(limit, limit, runs, seed=1)
    assert max(up, down) <= SIDE + 2 * (SIDE * (1 - SIDE) / runs) ** 0.5


def test_far_more_runs_are_decided_than_by_bets_alone() -> None:
    up, wrong, bets, _ = decided(0.285, 0.2, 1000, seed=2)
    assert up > bets + 0.12 and wrong == 0
    _, down, _, bets = decided(0.125, 0.2, 1000, seed=3)
    assert down > bets + 0.12
