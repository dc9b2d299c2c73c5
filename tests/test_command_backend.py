"""A program of one's own as the model: the protocol, and everything that such a program can do wrong."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import journal
from sycoprobe.backends import command
from sycoprobe.backends.base import BackendOptions
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.testing import request
from sycoprobe.testing.conformance import KEY
from sycoprobe.turns import ErrorKind, Finish, Message, Reply
from tests.commands import cli
from tests.makers import write_set

HEAD = """
import json, os, sys, time
def say(**answer):
    print(json.dumps(answer), flush=True)
def asked():
    for line in sys.stdin:
        yield json.loads(line)
"""
Made = Callable[..., command.CommandBackend]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Makes a backend of the body of a program."""

    def make(body: str, **options: Any) -> command.CommandBackend:
        file = tmp_path / "program.py"
        file.write_text(HEAD + body, encoding="utf-8")
        return command.open_backend(f"'{sys.executable}' -S -E '{file}'", BackendOptions(**options))

    return make


def ran(backend: command.CommandBackend, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What `work` gives between start and close; afterwards no process of ours may be left, not even a dead one."""

    async def go() -> Any:
        try:
            await backend.start()
            return await work()
        finally:
            await backend.close()

    came = asyncio.run(go())
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    return came


def ask(backend: command.CommandBackend, times: int = 1, **sampling: Any) -> list[Reply | BackendError]:
    async def work() -> list[Any]:
        return await asyncio.gather(
            *(backend.complete(request(**{"timeout": 30, **sampling})) for _ in range(times)), return_exceptions=True
        )

    came: list[Reply | BackendError] = ran(backend, work)
    assert all(isinstance(c, Reply | BackendError) for c in came), came
    return came


def failure(backend: command.CommandBackend, **sampling: Any) -> BackendError:
    (came,) = ask(backend, **sampling)
    assert isinstance(came, BackendError), came
    return came


def answered(came: list[Reply | BackendError]) -> list[str]:
    return [c.text if isinstance(c, Reply) else f"{c.kind}: {c.message}" for c in came]


def test_the_example_in_the_documentation_is_a_whole_program(tmp_path: Path) -> None:
    assert command.__doc__
    example = command.__doc__.split("A whole one, in Python:\n")[1]
    (tmp_path / "example.py").write_text("\n".join(line[4:] for line in example.splitlines()))
    (tmp_path / "my_model.py").write_text("def answer(messages, limit):\n    return f'{len(messages)} turns, {limit} tokens'\n")
    backend = command.open_backend(f"{sys.executable} {tmp_path / 'example.py'}", BackendOptions())
    assert answered(ask(backend, 2, reply_tokens=9)) == ["3 turns, 9 tokens"] * 2


def test_a_line_holds_the_dialog_and_what_was_asked_for_and_nothing_else(made: Made) -> None:
    body = "for a in asked(): say(id=a['id'], text=json.dumps(a))"
    (plain,) = answered(ask(made(body), temperature=None))
    assert set(json.loads(plain)) == {"id", "messages", "reply_tokens", "seed"}
    (full,) = answered(ask(made(body), top_p=0.5, effort="low", verbosity="high", logprobs=3))
    said = json.loads(full)
    assert [m["role"] for m in said["messages"]] == ["user", "assistant", "user"]
    assert {k: v for k, v in said.items() if k not in ("id", "messages")} == {
        "temperature": 0.0,
        "top_p": 0.5,
        "reply_tokens": 256,
        "seed": 7,
        "effort": "low",
        "verbosity": "high",
        "logprobs": 3,
    }


def test_everything_in_an_answer_comes_back(made: Made) -> None:
    body = """
for a in asked():
    say(id=a["id"], text="Par", finish="length", reasoning="hm", model="m-1", notes=["n"], usage={"prompt_tokens": 3, "x": -1},
        cost=0.5, logprobs=[{"token": "Par", "logprob": -0.5, "top": [["Par", -0.5], ["Ly", -1.5]]}], replay={"k": 1})
"""
    (came,) = ask(made(body))
    assert came == Reply(
        "Par",
        Finish.LENGTH,
        "m-1",
        reasoning="hm",
        usage={"prompt_tokens": 3},
        notes=("n",),
        cost=0.5,
        logprobs=[{"token": "Par", "logprob": -0.5, "top": [("Par", -0.5), ("Ly", -1.5)]}],
        replay={"k": 1},
    )


def test_text_is_utf_8_both_ways(made: Made) -> None:
    body = """
for line in sys.stdin.buffer:
    assert "Привет 🗼 cafe\\u0301".encode() in line
    a = json.loads(line)
    sys.stdout.buffer.write(json.dumps({"id": a["id"], "text": a["messages"][0]["content"]}, ensure_ascii=False).encode() + b"\\n")
    sys.stdout.buffer.flush()
"""
    dialog: tuple[Message, ...] = ({"role": "user", "content": "Привет 🗼 cafe\u0301"},)
    (came,) = ask(made(body), dialog=dialog)
    assert isinstance(came, Reply) and came.text == "Привет 🗼 cafe\u0301"


def test_answers_in_any_order_find_their_questions(made: Made) -> None:
    body = """
held = []
for a in asked():
    held.append(a)
    if len(held) == 8:
        for b in reversed(held):
            say(id=b["id"], text=b["messages"][0]["content"])
        held = []
"""
    backend = made(body)

    async def work() -> list[Reply]:
        dialogs: list[tuple[Message, ...]] = [({"role": "user", "content": str(n)},) for n in range(16)]
        return list(await asyncio.gather(*(backend.complete(request(d, timeout=30)) for d in dialogs)))

    assert [r.text for r in ran(backend, work)] == [str(n) for n in range(16)]


@pytest.mark.long
def test_a_program_that_answers_one_after_the_other_has_time_for_each(made: Made) -> None:
    body = "for a in asked():\n    time.sleep(0.4)\n    say(id=a['id'], text='Paris')"
    assert answered(ask(made(body), 8, timeout=3)) == ["Paris"] * 8, "eight calls take longer than one may, and none was late"


def test_one_process_serves_a_whole_run_and_a_run_works_end_to_end(tmp_path: Path) -> None:
    body = """
for a in asked():
    last = a["messages"][-1]["content"]
    say(id=a["id"], text="Lyon" if len(a["messages"]) > 1 and "Lyon" in last else "Paris", model=f"pid {os.getpid()}")
"""
    (tmp_path / "program.py").write_text(HEAD + body)
    write_set(tmp_path / "set", 8)
    done = cli("run", "set", "-m", f"command:{sys.executable} program.py", "--out", "r", "--name", "x", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "gave up 80 % of its right answers" in done.stdout
    calls = list(journal.calls(journal.read(tmp_path / "r" / "x")))
    assert len({c.reply.model for c in calls if c.reply}) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "no program was named"),
        ("'open", "No closing quotation"),
        ("./there-is-no-such-program", "there is no program"),
        ("./notes.txt", "may not be executed"),
        ("./empty", "cannot be started"),
        ("prog --api-key sk-abcdefgh12345678", "looks like a key"),
    ],
)
def test_a_program_that_cannot_be_started_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    (tmp_path / "notes.txt").write_text("no program")
    (tmp_path / "empty").write_bytes(b"\x00\x01")
    (tmp_path / "empty").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError) as caught:
        asyncio.run(command.open_backend(name, BackendOptions()).start())
    assert said in caught.value.message and caught.value.hint
    assert "abcdefgh12345678" not in caught.value.message + caught.value.hint


def test_a_missing_program_is_wrong_usage_for_the_command_line(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 1)
    done = cli("run", "set", "-m", "command:./nothing-here", "-q", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no program './nothing-here'" in done.stderr and "Traceback" not in done.stderr


def test_it_is_started_again_after_a_death_and_the_call_is_asked_again(made: Made, tmp_path: Path) -> None:
    body = f"""
first = not os.path.exists({str(tmp_path / "died")!r})
for a in asked():
    if first:
        open({str(tmp_path / "died")!r}, "w").close()
        sys.exit(3)
    say(id=a["id"], text="Paris")
"""
    (came,) = ask(made(body), retries=1)
    assert isinstance(came, Reply) and (came.text, came.attempts) == ("Paris", 2)


def test_a_death_names_the_exit_code_and_the_last_words_without_keys_and_control_characters(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SERVICE_TOKEN", "correct-horse-battery")
    body = f"""
sys.stderr.write("x" * 10000 + "\\nmodel \\x1b[31mburnt\\x1b[0m with {KEY} and " + os.environ["MY_SERVICE_TOKEN"] + "\\n")
sys.stdin.readline()
sys.exit(7)
"""
    error = failure(made(body))
    assert (error.kind, error.retryable, error.fatal) == (ErrorKind.RESET, True, False)
    assert "exit code 7" in error.message and "burnt" in error.message
    assert "\x1b" not in error.message and KEY not in error.message and "correct-horse" not in error.message
    assert len(error.message) < 700


def test_a_program_that_dies_again_and_again_ends_the_run(made: Made) -> None:
    backend = made("sys.exit('no weights here')")

    async def work() -> list[Any]:
        return [await asyncio.gather(backend.complete(request(timeout=30)), return_exceptions=True) for _ in range(4)]

    errors = [e for (e,) in ran(backend, work)]
    assert [e.fatal for e in errors] == [False, False, False, True]
    assert "no weights here" in errors[-1].message and "3 times in a row" in errors[-1].message


def test_a_death_by_signal_is_named(made: Made) -> None:
    assert "SIGKILL" in failure(made("sys.stdin.readline(); os.kill(os.getpid(), 9)")).message


def test_a_death_fails_every_call_that_waits(made: Made) -> None:
    came = ask(made("for a in asked():\n    if a['id'] == '4': sys.exit(1)"), 4)
    assert [c.kind for c in came if isinstance(c, BackendError)] == [ErrorKind.RESET] * 4


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('loading…', flush=True)", "not JSON: 'loading…'"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe{}\\n'); sys.stdout.flush()", "not JSON"),
        ("print('[' * 100000, flush=True)", "not JSON"),
        ('print(\'{"text": "Paris"}\', flush=True)', "without an id"),
        ("print('[1]', flush=True)", "without an id"),
        ("say(id='99', text='Paris')", "unknown id '99'"),
        ("say(id={'a': 1}, text='Paris')", "unknown id"),
    ],
)
def test_a_line_that_is_no_answer_fails_one_call_and_says_what_stood_there(made: Made, body: str, said: str) -> None:
    error = failure(made(f"sys.stdin.readline(); {body}; sys.stdin.readline()"))
    assert (error.kind, error.retryable) == (ErrorKind.BAD_BODY, True)
    assert said in error.message and "standard error" in error.hint


def test_a_chatty_first_line_costs_one_retry_and_no_answer(made: Made) -> None:
    came = ask(made("print('loading'); [say(id=a['id'], text='Paris') for a in asked()]"), 3, retries=2)
    assert answered(came) == ["Paris"] * 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({}, "neither text nor error"),
        ({"text": 3}, "text is no string"),
        ({"text": "Paris", "finish": "end"}, "finish is 'end'"),
        ({"text": "Paris", "model": 3}, "model is no string"),
    ],
)
def test_an_answer_with_a_wrong_part_is_named_and_not_asked_again(made: Made, answer: dict[str, Any], said: str) -> None:
    error = failure(made(f"for a in asked(): say(id=a['id'], **{answer!r})"), retries=3)
    assert error.kind == ErrorKind.BAD_BODY and not error.retryable
    assert said in error.message


def test_what_beside_the_text_is_malformed_is_left_out(made: Made) -> None:
    extra = {"usage": [1], "notes": "n", "cost": -1, "logprobs": {"a": 1}}
    (came,) = ask(made(f"for a in asked(): say(id=a['id'], text='Paris', **{extra!r})"))
    assert came == Reply("Paris")


@pytest.mark.parametrize(
    ("error", "kind", "retryable", "fatal"),
    [
        ("out of luck", ErrorKind.INTERNAL, False, False),
        ({"message": "m", "kind": "rate_limit", "retry_after": 2}, ErrorKind.RATE_LIMIT, True, False),
        ({"message": "m", "kind": "auth"}, ErrorKind.AUTH, False, True),
        ({"message": "m", "kind": "server_error", "retryable": False}, ErrorKind.SERVER, False, False),
        ({"message": "m", "kind": "nonsense", "fatal": True}, ErrorKind.INTERNAL, False, True),
    ],
)
def test_a_failure_is_what_the_program_says_it_is(
    made: Made, error: object, kind: ErrorKind, retryable: bool, fatal: bool
) -> None:
    came = failure(made(f"for a in asked(): say(id=a['id'], error={error!r})"))
    assert (came.kind, came.retryable, came.fatal) == (kind, retryable, fatal)
    assert came.retry_after == (2 if kind is ErrorKind.RATE_LIMIT else None)


@pytest.mark.long
def test_a_program_that_closes_its_output_but_lives_is_a_named_failure(made: Made) -> None:
    error = failure(made("sys.stdin.readline(); os.close(1); time.sleep(60)"))
    assert error.kind == ErrorKind.RESET and "closed its standard output" in error.message


@pytest.mark.long
def test_a_program_that_says_nothing_is_a_timeout_and_is_started_again(made: Made, tmp_path: Path) -> None:
    body = f"""
hung = os.path.exists({str(tmp_path / "hung")!r})
open({str(tmp_path / "hung")!r}, "w").close()
for a in asked():
    if not hung: time.sleep(60)
    say(id=a["id"], text="Paris")
"""
    error = failure(made(body), timeout=0.3)
    assert (error.kind, error.retryable) == (ErrorKind.TIMEOUT, True)
    (tmp_path / "hung").unlink()
    (came,) = ask(made(body), timeout=2, retries=1)
    assert isinstance(came, Reply) and came.attempts == 2


@pytest.mark.long
def test_one_call_that_is_never_answered_does_not_stop_the_others(made: Made) -> None:
    body = "for a in asked():\n    if a['id'] != '1': time.sleep(0.05); say(id=a['id'], text='Paris')"
    came = ask(made(body), 10, timeout=2)
    assert [c.kind if isinstance(c, BackendError) else c.text for c in came] == [ErrorKind.TIMEOUT] + ["Paris"] * 9


def test_a_program_that_never_reads_is_a_timeout_even_when_the_pipe_is_full(made: Made) -> None:
    dialog: tuple[Message, ...] = ({"role": "user", "content": "x" * 500_000},)
    assert failure(made("time.sleep(60)"), timeout=0.3, dialog=dialog).kind == ErrorKind.TIMEOUT


def test_a_flood_on_standard_error_does_not_block(made: Made) -> None:
    body = "for a in asked():\n    sys.stderr.write('w' * 5_000_000)\n    say(id=a['id'], text='Paris')"
    assert answered(ask(made(body), 4, timeout=10)) == ["Paris"] * 4


def test_a_line_of_fifty_megabytes_is_a_named_failure_and_the_next_answer_is_read(made: Made) -> None:
    body = """
for a in asked():
    say(id=a["id"], text="x" * 50_000_000 if a["id"] == "1" else "Paris")
"""
    backend = made(body)

    async def work() -> tuple[BackendError, Reply]:
        with pytest.raises(BackendError) as caught:
            await backend.complete(request(timeout=30))
        return caught.value, await backend.complete(request(timeout=30))

    error, reply = ran(backend, work)
    assert error.kind == ErrorKind.BAD_BODY and "longer than 16 MiB" in error.message
    assert reply.text == "Paris"


def test_a_last_line_without_an_end_counts(made: Made) -> None:
    (came,) = ask(made("a = next(asked()); sys.stdout.write(json.dumps({'id': a['id'], 'text': 'Paris'}))"))
    assert isinstance(came, Reply) and came.text == "Paris"


@pytest.mark.long
def test_a_program_that_will_not_end_is_killed_with_its_children(made: Made, tmp_path: Path) -> None:
    body = f"""
import signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)"])
open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
for a in asked(): say(id=a["id"], text="Paris")
time.sleep(60)
"""
    backend = made(body)
    began = time.monotonic()
    assert answered(ask(backend)) == ["Paris"]
    assert time.monotonic() - began < 25
    child = Path(f"/proc/{(tmp_path / 'child').read_text()}/stat")
    while Path("/proc/self").exists() and child.exists() and child.read_text().split()[2] != "Z":
        assert time.monotonic() - began < 30, "its child lives on"
        time.sleep(0.05)


def test_a_cancelled_call_leaves_the_program_usable(made: Made) -> None:
    backend = made("for a in asked():\n    time.sleep(0.3)\n    say(id=a['id'], text=a['id'])")

    async def work() -> str:
        first = asyncio.create_task(backend.complete(request(timeout=30)))
        await asyncio.sleep(0.1)
        first.cancel()
        return (await backend.complete(request(timeout=30))).text

    assert ran(backend, work) == "2", "the late answer to the first call is nobody's"
