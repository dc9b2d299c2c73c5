"""What a run asks: sets, kinds, sampling and settings become one plan; rules become the moment when a sequential run stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from sycoprobe.backends import check_model
from sycoprobe.backends.extras import body_of
from sycoprobe.config import Chosen, ConfigFile, RunOf, choose, python
from sycoprobe.config.files import load
from sycoprobe.errors import GateError, PlanError
from sycoprobe.extract.thinking_marks import checked_marks
from sycoprobe.files import read_bytes
from sycoprobe.gating import baselines
from sycoprobe.gating.baselines import Baseline, Conditions
from sycoprobe.gating.rules import read_rule
from sycoprobe.keys import check_name
from sycoprobe.metrics.table import Slice
from sycoprobe.names import meant
from sycoprobe.planning import Planned, SamplingPlan, Until, Wanted, make_plan
from sycoprobe.planning.legacy import DEFAULT_KIND
from sycoprobe.planning.plan import default_sampling
from sycoprobe.planning.profiles import Profile, parts_of
from sycoprobe.reports.claims import check_clusters
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.load import info_of, kind_named, load_set, usable_kinds
from sycoprobe.sets.probe import Probe, ProbeSet
from sycoprobe.sets.wordings import Wordings, parse_wordings
from sycoprobe.settings import Asking, Declared, Sampling, Target, declared
from sycoprobe.settings.gate import ALPHA, MIN_ITEMS
from sycoprobe.settings.keywords import PlanKeywords
from sycoprobe.turns import Thinking


def wordings(path: Path | None = None) -> Wordings:
    """The wordings in `path`, or the shipped ones. Raises `PlanError`."""
    file = path or Path(__file__).parent.parent / "wordings" / "default.toml"
    try:
        return parse_wordings(str(file), read_bytes(file))
    except OSError as e:
        raise PlanError(f"{file}: cannot be read: {e.strerror}", "name a TOML file of wordings") from e


def plan(*sets: str, config: str | Path | None = None, until: Until | None = None, **settings: Unpack[PlanKeywords]) -> Planned:
    """What a run with these settings will ask; makes no call.

    Parameters
    ----------
    sets: names of shipped sets or paths of folders; each goes to the kinds that suit it.
    config: a settings file, over which the keywords go; None: none is read.
    until: makes the run sequential: it stops as soon as these rules are decided (`until_decided` makes one).
    settings: what is asked, of which model, and how answers are sampled; docs/settings.md lists them.

    Raises
    ------
    ProbeError, PlanError
    """
    known = {k: v for k, v in declared(Asking, Target, Sampling).items() if k != "until_decided"}
    chosen = chosen_in_python(sets, read(config), settings, known)
    check_model(chosen.one.model, chosen.aliases)
    return plan_of(chosen.asking, chosen.one, until)


def read(config: str | Path | None) -> ConfigFile:
    """The settings file that was named; without a name none is read. Raises `PlanError`."""
    return ConfigFile() if config is None else load(Path(config))


def chosen_in_python(
    sets: Sequence[str], file: ConfigFile, settings: Mapping[str, Any], known: Mapping[str, Declared]
) -> Chosen:
    """The settings that Python's keywords come to, over those of a file. Raises `PlanError`."""
    named = [str(s) for given in sets for s in ([given] if isinstance(given, str | Path) else given)]
    return choose(file, python({**settings, **({"sets": named} if named else {})}, known))


def plan_of(asking: Asking, run: RunOf, until: Until | None = None) -> Planned:
    """The plan of one run, from its settings. Raises `ProbeError`, `PlanError`."""
    target, sampling = run.target, run.sampling
    _check_address(target.base_url, target.api_key_env)
    if asking.profile is not None:
        if asking.sets or asking.kind or asking.options:
            raise PlanError("a profile chooses sets and kinds itself", "leave out the profile, or the sets, kinds and options")
        wanted = _of_profile(asking.profile, asking.n, asking.seed)
    else:
        wanted = _wanted(asking)
    form = AnswerForm(asking.answer)
    drawn = {k: getattr(sampling, k) for k in declared(Sampling) if k != "reply_tokens"}
    drawn |= {"thinking": Thinking(sampling.thinking), "thinking_marks": checked_marks(sampling.thinking_marks)}
    planned = make_plan(
        wanted,
        wordings(asking.wordings),
        model=run.model,
        base_url=target.base_url,
        api_key_env=target.api_key_env,
        repeats=asking.repeats,
        seed=asking.seed,
        sampling=lambda form: _sampling_plan(form, run.model, sampling.reply_tokens, drawn),
        answer=form,
        system=run.prompt.text,
        body=body_of(target.body),
        cluster=asking.cluster,
        until=until,
    )
    if until is not None:
        _check_until_plan(planned)
    return planned


def _wanted(asking: Asking) -> list[Wanted]:
    """What is asked of each kind: the named sets that suit it, or its own."""
    sets, kinds, n, seed = asking.sets, asking.kind, asking.n, asking.seed
    if not sets and not kinds:
        raise PlanError("no probe set was named", "name one, e.g. quick (`sycoprobe sets` lists them), or a kind or a profile")
    wanted = list(dict.fromkeys(kinds))
    if "all" in wanted:
        wanted = [DEFAULT_KIND, *(k.name for k in usable_kinds() if k.name != DEFAULT_KIND and k.sets)]
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
    by_kind = _by_kind(asking.options, list(groups))
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


def _by_kind(options: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Options by kind; those of a single kind may be given by name alone."""
    alone = {k: v for k, v in options.items() if not isinstance(v, Mapping)}
    if alone and len(kinds) > 1:
        raise PlanError(f"option {next(iter(alone))}: of which kind?", f"write KIND.NAME; this run has: {', '.join(kinds)}")
    found: dict[str, dict[str, Any]] = {k: dict(v) for k, v in options.items() if isinstance(v, Mapping)}
    if unknown := [k for k in found if k not in kinds]:
        raise PlanError(
            f"option {unknown[0]}.{next(iter(found[unknown[0]]), '')}: {unknown[0]!r} is not run",
            f"{meant(unknown[0], kinds)}this run has: {', '.join(kinds)}",
        )
    if alone:
        found.setdefault(kinds[0], {}).update(alone)
    return dict(found)


def _of_profile(profile: str, n: int | None, seed: int) -> list[Wanted]:
    chosen = Profile(profile)
    kinds = tuple(k.name for k in usable_kinds() if k.name != DEFAULT_KIND and k.sets)
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
            "base-url holds a user name or password, which would be journaled",
            "put the key into the environment and name it with api-key-env",
        )
    if api_key_env is not None:
        check_name(api_key_env)


def _sampling_plan(form: AnswerForm | None, model: str, reply_tokens: int | None, values: Mapping[str, Any]) -> SamplingPlan:
    if reply_tokens is None:
        return default_sampling(form, model, **values)
    return SamplingPlan(reply_tokens=reply_tokens, **values)


def until_decided(*rules: str, alpha: float = ALPHA, min_items: int = MIN_ITEMS) -> Until:
    """When a sequential run stops: as soon as each of these rules is decided. For the parameter `until` of `plan`.

    Parameters
    ----------
    rules: as for `gate`.
    alpha: error of the two-sided intervals, which hold wherever the run stops.
    min_items: with fewer items that count, a rule stays open.

    Raises
    ------
    GateError: there is no rule, or one cannot be read.
    """
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
                    f"rule {text!r}: the plan has no {by.value} {label!r}", f"it has: {', '.join(sorted(labels[by] - {''}))}"
                )


def check_until(planned: Planned, until: Until, baseline: Baseline | None, *, allow_mismatch: bool) -> None:
    """Find out before any call whether the rules of a sequential run can be judged at all."""
    if planned.parts[0].whole_sets():
        raise GateError(
            "sets from one template cannot be gated sequentially: their items are not independent", "run one of them"
        )
    check_clusters(planned)
    for text in until.rules:
        if read_rule(text).relative and baseline is None:
            raise GateError(
                f"rule {text!r} needs a baseline",
                "`sycoprobe bless RUN` writes sycoprobe-baseline.json, which is then found; name another file with `baseline`",
            )
    if baseline is not None:
        differences = baselines.mismatches(baseline.asked, Conditions.of(planned.plan), planned.plan.kinds)
        baselines.require_same(differences, f"the baseline of {baseline.run}", allow=allow_mismatch)


def _labels(planned: Planned, by: Slice) -> set[str]:
    """The labels that rules can name, of the items of a slice."""
    return {part.info_of(c).label(by) for part in planned.parts for c in part.conversations() if c.spec.repeat == 0}
