"""A reply that must follow a JSON schema: what each dialect sends for it, by its vendor's own types, and what happens where it is refused."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from google.genai import types
from ollama._types import ChatRequest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from sycoprobe.backends import open_backend
from sycoprobe.backends.adapting import IN_WORDS
from sycoprobe.backends.base import BackendOptions, Reply
from sycoprobe.errors import BackendError
from sycoprobe.kinds.judging import schema_of
from sycoprobe.kinds.rubrics import PREMISE
from tests.loopback import LoopbackServer
from tests.vendor import bodies, facts, judged, request

SCHEMA = schema_of(PREMISE)
KEYS = ("OPENAI", "ANTHROPIC", "GEMINI", "AZURE_OPENAI", "OPENROUTER", "OLLAMA")
MODELS = {
    "openai": ("openai:m", "/v1"),
    "azure": ("azure:m", ""),
    "openrouter": ("openrouter:x/m", "/v1"),
    "responses": ("responses:m", "/v1"),
    "gemini": ("gemini:m", "/v1beta"),
    "ollama": ("ollama:m", ""),
    "anthropic": ("anthropic:m", "/v1"),
}
REFUSALS = {
    "openai": "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    "azure": "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
    "openrouter": "This response_format type is unavailable now",
    "responses": "Invalid parameter: 'text.format' of type 'json_schema' is not supported with this model.",
    "gemini": "Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field.",
    "ollama": "structured output: json schema is not supported by this model",
    "anthropic": "'claude-x' does not support output format.",
}


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(f"{name}_API_KEY", "sk-planted-000011112222")


def sent(
    dialect: str, answer: Any = None, *, strict: bool = False, **sampling: Any
) -> tuple[list[dict[str, Any]], Reply, bool]:
    """The bodies of what was sent for one request with a schema, the reply, and whether the backend says that it heeds one."""
    model, path = MODELS[dialect]
    normal = bodies(f"{dialect}.json")["normal"]
    with LoopbackServer(lambda body: (answer and answer(body)) or normal, keep=True) as server:
        backend = open_backend(model, BackendOptions(base_url=server.url.removesuffix("/v1") + path, strict=strict))

        async def go() -> Reply:
            await backend.start()
            try:
                return await backend.complete(replace(request(**sampling), schema=SCHEMA))
            finally:
                await backend.close()

        reply = asyncio.run(go())
        posted = [body for _, body, _ in server.seen if "messages" in body or "input" in body or "contents" in body]
    return posted, reply, bool(getattr(backend, "takes_schema", False))


@pytest.mark.parametrize("dialect", ["openai", "azure", "openrouter"])
def test_chat_completions_is_sent_a_named_strict_schema(dialect: str) -> None:
    (body,), _, heeds = sent(dialect)
    assert heeds
    assert body["response_format"]["json_schema"] == {"name": "reply", "schema": SCHEMA, "strict": True}
    judged(CompletionCreateParamsNonStreaming, {k: body[k] for k in ("model", "messages", "response_format")})


def test_responses_is_sent_it_as_the_format_of_the_text() -> None:
    (body,), _, heeds = sent("responses")
    assert heeds
    assert body["text"]["format"] == {"type": "json_schema", "name": "reply", "schema": SCHEMA, "strict": True}
    judged(ResponseCreateParamsNonStreaming, body)


def test_gemini_is_sent_it_with_the_type_of_json() -> None:
    (body,), _, heeds = sent("gemini")
    assert heeds
    config = types.GenerationConfig.model_validate(body["generationConfig"])
    assert config.response_mime_type == "application/json"
    assert config.response_json_schema == SCHEMA | {"propertyOrdering": ["reason", "verdict"]}, "the reason comes first"


def test_ollama_is_sent_it_as_the_format() -> None:
    (body,), _, heeds = sent("ollama")
    assert heeds
    assert ChatRequest.model_validate(body).format == SCHEMA


def test_anthropic_is_sent_it_as_the_format_of_the_output() -> None:
    (body,), _, heeds = sent("anthropic")
    assert heeds
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    judged(MessageCreateParamsNonStreaming, {k: v for k, v in body.items() if k != "temperature"})


def test_anthropic_is_sent_it_beside_the_effort_and_loses_only_what_is_rejected() -> None:
    (body,), _, _ = sent("anthropic", effort="low")
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}

    def refuse(said: str) -> Any:
        part = said.partition(":")[0].rpartition(".")[2]
        words = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": said}}).encode()
        return lambda body: (400, {}, words) if part in body.get("output_config", {}) else None

    posted, reply, _ = sent("anthropic", refuse("output_config.format: Extra inputs are not permitted"), effort="low")
    assert posted[-1]["output_config"] == {"effort": "low"}
    assert reply.notes == (f"adapted: output_config.format -> {IN_WORDS}",)
    posted, reply, _ = sent("anthropic", refuse("output_config.effort: Extra inputs are not permitted"), effort="low")
    assert list(posted[-1]["output_config"]) == ["format"]
    assert reply.notes == ("adapted: output_config.effort -> left out",)


@pytest.mark.parametrize(("taken", "heeds"), [(["structured_outputs", "seed"], True), (["response_format"], False)])
def test_openrouter_holds_a_reply_to_a_schema_where_its_list_says_that_the_model_takes_one(
    taken: list[str], heeds: bool
) -> None:
    listed = {"data": [{"id": "x/m", "supported_parameters": taken}]}
    with LoopbackServer(bodies("openrouter.json")["normal"], models=(200, json.dumps(listed).encode())) as server:
        backend = open_backend("openrouter:x/m", BackendOptions(base_url=server.url))
        facts(backend)
    assert getattr(backend, "takes_schema", None) is heeds


@pytest.mark.parametrize("dialect", list(REFUSALS))
def test_a_schema_that_the_server_rejects_is_left_out_and_noted(dialect: str) -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "verdict" not in json.dumps(body):
            return None
        return 400, {}, json.dumps({"error": {"message": REFUSALS[dialect]}}).encode()

    posted, reply, _ = sent(dialect, answer)
    assert len(posted) == 2
    assert "verdict" not in json.dumps(posted[1])
    assert [n for n in reply.notes if n.endswith("asked for in words only")]


def test_with_strict_a_schema_that_is_rejected_ends_the_run() -> None:
    def answer(body: dict[str, Any]) -> Any:
        return 400, {}, json.dumps({"error": {"message": REFUSALS["openai"]}}).encode()

    with pytest.raises(BackendError, match="rejects response_format") as e:
        sent("openai", answer, strict=True)
    assert e.value.fatal and "in words only" in e.value.hint
