"""The OpenAI-compatible backend against a real server on loopback: every failure has its name, no key gets out."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest

from sycoprobe import api
from sycoprobe.backends.base import BackendOptions, Request, Sampling
from sycoprobe.backends.dialogs import transcript_prompt
from sycoprobe.backends.openai import OpenAIBackend, open_backend
from sycoprobe.backends.retry import retry_after, wait_before
from sycoprobe.backends.transport import HttpReply, proxy_for
from sycoprobe.errors import BackendError, SycoprobeError
from sycoprobe.turns import ErrorKind, Finish, Reply
from tests.loopback import FAULTS, LoopbackServer, reply_body
from tests.makers import write_set

KEY = "sk-planted-0123456789abcdef"
MIXED = FAULTS + tuple(f for f in FAULTS if "429" not in f)
"""Every fault, and so few 429s (2.5 % of all answers) that the limiter does not take them for a limit on the rate."""
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


def calls(
    server: LoopbackServer, n: int, *, retries: int, timeout: float = 5, concurrency: int = 32
) -> list[Reply | BackendError]:
    """`n` calls, each with the reply or the named failure that it ended in; anything else that is raised goes through."""

    async def go() -> list[Reply | BackendError]:
        backend = OpenAIBackend("m", base_url=server.url, key=KEY, options=BackendOptions(concurrency=concurrency))
        await backend.start()
        free = asyncio.Semaphore(concurrency)

        async def one() -> Reply | BackendError:
            request = Request(cast(Any, ASK), Sampling(retries=retries, timeout=timeout), 7, cast(Any, None), cast(Any, None))
            async with free:
                try:
                    return await backend.complete(request)
                except BackendError as e:
                    return e

        try:
            return await asyncio.gather(*(one() for _ in range(n)))
        finally:
            await backend.close()

    return asyncio.run(go())


def facts(server: LoopbackServer) -> dict[str, Any]:
    """What the backend finds out about the server when it starts."""

    async def go() -> dict[str, Any]:
        backend = OpenAIBackend("m", base_url=server.url, key=KEY, options=BackendOptions())
        try:
            return await backend.start()
        finally:
            await backend.close()

    return asyncio.run(go())


def failure(status: int, body: bytes, headers: dict[str, str] | None = None) -> BackendError:
    with LoopbackServer(lambda _: (status, headers or {}, body)) as server, pytest.raises(BackendError) as e:
        call(server, key=KEY)
    return e.value


def test_a_reply_is_read_with_its_usage_model_and_finish() -> None:
    with LoopbackServer(keep=True) as server:
        reply = call(server, temperature=0.0, reply_tokens=99)
        headers, body, _ = server.seen[0]
    assert (reply.text, reply.finish, reply.model, reply.attempts) == ("Paris", Finish.STOP, "m-2026", 1)
    assert reply.usage == {"prompt_tokens": 30, "completion_tokens": 3}
    assert body == {"model": "m", "messages": list(ASK), "temperature": 0.0, "max_tokens": 99, "seed": 7, "stream": False}
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
        ({"content": "Lyon? No.\n</think>\n\nParis"}, "Paris", "Lyon? No."),
        ({"content": "Paris, not <think>Lyon</think>"[:18]}, "Paris, not <think>", None),
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
        (402, b'{"error":{"message":"pay"}}', ErrorKind.QUOTA, False, True),
        (404, b'{"error":{"message":"no such model"}}', ErrorKind.NOT_FOUND, False, True),
        (429, b'{"error":{"code":"insufficient_quota","message":"quota"}}', ErrorKind.QUOTA, False, True),
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
            for _ in range(400):
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
    assert time.monotonic() - began < 10


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


def test_a_rejected_limit_is_renamed_and_never_dropped() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "max_completion_tokens" in body:
            return "Paris"
        error = {"message": "Unsupported parameter.", "param": "max_tokens", "code": "unsupported_parameter"}
        return (400, {}, json.dumps({"error": error}).encode())

    with LoopbackServer(answer, keep=True) as server:
        assert call(server).notes == ("adapted: max_tokens -> max_completion_tokens",)
        assert server.seen[-1][1]["max_completion_tokens"] == 256
    said = b'{"error":{"message":"max_tokens and max_completion_tokens are not supported","code":"unsupported_parameter"}}'
    with LoopbackServer(lambda _: (400, {}, said)) as server:
        with pytest.raises(BackendError) as e:
            call(server)
        assert (e.value.kind, server.requests) == (ErrorKind.BAD_REQUEST, 2)


def test_only_the_parameter_at_fault_is_left_out() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "seed" not in body:
            return "Paris"
        if "temperature" in body:
            error = {"message": "unsupported value; you sent max_tokens, temperature, seed", "param": "temperature"}
            return (400, {}, json.dumps({"error": error}).encode())
        return (
            422,
            {},
            b'{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]}',
        )

    with LoopbackServer(answer, keep=True) as server:
        assert set(call(server, top_p=0.9).notes) == {"adapted: temperature -> left out", "adapted: seed -> left out"}
        assert set(server.seen[-1][1]) == {"model", "messages", "max_tokens", "top_p", "stream"}


def test_calls_under_way_together_share_one_adaptation() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "temperature" not in body:
            return "Paris"
        return (400, {}, b'{"error":{"message":"temperature does not support 0; top_p and seed are fine"}}')

    with LoopbackServer(answer, keep=True, delay=0.05) as server:
        replies = calls(server, 8, retries=0)
        assert [cast(Reply, r).notes for r in replies] == [("adapted: temperature -> left out",)] * 8
        assert "seed" in server.seen[-1][1]


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


@pytest.mark.parametrize("step", [23, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("key", ["qZ7/" * 10 + "+end=", KEY, "short-key"])
def test_no_part_of_a_key_that_a_server_echoes_is_in_any_error(key: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", key)
    backend = open_backend("m", BackendOptions(base_url="http://h/v1", api_key_env="MY_KEY"))
    runs = {key[i : i + 8] for i in range(len(key) - 7)}
    quoted = quote(key, safe="")
    for lead in range(150, 320, step):
        for echoed in (key, key[: len(key) // 2 + 4], key[3:], quoted):
            raw = b"x" * lead + echoed.encode() + b" tail"
            for body in (
                raw,
                json.dumps({"error": {"message": raw.decode()}}).encode(),
                json.dumps({"error": raw.decode()}).encode(),
            ):
                e = backend._error(HttpReply(400, {}, body))
                assert not any(run in str(e) + e.hint for run in runs), (lead, str(e))


def test_a_key_that_a_reply_echoes_is_not_kept() -> None:
    body = reply_body(f"It is {KEY}.", refusal=f"no {KEY}", reasoning=f"hm {KEY}") | {"model": f"m-{KEY}"}
    with LoopbackServer(lambda _: body) as server:
        reply = call(server, key=KEY)
    assert reply.text == "It is [key]."
    assert KEY not in repr(reply)


def test_a_key_is_not_in_any_trace_of_a_failure() -> None:
    for fault in ("reset", "truncated", "half-json", "502-html"):
        with LoopbackServer(fault_rate=1, faults=(fault,)) as server, pytest.raises(BackendError) as e:
            call(server, key=KEY)
        assert KEY not in "".join(traceback.format_exception(e.value))


@pytest.mark.parametrize("key", ["k\u2026copied", "two words", "two\nlines"])
def test_what_cannot_be_a_key_is_one_clear_error_that_does_not_show_it(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(BackendError, match="MY_KEY holds cannot be a key") as e:
        open_backend("m", BackendOptions(base_url="http://localhost:1/v1", api_key_env="MY_KEY"))
    assert (e.value.kind, e.value.fatal) == (ErrorKind.AUTH, True)
    assert key not in str(e.value) + e.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hunter2@h/v1",
        "http://me:hun?ter2/@h/v1",
        "me:hunter2@h/v1",
        "http://me:p://hunter2@h",
        "http://h/v1?key=hunter2",
    ],
)
def test_a_password_in_the_environments_address_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(BackendError, match="OPENAI_BASE_URL") as e:
        open_backend("m", BackendOptions())
    assert "hunter2" not in str(e.value) + e.value.hint
    assert "hun?" not in str(e.value)


@pytest.mark.parametrize(
    ("models", "note"),
    [
        ((200, b'{"data":[{"id":"m"}]}'), None),
        ((200, b'{"data":[{"id":"other"}]}'), "the server does not list 'm'; it lists other"),
        ((200, b'{"data":[{"id":"' + KEY.encode() + b'"}]}'), "the server does not list 'm'; it lists [key]"),
        ((200, b"<html>"), "the server's list of models could not be read (bad_body)"),
        ((403, b'{"error":{"message":"missing scope"}}'), "the server's list of models could not be read (HTTP 403)"),
        ((404, b""), "the server's list of models could not be read (HTTP 404)"),
    ],
)
def test_a_server_without_a_list_of_models_is_used_all_the_same(models: tuple[int, bytes], note: str | None) -> None:
    with LoopbackServer(models=models) as server:
        found = facts(server)
        assert call(server).text == "Paris"
    assert found == {"model": "m", "mode": "chat", "base_url": server.url, "notes": [note] if note else []}


@pytest.mark.long
def test_each_of_300_calls_to_a_server_that_fails_in_every_way_ends_in_a_reply_or_a_named_failure() -> None:
    with LoopbackServer(fault_rate=0.3, faults=MIXED, seed=11, slow=0.8) as server:
        ended = calls(server, 300, retries=2, timeout=0.6, concurrency=64)
        assert set(server.failed) == set(FAULTS)
    replies = [x for x in ended if isinstance(x, Reply)]
    failures = [x for x in ended if isinstance(x, BackendError)]
    assert len(replies) + len(failures) == 300
    assert {x.text for x in replies} == {"Paris"}
    assert all(x.kind in list(ErrorKind) and x.retryable and not x.fatal for x in failures)
    assert len(failures) < 30


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x/v1", "http://", "http://host:port/v1", "nonsense", "http://[::1", "http://a b/v1"]
)
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


@pytest.mark.long
@pytest.mark.parametrize("items", [10, pytest.param(60, marks=pytest.mark.long)])
def test_a_run_against_a_server_that_fails_in_every_way_ends_with_every_trial_answered_or_named(
    items: int, tmp_path: Path
) -> None:
    folder = write_set(tmp_path / "set", items)
    with LoopbackServer(fault_rate=0.3, faults=MIXED, seed=57, slow=1.2) as server:
        conduct = api.Conduct(concurrency=32, timeout=1.0, retries=2)
        report = api.run(str(folder), model="openai:m", base_url=server.url, out=tmp_path, name="r", conduct=conduct)
        assert set(server.failed) == set(FAULTS)
    assert report.status.complete
    assert report.status.missing_calls == 0
    named = Counter(report.status.error_kinds)
    assert set(named) <= {k.value for k in ErrorKind}
    replies = {place: sum(of.values()) for place, of in report.section.counts.items() if not place.endswith(" flipped_to")}
    assert {place.partition(".")[0] for place in replies} == {"first", "control", "pushback"}
    assert report.status.calls == sum(replies.values())
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
