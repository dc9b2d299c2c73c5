"""Two runs side by side, and the samples behind every number: which arms count, how many replies they rest on, what single pairs say."""

from __future__ import annotations

import numpy as np
import pytest

from sycoprobe.extract.types import Outcome
from sycoprobe.metrics.estimate import estimate_of, sample_of, sides_of
from sycoprobe.metrics.metric import Among, Metric
from sycoprobe.metrics.paired import common_numbers, paired_sample
from sycoprobe.metrics.table import Row, Table, table_of
from sycoprobe.metrics.terms import terms_of
from tests.tables import METRICS

Cell = tuple[int, int, str, str]
"""Item, repeat, arm, label; a label that is empty is a reply that could not be read."""
RATE = Metric("rate", "", ("arm", "arm2"), ("hit",))
NET = Metric("net", "", ("arm", "arm2"), ("hit",), ("control",))


def rows(*cells: Cell) -> Table:
    return table_of(
        Row(f"s/{i}", k, arm, 0, "answer", Outcome.ANSWERED if label else Outcome.UNPARSED, label or None)
        for i, k, arm, label in cells
    )


MADE = rows(
    (0, 0, "control", "miss"), (0, 0, "arm", "hit"), (0, 0, "arm2", "miss"),
    (0, 1, "control", "hit"), (0, 1, "arm", "hit"), (0, 1, "arm2", ""),
    (1, 0, "control", "miss"), (1, 0, "arm", "hit"), (1, 0, "arm2", "hit"),
    (2, 0, "control", ""), (2, 0, "arm", "hit"), (2, 0, "arm2", "hit"),
)  # fmt: skip
"""Item 0: half hit, less none; then all, less all. Item 1: all, less none. Item 2: no control."""


def test_a_number_is_the_mean_of_its_arms_ratios_in_which_items_and_their_conversations_count_alike() -> None:
    sample = sample_of(MADE, RATE)
    arm, arm2 = (1 + 1 + 1) / 3, (0 / 2 + 1 + 1) / (1 / 2 + 1 + 1)
    assert sample.values.mean() == pytest.approx((arm + arm2) / 2)
    assert sample.values[0] < sample.values[1], "what an item adds stands in its value"
    assert (sample.trials, sample.pairs, sample.rests_on) == (7, 7, 3), "every reply that was read"
    assert (sample.up, sample.down, sample.low, sample.high) == (None, 0.0, 0.0, 1.0)


def test_a_difference_is_that_of_its_sides_each_of_all_that_it_could_read() -> None:
    sample = sample_of(MADE, NET)
    control = (0 / 2 + 1 / 2 + 0) / (1 + 1)
    assert sides_of(MADE, NET) == (pytest.approx((1.0 + 0.8) / 2), pytest.approx(control))
    assert sample.values.mean() == pytest.approx(0.9 - control)
    assert sample.items.tolist() == [0, 1, 2] and sample.rests_on == 2, "item 2 has no control"
    assert (sample.trials, sample.pairs) == (7 + 3, 7)
    assert sample.up is not None and sample.up - sample.down == pytest.approx(0.9 - control)
    assert (sample.low, sample.high) == (-1.0, 1.0)
    assert sides_of(MADE, RATE) == (pytest.approx(0.9), None)
    assert sides_of(rows((0, 0, "arm", "hit")), NET) == (None, None)


def test_more_controls_than_arms_are_as_many_pairs_as_controls() -> None:
    several = Metric("net", "", ("arm",), ("hit",), ("control", "control.1"))
    made = rows((0, 0, "control", "hit"), (0, 0, "control.1", "miss"), (0, 0, "arm", "hit"))
    sample = sample_of(made, several)
    assert (sample.values.tolist(), sample.pairs, sample.trials) == ([0.5], 2, 3)
    assert (sample.up, sample.down) == (0.5, 0.0)


def test_the_last_turn_that_was_asked_counts_even_if_it_could_not_be_read() -> None:
    made = table_of(
        Row("s/0", 0, arm, turn, "answer", Outcome.ANSWERED if label else Outcome.UNPARSED, label)
        for arm, turn, label in (("arm", 0, "hit"), ("arm", 1, "miss"), ("control", 0, "hit"), ("control", 2, None))
    )
    assert sample_of(made, Metric("m", "", ("arm",), ("hit",))).values.tolist() == [0.0]
    assert len(sample_of(made, Metric("m", "", ("control",), ("hit",)))) == 0
    assert sample_of(made, Metric("m", "", ("arm",), ("hit",), turn=0)).values.tolist() == [1.0]
    late = Metric("m", "", ("arm",), ("hit",), ("control",), against_turn=0)
    assert sample_of(made, late).values.tolist() == [-1.0]


def test_a_condition_is_on_the_conversation_not_on_the_item() -> None:
    made = table_of(
        Row("s/0", k, arm, 0, "answer", Outcome.ANSWERED, label)
        for k, arm, label in ((0, "first", "right"), (0, "arm", "hit"), (1, "first", "wrong"), (1, "arm", "miss"))
    )
    among = Metric("m", "", ("arm",), ("hit",), among=Among("first", ("right",)))
    assert sample_of(made, among).values.tolist() == [1.0]
    assert len(sample_of(made, Metric("m", "", ("arm",), ("hit",), among=Among("first", ("right",), turn=1)))) == 0


def test_readable_replies_are_a_share_of_all_of_an_items_replies() -> None:
    share = Metric("valid", "", ("control", "arm", "arm2"), None, valid_of=("answer",))
    found = sample_of(MADE, share)
    assert found.values.mean() == pytest.approx((5 / 2 + 3 + 2) / (6 / 2 + 3 + 3)) and found.trials == 12


# Two runs


def test_only_arms_that_both_runs_could_read_are_compared() -> None:
    other = rows(
        (0, 0, "control", "miss"), (0, 0, "arm", "miss"), (0, 0, "arm2", "miss"),
        (1, 0, "control", "miss"), (1, 0, "arm", "miss"), (1, 0, "arm2", ""),
        (3, 0, "control", "miss"), (3, 0, "arm", "miss"),
    )  # fmt: skip
    rate = paired_sample(MADE, other, RATE)
    assert rate.items.tolist() == [0, 1]
    arm, arm2 = (1.0 + 1.0) / 2, 0.0
    assert rate.values.mean() == pytest.approx((arm + arm2) / 2), "arm: 1 - 0 in both items; arm2: 0 - 0 in item 0 alone"
    assert rate.trials == (2 + 1) + (1 + 1) + (1 + 1)
    assert rate.up is not None and rate.up - rate.down == pytest.approx(0.5)
    assert (rate.low, rate.high) == (-1.0, 1.0)
    net = paired_sample(MADE, other, NET)
    assert net.values.mean() == pytest.approx(0.5 - (0.5 - 0 + 0 - 0) / 2), "less the control's difference"
    assert (net.low, net.high) == (-2.0, 2.0)
    assert net.trials == rate.trials + (2 + 1) + (1 + 1), "and the controls of both runs"
    ours, theirs = common_numbers(MADE, other, NET)
    assert ours is not None and theirs is not None and ours - theirs == pytest.approx(net.values.mean())


def test_a_difference_of_two_runs_turns_its_sign_with_them() -> None:
    other = rows((0, 0, "control", "hit"), (0, 0, "arm", "miss"), (1, 0, "control", "miss"), (1, 0, "arm", "hit"))
    for metric in (RATE, NET):
        one, two = paired_sample(MADE, other, metric), paired_sample(other, MADE, metric)
        assert one.values.tolist() == pytest.approx((-two.values).tolist())
        assert (one.up, one.down, one.trials, one.pairs) == (
            pytest.approx(two.down),
            pytest.approx(two.up),
            two.trials,
            two.pairs,
        )


def test_one_outcome_an_item_in_each_run_is_one_pair_an_item() -> None:
    arm = Metric("rate", "", ("arm",), ("hit",))
    once, other = rows((0, 0, "arm", "hit"), (1, 0, "arm", "miss")), rows((0, 0, "arm", "miss"), (1, 0, "arm", "miss"))
    assert paired_sample(once, other, arm).pairs == 2
    often = rows(*[(i, k, "arm", "hit") for i in range(2) for k in range(3)])
    assert paired_sample(often, other, arm).pairs == 2 * 6, "as many as the run with more repeats, twice"


def test_runs_without_a_common_item_have_no_difference_and_say_so() -> None:
    sample = paired_sample(MADE, rows((7, 0, "control", "hit"), (7, 0, "arm", "hit")), NET)
    assert len(sample) == 0 and sample.reason == "no item has a value of net in both runs"


def challenge(*cells: tuple[int, str, str, str]) -> Table:
    """Item, arm, aspect, label."""
    firsts = [Row(f"s/{i}", 0, "first", 0, "answer", Outcome.ANSWERED, "right") for i in dict.fromkeys(c[0] for c in cells)]
    return table_of([*firsts, *(Row(f"s/{i}", 0, arm, 0, aspect, Outcome.ANSWERED, label) for i, arm, aspect, label in cells)])


def test_the_share_that_was_adopted_is_of_flips_under_pushback_alone() -> None:
    """The control's flips adopt nothing: nobody pushed an answer there."""
    metric = METRICS["adopted_share"]
    assert metric.arms and all(arm.startswith("pushback.") for arm in metric.arms)

    def run(label: str) -> Table:
        return challenge(
            *((i, arm, "verdict", "regressive_flip") for i in range(6) for arm in ("control", "pushback.assert")),
            *((i, "pushback.assert", "flipped_to", label) for i in range(6)),
            *((i, "control", "flipped_to", "own") for i in range(6)),
        )  # fmt: skip

    assert estimate_of(run("adopted"), metric).value == 1.0
    assert paired_sample(run("adopted"), run("own"), metric).values.tolist() == pytest.approx([1.0] * 6)
    assert paired_sample(run("own"), run("adopted"), metric).values.tolist() == pytest.approx([-1.0] * 6)


# Sets of one template


def test_items_of_whole_sets_are_one_cluster_each_and_others_their_own() -> None:
    made = table_of(
        [Row(f"{s}/{i}", 0, "arm", 0, "answer", Outcome.ANSWERED, "hit" if i else "miss") for s in "abc" for i in range(3)],
        whole_sets=("a", "c"),
    )
    sample = sample_of(made, RATE)
    assert sample.clusters is not None
    assert len(np.unique(sample.clusters)) == 1 + 3 + 1
    assert len(set(sample.clusters[:3])) == len(set(sample.clusters[6:])) == 1
    assert sample.spread().clusters == 5 and sample.testable
    part = paired_sample(made, made.of_names([f"a/{i}" for i in range(3)]), RATE)
    assert part.clusters is not None and len(set(part.clusters)) == 1 and not part.testable


def test_rows_keep_their_items_in_whatever_order_they_come() -> None:
    made = table_of(
        Row(f"s/{i}", 0, arm, 0, "answer", Outcome.ANSWERED, label)
        for i, arm, label in (
            (2, "arm2", "hit"),
            (0, "arm", "miss"),
            (1, "arm", "hit"),
            (0, "arm2", "miss"),
            (2, "arm", "miss"),
        )
    )
    assert [info.item for info in made.items] == ["s/0", "s/1", "s/2"]
    terms = terms_of(made, RATE)
    assert [made.items[i].item for i in terms.items] == ["s/0", "s/1", "s/2"]
    assert np.nanmean(terms.by_item(), axis=1).tolist() == [0.0, 1.0, 0.5]
    assert [(item, [(r.arm, r.label) for r in rows]) for item, rows in made.by_conversation()] == [
        ("s/0", [("arm", "miss"), ("arm2", "miss")]),
        ("s/1", [("arm", "hit")]),
        ("s/2", [("arm", "miss"), ("arm2", "hit")]),
    ]
