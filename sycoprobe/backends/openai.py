"""Chat Completions, as OpenAI, vLLM, llama.cpp, LM Studio, Ollama's /v1 and OpenRouter speak it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.dialect import HttpDialect, address, error_of, json_of, key_for
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Finish, Message, Reply

DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_KEY_ENV = "OPENAI_API_KEY"
_THINK = re.compile(r"^\s*<think(?:ing)?>(.*?)(?:</think(?:ing)?>|\Z)", re.S)
_THOUGHT = re.compile(r"^(.*?)</think(?:ing)?>", re.S)
"""Templates that open the block in the prompt leave only its end to the reply."""
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
    url = address(options, "OPENAI_BASE_URL", DEFAULT_URL)
    key = key_for(options, DEFAULT_KEY_ENV, required=urlsplit(url).hostname == "api.openai.com")
    return OpenAIBackend(name, base_url=url, key=key, options=options)


class OpenAIBackend(HttpDialect):
    """One model on one OpenAI-compatible server.

    Parameters
    ----------
    model: its id on the server.
    base_url: the address up to and with `/v1`.
    key: sent as a bearer token; kept in this object and nowhere else.
    mode: 'completion' drives a model without a chat template with a plain dialog transcript.
    """

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions, mode: Mode = "chat") -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        super().__init__(model, base_url=base_url, key=key, options=options, headers=headers)
        self._mode: Mode = mode
        self._path = "/chat/completions" if mode == "chat" else "/completions"
        self._adaptable = {
            **({"max_tokens": "max_completion_tokens"} if mode == "chat" else {}),
            "temperature": None,
            "top_p": None,
            "seed": None,
        }

    def _facts(self) -> dict[str, Any]:
        return {"mode": self._mode}

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

    def _read(self, reply: HttpReply) -> Reply:
        """The reply in a 200. Raises `BackendError` if it is none."""
        data = json_of(reply.body)
        if not isinstance(data, dict):
            raise BackendError("the body is not a JSON object", kind=ErrorKind.BAD_BODY, retryable=True)
        choices = data.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
        if data.get("error") or (choice and choice.get("error")):
            raise self._error_in_200(error_of(data if data.get("error") else choice))
        if choice is None:
            raise BackendError("the body has no choices", kind=ErrorKind.BAD_BODY, retryable=True)
        finish = _FINISH.get(str(choice.get("finish_reason")), Finish.OTHER)
        model = self._clean(data["model"]) if isinstance(data.get("model"), str) else None
        usage = _usage(data.get("usage"))
        notes = self._adaptations()
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


def transcript_prompt(messages: tuple[Message, ...]) -> str:
    """The dialog as plain text for a model without a chat template; it ends where the model is to go on."""
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    return "\n".join(names[m["role"]] + m["content"].strip() for m in messages) + "\nAssistant:"


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
