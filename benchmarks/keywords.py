"""Python's keywords as typed dicts, made from the settings: `python -m benchmarks.keywords [--write]`."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from benchmarks.made import keep
from sycoprobe.settings import UNTIL, Asking, ConductSettings, Declared, GateSettings, Sampling, Target, declared

FILE = Path(__file__).parent.parent / "sycoprobe/settings/keywords.py"
HEAD = '''"""The settings as keywords of Python, for editors and type checkers; made by `python -m benchmarks.keywords --write`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from typing_extensions import TypedDict

'''


def written(kind: Any) -> str:
    """A type as Python writes it."""
    if get_origin(kind) in (Union, types.UnionType):
        return " | ".join(written(a) for a in get_args(kind))
    if get_origin(kind) is Literal:
        return f"Literal[{', '.join(repr(a).replace(chr(39), chr(34)) for a in get_args(kind))}]"
    if kind is type(None):
        return "None"
    return "str | Path" if kind is Path else str(getattr(kind, "__name__", kind))


def keyword(setting: Declared) -> str:
    """The type of a setting's keyword."""
    return setting.setting.keyword or written(setting.type)


def page() -> str:
    """The module's text."""
    plan = {k: v for k, v in declared(Asking, Target, Sampling).items() if k not in ("sets", "until_decided")}
    until = {k: declared(Asking, GateSettings)[k] for k in ("until_decided", *UNTIL)}
    rest = {**declared(ConductSettings), **until}
    text = HEAD
    for name, base, doc, settings in (
        ("AskKeywords", "TypedDict", "What of a plan `run` takes too.", {k: v for k, v in plan.items() if k != "model"}),
        ("PlanKeywords", "AskKeywords", "What `plan` takes.", {"model": plan["model"]}),
        ("RunKeywords", "AskKeywords", "What `run` takes beside the model.", rest),
    ):
        text += f'\nclass {name}({base}, total=False):\n    """{doc}"""\n\n'
        text += "".join(f"    {s.name}: {keyword(s)}\n" for s in settings.values()) + "\n"
    return text.rstrip() + "\n"


if __name__ == "__main__":
    keep(FILE, lambda _now: page(), "benchmarks.keywords")
