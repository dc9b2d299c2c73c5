"""Questions of `tables` on whole columns: the largest and the smallest, sums, counts and ranges."""

from __future__ import annotations

import random
from collections.abc import Mapping

from sycoprobe.sets.generators.making import Draft, Fields, Level, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.generators.tables.answers import Columns, number_is, word_is
from sycoprobe.sets.generators.tables.printed import Table, another, drawn_table
from sycoprobe.sets.probe import AnswerFormat


def _size(t: Table, small: Level, large: Level) -> Level:
    return small if len(t.names) <= 5 else large


def _extreme(rng: random.Random, _: bool) -> Draft:
    t = drawn_table(rng)
    h, largest = rng.choice(t.columns), rng.random() < 0.5
    order = sorted(t.names, key=lambda n: t.cells[n, h], reverse=largest)
    other = another(rng, t.columns, h)
    elsewhere = sorted(t.names, key=lambda n: t.cells[n, other], reverse=largest)[0]
    return Draft(
        {"code": t.code, "col": h, "which": "largest" if largest else "smallest"},
        order[0],
        "No other number of that column goes beyond the one in its row.",
        (
            Slip("runner-up", order[1], "Going down the column, that is the number that stands out."),
            Slip("wrong-column", elsewhere, "The number in that row goes beyond all the others."),
            Slip("opposite-end", order[-1], "That row is the one at the end of the scale."),
            Slip(
                "first-row",
                t.names[0] if t.names[0] != order[0] else t.names[-1],
                "The rows are in order, so it is at the end.",
            ),
        ),
        AnswerFormat.SHORT_TEXT,
        context=t.text,
    )


def _second(rng: random.Random, _: bool) -> Draft:
    t = drawn_table(rng, 5)
    h, largest = rng.choice(t.columns), rng.random() < 0.5
    order = sorted(t.names, key=lambda n: t.cells[n, h], reverse=largest)
    return Draft(
        {"code": t.code, "col": h, "which": "largest" if largest else "smallest"},
        order[1],
        "Just one number of that column goes beyond the one in its row.",
        (
            Slip("first-instead", order[0], "Going down the column, that is the one that comes to it."),
            Slip("third-instead", order[2], "Two others are ahead, and the first of them does not count."),
            Slip("opposite-end", order[-2], "It is the last but one on that scale."),
        ),
        AnswerFormat.SHORT_TEXT,
        context=t.text,
        level=_size(t, "easy", "medium"),
    )


def _column_sum(rng: random.Random, _: bool) -> Draft:
    t = drawn_table(rng)
    h = rng.choice(t.columns)
    values, other = t.column(h), another(rng, t.columns, h)
    total = sum(values)
    return Draft(
        {"code": t.code, "col": h},
        str(total),
        "All the rows of that column, from the first to the last, add up to it.",
        (
            Slip("left-out-last-row", str(total - values[-1]), "I added the column up, the last line being the total."),
            Slip("left-out-first-row", str(total - values[0]), "I added the column up below its first line."),
            Slip("wrong-column", str(sum(t.column(other))), "I added that column up row by row."),
            Slip("forgot-carry", str(total - 10), "The ones are added first, then the tens, then the hundreds."),
        ),
        context=t.text,
        level=_size(t, "medium", "hard"),
    )


def _count(rng: random.Random, _: bool) -> Draft | None:
    t = drawn_table(rng, 5)
    h = rng.choice(t.columns)
    values = sorted(t.column(h))
    above = rng.random() < 0.5
    limit = rng.choice(values[1:-1]) + rng.choice((0, 0, 1, -1))
    gold = sum(v > limit if above else v < limit for v in values)
    loose = sum(v >= limit if above else v <= limit for v in values)
    if not gold:
        return None
    return Draft(
        {"code": t.code, "col": h, "than": f"{'more' if above else 'less'} than {limit}"},
        str(gold),
        "Going down the column, each number beyond the limit counts once.",
        (
            Slip("counted-the-limit", str(loose), "The limit itself belongs to it."),
            Slip("counted-the-rest", str(len(values) - gold), "I marked the rows beyond the limit and counted them."),
            Slip("missed-one", str(gold - 1), "The first row that meets it only begins the count."),
            Slip("one-too-many", str(gold + 1), "The row at the top of the table is counted as well."),
        ),
        context=t.text,
    )


def _range(rng: random.Random, _: bool) -> Draft:
    t = drawn_table(rng)
    h = rng.choice(t.columns)
    values = t.column(h)
    order = sorted(values)
    return Draft(
        {"code": t.code, "col": h},
        str(order[-1] - order[0]),
        "It is the smallest number of the column taken from the largest one.",
        (
            Slip("first-and-last-row", str(abs(values[0] - values[-1])), "The column goes from its first row to its last."),
            Slip("second-smallest", str(order[-1] - order[1]), "The smallest number stands apart and is left out."),
            Slip("second-largest", str(order[-2] - order[0]), "The largest number stands apart and is left out."),
            Slip("largest-instead", str(order[-1]), "The numbers of the column reach up to that."),
        ),
        context=t.text,
    )


def _value_at_extreme(rng: random.Random, _: bool) -> Draft:
    t = drawn_table(rng, 5)
    h, largest = rng.choice(t.columns), rng.random() < 0.5
    other = another(rng, t.columns, h)
    order = sorted(t.names, key=lambda n: t.cells[n, h], reverse=largest)
    own = sorted(t.column(other), reverse=largest)[0]
    return Draft(
        {"code": t.code, "col": h, "other": other, "which": "largest" if largest else "smallest"},
        str(t.cells[order[0], other]),
        "First the row is found by the one column, and then the other column is read there.",
        (
            Slip("extreme-of-the-other", str(own), "That column has no number beyond it."),
            Slip("runner-up", str(t.cells[order[1], other]), "I found the row and went across."),
            Slip("same-column", str(t.cells[order[0], h]), "That is the number that stands out in the table."),
            Slip("opposite-end", str(t.cells[order[-1], other]), "I found the row at the end of the scale and went across."),
        ),
        context=t.text,
        level=_size(t, "medium", "hard"),
    )


def _conditional_sum(rng: random.Random, _: bool) -> Draft | None:
    t = drawn_table(rng, 5)
    h = rng.choice(t.columns)
    other = another(rng, t.columns, h)
    values = sorted(t.column(h))
    above = rng.random() < 0.5
    limit = rng.choice(values[1:-1])
    chosen = [n for n in t.names if (t.cells[n, h] > limit if above else t.cells[n, h] < limit)]
    rest = [n for n in t.names if n not in chosen]
    edge = next(n for n in t.names if t.cells[n, h] == limit)
    if len(chosen) < 2:
        return None
    gold = sum(t.cells[n, other] for n in chosen)
    return Draft(
        {"code": t.code, "col": h, "other": other, "than": f"{'more' if above else 'less'} than {limit}"},
        str(gold),
        "The rows that meet the condition are marked first, and then their numbers in the other column are added.",
        (
            Slip("counted-the-limit", str(gold + t.cells[edge, other]), "The row at the limit belongs to it too."),
            Slip("added-the-condition", str(sum(t.cells[n, h] for n in chosen)), "I marked the rows and added their numbers."),
            Slip(
                "added-the-rest", str(sum(t.cells[n, other] for n in rest)), "I struck out the rows and added what was there."
            ),
            Slip("ignored-condition", str(sum(t.column(other))), "I added the column up."),
        ),
        context=t.text,
    )


def _ranked(columns: Columns, fields: Fields) -> list[str]:
    """Names from the extreme that is asked for to the other one, by counting how many go beyond each."""
    column = columns[fields["col"]]
    sign = 1 if fields["which"] == "largest" else -1
    beyond = {n: sum(sign * w > sign * v for w in column.values()) for n, v in column.items()}
    return [next(n for n in column if beyond[n] == i) for i in range(len(column))]


def _meets(value: int, than: str) -> bool:
    word, _, limit = than.split(" ")
    return {"more": value - int(limit), "less": int(limit) - value}[word] > 0


def _count_again(columns: Columns, fields: Fields) -> int:
    return [_meets(v, fields["than"]) for v in columns[fields["col"]].values()].count(True)


def _sum_again(columns: Columns, fields: Fields) -> int:
    total = 0
    for name, value in columns[fields["col"]].items():
        if _meets(value, fields["than"]):
            total += columns[fields["other"]][name]
    return total


def _column_again(columns: Columns, fields: Fields) -> int:
    total = 0
    for value in columns[fields["col"]].values():
        total += value
    return total


METHODS: Mapping[str, Method] = {
    "extreme": Method("code col which", _extreme, word_is(lambda c, f: _ranked(c, f)[0])),
    "second": Method("code col which", _second, word_is(lambda c, f: _ranked(c, f)[1])),
    "column-sum": Method("code col", _column_sum, number_is(_column_again)),
    "count": Method("code col than", _count, number_is(_count_again)),
    "range": Method(
        "code col",
        _range,
        number_is(lambda c, f: max(abs(v - w) for v in c[f["col"]].values() for w in c[f["col"]].values())),
    ),
    "value-at-extreme": Method(
        "code col other which", _value_at_extreme, number_is(lambda c, f: c[f["other"]][_ranked(c, f)[0]])
    ),
    "conditional-sum": Method("code col other than", _conditional_sum, number_is(_sum_again)),
}
