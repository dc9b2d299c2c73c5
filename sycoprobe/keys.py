"""Where keys come from, and how every trace of one is kept out of what is written or shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from sycoprobe.errors import BackendError
from sycoprobe.traces import TAKEN_OUT, Traces
from sycoprobe.turns import ErrorKind

DOTENV = ".env"
SERVICE = "sycoprobe"
_SHORTEST = 8
"""Shorter than this it is no secret, and its replacement would garble ordinary words."""
_SHAPES = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|key)-[A-Za-z0-9_\-*]{6,}|\bAIza[A-Za-z0-9_\-]{10,}|\bBearer\s+[A-Za-z0-9_\-.]{12,}"
)
"""What keys of well-known providers look like; also somebody else's must not be passed on."""
_SECRET = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$", re.I)
_UNWANTED = (
    (re.compile(r"^\s|\s$"), "has blanks or a line end around the key, which are taken off"),
    (re.compile(r"""^\s*["'“”‘’`]|["'“”‘’`]\s*$"""), "has quotes around the key, which are sent with it"),
    (re.compile(r"^\s*bearer\s", re.I), "begins with the word Bearer, which is no part of a key"),
    (re.compile(r"^\s*(?:export\s+)?[A-Z]+_[A-Z0-9_]*=\S"), "begins with NAME=, which is no part of a key"),
    (re.compile(r"^\s*\$"), "is a reference to another variable, which nothing has filled in"),
    (re.compile(r"\S\s+\S"), "has blanks or a line end within the key"),
    (re.compile(r"[^\x00-\x7f]"), "has signs beyond ASCII, as a word processor or a shortened display puts in"),
)
"""What goes wrong when a key is copied, and how it is told without showing any of it."""
_SECRET_WORD = {"key", "apikey", "token", "cookie", "jwt", "bearer", "signature", "pwd"}
"""What a name that ends so names is a secret, unless it is the key of a cache (`prompt_cache_key`)."""
_SECRET_ANYWHERE = re.compile(r"secret|password|passwd|passphrase|credential|auth(?!or(?!i))", re.I)
_known: dict[str, Traces] = {}
"""Keys that were read in this process."""
_unshown: dict[str, Traces] = {}
"""The same of what is taken out of errors and logs only: ordinary words, which a model may say by itself."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One key that was looked for while `tolerant` was open. `error` says why there is none, where one was needed."""

    variable: str
    required: bool
    error: BackendError | None = None


_lookups: ContextVar[list[Lookup] | None] = ContextVar("_lookups", default=None)


@contextmanager
def tolerant() -> Iterator[list[Lookup]]:
    """While open, a key that is missing or cannot be one is None instead of an error; gives the list of all that were looked for.

    For examining a backend: which key it wants, and what else works without it.
    """
    found: list[Lookup] = []
    token = _lookups.set(found)
    try:
        yield found
    finally:
        _lookups.reset(token)


def key_named(variable: str, *, required: bool, hint: str = "") -> str | None:
    """The key under the name `variable`: in the environment, else in the file `.env` of the working folder, else in the keyring.

    The keyring is asked (service 'sycoprobe', user name `variable`) where the extra [keyring] is installed. What is found is
    remembered, so that `redacted` takes it out of every text. None if there is none and none is required.

    Raises
    ------
    BackendError: AUTH, fatal; there is none where one is needed, or what is there cannot be a key.
    """
    check_name(variable)
    lookups = _lookups.get()
    if lookups is None:
        return _key_named(variable, required, hint)
    try:
        key = _key_named(variable, required, hint)
    except BackendError as e:
        lookups.append(Lookup(variable, required, e))
        return None
    lookups.append(Lookup(variable, required))
    return key


def check_name(variable: str) -> None:
    """Refuse what cannot be the name of a variable, without showing it: somebody may have given the key itself. Raises `BackendError`, fatal."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", variable) or _SHAPES.search(variable):
        raise BackendError(
            "what was given as the name of the key's variable is none (it is not shown here, since it may be the key itself)",
            "give the name, as in --api-key-env MY_KEY, and put the key into the environment under it",
            kind=ErrorKind.AUTH,
            fatal=True,
        )


def _key_named(variable: str, required: bool, hint: str) -> str | None:
    key = _value_of(variable)[1].strip() or None
    if key is None:
        if not required:
            return None
        places = f"export {variable}=…, or put it into {DOTENV} or the keyring (`keyring set {SERVICE} {variable}`)"
        raise BackendError(
            f"{variable} holds no key, neither in the environment nor in {DOTENV} nor in the keyring",
            hint or f"{places}, or name another variable with --api-key-env, or another server with --base-url",
            kind=ErrorKind.AUTH,
            fatal=True,
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise BackendError(
            f"what the environment variable {variable} holds cannot be a key: it has blanks or signs beyond ASCII",
            f"copy the key again and export {variable}=…",
            kind=ErrorKind.AUTH,
            fatal=True,
        )
    remember(key)
    return key


def _value_of(variable: str) -> tuple[str | None, str]:
    """Where the value under this name was found and what it is, as it stands there; what is blank counts as not there."""
    for origin, read in (("the environment", os.environ.get), (DOTENV, _from_dotenv), ("the keyring", _from_keyring)):
        if (value := read(variable) or "").strip():
            return origin, value
    return None, ""


def origin_of(variable: str) -> str | None:
    """Where the key under this name is: 'the environment', '.env', 'the keyring', or None. Never the key itself."""
    return _value_of(variable)[0]


def faults_of(variable: str) -> list[str]:
    """What looks wrong about how the key under this name was set, each in words that follow the variable's name.

    Nothing of the key is in them, not even its length.
    """
    origin, value = _value_of(variable)
    found = [said for pattern, said in _UNWANTED if pattern.search(value)]
    if origin != "the environment" and variable in os.environ:
        found.append("is set in the environment, but empty" + (f" (that in {origin} is used)" if origin else ""))
    if origin == "the environment" and (other := (_from_dotenv(variable) or "").strip()) and other != value.strip():
        found.append(f"has another value in {DOTENV}, which is not used")
    return found


def value_named(variable: str) -> str | None:
    """What is under this name where keys are looked for, without blanks around it; None if nothing is.

    It may be anything, blanks within it included. As with a key, it is remembered. Raises `BackendError` for what cannot be a name.
    """
    check_name(variable)
    value = _value_of(variable)[1].strip()
    remember(value)
    return value or None


def looks_secret(name: str) -> bool:
    """Whether a field or header of this name holds a secret, by the words of the name: `X-Api-Key`, `authToken`, `db_password`."""
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    last = words[-1] if words else ""
    return (last in _SECRET_WORD and words[-2:] != ["cache", "key"]) or _SECRET_ANYWHERE.search(name) is not None


def remember(secret: str, *, in_replies: bool = True) -> None:
    """From now on `redacted` and `scrubbed` take `secret` out of every text; without `in_replies`, only `redacted` does."""
    if len(secret) >= _SHORTEST:
        (_known if in_replies else _unshown).setdefault(secret, Traces(secret))


def remember_environment() -> None:
    """Remember what looks like a secret in our environment: for code that is not ours and runs with it.

    That is each value of 16 characters or more, without blanks and slashes, under a name that ends in KEY, TOKEN, SECRET or
    PASSWORD.
    """
    for name, value in os.environ.items():
        if _SECRET.search(name) and re.fullmatch(r"[^\s/]{16,}", value.strip()):
            remember(value.strip())


def scrubbed(text: str) -> str:
    """`text` without any remembered key, whole or in parts that nobody says who does not know it, and otherwise as it came.

    For a model's own words.
    """
    for traces in _known.values():
        text = traces.without(text)
    for traces in _known.values():  # after all are gone as wholes: a part of one may be a part of another
        text = traces.without_parts(text, words=False)
    return text


def redacted(text: str) -> str:
    """`text` without any remembered key, any run of 8 or more characters of one, and whatever looks like a key.

    For errors and logs, which may quote a key cut or masked. To be called before the words are cut any shorter, so that no
    cut goes through a key.
    """
    secrets = [*_known.values(), *_unshown.values()]
    for traces in secrets:
        text = traces.without(text)
    text = _SHAPES.sub(TAKEN_OUT, text)
    for traces in secrets:
        text = traces.without_parts(text, words=True)
    return text


def _from_dotenv(variable: str) -> str | None:
    """The value in the working folder's `.env`; the file is read for this name only and nothing of it enters the environment."""
    file = Path(DOTENV)
    if not file.is_file():
        return None
    from dotenv import dotenv_values

    try:
        return dotenv_values(file, interpolate=False, encoding="utf-8-sig").get(variable)
    except (OSError, UnicodeDecodeError):
        return None


def _from_keyring(variable: str) -> str | None:
    try:
        import keyring
    except ImportError:
        return None
    with suppress(Exception):  # a machine without a keyring service, or a locked one, has no key for us
        return keyring.get_password(SERVICE, variable)
    return None
