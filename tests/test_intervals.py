"""Intervals and tests, against scipy and statsmodels as independent oracles, at the edges, and against planted truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from sycoprobe.stats.intervals import (
    bootstrap_interval,
    clopper_pearson,
    difference_score,
    holm,
    interval,
    mcnemar,
    p_above,
    p_below,
    rate_score,
    spread_of,
)


@pytest.mark.parametrize(("k", "n"), [(0, 5), (1, 7), (30, 30), (17, 100), (999, 1000)])
def test_rates_agree_with_scipy(k: int, n: int) -> None:
    ours = interval(spread_of(np.array([1.0] * k + [0.0] * (n - k)), n), rate_score, 0.0, 1.0)
    theirs = binomtest(k, n)
    assert ours == pytest.approx(tuple(theirs.proportion_ci(method="wilson")), abs=1e-9)
    assert clopper_pearson(k, n) == pytest.approx(tuple(theirs.proportion_ci(method="exact")), abs=1e-9)


def test_holm_of_four_is_that_of_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


@pytest.mark.long
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="the extra [checks] is not installed")
    assert holm(p) == pytest.approx(list(multitest.multipletests(p, method="holm")[1]))


@pytest.mark.parametrize(("b", "c"), [(5, 1), (0, 9), (12, 12), (1, 0)])
def test_mcnemar_is_scipys_exact_test_of_one_half(b: int, c: int) -> None:
    assert mcnemar(b, c) == pytest.approx(binomtest(b, b + c).pvalue)


def test_no_discordant_pair_is_no_evidence() -> None:
    assert mcnemar(0, 0) == 1.0


@given(
    st.integers(2, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n))),
    st.floats(0.5, 0.99),
    st.floats(-0.95, 0.95),
)
def test_a_value_is_outside_the_interval_exactly_if_its_p_is_small(
    nbc: tuple[int, int, int], confidence: float, value: float
) -> None:
    n, b, c = nbc
    c = min(c, n - b)
    d = np.array([1.0] * b + [-1.0] * c + [0.0] * (n - b - c))
    spread = spread_of(d, n, up=b / n, down=c / n)
    low, high = interval(spread, difference_score, -1.0, 1.0, confidence)
    assert -1 <= low <= spread.mean <= high <= 1
    side = (1 - confidence) / 2
    if abs(value - low) > 1e-6 and abs(value - high) > 1e-6:
        assert (value < low) == (p_above(spread, difference_score, value) < side)
        assert (value > high) == (p_below(spread, difference_score, value) < side)


@given(st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), min_size=1, max_size=30))
def test_clustered_rates_stay_inside_the_range_and_hold_the_mean(means: list[float]) -> None:
    values = np.array(means)
    low, high = interval(spread_of(values, 5 * len(values)), rate_score, 0.0, 1.0)
    assert 0 <= low <= values.mean() <= high <= 1
    assert high > low


def test_items_of_one_template_count_as_one_draw() -> None:
    rng = np.random.default_rng(1)
    values = np.repeat(rng.random(20), 10)
    alone = interval(spread_of(values, 200), rate_score, 0.0, 1.0)
    clustered = interval(spread_of(values, 200, clusters=np.repeat(np.arange(20), 10)), rate_score, 0.0, 1.0)
    assert clustered[1] - clustered[0] > 1.5 * (alone[1] - alone[0])


def test_clustered_intervals_cover_where_ignoring_the_clusters_would_not() -> None:
    rng = np.random.default_rng(2)
    hits = naive = 0
    for _ in range(1000):
        rates = np.repeat(rng.beta(2, 2, 30), 8)
        values = rng.binomial(1, rates).astype(float)
        labels = np.repeat(np.arange(30), 8)
        low, high = interval(spread_of(values, len(values), clusters=labels), rate_score, 0.0, 1.0)
        hits += low <= 0.5 <= high
        low, high = interval(spread_of(values, len(values)), rate_score, 0.0, 1.0)
        naive += low <= 0.5 <= high
    assert 0.93 <= hits / 1000 <= 0.97
    assert naive / 1000 < 0.9


def test_the_bootstrap_agrees_with_the_score_interval_on_plenty_of_data_and_says_none_on_none() -> None:
    values = np.random.default_rng(3).binomial(1, 0.3, 800).astype(float)
    ours = interval(spread_of(values, 800), rate_score, 0.0, 1.0)
    assert bootstrap_interval(values) == pytest.approx(ours, abs=0.006)
    assert bootstrap_interval(np.zeros(30)) is None
    assert bootstrap_interval(np.array([0.5])) is None
    assert bootstrap_interval(values, clusters=np.zeros(800)) is None
