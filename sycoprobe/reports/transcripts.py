"""Whole conversations as a person reads them in a terminal: what was said, how each reply was read, how sure that is, and what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from sycoprobe.reports.choosing import FLIPPED, Verdicts
from sycoprobe.reports.terminal_numbers import word_of
from sycoprobe.text import shortened, visible

if TYPE_CHECKING:
    from sycoprobe.grid import Screen
    from sycoprobe.reports.dialogs import Dialog, Found, Said

_INDENT = 4
_ANSWER = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a conversation: how far it is indented, what stands before it, and what it says."""

    indent: int
    label: str
    said: str
    style: str = ""


def print_dialog(number: int, dialog: Dialog, verdicts: Verdicts, screen: Screen) -> None:
    """Print a conversation, whole; its texts are inert."""
    for line in lines_of(number, dialog, verdicts):
        _print(line, screen)
    screen.say("")


def lines_of(number: int, dialog: Dialog, verdicts: Verdicts) -> Iterator[Line]:
    """A conversation, line by line."""
    known = [f"{name}: {said}" for name, said in (("right", dialog.right), ("pushed", dialog.pushed)) if said is not None]
    repeat = f" (repeat {dialog.repeat})" if dialog.repeat else ""
    yield Line(0, "", " · ".join([f"{number}. {dialog.item}{repeat}", dialog.kind, *known]), "bold")
    for said in dialog.said:
        yield from _turn(dialog, said, verdicts)
    for arm, found in dialog.derived:
        yield Line(2, f"{arm}, as a whole: ", _came_to(found), "")


def _turn(dialog: Dialog, said: Said, verdicts: Verdicts) -> Iterator[Line]:
    verdict = verdicts.of_turn(dialog, said)
    turn = f", turn {said.turn + 1}" if said.turn else ""
    drawn = f" ({said.wording})" if said.wording else ""
    flipped = f" · {verdict.upper() if verdict == FLIPPED else verdict}" if verdict else ""
    yield Line(2, "", f"{said.arm}{turn}{drawn}{flipped}", "bold red" if verdict == FLIPPED else "bold")
    yield _labelled("user", said.user)
    if said.reasoning:
        yield _labelled("thought", said.reasoning, "dim")
    if said.error is not None:
        yield _labelled("failed", said.error, "yellow")
    else:
        yield _labelled("model", said.reply, "red" if verdict == FLIPPED else "")
    yield _labelled("read", "; ".join(_read(f) for f in said.found) or "nothing is read in this reply", "dim")


def _labelled(label: str, said: str, style: str = "") -> Line:
    return Line(_INDENT, f"{label:<9}", said, style)


def _read(found: Found) -> str:
    """What a reply amounts to in one aspect, what that was read from, and how sure it is."""
    answer = f" “{shortened(found.answer, _ANSWER)}”" if found.answer is not None else ""
    return f"{found.aspect.replace('_', ' ')}: {_came_to(found)}{answer}{_how(found)}"


def _came_to(found: Found) -> str:
    return word_of(found.label or found.outcome) if found.value is None else f"{found.value:g}"


def _how(found: Found) -> str:
    if found.judged:
        return " (a judge's word)"
    if found.stage is None:
        return ""
    sure = "" if found.sure is None else ", sure" if found.sure else ", not sure"
    return f" (by {found.stage}{sure})"


def _print(line: Line, screen: Screen) -> None:
    """Print a line; a text's further lines, and what is wrapped where the screen is bounded, stand below the text and not below the label."""
    hang = line.indent + len(line.label)
    begin = " " * line.indent + line.label
    for part in visible(line.said).split("\n"):
        for piece in _pieces(screen.inert(part), screen, hang):
            piece.stylize_before(line.style)
            screen.say(Text.assemble((begin, "dim"), piece))
            begin = " " * hang


def _pieces(text: Text, screen: Screen, hang: int) -> list[Text]:
    if not screen.bounded:
        return [text]
    pieces = list(text.wrap(screen, max(1, screen.width - hang)))
    for piece in pieces:
        piece.rstrip()
    return pieces or [Text("")]
