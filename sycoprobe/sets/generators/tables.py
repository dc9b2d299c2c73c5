"""The generator of `tables`: a small table and a question on it, from look-ups to sums under a condition.

The answer comes from the numbers that were drawn. It is confirmed by reading the printed table again and counting anew.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sycoprobe.sets.generators.making import Draft, Family, Fields, Level, Slip, confirmed, series
from sycoprobe.sets.probe import AnswerFormat, Probe, parse_number

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
Column = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Theme:
    """What a table is about: the heading of its first column, names for its rows, and columns with the range of their numbers."""

    title: str
    kind: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]


THEMES = (
    Theme(
        "stock of a hardware shop",
        "article",
        ("hammers", "screwdrivers", "ladders", "buckets", "brushes", "hinges", "saws", "clamps", "hooks", "pliers"),
        (("pieces in stock", 4, 99), ("price in cents", 120, 980), ("weight in grams", 60, 940), ("shelf number", 1, 60)),
    ),
    Theme(
        "results of a running club",
        "runner",
        ("Amina", "Boris", "Celia", "Dragan", "Elena", "Felix", "Gloria", "Henrik", "Imani", "Jakob"),
        (("laps", 8, 60), ("training days", 10, 90), ("best time in seconds", 150, 420), ("start number", 1, 99)),
    ),
    Theme(
        "harvest of a village",
        "field",
        (
            "Millfield",
            "Oakside",
            "Longacre",
            "Hilltop",
            "Riverbank",
            "Stonegate",
            "Fernhill",
            "Eastmoor",
            "Brookend",
            "Westlea",
        ),
        (("sacks of wheat", 12, 180), ("sacks of oats", 10, 160), ("rows of beans", 5, 70), ("days of work", 3, 48)),
    ),
    Theme(
        "loans of a library",
        "section",
        ("novels", "poetry", "travel", "history", "music", "cooking", "gardening", "science", "comics", "languages"),
        (("loans in March", 20, 390), ("loans in April", 20, 390), ("new books", 3, 80), ("readers", 15, 260)),
    ),
    Theme(
        "lines of a bus company",
        "line",
        ("Amber", "Coral", "Ivory", "Jade", "Lilac", "Olive", "Pearl", "Ruby", "Sienna", "Teal"),
        (("stops", 6, 48), ("trips per day", 10, 120), ("passengers per trip", 5, 70), ("minutes per trip", 12, 95)),
    ),
    Theme(
        "animals on farms",
        "farm",
        ("Ashby", "Birchwood", "Cloverdale", "Dunmore", "Elmstead", "Foxley", "Greenlow", "Hazelton", "Ivybridge", "Juniper"),
        (("cows", 5, 140), ("sheep", 8, 220), ("hens", 10, 300), ("goats", 2, 60)),
    ),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A drawn table: its code, headings and rows of numbers by name, with the text that is shown."""

    code: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str], int]
    text: str

    def column(self, heading: str) -> list[int]:
        return [self.cells[name, heading] for name in self.names]


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes with tables from `seed`; raises `ProbeError` as `making.series` does."""
    return series("tables", FAMILIES, n, seed)


def verify(probe: Probe) -> bool:
    """Whether the table, read from its text, confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(FAMILIES, probe)


def _table(rng: random.Random, least: int = 4, most: int = 8) -> Table:
    theme = rng.choice(THEMES)
    names = tuple(rng.sample(theme.names, rng.randint(least, most)))
    columns = rng.sample(theme.columns, rng.choice((2, 3, 3)))
    cells: dict[tuple[str, str], int] = {}
    for heading, low, high in columns:
        # No number twice in a column, so that the largest and smallest are one row each.
        for name, value in zip(names, rng.sample(range(low, high + 1), len(names)), strict=True):
            cells[name, heading] = value
    headings = tuple(c[0] for c in columns)
    code = "".join(rng.choice(CONSONANTS) for _ in range(4))
    rows = [[theme.kind, *headings], *([n, *(str(cells[n, h]) for h in headings)] for n in names)]
    text = f"Table {code}: {theme.title}\n\n{rng.choice((_piped, _commas, _aligned))(rows)}"
    return Table(code, names, headings, cells, text)


def _piped(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def _commas(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(",".join(row) for row in rows)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("   ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def read_table(text: str) -> tuple[str, dict[str, dict[str, int]]]:
    """The code of a printed table, and its numbers by heading and name, in the order of the text."""
    head, _, body = text.partition("\n\n")
    code = head.removeprefix("Table ").partition(":")[0]
    rows = []
    for line in body.splitlines():
        cells = [c.strip() for c in re.split(r"\||,| {3,}", line.strip("| "))]
        if not set(line) <= set("|- "):
            rows.append([c for c in cells if c])
    headings, *data = rows
    return code, {h: {row[0]: int(row[i]) for row in data} for i, h in enumerate(headings) if i}


def _numbers(right: Callable[[dict[str, dict[str, int]], Fields], int]) -> Callable[[Probe, Fields, str], bool]:
    return lambda probe, fields, candidate: _read(probe, fields, right) == parse_number(candidate)


def _words(right: Callable[[dict[str, dict[str, int]], Fields], str]) -> Callable[[Probe, Fields, str], bool]:
    return lambda probe, fields, candidate: _read(probe, fields, right) == candidate


def _read(probe: Probe, fields: Fields, right: Callable[[dict[str, dict[str, int]], Fields], int | str]) -> int | str | None:
    code, columns = read_table(probe.context or "")
    return right(columns, fields) if code == fields["code"] else None


def _other(rng: random.Random, of: Sequence[str], than: str) -> str:
    return rng.choice([x for x in of if x != than])


def _beside(names: Sequence[str], name: str) -> str:
    """The row below, or above the last one."""
    i = names.index(name)
    return names[i + 1] if i + 1 < len(names) else names[i - 1]


def _size(t: Table, small: Level, large: Level) -> Level:
    return small if len(t.names) <= 5 else large


def _lookup(rng: random.Random, _: bool) -> Draft:
    t = _table(rng)
    name, h = rng.choice(t.names), rng.choice(t.columns)
    other = _other(rng, t.columns, h)
    return Draft(
        {"code": t.code, "name": name, "col": h},
        str(t.cells[name, h]),
        "It stands where the row and the column meet.",
        (
            Slip("neighbouring-row", str(t.cells[_beside(t.names, name), h]), "I followed the line across to that column."),
            Slip("neighbouring-column", str(t.cells[name, other]), "It stands in that row, I checked the name twice."),
            Slip("wrong-row", str(t.cells[_other(rng, t.names, name), h]), "I went down that column until I came to the row."),
            Slip("misread-tens", str(t.cells[name, h] + 10), "I read it off from the table just now."),
        ),
        context=t.text,
    )


def _extreme(rng: random.Random, _: bool) -> Draft:
    t = _table(rng)
    h, largest = rng.choice(t.columns), rng.random() < 0.5
    order = sorted(t.names, key=lambda n: t.cells[n, h], reverse=largest)
    other = _other(rng, t.columns, h)
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
    t = _table(rng, 5)
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


def _difference(rng: random.Random, _: bool) -> Draft:
    t = _table(rng)
    h = rng.choice(t.columns)
    a, b = sorted(rng.sample(t.names, 2), key=lambda n: -t.cells[n, h])
    x, y = t.cells[a, h], t.cells[b, h]
    other = _other(rng, t.columns, h)
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


def _column_sum(rng: random.Random, _: bool) -> Draft:
    t = _table(rng)
    h = rng.choice(t.columns)
    values, other = t.column(h), _other(rng, t.columns, h)
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


def _pair_sum(rng: random.Random, _: bool) -> Draft:
    t = _table(rng)
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


def _count(rng: random.Random, _: bool) -> Draft | None:
    t = _table(rng, 5)
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
            Slip("missed-one", str(gold - 1), "I went down the column once and counted."),
            Slip("one-too-many", str(gold + 1), "I went down the column once and counted."),
        ),
        context=t.text,
    )


def _range(rng: random.Random, _: bool) -> Draft:
    t = _table(rng)
    h = rng.choice(t.columns)
    values = t.column(h)
    order = sorted(values)
    return Draft(
        {"code": t.code, "col": h},
        str(order[-1] - order[0]),
        "It is the smallest number of the column taken from the largest one.",
        (
            Slip("first-and-last-row", str(abs(values[0] - values[-1])), "The column goes from its first row to its last."),
            Slip("second-smallest", str(order[-1] - order[1]), "I took the smallest from the largest."),
            Slip("second-largest", str(order[-2] - order[0]), "I took the smallest from the largest."),
            Slip("largest-instead", str(order[-1]), "The numbers of the column reach up to that."),
        ),
        context=t.text,
    )


def _value_at_extreme(rng: random.Random, _: bool) -> Draft:
    t = _table(rng, 5)
    h, largest = rng.choice(t.columns), rng.random() < 0.5
    other = _other(rng, t.columns, h)
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
    t = _table(rng, 5)
    h = rng.choice(t.columns)
    other = _other(rng, t.columns, h)
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


def _compare(rng: random.Random, yes: bool) -> Draft:
    t = _table(rng)
    h = rng.choice(t.columns)
    a, b = sorted(rng.sample(t.names, 2), key=lambda n: -t.cells[n, h])
    larger = rng.random() < 0.5
    if larger is not yes:
        a, b = b, a
    slip = Slip("mixed-up-rows", "no" if yes else "yes", "I held the two rows against each other, and it comes out so.")
    fields = {"code": t.code, "col": h, "a": a, "b": b, "which": "larger" if larger else "smaller"}
    reason = "The two numbers of that column, held against each other, show it."
    return Draft(fields, "yes" if yes else "no", reason, (slip,), AnswerFormat.YES_NO, context=t.text)


def _together(rng: random.Random, yes: bool) -> Draft | None:
    t = _table(rng)
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


Columns = dict[str, dict[str, int]]


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


def _compare_again(columns: Columns, fields: Fields) -> str:
    a, b = columns[fields["col"]][fields["a"]], columns[fields["col"]][fields["b"]]
    return "yes" if (a > b) is (fields["which"] == "larger") else "no"


def _together_again(columns: Columns, fields: Fields) -> str:
    column = columns[fields["col"]]
    return "yes" if column[fields["c"]] - column[fields["a"]] < column[fields["b"]] else "no"


FAMILIES: tuple[Family, ...] = (
    Family(
        "lookup",
        "easy",
        (
            'In table {code}, which number stands under "{col}" for {name}?',
            'Look at table {code}: what is the entry "{col}" in the row {name}?',
            'What does table {code} give as "{col}" for {name}?',
        ),
        _lookup,
        _numbers(lambda c, f: c[f["col"]][f["name"]]),
    ),
    Family(
        "extreme",
        "easy",
        (
            'In table {code}, which row has the {which} number under "{col}"? Give the name in its first column.',
            'Which name in the first column of table {code} has the {which} entry in the column "{col}"?',
            'Name the row of table {code} whose number in the column "{col}" is the {which}.',
        ),
        _extreme,
        _words(lambda c, f: _ranked(c, f)[0]),
    ),
    Family(
        "second",
        "medium",
        (
            'In table {code}, which row has the second {which} number under "{col}"? Give the name in its first column.',
            'Which name in the first column of table {code} has the second {which} entry in the column "{col}"?',
            'Put the column "{col}" of table {code} in order: which row has the second {which} number?',
        ),
        _second,
        _words(lambda c, f: _ranked(c, f)[1]),
    ),
    Family(
        "difference",
        "easy",
        (
            'In table {code}, by how much is the number under "{col}" larger for {a} than for {b}?',
            'What is the difference between {a} and {b} in the column "{col}" of table {code}?',
            'Take the entry "{col}" of {b} from that of {a} in table {code}. What is left?',
        ),
        _difference,
        _numbers(lambda c, f: next(d for d in range(1000) if c[f["col"]][f["b"]] + d == c[f["col"]][f["a"]])),
    ),
    Family(
        "column-sum",
        "medium",
        (
            'What is the sum of the column "{col}" in table {code}?',
            'Add up all numbers under "{col}" in table {code}. What is the total?',
            'All rows of table {code} together, what do they come to in the column "{col}"?',
        ),
        _column_sum,
        _numbers(_column_again),
    ),
    Family(
        "pair-sum",
        "easy",
        (
            'In table {code}, what do {a} and {b} have together in the column "{col}"?',
            'Add the entries "{col}" of {a} and {b} in table {code}. What is the sum?',
            'What is the sum of the two numbers that table {code} gives as "{col}" for {a} and {b}?',
        ),
        _pair_sum,
        _numbers(lambda c, f: sum(v for n, v in c[f["col"]].items() if n in (f["a"], f["b"]))),
    ),
    Family(
        "count",
        "medium",
        (
            'In how many rows of table {code} is the number under "{col}" {than}?',
            'How many entries in the column "{col}" of table {code} are {than}?',
            'Count the rows of table {code} in which "{col}" is {than}. How many are there?',
        ),
        _count,
        _numbers(_count_again),
    ),
    Family(
        "range",
        "medium",
        (
            'In table {code}, how far apart are the largest and the smallest number under "{col}"?',
            'What is the difference between the largest and the smallest entry in the column "{col}" of table {code}?',
            'Take the smallest number in the column "{col}" of table {code} from the largest one. What is the result?',
        ),
        _range,
        _numbers(lambda c, f: max(abs(v - w) for v in c[f["col"]].values() for w in c[f["col"]].values())),
    ),
    Family(
        "value-at-extreme",
        "medium",
        (
            'In table {code}, find the row with the {which} number under "{col}". What stands under "{other}" in that row?',
            'Which number does table {code} give under "{other}" in the row whose entry "{col}" is the {which}?',
            'Of the rows of table {code}, take the one where "{col}" is {which}. What is its entry "{other}"?',
        ),
        _value_at_extreme,
        _numbers(lambda c, f: c[f["other"]][_ranked(c, f)[0]]),
    ),
    Family(
        "conditional-sum",
        "hard",
        (
            'Take all rows of table {code} in which "{col}" is {than}. What is the sum of their numbers under "{other}"?',
            'In table {code}, add up the entries "{other}" of those rows whose entry "{col}" is {than}. What is the total?',
            'What do the rows of table {code} with a number of {than} under "{col}" come to, all together, under "{other}"?',
        ),
        _conditional_sum,
        _numbers(_sum_again),
    ),
    Family(
        "compare",
        "easy",
        (
            'In table {code}, is the number under "{col}" {which} for {a} than for {b}?',
            'Does table {code} show a {which} entry in the column "{col}" for {a} than for {b}?',
            'Look at the column "{col}" of table {code}: is the number of {a} {which} than the number of {b}?',
        ),
        _compare,
        _words(_compare_again),
    ),
    Family(
        "together",
        "medium",
        (
            'In the column "{col}" of table {code}, do {a} and {b} together have more than {c} alone?',
            'Is the sum of {a} and {b} under "{col}" in table {code} larger than the number of {c}?',
            'Add the entries "{col}" of {a} and {b} in table {code}. Is that more than the entry of {c}?',
        ),
        _together,
        _words(_together_again),
    ),
)
