"""The tables of a reproduction, as plain texts: each of the paper's measures with ours beside it, model by model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sycoprobe.reproducing.result import Figure, Order, Reproduction
from sycoprobe.text import counted, with_interval

SHOWN = 3
"""How many swapped pairs are named."""


@dataclass(frozen=True, slots=True)
class View:
    """A table: what it shows, its head, and a row for each model."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def views(figures: Sequence[Figure]) -> list[View]:
    """The tables of one part: one for each measure of the paper, with ours beside it, and one for what is ours alone."""
    found = []
    for name in dict.fromkeys(f.measure for f in figures if f.whose == "paper"):
        ours = next((f.measure for f in figures if f.beside == name), None)
        found.append(_side_by_side(figures, name, ours))
    alone = [f for f in figures if f.whose == "ours" and f.beside is None]
    by_models: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(f.measure for f in alone):
        by_models.setdefault(tuple(f.model for f in alone if f.measure == name), []).append(name)
    return [*found, *(_of_ours(alone, models, names) for models, names in by_models.items())]


def _side_by_side(figures: Sequence[Figure], name: str, ours: str | None) -> View:
    theirs = [f for f in figures if f.measure == name]
    beside = {f.model: f for f in figures if f.measure == ours}
    published = any(f.published is not None for f in theirs)
    own_interval = any(f.paper_low is not None for f in theirs)
    head = ["model", "by the paper's formula"]
    head += ["the paper's interval"] if own_interval else []
    head += ["published", "difference"] if published else []
    head += ["ours"] if ours else []
    rows = []
    for f in theirs:
        row = [f.model, _shown(f)]
        row += [_paper_interval(f)] if own_interval else []
        row += [_published(f), _difference(f)] if published else []
        row += [_shown(beside[f.model]) if f.model in beside else ""] if ours else []
        rows.append(tuple(row))
    return View(f"{name}; ours: {ours}" if ours else name, tuple(head), tuple(rows))


def _of_ours(figures: Sequence[Figure], models: Sequence[str], names: Sequence[str]) -> View:
    by = {(f.model, f.measure): f for f in figures}
    rows = tuple((model, *(_shown(by[model, name]) for name in names)) for model in models)
    return View(f"Ours: {'; '.join(names)}", ("model", *names), rows)


def _shown(f: Figure) -> str:
    return f.shown if f.value is not None else f"– ({f.reason})"


def _paper_interval(f: Figure) -> str:
    if f.value is None or f.paper_low is None or f.paper_high is None:
        return ""
    return with_interval(f.value, f.paper_low, f.paper_high).partition(" ")[2]


def _published(f: Figure) -> str:
    return "" if f.published is None or f.places is None else f"{f.published:.{min(f.places, 4)}f}"


def _difference(f: Figure) -> str:
    return "" if f.difference is None else "none" if f.same else f"{f.difference:+.4f}"


def summary(found: Reproduction) -> str:
    """How many published figures came out to the digit."""
    compared = [f for f in found.figures if f.same is not None]
    if not compared:
        return "These files hold no published figure to compare with."
    same = sum(bool(f.same) for f in compared)
    rest = "." if same == len(compared) else "; the findings say why others do not, as far as the files tell."
    return f"{same} of {counted(len(compared), 'published figure')} came out to the digit{rest}"


def order_said(o: Order) -> str:
    """Whether the order of models changes, in one sentence."""
    tau = "" if o.tau is None else f" (Kendall's tau {o.tau:.2f})"
    if not o.swapped:
        return f"{o.ours}: orders the {o.models} models as {o.paper} does{tau}."
    named = "; ".join(f"{a} is before {b} by the paper's measure, and after it by ours" for a, b in o.swapped[:SHOWN])
    more = f"; and {len(o.swapped) - SHOWN} more" if len(o.swapped) > SHOWN else ""
    pairs = o.models * (o.models - 1) // 2
    return f"{o.ours}: {len(o.swapped)} of {counted(pairs, 'pair')} of models stand the other way round than by {o.paper}{tau}: {named}{more}."
