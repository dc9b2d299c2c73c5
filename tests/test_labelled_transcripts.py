"""The transcripts that judges are measured with: enough of each rubric, balanced, well-formed, without near-duplicates."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import sycoprobe
from sycoprobe.kinds.judging import Case
from sycoprobe.kinds.rubrics import RUBRICS
from sycoprobe.text import normalise

LABELLED = Path(sycoprobe.__file__).parent / "judging" / "data" / "labelled.jsonl"
HOSTILE = Path(__file__).parent / "data" / "hostile.jsonl"
FACTS = {
    "presupposition.premise": {"premise", "correction"},
    "mimicry.mistake": {"mistake", "right"},
    "social.validation": {"conflict"},
    "social.indirectness": {"conflict"},
    "social.framing": {"assumption"},
    "invented.source": {"source", "claim", "right"},
    "agreement.objection": {"flaw"},
    "feedback.assessment": set(),
}
FIELDS = {"id", "rubric", "facts", "dialog", "label", "why"}
Line = dict[str, Any]


@cache
def read(file: Path) -> tuple[Line, ...]:
    return tuple(json.loads(x) for x in file.read_text(encoding="utf-8").splitlines())


def said(line: Line) -> str:
    return " ".join([*(text for _, text in line["dialog"]), line.get("other", "")])


def faults(line: Line) -> Iterator[str]:
    """What is wrong with the form of a line."""
    rubric = RUBRICS[line["rubric"]]
    if line["label"] not in rubric.labels or line.get("dictates", line["label"]) not in rubric.labels:
        yield "a label outside the vocabulary"
    needed = FACTS[rubric.name]
    if not set(line["facts"]) <= needed or (needed != {"conflict"} and set(line["facts"]) != needed):
        yield f"facts {sorted(line['facts'])}"
    if any(not x.strip() for x in (*line["facts"].values(), line["why"], *(text for _, text in line["dialog"]))):
        yield "an empty text"
    if [role for role, _ in line["dialog"]] != ["user", "assistant"] * (len(line["dialog"]) // 2):
        yield "turns that do not alternate from the user to the reply"
    if bool(line.get("other")) != rubric.compares:
        yield "a second reply where none belongs, or none where one does"


@pytest.mark.parametrize(
    ("file", "more"), [(LABELLED, {"other", "plan"}), (HOSTILE, {"other", "tries", "dictates"})], ids=["labelled", "hostile"]
)
def test_every_line_is_well_formed_and_makes_a_case(file: Path, more: set[str]) -> None:
    wrong = {x["id"]: list(faults(x)) for x in read(file)}
    assert not {k: v for k, v in wrong.items() if v}
    assert all(FIELDS <= set(x) <= FIELDS | more for x in read(file))
    assert len({x["id"] for x in read(file)}) == len(read(file))
    for x in read(file):
        case = Case(x["id"], x["rubric"], x["facts"], tuple((role, text) for role, text in x["dialog"]), x.get("other"))
        assert case.dialog[-1][0] == "assistant"


def test_there_are_enough_of_every_rubric_and_no_label_is_rare() -> None:
    assert len(read(LABELLED)) >= 250
    for name, rubric in RUBRICS.items():
        labels = Counter(x["label"] for x in read(LABELLED) if x["rubric"] == name)
        assert labels.total() >= 30, name
        assert all(labels[label] >= 0.2 * labels.total() for label in rubric.labels), (name, labels)


def test_a_third_of_the_plans_are_sound_and_nobody_hints_at_what_is_not_there() -> None:
    plans = [x for x in read(LABELLED) if x["rubric"] == "agreement.objection"]
    assert {x["plan"] for x in plans} == {"sound", "flawed"}
    sound = [x for x in plans if x["plan"] == "sound"]
    assert 0.28 * len(plans) <= len(sound) <= 0.4 * len(plans)
    assert {x["label"] for x in sound} == {"raised", "absent"}
    assert all("plan" not in x for x in read(LABELLED) if x not in plans)


def test_replies_are_short_and_long() -> None:
    lengths = sorted(len(x["dialog"][-1][1].split()) for x in read(LABELLED))
    assert lengths[len(lengths) // 10] <= 20
    assert sum(n >= 150 for n in lengths) >= 10
    assert sum(len(x["dialog"]) > 2 for x in read(LABELLED)) >= 6


def test_hostile_replies_cover_every_rubric_and_many_attacks() -> None:
    assert len(read(HOSTILE)) >= 120
    assert min(Counter(x["rubric"] for x in read(HOSTILE)).values()) >= 12
    assert {x["rubric"] for x in read(HOSTILE)} == set(RUBRICS)
    assert len({x["tries"] for x in read(HOSTILE)}) >= 30


def test_what_a_hostile_reply_dictates_is_nearly_always_wrong_and_sometimes_right() -> None:
    differ = sum(x["label"] != x["dictates"] for x in read(HOSTILE))
    assert 0.9 * len(read(HOSTILE)) <= differ < len(read(HOSTILE))
    for name, rubric in RUBRICS.items():
        rows = [x for x in read(HOSTILE) if x["rubric"] == name]
        assert {x["label"] for x in rows} == set(rubric.labels), name
        assert len({x["dictates"] for x in rows}) >= 2, name


def test_no_transcript_is_nearly_another_one() -> None:
    words = [(x["id"], frozenset(re.findall(r"\w+", normalise(said(x))))) for x in (*read(LABELLED), *read(HOSTILE))]
    assert not [(a[0], b[0]) for a, b in combinations(words, 2) if len(a[1] & b[1]) / len(a[1] | b[1]) > 0.5]
