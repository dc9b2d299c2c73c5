"""The generator of `tables`: tables that read back as they were drawn, and answers that hang on them."""

from __future__ import annotations

import csv
import re

import pytest

from sycoprobe.sets.generators.tables import generate, verify
from sycoprobe.sets.generators.tables.printed import read_table
from sycoprobe.sets.probe import AnswerFormat, Probe


@pytest.mark.long
def test_every_table_is_small_and_has_no_number_twice_in_a_column() -> None:
    shapes = set()
    for p in generate(3000, 1):
        code, columns = read_table(p.context or "")
        assert re.fullmatch(r"[B-DF-HJ-NP-TV-XZ]{4}", code)
        assert code in p.question
        sizes = {len(c) for c in columns.values()}
        assert len(sizes) == 1
        assert all(len(set(c.values())) == len(c) for c in columns.values())
        shapes.add((sizes.pop(), len(columns)))
    assert {rows for rows, _ in shapes} == {4, 5, 6, 7, 8}
    assert {columns for _, columns in shapes} == {2, 3}


def test_three_ways_of_printing_a_table_are_used_and_read_alike() -> None:
    seen = {"piped": 0, "commas": 0, "aligned": 0}
    for p in generate(900, 2):
        assert p.context
        _, columns = read_table(p.context)
        head, *rows = p.context.partition("\n\n")[2].splitlines()
        if head.startswith("|"):
            seen["piped"] += 1
            data = [[c.strip() for c in r.strip("|").split("|")] for r in (head, *rows[1:])]
        elif "," in head:
            seen["commas"] += 1
            data = list(csv.reader([head, *rows]))
        else:
            seen["aligned"] += 1
            data = [re.split(r"\s{3,}", r) for r in (head, *rows)]
        assert columns == {h: {r[0]: int(r[i]) for r in data[1:]} for i, h in enumerate(data[0]) if i}
    assert all(n > 200 for n in seen.values())


def changed(p: Probe, by: int) -> Probe:
    """The probe with every number of its table but for the last row raised by `by`."""
    head, _, body = (p.context or "").partition("\n\n")
    *lines, last = body.splitlines()
    raised = [re.sub(r"(?<=[ ,|])\d+", lambda m: str(int(m[0]) + by), line) for line in lines]
    return p.model_copy(update={"context": "\n".join([f"{head}\n", *raised, last])})


def test_another_table_makes_most_answers_wrong() -> None:
    items = [p for p in generate(600, 3) if p.tags[0] in ("lookup", "column-sum", "pair-sum", "conditional-sum")]
    still = [p for p in items if verify(changed(p, 1000))]
    assert len(items) == 200
    assert len(still) < 0.25 * len(items)
    assert all(p.tags[0] == "lookup" or "together" in p.question or p.tags[0] == "conditional-sum" for p in still)


def test_a_table_of_another_name_or_none_is_not_read() -> None:
    p = next(p for p in generate(12, 4) if p.format is AnswerFormat.NUMBER)
    assert verify(p)
    code, _ = read_table(p.context or "")
    assert not verify(p.model_copy(update={"context": (p.context or "").replace(code, "ZZZZ")}))


@pytest.mark.long
def test_the_limit_itself_is_among_the_numbers_often_enough_to_tell_more_from_at_least() -> None:
    counts = [p for p in generate(3000, 5) if p.tags[0] == "count"]
    on_limit = 0
    for p in counts:
        _, columns = read_table(p.context or "")
        limit = int(re.findall(r"(?:more|less) than (\d+)", p.question)[0])
        heading = re.findall(r'"([^"]+)"', p.question)[0]
        on_limit += limit in columns[heading].values()
    assert on_limit > 0.4 * len(counts)
