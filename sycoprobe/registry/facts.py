"""The registry of models: its file, and a user's own file on top of it. What is not known stays unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sycoprobe.errors import ModelError
from sycoprobe.files import read_text
from sycoprobe.jsontext import TextFault, places_in, read_toml
from sycoprobe.names import meant
from sycoprobe.showing import OneLine

OWN_FILE = "sycoprobe-models.toml"
"""A user's own facts, beside the settings file."""
_VERSION: Literal[1] = 1
_DATED = re.compile(r"(?:[-@:](?:latest|preview|\d{8}|\d{4}-\d{2}-\d{2}|\d{4}|\d{2}-\d{4}|v\d+))+$")
"""What vendors put behind a model's name to say which day's it is."""

Method = Literal[
    "sft", "distill", "midtraining", "rejection_sampling", "rm", "rlhf", "rlaif", "cai", "constitution", "character_training",
    "dpo", "apo", "preference_offline", "preference_unspecified", "rlvr", "rl_model_reward", "rl_cot", "rl_online",
]  # fmt: skip
Word = Annotated[str, Field(min_length=1, max_length=200)]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
MARKS = {"src": "read at first hand", "2nd": "read through a third party", "mem": "from memory: check it before you cite it"}


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(_Data):
    """Where facts come from."""

    title: Word = Field(description="What it is, and by whom.")
    section: Word | None = Field(default=None, description="Where in it.")
    mark: Literal["src", "2nd", "mem"] = Field(description="Read at first hand, through a third party, or from memory.")


class Stage(_Data):
    """One checkpoint of a family."""

    stage: Word = Field(description="Which stage of training it comes from: base, sft, dpo, final …")
    weights: Word = Field(description="Its repository on Hugging Face, or a folder.")


class Family(_Data):
    """Checkpoints of one model, from its base to its last stage."""

    stages: tuple[Stage, ...] = Field(min_length=2, strict=False)
    source: Word = Field(description="Key of the source.")
    note: str | None = None


class Facts(OneLine, _Data):
    """What is known of one model. A fact that is None is not known; it does not mean "no"."""

    name: Word = Field(description="As its developer calls it.")
    developer: Word = Field(description="Who trained it.")
    release: Month | None = Field(default=None, description="Year and month of the first public release.")
    open_weights: bool | None = Field(default=None, description="Whether its weights can be had.")
    architecture: Literal["dense", "moe"] | None = Field(default=None, description="Dense, or a mixture of experts.")
    total_b: Annotated[float, Field(gt=0, strict=False)] | None = Field(default=None, description="Parameters, in billions.")
    active_b: Annotated[float, Field(gt=0, strict=False)] | None = Field(
        default=None, description="Of these, used for one token."
    )
    context: Annotated[int, Field(gt=0)] | None = Field(default=None, description="Tokens.")
    alignment: tuple[Method, ...] | None = Field(
        default=None,
        strict=False,
        description="Methods of training after pre-training that a source names; empty: a base model.",
    )
    aliases: tuple[Word, ...] = Field(default=(), strict=False, description="Further names under which runs name it.")
    weights: Word | None = Field(default=None, description="Its repository on Hugging Face.")
    family: Word | None = Field(default=None, description="The family of checkpoints that it belongs to.")
    stage: Word | None = Field(default=None, description="Which of them it is.")
    note: str | None = Field(default=None, description="What a reader must know beside it.")
    source: dict[Literal["release", "architecture", "params", "context", "alignment", "note"], Word] = Field(
        default={}, description="By fact, the key of its source; `params` for both counts of parameters."
    )

    def _line(self) -> str:
        known = [self.developer, self.release, self.architecture, "+".join(self.alignment or ()) or None]
        return f"{self.name}: {', '.join(str(x) for x in known if x)}"


class Registry(_Data):
    """All models, families and sources that are known."""

    schema_version: Literal[1] = _VERSION
    as_of: str | None = Field(default=None, description="The day on which the facts were gathered.")
    sources: dict[str, Source] = {}
    models: dict[str, Facts] = {}
    families: dict[str, Family] = {}

    def find(self, model: str) -> tuple[str, Facts] | None:
        """A model by its key, its name, its weights, or as a run names it (`anthropic:claude-opus-4-5-20251101`); None: not known.

        Of what a run adds, only the backend, a router's vendor and a date are passed over: another size or version is another model.
        """
        by_form = self._forms()
        name = model.strip()
        bare = name.partition(":")[2] if re.match(r"[a-z][a-z0-9_-]*:", name) else name
        for form in dict.fromkeys((name, bare, bare.rpartition("/")[2])):
            for wanted in (_form(form), _form(_DATED.sub("", form))):
                if key := by_form.get(wanted):
                    return key, self.models[key]
        return None

    def known(self, model: str) -> tuple[str, Facts]:
        """The same. Raises `ModelError`, which names a near one."""
        if found := self.find(model):
            return found
        near = meant(model.rpartition(":")[2], self.models)
        raise ModelError(
            f"no facts about a model {model!r}", f"{near}`sycoprobe models facts` lists them; yours go into {OWN_FILE}"
        )

    def _forms(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, facts in self.models.items():
            for name in (key, facts.name, *facts.aliases, facts.weights, facts.weights and facts.weights.rpartition("/")[2]):
                if name:
                    found.setdefault(_form(name), key)
        return found


def registry(own: Path | None = None) -> Registry:
    """The shipped registry, with a user's own file on top: a model there adds to, or replaces, what is known of it, fact by fact.

    Raises
    ------
    ModelError: `own` cannot be read or holds a fault; names file:line:column.
    """
    return _shipped() if own is None else _read(own, _data())


@lru_cache
def _data() -> dict[str, Any]:
    return read_toml(files(__package__).joinpath("models.toml").read_bytes())


@lru_cache
def _shipped() -> Registry:
    return _whole(Registry.model_validate(_data()))


def _read(path: Path, under: Mapping[str, Any]) -> Registry:
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as e:
        raise ModelError(f"{path}: cannot be read: {getattr(e, 'strerror', None) or 'not UTF-8'}", "name a TOML file") from e
    try:
        own = read_toml(text)
    except TextFault as e:
        raise ModelError(f"{path}:{e.place}: {e.message}", "correct the line") from None
    places = places_in(text)

    def fault(where: tuple[str, ...], said: str) -> ModelError:
        line, column = next((places[where[:n]] for n in range(len(where), 0, -1) if where[:n] in places), (1, 1))
        hint = "docs/models.md says which facts there are, and how each names its source"
        return ModelError(f"{path}:{line}:{column}: {'.'.join(where)}: {said}", hint)

    if own.get("schema_version", _VERSION) != _VERSION:
        raise fault(("schema_version",), f"this version of sycoprobe reads schema_version = {_VERSION}")
    try:
        found = Registry.model_validate(_merged(under, own))
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        raise fault(tuple(map(str, first["loc"])), first["msg"]) from None
    try:
        return _whole(found)
    except _Dangling as e:
        raise fault(e.where, str(e)) from None


def _merged(under: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`under` with what `own` says, model by model and fact by fact; a family or source of the same name is replaced."""
    found: dict[str, Any] = {**under, **own}
    for table in ("sources", "families", "models"):
        if isinstance(own.get(table), Mapping):
            found[table] = {**under[table], **own[table]}
    if isinstance(models := own.get("models"), Mapping):
        for key, facts in models.items():
            known = under["models"].get(key)
            if known is None or not isinstance(facts, Mapping):
                continue
            said = facts.get("source", {})
            source = {**known["source"], **said} if isinstance(said, Mapping) else said
            found["models"][key] = {**known, **facts, "source": source}
    return found


class _Dangling(ValueError):
    """A source or a family that is named and not there."""

    def __init__(self, where: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.where = where


def _whole(found: Registry) -> Registry:
    """`found`. Raises `_Dangling` if a source or a family is named in it that is not there."""
    for key, facts in found.models.items():
        for fact, source in facts.source.items():
            if source not in found.sources:
                raise _Dangling(("models", key, "source", fact), f"there is no source {source!r} in [sources]")
        if facts.family is not None and facts.family not in found.families:
            raise _Dangling(("models", key, "family"), f"there is no family {facts.family!r} in [families]")
    for key, family in found.families.items():
        if family.source not in found.sources:
            raise _Dangling(("families", key, "source"), f"there is no source {family.source!r} in [sources]")
    return found


def _form(name: str) -> str:
    """A name by which spellings of one model are the same: `Claude Opus 4.5` and `claude-opus-4-5`."""
    return re.sub(r"[\s._-]+", "-", name.strip().lower())
