"""OpenAI's Responses API: `-m responses:NAME`, without state on the server: every call carries the whole dialog."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sycoprobe.backends.adapting import ALTERNATION, IN_WORDS, SYSTEM, Adaptable
from sycoprobe.backends.addresses import address, without_path
from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.batches import OpenAIBatches
from sycoprobe.backends.bodies import error_of, json_of
from sycoprobe.backends.dialect import HttpDialect, key_for
from sycoprobe.backends.openai import DEFAULT_KEY_ENV, DEFAULT_URL, logprobs_of, named_schema, without_key
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import count_of, finish_of
from sycoprobe.keys import redacted, scrubbed
from sycoprobe.turns import ErrorKind, Finish, Message, Reply, Thinking

_ENCRYPTED = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"
_ADAPTABLE = (
    *(Adaptable(name) for name in ("temperature", "top_p")),
    Adaptable("top_logprobs", None, re.compile(r"output_text\.logprobs|\blogprobs\b", re.I)),
    *(Adaptable(name) for name in ("reasoning.effort", "reasoning.summary", "reasoning.context", "text.verbosity")),
    Adaptable("text.format", None, re.compile(r"json_?schema|structured outputs?", re.I), IN_WORDS),
    Adaptable(_ENCRYPTED, None, re.compile(r"encrypted content", re.I)),
    Adaptable("stream"),
    SYSTEM,
    ALTERNATION,
)
_PASSING = {"server_error", "rate_limit_exceeded", "vector_store_timeout"}
_POLICY = {"bio_policy", "misalignment_policy_violation", "image_content_policy_violation"}
"""Of the codes of a response that failed: those that may pass, and those that are a filter's doing."""


def open_backend(name: str, options: BackendOptions) -> ResponsesBackend:
    """The model `name` at `options.base_url`, else OPENAI_BASE_URL, else OpenAI itself.

    Raises
    ------
    BackendError: fatal; no model was named, the address is none, the key cannot be one, or there is none where one is needed.
    """
    if not name:
        raise BackendError("responses: no model was named", "write -m responses:NAME", kind=ErrorKind.BAD_REQUEST, fatal=True)
    url = address(options, "OPENAI_BASE_URL", DEFAULT_URL)
    key = key_for(options, DEFAULT_KEY_ENV, required=urlsplit(url).hostname == "api.openai.com")
    return ResponsesBackend(name, base_url=url, key=key, options=options)


class ResponsesBackend(HttpDialect):
    """One model of the Responses API. Parameters as for `HttpDialect`; the API takes no seed, so none is sent.

    A system prompt goes into `instructions`, which the vendor documents as the place for one and which binds for one call
    (developers.openai.com, 'Text generation'): nothing is stored here, so every call says it again. A turn that carries text
    only is a message whose content is that text (openai-python's `EasyInputMessageParam`): parts of type `output_text` would
    need an id that nobody gave, which vLLM insists on, and llama.cpp insists on `type`.

    Where thinking is replayed, the reasoning items go back encrypted, as they came, with the message that followed them, and
    `reasoning.context` asks for them to be read, which models before gpt-5.6 do not do by themselves ('Reasoning models').
    """

    _path = "/responses"

    cache_minimum = 1024
    """The shortest prefix, in tokens, that OpenAI caches by itself ("Prompt caching" guide)."""
    takes_schema = True

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions) -> None:
        bearer = {"authorization": f"Bearer {key}"} if key else {}
        super().__init__(model, base_url=base_url, key=key, options=options, headers=bearer, adaptable=_ADAPTABLE)

    def batches(self) -> OpenAIBatches:
        """The vendor's batch mode; whether the server has one is known once it is asked."""
        return OpenAIBatches(self)

    def _body(self, request: Request) -> dict[str, Any]:
        sampling, dialog = request.sampling, self._dialog(request)
        replayed = sampling.thinking is Thinking.REPLAY
        # A summary is extra: nobody asked for it by name, so where nothing may be adapted it is not risked.
        summary = "auto" if sampling.effort and not self._options.strict else None
        system = "\n\n".join(m["content"] for m in dialog if m["role"] == "system")
        values = {
            "max_output_tokens": sampling.reply_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_logprobs": sampling.logprobs or None,
            "stream": False,
        }
        reasoning = {"effort": sampling.effort, "summary": summary, "context": "all_turns" if replayed else None}
        form = {"type": "json_schema", **named_schema(request.schema)} if request.schema is not None else None
        grouped = {
            "reasoning": self._group("reasoning", reasoning),
            "text": self._group("text", {"verbosity": sampling.verbosity, "format": form}),
        }
        include = [
            *([_LOGPROBS] if sampling.logprobs and "top_logprobs" not in self._adapted else []),
            *([_ENCRYPTED] if replayed and _ENCRYPTED not in self._adapted else []),
        ]
        return {
            "model": self._model,
            "store": False,
            **({"instructions": system} if system else {}),
            "input": [item for m in dialog if m["role"] != "system" for item in _items(m)],
            **self._wanted(values),
            **{name: group for name, group in grouped.items() if group},
            **({"include": include} if include else {}),
        }

    def _group(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a nested object that are set and that the server takes."""
        return {k: v for k, v in values.items() if v is not None and f"{name}.{k}" not in self._adapted}

    def _read(self, reply: HttpReply) -> Reply:
        """The reply in a 200: the messages' text is the answer, reasoning stands apart. Raises `BackendError` if it is none."""
        data = json_of(reply.body)
        if not isinstance(data, dict):
            raise BackendError("the body is not a JSON object", kind=ErrorKind.BAD_BODY, retryable=True)
        status = data.get("status") or "completed"
        if data.get("error") or status == "failed":
            error = error_of(data) if data.get("error") else {}
            if said := _policy(error):
                return Reply("", Finish.REFUSAL, self._named(data), refusal=said, notes=self._adaptations())
            raise self._error_in_200(error)
        output = data.get("output")
        if not isinstance(output, list) or status not in ("completed", "incomplete"):
            what = "has no output" if not isinstance(output, list) else f"is a response that is {redacted(str(status))[:40]}"
            raise BackendError(f"the body {what}", kind=ErrorKind.BAD_BODY, retryable=True)
        items = [i for i in output if isinstance(i, Mapping)]
        messages = [i for i in items if i.get("type") == "message"]
        answers = [m for m in messages if m.get("phase") != "commentary"]
        thoughts = [i for i in items if i.get("type") == "reasoning"]
        parts = [p for m in answers for p in _maps(m.get("content"))]
        made = Reply(
            scrubbed("".join(str(p.get("text") or "") for p in parts if p.get("type") == "output_text")),
            Finish.STOP if messages else Finish.OTHER,
            self._named(data),
            reasoning=_thinking(thoughts, [m for m in messages if m not in answers]),
            usage=_usage(data.get("usage")),
            notes=(*self._adaptations(), *_withheld(data.get("input_transformations"))),
            logprobs=logprobs_of({"content": [t for p in parts for t in _maps(p.get("logprobs"))]}),
            replay=_replay(items),
        )
        if status == "incomplete":
            details = data.get("incomplete_details")
            made.finish = finish_of(details.get("reason")) if isinstance(details, Mapping) else Finish.OTHER
            if made.finish is Finish.REFUSAL:
                made.refusal = "the reply was stopped by the provider's filter"
        refused = scrubbed("".join(str(p.get("refusal") or "") for p in parts if p.get("type") == "refusal"))
        if refused:
            made.finish, made.refusal = Finish.REFUSAL, refused
        return made

    def _named(self, data: Mapping[str, Any]) -> str | None:
        return without_path(scrubbed(data["model"])) if isinstance(data.get("model"), str) else None

    def _blocked(self, reply: HttpReply) -> str | None:
        return super()._blocked(reply) or (
            _policy(error_of(json_of(reply.body, strict=False))) if reply.status in (400, 403) else None
        )

    def _error_in_200(self, error: dict[str, Any]) -> BackendError:
        e = super()._error_in_200(error)
        code = error.get("code")
        if isinstance(code, str) and not code.isdigit():
            e.retryable = code in _PASSING
        return e

    def _error(self, reply: HttpReply) -> BackendError:
        e = super()._error(reply)
        if e.kind == ErrorKind.NOT_FOUND and urlsplit(self._url).hostname != "api.openai.com":
            e.hint += f"; a server without the Responses API may do with -m openai:{self._model}"
        return e


def _items(message: Message) -> list[Any]:
    """One turn as items of `input`: what is to be replayed as it came, else its text."""
    replay = message.get("replay")
    plain = {"type": "message", "role": message["role"], "content": message["content"]}
    return replay if isinstance(replay, list) and replay else [plain]


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _thinking(thoughts: list[Mapping[str, Any]], commentary: list[Mapping[str, Any]]) -> str | None:
    """Summaries of the reasoning and, from open models, the reasoning itself; then what was said on the way to the answer."""
    parts = [p for t in thoughts for p in (*_maps(t.get("summary")), *_maps(t.get("content")))]
    parts += [p for m in commentary for p in _maps(m.get("content"))]
    told = scrubbed("\n".join(text for p in parts if (text := str(p.get("text") or ""))))
    return told or ("[not shown by the provider]" if thoughts else None)


def _replay(items: list[Mapping[str, Any]]) -> list[Any] | None:
    """The reasoning items and the message, as the next call gives them back; None where there is nothing that could go back.

    Nothing is stored, so reasoning without its encrypted content cannot be found again, and the message that followed it is
    not taken without it.
    """
    kept = [i for i in items if i.get("type") in ("reasoning", "message")]
    thoughts = [i for i in kept if i.get("type") == "reasoning"]
    if not thoughts or any(not t.get("encrypted_content") for t in thoughts) or len(thoughts) == len(kept):
        return None
    replay: list[Any] = without_key(kept)
    return replay


def _withheld(transformations: Any) -> tuple[str, ...]:
    """A note where the provider says that it kept replayed thinking from the model."""
    reasons = sorted({str(t.get("reason")) for t in _maps(transformations) if t.get("action") == "removed"})
    return (f"the provider withheld replayed thinking ({redacted(', '.join(reasons))[:100]})",) if reasons else ()


def _policy(error: Mapping[str, Any]) -> str | None:
    """What a filter said that blocks a prompt (`invalid_prompt` is also that, and is then told by its words); else None."""
    code, said = str(error.get("code") or ""), str(error.get("message") or "")
    flagged = code == "invalid_prompt" and re.search(r"usage polic|flagged|safety", said, re.I)
    return "blocked by the provider's filter: " + redacted(said or code)[:300] if code in _POLICY or flagged else None


def _usage(usage: Any) -> dict[str, int]:
    """Tokens under the names that all dialects share."""
    if not isinstance(usage, Mapping):
        return {}
    names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
    kept = {ours: v for theirs, ours in names.items() if (v := count_of(usage.get(theirs))) is not None}
    for part, name in (
        ("input_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cache_write_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
    ):
        details = usage.get(part)
        if isinstance(details, Mapping) and (n := count_of(details.get(name))):
            kept[name] = n
    return kept
