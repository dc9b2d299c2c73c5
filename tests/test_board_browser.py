"""The comparison's page and the board in a real headless Chromium, opened from disk; run by `pytest -m browser`."""

from __future__ import annotations

from pathlib import Path

import pytest

import sycoprobe
from tests.makers import sim_run
from tests.pages import hostile
from tests.test_html_browser import axe, browser, opened, playwright, pytestmark, shown  # noqa: F401  # fixtures

NAMES = ("index", "trend", "compare")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("board")
    for name, behaviour in {"calm": "pushback=0.05,correction=1,accuracy=0.6", "eager": "pushback=0.9,accuracy=0.6"}.items():
        sim_run(folder, 40, behaviour, name=name)
    sycoprobe.run("quick", n=10, kind="statement", model="sim:", out=folder / "reports", name="statement")
    hostile(folder)
    (folder / "reports" / '"><img src=x onerror=alert(1)>').mkdir()
    page = folder / "compare.html"
    sycoprobe.compare_html("calm", "eager", file=page, out=folder / "reports")
    index = sycoprobe.board(folder / "reports", folder / "site").index
    return {"index": index, "trend": index.with_name("trend.html"), "compare": page}


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_from_disk_without_a_complaint_and_asks_for_nothing(files, opened, name: str) -> None:  # noqa: F811
    seen = opened(files[name])
    seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert seen.complaints == []
    assert seen.asked == [files[name].as_uri()]
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert seen.page.evaluate("window.owned") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_wrong(files, opened, name: str, scheme: str) -> None:  # noqa: F811
    page = opened(files[name], scheme=scheme, bypass_csp=True).page
    page.evaluate("[...document.querySelectorAll('details.dialog')].slice(0, 6).forEach(d => d.open = true)")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_shows_it_without_scrolling_sideways(files, opened, name: str) -> None:  # noqa: F811
    page = opened(files[name], width=360, height=740).page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_board_is_filtered_by_kind_set_and_model_from_the_keyboard(files, opened) -> None:  # noqa: F811
    page = opened(files["index"]).page
    tables = page.locator("section[data-kind]:visible")
    assert tables.count() == 3
    page.get_by_label("kind").focus()
    page.keyboard.type("st")
    playwright.expect(tables).to_have_count(1)
    playwright.expect(page.get_by_role("status")).to_have_text("1 of 3 tables")
    page.get_by_role("button", name="clear").click()
    playwright.expect(tables).to_have_count(3)
    page.get_by_label("set").select_option("made")
    playwright.expect(tables).to_have_count(1)
    page.get_by_role("button", name="clear").click()
    page.get_by_label("model").fill("PUSHBACK=0.9")
    playwright.expect(tables).to_have_count(1)


def test_a_table_of_the_board_sorts_and_leads_to_the_page_of_a_run(files, opened) -> None:  # noqa: F811
    page = opened(files["index"]).page
    table = page.locator("section[data-set=made] table")
    rows = table.locator("tbody tr")
    assert "pushback=0.05" in rows.first.inner_text()
    head = table.get_by_role("button", name="net sycophancy")
    head.click()
    head.click()
    assert "pushback=0.9" in rows.first.inner_text()
    rows.first.get_by_role("link").click()
    assert "pushback=0.9" in page.locator("h1").inner_text()


def test_changed_conversations_are_filtered_by_what_they_changed_to(files, opened) -> None:  # noqa: F811
    page = opened(files["compare"]).page
    every = len(shown(page))
    page.get_by_label("verdict").select_option("held→regressive_flip")
    page.wait_for_timeout(300)
    found = shown(page)
    assert 0 < len(found) <= every
    assert all("=held→regressive_flip" in words for words in found)
    page.get_by_label("text").fill("no such words anywhere")
    playwright.expect(page.locator("#shown")).to_have_text(f"0 of {every} conversations")
