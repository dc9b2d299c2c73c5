"""Where two records differ: every number and text by its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sycoprobe.reports.card import PLACES, Card
from sycoprobe.text import visible

_SHOWN = 60
"""Characters of a text that does not agree, at most."""
_BEFORE = 20
"""Characters of it before the place where it differs."""


def differences(card: Card, again: Card) -> Iterator[str]:
    """Where a record and what its run gives now are not the same."""
    old, new = (_flat(c.model_dump(mode="json", exclude={"digest": True, "instrument": {"read_by"}})) for c in (card, again))
    for place in dict.fromkeys([*old, *new]):
        ours, theirs = old.get(place, "nothing"), new.get(place, "nothing")
        if not _same(ours, theirs):
            ours, theirs = _apart(str(ours), str(theirs))
            yield f"{place}: the record says {cut(ours)}, the run {cut(theirs)}"


def alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    ours, theirs = _flat(a), _flat(b)
    return ours.keys() == theirs.keys() and all(_same(value, theirs[place]) for place, value in ours.items())


def cut(value: Any) -> str:
    text = " ".join(visible(str(value)).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _apart(a: str, b: str) -> tuple[str, str]:
    """Two texts from a little before the place where they part."""
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    start = max(0, at - _BEFORE) if max(len(a), len(b)) > _SHOWN else 0
    return (f"…{a[start:]}", f"…{b[start:]}") if start else (a, b)


def _flat(value: Any, place: str = "") -> dict[str, Any]:
    """Every number and text of a record by its place, `kinds.challenge.estimates.net_sycophancy.value`."""
    if isinstance(value, dict):
        named: Iterable[tuple[str, Any]] = value.items()
    elif isinstance(value, list) and value:
        named = [(_name(v, i), v) for i, v in enumerate(value)]
    else:
        return {place: value}
    found: dict[str, Any] = {}
    for name, each in named:
        found |= _flat(each, f"{place}.{name}" if place else name)
    return found or {place: value}


def _name(value: Any, i: int) -> str:
    names = [str(value[k]) for k in ("kind", "rule", "name", "judge") if k in value] if isinstance(value, dict) else []
    return names[0] if names else str(i)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float) and float in (type(a), type(b)):
        return abs(a - b) < 1.5 * 0.1**PLACES
    return type(a) is type(b) and bool(a == b)
