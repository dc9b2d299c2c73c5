"""How sound inputs are spoilt: bytes that change, pieces that are cut, doubled or swapped, and JSON of other shapes and sizes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, -0.0, 10**400, 2**63, float("nan"), float("inf"), float("-inf"), "", " ", "\x00", "\ud83d", "\udcb2",
    "½", "٣", "𝟗", "\u202e", "x" * 5000, "9" * 5000, "NaN", "-inf", "null", "=1+1", "::error::x", "../..", "nan%", [], {}, [[]], [None], {"": None},
    [[[[[[]]]]]], {"a": {"b": {"c": []}}}, "\r\n", "\x1b[2J", "{text}", "{", "}", "a" * 300 + "/", "1e999", "-", "0x10", "1_000", "٫",
)  # fmt: skip
"""Values that something may not have been made for."""
DEEP = (b"[" * 5000, b'{"a":' * 5000, b"[" * 5000 + b"]" * 5000, b"9" * 5000, b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\r", b"\r\n", b'"', b"NaN", b"Infinity")  # fmt: skip


def spoilt(raw: bytes, rng: random.Random) -> bytes:
    """A sound input with one to three things wrong with it."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        raw = rng.choice(_WAYS)(raw, rng)
    return raw


def _flip(raw: bytes, rng: random.Random) -> bytes:
    if not raw:
        return b"\x00"
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def _cut(raw: bytes, rng: random.Random) -> bytes:
    a, b = sorted((rng.randrange(len(raw) + 1), rng.randrange(len(raw) + 1)))
    return raw[:a] + raw[min(b, a + rng.choice((1, 5, 50, 5000))) :]


def _put(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + rng.choice(DEEP) + raw[at:]


def _lines(raw: bytes, rng: random.Random) -> bytes:
    """Lines doubled, left out, swapped, joined, or torn at the end."""
    lines = raw.splitlines(keepends=True)
    if len(lines) < 2:
        return raw
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            lines.insert(b, lines[a])
        case 1:
            del lines[a]
        case 2:
            lines[a], lines[b] = lines[b], lines[a]
        case 3:
            lines[a] = lines[a].rstrip(b"\n")
        case 4:
            lines[a] = lines[a][: rng.randrange(len(lines[a]))] + b"\n"
        case _:
            lines = lines[: a + 1]
    return b"".join(lines)


def _value(raw: bytes, rng: random.Random) -> bytes:
    """One value of one line (or of the whole), if it is JSON, replaced by an odd one, left out, or under another name."""
    whole = _changed(raw, rng)
    if whole is not None:
        return whole
    lines = raw.splitlines(keepends=True)
    at = rng.randrange(len(lines)) if lines else 0
    made = _changed(lines[at], rng) if lines else None
    return b"".join([*lines[:at], made, *lines[at + 1 :]]) if made is not None else _token(raw, rng)


def _changed(text: bytes, rng: random.Random) -> bytes | None:
    """JSON with one place changed; None for what is none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict | list) or not data:
        return None
    _change(data, rng)
    return json.dumps(data, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass") + b"\n"


def _change(data: Any, rng: random.Random) -> None:
    """Change one place somewhere within."""
    while True:
        keys: list[Any] = list(data) if isinstance(data, dict) else list(range(len(data)))
        key = rng.choice(keys)
        if isinstance(data[key], dict | list) and data[key] and rng.random() < 0.75:
            data = data[key]
            continue
        match rng.randrange(5):
            case 0 if isinstance(data, dict):
                data[str(key) + "x"] = data.pop(key)
            case 1 if isinstance(data, dict):
                del data[key]
            case 2 if isinstance(data, list):
                data += [data[key]] * rng.choice((1, 100))
            case _:
                data[key] = rng.choice(ODD)
        return


def _token(raw: bytes, rng: random.Random) -> bytes:
    """One word replaced by an odd text, as a person would write it."""
    words = raw.split(b" ")
    words[rng.randrange(len(words))] = str(rng.choice(ODD)).encode("utf-8", "surrogatepass")
    return b" ".join(words)


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _put, _lines, _value, _value, _value, _value, _token)
