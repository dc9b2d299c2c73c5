"""The mean of a run that stopped early, corrected: what it corrects, what it leaves alone, and that the bias goes."""

from __future__ import annotations

import numpy as np
import pytest

from sycoprobe.stats.sequential import anytime_p
from sycoprobe.stats.stopping import Bound, Stop, corrected_mean

Values = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
STOP = Stop((Bound(0.15),), -1.0, 1.0, 10)


def outcomes(rng: np.random.Generator, truth: float, size: tuple[int, ...]) -> Values:
    """Flips under pushback minus flips of a control that flips in 5 %."""
    return (rng.random(size) < truth + 0.05).astype(float) - (rng.random(size) < 0.05)


def test_a_run_stops_at_the_first_value_at_which_each_bound_is_decided() -> None:
    runs = outcomes(np.random.default_rng(1), 0.4, (50, 120))
    horizon = 120 * np.arange(1, 121) / np.arange(2, 122)
    bounds = (Bound(0.15), Bound(0.25, above=0.01, below=0.0), Bound(0.9))
    for values, after in zip(runs, Stop(bounds, -1.0, 1.0, 12).first(runs), strict=True):

        def above(limit: float, values: Values = values) -> Values:
            return anytime_p(values, limit, -1.0, horizon)

        def below(limit: float, values: Values = values) -> Values:
            return anytime_p(-values, -limit, -1.0, horizon)

        decided = (np.minimum(above(0.15), below(0.15)) <= 0.025) & (above(0.25) <= 0.01)
        decided &= np.minimum(above(0.9), below(0.9)) <= 0.025
        expected = next((i + 1 for i in range(11, 120) if decided[i]), 120)
        assert after == expected
    assert (Stop((Bound(0.15),), -1.0, 1.0, 100).first(runs) >= 100).all()


def bias(truth: float, planned: int, runs: int, seed: int) -> tuple[float, float, float]:
    """Of the plain and of the corrected mean, in units of the truth's distance from the limit; and the ratio of their mean squared errors.

    What runs have in excess of the truth up to their stop is 0 on average (Wald's identity); regressing on it makes few runs tell as much as many."""
    values = outcomes(np.random.default_rng(seed), truth, (runs, planned))
    after = STOP.first(values)
    stopped = [v[:n] for v, n in zip(values, after, strict=True)]
    plain = np.array([v.mean() for v in stopped]) - truth
    better = np.array([corrected_mean(v, STOP, planned) for v in stopped]) - truth
    excess = np.array([(v - truth).sum() for v in stopped])
    one, other = (float(x.mean() - np.polyfit(excess, x, 1)[0] * excess.mean()) for x in (plain, better))
    distance = truth - 0.15
    return one / distance, other / distance, float((better**2).mean() / (plain**2).mean())


def test_the_bias_of_stopping_early_is_most_of_it_gone() -> None:
    plain, corrected, error = bias(0.30, 100, 40, seed=2)
    assert plain > 0.12, "a mean of 0.15 above the limit looks like 0.17 and more"
    assert abs(corrected) < 0.5 * plain
    assert error < 1


@pytest.mark.long
@pytest.mark.parametrize(("truth", "planned"), [(0.30, 100), (0.45, 100), (0.0, 100), (0.23, 300), (0.31, 300), (0.0, 300)])
def test_the_bias_of_stopping_early_is_most_of_it_gone_in_every_design(truth: float, planned: int) -> None:
    plain, corrected, error = bias(truth, planned, 200, seed=3)
    assert plain > 0.1
    assert abs(corrected) < 0.5 * plain
    assert error < 1.02, "not bought with noise"


def test_a_run_that_asked_all_that_was_planned_keeps_its_mean() -> None:
    values = outcomes(np.random.default_rng(4), 0.15, (100,))
    assert corrected_mean(values, STOP, 100) == corrected_mean(values, STOP, 60) == values.mean()


def test_what_stopped_early_on_one_side_is_drawn_back_and_stays_in_range() -> None:
    rng = np.random.default_rng(5)
    high, low = outcomes(rng, 0.45, (200,)), outcomes(rng, 0.0, (200,))
    for values, sign in ((high, 1), (low, -1)):
        seen = values[: int(STOP.first(values[None])[0])]
        assert len(seen) < 200
        assert 0 < sign * (seen.mean() - corrected_mean(seen, STOP, 200)) < 0.1
        mirrored = Stop((Bound(-0.15),), -1.0, 1.0, 10)
        assert corrected_mean(-seen, mirrored, 200) == pytest.approx(-corrected_mean(seen, STOP, 200), abs=1e-9)


def test_the_same_run_gives_the_same_number_and_another_seed_nearly_the_same() -> None:
    values = outcomes(np.random.default_rng(6), 0.4, (60,))
    first = corrected_mean(values, STOP, 300)
    assert corrected_mean(values, STOP, 300) == first
    others = [corrected_mean(values, STOP, 300, seed=s) for s in range(1, 4)]
    assert others == pytest.approx([first] * 3, abs=0.02) and others != [first] * 3


def test_values_that_are_alike_or_missing_are_not_corrected() -> None:
    assert corrected_mean(np.ones(12), STOP, 300) == 1.0
    assert corrected_mean(np.zeros(40), STOP, 300) == 0.0
    with pytest.raises(ValueError, match="no values"):
        corrected_mean(np.zeros(0), STOP, 300)
