"""Docstrings and signatures as Markdown, for the page of the Python API."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_SECTION = re.compile(r"(?:^|\n)([A-Z][a-z ]+)\n-{4,}\n")
_LISTS = ("Parameters", "Attributes", "Raises")


def parsed(doc: str) -> tuple[list[str], dict[str, str]]:
    """The paragraphs of a docstring, a line each, and its sections by their names."""
    lead, *rest = _SECTION.split(f"{doc}\n")
    sections: dict[str, str] = {}
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        own, _, after = body.partition("\n\n") if name in _LISTS else (body, "", "")
        sections[name] = own
        lead += f"\n\n{after}"
    return [" ".join(p.split()) for p in lead.split("\n\n") if p.strip()], sections


def entries(section: str) -> list[tuple[str, str]]:
    """The entries of a list of parameters, attributes or errors: what is before the colon, and the rest in a line."""
    found: list[list[str]] = []
    for line in section.splitlines():
        if line.startswith(" ") and found:
            found[-1].append(line.strip())
        elif line.strip():
            found.append([line.strip()])
    pairs = [" ".join(lines).partition(": ") for lines in found]
    return [(name, text) for name, _, text in pairs]


def by_name(section: str) -> dict[str, str]:
    """The same by each single name: `low, high: …` says something of both."""
    return {name.strip("* "): text for names, text in entries(section) for name in names.split(", ")}


def typed(kind: Any) -> str:
    """A type as the source has it, without the modules that names come from, and without constraints."""
    if isinstance(kind, str):
        return " ".join(kind.split())
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return typed(parts[0])
    if origin in (Union, types.UnionType):
        return " | ".join(typed(part) for part in parts)
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, parts))}]"
    if kind in (None, type(None)):
        return "None"
    if kind is Ellipsis:
        return "..."
    name = str(getattr(origin or kind, "__name__", origin or kind))
    return f"{name}[{', '.join(typed(part) for part in parts)}]" if parts else name


def default_of(value: object) -> str:
    """A default as the source has it; of what has no short form, an ellipsis."""
    if isinstance(value, Enum):
        return repr(value.value)
    if isinstance(value, Path):
        return repr(value.as_posix())
    return repr(value) if isinstance(value, str | int | float | tuple | None) else "..."


def signature(name: str, function: Callable[..., Any], *, width: int = 110) -> str:
    """A function's signature in Python, on one line where it fits."""
    made = inspect.signature(function)
    parts: list[str] = []
    starred = False
    for p in made.parameters.values():
        if p.name in ("self", "cls"):
            continue
        if p.kind is p.VAR_POSITIONAL:
            starred = True
        elif p.kind is p.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        kind = "" if p.annotation is p.empty else f": {typed(p.annotation)}"
        default = "" if p.default is p.empty else f" = {default_of(p.default)}"
        parts.append(f"{star}{p.name}{kind}{default}")
    start = f"{'async ' if inspect.iscoroutinefunction(function) else ''}def {name}("
    end = f") -> {typed(made.return_annotation)}"
    line = f"{start}{', '.join(parts)}{end}"
    return line if len(line) <= width else "\n".join([start, *(f"    {p}," for p in parts), end])


def below_names(owner: type) -> dict[str, str]:
    """By name, the strings that stand below attributes in the source of a class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    found: dict[str, str] = {}
    if not isinstance(body, ast.ClassDef):
        return found
    for one, two in zip(body.body, body.body[1:], strict=False):
        target = one.target if isinstance(one, ast.AnnAssign) else one.targets[0] if isinstance(one, ast.Assign) else None
        said = two.value if isinstance(two, ast.Expr) else None
        if isinstance(target, ast.Name) and isinstance(said, ast.Constant) and isinstance(said.value, str):
            found[target.id] = " ".join(said.value.split())
    return found


def own_classes(owner: type) -> Iterator[type]:
    """A class and those of ours that it is made from, the most basic first."""
    for each in reversed(owner.__mro__):
        if each.__module__.startswith("sycoprobe") and each.__module__ != "sycoprobe.showing":
            yield each
