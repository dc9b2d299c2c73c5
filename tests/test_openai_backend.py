"""The OpenAI-compatible backend against a real server on loopback: every failure has its name, no key gets out."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from sycoprobe import api
from sycoprobe.backends.base import BackendOptions, Request, Sampling
from sycoprobe.backends.openai import OpenAIBackend, open_backend, transcript_prompt
from sycoprobe.backends.retry import retry_after, wait_before
from sycoprobe.backends.transport import proxy_for
from sycoprobe.errors import BackendError, SycoprobeError
from sycoprobe.turns import ErrorKind, Finish, Reply
from tests.loopback import FAULTS, LoopbackServer, reply_body
from tests.makers import write_set

KEY = "sk-planted-0123456789abcdef"
ASK = ({"role": "user", "content": "What is the capital of France?"},)


def call(
    server: LoopbackServer, *, retries: int = 0, timeout: float = 5, key: str | None = None, mode: str = "chat", **sampling: Any
) -> Reply:
    """One call to the server."""

    async def go() -> Reply:
        backend = OpenAIBackend("m", base_url=server.url, key=key, options=BackendOptions(), mode=cast(Any, mode))
        await backend.start()
        try:
            settings = Sampling(retries=retries, timeout=timeout, **sampling)
            return await backend.complete(Request(cast(Any, ASK), settings, 7, cast(Any, None), cast(Any, None)))
        finally:
            await backend.close()

    return asyncio.run(go())


def failure(status: int, body: bytes, headers: dict[str, str] | None = None) -> BackendError:
    with LoopbackServer(lambda _: (status, headers or {}, body)) as server, pytest.raises(BackendError) as e:
        call(server, key=KEY)
    return e.value


def test_a_reply_is_read_with_its_usage_model_and_finish() -> None:
    with LoopbackServer(keep=True) as server:
        reply = call(server, temperature=0.0, max_tokens=99)
        headers, body, _ = server.seen[0]
    assert (reply.text, reply.finish, reply.model, reply.attempts) == ("Paris", Finish.STOP, "m-2026", 1)
    assert reply.usage == {"prompt_tokens": 30, "completion_tokens": 3}
    assert body == {"model": "m", "messages": list(ASK), "temperature": 0.0, "max_tokens": 99, "seed": 7}
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers


def test_a_temperature_left_to_the_server_is_not_sent() -> None:
    with LoopbackServer(keep=True) as server:
        call(server, temperature=None)
        assert "temperature" not in server.seen[0][1]


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": "<think>Lyon? No.</think>\n\nParis"}, "Paris", "Lyon? No."),
        ({"content": "<think>Lyon, surely, and"}, "", "Lyon, surely, and"),
        ({"content": "Paris", "reasoning_content": "Lyon?"}, "Paris", "Lyon?"),
        ({"content": "Paris", "reasoning": "Lyon?"}, "Paris", "Lyon?"),
        ({"content": None, "reasoning": "Lyon?"}, "", "Lyon?"),
        ({"content": [{"type": "text", "text": "Pa"}, {"type": "text", "text": "ris"}]}, "Paris", None),
    ],
)
def test_reasoning_is_kept_apart_and_never_part_of_the_answer(
    message: dict[str, Any], text: str, reasoning: str | None
) -> None:
    body = reply_body("")
    body["choices"][0]["message"].update(message)
    with LoopbackServer(lambda _: body) as server:
        reply = call(server)
    assert (reply.text, reply.reasoning) == (text, reasoning)


@pytest.mark.parametrize(
    ("finish", "message", "expected"),
    [
        ("length", {}, Finish.LENGTH),
        ("content_filter", {}, Finish.REFUSAL),
        ("stop", {"refusal": "I cannot."}, Finish.REFUSAL),
        ("tool_calls", {}, Finish.OTHER),
    ],
)
def test_cut_offs_and_refusals_are_told_from_answers(finish: str, message: dict[str, Any], expected: Finish) -> None:
    with LoopbackServer(lambda _: reply_body("x", finish=finish, **message)) as server:
        assert call(server).finish is expected


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable", "fatal"),
    [
        (401, b'{"error":{"message":"bad key"}}', ErrorKind.AUTH, False, True),
        (403, b"", ErrorKind.AUTH, False, True),
        (402, b'{"error":{"message":"pay"}}', ErrorKind.RATE_LIMIT, False, True),
        (404, b'{"error":{"message":"no such model"}}', ErrorKind.NOT_FOUND, False, True),
        (429, b'{"error":{"code":"insufficient_quota","message":"quota"}}', ErrorKind.RATE_LIMIT, False, True),
        (429, b'{"error":{"message":"slow"}}', ErrorKind.RATE_LIMIT, True, False),
        (500, b"oops", ErrorKind.SERVER, True, False),
        (503, b"<html>", ErrorKind.SERVER, True, False),
        (529, b'{"error":{"message":"overloaded"}}', ErrorKind.SERVER, True, False),
        (400, b'{"error":{"code":"context_length_exceeded","message":"too long"}}', ErrorKind.CONTEXT, False, False),
        (400, b'{"error":{"message":"what?"}}', ErrorKind.BAD_REQUEST, False, False),
        (422, b'{"detail":"no"}', ErrorKind.BAD_REQUEST, False, False),
        (200, b'{"error":{"message":"upstream","code":502}}', ErrorKind.ERROR_IN_200, True, False),
        (200, b'{"error":{"message":"bad input","code":400}}', ErrorKind.ERROR_IN_200, False, False),
        (200, b'{"choices":[{"error":{"message":"upstream","code":502}}]}', ErrorKind.ERROR_IN_200, True, False),
        (200, b'{"choices":[]}', ErrorKind.BAD_BODY, True, False),
        (200, b'{"choices":[{}]}', ErrorKind.BAD_BODY, True, False),
        (200, b"<html>hello</html>", ErrorKind.BAD_BODY, True, False),
        (200, b"[]", ErrorKind.BAD_BODY, True, False),
        (200, b"", ErrorKind.BAD_BODY, True, False),
    ],
)
def test_each_failure_has_its_name(status: int, body: bytes, kind: ErrorKind, retryable: bool, fatal: bool) -> None:
    e = failure(status, body)
    assert (e.kind, e.retryable, e.fatal) == (kind, retryable, fatal)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("reset", ErrorKind.RESET),
        ("truncated", ErrorKind.TRUNCATED),
        ("half-json", ErrorKind.BAD_BODY),
        ("slow", ErrorKind.TIMEOUT),
    ],
)
def test_broken_exchanges_are_told_apart(fault: str, kind: ErrorKind) -> None:
    with LoopbackServer(fault_rate=1, faults=(fault,)) as server, pytest.raises(BackendError) as e:
        call(server, timeout=0.5)
    assert e.value.kind == kind
    assert e.value.retryable


def test_a_server_that_is_not_there_is_one_clear_error_with_a_mend() -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    backend = OpenAIBackend("m", base_url=f"http://127.0.0.1:{port}/v1", key=None, options=BackendOptions())

    async def go() -> None:
        try:
            await backend.start()
        finally:
            await backend.close()

    with pytest.raises(BackendError) as e:
        asyncio.run(go())
    assert e.value.kind == ErrorKind.CONNECT
    assert "is the server running at" in e.value.hint


def test_a_body_that_dribbles_in_for_ever_ends_in_a_timeout() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def dribble() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            for _ in range(100):
                connection.sendall(b" ")
                time.sleep(0.05)
        except OSError:
            pass

    threading.Thread(target=dribble, daemon=True).start()

    async def go() -> None:
        backend = OpenAIBackend(
            "m", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", key=None, options=BackendOptions()
        )
        await backend._transport.start()
        try:
            await backend.complete(
                Request(cast(Any, ASK), Sampling(retries=0, timeout=0.4), 1, cast(Any, None), cast(Any, None))
            )
        finally:
            await backend.close()

    began = time.monotonic()
    with pytest.raises(BackendError) as e:
        asyncio.run(go())
    listener.close()
    assert e.value.kind == ErrorKind.TIMEOUT
    assert time.monotonic() - began < 3


def test_a_compressed_body_is_read_and_a_broken_one_is_named() -> None:
    whole = gzip.compress(json.dumps(reply_body("Paris")).encode())
    with LoopbackServer(lambda _: (200, {"Content-Encoding": "gzip"}, whole)) as server:
        assert call(server).text == "Paris"
    assert failure(200, b"not gzip at all", {"Content-Encoding": "gzip"}).kind == ErrorKind.TRUNCATED


def test_failures_that_may_pass_are_tried_again_and_counted() -> None:
    replies = iter([(503, {}, b""), (429, {"Retry-After": "0.1"}, b"{}"), (200, {}, json.dumps(reply_body("Paris")).encode())])
    with LoopbackServer(lambda _: next(replies), keep=True) as server:
        reply = call(server, retries=3)
        assert reply.attempts == 3
        assert server.seen[2][2] - server.seen[1][2] >= 0.1


def test_what_cannot_pass_is_not_tried_again() -> None:
    with LoopbackServer(lambda _: (400, {}, b"{}")) as server:
        with pytest.raises(BackendError):
            call(server, retries=5)
        assert server.requests == 1


def test_the_servers_word_is_the_floor_of_every_wait() -> None:
    for attempt in range(1, 9):
        assert wait_before(attempt, 30.0, lambda: 0.0) >= 30
        assert wait_before(attempt, None, lambda: 0.999) <= 60
    assert wait_before(3, None, lambda: 0.5) == pytest.approx(2.0)
    assert retry_after({"retry-after": "7"}) == 7
    assert retry_after({"retry-after-ms": "250", "retry-after": "7"}) == 0.25
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


def test_a_rejected_parameter_is_adapted_once_and_noted() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "max_tokens" in body:
            said = {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
            }
            return (400, {}, json.dumps({"error": said | {"param": "max_tokens", "code": "unsupported_parameter"}}).encode())
        if "temperature" in body:
            said = {"message": "Unsupported value: 'temperature' does not support 0 with this model.", "param": "temperature"}
            return (400, {}, json.dumps({"error": said}).encode())
        return "Paris"

    with LoopbackServer(answer, keep=True) as server:
        reply = call(server)
        assert server.seen[-1][1]["max_completion_tokens"] == 256
        assert "temperature" not in server.seen[-1][1]
    assert set(reply.notes) == {"adapted: max_tokens -> max_completion_tokens", "adapted: temperature -> left out"}


def test_a_base_model_is_driven_with_a_plain_transcript() -> None:
    with LoopbackServer(keep=True) as server:
        assert call(server, mode="completion").text == "Paris"
        headers, body, _ = server.seen[0]
    assert headers[":path"] == "/v1/completions"
    assert body["prompt"] == "User: What is the capital of France?\nAssistant:"
    assert "\nUser:" in body["stop"]
    dialog: Any = (
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes"},
    )
    assert transcript_prompt(dialog) == "Be terse.\nUser: Hi\nAssistant: Yes\nAssistant:"


def test_the_key_is_sent_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    folder = write_set(tmp_path / "set", 12)

    def echo(body: dict[str, Any]) -> Any:
        asked = body["messages"][0]["content"]
        if "number 3" in asked or "number 5" in asked:
            return (400, {}, json.dumps({"error": {"message": f"your key {KEY} ({KEY[-8:]}) is odd"}}).encode())
        return "Paris"

    with LoopbackServer(echo, keep=True) as server:
        conduct = api.Conduct(api_key_env="MY_KEY", retries=0)
        report = api.run(str(folder), model="openai:m", base_url=server.url, out=tmp_path, name="r", conduct=conduct)
        assert server.seen[0][0]["authorization"] == f"Bearer {KEY}"
    assert report.status.error_kinds == {"bad_request": 2}
    for file in (tmp_path / "r").iterdir():
        content = file.read_text()
        assert KEY not in content
        assert KEY[-8:] not in content
    assert "[key]" in (tmp_path / "r" / "journal.jsonl").read_text()
    assert KEY not in str(failure(401, f'{{"error":{{"message":"no such key: {KEY}"}}}}'.encode()))


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/v1", "http://", "http://host:port/v1", "nonsense"])
def test_an_address_that_is_none_is_one_clear_error(url: str) -> None:
    with pytest.raises(SycoprobeError, match="is not an address"):
        open_backend("m", BackendOptions(base_url=url))


def test_a_missing_key_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(BackendError, match="OPENAI_API_KEY holds no key") as e:
        open_backend("m", BackendOptions())
    assert "export OPENAI_API_KEY" in e.value.hint
    open_backend("m", BackendOptions(base_url="http://localhost:1/v1"))


def test_a_password_in_the_address_is_refused_before_it_is_journaled(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 2)
    with pytest.raises(SycoprobeError, match="user name or password") as e:
        api.run(str(folder), model="openai:m", base_url="http://me:hunter2@127.0.0.1:9/v1", out=tmp_path, name="r")
    assert "hunter2" not in str(e.value) + e.value.hint
    assert not (tmp_path / "r").exists()


def test_the_environments_proxy_is_used_except_for_hosts_that_it_excludes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with LoopbackServer(keep=True) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "localhost")
        assert proxy_for("http://localhost:9/v1") is None

        async def go() -> Reply:
            backend = OpenAIBackend("m", base_url="http://model.invalid/v1", key=None, options=BackendOptions())
            await backend.start()
            try:
                return await backend.complete(Request(cast(Any, ASK), Sampling(retries=0), 1, cast(Any, None), cast(Any, None)))
            finally:
                await backend.close()

        assert asyncio.run(go()).text == "Paris"
        assert proxy.seen[0][0][":path"] == "http://model.invalid/v1/chat/completions"


def test_a_run_against_a_server_that_fails_in_every_way_ends_with_every_trial_answered_or_named(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 60)
    with LoopbackServer(fault_rate=0.3, seed=4, slow=1.2) as server:
        conduct = api.Conduct(concurrency=32, timeout=1.0, retries=2)
        report = api.run(str(folder), model="openai:m", base_url=server.url, out=tmp_path, name="r", conduct=conduct)
        assert set(server.failed) == set(FAULTS)
    assert report.status.complete
    assert report.status.missing_calls == 0
    named = Counter(report.status.error_kinds)
    assert set(named) <= {k.value for k in ErrorKind}
    trials = sum(sum(report.counts[arm].values()) for arm in ("control", "pushback", "correction"))
    assert report.status.calls == sum(report.counts["first"].values()) + trials
    assert report.status.errors == named.total() < 0.1 * report.status.calls
    assert report.usage["attempts"] > 1.2 * report.status.calls


def test_a_run_with_a_wrong_key_stops_at_once_and_can_be_resumed(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 30)
    wrong = True

    def answer(_: dict[str, Any]) -> Any:
        return (401, {}, b'{"error":{"message":"invalid key"}}') if wrong else "Paris"

    with LoopbackServer(answer) as server:
        with pytest.raises(api.RunFailed, match="invalid key") as e:
            api.run(
                str(folder), model="openai:m", base_url=server.url, out=tmp_path, name="r", conduct=api.Conduct(concurrency=4)
            )
        assert "sycoprobe resume" in e.value.hint
        assert server.requests <= 4
        wrong = False
        assert api.resume(tmp_path / "r").status.complete
