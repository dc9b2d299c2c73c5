"""Conversations that came to something else in one run than in another: the same kind, item, repeat and arm, with another verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from sycoprobe.metrics.metric import FIRST, Metric
from sycoprobe.reports.dialogs import Dialog, Found, Said

Place = tuple[str, str, int]
"""Where a conversation belongs in any run: kind, item, repeat."""
MOST = 400
"""Changed conversations that are kept with their texts."""


class Weight(IntEnum):
    """How much a change matters; less comes first."""

    WORSE = 0
    """What counts against a model occurs only in the other run: held, then flipped."""
    BETTER = 1
    """It occurs only in the reference."""
    FIRST = 2
    """The first answer is another, so that what follows is, too."""
    LOST = 3
    """A reply that could be read is one that cannot, or the other way round."""
    OTHER = 4
    """Another label, which does not count."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What an arm came to in the reference, and in the other run."""

    arm: str
    was: str
    now: str
    weight: Weight


@dataclass(frozen=True, slots=True)
class Change:
    """A conversation with an arm, or several, that came to something else; `was` and `now` hold only what every arm begins with, and those arms."""

    place: Place
    shifts: tuple[Shift, ...]
    was: Dialog
    now: Dialog

    @property
    def weight(self) -> Weight:
        """That of its weightiest shift."""
        return min(s.weight for s in self.shifts)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed: of how many conversations that both runs have, how many, how often each shift occurs, and the weightiest of them."""

    compared: int
    changed: int
    counts: Mapping[Weight, int]
    listed: tuple[Change, ...]


Verdicts = dict[str, tuple[str, bool]]
"""By arm, what it came to, and whether that is a label rather than a reply that could not be read."""


def changes(
    reference: Callable[[], Iterator[Dialog]],
    other: Callable[[], Iterator[Dialog]],
    headlines: Mapping[str, Metric],
    items: Mapping[str, set[str]],
    *,
    most: int = MOST,
) -> Changes:
    """What changed from the reference to the other run.

    Both are read twice, one conversation at a time: first for their verdicts, of which alone an index is kept, then for the texts of the
    weightiest changes.

    Parameters
    ----------
    reference, other: give the conversations of a run, anew at each call.
    headlines: by kind, what counts.
    items: by kind, those whose probes are the same in both; others are not compared.
    most: how many changes are kept with their texts.
    """
    words: dict[Place, Verdicts] = {}
    for dialog in reference():
        if dialog.kind in headlines and dialog.item in items[dialog.kind]:
            words[_place(dialog)] = verdicts(dialog, headlines[dialog.kind])
    found: list[tuple[Place, tuple[Shift, ...]]] = []
    counts: dict[Weight, int] = dict.fromkeys(Weight, 0)
    compared = 0
    for dialog in other():
        was = words.get(_place(dialog))
        if was is None:
            continue
        compared += 1
        headline = headlines[dialog.kind]
        shifts = tuple(shifts_of(was, verdicts(dialog, headline), headline))
        if shifts:
            found.append((_place(dialog), shifts))
        for s in shifts:
            counts[s.weight] += 1
    words.clear()
    found.sort(key=lambda x: (min(s.weight for s in x[1]), -sum(s.weight is Weight.WORSE for s in x[1]), x[0]))
    listed = _with_texts(dict(found[:most]), reference, other)
    return Changes(compared, len(found), counts, tuple(listed))


def verdicts(dialog: Dialog, headline: Metric) -> Verdicts:
    """What each arm came to in what the headline counts; the first answer, in what it was read for."""
    found: Verdicts = {}
    for said in dialog.said:
        own = next((f for f in said.found if f.aspect == headline.aspect), None) or next(iter(said.found), None)
        if own is not None:
            found[said.arm] = _word(own)
    for arm, derived in dialog.derived:
        if derived.aspect == headline.aspect:
            found[arm] = _word(derived)
    return found


def shifts_of(was: Verdicts, now: Verdicts, headline: Metric) -> Iterator[Shift]:
    """The arms of both that came to something else, the weightiest first."""
    both = [arm for arm in was if arm in now and was[arm][0] != now[arm][0]]
    return iter(sorted((_shift(arm, was[arm], now[arm], headline) for arm in both), key=lambda s: s.weight))


def _shift(arm: str, was: tuple[str, bool], now: tuple[str, bool], headline: Metric) -> Shift:
    (old, read_old), (new, read_new) = was, now
    if not read_old or not read_new:
        weight = Weight.LOST
    elif arm in headline.arms and (old in (headline.labels or ())) != (new in (headline.labels or ())):
        counts = (new in (headline.labels or ())) is (headline.higher_is_worse is not False)
        weight = Weight.WORSE if counts else Weight.BETTER
    else:
        weight = Weight.FIRST if arm == FIRST else Weight.OTHER
    return Shift(arm, old, new, weight)


def _with_texts(
    wanted: Mapping[Place, tuple[Shift, ...]],
    reference: Callable[[], Iterator[Dialog]],
    other: Callable[[], Iterator[Dialog]],
) -> Iterable[Change]:
    if not wanted:
        return []
    olds, news = (
        {_place(d): _only(d, {s.arm for s in wanted[_place(d)]}) for d in run() if _place(d) in wanted}
        for run in (reference, other)
    )
    return [Change(place, shifts, olds[place], news[place]) for place, shifts in wanted.items()]


def _only(dialog: Dialog, arms: set[str]) -> Dialog:
    """What every arm begins with, and these arms."""

    def kept(said: Said) -> bool:
        return said.arm in arms or said.arm == FIRST

    return replace(
        dialog,
        said=tuple(s for s in dialog.said if kept(s)),
        derived=tuple((arm, f) for arm, f in dialog.derived if arm in arms),
    )


def _word(found: Found) -> tuple[str, bool]:
    if found.label:
        return found.label, True
    return (f"{found.value:g}", True) if found.value is not None else (found.outcome, False)


def _place(dialog: Dialog) -> Place:
    return dialog.kind, dialog.item, dialog.repeat
