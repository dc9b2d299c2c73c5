"""How objects show themselves: one line as `repr`; tables and lines as text when they are printed, and as HTML in a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING

from sycoprobe.text import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sycoprobe.grid import Grid

LONGEST = 200
"""Characters of a `repr`, at most."""
WIDTH = 120
"""Columns of what is printed, as of the command line where its output is no terminal."""


class OneLine:
    """Has a short `repr`: its class and what `_line` says, inert and cut to one line."""

    __slots__ = ()

    def _line(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        name = type(self).__name__
        said = " ".join(visible(self._line()).split())
        room = LONGEST - len(name) - len("< >")
        return f"<{name} {said if len(said) <= room else said[: room - 1] + '…'}>"

    def __str__(self) -> str:
        return repr(self)


class Printed(OneLine):
    """Shows itself as the terminal does when it is printed, and as HTML in a notebook: what is looked at first, and the rest to be unfolded.

    The HTML has no colours of its own, so that it is read on light pages and dark ones.
    """

    __slots__ = ()

    def _blocks(self) -> Iterable[RenderableType]:
        raise NotImplementedError

    def _compact(self) -> Iterable[RenderableType]:
        """What a notebook shows at once."""
        return self._blocks()

    def _details(self) -> Iterable[RenderableType]:
        """What it shows when it is unfolded."""
        return ()

    def __str__(self) -> str:
        return as_text(self._blocks())

    def _repr_html_(self) -> str:
        return as_html(self._compact(), self._details())


def as_text(blocks: Iterable[RenderableType]) -> str:
    """What a terminal would show, without colours; no control character and no command to a CI runner is left in it."""
    from sycoprobe.grid import Screen
    from sycoprobe.inert import uncommanded

    file = StringIO()
    screen = Screen(file, WIDTH, color=False)
    for block in blocks:
        screen.print(block)
    return uncommanded(visible("\n".join(line.rstrip() for line in file.getvalue().split("\n")).strip("\n")))


def as_html(blocks: Iterable[RenderableType], details: Iterable[RenderableType] = ()) -> str:
    """The same as HTML: tables as tables, lines as paragraphs; `details` to be unfolded below; every text in it is escaped."""
    folded = "".join(_html(block) for block in details)
    more = f"<details><summary>more</summary>{folded}</details>" if folded else ""
    return f'<div class="sycoprobe">{"".join(_html(block) for block in blocks)}{more}</div>'


def _html(block: RenderableType) -> str:
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from sycoprobe.grid import Grid

    if isinstance(block, Grid):
        return _table(block)
    if isinstance(block, Group):
        return "".join(_html(part) for part in block.renderables)
    if isinstance(block, Padding):
        return _html(block.renderable)
    words = _words(block)
    if not words.strip():
        return ""
    bold = isinstance(block, Text) and "bold" in str(block.style)
    return f"<p><b>{_escaped(words)}</b></p>" if bold else f"<p>{_escaped(words)}</p>"


def _table(grid: Grid) -> str:
    sides = ["right" if column.number else "left" for column in grid.columns]

    def row(tag: str, cells: Iterable[RenderableType], style: str = "") -> str:
        made = (
            f'<{tag} style="text-align:{side}">{_escaped(_words(cell))}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr{style}>{''.join(made)}</tr>"

    title = grid.title.plain
    caption = f'<caption style="text-align:left">{_escaped(title)}</caption>' if title else ""
    head = row("th", [column.header for column in grid.columns])
    styles = [' style="font-weight:bold"' if "bold" in style else "" for style in grid.styles]
    rows = "".join(row("td", cells, style) for cells, style in zip(grid.rows(), styles, strict=True))
    below = f"<p>{_escaped(grid.caption)}</p>" if grid.caption else ""
    return f"<table>{caption}<thead>{head}</thead><tbody>{rows}</tbody></table>{below}"


def _words(block: RenderableType) -> str:
    """The plain text of a line or a cell."""
    from rich.text import Text

    return block if isinstance(block, str) else block.plain if isinstance(block, Text) else as_text([block])


def _escaped(text: str) -> str:
    return html.escape(visible(text.strip("\n"))).replace("\n", "<br>")
