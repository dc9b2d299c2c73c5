"""Whether the value of a setting is one: one text for one wrong value, wherever it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from sycoprobe.errors import PlanError
from sycoprobe.names import meant, nearest
from sycoprobe.settings.elsewhere import words_for
from sycoprobe.settings.setting import Declared

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails


def checked(setting: Declared, given: Any, place: str = "") -> Any:
    """The value that was given, in the setting's type.

    Parameters
    ----------
    given: text of a command line, a value of TOML, or one of Python.
    place: where it was given, e.g. `sycoprobe.toml:3:1` or `command line`; empty for Python.

    Raises
    ------
    PlanError: it is none; the text is the same whatever the place, which stands before it.
    """
    from pydantic import ValidationError

    said = setting.setting
    try:
        value = said.read(given) if said.read is not None else given
    except ValueError as e:
        raise wrong(setting, str(e), place) from None
    try:
        return _adapter(setting.name, setting.type, setting.setting.pattern, *_bounds(setting)).validate_python(value)
    except ValidationError as e:
        clause = why(e.errors(include_url=False)[-1], choices(setting.type), said.form)
        shown = "" if said.secret else f", not {_shown(value if said.read is None or isinstance(given, str) else given)}"
        guess = meant(value, choices(setting.type)) if isinstance(value, str) else ""
        raise wrong(setting, clause + shown, place, guess) from None


def wrong(setting: Declared, why: str, place: str = "", guess: str = "") -> PlanError:
    """The error that says of a setting what it must be."""
    default = setting.default
    usual = "" if default in (None, (), {}) else f" for {_shown(default)}"
    return PlanError(f"{place + ': ' if place else ''}{setting.key} {why}", f"{guess}correct it, or leave it out{usual}")


def unknown(name: str, known: Mapping[str, Declared], place: str = "", table: str = "") -> PlanError:
    """The error for a setting that there is not, with the one that was meant, if one is near."""
    near = meant_setting(name, known)
    guess = f"did you mean {near.key!r}? " if near else ""
    of = f"[{table}]: " if table else ""
    keys = ", ".join(s.key for s in known.values())
    return PlanError(f"{place + ': ' if place else ''}{of}no setting {name!r}", f"{guess}settings: {keys}")


def meant_setting(name: str, known: Mapping[str, Declared]) -> Declared | None:
    """The setting that a wrong name was probably meant to be: by what other tools call it, or by its spelling."""
    words = {s.key: s for s in known.values()}
    for s in known.values():
        for word in (s.option.lstrip("-"), *words_for(s.name)):
            words.setdefault(word, s)
    near = nearest(name.lstrip("-"), words)
    return words[near] if near is not None else None


def _bounds(setting: Declared) -> tuple[float | None, ...]:
    s = setting.setting
    return s.least, s.most, s.above, s.below


@cache
def _adapter(_name: str, kind: Any, pattern: str, *bounds: float | None) -> TypeAdapter[Any]:
    from pydantic import Field, TypeAdapter

    plain: Any = next((a for a in get_args(kind) if a is not type(None)), kind) if _optional(kind) else kind
    if plain not in (int, float, str):
        return TypeAdapter(kind)
    limits: dict[str, Any] = {k: v for k, v in zip(("ge", "le", "gt", "lt"), bounds, strict=True) if v is not None}
    if pattern:
        limits["pattern"] = f"^{pattern}$"
    if plain is float:
        limits["allow_inf_nan"] = False
    limited: Any = Annotated[plain, Field(**limits)]
    return TypeAdapter(limited | None if _optional(kind) else limited)


def why(error: ErrorDetails, words: Sequence[str] = (), form: str = "") -> str:
    """What a value must be, in one clause: `words` are those among which it is chosen, `form` is how its text is made."""
    at = error.get("ctx", {})
    match error["type"]:
        case "greater_than_equal":
            return f"must be at least {at['ge']:g}"
        case "less_than_equal":
            return f"must be at most {at['le']:,}" if at["le"] >= 1000 else f"must be at most {at['le']:g}"
        case "greater_than":
            return f"must be above {at['gt']:g}"
        case "less_than":
            return f"must be below {at['lt']:g}"
        case "literal_error" | "enum":
            allowed = words or re.findall(r"'([^']*)'", error["msg"])
            return f"must be one of {', '.join(allowed)}"
        case "string_pattern_mismatch":
            return f"must be {form}"
        case "too_short":
            return f"must have at least {at['min_length']} of them"
        case "too_long":
            return f"must have at most {at['max_length']} of them"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case kind if kind.startswith("int_"):
            return "must be a whole number"
        case kind if kind.startswith("float_") or kind == "finite_number":
            return "must be a number"
        case kind if kind.startswith("bool_"):
            return "must be true or false"
        case kind if kind.startswith("path_"):
            return "must be a path"
        case kind if kind.startswith("string_"):
            return "must be text"
        case kind if kind.startswith(("dict_", "mapping_")):
            return "must be a table"
    return "must be a list of texts"


def choices(kind: Any) -> tuple[str, ...]:
    """The words among which a setting is chosen; none where it is free."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next((c for a in get_args(kind) if (c := choices(a))), ())


def _optional(kind: Any) -> bool:
    return type(None) in get_args(kind)


def _shown(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"-?[\d.]+", value):
        return value
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:59]}…")
    if isinstance(value, tuple | list) and len(value) == 1:
        return _shown(value[0])
    return str(value)
