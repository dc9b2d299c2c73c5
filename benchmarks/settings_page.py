"""The table of all settings in docs/settings.md, made from their declarations: `python -m benchmarks.settings_page [--write]`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.keywords import keyword
from benchmarks.made import keep
from sycoprobe.cli.action import INPUTS
from sycoprobe.settings import UNTIL, Asking, ConductSettings, Declared, GateSettings, Sampling, Target, declared

FILE = Path(__file__).parent.parent / "docs/settings.md"
BEGIN, END = "<!-- settings: by `python -m benchmarks.settings_page --write` -->\n", "<!-- end of settings -->\n"
HEADS = (
    ("What is asked", "run", Asking),
    ("The model", "run", Target),
    ("How answers are sampled", "run", Sampling),
    ("How the run is conducted", "run", ConductSettings),
    ("The gate", "gate", GateSettings),
)


def rows(table: str, settings: dict[str, Declared]) -> str:
    """A line for each setting: where it can be given, and what it means."""
    lines = []
    for s in settings.values():
        option = f"`{s.setting.short}`, `{s.option}`" if s.setting.short else f"`{s.option}`"
        if s.name == "sets":
            option = "`SET…`"
        option = "" if s.name == "max_baseline_age" else option
        action = f"`{s.key}`" if s.name in INPUTS or s.name in ("sets", "out") else ""
        python = "" if table == "gate" and s.name not in UNTIL else "`*sets`" if s.name == "sets" else f"`{s.name}`"
        cells = (option, f"`{s.key}`", action, python, f"`{keyword(s)}`".replace("|", "\\|"), shown(s.default), s.setting.help)
        lines.append("| " + " | ".join(c.replace("|FILE", "\\|FILE") for c in cells) + " |\n")
    return "".join(lines)


def shown(default: Any) -> str:
    """A default, as the table has it."""
    if default is None or default in ((), {}):
        return ""
    return f"`{default[0] if isinstance(default, tuple) else str(default).lower() if isinstance(default, bool) else default}`"


def tables() -> str:
    """A table for each group of settings."""
    text = ""
    for title, table, group in HEADS:
        text += f"\n### {title}\n\n| command line | `[{table}]` | Action | Python, pytest | type | default | |\n|---|---|---|---|---|---|---|\n"
        text += rows(table, dict(declared(group)))
    return text + "\n"


def page(now: str) -> str:
    """The page with the tables of today."""
    before, rest = now.split(BEGIN)
    return before + BEGIN + tables() + END + rest.split(END)[1]


if __name__ == "__main__":
    keep(FILE, page, "benchmarks.settings_page")
