"""The formulas behind intervals, each beside one computed by hand or by scipy at sizes where every correction shows."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sycoprobe.stats.intervals import (
    Spread,
    clopper_pearson,
    difference_score,
    interval,
    p_above,
    p_below,
    rate_score,
    spread_of,
)


def wilson(share: float, n: float, critical: float) -> tuple[float, float]:
    """Wilson's interval in closed form."""
    middle = share + critical**2 / (2 * n)
    half = critical * math.sqrt(share * (1 - share) / n + critical**2 / (4 * n**2))
    return (middle - half) / (1 + critical**2 / n), (middle + half) / (1 + critical**2 / n)


def test_three_clusters_are_as_many_outcomes_as_their_spread_says() -> None:
    """By hand: deviations of 1, -1 and 0 in three clusters of two; the variance of the mean is 3/2 · 2/36."""
    values = np.array([1.0, 1.0, 0.0, 0.0, 1.0, 0.0])
    found = spread_of(values, 6, clusters=np.array(["a", "a", "b", "b", "c", "c"]))
    assert found.effective == pytest.approx(0.25 / (1.5 * 2 / 36))
    assert (found.mean, found.df, found.clusters, found.up, found.down) == (0.5, 2.0, 3, 0.5, 0.0)


def test_items_with_repeats_are_as_many_outcomes_as_their_spread_says() -> None:
    values = np.array([0.0, 0.25, 0.5, 1.0, 0.25])
    found = spread_of(values, 20)
    share = values.mean()
    assert found.effective == pytest.approx(share * (1 - share) / (values.var(ddof=1) / 5))
    assert found.clusters == 5


def test_no_sample_counts_for_more_than_its_outcomes() -> None:
    alike = spread_of(np.array([0.5, 0.5, 0.5, 0.25]), 8)
    assert alike.effective == 8, "items that vary less than chance gain nothing by it"
    assert spread_of(np.array([0.5] * 6), 12).effective == 12
    assert spread_of(np.array([1.0] * 6), 12, clusters=np.array([0, 0, 1, 1, 2, 2])).effective == 3
    assert spread_of(np.array([0.5] * 6), 12, clusters=np.array([0, 0, 1, 1, 2, 2])).effective == 3
    assert spread_of(np.array([1.0, 0.5]), 4, clusters=np.array([7, 7])).clusters == 1


def test_where_nothing_or_everything_flipped_the_items_count_and_not_their_repeats() -> None:
    for value in (0.0, 1.0):
        assert spread_of(np.full(6, value), 30).effective == 6


def test_shares_of_ups_and_downs_never_exceed_one_together() -> None:
    found = spread_of(np.array([0.5, -0.5, 1.0]), 9, up=1.2, down=0.8)
    assert (found.up, found.down) == pytest.approx((0.6, 0.4))
    assert spread_of(np.array([0.5, -0.5, 1.0]), 9, up=0.6, down=0.2).up == 0.6


@pytest.mark.parametrize("n", [8, 12, 40])
def test_degrees_of_freedom_are_those_of_satterthwaite(n: int) -> None:
    values = np.zeros(n)
    values[0], values[1] = 0.9, 0.2
    kurtosis = stats.kurtosis(values, fisher=False)
    expected = min(n - 1, max(1.0, 2 * n / (kurtosis - 1)))
    assert spread_of(values, 5 * n).df == pytest.approx(expected)
    assert expected < n - 1, "a size at which the correction shows"


def test_a_few_items_have_as_many_degrees_of_freedom_as_items_less_one() -> None:
    assert spread_of(np.array([0.0, 0.5, 1.0]), 6).df == 2
    assert spread_of(np.array([0.5] * 7), 14).df == 6
    assert spread_of(np.array([0.4]), 5).df == 1
    assert spread_of(np.array([0.0, 1.0] * 5), 20).df == 9, "two values alike often: the least kurtosis there is"
    assert spread_of(np.array([0.0, 1.0, 1.0]), 3).df is None, "one outcome an item: no variance was estimated"


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("df", [None, 4.0, 1.5])
def test_critical_values_are_students_where_a_variance_was_estimated(confidence: float, df: float | None) -> None:
    spread = Spread(mean=0.3, effective=12.5, df=df, clusters=5, up=0.3, down=0.0)
    side = 0.5 + confidence / 2
    expected = wilson(0.3, 12.5, float(stats.norm.ppf(side) if df is None else stats.t(df).ppf(side)))
    assert interval(spread, rate_score, 0.0, 1.0, confidence) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("df", [None, 3.0, 11.0])
def test_p_values_are_the_tails_of_the_same_distribution(df: float | None) -> None:
    spread = Spread(mean=0.3, effective=20.0, df=df, clusters=12, up=0.3, down=0.0)
    tail = stats.norm.sf if df is None else stats.t(df).sf
    for value in (0.1, 0.3, 0.55):
        score = (0.3 - value) / math.sqrt(value * (1 - value) / 20)
        assert p_above(spread, rate_score, value) == pytest.approx(tail(score))
        assert p_below(spread, rate_score, value) == pytest.approx(tail(-score))


def test_a_few_clusters_cover_the_truth_as_often_as_they_claim_and_are_no_wider_than_that() -> None:
    """Six clusters: with normal quantiles, without G/(G-1), or without the degrees of freedom, far fewer would."""
    rng = np.random.default_rng(11)
    labels = np.repeat(np.arange(6), 10)
    hits, runs = 0, 1500
    widths, means = [], []
    for _ in range(runs):
        values = rng.binomial(1, np.repeat(rng.beta(4, 4, 6), 10)).astype(float)
        low, high = interval(spread_of(values, 60, clusters=labels), rate_score, 0.0, 1.0)
        hits += low <= 0.5 <= high
        widths.append(high - low)
        means.append(values.mean())
    assert 0.935 <= hits / runs <= 0.985
    assert np.mean(widths) <= 1.1 * 2 * stats.t.ppf(0.975, 5) * np.std(means)


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))
def test_a_score_is_zero_at_the_estimate_and_falls_on_both_sides(n: int, b: int, c: int) -> None:
    b, c = min(b, n), min(c, n - min(b, n))
    values = np.array([1.0] * b + [-1.0] * c + [0.0] * (n - b - c))
    spread = spread_of(values, n, up=b / n, down=c / n)
    if abs(spread.mean) < 1:
        assert difference_score(spread, spread.mean) == pytest.approx(0.0, abs=1e-7)
    grid = [difference_score(spread, v) for v in np.linspace(-0.99, 0.99, 23)]
    assert all(a >= b - 1e-9 for a, b in pairwise(grid))


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (0, 0), (-1, 4), (5, 4)])
def test_what_is_no_share_has_no_exact_interval(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        clopper_pearson(successes, n)


def test_an_exact_interval_takes_its_confidence() -> None:
    for confidence in (0.8, 0.99):
        theirs = stats.binomtest(3, 17).proportion_ci(confidence, "exact")
        assert clopper_pearson(3, 17, confidence) == pytest.approx((theirs.low, theirs.high))
