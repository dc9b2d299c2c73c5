"""Chat Completions, as OpenAI, vLLM, llama.cpp, LM Studio, Ollama's /v1 and OpenRouter speak it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from sycoprobe.backends.adapting import ALTERNATION, IN_WORDS, SYSTEM, Adaptable
from sycoprobe.backends.addresses import address, without_path
from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.batches import OpenAIBatches
from sycoprobe.backends.bodies import error_of, json_of
from sycoprobe.backends.dialect import HttpDialect, key_for
from sycoprobe.backends.dialogs import STOPS, transcript_prompt
from sycoprobe.backends.engines import facts_of
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import Entry, amount_of, count_of, finish_of, logprobs_from
from sycoprobe.extract.thinking import split_parts
from sycoprobe.keys import scrubbed
from sycoprobe.turns import ErrorKind, Finish, Message, Reply, TokenLogprob

DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_KEY_ENV = "OPENAI_API_KEY"
_REASONING = ("reasoning_content", "reasoning")
"""Where servers put thinking beside the answer: DeepSeek, llama.cpp and LM Studio the first, vLLM and OpenRouter the second."""
_DETAILS = "reasoning_details"
"""OpenRouter's list of a turn's thinking, signed or encrypted; what a router sends so is sent back so, and nothing beside it."""
_COMPLETION = (
    *(Adaptable(name) for name in ("temperature", "top_p", "seed")),
    Adaptable("logprobs", None, re.compile("top_logprobs")),
    Adaptable("stream"),
)
_CHAT = (
    Adaptable("max_tokens", "max_completion_tokens"),
    *_COMPLETION,
    *(Adaptable(name) for name in ("reasoning_effort", "verbosity", *_REASONING, _DETAILS)),
    Adaptable("response_format", None, re.compile(r"json_?schema|response format|structured outputs?", re.I), IN_WORDS),
    SYSTEM,
    ALTERNATION,
)
"""A reply's length is never left without a limit."""
_LEARN_TIMEOUT = 2.0
"""Seconds for each question of what a server is."""
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
    headers: sent instead of it, where given.
    mode: 'completion' drives a model without a chat template with a plain dialog transcript.
    """

    cache_minimum = 1024
    """The shortest prefix, in tokens, that OpenAI caches by itself ("Prompt caching" guide); servers of one's own mostly cache any."""

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
        self.takes_schema = True
        self._list: Any = None
        """The server's list of models as it came: some engines say there what they are."""
        self._path = "/chat/completions" if mode == "chat" else "/completions"

    def _facts(self) -> dict[str, Any]:
        return {"mode": self._mode}

    def _listed(self, data: Any) -> list[str]:
        self._list = data
        return super()._listed(data)

    async def start(self) -> dict[str, Any]:
        """Reach the server and learn what it is; see `HttpDialect.start`."""
        facts = await super().start()
        learnt = await self._learn()
        return {**facts, **learnt, "notes": [*facts["notes"], *learnt.get("notes", ())]}

    async def _learn(self) -> dict[str, Any]:
        """What the server says of itself, where it is one of the engines that people run themselves; never an error."""
        if urlsplit(self._url).hostname == "api.openai.com":
            return {}
        root = self._url.removesuffix("/v1")

        async def at(path: str) -> Any:
            try:
                reply = await self._transport.get(root + path, timeout=_LEARN_TIMEOUT)
                return json_of(reply.body, strict=False) if reply.status == 200 else None
            except BackendError:
                return None

        props, version, models = await asyncio.gather(at("/props"), at("/version"), at("/api/v0/models"))
        facts = facts_of(self._model, listed=self._list, props=props, version=version, lm_studio=models)
        if facts.get("system_role") is False:
            self._no_system = "the model's chat template has no place for it"
        return facts

    def batches(self) -> OpenAIBatches:
        """The vendor's batch mode; whether the server has one is known once it is asked."""
        return OpenAIBatches(self)

    def _body(self, request: Request) -> dict[str, Any]:
        sampling, dialog = request.sampling, self._dialog(request)
        more: dict[str, Any]
        wanted = {
            "temperature": sampling.temperature,
            "max_tokens": sampling.reply_tokens,
            "top_p": sampling.top_p,
            "seed": request.seed,
            "stream": False,  # what a server does that is not told differs: some stream
        }
        if self._mode == "completion":
            asked = {"prompt": transcript_prompt(dialog), "stop": list(STOPS)}
            # Only llama.cpp in this process is driven so, and its completions take a bare schema (tools/server/README.md there).
            more = {"logprobs": sampling.logprobs or None, "json_schema": request.schema}
            return {"model": self._model, **asked, **self._wanted(wanted | more)}
        more = {"reasoning_effort": sampling.effort, "verbosity": sampling.verbosity}
        if sampling.logprobs and "logprobs" not in self._adapted:
            more |= {"logprobs": True, "top_logprobs": sampling.logprobs}
        if request.schema is not None:
            more["response_format"] = {"type": "json_schema", "json_schema": named_schema(request.schema)}
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
        if choice.get("finish_reason") == "error":
            raise self._error_in_200({"message": "the upstream failed while it answered"})
        usage = data.get("usage")
        cost = usage.get("cost") if isinstance(usage, Mapping) else None
        made = Reply(
            "",
            finish_of(choice.get("finish_reason")),
            without_path(scrubbed(data["model"])) if isinstance(data.get("model"), str) else None,
            usage=usage_of(usage),
            notes=self._adaptations(),
            cost=amount_of(cost),
            upstream=scrubbed(data["provider"]) if isinstance(data.get("provider"), str) else None,
            logprobs=logprobs_of(choice.get("logprobs")),
        )
        if made.finish is Finish.REFUSAL:
            made.refusal = "the reply was stopped by the provider's filter" + filtered(choice.get("content_filter_results"))
        if self._mode == "completion":
            made.text = scrubbed(str(choice.get("text") or "").strip())
            return made
        message = choice.get("message")
        if not isinstance(message, dict):
            raise BackendError("the choice has no message", kind=ErrorKind.BAD_BODY, retryable=True)
        content = message.get("content")
        text, parted, refused = split_parts(content)
        made.text, inside = scrubbed(text), scrubbed(parted) if parted else None
        apart = {k: scrubbed(v) for k in _REASONING if isinstance(v := message.get(k), str) and v}
        details = message.get(_DETAILS) if isinstance(message.get(_DETAILS), list) else []
        made.reasoning = next(iter(apart.values()), inside) or thinking_in(details)
        made.replay = without_key({_DETAILS: details} if details else apart or ({"content": content} if inside else {})) or None
        refusal = message.get("refusal") or refused
        if isinstance(refusal, str) and refusal:
            made.finish, made.refusal = Finish.REFUSAL, scrubbed(refusal)
        return made


def named_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema as OpenAI wants it ("Structured model outputs" guide): named, and followed to the letter."""
    return {"name": "reply", "schema": schema, "strict": True}


def thinking_in(details: Any) -> str | None:
    """The readable part of OpenRouter's `reasoning_details`; None if there are none."""
    parts = [d for d in details if isinstance(d, Mapping)]
    told = [str(d.get("text") or d.get("summary") or "") for d in parts]
    return scrubbed("\n".join(t for t in told if t)) or ("[redacted by the provider]" if parts else None)


def filtered(results: Any) -> str:
    """': hate, violence', the categories that Azure's content filter acted on; empty if it names none."""
    acted = (
        sorted(k for k, v in results.items() if isinstance(v, Mapping) and v.get("filtered"))
        if isinstance(results, Mapping)
        else []
    )
    return f": {', '.join(acted)[:200]}" if acted else ""


def without_key(value: Any) -> Any:
    """JSON without any remembered key, and otherwise as it came."""
    if not value:
        return value
    text = json.dumps(value)
    clean = scrubbed(text)
    return value if clean == text else json.loads(clean)


def usage_of(usage: Any) -> dict[str, int]:
    """Token counts under the names that all dialects share."""
    if not isinstance(usage, Mapping):
        return {}
    kept = {k: v for k in ("prompt_tokens", "completion_tokens") if (v := count_of(usage.get(k))) is not None}
    for part, name in (
        ("prompt_tokens_details", "cached_tokens"),
        ("prompt_tokens_details", "cache_write_tokens"),
        ("completion_tokens_details", "reasoning_tokens"),
    ):
        details = usage.get(part)
        if isinstance(details, Mapping) and (n := count_of(details.get(name))):
            kept[name] = n
    return kept


def logprobs_of(given: Any) -> list[TokenLogprob]:
    """The log-probabilities of the first 16 tokens, from a chat's form (`content`) or a completion's (`tokens`)."""
    if not isinstance(given, Mapping):
        return []
    try:
        if isinstance(given.get("content"), list):
            return logprobs_from(map(_entry, given["content"]), scrubbed)
        if isinstance(given.get("tokens"), list):
            others = ((top or {}).items() for top in given["top_logprobs"])
            return logprobs_from(zip(given["tokens"], given["token_logprobs"], others, strict=False), scrubbed)
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
    return []


def _entry(token: Mapping[str, Any]) -> Entry:
    return token["token"], token["logprob"], [(t["token"], t["logprob"]) for t in token.get("top_logprobs") or ()]
