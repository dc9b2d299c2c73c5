"""The Azure dialect against a real server on loopback: both surfaces, every form of address, the filter, and fixes that fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

from sycoprobe import api
from sycoprobe.backends.azure import V1, AzureBackend, Place, open_backend, place_of
from sycoprobe.backends.base import BackendOptions
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish
from tests.loopback import LoopbackServer, default_answer, reply_body
from tests.makers import write_set
from tests.vendor import WIRE, asked, bodies, facts, judged, two_turns

KEY = "0123456789abcdef0123456789abcdef"
CASES = bodies("azure.json")
HOST = "https://res.openai.azure.com"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    for name in ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)


def root(server: LoopbackServer) -> str:
    return server.url.removesuffix("/v1")


def backend(server: LoopbackServer, name: str = "gpt-x", **options: Any) -> AzureBackend:
    return open_backend(name, BackendOptions(base_url=root(server), **options))


def recorded(case: str) -> tuple[int, dict[str, str], bytes]:
    record = json.loads((WIRE / "azure.json").read_text(encoding="utf-8"))["cases"][case]
    return record["status"], record.get("headers", {}), json.dumps(record["body"]).encode()


@pytest.mark.parametrize("case", CASES)
def test_the_recorded_replies_are_chat_completions_to_the_vendor(case: str) -> None:
    ChatCompletion.model_validate(CASES[case])


def test_the_v1_surface_takes_the_deployment_as_model_and_needs_no_version() -> None:
    with LoopbackServer(lambda _: CASES["normal"], keep=True) as server:
        (reply,) = asked(backend(server), temperature=0.2, reply_tokens=50, effort="low", verbosity="low", logprobs=2)
        found = facts(backend(server))
    headers, body, _ = server.seen[-1]
    judged(CompletionCreateParamsNonStreaming, body)
    assert (headers[":path"], headers["api-key"], body["model"]) == ("/openai/v1/chat/completions", KEY, "gpt-x")
    assert "authorization" not in headers
    assert (reply.text, reply.model) == ("Paris", "gpt-x-2026-01-01")
    assert found == {
        "model": "gpt-x",
        "base_url": f"{root(server)}/openai/v1",
        "notes": [],
        "mode": "chat",
        "api_version": "v1",
    }


def test_a_dated_version_has_the_deployment_in_its_path_and_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_VERSION", "2024-10-21")
    with LoopbackServer(lambda _: CASES["normal"], keep=True) as server:
        asked(backend(server, "gpt x/1"))
        found = facts(backend(server, "gpt x/1"))
    path = server.seen[-1][0][":path"]
    assert path == "/openai/deployments/gpt%20x%2F1/chat/completions?api-version=2024-10-21"
    assert found["api_version"] == "2024-10-21"


@pytest.mark.parametrize(
    ("url", "version", "place"),
    [
        (HOST, "", Place(HOST, V1)),
        (f"{HOST}/", "", Place(HOST, V1)),
        (f"{HOST}/openai", "", Place(HOST, V1)),
        (f"{HOST}/openai/v1/", "", Place(HOST, V1)),
        (f"{HOST}/openai/v1/chat/completions", "2024-10-21", Place(HOST, V1)),
        (f"{HOST}/openai/v1/?api-version=preview", "", Place(HOST, V1)),
        (HOST, "2024-10-21", Place(HOST, "2024-10-21")),
        (HOST, "latest", Place(HOST, V1)),
        (f"{HOST}/?api-version=2025-01-01-preview", "2024-10-21", Place(HOST, "2025-01-01-preview")),
        (
            f"{HOST}/openai/deployments/gpt-x/chat/completions?api-version=2025-01-01-preview",
            "",
            Place(HOST, "2025-01-01-preview", "gpt-x"),
        ),
        (f"{HOST}/openai/responses?api-version=2025-04-01-preview", "", Place(HOST, "2025-04-01-preview")),
        ("https://res.cognitiveservices.azure.com/", "", Place("https://res.cognitiveservices.azure.com", V1)),
        (
            "https://res.services.ai.azure.com/api/projects/p",
            "",
            Place("https://res.services.ai.azure.com/api/projects/p", V1),
        ),
        ("https://gateway.example/team/openai/v1", "", Place("https://gateway.example/team", V1)),
    ],
)
def test_an_address_is_understood_as_the_portal_shows_it(url: str, version: str, place: Place) -> None:
    assert place_of(url, "--base-url", version) == place


@pytest.mark.parametrize(
    ("url", "version", "said"),
    [
        ("res.openai.azure.com", "", "is not an address"),
        (f"{HOST}/?api-version=2024-10-21&code=hunter2", "", "has a \\? or #"),
        (f"{HOST}/?code=hunter2", "", "has a \\? or #"),
        ("https://me:hunter2@res.openai.azure.com", "", "user name or password"),
        (HOST, "v2", "no version of Azure's API"),
        (f"{HOST}/?api-version=soon", "", "no version of Azure's API"),
    ],
)
def test_what_is_no_address_of_a_resource_is_one_clear_error(url: str, version: str, said: str) -> None:
    with pytest.raises(BackendError, match=said) as e:
        place_of(url, "--base-url", version)
    assert e.value.fatal
    assert "azure" in e.value.hint.lower() and "hunter2" not in str(e.value) + e.value.hint


def test_an_address_that_names_another_deployment_is_refused() -> None:
    url = f"{HOST}/openai/deployments/other/chat/completions?api-version=2024-10-21"
    with pytest.raises(BackendError, match="names the deployment 'other', but the model is azure:gpt-x") as e:
        open_backend("gpt-x", BackendOptions(base_url=url))
    assert "-m azure:other" in e.value.hint
    open_backend("other", BackendOptions(base_url=url))


def test_a_blocked_prompt_is_a_refusal_that_names_the_filters_categories() -> None:
    with LoopbackServer(lambda _: recorded("blocked")) as server:
        (reply,) = asked(backend(server))
    assert reply.finish is Finish.REFUSAL
    assert (reply.refusal or "").endswith("(jailbreak)")


def test_a_filtered_reply_is_a_refusal_that_names_the_filters_categories() -> None:
    with LoopbackServer(lambda _: CASES["refusal"]) as server:
        (reply,) = asked(backend(server))
    assert (reply.finish, reply.refusal) == (Finish.REFUSAL, "the reply was stopped by the provider's filter: violence")


@pytest.mark.parametrize(
    ("status", "error", "kind", "fatal", "hint"),
    [
        (404, {"code": "DeploymentNotFound", "message": "There is none."}, ErrorKind.NOT_FOUND, True, "not the model"),
        (404, {"code": "404", "message": "Resource not found"}, ErrorKind.NOT_FOUND, True, "check the endpoint"),
        (401, {"code": "401", "message": "Access denied."}, ErrorKind.AUTH, True, "one of this resource's"),
        (403, {"code": "403", "message": "Forbidden"}, ErrorKind.AUTH, True, "network rules"),
        (400, {"code": "BadRequest", "message": "API version not supported"}, ErrorKind.BAD_REQUEST, True, "v1 surface"),
        (429, {"code": "RateLimitReached", "message": "See aka.ms/oai/quotaincrease"}, ErrorKind.RATE_LIMIT, False, ""),
    ],
)
def test_every_error_has_its_name_and_a_mend_that_fits_azure(
    status: int, error: dict[str, Any], kind: ErrorKind, fatal: bool, hint: str
) -> None:
    body = json.dumps({"error": error}).encode()
    with LoopbackServer(lambda _: (status, {"retry-after-ms": "250"}, body)) as server, pytest.raises(BackendError) as e:
        asked(backend(server))
    assert (e.value.kind, e.value.fatal) == (kind, fatal)
    assert hint in e.value.hint
    assert e.value.retry_after == (0.25 if status == 429 else None)


def test_a_rejected_parameter_is_adapted_and_a_strict_run_fails_at_it() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "max_tokens" not in body:
            return CASES["normal"]
        said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        error = {"message": said, "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter"}
        return 400, {}, json.dumps({"error": error}).encode()

    with LoopbackServer(answer, keep=True) as server:
        (reply,) = asked(backend(server))
        assert reply.notes == ("adapted: max_tokens -> max_completion_tokens",)
        judged(CompletionCreateParamsNonStreaming, server.seen[-1][1])
        with pytest.raises(BackendError, match="rejects max_tokens"):
            asked(backend(server, strict=True))


def test_thinking_is_replayed_in_the_field_that_it_came_in() -> None:
    with LoopbackServer(lambda _: CASES["thinking"], keep=True) as server:
        two_turns(backend(server), thinking="replay")
        replayed = server.seen[-1][1]["messages"][1]
        two_turns(backend(server))
    assert replayed["reasoning_content"] == "The user names Lyon, which is not the capital."
    assert server.seen[-1][1]["messages"][1] == {"role": "assistant", "content": "Paris"}


def test_a_whole_run_through_the_dialect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LoopbackServer(lambda body: reply_body(default_answer(body), reasoning_content="Hm, Lyon?"), keep=True) as server:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", root(server))
        report = api.run(
            str(write_set(tmp_path / "set", 12)),
            model="azure:gpt-x",
            out=tmp_path / "r",
            conduct=api.Conduct(concurrency=4),
        )
    assert report.status.complete and report.status.errors == 0
    assert report.model["api_version"] == "v1"
    second = [body for _, body, _ in server.seen if len(body["messages"]) > 1]
    assert second and not any("Hm, Lyon?" in json.dumps(body) for body in second)
    assert not any(KEY in file.read_text() for file in (tmp_path / "r").rglob("*.json*"))


def test_a_resource_that_is_not_there_stops_the_run_before_it_begins() -> None:
    with LoopbackServer() as server:
        url = root(server)
    with pytest.raises(BackendError, match="cannot connect") as e:
        facts(open_backend("gpt-x", BackendOptions(base_url=url)))
    assert e.value.fatal


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackendError, match="no endpoint was named") as e:
        open_backend("gpt-x", BackendOptions())
    assert "AZURE_OPENAI_ENDPOINT" in e.value.hint
    with pytest.raises(BackendError, match="no deployment was named"):
        open_backend("", BackendOptions(base_url=HOST))
    monkeypatch.delenv("AZURE_OPENAI_API_KEY")
    with pytest.raises(BackendError, match="AZURE_OPENAI_API_KEY holds no key"):
        open_backend("gpt-x", BackendOptions(base_url=HOST))
