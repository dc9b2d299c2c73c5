"""What a reader must know beside the numbers: what was asked, of which model, what it cost, and what the gate said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sycoprobe.files import read_bytes
from sycoprobe.gating.decision import GateResult, RuleResult
from sycoprobe.jsontext import TextFault, read_json
from sycoprobe.money.spending import total_cost
from sycoprobe.pages.drawing import Interval, interval_on, limits_of, scale_of
from sycoprobe.pages.sections import TableShown, Ticks
from sycoprobe.reports.model import Report
from sycoprobe.stats.sample import Estimate
from sycoprobe.text import counted, dollars

GATE = "gate.json"
Facts = list[tuple[str, str]]


def plan_facts(report: Report) -> Facts:
    """What was asked, and how answers were drawn."""
    plan = report.plan
    s = plan.sampling
    found = [
        ("run", report.run),
        ("started", report.started.replace("T", " ")),
        ("kinds", ", ".join(plan.kinds)),
        ("size", f"{counted(plan.items, 'item')}, {counted(plan.conversations, 'conversation')}"),
        ("repeats", str(plan.repeats)),
        ("seed", str(plan.seed)),
        ("form of answers", plan.answer.value),
        ("temperature", "server default" if s.temperature is None else f"{s.temperature:g}"),
        ("length limit of a reply", f"{s.reply_tokens:,} tokens"),
        ("intervals hold for", "new templates too" if plan.cluster == "template" else "further items"),
    ]
    more = {"top p": s.top_p, "reasoning effort": s.effort, "log-probabilities": s.logprobs or None}
    found += [(name, str(value)) for name, value in more.items() if value is not None]
    if plan.system is not None:
        found.append(("system prompt", plan.system))
    return found


def model_facts(report: Report) -> Facts:
    """Which model answered, as far as its server says."""
    seen = ", ".join(f"{name} ({counted(n, 'reply')})" for name, n in report.models_seen.items())
    found = [("model, as asked for", report.plan.model), *([("model, as served", seen)] if seen else [])]
    for name in ("model", "sha256", "digest", "server", "quantization"):
        value = report.model.get(name)
        if isinstance(value, str) and value:
            found.append((name, value))
    found += [(f"version of {name}", said) for name, said in report.versions.items()]
    return found


def hashes(report: Report) -> TableShown:
    """What was asked, by name, version and digest."""
    rows = [
        ((s.info.name, None), (s.info.version, None), (str(s.chosen), s.chosen), (s.digest, None)) for s in report.plan.sets
    ]
    rows.append((("wordings", None), (report.plan.wordings_version, None), ("", 0), (report.plan.wordings_digest, None)))
    columns = (("set", False), ("version", False), ("items", True), ("SHA-256", False))
    return TableShown("Sets and wordings", columns, tuple(rows))


def status_facts(report: Report) -> Facts:
    """What was asked of what was planned, and what it used."""
    s = report.status
    used = report.usage
    found = [
        ("conversations", f"{s.conversations_done:,} of {s.conversations_planned:,}"),
        ("calls", f"{s.calls:,}"),
        ("failed calls", ", ".join(f"{n} {kind}" for kind, n in s.error_kinds.items()) or "none"),
        ("tokens in", f"{used.get('prompt_tokens', 0):,}"),
        ("tokens out", f"{used.get('completion_tokens', 0):,}"),
        ("cost", "no price is known" if report.cost is None else dollars(report.cost)),
    ]
    if report.price is not None and report.price.get("source"):
        found.append(("price from", str(report.price["source"])))
    return found


def spending(report: Report) -> TableShown | None:
    """Calls, tokens and dollars by arm and model; None where nothing was paid."""
    if not report.cost:
        return None
    columns = (("arm", False), ("model", False), ("calls", True), ("tokens in", True), ("tokens out", True), ("cost", True))
    rows = tuple(
        (
            (f"{row.kind} {row.arm}".strip(), None),
            (row.model, None),
            *((f"{n:,}", n) for n in (row.calls, row.prompt_tokens, row.completion_tokens)),
            ("–" if row.cost is None else dollars(row.cost), row.cost or 0.0),
        )
        for row in report.spending
    )
    total = total_cost(report.spending)
    return TableShown("Usage, resumes included", columns, rows, None if total is None else f"All together: {dollars(total)}.")


class Decided:
    """What a gate said of the run, for `gate.html`."""

    def __init__(self, result: GateResult, notes: list[str], model: str = "") -> None:
        self.result = result
        self.notes = notes
        self.model = model
        self.scale = scale_of(limits_of([_estimate(r) for r in result.rules], *(r.bound for r in result.rules)))

    @property
    def ticks(self) -> Ticks:
        """Of the scale that all rules stand on."""
        return self.scale.ticks()

    def place(self, rule: RuleResult) -> Interval:
        """Where its number stands, and as control its limit."""
        return interval_on(self.scale, _estimate(rule), rule.bound)


def _estimate(rule: RuleResult) -> Estimate:
    return Estimate(rule.value, rule.low, rule.high, rule.items, rule.trials, rule.method)


def decided(folder: Path | None, report: Report | None) -> Decided | None:
    """The gate's decision: that of `gate.json` beside the run, else that of a sequential run; None where there is none, or it cannot be read."""
    if folder is not None:
        try:
            data: Any = read_json(read_bytes(folder / GATE))
            return Decided(GateResult.model_validate(data["result"]), [str(n) for n in data.get("notes", [])])
        except (OSError, TextFault, ValidationError, KeyError, TypeError, AttributeError):
            pass
    if report is not None and report.decision is not None:
        return Decided(report.decision, [])
    return None
