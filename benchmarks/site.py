"""What turns the Markdown files of the repository into those of the site: the hooks that mkdocs.yml names.

README.md and CHANGELOG.md become pages, and links to files that are not on the site lead to GitHub. The site's reader of Markdown also wants an empty line
before a list, and no backslash before a bar in a table's code. So every page reads the same on GitHub and on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "https://github.com/sycoprobe/sycoprobe/blob/main/"
FROM_THE_TOP = {"index.md": "README.md", "changelog.md": "CHANGELOG.md"}
"""Pages of the site that lie elsewhere in the repository."""
PARTS = re.compile(r"(^ *```.*?^ *```|`[^`\n]+`)", re.M | re.S)
LINK = re.compile(r"(\]\(|(?:src|href)=\")([^)\s\"]+)")
LIST_IN_PARAGRAPH = re.compile(r"^(?!(?:[-*]|\d+\.) |[ |#>]|$)(.*)\n(?=(?:[-*]|1\.) )", re.M)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere."""
    from mkdocs.structure.files import File

    for page, source in FROM_THE_TOP.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The text of a page, for the site."""
    return for_site(markdown, page.file.src_uri)


def for_site(markdown: str, page: str) -> str:
    """A page's text with links that hold on the site; `page` is its path there. Code stays as it is."""
    parts = PARTS.split(markdown)
    parts[::2] = [LINK.sub(lambda found: found[1] + leading(found[2], page), text) for text in parts[::2]]
    parts[1::2] = [code if code.lstrip().startswith("```") else code.replace("\\|", "|") for code in parts[1::2]]
    return LIST_IN_PARAGRAPH.sub(r"\1\n\n", "".join(parts))


def leading(link: str, page: str) -> str:
    """Where a link of a page leads on the site: to a page of it, or to GitHub."""
    if urlsplit(link).scheme or link.startswith("#"):
        return link
    file, _, anchor = link.partition("#")
    here = posixpath.dirname(FROM_THE_TOP.get(page) or f"docs/{page}")
    target = posixpath.normpath(posixpath.join(here, file))
    on_site = {source: name for name, source in FROM_THE_TOP.items()}.get(target, target.removeprefix("docs/"))
    added = f"#{anchor}" if anchor else ""
    if on_site == target or target.endswith((".json", ".jsonl")):
        return f"{SOURCE}{target}{added}"
    return posixpath.relpath(on_site, posixpath.dirname(page) or ".") + added
