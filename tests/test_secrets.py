"""No key gets out: a planted key that a server echoes in every string it sends turns up in no file and on no stream."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from sycoprobe import keys
from sycoprobe.errors import BackendError
from tests.commands import cli
from tests.loopback import Asked, LoopbackServer, Made
from tests.makers import write_set
from tests.samples import few_of

WIRE = Path(__file__).with_name("data") / "wire"
KEY = "sk-planted/Q7x+zT0aB9=e"
"""With signs that change when a URL or JSON is written."""
FATAL = ("auth", "not_found", "quota")
DIALECTS = {
    "openai": ("openai:m", "OPENAI_API_KEY", "/v1"),
    "anthropic": ("anthropic:m", "ANTHROPIC_API_KEY", "/v1"),
    "responses": ("responses:m", "OPENAI_API_KEY", "/v1"),
    "gemini": ("gemini:m", "GEMINI_API_KEY", "/v1beta"),
    "azure": ("azure:m", "AZURE_OPENAI_API_KEY", ""),
    "openrouter": ("openrouter:x/m", "OPENROUTER_API_KEY", "/v1"),
    "ollama": ("ollama:m", "OLLAMA_API_KEY", ""),
}
PRESENT = [name for name in DIALECTS if (WIRE / f"{name}.json").exists()]
WORDS = {
    "message",
    "content",
    "text",
    "model",
    "modelVersion",
    "provider",
    "refusal",
    "reasoning_content",
    "reasoning",
    "thinking",
}


def echoing(value: Any, name: str = "") -> Any:
    """`value` with the key added to everything that a server says in words."""
    if isinstance(value, dict):
        return {k: echoing(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [echoing(v, name) for v in value]
    if isinstance(value, str) and name in WORDS:
        return f"{value} {KEY} {quote(KEY, safe='')} {KEY[:14]}"
    return value


def replies(dialect: str, *, fatal: bool) -> list[Made]:
    cases = json.loads((WIRE / f"{dialect}.json").read_text())["cases"]
    made = []
    for name, record in cases.items():
        if (name in FATAL) == fatal and name != "long":
            body = record["body"]
            said = body + KEY if isinstance(body, str) else json.dumps(echoing(body))
            echo = {"x-echo": KEY, "x-request-id": KEY}
            made.append((int(record.get("status", 200)), echo, said.replace("{KEY}", KEY).encode()))
    return made


def spellings() -> list[str]:
    return [KEY, quote(KEY, safe=""), json.dumps(KEY)[1:-1], KEY[:14], KEY[4:14]]


@pytest.mark.long
@pytest.mark.parametrize("fatal", [False, True])
@pytest.mark.parametrize("dialect", few_of(PRESENT))
def test_a_key_that_the_server_echoes_stands_in_no_file_and_on_no_stream(tmp_path: Path, dialect: str, fatal: bool) -> None:
    model, variable, root = DIALECTS[dialect]
    folder = write_set(tmp_path / "set", 20)
    turn = itertools.cycle(replies(dialect, fatal=fatal))

    def route(asked: Asked) -> Made:
        assert any(KEY in v for v in asked.headers.values()), "the key is sent, in a header"
        assert KEY not in asked.path and quote(KEY, safe="") not in asked.path, "and never in an address"
        if asked.method == "GET":
            return 200, {"x-echo": KEY}, json.dumps({"data": [{"id": KEY}], "models": [{"name": KEY}]}).encode()
        return next(turn)

    with LoopbackServer(route=route) as server:
        done = cli(
            "run", folder, "-m", model, "--base-url", server.url.removesuffix("/v1") + root, "--out", tmp_path / "r",
            "--name", "x", "--retries", "0", "--verbose", "-c", "4", "--error-tolerance", "1", **{variable: KEY},
        )  # fmt: skip
        again = cli("resume", "x", "--out", tmp_path / "r", "--retries", "0", "-v", "-c", "4", **{variable: KEY})
        asked = cli(
            "doctor", "-m", model, "--base-url", server.url.removesuffix("/v1") + root, "--timeout", "2", **{variable: KEY}
        )  # fmt: skip
    assert "Traceback" not in done.stderr + again.stderr + asked.stderr
    assert done.returncode == 4, "the servers refuse: nothing can be measured"
    assert re.search(r"exit 4: x: nothing was measured|error: HTTP 4\d\d: ", done.stderr), "and the reason is shown"
    written = {str(p): p.read_bytes().decode("utf-8", "replace") for p in (tmp_path / "r").rglob("*") if p.is_file()}
    assert any(name.endswith("journal.jsonl") for name in written)
    streams = {
        f"{name} {s}": getattr(ran, s)
        for name, ran in (("run", done), ("resume", again), ("doctor", asked))
        for s in ("stdout", "stderr")
    }
    for name, said in (written | streams).items():
        # A model's own words are left as they are but for a whole key; errors and logs lose every part of one.
        for spelling in spellings() if name.endswith("stderr") else spellings()[:3]:
            assert spelling not in said, f"{spelling!r} stands in {name}: {said[max(0, said.find(spelling) - 200) :][:400]}"
    assert "[key]" in "".join(streams.values()), "the server's words are shown, without it"


def test_a_key_is_found_in_the_environment_then_in_dotenv_and_nothing_else_of_that_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text('A_KEY="sk-of-the-file-1"\nOTHER=x\nB_KEY=${HOME}\n')
    assert keys.key_named("A_KEY", required=True) == "sk-of-the-file-1"
    assert keys.origin_of("A_KEY") == ".env"
    monkeypatch.setenv("A_KEY", "sk-of-the-environment-1")
    assert keys.key_named("A_KEY", required=True) == "sk-of-the-environment-1"
    assert keys.origin_of("A_KEY") == "the environment"
    assert keys.key_named("B_KEY", required=True) == "${HOME}", "nothing is put in from elsewhere"
    assert keys.key_named("OTHER_KEY", required=False) is None
    import os

    assert "OTHER" not in os.environ
    with pytest.raises(BackendError, match="OTHER_KEY holds no key") as e:
        keys.key_named("OTHER_KEY", required=True)
    assert ".env" in e.value.hint and "keyring" in e.value.hint


def test_a_key_is_found_in_the_keyring_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):
        priority = 1.0  # type: ignore[assignment]

        def get_password(self, service: str, username: str) -> str | None:
            return "sk-of-the-ring-1" if (service, username) == ("sycoprobe", "RING_KEY") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def delete_password(self, service: str, username: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    try:
        keyring.set_keyring(Ring())
        assert keys.key_named("RING_KEY", required=True) == "sk-of-the-ring-1"
        assert keys.origin_of("RING_KEY") == "the keyring"
    finally:
        keyring.set_keyring(before)


def test_a_word_that_is_too_short_for_a_secret_is_left_in_peace() -> None:
    """Local servers are often given a key such as `none`; a model's answer of that word must stay."""
    keys.remember("none")
    assert keys.scrubbed("none of these") == "none of these"


def test_parts_of_a_key_and_keys_of_others_are_taken_out_of_errors_too() -> None:
    keys.remember("abcdefgh-0123456789")
    assert keys.redacted("you sent abcdefgh-01234*****") == "you sent [key]*****"
    assert keys.redacted("Incorrect API key provided: sk-proj-AAAABBBB****1234") == "Incorrect API key provided: [key]"
    assert "AIzaSy" not in keys.redacted("API key AIzaSyD-planted_0123456789abcdef not valid")
    assert keys.redacted("a plain sentence about task-oriented keys") == "a plain sentence about task-oriented keys"


@pytest.mark.parametrize("given", ["sk-live-0123456789abcdef", "MY KEY", "a/b", "sk_1?"])
def test_a_key_given_in_place_of_its_variables_name_is_not_shown(tmp_path: Path, given: str) -> None:
    folder = write_set(tmp_path / "set", 2)
    done = cli("run", folder, "-m", "openai:m", "--api-key-env", given, "--out", tmp_path / "r")
    assert done.returncode == 2
    assert "name of the key's variable" in done.stderr
    assert given not in done.stdout + done.stderr
    assert not (tmp_path / "r").exists()
