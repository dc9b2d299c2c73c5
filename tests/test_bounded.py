"""Limits of bounded numbers: what they are of zeros and ones, beside random shares that are really drawn, and whether each tail holds."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, gammaln, stdtr, xlogy

from sycoprobe.stats.bounded import bounded_above, bounded_below, bounded_limits
from sycoprobe.stats.intervals import clopper_pearson

SIDE = 0.025
Values = np.ndarray[Any, np.dtype[np.float64]]


def shares(ones: int, n: int) -> Values:
    return np.concatenate([np.ones(ones), np.zeros(n - ones)])


@pytest.mark.parametrize(("ones", "n"), [(0, 12), (1, 25), (7, 40), (12, 12), (3, 1000), (500, 1000), (0, 1)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_of_zeros_and_ones_the_limits_are_those_of_clopper_and_pearson(ones: int, n: int, confidence: float) -> None:
    assert bounded_limits(shares(ones, n), 0, 1, confidence) == pytest.approx(clopper_pearson(ones, n, confidence), abs=1e-8)


@pytest.mark.parametrize(("ones", "n"), [(1, 25), (3, 1000), (20, 1000), (997, 1000), (3, 5000)])
@pytest.mark.parametrize("times", [0.1, 0.3, 0.9, 1.5, 3.0])
def test_a_p_is_exact_however_small(ones: int, n: int, times: float) -> None:
    limit = times * ones / n
    if limit < 1:
        assert bounded_above(shares(ones, n), limit, 0, 1) == pytest.approx(betainc(ones, n - ones + 1, limit), rel=1e-7)
        below = betainc(n - ones, ones + 1, 1 - limit)
        assert bounded_below(shares(ones, n), limit, 0, 1) == pytest.approx(below, rel=1e-7)


def drawn(values: Values, limit: float, end: float, weights: Values, draws: int = 10_000) -> float:
    """How often the mean by random shares, with one more value at an end, is at most `limit`."""
    d = np.random.default_rng(5).exponential(size=(draws, len(values) + 1))
    w = d * np.append(weights, weights.max())
    return float((w @ np.append(values, end) <= limit * w.sum(axis=1)).mean())


@pytest.mark.parametrize("n", [3, 30, 100])
def test_a_p_is_the_share_of_random_shares_beyond_the_limit(n: int) -> None:
    rng = np.random.default_rng(n)
    for values in (rng.random(n), np.where(rng.random(n) < 0.1, rng.random(n), 0.0), rng.uniform(-1, 1, n)):
        for weights in (np.ones(n), rng.integers(1, 5, n).astype(float)):
            limit = float(values.mean()) + 0.05
            p = bounded_above(values, limit, -1, 1, weights=weights)
            assert p == pytest.approx(drawn(values, limit, -1, weights), abs=0.02)
            p = bounded_below(values, limit, -1, 1, weights=weights)
            assert p == pytest.approx(1 - drawn(values, limit, 1, weights), abs=0.02)


numbers = st.lists(st.floats(-1, 1), min_size=1, max_size=12).map(np.array)


@settings(max_examples=20)
@given(numbers, st.floats(0.5, 0.999))
def test_the_limits_are_where_the_tests_refute(values: Values, confidence: float) -> None:
    low, high = bounded_limits(values, -1, 1, confidence)
    side = (1 - confidence) / 2
    assert -1 <= low <= values.mean() + 1e-9 and values.mean() - 1e-9 <= high <= 1
    if low > -1:
        assert bounded_above(values, low - 1e-6, -1, 1) < side + 1e-9
        assert bounded_above(values, low + 1e-6, -1, 1) > side - 1e-9
    if high < 1:
        assert bounded_below(values, high + 1e-6, -1, 1) < side + 1e-9
        assert bounded_below(values, high - 1e-6, -1, 1) > side - 1e-9


@settings(max_examples=40)
@given(numbers)
def test_a_p_never_falls_as_the_limit_comes_nearer(values: Values) -> None:
    p = [bounded_above(values, x, -1, 1) for x in np.linspace(-1.2, 1.2, 13)]
    assert all(a <= b + 1e-10 for a, b in pairwise(p))
    assert p[0] == 0 and p[-1] == 1


@settings(max_examples=40)
@given(numbers, st.floats(-1, 1), st.floats(0.2, 5))
def test_both_tails_are_mirrored_and_no_unit_matters(values: Values, limit: float, unit: float) -> None:
    p = bounded_above(values, limit, -1, 1)
    assert bounded_below(-values, -limit, -1, 1) == pytest.approx(p, rel=1e-6, abs=1e-12)
    stretched = bounded_above(np.clip(values * unit, -unit, unit), limit * unit, -unit, unit)
    assert stretched == pytest.approx(p, rel=1e-4, abs=1e-7)


def test_weights_and_clusters_count_what_they_say() -> None:
    values = np.array([0.1, 0.4, 0.4, 0.9, 0.2, 0.7])
    plain = bounded_limits(values, 0, 1)
    assert bounded_limits(values, 0, 1, weights=np.full(6, 3.0)) == pytest.approx(plain, abs=1e-9)
    assert bounded_limits(values, 0, 1, clusters=np.array(list("abcdef"))) == pytest.approx(plain, abs=1e-9)
    twice = np.repeat(values, 2)
    assert bounded_limits(twice, 0, 1, clusters=np.repeat(np.arange(6), 2)) == pytest.approx(plain, abs=1e-9)
    assert bounded_limits(twice, 0, 1)[0] > plain[0], "six more draws would say more"
    without = bounded_limits(values[:4], 0, 1)
    assert bounded_limits(values, 0, 1, weights=np.array([1.0, 1, 1, 1, 0, 0])) == pytest.approx(without, abs=1e-9)
    low, high = bounded_limits(values, 0, 1, weights=np.array([1.0, 1, 1, 9, 1, 1]))
    assert low < (values.sum() + 8 * 0.9) / 14 < high


def test_what_says_nothing_and_what_cannot_be() -> None:
    assert bounded_limits(np.zeros(0), -1, 1) == (-1, 1)
    assert bounded_above(np.zeros(0), 0.3, 0, 1) == bounded_below(np.zeros(0), 0.3, 0, 1) == 1
    low, high = bounded_limits(np.zeros(100), 0, 1)
    assert low == 0 and high == pytest.approx(1 - SIDE ** (1 / 100)), "the rule of three, not an interval of no width"
    with pytest.raises(ValueError, match="not in"):
        bounded_limits(np.array([0.5, 1.1]), 0, 1)
    with pytest.raises(ValueError, match="weight"):
        bounded_above(np.array([0.5, 0.1]), 0.3, 0, 1, weights=np.array([1.0, -1.0]))


# Each tail, exactly: every outcome of a few draws from three values


def exact_errors(grid: Values, chances: Values, n: int, side: float) -> tuple[float, float]:
    """How often either tail errs on the truth, over all ways in which n draws can fall on three values in [0, 1]."""
    truth, found = float(grid @ chances), np.zeros(2)
    for first in range(n + 1):
        for second in range(n + 1 - first):
            counts = np.array([first, second, n - first - second])
            chance = float(np.exp(gammaln(n + 1) - gammaln(counts + 1).sum() + xlogy(counts, chances).sum()))
            values = np.repeat(grid, counts)
            found += chance * np.array([bounded_above(values, truth, 0, 1) <= side, bounded_below(values, truth, 0, 1) <= side])
    return float(found[0]), float(found[1])


@pytest.mark.parametrize("cases", [8, pytest.param(150, marks=pytest.mark.long)])
def test_no_three_values_are_found_of_which_a_tail_errs_more_often_than_it_says(cases: int) -> None:
    rng = np.random.default_rng(cases)
    for _ in range(cases):
        grid = np.sort(np.where(rng.random(3) < 0.3, rng.integers(0, 2, 3), rng.random(3)))
        chances, n = rng.dirichlet([0.5] * 3), int(rng.choice([3, 6, 9]))
        side = float(rng.choice([0.005, SIDE, 0.1]))
        assert max(exact_errors(grid, chances, n, side)) <= side + 1e-9, (grid, chances, n, side)


# Each tail, in simulations

SHARES = (0.05, 0.2, 1.0)


def ratings(rng: np.random.Generator, share: float, shape: str, low: float, size: tuple[int, int]) -> tuple[Values, float]:
    """Ratings in steps of 0.05 of which a share moves, upwards only or either way, and their true mean."""
    grid = np.arange(round(low * 20), 21) / 20
    start = 0.5 if (shape, low) == ("either way", 0.0) else 0.0
    weight = np.clip(1 - grid, 0, None) * (grid > 0) if shape == "upwards" else (grid - low) * (1 - grid)
    chance = share * weight / weight.sum() + (1 - share) * (np.abs(grid - start) < 1e-9)
    return rng.choice(grid, size, p=chance), float(grid @ chance)


def errors(values: Values, truth: float, low: float) -> tuple[float, float]:
    """How often a rule on the truth would fail, and pass."""
    above = np.mean([bounded_above(v, truth, low, 1) <= SIDE for v in values])
    below = np.mean([bounded_below(v, truth, low, 1) <= SIDE for v in values])
    return float(above), float(below)


@pytest.mark.long
@pytest.mark.parametrize("n", [10, 30, 100, 300])
@pytest.mark.parametrize("shape", ["upwards", "either way"])
@pytest.mark.parametrize("low", [0.0, -1.0])
def test_each_tail_errs_as_rarely_as_it_says(n: int, shape: str, low: float) -> None:
    runs = 600
    for share in SHARES:
        rng = np.random.default_rng([n, int(share * 100), int(low) + 1])
        values, truth = ratings(rng, share, shape, low, (runs, n))
        most = SIDE + 2 * (SIDE * (1 - SIDE) / runs) ** 0.5
        assert max(errors(values, truth, low)) <= most, share


def test_where_few_texts_move_students_t_passes_too_often_and_this_does_not() -> None:
    rng = np.random.default_rng(7)
    values, truth = ratings(rng, 0.05, "upwards", 0.0, (1000, 100))
    spread = np.maximum(values.std(axis=1, ddof=1), 1e-12)
    student = stdtr(99, (values.mean(axis=1) - truth) / spread * 10) <= SIDE
    assert student.mean() > 0.08
    assert errors(values[:300], truth, 0.0)[1] <= SIDE


@pytest.mark.long
@pytest.mark.parametrize("groups", [6, 15, 40])
def test_each_tail_holds_where_draws_are_clusters_of_different_sizes(groups: int) -> None:
    runs, found = 600, np.zeros(2)
    rng = np.random.default_rng(groups)
    for _ in range(runs):
        sizes = rng.integers(3, 30, groups)
        clusters = np.repeat(np.arange(groups), sizes)
        moves = rng.beta(0.5, 2.0, groups)[clusters]
        values = np.where(rng.random(len(clusters)) < moves, 0.5, 0.0)
        truth = 0.5 * 0.2
        found += (
            bounded_above(values, truth, 0, 1, clusters=clusters) <= SIDE,
            bounded_below(values, truth, 0, 1, clusters=clusters) <= SIDE,
        )
    assert (found / runs <= SIDE + 2 * (SIDE * (1 - SIDE) / runs) ** 0.5).all()
