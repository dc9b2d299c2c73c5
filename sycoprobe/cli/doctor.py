"""`sycoprobe doctor`: how an examination is shown, as a table with the fixes below it, or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from sycoprobe.cli.given import ALL
from sycoprobe.cli.outlet import write_json
from sycoprobe.config import command_line, found
from sycoprobe.config.layers import merge
from sycoprobe.errors import SycoprobeError
from sycoprobe.examining import Check, Examination, Status, doctor
from sycoprobe.grid import Grid
from sycoprobe.settings.run import DEFAULT_MODEL
from sycoprobe.text import visible

STYLES = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red"}


def examine(config: Path | None, given: Mapping[str, Any], *, screen: Console, progress: Console, as_json: bool) -> bool:
    """Examine a model and print what was found on `screen`; what is being tried is shown on `progress` if it is a terminal.

    `given` are settings as `sycoprobe.doctor` takes them; without a model, it is that of the settings file. True if no check failed.
    """
    layers = [command_line({"model": DEFAULT_MODEL, "timeout": "60"}), command_line(given)]
    with suppress(SycoprobeError):  # a fault in the file is a finding of the examination
        layers.insert(1, found(config).run.only({"model": ALL["model"]}))
    how = merge(layers, ALL).values
    model = how.pop("model")[0]
    live = progress.status("") if progress.is_terminal else None
    with live or nullcontext():
        tell = (lambda line: live.update(Text(visible(line), style="dim"))) if live else lambda _: None
        examined = doctor(model, tell=tell, config=config, **how)
    if as_json:
        write_json(examined.as_json())
    else:
        show(examined, screen)
    return examined.ok


def show(found: Examination, screen: Console) -> None:
    """Print the table, then what was skipped and why, then the fixes, each on a line of its own that can be copied whole."""
    table = Grid()
    table.add_columns("check", "status")
    table.add_column("what was found", give="below")
    for check in found.checks:
        if check.status is not Status.SKIPPED:
            table.add_row(Text(check.name), Text(check.status, style=STYLES[check.status]), _line(check.said))
    screen.print(table)
    for why, names in _skipped(found.checks).items():
        screen.print(Text(f"skipped ({_line(why).plain}): {', '.join(names)}", style="dim"), soft_wrap=True)
    if any(c.fix for c in found.checks):
        screen.print()
    for check in found.checks:
        if check.fix:
            mark = Text("fix: ", style=STYLES[check.status])
            screen.print(mark.append(f"{check.name}: ", style="bold").append_text(_line(check.fix)), soft_wrap=True)


def _skipped(checks: tuple[Check, ...]) -> dict[str, list[str]]:
    """The names of the skipped checks by the reason."""
    found: dict[str, list[str]] = {}
    for check in checks:
        if check.status is Status.SKIPPED:
            found.setdefault(check.said, []).append(check.name)
    return found


def _line(text: str) -> Text:
    """Untrusted text on one line, inert: neither control sequences nor markup work in it."""
    return Text(visible(" ".join(text.split())), style="")
