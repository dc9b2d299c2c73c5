"""What the HTTP dialects share: address and key, retries, adapting to what a server rejects, errors by name, and no key in any of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from sycoprobe.backends.adapting import ALTERNATION, REJECTED, SYSTEM, SYSTEM_ALLOWED, Adaptable
from sycoprobe.backends.addresses import without_path, without_secrets
from sycoprobe.backends.base import BackendOptions, Notify, Request
from sycoprobe.backends.bodies import Foreign, error_of, foreign, json_of, no_such_path, redirect
from sycoprobe.backends.dialogs import system_joined, turns_merged
from sycoprobe.backends.extras import body_of, filled_body, filled_headers, headers_of, with_fields
from sycoprobe.backends.limiter import Limiter
from sycoprobe.backends.limiters import limiter_for
from sycoprobe.backends.retry import retry_after, with_retries
from sycoprobe.backends.transport import HttpReply, Transport
from sycoprobe.errors import BackendError
from sycoprobe.jsontext import json_text
from sycoprobe.keys import key_named, redacted, remember
from sycoprobe.text import clipped
from sycoprobe.turns import ErrorKind, Finish, Message, Reply

FOREIGN = 3
"""So many replies that are none of an API, before any that is, say that no API is there."""


def key_for(options: BackendOptions, default: str, *, required: bool, header: str = "authorization") -> str | None:
    """The key under the name that the user gave, else under `default`; None if there is none and none is required.

    None also where the user's own headers do what it is for: they have `Authorization`, or the `header` that it is sent in.
    Raises `BackendError`, fatal: none where one is needed (or its name was given), or what is there cannot be one.
    """
    if authorised(options, header):
        return None
    return key_named(options.api_key_env or default, required=required or options.api_key_env is not None)


def authorised(options: BackendOptions, header: str) -> bool:
    """Whether the user's own headers have `Authorization`, or the `header` that the key would be sent in."""
    return not {"authorization", header}.isdisjoint(name.lower() for name in options.headers)


class HttpDialect:
    """One model on one server; a dialect adds `_path`, `_body` and `_read`.

    Every request carries the user's own headers (`BackendOptions.headers`), which win over all others, and every call their own
    body fields; both are the business of this class alone.

    Parameters
    ----------
    model: its id on the server.
    base_url: the address that paths are added to.
    key: kept in this object and nowhere else.
    headers: sent with every request, the key's own among them; one of the user's own wins over one of the same name.
    adaptable: what may be adapted once a server rejects it, the likeliest first. What is adapted is learned from this server's
        own words, for this model at this address; nothing is guessed from a model's name.
    """

    _path: str
    _models: str | None = "/models"
    """Where the server lists its models; None if it does not."""
    sends_extras = True
    _no_system = ""
    """Why a system prompt would be dropped, or moved out of sight, without a word, where the server says so beforehand."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        key: str | None,
        options: BackendOptions,
        headers: dict[str, str],
        adaptable: Sequence[Adaptable] = (),
    ) -> None:
        self._model = model
        self._url = base_url.rstrip("/")
        self._options = options
        self._key = key
        self._limiter: Limiter | None = None
        if key:
            remember(key)
        given = filled_headers(headers_of(options.headers))
        self._fields = filled_body(body_of(options.body))
        common = {"content-type": "application/json", "user-agent": "sycoprobe", **headers}
        named = {name.lower() for name in given}
        own = {name: value for name, value in common.items() if name.lower() not in named}
        self._transport = Transport(self._url, {**own, **given}, max(1, options.concurrency))
        self._adaptable = tuple(adaptable)
        self._foreign = 0
        """So many replies were none of an API; -1 once one was."""
        self._adapted: dict[str, str | None] = {}
        """What the server rejected: what is sent instead, or None where it is left out."""

    @property
    def url(self) -> str:
        """The server's address, without user name, password and query."""
        return without_secrets(self._url)

    def observe(self, seen: Callable[[HttpReply], None]) -> None:
        """Have `seen` called with every reply of the server, of whatever status, before it is read."""
        self._transport.observe = seen

    # What other ways to ask the same server, such as batches, share with a live call

    @property
    def base_url(self) -> str:
        """The address that paths are added to, whole: for requests, not to be shown."""
        return self._url

    @property
    def path(self) -> str:
        """Where calls go, below the address."""
        return self._path

    @property
    def transport(self) -> Transport:
        """The connections, which bring the key along."""
        return self._transport

    @property
    def notify(self) -> Notify:
        """Who is told of retries and waits."""
        return self._options.notify

    @property
    def adapted(self) -> dict[str, str | None]:
        """What the server rejected so far: what is sent instead, or None where it is left out."""
        return self._adapted

    @adapted.setter
    def adapted(self, adapted: Mapping[str, str | None]) -> None:
        self._adapted = dict(adapted)

    def error_in(self, reply: HttpReply) -> BackendError:
        """The named failure behind a status other than 200."""
        return self._error(reply)

    def adapt_to(self, reply: HttpReply) -> bool:
        """Whether a rejected request can be sent again, adapted. Raises `BackendError`, fatal, if adapting is not wanted."""
        return self._adapt(reply)

    # What a dialect adds, or says otherwise

    def _facts(self) -> dict[str, Any]:
        """What the dialect adds to the facts in the journal's header."""
        return {"mode": "chat"}

    def _body(self, request: Request) -> dict[str, Any]:
        """The body of a request."""
        raise NotImplementedError

    def _read(self, reply: HttpReply) -> Reply:
        """The reply in a 200. Raises `BackendError` if it is none."""
        raise NotImplementedError

    def _listed(self, data: Any) -> list[str]:
        """The ids in the server's list of models."""
        listed = data.get("data") if isinstance(data, dict) else None
        return [str(m["id"]) for m in listed if isinstance(m, dict) and "id" in m] if isinstance(listed, list) else []

    async def models(self) -> list[str] | None:
        """The ids of the models that the server lists; None if it keeps no list. Raises `BackendError` if it cannot be read."""
        if self._models is None:
            return None
        reply = await self._transport.get(f"{self._url}{self._models}", timeout=10)
        if not reply.ok:
            raise self._error(reply)
        return self._listed(json_of(reply.body))

    async def start(self) -> dict[str, Any]:
        """Reach the server; see `Backend.start`.

        A server that keeps its list of models from us is used all the same (some keys may chat but not list).
        Raises `BackendError`, fatal, if nothing answers.
        """
        await self._transport.start()
        notes: list[str] = []
        try:
            ids = await self.models()
            if ids and self._model not in ids:
                listed = redacted(", ".join(clipped(without_path(i), 100) for i in ids[:5]))
                notes.append(f"the server does not list {self._model!r}; it lists {listed}")
        except BackendError as e:
            if e.kind == ErrorKind.CONNECT:
                hint = e.hint or f"is the server running at {redacted(without_secrets(self._url))}?"
                raise BackendError(e.message, hint, kind=e.kind, fatal=True) from e
            status = re.match(r"HTTP \d+", e.message)
            if e.fatal and not status:
                raise
            notes.append(f"the server's list of models could not be read ({status[0] if status else e.kind})")
        return {"model": self._model, "base_url": without_secrets(self._url), "notes": notes, **self._facts()}

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        await self._transport.close()

    async def complete(self, request: Request) -> Reply:
        """One turn, after retries; see `Backend.complete`."""
        reply, attempts = await with_retries(
            lambda: self._attempt(request),
            request.sampling.retries,
            self._options.notify,
            paced=True,
            stopping=self._options.stopping,
        )
        reply.attempts = attempts
        return reply

    def end(self) -> None:
        """The run ends: calls that wait for their turn raise `NotAsked`, those that were sent are finished."""
        if self._limiter is not None:
            self._limiter.withdraw(self)

    @property
    def waiting_for(self) -> str | None:
        """What calls wait for now (a rate limit, a host that does not answer), in one short line; None if for nothing."""
        return self._limiter.waiting_for if self._limiter is not None else None

    async def _attempt(self, request: Request) -> Reply:
        while True:
            if self._limiter is None:
                self._limiter = limiter_for(urlsplit(self._url).netloc, self._key)
            async with self._limiter.slot(self, self._options.concurrency, self._options.notify) as slot:
                adapted = dict(self._adapted)
                reply = await self._transport.post(
                    self._url + self._path,
                    self.body_of(request).encode("utf-8", "backslashreplace"),
                    request.sampling.timeout,
                )
                slot.answered(reply.status, reply.headers, quota=reply.status == 429 and not self._error(reply).retryable)
            # Another call may have adapted the same parameter while this one was under way.
            if reply.status in (400, 422) and (adapted != self._adapted or self._adapt(reply)):
                continue
            if reply.status in (400, 422, 500) and (adapted != self._adapted or self._adapt_dialog(reply, request)):
                continue
            return request.sampling.settled(self.reply_of(reply))

    def body_of(self, request: Request) -> str:
        """What is sent for a request, live or in a batch: JSON, the user's own fields in it. Raises `BackendError`, fatal, if they collide."""
        body = self._body(request)
        return json_text(with_fields(body, self._fields) if self._fields else body)

    def reply_of(self, reply: HttpReply) -> Reply:
        """The model's turn in an HTTP reply of whatever status. Raises `BackendError`."""
        if not reply.ok:
            blocked = self._blocked(reply)
            if blocked is None:
                raise self._error(reply)
            return Reply("", Finish.REFUSAL, refusal=blocked, notes=self._adaptations())
        what = foreign(reply)
        if what is not None:
            raise self._no_answer(what)
        read = self._read(reply)
        self._foreign = -1
        return read

    def _no_answer(self, what: Foreign) -> BackendError:
        """The failure that something else than an API's answer is: one that may pass where the server has answered before, and
        from the third on none, where nothing but such has come, so that no waiting mends it."""
        if self._foreign >= 0:
            self._foreign += 1
        lasting = self._foreign >= FOREIGN
        return BackendError(what.said, what.fix, kind=ErrorKind.BAD_BODY, retryable=not lasting, fatal=lasting)

    def _blocked(self, reply: HttpReply) -> str | None:
        """What the provider's filter said, where it blocks a prompt with an error instead of a reply; else None."""
        error = error_of(json_of(reply.body, strict=False))
        code = str(error.get("code") or error.get("type") or "")
        if reply.status in (400, 403) and code in ("content_filter", "content_policy_violation", "moderation_blocked"):
            return "blocked by the provider's filter: " + redacted(str(error.get("message") or code))[:300]
        return None

    def _adapt(self, reply: HttpReply) -> bool:
        """Whether a rejected request can be sent again without, or with another name for, the parameter that is at fault.

        Raises `BackendError`, fatal, if it could, but adapting is not wanted (`BackendOptions.strict`).
        """
        error, said = self._said(reply)
        if not REJECTED.search(said):
            return False
        at_fault = error.get("param")
        for candidate in self._adaptable:
            name = candidate.name
            if name in self._adapted or candidate in (SYSTEM, ALTERNATION):
                continue
            named = name == at_fault if at_fault else re.search(rf"(?<![a-z0-9]){re.escape(name)}", said, re.I)
            if named or (candidate.said and candidate.said.search(said)):
                self._take(candidate, said)
                return True
        return False

    def _adapt_dialog(self, reply: HttpReply, request: Request) -> bool:
        """Whether a dialog that the model's chat template rejects can be sent again in a form that it takes.

        Templates raise their own words (`raise_exception`), which servers pass on with status 400 or 500. One that wants the
        roles to alternate also means a system prompt at the front, unless it says that it may stand there.
        Raises as `_adapt` does.
        """
        _, said = self._said(reply)
        roles = [m["role"] for m in self._dialog(request)]
        alternation = ALTERNATION.said is not None and ALTERNATION.said.search(said)
        system = SYSTEM.said is not None and SYSTEM.said.search(said)
        if alternation and any(a == b for a, b in pairwise(roles)) and ALTERNATION in self._adaptable:
            self._take(ALTERNATION, said)
            return True
        if (system or (alternation and not SYSTEM_ALLOWED.search(said))) and "system" in roles and SYSTEM in self._adaptable:
            self._take(SYSTEM, said)
            return True
        return False

    def _said(self, reply: HttpReply) -> tuple[dict[str, Any], str]:
        """The error object of a rejection, and all that it says in one text."""
        error = error_of(json_of(reply.body, strict=False))
        said = " ".join(str(error.get(part) or "")[:4000] for part in ("message", "code", "param", "detail"))
        return error, said if said.strip() else reply.body.decode("utf-8", "replace")[:2000]

    def _take(self, candidate: Adaptable, said: str) -> None:
        """Adapt it from now on. Raises `BackendError`, fatal, if adapting is not wanted."""
        if self._options.strict:
            raise BackendError(
                f"the server rejects {candidate.name}: {' '.join(redacted(said).split())[:300]}",
                f"leave out --strict to have it adapted ({candidate.instead or candidate.without}) and noted in the report, or change the setting",
                kind=ErrorKind.BAD_REQUEST,
                fatal=True,
            )
        self._adapted[candidate.name] = candidate.instead

    def _wanted(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters to send: those that are set and that the server takes, under the names that it takes."""
        sent = ((self._adapted.get(name, name), value) for name, value in values.items())
        return {name: value for name, value in sent if value is not None and name is not None}

    def _dialog(self, request: Request) -> list[Message]:
        """The messages in a form that the server takes: a rejected system role joined to the first user turn, turns merged."""
        dialog = list(request.messages)
        untold = SYSTEM.name not in self._adapted and SYSTEM in self._adaptable
        if self._no_system and untold and any(m["role"] == "system" for m in dialog):
            self._take(SYSTEM, self._no_system)
        if SYSTEM.name in self._adapted:
            dialog = system_joined(dialog)
        return turns_merged(dialog) if ALTERNATION.name in self._adapted else dialog

    def _adaptations(self) -> tuple[str, ...]:
        """What was adapted so far, for the report."""
        without = {candidate.name: candidate.without for candidate in self._adaptable} if self._adapted else {}
        return tuple(f"adapted: {name} -> {sent or without.get(name, 'left out')}" for name, sent in self._adapted.items())

    def _not_found(self) -> str:
        """The fix where the server knows the model or the path not."""
        if not urlsplit(self._url).path and "/v1" not in self._path:
            return f"such addresses mostly end in /v1: --base-url {without_secrets(self._url)}/v1; else check the model's name"
        return "check the model's name and --base-url: `sycoprobe doctor` with the same -m and --base-url shows which is wrong"

    def _error(self, reply: HttpReply) -> BackendError:
        """The named failure behind a status other than 200."""
        error = error_of(json_of(reply.body, strict=False))
        code = str(error.get("code") or error.get("type") or "")
        said = redacted(str(error.get("message") or "").strip() or reply.body[:4000].decode("utf-8", "replace"))
        message = f"HTTP {reply.status}: {' '.join(said.split())[:300]}"
        resumable = "the run can be resumed once that is fixed"
        if 300 <= reply.status < 400:
            to = redirect(reply, self._url + self._path)
            return BackendError(f"HTTP {reply.status}: {to.said}", to.fix, kind=ErrorKind.NOT_FOUND, fatal=True)
        page = foreign(reply) if reply.status in (401, 403, 404, 405) and reply.body else None
        if page is not None:
            fix = f"{page.fix}; check the key, too" if reply.status in (401, 403) else page.fix
            return BackendError(f"HTTP {reply.status}: {page.said}", fix, kind=ErrorKind.NOT_FOUND, fatal=True)
        if reply.status == 500 and "exceeds the available context" in said:
            return BackendError(message, kind=ErrorKind.CONTEXT)  # llama.cpp before September 2025
        match reply.status:
            case 401 | 403:
                return BackendError(message, "check the key", kind=ErrorKind.AUTH, fatal=True)
            case 402:
                return BackendError(message, f"the account has no credit; {resumable}", kind=ErrorKind.QUOTA, fatal=True)
            case 404:
                return BackendError(message, self._not_found(), kind=ErrorKind.NOT_FOUND, fatal=True)
            case 429 if self._is_quota(reply, code, said):
                return BackendError(message, f"the account's quota is used up; {resumable}", kind=ErrorKind.QUOTA, fatal=True)
            case 429:
                return BackendError(message, kind=ErrorKind.RATE_LIMIT, retryable=True, retry_after=retry_after(reply.headers))
            case 408 | 409 | 425 | 500 | 501 | 502 | 503 | 504 | 507 | 520 | 521 | 522 | 523 | 524 | 529:
                return BackendError(message, kind=ErrorKind.SERVER, retryable=True, retry_after=retry_after(reply.headers))
        if "credit balance" in said.lower():
            return BackendError(message, f"the account has no credit; {resumable}", kind=ErrorKind.QUOTA, fatal=True)
        if "context_length" in code or re.search(
            r"prompt is too long|context (?:length|size|window)|too many tokens|maximum (?:context|model length)|exceeds? the (?:available )?context"
            r"|input token count.{0,40}exceeds",
            said,
            re.I,
        ):
            return BackendError(message, kind=ErrorKind.CONTEXT)
        if reply.status >= 500:
            return BackendError(message, kind=ErrorKind.SERVER, retryable=True)
        return BackendError(message, kind=ErrorKind.BAD_REQUEST)

    def _is_quota(self, reply: HttpReply, code: str, said: str) -> bool:
        """Whether a 429 says that the account's quota or credit is used up, which no waiting fixes, and not that we are too fast."""
        return "quota" in code or "billing" in code or "insufficient_quota" in said

    def _error_in_200(self, error: dict[str, Any]) -> BackendError:
        """The failure that a server reports with status 200; retryable unless it says that the request is at fault."""
        said = redacted(str(error.get("message") or "no message")[:4000])
        code = str(error.get("code") or "")
        if no_such_path(said):
            return BackendError(
                f"error within HTTP 200: {' '.join(said.split())[:300]}",
                self._elsewhere(),
                kind=ErrorKind.NOT_FOUND,
                fatal=True,
            )
        passing = not re.fullmatch(r"4\d\d", code) or code in ("408", "409", "425", "429")
        return BackendError(
            f"error within HTTP 200: {' '.join(said.split())[:300]}", kind=ErrorKind.ERROR_IN_200, retryable=passing
        )

    def _elsewhere(self) -> str:
        """The fix where the server has nothing at the address that was asked."""
        if urlsplit(self._url).path.strip("/"):
            return "check the path in --base-url: such addresses mostly end in /v1"
        return f"such addresses mostly end in /v1: --base-url {redacted(without_secrets(self._url))}/v1"
