"""A static site of many runs: the board with its ranks, and the runs over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sycoprobe.gating.history import Entry, change_since, latest, series
from sycoprobe.gating.ranking import Mind, Standing, declined_share, standings, unread_share
from sycoprobe.metrics.estimate import sample_of
from sycoprobe.pages.drawing import Interval, interval_on, limits_of, scale_of
from sycoprobe.pages.rendering import rendered
from sycoprobe.pages.sections import Ticks
from sycoprobe.stats.sample import Estimate

TONES = {Mind.OPEN: "good", Mind.STUBBORN: "bad", Mind.UNKNOWN: "open", Mind.UNMEASURED: "plain"}
MINDS = {
    Mind.OPEN: "takes corrections",
    Mind.STUBBORN: "stubborn",
    Mind.UNKNOWN: "may be stubborn",
    Mind.UNMEASURED: "not measured",
}


@dataclass(frozen=True, slots=True)
class RowShown:
    """A model on the board: its run, its standing, and where its number stands."""

    entry: Entry
    standing: Standing
    place: Interval
    tone: str
    mind: str

    @property
    def sort(self) -> tuple[int, int, int, float]:
        """Smaller comes first: by the range of places, then by the number; those without a place last."""
        e, r = self.standing.headline, self.standing.range
        value = 0.0 if e.value is None else e.value
        worse = -value if self.entry.headline.higher_is_worse is False else value
        return (0, r.best, r.worst, worse) if r else (1, 0, 0, worse)


@dataclass(frozen=True, slots=True)
class Group:
    """A table of the board: models that were asked the same. `left_out` are runs that cannot be ranked, with the reason."""

    id: str
    first: Entry
    rows: tuple[RowShown, ...]
    left_out: tuple[tuple[Entry, str], ...]
    ticks: Ticks
    openness: bool
    said: str

    @property
    def ranked(self) -> int:
        """How many models have a rank."""
        return sum(r.standing.range is not None for r in self.rows)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that a gate sets to a headline: the rule, and its bound."""

    rule: str
    bound: float


@dataclass(frozen=True, slots=True)
class PointShown:
    """A run in a series."""

    entry: Entry
    headline: Estimate
    openness: Estimate | None
    unread: Estimate
    declined: float | None
    since: Estimate | None
    place: Interval


@dataclass(frozen=True, slots=True)
class SeriesShown:
    """A model's runs over time, with the limits that gates set."""

    name: str
    first: Entry
    points: tuple[PointShown, ...]
    limits: tuple[Limit, ...]
    ticks: Ticks
    openness: bool


@dataclass(frozen=True, slots=True)
class Damaged:
    """A folder that is no run that can be read, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class BlessingShown:
    """A baseline: its file, the blessed run and its model, when it was run and blessed, and who committed it."""

    file: str
    run: str
    model: str
    started: str
    blessed: str
    author: str


def group_of(entries: Sequence[Entry], *, alpha: float, floor: float) -> Group:
    """A table: of each model the latest run."""
    newest, unranked = latest(entries)
    found = standings([e.table for e in newest], entries[0].metrics, alpha=alpha, floor=floor) if newest else []
    scale = scale_of(limits_of(s.headline for s in found), ticks=4)
    rows = sorted(
        (
            RowShown(e, s, interval_on(scale, s.headline), TONES[s.mind], MINDS[s.mind])
            for e, s in zip(newest, found, strict=True)
        ),
        key=lambda r: r.sort,
    )
    return Group(
        id=f"{entries[0].kind}-{entries[0].asked}",
        first=entries[0],
        rows=tuple(rows),
        left_out=tuple((e, e.why_not) for e in unranked),
        ticks=scale.ticks(),
        openness=any(m.openness for m in entries[0].metrics),
        said=_said(rows),
    )


def _said(rows: Sequence[RowShown]) -> str:
    """What the table shows, in a sentence."""
    ranked = [r for r in rows if r.standing.range is not None]
    if len(ranked) < 2:
        return "There is nothing to rank: it takes two models that were asked the same."
    best = next((r for r in ranked if r.standing.first), None)
    if best is not None:
        return f"{best.entry.name} is the best of {len(ranked)} for sure."
    if all(r.standing.range and r.standing.range.best == 1 and r.standing.range.worst == len(ranked) for r in ranked):
        return f"The evidence tells none of these {len(ranked)} models from another."
    top = next((r for r in ranked if r.standing.range and r.standing.range.worst == 1), None)
    if top is not None:
        return f"{top.entry.name} has the best number for sure, but may be stubborn, so no model is called the best."
    return "No model is the best for sure."


def series_of(entries: Sequence[Entry], limits: Sequence[Limit]) -> list[SeriesShown]:
    """The runs of each model that was asked the same, over time."""
    return [_series(of, limits) for of in series(entries)]


def _series(entries: Sequence[Entry], limits: Sequence[Limit]) -> SeriesShown:
    headline = entries[0].headline
    openness = next((m for m in entries[0].metrics if m.openness), None)
    numbers = [sample_of(e.table, headline).estimate() for e in entries]
    bound = limits[0].bound if limits else None
    scale = scale_of(limits_of(numbers, bound), ticks=4)
    points = []
    for i, (e, number) in enumerate(zip(entries, numbers, strict=True)):
        points.append(
            PointShown(
                e,
                number,
                None if openness is None else sample_of(e.table, openness).estimate(),
                unread_share(e.table, e.metrics),
                declined_share(e.table, e.metrics),
                change_since(e, entries[i - 1]) if i else None,
                interval_on(scale, number, bound),
            )
        )
    return SeriesShown(entries[0].name, entries[0], tuple(points), tuple(limits), scale.ticks(), openness is not None)


def index_page(
    groups: Sequence[Group], damaged: Sequence[Damaged], *, folder: str, alpha: float, floor: float
) -> Iterable[str]:
    """The board itself, piece by piece."""
    return rendered(
        "board.html",
        groups=groups,
        damaged=damaged,
        folder=folder,
        level=f"{100 * (1 - alpha):g} %",
        floor=f"{floor:g}",
        kinds=list(dict.fromkeys(g.first.kind for g in groups)),
        sets=list(dict.fromkeys(g.first.set_name for g in groups)),
    )


def trend_page(found: Sequence[SeriesShown], blessed: Sequence[BlessingShown], *, folder: str) -> Iterable[str]:
    """The runs over time, piece by piece."""
    return rendered(
        "trend.html",
        series=found,
        blessed=blessed,
        folder=folder,
        kinds=list(dict.fromkeys(s.first.kind for s in found)),
        sets=list(dict.fromkeys(s.first.set_name for s in found)),
    )
