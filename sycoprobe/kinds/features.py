"""What can be done with a kind: the matrix in docs/kinds.md, told by the kinds themselves."""

from __future__ import annotations

from collections.abc import Callable

from sycoprobe.kinds.base import KindSettings, ProbeKind
from sycoprobe.kinds.powers import rubrics_of

YES = "yes"
"""It works; any other entry says in a few words why it does not."""


def features_of(kind: ProbeKind) -> dict[str, str]:
    """By feature, `yes`, or why this kind does not have it, with its default settings."""
    settings = kind.settings_model()
    headline = kind.headline(settings)

    def everywhere(_kind: ProbeKind, _settings: KindSettings) -> str:
        return YES

    features: dict[str, Callable[[ProbeKind, KindSettings], str]] = {
        "live and batched runs, caps, resume, replay, score": everywhere,
        "prompt-cache marks": lambda k, s: YES if follows(k) else "no turn follows another",
        "gate: absolute and relative rules, slices": everywhere,
        "JUnit, SARIF, … per probe": everywhere,
        "baseline, compare, A/A": everywhere,
        "plan: smallest effect": lambda k, s: YES if headline.labels is not None else "its headline is an average of ratings",
        "--until-decided": lambda k, s: "all but judged metrics" if any(m.judged for m in k.metrics(s)) else YES,
        "--logprobs: belief shift": lambda k, s: YES if k.asks_in_form else "asks no question in the run's form",
        "judges": lambda k, s: YES if rubrics_of(k) else "rules read all of it",
    }
    return {name: told(kind, settings) for name, told in features.items()}


def follows(kind: ProbeKind) -> bool:
    """Whether turns of this kind follow one another, so that they share a beginning."""
    return type(kind).then is not ProbeKind.then
