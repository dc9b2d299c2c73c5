"""What can be said of a rule before its run is known."""

from __future__ import annotations

from dataclasses import replace

from sycoprobe.errors import GateError
from sycoprobe.gating.rules import Stated, read_rule
from sycoprobe.metrics.metric import Metric
from sycoprobe.names import meant
from sycoprobe.planning.legacy import DEFAULT_KIND
from sycoprobe.sets.load import kind_named, kind_names, usable_kinds


def check_rule(text: str) -> Stated:
    """The rule that `text` states, as far as it can be checked before its run is known. Raises `GateError`.

    Without a kind's name, it must name a metric that some installed kind has by default.
    """
    stated = read_rule(text)
    if stated.kind is not None and stated.kind not in kind_names():
        raise GateError(
            f"rule {text!r}: no probe kind {stated.kind!r}",
            f"{meant(stated.kind, kind_names())}kinds: {', '.join(kind_names())}",
        )
    kind = stated.kind or next(iter(kinds_having(stated.name)), DEFAULT_KIND)
    metrics = metrics_of(kind)
    if any(m.name == stated.name for m in metrics):
        # Which arms there are depends on the run's settings.
        replace(stated, where=()).of(kind, metrics)
    elif stated.kind is None or stated.kind == DEFAULT_KIND:
        raise stated.unknown("metric", [m.name for m in metrics])
    return stated


def kinds_having(metric: str) -> list[str]:
    """The kinds that have a metric of this name by default, the default kind first."""
    having = [k.name for k in usable_kinds() if any(m.name == metric for m in k.every_metric(k.settings_model()))]
    return sorted(having, key=lambda name: name != DEFAULT_KIND)


def metrics_of(kind: str) -> tuple[Metric, ...]:
    """The metrics that a kind has by default."""
    found = kind_named(kind)
    return found.every_metric(found.settings_model())
