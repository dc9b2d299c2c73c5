"""The units that quantities are in: how they are written, and how they convert into each other."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from sycoprobe.extract.lazily import lazy

_PREFIXES = {
    "peta": ("p", Fraction(10**15)),
    "tera": ("t", Fraction(10**12)),
    "giga": ("g", Fraction(10**9)),
    "mega": ("m", Fraction(10**6)),
    "kilo": ("k", Fraction(1000)),
    "hecto": ("h", Fraction(100)),
    "deci": ("d", Fraction(1, 10)),
    "centi": ("c", Fraction(1, 100)),
    "milli": ("m", Fraction(1, 1000)),
    "micro": ("μ", Fraction(1, 10**6)),
    "nano": ("n", Fraction(1, 10**9)),
    "kibi": ("ki", Fraction(2**10)),
    "mebi": ("mi", Fraction(2**20)),
    "gibi": ("gi", Fraction(2**30)),
    "tebi": ("ti", Fraction(2**40)),
}
_POWERS = (("square", "sq", "2", "²", "area"), ("cubic", "cu", "3", "³", "volume"))
_WORD = r"[a-zω$€£¥₹%‰°μ][a-zμω]*(?:\^?[23](?![\d.,]*\d)|[²³])?"
_UNIT = lazy(rf"( |-|)((?:° ?)?{_WORD}|[℃℉¢])(?![a-z])")
_MORE = lazy(r"(?:[ -][a-z]+){1,3}")
_PER = lazy(rf"(?: ?/ ?| per |(?: an? ))((?:square |cubic |sq )?{_WORD}(?: squared)?)(?![a-z])")
_INCH_FOLLOWS = lazy(r"\.| *(?:$|[,;:()\n]|x\b|×|by\b|tall\b|long\b|wide\b|high\b|thick\b|deep\b|in diameter|- )")
_TAIL = lazy(r" (?:above|below|of|long|tall|high|deep|wide|thick|old|in|away|each|on|per|apart|from|and|\()")
_TIGHT_ONLY = frozenset("cfpbdw")
"""One-letter symbols that stand for a unit only where no space parts them from the number."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement.

    `size` is in the base unit of its `dimension`; `zero` is the base unit's value at this unit's zero (temperatures only);
    `vague` how far a calendar unit may lie from its nominal length, as a share; `also` what else its word may mean: the
    name of a unit, or of a dimension whose every unit it may stand for.
    """

    name: str
    dimension: str
    size: Fraction
    zero: Fraction = Fraction(0)
    vague: Fraction = Fraction(0)
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """All units by canonical name, the canonical name by spelling, and for first words the most words that a spelling has."""

    units: dict[str, Unit]
    spelled: dict[str, str]
    words: dict[str, int]


@cache
def table() -> Table:
    """The table of units, read from the package once."""
    raw = files("sycoprobe.extract").joinpath("quantity_units.toml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, Any]] = tomllib.loads(raw)
    units: dict[str, Unit] = {}
    spelled: dict[str, str] = {}
    for name, entry in entries.items():
        if "dimension" in entry:
            _add(units, spelled, name, entry)
    for name, entry in entries.items():
        for word in entry.get("names", ()):
            spelled |= dict.fromkeys(_forms(word), name)
        for symbol in entry.get("symbols", ()):
            spelled[symbol] = name
    words: dict[str, int] = {}
    for spelling in spelled:
        parts = re.split("[ -]", spelling)
        words[parts[0]] = max(words.get(parts[0], 1), len(parts))
    words["°"] = 2
    return Table(units, spelled, words)


def unit(name: str) -> Unit | None:
    """The unit of that canonical name, which may be a ratio (`kilometre/hour`); None if there is none."""
    found = table().units.get(name)
    if found is None and "/" in name:
        above, _, below = name.partition("/")
        a, b = unit(above), unit(below)
        if a and b:
            found = Unit(name, f"{a.dimension}/{b.dimension}", a.size / b.size, vague=a.vague + b.vague)
            table().units[name] = found
    return found


def unit_at(text: str, pos: int) -> tuple[str, int] | None:
    """The canonical name of the unit that stands at `pos` of a lower-case text, and where it ends; None if none does.

    One space or hyphen may stand before it.
    """
    m = _UNIT.match(text, pos)
    if not m:
        return None
    word = m[2]
    known = table()
    most = known.words.get(word)
    if most is None:
        return None
    end = m.end()
    name: str | None = None
    if most > 1:
        more = _MORE.match(text, end)
        if more:
            phrase = (word + more.group()).replace("-", " ")
            ends = [i for i, c in enumerate(phrase) if c == " "][1:] if " " not in word else []
            for stop in [len(phrase), *reversed(ends)] if ends else [len(phrase)]:
                name = known.spelled.get(phrase[:stop])
                if name:
                    end = end - len(word) + stop
                    break
            else:
                first = phrase.find(" ", len(word) + 1)
                name = known.spelled.get(phrase[:first]) if first > 0 else None
                end = end - len(word) + first if name else end
    name = name or known.spelled.get(word)
    if name is None:
        return None
    if len(word) < 3:
        if word[0] in "$€£¥₹" and text[end : end + 1].isdigit():
            return None
        if word in _TIGHT_ONLY and m[1]:
            return None
        if word == "in" and m[1] == " " and not _INCH_FOLLOWS.match(text, end):
            return None
    per = _PER.match(text, end)
    if per:
        below = known.spelled.get(per[1])
        stop = per.end()
        if below is None and per[1].endswith(" squared"):
            below, stop = known.spelled.get(per[1].removesuffix(" squared")), stop - len(" squared")
        if below and unit(f"{name}/{below}"):
            return f"{name}/{below}", stop
    return name, end


@lru_cache(maxsize=4096)
def named(text: str) -> str | None:
    """The canonical name of a unit in free text (`"kilometres per second"`, `"%"`), None if it is not in the table."""
    plain = " ".join(text.lower().replace("µ", "μ").replace("º", "°").split())
    if plain == "in":
        return "inch"
    found = unit_at(plain, 0) or unit_at(" " + plain.removeprefix("in "), 0) if plain else None
    if not found:
        return table().spelled.get(plain)
    name, end = found
    return name if end >= len(plain) or plain[end] == "." or _TAIL.match(plain, end) else None


def convert(value: Fraction, source: Unit, target: Unit) -> Fraction | None:
    """`value` in `source` as a value in `target`; None if they measure different things."""
    if source.dimension != target.dimension:
        return None
    if source.name == target.name:
        return value
    return (value * source.size + source.zero - target.zero) / target.size


def others(source: Unit) -> list[Unit]:
    """What else the word for `source` may mean."""
    if not source.also:
        return []
    known = table().units
    direct = known.get(source.also)
    return [direct] if direct else [u for u in known.values() if u.dimension == source.also]


def _add(units: dict[str, Unit], spelled: dict[str, str], name: str, entry: dict[str, Any]) -> None:
    base = Unit(
        name,
        entry["dimension"],
        _exact(entry["size"]),
        _exact(entry.get("zero", "0")),
        _exact(entry.get("vague", "0")),
        entry.get("also"),
    )
    made = [(base, entry.get("names", []), entry.get("symbols", []))]
    for prefix in entry.get("prefixes", ()):
        short, factor = _PREFIXES[prefix]
        unit_ = Unit(prefix + name, base.dimension, base.size * factor)
        names = [prefix + n for n in entry.get("names", [])]
        made.append((unit_, names, [short + s for s in entry.get("symbols", ())]))
    for u, names, symbols in made:
        units[u.name] = u
        _spell(spelled, u.name, names, symbols)
        for power, (word, short, digit, raised, dimension) in enumerate(_POWERS, 2):
            if entry.get("powers"):
                powered = Unit(f"{word} {u.name}", dimension, u.size**power)
                units[powered.name] = powered
                phrases = [f"{w} {n}" for n in names for w in (word, short)]
                marks = [f"{s}{d}" for s in symbols for d in (digit, f"^{digit}", raised)]
                _spell(spelled, powered.name, phrases, [*marks, *(f"{short} {s}" for s in symbols)])


def _spell(spelled: dict[str, str], name: str, names: list[str], symbols: list[str]) -> None:
    for word in names:
        for form in _forms(word):
            spelled.setdefault(form, name)
    for symbol in symbols:
        spelled.setdefault(symbol, name)


def _forms(word: str) -> list[str]:
    """A name with its plural, which a phrase such as `degree celsius` has in its first word."""
    plain = word.replace("-", " ")
    head, _, rest = plain.partition(" ")
    forms = [plain, plain + "s"]
    if head in ("degree", "cycle"):
        forms = [plain, f"{head}s {rest}".strip()]
    return forms


def _exact(text: str) -> Fraction:
    """The exact value of `a`, `a/b`, `a*b` or of chains of these, from the left."""
    parts = re.split(r"([*/])", text)
    value = Fraction(parts[0])
    for operator, operand in zip(parts[1::2], parts[2::2], strict=True):
        value = value * Fraction(operand) if operator == "*" else value / Fraction(operand)
    return value
