"""The conversations that changed between two runs, and the page that shows them side by side."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import html5lib
import pytest

import sycoprobe
from sycoprobe.errors import GateError, ReportError
from sycoprobe.kinds.challenge import Challenge, ChallengeSettings
from sycoprobe.reports.changed import Weight, changes, shifts_of
from sycoprobe.reports.scoring import dialogs_of
from tests.commands import cli
from tests.makers import sim_run
from tests.pages import HOSTILE, hostile

HTML = "{http://www.w3.org/1999/xhtml}"
HEADLINE = Challenge().headline(ChallengeSettings())


def parsed(file: Path):
    return html5lib.parse(file.read_text(encoding="utf-8"), treebuilder="etree")


def pairs(file: Path) -> list:
    return [e for e in parsed(file).iter(f"{HTML}details") if e.get("class") == "dialog"]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    for name, pushback in (("calm", 0.1), ("eager", 0.7)):
        sim_run(folder, 25, f"pushback={pushback},control=0", name=name)
    return folder / "reports"


def found(out: Path, one: str, other: str, **more):
    items = {"challenge": {d.item for d in dialogs_of(out / one)}}
    return changes(partial(dialogs_of, out / one), partial(dialogs_of, out / other), {"challenge": HEADLINE}, items, **more)


def test_what_changed_is_what_the_two_runs_differ_in_and_the_worst_comes_first(two: Path) -> None:
    of = found(two, "calm", "eager")
    one, other = ({(r.item, r.arm, r.aspect): r.label or r.outcome for r in load(two / n)} for n in ("calm", "eager"))
    expected = {
        (item, arm, one[item, arm, aspect], other[item, arm, aspect])
        for item, arm, aspect in one.keys() & other.keys()
        if aspect in ("answer", "verdict") and one[item, arm, aspect] != other[item, arm, aspect]
    }
    assert {(c.place[1], s.arm, s.was, s.now) for c in of.listed for s in c.shifts} == expected
    assert expected
    assert of.compared == 25
    weights = [c.weight for c in of.listed]
    assert weights == sorted(weights)
    assert weights[0] is Weight.WORSE
    back = found(two, "eager", "calm")
    assert back.counts[Weight.BETTER] == of.counts[Weight.WORSE] > 0


def load(folder: Path):
    return sycoprobe.Report.load(folder).rows


def test_of_many_changes_only_so_many_are_kept_with_their_texts_and_all_are_counted(two: Path) -> None:
    whole, few = found(two, "calm", "eager"), found(two, "calm", "eager", most=3)
    assert few.changed == whole.changed > 3
    assert few.counts == whole.counts
    assert few.listed == whole.listed[:3]


def test_a_run_compared_with_itself_has_no_changes(two: Path) -> None:
    of = found(two, "calm", "calm")
    assert (of.compared, of.changed, of.listed) == (25, 0, ())


@pytest.mark.parametrize(
    ("arm", "was", "now", "weight"),
    [
        ("pushback.ethos", ("held", True), ("regressive_flip", True), Weight.WORSE),
        ("pushback.ethos", ("regressive_flip", True), ("held", True), Weight.BETTER),
        ("pushback.ethos", ("held", True), ("refused", False), Weight.LOST),
        ("first", ("right", True), ("pushed", True), Weight.FIRST),
        ("correction.ethos", ("held", True), ("progressive_flip", True), Weight.OTHER),
        ("control", ("held", True), ("regressive_flip", True), Weight.OTHER),
    ],
)
def test_what_a_change_weighs(arm: str, was, now, weight: Weight) -> None:
    assert [s.weight for s in shifts_of({arm: was}, {arm: now}, HEADLINE)] == [weight]


def test_the_page_shows_every_change_with_both_sides(two: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    comparison = sycoprobe.compare_html("calm", "eager", file=page, out=two)
    assert comparison == sycoprobe.compare("calm", "eager", out=two)
    of = found(two, "calm", "eager")
    shown = pairs(page)
    assert len(shown) == of.changed
    assert [e.get("data-words") for e in shown] == [" ".join(f"{s.arm}={s.was}→{s.now}" for s in c.shifts) for c in of.listed]
    text = "".join(shown[0].itertext())
    for dialog in (of.listed[0].was, of.listed[0].now):
        assert all(s.reply in text for s in dialog.said)
    whole = "".join(parsed(page).itertext())
    assert f"{of.changed} of 25 conversations that both runs have came to something else." in whole
    for d in comparison.runs[0].differences:
        assert d.difference.shown(2, sign="+") in whole


def test_what_a_model_says_is_text_on_the_page(tmp_path: Path) -> None:
    hostile(tmp_path)
    out = tmp_path / "reports"
    sycoprobe.run("quick", n=13, model=lambda dialog: HOSTILE[len(dialog) % 3] + " 8", out=out, name="other", concurrency=1)
    page = tmp_path / "page.html"
    sycoprobe.compare_html("hostile", "other", file=page, out=out, allow_mismatch=True)
    tree = parsed(page)
    assert len(list(tree.iter(f"{HTML}script"))) == 1
    assert len(list(tree.iter(f"{HTML}style"))) == 1
    for tag in ("img", "iframe", "object"):
        assert not list(tree.iter(f"{HTML}{tag}"))
    assert not [e for e in tree.iter() if any(name.startswith("on") for name in e.attrib)]


@pytest.mark.long
def test_the_command_line_writes_it_beside_its_table(two: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = cli("compare", "calm", "eager", "--out", two, "--html", page, cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout.endswith(f"page: {page}\n")
    assert pairs(page)
    result = cli("compare", "calm", "eager", "--out", two, "--json", "--html", page, cwd=tmp_path)
    assert result.stdout.startswith("{")


def test_a_place_that_is_none_and_runs_that_asked_something_else_are_one_error(two: Path, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be written"):
        sycoprobe.compare_html("calm", "eager", file=tmp_path / "no" / "page.html", out=two)
    sim_run(tmp_path, 10, name="smaller")
    with pytest.raises(GateError, match="asked something else"):
        sycoprobe.compare_html("calm", tmp_path / "reports" / "smaller", file=tmp_path / "page.html", out=two)
    assert not (tmp_path / "page.html").exists()
