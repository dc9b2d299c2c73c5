"""Ollama's own API, `/api/chat`: `-m ollama:NAME[:TAG]`, at OLLAMA_HOST or --base-url."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sycoprobe.backends.adapting import ALTERNATION, IN_WORDS, SYSTEM, Adaptable
from sycoprobe.backends.addresses import checked_url
from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.bodies import error_of, json_of
from sycoprobe.backends.dialect import HttpDialect, key_for
from sycoprobe.backends.openai import logprobs_of
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import count_of, finish_of
from sycoprobe.extract.thinking import split_parts
from sycoprobe.keys import redacted, scrubbed
from sycoprobe.turns import ErrorKind, Finish, Message, Reply

DEFAULT_PORT = 11434
DEFAULT_KEY_ENV = "OLLAMA_API_KEY"
CLOUD = "ollama.com"
SINCE = (0, 12, 11)
"""The first version (November 2025) of which we know that it heeds `truncate`, `shift` and `logprobs`."""
_ADAPTABLE = (
    Adaptable("think"),
    Adaptable("logprobs"),
    Adaptable("format", said=re.compile(r"invalid format|(?:json schema|grammar)", re.I), without=IN_WORDS),
    SYSTEM,
    ALTERNATION,
)
_SWITCHES = {"none": False, "false": False, "off": False, "true": True, "on": True}
_CONTEXT = re.compile(
    r"exceeds? the (?:available )?context|longer than the context|exceed_context_size|max(?:imum)? context", re.I
)
_BARE = re.compile(r"\s*(?:\{\{-?\s*\.Prompt\s*-?\}\})?\s*")
"""The template of a model that was imported without one."""


def open_backend(name: str, options: BackendOptions) -> OllamaBackend:
    """The model `name` at `options.base_url`, else at OLLAMA_HOST, else on this machine, port 11434.

    An address may end in `/api` or `/v1`, as it does in some settings. OLLAMA_API_KEY is for the hosted models at ollama.com.

    Raises
    ------
    BackendError: fatal; no model was named, the address is none, the key cannot be one, or there is none where one is needed.
    """
    if not name:
        raise BackendError("ollama: no model was named", "write -m ollama:NAME", kind=ErrorKind.BAD_REQUEST, fatal=True)
    given = options.base_url
    url = checked_url(given, "--base-url") if given else host_address(os.environ.get("OLLAMA_HOST", ""))
    url = re.sub(r"/(?:api|v1)$", "", url.rstrip("/"))
    key = key_for(options, DEFAULT_KEY_ENV, required=urlsplit(url).hostname == CLOUD)
    return OllamaBackend(name, base_url=url, key=key, options=options)


def host_address(said: str) -> str:
    """The address that OLLAMA_HOST means, as Ollama's own clients read it.

    `host`, `host:port`, `:port` and whole addresses; without a port it is 11434, or with a scheme that scheme's own. An address
    that a server listens on everywhere (0.0.0.0, ::) is this machine. Raises `BackendError`, fatal, if it is no address.
    """
    said = said.strip().strip("\"'")
    scheme, mark, rest = said.partition("://")
    if not mark:
        scheme, rest = ("https", f"{CLOUD}:443") if said == CLOUD else ("http", said)
    if not rest or rest.startswith((":", "/")):
        rest = "127.0.0.1" + rest
    parts = urlsplit(checked_url(f"{scheme}://{rest}", "OLLAMA_HOST"))
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(parts.hostname or "", parts.hostname or "")  # noqa: S104
    port = parts.port or ({"http": 80, "https": 443}[parts.scheme] if mark or said == CLOUD else DEFAULT_PORT)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}{parts.path.rstrip('/')}"


class OllamaBackend(HttpDialect):
    """One model on one Ollama server. Parameters as for `HttpDialect`.

    Left alone, Ollama drops the oldest turns of a dialog that is longer than the context it has loaded (as little as 4096
    tokens, whatever the model could take), and says nothing of it. Sent with every request, `truncate: false` keeps it from
    dropping turns and `shift: false` from discarding tokens: a prompt that is too long is then an error (`CONTEXT`), and a reply
    that runs into the end of the context is cut off (`LENGTH`). Both are read by the server (api/types.go, server/prompt.go,
    llm/llama_server.go) but stand in no reference; one older than 0.12.11 may ignore them, which `start` notes. Nothing is
    guaranteed of the hosted models. `num_ctx` is left to the server: OLLAMA_CONTEXT_LENGTH there, or the model's Modelfile.

    `Sampling.effort` is `think`: 'none' or 'true', or a level ('low' …) of the model's. A level that the model does not have is
    not sent, as the server would take it for some other one without a word.
    """

    _path = "/api/chat"
    _models = "/api/tags"
    takes_schema = True

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        super().__init__(model, base_url=base_url, key=key, options=options, headers=headers, adaptable=_ADAPTABLE)
        self._digest: str | None = None
        self._thinks: list[Any] = []
        """What `think` can be with this model, where the server says so."""

    async def start(self) -> dict[str, Any]:
        """Reach the server and ask what it knows of the model; see `Backend.start`.

        Raises `BackendError`, fatal, if nothing answers or the server says that it has no such model.
        """
        facts = await super().start()
        version = str((await self._known("/api/version")).get("version") or "")
        shown = await self._known("/api/show", {"model": self._model})
        thinking = shown.get("thinking")
        values = thinking.get("values") if isinstance(thinking, Mapping) else None
        self._thinks = values if isinstance(values, list) else []
        known = {"engine": f"Ollama {version}".strip(), "digest": self._digest, **_facts_of(shown)}
        facts |= {k: redacted(v) if isinstance(v, str) else v for k, v in known.items() if v is not None}
        if _has_system(shown) is False:
            self._no_system = "the model's template has no place for it, and the server would drop it without a word"
        facts["notes"] += [redacted(note) for note in (*_notes_on(version), *_notes_of(shown))]
        return facts

    async def _known(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the server answers at `path`, or nothing. Raises `BackendError` only if it says that there is no such model."""
        try:
            if body is None:
                reply = await self._transport.get(self._url + path, timeout=10)
            else:
                reply = await self._transport.post(self._url + path, json.dumps(body).encode(), timeout=10)
        except BackendError:
            return {}
        data = json_of(reply.body, strict=False)
        if reply.status == 404 and self._is_missing(reply):
            raise self._error(reply)
        return data if reply.ok and isinstance(data, dict) else {}

    def _listed(self, data: Any) -> list[str]:
        """The names in the list, our model's as the user writes it: 'name' is 'name:latest'."""
        listed = data.get("models") if isinstance(data, dict) else None
        ids: list[str] = []
        for entry in listed if isinstance(listed, list) else ():
            if not isinstance(entry, Mapping):
                continue
            name = str(entry.get("name") or entry.get("model"))
            if _canonical(name) == _canonical(self._model):
                name, digest = self._model, entry.get("digest")
                self._digest = digest if isinstance(digest, str) else None
            ids.append(name)
        return ids

    def _body(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        options = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": request.seed,
            "num_predict": sampling.reply_tokens,
        }
        more: dict[str, Any] = {"think": self._think(sampling.effort), "format": request.schema}
        if sampling.logprobs and "logprobs" not in self._adapted:
            more |= {"logprobs": True, "top_logprobs": sampling.logprobs}
        return {
            "model": self._model,
            "messages": [self._turn(m) for m in self._dialog(request)],
            "stream": False,
            "truncate": False,
            "shift": False,
            **self._wanted(more),
            "options": {k: v for k, v in options.items() if v is not None},
        }

    def _think(self, effort: str | None) -> bool | str | None:
        """The value of `think`. Raises `BackendError`, fatal, if the model has no such level and nothing may be adapted."""
        value = _SWITCHES.get(effort, effort) if effort else None
        if value is not None and self._thinks and value not in self._thinks and "think" not in self._adapted:
            if self._options.strict:
                offered = redacted(", ".join(json.dumps(v) for v in self._thinks))
                raise BackendError(
                    f"the model's thinking cannot be {effort!r}; it can be {offered}",
                    "choose one of these, or leave out --strict to have it left to the model and noted in the report",
                    kind=ErrorKind.BAD_REQUEST,
                    fatal=True,
                )
            self._adapted["think"] = None
        return value

    def _turn(self, message: Message) -> dict[str, Any]:
        """One message as it is sent: an assistant turn whose thinking is replayed carries it beside the answer."""
        plain = {"role": message["role"], "content": message["content"]}
        replay = message.get("replay")
        return plain | ({"thinking": replay["thinking"]} if isinstance(replay, Mapping) and "thinking" in replay else {})

    def _read(self, reply: HttpReply) -> Reply:
        """The reply in a 200; thinking stands apart. Raises `BackendError` if it is none.

        Log-probabilities are dropped where there is thinking: they are those of its first tokens.
        """
        data = json_of(reply.body)
        if not isinstance(data, dict):
            raise BackendError("the body is not a JSON object", kind=ErrorKind.BAD_BODY, retryable=True)
        if data.get("error"):
            raise self._error_in_200(error_of(data))
        message = data.get("message")
        if not isinstance(message, Mapping):
            raise BackendError("the body has no message", kind=ErrorKind.BAD_BODY, retryable=True)
        content, thinking = message.get("content"), message.get("thinking")
        text, inside, _ = split_parts(content)
        apart = scrubbed(thinking) if isinstance(thinking, str) and thinking else None
        finish = Finish.LENGTH if data.get("done") is False else finish_of(data.get("done_reason"))
        called = bool(message.get("tool_calls")) and not text
        return Reply(
            scrubbed(text),
            Finish.OTHER if called else finish,
            scrubbed(data["model"]) if isinstance(data.get("model"), str) else None,
            reasoning=apart or (scrubbed(inside) if inside else None),
            usage=_usage(data),
            notes=self._adaptations(),
            upstream=scrubbed(data["remote_host"]) if isinstance(data.get("remote_host"), str) else None,
            logprobs=[] if apart or inside else logprobs_of({"content": data.get("logprobs")}),
            replay={"thinking": apart} if apart else None,
        )

    def _is_missing(self, reply: HttpReply) -> bool:
        said = str(error_of(json_of(reply.body, strict=False)).get("message") or "")
        return re.search(r"\bmodel\b.*\bnot found\b", said) is not None

    def _error(self, reply: HttpReply) -> BackendError:
        """The named failure; Ollama says most things in words only."""
        made = super()._error(reply)
        said = str(error_of(json_of(reply.body, strict=False)).get("message") or "")
        if _CONTEXT.search(said):
            larger = "set OLLAMA_CONTEXT_LENGTH where the server runs, or num_ctx in the model's Modelfile"
            return BackendError(made.message, larger, kind=ErrorKind.CONTEXT)
        if reply.status == 404 and self._is_missing(reply):
            return BackendError(
                made.message, f"run `ollama pull {self._model}` where the server is", kind=ErrorKind.NOT_FOUND, fatal=True
            )
        if "does not support chat" in said:
            return BackendError(made.message, "choose a model that can chat", kind=ErrorKind.BAD_REQUEST, fatal=True)
        if "requires more system memory" in said:
            smaller = "choose a smaller model or quantisation, or a shorter context"
            return BackendError(made.message, smaller, kind=ErrorKind.SERVER, fatal=True)
        if made.kind == ErrorKind.AUTH:
            made.hint = (
                f"check the key in {self._options.api_key_env or DEFAULT_KEY_ENV}, or `ollama signin` where the server runs"
            )
        return made

    def _is_quota(self, reply: HttpReply, code: str, said: str) -> bool:
        """Whether a 429 of the hosted models speaks of an hour's, a session's or a week's use, and not of too many at once."""
        return "usage limit" in said


def _canonical(name: str) -> str:
    """A model's name in full: without the default registry, and with the default tag."""
    name = name.lower().removeprefix("registry.ollama.ai/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _facts_of(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What `/api/show` says of a model, for the journal's header."""
    details, info, parameters = shown.get("details"), shown.get("model_info"), shown.get("parameters")
    details = details if isinstance(details, Mapping) else {}
    info = info if isinstance(info, Mapping) else {}
    length = info.get(f"{info.get('general.architecture')}.context_length")
    loaded = re.search(r"^num_ctx\s+(\d{1,15})\b", parameters, re.M) if isinstance(parameters, str) else None
    found = {
        "context_length": length if isinstance(length, int) else None,
        "num_ctx": int(loaded[1]) if loaded else None,
        **{k: details.get(k) for k in ("family", "parameter_size", "quantization_level")},
        "template_has_system": _has_system(shown),
    }
    capabilities = shown.get("capabilities")
    if isinstance(capabilities, list):
        found["capabilities"] = [redacted(str(c)) for c in capabilities]
    return found


def _template(shown: Mapping[str, Any]) -> str | None:
    """The Go template that makes the prompt, or None where something else does (a renderer, the template in the GGUF)."""
    template, source = shown.get("template"), shown.get("template_source")
    elsewhere = shown.get("renderer") or source not in (None, "", "none", "go_template")
    return template if isinstance(template, str) and not elsewhere else None


def _has_system(shown: Mapping[str, Any]) -> bool | None:
    template = _template(shown)
    return None if template is None else re.search(r"\.System\b|\.Role\b", template) is not None


def _notes_of(shown: Mapping[str, Any]) -> list[str]:
    """What a reader of the report should know of the model."""
    notes = []
    template, system, messages = _template(shown), shown.get("system"), shown.get("messages")
    if template is not None and _BARE.fullmatch(template):
        notes.append(
            "the model has no chat template: a base model, or one imported without it; it is asked through chat all the same"
        )
    elif _has_system(shown) is False:
        notes.append("the model's template has no place for a system prompt: one goes into the first user turn")
    if isinstance(system, str) and system:
        notes.append(f"the model brings a system prompt of its own ({len(system)} characters), used where the dialog has none")
    if isinstance(messages, list) and messages:
        notes.append(f"the model brings {len(messages)} messages of its own, which stand before every dialog")
    return notes


def _notes_on(version: str) -> list[str]:
    found = re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", version)
    if not found or tuple(map(int, found.groups())) >= SINCE or found[0] == "0.0.0":  # 0.0.0: built from source
        return []
    return [f"Ollama {version} may cut a long dialog without a word; {'.'.join(map(str, SINCE))} and later do not"]


def _usage(data: Mapping[str, Any]) -> dict[str, int]:
    """Tokens under the names that all dialects share; a prompt that was wholly cached may have no count."""
    names = {
        "prompt_eval_count": "prompt_tokens",
        "eval_count": "completion_tokens",
        "prompt_eval_cached_count": "cached_tokens",
    }
    kept = {ours: n for theirs, ours in names.items() if (n := count_of(data.get(theirs))) is not None}
    return {k: n for k, n in kept.items() if n or k != "cached_tokens"}
