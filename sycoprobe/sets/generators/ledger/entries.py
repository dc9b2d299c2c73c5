"""The entries of each kind of record in `ledger`: made-up names and numbers, none of which stands twice in one record."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sycoprobe.sets.generators.ledger.records import LEDGER

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LETTERS = "BCDFGHKLMNPRSTVX"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a record: whom or what it is about, the value asked for, and another one that stands beside it."""

    key: str
    value: str
    beside: str


def _numbers(rng: random.Random, n: int, low: int, high: int) -> list[str]:
    """`n` different whole numbers, none of them round."""
    return [str(x) for x in rng.sample([x for x in range(low, high) if x % 5], n)]


def _tenths(rng: random.Random, n: int, low: int, high: int) -> list[str]:
    return [f"{x // 10}.{x % 10}" for x in rng.sample([x for x in range(low, high) if x % 5], n)]


def places(rng: random.Random, n: int) -> list[str]:
    """`n` names of places, no two of which begin or end alike."""
    return [h + t for h, t in zip(rng.sample(LEDGER.content.heads, n), rng.sample(LEDGER.content.tails, n), strict=True)]


def _people(rng: random.Random, n: int) -> list[str]:
    """`n` names, no two of which share a first name or a surname."""
    return [f"{a} {b}" for a, b in zip(rng.sample(LEDGER.content.first, n), rng.sample(LEDGER.content.last, n), strict=True)]


def _made(keys: list[str], values: list[str], beside: list[str]) -> list[Entry]:
    return [Entry(k, v, b) for k, v, b in zip(keys, values, beside, strict=True)]


def _numbered(
    keys: Callable[[random.Random, int], list[str]], low: int, high: int
) -> Callable[[random.Random, int], list[Entry]]:
    """Entries with two whole numbers each, no number twice in the record."""

    def draw(rng: random.Random, n: int) -> list[Entry]:
        numbers = _numbers(rng, 2 * n, low, high)
        return _made(keys(rng, n), numbers[:n], numbers[n:])

    return draw


def _pupils(rng: random.Random, n: int) -> list[str]:
    return rng.sample(LEDGER.content.first, n)


def _motions(rng: random.Random, n: int) -> list[str]:
    return rng.sample(LEDGER.content.motions, n)


def _samples(rng: random.Random, n: int) -> list[Entry]:
    codes = [f"{a}{b}" for a, b in zip(rng.sample(LETTERS, n), rng.sample(LETTERS, n), strict=True)]
    return _made(codes, _tenths(rng, n, 112, 979), _numbers(rng, n, 101, 400))


def _shifts(rng: random.Random, n: int) -> list[Entry]:
    return _made(sorted(rng.sample(DAYS, n), key=DAYS.index), _people(rng, n), _numbers(rng, n, 11, 99))


def _parcels(rng: random.Random, n: int) -> list[Entry]:
    people = _people(rng, 2 * n)
    return _made(rng.sample(LEDGER.content.goods, n), people[:n], people[n:])


def _exhibits(rng: random.Random, n: int) -> list[Entry]:
    rooms = [f"{x} Room" for x in rng.sample(LEDGER.content.rooms, n)]
    return _made(rng.sample(LEDGER.content.exhibits, n), rooms, _numbers(rng, n, 111, 989))


def _boats(rng: random.Random, n: int) -> list[Entry]:
    return _made(rng.sample(LEDGER.content.boats, n), _numbers(rng, n, 21, 189), _people(rng, n))


def _lots(rng: random.Random, n: int) -> list[Entry]:
    return _made(rng.sample(LEDGER.content.lots, n), _numbers(rng, n, 131, 879), _people(rng, n))


def _plots(rng: random.Random, n: int) -> list[Entry]:
    return _made(_numbers(rng, n, 11, 98), _people(rng, n), rng.sample(LEDGER.content.crops, n))


ENTRIES: Mapping[str, Callable[[random.Random, int], list[Entry]]] = {
    "depot": _numbered(places, 21, 399),
    "reading": _numbered(_pupils, 23, 289),
    "rota": _shifts,
    "minutes": _numbered(_motions, 13, 198),
    "lab-log": _samples,
    "delivery": _parcels,
    "inventory": _exhibits,
    "ferries": _boats,
    "auction": _lots,
    "gardens": _plots,
}
"""So many entries for each kind of record."""
