"""The page of the command line, docs/cli.md, made from the commands themselves: `python -m benchmarks.cli_page [--write]`.

Everything below the mark is made; what stands above it is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from benchmarks.made import keep
from sycoprobe.cli.main import app
from sycoprobe.cli.usage import OTHER

FILE = Path(__file__).parent.parent / "docs" / "cli.md"
BEGIN = "<!-- made by `python -m benchmarks.cli_page --write` -->\n"


def commands(group: Any, called: str) -> Iterator[tuple[str, Any]]:
    """Every command with all its words, those of a group after its own name."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if not command.hidden:
            yield from (
                commands(command, f"{called} {name}") if hasattr(command, "list_commands") else [(f"{called} {name}", command)]
            )


def cell(text: str) -> str:
    """A text in a table: bars and angle brackets are no markup there."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()).replace("|", "\\|"))
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def entry(called: str, command: Any) -> str:
    """A command: what it does, its usage, and its options by theme."""
    ctx = typer.Context(command, info_name=called)
    usage = " ".join(command.collect_usage_pieces(ctx))
    lines = [f"### `{called}`\n", f"{' '.join((command.help or '').split())}\n", f"Usage: `{called} {usage}`\n"]
    themes: dict[str, list[str]] = {}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is None or param.name == "help":
            continue
        argument = param.param_type_name == "argument"
        theme = "Arguments" if argument else getattr(param, "rich_help_panel", None) or OTHER
        name = re.sub(r" <[^>]*>$", "", record[0]).replace("|", "\\|")
        themes.setdefault(theme, []).append(f"| `{name}` | {cell(record[1])} |")
    for theme in sorted(themes, key=lambda t: (t != "Arguments", t == OTHER)):
        lines += [f"| {theme} | |", "|---|---|", *themes[theme], ""]
    return "\n".join(lines)


def made() -> str:
    """Everything below the mark."""
    group = typer.main.get_command(app)
    return "\n## Every command\n\n" + "\n".join(entry(*found) for found in commands(group, "sycoprobe"))


def page(now: str) -> str:
    """The page as it should be."""
    return f"{now.partition(BEGIN)[0]}{BEGIN}{made()}"


if __name__ == "__main__":
    keep(FILE, page, "benchmarks.cli_page")
