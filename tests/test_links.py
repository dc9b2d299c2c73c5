"""Every relative link in a Markdown file leads to a file that is there, and every anchor to a heading of it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".git", ".venv", "venv", "node_modules", "build", "dist"}
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not SKIPPED & set(path.relative_to(ROOT).parts) and ".pytest_cache" not in path.parts
)
MARKDOWN = MarkdownIt("commonmark").enable("table")


def links(page: str) -> list[str]:
    """Where the links and pictures of a page lead; what stands in code is none."""
    found = []
    for token in MARKDOWN.parse(page):
        for child in token.children or ():
            target = child.attrs.get("href") or child.attrs.get("src")
            found += [str(target)] if target else []
    return found


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    tokens, found = MARKDOWN.parse(page), set[str]()
    for token, inline in itertools.pairwise(tokens):
        if token.type == "heading_open":
            said = "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-")
            number = next(n for n in range(len(tokens)) if (f"{slug}-{n}" if n else slug) not in found)
            found.add(f"{slug}-{number}" if number else slug)
    return found


def faults(path: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for link in links(path.read_text("utf-8")):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists():
            found.append(f"{link}: no such file")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text("utf-8")):
            found.append(f"{link}: no such heading")
    return found


@pytest.mark.long
@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    assert faults(path) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# `A` title, twice\n# `A` title, twice\n[a](#a-title-twice-1) `[b](b.md)` [c](c.md) [d](#d) [e](https://e.org/f.md)\n"
    )
    assert faults(page) == ["c.md: no such file", "#d: no such heading"]
