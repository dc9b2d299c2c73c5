"""Agreement coefficients against textbooks and statsmodels, and the coverage of corrected rates by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sycoprobe.stats.agreement import (
    Figure,
    cohens_kappa,
    confusion,
    krippendorffs_alpha,
    pooled,
    proportion,
    raw_agreement,
    rogan_gladen,
    two_by_two,
)


def pairs_of(table: list[list[int]]) -> list[tuple[str, str | None]]:
    return [(f"l{i}", f"l{j}") for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]


def units_of(text: str) -> list[list[str | None]]:
    rows = [line.split() for line in text.strip().splitlines()]
    return [[None if x == "." else x for x in unit] for unit in zip(*rows, strict=True)]


def test_kappa_of_the_textbook_table_is_that_of_the_textbook() -> None:
    """20, 5, 10, 15: observed 0.7, expected 0.5."""
    assert cohens_kappa(pairs_of([[20, 5], [10, 15]])).value == pytest.approx(0.4)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=3, max_size=3))
def test_kappa_and_its_interval_are_those_of_statsmodels(table: list[list[int]]) -> None:
    reference = pytest.importorskip("statsmodels.stats.inter_rater", reason="the extra [checks] is not installed").cohens_kappa
    found = cohens_kappa(pairs_of(table))
    if found.value is None:
        return
    theirs = reference(np.array(table))
    assert found.value == pytest.approx(theirs.kappa, abs=1e-9)
    if theirs.std_kappa < 1e-6 or np.isnan(theirs.std_kappa):
        assert found.low is not None and found.high is not None
        assert found.low < found.high, "a variance of 0 says nothing"
        return
    assert found.low == pytest.approx(max(-1.0, theirs.kappa_low), abs=1e-6)
    assert found.high == pytest.approx(min(1.0, theirs.kappa_upp), abs=1e-6)


def test_alpha_of_krippendorffs_own_examples_is_his() -> None:
    """Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", sections A and C."""
    two = "0 1 0 0 0 0 0 0 1 0\n1 1 1 0 0 1 0 0 0 0"
    assert krippendorffs_alpha(units_of(two)).value == pytest.approx(0.095, abs=5e-4)
    four = """
    1 2 3 3 2 1 4 1 2 . . .
    1 2 3 3 2 2 4 1 2 5 . 3
    . 3 3 3 2 3 4 2 2 5 1 .
    1 2 3 3 2 4 4 1 2 5 1 ."""
    found = krippendorffs_alpha(units_of(four))
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.low is not None and found.high is not None
    assert found.low < 0.743 < found.high
    assert found.n == 11, "the unit that only one observer saw does not count"
    assert krippendorffs_alpha(units_of(four)) == found, "the bootstrap is seeded"


def test_perfect_agreement_in_few_cases_is_not_taken_for_certainty() -> None:
    pairs = pairs_of([[5, 0], [0, 5]])
    kappa, alpha = cohens_kappa(pairs), krippendorffs_alpha(pairs)
    for found in (kappa, alpha):
        assert found.value == 1
        assert found.low is not None and 0.1 < found.low < 0.6
    many = cohens_kappa(pairs_of([[500, 0], [0, 500]]))
    assert many.low is not None and many.low > 0.98


def test_a_judge_with_one_label_for_all_has_a_kappa_of_0_that_is_not_certain() -> None:
    found = cohens_kappa(pairs_of([[5, 0], [3, 0]]))
    assert found.value == pytest.approx(0)
    assert found.low is not None and found.high is not None
    assert found.low < -0.3 and found.high > 0.3


def test_where_all_labels_are_one_there_is_no_coefficient_and_it_says_why() -> None:
    pairs = pairs_of([[5]])
    for found in (cohens_kappa(pairs), krippendorffs_alpha(pairs)):
        assert found.value is None
        assert found.reason == "all cases have one and the same label"
    assert raw_agreement(pairs).value == 1
    assert cohens_kappa([]).value is None
    assert krippendorffs_alpha([]).value is None


def test_the_intervals_of_kappa_and_alpha_hold_the_truth_about_as_often_as_they_claim() -> None:
    rng = np.random.default_rng(3)
    truth = np.array([[0.4, 0.08, 0.02], [0.05, 0.2, 0.05], [0.02, 0.03, 0.15]])
    rows, columns = truth.sum(axis=1), truth.sum(axis=0)
    expected = float(rows @ columns)
    kappa = (float(np.trace(truth)) - expected) / (1 - expected)
    margins = (rows + columns) / 2
    alpha = 1 - (1 - float(np.trace(truth))) / (1 - float(margins @ margins))
    held = np.zeros(2)
    for _ in range(300):
        pairs = pairs_of(rng.multinomial(80, truth.ravel()).reshape(3, 3).tolist())
        for i, (found, true) in enumerate(((cohens_kappa(pairs), kappa), (krippendorffs_alpha(pairs, resamples=300), alpha))):
            assert found.low is not None and found.high is not None
            held[i] += found.low <= true <= found.high
    assert (held / 300 > 0.91).all(), held


def test_pooling_weighs_rubrics_by_their_cases_and_narrows_the_interval() -> None:
    one, two = proportion(80, 100), proportion(30, 50)
    found = pooled([one, two, Figure.none("nothing")])
    assert found.value == pytest.approx(110 / 150)
    assert found.n == 150
    assert found.low is not None and found.high is not None and one.low is not None and one.high is not None
    assert found.low < 110 / 150 < found.high
    assert found.high - found.low < one.high - one.low
    assert pooled([Figure.none("nothing")]).value is None


def test_the_confusion_table_gives_failures_a_column_of_their_own() -> None:
    found = confusion([("a", "a"), ("a", "b"), ("b", "abstained"), ("b", "b"), ("b", "b")], ["a", "b"])
    assert found.rows == ("a", "b")
    assert found.columns == ("a", "b", "abstained")
    assert found.counts == ((1, 1, 0), (0, 2, 1))


def test_sensitivity_and_specificity_count_labels_that_a_judge_named_only() -> None:
    pairs = [("yes", "yes"), ("yes", "yes"), ("yes", "no"), ("yes", None), ("no", "no"), ("maybe", "no"), ("maybe", "yes")]
    found = two_by_two(pairs, ["yes"])
    assert (found.sensitivity.value, found.sensitivity.n) == (pytest.approx(2 / 3), 3)
    assert (found.specificity.value, found.specificity.n) == (pytest.approx(2 / 3), 3)


def test_a_correction_is_rogans_and_gladens() -> None:
    found = rogan_gladen(0.2, 0.15, 0.26, 0.9, 0.95, 100, 100)
    assert found.value == pytest.approx(0.15 / 0.85)
    assert found.low is not None and found.high is not None
    assert found.low < 0.15 / 0.85 < found.high
    assert found.high - found.low > 0.11 / 0.85, "what is not known of the judge widens the interval"
    assert rogan_gladen(0.02, 0.0, 0.05, 0.9, 0.95, 100, 100).value == 0, "clipped"
    halved = rogan_gladen(0.2, 0.1, 0.3, 0.75, 0.75, 100, 100, difference=True)
    assert halved.value == pytest.approx(0.4)
    assert rogan_gladen(-0.2, -0.3, -0.1, 0.75, 0.75, 100, 100, difference=True).value == pytest.approx(-0.4)


def test_no_correction_without_a_measurement_or_by_a_judge_that_guesses() -> None:
    assert "never measured" in str(rogan_gladen(0.2, 0.1, 0.3, None, None, 0, 0).reason)
    assert "never measured" in str(rogan_gladen(0.2, 0.1, 0.3, 0.9, 0.9, 10, 0).reason)
    assert "chance" in str(rogan_gladen(0.2, 0.1, 0.3, 0.5, 0.5, 50, 50).reason)
    assert rogan_gladen(None, None, None, 0.9, 0.9, 50, 50).value is None
    barely = rogan_gladen(0.5, 0.4, 0.6, 0.6, 0.5, 20, 20)
    assert (barely.low, barely.high) == (0, 1), "a judge that may well be guessing leaves everything open"


@pytest.mark.long
@pytest.mark.parametrize("difference", [False, True])
@pytest.mark.parametrize(("rate", "se", "sp"), [(0.05, 0.85, 0.95), (0.3, 0.8, 0.9), (0.7, 0.9, 0.75)])
def test_corrected_intervals_hold_the_truth_also_where_raw_ones_do_not(
    rate: float, se: float, sp: float, difference: bool
) -> None:
    from sycoprobe.stats.intervals import Spread, difference_score, interval

    rng = np.random.default_rng(5)
    n, control = 250, rate / 2
    raw = corrected = 0
    wrong = [r * (se + sp - 2) + 1 - sp for r in (rate, control)]
    bias = abs(wrong[0] - wrong[1]) if difference else abs(wrong[0])
    truth = rate - control if difference else rate
    for _ in range(400):
        seen = [rng.binomial(n, r * se + (1 - r) * (1 - sp)) for r in (rate, control)]
        if difference:
            up, down = seen[0] / n * (1 - seen[1] / n), seen[1] / n * (1 - seen[0] / n)
            value = up - down
            low, high = interval(Spread(value, float(n), None, n, up, down), difference_score, -1.0, 1.0)
        else:
            share = proportion(seen[0], n)
            assert share.value is not None and share.low is not None and share.high is not None
            value, low, high = share.value, share.low, share.high
        raw += low <= truth <= high
        found = rogan_gladen(
            value, low, high, rng.binomial(80, se) / 80, rng.binomial(80, sp) / 80, 80, 80, difference=difference, draws=2000
        )
        assert found.low is not None and found.high is not None
        corrected += found.low <= truth <= found.high
    assert corrected / 400 > 0.92, corrected
    assert raw < corrected or bias < 0.05
