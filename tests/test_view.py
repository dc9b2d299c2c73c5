"""`sycoprobe view`: a run's conversations in the terminal, by verdict, arm, kind and words; what models said never acts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import sycoprobe
from sycoprobe import journal as journals
from sycoprobe.reports.branches import Branch, Wanted, branches_of
from sycoprobe.reports.scoring import dialogs_of
from tests.commands import cli
from tests.loopback import LoopbackServer

pytest.importorskip("textual")

HOSTILE = "[bold]b[/bold] [@click=app.quit]quit[/] \x1b[2J\x1b]0;owned\x07 \u202e :smile: ::error::owned"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of two kinds, and one of a model that tries to break out."""
    folder = tmp_path_factory.mktemp("runs")
    sycoprobe.run("quick", kind=["challenge", "hint"], model="sim:pushback=0.6", n=8, out=folder, name="two")

    def said(body: dict[str, Any]) -> str:
        return HOSTILE

    with LoopbackServer(said) as server:
        sycoprobe.run("quick", n=3, model="openai:m", base_url=server.url, out=folder, name="hostile")
    return folder


def branches(folder: Path) -> list[Branch]:
    planned = journals.read(folder).planned()
    return branches_of(dialogs_of(folder), {part.name: part.headline for part in planned.parts})


def looked_at(found: list[Branch], what: Callable[[Any, Any], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    """Open the explorer on a screen of this size, and do something with it."""
    from sycoprobe.cli.viewer import Viewer

    async def run() -> None:
        app = Viewer("two: sim:", found)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await what(app, pilot)

    asyncio.run(run())


def screen(app: Any) -> str:
    """What stands on the screen."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


def test_what_the_headline_counts_comes_first_and_every_arm_is_there(out: Path) -> None:
    found = branches(out / "two")
    report = sycoprobe.score("two", out=out)
    counted = [b.counts for b in found]
    assert counted == sorted(counted, reverse=True) and any(counted) and not all(counted)
    flips = sum(
        n
        for place, labels in report.kinds["challenge"].counts.items()
        for label, n in labels.items()
        if place.startswith("pushback") and place.endswith(" verdict") and label == "regressive_flip"
    )
    mine = [b for b in found if b.dialog.kind == "challenge" and b.counts and b.verdict == "regressive_flip"]
    assert len(mine) == flips > 0
    assert all(b.said[0].arm == "first" and b.said[-1].arm == b.arm for b in mine)


def test_on_a_small_screen_the_keys_the_list_and_the_dialog_are_there(out: Path) -> None:
    found = branches(out / "two")

    async def look(app: Any, pilot: Any) -> None:
        said = screen(app)
        assert f"1/{len(found)}" in said and "verdict" in said and found[0].dialog.item in said
        assert all(key in said for key in ("next", "prev", "search", "verdict", "arm", "kind", "clear", "quit"))
        assert "user (first)" in said and "verdict: " in said
        assert all(len(line) <= 80 for line in said.split("\n")) and len(said.split("\n")) == 24

    looked_at(found, look)


def test_next_and_previous_move_through_the_list_and_stop_at_its_ends(out: Path) -> None:
    found = branches(out / "two")

    async def look(app: Any, pilot: Any) -> None:
        await pilot.press("p")
        assert app.branch is found[0]
        await pilot.press("n", "n")
        await pilot.pause()
        assert app.branch is found[2] and f"3/{len(found)}" in screen(app)
        await pilot.press("p")
        await pilot.pause()
        assert app.branch is found[1]
        await pilot.press("ctrl+end", "n")
        await pilot.pause()
        assert app.branch is found[-1]

    looked_at(found, look)


def test_the_list_can_be_restricted_and_shown_whole_again(out: Path) -> None:
    found = branches(out / "two")

    async def look(app: Any, pilot: Any) -> None:
        await pilot.press("v")
        assert app.wanted.verdict == found[0].verdict
        assert app.shown == [b for b in found if b.verdict == found[0].verdict] != found
        await pilot.press("k")
        assert {(b.verdict, b.dialog.kind) for b in app.shown} == {(found[0].verdict, "challenge")}
        await pilot.pause()
        assert "kind challenge, verdict" in screen(app)
        await pilot.press("c", "a")
        assert {b.arm for b in app.shown} == {min(b.arm for b in found)}
        await pilot.press("c")
        assert app.shown == found

    looked_at(found, look)


def test_search_finds_words_in_what_was_asked_and_said(out: Path) -> None:
    found = branches(out / "two")
    item = found[0].dialog

    async def look(app: Any, pilot: Any) -> None:
        await pilot.press("slash", *item.said[0].user.split()[-1].strip("?.")[:4], "q")
        assert app.is_running, "q is a letter there"
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert found[0] in app.shown and app.query_one("DataTable").has_focus
        await pilot.press("slash", *"zzzz", "enter")
        await pilot.pause()
        assert app.shown == [] and app.branch is None and "c shows all again" in screen(app)
        await pilot.press("n", "p", "c")
        assert app.shown == found

    looked_at(found, look)
    assert Wanted(text="ANSWER   final").takes(next(b for b in found if b.dialog.kind == "challenge"))


def test_what_a_model_says_is_text_and_never_acts(out: Path) -> None:
    found = branches(out / "hostile")

    async def look(app: Any, pilot: Any) -> None:
        said = screen(app)
        flat = "".join(said.split())
        assert "[bold]b[/bold]" in flat and "[@click=app.quit]quit[/]" in flat and r"\x1b[2J" in flat and ":smile:" in flat
        assert "\x1b" not in said and "\x07" not in said and "\u202e" not in said
        for y in range(24):
            await pilot.click(offset=(60, y))
        assert app.is_running

    looked_at(found, look, (120, 24))


def test_without_the_extra_one_line_says_how_to_install_it(out: Path) -> None:
    code = "import sys; sys.modules['textual'] = None; from sycoprobe.cli.main import main; main()"
    said = subprocess.run([sys.executable, "-c", code, "view", out / "two"], capture_output=True, text=True, check=False)
    assert said.returncode == 2 and "needs the extra [view]" in said.stderr and "pip install " in said.stderr
    assert "view]" in said.stderr.splitlines()[1] and "Traceback" not in said.stderr


def test_without_a_terminal_it_names_the_report(out: Path) -> None:
    said = cli("view", out / "two")
    assert said.returncode == 2 and "needs a terminal" in said.stderr and "sycoprobe report" in said.stderr


def test_no_other_command_imports_textual() -> None:
    code = "import sys; from sycoprobe.cli import main; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
def test_in_a_real_terminal_it_opens_and_q_leaves(out: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(
        sys.executable, ["-m", "sycoprobe", "view", str(out / "two")], dimensions=(24, 80), timeout=60, encoding="utf-8"
    )
    child.expect("right→wrong")
    child.send("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
