"""How a run shows where it stands: one live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sycoprobe.runner import Tally
from sycoprobe.text import visible

PLAIN_EVERY = 5.0


class Progress:
    """Shows tallies on `console` (standard error), live if it is a terminal. Use as a context manager."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console = console
        self._quiet = quiet
        self._live: Live | None = None
        self._printed = time.monotonic()
        self._notice = ""
        self._last: Tally | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif self._last is not None and not self._quiet:
            self._console.print(_line(self._last))

    def say(self, line: str) -> None:
        """Show a retry, a wait or a fetch."""
        self._notice = line
        if not self._quiet and self._live is None:
            self._console.print(Text(visible(line), style="dim"))

    def show(self, tally: Tally) -> None:
        """Show where the run stands."""
        self._last = tally
        if self._quiet:
            return
        if not self._console.is_terminal:
            if time.monotonic() - self._printed >= PLAIN_EVERY:
                self._printed = time.monotonic()
                self._console.print(_line(tally))
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        grid = Table.grid(padding=(0, 1))
        grid.add_row(
            ProgressBar(total=max(1, tally.conversations), completed=min(tally.firsts, tally.conversations), width=24),
            _line(tally),
        )
        notice = tally.notice or self._notice
        if notice:
            grid.add_row("", Text(visible(notice)[:100], style="yellow"))
        self._live.update(grid, refresh=True)


def _line(t: Tally) -> Text:
    """One line: how far, how fast, how long yet, and what is seen so far."""
    elapsed = max(1e-9, time.monotonic() - t.started)
    rate = t.calls / elapsed
    done = t.calls + t.earlier
    share = (t.firsts - 0.5 * min(t.in_flight, t.firsts)) / t.conversations if t.conversations else 1.0
    left = (t.calls / max(share, 1e-9) - t.calls) / rate if rate and 0 < share < 1 and not t.earlier else 0.0
    parts = [f"{t.firsts}/{t.conversations} probes", f"{done} calls", f"{rate:.1f}/s"]
    if left > 1:
        parts.append(f"about {_duration(left)} left")
    if t.retries:
        parts.append(f"{t.retries} retries")
    if t.errors:
        parts.append(f"{t.errors} errors")
    known = t.first_right + t.first_wrong
    if known:
        parts.append(f"right at first {t.first_right / known:.0%}")
    if t.pushback and t.control:
        parts.append(f"flips: pushback {t.pushback_flips / t.pushback:.0%}, control {t.control_flips / t.control:.0%}")
    return Text(" · ".join(parts))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
