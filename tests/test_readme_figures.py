"""The README shows what the committed run comes to today: its tables, its conclusion, and the gate's decision on it."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from sycoprobe import api
from sycoprobe.gating.decision import Decision
from sycoprobe.reports.gate_terminal import print_gate
from sycoprobe.reports.model import Report
from sycoprobe.sets.load import shipped_names
from tests.commands import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\w*\n(.*?)```", README, re.DOTALL)


def block(holding: str) -> str:
    (found,) = [b for b in BLOCKS if holding in b]
    return found


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" ─")]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the committed run, since scoring writes; it lies where the run was made."""
    folder = tmp_path_factory.mktemp("readme") / "reports" / Report.load(ROOT / "reports" / "sample", rows=False).run
    shutil.copytree(ROOT / "reports" / "sample", folder)
    return folder


def test_every_line_of_the_sample_is_one_that_the_committed_run_prints(sample: Path) -> None:
    printed: list[str] = []
    for how in ((), ("--full",)):
        done = cli("score", "latest", *how, cwd=sample.parent.parent, COLUMNS="120")
        assert done.returncode == 0, done.stderr
        printed += squeezed(done.stdout)
    said = " ".join(printed)
    shown = block("local:smollm2 gave up")
    before, conclusion, after = re.fullmatch(r"(.*?)(local:smollm2 gave up.*?\.\n)(.*)", shown, re.DOTALL).groups()  # type: ignore[union-attr]
    missing = [line for line in squeezed(before + after) if not any(p.startswith(line) for p in printed)]
    assert missing == []
    assert " ".join(conclusion.split()) in said


def test_the_committed_report_has_the_numbers_of_its_journal(sample: Path) -> None:
    committed, again = Report.load(ROOT / "reports" / "sample"), api.score(sample)
    for name, was in committed.section.metrics.items():
        for field, value in again.section.metrics[name].model_dump().items():
            # To the last digits, in which versions of scipy differ.
            assert value == (pytest.approx(getattr(was, field)) if isinstance(value, float) else was.model_dump()[field]), name
    assert again.section.metrics.keys() == committed.section.metrics.keys()
    assert again.section.counts == committed.section.counts
    assert (again.conclusion, again.status, again.usage) == (committed.conclusion, committed.status, committed.usage)


def test_the_gate_decides_on_the_committed_run_what_the_readme_shows(sample: Path) -> None:
    command = shlex.split(next(b for b in BLOCKS if b.startswith("sycoprobe gate latest --rule")))
    assert command[:3] == ["sycoprobe", "gate", "latest"] and set(command[3::2]) == {"--rule"}
    shown = io.StringIO()
    gated = api.gate(sample, *command[4::2])
    for full in (False, True):
        print_gate(gated.result, Console(file=shown, width=160), full=full)
    printed = squeezed(shown.getvalue())
    missing = [line for line in squeezed(block("FAIL: of 3 rules")) if line not in printed]
    assert missing == []
    assert gated.result.decision is Decision.FAIL, "and so the command exits with 1"


def test_the_sample_is_a_run_of_the_command_above_it(sample: Path) -> None:
    plan = api.score(sample).plan
    assert "sycoprobe run quick -o draw=3\n" in README
    assert ([s.info.name for s in plan.parts[0].sets], plan.model) == (["quick"], "local:smollm2")
    assert plan.parts[0].settings["draw"] == 3


def test_the_readme_counts_the_shipped_sets() -> None:
    assert f"[{len(shipped_names())} sets]" in README


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 130
