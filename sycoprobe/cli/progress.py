"""How a run shows where it stands: one live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sycoprobe.cli.countdown import Countdown
from sycoprobe.running.asking import Tally
from sycoprobe.text import counted, dollars, visible

PLAIN_EVERY = 5.0
NOTICE_FOR = 15.0
"""Seconds for which a retry or a fetch is shown."""


class Progress:
    """Shows tallies on `console` (standard error), live if it is a terminal and not `plain`. Use as a context manager.

    Of several runs that go on together each has a line.
    """

    def __init__(self, console: Console, *, quiet: bool, plain: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._plain = plain or not console.is_terminal
        self._live: Live | None = None
        self._printed: dict[int, float] = {}
        self._notice, self._noticed = "", 0.0
        self._tallies: dict[int, Tally] = {}
        self._left: dict[int, Countdown] = {}

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif not self._quiet:
            for tally in self._tallies.values():
                self._console.print(self._named(tally), soft_wrap=True)

    def say(self, line: str) -> None:
        """Show a retry, a wait or a fetch."""
        self._notice, self._noticed = line, time.monotonic()
        if not self._quiet and self._live is None:
            self._console.print(Text(visible(line), style="dim"), soft_wrap=True)

    def show(self, tally: Tally) -> None:
        """Show where the run stands."""
        self._tallies[id(tally)] = tally
        if self._quiet:
            return
        if self._plain:
            if time.monotonic() - self._printed.setdefault(id(tally), tally.started) >= PLAIN_EVERY:
                self._printed[id(tally)] = time.monotonic()
                self._console.print(self._named(tally), soft_wrap=True)
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        grid = Table.grid(padding=(0, 1))
        for each in self._tallies.values():
            done = each.calls + each.earlier
            bar = ProgressBar(total=max(1, done + each.calls_left), completed=done, width=min(24, self._console.width // 6))
            grid.add_row(bar, self._named(each))
        notices = dict.fromkeys(n for t in self._tallies.values() if (n := t.notice or t.waiting_for))
        lately = self._notice if time.monotonic() - self._noticed < NOTICE_FOR else ""
        for notice in notices or ([lately] if lately else []):
            grid.add_row("", Text(visible(notice)[:100], style="yellow"))
        self._live.update(grid, refresh=True)

    def _named(self, tally: Tally) -> Text:
        """The line of a tally, with its model where there are several."""
        countdown = self._left.setdefault(id(tally), Countdown(tally.started))
        left = countdown.says(time.monotonic(), tally.calls, tally.calls_left)
        return Text.assemble(f"{visible(tally.model)}: " if len(self._tallies) > 1 else "", _line(tally, left))


def _line(t: Tally, left: str) -> Text:
    """One line: how far, how fast, how long yet, and what is seen so far."""
    done, still = t.calls + t.earlier, t.calls_left
    elapsed = max(1e-9, time.monotonic() - t.started)
    several = len(t.kinds) > 1 and t.kind in t.kinds
    parts = [
        *([f"kind {t.kinds.index(t.kind) + 1} of {len(t.kinds)}: {t.kind}"] if several else []),
        f"{done:,} of {'at most ' if still else ''}{counted(done + still, 'call')}",
        f"{t.calls / elapsed:.1f}/s",
        *([left] if left else []),
    ]
    if t.retries:
        parts.append(counted(t.retries, "retry"))
    if t.cost:
        parts.append(f"{dollars(t.cost)}")
    if t.errors:
        parts.append(counted(t.errors, "error"))
    if t.first:
        parts.append(f"right at first {t.first_right / t.first:.0%}")
    if t.arm and t.control:
        said = f"{t.arm_hits / t.arm:.0%}, control {t.control_hits / t.control:.0%}"
        parts.append(f"{t.metric.replace('_', ' ')}: {said}")
    return Text(" · ".join(parts))
