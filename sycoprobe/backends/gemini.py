"""Google Gemini, `generateContent`: `-m gemini:NAME`; the key goes into a header, never into the address."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any
from urllib.parse import quote, urlsplit

from sycoprobe.backends.adapting import ALTERNATION, IN_WORDS, SYSTEM, Adaptable
from sycoprobe.backends.addresses import address
from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.bodies import error_of, json_of
from sycoprobe.backends.dialect import HttpDialect, authorised, key_for
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import counts_of, finish_of, logprobs_from
from sycoprobe.keys import key_named, redacted, scrubbed
from sycoprobe.turns import ErrorKind, Finish, Message, Reply, TokenLogprob

DEFAULT_URL = "https://generativelanguage.googleapis.com/v1beta"
DEFAULT_KEY_ENV = "GEMINI_API_KEY"
OTHER_KEY_ENV = "GOOGLE_API_KEY"
KEY_HEADER = "x-goog-api-key"
_ADAPTABLE = (
    Adaptable("temperature"),
    Adaptable("topP", said=re.compile(r"\btop_?p\b", re.I)),
    Adaptable("seed"),
    Adaptable("logprobs", said=re.compile(r"log[_ ]?probs", re.I)),
    Adaptable("thinkingLevel", said=re.compile(r"thinking[_ ]?level", re.I)),
    Adaptable("thinkingBudget", said=re.compile(r"thinking[_ ]?budget", re.I)),
    Adaptable("thinkingConfig", said=re.compile(r"thinking", re.I)),
    Adaptable(
        "responseJsonSchema",
        said=re.compile(r"response_?(?:json_?)?schema|response_?mime_?type|json mode", re.I),
        without=IN_WORDS,
    ),
    SYSTEM,
    ALTERNATION,
)
_NO_THOUGHTS = re.compile(
    r"(?:include_?thoughts|thinking(?:_?config)?)\b.{0,80}(?:not|only|cannot|unknown)|unknown name.{0,60}thought", re.I
)
_NO_EFFORT = re.compile(r"thinking[_ ]?(?:level|budget)\b", re.I)
_SPENT = re.compile(r"prepay|credits? (?:are|is|have been)? ?(?:depleted|exhausted|used up)|spend(?:ing)? (?:cap|limit)", re.I)
"""The account's money, and not 'check your plan and billing details', which every 429 says."""
_LONGEST_WAIT = 3600.0
"""Seconds; a server that asks for a longer wait speaks of a quota, not of a rate."""
_PAGES = 20


def open_backend(name: str, options: BackendOptions) -> GeminiBackend:
    """The model `name` (with or without `models/`) at `options.base_url`, else GEMINI_BASE_URL, else Google's Gemini API.

    The key is that in GEMINI_API_KEY, else in GOOGLE_API_KEY. An address without a path is taken for the host alone, as the
    vendor's SDK is told it, and `/v1beta` is added.

    Raises
    ------
    BackendError: fatal; no model was named, the address is none, the key cannot be one, or there is none where one is needed.
    """
    name = name.removeprefix("models/")
    if not name:
        raise BackendError("gemini: no model was named", "write -m gemini:NAME", kind=ErrorKind.BAD_REQUEST, fatal=True)
    url = address(options, "GEMINI_BASE_URL", DEFAULT_URL).rstrip("/")
    if not urlsplit(url).path:
        url += "/v1beta"
    own = options.api_key_env is None and not authorised(options, KEY_HEADER)
    key = key_named(DEFAULT_KEY_ENV, required=False) or key_named(OTHER_KEY_ENV, required=False) if own else None
    required = (urlsplit(url).hostname or "").endswith("googleapis.com")
    key = key or key_for(options, DEFAULT_KEY_ENV, required=required, header=KEY_HEADER)
    return GeminiBackend(name, base_url=url, key=key, options=options)


class GeminiBackend(HttpDialect):
    """One model of the Gemini API (v1beta: ai.google.dev/api/generate-content). Parameters as for `HttpDialect`.

    Thoughts are asked for, so that they come apart from the answer. `Sampling.effort` is a `thinkingLevel` ('low'), or where it
    is a number a `thinkingBudget` in tokens (0 or 'none': no thinking, -1: as much as the model likes). `reply_tokens` limits
    thoughts and answer together.
    """

    cache_minimum = 1024
    """The shortest prefix, in tokens, that Gemini caches by itself; for some models it is longer ("Context caching" guide)."""
    takes_schema = True

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions) -> None:
        headers = {KEY_HEADER: key} if key else {}
        super().__init__(model, base_url=base_url, key=key, options=options, headers=headers, adaptable=_ADAPTABLE)
        self._path = f"/{quote(model if '/' in model else 'models/' + model)}:generateContent"
        self._described: Mapping[str, Any] = {}
        """What the list of models says of this one."""

    def _facts(self) -> dict[str, Any]:
        known = {"version": "version", "context_length": "inputTokenLimit", "reply_limit": "outputTokenLimit"}
        return {"mode": "chat", **{k: v for k, name in known.items() if isinstance(v := self._described.get(name), str | int)}}

    async def models(self) -> list[str] | None:
        """The ids of the models that the server lists, over all pages; None for a tuned model, which is not among them."""
        if "/" in self._model:
            return None
        ids: list[str] = []
        page = ""
        for _ in range(_PAGES):
            reply = await self._transport.get(f"{self._url}/models?pageSize=1000{page}", timeout=10)
            if not reply.ok:
                raise self._error(reply)
            data = json_of(reply.body)
            ids += self._listed(data)
            following = data.get("nextPageToken") if isinstance(data, dict) else None
            if not following:
                break
            page = "&pageToken=" + quote(str(following), safe="")
        return ids

    def _listed(self, data: Any) -> list[str]:
        listed = data.get("models") if isinstance(data, dict) else None
        entries = [m for m in listed if isinstance(m, dict)] if isinstance(listed, list) else []
        by_name = {str(m.get("name")).removeprefix("models/"): m for m in entries}
        self._described = by_name.get(self._model, self._described)
        return list(by_name)

    def _body(self, request: Request) -> dict[str, Any]:
        sampling, dialog = request.sampling, self._dialog(request)
        system = [{"text": m["content"]} for m in dialog if m["role"] == "system"]
        config = self._wanted(
            {
                "temperature": sampling.temperature,
                "topP": sampling.top_p,
                "maxOutputTokens": sampling.reply_tokens,
                "seed": request.seed,
                "thinkingConfig": self._thinking(sampling.effort) or None,
            }
        )
        if sampling.logprobs and "logprobs" not in self._adapted:
            config |= {"responseLogprobs": True, "logprobs": sampling.logprobs}
        if request.schema is not None and "responseJsonSchema" not in self._adapted:
            config |= {"responseMimeType": "application/json", "responseJsonSchema": _ordered(request.schema)}
        return {
            "contents": [self._turn(m) for m in dialog if m["role"] != "system"],
            **({"systemInstruction": {"parts": system}} if system else {}),
            "generationConfig": config,
        }

    def _thinking(self, effort: str | None) -> dict[str, Any]:
        """What is sent of thinking (ai.google.dev/gemini-api/docs/thinking): level or budget, never both; thoughts unless there are none."""
        budget = 0 if effort == "none" else int(effort) if effort and re.fullmatch(r"-?\d+", effort) else None
        level = effort.upper() if effort and budget is None else None
        thoughts = None if budget == 0 else True
        return self._wanted({"thinkingLevel": level, "thinkingBudget": budget, "includeThoughts": thoughts})

    def _turn(self, message: Message) -> dict[str, Any]:
        """One message as it is sent: an assistant turn whose thinking is replayed is the model's own parts, signatures and all."""
        role = "model" if message["role"] == "assistant" else "user"
        return {"role": role, "parts": message.get("replay") or [{"text": message["content"]}]}

    def _adapt(self, reply: HttpReply) -> bool:
        """As for every dialect; but a model without thoughts to show is never an error, since only we asked for them."""
        said = str(error_of(json_of(reply.body, strict=False)).get("message") or "")
        if "includeThoughts" not in self._adapted and _NO_THOUGHTS.search(said) and not _NO_EFFORT.search(said):
            self._adapted["includeThoughts"] = None
            return True
        return super()._adapt(reply)

    def _read(self, reply: HttpReply) -> Reply:
        """The reply in a 200; a blocked prompt or answer is one, too. Raises `BackendError` if it is none."""
        data = json_of(reply.body)
        if not isinstance(data, dict):
            raise BackendError("the body is not a JSON object", kind=ErrorKind.BAD_BODY, retryable=True)
        if data.get("error"):
            raise self._error_in_200(error_of(data))
        made = Reply(
            "",
            model=scrubbed(data["modelVersion"]) if isinstance(data.get("modelVersion"), str) else None,
            usage=_usage(data.get("usageMetadata")),
            notes=self._adaptations(),
        )
        candidates = data.get("candidates")
        candidate = candidates[0] if isinstance(candidates, list) and candidates else None
        if not isinstance(candidate, Mapping):
            feedback = data.get("promptFeedback")
            if not isinstance(feedback, Mapping) or not feedback.get("blockReason"):
                raise BackendError("the body has no candidates", kind=ErrorKind.BAD_BODY, retryable=True)
            made.finish = Finish.REFUSAL
            made.refusal = _filtered(feedback["blockReason"], feedback.get("blockReasonMessage"))
            return made
        return _answered(made, candidate)

    def _error(self, reply: HttpReply) -> BackendError:
        """The named failure; Google's own words are more exact than its HTTP status (google.rpc.Status, ErrorInfo, RetryInfo)."""
        made = super()._error(reply)
        error, details = _details(reply)
        said = str(error.get("message") or "")
        reasons = {d.get("reason") for d in details}
        fix: tuple[str, ErrorKind] | None = None
        if "API_KEY_INVALID" in reasons or re.search(r"api key (?:not valid|not found|expired)", said, re.I):
            fix = "check the key", ErrorKind.AUTH
        elif "BILLING_DISABLED" in reasons or (error.get("status") == "FAILED_PRECONDITION" and "billing" in said):
            fix = "the key's project needs billing; the run can be resumed once that is fixed", ErrorKind.QUOTA
        elif error.get("status") == "FAILED_PRECONDITION" and "location" in said:
            regions = "https://ai.google.dev/gemini-api/docs/available-regions"
            fix = f"the API is not offered where this machine or its proxy is ({regions}); run it elsewhere", ErrorKind.AUTH
        if fix:
            return BackendError(made.message, fix[0], kind=fix[1], fatal=True)
        if made.retryable:
            wait = _wait(details, said)
            made.retry_after = wait if wait and math.isfinite(wait) else made.retry_after
        return made

    def _is_quota(self, reply: HttpReply, code: str, said: str) -> bool:
        """Whether a 429 is one that waiting does not fix: a limit a day, a limit of 0, or money that is spent.

        The `retryDelay` of seconds that comes with a limit a day is not true.
        """
        _, details = _details(reply)
        violations = [v for d in details for v in d.get("violations") or () if isinstance(v, Mapping)]
        return (
            any("PerDay" in str(v.get("quotaId")) or str(v.get("quotaValue")) == "0" for v in violations)
            or re.search(r"limit: 0(?![\d.])", said) is not None
            or _SPENT.search(said) is not None
            or (_wait(details, said) or 0.0) > _LONGEST_WAIT
        )


def _ordered(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema whose reply has its fields in the order of its properties: some models sort them by name unless they are told
    (`propertyOrdering`, which responseJsonSchema takes beside what JSON Schema has: ai.google.dev/api/generate-content)."""
    return {**schema, "propertyOrdering": list(schema.get("properties") or ())}


def _answered(made: Reply, candidate: Mapping[str, Any]) -> Reply:
    """`made` with what the candidate says. Raises `BackendError`, fatal, if it says that the account is shut out."""
    reason = str(candidate.get("finishReason"))
    message = candidate.get("finishMessage")
    if reason == "PUP_LIMITED_DISABLED":
        raise BackendError(
            f"the account is limited or disabled: {redacted(str(message or reason))[:300]}",
            "ask Google why, or use another key",
            kind=ErrorKind.AUTH,
            fatal=True,
        )
    content = candidate.get("content")
    given = content.get("parts") if isinstance(content, Mapping) else None
    parts = [p for p in given if isinstance(p, Mapping)] if isinstance(given, list) else []
    texts = [p for p in parts if isinstance(p.get("text"), str)]
    made.text = scrubbed("".join(p["text"] for p in texts if not p.get("thought")))
    made.reasoning = scrubbed("\n".join(p["text"] for p in texts if p.get("thought"))) or None
    made.finish = finish_of(reason)
    if made.finish is Finish.STOP and not made.text and any("functionCall" in p for p in parts):
        made.finish = Finish.OTHER
    if made.finish is Finish.REFUSAL:
        made.refusal = _filtered(reason, message)
    made.logprobs = _logprobs(candidate.get("logprobsResult"))
    if any(p.get("thought") or "thoughtSignature" in p for p in texts):
        # A call of a tool cannot go back: it would want a result.
        made.replay = json.loads(scrubbed(json.dumps(texts)))
    return made


def _filtered(reason: Any, message: Any) -> str:
    said = f": {message}" if isinstance(message, str) and message else ""
    return f"blocked by the provider's filter: {redacted(f'{reason}{said}')[:300]}"


def _details(reply: HttpReply) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """The error object in a body, and its details (google.rpc.ErrorInfo, QuotaFailure, RetryInfo …)."""
    error = error_of(json_of(reply.body, strict=False))
    details = error.get("details")
    return error, [d for d in details if isinstance(d, Mapping)] if isinstance(details, list) else []


def _wait(details: list[Mapping[str, Any]], said: str) -> float | None:
    """The seconds that the server asks to wait: RetryInfo's ('36s'), else those in its message ('Please retry in 10.67s.')."""
    delay = next((str(d["retryDelay"]) for d in details if "retryDelay" in d), None)
    if delay is None:
        found = re.search(r"retry in ([\dhms.]+)", said)
        delay = found[1] if found else ""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    spans = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", delay)
    return sum(float(n) * units[unit] for n, unit in spans) if spans else None


def _usage(usage: Any) -> dict[str, int]:
    """Tokens under the names that all dialects share; Google leaves out a count that is 0, and counts thoughts apart."""
    if not isinstance(usage, Mapping):
        return {}
    numbers = counts_of(usage)
    wrong = usage.keys() - numbers.keys()
    thoughts = numbers.get("thoughtsTokenCount", 0)
    kept = {
        "prompt_tokens": numbers.get("promptTokenCount", 0),
        "completion_tokens": numbers.get("candidatesTokenCount", 0) + thoughts,
        "cached_tokens": numbers.get("cachedContentTokenCount", 0),
        "reasoning_tokens": thoughts,
    }
    if "promptTokenCount" in wrong:
        del kept["prompt_tokens"]
    if not wrong.isdisjoint(("candidatesTokenCount", "thoughtsTokenCount")):
        del kept["completion_tokens"]
    return {k: v for k, v in kept.items() if v or k in ("prompt_tokens", "completion_tokens")}


def _logprobs(given: Any) -> list[TokenLogprob]:
    """The log-probabilities of the first 16 tokens; a number that is left out is 0."""
    try:
        likeliest = given.get("topCandidates") or []
        others = chain(([_token(o) for o in at.get("candidates") or ()] for at in likeliest), repeat(()))
        return logprobs_from(((*_token(own), top) for own, top in zip(given["chosenCandidates"], others)), scrubbed)  # noqa: B905 - the latter has no end
    except (KeyError, TypeError, ValueError, AttributeError):
        return []


def _token(candidate: Mapping[str, Any]) -> tuple[str, Any]:
    return candidate.get("token") or "", candidate.get("logProbability") or 0.0
