"""How headers and body fields of the user's own are read: what they come to, what is refused and why, and that no value is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sycoprobe import keys
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.extras import body_of, fields_of, filled_body, filled_headers, headers_of, with_fields
from sycoprobe.errors import BackendError, PlanError

SECRET = "hunter2-hunter2-9f8e7d"


def test_headers_are_read_from_both_ways_of_writing_them_and_from_a_table() -> None:
    written = headers_of(["X-Team: search", "X-Trace=a:b=c", "X-Blank  :  padded  "])
    assert dict(written) == {"X-Team": "search", "X-Trace": "a:b=c", "X-Blank": "padded"}
    assert dict(headers_of({"X-Team": "search", "X-Trace": "a:b=c", "X-Blank": "padded"})) == dict(written)
    assert dict(headers_of("X-Team: search")) == {"X-Team": "search"}, "one text is one header, not one of each letter"
    assert headers_of(written) == written and not headers_of([])


def test_what_a_header_holds_is_in_no_representation() -> None:
    headers = headers_of([f"X-Api-Key: {SECRET}"])
    said = f"{headers} {headers!r} {BackendOptions(headers=headers)!r} {BackendOptions(headers=dict(headers))!r}"
    assert SECRET not in said and "X-Api-Key" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([SECRET], "number 1 does not begin with a header's name"),
        (["X-Team: a", f"Bearer {SECRET}: x"], "number 2 does not begin with a header's name"),
        ([f": {SECRET}"], "number 1 does not begin with a header's name"),
        (["X-Api-Key:"], "there is nothing in it"),
        (["X-Api-Key"], "does not begin with a header's name"),
        ([f"X-Api-Key: {SECRET}\r\nX-Other: y"], "a line break or a control character"),
        ([f"X-Api-Key: {SECRET}\x00"], "a line break or a control character"),
        ([f"X-Api-Key: {SECRET}…"], "signs beyond ASCII"),
        ([f"Content-Length: {SECRET}"], "must set this header itself"),
        ([f"HOST: {SECRET}"], "must set this header itself"),
        ([f"Content-Type: {SECRET}"], "must set this header itself"),
        ([f"transfer-encoding: {SECRET}"], "must set this header itself"),
        ([f"X-Key: {SECRET}", f"x-key: {SECRET}"], "given twice"),
        (["X-Key: ${not a name}"], "names no variable"),
        ({"X-Retries": 3}, "is no text"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_and_its_value_not_shown(given: Any, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        headers_of(given)
    assert said in caught.value.message and caught.value.hint
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_body_fields_are_json_where_they_can_be_and_dots_lead_into_objects() -> None:
    texts = [
        'provider.order=["a", "b"]',
        "provider.allow_fallbacks=false",
        "user=team-a",
        "top_k=20",
        "note=a=b",
        "x=null",
        "y=NaN",
    ]
    provider = {"order": ["a", "b"], "allow_fallbacks": False}
    assert body_of(texts) == {"provider": provider, "user": "team-a", "top_k": 20, "note": "a=b", "x": None, "y": "NaN"}
    assert body_of({"provider": {"order": ["a", "b"]}, "provider.allow_fallbacks": False}) == {"provider": provider}
    assert body_of(['quoted="20"', "empty="]) == {"quoted": "20", "empty": ""}
    assert fields_of(body_of(texts))[:3] == ["provider.order", "provider.allow_fallbacks", "user"]
    assert body_of(body_of(texts)) == body_of(texts)


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        (["messages=[]"], "messages: sycoprobe sets this field itself", "probe sets"),
        (["input=x"], "input: sycoprobe sets", "probe sets"),
        (["model=gpt"], "model: sycoprobe sets", "-m names"),
        (["stream=true"], "stream: sycoprobe sets", "leave it out"),
        (["temperature=1"], "temperature: sycoprobe sets", "--temperature"),
        (["max_tokens=9"], "max_tokens: sycoprobe sets", "--reply-tokens"),
        (["generationConfig.temperature=1"], "generationConfig.temperature: sycoprobe sets", "--temperature"),
        ({"options": {"num_ctx": 8192, "seed": 1}}, "options.seed: sycoprobe sets", "--seed"),
        (["system=Be nice."], "system: sycoprobe sets", "--system"),
        (["n=3"], "n: sycoprobe sets", "--repeats"),
        (["user"], "number 1 has no =", "NAME=VALUE"),
        (["=x"], "no name of a field", "NAME=VALUE"),
        (["a..b=x"], "no name of a field", "OUTER.INNER"),
        (["a=1", "a=2"], "given twice", "once"),
        (["a=1", "a.b=2"], "given twice", "once"),
        (["a.b=1", "a=2"], "given twice", "once"),
        ({"when": object()}, "is no JSON", "a text"),
        ({"x": float("nan")}, "no such number", "a number"),
        ([f"api_key={SECRET}"], "by its name this is a secret", "api_key=$TEAM_KEY"),
        ({"gateway": {"authToken": SECRET}}, "gateway.authToken: by its name this is a secret", "$TEAM_KEY"),
        ([f"db.password=[\"{SECRET}\"]"], "db.password: by its name this is a secret", "$TEAM_KEY"),
        (["x=${}"], "names no variable", "$$"),
    ],
)  # fmt: skip
def test_a_body_field_that_cannot_be_sent_is_refused_with_what_to_do(given: Any, said: str, hint: str) -> None:
    with pytest.raises(PlanError) as caught:
        body_of(given)
    assert said in caught.value.message and hint in caught.value.hint
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "name", ["author", "max_thinking_tokens", "return_token_ids", "prompt_cache_key", "monkey", "keywords"]
)
def test_a_name_that_only_looks_like_a_secret_is_an_ordinary_field(name: str) -> None:
    assert body_of([f"{name}=some text"]) == {name: "some text"}


def test_values_are_filled_in_from_the_environment_and_from_dotenv_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEAM_KEY", "of-the-environment-1\n")
    (tmp_path / ".env").write_text('team_token="of the file 222"\n')
    texts = ["X-Key=$TEAM_KEY", "X-Other: ${TEAM_KEY}", "Authorization: Bearer ${team_token}", "X-Price: $$5 and $5"]
    assert filled_headers(headers_of(texts)) == {
        "X-Key": "of-the-environment-1",
        "X-Other": "of-the-environment-1",
        "Authorization": "Bearer of the file 222",
        "X-Price": "$5 and $5",
    }
    given = body_of(["api_key=$TEAM_KEY", 'meta.list=["${TEAM_KEY}", 1]'])
    assert given == {"api_key": "$TEAM_KEY", "meta": {"list": ["${TEAM_KEY}", 1]}}, "what stands in the plan names the variable"
    assert filled_body(given) == {"api_key": "of-the-environment-1", "meta": {"list": ["of-the-environment-1", 1]}}
    assert keys.scrubbed("of-the-environment-1, of the file 222") == "[key], [key]"


def test_a_variable_that_holds_nothing_or_what_no_header_can_hold_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for fill, given in (
        (filled_headers, headers_of(["X-Key: $NO_SUCH_VARIABLE"])),
        (filled_body, body_of(["x=$NO_SUCH_VARIABLE"])),
    ):
        with pytest.raises(PlanError, match="names the variable NO_SUCH_VARIABLE, which holds nothing") as caught:
            fill(given)
        assert "export NO_SUCH_VARIABLE" in caught.value.hint
    monkeypatch.setenv("TEAM_KEY", f"{SECRET}\nX-Injected: yes")
    with pytest.raises(PlanError, match="line break") as caught:
        filled_headers(headers_of(["X-Key: $TEAM_KEY"]))
    assert "hunter2" not in caught.value.message


def test_ordinary_words_in_a_header_are_left_in_replies_and_taken_out_of_errors() -> None:
    filled_headers(headers_of(["X-Team: geography desk", "X-Tenant: acme-7f3k2jq9"]))
    assert keys.scrubbed("ask the geography desk of acme-7f3k2jq9") == "ask the geography desk of [key]"
    assert "geography" not in keys.redacted("no such team: geography desk")


def test_fields_go_beside_our_own_and_never_over_them() -> None:
    own = {"model": "m", "options": {"seed": 1}}
    assert with_fields(own, {"options": {"num_ctx": 2}, "user": "x"}) == {
        "model": "m",
        "options": {"seed": 1, "num_ctx": 2},
        "user": "x",
    }
    for extra in ({"options": 3}, {"options": {"seed": 2}}, {"model": "n"}):
        with pytest.raises(BackendError, match="sycoprobe sets this field itself") as caught:
            with_fields(own, extra)
        assert caught.value.fatal


@pytest.mark.parametrize("model", ["sim:", "python:json:dumps", "command:cat", "replay:x", "local:smollm2", "hf:x"])
def test_a_backend_that_is_no_server_over_http_refuses_them(model: str) -> None:
    if model.startswith("hf:"):
        pytest.importorskip("torch", reason="the extra [hf] is not installed")
    for options, what in (
        (BackendOptions(headers={"X-Team": "a"}), "headers go"),
        (BackendOptions(body={"user": "a"}), "body fields go"),
    ):
        with pytest.raises(PlanError, match=f"{what} only to servers over HTTP"):
            open_backend(model, options)
