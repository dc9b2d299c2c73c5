"""`openai:` towards OpenAI and towards those who speak its language: judged by the vendor's types, learned about, adapted to."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.completion_create_params import CompletionCreateParamsNonStreaming as TextCreateParams
from pydantic import ValidationError

from sycoprobe import api
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.openai import OpenAIBackend, open_backend
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish
from tests.loopback import Asked, LoopbackServer, Made, default_answer, reply_body
from tests.makers import write_set
from tests.vendor import DIALOG, WIRE, asked, bodies, facts, judged, two_turns

LLAMA_PROPS = {
    "default_generation_settings": {"params": {"seed": 4294967295}, "n_ctx": 256},
    "total_slots": 2,
    "model_alias": "/home/someone/models/x.gguf",
    "model_path": "/home/someone/models/x.gguf",
    "chat_template": "{% for m in messages %}…",
    "chat_template_caps": {"supports_system_role": True, "supports_tools": False},
    "build_info": "b11549-abc1234",
}
LM_STUDIO = {
    "object": "list",
    "data": [
        {
            "id": "m",
            "object": "model",
            "type": "llm",
            "state": "loaded",
            "max_context_length": 131072,
            "loaded_context_length": 4096,
        },
        {"id": "n", "object": "model", "type": "llm", "state": "not-loaded", "max_context_length": 32768},
    ],
}
VLLM_LIST = {"object": "list", "data": [{"id": "m", "object": "model", "owned_by": "vllm", "max_model_len": 8192}]}
ALTERNATE = "Conversation roles must alternate user/assistant/user/assistant/..."


def backend(server: LoopbackServer, *, strict: bool = False) -> OpenAIBackend:
    return open_backend("m", BackendOptions(base_url=server.url, strict=strict))


def telling(**at: Any) -> Any:
    """A route that answers these paths (underscores for slashes) with these bodies, and everything else as it always is."""

    def route(asked: Asked) -> Made | None:
        path = asked.path.strip("/").replace("/", "_")
        if asked.method == "GET" and path in at:
            found = at[path]
            return found if isinstance(found, tuple) else (200, {}, json.dumps(found).encode())
        return None

    return route


@pytest.mark.parametrize("recorded", ["openai.json", "vllm.json", "llamacpp.json"])
def test_the_recorded_replies_are_chat_completions_to_the_vendor(recorded: str) -> None:
    cases = bodies(recorded)
    assert len(cases) >= 8
    for case in cases.values():
        ChatCompletion.model_validate(case)


def test_what_is_sent_is_what_the_vendors_types_allow() -> None:
    with LoopbackServer(keep=True) as server:
        asked(backend(server), temperature=0.2, top_p=0.9, reply_tokens=50, effort="low", verbosity="low", logprobs=3)
    body = server.seen[-1][1]
    judged(CompletionCreateParamsNonStreaming, body)
    assert body == {
        "model": "m",
        "messages": list(DIALOG),
        "temperature": 0.2,
        "top_p": 0.9,
        "max_tokens": 50,
        "seed": 7,
        "reasoning_effort": "low",
        "verbosity": "low",
        "logprobs": True,
        "top_logprobs": 3,
        "stream": False,
    }


def test_what_a_base_model_is_sent_is_what_the_vendors_types_allow() -> None:
    logprobs = {"tokens": ["Paris"], "token_logprobs": [-0.1], "top_logprobs": [{"Paris": -0.1}], "text_offset": [0]}
    made = {
        "id": "x",
        "object": "text_completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "text": "Paris", "logprobs": logprobs}],
    }
    Completion.model_validate(made)
    with LoopbackServer(lambda _: made, keep=True) as server:
        base = OpenAIBackend("m", base_url=server.url, key=None, options=BackendOptions(), mode="completion")
        (reply,) = asked(base, top_p=0.9, logprobs=1)
    judged(TextCreateParams, server.seen[-1][1])
    assert (reply.text, reply.logprobs) == ("Paris", [{"token": "Paris", "logprob": -0.1, "top": [("Paris", -0.1)]}])


def test_the_judge_finds_what_the_vendor_does_not_know() -> None:
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    judged(CompletionCreateParamsNonStreaming, body)
    for wrong in (
        {**body, "max_token": 3},
        {**body, "messages": [{"role": "user", "content": "Hi", "thinking": "x"}]},
        {**body, "messages": [{"role": "users", "content": "Hi"}]},
    ):
        with pytest.raises((AssertionError, ValidationError)):
            judged(CompletionCreateParamsNonStreaming, wrong)


@pytest.mark.parametrize(
    ("at", "learnt"),
    [
        ({"props": LLAMA_PROPS}, {"engine": "llama.cpp b11549-abc1234", "context": 256, "model_file": "x.gguf"}),
        ({"v1_models": VLLM_LIST, "version": {"version": "0.11.0"}}, {"engine": "vLLM 0.11.0", "context": 8192}),
        ({"v1_models": VLLM_LIST}, {"engine": "vLLM", "context": 8192}),
        ({"api_v0_models": LM_STUDIO}, {"engine": "LM Studio", "context": 4096}),
        ({"version": {"version": "3.1"}}, {}),
        ({"props": {"title": "a web page's own"}, "version": [], "api_v0_models": {"data": ["x", 3]}}, {}),
        ({"props": (200, {}, b"<html>"), "version": (500, {}, b""), "api_v0_models": (301, {}, b"")}, {}),
        (
            {"props": {"build_info": ["x"], "default_generation_settings": 3, "model_path": 4}},
            {"engine": "llama.cpp"},
        ),
        ({}, {}),
    ],
)
def test_a_server_of_ones_own_says_what_it_is_and_never_in_an_error(at: dict[str, Any], learnt: dict[str, Any]) -> None:
    with LoopbackServer(route=telling(**at)) as server:
        found = facts(backend(server))
    assert found == {"model": "m", "base_url": server.url, "mode": "chat", "notes": [], **learnt}


def test_a_server_that_says_beforehand_that_it_has_no_system_role_is_sent_none() -> None:
    """llama.cpp would put it somewhere, or drop it, without a word."""
    props = LLAMA_PROPS | {"chat_template_caps": {"supports_system_role": False}}
    with LoopbackServer(route=telling(props=props), keep=True) as server:
        assert facts(backend(server))["system_role"] is False
        with_prompt, without = asked(backend(server), DIALOG, DIALOG[1:])[0], asked(backend(server), DIALOG[1:])[0]
        sent = [body["messages"] for _, body, _ in server.seen if "messages" in body]
        with pytest.raises(BackendError, match="rejects system role: the model's chat template has no place for it"):
            asked(backend(server, strict=True))
        assert asked(backend(server, strict=True), DIALOG[1:])[0].text == "Paris", "a dialog without one is no matter"
    assert with_prompt.notes == ("adapted: system role -> first user turn",) and without.notes == ()
    assert sent[0] == [{"role": "user", "content": "Be brief.\n\nWhat is the capital of France?"}, *DIALOG[2:]]


@pytest.mark.long
def test_a_server_that_never_answers_what_it_is_costs_two_seconds_and_is_used_all_the_same() -> None:
    def route(asked: Asked) -> str | None:
        return "slow" if asked.method == "GET" and not asked.path.endswith("/v1/models") else None

    began = time.monotonic()
    with LoopbackServer(route=route, slow=8) as server:
        (reply,) = asked(backend(server))
    assert reply.text == "Paris"
    assert time.monotonic() - began < 6


def test_no_path_of_the_servers_disk_is_kept() -> None:
    file = "/home/someone/models/x.gguf"
    listed = {"object": "list", "data": [{"id": file, "owned_by": "llamacpp"}]}
    with LoopbackServer(
        lambda _: reply_body("Paris") | {"model": file}, route=telling(v1_models=listed, props=LLAMA_PROPS)
    ) as server:
        (reply,) = asked(backend(server))
        found = facts(backend(server))
    assert reply.model == "x.gguf"
    assert found["notes"] == ["the server does not list 'm'; it lists x.gguf"]
    assert "someone" not in json.dumps(found)


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400}, ErrorKind.CONTEXT, False),
        (400, {"object": "error", "message": "The decoder prompt (length 5000) is longer than the maximum model length of 4096.", "code": 400}, ErrorKind.CONTEXT, False),
        (400, {"error": {"message": "'max_tokens' is too large: 8192. This model's maximum context length is 4096 tokens and your request has 13 input tokens", "code": 400}}, ErrorKind.CONTEXT, False),
        (404, {"object": "error", "message": "The model `m` does not exist.", "type": "NotFoundError", "code": 404}, ErrorKind.NOT_FOUND, False),
        (400, {"error": {"code": 400, "message": "request (2031 tokens) exceeds the available context size (256 tokens), try increasing it", "type": "exceed_context_size_error", "n_ctx": 256}}, ErrorKind.CONTEXT, False),
        (500, {"error": {"code": 500, "message": "the request exceeds the available context size. try increasing the context size or enable context shift", "type": "exceed_context_size_error"}}, ErrorKind.CONTEXT, False),
        (400, {"error": "The number of tokens to keep from the initial prompt is greater than the context length."}, ErrorKind.CONTEXT, False),
        (422, {"detail": [{"type": "string_type", "loc": ["body", "messages", 0], "msg": "Input should be a valid string"}]}, ErrorKind.BAD_REQUEST, False),
        (400, {"error": "No models loaded. Please load a model in the developer page."}, ErrorKind.BAD_REQUEST, False),
        (503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}, ErrorKind.SERVER, True),
        (500, {"error": {"code": 500, "message": "Failed to decode", "type": "server_error"}}, ErrorKind.SERVER, True),
        (401, {"error": "Unauthorized"}, ErrorKind.AUTH, False),
    ],
)  # fmt: skip
def test_every_shape_of_an_error_has_its_kind(status: int, body: Any, kind: ErrorKind, retryable: bool) -> None:
    with LoopbackServer(lambda _: (status, {}, json.dumps(body).encode())) as server, pytest.raises(BackendError) as e:
        asked(backend(server))
    assert (e.value.kind, e.value.retryable) == (kind, retryable)
    assert server.requests == 1


def templated(status: int, shape: Any, said: str, wrong: Any) -> Any:
    """An answer that raises a chat template's words where the dialog is wrong."""
    return lambda body: (status, {}, json.dumps(shape(status, said)).encode()) if wrong(body["messages"]) else "Paris"


SHAPES = {
    "vllm": lambda status, said: {"object": "error", "message": said, "type": "BadRequestError", "param": None, "code": status},
    "vllm-new": lambda status, said: {"error": {"message": f"{said} {said}", "type": "BadRequestError", "param": None, "code": status}},
    "llama.cpp": lambda status, said: {"error": {"code": status, "type": "invalid_request_error", "message": f"Unable to generate parser for this template. Automatic parser generation failed: \n------------\nWhile executing CallExpression at line 1, column 226 in source:\n...{{{{ raise_exception('{said[:30]}...\n   ^\nError: Jinja Exception: {said}"}},
    "lm-studio": lambda status, said: {"error": f'Error rendering prompt with jinja template: "Error: {said}\n    at eval (index.js:9:1)"'},
    "fastapi": lambda status, said: {"detail": said},
}  # fmt: skip


def has_system(messages: list[dict[str, Any]]) -> bool:
    return messages[0]["role"] == "system"


def repeats(messages: list[dict[str, Any]]) -> bool:
    return any(a["role"] == b["role"] for a, b in pairwise(messages))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(
    "said",
    [
        "System role not supported",
        ALTERNATE,
        "Only user and assistant roles are supported!",
        "Only user, assistant and tool roles are supported",
        "Unknown role: 'system'",
    ],
)
def test_a_template_without_a_place_for_a_system_prompt_gets_it_in_the_first_user_turn(
    shape: Any, status: int, said: str
) -> None:
    with LoopbackServer(templated(status, shape, said, has_system), keep=True) as server:
        (reply,) = asked(backend(server))
        assert server.requests == 2
    assert reply.notes == ("adapted: system role -> first user turn",)
    judged(CompletionCreateParamsNonStreaming, server.seen[-1][1])
    assert server.seen[-1][1]["messages"] == [
        {"role": "user", "content": "Be brief.\n\nWhat is the capital of France?"},
        *DIALOG[2:],
    ]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(
    "said",
    [
        ALTERNATE,
        "After the optional system message, conversation roles must alternate user/assistant/user/assistant/...",
        "Unexpected role 'user' after role 'user'",
    ],
)
def test_turns_that_repeat_a_role_are_merged_and_a_system_prompt_that_may_stand_stays(shape: Any, said: str) -> None:
    dialog = (*DIALOG, {"role": "user", "content": "Now."})
    with LoopbackServer(templated(400, shape, said, repeats), keep=True) as server:
        (reply,) = asked(backend(server), dialog)
    assert reply.notes == ("adapted: consecutive turns of one role -> merged",)
    assert server.seen[-1][1]["messages"] == [*DIALOG[:3], {"role": "user", "content": "Please answer again.\n\nNow."}]


def test_a_template_that_wants_both_gets_both() -> None:
    dialog = (*DIALOG, {"role": "user", "content": "Now."})
    wrong = lambda m: has_system(m) or repeats(m)  # noqa: E731
    with LoopbackServer(templated(500, SHAPES["llama.cpp"], ALTERNATE, wrong), keep=True) as server:
        (reply,) = asked(backend(server), dialog)
    assert set(reply.notes) == {"adapted: consecutive turns of one role -> merged", "adapted: system role -> first user turn"}
    assert [m["role"] for m in server.seen[-1][1]["messages"]] == ["user", "assistant", "user"]


@pytest.mark.parametrize("status", [400, 500])
def test_a_strict_run_fails_at_a_template_that_takes_no_system_prompt(status: int) -> None:
    answer = templated(status, SHAPES["vllm"], "System role not supported", has_system)
    with LoopbackServer(answer) as server, pytest.raises(BackendError, match="rejects system role") as e:
        asked(backend(server, strict=True))
    assert (e.value.kind, e.value.fatal) == (ErrorKind.BAD_REQUEST, True)


def test_a_dialog_that_a_template_rejects_whatever_is_done_ends_in_its_error() -> None:
    answer = templated(400, SHAPES["vllm"], ALTERNATE, lambda _: True)
    with LoopbackServer(answer) as server, pytest.raises(BackendError) as e:
        asked(backend(server))
    assert (e.value.kind, server.requests) == (ErrorKind.BAD_REQUEST, 2)


@pytest.mark.parametrize("said", ["System overloaded", "please contact support: system failure 17", "internal error"])
def test_a_servers_own_trouble_is_no_reason_to_change_the_dialog(said: str) -> None:
    answer = templated(500, SHAPES["vllm-new"], said, lambda _: True)
    with LoopbackServer(answer, keep=True) as server, pytest.raises(BackendError) as e:
        asked(backend(server))
    assert (e.value.kind, e.value.retryable, server.requests) == (ErrorKind.SERVER, True, 1)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("seed", {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}),
        ("seed", {"error": {"message": "property 'seed' is unsupported", "type": "invalid_request_error"}}),
        ("logprobs", {"error": {"message": "`logprobs` is not supported with this model", "param": "logprobs"}}),
        ("logprobs", {"error": {"message": "top_logprobs is not supported", "param": "top_logprobs"}}),
        ("logprobs", {"object": "error", "message": "Requested sample logprobs of 25, which is greater than max allowed: 20", "code": 400}),
    ],
)  # fmt: skip
def test_a_seed_or_logprobs_that_a_server_rejects_are_left_out(name: str, body: Any) -> None:
    status = 422 if "detail" in body else 400
    with LoopbackServer(lambda b: (status, {}, json.dumps(body).encode()) if name in b else "Paris", keep=True) as server:
        (reply,) = asked(backend(server), logprobs=5)
    assert reply.notes == (f"adapted: {name} -> left out",)
    sent = server.seen[-1][1]
    assert name not in sent and ("top_logprobs" in sent) is (name == "seed")
    judged(CompletionCreateParamsNonStreaming, sent)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_that_is_replayed_goes_back_in_the_servers_own_field_until_it_rejects_it(field: str) -> None:
    whole = {"content": "Paris", field: "Hm, Lyon?"}
    with LoopbackServer(lambda _: reply_body("Paris", **{field: "Hm, Lyon?"}), keep=True) as server:
        two_turns(backend(server), thinking="replay")
    assert server.seen[-1][1]["messages"][1] == {"role": "assistant", **whole}
    said = json.dumps({"error": {"message": f"messages.1.{field}: Extra inputs are not permitted"}}).encode()

    def rejecting(body: dict[str, Any]) -> Any:
        rejected = any(field in m for m in body["messages"])
        return (400, {}, said) if rejected else reply_body("Paris", **{field: "Hm, Lyon?"})

    with LoopbackServer(rejecting, keep=True) as server:
        _, second = two_turns(backend(server), thinking="replay")
    assert second.notes == (f"adapted: {field} -> left out",)
    judged(CompletionCreateParamsNonStreaming, server.seen[-1][1])


def test_a_whole_run_carries_no_thinking_where_it_is_stripped(tmp_path: Path) -> None:
    with LoopbackServer(
        lambda body: reply_body(default_answer(body), reasoning_content="Hm, Lyon?"),
        keep=True,
        route=telling(props=LLAMA_PROPS),
    ) as server:
        report = api.run(
            str(write_set(tmp_path / "set", 12)),
            model="openai:m",
            base_url=server.url,
            out=tmp_path / "r",
            conduct=api.Conduct(concurrency=4),
        )
    assert report.status.complete and report.status.errors == 0
    assert (report.model["engine"], report.model["context"]) == ("llama.cpp b11549-abc1234", 256)
    asked_of = [body for _, body, _ in server.seen if "messages" in body]
    second = [body for body in asked_of if len(body["messages"]) > 1]
    assert second
    for body in second:
        judged(CompletionCreateParamsNonStreaming, body)
        assert "Hm, Lyon?" not in json.dumps(body)


def test_what_a_filter_stopped_says_so() -> None:
    with LoopbackServer(lambda _: reply_body("", finish="content_filter")) as server:
        (reply,) = asked(backend(server))
    assert (reply.finish, reply.refusal) == (Finish.REFUSAL, "the reply was stopped by the provider's filter")


def test_every_recorded_file_says_where_its_shapes_come_from() -> None:
    for file in WIRE.glob("*.json"):
        assert len(json.loads(file.read_text(encoding="utf-8"))["source"]) > 40, file.name
