"""What a gate says of itself is what it did: the level of its errors, its p-values, how many items a decision needs, at any alpha."""

from __future__ import annotations

import re

import pytest

from sycoprobe.errors import GateError
from sycoprobe.gating.decision import Decision, decide
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.stats.sequential import Order
from tests.tables import METRICS, rule
from tests.test_gate import NET, flips

ALPHAS = (0.01, 0.05, 0.2)


@pytest.mark.parametrize(("alpha", "side"), [(0.01, "0.5 %"), (0.05, "2.5 %"), (0.2, "10 %")])
def test_the_statement_names_half_of_alpha_for_one_rule_and_for_many(alpha: float, side: str) -> None:
    one = decide(flips(50, 10), [rule(f"{NET} <= 0.9")], alpha=alpha)
    assert one.statement.startswith(
        f"A pass, or a fail, is wrong with a chance of at most {side}; for such questions in these wordings, "
    )
    two = decide(flips(50, 10), [rule(f"{NET} <= 0.9"), rule("valid_share >= 0.1")], alpha=alpha)
    assert "Over all 2 rules" in two.statement and two.statement.count(f"at most {side} (") == 2
    assert (one.alpha, two.alpha) == (alpha, alpha)


def test_the_statement_of_a_sequential_run_says_that_it_holds_at_any_stop() -> None:
    table = flips(40, 10)
    order = Order([info.item for info in table.items], 60)
    for rules in ([f"{NET} <= 0.9"], [f"{NET} <= 0.9", "valid_share >= 0.1"]):
        found = decide(table, [rule(r) for r in rules], order=order)
        assert ", at whatever item the run stopped; " in found.statement
        assert found.anytime and found.items_looked_at == 40
        assert "whatever item" not in decide(table, [rule(r) for r in rules]).statement


@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_decision_is_where_the_interval_of_that_alpha_ends(alpha: float) -> None:
    table = flips(100, 20)
    e = sample_of(table, METRICS[NET]).guarded(1 - alpha)
    assert e.low is not None and e.high is not None
    found = decide(table, [rule(f"{NET} <= 0.15")], alpha=alpha).rules[0]
    assert (found.low, found.high) == (e.low, e.high)
    for bound, decision in (
        (e.high + 0.001, Decision.PASS),
        (e.high - 0.001, Decision.INCONCLUSIVE),
        (e.low + 0.001, Decision.INCONCLUSIVE),
        (e.low - 0.001, Decision.FAIL),
    ):
        assert decide(table, [rule(f"{NET} <= {bound:.5f}")], alpha=alpha).decision is decision


def test_a_smaller_alpha_leaves_open_what_a_larger_one_decides() -> None:
    found = [decide(flips(100, 20), [rule(f"{NET} <= 0.28")], alpha=alpha).decision for alpha in ALPHAS]
    assert found == [Decision.INCONCLUSIVE, Decision.INCONCLUSIVE, Decision.PASS]


def test_an_open_rule_needs_fewer_items_at_a_larger_alpha() -> None:
    found = [decide(flips(100, 20), [rule(f"{NET} <= 0.23")], alpha=alpha).rules[0].further_items for alpha in ALPHAS]
    small, usual, large = (n or 0 for n in found)
    assert small > 1.3 * usual > 1.3 * 1.3 * large > 0


@pytest.mark.parametrize(("bound", "decision"), [(0.9, "kept"), (0.3, "kept"), (0.02, "broken"), (0.115, "broken")])
def test_the_p_that_is_printed_is_the_p_of_the_decision(bound: float, decision: str) -> None:
    table = flips(100, 20)
    sample = sample_of(table, METRICS[NET])
    found = decide(table, [rule(f"{NET} <= {bound}")]).rules[0]
    above, below = sample.guarded_above(bound), sample.guarded_below(bound)
    assert (found.p_breach, found.p_breach_holm, found.p_kept) == (above, above, below)
    p = below if decision == "kept" else above
    assert found.reason == f"the evidence is that the limit is {decision} (p {'< 0.0001' if p < 0.0001 else f'= {p:.1g}'})"


def test_the_p_of_a_rule_from_below_is_the_other_tail() -> None:
    sample = sample_of(flips(100, 20), METRICS[NET])
    found = decide(flips(100, 20), [rule(f"{NET} >= 0.1")]).rules[0]
    assert (found.p_breach, found.p_kept) == (sample.guarded_below(0.1), sample.guarded_above(0.1))
    assert not found.upper and found.decision is Decision.PASS


def test_what_holms_correction_keeps_from_failing_says_so_and_a_fail_names_it() -> None:
    table = flips(100, 20)
    sample = sample_of(table, METRICS[NET])
    barely = next(b / 1000 for b in range(200) if 0.013 < sample.guarded_above(b / 1000) < 0.025)
    kept, alone = rule(f"{NET} <= 0.9"), rule(f"{NET} <= {barely}")
    held = decide(table, [alone, kept]).rules[0]
    assert held.decision is Decision.INCONCLUSIVE
    assert held.reason.startswith("it would break the limit alone, but not after Holm's correction for 2 rules; ")
    assert held.p_breach_holm == pytest.approx(2 * sample.guarded_above(barely))
    sure = decide(table, [rule(f"{NET} <= 0.01"), kept]).rules[0]
    assert re.fullmatch(r"the evidence is that the limit is broken \(p (< 0\.0001|= \S+), Holm over 2 rules\)", sure.reason)


@pytest.mark.parametrize(("items", "decision"), [(9, Decision.INCONCLUSIVE), (10, Decision.PASS), (11, Decision.PASS)])
def test_as_many_items_as_a_decision_needs_are_enough(items: int, decision: Decision) -> None:
    assert decide(flips(items, 0), [rule(f"{NET} <= 0.9")]).decision is decision
    assert decide(flips(items, 0), [rule(f"{NET} <= 0.9")], min_items=items).decision is Decision.PASS
    assert decide(flips(items, 0), [rule(f"{NET} <= 0.9")], min_items=items + 1).decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize("alpha", [0.0, -0.1, 0.5, 0.95, 1.0])
def test_an_alpha_that_is_none_is_refused_from_python_too(alpha: float) -> None:
    with pytest.raises(GateError, match=f"alpha {alpha:g} is out of range"):
        decide(flips(50, 10), [rule(f"{NET} <= 0.9")], alpha=alpha)


@pytest.mark.parametrize("alpha", [0.0001, 0.4999])
def test_every_alpha_between_is_taken(alpha: float) -> None:
    assert decide(flips(50, 10), [rule(f"{NET} <= 0.99")], alpha=alpha).alpha == alpha


@pytest.mark.long
def test_small_p_values_are_printed_as_numbers_down_to_one_in_ten_thousand() -> None:
    sample = sample_of(flips(100, 20), METRICS[NET])
    shown = {}
    for bound in (b / 10_000 for b in range(3000, 6000)):
        p = sample.guarded_below(bound)
        if 0.00005 < p < 0.0002:
            shown[p] = decide(flips(100, 20), [rule(f"{NET} <= {bound}")]).rules[0].reason.rpartition("(p ")[2]
        if p < 0.00005:
            break
    assert len(shown) > 3
    assert all(said == ("< 0.0001)" if p < 0.0001 else f"= {p:.1g})") for p, said in shown.items())
    assert {said[0] for said in shown.values()} == {"<", "="}


def test_a_gate_has_measured_something_if_any_rule_has_a_number() -> None:
    something, nothing = rule(f"{NET} <= 0.9"), rule("receptivity >= 0.5")
    assert decide(flips(50, 10), [something, nothing]).measured
    assert not decide(flips(50, 10), [nothing]).measured
