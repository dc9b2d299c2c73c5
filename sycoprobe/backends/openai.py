"""Chat Completions, as OpenAI, vLLM, llama.cpp, LM Studio, Ollama's /v1 and OpenRouter speak it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.batches import OpenAIBatches
from sycoprobe.backends.dialect import ALTERNATION, SYSTEM, Adaptable, HttpDialect, address, error_of, json_of, key_for
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.keys import scrubbed
from sycoprobe.turns import ErrorKind, Finish, Message, Reply, TokenLogprob

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
_REASONING = ("reasoning_content", "reasoning")
"""Where servers put thinking beside the answer: DeepSeek, llama.cpp and LM Studio the first, vLLM and OpenRouter the second."""
_COMPLETION = tuple(Adaptable(name) for name in ("temperature", "top_p", "seed", "logprobs"))
_CHAT = (
    Adaptable("max_tokens", "max_completion_tokens"),
    *_COMPLETION,
    *(Adaptable(name) for name in ("reasoning_effort", "verbosity", *_REASONING)),
    SYSTEM,
    ALTERNATION,
)
"""A reply's length is never left without a limit."""
_LOGPROB_TOKENS = 16
"""Of so many first tokens the log-probabilities are kept: an answer is short, and a journal should be too."""
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
    key: sent as a bearer token; kept in this object and nowhere else. headers: sent instead of it, where given.
    mode: 'completion' drives a model without a chat template with a plain dialog transcript.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        key: str | None,
        options: BackendOptions,
        mode: Mode = "chat",
        headers: dict[str, str] | None = None,
    ) -> None:
        bearer = {"authorization": f"Bearer {key}"} if key else {}
        adaptable = _CHAT if mode == "chat" else _COMPLETION
        super().__init__(
            model,
            base_url=base_url,
            key=key,
            options=options,
            headers=bearer if headers is None else headers,
            adaptable=adaptable,
        )
        self._mode: Mode = mode
        self._path = "/chat/completions" if mode == "chat" else "/completions"

    def _facts(self) -> dict[str, Any]:
        return {"mode": self._mode}

    def batches(self) -> OpenAIBatches:
        """The vendor's batch mode; whether the server has one is known once it is asked."""
        return OpenAIBatches(self)

    def _body(self, request: Request) -> dict[str, Any]:
        sampling, dialog = request.sampling, self._dialog(request)
        wanted = {
            "temperature": sampling.temperature,
            "max_tokens": sampling.reply_tokens,
            "top_p": sampling.top_p,
            "seed": request.seed,
        }
        if self._mode == "completion":
            stop = ["\nUser:", "\nAssistant:", "\n\n\n"]
            asked = {"prompt": transcript_prompt(tuple(dialog)), "stop": stop}
            return {"model": self._model, **asked, **self._wanted(wanted | {"logprobs": sampling.logprobs or None})}
        more: dict[str, Any] = {"reasoning_effort": sampling.effort, "verbosity": sampling.verbosity}
        if sampling.logprobs and "logprobs" not in self._adapted:
            more |= {"logprobs": True, "top_logprobs": sampling.logprobs}
        return {"model": self._model, "messages": [self._turn(m) for m in dialog], **self._wanted(wanted | more)}

    def _turn(self, message: Message) -> dict[str, Any]:
        """One message as it is sent: an assistant turn whose thinking is replayed carries it in the server's own fields."""
        plain = {"role": message["role"], "content": message["content"]}
        return plain | {k: v for k, v in (message.get("replay") or {}).items() if k not in self._adapted}

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
        usage = data.get("usage")
        cost = usage.get("cost") if isinstance(usage, Mapping) else None
        made = Reply(
            "",
            _FINISH.get(str(choice.get("finish_reason")), Finish.OTHER),
            scrubbed(data["model"]) if isinstance(data.get("model"), str) else None,
            usage=usage_of(usage),
            notes=self._adaptations(),
            cost=float(cost) if isinstance(cost, int | float) and cost >= 0 else None,
            upstream=scrubbed(data["provider"]) if isinstance(data.get("provider"), str) else None,
            logprobs=logprobs_of(choice.get("logprobs")),
        )
        if self._mode == "completion":
            made.text = scrubbed(str(choice.get("text") or "").strip())
            return made
        message = choice.get("message")
        if not isinstance(message, dict):
            raise BackendError("the choice has no message", kind=ErrorKind.BAD_BODY, retryable=True)
        made.text, inside = split_thinking(scrubbed(_text_of(message.get("content"))))
        apart = {k: scrubbed(v) for k in _REASONING if isinstance(v := message.get(k), str) and v}
        made.reasoning = next(iter(apart.values()), inside)
        made.replay = apart or None
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            made.finish, made.refusal = Finish.REFUSAL, scrubbed(refusal)
        return made


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


def split_thinking(text: str) -> tuple[str, str | None]:
    """The answer, and the reasoning that stood before it in a <think> block.

    An unclosed block is all reasoning; an unopened one is reasoning up to its end.
    """
    found = _THINK.match(text) or _THOUGHT.match(text)
    return (text[found.end() :].strip(), found[1].strip()) if found else (text, None)


def usage_of(usage: Any) -> dict[str, int]:
    """Token counts under the names that all dialects share."""
    if not isinstance(usage, Mapping):
        return {}
    kept = {k: v for k in ("prompt_tokens", "completion_tokens") if isinstance(v := usage.get(k), int)}
    for part, name in (
        ("prompt_tokens_details", "cached_tokens"),
        ("prompt_tokens_details", "cache_write_tokens"),
        ("completion_tokens_details", "reasoning_tokens"),
    ):
        details = usage.get(part)
        if isinstance(details, Mapping) and isinstance(n := details.get(name), int) and n:
            kept[name] = n
    return kept


def logprobs_of(given: Any) -> list[TokenLogprob]:
    """The log-probabilities of the first 16 tokens, from a chat's form (`content`) or a completion's (`tokens`)."""
    if not isinstance(given, Mapping):
        return []
    found: list[TokenLogprob] = []
    try:
        if isinstance(given.get("content"), list):
            for entry in given["content"][:_LOGPROB_TOKENS]:
                top = [(scrubbed(str(t["token"])), float(t["logprob"])) for t in entry.get("top_logprobs") or ()]
                found.append({"token": scrubbed(str(entry["token"])), "logprob": float(entry["logprob"]), "top": top})
        elif isinstance(given.get("tokens"), list):
            for token, own, others in zip(given["tokens"], given["token_logprobs"], given["top_logprobs"], strict=False):
                top = [(scrubbed(str(k)), float(v)) for k, v in (others or {}).items()]
                found.append({"token": scrubbed(str(token)), "logprob": float(own), "top": top})
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
    return found[:_LOGPROB_TOKENS]
