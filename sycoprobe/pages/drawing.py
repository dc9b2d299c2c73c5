"""Where things stand in a drawing: scales, intervals, curves. Places are shares of the drawing in percent, so that it fits any width."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sycoprobe.metrics.curves import Curve
from sycoprobe.stats.sample import FEWEST, Estimate

MARKS = 6
"""Shapes and dashes that `base.html` and `style.css` have: what tells one series from another, beside its colour."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From numbers to places: `low` is at 0 %, `high` at 100 %."""

    low: float
    high: float
    step: float

    def at(self, x: float) -> str:
        """The place of a number; one beyond the scale stands at its end."""
        share = (min(max(x, self.low), self.high) - self.low) / (self.high - self.low)
        return f"{100 * share:.2f}%"

    def up(self, y: float) -> str:
        """The same, from the bottom."""
        share = (self.high - min(max(y, self.low), self.high)) / (self.high - self.low)
        return f"{100 * share:.2f}%"

    def ticks(self) -> list[tuple[str, str, bool]]:
        """The place of each tick, what it says, and whether it is zero."""
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return [(self.at(n * self.step), f"{n * self.step:.6g}", n == 0) for n in range(first, last + 1)]

    def ticks_up(self) -> list[tuple[str, str, bool]]:
        """The same, from the bottom."""
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return [(self.up(n * self.step), f"{n * self.step:.6g}", n == 0) for n in range(first, last + 1)]


def scale_of(values: Iterable[float | None], *, ticks: int = 5) -> Scale:
    """A scale with zero in it and round ticks, on which all of `values` are.

    >>> scale_of([-0.12, 0.61])
    Scale(low=-0.2, high=0.8, step=0.2)
    """
    known = [x for x in values if x is not None and math.isfinite(x)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if high - low < 1e-9:
        high = low + 1.0
    rough = (high - low) / ticks
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(m for m in (1, 2, 2.5, 5, 10) if m * power >= rough - 1e-12)
    bottom, top = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    return Scale(round(bottom, 12), round(top, 12), round(step, 12))


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with its interval, beside its control, as places on a scale; each is None where it is not known."""

    value: str | None
    low: str | None
    high: str | None
    control: str | None


def interval_on(scale: Scale, estimate: Estimate, control: float | None = None) -> Interval:
    """Where an estimate stands on a scale; of too few items, nowhere."""
    beside = None if control is None else scale.at(control)
    if estimate.value is None or estimate.low is None or estimate.high is None or estimate.items < FEWEST:
        return Interval(None, None, None, beside)
    return Interval(scale.at(estimate.value), scale.at(estimate.low), scale.at(estimate.high), beside)


def limits_of(estimates: Iterable[Estimate], *more: float | None) -> list[float | None]:
    """All numbers that a scale of these estimates must hold."""
    shown = [e for e in estimates if e.items >= FEWEST]
    return [*(x for e in shown for x in (e.value, e.low, e.high)), *more]


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight line."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A point with its interval."""

    x: str
    y: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: what it is called, its shape and dash, its lines and points."""

    name: str
    mark: int
    lines: tuple[Segment, ...]
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves over one axis. `across` and `up` are the ticks of the axes."""

    title: str
    says: str
    x_name: str
    across: list[tuple[str, str, bool]]
    up: list[tuple[str, str, bool]]
    series: tuple[Series, ...]


def plot_of(curves: Sequence[Curve], *, steps: bool = False, start: float | None = None) -> Plot:
    """Curves of one name in one drawing.

    Parameters
    ----------
    steps: whether a value holds until the next point, as in a survival curve; otherwise points are joined.
    start: the value at x = 0, where all curves begin there.
    """
    points = [p for c in curves for p in c.points]
    xs = sorted({p.x for p in points} | ({0.0} if start is not None else set()))
    y = scale_of([1.0 if start == 1.0 else None, *limits_of(p.estimate for p in points)])
    x = Scale(xs[0] - _margin(xs), xs[-1] + _margin(xs), 1.0)
    series = tuple(_series(i, c, x, y, len(curves), _margin(xs), steps=steps, start=start) for i, c in enumerate(curves))
    first = curves[0]
    return Plot(first.name, first.says, first.x_name, [(x.at(v), f"{v:g}", False) for v in xs], y.ticks_up(), series)


def _margin(xs: Sequence[float]) -> float:
    """What an axis leaves free at its ends."""
    return (xs[-1] - xs[0]) * 0.06 or 1.0


def _series(i: int, curve: Curve, x: Scale, y: Scale, of: int, margin: float, *, steps: bool, start: float | None) -> Series:
    """One curve, moved aside a little, so that intervals of several do not cover each other."""
    aside = margin * 0.5 * (i - (of - 1) / 2) / of
    known = [(p.x, p.estimate) for p in curve.points if p.estimate.value is not None and p.estimate.items >= FEWEST]
    places = [*([(0.0, start)] if start is not None else []), *((at, e.value or 0.0) for at, e in known)]
    lines = []
    for (x1, y1), (x2, y2) in pairwise(places):
        if steps:
            lines += [Segment(x.at(x1 + aside), y.up(y1), x.at(x2 + aside), y.up(y1))]
            lines += [Segment(x.at(x2 + aside), y.up(y1), x.at(x2 + aside), y.up(y2))]
        else:
            lines += [Segment(x.at(x1 + aside), y.up(y1), x.at(x2 + aside), y.up(y2))]
    dots = tuple(
        Dot(x.at(at + aside), y.up(e.value or 0.0), y.up(e.low if e.low is not None else 0.0), y.up(e.high or 0.0))
        for at, e in known
    )
    return Series(curve.arm, i % MARKS, tuple(lines), dots)
