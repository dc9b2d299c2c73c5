"""The variance of a mean with few clusters: against matrices and simulated errors, and how often its intervals cover the truth for new clusters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, stats

from sycoprobe.stats.clusters import LEAST, cluster_variance, matched_freedom
from sycoprobe.stats.intervals import difference_score, rate_score, spread_of

SIZES = {
    "two of 60 beside 60": [60, 60] + [1] * 60,
    "one of 60 beside 60": [60] + [1] * 60,
    "three of 30 beside 10": [30] * 3 + [1] * 10,
    "five of 40 beside 20": [40] * 5 + [1] * 20,
    "ten of 12": [12] * 10,
    "all sizes": [80, 40, 20, 10, 10, 5, 5] + [1] * 10,
}


def shape_of(sizes: list[int]) -> tuple[tuple[int, int], ...]:
    kinds, times = np.unique(sizes, return_counts=True)
    return tuple(zip(kinds.tolist(), times.tolist(), strict=True))


def labels_of(sizes: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(sizes)), sizes)


def by_matrices(values: np.ndarray, labels: np.ndarray) -> tuple[float, list[np.ndarray]]:
    """CR2 of a regression on a constant, from the matrices of Bell & McCaffrey; and what each cluster's part makes of the values."""
    n = len(values)
    hat = np.full((n, n), 1 / n)
    parts = []
    for label in np.unique(labels):
        mine = labels == label
        root = linalg.inv(linalg.sqrtm(np.eye(mine.sum()) - hat[np.ix_(mine, mine)])).real
        parts.append(np.ones(mine.sum()) @ root @ (np.eye(n) - hat)[mine] / n)
    return float(sum((part @ values) ** 2 for part in parts)), parts


@pytest.mark.parametrize("sizes", [[3, 3, 3], [4, 4], [2] * 5])
def test_clusters_of_one_size_have_the_bias_reduced_variance_and_one_degree_less_than_there_are(sizes: list[int]) -> None:
    values, labels = np.random.default_rng(1).random(sum(sizes)), labels_of(sizes)
    variance, freedom, groups = cluster_variance(values, labels)
    assert variance == pytest.approx(by_matrices(values, labels)[0])
    assert (freedom, groups) == (len(sizes) - 1, len(sizes))


@pytest.mark.parametrize("sizes", [[6, 2, 1, 1, 1], [9, 5], [5, 5, 1, 1], [4, 3, 3, 2, 2, 1]])
def test_clusters_of_several_sizes_have_a_variance_that_is_right_on_average_under_the_working_model(sizes: list[int]) -> None:
    labels = labels_of(sizes)
    # Alike in every cluster but for chance: the correlation is estimated as 0 and taken as the least.
    values = np.concatenate([np.resize([0.0, 1.0, 0.5], k) for k in sizes])
    plain, parts = by_matrices(values, labels)
    model = np.where(labels[:, None] == labels[None, :], LEAST, 0.0) + (1 - LEAST) * np.eye(len(labels))
    expected = sum(float(part @ model @ part) for part in parts)
    truth = float(model.sum()) / len(labels) ** 2
    assert cluster_variance(values, labels)[0] == pytest.approx(plain * truth / expected)


def test_single_items_have_the_variance_of_any_mean() -> None:
    values = np.random.default_rng(2).random(40)
    variance, freedom, groups = cluster_variance(values, np.arange(40))
    assert variance == pytest.approx(values.var(ddof=1) / 40)
    assert (freedom, groups) == (39, 40)


def test_order_and_names_of_clusters_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    values, labels = rng.random(30), np.array(list("aaaaaaaabbbbbbbccccddefghijklm"))
    order = rng.permutation(30)
    assert cluster_variance(values[order], labels[order]) == pytest.approx(cluster_variance(values, labels))


def test_one_cluster_tells_nothing_and_equal_values_have_no_variance() -> None:
    assert cluster_variance(np.array([0.0, 1.0, 1.0]), np.zeros(3)) == (0.0, 1.0, 1)
    variance, freedom, _ = cluster_variance(np.ones(8), np.array([0, 0, 0, 0, 0, 1, 2, 3]))
    assert variance == 0.0 and 1 <= freedom <= 3


@pytest.mark.parametrize("rho", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("name", SIZES)
def test_students_quantile_is_that_of_error_over_standard_error(name: str, rho: float) -> None:
    """The errors are drawn here, and computed there."""
    sizes = np.array(SIZES[name], dtype=float)
    shares = sizes / sizes.sum()
    variances = sizes * (1 - rho + rho * sizes)
    sums = np.random.default_rng(4).normal(size=(40_000, len(sizes))) * np.sqrt(variances)
    errors = sums.sum(axis=1)
    estimates = ((sums - shares * errors[:, None]) ** 2 / (1 - shares)).sum(axis=1)
    ratios = np.abs(errors) / np.sqrt(estimates * variances.sum() / estimates.mean())
    freedom = matched_freedom(shape_of(SIZES[name]), rho)
    beyond = float((ratios > stats.t.ppf(0.975, freedom)).mean())
    assert beyond < 0.0545
    if freedom < len(sizes) - 1:
        assert beyond > 0.0455, "no more careful than needed"


@pytest.mark.parametrize("groups", [2, 3, 10, 80, 1500])
def test_clusters_of_one_size_give_students_t_itself(groups: int) -> None:
    assert matched_freedom(((7, groups),), 0.3) == pytest.approx(groups - 1, rel=0.02)


def test_twenty_big_clusters_among_a_thousand_single_items_count_as_about_twenty() -> None:
    """By Satterthwaite's formula 20; the error and its estimate rise together, which makes it a little more."""
    assert 19 < matched_freedom(((1, 1000), (60, 20)), 0.5) < 40


def propensities(rng: np.random.Generator, rate: float, icc: float, shape: tuple[int, int]) -> np.ndarray:
    if icc == 0:
        return np.full(shape, rate)
    k = 1 / icc - 1
    return rng.beta(rate * k, (1 - rate) * k, shape)


def misses(sizes: list[int], rate: float, icc: float, control: float | None, runs: int = 1500) -> tuple[float, float]:
    """How often the interval lies below the truth, and above it, where every run has new templates: each draws its own propensity."""
    rng = np.random.default_rng(5)
    labels, n = labels_of(sizes), sum(sizes)
    arm = rng.random((runs, n)) < np.repeat(propensities(rng, rate, icc, (runs, len(sizes))), sizes, axis=1)
    values = arm.astype(float)
    if control is not None:
        values -= rng.random((runs, n)) < np.repeat(propensities(rng, control, icc, (runs, len(sizes))), sizes, axis=1)
    truth = rate - (control or 0.0)
    below = above = 0
    for row in values:
        if control is None:
            spread = spread_of(row, n, clusters=labels)
            score = rate_score(spread, truth)
        else:
            spread = spread_of(row, n, up=float((row > 0).mean()), down=float((row < 0).mean()), clusters=labels)
            score = difference_score(spread, truth)
        assert spread.df is not None
        critical = float(stats.t.ppf(0.975, spread.df))
        below += score < -critical
        above += score > critical
    return below / runs, above / runs


def test_a_few_templates_beside_single_items_cover_new_templates() -> None:
    """The linearised variance, with G/(G-1) and the degrees of freedom of kurtosis alone, misses in 17 % here."""
    below, above = misses(SIZES["two of 60 beside 60"], 0.5, 0.5, None, runs=600)
    assert below + above < 0.06


@pytest.mark.long
@pytest.mark.timeout(600)
def test_intervals_hold_for_new_templates_whatever_the_sizes_and_however_alike_their_items() -> None:
    found = {
        (name, icc, rate, control): misses(sizes, rate, icc, control, runs=800)
        for name, sizes in SIZES.items()
        for icc in (0.0, 0.1, 0.5)
        for rate, control in ((0.05, None), (0.3, None), (0.5, None), (0.3, 0.1))
    }
    assert np.mean([below + above for below, above in found.values()]) < 0.05
    worst = {case: sides for case, sides in found.items() if sum(sides) > 0.06}
    # Five templates whose propensities are near 0 or 1: too few for any t.
    assert all(icc == 0.5 and sum(sides) < 0.09 for (_, icc, _, _), sides in worst.items()), worst
    assert len(worst) <= 5, worst
