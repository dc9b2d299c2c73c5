"""The commands for a record that can be cited: card, verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sycoprobe.cli import options as o
from sycoprobe.cli.outlet import write_json
from sycoprobe.cli.usage import Command
from sycoprobe.errors import Exit


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the application."""
    for command in (card, verify):
        app.command(cls=Command)(command)


def card(
    run: o.RunArg,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Where to, as FILE.md and FILE.json (default: card.md and card.json in the run's folder).",
        ),
    ] = None,
    config: o.Config = None,
    json: Annotated[bool, typer.Option("--json", help="Print the JSON record on standard output, and write no file.")] = False,
) -> None:
    """Write a short record of a run for a model card, in Markdown and JSON, named by the SHA-256 of its content. Makes no calls."""
    from sycoprobe import api
    from sycoprobe.api.carding import card as made
    from sycoprobe.config import found
    from sycoprobe.reports.artefacts import write

    folder = api.find_run(run, o.out_of(found(config), {}))
    record = made(folder)
    if json:
        write_json(record.to_json())
        return
    path = out or folder / "card"
    stem = path.with_suffix("") if path.suffix in (".md", ".json") else path
    pages = {Path(f"{stem}.md"): record.to_markdown(), Path(f"{stem}.json"): record.to_json()}
    for file, text in pages.items():
        write(file, text)
    print(f"wrote {' and '.join(map(str, pages))}: {record.digest}")
    print(f"next: `sycoprobe verify {next(iter(pages))} {folder}`")


def verify(
    card: Annotated[Path, typer.Argument(metavar="CARD", help="A card.md or card.json, or a page with a record in it.")],
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Its run, whose replies are read again: a folder, a name, or `latest`."),
    ] = None,
    config: o.Config = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Check a record: its own digest, the shipped sets and, with the run, every number. Exit code 1 if anything does not agree."""
    from sycoprobe.api.verifying import verify as check
    from sycoprobe.cli.show import console
    from sycoprobe.config import found

    settled = check(card, run, out=o.out_of(found(config), {}))
    if json:
        write_json(
            {
                "digest": settled.card.digest,
                "agrees": settled.agrees,
                "faults": settled.faults,
                "notes": settled.notes,
                "checked": settled.checked,
            }
        )
    else:
        for block in settled._blocks():
            console().print(block)
    raise typer.Exit(Exit.OK if settled.agrees else Exit.CHECK_FAILED)
