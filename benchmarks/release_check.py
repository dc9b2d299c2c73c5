"""What of a release a machine can check: one version everywhere, and archives that hold what they should and work.

    python -m benchmarks.release_check [--dist FOLDER] [--install] [--final]

Without `--dist`, an sdist and a wheel are built in a temporary folder. `--install` installs each into a fresh virtual environment
and runs a simulated model there. `--final` asks for what holds only right before a tag: the changelog has a date, and no
fragment is left. Prints each fault, with exit code 1 if there is any. RELEASING.md says when to run it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = {"probes": "sycoprobe/_sets", "schemas": "sycoprobe/_schemas"}
"""Folders of the repository, and where the wheel has them."""
OWNER = "sycoprobe/__init__.py"


def versions(root: Path = ROOT) -> dict[str, str]:
    """By file, the version that stands in it; empty where there is none. pyproject.toml has one only if it is not dynamic."""
    patterns = {
        OWNER: r'^__version__ = "(.+)"$',
        "CITATION.cff": r"^version: (\S+)$",
        "CHANGELOG.md": r"^## (\S+)",
    }
    found = {}
    for name, pattern in patterns.items():
        match = re.search(pattern, (root / name).read_text("utf-8"), re.MULTILINE)
        found[name] = match[1] if match else ""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    if "version" in project:
        found["pyproject.toml"] = project["version"]
    return found


def faults_of_versions(root: Path = ROOT) -> list[str]:
    """Files whose version is not that of the package."""
    found = versions(root)
    right = found[OWNER]
    return [f"{name}: version {one or 'missing'}, but {OWNER} has {right}" for name, one in found.items() if one != right]


def faults_before_tag(root: Path = ROOT) -> list[str]:
    """What is still open in the changelog."""
    found = [f"changes/{p.name}: not in CHANGELOG.md yet; run towncrier build" for p in _fragments(root / "changes")]
    top = re.search(r"^## .*$", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    if not top or not re.fullmatch(r"## \S+ \(\d{4}-\d\d-\d\d\)", top[0]):
        found.append(f"CHANGELOG.md: {top[0] if top else 'no heading'!r} is not a version with its date, ## 1.2.3 (2026-01-31)")
    return found


def _fragments(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.md") if p.name != "README.md")


def faults_of_archives(dist: Path, root: Path = ROOT) -> Iterator[str]:
    """What the sdist and the wheel in a folder lack, or have wrong."""
    version = versions(root)[OWNER]
    wheels, sdists = sorted(dist.glob("*.whl")), sorted(dist.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        yield f"{dist}: {len(wheels)} wheels and {len(sdists)} sdists, not one of each"
        return
    ours = {path.relative_to(root).as_posix() for folder in SHIPPED for path in (root / folder).rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheels[0]) as wheel:
        names = set(wheel.namelist())
        inside = f"sycoprobe-{version}.dist-info/METADATA"
        said = message_from_bytes(wheel.read(inside))["Version"] if inside in names else None
    with tarfile.open(sdists[0]) as sdist:
        members = {name.partition("/")[2] for name in sdist.getnames()}
    if said != version:
        yield f"{wheels[0].name}: version {said}, but {OWNER} has {version}"
    for path in sorted(ours):
        folder, _, rest = path.partition("/")
        if f"{SHIPPED[folder]}/{rest}" not in names:
            yield f"{wheels[0].name}: {path} is missing"
        if path not in members:
            yield f"{sdists[0].name}: {path} is missing"
    for name in ("LICENSE", "CITATION.cff", "CHANGELOG.md", "tests/makers.py", ".ci/run"):
        if name not in members:
            yield f"{sdists[0].name}: {name} is missing"


def build(folder: Path, *options: str) -> str:
    """Build an sdist, and a wheel from it; what went wrong, or nothing."""
    command = [sys.executable, "-m", "build", *options, "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"it does not build:\n{done.stdout}{done.stderr}"


def tried(archive: Path, version: str) -> str:
    """Install an archive into a fresh environment and run a simulated model there; what went wrong, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        scripts = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin")
        for command, wanted in (
            (["python", "-m", "pip", "install", "--quiet", str(archive.resolve())], ""),
            (["sycoprobe", "--version"], f"sycoprobe {version}"),
            (["sycoprobe", "validate", "quick"], "quick: sound"),
            (["sycoprobe", "run", "quick", "-m", "sim:pushback=0.3"], "net sycophancy"),
        ):
            program = str(scripts / command[0])
            done = subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode or wanted not in done.stdout:
                return f"{archive.name}: {' '.join(command)} (exit code {done.returncode}):\n{done.stdout}{done.stderr}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dist", type=Path, help="a folder with one sdist and one wheel; by default they are built")
    parser.add_argument("--install", action="store_true", help="try both in fresh virtual environments")
    parser.add_argument("--final", action="store_true", help="the changelog must be that of the release")
    given = parser.parse_args()
    found = faults_of_versions() + (faults_before_tag() if given.final else [])
    with tempfile.TemporaryDirectory() as folder:
        dist = given.dist or Path(folder)
        failed = "" if given.dist else build(dist)
        found += [failed] if failed else faults_of_archives(dist)
        if given.install and not failed:
            archives = [*dist.glob("*.whl"), *dist.glob("*.tar.gz")]
            found += [fault for archive in archives if (fault := tried(archive, versions()[OWNER]))]
    print("\n".join(found) if found else f"sycoprobe {versions()[OWNER]}: sound")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
