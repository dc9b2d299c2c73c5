"""The matrix of features by kind in docs/kinds.md, made from the code.

    python -m benchmarks.kinds_page [--write]

Prints the table, or writes it between its two marks in docs/kinds.md.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from sycoprobe.kinds.features import YES, features_of
from sycoprobe.sets.load import kind_named, kind_names

PAGE = Path(__file__).resolve().parent.parent / "docs" / "kinds.md"
MARKS = "<!-- features -->", "<!-- end of features -->"


def table() -> str:
    """The table in Markdown; what a kind does not have is a number that the notes below it explain."""
    found = {name: features_of(kind_named(name)) for name in kind_names()}
    features = list(next(iter(found.values())))
    reasons = list(dict.fromkeys(why for of in found.values() for why in of.values() if why != YES))
    lines = ["| kind | " + " | ".join(features) + " |", "|---" * (len(features) + 1) + "|"]
    for name, of in found.items():
        cells = ["✓" if of[f] == YES else f"({reasons.index(of[f]) + 1})" for f in features]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    notes = [f"({i}) {why}." for i, why in enumerate(reasons, 1)]
    return "\n".join([*lines, "", " ".join(notes)])


def page(text: str) -> str:
    """The page with the table put in."""
    start, end = MARKS
    return re.sub(f"{re.escape(start)}.*?{re.escape(end)}", lambda _: f"{start}\n{table()}\n{end}", text, flags=re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(table())


if __name__ == "__main__":
    main()
