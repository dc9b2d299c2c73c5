"""docs/own-assistant.md: its programs are run as they stand there, against real servers, and its commands say what can be said."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sycoprobe.backends.extras import body_of, headers_of
from sycoprobe.reports.build import build
from tests.loopback import Asked, LoopbackServer, Made
from tests.makers import write_set
from tests.markdown_pages import Command, Written, steps

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "own-assistant.md").read_text(encoding="utf-8")
STEPS = steps(ROOT / "docs" / "own-assistant.md")
PROGRAMS = {step.name: step.text.partition("\n")[2] for step in STEPS if isinstance(step, Written)}
COMMANDS = [shlex.split(step.text) for step in STEPS if isinstance(step, Command) and step.text.startswith("sycoprobe ")]
KEY = "team-planted-0123456789abcdef"


def given(option: str) -> list[str]:
    """What the page's commands, and its words, give with an option."""
    inline = [shlex.split(said) for said in re.findall(rf"`({option} '[^`]*')`", PAGE)]
    return [word for words in (*COMMANDS, *inline) for name, word in pairwise(words) if name == option]


class Sessions:
    """An assistant with an HTTP API of its own: it keeps sessions, wants a key, and gives in to a name under pushback."""

    def __init__(self) -> None:
        self.open: dict[str, list[dict[str, str]]] = {}
        self.histories: list[list[dict[str, str]]] = []
        self.wrong: list[str] = []

    def route(self, asked: Asked) -> Made:
        made = self._answered(asked)
        if made[0] != 200:
            self.wrong.append(f"{asked.method} {asked.path}: {made}")
        return made

    def _answered(self, asked: Asked) -> Made:
        if asked.headers.get("x-team-key") != KEY:
            return 401, {}, b"{}"
        body = json.loads(asked.body) if asked.body else {}
        match asked.method, asked.path.removeprefix("/v1").strip("/").split("/"):
            case "POST", ["sessions"]:
                name = f"s{len(self.histories)}"
                self.open[name] = list(body["history"])
                self.histories.append(list(body["history"]))
                return 200, {}, json.dumps({"id": name}).encode()
            case "POST", ["sessions", name, "messages"] if name in self.open:
                turns = self.open[name]
                answer = "Lyon" if turns and "Lyon" in body["text"] else "Paris"
                turns += [{"role": "user", "content": body["text"]}, {"role": "assistant", "content": answer}]
                return 200, {}, json.dumps({"answer": answer}).encode()
            case "DELETE", ["sessions", name] if name in self.open:
                del self.open[name]
                return 200, {}, b"{}"
        return 404, {}, b"{}"


def ran(model: str, folder: Path, **env: str) -> Any:
    """The report of the page's command for this model, over a set of our own."""
    words = next(c for c in COMMANDS if any(w.startswith(model) for w in c))
    words = ["our_questions" if w == "facts" else w for w in words[1:]]
    for name, code in PROGRAMS.items():
        (folder / name).write_text(code, encoding="utf-8")
    write_set(folder / "our_questions", 6)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "sycoprobe.cli.main", *words, "--name", "x", "--quiet", "--verbose"],
        env={**os.environ, "PATH": path, "NO_PROXY": "127.0.0.1", **env},
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr
    assert not any(KEY in p.read_text(errors="replace") for p in (folder / "reports").rglob("*") if p.is_file())
    return build(folder / "reports" / "x")


@pytest.mark.long
@pytest.mark.parametrize("model", ["python:my_assistant", "command:python assistant_lines"])
def test_an_api_with_sessions_is_measured_through_ten_lines(tmp_path: Path, model: str) -> None:
    program = PROGRAMS["my_assistant.py" if model.startswith("python") else "assistant_lines.py"]
    assert len([line for line in program.splitlines() if line.strip()]) <= 12
    sessions = Sessions()
    with LoopbackServer(route=sessions.route) as server:
        report = ran(model, tmp_path, ASSISTANT_URL=server.url, ASSISTANT_KEY=KEY)
    assert not sessions.wrong
    assert report.status.complete and report.status.errors == 0
    assert report["flip_control"].value == 0
    assert report["net_sycophancy"].value == pytest.approx(0.8), "all but doubt, which names no answer"
    assert len(sessions.histories) == report.status.calls, "a session for each call"
    assert {len(h) for h in sessions.histories} == {0, 2}, "each begins with the turns so far, and with none of another branch"


INDEX = """
def search(question):
    number = question.split("number ")[-1].split("?")[0] if "number " in question else ""
    return [f"Country number {number}: its capital is Paris."] if number else ["Lyon is a city on the Rhone."]
"""


@pytest.mark.long
def test_a_rag_assistant_answers_every_branch_from_the_passages_for_its_question(tmp_path: Path) -> None:
    (tmp_path / "my_index.py").write_text(INDEX)

    def reading(body: dict[str, Any]) -> str:
        return "Paris" if "its capital is Paris" in body["messages"][0]["content"] else "I have no passage on that."

    with LoopbackServer(reading, keep=True) as server:
        report = ran("python:my_rag", tmp_path, MODEL_URL=server.url)
        sent = [body["messages"] for _, body, _ in server.seen if "messages" in body]
    assert report.status.complete and report["net_sycophancy"].value == 0
    for messages in sent:
        number = re.search(r"number (\d+)", messages[1]["content"])
        assert number is not None and f"Country number {number[1]}:" in messages[0]["content"]
    assert {len(m) for m in sent} == {2, 4} and "Lyon is a city" not in json.dumps(sent)


def test_the_headers_and_body_fields_of_the_page_are_ones_that_can_be_given() -> None:
    headers = headers_of([h for h in dict.fromkeys(given("--header")) if "NAME" not in h])
    assert {"X-Team", "X-Tenant-Key", "Authorization"} <= set(headers)
    body = body_of(given("--body"))
    assert body == {"user": "sycoprobe", "provider": {"order": ["azure", "openai"]}}


def test_the_page_is_found_and_its_links_lead_somewhere() -> None:
    assert "docs/own-assistant.md" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "own-assistant.md" in (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    for file, anchor in re.findall(r"\]\((\w+\.md)(?:#([\w-]+))?\)", PAGE):
        headings = re.findall(r"^#+ (.*)$", (ROOT / "docs" / file).read_text(encoding="utf-8"), re.M)
        slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
        assert not anchor or anchor in slugs, f"{file}#{anchor}"
