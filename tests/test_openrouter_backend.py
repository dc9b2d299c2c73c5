"""The OpenRouter dialect against a real server on loopback: real costs, who answered, and what a 403 means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

from sycoprobe import api
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.openrouter import OpenRouterBackend, open_backend
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish
from tests.loopback import Asked, LoopbackServer, Made
from tests.makers import write_set
from tests.vendor import WIRE, asked, bodies, facts, judged, two_turns

KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"
CASES = bodies("openrouter.json")
MODELS = json.loads((WIRE / "openrouter.json").read_text(encoding="utf-8"))["models"]["body"]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)


def backend(server: LoopbackServer, name: str = "vendor/model", *, strict: bool = False) -> OpenRouterBackend:
    return open_backend(name, BackendOptions(base_url=server.url, strict=strict))


def changed(case: str, **top: Any) -> dict[str, Any]:
    return json.loads(json.dumps(CASES[case])) | top


@pytest.mark.parametrize("case", CASES)
def test_the_recorded_replies_are_chat_completions_to_the_vendor_of_the_api(case: str) -> None:
    ChatCompletion.model_validate(CASES[case])


def test_what_is_sent_is_a_chat_completion_with_the_routers_own_reasoning() -> None:
    with LoopbackServer(lambda _: CASES["normal"], keep=True) as server:
        asked(backend(server), effort="low", temperature=0.2, top_p=0.9, logprobs=2, reply_tokens=50)
    headers, body, _ = server.seen[-1]
    assert body.pop("reasoning") == {"effort": "low"}
    judged(CompletionCreateParamsNonStreaming, body)
    assert (headers["authorization"], headers["x-title"]) == (f"Bearer {KEY}", "sycoprobe")
    assert not {"provider", "usage", "reasoning_effort"} & set(body), "routing and accounting are left as the account has them"


def test_the_real_cost_and_who_answered_come_with_the_reply() -> None:
    with LoopbackServer(lambda _: CASES["normal"]) as server:
        (reply,) = asked(backend(server))
    assert (reply.text, reply.model, reply.upstream, reply.cost) == ("Paris", "vendor/model", "Upstream One", 0.00078)
    assert reply.usage == {"prompt_tokens": 30, "completion_tokens": 3}


def test_with_a_key_of_ones_own_the_upstreams_price_is_part_of_the_cost() -> None:
    made = changed("normal")
    made["usage"] |= {"is_byok": True, "cost": 0.0001, "cost_details": {"upstream_inference_cost": 0.002}}
    with LoopbackServer(lambda _: made) as server:
        (reply,) = asked(backend(server))
    assert reply.cost == pytest.approx(0.0021)


def test_who_answered_is_also_read_from_the_routers_metadata() -> None:
    made = changed("normal")
    del made["provider"]
    endpoints = [{"provider": p, "model": "vendor/model", "selected": p == "Two"} for p in ("One", "Two")]
    made["openrouter_metadata"] = {"endpoints": {"total": 2, "available": endpoints}}
    with LoopbackServer(lambda _: made, keep=True) as server:
        (reply,) = asked(backend(server))
    assert server.seen[-1][0]["x-openrouter-metadata"] == "enabled"
    assert reply.upstream == "Two"


@pytest.mark.parametrize(
    ("error", "blocked"),
    [
        ({"code": 403, "message": "no", "metadata": {"reasons": ["violence"], "flagged_input": "What…"}}, True),
        ({"code": 403, "message": "Request blocked: prompt injection patterns detected"}, True),
        ({"code": 403, "message": "no", "metadata": {"error_type": "content_policy_violation"}}, True),
        (
            {"code": 403, "message": "This key is not permitted to do that", "metadata": {"error_type": "permission_denied"}},
            False,
        ),
    ],
)
def test_a_403_is_a_refusal_where_a_moderation_flagged_the_input_and_a_bad_key_elsewhere(
    error: dict[str, Any], blocked: bool
) -> None:
    with LoopbackServer(lambda _: (403, {}, json.dumps({"error": error}).encode())) as server:
        if blocked:
            (reply,) = asked(backend(server))
            assert reply.finish is Finish.REFUSAL
            assert (reply.refusal or "").startswith("blocked by the provider's filter")
        else:
            with pytest.raises(BackendError) as e:
                asked(backend(server))
            assert (e.value.kind, e.value.fatal) == (ErrorKind.AUTH, True)


@pytest.mark.parametrize(
    ("status", "error", "kind", "retryable", "fatal"),
    [
        (402, {"code": 402, "message": "Insufficient credits"}, ErrorKind.QUOTA, False, True),
        (403, {"code": 403, "message": "Key limit exceeded (total limit)."}, ErrorKind.QUOTA, False, True),
        (404, {"code": 404, "message": "No endpoints found for vendor/model."}, ErrorKind.NOT_FOUND, False, True),
        (408, {"code": 408, "message": "Your request timed out"}, ErrorKind.SERVER, True, False),
        (429, {"code": 429, "message": "Rate limit exceeded"}, ErrorKind.RATE_LIMIT, True, False),
        (502, {"code": 502, "message": "Your chosen model is down"}, ErrorKind.SERVER, True, False),
        (503, {"code": 503, "message": "There is no provider"}, ErrorKind.SERVER, True, False),
        (200, {"code": 502, "message": "Upstream"}, ErrorKind.ERROR_IN_200, True, False),
        (200, {"code": 429, "message": "Upstream is busy"}, ErrorKind.ERROR_IN_200, True, False),
        (200, {"code": 402, "message": "Insufficient credits"}, ErrorKind.QUOTA, False, True),
        (200, {"code": 400, "message": "Bad"}, ErrorKind.ERROR_IN_200, False, False),
    ],
)
def test_every_error_has_its_name(status: int, error: dict[str, Any], kind: ErrorKind, retryable: bool, fatal: bool) -> None:
    choices = {"choices": [{"index": 0, "finish_reason": "error", "message": {"content": "The"}, "error": error}]}
    for body in ({"error": error}, *([choices] if status == 200 else [])):
        with (
            LoopbackServer(lambda _, b=body: (status, {}, json.dumps(b).encode())) as server,
            pytest.raises(BackendError) as e,
        ):
            asked(backend(server))
        assert (e.value.kind, e.value.retryable, e.value.fatal) == (kind, retryable, fatal)


def test_a_choice_that_ended_in_an_error_is_no_answer_even_without_an_error_object() -> None:
    made = changed("normal")
    made["choices"][0]["finish_reason"] = "error"
    with LoopbackServer(lambda _: made) as server, pytest.raises(BackendError) as e:
        asked(backend(server))
    assert (e.value.kind, e.value.retryable) == (ErrorKind.ERROR_IN_200, True)


def test_an_output_that_a_filter_stopped_within_a_200_is_a_refusal() -> None:
    error = {"code": 403, "message": "flagged", "metadata": {"error_type": "content_policy_violation", "provider_name": "One"}}
    made = changed("normal", choices=[{"index": 0, "finish_reason": "error", "message": {"content": ""}, "error": error}])
    with LoopbackServer(lambda _: made) as server:
        (reply,) = asked(backend(server))
    assert reply.finish is Finish.REFUSAL


def test_thinking_that_is_replayed_goes_back_as_the_details_that_came_and_nothing_beside_them() -> None:
    with LoopbackServer(lambda _: CASES["thinking"], keep=True) as server:
        first, _ = two_turns(backend(server), thinking="replay")
        assert first.reasoning == "The user names Lyon, which is not the capital."
        details = CASES["thinking"]["choices"][0]["message"]["reasoning_details"]
        turn = {"role": "assistant", "content": "Paris", "reasoning_details": details}
        assert server.seen[-1][1]["messages"][1] == turn
        two_turns(backend(server))
    assert server.seen[-1][1]["messages"][1] == {"role": "assistant", "content": "Paris"}


def test_thinking_that_is_only_encrypted_is_said_to_be_there() -> None:
    made = changed("thinking")
    made["choices"][0]["message"] |= {"reasoning": None, "reasoning_details": [{"type": "reasoning.encrypted", "data": "abc"}]}
    with LoopbackServer(lambda _: made) as server:
        (reply,) = asked(backend(server))
    assert reply.reasoning == "[redacted by the provider]"


def test_a_rejected_effort_is_left_out_and_a_strict_run_fails_at_it() -> None:
    said = b'{"error":{"code":400,"message":"reasoning is not supported by this endpoint"}}'
    with LoopbackServer(lambda b: (400, {}, said) if "reasoning" in b else CASES["normal"], keep=True) as server:
        (reply,) = asked(backend(server), effort="low")
        assert reply.notes == ("adapted: reasoning -> left out",)
        with pytest.raises(BackendError, match="rejects reasoning"):
            asked(backend(server, strict=True), effort="low")


def test_a_parameter_that_no_provider_of_the_model_takes_is_noted_since_the_router_is_silent() -> None:
    models = json.loads(json.dumps(MODELS))
    models["data"][0]["supported_parameters"] = ["max_tokens", "reasoning"]
    for listed, notes in (
        (MODELS, 0),
        (models, ["OpenRouter lists no temperature and no seed among the model's parameters: they may have no effect"]),
    ):
        with LoopbackServer(models=(200, json.dumps(listed).encode())) as server:
            found = facts(backend(server))
        assert found["notes"] == (notes or [])
        assert found["context"] == 128000


@pytest.mark.parametrize(("name", "noted"), [("vendor/model:nitro", False), ("vendor/other", True)])
def test_a_way_of_routing_is_no_other_model(name: str, noted: bool) -> None:
    with LoopbackServer(models=(200, json.dumps(MODELS).encode())) as server:
        assert bool(facts(backend(server, name))["notes"]) is noted


def test_a_whole_run_keeps_who_answered_and_carries_no_thinking(tmp_path: Path) -> None:
    count = 0

    def route(asked: Asked) -> Made | None:
        nonlocal count
        if asked.method == "GET":
            return None
        count += 1
        made = changed("thinking", provider=f"Upstream {count % 2}")
        return 200, {}, json.dumps(made).encode()

    with LoopbackServer(route=route, keep=True, models=(200, json.dumps(MODELS).encode())) as server:
        report = api.run(
            str(write_set(tmp_path / "set", 8)),
            model="openrouter:vendor/model",
            base_url=server.url,
            out=tmp_path / "r",
            name="r",
            conduct=api.Conduct(concurrency=4),
        )
    assert report.status.complete and report.status.errors == 0
    assert report.models_seen == {"vendor/model": report.status.calls}
    journal = (tmp_path / "r" / "r" / "journal.jsonl").read_text()
    assert '"upstream":"Upstream 0"' in journal.replace(": ", ":") and '"upstream":"Upstream 1"' in journal.replace(": ", ":")
    second = [body for _, body, _ in server.seen if len(body["messages"]) > 1]
    assert second and not any("reasoning" in json.dumps(body) for body in second)
    assert not any(KEY in file.read_text() for file in (tmp_path / "r").rglob("*.json*"))


def test_without_a_key_or_a_name_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY")
    with pytest.raises(BackendError, match="OPENROUTER_API_KEY holds no key"):
        open_backend("vendor/model", BackendOptions())
    with pytest.raises(BackendError, match="no model was named"):
        open_backend("", BackendOptions())
