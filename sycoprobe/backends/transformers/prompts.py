"""Dialogs as the model reads them: its chat template, or a plain transcript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sycoprobe.backends.adapting import ALTERNATION, SYSTEM
from sycoprobe.backends.base import Request
from sycoprobe.backends.dialogs import system_joined, transcript_prompt, turns_merged
from sycoprobe.backends.openai import Mode
from sycoprobe.backends.transformers.failures import one_line
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind, Message


class Prompter:
    """Writes dialogs in the form that the model was trained on; what its template rejects is adapted, and remembered."""

    def __init__(self, tokenizer: Any, *, mode: Mode, strict: bool) -> None:
        self._tokenizer = tokenizer
        self._mode: Mode = mode
        self._strict = strict
        self._adapted: dict[str, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was adapted so far, for the report."""
        return tuple(f"adapted: {name} -> {instead}" for name, instead in self._adapted.items())

    def prompt(self, request: Request) -> tuple[str, bool]:
        """The dialog as the model reads it, and whether the tokenizer is to add the tokens that begin a text. Raises `BackendError`."""
        for name, value in (("reasoning_effort", request.sampling.effort), ("verbosity", request.sampling.verbosity)):
            taken = self._mode == "chat" and name in str(self._tokenizer.chat_template)
            if value is not None and not taken and name not in self._adapted:
                self._adapt(name, "left out", f"the model has no setting {name}")
        if self._mode == "completion":
            return transcript_prompt(request.messages), True
        return self._templated(request), False

    def _templated(self, request: Request) -> str:
        """The dialog in the model's chat template, which may have no place for a system turn, or want turns to alternate."""
        import jinja2

        effort = {} if request.sampling.effort is None else {"reasoning_effort": request.sampling.effort}
        verbosity = {} if request.sampling.verbosity is None else {"verbosity": request.sampling.verbosity}

        def rendered(dialog: Sequence[Message]) -> str:
            turns = [{"role": m["role"], "content": m["content"], **(m.get("replay") or {})} for m in dialog]
            said: str = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, **effort, **verbosity
            )
            return said

        joined = [system_joined, turns_merged]
        ways: list[tuple[tuple[str, str | None], ...]] = [(), ((SYSTEM.name, SYSTEM.instead),)]
        ways += [((ALTERNATION.name, ALTERNATION.instead),), (*ways[1], (ALTERNATION.name, ALTERNATION.instead))]
        known = [w for w in ways if {name for name, _ in w} == set(self._adapted) & {SYSTEM.name, ALTERNATION.name}]
        system = [m["content"].strip() for m in request.messages if m["role"] == "system"]
        dropped: str | None = None
        tried: Exception | str | None = None
        for way in [*known, *(w for w in ways if w not in known)]:
            names = {name for name, _ in way}
            dialog: Sequence[Message] = request.messages
            for name, form in zip((SYSTEM.name, ALTERNATION.name), joined, strict=True):
                dialog = form(dialog) if name in names else dialog
            try:
                text = rendered(dialog)
            except (jinja2.TemplateError, TypeError, ValueError) as e:
                tried = tried or e
                continue
            if not all(said in text for said in system):
                # It may also only have been written in another way, which no other form of the dialog changes then.
                dropped = text if dropped is None else dropped
                tried = tried or "it leaves the system prompt out"
                continue
            for name, instead in way:
                if name not in self._adapted:
                    self._adapt(name, instead or "left out", f"the chat template takes no {name}: {one_line(tried)}")
            return text
        if dropped is not None:
            return dropped
        raise BackendError(f"the chat template cannot take the dialog: {one_line(tried)}", kind=ErrorKind.BAD_REQUEST)

    def _adapt(self, name: str, instead: str, why: str) -> None:
        if self._strict:
            hint = f"leave out --strict to have it adapted ({instead}) and noted in the report, or change the setting"
            raise BackendError(why, hint, kind=ErrorKind.BAD_REQUEST, fatal=True)
        self._adapted[name] = instead
