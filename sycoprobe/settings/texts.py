"""How settings are read that are written as text: names with commas, NAME=VALUE, and words that stand for nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sycoprobe.names import fault_of_run
from sycoprobe.text import shortened


def names(given: Any) -> Any:
    """Names with commas between them, or several of such texts, as a list of names."""
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Iterable) and not isinstance(given, Mapping):
        parts = [part for text in given for part in (text.split(",") if isinstance(text, str) else [text])]
        return [p for part in parts if (p := part.strip() if isinstance(part, str) else part)]
    return given


def one_or_several(given: Any) -> Any:
    """A text by itself as a list of one."""
    return [given] if isinstance(given, str) else given


def number_or_default(given: Any) -> Any:
    """The word `default` as None, which leaves a value to the server."""
    return None if given == "default" else given


def run_name(given: Any) -> Any:
    """A name that a run's folder can have on every system. Raises `ValueError` for any other text."""
    if isinstance(given, str) and (why := fault_of_run(given)):
        raise ValueError(f"must be the name of a new folder: {shortened(given, 40)!r} {why}")
    return given


def options_of_kinds(given: Any) -> Any:
    """Texts `KIND.NAME=VALUE` as a dict by kind; a name without a kind stands by itself."""
    if isinstance(given, Mapping):
        return given
    form = "must be KIND.NAME=VALUE, e.g. pressure.turns=3"
    found: dict[str, Any] = {}
    for text in _texts(given, form):
        name, sign, value = text.partition("=")
        kind, dot, key = name.strip().rpartition(".")
        if not sign or not key:
            raise ValueError(f"{form}, not {text!r}")
        target = found.setdefault(kind, {}) if dot else found
        target[key] = _value(value)
    return found


def headers(given: Any) -> Any:
    """Texts `NAME: VALUE` or `NAME=VALUE` as a dict. What is no header is never shown, since it may hold a secret."""
    return (
        given if isinstance(given, Mapping) else _pairs(given, "[:=]", "must be NAME: VALUE, e.g. 'X-Team: search'", str.strip)
    )


def fields(given: Any) -> Any:
    """Texts `NAME=VALUE` as a dict, each value read as JSON if it is; what is none is never shown."""
    return given if isinstance(given, Mapping) else _pairs(given, "=", "must be NAME=VALUE, e.g. user=team-a", _json_or_text)


def _texts(given: Any, form: str) -> list[str]:
    """One text, or several. Raises `ValueError`, with what they must be, for anything else."""
    found = one_or_several(given)
    if not isinstance(found, list | tuple) or not all(isinstance(text, str) for text in found):
        raise ValueError(form)
    return list(found)


def _pairs(given: Any, between: str, form: str, read: Callable[[str], Any]) -> dict[str, Any]:
    """Names and values with a sign `between` them. Raises `ValueError`, which shows no text that is no pair."""
    found: dict[str, Any] = {}
    for text in _texts(given, form):
        sign = re.search(between, text)
        if sign is None:
            raise ValueError(form)
        name = text[: sign.start()].strip()
        if name in found:
            raise ValueError(f"must give {name!r} once")
        found[name] = read(text[sign.end() :])
    return found


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _value(text: str) -> Any:
    """A value of an option: JSON if it is, several with commas between them, else text."""
    try:
        return json.loads(text if not text or text[0] in '[{"' else f"[{text}]" if "," in text else text)
    except ValueError:
        return [t.strip() for t in text.split(",")] if "," in text else text
