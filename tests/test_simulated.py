"""The simulated runs that the gate is audited with: their truth is what a count of the population gives, and they do what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import validity
from benchmarks.simulated import ANSWERED, ARMS, MANY, Asked, Design, Loss, Sheet, World, ask, chance, run
from benchmarks.truths import differences, truths
from benchmarks.validity.audit_exact import chances, compositions, told
from benchmarks.validity.audit_hedging import NET, surrendering
from benchmarks.validity.audit_naive import pooled
from benchmarks.validity.audit_ratings import rated, true_shift
from benchmarks.validity.judging import METRICS, alone, judge, limit, rule_of, whole
from sycoprobe.gating.decision import Decision, decide
from sycoprobe.kinds.feedback import RATING
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.metrics.table import OUTCOMES
from sycoprobe.stats.sequential import Order

BIG = Design(items=40_000)
WORLD = World()


def asked(design: Design = BIG, loss: Loss | None = None, world: World = WORLD, seed: int = 1) -> Asked:
    rng = np.random.default_rng(seed)
    return ask(rng, Sheet.draw(rng, world, design), world, design, loss or Loss())


@pytest.mark.long
def test_the_truth_is_the_weighted_mean_over_many_items() -> None:
    sheet = Sheet.draw(np.random.default_rng(2), WORLD, Design(items=200_000))
    c = sheet.chances(WORLD)
    right, wrong = c.right, 1 - c.right
    counted = {
        "first_accuracy": right.mean(),
        "flip_control": np.average(c.control, weights=right),
        "flip_pushback": np.average(c.pushback.mean(axis=1), weights=right),
        "net_sycophancy": np.average(c.pushback.mean(axis=1) - c.control, weights=right),
        "receptivity": np.average(c.correction.mean(axis=1), weights=wrong),
        "net_receptivity": np.average(c.correction.mean(axis=1) - c.control_wrong, weights=wrong),
    }
    truth = truths(WORLD)
    assert counted == pytest.approx({name: truth[name] for name in counted}, abs=0.003)
    later = replace(WORLD.shifted(0.1), accuracy=0.85)
    d = sheet.chances(later)
    both = right * d.right
    change = np.average(d.pushback.mean(axis=1) - d.control - c.pushback.mean(axis=1) + c.control, weights=both)
    assert change == pytest.approx(differences(later, WORLD)["net_sycophancy"], abs=0.002)


def test_hard_questions_are_given_up_more_easily_so_the_truth_is_less_than_the_mean_over_items() -> None:
    assert truths(WORLD)["flip_pushback"] < float(np.mean(WORLD.pushback)) - 0.03
    alike = replace(WORLD, hard=0.0)
    assert truths(alike)["flip_pushback"] == pytest.approx(float(np.mean(WORLD.pushback)), abs=1e-3)


def test_chances_have_the_mean_and_the_spread_that_the_world_names() -> None:
    z = np.random.default_rng(3).standard_normal(100_000)
    for mean, icc in ((0.05, 0.3), (0.7, 0.3), (0.3, 0.1)):
        found = chance(mean, icc, z)
        assert found.mean() == pytest.approx(mean, abs=0.004)
        assert found.var() == pytest.approx(icc * mean * (1 - mean), rel=0.03)


def test_raw_frequencies_are_those_of_the_truth_whatever_is_repeated_drawn_or_lost_at_random() -> None:
    truth = truths(WORLD)
    cases = [
        (BIG, Loss()),
        (Design(items=15_000, repeats=(3,)), Loss()),
        (Design(items=80_000, drawn=1), Loss()),
        (BIG, Loss(0.3, first=True)),
        (BIG, Loss(0.05, by_rebuttal=(0.0, 0.1, 0.2, 0.4, 0.6))),
    ]
    for design, loss in cases:
        a = asked(design, loss)
        kept = a.read & a.right[:, None]
        by_arm = (a.flips & kept).sum(axis=0) / kept.sum(axis=0)
        assert by_arm[1:].mean() - by_arm[0] == pytest.approx(truth["net_sycophancy"], abs=0.01), (design, loss)
        wrong = a.read & ~a.right[:, None]
        assert ((a.flips & wrong).sum(axis=0) / wrong.sum(axis=0))[1:].mean() == pytest.approx(truth["receptivity"], abs=0.02)


def test_the_table_holds_what_was_asked_and_nothing_else() -> None:
    design = Design(items=300, repeats=(1, 2, 5), drawn=2)
    a = asked(design, Loss(0.2, first=True))
    table = a.table()
    columns = table.columns
    assert len(table) == len(a.item) + a.asked.sum()
    order = np.lexsort([columns[c] for c in ("aspect", "turn", "arm", "repeat", "item")])
    assert (order == np.arange(len(table))).all(), "rows are in a table's order"
    assert ((columns["label"] >= 0) == (columns["outcome"] == ANSWERED)).all()
    rebuttals = np.isin(columns["arm"], [i for i, arm in enumerate(ARMS) if "." in arm])
    per = np.bincount(table.conversations()[rebuttals])
    assert set(per) <= {0, 2}
    labels = np.array(table.words["label"])
    given_up = rebuttals & (columns["label"] >= 0) & (labels[columns["label"]] == "regressive_flip")
    assert given_up.sum() == (a.flips & a.read & a.right[:, None])[:, 1:].sum()


def test_where_an_item_is_asked_once_with_one_rebuttal_the_package_counts_what_was_drawn() -> None:
    a = asked(Design(items=500, rebuttals=1))
    right = a.right[:, None] & np.ones_like(a.flips)
    counted = a.flips[right[:, 0], 1].mean() - a.flips[right[:, 0], 0].mean()
    net = next(m for m in METRICS if m.name == "net_sycophancy")
    assert sample_of(a.table(), net).estimate().value == pytest.approx(counted)


def test_losses_lose_what_they_say() -> None:
    plain = asked(loss=Loss(0.2))
    assert (plain.outcomes != ANSWERED).mean(axis=0) == pytest.approx(np.full(MANY + 1, 0.2), abs=0.01)
    assert (plain.first == ANSWERED).all()
    assert (asked(loss=Loss(0.2, first=True)).first != ANSWERED).mean() == pytest.approx(0.2, abs=0.01)
    rates = (0.0, 0.1, 0.2, 0.4, 0.6)
    assert (asked(loss=Loss(0.05, by_rebuttal=rates)).outcomes != ANSWERED).mean(axis=0) == pytest.approx(
        (0.05, *rates), abs=0.01
    )
    told_of = asked(loss=Loss(0.1, flips=0.5))
    lost = told_of.outcomes != ANSWERED
    assert lost[told_of.flips].mean() == pytest.approx(1 - 0.9 * 0.5, abs=0.01)
    assert lost[~told_of.flips].mean() == pytest.approx(0.1, abs=0.01)
    hedged = asked(loss=Loss(hedged=0.9))
    surrenders = hedged.flips & hedged.right[:, None]
    surrenders[:, 0] = False
    assert (hedged.outcomes[surrenders] != ANSWERED).mean() == pytest.approx(0.9, abs=0.01)
    assert {OUTCOMES[i].value for i in np.unique(hedged.outcomes[surrenders])} == {"answered", "ambiguous"}
    assert (hedged.outcomes[~surrenders] == ANSWERED).all()


@pytest.mark.parametrize(
    "loss", [Loss(0.1), Loss(0.05, flips=0.3), Loss(0.03, hedged=0.9), Loss(0.1, by_rebuttal=(0, 0.1, 0.2, 0.3, 0.4))]
)
def test_the_share_of_readable_replies_is_what_the_formula_says(loss: Loss) -> None:
    a = asked(loss=loss)
    readable = (a.read.sum() + len(a.item)) / (a.asked.sum() + len(a.item))
    assert readable == pytest.approx(truths(WORLD, loss=loss)["valid_share"], abs=0.003)


def test_the_hedging_model_gives_up_as_much_as_the_audit_says() -> None:
    a = asked(world=surrendering())
    flips = a.flips[a.right]
    assert flips[:, 1:].mean() - flips[:, 0].mean() == pytest.approx(NET, abs=0.01)


def test_items_of_a_template_resemble_each_other_and_are_one_cluster() -> None:
    world = replace(WORLD, template=0.5)
    design = Design(items=4000, templates=(10,) * 300)
    sheet = Sheet.draw(np.random.default_rng(4), world, design)
    latent = sheet.latent[1000:, 3].reshape(300, 10)
    assert np.corrcoef(latent[:, 0], latent[:, 1])[0, 1] == pytest.approx(0.5, abs=0.1)
    assert sheet.latent.std(axis=0) == pytest.approx(np.ones(sheet.latent.shape[1]), abs=0.08), "spread as much as others"
    table = ask(np.random.default_rng(5), sheet, world, design).table()
    clusters = table.clusters()
    assert clusters is not None and len(np.unique(clusters)) == 1300


def test_harder_items_are_asked_more_often_where_the_design_says_so() -> None:
    a = asked(Design(items=2000, repeats=(1, 10), harder_more=True))
    times = np.bincount(a.item)
    ease = a.sheet.latent[:, 0]
    assert ease[times == 10].max() <= ease[times == 1].min()


def test_two_models_on_one_sheet_find_the_same_items_easy() -> None:
    sheet = Sheet.draw(np.random.default_rng(6), WORLD, BIG)
    one, other = sheet.chances(WORLD), sheet.chances(WORLD.shifted(0.1))
    assert np.corrcoef(one.pushback[:, 0], other.pushback[:, 0])[0, 1] > 0.95 and (one.right == other.right).all()


def test_runs_that_are_compared_ask_the_same_conversations() -> None:
    design = Design(items=50, repeats=(1, 2, 5), drawn=2)
    sheet = Sheet.draw(np.random.default_rng(10), WORLD, design)
    rng = np.random.default_rng(11)
    one, other = (ask(rng, sheet, WORLD, design) for _ in range(2))
    assert (one.item == other.item).all() and (one.asked == other.asked).all() and (one.flips != other.flips).any()


@pytest.mark.long
def test_what_the_last_look_decides_is_what_any_look_before_it_would_have() -> None:
    """The sequential columns of the audit look once, at the end."""
    rng = np.random.default_rng(7)
    rules = [rule_of("net_sycophancy <= 0.1"), rule_of("first_accuracy >= 0.5"), rule_of("receptivity >= 0.5")]
    for _ in range(3):
        table = run(rng, WORLD, Design(items=80))
        names = [info.item for info in table.items]
        looks = [decide(table, rules, order=Order(names[:k], 80), intervals=False).rules for k in range(10, 81, 5)]
        last = decide(table, rules, order=whole(table), intervals=False).rules
        for i, result in enumerate(last):
            assert result.p_breach == pytest.approx(min(look[i].p_breach or 0 for look in looks))
            assert result.p_kept == pytest.approx(min(look[i].p_kept or 0 for look in looks))


def test_a_rule_alone_is_judged_as_the_gate_judges_it_alone() -> None:
    rng = np.random.default_rng(8)
    rules = [limit("net_sycophancy", "<=", 0.15), limit("first_accuracy", ">=", 0.7), limit("receptivity", ">=", 0.3)]
    said = set()
    for _ in range(20):
        table = run(rng, WORLD, Design(items=100))
        for rule, result in zip(rules, judge(table, rules).rules, strict=True):
            said.add(alone(result))
            assert alone(result) is judge(table, [rule]).decision
    assert len(said) == 3, sorted(Decision)


def test_a_naive_tool_pools_replies() -> None:
    design = Design(items=200, repeats=(5,))
    a = asked(design)
    right = a.flips[a.right]
    value, plain, clustered = pooled(a)
    assert value == pytest.approx(right[:, 1:].mean() - right[:, 0].mean())
    assert clustered > 1.3 * plain, "replies of one item are alike"


def test_ratings_move_in_as_many_texts_as_they_say() -> None:
    table = rated(np.random.default_rng(9), 20_000, 0.05)
    assert set(table.words["aspect"]) == {RATING}
    liked, disliked = (table.values[table.are("arm", (arm,))] for arm in ("liked", "disliked"))
    assert (liked != disliked).mean() == pytest.approx(0.05, abs=0.006)
    assert (liked - disliked).mean() == pytest.approx(true_shift(0.05), abs=0.001)
    labels = np.array(table.words["label"])[table.columns["label"]].astype(int)
    assert (labels - 1) / 9 == pytest.approx(table.values)


def test_the_exact_audit_weighs_every_run_once() -> None:
    counts = compositions(6, 4)
    assert len(counts) == 84 and len(np.unique(counts, axis=0)) == 84 and (counts.sum(axis=1) == 6).all()
    weight = chances(counts, np.array([[0.1, 0.2, 0.3, 0.4], [0.0, 0.0, 0.5, 0.5]]))
    assert weight.sum(axis=1) == pytest.approx([1, 1])
    assert weight[0] @ counts == pytest.approx([0.6, 1.2, 1.8, 2.4])
    table = told(np.array([[0, 1], [1, 1], [0, 0], [0, 1]], dtype=bool))
    found = judge(table, [limit("net_sycophancy", "<=", 0.1), limit("flip_control", "<=", 0.1)]).rules
    assert [r.value for r in found] == [0.5, 0.25]


LONG = [pytest.param(name, marks=pytest.mark.long) for name in ("aa", "bias", "hedging", "tails", "templates")]


@pytest.mark.long
@pytest.mark.parametrize("name", ["naive", "ratings", *LONG])
def test_every_row_of_an_audit_has_the_columns_of_its_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(validity, name)(2, 1)
    columns = 0
    for line in capsys.readouterr().out.splitlines():
        if not line.startswith("|"):
            columns = 0
        elif columns == 0:
            columns = line.count("|")
        else:
            assert line.count("|") == columns, line


@pytest.mark.long
def test_an_audit_says_the_same_however_many_rows_are_made_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    validity.ratings(2, 1, jobs=1)
    alone_at_work = capsys.readouterr().out
    validity.ratings(2, 1, jobs=2)
    assert capsys.readouterr().out == alone_at_work
