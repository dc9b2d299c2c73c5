"""Headers and body fields of the user's own, for the gateway that an assistant stands behind: read, checked, filled in, added.

What is given is kept as it was written until a request needs it: `$TEAM_KEY` or `${TEAM_KEY}` in a value names a variable, and
what that holds is looked for as keys are (environment, `.env`, keyring) and stands in no plan and no journal. `$$` is a dollar sign.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

from pydantic import JsonValue

from sycoprobe.backends.owned import HEADERS, option_for
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.keys import looks_secret, remember, value_named
from sycoprobe.turns import ErrorKind

Body = dict[str, JsonValue]
"""Body fields as a request has them: objects within objects, no dotted names."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110, section 5.6.2)."""
_PART = re.compile(r"[^\s.=\"'{}\[\]]+")
"""A body field's name, between dots."""
_REFERENCE = re.compile(r"\$(?:(\$)|\{([^{}]*)\}|([A-Z_][A-Z0-9_]*))")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PLAIN_WORD = r"(?:[A-Z]?[a-z]{1,20}|[A-Z]{1,12}|\d{1,12})"
_PLAIN = re.compile(rf"{_PLAIN_WORD}(?:[ ._/:,-]+{_PLAIN_WORD})*")
"""Ordinary words, which a model may well say by itself."""


class Headers(Mapping[str, str]):
    """Headers by name, with the values as they were given, which `repr` does not show. `headers_of` makes them."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._values)})"


def headers_of(given: Sequence[str] | Mapping[str, str]) -> Headers:
    """Headers from texts `NAME: VALUE` or `NAME=VALUE`, or by name.

    Raises `PlanError`, which never shows a value: no name or value, a name twice, what no header can hold, or a header that
    sycoprobe must set itself.
    """
    found: dict[str, str] = {}
    for number, (name, value) in enumerate(_header_pairs(given), 1):
        if not _TOKEN.fullmatch(name):
            raise PlanError(
                f"header: number {number} does not begin with a header's name (it is not shown here, since it may hold a secret)",
                "write NAME: VALUE or NAME=VALUE, the name of letters, digits and hyphens, as in 'X-Team: search'",
            )
        if not isinstance(value, str):
            raise PlanError(f"header {name}: what it holds is no text", "write it in quotes")
        if (why := HEADERS.get(name.lower())) is not None:
            raise PlanError(f"header {name}: sycoprobe must set this header itself, {why}", "leave it out")
        if name.lower() in {other.lower() for other in found}:
            raise PlanError(f"header {name} is given twice", "give each header once; most servers take a list with commas")
        _check_references(value, f"header {name}")
        found[name] = _header_text(name, value)
    return Headers(found)


def _header_pairs(given: Sequence[str] | Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(given, Mapping):
        yield from given.items()
        return
    for text in (given,) if isinstance(given, str) else given:
        name, _, value = re.split(r"\s*([:=])", text, maxsplit=1) if re.search("[:=]", text) else ("", "", "")
        yield name.strip(), value


def _header_text(name: str, value: str) -> str:
    """What a header holds, without blanks around it. Raises `PlanError` for what none can hold; the value is not shown."""
    text = value.strip()
    if not text:
        raise PlanError(f"header {name}: there is nothing in it", f"write '{name}: VALUE', or leave it out")
    if not (text.isprintable() or text.replace("\t", "").isprintable()):
        raise PlanError(f"header {name}: it has a line break or a control character in it", "write it on one line")
    if not text.isascii():
        raise PlanError(
            f"header {name}: it has signs beyond ASCII, which a header cannot carry safely", "encode it as the server expects"
        )
    return text


def _check_references(text: str, where: str) -> None:
    """Raises `PlanError` for a `${…}` that names no variable."""
    if any(found[2] is not None and not _VARIABLE.fullmatch(found[2]) for found in _REFERENCE.finditer(text)):
        raise PlanError(
            f"{where}: a ${{…}} in it names no variable",
            "write ${NAME}, with the name of a variable of the environment or .env, or $$ for a dollar sign",
        )


def filled_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as they are sent. What they hold is remembered, so that no echo of it is shown or written.

    Ordinary words without a secret's name ('X-Team: search') are taken out of errors and logs only: in a model's reply they are
    the model's own. Raises `PlanError`: a variable that holds nothing, or what no header can hold.
    """
    sent: dict[str, str] = {}
    for name, given in headers.items():
        text, named = _filled(given, f"header {name}")
        sent[name] = _header_text(name, text)
        secret = named or looks_secret(name)
        for piece in dict.fromkeys((sent[name], *sent[name].split())):
            remember(piece, in_replies=(secret and piece == sent[name]) or not _PLAIN.fullmatch(piece))
    return sent


def body_of(given: Sequence[str] | Mapping[str, JsonValue]) -> Body:
    """Body fields from texts `key=value` (the value is JSON if it can be read so, else text), or by name.

    A dotted key (`provider.order=["a"]`) is a field of an object. Raises `PlanError`: no name, a field twice, what JSON cannot
    hold, a field that sycoprobe sets itself, or a secret that does not come from a variable: fields stand in plan and journal.
    """
    body: Body = {}
    for name, value in _body_pairs(given):
        path = tuple(name.split("."))
        if not all(_PART.fullmatch(part) for part in path):
            raise PlanError(
                f"body: {name[:60]!r} is no name of a field",
                "write NAME=VALUE, and OUTER.INNER=VALUE for a field of an object",
            )
        _check(value, path)
        _put(body, path, value)
    return body


def _body_pairs(given: Sequence[str] | Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(given, Mapping):
        yield from ((str(name), value) for name, value in given.items())
        return
    for number, text in enumerate((given,) if isinstance(given, str) else given, 1):
        name, sign, value = text.partition("=")
        if not sign:
            raise PlanError(
                f"body: number {number} has no = in it (it is not shown here, since it may hold a secret)",
                'write NAME=VALUE, as in user=team-a or provider.order=\'["a", "b"]\'',
            )
        yield name.strip(), _json_or_text(value)


def _json_or_text(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _check(value: JsonValue, path: tuple[str, ...]) -> None:
    """Raises `PlanError` if a field, or one within it, cannot be sent or kept."""
    name = ".".join(path)
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            if not isinstance(key, str):
                raise PlanError(f"body {name}: a name in it is no text", "write it in quotes")
            _check(inner, (*path, key))
        return
    if (option := option_for(path)) is not None:
        raise PlanError(f"body {name}: sycoprobe sets this field itself", option)
    if isinstance(value, str):
        _check_references(value, f"body {name}")
    if isinstance(value, list):
        for inner in value:
            _check(inner, path)
    elif isinstance(value, float) and not math.isfinite(value):
        raise PlanError(f"body {name}: JSON has no such number", "write a number, or a text in quotes")
    elif not isinstance(value, str | int | float | dict | None):
        raise PlanError(
            f"body {name}: what it holds is no JSON", "write a text, a number, true, false, null, a list or an object"
        )
    elif any(looks_secret(part) for part in path) and not isinstance(value, bool | dict | None):
        literal = not isinstance(value, str) or not any(found[2] or found[3] for found in _REFERENCE.finditer(value))
        if literal and value != "":
            raise PlanError(
                f"body {name}: by its name this is a secret, and what body fields hold is written into the journal",
                f"put it into the environment or .env and name the variable, as in '{name}=$TEAM_KEY'",
            )


def _put(body: Body, path: tuple[str, ...], value: JsonValue) -> None:
    """Add a field at its place. Raises `PlanError` if there is one."""
    head, *rest = path
    there = body.get(head)
    if isinstance(there, dict) and (rest or isinstance(value, dict)):
        fields: Sequence[tuple[tuple[str, ...], JsonValue]] = [(tuple(rest), value)]
        if not rest and isinstance(value, dict):
            fields = [((key,), inner) for key, inner in value.items()]
        for inner_path, inner in fields:
            _put(there, inner_path, inner)
    elif head in body:
        raise PlanError(f"body {'.'.join(path)} is given twice, or as a field of something that is no object", "give it once")
    else:
        for part in reversed(rest):
            value = {part: value}
        body[head] = _copied(value)


def _copied(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    return [_copied(v) for v in value] if isinstance(value, list) else value


def fields_of(body: Mapping[str, JsonValue]) -> list[str]:
    """The dotted names of the fields, for people; nothing of what they hold."""
    names = []
    for name, value in body.items():
        names += [f"{name}.{inner}" for inner in fields_of(value)] if isinstance(value, dict) and value else [name]
    return names


def filled_body(body: Mapping[str, JsonValue]) -> Body:
    """The body fields as they are sent; what comes from a variable is remembered. Raises `PlanError` for one that holds nothing."""
    return {name: _filled_value(value, f"body {name}") for name, value in body.items()}


def _filled_value(value: JsonValue, where: str) -> JsonValue:
    if isinstance(value, str):
        return _filled(value, where)[0]
    if isinstance(value, dict):
        return {k: _filled_value(v, f"{where}.{k}") for k, v in value.items()}
    return [_filled_value(v, where) for v in value] if isinstance(value, list) else value


def _filled(text: str, where: str) -> tuple[str, bool]:
    """The text with what its variables hold, and whether there was one."""
    named = False

    def value(found: re.Match[str]) -> str:
        nonlocal named
        if found[1]:
            return "$"
        named = True
        variable = found[2] if found[2] is not None else found[3]
        held = value_named(variable)
        if held is None:
            raise PlanError(
                f"{where} names the variable {variable}, which holds nothing, neither in the environment nor in .env nor in the keyring",
                f"export {variable}=…, or put it into .env; write $$ for a dollar sign",
            )
        return held

    return _REFERENCE.sub(value, text), named


def with_fields(own: Mapping[str, JsonValue], extra: Mapping[str, JsonValue], path: str = "") -> Body:
    """A request's body with the user's fields added, those of an object to that object.

    Raises `BackendError`, fatal, for a field that sycoprobe has set itself.
    """
    body = dict(own)
    for name, value in extra.items():
        there = body.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            body[name] = with_fields(there, value, f"{path}{name}.")
        elif name in body:
            raise BackendError(
                f"body {path}{name}: sycoprobe sets this field itself in a request to this server",
                "leave it out, or leave out the option that sets it",
                kind=ErrorKind.BAD_REQUEST,
                fatal=True,
            )
        else:
            body[name] = value
    return body
