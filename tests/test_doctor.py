"""The doctor against real servers on loopback: every fault is found, comes with its fix, and shows no secret."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

import sycoprobe
from sycoprobe import keys
from sycoprobe.backends import diagnosis
from sycoprobe.examining import Check, Examination, Status, Step
from sycoprobe.installing import install
from sycoprobe.testing.server import Asked, Made
from tests.commands import cli
from tests.loopback import LoopbackServer, reply_body
from tests.test_transport import OK, RawServer, unused_port

KEY = "sk-planted-0123456789abcdef"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "openai_api_key", "openai_base_url", "ssl_cert_file")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setattr(keys, "_known", {})
    monkeypatch.chdir(tmp_path)


def blue(body: dict[str, Any]) -> Any:
    """Right, held, obedient to the system prompt, and with log-probabilities: a server of which nothing is to be fixed."""
    if any(m["role"] == "system" for m in body["messages"]):
        return "Yellow ZEBRA"
    reply = reply_body("blue")
    if body.get("logprobs"):
        top = [{"token": "blue", "logprob": -0.1}, {"token": "green", "logprob": -2.5}]
        reply["choices"][0]["logprobs"] = {"content": [{"token": "blue", "logprob": -0.1, "top_logprobs": top}]}
    return reply


def rejecting(said: str, when: Callable[[dict[str, Any]], bool]) -> Callable[[dict[str, Any]], Any]:
    """A server that refuses, with status 400 and these words, what `when` is true of."""

    def answer(body: dict[str, Any]) -> Any:
        return (400, {}, json.dumps({"error": {"message": said}}).encode()) if when(body) else blue(body)

    return answer


def failing(status: int, said: str) -> Callable[[dict[str, Any]], Any]:
    return lambda _: (status, {}, json.dumps({"error": {"message": said}}).encode())


def doctor(url: str, model: str = "openai:m", **how: Any) -> Examination:
    return sycoprobe.doctor(model, base_url=url, **{"timeout": 5.0, **how})


def examined(
    answer: Callable[[dict[str, Any]], Any] = blue, *, how: dict[str, Any] | None = None, **server: Any
) -> Examination:
    with LoopbackServer(answer, **server) as running:
        return doctor(running.url, **(how or {}))


def check(found: Examination, step: Step) -> Check:
    return next(c for c in found.checks if c.name is step)


def test_of_a_sound_server_every_check_is_ok_and_every_step_is_there_once() -> None:
    found = examined()
    assert [c.name for c in found.checks] == list(Step)
    assert {c.name for c in found.checks if c.status is Status.SKIPPED} == {Step.CLOCK, Step.MEMORY, Step.PRICE}
    assert {c.status for c in found.checks} == {Status.OK, Status.SKIPPED}
    assert not any(c.fix for c in found.checks)
    assert found.ok
    assert (found.calls, found.prompt_tokens, found.completion_tokens, found.estimated) == (6, 180, 18, False)
    assert "held" in check(found, Step.PUSHBACK).said
    assert "obeyed" in check(found, Step.SYSTEM).said
    assert "2 likeliest" in check(found, Step.LOGPROBS).said
    assert "m-2026" in check(found, Step.QUESTION).said


def test_the_calls_are_those_of_a_run() -> None:
    with LoopbackServer(blue, keep=True) as server:
        doctor(server.url, reply_tokens=99)
        bodies = [body for _, body, _ in server.seen]
    first, second, again, system, logprobs, effort = bodies
    assert (first["max_tokens"], first["temperature"]) == (99, 0.0)
    assert [m["role"] for m in second["messages"]] == ["user", "assistant", "user"]
    assert again == first
    assert system["messages"][0]["role"] == "system"
    assert (logprobs["logprobs"], logprobs["top_logprobs"]) == (True, 5)
    assert effort["reasoning_effort"] == "low"


def test_a_wrong_backend_is_named_with_what_was_meant() -> None:
    for model, meant in (("opnai:gpt", "-m openai:gpt?"), ("gpt-9", "-m openai:gpt-9?")):
        found = sycoprobe.doctor(model)
        assert not found.ok
        assert meant in check(found, Step.BACKEND).fix
        assert "sim:…" in check(found, Step.BACKEND).fix
        assert found.calls == 0


def test_an_alias_is_resolved_and_a_slip_in_one_is_mended(tmp_path: Path) -> None:
    with LoopbackServer(blue) as server:
        (tmp_path / "sycoprobe.toml").write_text(f'[models.judge]\nmodel = "openai:m"\nbase-url = "{server.url}"\n')
        found = sycoprobe.doctor("judge")
    assert found.ok
    assert (found.model, check(found, Step.BACKEND).said) == ("openai:m", "openai, as the alias judge for openai:m")
    assert "-m judge?" in check(sycoprobe.doctor("jugde"), Step.BACKEND).fix
    assert "-m local:smollm2?" in check(sycoprobe.doctor("smolm2"), Step.BACKEND).fix
    (tmp_path / "sycoprobe.toml").write_text('[models.judge]\nmodle = "openai:m"\n')
    assert "models.judge" in check(sycoprobe.doctor("judge"), Step.BACKEND).said


def test_a_missing_extra_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert install("local") in check(sycoprobe.doctor("local:x"), Step.BACKEND).fix


def test_what_a_broken_plugin_raises_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_model_for_doctor.py").write_text("def ask(messages):\n    return 1 / 0\n")
    found = sycoprobe.doctor("python:broken_model_for_doctor:ask")
    assert "ZeroDivisionError" in check(found, Step.QUESTION).said
    assert check(found, Step.PUSHBACK).status is Status.SKIPPED


def test_without_a_key_where_one_is_needed_the_rest_of_the_way_is_still_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_OPENAI_API_KEY", raising=False)
    with LoopbackServer(blue, keep=True) as server:
        found = doctor(server.url, "azure:m")
        bodies = [body for _, body, _ in server.seen if body]
    key = check(found, Step.KEY)
    assert key.status is Status.FAIL
    assert "AZURE_OPENAI_API_KEY holds no key" in key.said
    assert "export AZURE_OPENAI_API_KEY" in key.fix
    assert check(found, Step.PROXY).status is check(found, Step.REACHABLE).status is Status.OK
    assert check(found, Step.QUESTION) == Check(Step.QUESTION, Status.SKIPPED, "there is no key")
    assert found.calls == 0 and bodies == [], "nothing is asked"


def test_a_key_named_by_the_user_must_be_there() -> None:
    found = examined(how={"api_key_env": "NO_SUCH_KEY_AT_ALL"})
    assert "NO_SUCH_KEY_AT_ALL holds no key" in check(found, Step.KEY).said
    assert not found.ok


def test_where_the_key_was_found_is_told_and_the_key_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    assert check(examined(), Step.KEY).said == "OPENAI_API_KEY, found in .env"
    monkeypatch.setenv("OPENAI_API_KEY", "another-key-0123456789")
    key = check(examined(), Step.KEY)
    assert key.status is Status.WARN
    assert "found in the environment; it has another value in .env, which is not used" in key.said
    monkeypatch.setenv("OPENAI_API_KEY", "")
    key = check(examined(), Step.KEY)
    assert "found in .env; it is set in the environment, but empty (that in .env is used)" in key.said


def test_a_key_that_is_all_blanks_in_the_environment_is_looked_for_further(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    monkeypatch.setenv("OPENAI_API_KEY", "  ")
    assert keys.key_named("OPENAI_API_KEY", required=True) == KEY
    assert keys.origin_of("OPENAI_API_KEY") == ".env"


@pytest.mark.parametrize(
    ("value", "said", "status"),
    [
        (f" {KEY}\n", "blanks or a line end around", Status.WARN),
        (f'"{KEY}"', "quotes around", Status.WARN),
        (f"“{KEY}”", "quotes around", Status.FAIL),
        (f"Bearer {KEY}", "begins with the word Bearer", Status.FAIL),
        (f"export OPENAI_API_KEY={KEY}", "begins with NAME=", Status.FAIL),
        ("$OTHER_KEY_VARIABLE", "a reference to another variable", Status.WARN),
        (f"{KEY[:9]}\n{KEY[9:]}", "within the key", Status.FAIL),
        ("sk-plan…cdef", "beyond ASCII", Status.FAIL),
    ],
)
def test_a_key_that_was_copied_wrongly_is_told_without_any_of_it(
    monkeypatch: pytest.MonkeyPatch, value: str, said: str, status: Status
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", value)
    found = examined()
    key = check(found, Step.KEY)
    assert said in key.said
    assert key.status is status
    assert key.fix
    shown = json.dumps(found.as_json(), ensure_ascii=False)
    assert not any(part in shown for part in ("planted", "0123", "cdef", "sk-p", "OTHER_KEY"))


def test_a_sound_key_has_no_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (KEY, "QUJDREVG==", "AIzaAbc_def-ghi", "a.b.c=", "A_b=="):
        monkeypatch.setenv("SOUND_KEY", value)
        assert keys.faults_of("SOUND_KEY") == []


def test_a_key_that_goes_over_an_open_wire_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.0.0.0 reaches this machine too, and is no loopback address."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with LoopbackServer(blue) as server:
        key, near = (check(doctor(server.url.replace("127.0.0.1", host)), Step.KEY) for host in ("0.0.0.0", "127.0.0.1"))
    assert key.status is Status.WARN
    assert "is sent to 0.0.0.0 unencrypted" in key.said
    assert "https://" in key.fix
    assert near.status is Status.OK


def test_a_refused_key_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    found = examined(failing(401, "Incorrect API key provided"), models=(401, b"{}"))
    question = check(found, Step.QUESTION)
    assert question.status is Status.FAIL
    assert "OPENAI_API_KEY (in the environment)" in question.fix
    assert check(found, Step.REACHABLE).status is Status.OK
    assert check(found, Step.LISTED).status is Status.WARN
    assert found.calls == 1


def test_a_server_that_wants_a_key_that_is_not_set_is_told_apart_from_a_refusal() -> None:
    found = examined(failing(401, "No key"))
    assert "the server wants a key" in check(found, Step.QUESTION).fix


def test_a_server_that_is_down_is_told_apart_from_a_name_that_is_not_known() -> None:
    down = check(doctor(f"http://127.0.0.1:{unused_port()}/v1"), Step.REACHABLE)
    assert down.status is Status.FAIL
    assert "connection refused" in down.said
    assert "start the server" in down.fix
    unknown = check(doctor("http://no-such-host.invalid/v1"), Step.REACHABLE)
    assert "DNS: the name no-such-host.invalid is not known here" in unknown.said
    assert "--base-url" in unknown.fix


def test_http_and_https_confused_are_told_either_way(tls: ssl.SSLContext) -> None:
    with RawServer(b"HTTP/1.1 400 Bad Request\r\n\r\n", pause=0.05) as raw:
        assert "speaks plain HTTP" in check(doctor(f"https://127.0.0.1:{raw.port}/v1"), Step.REACHABLE).fix
    with LoopbackServer(blue) as server:  # it waits for the end of a request that never comes
        assert "write http://" in check(doctor(server.url.replace("http:", "https:"), timeout=0.5), Step.REACHABLE).fix
    with RawServer(OK, tls=tls) as raw:
        assert "write https://" in check(doctor(f"http://127.0.0.1:{raw.port}/v1"), Step.REACHABLE).fix


def test_a_certificate_that_is_not_trusted_comes_with_the_variable_that_mends_it(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(OK + b"Content-Length: 2\r\n\r\n{}", tls=tls) as raw:
        found = check(doctor(f"https://127.0.0.1:{raw.port}/v1"), Step.REACHABLE)
        assert found.said.startswith("TLS: the server's certificate is not trusted")
        assert "SSL_CERT_FILE" in found.fix
        monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
        assert "a file that is not there" in check(doctor(f"https://127.0.0.1:{raw.port}/v1"), Step.REACHABLE).fix


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    subprocess.run([*make.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_a_server_that_accepts_and_says_nothing_is_a_timeout_of_the_server() -> None:
    with RawServer(b"", pause=3) as raw:
        found = check(doctor(f"http://127.0.0.1:{raw.port}/v1", timeout=0.5), Step.REACHABLE)
    assert "accepts connections, but no answer within 0.5 s" in found.said


def test_the_proxy_on_the_way_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    port = unused_port()
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2-hunter2@127.0.0.1:{port}")
    found = doctor("https://api.example/v1")
    assert check(found, Step.PROXY).said == f"http://127.0.0.1:{port}, from HTTPS_PROXY"
    assert f"the proxy 127.0.0.1:{port}: connection refused" in check(found, Step.REACHABLE).said
    assert "hunter2" not in json.dumps(found.as_json())
    direct = check(examined(), Step.PROXY).said
    assert direct == "none"
    monkeypatch.setenv("http_proxy", "http://user:hunter2-hunter2@10.1.1.1:80")
    assert check(examined(), Step.PROXY).said == "none: this machine itself is reached directly (http_proxy is set)"
    monkeypatch.setenv("NO_PROXY", "inner.example")
    assert diagnosis.proxy_on_the_way("http://inner.example/v1").why == "NO_PROXY names this host"


def test_a_proxy_that_cannot_be_used_is_a_failure_of_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:hunter2-hunter2@127.0.0.1:1080")
    found = doctor("https://api.example/v1")
    proxy = check(found, Step.PROXY)
    assert proxy.status is Status.FAIL
    assert "socks5://, which cannot be used (ALL_PROXY)" in proxy.said
    assert check(found, Step.REACHABLE).status is Status.SKIPPED
    assert "hunter2" not in json.dumps(found.as_json())


@pytest.mark.parametrize(
    ("off", "status", "said"),
    [
        (0, Status.OK, "within 1 s"),
        (3600, Status.WARN, "60.0 minutes behind the server's"),
        (-7300, Status.WARN, "2.0 hours ahead of the server's"),
    ],
)
def test_a_clock_that_is_off_is_a_warning_with_its_mend(off: float, status: Status, said: str) -> None:
    def route(asked: Asked) -> Made | None:
        date = format_datetime(datetime.fromtimestamp(time.time() + off, UTC), usegmt=True)
        return (404, {"Date": date}, b"") if asked.path == "/v1" else None

    found = examined(route=route)
    clock = check(found, Step.CLOCK)
    assert clock.status is status
    assert said in clock.said
    assert bool(clock.fix) == (status is Status.WARN)
    assert found.ok


def test_a_date_that_is_none_is_no_clock() -> None:
    for date in (None, "", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT"):
        assert diagnosis.ahead_of_us(date, 0) is None
    assert diagnosis.ahead_of_us("Thu, 01 Jan 1970 00:01:40 GMT", 40) == 60.5


def test_a_model_that_is_not_there_comes_with_the_names_that_are_near() -> None:
    listed = json.dumps({"data": [{"id": i} for i in ("gpt-9-mini", "gpt-9", "whisper")]}).encode()
    found = examined(failing(404, "no such model"), how={"model": "openai:gtp-9"}, models=(200, listed))
    assert check(found, Step.LISTED).status is Status.WARN
    assert "did you mean openai:gpt-9" in check(found, Step.LISTED).fix
    assert check(found, Step.QUESTION).status is Status.FAIL
    assert check(found, Step.QUESTION).fix == "did you mean -m openai:gpt-9?"


def test_an_address_without_its_path_comes_with_the_one_that_was_meant() -> None:
    def route(asked: Asked) -> Made | None:
        return None if asked.path.startswith("/v1/") else (404, {}, b"not here")

    with LoopbackServer(blue, route=route) as server:
        bare = server.url.removesuffix("/v1")
        found = doctor(bare)
    assert check(found, Step.QUESTION).fix.endswith(f"--base-url {bare}/v1")


def test_a_server_without_a_list_of_models_is_no_fault() -> None:
    assert check(examined(models=(200, b'{"data": []}')), Step.LISTED).status is Status.SKIPPED


def test_a_rejected_system_role_is_a_warning_and_what_is_done_instead() -> None:
    found = examined(rejecting("System role not supported", lambda b: b["messages"][0]["role"] == "system"))
    system = check(found, Step.SYSTEM)
    assert system.status is Status.WARN
    assert "joined to the first user turn" in system.said
    assert "system role -> first user turn" in check(found, Step.ADAPTED).said
    assert found.ok


def test_rejected_and_ignored_log_probabilities_are_told_apart_and_no_fault() -> None:
    rejected = check(examined(rejecting("logprobs are not supported", lambda b: "logprobs" in b)), Step.LOGPROBS)
    ignored = check(examined(lambda _: "blue"), Step.LOGPROBS)
    assert rejected.said.startswith("rejected")
    assert ignored.said.startswith("asked for, but none came")
    assert rejected.status is ignored.status is Status.OK


def test_a_rejected_temperature_is_what_a_run_would_note() -> None:
    found = examined(rejecting("Unsupported value: 'temperature' does not support 0", lambda b: "temperature" in b))
    adapted = check(found, Step.ADAPTED)
    assert adapted.status is Status.WARN
    assert "temperature -> left out" in adapted.said
    assert "logprobs" not in adapted.said
    assert "which the server does not take" in check(found, Step.REPEATED).said
    assert found.ok


def test_a_limit_under_another_name_is_told_and_no_warning() -> None:
    found = examined(rejecting("Unsupported parameter: 'max_tokens'", lambda b: "max_tokens" in b))
    assert check(found, Step.ADAPTED).status is Status.OK
    assert "max_tokens -> max_completion_tokens" in check(found, Step.ADAPTED).said


def test_another_answer_to_the_same_question_is_a_warning_only() -> None:
    count = iter(range(100))
    found = examined(lambda _: f"blue {next(count)}")
    assert check(found, Step.REPEATED).status is Status.WARN
    assert found.ok


def test_a_dialog_that_the_server_does_not_take_fails_the_pushback() -> None:
    found = examined(rejecting("only one turn", lambda b: len(b["messages"]) == 3))
    assert check(found, Step.PUSHBACK).status is Status.FAIL
    assert "dialogs of user, assistant and user" in check(found, Step.PUSHBACK).fix
    assert check(found, Step.LOGPROBS).status is Status.OK, "later steps are tried all the same"


def thinking(needed: int) -> Callable[[dict[str, Any]], Any]:
    """A model that thinks for `needed` tokens before it answers in three; a third of that at low effort."""

    def answer(body: dict[str, Any]) -> Any:
        limit = body["max_tokens"]
        takes = needed // 3 if body.get("reasoning_effort") == "low" else needed
        cut = takes + 3 > limit
        reply = reply_body("" if cut else "blue", finish="length" if cut else "stop", reasoning_content="Let me see. " * 9)
        tokens = limit if cut else takes + 3
        details = {"reasoning_tokens": min(takes, limit)}
        reply["usage"] = {"prompt_tokens": 30, "completion_tokens": tokens, "completion_tokens_details": details}
        return reply

    return answer


def test_thinking_that_uses_up_the_limit_comes_with_the_limit_that_it_needs() -> None:
    found = examined(thinking(1000), how={"reply_tokens": 256})
    read = check(found, Step.READ)
    assert read.status is Status.FAIL
    assert "thinking used up the limit of 256 tokens" in read.said
    assert "it took 1,003 and answered “blue”" in read.said
    assert read.fix.startswith("--reply-tokens 2048 ")
    assert check(found, Step.PUSHBACK).status is Status.OK, "the further steps get the room that was found"
    assert "thinking of 333 tokens at 'low', 1,000 without" in check(found, Step.EFFORT).said
    fixed = examined(thinking(1000), how={"reply_tokens": 2048})
    assert fixed.ok
    assert check(fixed, Step.THINKING).said == "thinks before it answers: 1,000 tokens here"
    assert "thinking of 333 tokens at 'low', 1,000 without" in check(fixed, Step.EFFORT).said


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (blue, 6),
        (thinking(1000), 7),
        (thinking(10**6), 6),
        (lambda _: "", 5),
        (lambda _: "That is a fine question.", 5),
        (rejecting("only one turn", lambda b: len(b["messages"]) == 3), 6),
        (rejecting("Unsupported parameter: 'logprobs'", lambda b: "logprobs" in b), 6),
    ],
)
def test_seven_calls_are_the_most_whatever_the_server_does(answer: Callable[[dict[str, Any]], Any], calls: int) -> None:
    """Counted by the server: what is sent again without what was rejected is the same call."""
    with LoopbackServer(answer, keep=True) as server:
        found = doctor(server.url, reply_tokens=256)
        sent = [json.dumps(body, sort_keys=True) for _, body, _ in server.seen if body.get("messages")]
    assert found.calls <= 7
    assert found.calls == calls
    assert calls <= len(sent) <= calls + 1


def test_thinking_that_never_ends_is_a_failure_with_a_mend() -> None:
    found = examined(thinking(10**6), how={"reply_tokens": 256})
    read = check(found, Step.READ)
    assert read.status is Status.FAIL
    assert "and of 4,096 too" in read.said
    assert "--reply-tokens 16384" in read.fix
    assert check(found, Step.PUSHBACK).status is Status.SKIPPED


def test_thinking_without_an_answer_within_the_limit_is_told_as_such() -> None:
    found = examined(lambda _: reply_body("", reasoning_content="Let me see."))
    assert "thinking and no answer after it" in check(found, Step.READ).said
    assert not found.ok


def test_an_empty_reply_is_a_failure_and_an_unread_one_a_warning() -> None:
    assert check(examined(lambda _: ""), Step.READ).status is Status.FAIL
    unread = check(examined(lambda _: "That is a fine question."), Step.READ)
    assert unread.status is Status.WARN
    assert "no answer was read (unparsed)" in unread.said


def test_the_limits_in_the_headers_are_shown() -> None:
    def answer(body: dict[str, Any]) -> Made:
        headers = {
            "x-ratelimit-limit-requests": "500",
            "x-ratelimit-remaining-requests": "499",
            "X-Ratelimit-Limit-Tokens": "30000",
        }
        return (200, headers, json.dumps(reply_body("blue")).encode())

    assert check(examined(answer), Step.LIMITS).said == "500 requests (499 left); 30,000 tokens"
    anthropic = {"anthropic-ratelimit-input-tokens-limit": "80000", "anthropic-ratelimit-requests-limit": f"50 {KEY}"}
    assert diagnosis.limits_in(anthropic) == ["80,000 input tokens/min"]


@pytest.mark.long
def test_a_server_that_is_too_busy_is_told_soon_whatever_wait_it_asks_for() -> None:
    answer = (429, {"Retry-After": "3600"}, b'{"error":{"message":"slow down"}}')
    began = time.monotonic()
    found = examined(lambda _: answer, how={"timeout": 0.1})
    assert time.monotonic() - began < 30
    assert check(found, Step.QUESTION).status is Status.FAIL
    assert "wait" in check(found, Step.QUESTION).fix


@pytest.mark.long
def test_a_key_that_the_server_echoes_everywhere_is_in_nothing_that_is_printed() -> None:
    def route(asked: Asked) -> Made:
        echo = {"X-Ratelimit-Limit-Requests": KEY, "X-Key": KEY, "Date": KEY, "Server": KEY}
        if asked.path.endswith("/models"):
            return 200, echo, json.dumps({"data": [{"id": f"m-{KEY}"}, {"id": KEY[3:]}]}).encode()
        if asked.method == "POST" and b"system" not in asked.body and b"logprobs" not in asked.body:
            reply = reply_body(f"blue {KEY}", reasoning_content=KEY)
            return 200, echo, json.dumps({**reply, "model": KEY, "provider": KEY}).encode()
        return 500, echo, json.dumps({"error": {"message": f"bad {KEY} {KEY[:14]}***", "code": KEY}}).encode()

    with LoopbackServer(route=route) as server:
        for more in ([], ["--json"]):
            done = cli("doctor", "-m", "openai:m", "--base-url", server.url, "--timeout", "2", *more, OPENAI_API_KEY=KEY)
            assert "one question" in done.stdout
            shown = "".join((done.stdout + done.stderr).split())
            for part in (KEY, KEY[3:15], KEY[-9:], KEY[:14]):
                assert part not in shown


@pytest.mark.long
def test_hostile_text_in_a_reply_is_inert_and_a_table_fits_its_terminal() -> None:
    evil = "blue. \x1b[2J\x1b]0;owned\x07[bold red]x[/] [link=http://e.example]y[/link] \u202egnorw"
    with LoopbackServer(lambda _: reply_body(evil) | {"model": evil}) as server:
        done = cli("doctor", "-m", "openai:m", "--base-url", server.url, FORCE_COLOR="1", COLUMNS="80")
        as_json = cli("doctor", "-m", "openai:m", "--base-url", server.url, "--json")
    assert done.returncode == 0, done.stdout
    for bad in ("\x1b[2J", "\x1b]0", "\x1b]8", "\u202e"):
        assert bad not in done.stdout + as_json.stdout
    assert "[bold red]" in done.stdout
    assert r"\x1b[2J" in done.stdout
    assert json.loads(as_json.stdout)["ok"] is True


def test_json_has_the_documented_keys_and_the_exit_code_says_whether_a_check_failed() -> None:
    with LoopbackServer(blue) as server:
        done = cli("doctor", "-m", "openai:m", "--base-url", server.url, "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert set(found) == {
        "doctor_version", "ok", "model", "checks", "calls", "prompt_tokens", "completion_tokens", "estimated", "seconds",
    }  # fmt: skip
    assert found["checks"][0] == {"name": "backend", "status": "ok", "said": "openai", "fix": ""}
    down = cli("doctor", "-m", "openai:m", "--base-url", server.url)
    assert down.returncode == 1
    assert "fix: reachable: start the server" in down.stdout
    assert "skipped (the server cannot be reached): clock, model ready" in down.stdout


def test_what_does_not_apply_to_a_backend_is_skipped_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "my_model_for_doctor.py").write_text("def ask(messages):\n    return 'blue'\n")
    simulated, function = sycoprobe.doctor("sim:"), sycoprobe.doctor("python:my_model_for_doctor:ask")
    assert simulated.ok and function.ok
    assert (simulated.calls, function.calls) == (2, 5)
    assert check(simulated, Step.REACHABLE).said == "no network is used"
    assert check(function, Step.REACHABLE).said == "the function's own affair"
    assert check(simulated, Step.SYSTEM).said == "a simulated model has no such thing"
    assert check(function, Step.EFFORT).status is Status.SKIPPED
    assert function.estimated


def test_a_replayed_run_is_read_and_not_asked(tmp_path: Path) -> None:
    sycoprobe.run("quick", n=1, model="sim:", out=tmp_path, name="one")
    found = sycoprobe.doctor(f"replay:{tmp_path}/one")
    assert found.ok
    assert "replayed from" in check(found, Step.READY).said
    assert check(found, Step.QUESTION).status is Status.SKIPPED
    assert not sycoprobe.doctor(f"replay:{tmp_path}/none").ok


def test_a_local_model_that_is_not_there_is_a_failure_with_a_mend(tmp_path: Path) -> None:
    found = sycoprobe.doctor(f"local:{tmp_path}/none.gguf")
    assert "no such file" in check(found, Step.READY).said
    assert check(found, Step.READY).fix
    assert check(found, Step.QUESTION).status is Status.SKIPPED


@pytest.mark.model
@pytest.mark.long
def test_the_embedded_model_is_examined_to_the_end() -> None:
    found = sycoprobe.doctor("local:smollm2", timeout=120)
    assert found.ok
    assert "sha256 b179c9523d0e…" in check(found, Step.READY).said
    assert "threads" in check(found, Step.READY).said
    assert "MB are free" in check(found, Step.MEMORY).said or check(found, Step.MEMORY).status is Status.SKIPPED
    assert check(found, Step.LOGPROBS).said.startswith("given")
    assert found.calls == 5
    assert not found.estimated
