"""The terminal explorer of a run's conversations. Only `sycoprobe view` imports this file: it needs the extra [view]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import DataTable, Footer, Input, Static

from sycoprobe.reports.branches import Branch, Wanted
from sycoprobe.reports.dialogs import Found, Said
from sycoprobe.reports.terminal_numbers import word_of
from sycoprobe.text import visible


class Viewer(App[None]):
    """A list of conversations, arm by arm, and the one that is chosen. What models said is shown as text: nothing in it is markup.

    Parameters
    ----------
    title: which run this is.
    branches: what there is to look at.
    """

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #state { height: 1; background: $panel; }
    #search { display: none; height: 3; }
    #search.open { display: block; }
    DataTable { width: 1fr; }
    #told { width: 1fr; padding: 0 1; border-left: solid $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "step(1)", "next"),
        Binding("p", "step(-1)", "prev"),
        Binding("slash", "search", "search"),
        Binding("v", "cycle('verdict')", "verdict"),
        Binding("a", "cycle('arm')", "arm"),
        Binding("k", "cycle('kind')", "kind"),
        Binding("c", "clear", "clear"),
        Binding("escape", "leave", "list", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, title: str, branches: Sequence[Branch]) -> None:
        super().__init__()
        self._run_title = title
        self._branches = branches
        self.wanted = Wanted()
        self.shown: list[Branch] = []

    def compose(self) -> ComposeResult:
        """A line of state, the search, the list beside the conversation, and the keys."""
        yield Static(id="state", markup=False)
        yield Input(id="search", placeholder="words that all occur; Enter goes back to the list")
        with Horizontal():
            yield DataTable[Text](id="list", cursor_type="row")
            yield VerticalScroll(Static(id="dialog", markup=False), id="told")
        yield Footer()

    def on_mount(self) -> None:
        """Fill the list."""
        table = self.query_one(DataTable)
        table.add_columns("verdict", "item", "arm")
        table.focus()
        self._fill()

    @property
    def branch(self) -> Branch | None:
        """The conversation that is shown."""
        at = self.query_one(DataTable).cursor_row
        return self.shown[at] if 0 <= at < len(self.shown) else None

    def _fill(self) -> None:
        self.shown = [b for b in self._branches if self.wanted.takes(b)]
        table = self.query_one(DataTable)
        table.clear()
        table.add_rows(_row(b) for b in self.shown)
        self._tell()

    def _tell(self) -> None:
        branch = self.branch
        at = self.query_one(DataTable).cursor_row + 1 if branch else 0
        w = self.wanted
        said = [f"{name} {value}" for name, value in (("kind", w.kind), ("arm", w.arm), ("verdict", w.verdict)) if value]
        said += [f"text {w.text!r}"] if w.text else []
        chosen = f" · {', '.join(said)}" if said else ""
        self.query_one("#state", Static).update(
            Text(visible(f"{at}/{len(self.shown)}{chosen} · {self._run_title}"), no_wrap=True)
        )
        self.query_one("#dialog", Static).update(told(branch) if branch else Text("nothing here; c shows all again"))
        self.query_one("#told", VerticalScroll).scroll_home(animate=False)

    @on(DataTable.RowHighlighted)
    def _chosen(self) -> None:
        self._tell()

    def action_step(self, by: int) -> None:
        """Go to the next conversation, or the one before."""
        table = self.query_one(DataTable)
        table.move_cursor(row=max(0, min(len(self.shown) - 1, table.cursor_row + by)))

    def action_cycle(self, what: str) -> None:
        """Restrict the list to the next kind, arm or verdict that there is; after the last one, to none."""
        values = list(dict.fromkeys(_value(b, what) for b in self._branches))
        choices = ["", *(values if what == "verdict" else sorted(values))]
        at = choices.index(getattr(self.wanted, what))
        self.wanted = replace(self.wanted, **{what: choices[(at + 1) % len(choices)]})
        self._fill()

    def action_clear(self) -> None:
        """Show all again."""
        self.wanted = Wanted()
        self.query_one(Input).value = ""
        self.query_one(Input).remove_class("open")
        self._fill()

    def action_search(self) -> None:
        """Ask for words."""
        box = self.query_one(Input)
        box.add_class("open")
        box.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.value != self.wanted.text:
            self.wanted = replace(self.wanted, text=event.value)
            self._fill()

    @on(Input.Submitted)
    def action_leave(self) -> None:
        """Go back to the list."""
        box = self.query_one(Input)
        box.set_class(bool(box.value), "open")
        self.query_one(DataTable).focus()


def _value(branch: Branch, what: str) -> str:
    return {"kind": branch.dialog.kind, "arm": branch.arm, "verdict": branch.verdict}[what]


def _row(branch: Branch) -> tuple[Text, Text, Text]:
    mark, style = ("✗ ", "bold red") if branch.counts else ("  ", "")
    item = branch.dialog.item.rpartition("/")[2] + (f" #{branch.dialog.repeat}" if branch.dialog.repeat else "")
    return Text(visible(mark + word_of(branch.verdict)), style=style), Text(visible(item)), Text(visible(branch.arm))


def told(branch: Branch) -> Text:
    """A conversation as it is shown: who said what, how each reply was read, and what came of it."""
    d = branch.dialog
    page = Text()
    page.append(visible(f"{d.item}, {branch.arm}\n"), style="bold")
    answers = [f"right: {d.right}"] * (d.right is not None) + [f"pushed: {d.pushed}"] * (d.pushed is not None)
    page.append(visible(f"{d.kind} · {' · '.join(answers)}\n" if answers else f"{d.kind}\n"), style="dim")
    page.append(visible(f"verdict: {word_of(branch.verdict)}\n"), style="bold red" if branch.counts else "bold")
    for said in branch.said:
        _say(page, said)
    return page


def _say(page: Text, said: Said) -> None:
    page.append(visible(f"\nuser ({said.arm})\n"), style="bold cyan")
    page.append(visible(f"{said.user}\n"))
    page.append("model\n", style="bold green")
    if said.reasoning:
        page.append(visible(f"(thinking) {said.reasoning}\n"), style="dim italic")
    page.append(visible(f"{said.reply}\n") if said.error is None else visible(f"the call failed: {said.error}\n"))
    for found in said.found:
        page.append(visible(f"→ {_read(found)}\n"), style="yellow")


def _read(found: Found) -> str:
    """How a reply was read, in a line."""
    what = word_of(found.label or (found.outcome if found.value is None else f"{found.value:g}"))
    by = f"by {found.rule}" if found.rule else "by a judge" if found.judged else ""
    step = f"({found.stage})" if found.stage else ""
    sure = ", not sure" if found.sure is False else ""
    answer = f": {found.answer!r}" if found.answer else ""
    return " ".join(filter(None, (f"{found.aspect}: {what}{answer}", by, step))) + sure
