"""From a run that was scored to the record of it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import Any

from sycoprobe import __version__
from sycoprobe import journal as journals
from sycoprobe.extract.types import Outcome
from sycoprobe.gating.decision import GateResult
from sycoprobe.jsontext import writable_json
from sycoprobe.planning import Part, Plan
from sycoprobe.reports.build import Judged
from sycoprobe.reports.card import CARD_VERSION, Card, rounded, sealed, sha256_of
from sycoprobe.reports.model import MetricResult, Report, Section
from sycoprobe.stats.sample import Estimate

_UNREAD = (Outcome.UNPARSED, Outcome.CUT_OFF, Outcome.THINKING_ONLY)
_NOT_TOLD = ("model", "base_url", "notes")
"""Facts of a backend that are told elsewhere, or may name a private server."""


def card_of(judged: Judged, decision: dict[str, Any] | None) -> Card:
    """The record of a run; `decision` as `decision_record` gives it."""
    report, plan = judged.report, judged.contents.plan
    ends = journals.interruptions(judged.contents)
    record = {
        "card_version": CARD_VERSION,
        "run": report.run,
        "started": report.started,
        "ended": str(ends[-1].get("at")) if ends and ends[-1].get("at") else None,
        "complete": report.status.complete,
        "instrument": _instrument(report, plan),
        "model": _model(report, plan),
        "kinds": [_kind(part, report.kinds[part.kind], judged.fingerprints[part.kind]) for part in plan.parts],
        "decision": decision,
        "cost": {
            "usd": rounded(report.cost),
            "price": report.price.get("source") if report.price else None,
            "calls": report.status.calls,
            "prompt_tokens": report.usage.get("prompt_tokens", 0),
            "completion_tokens": report.usage.get("completion_tokens", 0),
        },
    }
    return sealed(writable_json(record))


def decision_record(result: GateResult, runs: tuple[str, ...], baseline: str | None) -> dict[str, Any]:
    """A gate's decision as a record holds it."""
    return {
        "decision": result.decision.value,
        "alpha": result.alpha,
        "min_items": result.min_items,
        "anytime": result.anytime,
        "rules": [
            {
                "rule": f"{r.rule} ({r.run})" if r.run else r.rule,
                "decision": r.decision.value,
                "value": rounded(r.value),
                "low": rounded(r.low),
                "high": rounded(r.high),
                "items": r.items,
            }
            for r in result.rules
        ],
        "runs": list(runs),
        "baseline": baseline,
    }


def _instrument(report: Report, plan: Plan) -> dict[str, Any]:
    return {
        "asked_by": report.versions.get("sycoprobe", "not known"),
        "read_by": __version__,
        "wordings_version": plan.wordings_version,
        "wordings_sha256": plan.wordings_digest,
        "answer": plan.answer.value,
        "repeats": plan.repeats,
        "seed": str(plan.seed),
        "sampling": plan.sampling.model_dump(mode="json", exclude={"reply_tokens_from"}),
        "cluster": plan.cluster,
        "sequential": plan.until is not None,
    }


def _model(report: Report, plan: Plan) -> dict[str, Any]:
    facts = {k: v for k, v in report.model.items() if k not in _NOT_TOLD and (v is None or isinstance(v, str | int | float))}
    return {
        "named": re.sub(r"^(local:)(?!hf:).*[/\\]", r"\1", plan.model),
        "served": report.models_seen,
        "upstreams": report.upstreams_seen,
        "facts": facts,
        "system_sha256": None if plan.system is None else hashlib.sha256(plan.system.encode()).hexdigest(),
        "body_sha256": sha256_of(plan.body) if plan.body else None,
    }


def _kind(part: Part, section: Section, fingerprints: dict[str, str]) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "kind_version": part.kind_version,
        "settings_sha256": sha256_of(part.settings),
        "sets": [
            {
                "name": s.info.name,
                "version": s.info.version,
                "digest": s.digest,
                "shipped": s.path is None,
                "chosen": s.chosen,
                "available": s.available,
            }
            for s in part.sets
        ],
        "items_sha256": sha256_of(fingerprints),
        "conclusion": section.conclusion,
        "replies": _replies(section.counts),
        "estimates": {name: _number(m) for name, m in section.metrics.items()},
        "judges": [j.model_dump(mode="json") for j in section.judges],
    }


def _number(m: MetricResult) -> dict[str, Any]:
    e = m.estimate
    return {
        "value": rounded(e.value),
        "low": rounded(e.low),
        "high": rounded(e.high),
        "items": e.items,
        "replies": e.trials,
        "reason": e.reason,
        "says": m.says,
        "headline": m.headline,
        "corrected": _figures(m.corrected),
    }


def _figures(e: Estimate | None) -> list[float | None] | None:
    return None if e is None or e.value is None else [rounded(e.value), rounded(e.low), rounded(e.high)]


def _replies(counts: dict[str, dict[str, int]]) -> dict[str, Any]:
    """What became of each reply, by the aspect that most replies of its turn were read for; what is derived is no reply."""
    turns: dict[str, Counter[str]] = {}
    for place, labels in counts.items():
        turn = place.partition(" ")[0]
        found = Counter(labels)
        if turn.rpartition(".")[2].isdigit() and found.total() > turns.get(turn, Counter()).total():
            turns[turn] = found
    all_: Counter[str] = sum(turns.values(), Counter())
    n, refused, hedged = all_.total(), all_[Outcome.REFUSED], all_[Outcome.AMBIGUOUS]
    unread = sum(all_[o] for o in _UNREAD)
    return {
        "replies": n,
        "refused": refused,
        "hedged": hedged,
        "unread": unread,
        "failed": all_[Outcome.ERROR],
        "abstained": rounded((refused + hedged) / n) if n else None,
        "unread_share": rounded(unread / n) if n else None,
    }
