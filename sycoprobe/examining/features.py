"""What a run may ask for beyond turns: a system prompt, log-probabilities, thinking, effort; and what is adapted."""

from __future__ import annotations

from sycoprobe.backends.base import Backend
from sycoprobe.examining.asking import Asker
from sycoprobe.examining.checks import Status, Step
from sycoprobe.examining.findings import Findings
from sycoprobe.examining.shown import is_cut, quoted, thought
from sycoprobe.examining.subject import Subject
from sycoprobe.extract.thinking_marks import unknown_mark
from sycoprobe.turns import Message, Reply

WORD = "ZEBRA"
ORDER: tuple[Message, ...] = (
    {"role": "system", "content": f"End every reply with the word {WORD}."},
    {"role": "user", "content": "What colour is a ripe lemon? Answer in one word."},
)
LOGPROBS = 5
EFFORT = "low"
_NO_EFFORT = {"local", "hf", "python"}


class FeatureSteps:
    """What some models and servers take, and others do not."""

    def __init__(self, subject: Subject, findings: Findings, asker: Asker) -> None:
        self._subject = subject
        self._findings = findings
        self._asker = asker

    async def system(self, backend: Backend) -> None:
        """Whether a system prompt is taken, and obeyed."""
        known = len(self._asker.noted)
        reply = await self._asker.attempt(backend, Step.SYSTEM, "trying a system prompt", ORDER, reply_tokens=self._asker.brief)
        if reply is None:
            return
        obeyed = "obeyed" if WORD.lower() in reply.text.lower() else "not obeyed"
        if obeyed != "obeyed" and is_cut(reply, self._asker.brief):
            obeyed = "cut off before it could be obeyed"
        if any("system" in note for note in self._asker.noted[known:]):
            said = f"the server takes none: it is joined to the first user turn ({obeyed})"
            self._findings.note(
                Step.SYSTEM, Status.WARN, said, "nothing to fix for sets without system prompts, such as all that are shipped"
            )
        else:
            self._findings.note(Step.SYSTEM, Status.OK, f"taken, and {obeyed}: {quoted(reply)}")

    async def logprobs(self, backend: Backend) -> None:
        """Whether log-probabilities are given."""
        known = len(self._asker.noted)
        reply = await self._asker.attempt(
            backend,
            Step.LOGPROBS,
            "asking for log-probabilities",
            self._asker.opening,
            reply_tokens=self._asker.brief,
            logprobs=LOGPROBS,
        )
        if reply is None:
            return
        if reply.logprobs:
            likeliest = max(len(t["top"]) for t in reply.logprobs)
            self._findings.note(Step.LOGPROBS, Status.OK, f"given, with the {likeliest} likeliest tokens at each place")
        else:
            what = "rejected" if self._asker.noted[known:] else "asked for, but none came"
            self._findings.note(Step.LOGPROBS, Status.OK, f"{what}; only a run that asks for them needs them")

    async def effort(self, backend: Backend, first: Reply) -> None:
        """Whether an effort is taken, and how much less is thought."""
        if self._subject.scheme in _NO_EFFORT:
            self._findings.skip("this backend has no such setting", Step.EFFORT)
            return
        known = len(self._asker.noted)
        reply = await self._asker.attempt(backend, Step.EFFORT, "trying effort 'low'", self._asker.opening, effort=EFFORT)
        if reply is None:
            return
        before, now = thought(first), thought(reply)
        if self._asker.noted[known:]:
            said = "rejected; only a run that sets it needs it"
        elif not before and not now:
            said = "taken, but no thinking was seen with or without it"
        else:
            said = f"taken: thinking of {now:,} {'tokens' if reply.usage.get('reasoning_tokens') else 'characters'} at 'low', {before:,} without"
        self._findings.note(Step.EFFORT, Status.OK, said)

    def adaptations(self) -> None:
        """What every run of this model will have adapted; called before steps that ask for more than a run does."""
        names = [n.removeprefix("adapted: ") for n in self._asker.noted]
        if not names:
            self._findings.note(Step.ADAPTED, Status.OK, "nothing: the server takes all that a run sends")
            return
        dropped = any(n.endswith("left out") for n in names)
        self._findings.note(
            Step.ADAPTED,
            Status.WARN if dropped else Status.OK,
            f"{'; '.join(names)}; a run notes it in its report, a strict one fails",
            "compare only with runs in which the same was left out" if dropped else "",
        )


def note_thinking(findings: Findings, reply: Reply) -> bool:
    """Note whether the model was seen to think in a reply."""
    tokens = reply.usage.get("reasoning_tokens")
    if tokens:
        findings.note(Step.THINKING, Status.OK, f"thinks before it answers: {tokens:,} tokens here")
    elif reply.reasoning:
        findings.note(
            Step.THINKING, Status.OK, f"thinks before it answers: {len(reply.reasoning):,} characters here, kept apart"
        )
    elif mark := unknown_mark(reply.text):
        fix = f'if so, name it in a run: --thinking-marks "{mark}…" with its end mark, or thinking-marks in an alias'
        findings.note(Step.THINKING, Status.WARN, f"none seen, unless {mark}, with which the reply begins, opens it", fix)
    else:
        findings.note(Step.THINKING, Status.OK, "none seen")
    return thought(reply) > 0
