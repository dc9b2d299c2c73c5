"""The first turns of a conversation: a question, a pushback, the question again."""

from __future__ import annotations

import time
from dataclasses import replace

from sycoprobe.backends.base import Backend
from sycoprobe.examining.asking import Asker
from sycoprobe.examining.checks import Status, Step
from sycoprobe.examining.features import note_thinking
from sycoprobe.examining.findings import Findings
from sycoprobe.examining.shown import is_cut, quoted
from sycoprobe.examining.subject import Subject, named
from sycoprobe.extract.outcome import reading_of
from sycoprobe.extract.types import Extraction, Outcome, Stance
from sycoprobe.kinds.challenge import VERDICT
from sycoprobe.kinds.walk import Walk
from sycoprobe.metrics.metric import short
from sycoprobe.sets.wordings import Kind
from sycoprobe.text import CHARS_PER_TOKEN
from sycoprobe.turns import Reply

ROOM = 4096
"""Tokens that a reply gets once more where thinking used up its limit, to find out how many it needs."""


class TurnSteps:
    """What a run is made of, tried once."""

    def __init__(self, subject: Subject, findings: Findings, asker: Asker) -> None:
        self._subject = subject
        self._findings = findings
        self._asker = asker

    async def question(self, backend: Backend) -> Reply | None:
        """The first real turn; where thinking used up its limit, once more with room, to find out how much is needed."""
        began = time.monotonic()
        try:
            reply = await self._asker.ask(backend, "asking one question", self._asker.opening)
        except Exception as e:  # whatever a plug-in raises is a finding
            error = named(e)
            self._findings.note(Step.QUESTION, Status.FAIL, error.message, self._subject.fix(error))
            return None
        seconds = time.monotonic() - began
        counts = (
            f"{reply.usage.get('prompt_tokens', 0):,} + {reply.usage.get('completion_tokens', 0):,} tokens"
            if reply.usage
            else "no token counts told"
        )
        who = f", from {reply.model}" if reply.model else ""
        via = f" by way of {reply.upstream}" if reply.upstream else ""
        again = f", {reply.attempts} attempts" if reply.attempts > 1 else ""
        self._findings.note(Step.QUESTION, Status.OK, f"{quoted(reply)} ({seconds:.2f} s, {counts}{who}{via}{again})")
        self._thinking(reply)
        reading = reading_of(reply, self._asker.asked)
        if is_cut(reply, self._asker.sampling.reply_tokens) and reading.stance is None:
            return await self._with_room(backend, reply)
        self._read(reply, reading)
        return reply

    async def _with_room(self, backend: Backend, cut: Reply) -> Reply:
        limit, room = self._asker.sampling.reply_tokens, max(ROOM, 4 * self._asker.sampling.reply_tokens)
        thinks = bool(cut.reasoning or cut.usage.get("reasoning_tokens"))
        what = f"{'thinking' if thinks else 'the reply'} used up the limit of {limit:,} tokens"
        self._asker.sampling = replace(self._asker.sampling, reply_tokens=room)
        try:
            reply = await self._asker.ask(backend, f"asking again with room for {room:,} tokens", self._asker.opening)
        except Exception as e:  # whatever a plug-in raises is a finding
            error = named(e)
            self._findings.note(
                Step.READ, Status.FAIL, f"{what}; with {room:,}: {error.message}", f"--reply-tokens {room}, if it takes that"
            )
            return cut
        self._thinking(reply)
        if is_cut(reply, room):
            fix = f"--reply-tokens {4 * room}, or a model (or a setting of the server) that thinks less"
            self._findings.note(Step.READ, Status.FAIL, f"{what}, and of {room:,} too", fix)
            return reply
        used = reply.usage.get("completion_tokens") or len(reply.text + (reply.reasoning or "")) // CHARS_PER_TOKEN
        enough = -(-2 * max(used, limit) // 512) * 512
        said = f"{what}; with room for {room:,} it took {used:,} and answered {quoted(reply)}"
        self._findings.note(Step.READ, Status.FAIL, said, f"--reply-tokens {enough} (twice what this question took)")
        return reply

    def _read(self, reply: Reply, reading: Extraction) -> None:
        if reading.stance is not None:
            right = "right" if reading.stance is Stance.RIGHT else "wrong"
            self._findings.note(Step.READ, Status.OK, f"{reading.answer!r}, which is {right}")
        elif reading.outcome is Outcome.THINKING_ONLY:
            fix = f"--reply-tokens {4 * self._asker.sampling.reply_tokens}, or a setting of the server by which it ends its thinking"
            self._findings.note(Step.READ, Status.FAIL, "the reply holds thinking and no answer after it", fix)
        elif not reply.text.strip() and reading.outcome is not Outcome.REFUSED:
            fix = "look at the server's chat template and its log: the model said nothing"
            self._findings.note(Step.READ, Status.FAIL, "the reply is empty", fix)
        else:
            fix = "look at the reply above: if the model answers otherwise too, most trials will not count"
            self._findings.note(Step.READ, Status.WARN, f"no answer was read ({reading.outcome.value}): {reading.rule}", fix)

    async def pushback(self, backend: Backend, first: Reply, reading: Extraction) -> None:
        """Disagree once with the first answer."""
        if reading.stance is None:
            self._findings.skip("there is no answer to push back on", Step.PUSHBACK)
            return
        walk = Walk(self._asker.conversation)
        walk.give((self._asker.spec.arm, self._asker.spec.turn), first)
        step = next((s for s, _ in walk.open.values() if short(s.arm) == Kind.ASSERT), None)
        if step is None:
            self._findings.skip("there is no answer to push back on", Step.PUSHBACK)
            return
        try:
            reply = await self._asker.ask(backend, "pushing back once", step.messages, self._asker.conversation.call(step))
        except Exception as e:  # whatever a plug-in raises is a finding
            error = named(e)
            fix = (
                self._subject.fix(error)
                or "the server must take dialogs of user, assistant and user: look at its chat template"
            )
            self._findings.note(Step.PUSHBACK, Status.FAIL, error.message, fix)
            return
        [(done, _)] = walk.give((step.arm, step.index), reply)
        read = done.readings[VERDICT]
        verdict = (read.label or read.outcome.value).replace("_", " ")
        self._findings.note(Step.PUSHBACK, Status.OK, f"{quoted(reply)}: {verdict} (one trial says nothing of the model)")

    async def repeated(self, backend: Backend, first: Reply) -> None:
        """Whether the same question gets the same answer."""
        reply = await self._asker.attempt(backend, Step.REPEATED, "asking the same again", self._asker.opening)
        if reply is None:
            return
        took = ", which the server does not take" if any("temperature" in n for n in self._asker.noted) else ""
        if reply.text == first.text:
            same = f"the same answer, letter for letter, to the same question at temperature 0{took}"
            self._findings.note(Step.REPEATED, Status.OK, same)
            return
        self._findings.note(
            Step.REPEATED,
            Status.WARN,
            f"another answer to the same question at temperature 0{took}: {quoted(reply)}",
            "nothing to fix: the control arm measures it; --repeats makes the rates steadier",
        )

    def _thinking(self, reply: Reply) -> None:
        self._asker.thinks = note_thinking(self._findings, reply)
