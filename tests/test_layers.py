"""The house's floors: a folder imports only from those below it (import-linter, in pyproject.toml), and the pure ones do no I/O."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

import sycoprobe
from benchmarks import house

ROOT = Path(sycoprobe.__file__).parent
PURE = ("stats", "sets", "extract", "metrics", "kinds", "planning", "gating", "money")
EDGES = {"sets/load.py", "money/files.py", "money/vendors.py"}
"""Files of pure folders that reach outside all the same: where sets and prices come from, and the addresses in the environment."""
IO = {"httpx", "aiohttp", "socket", "subprocess", "asyncio", "os", "pathlib", "tempfile"}


def test_no_folder_imports_from_one_above_it() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    done = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_drawing_shows_the_code_and_no_arrow_goes_upwards() -> None:
    assert house.PAGE.read_text(encoding="utf-8") == house.page(), "run python -m benchmarks.house --write"
    order = {name: i for i, floor in enumerate(house.floors()) for name in floor}
    assert all(order[one] <= order[two] for one, two in house.arrows(house.imports()) if {one, two} <= set(order))


def test_no_imports_go_in_a_circle() -> None:
    graph = grimp.build_graph("sycoprobe", exclude_type_checking_imports=True)
    imported = {m: _with_packages(m, graph.find_modules_directly_imported_by(m)) for m in graph.modules}
    TopologicalSorter(imported).prepare()  # raises CycleError, which names the circle; imports within functions count


def _with_packages(module: str, imported: set[str]) -> set[str]:
    """The modules and the packages they are in, which an import runs too; not those that hold `module` itself."""
    packages = {".".join(parts[:n]) for m in imported for parts in [m.split(".")] for n in range(1, len(parts))}
    return imported | {p for p in packages if not f"{module}.".startswith(f"{p}.")}


def test_every_folder_has_a_floor() -> None:
    floors = (ROOT.parent / "pyproject.toml").read_text(encoding="utf-8").partition("layers = [")[2].partition("]")[0]
    for path in ROOT.iterdir():
        if path.name.startswith("_") or (path.is_dir() and not list(path.glob("*.py"))) or path.suffix not in ("", ".py"):
            continue
        assert f"sycoprobe.{path.stem}" in floors, f"{path.stem} has no floor yet: add it in pyproject.toml and CONTRIBUTING.md"


def test_the_help_loads_nothing_heavy() -> None:
    heavy = "numpy scipy aiohttp httpx xllamacpp rich.live pydantic_core asyncio jsonlines"
    script = (
        "import sys\nfrom sycoprobe.cli import main\nsys.argv = ['sycoprobe', '--help']\n"
        "try:\n main.main()\nexcept SystemExit: pass\n"
        f"print([m for m in {heavy.split()!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage: sycoprobe" in done.stdout
    assert done.stderr.strip() == "[]"


def test_pure_files_open_no_file_and_no_connection() -> None:
    for folder in PURE:
        for file in (ROOT / folder).rglob("*.py"):
            if file.relative_to(ROOT).as_posix() in EDGES or "importing" in file.parts:
                continue
            tree = ast.parse(file.read_text(encoding="utf-8"))
            used = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
            used |= {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
            assert not used & IO, f"{file.relative_to(ROOT)} imports {used & IO}"
