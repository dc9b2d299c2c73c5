"""What will be asked, before anything is: the plan, its calls, and what they cost."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sycoprobe.challenges import DISPUTES, Arm, Challenge, Kind, Wordings, claim_of
from sycoprobe.errors import PlanError
from sycoprobe.forms import DEFAULT_FORM, EARLIER_FORM, AnswerForm, room_for, schema_of, typical_answer, typical_thinking
from sycoprobe.probes import LETTERS, Asked, Probe, ProbeSet, SetInfo, ask
from sycoprobe.turns import Message, Thinking

PLAN_VERSION: Literal[1] = 1
TYPICAL_REPLY_TOKENS = typical_answer(EARLIER_FORM)
CHARS_PER_TOKEN = 4
CHALLENGE = "challenge"
"""The probe kind that is built into plans: a shared first answer, then branches in which the user disagrees."""


class SetRef(BaseModel):
    """Which set a plan takes its probes from, and how many."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    info: SetInfo
    digest: str = Field(description="SHA-256 of the set's content.")
    chosen: int = Field(description="How many of its probes are in the plan.")
    available: int
    path: str | None = Field(default=None, description="The folder that the user named; None for a shipped set.")


class Until(BaseModel):
    """When a sequential run stops: as soon as every rule is decided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[str, ...]
    alpha: float
    min_items: int


class SamplingPlan(BaseModel):
    """How answers are drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(default=0.0, ge=0, le=10)
    reply_tokens: int = Field(default=256, ge=1, le=1_000_000, description="Length limit of a reply.")
    reply_tokens_from: Literal["user", "form"] = Field(
        default="user", description="Who chose that limit: the user, or the default for the form and what is known of thinking."
    )
    top_p: float | None = Field(default=None, gt=0, le=1)
    thinking: Thinking = Field(default=Thinking.STRIP, description="What becomes of a reply's thinking in later turns.")
    effort: str | None = Field(default=None, pattern=r"^[a-z0-9_-]{1,20}$", description="As the provider spells it.")
    verbosity: str | None = Field(default=None, pattern=r"^[a-z0-9_-]{1,20}$", description="As the provider spells it.")
    logprobs: int = Field(default=0, ge=0, le=20, description="Likeliest tokens whose log-probabilities are asked for.")
    thinking_marks: tuple[str, ...] = Field(default=(), description="Marks of the model's own around its thinking: OPEN…CLOSE.")

    @model_validator(mode="before")
    @classmethod
    def _earlier_names(cls, data: Any) -> Any:
        """Plans written before 2026-11-24 have the length limit as `max_tokens`."""
        if isinstance(data, dict) and "max_tokens" in data:
            data = {("reply_tokens" if k == "max_tokens" else k): v for k, v in data.items()}
        return data


class Plan(BaseModel):
    """Everything that decides what is asked; it stands whole in the journal's header."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan_version: Literal[1] = PLAN_VERSION
    model: str = Field(description="As the user named it, e.g. 'local:smollm2'.")
    base_url: str | None = None
    api_key_env: str | None = Field(default=None, description="Name under which the key is found, where the user gave one.")
    sets: tuple[SetRef, ...]
    arms: tuple[Arm, ...]
    kinds: tuple[Kind, ...]
    draw: int | None = Field(default=None, description="How many of the kinds each conversation draws; None: all.")
    controls: int = Field(default=1, ge=0, le=20, description="Neutral re-asks in each conversation.")
    repeats: int = Field(default=1, ge=1, le=10_000)
    seed: int = 0
    sampling: SamplingPlan = SamplingPlan()
    answer: AnswerForm = Field(
        default=EARLIER_FORM,
        description="The form in which every turn asks for the answer; plans from before there were forms are brief.",
    )
    replica: int = Field(default=0, ge=0, description="Tells apart runs of one plan that draw answers anew (A/A checks).")
    until: Until | None = Field(default=None, description="Set in a sequential run, which asks item by item.")
    probe_kind: str = Field(default=CHALLENGE, description="Which kind of probe is run; see `sycoprobe kinds`.")
    kind_version: str | None = Field(default=None, description="Version of that kind's texts; null for 'challenge'.")
    settings: dict[str, Any] = Field(default={}, description="What the kind's own settings are.")
    wordings_version: str
    wordings_digest: str

    @property
    def items(self) -> int:
        """How many probes."""
        return sum(s.chosen for s in self.sets)

    @property
    def conversations(self) -> int:
        """How many first answers are asked for."""
        return self.items * self.repeats

    def expected(self, *, right: bool) -> int:
        """How many branches follow a first answer that was right, or was wrong."""
        controls = self.controls if Arm.CONTROL in self.arms else 0
        return controls + (self.disputes if (Arm.PUSHBACK if right else Arm.CORRECTION) in self.arms else 0)

    @property
    def disputes(self) -> int:
        """Disputing branches of one conversation."""
        return len(self.kinds) if self.draw is None else min(self.draw, len(self.kinds))


@dataclass(frozen=True, slots=True)
class CallSpec:
    """Which call this is. `arm` is None for the first answer; `branch` tells apart branches of one kind."""

    set: str
    probe: str
    repeat: int
    arm: Arm | None = None
    kind: Kind | None = None
    branch: int = 0

    @property
    def conversation(self) -> str:
        """The key of the conversation: set, probe and repeat."""
        return f"{self.set}/{self.probe}#{self.repeat}"

    @property
    def key(self) -> str:
        """The key of the call, unique in a run."""
        if self.arm is None or self.kind is None:
            return f"{self.conversation}/first"
        return f"{self.conversation}/{self.arm.value}.{self.kind.value}.{self.branch}"

    @property
    def place(self) -> str:
        """The arm as reports name it, `first` for the shared first answer."""
        return "first" if self.arm is None else self.arm.value


@dataclass(frozen=True, slots=True)
class TurnSpec(CallSpec):
    """Which call of another kind of probe: turn `turn` (from 0) in the arm that the kind calls `strand`."""

    strand: str = "first"
    turn: int = 0

    @property
    def key(self) -> str:
        return f"{self.conversation}/{self.strand}.{self.turn}"

    @property
    def place(self) -> str:
        return self.strand


@dataclass(frozen=True, slots=True)
class Branch:
    """A planned second turn: the call and the wording that the seed drew for it."""

    spec: CallSpec
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan costs, before any call. Tokens are estimates: 4 characters a token, `typical_reply` tokens a reply."""

    items: int
    conversations: int
    calls_min: int
    calls_max: int
    prompt_tokens: int
    completion_tokens: int
    typical_reply: int = TYPICAL_REPLY_TOKENS


class Planned:
    """A plan with the probes and wordings it was made from; yields the calls."""

    def __init__(self, plan: Plan, sets: tuple[ProbeSet, ...], wordings: Wordings) -> None:
        self.plan = plan
        self.sets = sets
        self.wordings = wordings

    @cached_property
    def _order(self) -> list[tuple[str, Probe]]:
        """The chosen probes of all sets in random order by seed."""
        pairs = [(s.name, p) for s in self.sets for p in s.probes]
        rng_for(self.plan.seed, "order").shuffle(pairs)
        return pairs

    def conversations(self) -> Iterator[tuple[CallSpec, Probe]]:
        """Every first call: all probes once, in random order by seed, then all again for the next repeat.

        In a sequential run each probe's repeats follow one another, so that items complete one by one.
        """
        if self.plan.until is not None:
            for name, probe in self._order:
                for repeat in range(self.plan.repeats):
                    yield CallSpec(name, probe.id, repeat), probe
            return
        for repeat in range(self.plan.repeats):
            for name, probe in self._order:
                yield CallSpec(name, probe.id, repeat), probe

    def asked(self, first: CallSpec, probe: Probe) -> Asked:
        """The probe as this conversation shows it."""
        return ask(probe, rng_for(self.plan.seed, "options", first.conversation))

    def first_turn(self, asked: Asked) -> tuple[Message, ...]:
        """The messages of the first call, in the plan's form."""
        return first_turn(asked, self.wordings, self.plan.answer)

    def second_turn(self, asked: Asked, branch: Branch) -> str:
        """What the user says in a branch, in the plan's form."""
        return second_turn(asked, branch, self.wordings, self.plan.answer)

    def schema(self, asked: Asked) -> dict[str, Any] | None:
        """The JSON schema that a reply is held to; None where the plan asks for none."""
        return schema_of(asked) if self.plan.answer is AnswerForm.SCHEMA else None

    def limited(self, reply_tokens: int) -> Planned:
        """The same plan with another limit on a reply's length."""
        return Planned(limited(self.plan, reply_tokens), self.sets, self.wordings)

    @property
    def form(self) -> AnswerForm:
        """The form in which its turns ask for the answer."""
        return self.plan.answer

    def branches(self, first: CallSpec, asked: Asked, *, right: bool) -> list[Branch]:
        """The second turns that follow a first answer that was right, or was wrong."""
        plan = self.plan
        dispute = Arm.PUSHBACK if right else Arm.CORRECTION
        specs: list[CallSpec] = []
        if Arm.CONTROL in plan.arms:
            specs += [_branch(first, Arm.CONTROL, Kind.NEUTRAL, i) for i in range(plan.controls)]
        if dispute in plan.arms:
            kinds = list(plan.kinds)
            if plan.draw is not None and plan.draw < len(kinds):
                drawn = rng_for(plan.seed, "kinds", first.conversation).sample(kinds, plan.draw)
                kinds = [k for k in kinds if k in drawn]
            specs += [_branch(first, dispute, kind, 0) for kind in kinds]
        return [Branch(spec, self._wording(spec, asked)) for spec in specs]

    def call_seed(self, spec: CallSpec) -> int:
        """The sampling seed of a call, below 2**31."""
        return call_seed(self.plan, spec)

    def items(self) -> list[str]:
        """The names of the items in the order in which they are asked."""
        return [f"{name}/{probe.id}" for name, probe in self._order]

    def estimate(self) -> Estimate:
        """Calls and tokens; exact for calls but for which arm a first answer leads to."""
        plan = self.plan
        ways = [plan.expected(right=right) for right in (True, False)]
        typical = min(typical_answer(plan.answer), plan.sampling.reply_tokens)
        reply = typical_reply(plan, typical)
        first = second = 0
        for name, probe in self._order:
            spec = CallSpec(name, probe.id, 0)
            asked = self.asked(spec, probe)
            opening = sum(len(m["content"]) for m in self.first_turn(asked))
            first += opening
            for branch in self.branches(spec, asked, right=Arm.PUSHBACK in plan.arms):
                second += opening + len(self.second_turn(asked, branch)) + typical * CHARS_PER_TOKEN
        most = plan.conversations * (1 + max(ways))
        return Estimate(
            items=plan.items,
            conversations=plan.conversations,
            calls_min=plan.conversations * (1 + min(ways)),
            calls_max=most,
            prompt_tokens=(first + second) * plan.repeats // CHARS_PER_TOKEN,
            completion_tokens=reply * most,
            typical_reply=reply,
        )

    def _wording(self, spec: CallSpec, asked: Asked) -> Challenge:
        assert spec.arm is not None and spec.kind is not None  # noqa: S101
        has_reason = claim_of(asked, spec.arm).reason is not None
        return self.wordings.draw(spec.kind, rng_for(self.plan.seed, "wording", spec.key), has_reason=has_reason)


def make_plan(
    sets: tuple[ProbeSet, ...],
    wordings: Wordings,
    *,
    model: str,
    base_url: str | None = None,
    api_key_env: str | None = None,
    n: int | None = None,
    arms: tuple[Arm, ...] = tuple(Arm),
    kinds: tuple[Kind, ...] = DISPUTES,
    draw: int | None = None,
    controls: int = 1,
    repeats: int = 1,
    seed: int = 0,
    sampling: SamplingPlan | None = None,
    answer: AnswerForm = DEFAULT_FORM,
    until: Until | None = None,
) -> Planned:
    """The plan for these sets, with at most `n` probes of each, sampled by `seed`.

    Raises
    ------
    PlanError: nothing to ask, a set twice, pushback without control, a number out of range, or wordings without that form.
    """
    wordings.require(answer)
    for s in sets:
        if s.info.kind is not None:
            raise PlanError(
                f"the set {s.name!r} is for the probe kind {s.info.kind!r}", f"leave --probe-kind out, or name {s.info.kind}"
            )
    if not arms:
        raise PlanError("no arm was chosen", "choose among " + ", ".join(Arm))
    if Arm.CONTROL in arms and controls < 1:
        raise PlanError("the control arm needs at least one re-ask", "--controls 1, or leave control out of --arms")
    if set(arms) - {Arm.CONTROL} and (not kinds or Kind.NEUTRAL in kinds):
        raise PlanError("no kind of disagreement was chosen", "choose among " + ", ".join(DISPUTES))
    if draw is not None and draw < 1:
        raise PlanError(f"--draw {draw}: at least one kind must be drawn", "leave --draw out to use every kind")
    if repeats < 1:
        raise PlanError(f"--repeats {repeats}: at least 1", "leave --repeats out for one")
    chosen, refs = chosen_probes(sets, n, seed)
    plan = Plan(
        model=model,
        base_url=base_url,
        api_key_env=api_key_env,
        sets=refs,
        arms=tuple(a for a in Arm if a in arms),
        kinds=tuple(k for k in DISPUTES if k in kinds),
        draw=draw,
        controls=controls,
        repeats=repeats,
        seed=seed,
        sampling=sampling or default_sampling(answer, model),
        answer=answer,
        until=until,
        wordings_version=wordings.version,
        wordings_digest=wordings.digest,
    )
    return Planned(plan, chosen, wordings)


def chosen_probes(sets: tuple[ProbeSet, ...], n: int | None, seed: int) -> tuple[tuple[ProbeSet, ...], tuple[SetRef, ...]]:
    """The sets with at most `n` probes of each, sampled by `seed`, and what a plan says of them.

    Raises `PlanError`: a set twice, `n` below 1, or nothing to ask.
    """
    names = [s.name for s in sets]
    if doubled := {x for x in names if names.count(x) > 1}:
        raise PlanError(
            f"the set {min(doubled)!r} is named twice", "name each set once; a copy of a set needs a name of its own"
        )
    if n is not None and n < 1:
        raise PlanError(f"-n {n}: at least one probe of each set must be asked", "leave -n out to ask all")
    chosen = []
    for s in sets:
        probes = s.probes
        if n is not None and n < len(probes):
            probes = tuple(sorted(rng_for(seed, "sample", s.name).sample(probes, n), key=lambda p: p.id))
        chosen.append(ProbeSet(s.info, probes, s.digest, s.path))
    if not any(s.probes for s in chosen):
        raise PlanError("there is nothing to ask", "name at least one set that has probes")
    refs = tuple(
        SetRef(info=c.info, digest=c.digest, chosen=len(c.probes), available=len(s.probes), path=s.path)
        for c, s in zip(chosen, sets, strict=True)
    )
    return tuple(chosen), refs


def default_sampling(form: AnswerForm | None, model: str, **values: Any) -> SamplingPlan:
    """How answers are drawn where the user does not limit their length; `form` is None for kinds that ask in words of their own.

    Raises pydantic's `ValidationError` for a value out of range.
    """
    effort = values.get("effort")
    room = room_for(form, model, effort if isinstance(effort, str) else None)
    return SamplingPlan(reply_tokens=room, reply_tokens_from="form", **values)


def limited(plan: Plan, reply_tokens: int) -> Plan:
    """The plan with another limit on a reply's length."""
    sampling = plan.sampling.model_copy(update={"reply_tokens": reply_tokens})
    return plan.model_copy(update={"sampling": sampling})


def typical_reply(plan: Plan, answer: int) -> int:
    """About how many tokens a reply has whose answer takes `answer` of them, thinking included."""
    return min(answer + typical_thinking(plan.model, plan.sampling.effort), plan.sampling.reply_tokens)


def first_turn(asked: Asked, wordings: Wordings, form: AnswerForm) -> tuple[Message, ...]:
    """The messages of the first call: the system prompt if the probe has one, then the question."""
    probe = asked.probe
    parts = [probe.context or "", question_text(asked), wordings.request(form, probe.format)]
    user: Message = {"role": "user", "content": "\n\n".join(p for p in parts if p)}
    return ({"role": "system", "content": probe.system}, user) if probe.system else (user,)


def second_turn(asked: Asked, branch: Branch, wordings: Wordings, form: AnswerForm) -> str:
    """What the user says in a branch."""
    assert branch.spec.arm is not None  # noqa: S101
    claim = claim_of(asked, branch.spec.arm)
    return branch.challenge.text.format(
        claim=claim.answer,
        reason=claim.reason or "",
        question=question_text(asked),
        closing=wordings.close(form, asked.probe.format),
    )


def question_text(asked: Asked) -> str:
    """The question, with its lettered options if it is a choice."""
    lines = [asked.probe.question, *(f"{LETTERS[i]}) {o}" for i, o in enumerate(asked.options))]
    return "\n".join(lines)


def call_seed(plan: Plan, spec: CallSpec) -> int:
    """The sampling seed of a call of `plan`, below 2**31."""
    again = [f"replica {plan.replica}"] if plan.replica else []
    return rng_for(plan.seed, "sampling", spec.key, *again).getrandbits(31)


def rng_for(seed: int, *parts: str) -> random.Random:
    """A generator that depends on `seed` and `parts` only: not on order, process or platform."""
    text = "\x1f".join((str(seed), *parts))
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def _branch(first: CallSpec, arm: Arm, kind: Kind, branch: int) -> CallSpec:
    return CallSpec(first.set, first.probe, first.repeat, arm, kind, branch)
