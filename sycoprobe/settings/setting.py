"""What a setting is: a field of a settings class, with its help, its bounds, and the way it is written as text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Setting:
    """What is said of a setting beside its name, type and default, which are those of its field.

    Attributes
    ----------
    help: one sentence, for `--help`, the docs and the Action.
    theme: the heading that `--help` puts it under.
    option: its option on the command line where that is not `--name`: one that may be repeated is in the singular there.
    short: a short option, e.g. `-n`.
    metavar: what stands for its value in `--help`.
    least, most: bounds, themselves allowed; `above`, `below`: bounds that are not.
    pattern: a regular expression that text must match whole, and `form`, the same in words.
    read: what becomes of a value as it was given (text of the command line, a value of TOML or Python) before its type is checked.
        It raises `ValueError` with one clause, `must be …`.
    many: whether the option may be repeated.
    file: whether it is a path, which a settings file means from its own folder.
    secret: whether its value may be one: messages do not show it.
    keyword: its type as a keyword in Python, where more is taken than the type of the field.
    """

    help: str
    theme: str
    option: str = ""
    short: str = ""
    metavar: str = ""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    pattern: str = ""
    form: str = ""
    read: Callable[[Any], Any] | None = None
    many: bool = False
    file: bool = False
    secret: bool = False
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting with the name, type and default of its field."""

    name: str
    type: Any
    default: Any
    setting: Setting

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return self.setting.option or f"--{option_name(self.name)}"

    @property
    def key(self) -> str:
        """Its key in a settings file, which is also its name in messages."""
        return option_name(self.name)

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return self.type is bool


@cache
def declared(*groups: type) -> Mapping[str, Declared]:
    """The settings that these classes declare, by name, in order. A field without a `Setting` is none."""
    found: dict[str, Declared] = {}
    for group in groups:
        hints = get_type_hints(group, include_extras=True)
        for field in dataclasses.fields(group):
            hint = hints[field.name]
            said = next((a for a in get_args(hint)[1:] if isinstance(a, Setting)), None) if _annotated(hint) else None
            if said is None:
                continue
            default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            found[field.name] = Declared(field.name, get_args(hint)[0], default, said)
    return found


def option_name(name: str) -> str:
    """A setting's name as options and files write it: with hyphens."""
    return name.replace("_", "-")


def _annotated(hint: Any) -> bool:
    from typing import Annotated

    return get_origin(hint) is Annotated
