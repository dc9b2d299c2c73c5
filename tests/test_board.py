"""A static site of many runs: who is on it, what is never ranked together, and which files it may touch."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import html5lib
import pytest

import sycoprobe
from sycoprobe.errors import JournalError, PlanError, ReportError
from tests.commands import cli
from tests.makers import sim_run
from tests.pages import hostile

HTML = "{http://www.w3.org/1999/xhtml}"


def parsed(file: Path):
    return html5lib.parse(file.read_text(encoding="utf-8"), treebuilder="etree")


def text(element) -> str:
    return " ".join("".join(element.itertext()).split())


def tables(file: Path) -> list[list[str]]:
    """By table of the board, its rows."""
    found = [s for s in parsed(file).iter(f"{HTML}section") if s.get("data-kind")]
    return [[text(r) for r in s.iter(f"{HTML}tr")][1:] for s in found]


def links(file: Path) -> set[str]:
    return {a.get("href") for a in parsed(file).iter(f"{HTML}a")} - {None}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for name, behaviour in {
        "calm": "pushback=0.02,correction=1,accuracy=0.6",
        "eager": "pushback=0.9,correction=1,accuracy=0.6",
        "rock": "pushback=0,correction=0,control=0,accuracy=0.6",
    }.items():
        sim_run(folder, 60, behaviour, name=name, html=False)
    return folder


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "reports"


def test_models_stand_in_the_order_of_their_planted_rates_and_the_stubborn_one_below_without_a_rank(out, tmp_path) -> None:
    found = sycoprobe.board(out, tmp_path / "site")
    assert (found.runs, found.tables, found.damaged) == (3, 1, ())
    (rows,) = tables(found.index)
    assert [r.split(" ")[0].partition(",")[0] for r in rows] == ["sim:pushback=0.02", "sim:pushback=0.9", "sim:pushback=0"]
    assert "rank 1 of 2" in rows[0]
    assert "takes corrections" in rows[0]
    assert "rank 2 of 2" in rows[1]
    assert "no rank" in rows[2]
    assert "stubborn" in rows[2]
    assert all("unread 0.0 %" in r and "declined 0.0 %" in r for r in rows)
    assert "is the best of 2 for sure" in text(parsed(found.index))


@pytest.mark.long
def test_runs_that_asked_something_else_have_a_table_of_their_own(out: Path, tmp_path: Path) -> None:
    sim_run(tmp_path, 20, "pushback=0.5", name="smaller")
    sim_run(tmp_path, 60, "pushback=0.5", name="reseeded", seed=1)
    sim_run(tmp_path, 60, "pushback=0.5", name="prompted", system="You are a pirate.")
    found = sycoprobe.board(out, tmp_path / "site")
    assert found.tables == 3
    sizes = sorted(len(rows) for rows in tables(found.index))
    assert sizes == [1, 1, 4]
    assert "nothing to rank" in text(parsed(found.index))


def test_of_each_model_the_latest_run_is_ranked_and_all_are_on_the_page_of_runs_over_time(out: Path, tmp_path: Path) -> None:
    behaviour = "pushback=0.02,correction=1,accuracy=0.6"
    sim_run(tmp_path, 60, behaviour, name="again")
    assert cli("gate", "calm", "--out", out, "--rule", "net_sycophancy <= 0.2", cwd=tmp_path).returncode == 0
    found = sycoprobe.board(out, tmp_path / "site")
    (rows,) = tables(found.index)
    assert len(rows) == 3
    assert "again" in rows[0]
    trend = tmp_path / "site" / "trend.html"
    of = next(t for t in tables(trend) if len(t) == 2)
    assert "calm" in of[0]
    assert "pass" in of[0]
    assert "again" in of[1]
    assert "not gated" in of[1]
    assert "since before +0.00" in of[1]
    assert "Limit: net_sycophancy <= 0.2." in text(parsed(trend))


def test_rules_of_the_settings_file_are_the_limits_where_nobody_gated(out: Path, tmp_path: Path) -> None:
    (tmp_path / "sycoprobe.toml").write_text('[gate]\nrules = ["net_sycophancy <= 0.15", "flip_control <= 0.1"]\n')
    result = cli("board", out, "--out", "site", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    told = text(parsed(tmp_path / "site" / "trend.html"))
    assert told.count("Limit: net_sycophancy <= 0.15.") == 3
    assert "flip_control" not in told


def test_what_cannot_be_read_is_named_and_does_not_stop_the_rest(out: Path, tmp_path: Path) -> None:
    shutil.copytree(out / "calm", out / "broken")
    journal = out / "broken" / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join([*lines[:5], "{no json\n", *lines[6:]]))
    (out / "foreign").mkdir()
    (out / "foreign" / "journal.jsonl").write_text('{"hello": 1}\n')
    (out / "<b>empty").mkdir()
    (out / "binary").mkdir()
    (out / "binary" / "journal.jsonl").write_bytes(bytes(range(256)) * 40)
    result = cli("board", out, "--out", "site", "-q", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert [line.split(":")[1].strip() for line in result.stdout.splitlines()[:-1]] == [
        "<b>empty",
        "binary",
        "broken",
        "foreign",
    ]
    assert result.stdout.splitlines()[-1] == "wrote site/index.html: 3 runs in 1 table"
    page = parsed(tmp_path / "site" / "index.html")
    assert "<b>empty: there is no journal.jsonl in it" in text(page)


def test_a_run_that_is_not_whole_is_listed_with_the_reason_and_has_no_rank(out: Path, tmp_path: Path) -> None:
    sim_run(tmp_path, 60, "pushback=0.4", name="cut", max_calls=50)
    found = sycoprobe.board(out, tmp_path / "site")
    (rows,) = tables(found.index)
    assert len(rows) == 3
    assert "of the planned calls are missing" in text(parsed(found.index))


def test_every_link_is_relative_and_leads_to_a_file(out: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    sycoprobe.board(out, site)
    for page in site.rglob("*.html"):
        for href in links(page):
            assert "://" not in href
            assert not href.startswith("/")
            file, _, anchor = href.partition("#")
            target = page.parent / file if file else page
            assert target.is_file(), href
            assert (
                not anchor
                or f'id="{anchor}"' in target.read_text(encoding="utf-8")
                or f"id={anchor}" in target.read_text(encoding="utf-8")
            )


def test_a_later_build_removes_what_the_board_wrote_and_nothing_else(out: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    sycoprobe.board(out, site)
    (site / "notes.html").write_text("mine")
    (site / "runs" / "mine.html").write_text("mine")
    (site / "runs" / "eager.html").write_text("I have written over it")
    shutil.rmtree(out / "eager")
    shutil.rmtree(out / "rock")
    sycoprobe.board(out, site)
    left = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert left == {
        ".sycoprobe-board.json", "index.html", "trend.html", "notes.html", "runs/mine.html", "runs/calm.html", "runs/eager.html"
    }  # fmt: skip
    assert (site / "runs" / "eager.html").read_text() == "I have written over it"


def test_a_ledger_that_names_files_elsewhere_removes_none(out: Path, tmp_path: Path) -> None:
    import hashlib

    site, victim = tmp_path / "site", tmp_path / "victim.txt"
    sycoprobe.board(out, site)
    victim.write_text("keep me")
    ledger = site / ".sycoprobe-board.json"
    data = json.loads(ledger.read_text())
    digest = hashlib.sha256(b"keep me").hexdigest()
    data["files"] |= {"../victim.txt": digest, str(victim): digest}
    ledger.write_text(json.dumps(data))
    sycoprobe.board(out, site)
    assert victim.read_text() == "keep me"


def test_a_folder_that_holds_pages_of_others_is_refused(out: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("my homepage")
    with pytest.raises(ReportError, match="did not write it"):
        sycoprobe.board(out, site)
    assert (site / "index.html").read_text() == "my homepage"


def test_the_site_may_lie_among_the_runs(out: Path) -> None:
    first = sycoprobe.board(out, out / "board")
    assert sycoprobe.board(out, out / "board") == first
    assert first.damaged == ()


def test_names_and_replies_are_text(tmp_path: Path) -> None:
    hostile(tmp_path)
    out = tmp_path / "reports"
    (out / "hostile").rename(out / '"><img src=x onerror=alert(1)>')
    found = sycoprobe.board(out, tmp_path / "site")
    for page in (found.index, tmp_path / "site" / "trend.html"):
        tree = parsed(page)
        assert not list(tree.iter(f"{HTML}img"))
        assert len(list(tree.iter(f"{HTML}script"))) == 1
        assert not [e for e in tree.iter() if any(name.startswith("on") for name in e.attrib)]


@pytest.mark.long
def test_baselines_are_named_with_who_committed_them(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "repo" / "base.json"
    file.parent.mkdir()
    sycoprobe.bless("calm", file, out=out)
    found = sycoprobe.board(out, tmp_path / "site", baselines=[file])
    assert "not known" in text(parsed(tmp_path / "site" / "trend.html"))
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    git = ["git", "-C", str(file.parent), "-c", "user.name=Ada <b>Lovelace", "-c", "user.email=ada@example.org"]
    for command in (["init", "-q"], ["add", "base.json"], ["commit", "-qm", "bless"]):
        subprocess.run([*git, *command], check=True)
    found = sycoprobe.board(out, tmp_path / "site", baselines=[file])
    assert "Ada" in text(parsed(tmp_path / "site" / "trend.html"))
    file.write_text("{}")
    found = sycoprobe.board(out, tmp_path / "site", baselines=[file])
    assert [name for name, _ in found.damaged] == [str(file)]


def test_what_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no such folder"):
        sycoprobe.board(tmp_path / "nothing", tmp_path / "site")
    with pytest.raises(PlanError, match="floor"):
        sycoprobe.board(tmp_path, tmp_path / "site", floor=2)
    assert not (tmp_path / "site").exists()


@pytest.mark.long
def test_two_hundred_runs(tmp_path: Path) -> None:
    out = tmp_path / "reports"
    for i in range(20):
        sim_run(tmp_path, 30, f"pushback={i / 20}", name=f"m{i}", html=False)
    for i in range(20):
        for again in range(9):
            shutil.copytree(out / f"m{i}", out / f"m{i}-{again}")
    began = time.monotonic()
    found = sycoprobe.board(out, tmp_path / "site")
    assert (found.runs, found.tables) == (200, 1)
    assert time.monotonic() - began < 300
