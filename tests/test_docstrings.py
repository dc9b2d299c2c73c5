"""Docstrings are for tools too: a parameter or an attribute a line, by the name that it has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sycoprobe

ROOT = Path(sycoprobe.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
SECTION = re.compile(r"^ *(Parameters|Attributes|Class attributes)\n *-{4,}\n(.*?)(?=\n *\n|\n *\w+\n *-{4,}|\Z)", re.M | re.S)
NAMES = r"\*{0,2}\w+(?:, \*{0,2}\w+)*"


def documented(tree: ast.Module) -> Iterator[tuple[int, set[str], str]]:
    """Every class and function with a docstring: its line, the names of its parameters or attributes, and the docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names = {n.target.id for n in ast.walk(node) if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
            init = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
            names |= {a.arg for a in (*init.args.args, *init.args.kwonlyargs)} if init else set()
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        else:
            continue
        if said := ast.get_docstring(node):
            yield node.lineno, names, said


@pytest.mark.long
def test_each_parameter_begins_a_line() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{line}: {found[1]}"
        for path in FILES
        for line, names, said in documented(ast.parse(path.read_text(encoding="utf-8")))
        for section in SECTION.finditer(said)
        for found in re.finditer(rf"[.;] ({NAMES}): ", section[2])
        if {n.strip("* ") for n in found[1].split(",")} <= names
    ]
    assert faults == []
