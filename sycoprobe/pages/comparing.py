"""The page of a comparison: paired differences drawn and told, and the conversations that changed, side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sycoprobe.gating.comparing import Compared, Comparison, Difference
from sycoprobe.pages.conversation import Exchange, Reader, Verdict
from sycoprobe.pages.drawing import Interval, interval_on, limits_of, scale_of
from sycoprobe.pages.rendering import rendered, trusted, write_page
from sycoprobe.pages.sections import Ticks
from sycoprobe.reports.changed import Change, Changes, Weight
from sycoprobe.text import counted, probability

MOST = 1_200_000
"""Bytes of conversations that the page holds."""
TOLD = {
    Weight.WORSE: "counts against the other run only",
    Weight.BETTER: "counts against the reference only",
    Weight.FIRST: "another first answer",
    Weight.LOST: "read in one run only",
    Weight.OTHER: "another verdict, which does not count",
}
BRIEF = {"regressive_flip": "gave up", "progressive_flip": "corrected", "lateral_flip": "another wrong answer"}
"""What verdicts are called where two stand in one line."""
TONES = {Weight.WORSE: "bad", Weight.BETTER: "good"}


@dataclass(frozen=True, slots=True)
class DifferenceShown:
    """A difference: its name, the numbers of both runs, where it stands, and whether it is clear."""

    name: str
    reference: str
    value: str
    shown: str
    place: Interval
    items: int
    p: str
    clear: bool


@dataclass(frozen=True, slots=True)
class RunShown:
    """A run against the reference."""

    run: str
    model: str
    rows: tuple[DifferenceShown, ...]
    ticks: Ticks
    told: str
    counts: tuple[tuple[str, int, str], ...]
    changes: tuple[object, ...]


Told = tuple[tuple[Exchange, ...], tuple[Verdict, ...]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A conversation of both runs, for the template.

    Attributes
    ----------
    id: of its element: the end of its link.
    words: `ARM=WAS→NOW` for each arm that changed.
    brief: for the summary: each shift, in how many arms or in which, and the tone.
    arms: by arm, the exchanges and what is derived from them, in the reference and in the other run.
    """

    id: str
    kind: str
    item: str
    repeat: int
    words: str
    right: str | None
    pushed: str | None
    brief: tuple[tuple[str, str, str], ...]
    arms: tuple[tuple[str, Told, Told], ...]


def write_comparison(
    file: Path, found: Comparison, changed: Sequence[Changes], readers: Sequence[Mapping[str, Reader]]
) -> None:
    """Write the page of a comparison to `file`.

    Parameters
    ----------
    changed: for each run that is compared, what changed from the reference.
    readers: by kind, what turns the conversations of a run into what a page shows; the reference's first.

    Raises `ReportError`.
    """
    arms: dict[str, None] = {}
    verdicts: dict[str, None] = {}
    kinds: dict[str, None] = {}
    shown = []
    room = MOST
    for run, of, reader in zip(found.runs, changed, readers[1:], strict=True):
        texts: list[object] = []
        for change in of.listed:
            pair = _pair(run.run, change, readers[0], reader)
            text = "".join(rendered("changed.html", p=pair, reference=found.reference, other=run.run, many=len(found.runs) > 1))
            room -= len(text.encode("utf-8", "replace"))
            if room < 0:
                break
            texts.append(trusted(text))
            kinds[change.place[0]] = None
            arms |= dict.fromkeys(s.arm for s in change.shifts)
            verdicts |= dict.fromkeys(f"{s.was}→{s.now}" for s in change.shifts)
        shown.append(_run(found, run, of, texts))
    filters = {
        "kinds": list(kinds),
        "verdicts": [(_token(x), _words(x)) for x in verdicts],
        "arms": [(a, a.replace("_", " ")) for a in arms],
    }
    write_page(file, rendered("compare.html", found=found, runs=shown, filters=filters, level=f"{100 * (1 - found.alpha):g} %"))


def _run(found: Comparison, run: Compared, of: Changes, texts: Sequence[object]) -> RunShown:
    scale = scale_of(limits_of(d.difference for d in run.differences), ticks=4)
    several = len({d.kind for d in run.differences}) > 1
    rows = []
    for d in run.differences:
        name = (f"{d.kind}: {d.metric}" if several else d.metric).replace("_", " ")
        rows.append(
            DifferenceShown(
                name,
                _rate(d.reference),
                _rate(d.value),
                _said(d),
                interval_on(scale, d.difference),
                d.difference.items,
                probability(d.p_holm),
                d.clear(found.alpha),
            )
        )
    told = f"{of.changed:,} of {counted(of.compared, 'conversation')} that both runs have came to something else."
    if len(texts) < of.changed:
        told += f" Here stand the {len(texts):,} that matter most."
    counts = tuple((TOLD[w], n, TONES.get(w, "open" if w is Weight.LOST else "plain")) for w, n in of.counts.items() if n)
    return RunShown(run.run, run.model, tuple(rows), scale.ticks(), told, counts, tuple(texts))


def _pair(run: str, change: Change, old: Mapping[str, Reader], new: Mapping[str, Reader]) -> Pair:
    kind, item, repeat = change.place
    was, now = old[kind].shown(change.was), new[kind].shown(change.now)
    later = {arm: (said, derived) for arm, said, derived in now.arms}
    return Pair(
        id=f"{was.id}-{hashlib.sha256(run.encode('utf-8', 'replace')).hexdigest()[:6]}",
        kind=kind,
        item=item,
        repeat=repeat,
        words=" ".join(f"{_token(s.arm)}={_token(f'{s.was}→{s.now}')}" for s in change.shifts),
        right=was.right,
        pushed=was.pushed,
        brief=_brief(change),
        arms=tuple((arm, (said, derived), later.get(arm, ((), ()))) for arm, said, derived in was.arms),
    )


def _brief(change: Change) -> tuple[tuple[str, str, str], ...]:
    """Each shift once, with its arms."""
    by: dict[tuple[str, str], list[str]] = {}
    for s in change.shifts:
        by.setdefault((_words(f"{s.was}→{s.now}"), TONES.get(s.weight, "plain")), []).append(s.arm.replace("_", " "))
    return tuple((said, ", ".join(arms), tone) for (said, tone), arms in by.items())


def _words(shift: str) -> str:
    """`held→regressive_flip` as people say it."""
    was, _, now = shift.partition("→")
    return f"{_told(was)} → {_told(now)}"


def _told(label: str) -> str:
    return BRIEF.get(label, label.replace("_", " "))


def _token(text: str) -> str:
    return "_".join(text.replace("=", "_").split())


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:z.2f}"


def _said(d: Difference) -> str:
    return d.difference.shown(2, sign="+")
