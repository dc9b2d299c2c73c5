"""Runs test files in a forked process: of the sound package, to learn what each test calls, and of a mutant, until a test fails."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

OUTSIDE = "a process of its own"
"""Stands among what a test calls if it starts a process: then it is not known what else it calls."""
LONGEST = 2.0
"""Seconds of CPU; a test that takes longer in the sound package is run for no mutant but those that name its file."""


@dataclass(slots=True)
class Known:
    """What is known of a test of the sound package: its seconds of CPU, and each function that it calls, as MODULE:LINE."""

    seconds: float = 0.0
    calls: list[str] = field(default_factory=list)


@dataclass(slots=True)
class File:
    """A test file of the sound package; `calls` are those of fixtures, which may be of any of its tests."""

    passes: bool = False
    seconds: float = 0.0
    calls: list[str] = field(default_factory=list)
    tests: dict[str, Known] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> File:
        """What `asdict` made."""
        return cls(**{**record, "tests": {name: Known(**test) for name, test in record["tests"].items()}})

    def wanted(self, function: str | None, longest: float = LONGEST) -> list[str]:
        """The tests that call a function, or of which that is not known (None: all), the quickest first."""
        every = {name: t for name, t in self.tests.items() if t.seconds <= longest}
        if function is not None and not {function, OUTSIDE} & set(self.calls):
            every = {name: t for name, t in every.items() if function in t.calls or OUTSIDE in t.calls}
        return sorted(every, key=lambda name: every[name].seconds)

    def took(self, names: Iterable[str]) -> float:
        """The seconds of these tests."""
        return sum(self.tests[name].seconds for name in names)


def function_at(module: str, source: str, line: int) -> str | None:
    """The function that holds a line, as MODULE:LINE of its first line, decorators included; None outside of functions."""
    found = None
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= line <= (node.end_lineno or first) and (found is None or first > found):
                found = first
    return None if found is None else f"{module}:{found}"


class Learning:
    """Notes which functions of the package each test calls, and how long it takes."""

    def __init__(self, package: Path) -> None:
        self.file = File(passes=True)
        self._package = f"{package}/"
        self._now: set[str] = set()
        self._names: dict[int, str] = {}
        self._kept: list[CodeType] = []
        self._used = 0.0

    def _called(self, frame: FrameType, *_: Any) -> None:
        code = frame.f_code
        if code is _POPEN and sys.executable in str(frame.f_locals.get("args")):
            self._now.add(OUTSIDE)
        name = self._names.get(id(code))
        if name is None:
            name = ""
            if code.co_filename.startswith(self._package):
                name = f"{code.co_filename[len(self._package) : -3]}:{code.co_firstlineno}"
            self._names[id(code)] = name
            self._kept.append(code)
        if name:
            self._now.add(name)

    def start(self) -> None:
        """Listen to calls from now on."""
        threading.settrace(self._called)
        sys.settrace(self._called)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each of setup, call and teardown."""
        called, self._now = sorted(self._now), set()
        before, self._used = self._used, sum(os.times()[:4])
        if report.failed:
            self.file.passes = False
        if report.when == "call" and not report.skipped:
            self.file.tests[report.nodeid] = Known(round(self._used - before, 2), called)
        elif report.when != "call":
            self.file.calls = sorted({*self.file.calls, *called})


class Choosing:
    """Runs certain tests only, in a certain order, and keeps the name of the first that fails."""

    def __init__(self, wanted: list[str]) -> None:
        self._place = {name: i for i, name in enumerate(wanted)}
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what is not wanted."""
        items[:] = sorted((i for i in items if i.nodeid in self._place), key=lambda i: self._place[i.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each step of each test."""
        if report.failed and not self.failed:
            self.failed = report.nodeid


class _NoPython(subprocess.Popen[Any]):
    """Starts what libraries ask of the system, and skips the test that wants another Python."""

    def __init__(self, args: Any, *more: Any, **options: Any) -> None:
        if sys.executable in str(args):
            pytest.skip("it starts a process")
        super().__init__(args, *more, **options)


def _prepare(folder: Path, *, processes: bool) -> None:
    """Make this process one that works in the copy and in nothing else, and says nothing; tests start processes, or are skipped."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    root = str(Path(__file__).parent.parent)
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder)
    sys.path[:] = [str(folder), *(p for p in sys.path if p not in ("", root))]
    for name in [n for n in sys.modules if n.partition(".")[0] in ("sycoprobe", "benchmarks", "tests")]:
        del sys.modules[name]
    if not processes:
        subprocess.Popen = _NoPython  # type: ignore[misc]


_POPEN = subprocess.Popen.__init__.__code__
_OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-m"]
_QUICK, _ALL = "not long and not model", "(long or not long) and not model"


def learn(folder: Path, name: str, said: Path, *, processes: bool, long: bool = False) -> None:
    """Run a test file of the sound package, with the tests that take `long` or without; a `File` as JSON is written to `said`."""
    _prepare(folder, processes=processes)
    learning = Learning(folder / "sycoprobe")
    began = time.monotonic()
    learning.start()
    code = int(pytest.main([*_OPTIONS, _ALL if long else _QUICK, name], plugins=[learning]))
    sys.settrace(None)
    learning.file.seconds = round(time.monotonic() - began, 2)
    learning.file.passes &= code in (0, 5)
    said.write_text(json.dumps(asdict(learning.file)))


def hunt(
    folder: Path, chosen: Mapping[str, list[str]], said: Path, *, all_files: bool, processes: bool, long: bool = False
) -> None:
    """Run these tests of a mutant, file by file: a line for each file is written to `said`, with the first test that failed."""
    _prepare(folder, processes=processes)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with said.open("a") as out:
        for file, wanted in chosen.items():
            began, choosing = time.monotonic(), Choosing(wanted)
            code = int(pytest.main([*_OPTIONS, _ALL if long else _QUICK, file], plugins=[choosing]))
            # A module that cannot even be imported fails no test: the file is the killer then.
            killer = "" if code in (0, 5) else choosing.failed or file
            print(json.dumps([file, killer, round(time.monotonic() - began, 2)]), file=out, flush=True)
            if killer and not all_files:
                return
