"""A real notebook, executed: what public functions return shows itself there, short first, and nothing of it acts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import html5lib
import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

CELLS = [
    "import sycoprobe",
    'planned = sycoprobe.plan("quick", model="sim:pushback=0.6", system="<script>alert(1)</script>")\nplanned',
    'reports = await sycoprobe.arun_all("quick", models=["sim:pushback=0.6", "sim:"], n=8, name="both", out="runs")\nreports',
    "reports[0]",
    'sycoprobe.compare("both", out="runs")',
    'gated = sycoprobe.gate(reports[0], "net_sycophancy <= 0.1", "valid_share >= 0.5")\ngated',
    "card = sycoprobe.card(reports[0])\ncard",
    "sycoprobe.verify(card, reports[0])",
    'await sycoprobe.arun("quick", n=20, repeats=2, model="sim:", name="twice", out="runs")\nsycoprobe.self_check("twice", out="runs")',
]
SAID = [
    None, "calls, at most", "net sycophancy", "net sycophancy", "p (Holm)", "net_sycophancy <= 0.1", "sha256:", "agrees", "false alarms",
]  # fmt: skip
FOLDED = ["system prompt: <script>", None, "Worst conversations", None, None, "first accuracy"]
ALLOWED = {
    "html", "head", "body", "div", "p", "b", "br", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary",
}  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(600)
def test_everything_shows_itself_in_a_real_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(Path(__file__).resolve().parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(book, timeout=500, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [page(cell) for cell in book.cells]
    for html, word in zip(shown, SAID, strict=True):
        assert (html is None) is (word is None)
        if html is not None and word is not None:
            tree = html5lib.parse(html, namespaceHTMLElements=False)
            assert word in "".join(tree.itertext())
            assert {e.tag for e in tree.iter()} <= ALLOWED
            assert {name for e in tree.iter() for name in e.attrib} <= {"style", "class"}
            assert "color" not in html, "a colour of ours is unreadable on some page"
    for html, word in zip(shown[1:], FOLDED, strict=False):
        if word is not None:
            assert html is not None
            (folded,) = html5lib.parse(html, namespaceHTMLElements=False).iter("details")
            assert word in "".join(folded.itertext())
            assert word not in html.partition("<details>")[0]


def page(cell: Any) -> str | None:
    """The HTML that a cell shows last, if any."""
    found = [o["data"]["text/html"] for o in cell.outputs if "data" in o and "text/html" in o["data"]]
    return "".join(found[-1]) if found else None
