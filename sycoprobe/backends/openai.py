"""Chat Completions, as OpenAI, vLLM, llama.cpp, LM Studio, Ollama's /v1 and OpenRouter speak it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.retry import retry_after, with_retries
from sycoprobe.backends.transport import HttpReply, Transport
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish, Message, Reply

DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_KEY_ENV = "OPENAI_API_KEY"
_THINK = re.compile(r"^\s*<think(?:ing)?>(.*?)(?:</think(?:ing)?>|\Z)", re.S)
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
    BackendError: no model was named, the address is none, or OpenAI itself is meant and there is no key.
    """
    if not name:
        raise BackendError("openai: no model was named", "write -m openai:NAME", kind=ErrorKind.BAD_REQUEST, fatal=True)
    url = _checked_url(options.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL)
    variable = options.api_key_env or DEFAULT_KEY_ENV
    key = os.environ.get(variable, "").strip() or None
    if key is None and (options.api_key_env or urlsplit(url).hostname == "api.openai.com"):
        hint = f"export {variable}=…, or name another variable with --api-key-env, or another server with --base-url"
        raise BackendError(f"the environment variable {variable} holds no key", hint, kind=ErrorKind.AUTH, fatal=True)
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
        """Reach the server; see `Backend.start`. A server without a model list is used all the same."""
        await self._transport.start()
        notes: list[str] = []
        model = self._model
        try:
            reply = await self._transport.get(f"{self._url}/models", timeout=10)
            if reply.status in (401, 403):
                raise self._error(reply)
            ids = _model_ids(reply)
            if ids and self._model not in ids:
                notes.append(f"the server does not list {self._model!r}; it lists {', '.join(ids[:5])}")
        except BackendError as e:
            if e.kind == ErrorKind.CONNECT:
                hint = f"is the server running at {_without_secrets(self._url)}?"
                raise BackendError(e.message, hint, kind=e.kind, fatal=True) from e
            if e.fatal:
                raise
            notes.append(f"the server's list of models could not be read ({e.kind})")
        return {"model": model, "mode": self._mode, "base_url": _without_secrets(self._url), "notes": notes}

    async def close(self) -> None:
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
            if reply.status == 400 and self._adapt(reply):
                continue
            if reply.status == 400 and adapted != self._adapted:
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
        said = f"{error.get('message', '')} {error.get('code', '')} {error.get('param', '')}".lower()
        if not re.search(
            r"unsupported|not support|unrecognized|unknown|not permitted|not allowed|extra inputs|does not support|only the default",
            said,
        ):
            return False
        for name in ("max_tokens", "temperature", "top_p", "seed"):
            if name in said and name not in self._adapted:
                self._adapted[name] = (
                    "max_completion_tokens" if "max_completion_tokens" in said and name == "max_tokens" else None
                )
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
        model = data.get("model") if isinstance(data.get("model"), str) else None
        usage = _usage(data.get("usage"))
        notes = tuple(f"adapted: {name} -> {sent or 'left out'}" for name, sent in self._adapted.items())
        if self._mode == "completion":
            return Reply(str(choice.get("text") or "").strip(), finish, model, usage=usage, notes=notes)
        message = choice.get("message")
        if not isinstance(message, dict):
            raise BackendError("the choice has no message", kind=ErrorKind.BAD_BODY, retryable=True)
        text, reasoning = _split_thinking(_text_of(message.get("content")))
        apart = message.get("reasoning_content") or message.get("reasoning")
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            finish = Finish.REFUSAL
        return Reply(
            text,
            finish,
            model,
            reasoning=apart if isinstance(apart, str) and apart else reasoning,
            refusal=refusal if isinstance(refusal, str) and refusal else None,
            usage=usage,
            notes=notes,
        )

    def _error(self, reply: HttpReply) -> BackendError:
        """The named failure behind a status other than 200."""
        error = _error_of(_json(reply.body, strict=False))
        code = str(error.get("code") or error.get("type") or "")
        said = self._redacted(str(error.get("message") or "").strip() or reply.body[:200].decode("utf-8", "replace"))
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
        """A server's words without our key, should it echo it."""
        if self._key:
            said = said.replace(self._key, "[key]")
            # Some servers echo the beginning or the end of a key.
            for part in (self._key[-8:], self._key[:12]):
                if len(self._key) >= 16:
                    said = said.replace(part, "[key]")
        return re.sub(r"\b(?:sk|pk|rk|gsk|key)-[A-Za-z0-9_\-*]{6,}", "[key]", said)


def transcript_prompt(messages: tuple[Message, ...]) -> str:
    """The dialog as plain text for a model without a chat template; it ends where the model is to go on."""
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    return "\n".join(names[m["role"]] + m["content"].strip() for m in messages) + "\nAssistant:"


def _checked_url(url: str) -> str:
    parts = urlsplit(url.strip())
    try:
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise BackendError(
            f"--base-url {_without_secrets(url)!r} is not an address",
            "write it like http://localhost:8000/v1",
            kind=ErrorKind.CONNECT,
            fatal=True,
        )
    return url.strip()


def _without_secrets(url: str) -> str:
    """The address without user name, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


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
    """The answer, and the reasoning that stood before it in a <think> block; an unclosed block is all reasoning."""
    found = _THINK.match(text)
    return (text[found.end() :].strip(), found[1].strip()) if found else (text, None)


def _usage(usage: Any) -> dict[str, int]:
    if not isinstance(usage, Mapping):
        return {}
    kept = {k: v for k in ("prompt_tokens", "completion_tokens") if isinstance(v := usage.get(k), int)}
    details = usage.get("prompt_tokens_details")
    if isinstance(details, Mapping) and isinstance(cached := details.get("cached_tokens"), int) and cached:
        kept["cached_tokens"] = cached
    return kept
