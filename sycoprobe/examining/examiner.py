"""All steps in their order, and what is left to do after one that failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sycoprobe.backends import backend_names, open_backend
from sycoprobe.backends.base import Backend, BackendOptions, Sampling
from sycoprobe.backends.dialect import HttpDialect
from sycoprobe.backends.extras import body_of, headers_of
from sycoprobe.config import Layer, found, model_named
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.examining.asking import Asker
from sycoprobe.examining.checks import AFTER_QUESTION, CALLS, Examination, Status, Step
from sycoprobe.examining.features import FeatureSteps
from sycoprobe.examining.findings import Findings
from sycoprobe.examining.memory import check_memory
from sycoprobe.examining.price import price_line
from sycoprobe.examining.server import ServerSteps
from sycoprobe.examining.shown import facts_said
from sycoprobe.examining.subject import Subject, named
from sycoprobe.examining.turns import TurnSteps
from sycoprobe.extract.outcome import reading_of
from sycoprobe.keys import tolerant
from sycoprobe.sets.forms import DEFAULT_FORM, room_for
from sycoprobe.text import counted
from sycoprobe.turns import ErrorKind

_NO_NETWORK = {"local", "hf", "sim", "replay"}
_ELSEWHERE = {"python": "the function's own affair", "command": "the program's own affair"}


class Examiner:
    """Runs the steps; a step that an earlier failure or the kind of backend leaves nothing to do is skipped with the reason."""

    def __init__(
        self,
        model: str,
        options: BackendOptions,
        timeout: float,
        reply_tokens: int | None,
        tell: Callable[[str], None],
        config: str | Path | None = None,
    ) -> None:
        self._config = config
        self._subject = Subject(model, options)
        self._findings = Findings()
        room = room_for(DEFAULT_FORM, model, None) if reply_tokens is None else reply_tokens
        self._asker = Asker(self._subject, self._findings, Sampling(timeout=timeout, retries=1, reply_tokens=room), tell)
        self._subject.options = replace(options, notify=self._asker.wait)
        self._server = ServerSteps(self._subject, self._findings, self._asker)
        self._turns = TurnSteps(self._subject, self._findings, self._asker)
        self._features = FeatureSteps(self._subject, self._findings, self._asker)

    def result(self, seconds: float) -> Examination:
        """What was found, and what it cost."""
        about = "about " if self._asker.estimated else ""
        tokens = f"{about}{self._asker.prompt_tokens:,} tokens in and {self._asker.completion_tokens:,} out"
        self._findings.note(
            Step.COST,
            Status.OK,
            f"{counted(self._asker.calls, 'call')}, {tokens}, {seconds:.1f} s" if self._asker.calls else "no call was made",
        )
        self._findings.skip("nothing is known", *Step)
        return Examination(
            self._subject.model,
            self._findings.all(),
            self._asker.calls,
            self._asker.prompt_tokens,
            self._asker.completion_tokens,
            self._asker.estimated,
            round(seconds, 3),
        )

    async def examine(self) -> None:
        """All steps."""
        with tolerant() as lookups:
            backend = self._open()
        if backend is None:
            self._findings.skip("there is no backend to try", *Step)
            return
        http = isinstance(backend, HttpDialect)
        keyless = self._server.key(lookups, backend)
        self._findings.add(price_line(self._subject.model, self._subject.options.base_url))
        try:
            if isinstance(backend, HttpDialect):
                backend.observe(self._server.see)
                there = await self._server.network(backend.url)
                self._findings.skip("the model is on a server", Step.MEMORY)
            else:
                there = True
                check_memory(self._subject, self._findings)
                why = _ELSEWHERE.get(self._subject.scheme, "no network is used")
                if self._subject.scheme not in _NO_NETWORK | set(_ELSEWHERE):
                    why = "how this backend reaches its model is not known"
                self._findings.skip(why, Step.PROXY, Step.REACHABLE, Step.CLOCK, Step.LISTED, Step.LIMITS)
            if not there:
                self._findings.skip("the server cannot be reached", *Step)
            elif keyless:
                self._findings.skip("there is no key", *Step)
            else:
                await self._model_steps(backend)
            if http and Step.LIMITS not in self._findings:
                self._findings.note(
                    Step.LIMITS, Status.OK, "; ".join(self._server.limits) or "the server tells none in its headers"
                )
        finally:
            await backend.close()

    async def _model_steps(self, backend: Backend) -> None:
        """From loading the model to the last call."""
        ready = await self._ready(backend)
        if isinstance(backend, HttpDialect) and ready is not False:
            await self._server.is_listed(backend)
        if not ready:
            self._findings.skip("the model is not ready", *Step)
            return
        if self._subject.scheme == "replay":
            self._findings.skip("an earlier run's answers are there for its own questions only", *CALLS)
            return
        first = await self._turns.question(backend)
        if first is None:
            self._findings.skip("the question was not answered", *AFTER_QUESTION)
            return
        reading = reading_of(first, self._asker.asked)
        await self._turns.pushback(backend, first, reading)
        if self._subject.scheme == "sim":
            self._findings.skip("a simulated model has no such thing", *CALLS)
            return
        await self._turns.repeated(backend, first)
        await self._features.system(backend)
        self._features.adaptations()
        await self._features.logprobs(backend)
        await self._features.effort(backend, first)

    def _open(self) -> Backend | None:
        self._asker.tell("looking for the backend")
        alias = ""
        try:
            file, options = found(self._config), self._subject.options
            self._subject.aliases = file.aliases
            address = ("base_url", "api_key_env", "headers", "body")
            given = {k: v for k in address if (v := getattr(options, k))}
            meant, sampling = model_named(file, self._subject.model, Layer(given, lambda _name: ""))
            name = meant.model[0]
            if name != self._subject.model:
                alias = f", as the alias {self._subject.model} for {name}"
                self._subject.rename(name)
            self._subject.options = replace(
                options,
                base_url=meant.base_url,
                api_key_env=meant.api_key_env,
                headers=headers_of(meant.headers),
                body=body_of(meant.body),
            )
            self._asker.sampling = replace(self._asker.sampling, thinking_marks=sampling.thinking_marks)
            backend = open_backend(self._subject.model, self._subject.options)
        except Exception as e:  # whatever a plug-in raises is a finding
            error = named(e)
            fix = error.hint
            if isinstance(error, PlanError) and self._subject.scheme not in backend_names():
                likely = self._subject.likely()
                fix = f"did you mean -m {likely}? Else {fix}" if likely else fix
            self._findings.note(Step.BACKEND, Status.FAIL, error.message, fix)
            return None
        self._findings.note(Step.BACKEND, Status.OK, self._subject.scheme + alias)
        return backend

    async def _ready(self, backend: Backend) -> bool | None:
        """Whether the model can be asked; None if it cannot, but its server can."""
        self._asker.tell("getting the model ready")
        began = time.monotonic()
        try:
            facts = await backend.start()
        except Exception as e:  # whatever a plug-in raises is a finding
            error = named(e)
            self._findings.note(Step.READY, Status.FAIL, error.message, self._subject.fix(error))
            return None if isinstance(error, BackendError) and error.kind == ErrorKind.NOT_FOUND else False
        own = isinstance(backend, HttpDialect)
        notes = [
            str(n) for n in facts.get("notes", []) if not (own and "list" in str(n))
        ]  # what is listed is a step of its own
        said = [str(facts.get("model", self._subject.model)), *facts_said(facts), f"{time.monotonic() - began:.1f} s", *notes]
        self._findings.note(Step.READY, Status.OK, ", ".join(said))
        return True
