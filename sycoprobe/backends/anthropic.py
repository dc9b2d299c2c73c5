"""Anthropic Messages: `-m anthropic:NAME`, the version of the API pinned and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.dialect import HttpDialect, address, error_of, json_of, key_for
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish, Reply

DEFAULT_URL = "https://api.anthropic.com/v1"
DEFAULT_KEY_ENV = "ANTHROPIC_API_KEY"
VERSION = "2023-06-01"
_FINISH = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSAL,
}


def open_backend(name: str, options: BackendOptions) -> AnthropicBackend:
    """The model `name` at `options.base_url`, else ANTHROPIC_BASE_URL, else Anthropic itself.

    Raises
    ------
    BackendError: fatal; no model was named, the address is none, the key cannot be one, or there is none where one is needed.
    """
    if not name:
        raise BackendError("anthropic: no model was named", "write -m anthropic:NAME", kind=ErrorKind.BAD_REQUEST, fatal=True)
    url = address(options, "ANTHROPIC_BASE_URL", DEFAULT_URL).rstrip("/")
    if not url.endswith("/v1"):
        url += "/v1"  # the vendor's own SDK is told the address without it
    key = key_for(options, DEFAULT_KEY_ENV, required=urlsplit(url).hostname == "api.anthropic.com")
    return AnthropicBackend(name, base_url=url, key=key, options=options)


class AnthropicBackend(HttpDialect):
    """One model of the Messages API. Parameters as for `HttpDialect`; the API takes no seed, so none is sent."""

    _path = "/messages"
    _models = "/models?limit=1000"

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions) -> None:
        headers = {"anthropic-version": VERSION, **({"x-api-key": key} if key else {})}
        super().__init__(model, base_url=base_url, key=key, options=options, headers=headers)
        self._adaptable = {"temperature": None, "top_p": None}

    def _facts(self) -> dict[str, Any]:
        return {"mode": "chat", "anthropic_version": VERSION}

    def _body(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        system = "\n\n".join(m["content"] for m in request.messages if m["role"] == "system")
        body: dict[str, Any] = {
            "model": self._model,
            "max_tokens": sampling.max_tokens,
            "messages": [m for m in request.messages if m["role"] != "system"],
        }
        if system:
            body["system"] = system
        for name, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p)):
            if value is not None and name not in self._adapted:
                body[name] = value
        return body

    def _read(self, reply: HttpReply) -> Reply:
        """The reply in a 200: its text blocks are the answer, its thinking blocks stand apart. Raises `BackendError` if it is none."""
        data = json_of(reply.body)
        if not isinstance(data, dict):
            raise BackendError("the body is not a JSON object", kind=ErrorKind.BAD_BODY, retryable=True)
        if data.get("type") == "error" or data.get("error"):
            raise self._error_in_200(error_of(data))
        content = data.get("content")
        if not isinstance(content, list):
            raise BackendError("the body has no content", kind=ErrorKind.BAD_BODY, retryable=True)
        blocks = [b for b in content if isinstance(b, Mapping)]
        text = "".join(str(b.get("text") or "") for b in blocks if b.get("type") == "text")
        thinking = "\n".join(str(b.get("thinking") or "") for b in blocks if b.get("type") == "thinking")
        finish = _FINISH.get(str(data.get("stop_reason")), Finish.OTHER)
        return Reply(
            self._clean(text),
            finish,
            self._clean(data["model"]) if isinstance(data.get("model"), str) else None,
            reasoning=self._clean(thinking) or None,
            refusal=(self._clean(text) or "refused") if finish is Finish.REFUSAL else None,
            usage=_usage(data.get("usage")),
            notes=self._adaptations(),
        )


def _usage(usage: Any) -> dict[str, int]:
    """Tokens under the names that all dialects share; what was read from or written to a cache counts as prompt."""
    if not isinstance(usage, Mapping):
        return {}
    numbers = {k: v for k, v in usage.items() if isinstance(v, int)}
    cached = numbers.get("cache_read_input_tokens", 0)
    kept = {
        "prompt_tokens": numbers.get("input_tokens", 0) + cached + numbers.get("cache_creation_input_tokens", 0),
        "completion_tokens": numbers.get("output_tokens", 0),
    }
    return kept | ({"cached_tokens": cached} if cached else {})
