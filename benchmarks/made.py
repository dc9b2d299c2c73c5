"""What every script does that makes a page, or a part of one: write it, or say that it is stale."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path


def keep(file: Path, page: Callable[[str], str], module: str) -> None:
    """Write what `page` makes of the file's text with `--write` on the command line; without, end with an error if that is another text."""
    now = file.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        file.write_text(page(now), encoding="utf-8")
    elif now != page(now):
        raise SystemExit(f"{file.name} is stale: python -m {module} --write")
