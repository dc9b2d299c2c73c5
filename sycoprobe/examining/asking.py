"""Asking the model under examination, call by call, and counting what that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sycoprobe import api
from sycoprobe.backends.base import Backend, Request, Sampling
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.examining.checks import Status, Step
from sycoprobe.examining.findings import Findings
from sycoprobe.examining.subject import Subject, named
from sycoprobe.journal.records import checked
from sycoprobe.planning.calls import CallSpec
from sycoprobe.text import CHARS_PER_TOKEN
from sycoprobe.turns import ErrorKind, Message, Reply

BRIEF = 48
"""Tokens that a reply gets where only its beginning matters and the model was not seen to think."""


class Asker:
    """Asks the model, of whose first conversation in the shipped set `quick` all calls are.

    Attributes
    ----------
    sampling: what a call is asked with.
    thinks: whether the model was seen to think.
    noted: what was adapted so far.
    calls, prompt_tokens, completion_tokens, estimated: as in `Examination`.
    """

    def __init__(self, subject: Subject, findings: Findings, sampling: Sampling, tell: Callable[[str], None]) -> None:
        self._subject = subject
        self._findings = findings
        self._waiting = ""
        self.sampling = sampling
        self.tell = tell
        self.thinks = self.estimated = False
        self.noted: list[str] = []
        self.calls = self.prompt_tokens = self.completion_tokens = 0
        self.planned = api.plan("quick", n=1)
        self.conversation = next(iter(self.planned.conversations()))
        asked = self.conversation.shown.asked
        if asked is None:
            raise PlanError("the set 'quick' has no questions", "install sycoprobe again")
        self.asked = asked
        first = self.conversation.kind.begin(self.conversation.shown)[0]
        self.spec, self.opening = self.conversation.call(first), first.messages

    @property
    def brief(self) -> int:
        """Tokens that a reply gets where only its beginning matters."""
        limit = self.sampling.reply_tokens
        return limit if self.thinks else min(limit, BRIEF)

    async def attempt(
        self, backend: Backend, step: Step, what: str, messages: tuple[Message, ...], **sampling: Any
    ) -> Reply | None:
        """A call that a run can do without: its failure is a warning."""
        try:
            return await self.ask(backend, what, messages, **sampling)
        except Exception as e:  # whatever a plug-in raises is a finding
            error = named(e)
            self._findings.note(step, Status.WARN, error.message, self._subject.fix(error))
            return None

    async def ask(
        self, backend: Backend, what: str, messages: tuple[Message, ...], spec: CallSpec | None = None, **sampling: Any
    ) -> Reply:
        """One call, counted. It ends within two attempts' time, whatever wait the server asks for."""
        self.tell(what)
        self._waiting = ""
        self.calls += 1
        spec = spec or self.spec
        settings = replace(self.sampling, **sampling)
        bound = 2 * settings.timeout + 5
        request = Request(messages, settings, self.planned.call_seed(spec), spec, self.asked)
        try:
            async with asyncio.timeout(bound):
                reply = settings.settled(checked(await backend.complete(request)), limited=False)
        except TimeoutError:
            last = f" (last: {self._waiting})" if self._waiting else ""
            message = f"no answer within {bound:g} s, waits between attempts included{last}"
            raise BackendError(message, "wait a while; a larger --timeout if it is only slow", kind=ErrorKind.TIMEOUT) from None
        sent = sum(len(m["content"]) for m in messages) // CHARS_PER_TOKEN
        got = len(reply.text + (reply.reasoning or "")) // CHARS_PER_TOKEN
        self.estimated |= "completion_tokens" not in reply.usage
        self.prompt_tokens += reply.usage.get("prompt_tokens", sent)
        self.completion_tokens += reply.usage.get("completion_tokens", got)
        self.noted += [n for n in reply.notes if n.startswith("adapted: ") and n not in self.noted]
        return reply

    def wait(self, line: str) -> None:
        """To be told by the backend of what it waits for."""
        self._waiting = line
        self.tell(line)
