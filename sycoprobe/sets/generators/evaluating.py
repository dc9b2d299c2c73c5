"""What a short Python program prints, by walking its syntax tree: a small part of the language, bounded in every respect.

The interpreter only parses the program; nothing of it is executed, and nothing outside of it can be reached from it.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

MAX_STEPS = 20_000
MAX_BITS = 2_048
MAX_LENGTH = 10_000

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
CALLS: Mapping[str, Callable[..., Any]] = {
    "len": len,
    "sum": sum,
    "min": min,
    "max": max,
    "sorted": sorted,
    "int": int,
    "str": str,
    "list": list,
    "abs": abs,
}


class Unsupported(ValueError):
    """The program uses what this evaluator does not know, fails, or runs for too long."""


class _Returned(Exception):
    """A `return` was reached."""

    def __init__(self, value: Any) -> None:
        self.value = value


def printed(source: str) -> str:
    """All that the program prints, as `print` writes it.

    Known are whole numbers, strings, lists, names, functions with positional parameters, `if`, `for` over a list or
    `range`, `while`, `+ - * // % **`, comparisons, `and`, `or`, `not`, indices and slices, and a few built-in functions.

    Raises
    ------
    Unsupported: anything else is in it, it fails, or it takes more than 20,000 steps.
    """
    try:
        tree = ast.parse(source)
        machine = _Machine()
        machine.run(tree.body, machine.globals)
    except (SyntaxError, TypeError, IndexError, ZeroDivisionError, ValueError, RecursionError, KeyError) as e:
        raise e if isinstance(e, Unsupported) else Unsupported(f"{type(e).__name__}: {e}") from e
    return "".join(machine.out)


class _Machine:
    """The state of one evaluation: global names, what was printed, and how many steps are left."""

    def __init__(self) -> None:
        self.globals: dict[str, Any] = {}
        self.out: list[str] = []
        self.left = MAX_STEPS

    def run(self, body: Sequence[ast.stmt], names: dict[str, Any]) -> None:
        for statement in body:
            self._step()
            self._statement(statement, names)

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unsupported(f"more than {MAX_STEPS:,} steps")

    def _statement(self, node: ast.stmt, names: dict[str, Any]) -> None:
        match node:
            case ast.Assign(targets=[target], value=value):
                self._assign(target, self.value(value, names), names)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                names[name] = self._binary(op, self._name(name, names), self.value(value, names))
            case ast.If(test=test, body=body, orelse=orelse):
                self.run(body if self.value(test, names) else orelse, names)
            case ast.While(test=test, body=body, orelse=[]):
                while self.value(test, names):
                    self.run(body, names)
            case ast.For(target=target, iter=over, body=body, orelse=[]):
                for item in self._range(over, names):
                    self._assign(target, item, names)
                    self.run(body, names)
            case ast.FunctionDef(name=name, decorator_list=[]):
                names[name] = node
            case ast.Return(value=ast.expr() as value):
                raise _Returned(self.value(value, names))
            case ast.Expr(value=value):
                self.value(value, names)
            case _:
                raise Unsupported(type(node).__name__)

    def _assign(self, target: ast.expr, value: Any, names: dict[str, Any]) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = value
            case ast.Tuple(elts=targets) if isinstance(value, tuple) and len(value) == len(targets):
                for one, part in zip(targets, value, strict=True):
                    self._assign(one, part, names)
            case ast.Subscript(value=of, slice=at) if not isinstance(at, ast.Slice):
                self.value(of, names)[self.value(at, names)] = value
            case _:
                raise Unsupported(f"assignment to {type(target).__name__}")

    def _range(self, node: ast.expr, names: dict[str, Any]) -> Sequence[Any]:
        match node:
            case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]):
                span = range(*(self.value(a, names) for a in args))
                if len(span) > MAX_STEPS:
                    raise Unsupported("the range is too long")
                return span
            case _:
                found = self.value(node, names)
                if not isinstance(found, list | str):
                    raise Unsupported(f"a loop over {type(found).__name__}")
                return found

    def _name(self, name: str, names: dict[str, Any]) -> Any:
        if name in names:
            return names[name]
        if name in self.globals:
            return self.globals[name]
        raise Unsupported(f"the name {name!r} is not known")

    def value(self, node: ast.expr, names: dict[str, Any]) -> Any:
        """The value of an expression."""
        self._step()
        match node:
            case ast.Constant(value=bool() | int() | str() as value):
                return value
            case ast.Name(id=name):
                return self._name(name, names)
            case ast.List(elts=parts):
                return [self.value(p, names) for p in parts]
            case ast.Tuple(elts=parts):
                return tuple(self.value(p, names) for p in parts)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(op, self.value(left, names), self.value(right, names))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.value(operand, names)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self.value(operand, names)
            case ast.BoolOp(op=op, values=values):
                return self._either(op, values, names)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
                return COMPARISONS[type(op)](self.value(left, names), self.value(right, names))
            case ast.Subscript(value=of, slice=ast.Slice(lower=lower, upper=upper, step=step)):
                ends = (None if e is None else self.value(e, names) for e in (lower, upper, step))
                return self.value(of, names)[slice(*ends)]
            case ast.Subscript(value=of, slice=at):
                return self.value(of, names)[self.value(at, names)]
            case ast.Call():
                return self._call(node, names)
            case _:
                raise Unsupported(type(node).__name__)

    def _binary(self, op: ast.operator, a: Any, b: Any) -> Any:
        known = BINARY.get(type(op))
        if known is None:
            raise Unsupported(type(op).__name__)
        if isinstance(op, ast.Mod) and isinstance(a, str):
            raise Unsupported("formatting with %")
        if isinstance(op, ast.Pow) and not (isinstance(b, int) and 0 <= b <= 64 and abs(a) < 2**32):
            raise Unsupported("a power out of bounds")
        if isinstance(op, ast.Mult) and not (isinstance(a, int) and isinstance(b, int)):
            sequence, times = (b, a) if isinstance(a, int) else (a, b)
            if len(sequence) * times > MAX_LENGTH:
                raise Unsupported("a sequence is too long")
        made = known(a, b)
        if (made.bit_length() > MAX_BITS) if isinstance(made, int) else (len(made) > MAX_LENGTH):
            raise Unsupported("a value is too large")
        return made

    def _either(self, op: ast.boolop, values: Sequence[ast.expr], names: dict[str, Any]) -> Any:
        """`and` and `or` give the operand at which they stop, and do not look at those behind it."""
        found: Any = None
        for part in values:
            found = self.value(part, names)
            if bool(found) is isinstance(op, ast.Or):
                break
        return found

    def _call(self, node: ast.Call, names: dict[str, Any]) -> Any:
        if node.keywords:
            raise Unsupported("a keyword argument")
        match node.func:
            case ast.Name(id="print"):
                self.out.append(" ".join(str(self.value(a, names)) for a in node.args) + "\n")
                return None
            case ast.Name(id=name) if name in CALLS and name not in names and name not in self.globals:
                return CALLS[name](*(self.value(a, names) for a in node.args))
            case ast.Name(id=name):
                return self._own(self._name(name, names), [self.value(a, names) for a in node.args])
            case ast.Attribute(value=of, attr="append") if len(node.args) == 1:
                target = self.value(of, names)
                if not isinstance(target, list) or len(target) >= MAX_LENGTH:
                    raise Unsupported("append to what is no list, or too long a one")
                return target.append(self.value(node.args[0], names))
            case _:
                raise Unsupported("a call of something unknown")

    def _own(self, function: Any, values: list[Any]) -> Any:
        if not isinstance(function, ast.FunctionDef):
            raise Unsupported("a call of what is no function")
        parameters = [a.arg for a in function.args.args]
        if function.args.defaults or function.args.vararg or function.args.kwarg or len(parameters) != len(values):
            raise Unsupported("parameters other than positional ones")
        try:
            self.run(function.body, dict(zip(parameters, values, strict=True)))
        except _Returned as r:
            return r.value
        return None
