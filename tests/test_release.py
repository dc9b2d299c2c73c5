"""What stands ready for a release: one version everywhere, archives that hold what they should, files that GitHub accepts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

import sycoprobe
from benchmarks import release_check
from benchmarks.release_check import ROOT, faults_before_tag, faults_of_archives, faults_of_versions, versions

GITHUB = ROOT / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An sdist, and a wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    assert release_check.build(folder, "--no-isolation") == ""
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that a version stands in."""
    for name in ("sycoprobe/__init__.py", "CITATION.cff", "CHANGELOG.md", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "changes").mkdir()
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_version_is_the_same_everywhere_and_stands_once_in_the_code() -> None:
    assert faults_of_versions() == []
    assert set(versions().values()) == {sycoprobe.__version__}
    assert "pyproject.toml" not in versions(), "hatch reads it from sycoprobe/__init__.py"


def test_another_version_in_any_file_is_found(copy: Path) -> None:
    version = sycoprobe.__version__
    change(copy / "CITATION.cff", f"version: {version}", "version: 0.0.9")
    change(copy / "CHANGELOG.md", f"## {version}", "## 0.0.8")
    change(copy / "pyproject.toml", 'dynamic = ["version", "readme"]', 'version = "0.0.7"\ndynamic = ["readme"]')
    assert [fault.partition(",")[0] for fault in faults_of_versions(copy)] == [
        "CITATION.cff: version 0.0.9",
        "CHANGELOG.md: version 0.0.8",
        "pyproject.toml: version 0.0.7",
    ]


def test_before_a_tag_the_changelog_has_a_date_and_all_fragments(copy: Path) -> None:
    heading = re.search(r"^## .*$", (copy / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading
    change(copy / "CHANGELOG.md", heading[0], "## 0.1.0 (2026-12-01)")
    assert faults_before_tag(copy) == []
    change(copy / "CHANGELOG.md", "(2026-12-01)", "(unreleased)")
    (copy / "changes" / "+new.fix.md").write_text("Something.")
    assert [fault.partition(":")[0] for fault in faults_before_tag(copy)] == ["changes/+new.fix.md", "CHANGELOG.md"]


@pytest.mark.long
def test_sdist_and_wheel_build_and_hold_sets_and_schemas(dist: Path) -> None:
    assert list(faults_of_archives(dist)) == []


@pytest.mark.long
def test_links_and_pictures_of_the_readme_lead_to_the_versions_files_from_pypi_too(dist: Path) -> None:
    wheel = next(dist.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(n for n in archive.namelist() if n.endswith("/METADATA"))
        page = archive.read(metadata).decode().partition("\n\n")[2]
    targets = re.findall(r'\]\(([^)\s]+)|\b(?:src|srcset|href)="([^"]+)"', page)
    links = [a or b for a, b in targets]
    assert [x for x in links if not x.startswith(("https://", "http://", "#", "mailto:"))] == []
    of_ours = re.compile(
        rf"https://(?:raw.githubusercontent.com|github.com)/sycoprobe/sycoprobe/(?:blob/)?v{sycoprobe.__version__}/([^#]+)"
    )
    paths = [m[1] for x in links if (m := of_ours.match(x))]
    assert len(paths) > 20
    assert [p for p in paths if not (ROOT / p).exists()] == []


@pytest.mark.long
def test_a_file_that_the_archives_lack_is_found(dist: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("sycoprobe/__init__.py", "CITATION.cff", "CHANGELOG.md", "pyproject.toml", "probes/unheard_of/set.toml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name.replace("unheard_of", "quick"), root / name)
    faults = list(faults_of_archives(dist, root))
    assert [fault.partition(": ")[2] for fault in faults] == ["probes/unheard_of/set.toml is missing"] * 2
    change(root / "sycoprobe" / "__init__.py", sycoprobe.__version__, "9.9.9")
    assert any("but sycoprobe/__init__.py has 9.9.9" in fault for fault in faults_of_archives(dist, root))


def fits(schema: str, *paths: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_workflows_issue_forms_and_citation_fit_their_published_schemas() -> None:
    assert WORKFLOWS and FORMS
    fits("vendor.github-workflows", *WORKFLOWS)
    fits("vendor.github-issue-forms", *FORMS)
    fits("vendor.github-issue-config", GITHUB / "ISSUE_TEMPLATE" / "config.yml")
    fits("vendor.citation-file-format", ROOT / "CITATION.cff")


def test_ci_runs_on_every_python_that_we_promise_at_its_ends() -> None:
    ci = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text("utf-8"))
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    promised = re.findall(r"Python :: (3\.\d+)", project)
    assert ci["jobs"]["check"]["strategy"]["matrix"]["python"] == [promised[0], promised[-1]]
    assert {"run": ".ci/run"} in ci["jobs"]["check"]["steps"]


def test_the_command_of_the_release_workflow_and_of_the_check_list_are_there() -> None:
    text = (ROOT / "RELEASING.md").read_text("utf-8") + (GITHUB / "workflows" / "release.yml").read_text("utf-8")
    modules = set(re.findall(r"python -m (benchmarks\.\w+)", text))
    assert "benchmarks.release_check" in modules
    for module in modules:
        at = ROOT / module.replace(".", "/")
        assert at.with_suffix(".py").is_file() or (at / "__main__.py").is_file(), module
