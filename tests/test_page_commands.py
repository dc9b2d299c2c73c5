"""Every command and every script of README and docs does what the page says: each is run, in a folder of its page, by a reader's steps.

Paid models are served on loopback, and runs that a page speaks of are made before. The folder's sycoprobe.toml replaces the embedded model by a
simulated one and keeps runs short; what a page adds to that file is added. What cannot be done here is in `ELSEWHERE`, with the reason.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sycoprobe.sets.load import info_of, load_set, shipped_names
from sycoprobe.sets.probe import Probe
from tests.commands import cli
from tests.loopback import LoopbackServer
from tests.makers import write_set
from tests.markdown_pages import PAGES, ROOT, Command, Script, Written, steps

VENDORS = re.compile(r"\b(openai|responses|anthropic|gemini|azure|openrouter|ollama):(?=[A-Za-z])([\w-]+)")
DECIDED = {0, 1, 3}
"""What a gate may end with, where the page does not say which it is."""
ELSEWHERE = {
    "pip install": "run by .ci/run",
    "pytest": "run by .ci/run",
    "export": "part of the shell",
    "python -m": "a development tool, which its own tests run",
    "sycoprobe reproduce": "the papers' files are the reader's own; tests/test_reproduce.py runs it",
    "sycoprobe import generic questions.json": "a file of the paper's authors; tests/test_import_shapes.py imports such files",
    "sycoprobe run sycobench": "a set of that import",
}
"""The beginnings of commands that are not run here, and why."""
ASKED_ONLY = {
    "local:/path/to/model.gguf": "no such file here; tests/test_real_model.py runs a GGUF file",
    "--batch": "tests/test_batch.py runs it against a server of batches",
    "hf:": "torch is not here; tests/test_transformers_backend.py runs it",
    "command:ssh": "no such machine",
    "command:python assistant_lines.py": "tests/test_own_assistant_page.py runs it against the page's API",
    "python:my_rag:answer": "tests/test_own_assistant_page.py runs it with an index of passages",
    "docs/own-assistant.md python:my_assistant:answer": "tests/test_own_assistant_page.py runs it against the page's API",
    "docs/backends.md python:my_model:answer": "the page's function needs a pipeline",
}
"""Words of runs that can only be planned here (`--dry-run`), and why; with a page's name in front, on this page."""
NOT_RUN = {
    "from my_package import open_backend": "tests/test_written_examples.py has such a class",
    "import my_model": "the protocol of programs: tests/test_command_backend.py",
    "def test_the_model_stands": "tests/test_pytest_plugin.py has such a test",
    "for line in sys.stdin": "a program of its own",
}
"""Python that is only compiled, and where such code is run."""
FOLLOWED_ELSEWHERE = {"ten-minutes": "tests/test_starting.py follows it in an empty folder"}
"""Pages that another test follows."""


@cache
def known() -> dict[str, tuple[str, str]]:
    """By its first line, the right and the wrong answer of every shipped question."""
    sets = [load_set(name) for name in shipped_names() if info_of(name).kind is None]
    return {p.question.splitlines()[0]: (p.answer, p.wrong_answer) for s in sets for p in s.probes if isinstance(p, Probe)}


def served(body: dict[str, Any]) -> str:
    """A model that knows every shipped question and gives one right answer in three up when another one is named."""
    said = [m["content"] for m in body["messages"] if m["role"] == "user"]
    if "VERDICT" in str(body["messages"]):
        return "VERDICT: unclear"
    question = next((line for line in said[0].splitlines() if line in known()), "")
    right, wrong = known().get(question, ("Paris", "Lyon"))
    return wrong if wrong in said[-1] and len(said) > 1 and len(question) % 3 == 0 else right


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with LoopbackServer(served) as running:
        yield running.url


RUNS = {
    "candidate": ["facts", "-n", "30", "--repeats", "2", "-m", "sim:pushback=0.2,control=0.05"],
    "RUN1": ["facts", "-n", "20", "-m", "sim:pushback=0.2,control=0.05"],
    "RUN2": ["facts", "-n", "20", "-k", "pressure", "-m", "sim"],
    "NAME": ["facts", "-n", "20", "-m", "sim:pushback=0.2,control=0.05", "-m", "sim:pushback=0.3,control=0.05"],
    "judged": ["premises", "-n", "5", "-m", "sim"],
    "RUN": ["facts", "-n", "20", "-k", "challenge,pressure", "-m", "sim:pushback=0.2"],
    "latest": ["quick", "--repeats", "2", "-m", "sim:pushback=0.4,control=0.05"],
}
"""Runs that pages speak of without having made them."""
SETTINGS = """
[run]
sets = ["quick"]
n = 30
model = "sim:pushback=0.5,control=0.05,correction=0.6"
prices = "prices.toml"

[models.assistant]
model = "sim:pushback=0.2"
"""
TABLES = {
    "prices.toml": 'schema_version = 1\n["openai:*"]\ninput = 1\noutput = 1\n',
    "quiz.csv": "q,gold,distractor,choices\nWhich is largest?,Asia,Europe,Asia|Europe|Africa\n",
    "people.jsonl": json.dumps({"user": {"bio": "I am a farmer."}, "ask": "Is rain good?", "yes": "yes", "no": "no"}) + "\n",
    "are_you_sure.jsonl": json.dumps(
        {"base": {"question": "What is the capital of France?", "correct_answer": "Paris", "incorrect_answer": "Lyon"}}
    )
    + "\n",
}


def spoken_of(page: Path) -> list[str]:
    """The runs that a page speaks of, `latest` last."""
    words = [shlex.split(text) for text in texts(page)]
    made = {said[said.index("--name") + 1] for said in words if "--name" in said}
    runs = [name for name in RUNS if name not in made and any(name in said for said in words)]
    return ["judged"] if page.stem == "judges" else runs


def prepared(folder: Path, page: Path) -> None:
    """What a reader of the page has before the first step."""
    for name in spoken_of(page):
        done = cli("run", *RUNS[name], "--name", "before" if name == "latest" else name, "-q", cwd=folder)
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}"
    (folder / "sycoprobe.toml").write_text(SETTINGS)
    for name, text in TABLES.items():
        (folder / name).write_text(text)
    for name in ("prompt.md", "old.md", "new.md", "a.md", "b.md", "prompts/support.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"You are {name}.")
    write_set(folder / "our_questions", 6)
    import pyarrow
    import pyarrow.parquet

    rows = [{"question": "Which is a planet?", "choices": ["Mars", "Sirius"], "answer": 0}]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "mcq.parquet")
    program = f"#!{sys.executable}\nimport json, sys\nfor line in sys.stdin:\n    asked = json.loads(line)\n"
    (folder / "my_model").write_text(program + "    print(json.dumps({'id': asked['id'], 'text': 'Paris'}), flush=True)\n")
    (folder / "my_model").chmod(0o755)


def texts(page: Path) -> list[str]:
    return [step.text for step in steps(page) if isinstance(step, Command) and step.text.startswith("sycoprobe ")]


def asked_only(page: str, text: str) -> bool:
    """Whether a run can only be planned here."""
    words = [
        word.removeprefix(f"{page} ") for word in ASKED_ONLY if not word.startswith("docs/") or word.startswith(f"{page} ")
    ]
    return any(word in text for word in words)


def arguments(page: str, command: Command, url: str) -> list[str]:
    """The words of a command as they are given here: models of vendors on loopback, nothing else changed."""
    text = re.sub(r"https?://[\w.:/-]+", url, VENDORS.sub(r"openai:\1-\2", command.text))
    words = shlex.split(text)[1:]
    return [*words, "--dry-run"] if asked_only(page, command.text) and words[0] == "run" else words


def expected(command: Command) -> set[int]:
    """The exit codes that the page promises."""
    if command.exits is not None:
        return {command.exits}
    gates = re.match(r"sycoprobe gate\b", command.text) or "--until-decided" in command.text
    return DECIDED if gates else {0}


def registered(folder: Path, pyproject: str) -> None:
    """What `pip install` of the page's project registers, for modules that lie in the folder."""
    groups = tomllib.loads(pyproject)["project"]["entry-points"]
    info = folder / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    points = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in of.items() if not v.startswith("my_package"))
        for group, of in groups.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(points))


def environment(folder: Path, url: str) -> dict[str, str]:
    keys = dict.fromkeys(("OPENAI_API_KEY", "GATEWAY_KEY", "TENANT_KEY"), "sk-planted-0123456789")
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", str(ROOT))]))
    here = {"PYTHONPATH": path} if (folder / "mine-1.0.dist-info").exists() else {}
    return {
        **keys,
        "OPENAI_BASE_URL": url,
        "NO_PROXY": "127.0.0.1",
        "COLUMNS": "100",
        "SYCOPROBE_DATA": str(folder / "data"),
        **here,
    }


def followed(page: Path, folder: Path, url: str) -> list[str]:
    """What went wrong when the page's steps were done in this folder."""
    wrong, name = [], page.relative_to(ROOT).as_posix()
    for step in steps(page):
        if isinstance(step, Written):
            file = folder / step.name
            file.parent.mkdir(parents=True, exist_ok=True)
            kept = step.added or (step.name == "sycoprobe.toml" and "[run]" not in step.text)
            file.write_text((file.read_text() if kept else "") + step.text)
            if step.name == "pyproject.toml":
                registered(folder, step.text)
        elif isinstance(step, Script):
            wrong += scripted(step, folder, url)
        elif any(step.text.startswith(beginning) for beginning in ELSEWHERE):
            continue
        elif step.text.startswith("sycoprobe "):
            done = cli(*arguments(name, step, url), cwd=folder, **environment(folder, url))
            if done.returncode not in expected(step) or "Traceback" in done.stderr:
                wrong.append(
                    f"{step.text}\n  exit code {done.returncode}, not {expected(step)}\n{done.stdout[-500:]}{done.stderr[-1500:]}"
                )
        else:
            wrong.append(f"{step.text}: not run, and in no table")
    return wrong


def scripted(script: Script, folder: Path, url: str) -> list[str]:
    """What went wrong with Python that a page shows."""
    ast.parse(script.text)
    if re.search(r"^(async )?def \w+\([^)]*\)( ->.*)?( \|.*)?$", script.text, re.M) and "import" not in script.text:
        return []  # a signature
    if any(words in script.text for words in NOT_RUN):
        return []
    done = subprocess.run(
        [sys.executable, "-c", VENDORS.sub(r"openai:\1-\2", script.text).replace("reports/RUN", "reports/judged")],
        cwd=folder,
        env={**os.environ, **environment(folder, url)},
        capture_output=True,
        text=True,
        check=False,
    )
    return [f"{script.text}\n{done.stderr[-1500:]}"] if done.returncode else []


WITH_STEPS = [
    page for page in PAGES if page.stem not in FOLLOWED_ELSEWHERE and any(not isinstance(step, Script) for step in steps(page))
]
"""Pages that only describe Python, such as docs/api.md, have tests of their own."""


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=() if p.stem == "importing" else pytest.mark.long) for p in WITH_STEPS],
    ids=lambda page: page.stem,
)
@pytest.mark.timeout(600)
def test_a_reader_who_follows_the_page_gets_what_it_says(page: Path, tmp_path: Path, server: str) -> None:
    prepared(tmp_path, page)
    wrong = followed(page, tmp_path, server)
    assert not wrong, "\n\n".join(wrong)


def test_every_excuse_is_needed() -> None:
    """What is in a table and on no page any more goes out of the table."""
    found = {p.relative_to(ROOT).as_posix(): steps(p) for p in PAGES}
    commands = [f"{page} {s.text}" for page, of in found.items() for s in of if isinstance(s, Command)]
    for word in ASKED_ONLY:
        page, _, rest = word.partition(" ") if word.startswith("docs/") else ("", "", word)
        assert any(page in text and rest in text for text in commands), word
    scripts = [s.text for of in found.values() for s in of if isinstance(s, Script)]
    for word in NOT_RUN:
        assert any(word in text for text in scripts), word


def test_a_command_that_fails_is_found(tmp_path: Path, server: str) -> None:
    page = ROOT / "docs" / "tutorial.md"
    step = Command("sycoprobe sets --no-such-option")
    done = cli(*arguments(page.name, step, server), cwd=tmp_path)
    assert done.returncode not in expected(step)
