"""Runs of a board: what each asked and found, which may be ranked with which, and which are one model's over time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sycoprobe.gating.baselines import Conditions, digest_of_text
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.paired import paired_sample
from sycoprobe.metrics.table import Table
from sycoprobe.planning import Part, Plan
from sycoprobe.stats.sample import Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What a run found with one kind on one set.

    Attributes
    ----------
    run, page: the run's name, and the link to its page.
    model: as the user named it.
    system: the digest of its system prompt; None: it has none.
    started: when, in ISO 8601.
    kind, set_name, set_version, items: what was asked, and of how many items.
    asked: digest of all that decides what is asked; entries with the same one may be ranked together.
    table: its readings of that kind and set.
    metrics: of the kind.
    why_not: why it cannot be ranked; empty: it can.
    decision: what the gate said of the run; empty: nothing.
    """

    run: str
    page: str
    model: str
    system: str | None
    started: str
    kind: str
    set_name: str
    set_version: str
    items: int
    asked: str
    table: Table
    metrics: Sequence[Metric]
    why_not: str = ""
    decision: str = ""

    @property
    def headline(self) -> Metric:
        """The metric to look at first."""
        return next(m for m in self.metrics if m.headline)

    @property
    def subject(self) -> tuple[str, str | None]:
        """Who answered: the model, and under which system prompt."""
        return self.model, self.system

    @property
    def name(self) -> str:
        """The subject in words."""
        return self.model if self.system is None else f"{self.model} (system prompt {self.system[:6]})"


def asked_digest(plan: Plan, part: Part, set_name: str, probes: Mapping[str, str], judges: Iterable[str] = ()) -> str:
    """A digest of all that decides what is asked of one kind and set: its probes one by one, their settings and wordings, and how answers are drawn.

    The model is no part of it, nor what belongs to the assistant: its system prompt, and a limit on replies that nobody chose.

    Parameters
    ----------
    probes: by item, the fingerprint of its probe.
    judges: who judged with which rubric.
    """
    conditions = Conditions.of(plan)
    of = conditions.part(part.kind)
    besides = {"system"} if plan.sampling.reply_tokens_from == "user" else {"system", "reply_tokens"}
    told = {
        "kind": part.kind,
        "version": of.kind_version if of else None,
        "settings": of.settings if of else {},
        "wordings": conditions.wordings_digest,
        "plan": {k: v for k, v in conditions.plan.items() if k not in besides},
        "cluster": plan.cluster,
        "probes": sorted((i, f) for i, f in probes.items() if i.rpartition("/")[0] == set_name),
        "judges": sorted(judges),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode("utf-8", "replace")).hexdigest()[:12]


def system_digest(plan: Plan) -> str | None:
    """The digest of a plan's system prompt."""
    return digest_of_text(plan.system)


def groups(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Entries that asked the same, by kind and set, the largest group of each first; within a group by date."""
    by: dict[tuple[str, str, str], list[Entry]] = {}
    for e in entries:
        by.setdefault((e.kind, e.set_name, e.asked), []).append(e)
    ordered = sorted(by.items(), key=lambda x: (x[0][0], x[0][1], -len(x[1]), x[0][2]))
    return [sorted(found, key=lambda e: (e.started, e.run)) for _, found in ordered]


def latest(group: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Of each model the latest run that can be ranked; and the runs that cannot be."""
    newest: dict[tuple[str, str | None], Entry] = {}
    for e in group:
        if not e.why_not:
            newest[e.subject] = e
    return list(newest.values()), [e for e in group if e.why_not]


def series(group: Sequence[Entry]) -> list[list[Entry]]:
    """The runs of each model, in the order of their dates."""
    by: dict[tuple[str, str | None], list[Entry]] = {}
    for e in group:
        by.setdefault(e.subject, []).append(e)
    return list(by.values())


def change_since(now: Entry, before: Entry) -> Estimate:
    """The headline of a run less that of the run before it, paired."""
    return paired_sample(now.table, before.table, now.headline).estimate()
