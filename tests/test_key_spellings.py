"""Keys, in process: what counts as one, where it is found, what is told of it, and every part of it that is taken out of words."""

from __future__ import annotations

import base64
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from sycoprobe import keys
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

KEY = 'planted/"0123"+4567890abc'


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No key but what a test sets: no file, no keyring, nothing remembered."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setattr(keys, "_known", {})
    monkeypatch.chdir(tmp_path)
    for name in ("A_KEY", "B_KEY"):
        monkeypatch.delenv(name, raising=False)
    yield


def test_a_key_is_taken_out_of_words_in_each_of_its_spellings() -> None:
    keys.remember(KEY)
    for spelling in (KEY, quote(KEY, safe=""), json.dumps(KEY)[1:-1]):
        assert keys.scrubbed(f"before {spelling} after {spelling}") == "before [key] after [key]"
    assert keys.scrubbed("before planted/ after") == "before planted/ after", "a word is no part of a key that tells"


LONG = "tok-Zq7+Xv/9Kp=Lm3Rt8Wy2Nb5HdQe"
ENCODED: dict[str, Callable[[str], str]] = {
    "Base64": lambda k: base64.b64encode(k.encode()).decode(),
    "Basic authorization": lambda k: base64.b64encode(f":{k}".encode()).decode(),
    "of a user": lambda k: base64.b64encode(f"me:{k}".encode()).decode(),
    "URL alphabet": lambda k: base64.urlsafe_b64encode(f"?{k}?".encode()).decode(),
    "hex": lambda k: k.encode().hex(),
    "HEX": lambda k: k.encode().hex().upper(),
    "hex with colons": lambda k: k.encode().hex(":"),
    "a dump": lambda k: k.encode().hex(" "),
    "percent": lambda k: quote(k, safe=""),
    "percent in small letters": lambda k: re.sub("%..", lambda m: m[0].lower(), quote(k, safe="")),
    "percent of all": lambda k: "".join(f"%{b:02X}" for b in k.encode()),
    "JSON": lambda k: json.dumps(k)[1:-1],
    "entities": lambda k: "".join(f"&#{ord(c)};" for c in k),
    "hexadecimal entities": lambda k: "".join(f"&#x{ord(c):x};" for c in k),
    "pieces": lambda k: " ".join(k[i : i + 6] for i in range(0, len(k), 6)),
    "lines": lambda k: "\n".join(k[i : i + 5] for i in range(0, len(k), 5)),
    "a list": ", ".join,
}


@pytest.mark.parametrize("way", ENCODED)
@pytest.mark.parametrize("key", [LONG, "sk-Ab3" + "x9Y" * 12, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"])
def test_no_encoding_of_a_key_is_left_in_a_reply_or_an_error(way: str, key: str) -> None:
    keys.remember(key)
    said = ENCODED[way](key)
    for clean in (keys.scrubbed, keys.redacted):
        left = clean(f"before {said} after")
        assert left.startswith("before ") and left.endswith(" after") and "[key]" in left
        # A sign or two beside it share bits with what stands around it.
        assert not any(said[i : i + 6] in left for i in range(4, len(said) - 9)), left


def test_the_halves_of_a_key_in_a_reply_are_taken_out_and_the_model_keeps_its_own_words() -> None:
    keys.remember(LONG)
    half = len(LONG) // 2
    assert (
        keys.scrubbed(f"The first half is {LONG[:half]}\nand then {LONG[half:]}.") == "The first half is [key]\nand then [key]."
    )
    keys.remember("my-password-2024-for-the-internal-service")
    said = "The password for the internal service changes in 2024."
    assert keys.scrubbed(said) == said


def test_a_long_reply_is_cleaned_in_linear_time() -> None:
    keys.remember(LONG)
    for unit in ("tok-", "tok-Zq7", LONG[:7] + " ", "t o k ", "½", "[key]", "a"):
        began = time.perf_counter()
        keys.scrubbed(unit * (100_000 // len(unit)))
        keys.redacted(unit * (100_000 // len(unit)))
        assert time.perf_counter() - began < 2.0


def test_eight_characters_of_a_key_in_a_row_are_a_part_of_it_and_seven_are_not() -> None:
    keys.remember("abcdefghijklmnop")
    assert keys.redacted("x abcdefgh y") == "x [key] y"
    assert keys.redacted("x ijklmnop y") == "x [key] y"
    assert keys.redacted("x abcdefg y") == "x abcdefg y"
    assert keys.redacted("defghijklm") == "[key]", "however much of it there is, it is one part"
    assert keys.redacted("x cdefghijk and fghijklmno y") == "x [key] and [key] y"
    assert keys.redacted("abcdefgh") == "[key]"
    assert keys.scrubbed("x abcdefgh y") == "x abcdefgh y", "a model's own words lose a whole key only"


def test_what_is_shorter_than_eight_characters_is_no_secret() -> None:
    keys.remember("seven77")
    assert keys.redacted("seven77 times") == "seven77 times"
    keys.remember("eight888")
    assert keys.scrubbed("eight888 times") == "[key] times"


@pytest.mark.parametrize(
    "shape", ["sk-abcdef123456", "gsk-abcdef123456", "AIzaSyA1234567890", "Bearer abcdefghijkl", "xai-abc***def"]
)
def test_what_looks_like_somebodys_key_is_not_passed_on(shape: str) -> None:
    assert keys.redacted(f"refused: {shape}.") in ("refused: [key].", "refused: [key]")
    assert keys.scrubbed(f"refused: {shape}.") == f"refused: {shape}."


def test_secrets_in_the_environment_are_those_whose_names_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {"MY_TOKEN": "t" * 16, "MY_PASSWORD": "p" * 20, "my_secret": "s" * 16, "A_KEY": "k" * 16}
    plain = {
        "MY_KEYS_FILE": "f" * 20,
        "B_KEY": "short-15-chars-",
        "PATH_KEY": "/a/path/of/some/length",
        "TWO_KEY": "with blanks within it",
    }
    for name, value in (secret | plain).items():
        monkeypatch.setenv(name, value)
    keys.remember_environment()
    for value in secret.values():
        assert keys.scrubbed(value) == "[key]"
    for value in plain.values():
        assert keys.scrubbed(value) == value


def test_a_key_that_is_there_is_given_without_blanks_and_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "  a-key-0123456789\n")
    assert keys.key_named("A_KEY", required=True) == "a-key-0123456789"
    assert keys.scrubbed("it is a-key-0123456789.") == "it is [key]."


def test_where_none_is_needed_there_may_be_none() -> None:
    assert keys.key_named("A_KEY", required=False) is None
    assert keys.origin_of("A_KEY") is None


@pytest.mark.parametrize(
    ("value", "required", "said"),
    [
        ("", True, "A_KEY holds no key"),
        ("   ", True, "A_KEY holds no key"),
        ("with blank", True, "cannot be a key"),
        ("with blank", False, "cannot be a key"),
        ("schlüssel", False, "cannot be a key"),
        ("bell\x07bell", False, "cannot be a key"),
    ],
)
def test_a_key_that_is_missing_or_none_ends_everything(
    value: str, required: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", value)
    with pytest.raises(BackendError, match=said) as e:
        keys.key_named("A_KEY", required=required)
    assert e.value.fatal and e.value.kind is ErrorKind.AUTH and not e.value.retryable
    assert "export A_KEY=" in e.value.hint
    assert not value.strip() or value not in f"{e.value.message} {e.value.hint}"


def test_the_hint_may_be_the_callers() -> None:
    with pytest.raises(BackendError) as e:
        keys.key_named("A_KEY", required=True, hint="ask the office")
    assert e.value.hint == "ask the office"


@pytest.mark.parametrize("name", ["sk-abcdef123456", "with blank", "1KEY", "", "K" * 65, "key-abcdefghij"])
def test_what_cannot_be_the_name_of_a_variable_is_refused_and_not_shown(name: str) -> None:
    with pytest.raises(BackendError, match="it is not shown here") as e:
        keys.key_named(name, required=False)
    assert e.value.fatal and (not name or name not in f"{e.value.message} {e.value.hint}")
    keys.check_name("K" * 64)


def test_while_a_backend_is_examined_what_is_missing_is_noted_and_no_error() -> None:
    with keys.tolerant() as found:
        assert keys.key_named("A_KEY", required=True) is None
        assert keys.key_named("B_KEY", required=False) is None
    assert [(x.variable, x.required, x.error is None) for x in found] == [("A_KEY", True, False), ("B_KEY", False, True)]
    with pytest.raises(BackendError):
        keys.key_named("A_KEY", required=True)
    assert len(found) == 2, "afterwards an error is one again, and nothing is noted"


def test_the_environment_goes_before_the_file_and_the_file_is_read_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("A_KEY=of-the-file-0123\nB_KEY=${HOME}\n")
    assert (keys.key_named("A_KEY", required=True), keys.origin_of("A_KEY")) == ("of-the-file-0123", ".env")
    assert keys.key_named("B_KEY", required=True) == "${HOME}"
    monkeypatch.setenv("A_KEY", "of-the-environment")
    assert (keys.key_named("A_KEY", required=True), keys.origin_of("A_KEY")) == ("of-the-environment", "the environment")


def test_what_is_wrong_with_how_a_key_was_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys.faults_of("A_KEY") == [], "what is not there has no faults"
    monkeypatch.setenv("A_KEY", "")
    assert keys.faults_of("A_KEY") == ["is set in the environment, but empty"]
    (tmp_path / ".env").write_text("A_KEY=of-the-file-0123\n")
    assert keys.faults_of("A_KEY") == ["is set in the environment, but empty (that in .env is used)"]
    monkeypatch.setenv("A_KEY", "of-the-file-0123")
    assert keys.faults_of("A_KEY") == [], "the same in both places"
    monkeypatch.setenv("A_KEY", "another-0123456789")
    assert keys.faults_of("A_KEY") == ["has another value in .env, which is not used"]
    monkeypatch.delenv("A_KEY")
    assert keys.faults_of("A_KEY") == [], "a key that is in the file alone is where it belongs"


class Ring(KeyringBackend):
    """A keyring with one key in it, or a locked one."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self, *, locked: bool = False) -> None:
        super().__init__()
        self.locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked
        return "of-the-keyring-01" if (service, username) == ("sycoprobe", "A_KEY") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def test_a_keyring_is_asked_last_and_a_locked_one_has_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    before = keyring.get_keyring()
    try:
        keyring.set_keyring(Ring())
        assert (keys.key_named("A_KEY", required=True), keys.origin_of("A_KEY")) == ("of-the-keyring-01", "the keyring")
        (tmp_path / ".env").write_text("A_KEY=of-the-file-0123\n")
        assert keys.origin_of("A_KEY") == ".env"
        (tmp_path / ".env").unlink()
        keyring.set_keyring(Ring(locked=True))
        assert keys.key_named("A_KEY", required=False) is None
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    "name",
    ["X-Api-Key", "apikey", "authToken", "db_password", "Set-Cookie", "jwt", "clientSecretFile", "Authorization", "public_key"],
)
def test_a_field_is_secret_by_the_words_of_its_name(name: str) -> None:
    assert keys.looks_secret(name)


@pytest.mark.parametrize(
    "name", ["max_tokens", "keyboard", "prompt_cache_key", "cache-key", "tokenizer", "author", "", "7", "key_id"]
)
def test_a_field_that_only_sounds_like_a_secret_is_none(name: str) -> None:
    assert not keys.looks_secret(name)
