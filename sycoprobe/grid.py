"""Tables that fit the screen with every number whole, and the console that shows them and everything else as inert text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.segment import Segment
from rich.text import Text

from sycoprobe.inert import spelled
from sycoprobe.text import visible

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderableType, RenderResult

GAP = 3
EDGE = 2
NARROWEST = 20
"""Columns of a screen, at least; no terminal that people read is narrower."""
READABLE = 24
"""Columns that a text needs to be read beside numbers."""

Give = Literal["", "drop", "below", "wrap"]


@dataclass(frozen=True)
class Unbroken:
    """A line that is never broken, so that what it holds, a path or a command, can be copied."""

    text: Text

    def __rich__(self) -> Text:
        """The line, for any other console."""
        return self.text


class Screen(Console):
    """A console on which no text from outside acts: no markup, no emoji names, no control characters, nothing that cannot be encoded.

    Parameters
    ----------
    file: where it writes; our own styles must pass through it.
    width: its columns; None: those of the terminal.
    bounded: lines are wrapped; else only tables are, so that what a pipe gets can be searched line by line.
    color: as a terminal's; else none at all.
    """

    def __init__(
        self, file: IO[str], width: int | None = None, *, stderr: bool = False, bounded: bool = True, color: bool = True
    ) -> None:
        settings = (
            {} if color else {"color_system": None, "force_terminal": False, "force_jupyter": False, "legacy_windows": False}
        )
        super().__init__(file=file, width=width, stderr=stderr, highlight=False, markup=False, emoji=False, **settings)  # type: ignore[arg-type]
        self.bounded = bounded

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich prints it; a line that is `Unbroken` goes on beyond the screen's width."""
        match objects:
            case (Unbroken(text),):
                super().print(text, soft_wrap=True)
            case _:
                super().print(*objects, **how)

    def say(self, text: str | Text) -> None:
        """Print a line, wrapped where this screen is bounded."""
        self.print(text, soft_wrap=not self.bounded)

    def listing(self, lines: Iterable[str]) -> None:
        """Print lines of a name, two blanks or more, and what is said of it, which is wrapped below itself where this screen is bounded."""
        for line in lines:
            if not line.strip() or not self.bounded:
                self.say(line)
                continue
            named = re.match(r" *\S+(?: \S+)* {2,}", line)
            hang = named.end() if named and named.end() <= READABLE else 2
            for part in _wrapped(self.inert(line), self, self.width, 0, hang=hang):
                self.print(part)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich renders it, each text inert before it is laid out, and each segment after."""
        inert = self.inert(renderable) if isinstance(renderable, str | Text) else renderable
        for segment in super().render(inert, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)

    def inert(self, said: str | Text) -> Text:
        """`said` as this screen can show it."""
        text = said if isinstance(said, Text) else Text(said)
        if self._shown(text.plain) == text.plain:
            return text
        parts = [(self._shown(s.text), s.style or "") for s in text.render(self, end="") if not s.control]
        made = Text.assemble(*parts, style=text.style, justify=text.justify, overflow=text.overflow, no_wrap=text.no_wrap)
        made.end = text.end
        return made

    def _shown(self, text: str) -> str:
        return spelled(visible(text), self.encoding)


@dataclass
class Column:
    """A column: its header, whether it holds numbers, its style, and what it does where there is no room.

    `give` is "drop" for a column that is left out, the last such one first; "below" for a text that goes below its row; "wrap" for
    one that stays, in more lines. `entire`: of a text, that it is never wrapped before it gives way.
    """

    header: str
    number: bool = False
    style: str = ""
    give: Give = ""
    entire: bool = False
    cells: list[Text] = field(default_factory=list)

    @property
    def whole(self) -> int:
        """Its width with nothing wrapped."""
        return max(self._widest, max(map(len, self.header.split("\n")), default=0))

    @property
    def least(self) -> int:
        """The width that it needs: numbers and names whole, headers wrapped at words, texts readable."""
        words = max(map(len, self.header.split()), default=0)
        if self.number or self.entire or not self.give:
            return max(words, self._widest)
        return max(words, min(READABLE, self._widest))

    @property
    def _widest(self) -> int:
        return max((line.cell_len for cell in self.cells for line in cell.split("\n", allow_blank=True)), default=0)


class Grid:
    """A table without lines but one below its head, that gives way where the screen is narrow.

    First, texts go below their rows and lesser columns go; then each row becomes a block of lines, a column each. Numbers and
    names are never cut.

    Parameters
    ----------
    title, caption: lines above and below it.
    apart: whether an empty line follows it.
    """

    def __init__(self, title: str | Text = "", *, caption: str = "", apart: bool = True) -> None:
        self.apart = apart
        self.title = title if isinstance(title, Text) else Text(title, style="bold")
        self.caption = caption
        self.columns: list[Column] = []
        self.styles: list[str] = []

    def add_column(
        self, header: str = "", *, number: bool = False, style: str = "", give: Give = "", entire: bool = False
    ) -> None:
        """Add a column before any row."""
        self.columns.append(Column(header, number, style, give, entire))

    def add_columns(self, *headers: str, number: bool = False) -> None:
        """Add a column for each header."""
        for header in headers:
            self.add_column(header, number=number)

    def add_row(self, *cells: str | Text, style: str = "") -> None:
        """Add a row with a cell for each column."""
        for column, cell in zip(self.columns, cells, strict=True):
            column.cells.append(cell if isinstance(cell, Text) else Text(visible(cell)))
        self.styles.append(style)

    def rows(self) -> Iterator[tuple[Text, ...]]:
        """The cells, row by row."""
        return zip(*(c.cells for c in self.columns), strict=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay it out for a screen."""
        columns = [replace(c, cells=[_inert(console, cell) for cell in c.cells]) for c in self.columns]
        if self.title.plain:
            yield self.title
        yield from _laid_out(columns, self.styles, console, options.max_width)
        if self.caption:
            yield Text(self.caption, style="italic")
        if self.apart:
            yield Text("")


def _inert(console: Console, cell: Text) -> Text:
    return console.inert(cell) if isinstance(console, Screen) else cell


def _laid_out(columns: list[Column], styles: list[str], console: Console, width: int) -> Iterator[Text]:
    below: list[Column] = []
    kept = list(columns)
    while _room(c.least for c in kept) > width:
        given = next((c for give in ("below", "drop") for c in reversed(kept) if c.give == give), None)
        if given is None:
            yield from _blocks(columns, styles, console, width)
            return
        kept.remove(given)
        if given.give == "below":
            below.append(given)
    yield from _table(kept, below, styles, console, width)


def _room(widths: Iterable[int]) -> int:
    each = list(widths)
    return EDGE + sum(each) + GAP * (len(each) - 1) + 1


def _widths(columns: list[Column], width: int) -> list[int]:
    """Of each column: what it needs, then more for those that are not whole, texts last."""
    widths = [c.least for c in columns]
    free = width - _room(widths)
    for i in sorted(range(len(columns)), key=lambda i: (bool(columns[i].give), i)):
        more = min(free, columns[i].whole - widths[i])
        widths[i] += more
        free -= more
    return widths


def _table(columns: list[Column], below: list[Column], styles: list[str], console: Console, width: int) -> Iterator[Text]:
    widths = _widths(columns, width)
    heads = [Text(c.header) for c in columns]
    if any(h.plain for h in heads):
        yield from _line(heads, columns, widths, console, "bold", foot=True)
        yield Text(" " * (EDGE - 1) + "─" * (_room(widths) - EDGE + 1))
    for i, style in enumerate(styles):
        yield from _line([_styled(c, i) for c in columns], columns, widths, console, style)
        for column in reversed(below):
            yield from _wrapped(_styled(column, i), console, width, EDGE + 4)


def _styled(column: Column, row: int) -> Text:
    cell = column.cells[row]
    if not column.style:
        return cell
    styled = cell.copy()
    styled.stylize_before(column.style)
    return styled


def _line(
    cells: list[Text], columns: list[Column], widths: list[int], console: Console, style: str, *, foot: bool = False
) -> Iterator[Text]:
    """The lines of one row; those of a head stand on its `foot`."""
    wrapped = [list(cell.wrap(console, w)) if cell.plain else [Text("")] for cell, w in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    for i in range(height):
        made = Text(" " * EDGE, style=style)
        for j, (lines, column, w) in enumerate(zip(wrapped, columns, widths, strict=True)):
            k = i - (height - len(lines)) if foot else i
            part = lines[k].copy() if 0 <= k < len(lines) else Text("")
            part.rstrip()
            pad = " " * (w - part.cell_len)
            made.append_text(Text(pad).append_text(part) if column.number else part.append(pad))
            made.append(" " * GAP if j < len(columns) - 1 else "")
        made.rstrip()
        made.no_wrap, made.overflow = True, "ignore"
        yield made


def _blocks(columns: list[Column], styles: list[str], console: Console, width: int) -> Iterator[Text]:
    """Each row as lines: what its first column says, then a line for each of the others."""
    first, *others = columns
    label = min(max((len(c.header) for c in others), default=0), width * 2 // 5)
    for i, style in enumerate(styles):
        yield from _wrapped(first.cells[i], console, width, EDGE, style or "bold")
        for column in others:
            cell = _styled(column, i)
            if not cell.plain.strip():
                continue
            head = Text(f"{column.header:{label}}  ")
            if column.number and EDGE + 2 + head.cell_len + cell.cell_len > width:
                yield from _wrapped(head, console, width, EDGE + 2)
                yield from _wrapped(cell, console, width, EDGE + 4)
                continue
            yield from _wrapped(head.append_text(cell), console, width, EDGE + 2, hang=EDGE + 4 + label)


def _wrapped(text: Text, console: Console, width: int, indent: int, style: str = "", *, hang: int = 0) -> Iterator[Text]:
    """`text` in lines after an indent, those after the first after `hang`."""
    if not text.plain:
        return
    room = max(1, width - max(indent, hang))
    first, *rest = text.wrap(console, max(1, width - indent)) if not hang else _hanging(text, console, width - indent, room)
    for line, blanks in ((first, indent), *((r, hang or indent) for r in rest)):
        made = Text(" " * blanks, style=style).append_text(line)
        made.rstrip()
        made.no_wrap, made.overflow = True, "ignore"
        yield made


def _hanging(text: Text, console: Console, first: int, room: int) -> list[Text]:
    """Lines of which the first may be longer than the others."""
    lines = list(text.wrap(console, max(1, first)))
    if len(lines) == 1:
        return lines
    rest = text[len(lines[0].plain) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    return [lines[0], *rest.wrap(console, room)]
