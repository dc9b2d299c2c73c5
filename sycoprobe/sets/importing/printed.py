"""Lists and objects as Python, NumPy and pandas print them into a cell: `['a', 'b']`, `['a' 'b']`, `{'text': array(['a'], dtype=object)}`."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 16
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>[bu]?(?:'(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+"))
    | (?P<number>[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d{1,4})?(?![\w.]))
    | (?P<name>-?[A-Za-z_][\w.]*+)
    | (?P<mark>[\[\]{}(),:=])
    | (?P<end>$))""",
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS = {"True": True, "true": True, "False": False, "false": False}
_NOTHING = frozenset({"None", "null", "nan", "NaN", "NaT", "NA", "inf", "-inf", "np.nan"})
_CLOSED_BY = {"[": "]", "(": ")", "{": "}"}


@dataclass(frozen=True, slots=True)
class _Token:
    sort: str
    text: str
    at: int


def printed(text: str) -> Any:
    """What a text that Python printed holds; None for what is missing (None, NaN).

    Raises
    ------
    ValueError: it is none, it is too deep, or it leaves open where one element ends; says what and at which character.

    >>> printed("['oxygen' 'nitrogen']"), printed("['a', nan]"), printed("{'label': array(['A'], dtype=object)}")
    (['oxygen', 'nitrogen'], ['a', None], {'label': ['A']})
    """
    reader = _Reader(list(_tokens(text)))
    value = reader.value(0)
    reader.expect("end", "")
    return value


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ValueError(f"{text[at : at + 12]!r} at character {at + 1} is no element that Python prints")
        sort = str(found.lastgroup)
        yield _Token(sort, found[sort], found.start(sort))
        if sort == "end":
            return
        at = found.end()


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        token = self._take()
        match token.sort, token.text:
            case "text", written:
                return _text(written, token.at)
            case "number", written:
                return _number(written, token.at)
            case "mark", ("[" | "(") as opening:
                return self._elements(_CLOSED_BY[opening], depth)
            case "mark", "{":
                return self._members(depth)
            case "name", name:
                return self._named(name, token.at, depth)
        raise ValueError(f"{_shown(token)} at character {token.at + 1} stands where an element should")

    def expect(self, sort: str, text: str) -> None:
        token = self._take()
        if (token.sort, token.text) != (sort, text):
            raise ValueError(f"{_shown(token)} at character {token.at + 1} is not expected there")

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _is(self, mark: str) -> bool:
        token = self._tokens[self._next]
        return token.sort == "mark" and token.text == mark

    def _took(self, mark: str) -> bool:
        found = self._is(mark)
        if found:
            self._take()
        return found

    def _elements(self, closing: str, depth: int) -> list[Any]:
        """Elements up to the closing bracket, parted by commas (Python) or by space alone (NumPy), but not by both."""
        made: list[Any] = []
        commas = spaces = 0
        while not self._took(closing):
            made.append(self.value(depth + 1))
            if self._took(","):
                commas += 1
            elif not self._is(closing):
                spaces += 1
                # Python would join two texts that stand side by side, NumPy prints two elements so.
                if commas:
                    at = self._tokens[self._next].at
                    raise ValueError(f"a comma is missing at character {at + 1}, where others part the elements")
            if commas and spaces:
                raise ValueError("some elements are parted by commas and some are not")
        return made

    def _members(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while not self._took("}"):
            key = str(self.value(depth + 1))
            self.expect("mark", ":")
            made[key] = self.value(depth + 1)
            if not self._took(",") and not self._is("}"):
                at = self._tokens[self._next].at
                raise ValueError(f"a comma is missing at character {at + 1}")
        return made

    def _named(self, name: str, at: int, depth: int) -> Any:
        """A constant, or the first argument of what looks like a call: `array([...], dtype=object)`, `np.str_('a')`."""
        if not self._took("("):
            if name in _CONSTANTS:
                return _CONSTANTS[name]
            if name in _NOTHING:
                return None
            raise ValueError(f"{name[:40]!r} at character {at + 1} has no quotes")
        value = self.value(depth + 1)
        while self._took(","):
            self._take()
            if self._took("="):
                self._take()  # dtype=object, dtype='<U10'
        self.expect("mark", ")")
        return value


def _shown(token: _Token) -> str:
    return repr(token.text[:40]) if token.text else "the end"


def _text(written: str, at: int) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash that escapes nothing, as people write it
            made = ast.literal_eval(written)
    except (ValueError, SyntaxError) as e:
        raise ValueError(f"the text at character {at + 1} cannot be read") from e
    return made.decode("utf-8", "replace") if isinstance(made, bytes) else str(made)


def _number(written: str, at: int) -> int | float:
    try:
        return int(written) if re.fullmatch(r"[-+]?\d+", written) else float(written)
    except ValueError as e:
        raise ValueError(f"the number at character {at + 1} has too many digits") from e
