"""The bets of a sequential run, beside the same bets written as a loop, and as what makes them fair: no stake knows its own item."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sycoprobe.stats.sequential import Order, anytime_p, capital, confidence_sequence


def by_hand(values: list[float], limit: float, low: float, horizon: list[float]) -> list[float]:
    """The capital after each item: half of it each on two stakes, set by the variance of the items before, of which five are made up."""
    halves, after = [0.5, 0.5], []
    for i, value in enumerate(values):
        before = np.array(values[:i])
        spread = float(((before - before.mean()) ** 2).sum()) if i else 0.0
        variance = max((spread + 5 * 0.25) / (i + 5), 1e-6)
        for k, stake in enumerate((2.5, 6.0)):
            bet = min(stake / math.sqrt(variance * horizon[i]), 0.97 / (limit - low))
            halves[k] *= 1 + bet * (value - limit)
        after.append(sum(halves))
    return after


outcomes = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=25)


@given(outcomes, st.floats(-0.8, 0.8), st.floats(5, 500))
def test_the_capital_is_that_of_a_loop_over_the_items(values: list[float], limit: float, first: float) -> None:
    horizon = [first + 3 * i for i in range(len(values))]
    ours = np.exp(capital(np.array(values), limit, -1.0, np.array(horizon)))
    assert ours == pytest.approx(by_hand(values, limit, -1.0, horizon), rel=1e-9)


@given(outcomes, st.floats(-0.6, 0.6), st.floats(0.05, 0.4))
def test_a_bet_on_an_item_that_may_go_either_way_wins_nothing_on_average(
    values: list[float], limit: float, step: float
) -> None:
    """What Ville's bound rests on: it fails as soon as a stake knows of the item that it is put on."""
    known = np.array(values)
    up, down = (np.exp(capital(np.append(known, limit + s), limit, -1.0, 50))[-1] for s in (step, -step))
    assert (up + down) / 2 == pytest.approx(np.exp(capital(known, limit, -1.0, 50))[-1], rel=1e-9)


def test_no_bet_loses_all() -> None:
    for n in (1, 4, 40):
        assert np.exp(capital(np.full(n, -1.0), 0.3, -1.0, 2))[-1] > 0


def test_before_the_first_item_nothing_is_won_or_lost() -> None:
    assert capital(np.zeros((3, 0)), 0.1, -1.0, 10).shape == (3, 0)


def test_many_runs_at_once_are_each_as_alone() -> None:
    values = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], (4, 30))
    together = capital(values, 0.1, -1.0, 30)
    for row, one in zip(values, together, strict=True):
        assert capital(row, 0.1, -1.0, 30) == pytest.approx(one)


def test_p_is_one_over_the_largest_capital_so_far_and_never_above_one() -> None:
    values = np.array([0.0, 1.0, 1.0, 1.0, -1.0, -1.0])
    money = by_hand(values.tolist(), 0.1, -1.0, [20.0] * 6)
    expected = [1 / max(1.0, *money[: i + 1]) for i in range(6)]
    assert anytime_p(values, 0.1, -1.0, 20) == pytest.approx(expected)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_a_confidence_sequence_ends_where_a_bet_has_refuted_half_of_its_error(confidence: float) -> None:
    rng = np.random.default_rng(4)
    values = rng.binomial(1, 0.5, 150).astype(float) - rng.binomial(1, 0.2, 150)
    low, high = confidence_sequence(values, -1.0, 1.0, 150, confidence)
    level = (1 - confidence) / 2
    assert -1 < low < values.mean() < high < 1
    assert anytime_p(values, low - 1e-4, -1.0, 150)[-1] <= level < anytime_p(values, low + 1e-4, -1.0, 150)[-1]
    assert anytime_p(-values, -high - 1e-4, -1.0, 150)[-1] <= level < anytime_p(-values, -high + 1e-4, -1.0, 150)[-1]


def test_a_confidence_sequence_narrows_with_items_and_widens_with_confidence() -> None:
    rng = np.random.default_rng(5)
    values = rng.binomial(1, 0.4, 400).astype(float)

    def width(n: int, confidence: float = 0.95) -> float:
        low, high = confidence_sequence(values[:n], 0.0, 1.0, 400, confidence)
        return high - low

    assert width(400) < width(100) < width(20) <= 1
    assert width(400, 0.8) < width(400) < width(400, 0.99)
    assert width(400) < 3 * 2 * 1.96 * math.sqrt(0.24 / 400), "looking at will costs something, not everything"


def test_what_nothing_refutes_reaches_to_the_ends() -> None:
    assert confidence_sequence(np.array([0.0]), -1.0, 1.0, 100) == (-1.0, 1.0)
    low, high = confidence_sequence(np.zeros(300), 0.0, 1.0, 300)
    assert low == 0.0 and 0 < high < 0.05
    low, high = confidence_sequence(np.ones(300), 0.0, 1.0, 300)
    assert high == 1.0 and 0.95 < low < 1


def test_a_horizon_is_foreseen_from_the_items_before_and_from_no_later_one() -> None:
    order = Order([f"s/{i}" for i in range(20)], 120)
    assert order.horizon(np.array([0, 1, 2])) == pytest.approx([120 / 2, 120 * 2 / 3, 120 * 3 / 4])
    assert order.horizon(np.array([3, 4, 9])) == pytest.approx([120 / 5, 120 * 2 / 6, 120 * 3 / 11])
    assert order.horizon(np.array([3, 4, 19]))[:2] == pytest.approx(order.horizon(np.array([3, 4, 9]))[:2])
