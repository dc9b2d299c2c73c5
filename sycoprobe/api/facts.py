"""What is known of models, for people and for studies."""

from __future__ import annotations

from pathlib import Path

from sycoprobe import config
from sycoprobe.files import is_file
from sycoprobe.registry import OWN_FILE, Facts, Registry, registry


def registered(own: str | Path | None = None) -> Registry:
    """The registry of models.

    Parameters
    ----------
    own: a file of your own facts, on top of the shipped ones; None: `sycoprobe-models.toml` beside the settings file, or here, if there is one.

    Raises
    ------
    ModelError: the file holds a fault. PlanError: the settings file does.
    """
    if own is not None:
        return registry(Path(own))
    beside = config.find().path
    usual = (beside.parent if beside else Path()) / OWN_FILE
    return registry(usual if is_file(usual) else None)


def model_facts(model: str, own: str | Path | None = None) -> Facts:
    """What is known of a model: its developer, its size, how it was trained, and which source says so.

    Parameters
    ----------
    model: its name, as people or as runs name it: `claude-opus-4.5`, `Claude Opus 4.5`, `anthropic:claude-opus-4-5-20251101`,
        `meta-llama/Llama-3.1-8B-Instruct`.
    own: a file of your own facts, on top of the shipped ones; None: `sycoprobe-models.toml` beside the settings file, or here, if there is one.

    Raises
    ------
    ModelError: nothing is known of it, or the file holds a fault.
    """
    return registered(own).known(model)[1]
