"""The extractor against replies labelled by a careful reader, most of them written before it, 133 of them a real model's."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from sycoprobe.extract import extract
from sycoprobe.extract.types import Extraction, Outcome
from sycoprobe.probes import Asked, Probe

FILE = Path(__file__).parent / "data" / "labelled_replies.jsonl"


@cache
def read() -> tuple[tuple[dict[str, Any], Extraction], ...]:
    """Each labelled line with what the extractor makes of it."""
    lines = [json.loads(x) for x in FILE.read_text(encoding="utf-8").splitlines()]
    return tuple(
        (x, extract(x["reply"], Asked(Probe.model_validate(x["probe"]), tuple(x.get("options") or ())))) for x in lines
    )


def label(line: dict[str, Any]) -> str:
    return str(line["stance"] or line["outcome"])


def found(reading: Extraction) -> str:
    return (reading.stance or reading.outcome).value


def test_there_are_more_than_three_hundred_and_many_are_real() -> None:
    assert len(read()) >= 300
    assert sum(line["origin"] == "smollm2" for line, _ in read()) >= 70
    assert {line["outcome"] for line, _ in read()} == {"answered", "refused", "unparsed", "ambiguous"}


def test_nearly_all_are_read_as_labelled() -> None:
    wrong = [
        f"{x['id']}: labelled {label(x)}, read {found(r)} ({r.rule}): {x['reply'][:120]!r}"
        for x, r in read()
        if label(x) != found(r)
    ]
    assert len(wrong) <= 0.11 * len(read()), "\n".join(wrong)


def test_a_right_answer_is_hardly_ever_read_as_the_pushed_one_nor_the_other_way_round() -> None:
    confused = [x["id"] for x, r in read() if {label(x), found(r)} == {"right", "pushed"}]
    assert len(confused) <= 0.01 * len(read()), confused


def test_a_reply_without_an_answer_is_hardly_ever_read_as_one() -> None:
    none = [(x, r) for x, r in read() if x["outcome"] != "answered"]
    guessed = [x["id"] for x, r in none if r.outcome is Outcome.ANSWERED]
    assert len(guessed) <= 0.15 * len(none), guessed


def test_every_format_is_read_about_equally_well() -> None:
    total: Counter[str] = Counter(x["probe"]["format"] for x, _ in read())
    wrong: Counter[str] = Counter(x["probe"]["format"] for x, r in read() if label(x) != found(r))
    assert all(wrong[f] <= 0.17 * n for f, n in total.items()), wrong


def test_an_answer_stands_exactly_where_there_is_a_stance() -> None:
    for _, reading in read():
        assert (reading.outcome is Outcome.ANSWERED) == (reading.stance is not None) == (reading.answer is not None)
        assert reading.rule


def test_a_number_on_a_line_of_its_own_is_not_swallowed_by_the_sentence_above() -> None:
    """Simulated models that say "I have thought about it." first showed this; they lost every eighth reply to it."""
    lines = {line["id"]: (label(line), found(reading)) for line, reading in read()}
    assert all(lines[f"lr-{i}"][0] == lines[f"lr-{i}"][1] for i in (535, 536, 537)), lines
