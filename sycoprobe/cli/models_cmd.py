"""`sycoprobe models`: list, fetch and locate local models."""

from __future__ import annotations

from typing import Annotated

import typer

from sycoprobe.cli.usage import Command, Commands

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


def _say(line: str) -> None:
    import sys

    print(line, file=sys.stderr)
