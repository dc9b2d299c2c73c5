"""Small faults put into Python source on purpose: one expression or statement changed, everything else as it was."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_RETURNED = {"bool": (True, False), "int": (0, 1), "float": (0.0, 1.0), "str": ("",)}
_SAID = ("description", "reason", "help")
"""Arguments that hold words for a reader."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a module's text. `how` names the kind of change; `start` and `end` are offsets in bytes."""

    module: str
    line: int
    how: str
    before: str
    after: str
    start: int
    end: int

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What tells it from others."""
        return self.module, self.line, self.before, self.after

    def applied(self, source: str) -> str:
        """The text with the change in it."""
        text = source.encode()
        return (text[: self.start] + self.after.encode() + text[self.end :]).decode()


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Every mutant of a module that can be made, in the order of its text; each compiles."""
    tree = ast.parse(source)
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    made: dict[tuple[int, int, str], Mutant] = {}
    for node, how, after in _changes(tree):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        before = source.encode()[start:end].decode()
        mutant = Mutant(module, node.lineno, how, before, after, start, end)
        try:
            changed = ast.dump(ast.parse(mutant.applied(source)))
        except SyntaxError:
            continue
        if changed != ast.dump(tree):
            made.setdefault((start, end, after), mutant)
    return sorted(made.values(), key=lambda m: (m.start, m.end, m.after))


Change = tuple["ast.expr | ast.stmt", str, str]


def _changes(tree: ast.AST) -> Iterator[Change]:
    """Nodes, what is changed about each, and the text that takes its place."""
    for child in _children(tree):
        if isinstance(child, ast.expr):
            yield from ((child, how, f"({ast.unparse(new)})") for how, new in _expressions(child))
        elif isinstance(child, ast.stmt):
            yield from _statements(child)
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _returns(child)
        yield from _changes(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that do something: no types, no decorators, no texts, no imports for types only."""
    skipped: list[ast.AST | None] = []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        skipped += node.decorator_list
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        skipped.append(node.returns)
    if isinstance(node, ast.arg | ast.AnnAssign):
        skipped.append(node.annotation)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in ("Literal", "Annotated"):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.JoinedStr):
        return
    yield from (child for child in ast.iter_child_nodes(node) if child not in skipped)


def _changed(node: ast.expr, change: Callable[[ast.expr], None]) -> ast.expr:
    twin = copy.deepcopy(node)
    change(twin)
    return twin


def _expressions(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """What an expression may be turned into."""
    match node:
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                for other in _COMPARED[type(op)]:
                    yield "comparison", _changed(node, lambda n, i=i, other=other: n.ops.__setitem__(i, other()))
        case ast.BoolOp(op=op, values=values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield "and/or", ast.BoolOp(other, values)
            for i in range(len(values)):
                left = [v for j, v in enumerate(values) if j != i]
                yield "condition left out", left[0] if len(left) == 1 else ast.BoolOp(op, left)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _COMPUTED and not (_text(left) or _text(right)):
            yield "operator", ast.BinOp(left, _COMPUTED[type(op)](), right)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "sign or not", operand
        case ast.Constant(value=bool() as value):
            yield "boolean", ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value - 1)
        case ast.Constant(value=float() as value):
            yield "constant", ast.Constant(value * 2 if value else 1.0)
            yield "constant", ast.Constant(value / 2 if value else -1.0)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield "branches swapped", ast.IfExp(test, orelse, body)
        case ast.Call(func=func, args=args, keywords=keywords):
            if len(args) > 1 and not any(isinstance(a, ast.Starred) for a in args[:2]):
                yield "arguments swapped", ast.Call(func, [args[1], args[0], *args[2:]], keywords)
            for keyword in keywords:
                if keyword.arg not in _SAID and ast.unparse(func) != "ConfigDict":
                    yield "argument left out", ast.Call(func, args, [k for k in keywords if k is not keyword])


def _text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _statements(node: ast.stmt) -> Iterator[Change]:
    """What a statement may be turned into."""
    match node:
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign() | ast.Continue() | ast.Break() | ast.Raise():
            yield node, "statement left out", "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield node, "statement left out", "pass"
        case ast.If(test=test) if ast.unparse(test) != "TYPE_CHECKING":
            yield test, "always", "True"
            yield test, "never", "False"


def _returns(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Change]:
    """Constants in the place of what a function returns."""
    said = ast.unparse(function.returns) if function.returns else ""
    constants = (*_RETURNED.get(said, ()), *((None,) if "None" in said else ()))
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            for constant in constants:
                yield node.value, "constant returned", repr(constant)
