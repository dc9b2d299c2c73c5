"""The quantities that a text names: numbers in digits and words, with their units, ranges and roles.

Nothing here decides which of them a reply stands by; it finds them, in time linear in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sycoprobe.extract import quantity_units as units
from sycoprobe.extract.quantity_draft import Role
from sycoprobe.extract.quantity_find import find, with_notes
from sycoprobe.extract.quantity_folded import PAD, folded
from sycoprobe.extract.quantity_join import joined, number_items
from sycoprobe.extract.quantity_numerals import ONE, ZERO

__all__ = ["ZERO", "Quantity", "Role", "in_unit", "quantities", "same", "unit_named"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text, with its unit.

    `start` and `end` are its span in the text, sign, currency sign and unit included. `value` is in `unit` as written, with
    scale words multiplied in (`1.25M` is 1250000) and nothing converted; parts in two units (`1 h 40 min`) are one value in
    the smaller one. `unit` is a canonical name, None if the number is bare or what follows is no unit of measurement.
    `high` is the upper end of a range, in the same unit. `about` is whether it is called approximate. `place` is the worth of
    the last written digit (`2.70`: 1/100; `1.2 million`: 100000), 0 where the value is exact by its form (`3/4`, `half`).
    `other` is a second way to read an abbreviation, as value and unit: `5m` may be metres or millions.
    """

    start: int
    end: int
    value: Fraction
    unit: str | None = None
    high: Fraction | None = None
    about: bool = False
    role: Role = Role.PLAIN
    place: Fraction = ONE
    other: tuple[Fraction, str | None] | None = None


def quantities(text: str) -> list[Quantity]:
    """All quantities of a text, in their order; they do not overlap.

    Args:
        text: Folded by `wording.clean` or raw. Spans refer to it as it is given.

    Returns:
        Every number, also those that cannot be an answer: see `Role`. `a`, `an` and `one` as a pronoun are none. Of a text
        with more than 1,000 numbers and number words, those between the 1,000th and the last 4,000 characters are left out.

    >>> [(str(q.value), q.unit) for q in quantities("It is 1.25 million km, or 1 h 40 min by rocket.")]
    [('1250000', 'kilometre'), ('100', 'minute')]
    """
    t = folded(text)
    drafts = find(t, text)
    if len(drafts) > 1:
        drafts = joined(t, drafts)
    elif drafts and drafts[0].result and drafts[0].role is Role.PLAIN:
        drafts[0].role = Role.RESULT
    if drafts:
        number_items(t, drafts)
    if not text.isascii():
        drafts = with_notes(t, drafts)
    return [Quantity(d.start - PAD, d.end - PAD, d.value, d.unit, d.high, d.about, d.role, d.place, d.other) for d in drafts]


def unit_named(text: str) -> str | None:
    """The canonical name of a unit that a probe names in free text, None if it is no unit of measurement.

    >>> unit_named("kilometres per second"), unit_named("US dollars"), unit_named("keys")
    ('kilometre/second', 'dollar', None)
    """
    return units.named(text)


def in_unit(q: Quantity, unit: str | None) -> Fraction | None:
    """The value of a quantity in a probe's unit.

    Args:
        q: The quantity.
        unit: A canonical name, or the probe's own words for the unit. None: the probe names no unit.

    Returns:
        None if the units measure different things. A bare quantity counts as being in the probe's unit, and where the probe
        names none, the value stands as written. Where `unit` is no unit of measurement (`keys`), only bare quantities have
        a value.
    """
    return next((value for value, _ in _readings(q, unit)), None)


def same(q: Quantity, target: Fraction, unit: str | None, tolerance: Fraction = ZERO) -> bool:
    """Whether a quantity is the target.

    Args:
        q: The quantity. One with a `high` is the target only if both its ends are.
        target: The number looked for, in `unit`.
        unit: A canonical name, or the probe's own words for the unit. None: the probe names no unit.
        tolerance: The largest absolute deviation that still counts, in `unit`.

    Returns:
        True within the tolerance. Beyond it, a quantity in another unit or another notation than the target's counts as
        rounded: it may be off by half a unit of its last written place, but at most by 5 % (`2.7 km` is 2737 m, `3 km` is
        not). A number without a scale word in the probe's own unit is never taken as rounded, unless no decimal number could
        be exact (`0.33` for 1/3). A percentage and the share that it is are the same where the probe names no unit.
        Both of two near targets can be the same as a rounded quantity: try the exact ones first.
    """
    if q.high is not None and q.high != q.value:
        return False
    return any(_near(value, slack, target, tolerance) for value, slack in _readings(q, unit, target))


def _near(value: Fraction, slack: Fraction, target: Fraction, tolerance: Fraction) -> bool:
    if value.numerator == target.numerator and value.denominator == target.denominator:
        return True
    if slack is ZERO and not tolerance:
        return False
    return abs(value - target) <= max(tolerance, min(slack, abs(target) / 20))


def _readings(q: Quantity, unit: str | None, target: Fraction | None = None) -> list[tuple[Fraction, Fraction]]:
    """The values that a quantity can have in a unit, each with how far it may be off for having been rounded."""
    wanted = units.unit(unit) or units.unit(units.named(unit) or "") if unit else None
    found: list[tuple[Fraction, Fraction]] = []
    for value, name in ((q.value, q.unit), q.other) if q.other else ((q.value, q.unit),):
        place = q.place if value is q.value or not q.value else q.place * abs(value / q.value)
        half = ZERO
        if place is not ONE and place is not ZERO:
            repeats = target is not None and not _terminates(target)
            half = place / 2 if place > 1 or (repeats and 0 < place < Fraction(1, 10)) else ZERO
        written = units.unit(name) if name else None
        if written is None or (unit is None):
            found.append((value, half))
            if written is not None and target is not None and written.dimension == "share":
                found.append((value * written.size, place * written.size / 2))
            continue
        if wanted is None:
            continue
        for source in (written, *units.others(written)):
            for goal in (wanted, *units.others(wanted)):
                converted = units.convert(value, source, goal)
                if converted is None:
                    continue
                if source.name == goal.name:
                    found.append((converted, half))
                else:
                    slack = place * source.size / goal.size / 2
                    vague = max(source.vague, goal.vague) * abs(converted)
                    found.append((converted, max(slack, vague)))
    return found


def _terminates(target: Fraction) -> bool:
    """Whether a decimal number can be equal to it."""
    rest = target.denominator
    if rest.bit_length() > 4096:
        return True
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1
