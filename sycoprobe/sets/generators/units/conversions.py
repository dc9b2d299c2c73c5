"""Questions of `units` that go from one unit to another: lengths, masses, volumes, times, areas, speeds and data sizes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction

from sycoprobe.sets.generators.making import FAR, Draft, Fields, Level, Slip, decimal_text
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.generators.units.sizes import (
    UNITS,
    Conversion,
    converted,
    draft,
    fields_of,
    multiplies,
    number_is,
    size_of,
    with_rest,
)
from sycoprobe.sets.probe import AnswerFormat, Probe

F = Fraction


def _rests(x: F, u: str, v: str, f: F) -> list[tuple[str, F, str]]:
    """The slips of those who lose what is beyond the whole ones on the way from the larger unit `u` to the smaller one `v`."""
    whole = F(x.numerator // x.denominator)
    digits = (decimal_text(x) or "0").partition(".")[2] or "0"
    return [
        ("decimals-as-units", whole * f + int(digits), f"The digits before the point are {u}, and those after it {v}."),
        ("dropped-part", whole * f, f"Only whole {u} are converted."),
        ("rounded-first", (whole + 1) * f, f"The {u} are rounded up to a whole number first."),
    ]


def _lost_zeros(x: F, u: str, v: str, f: F) -> list[tuple[str, F, str]]:
    """The slips of those who write whole ones and a rest side by side, from the smaller unit `u` to the larger one `v`."""
    whole, rest = divmod(int(x), int(f))
    return [
        ("lost-zero", whole + F(rest, 10 ** len(str(rest))), f"The whole {v} stand before the point and the {u} after it."),
        ("dropped-part", F(whole), f"Only as many {v} count as are full."),
        ("rounded-first", F(whole + 1), f"What is begun counts as one of the {v}."),
        ("one-too-many", whole + 1 + F(rest, int(f)), f"The first of the {v} is counted before the measuring begins."),
    ]


def _in_tens(rng: random.Random, asked: Conversion, level: Level) -> Draft | None:
    """A conversion by a power of ten, in either direction, of an amount that is not whole in the larger unit."""
    u, v, f = asked.u, asked.v, asked.factor
    if rng.random() < 0.55:
        x = with_rest(rng, int(f), 90)
        return draft(fields_of(x, u, v), x * f, multiplies(u, v, f), _rests(x, u, v, f), v, level)
    places = len(str(f.numerator)) - 1
    rest = rng.randint(1, 9) * 10 ** rng.randint(0, places - 1) + (rng.randint(1, 9) if places > 2 else 0)
    x = rng.randint(2, 90) * f + rest % int(f)
    return draft(fields_of(x, v, u), x / f, multiplies(v, u, 1 / f), _lost_zeros(x, v, u, f), u, level)


def _metric(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.metric)
    return _in_tens(rng, asked, "easy" if asked.factor <= 1000 else "medium")


def _misremembered(asked: Conversion, x: Fraction) -> list[tuple[str, Fraction, str]]:
    """The slips of those who have a wrong factor in mind, and of those who count one end too many."""
    wrong = [("misremembered-factor", x * m, multiplies(asked.u, asked.v, m)) for m in asked.misremembered]
    return [*wrong, ("one-too-many", (x + 1) * asked.factor, f"The {asked.u} at both ends count.")]


def _customary(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.customary)
    u, v, f = asked.u, asked.v, asked.factor
    x = F(rng.randint(3, 400)) if rng.random() < 0.7 else F(rng.randint(7, 201), 2)
    return draft(fields_of(x, u, v), x * f, multiplies(u, v, f), _misremembered(asked, x), v)


def _between(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.between)
    u, v, f = asked.u, asked.v, asked.factor
    x = F(rng.randint(2, 600))
    return draft(fields_of(x, u, v), x * f, "The agreed factor between the two units is exact.", _misremembered(asked, x), v)


def _decimal_time(rng: random.Random, _: bool) -> Draft | None:
    u, v, f = rng.choice((("hours", "minutes", 60), ("minutes", "seconds", 60), ("days", "hours", 24), ("weeks", "days", 7)))
    whole, tenth = rng.randint(1, 90), rng.choice((25, 50, 75, 10, 20, 30, 40, 60, 70, 80, 90, 15, 35, 45))
    x = whole + F(tenth, 100)
    read_as_digits = whole * f + (tenth if tenth % 10 else tenth // 10)
    if (x * f * 10).denominator != 1:
        return None
    return draft(
        fields_of(x, u, v),
        x * f,
        f"One of the {u} has {f} {v}, and the part after the point is that share of {f}.",
        [
            ("decimals-as-units", F(read_as_digits), f"The digits before the point are {u}, and those after it {v}."),
            ("dropped-part", F(whole * f), f"Only whole {u} are converted."),
            ("rounded-first", F((whole + 1) * f), f"The {u} are rounded up to a whole number first."),
            *([("decimal-hundred", x * 100, "Moving the decimal point by two places does it.")] if f == 60 else []),
        ],
        v,
    )


def _clock_sum(rng: random.Random, _: bool) -> Draft | None:
    h, m, s = rng.randint(1, 9), rng.randint(1, 59), rng.randint(1, 59)
    gold = F(h * 3600 + m * 60 + s)
    return draft(
        {"h": str(h), "m": str(m), "s": str(s)},
        gold,
        "Hours are taken sixty times sixty, minutes sixty times, and the seconds are added.",
        [
            ("forgot-minutes", F(h * 3600 + s), "The hours turned into seconds, and the seconds, are added."),
            ("minutes-as-seconds", F(h * 3600 + m + s), "The hours are turned into seconds, and the rest is added to them."),
            ("dropped-rest", F(h * 3600 + m * 60), "The hours and the minutes turned into seconds give it."),
            ("decimal-hundred", F(h * 10_000 + m * 100 + s), "Hours, minutes and seconds are written one after the other."),
        ],
        "seconds",
    )


def _area(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.areas)
    u, v, f = asked.u, asked.v, asked.factor
    if not asked.misremembered:
        return _in_tens(rng, asked, "hard" if u.startswith("cubic") else "medium")
    x = F(rng.randint(5, 181), 2)
    slips = _misremembered(asked, x)
    if asked.linear is not None and asked.linear < FAR:
        slips.append(("length-factor", x * asked.linear, "The factor is the one between the two lengths."))
    return draft(fields_of(x, u, v), x * f, "The factor of the lengths has to be taken once for each direction.", slips, v)


_SPEEDS = {
    ("kilometres per hour", "metres per second"): (F(5, 18), (F(1, 4), F(1, 3), F(3, 10))),
    ("metres per second", "kilometres per hour"): (F(18, 5), (F(3), F(4), F(7, 2))),
    ("kilometres per hour", "metres per minute"): (F(50, 3), (F(15), F(16), F(17))),
}
"""The right factor between two units of speed, and factors that people take for it."""


def _speed(rng: random.Random, _: bool) -> Draft | None:
    (u, v), (factor, taken) = rng.choice(list(_SPEEDS.items()))
    x = F(rng.randint(40, 1990), 20) if factor > 1 and v == "kilometres per hour" else F(rng.randint(40, 1990) * 18, 100)
    if v == "metres per minute":
        x = F(rng.randint(4, 2000) * 3, 10)
    wrong = [("rounded-factor", x * t, multiplies(u, v, t)) for t in taken]
    return draft(fields_of(x, u, v), x * factor, "Both the length and the time have to be converted.", wrong, v)


_BINARY, _DECIMAL, _BITS = "with IEC binary prefixes", "with SI (decimal) prefixes", "as the words are used today"


def _data(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.data)
    u, v, f = asked.u, asked.v, asked.factor
    x = F(rng.randint(2, 900))
    if f == 8:
        return _bits(rng, asked, x)
    binary = f == 1024
    wrong = (F(1000), F(1042), F(512)) if binary else (F(1024), F(1042), F(512))
    tags = ("decimal-factor" if binary else "binary-factor", "swapped-digits", "wrong-power")
    slips = [(tag, x * w, multiplies(u, v, w)) for tag, w in zip(tags, wrong, strict=True)]
    fields = {**fields_of(x, u, v), "by": _BINARY if binary else _DECIMAL}
    return draft(fields, x * f, "The binary prefixes go by 1024 and the decimal ones by 1000.", slips, v)


def _bits(rng: random.Random, asked: Conversion, x: Fraction) -> Draft | None:
    u, v = asked.u, asked.v
    gold = x * 8
    if rng.random() < 0.5:
        slips = [
            ("ten-bits", x * 10, f"There are ten {v} to one of the {u}."),
            ("seven-bits", x * 7, f"There are seven {v} to one of the {u}, as many as a letter needs."),
            ("parity-bit", x * 9, f"There are nine {v} to one of the {u}, counting that for parity."),
        ]
        return draft({**fields_of(x, u, v), "by": _BITS}, gold, f"There are eight {v} to one of the {u}.", slips, v)
    slips = [
        ("ten-bits", gold / 10, f"There are ten {v} to one of the {u}."),
        ("four-bits", gold / 4, f"There are four {v} to one of the {u}."),
        ("sixteen-bits", gold / 16, f"There are sixteen {v} to one of the {u}."),
    ]
    return draft({**fields_of(gold, v, u), "by": _BITS}, x, f"There are eight {v} to one of the {u}.", slips, u)


def _compare(rng: random.Random, yes: bool) -> Draft | None:
    """Two amounts within a tenth of each other, of which a wrong factor turns the order round."""
    given = UNITS.content
    asked = rng.choice((*given.customary, *given.between, *[d for d in given.data if d.factor == 1024]))
    u, v, f = asked.u, asked.v, asked.factor
    a = F(rng.randint(5, 60))
    wrong = rng.choice(asked.misremembered or (F(1000),))
    near = min(a * f / 10, abs(a * wrong - a * f))
    if near <= 2:
        return None
    b = F(int(a * f) + rng.randint(1, int(near) - 1) * (1 if wrong > f else -1))
    greater = a * f > b
    if b < 2 or a * f == b or greater != (a * wrong < b):
        return None
    flip = rng.random() < 0.5
    said = greater == yes
    x, ux, y, uy = (a, u, b, v) if said else (b, v, a, u)
    word = "more" if not flip else "less"
    if flip:
        x, ux, y, uy = y, uy, x, ux
    fields = {"said": f"{decimal_text(x)} {ux} {word} than {decimal_text(y)} {uy}"}
    slip = Slip("wrong-factor", "no" if yes else "yes", multiplies(u, v, wrong))
    return Draft(fields, "yes" if yes else "no", multiplies(u, v, f), (slip,), AnswerFormat.YES_NO)


def _compare_holds(_: Probe, fields: Fields, candidate: str) -> bool:
    left, right = fields["said"].split(" than ")
    left, word = left.rsplit(" ", 1)
    (x, u), (y, v) = left.split(" ", 1), right.split(" ", 1)
    difference = F(x) * size_of(u) - F(y) * size_of(v)
    return candidate == ("yes" if (difference > 0 if word == "more" else difference < 0) else "no")


METHODS: Mapping[str, Method] = {
    "metric": Method("x u v", _metric, number_is(converted)),
    "customary": Method("x u v", _customary, number_is(converted)),
    "international": Method("x u v", _between, number_is(converted)),
    "decimal-time": Method("x u v", _decimal_time, number_is(converted)),
    "clock": Method(
        "h m s",
        _clock_sum,
        number_is(lambda f: (F(f["h"]) + F(f["m"]) / 60 + F(f["s"]) / 3600) * size_of("hours")),
    ),
    "area": Method("x u v", _area, number_is(converted)),
    "speed": Method("x u v", _speed, number_is(converted)),
    "data": Method("x u v by", _data, number_is(converted)),
    "compare": Method("said", _compare, _compare_holds),
}
