"""The house's floors: a file imports only from its own floor and from floors below."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import sycoprobe

ROOT = Path(sycoprobe.__file__).parent
FLOORS = {
    1: "text errors lettered turns thinking replies probes challenges planning transcript extract verdicts belief belief_shift scoring outcomes intervals estimates rules sequential "
    "power decision money budget spending forms baselines selfcheck comparing deciding validation generators judging agreement kinds importing profiles",
    2: "sets phrasebook imports models config prices keys github journal judgements backends",
    3: "runner batching reports designing testing asking judges checking",
    4: "api gating examining cli pytest_plugin __init__",
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names.split()}


def imports_of(file: Path) -> set[str]:
    """The sycoprobe modules that a file imports when it runs (imports for type checking only do not count)."""
    found = set()
    skipped: set[int] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped |= {id(n) for n in ast.walk(node)}
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sycoprobe."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "sycoprobe":
            found |= {a.name for a in node.names if a.name in FLOOR_OF}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("sycoprobe.")}
    return found


def test_no_file_imports_from_a_floor_above_its_own() -> None:
    wrong = []
    for file in ROOT.rglob("*.py"):
        own = file.relative_to(ROOT).parts[0].removesuffix(".py")
        assert own in FLOOR_OF, f"{own} has no floor yet: add it here and in CONTRIBUTING.md"
        wrong += [f"{file.relative_to(ROOT)} imports {x}" for x in imports_of(file) if FLOOR_OF[x] > FLOOR_OF[own]]
    assert not wrong


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
    forbidden = {"httpx", "aiohttp", "socket", "subprocess", "asyncio", "os", "pathlib", "tempfile"}
    for name in FLOORS[1].split():
        files = [ROOT / f"{name}.py"] if (ROOT / f"{name}.py").exists() else list((ROOT / name).glob("*.py"))
        for file in files:
            tree = ast.parse(file.read_text())
            used = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
            used |= {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
            assert not used & forbidden, f"{file.name} imports {used & forbidden}"
