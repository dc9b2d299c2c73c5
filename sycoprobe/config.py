"""Reading the gate's settings (`sycoprobe.toml`, or `[tool.sycoprobe]` of `pyproject.toml`) and baseline files."""

from __future__ import annotations

import os
import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sycoprobe.errors import GateError
from sycoprobe.extract.thinking_marks import checked_marks
from sycoprobe.gating.baselines import Baseline
from sycoprobe.gating.decision import ALPHA, MIN_ITEMS
from sycoprobe.gating.rules import Stated, read_rule
from sycoprobe.metrics.metric import Metric
from sycoprobe.planning.legacy import DEFAULT_KIND
from sycoprobe.sets.load import kind_named, kind_names
from sycoprobe.text import writable

OWN_FILE = "sycoprobe.toml"
PROJECT_FILE = "pyproject.toml"


class OnInconclusive(StrEnum):
    """What the exit code says of a gate that cannot decide."""

    REPORT = "report"
    """3, a code of its own."""
    PASS = "pass"  # noqa: S105
    """0."""
    WARN = "warn"
    """0, with a warning."""
    FAIL = "fail"
    """1."""


class ModelSettings(BaseModel):
    """A table `[models.ALIAS]`: what `-m ALIAS` stands for. Keys are written with hyphens or underscores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(pattern=r"^[a-z][a-z0-9_-]*(:.*)?$", description="backend:name")
    base_url: str | None = None
    api_key_env: str | None = Field(default=None, description="Name under which the key is found; never the key itself.")
    thinking_marks: tuple[str, ...] = Field(
        default=(), description="Marks of the model's own around its thinking, each OPEN…CLOSE."
    )

    @field_validator("thinking_marks", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given


class GateSettings(BaseModel):
    """The table `[gate]`. Keys are written with hyphens or underscores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[str, ...] = ()
    baseline: Path | None = Field(default=None, description="A baseline file, relative to the file that names it.")
    alpha: float = Field(default=ALPHA, gt=0, lt=0.5)
    min_items: int = Field(default=MIN_ITEMS, ge=2)
    on_inconclusive: OnInconclusive = OnInconclusive.REPORT
    error_tolerance: float = Field(default=0.05, ge=0, le=1)
    max_baseline_age: int | None = Field(default=None, ge=0, description="Days after which a baseline is warned of.")


def settings(file: Path | None = None, folder: Path | None = None) -> GateSettings:
    """The gate's settings in `file`, or in the `sycoprobe.toml` or else `pyproject.toml` of `folder`, or the defaults.

    Raises
    ------
    GateError: the file cannot be read or holds a fault; names file:line:column.
    """
    for path in _files(file, folder):
        text = _read(path)
        found = _table(path, text)
        if found is not None:
            return _checked(path, text, found)
        if file:
            break
    if file:
        raise GateError(f"{file}: has no table [{_table_name(file)}]", "it holds the gate's rules; see the README")
    return GateSettings()


def resolve_model(
    name: str, *, base_url: str | None = None, api_key_env: str | None = None, folder: Path | None = None
) -> ModelSettings:
    """What `-m NAME` means: the alias of that name in the settings of `folder`, else the name itself; what is given wins over the alias.

    An alias has no colon, so that it never hides a model.

    Raises
    ------
    GateError: the settings hold a fault; names file:line:column.
    """
    given = {k: v for k, v in (("base_url", base_url), ("api_key_env", api_key_env)) if v}
    if ":" not in name:
        for path in _files(None, folder):
            text = _read(path)
            table = _tables(path, text).get("models", {})
            if not isinstance(table, dict) or name not in table:
                continue
            alias = table[name]
            where = f"{path}:{_place(text, name)}"
            if not isinstance(alias, dict):
                raise GateError(
                    f"{where}: the alias {name!r} is not a table", f'write [models.{name}] and model = "backend:name"'
                )
            try:
                made = ModelSettings.model_validate({k.replace("-", "_"): v for k, v in alias.items()})
            except ValidationError as e:
                # A key that is none often is the slip of one that is missing, so it is told first.
                first = sorted(e.errors(include_url=False), key=lambda x: x["type"] != "extra_forbidden")[0]
                key = str(first["loc"][0])
                if first["type"] == "extra_forbidden":
                    said, hint = "is no setting", _settings_like(key, list(ModelSettings.model_fields))
                else:
                    said, hint = first["msg"].lower(), _settings_like("", list(ModelSettings.model_fields))
                raise GateError(f"{where}: [models.{name}]: {key.replace('_', '-')}: {said}", hint) from None
            checked_marks(made.thinking_marks)
            return made.model_copy(update=given)
    return ModelSettings.model_construct(model=name, base_url=base_url, api_key_env=api_key_env)


def aliases(folder: Path | None = None) -> list[str]:
    """The names of all aliases in the settings of `folder`. Raises `GateError`."""
    found: list[str] = []
    for path in _files(None, folder):
        table = _tables(path, _read(path)).get("models")
        found += list(table) if isinstance(table, dict) else []
    return found


def override(base: GateSettings, **given: Any) -> GateSettings:
    """`base` with what is given and not None. Raises `GateError`."""
    values = {k: v for k, v in given.items() if v is not None}
    try:
        made = GateSettings.model_validate({**base.model_dump(), **values})
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise GateError(f"--{option} {first['input']}: {first['msg'].lower()}", "correct the value") from None
    for rule in made.rules:
        check_rule(rule)
    return made


def check_rule(text: str) -> Stated:
    """The rule that `text` states, as far as it can be checked before its run is known. Raises `GateError`.

    Without a kind's name, it must name a metric that some installed kind has by default.
    """
    stated = read_rule(text)
    if stated.kind is not None and stated.kind not in kind_names():
        raise GateError(f"rule {text!r}: no probe kind {stated.kind!r}", f"kinds: {', '.join(kind_names())}")
    kind = stated.kind or next(iter(kinds_having(stated.name)), DEFAULT_KIND)
    metrics = metrics_of(kind)
    if any(m.name == stated.name for m in metrics):
        # Which arms there are depends on the run's settings.
        replace(stated, where=()).of(kind, metrics)
    elif stated.kind is None or stated.kind == DEFAULT_KIND:
        raise stated.unknown("metric", [m.name for m in metrics])
    return stated


def kinds_having(metric: str) -> list[str]:
    """The kinds that have a metric of this name by default, the default kind first."""
    kinds = (DEFAULT_KIND, *(k for k in kind_names() if k != DEFAULT_KIND))
    return [k for k in kinds if any(m.name == metric for m in metrics_of(k))]


def metrics_of(kind: str) -> tuple[Metric, ...]:
    """The metrics that a kind has by default."""
    found = kind_named(kind)
    return found.every_metric(found.settings_model())


def read_baseline(path: Path) -> Baseline:
    """The baseline in `path`. Raises `GateError`."""
    try:
        return Baseline.loads(path.read_bytes(), str(path))
    except OSError as e:
        raise GateError(f"{path}: cannot be read: {e.strerror}", "`sycoprobe bless RUN` writes a baseline") from e


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all. Raises `GateError`."""
    write_whole(path, baseline.dumps())


def write_whole(path: Path, text: str) -> None:
    """Write `text` to a file beside `path`, then put it in place; folders are made. Raises `GateError`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(writable(text), encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as e:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise GateError(f"{path}: cannot be written: {e.strerror}", "choose another path") from e


def _table_name(path: Path) -> str:
    return "tool.sycoprobe.gate" if path.name == PROJECT_FILE else "gate"


def _files(file: Path | None, folder: Path | None) -> list[Path]:
    root = folder or Path()
    return [file] if file else [p for p in (root / OWN_FILE, root / PROJECT_FILE) if p.is_file()]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise GateError(f"{path}: cannot be read: {getattr(e, 'strerror', None) or 'not UTF-8'}", "name a TOML file") from e


def _tables(path: Path, text: str) -> dict[str, Any]:
    """Our tables in a file of settings."""
    try:
        data: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        where = re.search(r"line (\d+), column (\d+)", str(e))
        place = f"{where[1]}:{where[2]}" if where else f"{text.count(chr(10)) + 1}:1"
        raise GateError(f"{path}:{place}: not TOML: {str(e).split(' (at')[0]}", "correct the line") from None
    if path.name == PROJECT_FILE:
        data = data.get("tool", {}).get("sycoprobe", {})
    if not isinstance(data, dict):
        return {}
    for key in data:
        if key not in ("gate", "models"):
            raise GateError(
                f"{path}:{_place(text, key)}: no table or key {key!r}",
                f"rules stand in [{_table_name(path)}], aliases of models in [{_table_name(path).removesuffix('gate')}models.NAME]",
            )
    return data


def _table(path: Path, text: str) -> dict[str, Any] | None:
    """The gate's table, or None where the file has none."""
    found = _tables(path, text).get("gate")
    if found is not None and not isinstance(found, dict):
        raise GateError(f"{path}:{_place(text, 'gate')}: gate is not a table", f"write [{_table_name(path)}]")
    return found


def _checked(path: Path, text: str, table: dict[str, Any]) -> GateSettings:
    known = list(GateSettings.model_fields)
    for key in table:
        if key.replace("-", "_") not in known:
            raise GateError(f"{path}:{_place(text, key)}: no setting {key!r}", _settings_like(key, known))
    try:
        made = GateSettings.model_validate({k.replace("-", "_"): v for k, v in table.items()})
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        key = str(first["loc"][0])
        raise GateError(
            f"{path}:{_place(text, key)}: {key.replace('_', '-')}: {first['msg'].lower()}", "correct the value"
        ) from None
    for rule in made.rules:
        try:
            check_rule(rule)
        except GateError as e:
            raise GateError(f"{path}:{_place_of_text(text, rule)}: {e.message}", e.hint) from None
    if made.baseline is not None:
        made = made.model_copy(update={"baseline": path.parent / made.baseline})
    return made


def _settings_like(key: str, known: list[str]) -> str:
    """The settings that there are, the likeliest one for `key` first."""
    close = get_close_matches(key.replace("-", "_"), known, n=1)
    guess = f"did you mean {close[0].replace('_', '-')!r}? " if close else ""
    return f"{guess}settings: {', '.join(k.replace('_', '-') for k in known)}"


def _place(text: str, key: str) -> str:
    """line:column of a key or table header, written with hyphens or underscores."""
    pattern = re.escape(key).replace("_", "[-_]").replace(r"\-", "[-_]")
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(rf"\s*(?:\[[\w.\-]*)?\b({pattern})\b\s*[=\].]", line):
            return f"{number}:{found.start(1) + 1}"
    return "1:1"


def _place_of_text(text: str, value: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if value in line:
            return f"{number}:{line.index(value) + 1}"
    return "1:1"
