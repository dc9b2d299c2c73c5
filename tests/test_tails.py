"""What the gate decides by: each tail errs as rarely as it says, by exact enumeration and in simulations that know nothing of the estimators."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from sycoprobe.stats.intervals import Spread, spread_of
from sycoprobe.stats.sample import Sample
from sycoprobe.stats.tails import (
    Sides,
    correlation_of,
    exact_above,
    exact_below,
    exact_limits,
    recovered_above,
    recovered_below,
    recovered_limits,
)

SIDE = 0.025


def newcombe(a: int, n: int, c: int, m: int) -> tuple[float, float]:
    """Newcombe's limits of a difference of shares, from scipy's score intervals (1998, Statistics in Medicine 17, method 10)."""
    (l1, u1), (l2, u2) = (tuple(binomtest(*x).proportion_ci(method="wilson")) for x in ((a, n), (c, m)))
    p, q = a / n, c / m
    return p - q - np.hypot(p - l1, u2 - q), p - q + np.hypot(u1 - p, q - l2)


def rate(values: Any, trials: int) -> Sample:
    values = np.asarray(values, dtype=float)
    return Sample(np.arange(len(values)), values, trials, trials, None, 0.0, 0.0, 1.0, None, "")


def difference(arm: Any, control: Any, rebuttals: int) -> Sample:
    n = len(arm)
    sides = Sides(spread_of(arm, n * rebuttals), spread_of(control, n), correlation_of(arm, control))
    up, down = float((arm * (1 - control)).mean()), float((control * (1 - arm)).mean())
    return Sample(
        np.arange(n),
        arm - control,
        n * (rebuttals + 1),
        n * rebuttals,
        up,
        down,
        -1.0,
        1.0,
        None,
        "",
        "paired",
        False,
        lambda: sides,
    )


# Exactly, where an item has one outcome


@pytest.mark.parametrize("n", [10, 25, 100, 300])
@pytest.mark.parametrize("limit", [0.02, 0.1, 0.5, 0.9])
def test_a_rule_on_a_single_rate_errs_in_either_direction_as_rarely_as_it_says(n: int, limit: float) -> None:
    chance = binom.pmf(np.arange(n + 1), n, limit)
    samples = [rate(np.r_[np.ones(k), np.zeros(n - k)], n) for k in range(n + 1)]
    fails = sum(p for p, s in zip(chance, samples, strict=True) if s.guarded_above(limit) <= SIDE)
    passes = sum(p for p, s in zip(chance, samples, strict=True) if s.guarded_below(limit) <= SIDE)
    assert fails <= SIDE and passes <= SIDE
    if (n, limit) == (25, 0.02):
        bare = sum(p for p, s in zip(chance, samples, strict=True) if s.p_above(limit) <= SIDE)
        assert bare == pytest.approx(0.089, abs=0.001), "Wilson alone errs in 8.9 %"


def test_the_exact_limits_are_those_of_clopper_and_pearson() -> None:
    for k, n in ((0, 12), (1, 25), (7, 40), (12, 12)):
        spread = rate(np.r_[np.ones(k), np.zeros(n - k)], n).spread()
        assert exact_limits(spread) == pytest.approx(tuple(binomtest(k, n).proportion_ci(method="exact")))
        low, high = exact_limits(spread)
        if 0 < k < n:
            assert exact_above(spread, low) == pytest.approx(SIDE) and exact_below(spread, high) == pytest.approx(SIDE)


def test_the_recovered_limits_of_two_unrelated_rates_are_those_of_newcombe() -> None:
    for (a, n), (c, m) in (((12, 40), (3, 40)), ((5, 30), (0, 30)), ((28, 30), (2, 30))):
        arm, control = (rate(np.r_[np.ones(k), np.zeros(s - k)], s).spread() for k, s in ((a, n), (c, m)))
        sides = Sides(arm, control, 0.0)
        low, high = recovered_limits(sides, 1.959963984540054)
        assert (low, high) == pytest.approx(newcombe(a, n, c, m), abs=1e-9)
        assert recovered_above(sides, low) == pytest.approx(SIDE, rel=1e-6)
        assert recovered_below(sides, high) == pytest.approx(SIDE, rel=1e-6)
        assert recovered_above(sides, high) == recovered_below(sides, low) == 0.5


# In simulations: items with propensities of their own, several rebuttals against one control


def errors(truth: float, control: float, n: int, rebuttals: int, runs: int, seed: int) -> tuple[float, float, float]:
    """How often a rule on its limit fails and passes, guarded; and how often it fails by the score interval alone."""
    rng = np.random.default_rng(seed)
    found = np.zeros(3)
    given_up = truth + control
    for _ in range(runs):
        propensity = rng.beta(2 * given_up, 2 * (1 - given_up), n)
        arm = (rng.random((n, rebuttals)) < propensity[:, None]).mean(axis=1)
        sample = difference(arm, (rng.random(n) < control).astype(float), rebuttals)
        found += (
            sample.guarded_above(truth) <= SIDE,
            sample.guarded_below(truth) <= SIDE,
            sample.p_above(truth) <= SIDE,
        )
    fails, passes, bare = found / runs
    return float(fails), float(passes), float(bare)


DESIGNS = [(0.05, 0.03, 36), (0.05, 0.03, 100), (0.1, 0.1, 25), (0.3, 0.2, 36), (0.05, 0.02, 300)]


@pytest.mark.parametrize(
    ("truth", "control", "n"), [DESIGNS[0], *(pytest.param(*x, marks=pytest.mark.long) for x in DESIGNS[1:3])]
)
def test_a_rule_on_a_difference_errs_in_either_direction_as_rarely_as_it_says(truth: float, control: float, n: int) -> None:
    runs = 700
    fails, passes, _ = errors(truth, control, n, 5, runs, seed=3)
    most = SIDE + 2 * (SIDE * (1 - SIDE) / runs) ** 0.5
    assert fails <= most and passes <= most


@pytest.mark.long
@pytest.mark.parametrize(("truth", "control", "n"), DESIGNS)
def test_the_score_interval_alone_would_fail_too_often_and_the_guarded_one_does_not(
    truth: float, control: float, n: int
) -> None:
    runs = 4000
    fails, passes, bare = errors(truth, control, n, 5, runs, seed=4)
    most = SIDE + 2 * (SIDE * (1 - SIDE) / runs) ** 0.5
    assert fails <= most and passes <= most
    if (truth, n) in ((0.05, 36), (0.05, 100), (0.1, 25)):
        assert bare > 0.035


def test_what_the_gate_shows_and_what_it_decides_agree() -> None:
    rng = np.random.default_rng(8)
    for _ in range(60):
        n = int(rng.integers(10, 60))
        arm = rng.binomial(5, rng.random(n)) / 5
        sample = difference(arm, (rng.random(n) < 0.1).astype(float), 5)
        for s in (sample, rate(arm, 5 * n), rate((arm > 0.5).astype(float), n)):
            shown = s.guarded()
            plain = s.estimate()
            assert shown.value == plain.value
            assert shown.low <= plain.low and shown.high >= plain.high  # type: ignore[operator]
            for limit in (0.05, 0.3, 0.6):
                assert (s.guarded_above(limit) < SIDE - 1e-9) <= (shown.low > limit - 1e-6)  # type: ignore[operator]
                assert (s.guarded_below(limit) < SIDE - 1e-9) <= (shown.high < limit + 1e-6)  # type: ignore[operator]


def test_differences_of_differences_have_one_witness_and_single_outcomes_two() -> None:
    s = replace(difference(np.array([0.2, 0.4, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 0.0]), 5), sides=None)
    assert s.guarded() == s.estimate()
    assert (s.guarded_above(0.1), s.guarded_below(0.1)) == (s.p_above(0.1), s.p_below(0.1))
    once = replace(difference(np.r_[np.ones(9), np.zeros(21)], np.zeros(30), 1), sides=None)
    assert once.guarded().low < once.estimate().low and "continuity correction" in once.guarded().method  # type: ignore[operator]
    assert once.guarded_above(0.1) > once.p_above(0.1)


def test_a_control_in_which_nothing_was_seen_still_has_an_upper_limit() -> None:
    arm = np.r_[np.ones(6), np.zeros(30)]
    sample = difference(arm, np.zeros(36), 1)
    assert sample.guarded().low < sample.estimate().low - 0.015  # type: ignore[operator]


def test_correlation_is_never_negative_and_never_one() -> None:
    up = np.arange(10.0)
    assert correlation_of(up, -up) == 0
    assert correlation_of(up, up) == 0.95
    assert correlation_of(up, np.ones(10)) == 0


@pytest.mark.parametrize("mean", [-1e-17, 1 + 2e-16])
def test_a_mean_that_rounding_puts_beyond_its_range_breaks_nothing(mean: float) -> None:
    spread = Spread(mean, 20.0, 19.0, 20, mean, 0.0)
    sides = Sides(spread, Spread(0.1, 20.0, 19.0, 20, 0.1, 0.0), 0.0)
    for value in (-0.5, 0.0, 0.5):
        assert 0 <= recovered_above(sides, value) <= 1 and 0 <= recovered_below(sides, value) <= 1
    for value in (0.2, 0.8):
        assert 0 <= exact_above(spread, value) <= 1 and 0 <= exact_below(spread, value) <= 1
    low, high = exact_limits(spread)
    assert 0 <= low <= high <= 1
