"""How settings are read that are written as text: names with commas, NAME=VALUE, and words that stand for nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any


def names(given: Any) -> Any:
    """Names with commas between them, or several of such texts, as a list of names."""
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Iterable) and not isinstance(given, Mapping):
        return [part.strip() for text in given for part in (text.split(",") if isinstance(text, str) else [text]) if part]
    return given


def one_or_several(given: Any) -> Any:
    """A text by itself as a list of one."""
    return [given] if isinstance(given, str) else given


def number_or_default(given: Any) -> Any:
    """The word `default` as None, which leaves a value to the server."""
    return None if given == "default" else given


def options_of_kinds(given: Any) -> Any:
    """Texts `KIND.NAME=VALUE` as a dict by kind; a name without a kind stands by itself."""
    if isinstance(given, Mapping):
        return given
    found: dict[str, Any] = {}
    for text in one_or_several(given):
        name, sign, value = str(text).partition("=")
        kind, dot, key = name.strip().rpartition(".")
        if not sign or not key:
            raise ValueError(f"must be KIND.NAME=VALUE, e.g. pressure.turns=3, not {text!r}")
        target = found.setdefault(kind, {}) if dot else found
        target[key] = _value(value)
    return found


def headers(given: Any) -> Any:
    """Texts `NAME: VALUE` or `NAME=VALUE` as a dict. What is no header is never shown, since it may hold a secret."""
    if isinstance(given, Mapping):
        return given
    found: dict[str, str] = {}
    for text in one_or_several(given):
        sign = re.search("[:=]", text)
        if sign is None:
            raise ValueError("must be NAME: VALUE, e.g. 'X-Team: search'")
        _once(found, text[: sign.start()].strip(), text[sign.end() :].strip())
    return found


def fields(given: Any) -> Any:
    """Texts `NAME=VALUE` as a dict, each value read as JSON if it is; what is none is never shown."""
    if isinstance(given, Mapping):
        return given
    found: dict[str, Any] = {}
    for text in one_or_several(given):
        name, sign, value = text.partition("=")
        if not sign:
            raise ValueError("must be NAME=VALUE, e.g. user=team-a")
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            read = value
        _once(found, name.strip(), read)
    return found


def _once(found: dict[str, Any], name: str, value: Any) -> None:
    if name in found:
        raise ValueError(f"must give {name!r} once")
    found[name] = value


def _value(text: str) -> Any:
    """A value of an option: JSON if it is, several with commas between them, else text."""
    try:
        return json.loads(text if not text or text[0] in '[{"' else f"[{text}]" if "," in text else text)
    except ValueError:
        return [t.strip() for t in text.split(",")] if "," in text else text
