"""The faults that are put in by name still fit the code, and the tests that are to notice them are still there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from benchmarks.mutants import TABLE, directed

DATA = tomllib.loads(TABLE.read_text())


def test_every_fault_that_is_named_still_has_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    found = directed(DATA["directed"], [entry["module"] for entry in DATA["directed"]])

    assert capsys.readouterr().err == ""
    assert len(found) == len(DATA["directed"])


def test_every_module_and_test_file_that_is_named_exists() -> None:
    modules = [m for row in DATA["tests"] for m in row["modules"]] + [entry["module"] for entry in DATA["directed"]]
    tests = [f for row in (*DATA["tests"], *DATA["directed"]) for f in row["tests"]]

    assert [m for m in modules if not Path("sycoprobe", f"{m}.py").exists()] == []
    assert [f for f in tests if not Path(f).exists()] == []
