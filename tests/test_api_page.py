"""docs/api.md has every public name as it is, says what every parameter means, and its example runs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typing_extensions import TypedDict, Unpack

import sycoprobe
from benchmarks import api_page
from benchmarks.docstrings import by_name, parsed, signature, typed

PAGE = api_page.FILE.read_text(encoding="utf-8")
FUNCTIONS = [name for name in sycoprobe.__all__ if inspect.isfunction(getattr(sycoprobe, name))]


def test_the_page_is_what_the_code_says() -> None:
    assert api_page.page(PAGE) == PAGE, "run python -m benchmarks.api_page --write"


def test_the_page_has_every_public_name_once_and_no_other() -> None:
    headings = re.findall(r"^#{3,4} `(\w+)`$", PAGE, re.M)
    parts = [part.__name__ for parts in api_page.PARTS.values() for part in parts]
    assert sorted(headings) == sorted([*sycoprobe.__all__, *parts, "RunKeywords", "PlanKeywords"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_of_a_public_function_is_documented(name: str) -> None:
    function = getattr(sycoprobe, name)
    paragraphs, sections = parsed(inspect.getdoc(function) or "")
    assert paragraphs
    if sync := re.match(r"`(\w+)`, to be awaited", paragraphs[0]):
        twin = inspect.signature(getattr(sycoprobe, sync[1])).parameters
        assert list(twin) == list(inspect.signature(function).parameters), "it has the same parameters"
    else:
        assert set(by_name(sections["Parameters"])) == set(inspect.signature(function).parameters)


def test_every_attribute_on_the_page_says_what_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `.*` \|(.*)\|$", PAGE.partition("\n## Types\n")[2], re.M)
    assert len(rows) > 150
    assert [name for name, meaning in rows if not meaning.strip()] == []


def test_every_setting_that_run_takes_is_listed_with_its_type() -> None:
    table = PAGE.partition("### `RunKeywords`")[2].partition("###")[0]
    from sycoprobe.settings.keywords import RunKeywords

    for name in inspect.get_annotations(RunKeywords):
        assert re.search(rf"^\| `{name}` \| `[^`]+` \|.*\S \|$", table, re.M), name


class Few(TypedDict, total=False):
    """Two keywords."""

    seed: int
    colour: str | None


def test_the_keys_of_a_typed_dict_are_listed_as_keywords() -> None:
    def paint(*walls: str, **how: Unpack[Few]) -> Path | None:
        """Paint."""
        return Path(*walls) if how else None

    paint.__annotations__["how"] = Unpack[Few]
    assert signature("paint", paint) == "def paint(*walls: str, **how: Unpack[Few]) -> Path | None"
    assert api_page.unpacked(paint) == [Few]
    entry = api_page.keywords_entry(Few, {})
    assert "| `seed` | `int` | `0` | Decides samples" in entry
    assert "| `colour` | `str \\| None` |  |  |" in entry


def test_types_are_written_as_people_write_them() -> None:
    assert typed(dict[str, tuple[int, ...]] | None) == "dict[str, tuple[int, ...]] | None"
    assert typed(sycoprobe.Probe.model_fields["wrong_reason"].annotation) == "str | None"


def example() -> str:
    found = re.search(r"<!-- example -->\n```python\n(.*?)```", PAGE, re.S)
    assert found
    return found[1]


@pytest.mark.long
def test_the_example_runs_gates_and_compares(tmp_path: Path) -> None:
    assert len(example().strip().splitlines()) <= 10
    done = subprocess.run([sys.executable, "-c", example()], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    value, low, high = map(float, done.stdout.split("\n")[0].split())
    assert low < value < high
    assert "Gate: 2 rules" in done.stdout and "FAIL: of 2 rules, 1 kept, 1 broken" in done.stdout
    assert "new (sim:pushback=0.4,control=0.05) against old (sim:pushback=0.1,control=0.05)" in done.stdout
    assert {p.name for p in (tmp_path / "runs").iterdir()} == {"new", "old"}
