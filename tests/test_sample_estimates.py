"""From one number an item to an estimate and its tests: which formula applies, in which units, and what each says of no difference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sycoprobe.stats.bounded import bounded_limits
from sycoprobe.stats.intervals import difference_score, interval, mcnemar, p_above, p_below, rate_score, spread_of
from sycoprobe.stats.sample import Sample


def sample(values: list[float], pairs: int, **changes: object) -> Sample:
    """A difference in [-1, 1], as large on either side as its values say."""
    array = np.array(values)
    made = Sample(
        items=np.arange(len(values)),
        values=array,
        trials=2 * pairs,
        pairs=pairs,
        up=float(np.maximum(array, 0).sum()) / max(1, len(values)),
        down=float(np.maximum(-array, 0).sum()) / max(1, len(values)),
        low=-1.0,
        high=1.0,
        clusters=None,
        reason="nothing there",
        method="paired",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


DIFFERENCES = [1.0, 0.5, 0.0, -0.5, 1.0, 0.25, 0.0, 0.5]
RATE = {"up": None, "down": 0.0, "low": 0.0, "method": ""}


def test_a_difference_gets_tangos_interval_at_its_effective_size_and_a_rate_wilsons() -> None:
    one = sample(DIFFERENCES, 32)
    found = one.estimate(0.9)
    assert (found.low, found.high) == pytest.approx(interval(one.spread(), difference_score, -1.0, 1.0, 0.9))
    assert found.method == "paired, Tango score at the effective sample size, clustered by item"
    assert (found.value, found.items, found.trials, found.confidence) == (np.mean(DIFFERENCES), 8, 64, 0.9)
    rate = sample([0.5, 1.0, 0.0, 0.25], 16, **RATE)
    found = rate.estimate()
    assert (found.low, found.high) == pytest.approx(interval(rate.spread(), rate_score, 0.0, 1.0))
    assert found.method == "Wilson at the effective sample size, clustered by item"
    assert sample([1.0, 0.0, 1.0], 3, **RATE).estimate().method == "Wilson"


def test_tests_are_the_ones_that_the_interval_turns_round() -> None:
    for one, score in ((sample(DIFFERENCES, 32), difference_score), (sample([0.5, 1.0, 0.0, 0.25], 16, **RATE), rate_score)):
        assert one.p_above(0.1) == p_above(one.spread(), score, 0.1)
        assert one.p_below(0.1) == p_below(one.spread(), score, 0.1)


def test_a_difference_of_differences_is_measured_in_halves_where_it_goes_beyond_one() -> None:
    """Score intervals know [-1, 1]: two units become one, and one becomes two again."""
    wide = sample([2.0, 0.5, -1.5, 1.0, 0.0], 20, low=-2.0, high=2.0, up=0.8, down=0.4)
    narrow = sample([1.0, 0.25, -0.75, 0.5, 0.0], 20, up=0.4, down=0.2)
    assert (wide.scale, narrow.scale) == (2.0, 1.0)
    a, b = wide.estimate(), narrow.estimate()
    assert a.low is not None and a.high is not None and b.low is not None and b.high is not None
    assert (a.low, a.high) == pytest.approx((2 * b.low, 2 * b.high))
    assert wide.p_above(0.4) == pytest.approx(narrow.p_above(0.2))
    assert wide.p_below(0.4) == pytest.approx(narrow.p_below(0.2))
    within = sample([1.0, 0.5, -1.0], 12, low=-2.0, high=2.0)
    assert within.scale == 1.0, "where none does, units are left alone"
    assert sample([], 0, low=-2.0, high=2.0).scale == 1.0


def test_one_outcome_an_item_is_tested_exactly_and_more_by_the_score() -> None:
    once = sample([1.0, 1.0, 1.0, -1.0, 0.0, 0.0], 6)
    assert once.p_zero() == mcnemar(3, 1)
    often = sample(DIFFERENCES, 32)
    assert often.p_zero() == pytest.approx(2 * min(often.p_above(0.0), often.p_below(0.0)))
    assert sample([-x for x in DIFFERENCES], 32).p_zero() == pytest.approx(often.p_zero())
    assert sample([0.5, -0.5, 0.5, -0.5], 16).p_zero() == 1.0
    two_runs = replace(once, high=2.0, low=-2.0)
    assert two_runs.p_zero() == pytest.approx(2 * min(two_runs.p_above(0.0), two_runs.p_below(0.0)))
    assert replace(once, graded=True).p_zero() == pytest.approx(stats.ttest_1samp(once.values, 0.0).pvalue)


def test_ratings_get_the_wider_of_students_interval_and_gaffkes_bound_cut_off_at_what_is_possible() -> None:
    values = [0.9, 1.0, 0.95, 0.2]
    found = sample(values, 4, graded=True, low=0.0, up=None).estimate()
    half = stats.t(3).ppf(0.975) * np.std(values, ddof=1) / 2
    assert found.low == pytest.approx(max(0.0, np.mean(values) - half))
    assert found.high == 1.0 < np.mean(values) + half
    alike = sample([*values, *[0.9] * 6], 10, graded=True, low=0.0, up=None)
    assert alike.lumpy and alike.estimate().low == pytest.approx(bounded_limits(alike.values, 0.0, 1.0)[0])
    alone = sample([0.7], 1, graded=True, low=0.0, up=None)
    assert not alone.by_student and alone.estimate().low is not None, "one rating has no spread: bounds of single outcomes"


def test_sets_of_one_template_alone_are_not_estimated_and_not_tested() -> None:
    one = sample(DIFFERENCES, 32, clusters=np.zeros(8, dtype=np.int64))
    found = one.estimate()
    assert (found.value, found.low, found.items) == (None, None, 8)
    assert found.reason == "all items share one template: one cluster has no spread"
    assert not one.testable
    two = sample(DIFFERENCES, 32, clusters=np.array([0, 0, 0, 0, 1, 1, 1, 1]))
    assert two.testable and two.estimate().value is not None
    assert two.estimate().method.endswith("clustered by template")
    assert two.spread() == spread_of(two.values, 32, up=two.up, down=two.down, clusters=two.clusters)
    assert sample(DIFFERENCES, 32).testable


def test_nothing_has_no_number_and_its_reason() -> None:
    found = sample([], 0).estimate(0.9)
    assert (found.value, found.low, found.high, found.items, found.trials) == (None, None, None, 0, 0)
    assert (found.method, found.reason, found.confidence) == ("none", "nothing there", 0.9)
