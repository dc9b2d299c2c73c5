"""The published JSON schemas in schemas/, made from the code.

    python -m benchmarks.schemas [--write]

Says which files differ from what `sycoprobe schema NAME` prints, with exit code 1 if any does; `--write` makes them anew.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from pathlib import Path

from sycoprobe.cli.sets_cmd import SchemaName, schema

FOLDER = Path(__file__).resolve().parent.parent / "schemas"


def printed(name: SchemaName) -> str:
    """What `sycoprobe schema NAME` prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        schema(name)
    return out.getvalue()


def stale(folder: Path = FOLDER) -> dict[Path, str]:
    """By file that differs from the code, or is not there, the text that it should have."""
    made = {folder / f"{name.value}.schema.json": printed(name) for name in SchemaName}
    return {path: text for path, text in made.items() if not path.is_file() or path.read_text("utf-8") != text}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    found = stale()
    for path, text in found.items():
        if write:
            path.write_text(text, "utf-8")
        print(
            f"schemas/{path.name}: {'written' if write else 'differs from the code; run python -m benchmarks.schemas --write'}"
        )
    return 1 if found and not write else 0


if __name__ == "__main__":
    sys.exit(main())
