"""The Ollama dialect against a real server on loopback; what we send and read is judged by the vendor's own client."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import ollama
import pytest
from ollama._client import _parse_host
from ollama._types import ChatRequest, ChatResponse, ListResponse, Options, ShowResponse

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.backends.base import BackendOptions, Request, Sampling
from sycoprobe.backends.ollama import host_address, open_backend
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish, Message, Reply
from tests.loopback import Asked, LoopbackServer, Made, default_answer
from tests.makers import write_set

KEY = "planted-0123456789abcdef.XYZ-secret"
RECORDED = json.loads(Path(__file__).with_name("data").joinpath("wire", "ollama.json").read_text())
SHOWN: dict[str, Any] = RECORDED["also"]["/api/show"]
DIALOG: tuple[Message, ...] = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris"},
    {"role": "user", "content": "Please answer again."},
)


class StrictRequest(ChatRequest, extra="forbid"):
    """The vendor's request, in which a field that it does not know is an error."""


class StrictOptions(Options, extra="forbid"):
    """The vendor's options, likewise."""


def answer(content: str = "Paris", reason: str = "stop", **more: Any) -> dict[str, Any]:
    """A whole reply as the API documents it, checked by the vendor's model."""
    thinking = {"thinking": more.pop("thinking")} if "thinking" in more else {}
    made = {
        "model": "m",
        "created_at": "2026-11-01T12:00:00Z",
        "message": {"role": "assistant", "content": content, **thinking},
        "done": True,
        "done_reason": reason,
        "prompt_eval_count": 30,
        "eval_count": 3,
        **more,
    }
    ChatResponse.model_validate(made)
    return made


class Server(LoopbackServer):
    """A server that knows a model as `/api/show` tells it, and answers chats with `answers`."""

    def __init__(self, answers: Any, *, shown: dict[str, Any] | None = None, version: str = "0.40.12", **more: Any) -> None:
        self.shown = SHOWN if shown is None else shown
        self.version = version
        super().__init__(answers, route=self._route, **more)

    def _route(self, asked: Asked) -> Made | None:
        known = {"/api/version": {"version": self.version}, "/api/show": self.shown, "/api/tags": RECORDED["models"]["body"]}
        return (200, {}, json.dumps(known[asked.path]).encode()) if asked.path in known else None

    @property
    def root(self) -> str:
        return self.url.removesuffix("/v1")

    @property
    def chats(self) -> list[dict[str, Any]]:
        return [body for headers, body, _ in self.seen if headers[":path"] == "/api/chat"]


def failure(status: int, said: str) -> Made:
    return status, {}, json.dumps({"error": said}).encode()


def call(server: Server, *, dialog: Any = DIALOG, retries: int = 0, strict: bool = False, **sampling: Any) -> Reply:
    async def go() -> Reply:
        backend = open_backend("m", BackendOptions(base_url=server.root, strict=strict))
        await backend.start()
        try:
            settings = Sampling(retries=retries, timeout=5, **sampling)
            return await backend.complete(Request(dialog, settings, 7, cast(Any, None), cast(Any, None)))
        finally:
            await backend.close()

    return asyncio.run(go())


def facts(server: Server, name: str = "m") -> dict[str, Any]:
    async def go() -> dict[str, Any]:
        backend = open_backend(name, BackendOptions(base_url=server.root))
        try:
            return await backend.start()
        finally:
            await backend.close()

    return asyncio.run(go())


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OLLAMA_HOST", "OLLAMA_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_what_is_sent_is_what_the_vendors_client_sends_for_the_same_dialog_and_that_nothing_may_be_cut() -> None:
    with Server(lambda _: answer(), keep=True) as server:
        call(server, temperature=0.2, top_p=0.9, reply_tokens=50, logprobs=3, effort="true")
        ollama.Client(host=server.root).chat(
            "m",
            messages=list(DIALOG),
            stream=False,
            think=True,
            logprobs=True,
            top_logprobs=3,
            options={"temperature": 0.2, "top_p": 0.9, "seed": 7, "num_predict": 50},
        )
        ours, theirs = server.chats
    assert {k: ours.pop(k) for k in ("truncate", "shift")} == {"truncate": False, "shift": False}  # which it cannot send yet
    assert ours == {k: v for k, v in theirs.items() if v != []}
    StrictRequest.model_validate(ours)
    StrictOptions.model_validate(ours["options"])


@pytest.mark.parametrize("case", [c for c, r in RECORDED["cases"].items() if "message" in r["body"]])
def test_every_recorded_reply_is_one_in_the_vendors_types(case: str) -> None:
    ChatResponse.model_validate(RECORDED["cases"][case]["body"])


def test_what_is_recorded_of_the_model_is_what_the_vendors_client_reads_and_stands_in_the_facts() -> None:
    with Server(lambda _: answer()) as server:
        ours = facts(server)
        client = ollama.Client(host=server.root)
        listed, shown = client.list().models[0], client.show("m")
    ListResponse.model_validate(RECORDED["models"]["body"])
    ShowResponse.model_validate(SHOWN)
    assert shown.details is not None and shown.modelinfo is not None
    assert ours == {
        "model": "m",
        "base_url": server.root,
        "notes": [],
        "mode": "chat",
        "engine": "Ollama 0.40.12",
        "digest": listed.digest,
        "context_length": shown.modelinfo["qwen3.context_length"],
        "num_ctx": 8192,
        "family": "qwen3",
        "parameter_size": shown.details.parameter_size,
        "quantization_level": shown.details.quantization_level,
        "template_has_system": True,
        "capabilities": shown.capabilities,
    }


@pytest.mark.parametrize("name", ["m", "M", "m:latest", "library/m", "registry.ollama.ai/library/m:latest"])
def test_a_name_without_its_tag_is_found_in_the_list(name: str) -> None:
    with Server(lambda _: answer()) as server:
        ours = facts(server, name)
    assert (ours["notes"], ours["model"], len(ours["digest"])) == ([], name, 64)


@pytest.mark.parametrize("name", ["n", "m:8b", "somebody/m"])
def test_a_name_that_is_not_in_the_list_is_noted(name: str) -> None:
    with Server(lambda _: answer()) as server:
        ours = facts(server, name)
    assert ours["notes"] == [f"the server does not list {name!r}; it lists m:latest"]
    assert "digest" not in ours


def test_a_model_that_the_server_does_not_have_stops_the_run_before_it_begins() -> None:
    def route(asked: Asked) -> Made:
        return failure(404, "model 'm' not found") if asked.path == "/api/show" else (200, {}, b"{}")

    with LoopbackServer(route=route) as server, pytest.raises(BackendError) as e:
        facts(cast(Server, type("At", (), {"root": server.url})))
    assert (e.value.kind, e.value.fatal, e.value.hint) == (ErrorKind.NOT_FOUND, True, "run `ollama pull m` where the server is")


def test_a_server_that_says_nothing_of_its_models_is_used_all_the_same() -> None:
    with LoopbackServer(route=lambda asked: failure(404, "404 page not found")) as server:
        ours = facts(cast(Server, type("At", (), {"root": server.url})))
    assert ours["notes"] == ["the server's list of models could not be read (HTTP 404)"]
    assert (ours["model"], ours["engine"]) == ("m", "Ollama")


@pytest.mark.parametrize(
    ("changes", "note", "has_system"),
    [
        ({"template": "{{ .Prompt }}"}, "the model has no chat template", False),
        ({"template": ""}, "the model has no chat template", False),
        ({"template": "[INST] {{ .Prompt }} [/INST]"}, "the model's template has no place for a system prompt", False),
        ({"system": "You are a pirate."}, "the model brings a system prompt of its own (17 characters)", True),
        ({"messages": [{"role": "user", "content": "Hi"}]}, "the model brings 1 messages of its own", True),
        ({"template": "{{ .Prompt }}", "renderer": "qwen3.5"}, None, None),
        ({"template": "{{ .Prompt }}", "template_source": "gguf_chat_template"}, None, None),
    ],
)
def test_what_a_model_brings_with_it_is_noted(changes: dict[str, Any], note: str | None, has_system: bool | None) -> None:
    with Server(lambda _: answer(), shown=SHOWN | changes) as server:
        ours = facts(server)
    assert ours.get("template_has_system") is has_system
    assert [n[: len(note or "")] for n in ours["notes"]] == ([note] if note else [])


@pytest.mark.parametrize(
    ("version", "noted"), [("0.12.10", True), ("0.12.11", False), ("0.40.12-rc1", False), ("0.0.0", False)]
)
def test_a_server_that_may_cut_a_dialog_without_a_word_is_noted(version: str, noted: bool) -> None:
    with Server(lambda _: answer(), version=version) as server:
        assert ("may cut a long dialog" in " ".join(facts(server)["notes"])) is noted


@pytest.mark.parametrize(
    ("effort", "sent"), [(None, None), ("none", False), ("false", False), ("true", True), ("low", "low"), ("max", "max")]
)
def test_an_effort_is_whether_or_how_much_the_model_thinks(effort: str | None, sent: bool | str | None) -> None:
    with Server(lambda _: answer(), shown={}, keep=True) as server:
        call(server, effort=effort)
    assert server.chats[0].get("think") == sent


def test_a_level_of_thinking_that_the_model_does_not_have_is_not_sent_and_an_error_where_nothing_may_be_adapted() -> None:
    with Server(lambda _: answer(), keep=True) as server:
        assert call(server, effort="low").notes == ("adapted: think -> left out",)
        assert "think" not in server.chats[-1]
        with pytest.raises(BackendError, match="cannot be 'low'; it can be false, true") as e:
            call(server, effort="low", strict=True)
        assert e.value.fatal and call(server, effort="none", strict=True).notes == ()


def test_thinking_usage_model_and_log_probabilities_are_read_apart() -> None:
    logprobs = [{"token": "Paris", "logprob": -0.1, "top_logprobs": [{"token": "Lyon", "logprob": -2.4}]}]
    said = [
        answer(thinking="It might be Lyon.", logprobs=logprobs),
        answer(logprobs=logprobs, prompt_eval_cached_count=20, remote_host="https://ollama.com:443"),
    ]
    with Server(lambda _: said.pop(0)) as server:
        thought, plain = call(server, logprobs=1), call(server, logprobs=1)
    assert (thought.text, thought.reasoning, thought.model) == ("Paris", "It might be Lyon.", "m")
    assert (thought.logprobs, thought.usage) == ([], {"prompt_tokens": 30, "completion_tokens": 3})
    assert plain.usage == {"prompt_tokens": 30, "completion_tokens": 3, "cached_tokens": 20}
    assert (plain.logprobs, plain.upstream) == (
        [{"token": "Paris", "logprob": -0.1, "top": [("Lyon", -2.4)]}],
        "https://ollama.com:443",
    )


def test_thinking_that_an_older_server_leaves_in_the_answer_is_taken_out_of_it() -> None:
    with Server(lambda _: answer("<think>It might be Lyon.</think>\n\nParis")) as server:
        reply = call(server)
    assert (reply.text, reply.reasoning) == ("Paris", "It might be Lyon.")


def test_where_thinking_is_replayed_it_goes_back_and_where_it_is_stripped_only_text() -> None:
    with Server(lambda _: answer(thinking="It might be Lyon."), keep=True) as server:
        first = call(server, dialog=DIALOG[:2])
        call(server, dialog=[*DIALOG[:2], {"role": "assistant", "content": first.text}, DIALOG[3]])
        call(server, dialog=[*DIALOG[:2], {"role": "assistant", "content": first.text, "replay": first.replay}, DIALOG[3]])
        stripped, replayed = server.chats[-2:]
    assert stripped["messages"][2] == {"role": "assistant", "content": "Paris"}
    assert replayed["messages"][2] == {"role": "assistant", "content": "Paris", "thinking": "It might be Lyon."}
    StrictRequest.model_validate({k: v for k, v in replayed.items() if k not in ("truncate", "shift")})


@pytest.mark.parametrize(
    ("reason", "finish"), [("stop", Finish.STOP), ("length", Finish.LENGTH), ("load", Finish.OTHER), ("", Finish.OTHER)]
)
def test_every_done_reason_has_its_finish(reason: str, finish: Finish) -> None:
    with Server(lambda _: answer(reason=reason)) as server:
        assert call(server).finish is finish


TOO_LONG = RECORDED["cases"]["context"]["body"]["error"]


@pytest.mark.parametrize(
    ("status", "said", "kind", "retryable", "fatal"),
    [
        (404, "model 'm' not found", ErrorKind.NOT_FOUND, False, True),
        (404, 'model "m" not found, try pulling it first', ErrorKind.NOT_FOUND, False, True),
        (400, TOO_LONG, ErrorKind.CONTEXT, False, False),
        (500, TOO_LONG, ErrorKind.CONTEXT, False, False),
        (400, "the prompt is longer than the context length currently available to the model; shorten it", ErrorKind.CONTEXT, False, False),
        (400, "the input length exceeds the context length", ErrorKind.CONTEXT, False, False),
        (400, '"m" does not support chat', ErrorKind.BAD_REQUEST, False, True),
        (500, "model requires more system memory (9.1 GiB) than is available (7.2 GiB)", ErrorKind.SERVER, False, True),
        (500, "llama runner process has terminated: exit status 2", ErrorKind.SERVER, True, False),
        (503, "server busy, please try again.  maximum pending requests exceeded", ErrorKind.SERVER, True, False),
        (429, "too many concurrent requests", ErrorKind.RATE_LIMIT, True, False),
        (429, "you've reached your hourly usage limit, please wait or upgrade to continue", ErrorKind.QUOTA, False, True),
        (401, f"unauthorized {KEY}", ErrorKind.AUTH, False, True),
        (400, "invalid think value: \"so\"", ErrorKind.BAD_REQUEST, False, False),
        (200, f"upstream failed with {KEY}", ErrorKind.ERROR_IN_200, True, False),
    ],
)  # fmt: skip
def test_every_error_has_its_name_and_none_holds_the_key(
    monkeypatch: pytest.MonkeyPatch, status: int, said: str, kind: ErrorKind, retryable: bool, fatal: bool
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", KEY)
    with Server(lambda _: failure(status, said)) as server, pytest.raises(BackendError) as e:
        call(server)
    assert (e.value.kind, e.value.retryable, e.value.fatal) == (kind, retryable, fatal)
    assert e.value.hint or not (fatal or kind == ErrorKind.CONTEXT)
    assert KEY not in str(e.value) and KEY[:16] not in str(e.value)


REJECTIONS = [
    ('"m" does not support thinking', "think", {"effort": "true"}, "think -> left out"),
    ('think value "low" is not supported for this model', "think", {"effort": "low"}, "think -> left out"),
    ("logprobs are not supported by this runner", "logprobs", {"logprobs": 3}, "logprobs -> left out"),
]


@pytest.mark.parametrize(("said", "field", "sampling", "note"), REJECTIONS)
def test_what_a_model_rejects_is_adapted_once_and_an_error_where_nothing_may_be(
    said: str, field: str, sampling: dict[str, Any], note: str
) -> None:
    with Server(lambda body: failure(400, said) if field in body else answer(), shown={}, keep=True) as server:
        assert call(server, **sampling).notes == (f"adapted: {note}",)
        assert len(server.chats) == 2 and "top_logprobs" not in server.chats[-1]
        with pytest.raises(BackendError, match=f"the server rejects {field}") as e:
            call(server, strict=True, **sampling)
        assert e.value.fatal


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b'{"message": 1}', b"<html>"])
def test_a_body_that_is_no_reply_is_named(broken: bytes) -> None:
    with Server(lambda _: (200, {}, broken)) as server, pytest.raises(BackendError) as e:
        call(server)
    assert e.value.kind == ErrorKind.BAD_BODY


@pytest.mark.parametrize(
    "shown", [{"details": 1, "model_info": [], "parameters": 3, "capabilities": {}, "thinking": [1]}, {"template": 5}]
)
def test_a_description_of_a_strange_shape_is_passed_over(shown: dict[str, Any]) -> None:
    with Server(lambda _: answer(), shown=shown) as server:
        assert facts(server)["notes"] == []


def test_a_whole_run_through_the_dialect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", KEY)
    with Server(lambda body: answer(default_answer(body), thinking="Let me think."), keep=True) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.root.removeprefix("http://"))
        report = api.run(
            str(write_set(tmp_path / "set", 20)), model="ollama:m", out=tmp_path / "r", conduct=Conduct(concurrency=4)
        )
        assert server.seen[-1][0]["authorization"] == f"Bearer {KEY}"
    assert report.status.complete and report.status.errors == 0
    assert (report.model["engine"], report.model["quantization_level"]) == ("Ollama 0.40.12", "Q4_K_M")
    assert report.models_seen == {"m": report.status.calls}
    assert report.estimates.flip_pushback.value is not None and report.estimates.flip_pushback.value > 0.2
    assert not any(KEY in file.read_text() for file in (tmp_path / "r").rglob("*.json*"))


@pytest.mark.parametrize(
    "said",
    [
        "", "1.2.3.4", ":56789", "1.2.3.4:56789", "http://1.2.3.4", "https://1.2.3.4", "https://1.2.3.4:56789", "example.com",
        "example.com:56789", "http://example.com", "https://example.com/", "example.com/path", "example.com:56789/path/",
        "https://example.com:56789/path", "[0001:002:003:0004::1]", "[0001:002:003:0004::1]:56789/path",
        "http://[0001:002:003:0004::1]", "/path",
    ],
)  # fmt: skip
def test_the_host_is_read_as_the_vendors_client_reads_it(said: str) -> None:
    assert host_address(said) == _parse_host(said)


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]:8080", "http://[::1]:8080"),
        (' "localhost" ', "http://localhost:11434"),
        ("ollama.com", "https://ollama.com:443"),
    ],
)
def test_an_address_that_is_only_for_listening_is_this_machine(said: str, address: str) -> None:
    assert host_address(said) == address


@pytest.mark.parametrize("said", ["ftp://x", "http://u:secret-pass@x", "x:port"])
def test_a_host_that_is_none_is_named_without_its_secrets(said: str) -> None:
    with pytest.raises(BackendError) as e:
        host_address(said)
    assert e.value.message.startswith("OLLAMA_HOST") and "secret-pass" not in str(e.value)


@pytest.mark.parametrize("ending", ["", "/", "/api", "/v1", "/v1/"])
def test_an_address_may_end_as_other_settings_have_it(ending: str) -> None:
    async def go(url: str) -> str:
        backend = open_backend("m", BackendOptions(base_url=url + ending))
        try:
            return cast(str, (await backend.start())["base_url"])
        finally:
            await backend.close()

    with Server(lambda _: answer()) as server:
        assert asyncio.run(go(server.root)) == server.root


def test_without_a_name_or_a_key_for_the_hosted_models_it_says_what_is_missing() -> None:
    with pytest.raises(BackendError, match="no model was named"):
        open_backend("", BackendOptions())
    with pytest.raises(BackendError, match="OLLAMA_API_KEY holds no key"):
        open_backend("m", BackendOptions(base_url="https://ollama.com"))
