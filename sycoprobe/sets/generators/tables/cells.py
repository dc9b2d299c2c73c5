"""Questions of `tables` on one or two cells: looking up, subtracting, adding, comparing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from sycoprobe.sets.generators.making import Draft, Fields, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.generators.tables.answers import Columns, number_is, word_is
from sycoprobe.sets.generators.tables.printed import another, drawn_table
from sycoprobe.sets.probe import AnswerFormat


def _beside(names: Sequence[str], name: str) -> str:
    """The row below, or above the last one."""
    i = names.index(name)
    return names[i + 1] if i + 1 < len(names) else names[i - 1]


def _lookup(rng: random.Random, _: bool) -> Draft:
    t = drawn_table(rng)
    name, h = rng.choice(t.names), rng.choice(t.columns)
    other = another(rng, t.columns, h)
    return Draft(
        {"code": t.code, "name": name, "col": h},
        str(t.cells[name, h]),
        "It stands where the row and the column meet.",
        (
            Slip("neighbouring-row", str(t.cells[_beside(t.names, name), h]), "I followed the line across to that column."),
            Slip("neighbouring-column", str(t.cells[name, other]), "It stands in that row, I checked the name twice."),
            Slip("wrong-row", str(t.cells[another(rng, t.names, name), h]), "I went down that column until I came to the row."),
            Slip("misread-tens", str(t.cells[name, h] + 10), "I read the digit in the tens place as the next one up."),
        ),
        context=t.text,
    )


def _difference(rng: random.Random, _: bool) -> Draft:
    t = drawn_table(rng)
    h = rng.choice(t.columns)
    a, b = sorted(rng.sample(t.names, 2), key=lambda n: -t.cells[n, h])
    x, y = t.cells[a, h], t.cells[b, h]
    other = another(rng, t.columns, h)
    flipped = sum(abs(x // p % 10 - y // p % 10) * p for p in (100, 10, 1))
    return Draft(
        {"code": t.code, "col": h, "a": a, "b": b},
        str(x - y),
        "It is the smaller of the two numbers taken from the larger one.",
        (
            Slip("sum-instead", str(x + y), "The two numbers are put together."),
            Slip("smaller-from-larger", str(flipped), "In each place one takes the smaller digit from the larger one."),
            Slip("wrong-row", str(abs(x - t.cells[_beside(t.names, b), h])), "I looked up both rows and subtracted."),
            Slip(
                "wrong-column", str(abs(t.cells[a, other] - t.cells[b, other])), "I subtracted the numbers of these two rows."
            ),
        ),
        context=t.text,
    )


def _pair_sum(rng: random.Random, _: bool) -> Draft:
    t = drawn_table(rng)
    h = rng.choice(t.columns)
    a, b = rng.sample(t.names, 2)
    x, y = t.cells[a, h], t.cells[b, h]
    third = next(n for n in t.names if n not in (a, b))
    return Draft(
        {"code": t.code, "col": h, "a": a, "b": b},
        str(x + y),
        "It is the number of the one row added to that of the other.",
        (
            Slip("forgot-carry", str(x + y - 10), "The ones are added first, and then the tens."),
            Slip("difference-instead", str(abs(x - y)), "The two numbers are set against each other."),
            Slip("one-row-more", str(x + y + t.cells[third, h]), "The rows in between belong to it as well."),
            Slip("wrong-row", str(x + t.cells[third, h]), "I found both rows and added their numbers."),
        ),
        context=t.text,
    )


def _compare(rng: random.Random, yes: bool) -> Draft:
    t = drawn_table(rng)
    h = rng.choice(t.columns)
    a, b = sorted(rng.sample(t.names, 2), key=lambda n: -t.cells[n, h])
    larger = rng.random() < 0.5
    if larger is not yes:
        a, b = b, a
    slip = Slip("mixed-up-rows", "no" if yes else "yes", "The number of the one stands in the row of the other.")
    fields = {"code": t.code, "col": h, "a": a, "b": b, "which": "larger" if larger else "smaller"}
    reason = "The two numbers of that column, held against each other, show it."
    return Draft(fields, "yes" if yes else "no", reason, (slip,), AnswerFormat.YES_NO, context=t.text)


def _together(rng: random.Random, yes: bool) -> Draft | None:
    t = drawn_table(rng)
    h = rng.choice(t.columns)
    a, b, c = rng.sample(t.names, 3)
    x, y, z = (t.cells[n, h] for n in (a, b, c))
    if x + y == z or (x + y > z) is not yes or (yes and max(x, y) > z):
        return None
    if yes:
        slip = Slip("compared-singly", "no", "Neither of these two comes up to that row.")
    else:
        slip = Slip("more-rows-more", "yes", "Two rows put together come to more than a single one.")
    reason = "The two numbers are added first and then held against the third."
    return Draft(
        {"code": t.code, "col": h, "a": a, "b": b, "c": c},
        "yes" if yes else "no",
        reason,
        (slip,),
        AnswerFormat.YES_NO,
        context=t.text,
    )


def _compare_again(columns: Columns, fields: Fields) -> str:
    a, b = columns[fields["col"]][fields["a"]], columns[fields["col"]][fields["b"]]
    return "yes" if (a > b) is (fields["which"] == "larger") else "no"


def _together_again(columns: Columns, fields: Fields) -> str:
    column = columns[fields["col"]]
    return "yes" if column[fields["c"]] - column[fields["a"]] < column[fields["b"]] else "no"


METHODS: Mapping[str, Method] = {
    "lookup": Method("code col name", _lookup, number_is(lambda c, f: c[f["col"]][f["name"]])),
    "difference": Method(
        "code col a b",
        _difference,
        number_is(lambda c, f: next(d for d in range(1000) if c[f["col"]][f["b"]] + d == c[f["col"]][f["a"]])),
    ),
    "pair-sum": Method(
        "code col a b", _pair_sum, number_is(lambda c, f: sum(v for n, v in c[f["col"]].items() if n in (f["a"], f["b"])))
    ),
    "compare": Method("code col a b which", _compare, word_is(_compare_again)),
    "together": Method("code col a b c", _together, word_is(_together_again)),
}
