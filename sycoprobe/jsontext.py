"""JSON and TOML as text and back: fast, and with half characters, long numbers and deep nesting as people, servers and models send them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from sycoprobe.text import decoded, writable

_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPED_BYTES = re.compile(_ESCAPED.pattern.encode())
_TOO_LONG = re.compile(r"\d{4301,}")
"""More digits than Python makes an integer of, unless it is told to."""
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class TextFault(ValueError):
    """A text that is no JSON, or no TOML, or none that can be handled. `line` and `column` count from 1, columns in characters."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    @property
    def place(self) -> str:
        """Line and column as they follow the name of a file."""
        return f"{self.line}:{self.column}"


def writable_json(value: Any) -> Any:
    """JSON with every text in it, names too, as `writable` makes it."""
    if not value:
        return value
    if isinstance(value, str):
        return writable(value)
    written = json.dumps(value, ensure_ascii=False)
    whole = writable(written)
    return value if whole is written else json.loads(whole)


def finite(value: Any) -> Any:
    """A value with None for every number in it that JSON does not know: RFC 8259, section 6, has no NaN and no infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    return [finite(v) for v in value] if isinstance(value, list | tuple) else value


def json_text(value: Any) -> str:
    """JSON on one line, without spaces; characters beyond ASCII stand as they are, and NaN and infinities become null.

    pydantic's writer takes a quarter of the time of the standard library's, which writes what the other refuses: half a
    character (see `writable`).
    """
    try:
        return to_json(value, inf_nan_mode="null").decode()
    except PydanticSerializationError:
        return json.dumps(finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_page(value: Any, indent: int | None = 1) -> str:
    """JSON for a file that people look at, or on one line with spaces; NaN and infinities become null."""
    try:
        return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def json_value(text: str | bytes) -> Any:
    """What JSON holds. Raises `ValueError`, `RecursionError`.

    pydantic's reader takes half the time of the standard library's, which decides about what the other refuses: half a
    character, deep nesting, very long numbers, a byte order mark.
    """
    try:
        return from_json(text)
    except (ValueError, TypeError):  # the latter for a text that holds half a character
        return json.loads(text)


def json_of_line(line: str | bytes) -> Any:
    """What a line of one of our files holds, with every text in it writable. Raises `ValueError`."""
    value = json_value(line)
    escaped = _ESCAPED_BYTES.search(line) if isinstance(line, bytes) else _ESCAPED.search(line)
    return value if escaped is None else writable_json(value)


def read_json(raw: str | bytes) -> Any:
    """What a JSON file holds. Raises `TextFault`, and nothing else, with the place of what is wrong; NaN and infinities are wrong, too."""
    text = _decoded(raw)
    try:
        return json.loads(text.removeprefix("\ufeff"), parse_constant=refused)
    except json.JSONDecodeError as e:
        raise TextFault(f"not JSON: {e.msg}", e.lineno, e.colno) from None
    except (ValueError, RecursionError) as e:
        raise _unhandled(text, e, "JSON") from None


def read_toml(raw: str | bytes) -> dict[str, Any]:
    """What a TOML file holds. Raises `TextFault`, and nothing else, with the place of what is wrong."""
    import tomllib

    text = _decoded(raw)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        said = str(e)
        where = _PLACE.search(said)
        line, column = (int(where[1]), int(where[2])) if where and where[1] else (text.count("\n") + 1, 1)
        raise TextFault(f"not TOML: {_PLACE.sub('', said)}", line, column) from None
    except (ValueError, RecursionError) as e:
        raise _unhandled(text, e, "TOML") from None


KeyPath = tuple[str, ...]
"""A key of a TOML file with the tables around it, the outermost first."""
Place = tuple[int, int]
"""Line and column, from 1."""


def places_in(toml: str) -> dict[KeyPath, Place]:
    """Where each table and key of a TOML text begins, as far as a line tells. tomllib keeps no places; but nearly every line is a document by itself."""
    return dict(_places(toml))


def _places(text: str) -> Iterator[tuple[KeyPath, Place]]:
    import tomllib

    header: KeyPath = ()
    for number, line in enumerate(text.split("\n"), 1):
        try:
            parsed = tomllib.loads(line)
        except (ValueError, RecursionError):
            continue
        column = len(line) - len(line.lstrip()) + 1
        if line.lstrip().startswith("["):
            header = next(_paths(parsed), ())
            yield header, (number, column)
            continue
        for path in _paths(parsed):
            inner = re.search(rf"[{{,.\s]({re.escape(path[-1])})\s*=", line) if len(path) > 1 else None
            yield header + path, (number, inner.start(1) + 1 if inner else column)


def _paths(parsed: object, above: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(parsed, list):
        parsed = parsed[0] if parsed else None
    if not isinstance(parsed, dict):
        return
    for key, value in parsed.items():
        yield from _paths(value, (*above, key))
        yield (*above, key)


def _decoded(raw: str | bytes) -> str:
    if isinstance(raw, str):
        return raw
    try:
        return decoded(raw)
    except UnicodeDecodeError as e:
        before = raw[: e.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise TextFault(f"not UTF-8: byte 0x{raw[e.start]:02x}", line, column) from None


class NoNumber(ValueError):
    """NaN or Infinity stands where JSON wants a number; its text says which."""


class DoubledField(ValueError):
    """An object names the same field twice; its text is the field."""


def refused(name: str) -> Any:
    """For `json.loads`, as `parse_constant`. Raises `NoNumber`."""
    raise NoNumber(name)


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json.loads`, as `object_pairs_hook`: the object, each of whose fields stands once. Raises `DoubledField`."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise DoubledField(key)
        made[key] = value
    return made


def _unhandled(text: str, e: Exception, format_: str) -> TextFault:
    """The fault of a text that a parser gave up on with an error of another kind than its own."""
    match e:
        case NoNumber():
            at, said = max(0, text.find(str(e))), f"not JSON: {e} is no number of JSON's"
        case RecursionError():
            at, said = 0, f"not {format_} that can be read: nested too deeply"
        case _:
            # TOML allows underscores within a number; the place is that of its line in either case.
            digits = _TOO_LONG.search(text) or _TOO_LONG.search(text.replace("_", ""))
            at = max(0, text.find(digits[0][:40])) if digits else 0
            said = "a number has too many digits to be handled" if digits else f"not {format_}: {e}"
    return TextFault(said, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
