"""A new plan: what is wanted of each kind, checked, with its probes drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from sycoprobe.errors import PlanError
from sycoprobe.planning.plan import Part, Plan, SamplingPlan, SetRef, Until, default_sampling
from sycoprobe.planning.planned import Planned
from sycoprobe.planning.settings import settings_of
from sycoprobe.seeds import rng_for
from sycoprobe.sets.forms import DEFAULT_FORM, AnswerForm
from sycoprobe.sets.probe import ProbeSet
from sycoprobe.sets.wordings import Wordings
from sycoprobe.settings import Cluster

if TYPE_CHECKING:
    from sycoprobe.kinds.base import AnyKind, KindSettings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new plan shall ask of one kind: its sets, at most `n` probes of each, and the kind's settings."""

    kind: AnyKind
    sets: tuple[ProbeSet, ...]
    n: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def make_plan(
    wanted: Sequence[Wanted],
    wordings: Wordings,
    *,
    model: str,
    base_url: str | None = None,
    api_key_env: str | None = None,
    repeats: int = 1,
    seed: int = 0,
    sampling: Callable[[AnswerForm | None], SamplingPlan] | None = None,
    answer: AnswerForm = DEFAULT_FORM,
    system: str | None = None,
    body: Mapping[str, JsonValue] | None = None,
    cluster: Cluster = "item",
    until: Until | None = None,
) -> Planned:
    """The plan of a run of these kinds, with at most `n` probes of each set, sampled by `seed`.

    `sampling` gives how answers are drawn in a form; None where a kind asks in words of its own.

    Raises
    ------
    PlanError: nothing to ask, a kind or a set twice, a setting that a kind does not have, a set whose probes it cannot use, a number out of
        range, or wordings without that form.
    """
    if any(w.kind.asks_in_form for w in wanted):
        wordings.require(answer)
    if repeats < 1:
        raise PlanError(f"--repeats {repeats}: at least 1", "leave --repeats out for one")
    parts, chosen = [], []
    for w in wanted:
        checked = settings_of(w.kind, w.settings)
        _check_suits(w, checked)
        sets, refs = chosen_probes(w.sets, w.n, seed)
        form = answer if w.kind.asks_in_form else None
        own = default_sampling(form, model) if sampling is None else sampling(form)
        parts.append((w.kind, checked, refs, own))
        chosen.append(sets)
    common = max((own for *_, own in parts), key=lambda s: s.reply_tokens)
    plan = Plan(
        model=model,
        base_url=base_url,
        api_key_env=api_key_env,
        parts=tuple(
            Part(
                kind=kind.name,
                kind_version=kind.version,
                settings=checked.model_dump(mode="json"),
                sets=refs,
                reply_tokens=None if own.reply_tokens == common.reply_tokens else own.reply_tokens,
            )
            for kind, checked, refs, own in parts
        ),
        repeats=repeats,
        seed=seed,
        sampling=common,
        answer=answer,
        system=system,
        body=dict(body or {}),
        cluster=cluster,
        until=until,
        wordings_version=wordings.version,
        wordings_digest=wordings.digest,
    )
    names = [kind.name for kind, *_ in parts]
    return Planned.of(plan, {w.kind.name: w.kind for w in wanted}, dict(zip(names, chosen, strict=True)), wordings)


def _check_suits(wanted: Wanted, settings: KindSettings) -> None:
    """Raises `PlanError` for a set whose probes the kind cannot use."""
    kind = wanted.kind
    for s in wanted.sets:
        if not all(isinstance(p, kind.probe_model) for p in s.probes):
            own = s.info.kind or "a question with a known answer"
            suits = (
                f"sets that suit it: {', '.join(kind.sets)}"
                if kind.sets
                else f"`sycoprobe run {s.name}` asks it as its own kind"
            )
            raise PlanError(f"the set {s.name!r} does not suit the probe kind {kind.name!r}: its probes are of {own}", suits)
        for probe in s.probes:
            if fault := kind.fault(probe, settings):
                raise PlanError(f"the set {s.name!r} does not suit {kind.name!r}: probe {probe.id!r} {fault.what}", fault.fix)


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
