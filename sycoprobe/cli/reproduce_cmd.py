"""The command `reproduce`: a paper's published data, read again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sycoprobe.cli.usage import Command

if TYPE_CHECKING:
    from sycoprobe.reproducing import Reproduction

SHOWN = 20
"""How many findings are printed; the page and the JSON have all."""


def register(app: typer.Typer) -> None:
    """Add the command of this file to the application."""
    app.command(cls=Command)(reproduce)


def reproduce(
    paper: Annotated[
        str, typer.Argument(metavar="PAPER", help="sycon-bench, syco-bench or sycobench-600; or a TOML file of another paper.")
    ],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Folder of the published data that you have; nothing is fetched.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a page of it: Markdown, or JSON where its name ends in .json."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Read a paper's published replies and labels again: its own figures and ours side by side, and where its files disagree."""
    from sycoprobe.cli.outlet import write_json
    from sycoprobe.files import write_whole
    from sycoprobe.reproducing import reproduce as read_again
    from sycoprobe.reproducing.page import to_markdown

    found = read_again(paper, data)
    text = f"{found.model_dump_json(indent=1)}\n"
    if out is not None:
        write_whole(out, text if out.suffix == ".json" else to_markdown(found))
    if json:
        write_json(text)
        return
    _show(found)
    if out is not None:
        print(f"written to {out}")


def _show(found: Reproduction) -> None:
    from sycoprobe.cli.show import console
    from sycoprobe.grid import Grid
    from sycoprobe.reproducing.views import order_said, summary, views
    from sycoprobe.text import counted

    screen = console()
    screen.say(f"{found.title}: {found.citation}")
    screen.say(f"data: {found.source}, {found.licence}, {counted(len(found.files), 'file')}, sha256 {found.sha256[:16]}…")
    for part, title in found.parts.items():
        screen.say(f"\n{title}\n")
        for view in views([f for f in found.figures if f.part == part]):
            grid = Grid(view.title)
            for name in view.head:
                grid.add_column(name, number=name != "model", give="wrap" if name == "model" else "")
            for row in view.rows:
                grid.add_row(*row)
            screen.print(grid)
        for o in found.orders:
            if o.part == part:
                screen.say(order_said(o))
    screen.say(f"\n{summary(found)}")
    screen.say(f"{counted(len(found.findings), 'finding')} in the files{':' if found.findings else ''}")
    for finding in found.findings[:SHOWN]:
        screen.say(f"  {finding}")
    if len(found.findings) > SHOWN:
        screen.say(f"  and {len(found.findings) - SHOWN} more: --out FILE has all of them")
