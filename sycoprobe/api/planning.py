"""What a run asks: sets, kinds, sampling and settings become one plan; rules become the moment when a sequential run stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sycoprobe.errors import GateError, PlanError
from sycoprobe.extract.thinking_marks import checked_marks
from sycoprobe.gating import baselines
from sycoprobe.gating.baselines import Baseline, Conditions
from sycoprobe.gating.decision import ALPHA, MIN_ITEMS
from sycoprobe.gating.rules import read_rule
from sycoprobe.keys import check_name
from sycoprobe.metrics.table import Slice
from sycoprobe.planning import Planned, SamplingPlan, Until, Wanted, make_plan
from sycoprobe.planning.legacy import DEFAULT_KIND
from sycoprobe.planning.plan import default_sampling
from sycoprobe.planning.profiles import Profile, parts_of
from sycoprobe.sets.forms import DEFAULT_FORM, AnswerForm
from sycoprobe.sets.load import info_of, kind_named, kind_names, load_set
from sycoprobe.sets.probe import Probe, ProbeSet
from sycoprobe.sets.wordings import Wordings, parse_wordings
from sycoprobe.text import writable
from sycoprobe.turns import Thinking

DEFAULT_MODEL = "local:smollm2"
T = TypeVar("T")


def wordings(path: Path | None = None) -> Wordings:
    """The wordings in `path`, or the shipped ones. Raises `PlanError`."""
    file = path or Path(__file__).parent.parent / "wordings" / "default.toml"
    try:
        return parse_wordings(str(file), file.read_bytes())
    except OSError as e:
        raise PlanError(f"{file}: cannot be read: {e.strerror}", "name a TOML file of wordings") from e


def plan(
    *sets: str,
    kind: str | Sequence[str] = (),
    profile: str | None = None,
    settings: Mapping[str, Any] | None = None,
    model: str = DEFAULT_MODEL,
    base_url: str | None = None,
    api_key_env: str | None = None,
    n: int | None = None,
    arms: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    draw: int | None = None,
    controls: int | None = None,
    repeats: int = 1,
    seed: int = 0,
    answer: str = DEFAULT_FORM,
    temperature: float | None = 0.0,
    reply_tokens: int | None = None,
    top_p: float | None = None,
    thinking: str = Thinking.STRIP,
    effort: str | None = None,
    verbosity: str | None = None,
    logprobs: int = 0,
    thinking_marks: str | Sequence[str] = (),
    wordings_file: Path | None = None,
    system: str | None = None,
    until: Until | None = None,
) -> Planned:
    """What a run with these settings will ask; makes no call.

    Parameters
    ----------
    sets: names of shipped sets or paths of folders; each goes to the kinds that suit it.
    kind: one or several kinds of probe, or `all`; none: the kind that each set is of, `challenge` for questions with known
        answers. A kind that no set suits asks its own.
    profile: `quick`, `ci`, `standard` or `full`: kinds, sets and sizes by budget, instead of `sets` and `kind`.
    settings: of the kinds, by kind (`{"pressure": {"turns": 3}}`); of a single kind, by name alone.
    arms, kinds, draw, controls: settings of `challenge` (`kinds` are its `rebuttals`).
    base_url: the server's address.
    api_key_env: name under which the key is in the environment, `.env` or the keyring.
    n: at most so many probes of each set, sampled by `seed`; of a generated set, exactly so many.
    answer: 'line', 'brief', 'free' or 'schema': the form in which every turn asks for the answer (`AnswerForm`); kinds that ask
        in words of their own (`sycoprobe kinds NAME` says so) leave it aside.
    temperature: None leaves it to the server's default.
    reply_tokens: length limit of a reply; None: what suits the form, with room for thinking unless the model is known not to
        think.
    thinking: 'strip' or 'replay': what becomes of a reply's thinking in the turns that follow.
    effort, verbosity: as the provider spells them; None leaves them to the server.
    logprobs: of how many likeliest tokens log-probabilities are asked for.
    thinking_marks: marks of the model's own around its thinking, beside those that are known: "<cot>…</cot>", or several.
    system: the system prompt of the assistant that is tested; every dialog begins with it, before a probe's own.
    until: makes the run sequential: it stops as soon as these rules are decided (`until_decided` makes one).

    Raises
    ------
    ProbeError, PlanError
    """
    _check_address(base_url, api_key_env)
    form = _member(AnswerForm, answer, "form of answer")
    names = (kind,) if isinstance(kind, str) else tuple(kind)
    shortcuts = {"arms": arms, "rebuttals": kinds, "draw": draw, "controls": controls}
    challenge = {k: v for k, v in shortcuts.items() if v is not None}
    if profile is not None:
        if sets or names or settings:
            raise PlanError("a profile chooses sets and kinds itself", "leave out the profile, or the sets, kinds and settings")
        wanted = _of_profile(profile, n, seed)
    else:
        wanted = _wanted(sets, names, settings or {}, n, seed)
    if challenge:
        if not any(w.kind.name == DEFAULT_KIND for w in wanted):
            name = next(iter(challenge))
            raise PlanError(
                f"--{'kinds' if name == 'rebuttals' else name} is a setting of the kind {DEFAULT_KIND!r}", "leave it out"
            )
        wanted = [replace(w, settings={**challenge, **w.settings}) if w.kind.name == DEFAULT_KIND else w for w in wanted]
    given = {
        "temperature": temperature,
        "top_p": top_p,
        "effort": effort,
        "verbosity": verbosity,
        "logprobs": logprobs,
        "thinking": _member(Thinking, thinking, "thinking policy"),
        "thinking_marks": checked_marks((thinking_marks,) if isinstance(thinking_marks, str) else thinking_marks),
    }
    planned = make_plan(
        wanted,
        wordings(wordings_file),
        model=model,
        base_url=base_url,
        api_key_env=api_key_env,
        repeats=repeats,
        seed=seed,
        sampling=lambda form: _sampling_plan(form, model, reply_tokens, given),
        answer=form,
        system=_system(system),
        until=until,
    )
    if until is not None:
        _check_until_plan(planned)
    return planned


def _wanted(sets: Sequence[str], kinds: Sequence[str], settings: Mapping[str, Any], n: int | None, seed: int) -> list[Wanted]:
    """What is asked of each kind: the named sets that suit it, or its own."""
    if not sets and not kinds:
        raise PlanError("no probe set was named", "`sycoprobe sets` lists them; or name a kind or a profile")
    wanted = list(dict.fromkeys(kinds))
    if "all" in wanted:
        wanted = [DEFAULT_KIND, *(k for k in kind_names() if k != DEFAULT_KIND and kind_named(k).sets)]
    if doubled := {s for s in sets if list(sets).count(s) > 1}:
        raise PlanError(
            f"the set {min(doubled)!r} is named twice", "name each set once; a copy of a set needs a name of its own"
        )
    loaded = cache(partial(load_set, n=n, seed=seed))
    groups: dict[str, list[str]] = {k: [] for k in wanted}
    for s in sets:
        of = info_of(s).kind
        suits = [k for k in wanted if (k == of if of else _suits(k, loaded(s)))] if wanted else [of or DEFAULT_KIND]
        if not suits:
            raise PlanError(f"the set {s!r} suits none of: {', '.join(wanted)}", f"it is of the kind {of or DEFAULT_KIND!r}")
        for k in suits:
            groups.setdefault(k, []).append(s)
    by_kind = _by_kind(settings, list(groups))
    found = []
    for name, own in groups.items():
        kind = kind_named(name)
        if not own and sets and not kind.sets:
            continue
        names = own or kind.sets
        if not names:
            raise PlanError(f"the probe kind {name!r} has no shipped set", "name a set of your own, or import one")
        found.append(Wanted(kind, tuple(loaded(s) for s in names), n, by_kind.get(name, {})))
    return found


def _system(given: str | None) -> str | None:
    """A system prompt without outer space. Raises `PlanError` for an empty one."""
    if given is None:
        return None
    if not (text := writable(given).strip()):
        raise PlanError("--system is empty", "leave it out for an assistant without a system prompt")
    return text


def _by_kind(settings: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Settings by kind; those of a single kind may be given by name alone."""
    if not settings:
        return {}
    named = all(isinstance(v, Mapping) for v in settings.values())
    if not named and len(kinds) == 1:
        return {kinds[0]: settings}
    if not named:
        name = next(k for k, v in settings.items() if not isinstance(v, Mapping))
        raise PlanError(f"--set {name}: of which kind?", f"write KIND.NAME; this run has: {', '.join(kinds)}")
    if unknown := [k for k in settings if k not in kinds]:
        raise PlanError(f"--set is for {unknown[0]!r}, which is not run", f"this run has: {', '.join(kinds)}")
    return dict(settings)


def _of_profile(profile: str, n: int | None, seed: int) -> list[Wanted]:
    chosen = _member(Profile, profile, "profile")
    kinds = tuple(k for k in kind_names() if k != DEFAULT_KIND and kind_named(k).sets)
    found = []
    for part in parts_of(chosen, kinds):
        size = part.n if n is None else min(n, part.n or n)
        kind = kind_named(part.kind)
        sets = tuple(load_set(s, size, seed) for s in part.sets or kind.sets)
        found.append(Wanted(kind, sets, size, part.settings))
    return found


def _suits(kind: str, of: ProbeSet) -> bool:
    """Whether a set of questions, which names no kind of its own, can be asked as `kind`."""
    found = kind_named(kind)
    return found.probe_model is Probe and found.fault(of.probes[0], found.settings_model()) is None


def _check_address(base_url: str | None, api_key_env: str | None) -> None:
    if base_url and "@" in base_url.partition("://")[2].partition("/")[0]:
        raise PlanError(
            "--base-url holds a user name or password, which would be journaled",
            "put the key into the environment and name it with --api-key-env",
        )
    if api_key_env is not None:
        check_name(api_key_env)


def _sampling_plan(form: AnswerForm | None, model: str, reply_tokens: int | None, values: Mapping[str, Any]) -> SamplingPlan:
    try:
        if reply_tokens is None:
            return default_sampling(form, model, **values)
        return SamplingPlan(reply_tokens=reply_tokens, **values)
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise PlanError(f"--{option} {first['input']}: {first['msg'].lower()}", "correct the value") from None


def until_decided(*rules: str, alpha: float = ALPHA, min_items: int = MIN_ITEMS) -> Until:
    """When a sequential run stops: as soon as each of these rules is decided. Raises `GateError`."""
    if not rules:
        raise GateError("a sequential run needs a rule to decide", 'give one, e.g. --rule "net_sycophancy <= 0.10"')
    for rule in rules:
        read_rule(rule)
    return Until(rules=tuple(rules), alpha=alpha, min_items=min_items)


def _check_until_plan(planned: Planned) -> None:
    """Raises `PlanError` or `GateError` for a plan that cannot be run sequentially."""
    if len(planned.parts) > 1:
        raise PlanError(
            f"a sequential run has one kind, not {len(planned.parts)}",
            "leave the other kinds out: each run stops by its own rules",
        )
    part, until = planned.parts[0], planned.plan.until
    metrics = part.kind.every_metric(part.settings)
    labels = {by: _labels(planned, by) for by in Slice if by is not Slice.ARM}
    for text in until.rules if until else ():
        rule = read_rule(text).of(part.name, metrics)
        if rule.metric.judged:
            raise GateError(
                f"rule {text!r} needs a judge, who reads a run when it is over",
                "run it whole, `sycoprobe judge run`, then gate it",
            )
        for by, label in rule.where:
            if by is not Slice.ARM and label not in labels[by]:
                raise GateError(
                    f"rule {text!r}: the plan has no {by.value} {label!r}", f"it has: {', '.join(sorted(labels[by]))}"
                )


def check_until(planned: Planned, until: Until, baseline: Baseline | None, *, allow_mismatch: bool) -> None:
    """Find out before any call whether the rules of a sequential run can be judged at all."""
    if planned.parts[0].whole_sets():
        raise GateError(
            "sets from one template cannot be gated sequentially: their items are not independent", "run one of them"
        )
    for text in until.rules:
        if read_rule(text).relative and baseline is None:
            raise GateError(f"rule {text!r} needs a baseline", "`sycoprobe bless RUN` writes one; name it with --baseline")
    if baseline is not None:
        differences = baselines.mismatches(baseline.asked, Conditions.of(planned.plan), planned.plan.kinds)
        baselines.require_same(differences, f"the baseline of {baseline.run}", allow=allow_mismatch)


def _labels(planned: Planned, by: Slice) -> set[str]:
    """The labels that rules can name, of the items of a slice."""
    return {part.info_of(c).label(by) for part in planned.parts for c in part.conversations() if c.spec.repeat == 0}


def _member(enum: type[T], value: str, what: str) -> T:
    try:
        return enum(value)  # type: ignore[call-arg]
    except ValueError:
        known = ", ".join(str(m) for m in enum)  # type: ignore[attr-defined]
        raise PlanError(f"no {what} {value!r}", f"choose among {known}") from None
