"""Chat Completions, as OpenAI, vLLM, llama.cpp, LM Studio, Ollama's /v1 and OpenRouter speak it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.retry import retry_after, with_retries
from sycoprobe.backends.transport import HttpReply, Transport
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish, Message, Reply

DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_KEY_ENV = "OPENAI_API_KEY"
_THINK = re.compile(r"^\s*<think(?:ing)?>(.*?)(?:</think(?:ing)?>|\Z)", re.S)
_THOUGHT = re.compile(r"^(.*?)</think(?:ing)?>", re.S)
"""Templates that open the block in the prompt leave only its end to the reply."""
_KEY_RUN = 8
"""So many characters of a key in a row are taken for a part of it."""
_FINISH = {
    "stop": Finish.STOP,
    "eos": Finish.STOP,
    "length": Finish.LENGTH,
    "max_tokens": Finish.LENGTH,
    "content_filter": Finish.REFUSAL,
}
Mode = Literal["chat", "completion"]


def open_backend(name: str, options: BackendOptions) -> OpenAIBackend:
    """The model `name` at `options.base_url`, else OPENAI_BASE_URL, else OpenAI itself.

    Raises
    ------
    BackendError: fatal; no model was named, the address is none or holds a password, the key cannot be one,
        or OpenAI itself is meant and there is no key.
    """
    if not name:
        raise BackendError("openai: no model was named", "write -m openai:NAME", kind=ErrorKind.BAD_REQUEST, fatal=True)
    if options.base_url:
        url = _checked_url(options.base_url, "--base-url")
    else:
        url = _checked_url(os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL, "OPENAI_BASE_URL")
    variable = options.api_key_env or DEFAULT_KEY_ENV
    key = os.environ.get(variable, "").strip() or None
    if key is None and (options.api_key_env or urlsplit(url).hostname == "api.openai.com"):
        hint = f"export {variable}=…, or name another variable with --api-key-env, or another server with --base-url"
        raise BackendError(f"the environment variable {variable} holds no key", hint, kind=ErrorKind.AUTH, fatal=True)
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise BackendError(
            f"what the environment variable {variable} holds cannot be a key: it has blanks or signs beyond ASCII",
            f"copy the key again and export {variable}=…",
            kind=ErrorKind.AUTH,
            fatal=True,
        )
    return OpenAIBackend(name, base_url=url, key=key, options=options)


class OpenAIBackend:
    """One model on one OpenAI-compatible server.

    Parameters
    ----------
    model: its id on the server.
    base_url: the address up to and with `/v1`.
    key: sent as a bearer token; kept in this object and nowhere else.
    mode: 'completion' drives a model without a chat template with a plain dialog transcript.
    """

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions, mode: Mode = "chat") -> None:
        self._model = model
        self._url = base_url.rstrip("/")
        self._key = key
        self._options = options
        self._mode: Mode = mode
        headers = {"content-type": "application/json", "user-agent": "sycoprobe"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        self._transport = Transport(self._url, headers, max(1, options.concurrency))
        self._adapted: dict[str, str | None] = {}
        """Parameters that the server rejected: what to send instead, or None to leave it out."""

    async def start(self) -> dict[str, Any]:
        """Reach the server; see `Backend.start`.

        A server that keeps its list of models from us is used all the same (some keys may chat but not list).
        Raises `BackendError`, fatal, if nothing answers.
        """
        await self._transport.start()
        notes: list[str] = []
        model = self._model
        try:
            reply = await self._transport.get(f"{self._url}/models", timeout=10)
            ids = _model_ids(reply)
            if reply.status != 200:
                notes.append(f"the server's list of models could not be read (HTTP {reply.status})")
            elif ids and self._model not in ids:
                listed = self._redacted(", ".join(ids[:5]))
                notes.append(f"the server does not list {self._model!r}; it lists {listed}")
        except BackendError as e:
            if e.kind == ErrorKind.CONNECT:
                hint = e.hint or f"is the server running at {_without_secrets(self._url)}?"
                raise BackendError(e.message, hint, kind=e.kind, fatal=True) from e
            if e.fatal:
                raise
            notes.append(f"the server's list of models could not be read ({e.kind})")
        return {"model": model, "mode": self._mode, "base_url": _without_secrets(self._url), "notes": notes}

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
                self._url + ("/chat/completions" if self._mode == "chat" else "/completions"),
                json.dumps(self._body(request)).encode(),
                request.sampling.timeout,
            )
            # Another call may have adapted the same parameter while this one was under way.
            if reply.status in (400, 422) and (adapted != self._adapted or self._adapt(reply)):
                continue
            if reply.status != 200:
                raise self._error(reply)
            return self._read(reply)

    def _body(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        body: dict[str, Any] = {"model": self._model}
        if self._mode == "chat":
            body["messages"] = request.messages
        else:
            body["prompt"] = transcript_prompt(request.messages)
            body["stop"] = ["\nUser:", "\nAssistant:", "\n\n\n"]
        wanted = {
            "temperature": sampling.temperature,
            "max_tokens": sampling.max_tokens,
            "top_p": sampling.top_p,
            "seed": request.seed,
        }
        for name, value in wanted.items():
            sent = self._adapted.get(name, name)
            if value is not None and sent is not None:
                body[sent] = value
        return body

    def _adapt(self, reply: HttpReply) -> bool:
        """Whether a rejected request can be sent again without, or with another name for, the parameter at fault."""
        error = _error_of(_json(reply.body))
        said = " ".join(str(error.get(part) or "") for part in ("message", "code", "param", "detail")).lower()
        if not re.search(
            r"unsupported|not support|unrecognized|unknown|not permitted|not allowed|extra inputs|does not support|only the default",
            said,
        ):
            return False
        adaptable = ["temperature", "top_p", "seed"]
        if self._mode == "chat":
            adaptable.insert(0, "max_tokens")
        at_fault = error.get("param")
        for name in adaptable:
            if (name == at_fault if at_fault else name in said) and name not in self._adapted:
                # A reply's length is never left without a limit.
                self._adapted[name] = "max_completion_tokens" if name == "max_tokens" else None
                return True
        return False

    def _read(self, reply: HttpReply) -> Reply:
        """The reply in a 200. Raises `BackendError` if it is none."""
        data = _json(reply.body)
        if not isinstance(data, dict):
            raise BackendError("the body is not a JSON object", kind=ErrorKind.BAD_BODY, retryable=True)
        choices = data.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
        if data.get("error") or (choice and choice.get("error")):
            raise self._error_in_200(_error_of(data if data.get("error") else choice))
        if choice is None:
            raise BackendError("the body has no choices", kind=ErrorKind.BAD_BODY, retryable=True)
        finish = _FINISH.get(str(choice.get("finish_reason")), Finish.OTHER)
        model = self._clean(data["model"]) if isinstance(data.get("model"), str) else None
        usage = _usage(data.get("usage"))
        notes = tuple(f"adapted: {name} -> {sent or 'left out'}" for name, sent in self._adapted.items())
        if self._mode == "completion":
            return Reply(self._clean(str(choice.get("text") or "").strip()), finish, model, usage=usage, notes=notes)
        message = choice.get("message")
        if not isinstance(message, dict):
            raise BackendError("the choice has no message", kind=ErrorKind.BAD_BODY, retryable=True)
        text, reasoning = _split_thinking(self._clean(_text_of(message.get("content"))))
        apart = message.get("reasoning_content") or message.get("reasoning")
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            finish = Finish.REFUSAL
        return Reply(
            text,
            finish,
            model,
            reasoning=self._clean(apart) if isinstance(apart, str) and apart else reasoning,
            refusal=self._clean(refusal) if isinstance(refusal, str) and refusal else None,
            usage=usage,
            notes=notes,
        )

    def _error(self, reply: HttpReply) -> BackendError:
        """The named failure behind a status other than 200."""
        error = _error_of(_json(reply.body, strict=False))
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
        if "context_length" in code or re.search(
            r"context (?:length|size|window)|too many tokens|maximum context|exceeds? the (?:available )?context", said, re.I
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


def transcript_prompt(messages: tuple[Message, ...]) -> str:
    """The dialog as plain text for a model without a chat template; it ends where the model is to go on."""
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    return "\n".join(names[m["role"]] + m["content"].strip() for m in messages) + "\nAssistant:"


def _checked_url(url: str, origin: str) -> str:
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
            f"{origin} {_without_secrets(url)!r} {wrong}",
            "write it like http://localhost:8000/v1, and put a key into the environment",
            kind=ErrorKind.CONNECT,
            fatal=True,
        )
    return url


def _without_secrets(url: str) -> str:
    """The address, or what was given for one, without user name, password and query."""
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    return scheme + mark + re.split(r"[?#]", rest.rpartition("@")[2])[0]


def _json(body: bytes, *, strict: bool = True) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        if strict:
            raise BackendError("the body is not JSON", kind=ErrorKind.BAD_BODY, retryable=True) from None
        return None


def _error_of(data: Any) -> dict[str, Any]:
    """The error object in a body, whatever its shape."""
    error = data.get("error", data) if isinstance(data, dict) else None
    return error if isinstance(error, dict) else {"message": str(error)} if error else {}


def _model_ids(reply: HttpReply) -> list[str]:
    data = _json(reply.body) if reply.status == 200 else None
    listed = data.get("data") if isinstance(data, dict) else None
    return [str(m["id"]) for m in listed if isinstance(m, dict) and "id" in m] if isinstance(listed, list) else []


def _text_of(content: Any) -> str:
    """Message content as text: a string, null, or a list of parts."""
    if isinstance(content, list):
        return "".join(
            str(p.get("text") or "") for p in content if isinstance(p, dict) and p.get("type") in (None, "text", "output_text")
        )
    return content if isinstance(content, str) else ""


def _split_thinking(text: str) -> tuple[str, str | None]:
    """The answer, and the reasoning that stood before it in a <think> block.

    An unclosed block is all reasoning; an unopened one is reasoning up to its end.
    """
    found = _THINK.match(text) or _THOUGHT.match(text)
    return (text[found.end() :].strip(), found[1].strip()) if found else (text, None)


def _usage(usage: Any) -> dict[str, int]:
    if not isinstance(usage, Mapping):
        return {}
    kept = {k: v for k in ("prompt_tokens", "completion_tokens") if isinstance(v := usage.get(k), int)}
    details = usage.get("prompt_tokens_details")
    if isinstance(details, Mapping) and isinstance(cached := details.get("cached_tokens"), int) and cached:
        kept["cached_tokens"] = cached
    return kept
