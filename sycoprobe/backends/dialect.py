"""What the HTTP dialects share: address and key, retries, adapting to what a server rejects, errors by name, and no key in any of it."""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import quote, urlsplit

from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.retry import retry_after, with_retries
from sycoprobe.backends.transport import HttpReply, Transport
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Reply

_KEY_RUN = 8
"""So many characters of a key in a row are taken for a part of it."""


def address(options: BackendOptions, variable: str, default: str) -> str:
    """The server's address: the user's, else that in the environment variable, else the provider's. Raises `BackendError`, fatal."""
    if options.base_url:
        return checked_url(options.base_url, "--base-url")
    return checked_url(os.environ.get(variable) or default, variable)


def key_for(options: BackendOptions, default: str, *, required: bool) -> str | None:
    """The key in the environment variable that the user named, else in `default`; None if there is none and none is required.

    Raises `BackendError`, fatal: none where one is needed (or its variable was named), or what is there cannot be one.
    """
    variable = options.api_key_env or default
    key = os.environ.get(variable, "").strip() or None
    if key is None and (options.api_key_env or required):
        hint = f"export {variable}=…, or name another variable with --api-key-env, or another server with --base-url"
        raise BackendError(f"the environment variable {variable} holds no key", hint, kind=ErrorKind.AUTH, fatal=True)
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise BackendError(
            f"what the environment variable {variable} holds cannot be a key: it has blanks or signs beyond ASCII",
            f"copy the key again and export {variable}=…",
            kind=ErrorKind.AUTH,
            fatal=True,
        )
    return key


class HttpDialect:
    """One model on one server; a dialect adds `_path`, `_body` and `_read`.

    Parameters
    ----------
    model: its id on the server. base_url: the address that paths are added to.
    key: kept in this object and nowhere else. headers: sent with every request, the key's own among them.
    """

    _path: str
    _models = "/models"
    _adaptable: dict[str, str | None]
    """Parameters that may be adapted once a server rejects them: what to send instead, or None to leave it out."""

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions, headers: dict[str, str]) -> None:
        self._model = model
        self._url = base_url.rstrip("/")
        self._key = key
        self._options = options
        common = {"content-type": "application/json", "user-agent": "sycoprobe"}
        self._transport = Transport(self._url, {**common, **headers}, max(1, options.concurrency))
        self._adapted: dict[str, str | None] = {}
        """Parameters that the server rejected: what to send instead, or None to leave it out."""

    def _facts(self) -> dict[str, Any]:
        """What the dialect adds to the facts in the journal's header."""
        return {"mode": "chat"}

    def _body(self, request: Request) -> dict[str, Any]:
        """The body of a request."""
        raise NotImplementedError

    def _read(self, reply: HttpReply) -> Reply:
        """The reply in a 200. Raises `BackendError` if it is none."""
        raise NotImplementedError

    async def start(self) -> dict[str, Any]:
        """Reach the server; see `Backend.start`.

        A server that keeps its list of models from us is used all the same (some keys may chat but not list).
        Raises `BackendError`, fatal, if nothing answers.
        """
        await self._transport.start()
        notes: list[str] = []
        model = self._model
        try:
            reply = await self._transport.get(f"{self._url}{self._models}", timeout=10)
            ids = _model_ids(reply)
            if reply.status != 200:
                notes.append(f"the server's list of models could not be read (HTTP {reply.status})")
            elif ids and self._model not in ids:
                listed = self._redacted(", ".join(ids[:5]))
                notes.append(f"the server does not list {self._model!r}; it lists {listed}")
        except BackendError as e:
            if e.kind == ErrorKind.CONNECT:
                hint = e.hint or f"is the server running at {without_secrets(self._url)}?"
                raise BackendError(e.message, hint, kind=e.kind, fatal=True) from e
            if e.fatal:
                raise
            notes.append(f"the server's list of models could not be read ({e.kind})")
        return {"model": model, "base_url": without_secrets(self._url), "notes": notes, **self._facts()}

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        await self._transport.close()

    async def complete(self, request: Request) -> Reply:
        """One turn, after retries; see `Backend.complete`."""
        reply, attempts = await with_retries(lambda: self._attempt(request), request.sampling.retries, self._options.notify)
        reply.attempts = attempts
        return reply

    async def _attempt(self, request: Request) -> Reply:
        while True:
            adapted = dict(self._adapted)
            reply = await self._transport.post(
                self._url + self._path,
                json.dumps(self._body(request)).encode(),
                request.sampling.timeout,
            )
            # Another call may have adapted the same parameter while this one was under way.
            if reply.status in (400, 422) and (adapted != self._adapted or self._adapt(reply)):
                continue
            if reply.status != 200:
                raise self._error(reply)
            return self._read(reply)

    def _adapt(self, reply: HttpReply) -> bool:
        """Whether a rejected request can be sent again without, or with another name for, the parameter at fault."""
        error = error_of(json_of(reply.body))
        said = " ".join(str(error.get(part) or "") for part in ("message", "code", "param", "detail")).lower()
        if not re.search(
            r"unsupported|not support|no longer|deprecated|cannot both|unrecognized|unknown|not permitted|not allowed|extra inputs|does not support|only the default",
            said,
        ):
            return False
        at_fault = error.get("param")
        for name, instead in self._adaptable.items():
            if (name == at_fault if at_fault else name in said) and name not in self._adapted:
                # A reply's length is never left without a limit.
                self._adapted[name] = instead
                return True
        return False

    def _adaptations(self) -> tuple[str, ...]:
        """What was adapted so far, for the report."""
        return tuple(f"adapted: {name} -> {sent or 'left out'}" for name, sent in self._adapted.items())

    def _error(self, reply: HttpReply) -> BackendError:
        """The named failure behind a status other than 200."""
        error = error_of(json_of(reply.body, strict=False))
        code = str(error.get("code") or error.get("type") or "")
        said = self._redacted(str(error.get("message") or "").strip() or reply.body.decode("utf-8", "replace"))
        message = f"HTTP {reply.status}: {' '.join(said.split())[:300]}"
        match reply.status:
            case 401 | 403:
                return BackendError(message, "check the key", kind=ErrorKind.AUTH, fatal=True)
            case 402:
                return BackendError(message, "the account has no credit", kind=ErrorKind.RATE_LIMIT, fatal=True)
            case 404:
                return BackendError(
                    message, "check the model's name and --base-url (it ends in /v1)", kind=ErrorKind.NOT_FOUND, fatal=True
                )
            case 429 if "quota" in code or "billing" in code or "insufficient_quota" in said:
                return BackendError(message, "the account's quota is used up", kind=ErrorKind.RATE_LIMIT, fatal=True)
            case 429:
                return BackendError(message, kind=ErrorKind.RATE_LIMIT, retryable=True, retry_after=retry_after(reply.headers))
            case 408 | 409 | 425 | 500 | 501 | 502 | 503 | 504 | 507 | 520 | 521 | 522 | 523 | 524 | 529:
                return BackendError(message, kind=ErrorKind.SERVER, retryable=True, retry_after=retry_after(reply.headers))
        if "credit balance" in said.lower():
            return BackendError(message, "the account has no credit", kind=ErrorKind.RATE_LIMIT, fatal=True)
        if "context_length" in code or re.search(
            r"prompt is too long|context (?:length|size|window)|too many tokens|maximum context|exceeds? the (?:available )?context",
            said,
            re.I,
        ):
            return BackendError(message, kind=ErrorKind.CONTEXT)
        if reply.status >= 500:
            return BackendError(message, kind=ErrorKind.SERVER, retryable=True)
        return BackendError(message, kind=ErrorKind.BAD_REQUEST)

    def _error_in_200(self, error: dict[str, Any]) -> BackendError:
        """The failure that a server reports with status 200; retryable unless it says that the request is at fault."""
        said = self._redacted(str(error.get("message") or "no message"))
        code = str(error.get("code") or "")
        passing = not re.fullmatch(r"4\d\d", code) or code in ("408", "409", "425", "429")
        return BackendError(
            f"error within HTTP 200: {' '.join(said.split())[:300]}", kind=ErrorKind.ERROR_IN_200, retryable=passing
        )

    def _redacted(self, said: str) -> str:
        """A server's words, at most 4,000 characters of them, without our key or any longer part of it, should it echo it.

        To be called before the words are cut any shorter, so that no cut goes through a key.
        """
        said = self._clean(said[:4000])
        for key in {self._key, quote(self._key, safe="")} if self._key else ():
            said = _without_parts(said, key)
        return re.sub(r"\b(?:sk|pk|rk|gsk|key)-[A-Za-z0-9_\-*]{6,}", "[key]", said)

    def _clean(self, said: str) -> str:
        """What goes into a reply: as it came, but for our whole key. Shorter than 4 characters, it is no secret."""
        return said.replace(self._key, "[key]") if self._key and len(self._key) >= 4 else said


def _without_parts(said: str, key: str) -> str:
    """`said` with each run of 8 or more characters that stands in `key` replaced by '[key]'."""
    parts = {key[i : i + _KEY_RUN] for i in range(len(key) - _KEY_RUN + 1)}
    kept: list[str] = []
    shown = 0
    i = 0
    while i + _KEY_RUN <= len(said):
        if said[i : i + _KEY_RUN] not in parts:
            i += 1
            continue
        kept += [said[shown:i], "[key]"]
        while said[i : i + _KEY_RUN] in parts:
            i += 1
        shown = i = i + _KEY_RUN - 1
    return "".join([*kept, said[shown:]])


def checked_url(url: str, origin: str) -> str:
    """The address without blanks around it. `origin` says who gave it. Raises `BackendError`."""
    url = url.strip()
    wrong = ""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or re.search(r"\s", url):
            wrong = "is not an address"
        elif "@" in parts.netloc:
            wrong = "holds a user name or password"
        elif parts.query or parts.fragment:
            wrong = "is not an address that a path can be added to: it has a ? or #"
    except ValueError:
        wrong = "is not an address"
    if wrong:
        raise BackendError(
            f"{origin} {without_secrets(url)!r} {wrong}",
            "write it like http://localhost:8000/v1, and put a key into the environment",
            kind=ErrorKind.CONNECT,
            fatal=True,
        )
    return url


def without_secrets(url: str) -> str:
    """The address, or what was given for one, without user name, password and query."""
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    return scheme + mark + re.split(r"[?#]", rest.rpartition("@")[2])[0]


def json_of(body: bytes, *, strict: bool = True) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        if strict:
            raise BackendError("the body is not JSON", kind=ErrorKind.BAD_BODY, retryable=True) from None
        return None


def error_of(data: Any) -> dict[str, Any]:
    """The error object in a body, whatever its shape."""
    error = data.get("error", data) if isinstance(data, dict) else None
    return error if isinstance(error, dict) else {"message": str(error)} if error else {}


def _model_ids(reply: HttpReply) -> list[str]:
    data = json_of(reply.body) if reply.status == 200 else None
    listed = data.get("data") if isinstance(data, dict) else None
    return [str(m["id"]) for m in listed if isinstance(m, dict) and "id" in m] if isinstance(listed, list) else []
