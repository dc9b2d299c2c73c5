"""The house's floors: a folder imports only from those below it (import-linter, in pyproject.toml), and the pure ones do no I/O."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import sycoprobe

ROOT = Path(sycoprobe.__file__).parent
PURE = ("stats", "sets", "extract", "metrics", "kinds", "planning", "gating", "money")
EDGES = {"sets/load.py", "sets/imports.py", "money/files.py", "money/vendors.py"}
"""Files of pure folders that reach outside all the same: where sets and prices come from, and the addresses in the environment."""
IO = {"httpx", "aiohttp", "socket", "subprocess", "asyncio", "os", "pathlib", "tempfile"}


def test_no_folder_imports_from_one_above_it() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    done = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


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
