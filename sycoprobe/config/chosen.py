"""What a run is to be, all places taken together: the file's `[run]`, an alias of the model, the command line or Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sycoprobe.config.files import GATE, MODEL, RUN, ConfigFile
from sycoprobe.config.layers import Layer, Merged, merge
from sycoprobe.config.rules import check_rule
from sycoprobe.errors import GateError, PlanError
from sycoprobe.extract.thinking_marks import checked_marks
from sycoprobe.files import is_file, read_text
from sycoprobe.settings import Asking, ConductSettings, GateSettings, Sampling, Target, declared
from sycoprobe.text import writable

NO_PROMPT = "none"
_BESIDES = {k: v for k, v in MODEL.items() if k != "model"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt under test: its name among several, and its text; None: the assistant has none."""

    name: str = ""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class RunOf:
    """One of the runs that were chosen: of which model, with which prompt, sampled how; `places` says where each of these was given."""

    target: Target
    sampling: Sampling
    prompt: Prompt
    places: Mapping[str, str]

    @property
    def model(self) -> str:
        """BACKEND:NAME."""
        return self.target.model[0]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen: what is asked in every run, each of the runs, how all are conducted, what they are held to.

    `places` says where each setting was given, by name; one that is missing has its default.
    """

    asking: Asking
    runs: tuple[RunOf, ...]
    conduct: ConductSettings
    gate: GateSettings
    places: dict[str, str]

    @property
    def one(self) -> RunOf:
        """The only run. Raises `PlanError` if several were chosen."""
        if len(self.runs) > 1:
            raise PlanError(
                f"this is {len(self.runs)} runs, not one", "name one model and one system prompt, or run them with `run_all`"
            )
        return self.runs[0]


def choose(file: ConfigFile, given: Layer) -> Chosen:
    """The settings of a file (or of none) with those given over them.

    Raises
    ------
    PlanError: a setting's value is none; the message says where it was given.
    """
    common = merge([_without_other(file.run, given), given], RUN)
    asking = Asking(**_of(Asking, common.values))
    names = common.values.get("model", Target().model)
    runs = []
    for name in names:
        own, target = _target(file, name, given)
        prompts = prompts_of(own.values.get("system", ()))
        sampling = Sampling(**_of(Sampling, own.values))
        checked_marks(sampling.thinking_marks)
        runs += [RunOf(target, sampling, p, own.places) for p in prompts]
    gate = merge([file.gate, given], GATE)
    places = {**common.places, **gate.places}
    return Chosen(asking, tuple(runs), ConductSettings(**_of(ConductSettings, common.values)), _gate(gate, file), places)


def _without_other(file: Layer, given: Layer) -> Layer:
    """What a file gives, without the sets and kinds that a given profile stands for, or without the profile if these are given."""
    if given.values.get("profile") is not None:
        left = {"sets", "kind", "options"}
    else:
        left = {"profile"} if {"sets", "kind"} & given.values.keys() else set()
    return replace(file, values={k: v for k, v in file.values.items() if k not in left})


def gate_settings(file: ConfigFile, given: Layer) -> GateSettings:
    """The gate's settings of a file with those given over them. Raises `PlanError`, `GateError`."""
    return _gate(merge([file.gate, given], GATE), file)


def model_named(file: ConfigFile, name: str, given: Layer) -> tuple[Target, Sampling]:
    """What `-m NAME` means: an alias of the file's, or the name itself, with what is given over it. Raises `PlanError`."""
    own, target = _target(file, name, given)
    return target, Sampling(**_of(Sampling, own.values))


def prompts_of(given: Sequence[str | Path]) -> list[Prompt]:
    """The system prompts that were given, named after their files or numbered. Raises `PlanError`."""
    prompts = [_prompt(p, f"system-{i}") for i, p in enumerate(given, 1)] or [Prompt()]
    seen: dict[str, int] = {}
    for i, prompt in enumerate(prompts):
        seen[prompt.name] = seen.get(prompt.name, 0) + 1
        if seen[prompt.name] > 1:
            prompts[i] = replace(prompt, name=f"{prompt.name}-{seen[prompt.name]}")
    return prompts


def _target(file: ConfigFile, name: str, given: Layer) -> tuple[Merged, Target]:
    alias = file.model(name)
    layers = [file.run, *([alias] if alias else []), given]
    own = merge([layer.only(_BESIDES) for layer in layers], _BESIDES)
    model = merge([alias], MODEL).values["model"] if alias else (name,)
    return own, Target(**{**_of(Target, own.values), "model": model[:1]})


def _gate(merged: Merged, file: ConfigFile) -> GateSettings:
    for rule in merged.values.get("rules", ()):
        try:
            check_rule(rule)
        except GateError as e:
            raise GateError(
                f"{file.place_of_text(rule) if merged.places['rules'] in file else ''}{e.message}", e.hint
            ) from None
    return GateSettings(**merged.values)


def _prompt(given: str | Path, name: str) -> Prompt:
    """A prompt from a text, or from a file. Raises `PlanError`."""
    if given == NO_PROMPT:
        return Prompt(NO_PROMPT, None)
    if isinstance(given, str) and not is_file(Path(given)):
        if Path(given).suffix in (".txt", ".md") and len(given.split()) == 1:
            raise PlanError(f"system: there is no file {given}", "name a file that is there, or write the prompt itself")
        return Prompt(name, _text(given, "system"))
    path = Path(given)
    try:
        return Prompt(path.stem, _text(read_text(path), f"system: {path}"))
    except UnicodeDecodeError as e:
        raise PlanError(f"system: {path} is no UTF-8 text (byte {e.start})", "save the file as UTF-8") from None
    except OSError as e:
        raise PlanError(f"system: {path} cannot be read: {e.strerror}", "look at its permissions") from None


def _text(given: str, what: str) -> str:
    if not (text := writable(given).strip()):
        raise PlanError(f"{what} is empty", "leave it out for an assistant without a system prompt, or say none")
    return text


def _of(group: type, values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k in declared(group)}
