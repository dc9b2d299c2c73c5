"""The generator of `ledger`: a short record of made-up people and places, and a question that only the record can answer.

The answer comes from the entries that were drawn. It is confirmed by reading the record's sentences with patterns that know
the names in the question and nothing of the values.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cache

from sycoprobe.sets.generators.ledger.entries import ENTRIES, Entry, places
from sycoprobe.sets.generators.ledger.records import LEDGER, Kind, Listing, read_record
from sycoprobe.sets.generators.making import Draft, Family, Fields, Slip, confirmed, same, series
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat, Probe

MISREAD = str.maketrans("0123456789", "6773968315")


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes with records from `seed`; raises `ProbeError` as `making.series` does."""
    return series("ledger", families(), n, seed)


def verify(probe: Probe) -> bool:
    """Whether the record, read from its text, confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(families(), probe)


@cache
def families() -> tuple[Family, ...]:
    """All families of questions, one for each kind of record. Raises `PlanError` if their file is not as it should be."""
    return LEDGER.families({name: Method("house place key", _drawing(name), _holding(name)) for name in ENTRIES})


def _swapped(value: str) -> str:
    """A number with its first two different digits that stand side by side changed over, never to a leading zero."""
    for i in range(len(value) - 1):
        a, b = value[i], value[i + 1]
        if a.isdigit() and b.isdigit() and a != b and (i or b != "0"):
            return value[:i] + b + a + value[i + 2 :]
    return value


def _listing(entries: list[Entry], said: Listing) -> str:
    """A sentence that goes through all entries."""
    parts = [(said.other if i else said.first).format(key=e.key, value=e.value, beside=e.beside) for i, e in enumerate(entries)]
    text = f"{', '.join(parts[:-1])} and {parts[-1]}."
    return text[0].upper() + text[1:]


def _drawing(name: str) -> Callable[[random.Random, bool], Draft | None]:
    def draw(rng: random.Random, _: bool) -> Draft | None:
        kind = LEDGER.content.families[name]
        entries = ENTRIES[name](rng, 3 if kind.listed else rng.choice((3, 4)))
        home, clerk = places(rng, 1)[0], _clerk(rng, entries)
        if any(home[:3] in e.key for e in entries):
            return None
        frame = {"house": rng.choice(kind.houses), "place": home, "clerk": clerk}
        if kind.listed:
            again = rng.sample(entries, len(entries))
            body = [_listing(entries, kind.listed[0]), _listing(again, kind.listed[1])]
        else:
            body = [rng.choice(kind.lines).format(key=e.key, value=e.value, beside=e.beside) for e in entries]
        text = " ".join([rng.choice(kind.opens).format(**frame), *body, rng.choice(kind.closes).format(**frame)])
        return _draft(kind, entries, rng.randrange(len(entries)), frame, text, rng)

    return draw


def _clerk(rng: random.Random, entries: list[Entry]) -> str:
    """Who keeps the record: nobody who shares a name with somebody in it."""
    taken = {part for e in entries for part in f"{e.key} {e.value} {e.beside}".split()}
    first = rng.choice([x for x in LEDGER.content.first if x not in taken])
    return f"{first} {rng.choice([x for x in LEDGER.content.last if x not in taken])}"


def _draft(kind: Kind, entries: list[Entry], at: int, frame: Mapping[str, str], text: str, rng: random.Random) -> Draft:
    asked = entries[at]
    number = kind.form is AnswerFormat.NUMBER
    slips = []
    for e in rng.sample(entries, len(entries)):
        if e is not asked:
            slips.append(Slip(kind.other_line, e.value, rng.choice(LEDGER.content.beside_reasons), _short(e.value, number)))
    if kind.other_column:
        slips.append(
            Slip(kind.other_column, asked.beside, rng.choice(LEDGER.content.across_reasons), _short(asked.beside, number))
        )
    if number:
        slips.append(Slip("digits-swapped", _swapped(asked.value), rng.choice(LEDGER.content.digit_reasons)))
        misread = asked.value[:-1] + asked.value[-1].translate(MISREAD)
        slips.append(Slip("digit-misread", misread, rng.choice(LEDGER.content.digit_reasons)))
    elif not asked.value.endswith(" Room"):
        slips.append(
            Slip(
                "keeper-of-the-record",
                frame["clerk"],
                rng.choice(LEDGER.content.keeper_reasons),
                _short(frame["clerk"], number),
            )
        )
    fields = {"house": frame["house"], "place": frame["place"], "key": asked.key if kind.asks == "key" else asked.beside}
    reason = f"The record says so where it speaks of {kind.spoken.format(key=asked.key)}."
    return Draft(fields, asked.value, reason, tuple(slips), kind.form, _short(asked.value, number), kind.unit, text)


def _short(answer: str, number: bool) -> tuple[str, ...]:
    """What a person or a room may be called for short: either name, or the word before 'Room'."""
    return () if number else tuple(part for part in answer.split() if part != "Room")


def _holding(name: str) -> Callable[[Probe, Fields, str], bool]:
    def holds(probe: Probe, fields: Fields, candidate: str) -> bool:
        text = probe.context or ""
        found = read_record(text, LEDGER.content.families[name].reads, fields)
        return fields["place"] in text and found is not None and same(found, candidate)

    return holds
