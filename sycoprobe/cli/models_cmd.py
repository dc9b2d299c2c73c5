"""`sycoprobe models`: list, fetch and locate local models; what is known of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sycoprobe.cli.usage import Command, Commands

if TYPE_CHECKING:
    from sycoprobe.registry import Facts, Registry

app = typer.Typer(cls=Commands, no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="A known model, or hf:org/repo/file.gguf.")]


@app.command("list", cls=Command)
def list_models() -> None:
    """List the models that are known by name, and where the fetched ones are."""
    from sycoprobe.backends.store import known_models, stored

    for m in known_models().values():
        print(f"{m.name:18} {m.kind:9} {m.size / 1e6:5.0f} MB")
        for line in (m.licence, m.about, stored(m) or "not fetched"):
            print(f"{'':18} {line}")


@app.command(cls=Command)
def fetch(name: Name) -> None:
    """Fetch a model (does nothing if it is there), verify it, and say where it is and under which licence."""
    from sycoprobe.backends import store as models
    from sycoprobe.backends.store import known_models

    known = known_models().get(name)
    if known is not None and not known.implicit:
        print(f"By fetching {name} you accept its terms: {known.licence}")
    print(models.fetch(name, _say))


@app.command(cls=Command)
def path(name: Name) -> None:
    """Print the path of a model that has been fetched, and nothing else."""
    from sycoprobe.backends.store import known_models, stored
    from sycoprobe.errors import ModelError

    known = known_models().get(name)
    found = stored(known) if known else None
    if found is None:
        raise ModelError(
            f"{name} has not been fetched" if known else f"no known model {name!r}",
            f"`sycoprobe models fetch {name}`" if known else "`sycoprobe models list`",
        )
    print(found)


@app.command(cls=Command)
def facts(
    model: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A model's name, as people or as runs write it; without it, all.")
    ] = None,
    own: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", help="Your own facts (default: sycoprobe-models.toml beside the settings file)."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with the sources.")] = False,
) -> None:
    """What is known of a model: developer, size, training, and which source says so."""
    from sycoprobe.api.facts import registered
    from sycoprobe.cli.outlet import write_json

    known = registered(own)
    chosen = known.models if model is None else dict([known.known(model)])
    if json:
        cited = {s for f in chosen.values() for s in f.source.values()}
        sources = {key: source for key, source in known.sources.items() if key in cited}
        part = known.model_copy(update={"models": chosen, "families": _families_of(known, chosen), "sources": sources})
        write_json(part.model_dump_json(indent=1))
    elif model is None:
        _print_all(known)
    else:
        for key, found in chosen.items():
            _print_one(known, key, found)


def _families_of(known: Registry, chosen: dict[str, Facts]) -> dict[str, object]:
    return {name: known.families[name] for f in chosen.values() if (name := f.family) is not None}


def _print_all(known: Registry) -> None:
    from sycoprobe.cli.show import console
    from sycoprobe.grid import Grid

    table = Grid()
    table.add_column("model", give="wrap")
    table.add_column("developer", give="drop")
    table.add_column("release", give="drop")
    table.add_column("architecture", give="drop")
    table.add_column("parameters", number=True, give="drop")
    table.add_column("training that a source names", give="wrap")
    for key, f in known.models.items():
        table.add_row(key, f.developer, f.release or "–", f.architecture or "–", _size(f), _training(f))
    console().print(table)
    print(f"as of {known.as_of}; – is not known; `sycoprobe models facts NAME` names the sources")


def _print_one(known: Registry, key: str, f: Facts) -> None:
    from sycoprobe.registry.facts import MARKS
    from sycoprobe.text import visible

    facts = {
        "developer": (f.developer, None),
        "release": (f.release, "release"),
        "open weights": (None if f.open_weights is None else "yes" if f.open_weights else "no", None),
        "architecture": (f.architecture, "architecture"),
        "parameters": (None if f.total_b is None else _size(f), "params"),
        "context": (None if f.context is None else f"{f.context} tokens", "context"),
        "training": (None if f.alignment is None else _training(f), "alignment"),
        "weights": (f.weights, None),
    }
    print(f"{visible(f.name)} ({visible(key)})")
    cited = []
    for name, (value, fact) in facts.items():
        source = f.source.get(fact) if fact is not None else None  # type: ignore[call-overload]
        cited += [source] if source is not None and value is not None else []
        mark = f" [{source}]" if source is not None and value is not None else ""
        print(f"  {name:13} {visible(value) if value is not None else 'not known'}{mark}")
    if f.family is not None:
        stages = " → ".join(f"{s.stage} {s.weights}" for s in known.families[f.family].stages)
        print(f"  {'family':13} {visible(stages)}")
    if f.note:
        print(f"  {'note':13} {visible(f.note)}")
    for source in dict.fromkeys(cited):
        s = known.sources[source]
        print(f"  [{source}] {visible(s.title)}{f', {visible(s.section)}' if s.section else ''}; {MARKS[s.mark]}")


def _size(f: Facts) -> str:
    if f.total_b is None:
        return "–"
    active = "" if f.active_b is None or f.active_b == f.total_b else f", {f.active_b:g} active"
    return f"{f.total_b:g} billion{active}"


def _training(f: Facts) -> str:
    return "–" if f.alignment is None else ", ".join(f.alignment) or "none: a base model"


def _say(line: str) -> None:
    import sys

    print(line, file=sys.stderr)
