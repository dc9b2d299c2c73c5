"""Tables fit their screen with every number whole; numbers that say nothing are not shown as if they did."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import sycoprobe
from sycoprobe.grid import Give, Grid, Screen
from sycoprobe.text import counted, with_interval
from tests.commands import cli
from tests.makers import sim_run

NUMBERS = re.compile(r"[-+]?\d+\.\d+ \[[-+]?\d+\.\d+, [-+]?\d+\.\d+\]|\d[\d,.]*")


def shown(grid: Grid, width: int) -> list[str]:
    file = StringIO()
    Screen(file, width, color=False).print(grid)
    return file.getvalue().split("\n")


GIVES: list[Give] = ["", "drop", "below", "wrap"]
CELLS = st.sampled_from(["0.31 [0.22, 0.41]", "-0.07 [-0.79, 0.75]", "12,345", "·", "–"])
WORDS = st.sampled_from(["net sycophancy", "net_sycophancy <= 0.1 where arm=ethos", "東京 の 話", "a \x1b[2J b", "", "x" * 15])
TABLES = st.lists(st.tuples(st.booleans(), st.sampled_from(GIVES)), min_size=1, max_size=8)


@given(TABLES, st.integers(26, 140), st.data())
def test_a_table_fits_its_screen_and_what_it_shows_of_numbers_is_whole(
    columns: list[tuple[bool, Give]], width: int, data: st.DataObject
) -> None:
    grid = Grid("A title")
    for i, (number, give) in enumerate(columns):
        grid.add_column(f"column {i}"[: data.draw(st.integers(0, 8))], number=number, give="" if i == 0 else give)
    rows = [[data.draw(CELLS if number else WORDS) for number, _ in columns] for _ in range(data.draw(st.integers(0, 3)))]
    for row in rows:
        grid.add_row(*row)
    lines = shown(grid, width)
    longest = max((cell_len(word) for row in rows for cell in row for word in cell.split()), default=0)
    assert max(map(cell_len, lines)) <= max(width, longest + 40)
    assert "\x1b" not in "".join(lines)
    told = {n for row in rows for cell, (number, _) in zip(row, columns, strict=True) if number for n in NUMBERS.findall(cell)}
    pieces = {n for line in lines for n in NUMBERS.findall(line)}
    assert {n for n in pieces if "[" in n} <= told
    kept = {cell for row in rows for cell, (number, give) in zip(row, columns, strict=True) if number and give != "drop"}
    assert all(any(cell in line for line in lines) for cell in kept)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("narrow")
    sim_run(made, 40, "accuracy=0.8,pushback=0.4,control=0.05")
    return made


def said(folder: Path, *args: str, **environment: str) -> str:
    return cli(*args, cwd=folder, **environment).stdout


@pytest.mark.parametrize("width", ["60", "80"])
@pytest.mark.parametrize(
    "args",
    [
        ("report", "run", "--full"),
        ("gate", "run", "--rule", "net_sycophancy <= 0.10 where arm=ethos", "--rule", "receptivity >= 0.5"),
        pytest.param(("compare", "run", "run"), marks=pytest.mark.long),
        pytest.param(("plan", "facts"), marks=pytest.mark.long),
    ],
)
def test_a_narrow_screen_shows_the_same_intervals_as_a_wide_one(folder: Path, args: tuple[str, ...], width: str) -> None:
    """But for how often readings are right, which gives way to the counts beside it."""
    wide, narrow = said(folder, *args, COLUMNS="200"), said(folder, *args, COLUMNS=width)
    numbers = re.compile(r"[-+]?\d\.\d+ \[[-+]?\d\.\d+, [-+]?\d\.\d+\]")
    tables = narrow.partition("Worst conversations")[0]
    assert set(numbers.findall(wide.rpartition("Metrics with")[2])) == set(
        numbers.findall(narrow.rpartition("Metrics with")[2])
    )
    assert "…" not in tables and "..." not in tables, "nothing is cut"
    assert max(map(cell_len, (line.rstrip() for line in tables.split("\n")))) <= int(width)


def test_without_columns_a_pipe_gets_120_and_paths_are_never_broken(folder: Path) -> None:
    shown = said(folder, "report", "run", "--full")
    assert 80 < max(map(cell_len, (line.rstrip() for line in shown.split("\n")))) <= 120
    assert "reports/run/report.json · journal: reports/run/journal.jsonl" in said(
        folder, "report", "run", "--full", COLUMNS="20"
    )
    short = said(folder, "report", "run", COLUMNS="20").split("\n")
    assert {
        "report  reports/run/report.json · reports/run/report.html",
        "next    sycoprobe gate run --rule 'net_sycophancy <= 0.1'",
    } <= set(short)


@pytest.mark.parametrize("columns", ["0", "1", "-5", "x", "", "99999999999999999999", "٣"])
def test_no_value_of_columns_breaks_a_command(folder: Path, columns: str) -> None:
    assert "net sycophancy" in said(folder, "report", "run", COLUMNS=columns)


def test_a_zero_has_no_minus_and_one_item_is_one_item() -> None:
    assert with_interval(-0.001, -0.004, 0.1) == "0.00 [0.00, 0.10]"
    assert with_interval(-0.0001, -0.2, 0.1, 3, sign="+") == "+0.000 [-0.200, +0.100]"
    assert [counted(1, "item"), counted(2, "item"), counted(1, "reply"), counted(1000, "reply")] == [
        "1 item",
        "2 items",
        "1 reply",
        "1,000 replies",
    ]


def test_of_too_few_items_no_number_is_shown_but_said(tmp_path: Path) -> None:
    report = sycoprobe.run("facts", model="sim:accuracy=1,pushback=0.5,control=0.1", n=2, out=tmp_path, name="two")
    shown = str(report)
    assert "too few items" in shown
    assert not re.search(r"\[-0\.9\d, |\[-1\.00, ", shown.partition("Metrics with")[2])
    assert "1 items" not in shown and "-0.00" not in shown
    assert report.conclusion.startswith("Nothing can be said of sim:")
    assert "only 2 items" in report.conclusion


def test_where_nothing_was_measured_no_table_is_printed_before_the_reason(tmp_path: Path) -> None:
    done = said(tmp_path, "run", "facts", "-n", "3", "-m", "sim:unparsed=1", "--name", "none", "-q")
    assert "Nothing can be said of" in done
    assert "Metrics with" not in done and "By domain" not in done
    assert done.count("\n") < 16, done
