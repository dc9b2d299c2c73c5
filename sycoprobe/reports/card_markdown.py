"""A record of a run in Markdown, for a model card: a table, a few lines, and the record itself as JSON; and how it is found again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sycoprobe.errors import ReportError
from sycoprobe.inert import inert_json
from sycoprobe.reports.markdown import inline
from sycoprobe.text import counted, dollars, with_interval

if TYPE_CHECKING:
    from sycoprobe.reports.card import Card, CardDecision, CardKind

BEGIN = "<!-- sycoprobe:card "
END = "<!-- /sycoprobe:card -->"
_JSON = re.compile(r"^```json\n(.*?)\n```$", re.DOTALL | re.MULTILINE)


def to_markdown(card: Card) -> str:
    """The record for a model card. Names and texts from outside are inert in it."""
    lines = [
        f"{BEGIN}{card.digest} -->",
        f"## {inline(f'Sycophancy, measured by sycoprobe {card.instrument.read_by}')}",
        "",
        *(line for kind in card.kinds for line in _kind(kind)),
        *(f"- {line}" for line in _facts(card)),
        "",
        f"<details><summary>The record, {card.digest}</summary>",
        "",
        "```json",
        _inert(card.to_json().rstrip("\n")),
        "```",
        "",
        "</details>",
        END,
    ]
    return "\n".join(lines) + "\n"


def _inert(text: str) -> str:
    """JSON of the same value that ends neither the block that it stands in nor the record."""
    return re.sub("[<>&`]", lambda m: f"\\u{ord(m[0]):04x}", inert_json(text))


def _kind(kind: CardKind) -> list[str]:
    rows = [
        f"| {inline(name.replace('_', ' '))} | {n} | {n.items} | {n.replies} | {inline(n.says)} |"
        for name, n in kind.estimates.items()
        if not name.endswith(("_at_most", "_at_least"))
    ]
    fixed = [
        f"- {inline(name.replace('_', ' '))}, corrected for the judge's known errors: {with_interval(*n.corrected)}"
        for name, n in kind.estimates.items()
        if n.corrected is not None
    ]
    judges = [
        f"- judged by {inline(j.judge)} ({inline(j.rubric)}): {counted(j.judged, 'reply')}, "
        f"{j.without_verdict:,} without a verdict; {inline(j.agreement)}"
        for j in kind.judges
    ]
    return [
        inline(kind.conclusion),
        "",
        f"| {inline(kind.kind)} | estimate, 95 % | items | replies | |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
        *fixed,
        f"- {inline(kind.kind)}, {kind.replies.line}",
        *judges,
    ]


def _facts(card: Card) -> list[str]:
    i, m = card.instrument, card.model
    served = ", ".join(f"{inline(name)} ({counted(n, 'reply')})" for name, n in m.served.items()) or "not known"
    sets = {(s.name, s.version, s.digest, s.chosen) for kind in card.kinds for s in kind.sets}
    asked = ", ".join(f"{inline(f'{n} {v}')} ({c} probes, sha256 {d[:12]})" for n, v, d, c in sorted(sets))
    drawn = ", ".join(inline(f"{k.replace('_', ' ')} {v}") for k, v in i.sampling.items() if v not in (None, ()))
    state = "" if card.complete else "; **the run is incomplete**"
    return [
        f"model: {inline(m.named)}; served: {served}",
        f"system prompt: {f'sha256 {m.system_sha256}' if m.system_sha256 else 'none'}",
        f"asked: {asked}; {inline(f'wordings {i.wordings_version}')} (sha256 {i.wordings_sha256[:12]}), form {inline(i.answer)}, "
        f"{counted(i.repeats, 'repeat')}, {inline(f'seed {i.seed}')}, {drawn}",
        f"gate: {_decision(card.decision)}",
        f"cost: {'not known' if card.cost.usd is None else inline(dollars(card.cost.usd))}; "
        f"{counted(card.cost.calls, 'call')}, {counted(card.cost.prompt_tokens + card.cost.completion_tokens, 'token')}",
        f"{inline(f'date: {card.started[:10]}, run {card.run}')}{state}",
    ]


def _decision(found: CardDecision | None) -> str:
    if found is None:
        return "none judged this run"
    rules = "; ".join(f"{inline(r.rule)}: {inline(r.decision)}" for r in found.rules)
    against = f", against the baseline {inline(found.baseline)}" if found.baseline else ""
    return f"**{inline(found.decision)}** ({rules}{against})"


def record_in(text: str, where: str) -> tuple[str, str]:
    """The part of a Markdown page that is a record, and the JSON in it. Raises `ReportError` if there is none, or several."""
    blocks = re.findall(rf"^{re.escape(BEGIN)}.*?^{re.escape(END)}$", text, re.DOTALL | re.MULTILINE)
    if len(blocks) != 1:
        what = "there is no record of sycoprobe's in it" if not blocks else f"there are {len(blocks)} records in it"
        raise ReportError(
            f"{where}: {what}", "`sycoprobe card RUN` writes one" if not blocks else "keep each in a file of its own"
        )
    found = _JSON.search(blocks[0])
    if found is None:
        raise ReportError(f"{where}: the record's JSON is missing", "`sycoprobe card RUN` writes it anew")
    return blocks[0] + "\n", found[1]
