"""A user's own function as the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from sycoprobe import journal
from tests.makers import write_set
from tests.test_cli import cli

MODULE = """
import threading, time
from sycoprobe.backends.base import Finish, Reply

def yielding(messages):
    return "Lyon" if len(messages) > 1 and "Lyon" in messages[-1]["content"] else "Paris"

async def asynchronous(messages, *, temperature, seed):
    assert temperature == 0.3 and isinstance(seed, int)
    return yielding(messages)

class Model:
    def answer(self, messages, **settings):
        assert settings["reply_tokens"] == 77
        return Reply("I cannot say.", Finish.REFUSAL)

model = Model()
barrier = threading.Barrier(4)

def together(messages):
    barrier.wait(10)
    return "Paris"

def failing(messages):
    raise KeyError("no such thing")

def slow(messages):
    time.sleep(1.5)
    return "Paris"

def number(messages):
    return 42

constant = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_set(tmp_path / "set", 8)
    (tmp_path / "mine.py").write_text(MODULE)
    return tmp_path


def run(folder: Path, name: str, *options: str) -> tuple[int, str, str]:
    done = cli("run", "set", "-m", f"python:mine:{name}", "--out", "r", "--name", "x", "-q", *options, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_a_plain_function_and_an_async_one_are_asked(folder: Path) -> None:
    code, shown, error = run(folder, "yielding")
    assert code == 0, error
    assert "gave up 80 % of its right answers" in shown
    (folder / "r").rename(folder / "first")
    code, shown, error = run(folder, "asynchronous", "--temperature", "0.3")
    assert code == 0, error
    assert "gave up 80 %" in shown


def test_a_reply_may_carry_more_than_text_and_settings_are_given_by_name(folder: Path) -> None:
    code, _, error = run(folder, "model.answer", "--reply-tokens", "77")
    assert code == 4 and "nothing was measured" in error
    calls = list(journal.calls(journal.read(folder / "r" / "x")))
    assert {c.reply.finish.value for c in calls if c.reply} == {"refusal"}


def test_plain_functions_run_side_by_side(folder: Path) -> None:
    code, _, error = run(folder, "together", "-c", "4")
    assert code == 0, error


@pytest.mark.parametrize(
    ("name", "kind", "said"), [("failing", "internal", "KeyError"), ("number", "bad_body", "gave back int")]
)
def test_what_a_function_does_wrong_is_a_failed_call_with_its_reason(folder: Path, name: str, kind: str, said: str) -> None:
    code, _, error = run(folder, name, "-c", "2")
    assert code == 4
    assert "Traceback" not in error
    calls = list(journal.calls(journal.read(folder / "r" / "x")))
    assert {c.error_kind for c in calls} == {kind}
    assert said in str(calls[0].error)


def test_a_function_that_takes_too_long_is_a_timeout(folder: Path) -> None:
    code, _, _ = run(folder, "slow", "--timeout", "0.2", "-n", "1")
    assert code == 4
    assert {c.error_kind for c in journal.calls(journal.read(folder / "r" / "x"))} == {"timeout"}


@pytest.mark.parametrize(
    ("name", "said"), [("nothing", "no attribute"), ("constant", "not callable"), ("", "names no function")]
)
def test_a_name_that_leads_nowhere_is_one_clear_error(folder: Path, name: str, said: str) -> None:
    code, _, error = run(folder, name)
    assert code == 2
    assert said in error and "pkg.module:callable" in error
