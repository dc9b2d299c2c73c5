"""The page of a run: written beside its report, from one reading of its replies, and inert whatever a model said."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from pathlib import Path

import html5lib
import pytest

import sycoprobe
from sycoprobe.api import write_html
from sycoprobe.errors import PlanError, ReportError
from sycoprobe.kinds.challenge import Challenge
from sycoprobe.pages import report as pages
from sycoprobe.pages.conversation import marked
from sycoprobe.pages.drawing import scale_of
from sycoprobe.pages.rendering import inert
from sycoprobe.stats.sample import Estimate
from tests.commands import cli
from tests.pages import HOSTILE, hostile, sample

HTML = "{http://www.w3.org/1999/xhtml}"


def parsed(file: Path):
    return html5lib.parse(file.read_text(encoding="utf-8"), treebuilder="etree")


def ids(file: Path) -> list[str]:
    return [e.get("id") for e in parsed(file).iter(f"{HTML}details") if e.get("class") == "dialog"]


def run(folder: Path, **more):
    return sycoprobe.run("quick", n=12, model="sim:pushback=0.5", out=folder, name="run", **more)


def test_every_run_has_a_page_with_every_conversation_unless_it_is_told_not_to(tmp_path: Path) -> None:
    report = run(tmp_path)
    page = tmp_path / "run" / "report.html"
    assert len(set(ids(page))) == len(ids(page)) == report.status.conversations_done == 12
    assert report.conclusion in "".join(parsed(page).itertext())
    plain = sycoprobe.run("quick", n=5, model="sim:", out=tmp_path, name="plain", html=False)
    assert plain.status.complete
    assert not (tmp_path / "plain" / "report.html").exists()


def test_the_command_line_and_the_settings_file_can_leave_it_out(tmp_path: Path) -> None:
    (tmp_path / "sycoprobe.toml").write_text('[run]\nhtml = false\nmodel = "sim:"\nn = 4\n')
    assert cli("run", "quick", "--name", "a", "-q", cwd=tmp_path).returncode == 0
    assert not (tmp_path / "reports/a/report.html").exists()
    shown = cli("run", "quick", "--name", "b", "-q", "--html", cwd=tmp_path)
    assert (tmp_path / "reports/b/report.html").exists()
    assert "· reports/b/report.html" in shown.stdout
    (tmp_path / "sycoprobe.toml").write_text('[run]\nhtml = "perhaps"\nmodel = "sim:"\n')
    wrong = cli("run", "quick", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "html must be true or false" in wrong.stderr


def test_no_reply_is_read_twice_for_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    once = Challenge.read

    def counting(self, shown, turn, reply, thread):
        read.append(reply)
        return once(self, shown, turn, reply, thread)

    monkeypatch.setattr(Challenge, "read", counting)
    report = run(tmp_path)
    assert len(read) == report.status.calls


def test_a_page_made_later_is_the_same_page(tmp_path: Path) -> None:
    run(tmp_path)
    page = tmp_path / "run" / "report.html"
    before = page.read_bytes()
    page.unlink()
    made = cli("report", "run", "--html", "--out", tmp_path, cwd=tmp_path)
    assert made.stdout == "wrote run/report.html\n"
    assert page.read_bytes() == before
    page.unlink()
    sycoprobe.score("run", out=tmp_path)
    assert page.read_bytes() == before


def test_the_page_goes_where_it_is_told_and_a_place_that_is_none_is_one_line(tmp_path: Path) -> None:
    run(tmp_path)
    made = cli("report", "run", "--out", tmp_path, "--html", "shown.html", cwd=tmp_path)
    assert made.stdout == "wrote shown.html\n"
    assert len(ids(tmp_path / "shown.html")) == 12
    wrong = cli("report", "run", "--out", tmp_path, "--html", "nowhere/shown.html", cwd=tmp_path)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: nowhere/shown.html: cannot be written")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(ReportError, match="cannot be written"):
        write_html("run", tmp_path, out=tmp_path)


def test_the_policy_allows_the_one_script_and_the_one_style_and_nothing_else(tmp_path: Path) -> None:
    page = sample(tmp_path)
    tree = parsed(page)
    policy = next(m.get("content") for m in tree.iter(f"{HTML}meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = page.read_text(encoding="utf-8")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert f"{tag}-src 'sha256-{b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'" in policy
    for e in tree.iter():
        assert e.get("style") is None
        assert not [a for a in e.attrib if a.startswith("on")]
        assert e.get("src") is None
        assert (e.get("href") or "#").startswith(("#", "data:,"))
    assert "innerHTML" not in text


def test_whatever_a_model_says_is_text(tmp_path: Path) -> None:
    page = hostile(tmp_path)
    tree = parsed(page)
    assert len(list(tree.iter(f"{HTML}script"))) == len(list(tree.iter(f"{HTML}style"))) == 1
    assert not [e for e in tree.iter() if e.tag in {f"{HTML}{x}" for x in ("img", "iframe", "embed", "object")}]
    assert not [a for e in tree.iter() for a in e.attrib if a.startswith("on") or a == "style"]
    assert len(ids(page)) == 13
    said = "".join(tree.itertext())
    assert "<script>window.owned = 1</script>" in said
    assert "{{7*7}}" in said
    assert "49" not in "".join(re.findall(r"\{\{7\*7\}\}.{20}", said))
    assert "\\u202eredirect" in said
    assert not re.search("[\u202e\u200b\x1b\ud800-\udfff]", said)
    assert "x" * 100_000 in said


@pytest.mark.parametrize("text", HOSTILE)
def test_hidden_characters_are_shown_as_their_escapes(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", inert(text))


def test_a_gate_puts_its_decision_on_the_page(tmp_path: Path) -> None:
    run(tmp_path / "reports")
    page = tmp_path / "reports" / "run" / "report.html"
    assert "No rule was set" in page.read_text("utf-8")
    before = ids(page)
    assert cli("gate", "run", "--rule", "net_sycophancy <= 0.01", cwd=tmp_path).returncode == 1
    text = page.read_text("utf-8")
    assert "No rule was set" not in text
    assert "net_sycophancy &lt;= 0.01" in text
    assert '<span class="badge bad">FAIL</span>' in text
    assert ids(page) == before
    page.unlink()
    assert cli("gate", "run", "--rule", "net_sycophancy <= 1", cwd=tmp_path).returncode == 0
    assert not page.exists()


def test_a_run_too_large_for_one_file_has_pages_and_every_conversation_on_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path)
    page, beside = tmp_path / "run" / "report.html", tmp_path / "run" / "report-pages"
    every = set(ids(page))
    for name, size in {"MOST": 20_000, "WORST": 8_000, "PAGE": 9_000}.items():
        monkeypatch.setattr(pages, name, size)
    beside.mkdir()
    (beside / "0099.html").write_text("of an earlier run")
    (beside / "mine.html").write_text("not ours")
    write_html("run", out=tmp_path)
    files = sorted(beside.glob("0*.html"))
    assert len(files) > 2
    assert not (beside / "0099.html").exists()
    assert (beside / "mine.html").exists()
    found = [x for f in files for x in ids(f)]
    assert len(found) == len(every)
    assert set(found) == every
    here = ids(page)
    assert here and set(here) < every
    links = [a.get("href") for a in parsed(page).iter(f"{HTML}a")]
    assert [x for x in links if x.startswith("report-pages/")] == [f"report-pages/{f.name}" for f in files]
    monkeypatch.undo()
    write_html("run", out=tmp_path)
    assert not list(beside.glob("0*.html"))
    assert set(ids(page)) == every


def test_links_stay_the_same_when_more_is_asked(tmp_path: Path) -> None:
    run(tmp_path)
    before = set(ids(tmp_path / "run" / "report.html"))
    sycoprobe.run("quick", n=12, repeats=2, model="sim:", out=tmp_path, name="more")
    assert before <= set(ids(tmp_path / "more" / "report.html"))


def test_the_page_says_what_the_report_says(tmp_path: Path) -> None:
    page = sample(tmp_path)
    report = json.loads((page.parent / "report.json").read_text("utf-8"))
    said = " ".join("".join(parsed(page).itertext()).split())
    for section in report["kinds"].values():
        assert section["conclusion"] in said
        for name, m in section["metrics"].items():
            e = m["estimate"]
            assert name.replace("_", " ") in said
            assert str(Estimate(**e)) in said
    assert report["plan"]["wordings_digest"] in said
    assert report["versions"]["sycoprobe"] in said
    for note in report["notes"]:
        assert note in said


def test_several_runs_have_no_page_in_common(tmp_path: Path) -> None:
    made = cli("run", "quick", "-n", "4", "-m", "sim:", "-m", "sim:pushback=1", "--name", "two", "-q", cwd=tmp_path)
    assert made.returncode == 0
    assert len(list((tmp_path / "reports/two").glob("*/report.html"))) == 2
    wrong = cli("report", "two", "--html", "x.html", cwd=tmp_path)
    assert wrong.returncode == PlanError.exit_code
    assert "each has a page of its own" in wrong.stderr


@pytest.mark.parametrize(
    ("reply", "answer", "found"),
    [
        ("Paris. No: Lyon, not Paris", "paris", "Paris. No: Lyon, not [Paris]"),
        ("2012 has 12", "12", "2012 has [12]"),
        ("It is 2012", "12", "It is 2012"),
        ("(a+b)", "a+b", "([a+b])"),
        ("", "x", ""),
        ("anything", None, "anything"),
    ],
)
def test_the_answer_is_marked_where_it_stands_last_as_whole_words(reply: str, answer: str | None, found: str) -> None:
    assert "".join(f"[{part}]" if read else part for part, read in marked(reply, answer)) == found


@pytest.mark.parametrize("values", [[0.3], [-0.5, 0.5], [0.0], [], [3.2, -1.1], [0.001], [None, 7.0], [-1.0]])
def test_a_scale_holds_zero_and_every_value_and_its_ticks_are_round(values: list[float | None]) -> None:
    scale = scale_of(values)
    known = [x for x in values if x is not None]
    assert all(scale.low - 1e-9 <= x <= scale.high + 1e-9 for x in [0.0, *known])
    assert 2 <= len(scale.ticks()) <= 9
    assert "0" in [said for _, said, _ in scale.ticks()]
