"""The page of a run in a real headless Chromium, opened from disk: a small real model's run, one of twelve kinds, one of hostile replies.

Needs the extra `[browser]` and a Chromium (from PATH, or `SYCOPROBE_CHROMIUM`); run by `pytest -m browser`. With `--screenshots` the pictures
in docs/images are made anew.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import sycoprobe
from sycoprobe.pages import report as pages
from tests.pages import hostile, sample

playwright = pytest.importorskip("playwright.sync_api", reason="the extra [browser] is not installed")
axe = pytest.importorskip("axe_playwright_python", reason="the extra [browser] is not installed")
CHROMIUM = os.environ.get("SYCOPROBE_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium is installed (apt-get install chromium, or name one in SYCOPROBE_CHROMIUM)"
    ),
]
IMAGES = Path(__file__).parent.parent / "docs" / "images"
NAMES = ("sample", "twelve", "hostile")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as p:
        found = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    sycoprobe.run(
        profile="quick",
        model="sim:pushback=0.5,pressure:pushback.pushed=0.3,hint:wrong_strong.pushed=0.4",
        out=folder,
        name="twelve",
    )
    return {"sample": sample(folder), "twelve": folder / "twelve" / "report.html", "hostile": hostile(folder)}


@dataclass
class Watched:
    """A page that is open, with all that it complained of or asked for."""

    page: object
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def opened(browser) -> Iterator[object]:
    contexts = []

    def open_(file: Path, hash_: str = "", *, width: int = 1200, height: int = 900, scheme: str = "light", **more) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        found = Watched(page)
        page.on("console", lambda m: found.complaints.append(m.text))
        page.on("pageerror", lambda e: found.complaints.append(str(e)))
        page.on("request", lambda r: found.asked.append(r.url))
        page.goto(file.as_uri() + hash_)
        return found

    yield open_
    for context in contexts:
        context.close()


def shown(page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('details.dialog')].filter(d => !d.hidden).map(d => d.dataset.words)")


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_from_disk_without_a_complaint_and_asks_for_nothing(files, opened, name: str) -> None:
    seen = opened(files[name])
    page = seen.page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.mouse.move(300, 300)
    page.mouse.wheel(0, 100_000)
    page.wait_for_timeout(200)
    assert seen.complaints == []
    assert seen.asked == [files[name].as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("window.owned") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_wrong(files, opened, name: str, scheme: str) -> None:
    page = opened(files[name], scheme=scheme, bypass_csp=True).page
    page.evaluate("[...document.querySelectorAll('details.dialog')].slice(0, 6).forEach(d => d.open = true)")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
    assert len(found["passes"]) > 20


def test_a_phone_shows_it_without_scrolling_sideways(files, opened) -> None:
    for name in NAMES:
        page = opened(files[name], width=360, height=740).page
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name


def test_a_link_opens_its_conversation_even_if_filters_hide_it(files, opened) -> None:
    page = opened(files["sample"]).page
    id_ = page.locator("details.dialog").nth(20).get_attribute("id")
    page = opened(files["sample"], f"#{id_}").page
    assert page.locator("details.dialog[open]").count() == 1
    assert page.locator(f"#{id_}").get_attribute("open") is not None
    page.wait_for_timeout(200)
    assert page.evaluate("document.activeElement.parentElement.id") == id_
    assert 0 <= page.locator(f"#{id_}").bounding_box()["y"] < 500
    page.locator("#f-text").fill("no conversation says this")
    playwright.expect(page.locator("#shown")).to_have_text("0 of 30 conversations")
    page.evaluate("location.hash = ''")
    page.evaluate(f"location.hash = '#{id_}'")
    playwright.expect(page.locator(f"#{id_}")).to_be_visible()


def test_conversations_are_filtered_by_verdict_arm_kind_and_text(files, opened) -> None:
    page = opened(files["twelve"]).page
    status, every = page.locator("#shown"), len(shown(page))
    page.locator("#f-kind").select_option("challenge")
    playwright.expect(status).to_have_text(f"30 of {every} conversations")
    page.locator("#f-verdict").select_option("regressive_flip")
    page.locator("#f-arm").select_option("pushback")
    page.wait_for_timeout(400)
    flipped = shown(page)
    assert 0 < len(flipped) < 30
    assert all(re.search(r"pushback\S*=regressive_flip", words) for words in flipped)
    page.locator("#f-arm").select_option("pushback.ethos")
    page.wait_for_timeout(400)
    assert 0 < len(shown(page)) < len(flipped)
    assert all("pushback.ethos=regressive_flip" in words for words in shown(page))
    page.get_by_role("button", name="clear").click()
    playwright.expect(status).to_have_text(f"{every} of {every} conversations")
    page.locator("#f-text").fill("kilimanjaro")
    page.wait_for_timeout(400)
    texts = page.evaluate(
        "[...document.querySelectorAll('details.dialog')].filter(d => !d.hidden).map(d => d.textContent.toLowerCase())"
    )
    assert texts and all("kilimanjaro" in t for t in texts)


def test_breakdowns_are_sorted_and_filtered(files, opened) -> None:
    page = opened(files["sample"]).page
    table = page.locator("table:has(caption:text-is('By arm'))")
    table.get_by_role("button", name="net sycophancy").click()
    column = "t => [...t.tBodies[0].rows].map(r => Number(r.cells[1].dataset.by))"
    up = table.evaluate(column)
    assert len(up) >= 5
    assert up == sorted(up)
    assert table.locator("th[aria-sort=ascending]").count() == 1
    table.get_by_role("button", name="net sycophancy").press("Enter")
    assert table.evaluate(column) == up[::-1]
    page.get_by_label("Filter rows of: From the first answer to the last, by arm").fill("control")
    matrix = page.locator("table:has(caption:text-is('From the first answer to the last, by arm'))")
    assert all("control" in row for row in matrix.locator("tbody tr:visible").all_inner_texts())


def test_the_keyboard_reaches_everything(files, opened) -> None:
    page = opened(files["sample"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("details.dialog summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.dialog").first.get_attribute("open") is not None


def test_the_policy_keeps_even_a_script_of_the_pages_own_from_the_network(files, opened) -> None:
    page = opened(files["hostile"]).page
    refused = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', e => e.message)")
    assert "Failed to fetch" in refused
    page.evaluate(
        "try { const s = document.createElement('script'); s.append('window.owned = 9'); document.body.append(s) } catch {}"
    )
    page.evaluate("try { document.body.innerHTML = '<img src=x onerror=owned=9>' } catch {}")
    assert page.evaluate("window.owned") is None
    assert page.locator("main").count() == 1


@pytest.mark.parametrize("name", NAMES)
def test_it_prints(files, opened, name: str) -> None:
    page = opened(files[name]).page
    made = page.pdf(format="A4")
    assert made.startswith(b"%PDF")
    assert made.count(b"/Type /Page\n") + made.count(b"/Type /Page ") > 2
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()


def test_pages_beside_the_report_open_from_disk_and_have_links_of_their_own(
    files, opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in {"MOST": 20_000, "WORST": 10_000, "PAGE": 40_000}.items():
        monkeypatch.setattr(pages, name, size)
    file = sample(tmp_path)
    seen = opened(file)
    seen.page.locator("a", has_text="page 2").click()
    seen.page.wait_for_url("**/report-pages/0002.html")
    assert seen.page.locator("details.dialog").count() > 0
    id_ = seen.page.locator("details.dialog").last.get_attribute("id")
    linked = opened(file.parent / "report-pages" / "0002.html", f"#{id_}")
    assert linked.page.locator(f"#{id_}").get_attribute("open") is not None
    linked.page.get_by_role("link", name="the report").click()
    linked.page.wait_for_url("**/report.html#conversations")
    assert seen.complaints == linked.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("size", "width", "height"), [("wide", 1100, 800), ("phone", 390, 800)])
def test_pictures_of_it(
    files, opened, request: pytest.FixtureRequest, tmp_path: Path, scheme: str, size: str, width: int, height: int
) -> None:
    folder = IMAGES if request.config.getoption("--screenshots") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page = opened(files["sample"], scheme=scheme, width=width, height=height).page
    page.locator(".forest").first.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.querySelector('section h2').offsetTop - 20)")
    _picture(page, folder / f"report-{size}-{scheme}.png")
    page.locator("details.dialog summary").first.click()
    page.evaluate("scrollTo(0, document.getElementById('conversations').offsetTop)")
    _picture(page, folder / f"conversations-{size}-{scheme}.png")
    page = opened(files["twelve"], scheme=scheme, width=width, height=height).page
    page.locator("figure.plot").last.scroll_into_view_if_needed()
    page.evaluate("document.querySelectorAll('figure.plot')[1].scrollIntoView({block: 'center'})")
    _picture(page, folder / f"curve-{size}-{scheme}.png")


def _picture(page, file: Path) -> None:
    page.screenshot(path=file)
    assert 5_000 < file.stat().st_size < 200_000
