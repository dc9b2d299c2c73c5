"""Which faults do the tests notice? Puts one small fault at a time into a copy of the package, and runs the tests that should.

python -m benchmarks.mutants --out mutants.jsonl --count 300 --seed 1 [--module gating/decision] [--jobs 2]
python -m benchmarks.mutants --out mutants.jsonl --directed
python -m benchmarks.mutants --out after.jsonl --survivors-of mutants.jsonl

What was tried stands in the file, a mutant a line; the same command goes on where it was stopped. Which tests are run for a
module is in mutants.toml. Of those, the tests are run that called the mutant's function when the sound package was tested; the
first mutants of a module are tried with all files, the others up to the first failure, by what killed most in least time.
Each mutant is a process forked from one in which the large libraries are imported already.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.mutant_tests import LONGEST, File, function_at, hunt, learn
from benchmarks.mutating import Mutant, mutants_of

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).with_suffix(".toml")
COPIED = (
    "sycoprobe",
    "tests",
    "probes",
    "schemas",
    "benchmarks",
    "docs",
    "reports/sample",
    "README.md",
    "CHANGELOG.md",
    "mkdocs.yml",
    "action.yml",
)
LIBRARIES = (
    "numpy", "scipy.special", "scipy.stats", "statsmodels.stats.api", "pydantic", "hypothesis", "jsonschema", "xmlschema",
    "jsonlines", "filelock", "typer.testing", "rich.console", "httpx", "aiohttp.web", "dotenv", "yaml",
)  # fmt: skip
"""Imported once, before the first fork."""
FIRST = 1
"""So many mutants of a module are tried with every test file of its row, to learn which are worth running first."""
SLOWER = 10.0
"""A mutant has run into its time limit if its tests take so many times the CPU of those of the sound package."""


@dataclass(slots=True)
class Tried:
    """What became of a mutant: killed, survived or timeout. `files`: of each test file that was run, the test that failed, and seconds."""

    mutant: Mutant
    end: str
    killer: str = ""
    seconds: float = 0.0
    files: dict[str, tuple[str, float]] = field(default_factory=dict)


@dataclass(slots=True)
class Running:
    """A forked process at work on a mutant."""

    pid: int
    mutant: Mutant
    folder: Path
    said: Path
    began: float
    limit: float
    files: int


def copied(folder: Path) -> Path:
    """A copy of the package, its tests and its data."""
    for name in COPIED:
        target = folder / name
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        else:
            shutil.copy(ROOT / name, target)
    for name in ("pyproject.toml", "CONTRIBUTING.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def forked(work: Callable[[], None]) -> int:
    """The id of a new process that does this work, and nothing else."""
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def lines_of(path: Path) -> Iterator[Any]:
    if path.exists():
        yield from (json.loads(line) for line in path.read_text().splitlines())


class Bench:
    """Tries mutants in copies of the package, several at a time."""

    def __init__(self, out: Path, table: dict[str, list[str]], with_processes: set[str], jobs: int, work: Path) -> None:
        self.out, self.table, self.jobs, self.work = out, table, jobs, work
        self.with_processes = with_processes
        self.only: dict[tuple[str, int, str, str], list[str]] = {}
        """The test files of single mutants, where they are not those of their module."""
        self.tried: dict[tuple[str, int, str, str], Tried] = {}
        self.sound: dict[str, File] = {}
        for line in lines_of(out):
            if "sound" in line:
                self.sound |= {file: File.of(record) for file, record in line["sound"].items()}
            else:
                one = Tried(**{**line, "mutant": Mutant(**line["mutant"])})
                self.tried[one.mutant.key] = one

    def files(self, mutant: Mutant) -> list[str]:
        """The test files that are run for a mutant."""
        return self.only.get(mutant.key) or self.table[mutant.module]

    def processes(self, file: str) -> bool:
        """Whether tests of this file may start processes; elsewhere those that do are skipped, for the time that it takes."""
        return file in self.with_processes

    def chosen(self, mutant: Mutant) -> dict[str, list[str]]:
        """The tests to run, by file: those that call the function; first the files that killed most of the module in least time."""
        source = (ROOT / "sycoprobe" / f"{mutant.module}.py").read_text()
        function = function_at(mutant.module, source, mutant.line)
        longest = math.inf if mutant.key in self.only else LONGEST
        wanted = {
            f: self.sound[f].wanted(function, longest) for f in self.files(mutant) if f in self.sound and self.sound[f].passes
        }
        kills: Counter[str] = Counter()
        seconds = {f: 1 + self.sound[f].took(names) for f, names in wanted.items()}
        for one in self.tried.values():
            if one.mutant.module == mutant.module:
                for file, (killer, took) in one.files.items():
                    kills[file] += bool(killer)
                    seconds[file] = seconds.get(file, 0.0) + took
        order = sorted(wanted, key=lambda f: -(kills[f] + 0.2) / seconds[f])
        return {f: wanted[f] for f in order if wanted[f]}

    def check(self, folder: Path, files: Iterable[str]) -> None:
        """Run the tests of the sound package; a file that fails there is left out."""
        for file in sorted(f for f in set(files) - self.sound.keys() if (ROOT / f).exists()):
            said = self.work / "sound.json"
            said.write_text(json.dumps(asdict(File())))
            os.waitpid(forked(partial(learn, folder, file, said, processes=self.processes(file), long=bool(self.only))), 0)
            self.sound[file] = File.of(json.loads(said.read_text()))
            print(f"{file}: {self.sound[file].seconds:.0f} s, {len(self.sound[file].tests)} tests", file=sys.stderr)
            if not self.sound[file].passes:
                print(f"left out, since it fails in the sound package: {file}", file=sys.stderr)
            self._keep({"sound": {file: asdict(self.sound[file])}})

    def begin(self, mutant: Mutant, folder: Path) -> Running:
        """Put the mutant into a copy and start its tests."""
        place = folder / "sycoprobe" / f"{mutant.module}.py"
        place.write_text(mutant.applied((ROOT / "sycoprobe" / f"{mutant.module}.py").read_text()))
        for stale in (place.parent / "__pycache__").glob(f"{place.stem}.*.pyc"):
            stale.unlink()
        chosen = self.chosen(mutant)
        said = folder / "said.jsonl"
        said.write_text("")
        all_files = sum(t.mutant.module == mutant.module for t in self.tried.values()) < FIRST
        limit = 40 + SLOWER * sum(1 + self.sound[f].took(names) for f, names in chosen.items())
        how = {"all_files": all_files, "processes": any(map(self.processes, chosen)), "long": bool(self.only)}
        pid = forked(partial(hunt, folder, chosen, said, **how))
        return Running(pid, mutant, folder, said, time.monotonic(), limit, len(chosen))

    def ended(self, running: Running) -> Tried | None:
        """What became of a mutant; None while its tests run."""
        seconds = time.monotonic() - running.began
        over = seconds > running.limit
        if over:
            os.kill(running.pid, signal.SIGKILL)
        pid, _ = os.waitpid(running.pid, 0 if over else os.WNOHANG)
        if not pid:
            return None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)  # what its tests started and did not end
        found = list(lines_of(running.said))
        killer = next((line[1] for line in found if line[1]), "")
        if not killer and not over and len(found) < running.files:
            killer = "the process of the tests ended"
        end = "killed" if killer else "timeout" if over else "survived"
        tried = Tried(running.mutant, end, killer, round(seconds, 1), {line[0]: (line[1], line[2]) for line in found})
        source = ROOT / "sycoprobe" / f"{running.mutant.module}.py"
        shutil.copy(source, running.folder / "sycoprobe" / f"{running.mutant.module}.py")
        return tried

    def run(self, mutants: list[Mutant]) -> None:
        """Try all that were not tried yet, and keep what became of each."""
        waiting = [m for m in mutants if m.key not in self.tried]
        if not waiting:
            return
        copies = [copied(self.work / f"copy-{i}") for i in range(self.jobs)]
        busy: list[Running] = []
        while waiting or busy:
            while waiting and copies:
                self.check(copies[-1], self.files(waiting[0]))
                busy.append(self.begin(waiting.pop(0), copies.pop()))
            for running in list(busy):
                tried = self.ended(running)
                if tried is not None:
                    busy.remove(running)
                    copies.append(running.folder)
                    self.tried[tried.mutant.key] = tried
                    self._keep(asdict(tried))
            time.sleep(0.02)

    def _keep(self, record: dict[str, Any]) -> None:
        with self.out.open("a") as f:
            f.write(json.dumps(record, ensure_ascii=False) + "\n")


def drawn(modules: list[str], count: int, seed: int) -> list[Mutant]:
    """So many mutants in all, as many of each module, at random."""
    decks = []
    for module in modules:
        deck = mutants_of(module, (ROOT / "sycoprobe" / f"{module}.py").read_text())
        random.Random(f"{seed} {module}").shuffle(deck)
        decks.append(deck)
    rounds = [deck[i] for i in range(max(map(len, decks))) for deck in decks if i < len(deck)]
    return sorted(rounds[:count], key=lambda m: modules.index(m.module))


def there(mutant: Mutant) -> bool:
    """Whether the text that a mutant replaces still stands where it stood."""
    source = (ROOT / "sycoprobe" / f"{mutant.module}.py").read_bytes()
    found = source[mutant.start : mutant.end] == mutant.before.encode()
    if not found:
        print(f"moved: {mutant.module}:{mutant.line} {mutant.before!r}", file=sys.stderr)
    return found


def directed(entries: list[dict[str, Any]], modules: list[str]) -> list[tuple[Mutant, list[str]]]:
    """The mutants that mutants.toml names, by the text that each replaces, with the tests that are to notice."""
    made = []
    for entry in entries:
        if entry["module"] not in modules:
            continue
        source, old = (ROOT / "sycoprobe" / f"{entry['module']}.py").read_text(), entry["old"]
        if source.count(old) != 1:
            print(f"stale: {entry['module']} has {old!r} {source.count(old)} times", file=sys.stderr)
            continue
        before = source[: source.index(old)]
        start, line = len(before.encode()), before.count("\n") + 1
        mutant = Mutant(entry["module"], line, entry["says"], old, entry["new"], start, start + len(old.encode()))
        made.append((mutant, entry["tests"]))
    return made


def table_of(tried: Iterable[Tried]) -> str:
    """A row a module: killed, survived, timeouts."""
    counted: dict[str, Counter[str]] = {}
    for one in tried:
        counted.setdefault(one.mutant.module, Counter())[one.end] += 1
    total: Counter[str] = sum(counted.values(), Counter())
    rows = ["| module | tried | killed | timeout | survived |", "|---|--:|--:|--:|--:|"]
    for name, c in [*sorted(counted.items()), ("all", total)]:
        rows.append(f"| {name} | {sum(c.values())} | {c['killed']} | {c['timeout']} | {c['survived']} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("mutants.jsonl"))
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", action="append", help="as in mutants.toml; may be repeated; default: all")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--directed", action="store_true", help="the mutants that mutants.toml names, instead of random ones")
    parser.add_argument("--survivors-of", type=Path, help="try again what survived in another file")
    parser.add_argument("--list", action="store_true", help="print what survived, and try nothing")
    given = parser.parse_args()
    data = tomllib.loads(TABLE.read_text())
    table = {m: row["tests"] for row in data["tests"] for m in row["modules"]}
    with_processes = {f for row in data["tests"] if row.get("processes") for f in row["tests"]}
    modules = given.module or list(dict.fromkeys((*table, *(entry["module"] for entry in data["directed"]))))
    for library in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(library)
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(given.out, table, with_processes, given.jobs, Path(work))
        if given.survivors_of:
            survived = [Mutant(**line["mutant"]) for line in lines_of(given.survivors_of) if line.get("end") == "survived"]
            chosen = [m for m in survived if there(m)]
        elif given.directed:
            named = directed(data["directed"], modules)
            bench.only = {mutant.key: tests for mutant, tests in named}
            chosen = [mutant for mutant, _ in named]
        else:
            chosen = drawn([m for m in modules if m in table], given.count, given.seed)
        if not given.list:
            bench.run(chosen)
    print(table_of(bench.tried.values()))
    for one in bench.tried.values():
        if one.end == "survived":
            print(f"{one.mutant.module}:{one.mutant.line} {one.mutant.how}: {one.mutant.before!r} -> {one.mutant.after!r}")


if __name__ == "__main__":
    main()
