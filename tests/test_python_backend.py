"""A user's own function as the model."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import journal
from sycoprobe.backends import python
from sycoprobe.backends.base import BackendOptions
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.testing import request
from sycoprobe.turns import ErrorKind, Reply
from tests.commands import cli
from tests.makers import write_set

MODULE = """
import asyncio, functools, json, os, sys, threading, time
from sycoprobe.backends.base import Finish, Reply
from sycoprobe.errors import BackendError

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

def settings(messages, *, temperature, top_p, reply_tokens, seed, effort, verbosity, logprobs, timeout):
    return json.dumps([temperature, top_p, reply_tokens, seed, effort, verbosity, logprobs, timeout])

def everything(messages, **given):
    return json.dumps(sorted(given))

def positional(temperature, seed, /):
    return "Paris"

def bound(prefix, messages, temperature=None):
    return f"{prefix} {temperature}"

async def bound_async(prefix, messages, seed):
    return f"{prefix} {seed} {threading.current_thread() is threading.main_thread()}"

part = functools.partial(bound, "Paris", temperature=9)
part_async = functools.partial(bound_async, "Paris")

class Asynchronous:
    async def __call__(self, messages, seed):
        return f"{seed} {threading.current_thread() is threading.main_thread()}"

asynchronous_object = Asynchronous()

class Counting:
    made = closed = 0

    def __init__(self):
        Counting.made += 1
        self.asked = 0

    def __call__(self, messages):
        self.asked += 1
        return f"{Counting.made} {self.asked}"

    def close(self):
        Counting.closed += 1

class Demanding:
    def __init__(self, path): ...

class Mute: ...

def awaitable(messages):
    return bound_async("later", messages, 0)

def thinking(messages):
    return "<think>I recall.</think>Paris"

def leaking(messages):
    raise RuntimeError("401 for " + os.environ["MY_SERVICE_TOKEN"])

def leaking_by_name(messages):
    raise BackendError("401 for " + os.environ["MY_SERVICE_TOKEN"], os.environ["MY_SERVICE_TOKEN"], kind="bad_request")

def leaving(messages):
    sys.exit("no model here")

async def leaving_async(messages):
    sys.exit("no model here")

def cancelling(messages):
    raise asyncio.CancelledError

def own_timeout(messages):
    raise TimeoutError("the server behind me is slow")

tried = []

def limited(messages):
    tried.append(1)
    if len(tried) < 3:
        raise BackendError("slow down", kind="rate_limit", retryable=True, retry_after=0)
    return "Paris"

local = threading.local()

def of_this_thread(messages):
    local.n = getattr(local, "n", 0) + 1
    return str(local.n)

release = threading.Event()

def stuck_at_first(messages):
    if not tried:
        tried.append(1)
        release.wait(60)
    return "Paris"

def hanging(messages):
    time.sleep(90)

def text_of_three(messages):
    return Reply(3)
"""


def ask(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, times: int = 1, **sampling: Any) -> list[Any]:
    """What comes back, one call after the other."""
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.delitem(sys.modules, "mine", raising=False)

    async def go() -> list[Any]:
        backend = python.open_backend(f"mine:{name}", BackendOptions(concurrency=2))
        try:
            await backend.start()
            came: list[Any] = []
            for _ in range(times):
                came += await asyncio.gather(backend.complete(request(**{"timeout": 30, **sampling})), return_exceptions=True)
            return came
        finally:
            await backend.close()
            await backend.close()

    return asyncio.run(go())


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
    code, _, _ = run(folder, "slow", "--timeout", "0.2", "-n", "1", "--retries", "0")
    assert code == 4
    assert {c.error_kind for c in journal.calls(journal.read(folder / "r" / "x"))} == {"timeout"}


@pytest.mark.parametrize(
    ("name", "said"), [("nothing", "no attribute"), ("constant", "not callable"), ("", "names no function")]
)
def test_a_name_that_leads_nowhere_is_one_clear_error(folder: Path, name: str, said: str) -> None:
    code, _, error = run(folder, name)
    assert code == 2
    assert said in error and "pkg.module:callable" in error


def test_every_setting_is_given_to_a_function_that_takes_it_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {
        "temperature": 0.5,
        "top_p": 0.9,
        "effort": "low",
        "verbosity": "high",
        "logprobs": 2,
        "timeout": 9.0,
    }
    (reply,) = ask(folder, monkeypatch, "settings", **asked)
    assert json.loads(reply.text) == [0.5, 0.9, 256, 7, "low", "high", 2, 9.0]
    (reply,) = ask(folder, monkeypatch, "everything")
    assert len(json.loads(reply.text)) == 8


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("part", "Paris 9"),
        ("part_async", "Paris 7 True"),
        ("asynchronous_object", "7 True"),
        ("Asynchronous", "7 True"),
        ("awaitable", "later 0 True"),
    ],
)
def test_any_callable_will_do_and_what_is_async_runs_in_the_event_loop(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    (reply,) = ask(folder, monkeypatch, name)
    assert reply.text == said, reply


def test_a_class_is_made_into_one_object_that_keeps_its_state_and_is_closed_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = ask(folder, monkeypatch, "Counting", 3)
    assert [r.text for r in came] == ["1 1", "1 2", "1 3"]
    assert sys.modules["mine"].Counting.closed == 1


@pytest.mark.parametrize(("name", "said"), [("Demanding", "TypeError"), ("Mute", "not callable")])
def test_a_class_that_gives_no_callable_object_is_one_clear_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    with pytest.raises(PlanError, match=said):
        ask(folder, monkeypatch, name)


def test_a_thinking_block_in_a_plain_string_stands_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (reply,) = ask(folder, monkeypatch, "thinking")
    assert (reply.text, reply.reasoning) == ("Paris", "I recall.")


@pytest.mark.parametrize("name", ["leaking", "leaking_by_name"])
def test_a_key_from_the_environment_stands_in_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MY_SERVICE_TOKEN", "correct-horse-battery")
    (error,) = ask(folder, monkeypatch, name)
    assert isinstance(error, BackendError) and "401 for [key]" in error.message
    assert "horse" not in f"{error} {error.message} {error.hint}"


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("leaving", ErrorKind.INTERNAL, "SystemExit: no model here"),
        ("leaving_async", ErrorKind.INTERNAL, "SystemExit: no model here"),
        ("cancelling", ErrorKind.INTERNAL, "CancelledError"),
        ("own_timeout", ErrorKind.TIMEOUT, "the server behind me is slow"),
        ("text_of_three", ErrorKind.BAD_BODY, "a Reply whose text is int"),
        ("positional", ErrorKind.INTERNAL, "TypeError"),
    ],
)
def test_what_would_end_more_than_the_call_is_a_failed_call(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: ErrorKind, said: str
) -> None:
    (error,) = ask(folder, monkeypatch, name)
    assert isinstance(error, BackendError) and error.kind == kind and said in error.message, error


@pytest.mark.long
def test_a_failure_that_may_pass_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (reply,) = ask(folder, monkeypatch, "limited", retries=2)
    assert isinstance(reply, Reply) and (reply.text, reply.attempts) == ("Paris", 3)


def test_threads_are_used_again_so_that_what_is_kept_for_a_thread_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [r.text for r in ask(folder, monkeypatch, "of_this_thread", 3)] == ["1", "2", "3"]


def test_a_function_that_hangs_does_not_keep_the_process_from_ending(folder: Path) -> None:
    began = time.monotonic()
    code, _, _ = run(folder, "hanging", "--timeout", "0.2", "-n", "1", "--retries", "0")
    assert code == 4 and time.monotonic() - began < 60


def test_a_call_that_never_comes_back_takes_nobodys_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    came = ask(folder, monkeypatch, "stuck_at_first", 3, timeout=1)
    sys.modules["mine"].release.set()
    assert [c.kind if isinstance(c, BackendError) else c.text for c in came] == [ErrorKind.TIMEOUT, "Paris", "Paris"]
