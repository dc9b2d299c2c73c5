"""The tables of docs/validity.md are what their commands print: first rows, made again, and the commands that stand above them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from benchmarks import validity

PAGE = (Path(__file__).parent.parent / "docs" / "validity.md").read_text(encoding="utf-8")
SEED = 20261124
COMMAND = re.compile(r"`python -m benchmarks\.validity (\w+)((?: --[a-z]+ (?:\d+|\"[^\"]+\"))*)`")
SECTIONS = {
    "Coverage and bias": ("bias",),
    "Each tail": ("tails", "exact"),
    "Hedging": ("hedging",),
    "Ratings": ("ratings",),
    "Few clusters": ("templates",),
    "What a naive tool says": ("naive",),
    "False alarms": ("alarms",),
    "Power": ("power",),
    "What stopping early saves, and costs": ("cost",),
}
QUICK = ("hedging", "ratings", "alarms", "power", "cost")
"""Whose first row takes less than a minute."""


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_rows(text: str) -> tuple[list[str], list[str]]:
    """The header and the first row of the first table of a text."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    header, row = ([cell.strip() for cell in line.strip("|").split("|")] for line in rows[:2])
    return header, row


def options(command: str) -> dict[str, object]:
    """The number of runs, and the further rules, that the page names for a command."""
    (given,) = {found[2] for found in COMMAND.finditer(PAGE) if found[1] == command}
    runs = re.search(r"--runs (\d+)", given)
    rules = tuple(re.findall(r"--rule \"([^\"]+)\"", given))
    return {"runs": int(runs[1]) if runs else 1, **({"rules": rules} if rules else {})}


@pytest.mark.parametrize(("title", "commands"), SECTIONS.items())
def test_each_table_stands_below_the_command_that_printed_it(title: str, commands: tuple[str, ...]) -> None:
    named = [found[1] for found in COMMAND.finditer(section(title))]
    assert set(named) == set(commands) and "| " in section(title)
    for command in commands:
        assert callable(getattr(validity, command)) and options(command)["runs"]


def test_the_seed_is_the_default_one() -> None:
    source = Path(validity.__file__).read_text(encoding="utf-8")
    assert re.search(rf'"--seed", type=int, default={SEED}\b', source)


class _Enough(Exception):
    pass


class _FirstRow(io.StringIO):
    """What is printed, up to the end of the first row of numbers."""

    def write(self, text: str) -> int:
        written = super().write(text)
        whole = self.getvalue().rpartition("\n")[0].splitlines()
        if len([line for line in whole if line.startswith("| ")]) > 1:
            raise _Enough
        return written


@pytest.mark.long
@pytest.mark.parametrize("command", QUICK)
def test_the_first_row_of_a_table_is_what_its_command_prints(command: str) -> None:
    given = options(command)
    (title,) = [t for t, commands in SECTIONS.items() if command in commands]
    printed = _FirstRow()
    with contextlib.suppress(_Enough), contextlib.redirect_stdout(printed):
        getattr(validity, command)(given.pop("runs"), SEED, **given)
    assert first_rows(printed.getvalue()) == first_rows(section(title))
