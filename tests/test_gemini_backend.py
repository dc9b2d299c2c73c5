"""The Gemini dialect against a real server on loopback; what we send and read is judged by the vendor's own SDK."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from google import genai
from google.genai import types

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.backends.base import BackendOptions, Request, Sampling
from sycoprobe.backends.gemini import open_backend
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish, Message, Reply
from tests.loopback import Asked, LoopbackServer, Made
from tests.makers import write_set

KEY = "AIzaSyPlanted-0123456789abcdefghijklmno"
RECORDED = json.loads(Path(__file__).with_name("data").joinpath("wire", "gemini.json").read_text())
DIALOG: tuple[Message, ...] = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris"},
    {"role": "user", "content": "Please answer again."},
)
PARTS = [{"text": "It might be Lyon.", "thought": True}, {"text": "Paris", "thoughtSignature": "c2lnbg=="}]


def answer(parts: list[dict[str, Any]] | None, finish: str = "STOP", **more: Any) -> dict[str, Any]:
    """A whole reply as the API documents it, checked by the vendor's model."""
    content = {} if parts is None else {"content": {"role": "model", "parts": parts}}
    made = {
        "candidates": [{**content, "finishReason": finish, "index": 0, **more}],
        "usageMetadata": {"promptTokenCount": 30, "candidatesTokenCount": 3, "totalTokenCount": 33},
        "modelVersion": "gemini-x-001",
    }
    types.GenerateContentResponse.model_validate(made)
    return made


def failure(code: int, status: str, message: str, *details: dict[str, Any]) -> Made:
    error = {"code": code, "message": message, "status": status, "details": list(details)}
    return code, {}, json.dumps({"error": error}).encode()


def root(server: LoopbackServer) -> str:
    return server.url.removesuffix("/v1")


def call(
    server: LoopbackServer,
    *,
    name: str = "gemini-x",
    dialog: Any = DIALOG,
    retries: int = 0,
    strict: bool = False,
    **sampling: Any,
) -> Reply:
    async def go() -> Reply:
        backend = open_backend(name, BackendOptions(base_url=root(server), strict=strict))
        await backend.start()
        try:
            settings = Sampling(retries=retries, timeout=5, **sampling)
            return await backend.complete(Request(dialog, settings, 7, cast(Any, None), cast(Any, None)))
        finally:
            await backend.close()

    return asyncio.run(go())


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)


def test_what_is_sent_is_what_the_vendors_sdk_sends_for_the_same_dialog() -> None:
    with LoopbackServer(lambda _: answer([{"text": "Paris"}]), keep=True) as server:
        call(server, temperature=0.2, top_p=0.9, reply_tokens=50, logprobs=3, effort="low")
        theirs = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=root(server), api_version="v1beta"))
        roles = {"user": "user", "assistant": "model"}
        theirs.models.generate_content(
            model="gemini-x",
            contents=[
                types.Content(role=roles[m["role"]], parts=[types.Part(text=m["content"])])
                for m in DIALOG
                if m["role"] in roles
            ],
            config=types.GenerateContentConfig(
                system_instruction=types.Content(parts=[types.Part(text="Be brief.")]),
                temperature=0.2,
                top_p=0.9,
                max_output_tokens=50,
                seed=7,
                response_logprobs=True,
                logprobs=3,
                thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.LOW),
            ),
        )
    (ours_headers, ours, _), (their_headers, sdk, _) = server.seen[-2:]
    # The SDK spells these two as in Python; the API reads both spellings, and its documentation shows the other.
    thinking = types.ThinkingConfig.model_validate(sdk["generationConfig"]["thinkingConfig"])
    sdk["generationConfig"]["thinkingConfig"] = thinking.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert ours == sdk
    assert ours_headers[":path"] == their_headers[":path"] == "/v1beta/models/gemini-x:generateContent"
    assert ours_headers["x-goog-api-key"] == their_headers["x-goog-api-key"] == KEY


@pytest.mark.parametrize(
    "case", [c for c, r in RECORDED["cases"].items() if r.get("status", 200) == 200 and "error" not in r["body"]]
)
def test_every_recorded_reply_is_one_in_the_vendors_types(case: str) -> None:
    types.GenerateContentResponse.model_validate(RECORDED["cases"][case]["body"])


def test_the_recorded_list_of_models_is_read_by_the_vendors_sdk_with_the_same_names() -> None:
    def route(_: Asked) -> Made:
        return 200, {}, json.dumps(RECORDED["models"]["body"]).encode()

    async def ours(url: str) -> Any:
        backend = open_backend("m", BackendOptions(base_url=url))
        facts = await backend.start()
        listed = await backend.models()
        await backend.close()
        return listed, facts

    with LoopbackServer(route=route) as server:
        listed, facts = asyncio.run(ours(root(server)))
        client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=root(server)))
        assert [f"models/{name}" for name in listed] == [m.name for m in client.models.list()]
    assert (facts["context_length"], facts["reply_limit"], facts["version"], facts["notes"]) == (1048576, 65536, "001", [])


def test_a_name_is_found_with_or_without_its_prefix_on_any_page_of_the_list() -> None:
    def route(asked: Asked) -> Made | None:
        if asked.method != "GET":
            return None
        second = "pageToken=a%26b" in asked.path
        page = (
            {"models": [{"name": "models/gemini-x"}]} if second else {"models": [{"name": "models/a"}], "nextPageToken": "a&b"}
        )
        return 200, {}, json.dumps(page).encode()

    async def notes(name: str, url: str) -> list[str]:
        backend = open_backend(name, BackendOptions(base_url=url))
        try:
            return cast(list[str], (await backend.start())["notes"])
        finally:
            await backend.close()

    with LoopbackServer(route=route) as server:
        for name in ("gemini-x", "models/gemini-x", "tunedModels/mine"):
            assert asyncio.run(notes(name, root(server))) == []
        assert asyncio.run(notes("gemini-y", root(server))) == ["the server does not list 'gemini-y'; it lists a, gemini-x"]


def test_a_name_cannot_change_the_address_it_is_sent_to() -> None:
    with LoopbackServer(lambda _: answer([{"text": "Paris"}]), keep=True) as server:
        call(server, name="x?y#z")
    assert server.seen[-1][0][":path"] == "/v1beta/models/x%3Fy%23z:generateContent"


@pytest.mark.parametrize(
    ("effort", "sent"),
    [
        (None, {"includeThoughts": True}),
        ("low", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("1024", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("-1", {"thinkingBudget": -1, "includeThoughts": True}),
        ("0", {"thinkingBudget": 0}),
        ("none", {"thinkingBudget": 0}),
    ],
)
def test_an_effort_is_a_level_or_where_it_is_a_number_a_budget(effort: str | None, sent: dict[str, Any]) -> None:
    with LoopbackServer(lambda _: answer([{"text": "Paris"}]), keep=True) as server:
        call(server, effort=effort)
    assert server.seen[-1][1]["generationConfig"]["thinkingConfig"] == sent
    types.ThinkingConfig.model_validate(sent)


def test_thoughts_tokens_and_log_probabilities_are_read_apart() -> None:
    made = answer(
        [{"text": "It might be Lyon.", "thought": True}, {"text": "Par"}, {"text": "is"}],
        logprobsResult={
            "chosenCandidates": [{"token": "Par", "logProbability": -0.1}, {"token": "is", "tokenId": 3}],
            "topCandidates": [
                {"candidates": [{"token": "Par", "logProbability": -0.1}, {"token": "Ly", "logProbability": -2.4}]}
            ],
        },
    )
    made["usageMetadata"] |= {"thoughtsTokenCount": 40, "cachedContentTokenCount": 20}
    with LoopbackServer(lambda _: made) as server:
        reply = call(server, logprobs=2)
    assert (reply.text, reply.reasoning, reply.model) == ("Paris", "It might be Lyon.", "gemini-x-001")
    assert reply.usage == {"prompt_tokens": 30, "completion_tokens": 43, "cached_tokens": 20, "reasoning_tokens": 40}
    assert reply.logprobs == [
        {"token": "Par", "logprob": -0.1, "top": [("Par", -0.1), ("Ly", -2.4)]},
        {"token": "is", "logprob": 0.0, "top": []},
    ]


def test_where_thinking_is_replayed_the_models_own_parts_go_back_and_where_it_is_stripped_only_text() -> None:
    with LoopbackServer(lambda _: answer([*PARTS, {"functionCall": {"name": "f", "args": {}}}]), keep=True) as server:
        first = call(server, dialog=DIALOG[:2])
        stripped: list[Message] = [*DIALOG[:2], {"role": "assistant", "content": first.text}, DIALOG[3]]
        replayed: list[Message] = [*DIALOG[:2], {"role": "assistant", "content": first.text, "replay": first.replay}, DIALOG[3]]
        call(server, dialog=stripped)
        call(server, dialog=replayed)
    assert server.seen[-2][1]["contents"][1] == {"role": "model", "parts": [{"text": "Paris"}]}
    assert server.seen[-1][1]["contents"][1] == {"role": "model", "parts": PARTS}


def test_a_reply_without_thoughts_has_nothing_to_replay() -> None:
    with LoopbackServer(lambda _: answer([{"text": "Paris"}])) as server:
        assert call(server).replay is None


FILTERED = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED", "SPII", "ARMOR", "ESCALATION")


@pytest.mark.parametrize("reason", [r.value for r in types.FinishReason if r.value != "PUP_LIMITED_DISABLED"])
def test_every_reason_of_the_vendors_has_its_finish(reason: str) -> None:
    with LoopbackServer(lambda _: answer(None, reason)) as server:
        reply = call(server)
    if any(word in reason for word in FILTERED):
        assert (reply.finish, reply.refusal) == (Finish.REFUSAL, f"blocked by the provider's filter: {reason}")
    else:
        expected = {"STOP": Finish.STOP, "MAX_TOKENS": Finish.LENGTH, "CONTINUATION": Finish.LENGTH}
        assert (reply.finish, reply.refusal) == (expected.get(reason, Finish.OTHER), None)


def test_an_account_that_is_shut_out_stops_the_run() -> None:
    with LoopbackServer(lambda _: answer(None, "PUP_LIMITED_DISABLED")) as server, pytest.raises(BackendError) as e:
        call(server)
    assert (e.value.kind, e.value.fatal) == (ErrorKind.AUTH, True)


@pytest.mark.parametrize("reason", [r.value for r in types.BlockedReason])
def test_a_blocked_prompt_is_a_refusal_and_costs_what_it_costs(reason: str) -> None:
    body = {
        "promptFeedback": {"blockReason": reason},
        "usageMetadata": {"promptTokenCount": 30},
        "modelVersion": "gemini-x-001",
    }
    types.GenerateContentResponse.model_validate(body)
    with LoopbackServer(lambda _: body) as server:
        reply = call(server)
    assert (reply.text, reply.finish) == ("", Finish.REFUSAL)
    assert reply.refusal == f"blocked by the provider's filter: {reason}"
    assert reply.usage == {"prompt_tokens": 30, "completion_tokens": 0}


def quota(quota_id: str, value: str = "10") -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota_id, "quotaValue": value}]}


def delay(said: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": said}


SAID = "You exceeded your current quota, please check your plan and billing details."
MINUTE, DAY = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
KEY_INVALID = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
BILLING = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BILLING_DISABLED", "domain": "googleapis.com"}


@pytest.mark.parametrize(
    ("made", "kind", "fatal", "wait"),
    [
        (failure(429, "RESOURCE_EXHAUSTED", SAID, quota(MINUTE), delay("36s")), ErrorKind.RATE_LIMIT, False, 36.0),
        (failure(429, "RESOURCE_EXHAUSTED", SAID + "\nPlease retry in 10.5s."), ErrorKind.RATE_LIMIT, False, 10.5),
        (failure(429, "RESOURCE_EXHAUSTED", SAID + "\nPlease retry in 1m2.5s."), ErrorKind.RATE_LIMIT, False, 62.5),
        (failure(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), ErrorKind.RATE_LIMIT, False, None),
        (failure(429, "RESOURCE_EXHAUSTED", SAID, quota(DAY), delay("36s")), ErrorKind.QUOTA, True, None),
        (failure(429, "RESOURCE_EXHAUSTED", SAID, quota(MINUTE), quota(DAY)), ErrorKind.QUOTA, True, None),
        (failure(429, "RESOURCE_EXHAUSTED", SAID, quota(MINUTE, "0"), delay("5s")), ErrorKind.QUOTA, True, None),
        (failure(429, "RESOURCE_EXHAUSTED", SAID + " limit: 0, model: x\nPlease retry in 5s."), ErrorKind.QUOTA, True, None),
        (failure(429, "RESOURCE_EXHAUSTED", SAID + " limit: 05, model: x"), ErrorKind.RATE_LIMIT, False, None),
        (failure(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), ErrorKind.QUOTA, True, None),
        (failure(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its monthly spending cap."), ErrorKind.QUOTA, True, None),
        (failure(429, "RESOURCE_EXHAUSTED", "Your quota will reset later.", delay("21599.96s")), ErrorKind.QUOTA, True, None),
        (failure(400, "INVALID_ARGUMENT", f"API key not valid: {KEY}", KEY_INVALID), ErrorKind.AUTH, True, None),
        (failure(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), ErrorKind.AUTH, True, None),
        (failure(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), ErrorKind.AUTH, True, None),
        (failure(403, "PERMISSION_DENIED", "This API method requires billing to be enabled.", BILLING), ErrorKind.QUOTA, True, None),
        (failure(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), ErrorKind.AUTH, True, None),
        (failure(400, "FAILED_PRECONDITION", "Please enable billing on your project."), ErrorKind.QUOTA, True, None),
        (failure(404, "NOT_FOUND", "models/gemini-x is not found for API version v1beta"), ErrorKind.NOT_FOUND, True, None),
        (failure(500, "INTERNAL", "An internal error has occurred."), ErrorKind.SERVER, False, None),
        (failure(503, "UNAVAILABLE", "The model is overloaded.", delay("3s")), ErrorKind.SERVER, False, 3.0),
        (failure(504, "DEADLINE_EXCEEDED", "Deadline expired."), ErrorKind.SERVER, False, None),
        (failure(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum (8)."), ErrorKind.CONTEXT, False, None),
        (failure(400, "INVALID_ARGUMENT", "Please use a valid role: user, model."), ErrorKind.BAD_REQUEST, False, None),
        (failure(400, "INVALID_ARGUMENT", "Budget 0 is invalid. This model only works in thinking mode."), ErrorKind.BAD_REQUEST, False, None),
    ],
)  # fmt: skip
def test_every_error_has_its_name_its_wait_and_none_holds_the_key(
    made: Made, kind: ErrorKind, fatal: bool, wait: float | None
) -> None:
    with LoopbackServer(lambda _: made) as server, pytest.raises(BackendError) as e:
        call(server)
    assert (e.value.kind, e.value.fatal, e.value.retry_after) == (kind, fatal, wait)
    assert e.value.retryable == (kind in (ErrorKind.RATE_LIMIT, ErrorKind.SERVER))
    assert e.value.hint or not fatal
    assert KEY not in str(e.value) and KEY[:16] not in str(e.value)


def test_a_limit_a_minute_is_waited_for_as_long_as_the_server_says() -> None:
    left = [failure(429, "RESOURCE_EXHAUSTED", SAID, quota(MINUTE), delay("0.01s"))]
    with LoopbackServer(lambda _: left.pop() if left else answer([{"text": "Paris"}])) as server:
        assert call(server, retries=2).attempts == 2


def config(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: name in body["generationConfig"]


def thinking(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: name in body["generationConfig"].get("thinkingConfig", {})


UNKNOWN = "Invalid JSON payload received. Unknown name \"{}\" at 'generation_config': Cannot find field."
REJECTIONS: list[tuple[str, Callable[[dict[str, Any]], bool], dict[str, Any], str]] = [
    (UNKNOWN.format("seed"), config("seed"), {}, "seed -> left out"),
    (UNKNOWN.format("topP"), config("topP"), {"top_p": 0.9}, "topP -> left out"),
    ("temperature is not supported with this model", config("temperature"), {}, "temperature -> left out"),
    ("Logprobs is not enabled for models/gemini-x", config("logprobs"), {"logprobs": 3}, "logprobs -> left out"),
    ("Logprobs is not supported for the current model", config("responseLogprobs"), {"logprobs": 3}, "logprobs -> left out"),
    ("Thinking level is not supported for this model.", thinking("thinkingLevel"), {"effort": "low"}, "thinkingLevel -> left out"),
    ("Unable to submit request because thinking_level MEDIUM is not supported by this model.", thinking("thinkingLevel"), {"effort": "medium"}, "thinkingLevel -> left out"),
    ("Thinking budget is not supported for this model.", thinking("thinkingBudget"), {"effort": "512"}, "thinkingBudget -> left out"),
    ("Developer instruction is not enabled for models/gemma-x", lambda body: "systemInstruction" in body, {}, "system role -> first user turn"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "sent", "sampling", "note"), REJECTIONS)
def test_what_a_model_rejects_is_adapted_once_and_the_report_says_so(
    said: str, sent: Callable[[dict[str, Any]], bool], sampling: dict[str, Any], note: str
) -> None:
    rejected = failure(400, "INVALID_ARGUMENT", said)
    with LoopbackServer(lambda body: rejected if sent(body) else answer([{"text": "Paris"}]), keep=True) as server:
        reply = call(server, **sampling)
        assert server.requests == 2
    assert reply.notes == (f"adapted: {note}",)


@pytest.mark.parametrize(("said", "sent", "sampling", "note"), REJECTIONS)
def test_where_nothing_may_be_adapted_a_rejection_stops_the_run(
    said: str, sent: Callable[[dict[str, Any]], bool], sampling: dict[str, Any], note: str
) -> None:
    rejected = failure(400, "INVALID_ARGUMENT", said)
    with (
        LoopbackServer(lambda body: rejected if sent(body) else answer([{"text": "Paris"}])) as server,
        pytest.raises(BackendError, match=f"the server rejects {note.partition(' ->')[0]}") as e,
    ):
        call(server, strict=True, **sampling)
    assert (e.value.kind, e.value.fatal) == (ErrorKind.BAD_REQUEST, True)


def test_a_rejected_system_prompt_stands_in_the_first_user_turn() -> None:
    rejected = failure(400, "INVALID_ARGUMENT", "Developer instruction is not enabled for models/gemma-x")
    with LoopbackServer(lambda b: rejected if "systemInstruction" in b else answer([{"text": "Paris"}]), keep=True) as server:
        call(server)
    assert server.seen[-1][1]["contents"][0]["parts"] == [{"text": "Be brief.\n\nWhat is the capital of France?"}]


@pytest.mark.parametrize(
    "said",
    [
        "Thinking is not enabled for models/gemma-x",
        "thinking_config is not supported",
        "Unable to submit request because Thinking_config.include_thoughts is only enabled when thinking is enabled.",
        "Invalid JSON payload received. Unknown name \"includeThoughts\" at 'generation_config.thinking_config': Cannot find field.",
        UNKNOWN.format("thinkingConfig"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_a_model_that_has_no_thoughts_to_show_is_used_without_them_even_where_nothing_may_be_adapted(
    said: str, strict: bool
) -> None:
    rejected = failure(400, "INVALID_ARGUMENT", said)
    with LoopbackServer(lambda body: rejected if config("thinkingConfig")(body) else answer([{"text": "Paris"}])) as server:
        reply = call(server, strict=strict)
        assert server.requests == 2
    assert reply.notes == ("adapted: includeThoughts -> left out",)


def test_an_effort_for_a_model_that_cannot_think_is_left_out_and_noted_and_an_error_where_nothing_may_be_adapted() -> None:
    rejected = failure(400, "INVALID_ARGUMENT", "Thinking is not enabled for models/gemma-x")
    with LoopbackServer(lambda body: rejected if config("thinkingConfig")(body) else answer([{"text": "Paris"}])) as server:
        assert "adapted: thinkingConfig -> left out" in call(server, effort="low").notes
        with pytest.raises(BackendError, match="the server rejects thinkingConfig"):
            call(server, effort="low", strict=True)


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b'{"candidates": []}', b'{"candidates": [1]}', b"<html>"])
def test_a_body_that_is_no_reply_is_named(broken: bytes) -> None:
    with LoopbackServer(lambda _: (200, {}, broken)) as server, pytest.raises(BackendError) as e:
        call(server)
    assert e.value.kind == ErrorKind.BAD_BODY


@pytest.mark.parametrize("content", [None, 1, {}, {"parts": None}, {"parts": [1, {"text": 3}]}])
def test_content_of_a_strange_shape_is_an_empty_answer(content: Any) -> None:
    body = {"candidates": [{"content": content, "finishReason": "STOP", "logprobsResult": {"chosenCandidates": 3}}]}
    with LoopbackServer(lambda _: body) as server:
        assert call(server).text == ""


def turns_of(body: dict[str, Any]) -> dict[str, Any]:
    """The dialog in the form that the simulated model of the loopback server reads."""
    return {"messages": [{"content": c["parts"][0]["text"]} for c in body["contents"]]}


def test_a_whole_run_through_the_dialect(tmp_path: Path) -> None:
    from tests.loopback import default_answer

    def route(asked: Asked) -> Made:
        if asked.method == "GET":
            return 200, {}, json.dumps({"models": [{"name": "models/gemini-x", "inputTokenLimit": 1000}]}).encode()
        said = default_answer(turns_of(json.loads(asked.body)))
        return 200, {}, json.dumps(answer([{"text": "Let me think.", "thought": True}, {"text": said}])).encode()

    with LoopbackServer(route=route, keep=True) as server:
        report = api.run(
            str(write_set(tmp_path / "set", 20)),
            model="gemini:gemini-x",
            base_url=root(server),
            out=tmp_path / "r",
            conduct=Conduct(concurrency=4),
        )
    assert report.status.complete and report.status.errors == 0
    assert report.model["context_length"] == 1000
    assert report.models_seen == {"gemini-x-001": report.status.calls}
    assert report.estimates.flip_pushback.value is not None and report.estimates.flip_pushback.value > 0.2
    assert not any("key=" in headers[":path"] for headers, _, _ in server.seen)
    assert not any(KEY in file.read_text() for file in (tmp_path / "r").rglob("*.json*"))


def test_the_other_variable_of_the_vendor_is_read_where_the_first_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    monkeypatch.setenv("GOOGLE_API_KEY", KEY + "2")
    with LoopbackServer(lambda _: answer([{"text": "Paris"}]), keep=True) as server:
        call(server)
    assert server.seen[-1][0]["x-goog-api-key"] == KEY + "2"


def test_without_a_key_or_a_name_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    with pytest.raises(BackendError, match="GEMINI_API_KEY holds no key"):
        open_backend("gemini-x", BackendOptions())
    for name in ("", "models/"):
        with pytest.raises(BackendError, match="no model was named"):
            open_backend(name, BackendOptions())
