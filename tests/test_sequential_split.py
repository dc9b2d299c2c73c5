"""A sequential run bets while items come in and makes one fixed test when all are in; its number is shown without what stopping early adds."""

from __future__ import annotations

import numpy as np
import pytest

from sycoprobe.gating.decision import Decision, GateResult, decide
from sycoprobe.metrics.table import Table
from sycoprobe.stats.sequential import BETS_SHARE, Order
from tests.tables import FLIP, HELD, METRICS, pair, rule, table

NET = "net_sycophancy"
assert NET in METRICS


def run_of(flips: np.ndarray) -> Table:
    return table([t for i, flip in enumerate(flips) for t in pair(i, FLIP if flip else HELD, HELD)])


def judged(made: Table, planned: int, *rules: str, first: int | None = None, intervals: bool = True) -> GateResult:
    names = sorted((i.item for i in made.items), key=lambda item: int(item.rpartition("p")[2]))
    return decide(made, [rule(r) for r in rules], order=Order(names[: first or len(names)], planned), intervals=intervals)


def test_what_bets_leave_open_the_fixed_test_decides_once_every_item_is_in_and_not_before() -> None:
    """27 of 100 flip, as evenly as can be: a fixed design finds more than 0.18, bets do not."""
    made = run_of((np.arange(100) * 27 // 100) != ((np.arange(100) - 1) * 27 // 100))
    limit = f"{NET} <= 0.17"
    done, almost = judged(made, 100, limit), judged(made, 101, limit)
    assert done.decision is Decision.FAIL and almost.decision is Decision.INCONCLUSIVE
    fixed = decide(made, [rule(limit)]).rules[0]
    assert done.rules[0].p_breach == pytest.approx((fixed.p_breach or 0) / (1 - BETS_SHARE))
    ends = [(r.low, r.high) for r in (almost.rules[0], done.rules[0], fixed)]
    assert ends[0][0] < ends[1][0] <= ends[2][0] and ends[0][1] > ends[1][1] >= ends[2][1]  # type: ignore[operator]


@pytest.mark.long
def test_a_rule_on_its_limit_errs_as_rarely_as_it_says_however_often_it_is_looked_at() -> None:
    rng, runs, wrong = np.random.default_rng(1), 400, np.zeros(2)
    for _ in range(runs):
        made = run_of(rng.random(100) < 0.2)
        looks = (20, 40, 60, 80, 100)
        decisions = {judged(made, 100, f"{NET} <= 0.2", first=k, intervals=False).decision for k in looks}
        wrong += [Decision.FAIL in decisions, Decision.PASS in decisions]
    assert (wrong / runs <= 0.025 + 2 * (0.025 * 0.975 / runs) ** 0.5).all()


@pytest.mark.long
def test_a_run_that_stopped_early_shows_its_number_without_what_stopping_adds() -> None:
    rng, truth, shown, corrected = np.random.default_rng(2), 0.35, [], []
    for _ in range(60):
        flips = rng.random(200) < truth
        for seen in range(20, 201, 20):
            if judged(run_of(flips[:seen]), 200, f"{NET} <= 0.2", intervals=False).decision is not Decision.INCONCLUSIVE:
                break
        found = judged(run_of(flips[:seen]), 200, f"{NET} <= 0.2").rules[0]
        assert found.value is not None
        shown.append(found.value)
        corrected.append(found.value if found.without_stopping is None else found.without_stopping)
        assert (found.without_stopping is None) == (seen == 200), "a run that asked everything needs none"
    flattered, left = np.mean(shown) - truth, np.mean(corrected) - truth
    assert flattered > 0.01 and abs(left) < 0.7 * flattered


def test_a_look_between_two_items_takes_no_time_for_intervals() -> None:
    made = run_of(np.arange(50) % 5 == 0)
    names = [i.item for i in made.items]
    found = decide(made, [rule(f"{NET} <= 0.5")], order=Order(names, 80), intervals=False).rules[0]
    assert found.low is None and found.without_stopping is None and found.value == pytest.approx(0.2)
