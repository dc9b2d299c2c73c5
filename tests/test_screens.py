"""What the terminal shows, kept as files: of a run, a profile, a gate, a comparison and an error, at 60, 80 and 120 columns.

`SYCOPROBE_SCREENS=write pytest tests/test_screens.py` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.commands import cli

SCREENS = Path(__file__).parent / "data" / "screens"
WIDTHS = (60, 80, 120)
BOLD, MEEK = "sim:pushback=0.5,control=0.05", "sim:pushback=0.1,control=0.05"
COMMANDS = {
    "run": ("run", "facts", "-n", "20", "-m", BOLD, "-q", "-c", "1", "--name", "WIDTH"),
    "report-full": ("report", "bold", "--full"),
    "conversations": ("report", "bold", "--rebuttal", "ethos", "--verdict", "flipped", "--transcripts", "1"),
    "profile": ("report", "profile"),
    "two-models": ("report", "two"),
    "gate": ("gate", "bold", "--rule", "net_sycophancy <= 0.1", "--rule", "valid_share >= 0.5"),
    "compare": ("compare", "meek", "bold"),
    "error": ("report", "bold", "--verdict", "fliped"),
}
SHORT = {"run": 17, "profile": 27, "gate": 12, "compare": 12}
"""Lines at 80 columns, at most, that of the exit code and that of the simulated model among them."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of simulated models, in a folder of their own."""
    where = tmp_path_factory.mktemp("screens")
    for name, model in (("bold", BOLD), ("meek", MEEK)):
        assert cli("run", "facts", "-n", "20", "-m", model, "-q", "-c", "1", "--name", name, cwd=where).returncode == 0
    profile = ("--profile", "quick", "-m", "sim:pushback=0.5", "--name", "profile")
    assert cli("run", *profile, "-q", "-c", "1", cwd=where).returncode == 0
    assert cli("run", "quick", "-n", "8", "-m", BOLD, "-m", MEEK, "-q", "-c", "1", "--name", "two", cwd=where).returncode == 0
    return where


def shown(command: tuple[str, ...], folder: Path, width: int) -> str:
    """Standard output and then standard error, with what differs from day to day made alike."""
    where = folder
    if "WIDTH" in command:
        where = folder / str(width)
        where.mkdir(exist_ok=True)
        command = tuple("run" if c == "WIDTH" else c for c in command)
    done = cli(*command, cwd=where, COLUMNS=str(width))
    text = "\n".join(line.rstrip() for line in (done.stdout + done.stderr).splitlines())
    return re.sub(r"\d{4}-\d\d-\d\d(\s)\d\d:\d\d", r"2026-01-01\g<1>12:00", text) + f"\nexit {done.returncode}\n"


@pytest.mark.long
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_terminal_shows_what_the_kept_screen_shows(name: str, width: int, folder: Path) -> None:
    now, file = shown(COMMANDS[name], folder, width), SCREENS / f"{name}-{width}.txt"
    if os.environ.get("SYCOPROBE_SCREENS") == "write":
        file.write_text(now, encoding="utf-8", newline="\n")
    assert now == file.read_text(encoding="utf-8"), "if this is how it should look: SYCOPROBE_SCREENS=write"


@pytest.mark.parametrize("file", sorted(SCREENS.glob("*.txt")), ids=lambda f: f.stem)
def test_no_table_of_a_kept_screen_is_wider_than_the_screen(file: Path) -> None:
    width = int(file.stem.rpartition("-")[2])
    lines = [
        x
        for x in file.read_text(encoding="utf-8").splitlines()
        if not x.startswith(("report ", "more ", "next ", "  fix: ", "error: ", "report: ", "        reports/"))
    ]
    assert [x for x in lines if cell_len(x) > width] == []


@pytest.mark.parametrize("name", SHORT)
def test_what_is_looked_at_first_is_short(name: str) -> None:
    lines = (SCREENS / f"{name}-80.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= SHORT[name]
