"""The settings file: `sycoprobe.toml`, or `[tool.sycoprobe]` of `pyproject.toml`, here or in a folder above."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sycoprobe.config.layers import Layer
from sycoprobe.errors import PlanError
from sycoprobe.files import is_file, read_text
from sycoprobe.jsontext import TextFault, read_toml
from sycoprobe.names import meant
from sycoprobe.settings import Asking, ConductSettings, Declared, GateSettings, Sampling, Target, declared, option_name
from sycoprobe.settings.checking import unknown

OWN_FILE = "sycoprobe.toml"
PROJECT_FILE = "pyproject.toml"

RUN = declared(Asking, Target, Sampling, ConductSettings)
MODEL = {"system": declared(Asking)["system"], **declared(Target, Sampling)}
GATE = declared(GateSettings)
_TABLES = ("run", "models", "gate")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A settings file, or none (`path` is None): its tables, with the place of each key."""

    path: Path | None = None
    text: str = ""
    tables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> Layer:
        """What `[run]` gives."""
        return self._layer("run", self.tables.get("run", {}))

    @property
    def gate(self) -> Layer:
        """What `[gate]` gives."""
        return self._layer("gate", self.tables.get("gate", {}))

    @property
    def aliases(self) -> list[str]:
        """The names of `[models.NAME]`."""
        return list(self.tables.get("models", {}))

    def without_run(self) -> ConfigFile:
        """The same without what it says of runs: for models that are not under test."""
        return replace(self, tables={k: v for k, v in self.tables.items() if k != "run"})

    def model(self, name: str) -> Layer | None:
        """What `[models.NAME]` gives; None: there is no such alias. An alias has no colon, so that it never hides a model."""
        table = None if ":" in name else self.tables.get("models", {}).get(name)
        return None if table is None else self._layer(f"models.{name}", table)

    def place(self, table: str, key: str) -> str:
        """file:line:column of a key (or of the table, if it has no such key)."""
        return f"{self.path}:{_place(self.text, self._header(table), key)}"

    def place_of_text(self, value: str) -> str:
        """file:line:column of the first line that holds a text, with a colon and a space after it."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if value in line:
                return f"{self.path}:{number}:{line.index(value) + 1}: "
        return f"{self.path}:1:1: "

    def __contains__(self, place: str) -> bool:
        """Whether a place is in this file."""
        return self.path is not None and place.startswith(f"{self.path}:")

    def _header(self, table: str) -> str:
        return f"tool.sycoprobe.{table}" if self.path and self.path.name == PROJECT_FILE else table

    def _layer(self, table: str, values: Mapping[str, Any]) -> Layer:
        folder = self.path.parent if self.path else Path()
        return Layer({_name(k): v for k, v in values.items()}, lambda name: self.place(table, name), folder)

    def checked(self) -> ConfigFile:
        """The same. Raises `PlanError` for a table or key that means nothing."""
        for key, value in self.tables.items():
            if key not in _TABLES:
                raise PlanError(
                    f"{self.place('', key)}: no table or key {key!r}",
                    f"{meant(key, _TABLES, '[{}]')}tables: {', '.join(map(self.shown, _TABLES))}",
                )
            if not isinstance(value, Mapping):
                raise PlanError(f"{self.place('', key)}: {key} is not a table", f"write {self.shown(key)}")
        self._known("run", self.tables.get("run", {}), RUN)
        self._known("gate", self.tables.get("gate", {}), GATE)
        for name, table in self.tables.get("models", {}).items():
            if not isinstance(table, Mapping):
                raise PlanError(
                    f"{self.place('models', name)}: the alias {name!r} is not a table",
                    f'write [{self._header("models")}.{name}] and model = "backend:name"',
                )
            self._known(f"models.{name}", table, MODEL)
            model = table.get("model")
            if not isinstance(model, str) or not re.match(r"[a-z][a-z0-9_-]*(:|$)", model):
                what = "model is missing" if model is None else f"model must be BACKEND:NAME, not {model!r}"
                raise PlanError(
                    f"{self.place(f'models.{name}', 'model')}: [models.{name}]: {what}", 'write e.g. model = "openai:NAME"'
                )
        return self

    def _known(self, table: str, given: Mapping[str, Any], known: Mapping[str, Declared]) -> None:
        for key in given:
            if _name(key) not in known:
                raise unknown(key, known, self.place(table, key), self._header(table))

    def shown(self, table: str) -> str:
        """A table's header as this file writes it."""
        return f"[{self._header(table)}{'.NAME' if table == 'models' else ''}]"


def find(folder: Path | None = None) -> ConfigFile:
    """The settings file of `folder` (here), or of the nearest folder above that has one; without one, an empty one.

    A `pyproject.toml` counts if it has a table `[tool.sycoprobe]`; of one folder, `sycoprobe.toml` is taken.

    Raises
    ------
    PlanError: it cannot be read or holds a fault; names file:line:column.
    """
    start = (folder or Path()).absolute()
    for place in (start, *start.parents):
        for name in (OWN_FILE, PROJECT_FILE):
            if is_file(place / name):
                found = load(_short(place / name))
                if name == OWN_FILE or found.tables:
                    return found
    return ConfigFile()


def load(path: Path) -> ConfigFile:
    """A settings file that the user named. Raises `PlanError`."""
    try:
        text = read_text(path)
    except UnicodeDecodeError as e:
        raise PlanError(f"{path}: cannot be read: not UTF-8", "save the file as UTF-8") from e
    except OSError as e:
        raise PlanError(f"{path}: cannot be read: {e.strerror}", "name a TOML file") from e
    try:
        data: Any = read_toml(text)
    except TextFault as e:
        raise PlanError(f"{path}:{e.place}: {e.message}", "correct the line") from None
    if path.name == PROJECT_FILE:
        tool = data.get("tool")
        data = tool.get("sycoprobe", {}) if isinstance(tool, dict) else {}
    return ConfigFile(path, text, data if isinstance(data, dict) else {}).checked()


def found(config: str | Path | ConfigFile | None) -> ConfigFile:
    """The file that was named, or the one that is here or above. Raises `PlanError`."""
    if isinstance(config, ConfigFile):
        return config
    if config is None:
        return find()
    file = load(Path(config))
    if not file.tables:
        raise PlanError(f"{config}: has none of the tables {', '.join(map(file.shown, _TABLES))}", "see docs/settings.md")
    return file


def _name(key: str) -> str:
    return key.replace("-", "_")


def _short(path: Path) -> Path:
    """A path from here, if that is shorter."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return path
    return Path(relative) if len(relative) < len(str(path)) else path


def _place(text: str, table: str, key: str) -> str:
    """line:column of a key of a table, or of the table's header; keys are written with hyphens or underscores."""
    pattern = re.escape(option_name(key)).replace(r"\-", "[-_]")
    header = re.escape(table).replace("_", "[-_]")
    inside, at_header = table == "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line):
            inside = bool(re.fullmatch(rf"{header}(\..*)?", found[1])) if table else True
            if inside and not at_header:
                at_header = f"{number}:{found.start(1) + 1}"
            if re.search(rf"(^|\.){pattern}(\.|$)", found[1]) and (inside or not table):
                return f"{number}:{found.start(1) + 1}"
        elif inside and (found := re.match(rf"""\s*["']?({pattern})["']?\s*[=.]""", line)):
            return f"{number}:{found.start(1) + 1}"
    return at_header or "1:1"
