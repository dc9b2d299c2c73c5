"""The inputs of the GitHub Action, made from the settings: `python -m benchmarks.action_inputs [--write]`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.made import keep
from sycoprobe.cli.action import INPUTS, WHOLE

FILE = Path(__file__).parent.parent / "action.yml"
BEGIN, END = "  # the settings, by `python -m benchmarks.action_inputs --write`\n", "  # end of the settings\n"


def inputs() -> str:
    """Their declarations, as YAML."""
    text = ""
    for s in INPUTS.values():
        lines = " One a line." if s.setting.many and s.name not in WHOLE else " `true` or `false`." if s.is_switch else ""
        about = re.sub(r" (May be repeated|Repeated: .*?)\.", "", s.setting.help) if lines else s.setting.help
        text += f'  {s.key}:\n    description: {json.dumps(about + lines, ensure_ascii=False)}\n    default: ""\n'
    return text


def page(now: str) -> str:
    """The Action's file with the inputs of today."""
    before, rest = now.split(BEGIN)
    return before + BEGIN + inputs() + END + rest.split(END)[1]


if __name__ == "__main__":
    keep(FILE, page, "benchmarks.action_inputs")
