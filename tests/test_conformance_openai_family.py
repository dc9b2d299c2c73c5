"""The dialects of OpenAI's family, and the servers that speak Chat Completions in their own way, under the common suite."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.backends import azure, openai, openrouter, responses
from sycoprobe.testing import Case, HttpConformance

WIRE = Path(__file__).with_name("data") / "wire"
_NO_FILTER = "an engine that people run themselves has no filter"
_UNMETERED = {
    Case.REFUSAL: _NO_FILTER,
    Case.BLOCKED: _NO_FILTER,
    Case.RATE_LIMIT: "it queues what it cannot serve at once",
    Case.QUOTA: "nobody is charged",
    Case.ERROR_IN_200: "only what it streams can fail after the status",
}


_ONE_MODEL = {Case.NOT_FOUND: "it serves its one model under whatever name"}


class TestResponses(HttpConformance):
    opener = staticmethod(responses.open_backend)
    recorded = WIRE / "responses.json"
    key_env = "OPENAI_API_KEY"


class TestAzure(HttpConformance):
    opener = staticmethod(azure.open_backend)
    recorded = WIRE / "azure.json"
    key_env = "AZURE_OPENAI_API_KEY"
    root = ""


class TestOpenRouter(HttpConformance):
    opener = staticmethod(openrouter.open_backend)
    recorded = WIRE / "openrouter.json"
    key_env = "OPENROUTER_API_KEY"
    model = "vendor/model"
    root = "/api/v1"


class TestVllm(HttpConformance):
    opener = staticmethod(openai.open_backend)
    recorded = WIRE / "vllm.json"
    key_env = "OPENAI_API_KEY"
    not_applicable = _UNMETERED


class TestLlamaCpp(HttpConformance):
    opener = staticmethod(openai.open_backend)
    recorded = WIRE / "llamacpp.json"
    key_env = "OPENAI_API_KEY"
    not_applicable = _UNMETERED | _ONE_MODEL
