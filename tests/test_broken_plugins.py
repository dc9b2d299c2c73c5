"""Packages whose plug-ins raise, exit, hang or give nonsense: named in one line, and no obstacle to anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import commands
from tests.makers import write_set
from tests.samples import few_of

RAISES = "raise ValueError('torn\\napart')"
EXITS = "import sys; sys.exit(0)"
HANGS = "import time; time.sleep(600)"
MISSES = "import no_such_module_of_theirs"
NONSENSE = "made = 7\ndef opened(name, options): return 7\ndef many(n, seed): return ['a probe']"
AT_USE = "def opened(name, options): raise KeyError('x')\ndef many(n, seed): raise SystemExit(0)\nclass made:\n    def __init__(self): raise KeyError('x')"
STARTS = """
class Backend:
    async def start(self): raise KeyError("no facts")
    async def complete(self, request): return "text"
    async def close(self): pass
def opened(name, options): return Backend()
"""
ODD_REPLIES = """
from sycoprobe.errors import BackendError
from sycoprobe.turns import Reply
class Backend:
    def __init__(self, name): self.name = name
    async def start(self): return {"model": "odd", "nan": float("nan")}
    async def close(self): pass
    async def complete(self, request):
        if self.name == "text": return "Paris"
        if self.name == "none": return None
        if self.name == "object": return Reply("Paris", replay=object(), usage={"prompt_tokens": {1, 2}})
        if self.name == "kind": raise BackendError("no", kind="a kind of my own")
        raise SystemExit(0)
def opened(name, options): return Backend(name)
"""


def plugin(folder: Path, source: str) -> Path:
    """A package with a backend, a kind and a generator, found as an installed one is."""
    (folder / "theirs.py").write_text(source)
    info = folder / "theirs-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text(
        "[sycoprobe.backends]\ntheirs = theirs:opened\n[sycoprobe.kinds]\ntheirs = theirs:made\n[sycoprobe.generators]\ntheirs = theirs:many\n"
    )
    made = write_set(folder / "generated", 2)
    (made / "probes.jsonl").unlink()
    info_file = made / "set.toml"
    info_file.write_text(info_file.read_text() + 'generator = "theirs"\n')
    write_set(folder / "set", 2)
    return folder


SHORT = "import sycoprobe.plugins as p; p.PATIENCE = 1.0"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (RAISES, "ValueError: torn apart"),
        pytest.param(EXITS, "SystemExit: 0", marks=pytest.mark.long),
        pytest.param(HANGS, "the import of theirs does not end", marks=pytest.mark.long),
        pytest.param(MISSES, "ModuleNotFoundError: No module named 'no_such_module_of_theirs'", marks=pytest.mark.long),
        pytest.param("", "AttributeError", marks=pytest.mark.long),
        pytest.param(NONSENSE, "", marks=pytest.mark.long),
        (AT_USE, ""),
    ],
    ids=["raises", "exits", "hangs", "misses", "empty", "nonsense", "at use"],
)
def test_a_broken_plugin_is_named_with_its_package_and_all_else_works(source: str, why: str, tmp_path: Path) -> None:
    folder = plugin(tmp_path, source)
    for args in (
        ["run", "set", "-m", "theirs:x"],
        ["run", "set", "-m", "sim", "-k", "theirs"],
        ["run", "generated", "-m", "sim"],
    ):
        done = commands.cli(*args, cwd=folder, first=SHORT)
        assert done.returncode == 2, done.stderr
        first = done.stderr.splitlines()[0]
        assert "'theirs' of the package theirs 2.1 cannot be used: " in first, done.stderr
        assert why in first
        assert "uninstall theirs 2.1" in done.stderr
    done = commands.cli("run", "set", "-m", "sim", "-q", "--name", "r", cwd=folder, first=SHORT)
    assert (done.returncode, done.stderr) == (0, "")
    done = commands.cli("gate", "r", "--rule", "net_sycophancy <= 1", cwd=folder, first=SHORT)
    assert done.returncode in (0, 3, 4), done.stderr
    done = commands.cli("kinds", cwd=folder, first=SHORT)
    assert done.returncode == 0 and "challenge" in done.stdout
    assert done.stderr.startswith("warning: the kind 'theirs' of the package theirs 2.1 cannot be used: ")
    assert len(done.stderr.splitlines()) == 1
    assert commands.cli("validate", "set", cwd=folder, first=SHORT).returncode == 0


def test_a_backend_whose_start_raises_is_named(tmp_path: Path) -> None:
    done = commands.cli("run", "set", "-m", "theirs:x", cwd=plugin(tmp_path, STARTS))
    assert done.returncode == 2
    assert "its start raised KeyError: 'no facts'" in done.stderr and "the package theirs" in done.stderr


@pytest.mark.parametrize("name", few_of(["none", "text", "object", "exit", "kind"]))
def test_replies_that_are_none_are_failed_calls(name: str, tmp_path: Path) -> None:
    """Nothing that a backend gives back ends a run in a traceback, or in a code that says that all is well."""
    folder = plugin(tmp_path, ODD_REPLIES)
    done = commands.cli("run", "set", "-m", f"theirs:{name}", "--name", "r", "-q", cwd=folder)
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    again = commands.cli("score", "r", cwd=folder)
    assert again.returncode == 4, again.stderr
    assert '"error":{"kind":"internal"' in (folder / "reports" / "r" / "journal.jsonl").read_text()
