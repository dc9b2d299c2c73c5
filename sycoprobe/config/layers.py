"""Settings as several places give them, the later over the earlier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from sycoprobe.files import is_file, is_folder
from sycoprobe.sets.load import shipped_names
from sycoprobe.settings import Declared
from sycoprobe.settings.checking import checked, unknown


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place gives.

    Attributes
    ----------
    values: by name, as they were given; what was not given is missing.
    place: where a setting stands, for messages; empty for Python, where the traceback says it.
    folder: from which its relative paths are meant.
    """

    values: Mapping[str, Any]
    place: Callable[[str], str]
    folder: Path = Path()

    def only(self, names: Mapping[str, Declared]) -> Layer:
        """The same without what is not among `names`."""
        return replace(self, values={k: v for k, v in self.values.items() if k in names})


def command_line(values: Mapping[str, Any]) -> Layer:
    """What the command line gives: None is not given."""
    return Layer({k: v for k, v in values.items() if v is not None}, lambda _name: "command line")


def python(values: Mapping[str, Any], known: Mapping[str, Declared]) -> Layer:
    """What Python's keywords give; None is not given where it is no value of the setting's. Raises `PlanError` for one that is no setting."""
    for name in values:
        if name not in known:
            raise unknown(name, known)
    given = {k: v for k, v in values.items() if v is not None or type(None) in get_args(known[k].type)}
    return Layer(given, lambda _name: "")


@dataclass(frozen=True, slots=True)
class Merged:
    """What several layers come to: the values that were given, in their types, and where each of them was given."""

    values: dict[str, Any]
    places: dict[str, str]


def merge(layers: Sequence[Layer], settings: Mapping[str, Declared]) -> Merged:
    """The settings that some layer gives, the later over the earlier; tables are joined key by key.

    Raises
    ------
    PlanError: a value is none, in whichever layer.
    """
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for layer in layers:
        for name, given in layer.values.items():
            if name not in settings:
                continue
            value = _placed(checked(settings[name], given, layer.place(name)), settings[name], layer.folder)
            values[name] = joined(values[name], value) if name in values and isinstance(value, Mapping) else value
            places[name] = layer.place(name) or "Python"
    return Merged(values, places)


def joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Two tables as one, the second over the first, table by table."""
    both = dict(first)
    for key, value in second.items():
        old = both.get(key)
        both[key] = joined(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both


def _placed(value: Any, setting: Declared, folder: Path) -> Any:
    """Paths that a settings file names are meant from its own folder."""
    if folder == Path() or value is None:
        return value
    if setting.setting.file:
        return folder / value
    if setting.name == "sets":
        return tuple(str(folder / s) if s not in shipped_names() and is_folder(folder / s) else s for s in value)
    if setting.name == "system":
        return tuple(folder / s if isinstance(s, str) and is_file(folder / s) else s for s in value)
    return value
