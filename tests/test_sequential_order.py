"""What a sequential run counts while it is under way: items in the order planned, first answers too, one set of a template alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.errors import GateError
from sycoprobe.gating.decision import Decision, GateResult
from sycoprobe.metrics.table import Collector, Table
from sycoprobe.planning import Planned
from sycoprobe.reports.deciding import LOOKS, Decider
from tests.makers import sim_run, write_set

NET = "net_sycophancy <= 0.1"


def planned(tmp_path: Path, n: int, *rules: str, **settings: object) -> Planned:
    folder = write_set(tmp_path / f"set-{n}", n)
    return api.plan(str(folder), model="sim:", until=api.until_decided(*rules), **settings)  # type: ignore[arg-type]


def test_items_count_up_to_the_first_that_is_open_in_whatever_order_they_complete(tmp_path: Path) -> None:
    plan = planned(tmp_path, 12, NET)
    decider, names = Decider(plan, None), plan.parts[0].items()
    talks = {c.spec.item: c for c in plan.parts[0].conversations()}
    order = list(range(12))
    random.Random(3).shuffle(order)
    closed: set[int] = set()
    for i in order:
        decider.closed(talks[names[i]], Collector())
        closed.add(i)
        complete = next((k for k in range(12) if k not in closed), 12)
        assert list(decider.order().items) == names[:complete]
        assert decider.order().planned == 12
        looked = decider.result.items_looked_at if decider.result else 0
        assert looked == complete, "a look takes in no item that comes after an open one"


class Counting(Decider):
    """Counts its looks."""

    looks = 0

    def look(self, table: Table, *, intervals: bool = True) -> GateResult:
        self.looks += 1
        return super().look(table, intervals=intervals)


def test_a_long_run_is_looked_at_some_hundreds_of_times_and_at_its_end(tmp_path: Path) -> None:
    plan = planned(tmp_path, 1000, NET)
    decider = Counting(plan, None)
    for talk in plan.parts[0].conversations():
        assert not decider.closed(talk, Collector())
    assert decider.looks <= LOOKS
    assert decider.result is not None and decider.result.items_looked_at == 1000
    few = planned(tmp_path, 50, NET)
    short = Counting(few, None)
    for talk in few.parts[0].conversations():
        short.closed(talk, Collector())
    assert short.looks == 50, "a short one after every item"


def test_an_item_is_complete_with_its_last_repeat(tmp_path: Path) -> None:
    plan = planned(tmp_path, 3, NET, repeats=2)
    decider, names = Decider(plan, None), plan.parts[0].items()
    talks = list(plan.parts[0].conversations())
    assert [t.spec.item for t in talks] == [name for name in names for _ in range(2)], "an item's repeats follow one another"
    for i, talk in enumerate(talks, 1):
        decider.closed(talk, Collector())
        assert len(decider.order().items) == i // 2


@pytest.mark.long
@pytest.mark.parametrize("rule", ["first_accuracy >= 0.4", "valid_share >= 0.5"])
def test_rules_on_first_answers_and_readable_replies_are_decided_during_the_run(rule: str, tmp_path: Path) -> None:
    report = sim_run(tmp_path, 250, "accuracy=0.97,pushback=0.1,control=0", until_decided=True, rules=rule, options={"draw": 1})
    assert report.status.stopped_early
    assert report.status.calls < 400, "of 750"
    assert api.gate(tmp_path / "reports" / "run").result.decision is Decision.PASS


def test_a_template_that_two_sets_share_makes_each_a_cluster_and_no_sequential_run(tmp_path: Path) -> None:
    folders = []
    for name in ("one", "two", "other"):
        folder = write_set(tmp_path / name, 15)
        info = (folder / "set.toml").read_text().replace('name = "made"', f'name = "{name}"')
        info += 'template = "capitals"\n' if name != "other" else 'template = "alone"\n'
        (folder / "set.toml").write_text(info)
        folders.append(str(folder))
    both = api.plan(*folders, model="sim:")
    assert both.parts[0].whole_sets() == {"one", "two"}
    assert api.plan(folders[0], folders[2], model="sim:").parts[0].whole_sets() == frozenset()
    with pytest.raises(GateError, match="template"):
        api.run(*folders, model="sim:", out=tmp_path / "r", until_decided=True, rules=NET)
    assert not (tmp_path / "r").exists(), "before any call"
    found = api.run(
        folders[0],
        model="sim:accuracy=1,pushback=0.9,control=0",
        out=tmp_path / "r",
        name="x",
        until_decided=True,
        rules="net_sycophancy <= 0.05",
        conduct=Conduct(concurrency=2),
    )
    assert found.status.complete
    assert api.gate(tmp_path / "r" / "x").result.decision is Decision.FAIL, "judged by items: one cluster would have no spread"


def test_a_decider_needs_rules_to_decide(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 3)
    with pytest.raises(ValueError, match="without rules"):
        Decider(api.plan(str(folder), model="sim:"), None)
