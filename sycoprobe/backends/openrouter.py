"""OpenRouter: `-m openrouter:VENDOR/MODEL`, Chat Completions through a router: what it cost, and who answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sycoprobe.backends.addresses import address
from sycoprobe.backends.base import BackendOptions, Request
from sycoprobe.backends.bodies import error_of, json_of
from sycoprobe.backends.dialect import key_for
from sycoprobe.backends.openai import OpenAIBackend
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import amount_of
from sycoprobe.keys import redacted, scrubbed
from sycoprobe.turns import ErrorKind, Finish, Reply

DEFAULT_URL = "https://openrouter.ai/api/v1"
DEFAULT_KEY_ENV = "OPENROUTER_API_KEY"
_FLAGGED = {"content_policy_violation", "refusal"}
"""`metadata.error_type` of an error that is a filter's doing (openrouter.ai, 'Errors and debugging')."""
_FLAGGED_WORDS = ("moderation", "flagged", "guardrail", "request blocked", "content policy")
_SENT_ALWAYS = ("temperature", "seed")


def open_backend(name: str, options: BackendOptions) -> OpenRouterBackend:
    """The model `name` ('vendor/model') at OpenRouter, or at `options.base_url`, else OPENROUTER_BASE_URL.

    Raises
    ------
    BackendError: fatal; no model was named, the address is none, the key cannot be one, or there is none where one is needed.
    """
    if not name:
        raise BackendError(
            "openrouter: no model was named", "write -m openrouter:VENDOR/MODEL", kind=ErrorKind.BAD_REQUEST, fatal=True
        )
    url = address(options, "OPENROUTER_BASE_URL", DEFAULT_URL)
    key = key_for(options, DEFAULT_KEY_ENV, required=urlsplit(url).hostname == "openrouter.ai")
    return OpenRouterBackend(name, base_url=url, key=key, options=options)


class OpenRouterBackend(OpenAIBackend):
    """One model through OpenRouter. Parameters as for `HttpDialect`.

    The costs come with every reply, unasked (openrouter.ai, 'Usage accounting'). Routing is left as the account has it.
    `Reply.upstream` is the provider that answered; it may change from call to call. Whether the model takes a JSON schema stands in
    the router's list (`supported_parameters`, openrouter.ai, 'Structured Outputs').
    """

    def __init__(self, model: str, *, base_url: str, key: str | None, options: BackendOptions) -> None:
        # The title is how OpenRouter's own statistics name an application; the metadata name the upstream.
        headers = {"x-title": "sycoprobe", "x-openrouter-metadata": "enabled"}
        bearer = {"authorization": f"Bearer {key}"} if key else {}
        super().__init__(model, base_url=base_url, key=key, options=options, headers={**headers, **bearer})

    def _listed(self, data: Any) -> list[str]:
        """As elsewhere; a variant that only names a way of routing (':nitro') is there if its model is."""
        ids = super()._listed(data)
        return [*ids, self._model] if self._model.partition(":")[0] in ids and self._model not in ids else ids

    async def _learn(self) -> dict[str, Any]:
        """Which of the parameters that every call sends no provider of the model takes: the router leaves them out in silence."""
        data = self._list.get("data") if isinstance(self._list, Mapping) else None
        for entry in data if isinstance(data, list) else ():
            if isinstance(entry, Mapping) and entry.get("id") in (self._model, self._model.partition(":")[0]):
                taken, length = entry.get("supported_parameters"), entry.get("context_length")
                lost = [p for p in _SENT_ALWAYS if isinstance(taken, list) and p not in taken]
                if isinstance(taken, list):
                    # One that is not held to a schema would answer as it likes, and the router would not say so.
                    self.takes_schema = "structured_outputs" in taken
                words = f"OpenRouter lists no {' and no '.join(lost)} among the model's parameters: they may have no effect"
                return {"notes": [words] if lost else [], **({"context": length} if isinstance(length, int) else {})}
        return {}

    def _body(self, request: Request) -> dict[str, Any]:
        body = super()._body(request)
        effort = body.pop("reasoning_effort", None)
        return body if effort is None or "reasoning" in self._adapted else {**body, "reasoning": {"effort": effort}}

    def _read(self, reply: HttpReply) -> Reply:
        data = json_of(reply.body)
        error = _error_in(data)
        if error and (said := _flagged(error)):
            return Reply("", Finish.REFUSAL, refusal=said, notes=self._adaptations())
        made = super()._read(reply)
        usage = data.get("usage")
        if isinstance(usage, Mapping) and usage.get("is_byok") is True and made.cost is not None:
            # With the user's own key at the upstream, `cost` is OpenRouter's fee alone.
            details = usage.get("cost_details")
            paid = details.get("upstream_inference_cost") if isinstance(details, Mapping) else None
            made.cost += amount_of(paid) or 0.0
        made.upstream = made.upstream or _selected(data.get("openrouter_metadata"))
        return made

    def _blocked(self, reply: HttpReply) -> str | None:
        error = error_of(json_of(reply.body, strict=False))
        return super()._blocked(reply) or (_flagged(error) if reply.status in (400, 403) else None)

    def _error(self, reply: HttpReply) -> BackendError:
        """As elsewhere; 403 is also a key whose own limit is spent, and 404 a model that no provider has (any more)."""
        e = super()._error(reply)
        if reply.status == 403 and "limit exceeded" in e.message.lower():
            hint = "the key's own limit is spent: raise it in OpenRouter's settings; the run can be resumed then"
            return BackendError(e.message, hint, kind=ErrorKind.QUOTA, fatal=True)
        if e.kind == ErrorKind.NOT_FOUND:
            e.hint = (
                "check the model's name (vendor/model, as openrouter.ai/models lists it) and the account's privacy settings"
            )
        return e

    def _error_in_200(self, error: dict[str, Any]) -> BackendError:
        e = super()._error_in_200(error)
        if str(error.get("code")) == "402":
            hint = "the account has no credit; the run can be resumed once that is fixed"
            return BackendError(e.message, hint, kind=ErrorKind.QUOTA, fatal=True)
        return e


def _error_in(data: Any) -> dict[str, Any]:
    """The error within a 200, of the whole reply or of its first choice; {} if there is none."""
    if not isinstance(data, dict):
        return {}
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    return error_of(data) if data.get("error") else error_of(choice) if choice.get("error") else {}


def _flagged(error: Mapping[str, Any]) -> str | None:
    """What a moderation said of the input or the output; None if the error is none of its.

    A 403 is that or a key without the permission, so the words and the metadata decide.
    """
    metadata = error.get("metadata")
    told = metadata if isinstance(metadata, Mapping) else {}
    said = str(error.get("message") or "")
    by_words = str(error.get("code")) == "403" and any(w in said.lower() for w in _FLAGGED_WORDS)
    if not (told.get("error_type") in _FLAGGED or told.get("reasons") or told.get("flagged_input") or by_words):
        return None
    reasons = told.get("reasons")
    named = f" ({', '.join(str(r) for r in reasons)})" if isinstance(reasons, list) and reasons else ""
    return "blocked by the provider's filter: " + redacted(said + named)[:300]


def _selected(metadata: Any) -> str | None:
    """The provider that the router's metadata mark as the one that answered."""
    endpoints = metadata.get("endpoints") if isinstance(metadata, Mapping) else None
    available = endpoints.get("available") if isinstance(endpoints, Mapping) else None
    for one in available if isinstance(available, list) else ():
        if isinstance(one, Mapping) and one.get("selected") is True and isinstance(one.get("provider"), str):
            return scrubbed(str(one["provider"]))
    return None
