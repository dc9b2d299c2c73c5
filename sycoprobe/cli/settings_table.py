"""`run --show-settings`: every setting, its value, and where it was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sycoprobe.cli.outlet import write_json
from sycoprobe.config import Chosen
from sycoprobe.settings import Asking, ConductSettings, GateSettings, Sampling, Target, declared
from sycoprobe.text import shortened

_GROUPS = {"asking": Asking, "conduct": ConductSettings, "gate": GateSettings}


def print_settings(chosen: Chosen, *, json: bool = False) -> None:
    """Print them on standard output: a line each, or as JSON: `settings`, each with its place, and `runs`."""
    common = {k: getattr(getattr(chosen, name), k) for name, group in _GROUPS.items() for k in declared(group) if k != "system"}
    models = [
        {
            **{k: getattr(r.target, k) for k in declared(Target) if k not in ("headers", "body")},
            "headers": tuple(r.target.headers),
            "body": tuple(r.target.body),
            **{k: getattr(r.sampling, k) for k in declared(Sampling)},
            "system": r.prompt.text,
        }
        for r in chosen.runs
    ]
    if json:
        said = {k: {"value": _plain(v), "from": chosen.places.get(k, "default")} for k, v in common.items()}
        runs = [{k: _plain(v) for k, v in m.items()} for m in models]
        write_json({"settings": said, "runs": runs})
        return
    for key, value in common.items():
        _line(key, value, chosen.places.get(key, ""))
    for i, (run, model) in enumerate(zip(chosen.runs, models, strict=True), 1):
        print(f"run {i} of {len(models)}:")
        for key, value in model.items():
            _line(f"  {key}", value, (chosen.places if key == "model" else run.places).get(key, ""))


def _line(key: str, value: Any, place: str) -> None:
    shown = shortened(value) if isinstance(value, str) else str(_plain(value))
    print(f"{key.replace('_', '-'):20} {shown:40} {place}".rstrip())


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return [_plain(v) for v in value] if isinstance(value, tuple) else value
