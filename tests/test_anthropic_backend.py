"""The Messages dialect against a real server on loopback; what we send and read is judged by the vendor's own SDK types."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pytest
from anthropic.types import Message as TheirMessage
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.backends.anthropic import VERSION, open_backend
from sycoprobe.backends.base import BackendOptions, Request, Sampling
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish, Reply
from tests.loopback import LoopbackServer, default_answer
from tests.makers import write_set
from tests.vendor import judged

KEY = "sk-ant-planted-0123456789abcdef"
DIALOG = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris"},
    {"role": "user", "content": "Please answer again."},
)


def message(*blocks: dict[str, Any], stop: str = "end_turn", **usage: int) -> dict[str, Any]:
    """A whole reply as the API documents it, checked by the vendor's model."""
    made = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-x-20260101",
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 30, "output_tokens": 3, **usage},
    }
    TheirMessage.model_validate(made)
    return made


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def call(server: LoopbackServer, *, retries: int = 0, **sampling: Any) -> Reply:
    async def go() -> Reply:
        backend = open_backend("claude-x", BackendOptions(base_url=server.url))
        await backend.start()
        try:
            settings = Sampling(retries=retries, timeout=5, **sampling)
            return await backend.complete(Request(cast(Any, DIALOG), settings, 7, cast(Any, None), cast(Any, None)))
        finally:
            await backend.close()

    return asyncio.run(go())


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def test_what_is_sent_is_what_the_vendors_types_allow() -> None:
    with LoopbackServer(lambda _: message(text("Paris")), keep=True) as server:
        call(server, temperature=0.2, top_p=0.9, reply_tokens=50)
    headers, body, _ = server.seen[-1]
    # The vendor's current SDK no longer types the sampling parameters; models that still take them do so over the wire,
    # others reject them, which the backend learns (below).
    judged(MessageCreateParamsNonStreaming, {k: v for k, v in body.items() if k not in ("temperature", "top_p")})
    assert headers[":path"] == "/v1/messages"
    assert (headers["anthropic-version"], headers["x-api-key"]) == (VERSION, KEY)
    assert "authorization" not in headers
    assert body == {
        "model": "claude-x",
        "max_tokens": 50,
        "system": "Be brief.",
        "messages": list(DIALOG[1:]),
        "temperature": 0.2,
        "top_p": 0.9,
        "stream": False,
    }


def test_text_thinking_usage_and_model_are_read_apart() -> None:
    thought = {"type": "thinking", "thinking": "It might be Lyon.", "signature": "x"}
    made = message(thought, text("Par"), text("is"), cache_read_input_tokens=100, cache_creation_input_tokens=7)
    with LoopbackServer(lambda _: made) as server:
        reply = call(server)
    assert (reply.text, reply.reasoning, reply.model, reply.finish) == (
        "Paris",
        "It might be Lyon.",
        "claude-x-20260101",
        Finish.STOP,
    )
    assert reply.usage == {"prompt_tokens": 137, "completion_tokens": 3, "cached_tokens": 100, "cache_write_tokens": 7}


@pytest.mark.parametrize(
    ("stop", "finish"),
    [("end_turn", Finish.STOP), ("max_tokens", Finish.LENGTH), ("refusal", Finish.REFUSAL), ("pause_turn", Finish.LENGTH)],
)
def test_every_stop_reason_has_its_finish(stop: str, finish: Finish) -> None:
    with LoopbackServer(lambda _: message(text("I"), stop=stop)) as server:
        assert call(server).finish is finish


@pytest.mark.parametrize(
    ("status", "kind_of_error", "said", "kind", "fatal"),
    [
        (401, "authentication_error", f"invalid x-api-key {KEY}", ErrorKind.AUTH, True),
        (404, "not_found_error", "model: claude-x", ErrorKind.NOT_FOUND, True),
        (400, "invalid_request_error", "Your credit balance is too low to access the API.", ErrorKind.QUOTA, True),
        (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", ErrorKind.CONTEXT, False),
        (400, "invalid_request_error", "messages: at least one message is required", ErrorKind.BAD_REQUEST, False),
        (429, "rate_limit_error", "too many requests", ErrorKind.RATE_LIMIT, False),
        (529, "overloaded_error", "Overloaded", ErrorKind.SERVER, False),
        (200, "overloaded_error", "Overloaded", ErrorKind.ERROR_IN_200, False),
    ],
)
def test_every_error_has_its_name_and_none_holds_the_key(
    status: int, kind_of_error: str, said: str, kind: ErrorKind, fatal: bool
) -> None:
    body = json.dumps({"type": "error", "error": {"type": kind_of_error, "message": said}, "request_id": "req_1"}).encode()
    with LoopbackServer(lambda _: (status, {}, body)) as server, pytest.raises(BackendError) as e:
        call(server)
    assert (e.value.kind, e.value.fatal) == (kind, fatal)
    assert KEY not in str(e.value) and KEY[:16] not in str(e.value)


@pytest.mark.long
def test_an_overloaded_server_is_tried_again() -> None:
    left = [529, 529]

    def answer(_: dict[str, Any]) -> Any:
        if left:
            return (
                left.pop(),
                {"Retry-After": "0.01"},
                b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
            )
        return message(text("Paris"))

    with LoopbackServer(answer) as server:
        assert call(server, retries=3).attempts == 3


@pytest.mark.parametrize(
    "said",
    [
        "temperature: Extra inputs are not permitted",
        "temperature: not supported with this model",
        "`temperature` is deprecated for this model",
        "`temperature` is no longer supported",
    ],
)
def test_a_rejected_parameter_is_left_out_once_and_the_report_says_so(said: str) -> None:
    error = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": said}}).encode()
    with LoopbackServer(lambda body: (400, {}, error) if "temperature" in body else message(text("Paris"))) as server:
        reply = call(server, temperature=0.0)
        assert server.requests == 2
    assert reply.notes == ("adapted: temperature -> left out",)


@pytest.mark.parametrize("broken", [b"", b"[]", b'{"type":"message"}', b"<html>"])
def test_a_body_that_is_no_message_is_named(broken: bytes) -> None:
    with LoopbackServer(lambda _: (200, {}, broken)) as server, pytest.raises(BackendError) as e:
        call(server)
    assert e.value.kind == ErrorKind.BAD_BODY


def test_a_whole_run_through_the_dialect(tmp_path: Path) -> None:
    with LoopbackServer(lambda body: message(text(default_answer(body)))) as server:
        report = api.run(
            str(write_set(tmp_path / "set", 20)),
            model="anthropic:claude-x",
            base_url=server.url,
            out=tmp_path / "r",
            conduct=Conduct(concurrency=4),
        )
    assert report.status.complete and report.status.errors == 0
    assert report.model["anthropic_version"] == VERSION
    assert report.models_seen == {"claude-x-20260101": report.status.calls}
    assert report.estimates.flip_pushback.value is not None and report.estimates.flip_pushback.value > 0.2
    assert not any(KEY in file.read_text() for file in (tmp_path / "r").rglob("*.json*"))


def test_without_a_key_or_a_name_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(BackendError, match="ANTHROPIC_API_KEY holds no key"):
        open_backend("claude-x", BackendOptions())
    with pytest.raises(BackendError, match="no model was named"):
        open_backend("", BackendOptions())
