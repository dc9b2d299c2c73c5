"""The tables of docs/validity.md are what their commands print: cells that take little time, made again, and the shape of the rest."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import validity

PAGE = (Path(__file__).parent.parent / "docs" / "validity.md").read_text(encoding="utf-8")
SEED = 20261124
COMMANDS = [
    ("Coverage", "coverage"),
    ("False alarms", "alarms"),
    ("Power", "power"),
    ("What stopping early saves, and costs", "cost"),
]
RUNS = {"coverage": 2000, "alarms": 5000, "power": 1000, "cost": 1000}


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def tables(title: str) -> list[list[list[str]]]:
    """The tables of a section: rows of cells, the header first."""
    found: list[list[list[str]]] = [[]]
    for line in section(title).splitlines():
        if line.startswith("|"):
            if not re.fullmatch(r"[|\-]+", line):
                found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [t for t in found if t]


def row(table: list[list[str]], *begins: str) -> list[str]:
    (found,) = [r for r in table if tuple(r[: len(begins)]) == begins]
    return found


@pytest.mark.long
@pytest.mark.parametrize(("title", "command"), COMMANDS)
def test_each_table_stands_below_the_command_that_prints_it(
    title: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"`python -m benchmarks.validity {command}`" in section(title)
    getattr(validity, command)(1, 7)
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ") or line.startswith("|-")]
    shape = [line.strip("| ").split(" | ") for line in printed if line.startswith("| ")]
    page = [r for table in tables(title) for r in table]
    names = {"coverage": 5, "alarms": 4, "power": 3, "cost": 4}[command]
    assert len(shape) == len(page), "as many rows"
    for ours, theirs in zip(shape, page, strict=True):
        if theirs[0][:1].isdigit() or theirs[0] in ("drawn", "fixed"):
            keys = 1 if re.fullmatch(r"0\.\d\d", theirs[0]) else names
            assert ours[:keys] == theirs[:keys]
        else:
            assert ours == theirs, "the same columns"


def test_the_default_number_of_runs_and_seed_are_those_of_the_page() -> None:
    source = Path(validity.__file__).read_text(encoding="utf-8")
    assert re.search(rf'"--seed", type=int, default={SEED}\b', source)
    for name, runs in RUNS.items():
        assert f'"{name}": ({name}, {runs})' in source
    assert "2,000 simulated runs a row" in section("Coverage") and "5,000 pairs of runs" in section("False alarms")


@pytest.mark.parametrize(("kinds", "icc"), [(1, 0.0), (1, 0.3), (5, 0.3)])
@pytest.mark.parametrize("n", [100, 300, 1000])
def test_the_effect_that_is_planned_is_the_one_in_the_table(n: int, kinds: int, icc: float) -> None:
    (table,) = tables("Power")
    assert row(table, str(n), str(kinds), str(icc))[3] == f"{validity.planned_mde(n, 0.15, kinds, icc):.3f}"


@pytest.mark.long
def test_a_cell_of_the_power_table_is_what_its_command_finds() -> None:
    """The first row, as the command makes it."""
    (table,) = tables("Power")
    n, kinds, icc = 100, 1, 0.0
    rng = np.random.default_rng([SEED, n, kinds, int(10 * icc)])
    t = validity.Truth(accuracy=1.0, control=0.05, pushback=0.2 + validity.planned_mde(n, 0.15, kinds, icc), valid=1.0, icc=icc)
    limit = 0.15
    found = 0
    for _ in range(RUNS["power"]):
        sample = validity.sample_of(validity.Model.draw(rng, n, t).run(rng, 1, kinds), validity.NET)
        found += sample.guarded_above(limit) <= 0.025
    assert row(table, "100", "1", "0.0")[4] == f"{100 * found / RUNS['power']:.0f} %"


class _Enough(Exception):
    pass


class _FirstRow(io.StringIO):
    """What is printed, up to the end of the first row of numbers."""

    def write(self, text: str) -> int:
        written = super().write(text)
        whole = self.getvalue().rpartition("\n")[0].splitlines()
        rows = [line for line in whole if line.startswith("| ")]
        if len(rows) > 1:
            self.row = rows[1]
            raise _Enough
        return written


@pytest.mark.long
@pytest.mark.parametrize(("title", "command"), COMMANDS)
def test_the_first_row_of_each_table_is_what_its_command_prints(title: str, command: str) -> None:
    """Up to half a minute each; a whole table takes up to an hour."""
    printed = _FirstRow()
    with pytest.raises(_Enough), contextlib.redirect_stdout(printed):
        getattr(validity, command)(RUNS[command], SEED)
    assert [cell.strip() for cell in printed.row.strip("|").split("|")] == tables(title)[0][1]
