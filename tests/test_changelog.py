"""The changelog: fragments in changes/ become its next version, and nothing that stands in it is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TYPES = [each["directory"] for each in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]["type"]]


def towncrier(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "towncrier", "build", "--version", "9.8.7", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with all that towncrier reads, in a git repository of its own."""
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "changes", tmp_path / "changes")
    subprocess.run("git init -q && git add -A", shell=True, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def test_the_draft_of_the_next_version_builds_from_fragments_of_known_types() -> None:
    done = towncrier(ROOT, "--draft")
    assert done.returncode == 0, done.stderr
    assert "## 9.8.7 (" in done.stdout
    for path in (ROOT / "changes").iterdir():
        if path.name not in ("README.md", ".gitignore"):
            issue, kind, ending = path.name.rsplit(".", 2)
            assert issue.startswith("+") or issue.isdigit(), path.name
            assert kind in TYPES and ending == "md", f"{path.name}: types are {TYPES}"
            assert path.read_text("utf-8").split()[0] in done.stdout


def test_each_type_that_the_readme_names_is_one_and_gets_a_heading(copy: Path) -> None:
    named = [
        line.split("`")[1] for line in (ROOT / "changes" / "README.md").read_text("utf-8").splitlines() if line[:3] == "| `"
    ]
    assert sorted(named) == sorted(TYPES)
    for kind in TYPES:
        (copy / "changes" / f"+some-{kind}.{kind}.md").write_text(f"What a {kind} does.\n")
    (copy / "changes" / "123.fix.md").write_text("A number in a title.\n")
    drafted = towncrier(copy, "--draft").stdout
    assert drafted.count("### ") == len(TYPES)
    assert all(f"What a {kind} does." in drafted for kind in TYPES)
    assert "A number in a title. ([#123](" in drafted


def test_a_fragment_of_no_known_type_is_an_error(copy: Path) -> None:
    (copy / "changes" / "+oops.feat.md").write_text("Something.\n")
    done = towncrier(copy, "--draft")
    assert done.returncode != 0
    assert "+oops.feat.md" in done.stdout + done.stderr


def test_a_new_version_goes_on_top_and_every_earlier_line_stays(copy: Path) -> None:
    before = (copy / "CHANGELOG.md").read_text("utf-8")
    (copy / "changes" / "+news.feature.md").write_text("Something new.\n")
    done = towncrier(copy, "--yes")
    assert done.returncode == 0, done.stderr
    after = (copy / "CHANGELOG.md").read_text("utf-8")
    assert next(line for line in after.splitlines() if line.startswith("## ")).startswith("## 9.8.7 (")
    head, marker, rest = before.partition("<!-- towncrier: new versions go below this line -->\n")
    assert marker and after.startswith(head + marker) and after.endswith(rest.strip("\n") + "\n")
    assert [path.name for path in (copy / "changes").iterdir()] == ["README.md"]
