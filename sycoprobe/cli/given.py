"""Options of the command line, made from the settings: each is declared in `sycoprobe.settings`, and nowhere else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from sycoprobe.settings import Asking, ConductSettings, Declared, GateSettings, Sampling, Target, declared
from sycoprobe.settings.checking import choices

ALL = declared(Asking, Target, Sampling, ConductSettings, GateSettings)


def takes(
    *wanted: type | str,
    but: Collection[str] = (),
    default: Mapping[str, Any] | None = None,
    many: Collection[str] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command whose parameter `given` holds the settings that were given, by name; each has an option.

    Parameters
    ----------
    wanted: classes of settings, or names of settings.
    but: settings of these classes that the command does not take.
    default: what some are without being given, where that differs from the setting's own.
    many: the settings that may be repeated here; None: all that are declared so.
    """
    settings: dict[str, Declared] = {}
    for group in wanted:
        settings |= {group: ALL[group]} if isinstance(group, str) else declared(group)
    settings = {name: s for name, s in settings.items() if name not in but}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())
        made = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=_option(s, (default or {}).get(name, s.default), many is None or name in many),
            )
            for name, s in settings.items()
        ]
        arguments = [p for p in made if p.name == "sets"]
        rest = [p for p in made if p.name != "sets"]
        at = next((i for i, p in enumerate(own) if p.name == "given"), 0)
        before, after = own[:at], own[at + 1 :]
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*arguments, *before, *rest, *after)]

        @wraps(command)
        def wrapped(**values: Any) -> None:
            given = {name: values.pop(name) for name in settings}
            command(given={k: v for k, v in given.items() if v not in (None, [])}, **values)

        wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapped

    return decorate


def _option(s: Declared, default: Any, many: bool) -> Any:
    """The type of a parameter of typer's."""
    said = s.setting
    repeated = said.many and many
    if s.name == "sets":
        return Annotated[list[str] | None, typer.Argument(metavar="[SET]...", help=said.help)]
    shown = "" if default is None or default in ((), {}) or "(default" in said.help else f" [default: {_shown(default)}]"
    text = said.help + shown
    if repeated and "epeated" not in text:
        text += " May be repeated."
    names = [*([said.short] if said.short else []), s.option]
    if s.is_switch:
        off = f"--no-{s.option.removeprefix('--')}"
        return Annotated[
            bool | None, typer.Option(f"{s.option}/{off}", help=text, rich_help_panel=said.theme, show_default=False)
        ]
    kind: Any = list[str] if repeated else str
    option = typer.Option(*names, help=text, metavar=said.metavar or _metavar(s.type), rich_help_panel=said.theme)
    return Annotated[kind | None, option]


def _metavar(kind: Any) -> str:
    if words := choices(kind):
        return "|".join(words)
    plain = next((a for a in get_args(kind) if a is not type(None)), kind)
    return {int: "N", float: "NUMBER", Path: "FILE", str: "TEXT"}.get(plain, "TEXT")


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) else str(default)
