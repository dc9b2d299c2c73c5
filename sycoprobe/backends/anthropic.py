"""Anthropic Messages: `-m anthropic:NAME`, the version of the API pinned and recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sycoprobe.backends.adapting import ALTERNATION, IN_WORDS, SYSTEM, Adaptable
from sycoprobe.backends.addresses import address
from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.batches import AnthropicBatches
from sycoprobe.backends.bodies import error_of, json_of
from sycoprobe.backends.dialect import HttpDialect, key_for
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import counts_of, finish_of
from sycoprobe.keys import scrubbed
from sycoprobe.turns import ErrorKind, Finish, Message, Reply

DEFAULT_URL = "https://api.anthropic.com/v1"
DEFAULT_KEY_ENV = "ANTHROPIC_API_KEY"
KEY_HEADER = "x-api-key"
VERSION = "2023-06-01"
_FORMAT, _EFFORT = "output_config.format", "output_config.effort"
_ADAPTABLE = (
    *(Adaptable(name) for name in ("temperature", "top_p")),
    Adaptable(_FORMAT, None, re.compile(r"output[_ ]formats?\b|json_?schema|structured outputs?", re.I), IN_WORDS),
    Adaptable(_EFFORT, None, re.compile(r"\beffort\b", re.I)),
    *(Adaptable(name) for name in ("output_config", "cache_control", "stream")),
    SYSTEM,
    ALTERNATION,
)
"""A model that does not know the whole of `output_config` names that, one that knows a part of it names the other part."""


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
    key = key_for(options, DEFAULT_KEY_ENV, required=urlsplit(url).hostname == "api.anthropic.com", header=KEY_HEADER)
    return AnthropicBackend(name, base_url=url, key=key, options=options)


class AnthropicBackend(HttpDialect):
    """One model of the Messages API. Parameters as for `HttpDialect`; the API takes no seed, so none is sent."""

    _path = "/messages"
    _models = "/models?limit=1000"
    cache_minimum = 1024
    """The shortest prefix, in tokens, that the API caches for most models; it ignores a mark on one that is too short."""
    takes_schema = True

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions) -> None:
        headers = {"anthropic-version": VERSION, **({KEY_HEADER: key} if key else {})}
        super().__init__(model, base_url=base_url, key=key, options=options, headers=headers, adaptable=_ADAPTABLE)

    def _facts(self) -> dict[str, Any]:
        return {"mode": "chat", "anthropic_version": VERSION}

    def batches(self) -> AnthropicBatches:
        """The vendor's batch mode; whether the server has one is known once it is asked."""
        return AnthropicBatches(self)

    def _body(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        dialog = self._dialog(request)
        system = "\n\n".join(m["content"] for m in dialog if m["role"] == "system")
        turns = [self._turn(m) for m in dialog if m["role"] != "system"]
        if request.shared and "cache_control" not in self._adapted:
            # The end of the shared prefix, so that the branches read what the first call has written.
            last = turns[request.shared - 1 - (len(request.messages) - len(turns))]
            last["content"] = [{"type": "text", "text": last["content"], "cache_control": {"type": "ephemeral"}}]
        # platform.claude.com, 'Structured outputs': without a beta header, and beside the effort.
        form = {"type": "json_schema", "schema": request.schema} if request.schema is not None else None
        config = {"effort": sampling.effort, "format": form}
        output = {k: v for k, v in config.items() if v is not None and f"output_config.{k}" not in self._adapted}
        return {
            "model": self._model,
            "max_tokens": sampling.reply_tokens,
            "messages": turns,
            **({"system": system} if system else {}),
            **self._wanted(
                {"temperature": sampling.temperature, "top_p": sampling.top_p, "output_config": output or None, "stream": False}
            ),
        }

    def _turn(self, message: Message) -> dict[str, Any]:
        """One message as it is sent: an assistant turn whose thinking is replayed carries its blocks as they came, signed."""
        return {"role": message["role"], "content": message.get("replay") or message["content"]}

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
        text = scrubbed("".join(str(b.get("text") or "") for b in blocks if b.get("type") == "text"))
        thinking = scrubbed("\n".join(str(b.get("thinking") or "") for b in blocks if b.get("type") == "thinking"))
        thought = any(b.get("type") in ("thinking", "redacted_thinking") for b in blocks)
        finish = finish_of(data.get("stop_reason"))
        return Reply(
            text,
            finish,
            scrubbed(data["model"]) if isinstance(data.get("model"), str) else None,
            reasoning=thinking or ("[redacted by the provider]" if thought else None),
            refusal=(text or "refused") if finish is Finish.REFUSAL else None,
            usage=_usage(data.get("usage")),
            notes=self._adaptations(),
            replay=blocks if thought else None,
        )


def _usage(usage: Any) -> dict[str, int]:
    """Tokens under the names that all dialects share; what was read from or written to a cache counts as prompt."""
    if not isinstance(usage, Mapping):
        return {}
    numbers = counts_of(usage)
    cached, written = numbers.get("cache_read_input_tokens", 0), numbers.get("cache_creation_input_tokens", 0)
    kept = {"cached_tokens": cached, "cache_write_tokens": written}
    kept = {k: v for k, v in kept.items() if v}
    if "input_tokens" in numbers:
        kept["prompt_tokens"] = numbers["input_tokens"] + cached + written
    if "output_tokens" in numbers:
        kept["completion_tokens"] = numbers["output_tokens"]
    return kept
