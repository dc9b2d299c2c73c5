"""What is at an address that is no API, or not the one that was meant: named in a few words with the fix, and not asked seven times."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import sycoprobe
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import BackendOptions
from sycoprobe.errors import BackendError, RunFailed
from sycoprobe.examining.checks import Status, Step
from sycoprobe.testing import request
from sycoprobe.turns import Reply
from tests.loopback import Asked, LoopbackServer, Made, reply_body
from tests.makers import write_set
from tests.samples import few_of

JSON, HTML, STREAM = ({"Content-Type": kind} for kind in ("application/json", "text/html; charset=utf-8", "text/event-stream"))
SOUND = json.dumps(reply_body("Paris")).encode()
EVENTS = b'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\ndata: [DONE]\n\n'
AT = "http://127.0.0.1:9/v1/chat/completions"
COMES: dict[str, tuple[Made, str, str]] = {
    "another path": ((200, JSON, b'{"error":"Unexpected endpoint or method. (POST /x)"}'), "Unexpected endpoint", "/v1"),
    "a login page": ((200, HTML, b"<!doctype html><title>Sign in</title>"), "a web page came, not an API's answer: “Sign in”", "log in"),
    "a page under no type": ((200, JSON, b"\n<html><head><title> A&amp;B\x1b[31m</title>"), r"a web page came, not an API's answer: “A&B\x1b", "log in"),
    "a challenge": ((403, HTML, b"<!DOCTYPE html><title>Just a moment...</title>"), "HTTP 403: a web page came", "check the key, too"),
    "to https": ((307, {"Location": AT.replace("http", "https")}, b""), "a redirect to https://127.0.0.1:9/v1", "write https://"),
    "elsewhere": ((301, {"Location": "//me:secret@other.example/v1?k=1"}, b""), "a redirect to http://other.example/v1", "--base-url"),
    "nowhere": ((308, {}, b""), "a redirect that does not say where to", "--base-url"),
    "badly elsewhere": ((302, {"Location": "http://[::1"}, b""), "a redirect that does not say where to", "--base-url"),
    "a stream": ((200, STREAM, EVENTS), "the server streams although it was asked not to", "in one piece"),
    "a stream under no type": ((200, JSON, b": wait\n\nevent: x\n" + EVENTS), "the server streams although", "in one piece"),
    "nothing": ((200, JSON, b""), "the body is not JSON: it is empty", "--base-url"),
    "words": ((200, {"Content-Type": "text/plain"}, b"ok \xff\x1b[2J there"), r"the body is not JSON: ok �\x1b", "--base-url"),
}  # fmt: skip


@pytest.mark.parametrize("case", few_of(COMES))
def test_what_came_is_named_with_its_fix_and_no_waiting_is_tried_for_it(case: str, tmp_path: Path) -> None:
    made, said, fix = COMES[case]
    with LoopbackServer(answer=lambda _: made) as server:
        with pytest.raises(RunFailed) as e:
            sycoprobe.run(
                str(write_set(tmp_path / "set", 12)),
                model="openai:m",
                base_url=server.url,
                out=tmp_path / "r",
                timeout=5,
                concurrency=1,
            )
        assert said in e.value.message and fix in e.value.hint, (e.value.message, e.value.hint)
        assert "\x1b" not in e.value.message and "secret" not in e.value.message
        assert server.requests <= 3
        check = sycoprobe.doctor("openai:m", base_url=server.url, timeout=5)
        question = next(c for c in check.checks if c.name is Step.QUESTION)
        assert (question.status, fix in question.fix) == (Status.FAIL, True), question


DIALECTS = ("openai", "anthropic", "gemini", "ollama", "responses")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_names_what_came_and_says_that_it_wants_no_stream(dialect: str) -> None:
    asked: list[bytes] = []

    def route(one: Asked) -> Made | None:
        if (one.method == "POST" and b"messages" in one.body) or b"contents" in one.body or b'"input"' in one.body:
            asked.append(one.body)
            return COMES["a stream"][0]
        return 200, JSON, b"{}"

    async def go(url: str) -> Reply:
        backend = open_backend(f"{dialect}:m", BackendOptions(base_url=url))
        try:
            await backend.start()
            return await backend.complete(request(timeout=5, retries=0))
        finally:
            await backend.close()

    with LoopbackServer(route=route) as server, pytest.raises(BackendError, match="streams although it was asked not to"):
        asyncio.run(go(server.url))
    assert all(json.loads(body).get("stream") is False for body in asked) or dialect == "gemini", "there the path says so"


def test_an_answer_under_another_success_than_200_is_an_answer(tmp_path: Path) -> None:
    with LoopbackServer(answer=lambda _: (201, JSON, SOUND)) as server:
        report = sycoprobe.run(str(write_set(tmp_path / "set", 2)), model="openai:m", base_url=server.url, out=tmp_path / "r")
    assert report.usage and server.requests >= 2


def test_a_page_between_answers_is_tried_again(tmp_path: Path) -> None:
    bodies = iter([(200, JSON, SOUND), COMES["a login page"][0]])
    with LoopbackServer(answer=lambda _: next(bodies, (200, JSON, SOUND))) as server:
        report = sycoprobe.run(
            str(write_set(tmp_path / "set", 2)), model="openai:m", base_url=server.url, out=tmp_path / "r", concurrency=1
        )
        assert server.requests > 2
    assert report.usage


def test_a_server_that_streams_unless_it_is_told_not_to_can_be_asked(tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> Made:
        return (200, STREAM, EVENTS) if body.get("stream", True) else (200, JSON, SOUND)

    with LoopbackServer(answer=answer) as server:
        assert sycoprobe.doctor("openai:m", base_url=server.url, timeout=5).ok


def test_a_server_that_does_not_know_stream_is_asked_without_it_and_one_that_names_an_upstream_is_not() -> None:
    def answer(body: dict[str, Any]) -> Made:
        if "stream" in body:
            return 400, JSON, b'{"error":{"message":"Unrecognized request argument supplied: stream"}}'
        return 200, JSON, SOUND

    async def go(url: str) -> Reply:
        backend = open_backend("openai:m", BackendOptions(base_url=url))
        try:
            await backend.start()
            return await backend.complete(request(timeout=5, retries=0))
        finally:
            await backend.close()

    with LoopbackServer(answer=answer) as server:
        assert "adapted: stream -> left out" in asyncio.run(go(server.url)).notes
    rejected = 400, JSON, b'{"error":{"message":"the upstream is not available, or limits are exceeded; unknown host"}}'
    with LoopbackServer(answer=lambda _: rejected) as server:
        with pytest.raises(BackendError, match="upstream"):
            asyncio.run(go(server.url))
        assert server.requests == 1, "neither stream nor seed is what it names"
