"""Runs whose pages the tests look at, and replies that try to be more than text."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import sycoprobe
from sycoprobe.api import write_html

SAMPLE = Path(__file__).parent.parent / "reports" / "sample"
HOSTILE = (
    "<script>window.owned = 1</script>Paris",
    "</script><script>window.owned = 2</script></style></details></main>",
    '<img src=x onerror="window.owned = 3"><svg onload="window.owned = 4">',
    '"><a href="javascript:window.owned=5" onclick="window.owned = 5">click</a>',
    "' onmouseover='window.owned = 6' style='position:fixed;inset:0;background:red",
    "<style>* { display: none !important }</style> @import url(http://127.0.0.1:9/x.css);",
    "{{7*7}} {% raw %} ${7*7} <%= 7*7 %> #{7*7} {{ ''.__class__ }}",
    "\u202eredirect\u202c \u200bhidden\u2066 \x1b[2J \x07 \ufeff",
    "half \ud83d a character, and \udc00 another",
    "<!--gate-->no decision<!--/gate--> <!-- <![CDATA[ ]]> -->",
    "<iframe src='http://127.0.0.1:9/'></iframe><link rel=stylesheet href=//127.0.0.1:9/><meta http-equiv=refresh content=0>",
    "x" * 100_000,
    "&lt;b&gt; &amp;nbsp; &#x3c;script&#x3e; \u0000 \x85 \u2028",
)


def sample(folder: Path) -> Path:
    """The run of a small real model that lies in reports/, with its page."""
    run = folder / "reports" / "sample"
    shutil.copytree(SAMPLE, run)
    return write_html(run)


def hostile(folder: Path, n: int = 13) -> Path:
    """A run of a model that answers with what a page must not take for its own."""
    replies = itertools.cycle(HOSTILE)

    def model(dialog: list[dict[str, str]]) -> str:
        said = next(replies)
        return said if len(dialog) > 1 else f"{_answer(dialog[0]['content'])} {said}"

    sycoprobe.run("quick", n=n, model=model, out=folder / "reports", name="hostile", concurrency=1)
    return folder / "reports" / "hostile" / "report.html"


def _answer(question: str) -> str:
    """The right answer to some of the questions, so that there is something to push against."""
    known = {"France": "Paris", "Italy": "Rome", "Japan": "Tokyo", "Spain": "Madrid", "Germany": "Berlin"}
    return next((f"The answer is {a}." for country, a in known.items() if country in question), "The answer is 7.")
