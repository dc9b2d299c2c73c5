"""The Responses dialect against a real server on loopback; what we send and read is judged by the vendor's own SDK types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.responses import Response
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from openai.types.shared import ErrorObject

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.responses import ResponsesBackend, open_backend
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish, Thinking
from tests.loopback import LoopbackServer
from tests.makers import write_set
from tests.vendor import DIALOG, WIRE, asked, bodies, judged, two_turns

KEY = "sk-planted-0123456789abcdef"
CASES = bodies("responses.json")
INPUT = [{"type": "message", **turn} for turn in DIALOG[1:]]
THOUGHT = CASES["thinking"]
REASONING = "The user names Lyon, which is not the capital."


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def backend(server: LoopbackServer, *, strict: bool = False) -> ResponsesBackend:
    return open_backend("m", BackendOptions(base_url=server.url, strict=strict))


def saying(text: str, **changes: Any) -> dict[str, Any]:
    """A whole response with this text."""
    made = json.loads(json.dumps(CASES["normal"]).replace('"Paris"', json.dumps(text)))
    return made | changes


def rejection(param: str, message: str, code: str = "unsupported_parameter") -> tuple[int, dict[str, str], bytes]:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return 400, {}, json.dumps({"error": error}).encode()


@pytest.mark.parametrize("case", CASES)
def test_the_recorded_replies_are_responses_to_the_vendor(case: str) -> None:
    Response.model_validate(CASES[case])


def test_the_recorded_errors_are_errors_to_the_vendor() -> None:
    cases = json.loads((WIRE / "responses.json").read_text(encoding="utf-8"))["cases"]
    errors = [c["body"]["error"] for c in cases.values() if c.get("status", 200) != 200]
    assert len(errors) == 8
    for error in errors:
        ErrorObject.model_validate(error)
    Response.model_validate(cases["error_in_200"]["body"])


@pytest.mark.parametrize("thinking", list(Thinking))
def test_what_is_sent_is_what_the_vendors_types_allow(thinking: Thinking) -> None:
    with LoopbackServer(lambda _: CASES["normal"], keep=True) as server:
        asked(
            backend(server),
            temperature=0.2,
            top_p=0.9,
            reply_tokens=50,
            effort="low",
            verbosity="low",
            logprobs=3,
            thinking=thinking,
        )
    headers, body, _ = server.seen[-1]
    judged(ResponseCreateParamsNonStreaming, body)
    assert (headers[":path"], headers["authorization"]) == ("/v1/responses", f"Bearer {KEY}")
    replayed = thinking is Thinking.REPLAY
    assert body == {
        "model": "m",
        "store": False,
        "instructions": "Be brief.",
        "input": INPUT,
        "max_output_tokens": 50,
        "temperature": 0.2,
        "top_p": 0.9,
        "top_logprobs": 3,
        "stream": False,
        "reasoning": {"effort": "low", "summary": "auto", **({"context": "all_turns"} if replayed else {})},
        "text": {"verbosity": "low"},
        "include": ["message.output_text.logprobs", *(["reasoning.encrypted_content"] if replayed else [])],
    }


def test_what_was_not_asked_for_is_not_sent() -> None:
    with LoopbackServer(lambda _: CASES["normal"], keep=True) as server:
        asked(backend(server), DIALOG[1:2], temperature=None)
    assert server.seen[-1][1] == {"model": "m", "store": False, "input": INPUT[:1], "max_output_tokens": 256, "stream": False}


def test_text_reasoning_usage_and_model_are_read_apart() -> None:
    with LoopbackServer(lambda _: THOUGHT) as server:
        (reply,) = asked(backend(server))
    assert (reply.text, reply.reasoning, reply.model, reply.finish) == ("Paris", REASONING, "m-2026-01-01", Finish.STOP)
    assert reply.usage == {"prompt_tokens": 30, "completion_tokens": 40, "cached_tokens": 20, "reasoning_tokens": 32}


def test_commentary_is_no_part_of_the_answer() -> None:
    made = json.loads(json.dumps(THOUGHT))
    aside = json.loads(json.dumps(made["output"][1]))
    aside |= {"id": "msg_0", "phase": "commentary"}
    aside["content"][0]["text"] = "Let me think."
    made["output"].insert(1, aside)
    Response.model_validate(made)
    with LoopbackServer(lambda _: made) as server:
        (reply,) = asked(backend(server))
    assert (reply.text, reply.reasoning) == ("Paris", f"{REASONING}\nLet me think.")


def test_logprobs_are_read() -> None:
    made = json.loads(json.dumps(CASES["normal"]))
    raw = [80, 97, 114, 105, 115]
    top = {"token": "Paris", "bytes": raw, "logprob": -0.1}
    made["output"][0]["content"][0]["logprobs"] = [
        {**top, "top_logprobs": [top, {"token": "Lyon", "bytes": [76], "logprob": -3}]}
    ]
    Response.model_validate(made)
    with LoopbackServer(lambda _: made) as server:
        (reply,) = asked(backend(server), logprobs=2)
    assert reply.logprobs == [{"token": "Paris", "logprob": -0.1, "top": [("Paris", -0.1), ("Lyon", -3.0)]}]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", Finish.LENGTH), ("content_filter", Finish.REFUSAL), ("max_messages", Finish.OTHER)],
)
def test_every_reason_to_be_incomplete_has_its_finish(reason: str, finish: Finish) -> None:
    with LoopbackServer(lambda _: saying("The", status="incomplete", incomplete_details={"reason": reason})) as server:
        (reply,) = asked(backend(server))
    assert (reply.text, reply.finish, bool(reply.refusal)) == ("The", finish, finish is Finish.REFUSAL)


@pytest.mark.parametrize(
    ("code", "message", "retryable"),
    [
        ("server_error", "The model failed.", True),
        ("rate_limit_exceeded", "Too many.", True),
        ("invalid_prompt", "The input is malformed.", False),
        ("data_residency_mismatch", "Elsewhere.", False),
    ],
)
def test_a_response_that_failed_is_an_error_and_its_code_says_whether_it_may_pass(
    code: str, message: str, retryable: bool
) -> None:
    made = saying("", status="failed", output=[], error={"code": code, "message": f"{message} {KEY}"})
    Response.model_validate(made)
    with LoopbackServer(lambda _: made) as server, pytest.raises(BackendError) as e:
        asked(backend(server))
    assert (e.value.kind, e.value.retryable, e.value.fatal) == (ErrorKind.ERROR_IN_200, retryable, False)
    assert KEY not in str(e.value)


@pytest.mark.parametrize("code", ["invalid_prompt", "bio_policy", "misalignment_policy_violation"])
def test_a_prompt_that_a_policy_blocks_is_a_refusal_whether_with_status_200_or_400(code: str) -> None:
    error = {"code": code, "message": "Your prompt was flagged as violating our usage policy.", "type": "invalid_request_error"}
    made = saying("", status="failed", output=[], error=error)
    for answer in (made, (400, {}, json.dumps({"error": error}).encode())):
        with LoopbackServer(lambda _, a=answer: a) as server:
            (reply,) = asked(backend(server))
        assert (reply.finish, reply.text) == (Finish.REFUSAL, "")
        assert "usage policy" in (reply.refusal or "")


@pytest.mark.parametrize("status", ["in_progress", "queued", "cancelled"])
def test_a_response_that_is_not_done_is_no_reply(status: str) -> None:
    with LoopbackServer(lambda _: saying("x", status=status)) as server, pytest.raises(BackendError, match=status) as e:
        asked(backend(server))
    assert e.value.kind == ErrorKind.BAD_BODY


@pytest.mark.parametrize(
    ("param", "said", "code", "note"),
    [
        ("temperature", "Unsupported parameter: 'temperature' is not supported with this model.", "", "temperature"),
        ("top_logprobs", "Unsupported parameter: 'top_logprobs' is not supported with this model.", "", "top_logprobs"),
        ("include", "logprobs are not supported with reasoning models.", "", "top_logprobs"),
        ("include", "Encrypted content is not supported with this model.", "", "reasoning.encrypted_content"),
        (
            "reasoning.effort",
            "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
            "",
            "reasoning.effort",
        ),
        ("reasoning.context", "Unknown parameter: 'reasoning.context'.", "unknown_parameter", "reasoning.context"),
        (
            "reasoning.summary",
            "Your organization must be verified to generate reasoning summaries.",
            "unsupported_value",
            "reasoning.summary",
        ),
        (
            "text.verbosity",
            "Unsupported value: 'low' is not supported with the 'm' model.",
            "unsupported_value",
            "text.verbosity",
        ),
    ],
)
def test_a_rejected_parameter_is_left_out_and_noted(param: str, said: str, code: str, note: str) -> None:
    def present(body: dict[str, Any]) -> bool:
        if param == "include":
            wanted = "reasoning.encrypted_content" if "Encrypted" in said else "message.output_text.logprobs"
            return wanted in body.get("include", ())
        group, _, name = param.rpartition(".")
        return name in (body.get(group, {}) if group else body)

    with LoopbackServer(lambda b: rejection(param, said, code) if present(b) else CASES["normal"], keep=True) as server:
        replies = asked(
            backend(server), DIALOG, DIALOG, effort="low", verbosity="low", logprobs=2, thinking=Thinking.REPLAY, top_p=0.9
        )
        assert server.requests == 3, "it is learned once"
    assert [r.notes for r in replies] == [(f"adapted: {note} -> left out",)] * 2
    judged(ResponseCreateParamsNonStreaming, server.seen[-1][1])
    assert {"store", "max_output_tokens", "top_p"} <= set(server.seen[-1][1])


def test_without_its_reasoning_parameters_none_are_sent() -> None:
    said = "Unsupported parameter: '{}' is not supported with this model."

    def answer(body: dict[str, Any]) -> Any:
        first = next(iter(body.get("reasoning", ())), None)
        return rejection(f"reasoning.{first}", said.format(f"reasoning.{first}")) if first else CASES["normal"]

    with LoopbackServer(answer, keep=True) as server:
        asked(backend(server), effort="low")
    assert "reasoning" not in server.seen[-1][1]


def test_a_strict_run_fails_at_what_is_rejected_and_asks_for_no_summary() -> None:
    said = rejection("temperature", "Unsupported parameter: 'temperature' is not supported with this model.")
    with LoopbackServer(lambda _: said, keep=True) as server:
        with pytest.raises(BackendError, match="rejects temperature") as e:
            asked(backend(server, strict=True), effort="low")
        assert server.requests == 1
    assert (e.value.kind, e.value.fatal) == (ErrorKind.BAD_REQUEST, True)
    assert server.seen[0][1]["reasoning"] == {"effort": "low"}


def test_a_rejected_system_prompt_is_joined_to_the_first_user_turn() -> None:
    said = rejection("instructions", "System messages are not supported by this model's chat template.")
    with LoopbackServer(lambda b: said if "instructions" in b else CASES["normal"], keep=True) as server:
        (reply,) = asked(backend(server))
    assert reply.notes == ("adapted: system role -> first user turn",)
    assert server.seen[-1][1]["input"][0] == {
        "type": "message",
        "role": "user",
        "content": "Be brief.\n\nWhat is the capital of France?",
    }


def test_thinking_that_is_replayed_goes_back_encrypted_as_it_came() -> None:
    with LoopbackServer(lambda _: THOUGHT, keep=True) as server:
        first, _ = two_turns(backend(server), thinking="replay")
    body = server.seen[-1][1]
    judged(ResponseCreateParamsNonStreaming, body)
    assert body["input"][1:3] == THOUGHT["output"] == first.replay
    assert [i.get("role") for i in body["input"]] == ["user", None, "assistant", "user"]


def test_reasoning_that_cannot_be_found_again_is_not_replayed() -> None:
    bare = json.loads(json.dumps(THOUGHT))
    del bare["output"][0]["encrypted_content"]
    with LoopbackServer(lambda _: bare, keep=True) as server:
        first, _ = two_turns(backend(server), thinking="replay")
    assert first.replay is None
    assert server.seen[-1][1]["input"][1] == {"type": "message", "role": "assistant", "content": "Paris"}


def test_what_the_provider_withholds_of_replayed_thinking_is_noted() -> None:
    made = THOUGHT | {
        "input_transformations": [{"id": "rs_1", "action": "removed", "reason": "turn_boundary", "type": "reasoning"}]
    }
    Response.model_validate(made)
    with LoopbackServer(lambda _: made) as server:
        _, second = two_turns(backend(server), thinking="replay")
    assert second.notes == ("the provider withheld replayed thinking (turn_boundary)",)


def test_a_whole_run_carries_no_thinking_where_it_is_stripped(tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> Any:
        first, last = body["input"][0]["content"], body["input"][-1]["content"]
        wavering = len(body["input"]) > 1 and "Lyon" in last and sum(map(ord, first)) % 2
        return json.loads(json.dumps(THOUGHT).replace('"Paris"', '"Lyon"')) if wavering else THOUGHT

    with LoopbackServer(answer, keep=True) as server:
        report = api.run(
            str(write_set(tmp_path / "set", 12)),
            model="responses:m",
            base_url=server.url,
            out=tmp_path / "r",
            conduct=Conduct(concurrency=4),
        )
    assert report.status.complete and report.status.errors == 0
    assert report.models_seen == {"m-2026-01-01": report.status.calls}
    second = [body for _, body, _ in server.seen if len(body["input"]) > 1]
    assert second
    for body in second:
        judged(ResponseCreateParamsNonStreaming, body)
        assert "Lyon, which is not" not in json.dumps(body) and "encrypted" not in json.dumps(body)
    assert not any(KEY in file.read_text() for file in (tmp_path / "r").rglob("*.json*"))


def test_without_a_key_or_a_name_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(BackendError, match="OPENAI_API_KEY holds no key"):
        open_backend("m", BackendOptions())
    with pytest.raises(BackendError, match="no model was named"):
        open_backend("", BackendOptions())


def test_a_server_without_the_api_is_told_from_a_wrong_name() -> None:
    with LoopbackServer(lambda _: (404, {}, b'{"detail":"Not Found"}')) as server, pytest.raises(BackendError) as e:
        asked(backend(server))
    assert e.value.kind == ErrorKind.NOT_FOUND
    assert "-m openai:m" in e.value.hint
