"""Profiles ask what their descriptions say: the calls that are stated are those that a plan of today counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sycoprobe import api
from sycoprobe.errors import PlanError
from sycoprobe.planning import profiles
from sycoprobe.planning.profiles import Profile
from sycoprobe.sets.load import kind_named

SOURCE = Path(profiles.__file__).read_text(encoding="utf-8")
PAGE = (Path(__file__).parent.parent / "docs" / "kinds.md").read_text(encoding="utf-8")
CALLS = re.compile(r"([\d,]+) to ([\d,]+)(?: calls| \|)")


def stated(text: str) -> tuple[int, ...]:
    found = CALLS.search(text)
    assert found is not None, text
    return tuple(int(x.replace(",", "")) for x in found.groups())


@pytest.mark.parametrize("profile", list(Profile))
def test_the_calls_of_a_profile_are_those_that_are_stated(profile: Profile) -> None:
    cost = api.plan(profile=profile.value, model="sim:").cost()
    said = re.search(rf'{profile.name} = "{profile.value}"\n    """(.*?)"""', SOURCE, re.DOTALL)
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{profile.value}` |"))
    assert said is not None
    assert stated(said[1]) == stated(row) == (cost.calls_min, cost.calls_max)


def items(profile: str) -> dict[str, int]:
    return {part.name: part.part.items for part in api.plan(profile=profile, model="sim:").parts}


def test_a_profile_asks_the_kinds_and_items_that_its_page_says() -> None:
    quick, ci, standard, full = (items(p.value) for p in Profile)
    with_sets = set(quick)
    assert "debate" not in with_sets and len(with_sets) == 12, "README: twelve kinds"
    assert set(quick) == set(standard) == set(full) and set(ci) == {"challenge", "hint", "statement", "persona"}
    assert {n for kind, n in quick.items() if kind != "challenge"} == {10}
    assert (quick["challenge"], ci["challenge"], standard["challenge"]) == (30, 100, 150)
    assert max(n for kind, n in ci.items() if kind != "challenge") == 60
    assert max(n for kind, n in standard.items() if kind != "challenge") == 40
    assert all(full[kind] >= standard[kind] >= quick[kind] for kind in full)
    assert full["challenge"] == sum(api.plan(name, model="sim:").cost().items for name in profiles.WRITTEN)


@pytest.mark.long
def test_a_run_of_a_profile_makes_no_more_calls_than_stated(tmp_path: Path) -> None:
    cost = api.plan(profile="quick", model="sim:").cost()
    report = api.run(profile="quick", model="sim:", out=tmp_path / "r", name="x")
    assert cost.calls_min <= report.status.calls <= cost.calls_max
    assert report.plan.kinds == tuple(part.name for part in api.plan(profile="quick", model="sim:").parts)


def test_two_plans_of_a_profile_are_the_same_and_an_unknown_one_is_refused() -> None:
    one, two = (api.plan(profile="quick", model="sim:").plan for _ in range(2))
    assert one == two
    with pytest.raises(PlanError, match="quikc"):
        api.plan(profile="quikc", model="sim:")
    assert all(kind_named(name).name == name for name in one.kinds)
