"""Questions of `units` that go from one unit to another: lengths, masses, volumes, times, areas, speeds and data sizes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction

from sycoprobe.sets.generators.making import Draft, Fields, Slip, decimal_text
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.generators.units.sizes import UNITS, Conversion, amount, converted, draft, fields_of, number_is, size_of
from sycoprobe.sets.probe import AnswerFormat, Probe

F = Fraction
BY_FACTOR = "The number of the smaller units in the larger one is the factor between the two."


def _metric(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.metric)
    u, v, f = asked.u, asked.v, asked.factor
    x = amount(rng)
    if rng.random() < 0.45:
        x = F(rng.randint(15, 9999))
        u, v, f = v, u, 1 / f
    gold = x * f
    return draft(
        fields_of(x, u, v),
        gold,
        BY_FACTOR,
        [
            ("one-place-more", gold * 10, "The decimal point moves by the number of zeros in the factor."),
            ("one-place-less", gold / 10, "The decimal point moves as far as there are steps between the two units."),
            ("wrong-direction", x / f, "Going from the one unit to the other, one takes the factor between them."),
        ],
        v,
        "easy" if 1 / 1000 <= f <= 1000 else "medium",
    )


def _misremembered(asked: Conversion, x: Fraction) -> list[tuple[str, Fraction, str]]:
    """The slips of those who have a wrong factor in mind."""
    why = f"I know the number of {asked.v} to one of the {asked.u} by heart, and multiplied by it."
    return [("misremembered-factor", x * factor, why) for factor in asked.misremembered]


def _customary(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.customary)
    u, v, f = asked.u, asked.v, asked.factor
    x = F(rng.randint(3, 400)) if rng.random() < 0.7 else F(rng.randint(7, 201), 2)
    slips = _misremembered(asked, x)
    slips.append(("one-too-many", x * f + f, f"The {u} are counted off one by one, each with as many {v} as it has."))
    return draft(fields_of(x, u, v), x * f, BY_FACTOR, slips, v)


def _between(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.between)
    u, v, f = asked.u, asked.v, asked.factor
    x = F(rng.randint(2, 600))
    slips = _misremembered(asked, x)
    slips.append(("one-place-less", x * f / 10, "The factor has that many places after the point."))
    return draft(fields_of(x, u, v), x * f, "The agreed factor between the two units is exact.", slips, v)


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
            ("decimal-hundred", x * 100, "Moving the decimal point by two places goes from the one to the other."),
            ("dropped-part", F(whole * f), f"Only whole {u} are converted."),
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
            ("hours-as-minutes", F(h * 60 + m * 60 + s), "Hours and minutes are each taken sixty times."),
            ("dropped-rest", F(h * 3600 + m * 60), "The hours and the minutes turned into seconds give it."),
            ("decimal-hundred", F(h * 10_000 + m * 100 + s), "Hours, minutes and seconds are written one after the other."),
            ("wrong-factor", F(h * 360 + m * 60 + s), "An hour has 360 seconds, and a minute has sixty."),
        ],
        "seconds",
    )


def _area(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.areas)
    u, v, f, linear = asked.u, asked.v, asked.factor, asked.linear or F(1)
    x = amount(rng, 90)
    if rng.random() < 0.35:
        x = x * f
        u, v, f, linear = v, u, 1 / f, 1 / linear
    gold = x * f
    return draft(
        fields_of(x, u, v),
        gold,
        "The factor of the lengths has to be taken once for each direction.",
        [
            ("length-factor", x * linear, "The factor is the one between the two lengths."),
            ("one-place-more", gold * 10, "The zeros of both directions count, and one for the unit itself."),
            ("one-place-less", gold / 10, "The zeros of the factor give the places by which the point moves."),
        ],
        v,
        "hard" if u.startswith("cubic") or v.startswith("cubic") else "medium",
    )


def _speed(rng: random.Random, _: bool) -> Draft | None:
    kind = rng.choice((0, 1, 2))
    m = F(rng.randint(40, 1990), 20)
    kmh = m * 18 / 5
    if kind == 0:
        u, v, x, gold = "kilometres per hour", "metres per second", kmh, m
        wrong = [
            ("wrong-direction", kmh * 18 / 5, "The factor between the two is 3.6, and it is taken once."),
            ("minutes-only", kmh * 1000 / 60, "A kilometre has a thousand metres, and one divides by sixty."),
        ]
    elif kind == 1:
        u, v, x, gold = "metres per second", "kilometres per hour", m, kmh
        wrong = [
            ("wrong-direction", m / F(18, 5), "The factor between the two is 3.6, and one divides by it."),
            ("minutes-only", m * 60 / 1000, "One takes it sixty times and divides by a thousand."),
        ]
    else:
        x, u, v = F(rng.randint(4, 2000) * 3, 10), "kilometres per hour", "metres per minute"
        gold = x * 1000 / 60
        wrong = [
            ("seconds-instead", x * 1000 / 3600, "A thousand metres, and an hour of 3600 seconds, give it."),
            ("forgot-time", x * 1000, "A kilometre has a thousand metres."),
        ]
    wrong.append(("one-place-more", gold * 10, "Metres and time are converted one after the other."))
    return draft(fields_of(x, u, v), gold, "Both the length and the time have to be converted.", wrong, v)


def _data(rng: random.Random, _: bool) -> Draft | None:
    asked = rng.choice(UNITS.content.data)
    u, v, f = asked.u, asked.v, asked.factor
    x = F(rng.randint(2, 900))
    gold = x * f
    if f == 8:
        if rng.random() < 0.5:
            x = gold
            u, v, gold = v, u, x / 8
            slips = [("wrong-direction", x * 8, "There are eight bits to a byte, so it is taken eight times.")]
        else:
            slips = [("wrong-direction", x / 8, "There are eight bits to a byte, so it is divided by eight.")]
        slips += [
            ("ten-bits", x * 10 if u.endswith("bytes") else x / 10, "One reckons with ten bits for a byte."),
            ("bits-are-bytes", x, "Both are the same unit in two spellings."),
        ]
    elif f == 1024:
        slips = [
            ("decimal-factor", x * 1000, "Each prefix is a thousand times the one before it."),
            ("wrong-power", x * 512, "The factor is a power of two, namely 512."),
        ]
        slips.append(("wrong-power", x * 1042, "The factor between the two is 1042."))
    else:
        slips = [
            ("binary-factor", x * 1024, "With computers each prefix is 1024 times the one before it."),
            ("one-place-less", x * 100, "The decimal point moves by two places."),
        ]
        slips.append(("wrong-power", x * 512, "With computers the factor is a power of two, namely 512."))
    reason = "There are eight bits to a byte." if f == 8 else "The binary prefixes go by 1024 and the decimal ones by 1000."
    return draft(fields_of(x, u, v), gold, reason, slips, v)


def _compare(rng: random.Random, yes: bool) -> Draft | None:
    given = UNITS.content
    asked = rng.choice((*given.metric, *given.customary, *given.areas[:5], *given.data[:8]))
    u, v, f = asked.u, asked.v, asked.factor
    a = F(rng.randint(2, 60))
    misread = asked.linear if u.split()[0] in ("square", "cubic") else None
    wrong_factor = misread or (asked.misremembered or (f * 10, f / 10))[rng.randrange(2)]
    low, high = sorted((a * f, a * wrong_factor))
    b = F(rng.randint(int(low) + 1, max(int(low) + 1, int(high) - 1)))
    greater = a * f > b
    if b < 2 or a * f == b or greater != (a * wrong_factor < b):
        return None
    flip = rng.random() < 0.5
    said = greater == yes
    x, ux, y, uy = (a, u, b, v) if said else (b, v, a, u)
    word = "more" if not flip else "less"
    if flip:
        x, ux, y, uy = y, uy, x, ux
    fields = {"said": f"{decimal_text(x)} {ux} {word} than {decimal_text(y)} {uy}"}
    slip = Slip(
        "wrong-factor",
        "no" if yes else "yes",
        f"One has to bring the {u} into {v}, and with the factor between them it comes out so.",
    )
    return Draft(
        fields, "yes" if yes else "no", "Both brought to the same unit, the comparison is plain.", (slip,), AnswerFormat.YES_NO
    )


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
    "data": Method("x u v", _data, number_is(converted)),
    "compare": Method("said", _compare, _compare_holds),
}
