"""The generator of `units`: conversions in exact or agreed units, temperatures, areas, speeds, data sizes, and two-step ones.

The answer comes from the direct factor between two units. It is confirmed by a chain of fractions through one base unit of
each kind, for which the sizes stand in a table of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from sycoprobe.sets.generators.making import Draft, Family, Fields, Level, Slip, confirmed, decimal_text, series
from sycoprobe.sets.probe import AnswerFormat, Probe, parse_number

F = Fraction

# Each unit in the base unit of its kind. Inch and pound as in the agreement of 1959, the US gallon as 231 cubic inches
# (NIST Special Publication 811, appendix B); binary prefixes as in IEC 80000-13.
SIZES: dict[str, Fraction] = {
    **{"kilometres": F(1000), "metres": F(1), "decimetres": F(1, 10), "centimetres": F(1, 100), "millimetres": F(1, 1000)},
    **{"inches": F(254, 10_000), "feet": F(3048, 10_000), "yards": F(9144, 10_000), "miles": F(1_609_344, 1000)},
    **{"nautical miles": F(1852)},
    **{"tonnes": F(10**6), "kilograms": F(1000), "grams": F(1), "milligrams": F(1, 1000)},
    **{"pounds": F(45_359_237, 100_000), "ounces": F(45_359_237, 1_600_000), "stone": F(14 * 45_359_237, 100_000)},
    **{"hectolitres": F(100), "litres": F(1), "decilitres": F(1, 10), "centilitres": F(1, 100), "millilitres": F(1, 1000)},
    **{
        "US gallons": F(3_785_411_784, 10**9),
        "US quarts": F(3_785_411_784, 4 * 10**9),
        "US pints": F(3_785_411_784, 8 * 10**9),
    },
    **{"weeks": F(604_800), "days": F(86_400), "hours": F(3600), "minutes": F(60), "seconds": F(1)},
    **{"square kilometres": F(10**6), "hectares": F(10**4), "square metres": F(1)},
    **{"square decimetres": F(1, 100), "square centimetres": F(1, 10**4), "square millimetres": F(1, 10**6)},
    **{"square yards": F(9144, 10_000) ** 2, "square feet": F(3048, 10_000) ** 2, "square inches": F(254, 10_000) ** 2},
    **{"cubic metres": F(1000), "cubic decimetres": F(1), "cubic centimetres": F(1, 1000)},
    **{"kilometres per hour": F(1000, 3600), "metres per second": F(1), "metres per minute": F(1, 60)},
    **{"bits": F(1, 8), "bytes": F(1)},
    **{"kilobytes": F(10**3), "megabytes": F(10**6), "gigabytes": F(10**9), "terabytes": F(10**12)},
    **{"kibibytes": F(2**10), "mebibytes": F(2**20), "gibibytes": F(2**30), "tebibytes": F(2**40)},
    **{"kilobits": F(125), "megabits": F(125_000), "gigabits": F(125_000_000)},
}

PEOPLE = (
    "Alba",
    "Benno",
    "Cleo",
    "Deniz",
    "Emil",
    "Faye",
    "Gustav",
    "Hedda",
    "Ilias",
    "Juno",
    "Karel",
    "Livia",
    "Mats",
    "Noor",
)
BY_FACTOR = "The number of the smaller units in the larger one is the factor between the two."

Conversion = tuple[str, str, int | Fraction]
"""From, to, and how many of the second unit one of the first unit is."""

METRIC: tuple[Conversion, ...] = (
    *(("kilometres", "metres", 1000), ("metres", "centimetres", 100), ("metres", "millimetres", 1000)),
    *(("centimetres", "millimetres", 10), ("metres", "decimetres", 10), ("decimetres", "millimetres", 100)),
    *(("kilometres", "centimetres", 100_000), ("tonnes", "kilograms", 1000), ("kilograms", "grams", 1000)),
    *(("grams", "milligrams", 1000), ("litres", "millilitres", 1000), ("litres", "centilitres", 100)),
    *(("litres", "decilitres", 10), ("hectolitres", "litres", 100), ("decilitres", "millilitres", 100)),
)
CUSTOMARY: tuple[Conversion, ...] = (
    *(("feet", "inches", 12), ("yards", "feet", 3), ("yards", "inches", 36), ("miles", "yards", 1760), ("miles", "feet", 5280)),
    *(("pounds", "ounces", 16), ("stone", "pounds", 14), ("US gallons", "US quarts", 4), ("US gallons", "US pints", 8)),
    ("US quarts", "US pints", 2),
)
BETWEEN: tuple[Conversion, ...] = (
    *(("inches", "centimetres", F(254, 100)), ("inches", "millimetres", F(254, 10)), ("feet", "centimetres", F(3048, 100))),
    *(
        ("feet", "metres", F(3048, 10_000)),
        ("yards", "centimetres", F(9144, 100)),
        ("nautical miles", "kilometres", F(1852, 1000)),
    ),
    ("nautical miles", "metres", 1852),
)
MISREMEMBERED: dict[tuple[str, str], tuple[Fraction, ...]] = {
    ("feet", "inches"): (F(10), F(16)),
    ("yards", "feet"): (F(4), F(12)),
    ("yards", "inches"): (F(30), F(12)),
    ("miles", "yards"): (F(1670), F(1000)),
    ("miles", "feet"): (F(5820), F(1760)),
    ("pounds", "ounces"): (F(12), F(10)),
    ("stone", "pounds"): (F(12), F(16)),
    ("US gallons", "US quarts"): (F(8), F(3)),
    ("US gallons", "US pints"): (F(4), F(16)),
    ("US quarts", "US pints"): (F(4), F(3)),
    ("inches", "centimetres"): (F(25, 10), F(245, 100)),
    ("inches", "millimetres"): (F(25), F(245, 10)),
    ("feet", "centimetres"): (F(30), F(3408, 100)),
    ("feet", "metres"): (F(3, 10), F(3408, 10_000)),
    ("yards", "centimetres"): (F(100), F(9414, 100)),
    ("nautical miles", "kilometres"): (F(16, 10), F(1582, 1000)),
    ("nautical miles", "metres"): (F(1600), F(1582)),
}
AREAS: tuple[Conversion, ...] = (
    *(("square metres", "square centimetres", 10_000), ("square centimetres", "square millimetres", 100)),
    *(
        ("square kilometres", "square metres", 10**6),
        ("square kilometres", "hectares", 100),
        ("hectares", "square metres", 10_000),
    ),
    *(("square metres", "square decimetres", 100), ("square yards", "square feet", 9), ("square feet", "square inches", 144)),
    *(
        ("cubic metres", "litres", 1000),
        ("cubic metres", "cubic centimetres", 10**6),
        ("cubic decimetres", "cubic centimetres", 1000),
    ),
)
LINEAR: dict[tuple[str, str], int] = {
    ("square metres", "square centimetres"): 100,
    ("square centimetres", "square millimetres"): 10,
    ("square kilometres", "square metres"): 1000,
    ("square kilometres", "hectares"): 10,
    ("hectares", "square metres"): 100,
    ("square metres", "square decimetres"): 10,
    ("square yards", "square feet"): 3,
    ("square feet", "square inches"): 12,
    ("cubic metres", "litres"): 100,
    ("cubic metres", "cubic centimetres"): 100,
    ("cubic decimetres", "cubic centimetres"): 10,
}
DATA: tuple[Conversion, ...] = (
    *(("kibibytes", "bytes", 1024), ("mebibytes", "kibibytes", 1024), ("gibibytes", "mebibytes", 1024)),
    *(("tebibytes", "gibibytes", 1024), ("kilobytes", "bytes", 1000), ("megabytes", "kilobytes", 1000)),
    *(("gigabytes", "megabytes", 1000), ("terabytes", "gigabytes", 1000), ("bytes", "bits", 8)),
    *(("megabytes", "megabits", 8), ("gigabytes", "gigabits", 8), ("kilobytes", "kilobits", 8)),
)


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes about units from `seed`; raises `ProbeError` as `making.series` does."""
    return series("units", FAMILIES, n, seed)


def verify(probe: Probe) -> bool:
    """Whether a chain of fractions confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(FAMILIES, probe)


def converted(fields: Fields) -> Fraction:
    """`x` of unit `u` in unit `v`, through the base unit of their kind."""
    return F(fields["x"]) * SIZES[fields["u"]] / SIZES[fields["v"]]


def _is(right: Callable[[Fields], Fraction]) -> Callable[[Probe, Fields, str], bool]:
    return lambda _, fields, candidate: parse_number(candidate) == right(fields)


def _amount(rng: random.Random, most: int = 400) -> Fraction:
    """A number as people measure: whole, or with one or two places."""
    places = rng.choice((0, 0, 1, 1, 2))
    return F(rng.randint(2 * 10**places, most * 10**places), 10**places)


def _draft(
    fields: Fields, gold: Fraction, reason: str, slips: list[tuple[str, Fraction, str]], unit: str, level: Level | None = None
) -> Draft | None:
    """A draft with a number for an answer; None if it has too many places, or if the question is about one of a unit."""
    answer = decimal_text(gold)
    if answer is None or len(answer) > 15 or fields.get("x") in ("1", "-1"):
        return None
    written = [(tag, decimal_text(wrong), why) for tag, wrong, why in slips]
    wrong_ones = tuple(Slip(tag, text, why) for tag, text, why in written if text is not None and len(text) <= 15)
    return Draft(fields, answer, reason, wrong_ones, unit=unit, level=level)


def _fields(x: Fraction, u: str, v: str) -> dict[str, str]:
    return {"x": decimal_text(x) or "", "u": u, "v": v}


def _metric(rng: random.Random, _: bool) -> Draft | None:
    u, v, factor = rng.choice(METRIC)
    x = _amount(rng)
    f = F(factor)
    if rng.random() < 0.45:
        x = F(rng.randint(15, 9999))
        u, v, f = v, u, 1 / f
    gold = x * f
    return _draft(
        _fields(x, u, v),
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


def _customary(rng: random.Random, _: bool) -> Draft | None:
    u, v, f = rng.choice(CUSTOMARY)
    x = F(rng.randint(3, 400)) if rng.random() < 0.7 else F(rng.randint(7, 201), 2)
    slips = [
        ("misremembered-factor", x * g, f"I know the number of {v} to one of the {u} by heart, and multiplied by it.")
        for g in MISREMEMBERED[u, v]
    ]
    slips.append(("one-too-many", x * f + f, f"The {u} are counted off one by one, each with as many {v} as it has."))
    return _draft(_fields(x, u, v), x * f, BY_FACTOR, slips, v)


def _between(rng: random.Random, _: bool) -> Draft | None:
    u, v, factor = rng.choice(BETWEEN)
    x, f = F(rng.randint(2, 600)), F(factor)
    slips = [
        ("misremembered-factor", x * g, f"I know the number of {v} to one of the {u} by heart, and multiplied by it.")
        for g in MISREMEMBERED[u, v]
    ]
    slips.append(("one-place-less", x * f / 10, "The factor has that many places after the point."))
    return _draft(_fields(x, u, v), x * f, "The agreed factor between the two units is exact.", slips, v)


def _decimal_time(rng: random.Random, _: bool) -> Draft | None:
    u, v, f = rng.choice((("hours", "minutes", 60), ("minutes", "seconds", 60), ("days", "hours", 24), ("weeks", "days", 7)))
    whole, tenth = rng.randint(1, 90), rng.choice((25, 50, 75, 10, 20, 30, 40, 60, 70, 80, 90, 15, 35, 45))
    x = whole + F(tenth, 100)
    read_as_digits = whole * f + (tenth if tenth % 10 else tenth // 10)
    if (x * f * 10).denominator != 1:
        return None
    return _draft(
        _fields(x, u, v),
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
    return _draft(
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


def _temperature(rng: random.Random, _: bool) -> Draft | None:
    kind = rng.choice(("CF", "FC", "CK", "KC"))
    c = F(rng.randint(-400, 2000), 10) if kind in ("CK", "KC") else F(rng.randint(-80, 600), 2)
    f, k = c * 9 / 5 + 32, c + F(27315, 100)
    if kind == "CF":
        x, gold = c, f
        slips = [
            ("forgot-offset", c * 9 / 5, "The degrees are multiplied by nine fifths."),
            ("offset-first", (c + 32) * 9 / 5, "First 32 is added, and then one multiplies by nine fifths."),
            ("rule-of-thumb", 2 * c + 30, "Doubling it and adding 30 gives it."),
            ("wrong-fraction", c * 5 / 9 + 32, "One multiplies by five ninths and adds 32."),
        ]
    elif kind == "FC":
        x, gold = f, c
        slips = [
            ("forgot-offset", f * 5 / 9, "The degrees are multiplied by five ninths."),
            ("offset-last", f * 5 / 9 - 32, "One multiplies by five ninths and then takes off 32."),
            ("rule-of-thumb", (f - 30) / 2, "Taking off 30 and halving the rest gives it."),
            ("wrong-fraction", (f - 32) * 9 / 5, "One takes off 32 and multiplies by nine fifths."),
        ]
    elif kind == "CK":
        x, gold = c, k
        slips = [
            ("rounded-offset", c + 273, "The two scales are 273 apart."),
            ("wrong-sign", c - F(27315, 100), "The difference of 273.15 is taken off."),
            ("swapped-digits", c + F(23715, 100), "The zero of the Celsius scale is added, which is 237.15."),
        ]
    else:
        x, gold = k, c
        slips = [
            ("rounded-offset", k - 273, "The two scales are 273 apart."),
            ("wrong-sign", k + F(27315, 100), "The difference of 273.15 is added."),
            ("swapped-digits", k - F(23715, 100), "The zero of the Celsius scale is taken off, which is 237.15."),
        ]
    scales = {"C": "degrees Celsius", "F": "degrees Fahrenheit", "K": "kelvins"}
    u, v = scales[kind[0]], scales[kind[1]]
    fifths = kind in ("CF", "FC")
    return _draft(
        _fields(x, u, v),
        gold,
        "Each scale has a zero and a step of its own, and both are taken into account.",
        slips,
        v,
        "hard" if fifths else "medium",
    )


_SCALES: dict[str, tuple[Fraction, Fraction]] = {
    "degrees Celsius": (F(27315, 100), F(1)),
    "degrees Fahrenheit": (F(45967, 100), F(5, 9)),
    "kelvins": (F(0), F(1)),
}
"""Of each scale, what is added to reach its absolute zero, and the size of its degree in kelvins."""


def _kelvin_chain(fields: Fields) -> Fraction:
    (a, step), (b, other) = _SCALES[fields["u"]], _SCALES[fields["v"]]
    return (F(fields["x"]) + a) * step / other - b


def _rise(rng: random.Random, _: bool) -> Draft | None:
    c = F(rng.randint(15, 1900), 20)
    f = c * 9 / 5
    if rng.random() < 0.5:
        x, gold, u, v = c, f, "degrees Celsius", "degrees Fahrenheit"
        wrong = [
            ("added-offset", f + 32, "One multiplies by nine fifths and adds 32."),
            ("wrong-fraction", c * 5 / 9, "The step of the one scale is five ninths of that of the other."),
            ("same-step", c, "A difference is the same on both scales."),
        ]
    else:
        x, gold, u, v = f, c, "degrees Fahrenheit", "degrees Celsius"
        wrong = [
            ("subtracted-offset", (f - 32) * 5 / 9, "One takes off 32 and multiplies by five ninths."),
            ("wrong-fraction", f * 9 / 5, "The step of the one scale is nine fifths of that of the other."),
            ("same-step", f, "A difference is the same on both scales."),
        ]
    return _draft(
        _fields(x, u, v), gold, "For a difference only the steps of the two scales matter, not their zeros.", wrong, v
    )


def _area(rng: random.Random, _: bool) -> Draft | None:
    u, v, factor = rng.choice(AREAS)
    x, f = _amount(rng, 90), F(factor)
    linear = F(LINEAR[u, v])
    if rng.random() < 0.35:
        x = x * f
        u, v, f, linear = v, u, 1 / f, 1 / linear
    gold = x * f
    return _draft(
        _fields(x, u, v),
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
    return _draft(_fields(x, u, v), gold, "Both the length and the time have to be converted.", wrong, v)


def _data(rng: random.Random, _: bool) -> Draft | None:
    u, v, f = rng.choice(DATA)
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
    return _draft(_fields(x, u, v), gold, reason, slips, v)


def _fill(rng: random.Random, _: bool) -> Draft | None:
    minutes, flow = rng.randint(2, 180), 5 * rng.randint(4, 120)
    litres = F(flow * 60 * minutes, 1000)
    return _draft(
        {"l": decimal_text(litres) or "", "f": str(flow)},
        F(minutes),
        "In millilitres, the volume divided by the flow gives seconds, and sixty of them are a minute.",
        [
            ("seconds-instead", F(minutes * 60), "The volume in millilitres divided by the flow gives the time."),
            ("decimal-minute", F(minutes * 60, 100), "The volume divided by the flow, with the point moved by two places."),
            ("wrong-litre", F(minutes, 10), "A litre has a hundred millilitres, and a minute sixty seconds."),
        ],
        "minutes",
    )


def _supply(rng: random.Random, _: bool) -> Draft | None:
    ml, weeks = rng.randint(10, 190) * 10, rng.randint(2, 12)
    gold = F(ml * 7 * weeks, 1000)
    return _draft(
        {"who": rng.choice(PEOPLE), "x": str(ml), "w": str(weeks)},
        gold,
        "Seven days a week, and a thousand millilitres to the litre, lead to it.",
        [
            ("forgot-days", F(ml * weeks, 1000), "The amount times the number of weeks, in litres, gives it."),
            ("five-day-week", F(ml * 5 * weeks, 1000), "A week has five days, and a litre a thousand millilitres."),
            ("wrong-litre", F(ml * 7 * weeks, 100), "A litre has a hundred millilitres, and a week seven days."),
        ],
        "litres",
    )


def _price(rng: random.Random, _: bool) -> Draft | None:
    cents, kilos = rng.randint(11, 480), F(rng.randint(3, 60), rng.choice((1, 2)))
    gold = cents * 10 * kilos / 100
    return _draft(
        {"p": str(cents), "k": decimal_text(kilos) or ""},
        gold,
        "A kilogram is ten times a hundred grams, and a hundred cents are a euro.",
        [
            ("forgot-ten", cents * kilos / 100, "The price times the weight, in euros, gives it."),
            ("cents-instead", gold * 100, "The price of a kilogram times the weight gives it."),
            ("thousand-instead", cents * kilos, "A kilogram has a thousand grams, so the price goes up by that over ten."),
        ],
        "euros",
    )


def _steps(rng: random.Random, _: bool) -> Draft | None:
    stride, count = rng.choice((50, 60, 64, 65, 70, 72, 75, 80)), rng.randint(20, 900) * 5
    km = F(stride * count, 100_000)
    gold = F(count)
    return _draft(
        {"who": rng.choice(PEOPLE), "k": decimal_text(km) or "", "s": str(stride)},
        gold,
        "In centimetres, the way divided by the length of a step gives it.",
        [
            ("one-place-less", gold / 10, "A kilometre is ten thousand centimetres."),
            ("metres-for-centimetres", gold / 100, "The way in metres divided by the length of a step gives it."),
            ("one-place-more", gold * 10, "A kilometre is a million centimetres."),
        ],
        "steps",
    )


def _compare(rng: random.Random, yes: bool) -> Draft | None:
    u, v, factor = rng.choice((*METRIC, *CUSTOMARY, *AREAS[:5], *DATA[:8]))
    f = F(factor)
    a = F(rng.randint(2, 60))
    misread = {"square": F(LINEAR.get((u, v), 1)), "cubic": F(LINEAR.get((u, v), 1))}.get(u.split()[0])
    wrong_factor = misread if misread and misread != 1 else MISREMEMBERED.get((u, v), (f * 10, f / 10))[rng.randrange(2)]
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
    difference = F(x) * SIZES[u] - F(y) * SIZES[v]
    return candidate == ("yes" if (difference > 0 if word == "more" else difference < 0) else "no")


PLAIN = (
    "How many {v} are {x} {u}?",
    "Convert {x} {u} to {v}.",
    "Expressed in {v}, how much is {x} {u}?",
    "A label says {x} {u}. How many {v} is that?",
)

FAMILIES: tuple[Family, ...] = (
    Family("metric", "easy", PLAIN, _metric, _is(converted)),
    Family("customary", "medium", PLAIN, _customary, _is(converted)),
    Family(
        "international",
        "medium",
        (
            "By the exact international definition, how many {v} are {x} {u}?",
            "Convert {x} {u} to {v}, exactly and without rounding.",
            "What is the exact length of {x} {u} in {v}?",
        ),
        _between,
        _is(converted),
    ),
    Family(
        "decimal-time",
        "easy",
        ("How many {v} are {x} {u}?", "Something takes {x} {u}. How long is that in {v}?", "Express {x} {u} in {v}."),
        _decimal_time,
        _is(converted),
    ),
    Family(
        "clock",
        "medium",
        (
            "How many seconds are {h} h {m} min {s} s?",
            "A film runs for {h} h {m} min {s} s. How long is it in seconds?",
            "Convert a time of {h} h {m} min {s} s to seconds.",
        ),
        _clock_sum,
        _is(lambda f: (F(f["h"]) + F(f["m"]) / 60 + F(f["s"]) / 3600) * SIZES["hours"]),
    ),
    Family(
        "temperature",
        "medium",
        (
            "Convert a temperature of {x} {u} to {v}, without rounding.",
            "A thermometer shows {x} {u}. What is that in {v}, exactly?",
            "Which temperature in {v} is the same as {x} {u}, exactly?",
        ),
        _temperature,
        _is(_kelvin_chain),
    ),
    Family(
        "temperature-difference",
        "hard",
        (
            "A room becomes warmer by {x} {u}. By how many {v} does it become warmer?",
            "Between day and night the temperature differs by {x} {u}. How large is this difference in {v}?",
            "A liquid is heated so that its temperature rises by {x} {u}. Expressed in {v}, by how much does it rise?",
        ),
        _rise,
        _is(lambda f: F(f["x"]) * _SCALES[f["u"]][1] / _SCALES[f["v"]][1]),
    ),
    Family("area", "medium", PLAIN, _area, _is(converted)),
    Family(
        "speed",
        "hard",
        (
            "How fast is {x} {u} in {v}?",
            "Convert a speed of {x} {u} to {v}.",
            "A vehicle moves at {x} {u}. What is its speed in {v}?",
        ),
        _speed,
        _is(converted),
    ),
    Family(
        "data",
        "medium",
        (
            "How many {v} are {x} {u}, with prefixes as in the IEC standard?",
            "By the IEC prefixes, {x} {u} make how many {v}?",
            "Convert {x} {u} to {v}, where the prefixes have their standard (SI and IEC) meaning.",
        ),
        _data,
        _is(converted),
    ),
    Family(
        "fill",
        "hard",
        (
            "A tank holds {l} litres, and {f} millilitres of water run into it every second. After how many minutes is the empty tank full?",
            "Water flows at {f} millilitres per second into an empty basin of {l} litres. How many minutes does it take to fill?",
            "A pump moves {f} millilitres per second. How many minutes does it need for {l} litres?",
        ),
        _fill,
        _is(lambda f: F(f["l"]) * SIZES["litres"] / (F(f["f"]) * SIZES["millilitres"]) / SIZES["minutes"]),
    ),
    Family(
        "supply",
        "medium",
        (
            "{who} drinks {x} millilitres of water every day. How many litres is that in {w} weeks?",
            "Every day, {who} pours out {x} millilitres. How many litres does that make in {w} weeks?",
            "{who} gives a plant {x} millilitres of water each day. How many litres does it get in {w} weeks?",
        ),
        _supply,
        _is(lambda f: F(f["x"]) * SIZES["millilitres"] * (F(f["w"]) * SIZES["weeks"] / SIZES["days"])),
    ),
    Family(
        "price",
        "medium",
        (
            "Cheese costs {p} cents for 100 grams. How many euros do {k} kilograms cost?",
            "At {p} cents for every 100 grams, what do {k} kilograms of nuts cost in euros?",
            "A shop sells tea at {p} cents per 100 grams. What is the price of {k} kilograms in euros?",
        ),
        _price,
        _is(lambda f: F(f["k"]) * SIZES["kilograms"] / (100 * SIZES["grams"]) * F(f["p"]) / 100),
    ),
    Family(
        "steps",
        "hard",
        (
            "{who} walks {k} kilometres with steps of {s} centimetres each. How many steps is that?",
            "With every step {who} moves {s} centimetres ahead. How many steps are needed for {k} kilometres?",
            "A path is {k} kilometres long, and a step of {who} measures {s} centimetres. How many steps does the path take?",
        ),
        _steps,
        _is(lambda f: F(f["k"]) * SIZES["kilometres"] / (F(f["s"]) * SIZES["centimetres"])),
    ),
    Family(
        "compare",
        "medium",
        (
            "Are {said}?",
            "Two labels are held side by side. Are {said}?",
            "Compare the two amounts: are {said}?",
        ),
        _compare,
        _compare_holds,
    ),
)
