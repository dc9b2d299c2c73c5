"""JSON as text and back: fast, and with half characters, long numbers and deep nesting as servers and models send them."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from sycoprobe.text import writable

_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPED_BYTES = re.compile(_ESCAPED.pattern.encode())


def writable_json(value: Any) -> Any:
    """JSON with every text in it, names too, as `writable` makes it."""
    if not value:
        return value
    if isinstance(value, str):
        return writable(value)
    written = json.dumps(value, ensure_ascii=False)
    whole = writable(written)
    return value if whole is written else json.loads(whole)


def json_text(value: Any) -> str:
    """JSON on one line, without spaces; characters beyond ASCII stand as they are.

    pydantic's writer takes a quarter of the time of the standard library's, which writes what the other refuses: half a
    character (see `writable`).
    """
    try:
        return to_json(value).decode()
    except PydanticSerializationError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
