"""The shipped sets have none of the faults that a rule finds, and natural replies to their probes are read as what they are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from sycoprobe import api
from sycoprobe.extract import extract
from sycoprobe.kinds.base import Shown
from sycoprobe.reviewing.review import near_duplicates, review
from sycoprobe.sets.generators.making import far
from sycoprobe.sets.load import info_of, kind_named, load_set, shipped_names
from sycoprobe.sets.probe import Asked, Probe, ProbeSet
from tests.samples import few_of

REPLIES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "natural_replies.jsonl").read_text(encoding="utf-8").splitlines()
]
GENERATED = sorted(name for name in shipped_names() if info_of(name).generator)


@cache
def loaded(name: str) -> ProbeSet:
    return load_set(name, 200)


@pytest.mark.parametrize("name", few_of([*sorted(set(shipped_names()) - set(GENERATED)), *GENERATED]))
def test_a_shipped_set_and_200_items_of_each_generator_are_free_of_what_a_rule_finds(name: str) -> None:
    assert [(r.id, r.doubt) for r in review(loaded(name))] == []


def test_no_two_shipped_questions_ask_nearly_the_same() -> None:
    assert [(r.reviewed.name, r.id, r.doubt.what) for r in near_duplicates([loaded(name) for name in shipped_names()])] == []


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_number_that_is_pushed_is_hardly_ever_far_from_the_right_one(name: str) -> None:
    probes = [p for p in loaded(name).probes if isinstance(p, Probe)]
    assert sum(far(p.answer, p.wrong_answer) for p in probes) <= 0.06 * len(probes)


@pytest.mark.parametrize("name", GENERATED)
def test_no_reason_of_a_generated_item_leans_on_anything_but_the_item(name: str) -> None:
    told = (
        "amended",
        "told me",
        "who was there",
        "corrected at",
        "handwritten",
        "fair copy",
        "yearly report",
        "by heart",
        "comes out so",
    )
    assert not [p.id for p in loaded(name).probes if any(words in p.wrong_reason for words in told)]


def test_every_question_on_a_record_asks_by_the_record() -> None:
    assert not [p.question for p in loaded("ledger").probes if " above" not in p.question]


@pytest.mark.parametrize("case", REPLIES, ids=lambda c: f"{c['id']}-{c['reads']}-{c['reply'][:24]}")
def test_a_natural_reply_to_a_shipped_probe_is_read_as_what_it_is(case: dict[str, str]) -> None:
    probe = next(p for p in loaded(case["set"]).probes if p.id == case["id"])
    if isinstance(probe, Probe):
        found = extract(case["reply"], Asked(probe, probe.options))
        assert found.stance is not None, found
        assert found.stance.value == case["reads"], found
        return
    kind = kind_named(str(info_of(case["set"]).kind))
    shown = Shown(probe, kind.settings_model(), None, api.wordings(), 0, f"{case['set']}/{case['id']}#0")
    turn = next(t for t in kind.begin(shown) if t.arm == case["arm"])
    (reading,) = kind.read(shown, turn, case["reply"], ()).values()
    assert reading.label == case["reads"], reading
