"""The documentation site: mkdocs builds it without a warning, it says what GitHub shows, its links lead somewhere, and it asks no other host."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

from benchmarks import cli_page, glossary_page
from benchmarks.docstrings import below_names
from benchmarks.site import FROM_THE_TOP, for_site

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = {p.relative_to(DOCS).as_posix(): p for p in sorted(DOCS.rglob("*.md"))} | {
    page: ROOT / source for page, source in FROM_THE_TOP.items()
}
needs_mkdocs = pytest.mark.skipif(importlib.util.find_spec("material") is None, reason='pip install -e ".[docs]"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as for its readers."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Built(HTMLParser):
    """What a page of the site holds: elements of its text, ids, where it leads, and what a browser fetches for it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self._inside = False
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = self._inside or tag == "article"
        if self._inside:
            self.elements[tag] += 1
        self.ids |= {given["id"]} if "id" in given else set()
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") not in ("canonical", "prev", "next"):
            self.fetched.append(given.get("href", ""))
        elif "src" in given:
            self.fetched.append(given["src"])

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "article"


def built(site: Path) -> dict[str, Built]:
    return {page.relative_to(site).as_posix(): Built(page) for page in site.rglob("*.html") if page.name != "404.html"}


def file_of(page: str) -> str:
    """The file of the site that a page becomes."""
    return re.sub(r"(^|/)README\.md$", r"\1index.md", page).removesuffix(".md") + ".html"


SHOWN = ("h1", "h2", "h3", "h4", "li", "tr", "td", "img", "pre", "blockquote")


@needs_mkdocs
@pytest.mark.long
def test_every_page_has_on_the_site_what_it_has_on_github(site: Path) -> None:
    """Site and GitHub read Markdown by different rules, of lists and tables above all; the pages keep to what both read alike."""
    pages = built(site)
    assert set(pages) == {file_of(page) for page in PAGES}
    other = {}
    for page, source in PAGES.items():
        tokens = MarkdownIt("commonmark").enable("table").parse(source.read_text(encoding="utf-8"))
        flat = [t for token in tokens for t in (token, *(token.children or ()))]
        there = Counter(t.tag if t.type != "fence" else "pre" for t in flat if t.nesting >= 0 and t.type != "code_inline")
        found = pages[file_of(page)].elements
        differing = {tag: (there[tag], found[tag]) for tag in SHOWN if there[tag] != found[tag]}
        other |= {page: differing} if differing else {}
    assert other == {}


@needs_mkdocs
@pytest.mark.long
def test_every_link_of_the_site_leads_to_a_page_and_a_place_on_it(site: Path) -> None:
    pages, lost = built(site), []
    for name, page in pages.items():
        for link in page.links:
            to = urlsplit(link)
            target = (site / name).parent / unquote(to.path) if to.path else site / name
            if to.scheme or to.netloc:
                continue
            file = target / "index.html" if target.is_dir() else target
            found = pages.get(os.path.relpath(file.resolve(), site.resolve()))
            if not file.exists() or (to.fragment and found and unquote(to.fragment) not in found.ids):
                lost.append(f"{name}: {link}")
    assert lost == []


@needs_mkdocs
@pytest.mark.long
def test_the_site_asks_no_other_host(site: Path) -> None:
    fetched = {link for page in built(site).values() for link in page.fetched}
    assert fetched and not [link for link in fetched if urlsplit(link).netloc]
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'data-md-component="source"' not in text, "would ask GitHub for its stars"
        assert 'class="mermaid"' not in text, "would fetch a library that draws it"


def test_a_page_of_the_repository_leads_to_the_same_places_on_the_site() -> None:
    text = "[a](docs/ci.md#github) [b](LICENSE) `[c](docs/ci.md)` ![d](docs/idea.svg) [e](https://e.org) [f](#here)\n```\n[g](LICENSE)\n```\n"
    blob = "https://github.com/sycoprobe/sycoprobe/blob/main/"
    assert for_site(text, "index.md") == (
        f"[a](ci.md#github) [b]({blob}LICENSE) `[c](docs/ci.md)` ![d](idea.svg) [e](https://e.org) [f](#here)\n```\n[g](LICENSE)\n```\n"
    )
    assert (
        for_site("[a](../README.md#the-gate) [b](../schemas/x.json)", "ci.md")
        == f"[a](index.md#the-gate) [b]({blob}schemas/x.json)"
    )
    assert for_site("[a](../running.md) [b](README.md)", "sets/law.md") == "[a](../running.md) [b](README.md)"
    assert for_site("Text\n- one\n- two\n", "ci.md") == "Text\n\n- one\n- two\n"


@pytest.mark.parametrize("made", [cli_page, glossary_page])
def test_a_page_that_is_made_from_the_code_is_what_the_code_says(made: object) -> None:
    file: Path = made.FILE  # type: ignore[attr-defined]
    now = file.read_text(encoding="utf-8")
    assert made.page(now) == now, f"python -m {made.__name__} --write"  # type: ignore[attr-defined]


@pytest.mark.parametrize("title", glossary_page.LISTS)
def test_the_glossary_says_what_every_word_means(title: str) -> None:
    words, purpose = glossary_page.LISTS[title]
    assert purpose
    assert [word.name for word in words if not below_names(words).get(word.name)] == []
