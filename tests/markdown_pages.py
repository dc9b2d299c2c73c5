"""What the Markdown pages tell their readers to do: commands to run, and files to write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:^ *<!-- ([^\n]*?) -->\n)?^( *)```(\w+)\n(.*?)^ *```$", re.M | re.S)
PATH = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Command:
    """A command of a page, with the exit code that stands beside it (`# exits with 1`, `# exit code 1`), if one does."""

    text: str
    exits: int | None = None


@dataclass(frozen=True)
class Written:
    """A file that the page shows: a block whose first line is a comment with its name, or that follows `<!-- add to: FILE -->`."""

    name: str
    text: str
    added: bool = False


@dataclass(frozen=True)
class Script:
    """Python that the page shows and that is no file."""

    text: str


Step = Command | Written | Script


def steps(page: Path) -> list[Step]:
    """What a reader of the page does, in this order."""
    found: list[Step] = []
    for marker, indent, language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        body = re.sub(rf"^{indent}", "", text, flags=re.M)
        named = PATH.match(body)
        if marker.startswith("add to: "):
            found.append(Written(marker.removeprefix("add to: "), body, added=True))
        elif language == "sh":
            found += commands(body)
        elif named:
            found.append(Written(named[1], body))
        elif language == "python":
            found.append(Script(body))
    return found


def commands_after(page: Path, marker: str) -> list[str]:
    """The commands in the block of a page that follows a marker, as .ci/run finds those of the README."""
    blocks = [text for said, _, _, text in BLOCK.findall(page.read_text(encoding="utf-8")) if said == f"ci: {marker}"]
    assert len(blocks) == 1, f"{page.name} has {len(blocks)} blocks after <!-- ci: {marker} -->"
    return [command.text for command in commands(blocks[0])]


def commands(block: str) -> Iterator[Command]:
    """The commands of a block of shell, one at a time."""
    for line in block.replace("\\\n", " ").splitlines():
        text, _, comment = line.partition(" #")
        exits = re.search(r"(?:exits with|exit code) (\d+)", comment)
        parts = [part.strip() for part in text.split(" && ")]
        yield from (Command(part, int(exits[1]) if exits else None) for part in parts if part)
