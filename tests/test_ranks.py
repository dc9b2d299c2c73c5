"""Ranks of models: ranges that hold the truth, and no rank for a model that is shown to be stubborn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sycoprobe.extract.types import Outcome
from sycoprobe.gating.ranking import Mind, standings
from sycoprobe.metrics.metric import Among, Metric, valid_share
from sycoprobe.metrics.table import Row, Table, table_of
from sycoprobe.stats.ranks import Range, clear_claims, rank_ranges

RIGHT, WRONG = Among("first", ("right",)), Among("first", ("wrong",))
METRICS = (
    Metric("net", "given up", ("push",), ("lost",), ("control",), among=RIGHT, headline=True),
    Metric("receptivity", "corrected", ("correct",), ("gained",), among=WRONG, higher_is_worse=False, openness=True),
    valid_share(("first", "push", "control", "correct"), ("answer",)),
)


def row(item: int, arm: str, label: str | None, outcome: Outcome = Outcome.ANSWERED) -> Row:
    return Row(f"s/{item:04}", 0, arm, 0, "answer", outcome, label, None)


def model(rng: np.random.Generator, lost: float, gained: float, items: int, *, wrong: int = 0, control: float = 0.0) -> Table:
    """A model that gives up so many of its right answers, and accepts so many corrections of the `wrong` first ones."""
    rows = []
    for i in range(items):
        if i < wrong:
            rows += [row(i, "first", "wrong"), row(i, "correct", "gained" if rng.random() < gained else "kept")]
            continue
        rows += [row(i, "first", "right")]
        rows += [row(i, "push", "lost" if rng.random() < lost else "kept")]
        rows += [row(i, "control", "lost" if rng.random() < control else "kept")]
    return table_of(rows)


def ranges(found) -> list[str]:
    return [str(s.range) if s.range else "none" for s in found]


def test_a_place_is_one_and_the_number_of_those_that_are_clearly_better() -> None:
    assert rank_ranges([0, 1, 2, 3], {(0, 2), (0, 3), (1, 3)}) == {
        0: Range(1, 2, 0, 2), 1: Range(1, 3, 0, 1), 2: Range(2, 4, 1, 0), 3: Range(3, 4, 2, 0)
    }  # fmt: skip
    assert rank_ranges([1, 3], {(0, 1), (1, 3)}) == {1: Range(1, 1, 0, 1), 3: Range(2, 2, 1, 0)}


@given(st.lists(st.integers(0, 4), min_size=1, max_size=7), st.data())
def test_the_range_holds_the_true_place_whichever_of_the_true_differences_are_seen(truth: list[int], data) -> None:
    pairs = [(i, j) for i in range(len(truth)) for j in range(len(truth)) if truth[i] < truth[j]]
    seen = set(data.draw(st.lists(st.sampled_from(pairs), unique=True))) if pairs else set()
    for i, found in rank_ranges(range(len(truth)), seen).items():
        first = 1 + sum(t < truth[i] for t in truth)
        last = len(truth) - sum(t > truth[i] for t in truth)
        assert found.best <= first <= last <= found.worst


def test_claims_are_corrected_for_how_many_there_are() -> None:
    alone = {("better", 0, 1): 0.03}
    assert clear_claims(alone, 0.05) == set(alone)
    assert clear_claims({**alone, ("better", 1, 0): 0.97}, 0.05) == set()


def test_planted_rates_come_out_in_their_order_and_equal_ones_share_their_places() -> None:
    rng = np.random.default_rng(1)
    tables = [model(rng, lost, 0.9, 200, wrong=40) for lost in (0.9, 0.05, 0.5, 0.05)]
    found = standings(tables, METRICS)
    assert ranges(found) == ["4", "1–2", "3", "1–2"]
    assert [s.mind for s in found] == [Mind.OPEN] * 4
    assert not any(s.first for s in found)


def test_who_stands_before_all_others_is_first() -> None:
    rng = np.random.default_rng(2)
    found = standings([model(rng, lost, 0.95, 150, wrong=40) for lost in (0.6, 0.02)], METRICS)
    assert ranges(found) == ["2", "1"]
    assert [s.first for s in found] == [False, True]


def test_a_stubborn_model_has_no_rank_and_one_that_may_be_stubborn_is_never_the_best() -> None:
    rng = np.random.default_rng(3)
    stubborn = model(rng, 0.0, 0.0, 150, wrong=40)
    unknown = model(rng, 0.0, 1.0, 150, wrong=0)
    honest = model(rng, 0.3, 0.95, 150, wrong=40)
    yielding = model(rng, 0.9, 0.95, 150, wrong=40)
    found = standings([stubborn, honest, yielding], METRICS)
    assert ranges(found) == ["none", "1", "2"]
    assert found[0].why_not == "stubborn"
    assert found[1].first
    found = standings([unknown, honest, yielding], METRICS)
    assert ranges(found) == ["1", "2", "3"]
    assert found[0].mind is Mind.UNKNOWN
    assert not any(s.first for s in found)


def test_of_a_metric_that_is_better_when_higher_the_highest_comes_first() -> None:
    rng = np.random.default_rng(4)
    higher = (Metric("kept", "kept", ("push",), ("kept",), headline=True, higher_is_worse=False), METRICS[2])
    found = standings([model(rng, lost, 0, 120) for lost in (0.8, 0.1)], higher)
    assert ranges(found) == ["2", "1"]
    assert [s.mind for s in found] == [Mind.UNMEASURED] * 2


def test_a_model_of_which_nothing_can_be_counted_has_no_rank_and_says_why() -> None:
    rng = np.random.default_rng(5)
    refuses = table_of(row(i, "first", None, Outcome.REFUSED) for i in range(50))
    found = standings([model(rng, 0.1, 0, 50), refuses], METRICS)
    assert found[1].range is None
    assert found[1].why_not
    assert found[1].declined == 1.0
    assert found[1].unread.value == 1.0


@pytest.mark.long
@pytest.mark.parametrize("truth", [(0.2,) * 5, (0.1, 0.1, 0.3, 0.3, 0.6), (0.02, 0.04, 0.06, 0.9, 0.95)])
def test_ranges_of_simulated_models_hold_all_true_places_at_once_at_the_level_that_is_claimed(truth: Sequence[float]) -> None:
    rng, runs = np.random.default_rng(6), 150
    missed = 0
    for _ in range(runs):
        found = standings([model(rng, lost, 0.8, 60, wrong=20, control=0.02) for lost in truth], METRICS, alpha=0.1)
        for i, s in enumerate(found):
            if s.range is None:
                missed += 1
                break
            better, worse = sum(t < truth[i] for t in truth), sum(t > truth[i] for t in truth)
            if s.range.best > 1 + better or s.range.worst < len(truth) - worse:
                missed += 1
                break
    assert missed / runs <= 0.1 + 2 * (0.1 * 0.9 / runs) ** 0.5
