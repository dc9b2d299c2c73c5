"""The folders of sycoprobe and what they import from each other, as CONTRIBUTING.md draws them.

    python -m benchmarks.house [--write]

An arrow points from a folder to one below it that it imports from; those that follow from others are left out. With `--write` the
drawing in CONTRIBUTING.md is made anew.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "```mermaid\n", "```\n"
LEFT_OUT = ("errors", "text", "jsontext", "turns", "seeds", "keys", "loops", "showing", "files", "plugins")
"""Words that all use: arrows to them would say nothing."""


def floors() -> list[list[str]]:
    """The floors from top to bottom, each with its folders, as import-linter holds us to them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return [[name.strip().removeprefix("sycoprobe.") for name in layer.split(":")] for layer in contract["layers"]]


def imports() -> dict[str, set[str]]:
    """By folder, the folders that it imports from, imports within functions included."""
    graph = grimp.build_graph("sycoprobe", exclude_type_checking_imports=True)
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            one, two = (name.split(".")[1] if "." in name else "" for name in (module, other))
            if one and two and one != two:
                found.setdefault(one, set()).add(two)
    return found


def arrows(found: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The arrows that do not follow from others."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = list(found.get(start, ()))
        while todo:
            if (name := todo.pop()) not in seen:
                seen.add(name)
                todo += found.get(name, ())
        return seen

    return [
        (one, two)
        for one, others in found.items()
        for two in others
        if not any(two in reached(other) for other in others if other != two)
    ]


def drawing() -> str:
    """The folders and arrows as a mermaid flowchart."""
    order = [name for floor in floors() for name in floor]
    shown = [
        a
        for a in arrows({k: v - set(LEFT_OUT) for k, v in imports().items()})
        if not set(a) & set(LEFT_OUT) and set(a) <= set(order)
    ]
    lines = [f"  {one} --> {two}" for one, two in sorted(shown, key=lambda a: (order.index(a[0]), order.index(a[1])))]
    return "flowchart TD\n" + "\n".join(lines) + "\n"


def page() -> str:
    """CONTRIBUTING.md with the drawing of the code as it is."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + drawing() + END + rest.partition(END)[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        PAGE.write_text(page(), "utf-8")
    else:
        sys.stdout.write(drawing())


if __name__ == "__main__":
    main()
