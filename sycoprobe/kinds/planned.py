"""What a run of one probe kind will ask, and the walk through a conversation as far as it was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from sycoprobe.challenges import Wordings
from sycoprobe.errors import PlanError
from sycoprobe.extract.types import Outcome, Stage
from sycoprobe.forms import DEFAULT_FORM, AnswerForm, schema_of, typical_answer
from sycoprobe.kinds.base import Done, ProbeKind, Reading, Readings, Shown, Step
from sycoprobe.planning import (
    CHARS_PER_TOKEN,
    Estimate,
    Plan,
    SamplingPlan,
    TurnSpec,
    call_seed,
    chosen_probes,
    default_sampling,
    limited,
    rng_for,
    typical_reply,
)
from sycoprobe.probes import Asked, Probe, ProbeSet, ask
from sycoprobe.scoring import failed_reading
from sycoprobe.turns import Finish, Message, Reply


class KindPlanned:
    """A plan of one kind with its probes; yields conversations and their calls. The counterpart of `planning.Planned`."""

    def __init__(self, plan: Plan, sets: tuple[ProbeSet, ...], wordings: Wordings, kind: ProbeKind) -> None:
        self.plan = plan
        self.sets = sets
        self.wordings = wordings
        self.kind = kind
        self.settings = settings_of(kind, plan.settings)

    @cached_property
    def _order(self) -> list[tuple[str, Any]]:
        pairs = [(s.name, p) for s in self.sets for p in s.probes]
        rng_for(self.plan.seed, "order").shuffle(pairs)
        return pairs

    def conversations(self) -> Iterator[tuple[TurnSpec, Shown]]:
        """Every conversation: all probes once, in random order by seed, then all again for the next repeat."""
        for repeat in range(self.plan.repeats):
            for name, probe in self._order:
                spec = TurnSpec(name, probe.id, repeat)
                yield spec, self.shown(spec, probe)

    def shown(self, spec: TurnSpec, probe: Any) -> Shown:
        """The probe as this conversation shows it."""
        seed = self.plan.seed
        asked = ask(probe, rng_for(seed, "options", spec.conversation)) if isinstance(probe, Probe) else None
        return Shown(probe, asked, self.settings, self.wordings, seed, spec.conversation, self.plan.answer)

    def limited(self, reply_tokens: int) -> KindPlanned:
        """The same plan with another limit on a reply's length."""
        return KindPlanned(limited(self.plan, reply_tokens), self.sets, self.wordings, self.kind)

    @property
    def form(self) -> AnswerForm | None:
        """The form in which its turns ask for the answer; None where they ask in words of their own."""
        return self.plan.answer if self.kind.asks_in_form else None

    def schema(self, asked: Asked) -> dict[str, Any] | None:
        """The JSON schema that a reply is held to; None where the plan asks for none."""
        return schema_of(asked) if self.form is AnswerForm.SCHEMA else None

    def spec(self, first: TurnSpec, step: Step) -> TurnSpec:
        """The name of a step's call."""
        return TurnSpec(first.set, first.probe, first.repeat, strand=step.arm, turn=step.turn)

    def call_seed(self, spec: TurnSpec) -> int:
        """The sampling seed of a call, below 2**31."""
        return call_seed(self.plan, spec)

    def items(self) -> list[str]:
        """The names of the items in the order in which they are asked."""
        return [f"{name}/{probe.id}" for name, probe in self._order]

    def estimate(self) -> Estimate:
        """Calls and tokens, as `planning.Planned.estimate`; of turns after the first, prompts are taken to grow by a reply and a sentence."""
        plan = self.plan
        least, most = self.kind.most_calls(self.settings)
        typical = self.kind.typical_tokens if self.form is None else typical_answer(self.form)
        typical = min(typical, plan.sampling.reply_tokens)
        opening = 0
        for spec, shown in self.conversations():
            if spec.repeat:
                break
            opened = self.kind.opens(shown)
            size = sum(len(m["content"]) for step in opened for m in step.messages) / len(opened)
            opening += round(size * most + max(0, most - len(opened)) * (typical * CHARS_PER_TOKEN + 120))
        calls = plan.conversations * most
        reply = typical_reply(plan, typical)
        return Estimate(
            items=plan.items,
            conversations=plan.conversations,
            calls_min=plan.conversations * least,
            calls_max=calls,
            prompt_tokens=opening * plan.repeats // CHARS_PER_TOKEN,
            completion_tokens=reply * calls,
            typical_reply=reply,
        )


def make_kind_plan(
    kind: ProbeKind,
    sets: tuple[ProbeSet, ...],
    wordings: Wordings,
    *,
    model: str,
    base_url: str | None = None,
    api_key_env: str | None = None,
    n: int | None = None,
    repeats: int = 1,
    seed: int = 0,
    sampling: SamplingPlan | None = None,
    settings: Mapping[str, Any] | None = None,
    answer: AnswerForm = DEFAULT_FORM,
) -> KindPlanned:
    """The plan of a run of `kind` on these sets, with at most `n` probes of each, sampled by `seed`.

    Raises
    ------
    PlanError: a setting that the kind does not have, a set whose probes it cannot use, a set twice, a number out of range, or
        wordings without that form.
    """
    if kind.asks_in_form:
        wordings.require(answer)
    if repeats < 1:
        raise PlanError(f"--repeats {repeats}: at least 1", "leave --repeats out for one")
    checked = settings_of(kind, settings or {})
    for s in sets:
        if wrong := next((p for p in s.probes if not isinstance(p, kind.probe_model)), None):
            own = s.info.kind or "a question with a known answer"
            raise PlanError(
                f"the set {s.name!r} does not suit the probe kind {kind.name!r}: its probes are of {own}",
                f"sets that suit it: {', '.join(kind.sets)}",
            )
        for probe in s.probes:
            if fault := kind.fault(probe, checked):
                raise PlanError(f"the set {s.name!r} does not suit {kind.name!r}: probe {probe.id!r} {fault.what}", fault.mend)
        del wrong
    chosen, refs = chosen_probes(sets, n, seed)
    plan = Plan(
        model=model,
        base_url=base_url,
        api_key_env=api_key_env,
        sets=refs,
        arms=(),
        kinds=(),
        repeats=repeats,
        seed=seed,
        sampling=sampling or default_sampling(answer if kind.asks_in_form else None, model),
        answer=answer,
        probe_kind=kind.name,
        kind_version=kind.version,
        settings=checked.model_dump(mode="json"),
        wordings_version=wordings.version,
        wordings_digest=wordings.digest,
    )
    return KindPlanned(plan, chosen, wordings, kind)


def settings_of(kind: ProbeKind, given: Mapping[str, Any]) -> Any:
    """The kind's settings with its defaults filled in. Raises `PlanError` for one that it does not have, or a bad value."""
    try:
        return kind.settings_model.model_validate(dict(given))
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        known = ", ".join(kind.settings_model.model_fields) or "none"
        said = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"].lower()
        raise PlanError(f"--set {name}: {said}", f"settings of {kind.name!r}: {known}") from None


def read_reply(kind: ProbeKind, shown: Shown, step: Step, reply: Reply | None, dialog: tuple[Done, ...]) -> Readings:
    """What a reply amounts to: the provider's word first (failed, refused, only thought, cut off), then the kind's rule."""
    outcome, why = None, ""
    stage = Stage.NONE if kind.in_form(step) and reply is not None else None
    if reply is None:
        outcome, why = Outcome.ERROR, "the call failed"
    elif reply.finish is Finish.REFUSAL:
        outcome, why = Outcome.REFUSED, "the provider's own refusal"
    elif not reply.text.strip() and (reply.reasoning or reply.usage.get("reasoning_tokens")):
        outcome, why = Outcome.THINKING_ONLY, "thinking, and no answer after it"
    elif not reply.text.strip():
        outcome, why = Outcome.UNPARSED, "the reply is empty"
    elif reply.finish is Finish.LENGTH and not kind.reads_cut(step):
        outcome, why = Outcome.CUT_OFF, "stopped by the length limit"
    if outcome is not None or reply is None:
        return {aspect: Reading(outcome or Outcome.ERROR, why, stage=stage) for aspect in kind.aspects(step)}
    try:
        found = kind.read(shown, step, reply.text, dialog)
    except Exception as e:  # whatever a reply holds, it ends no run and makes no journal unreadable
        return {aspect: Reading(Outcome.UNPARSED, failed_reading(e), stage=stage) for aspect in kind.aspects(step)}
    if reply.finish is not Finish.LENGTH:
        return found
    cut = "stopped by the length limit before what is read in it"
    return {a: replace(r, outcome=Outcome.CUT_OFF, rule=cut) if r.outcome is Outcome.UNPARSED else r for a, r in found.items()}


@dataclass(slots=True)
class Walked:
    """A conversation, as far as it was answered.

    `done` are the answered steps with the strand that leads to each; `open` the steps that come next, each with its strand.
    `failed` are steps whose call failed.
    """

    done: list[tuple[Done, tuple[Done, ...]]] = field(default_factory=list)
    open: list[tuple[Step, tuple[Done, ...]]] = field(default_factory=list)
    failed: list[tuple[Step, tuple[Done, ...]]] = field(default_factory=list)


def assistant_turn(reply: Reply) -> Message:
    """A reply as later turns repeat it: its text."""
    return Message(role="assistant", content=reply.text)


def walk(
    kind: ProbeKind,
    shown: Shown,
    replies: Mapping[tuple[str, int], Reply | None],
    said: Callable[[Reply], Message] = assistant_turn,
) -> Walked:
    """Go through a conversation whose replies are known by (arm, turn); None stands for a call that failed.

    `said` makes the assistant turn that later turns repeat.
    """
    found = Walked()
    todo: list[tuple[Step, tuple[Done, ...]]] = [(step, ()) for step in kind.opens(shown)]
    while todo:
        step, dialog = todo.pop(0)
        place = (step.arm, step.turn)
        if place not in replies:
            found.open.append((step, dialog))
            continue
        reply = replies[place]
        if reply is None:
            found.failed.append((step, dialog))
            continue
        done = done_of(kind, shown, step, reply, dialog, said(reply))
        found.done.append((done, dialog))
        todo += following(kind, shown, (*dialog, done))
    return found


def done_of(kind: ProbeKind, shown: Shown, step: Step, reply: Reply, dialog: tuple[Done, ...], said: Message) -> Done:
    """An answered step; `said` is the assistant turn that later turns repeat."""
    return Done(step, reply.text, read_reply(kind, shown, step, reply, dialog), said)


def following(kind: ProbeKind, shown: Shown, strand: tuple[Done, ...]) -> list[tuple[Step, tuple[Done, ...]]]:
    """The steps that follow the last of `strand`, each with it; nothing follows an empty reply, which servers do not take back."""
    if not strand[-1].reply.strip():
        return []
    return [(step, strand) for step in kind.follows(shown, strand)]
