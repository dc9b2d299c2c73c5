"""The user's own prices: a TOML file, each fault in it named with its place."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sycoprobe.errors import PriceError
from sycoprobe.files import read_text
from sycoprobe.jsontext import KeyPath, Place, TextFault, places_in, read_toml
from sycoprobe.money.price import UNIT, Price, fault_in
from sycoprobe.money.vendors import FREE, VENDORS
from sycoprobe.names import meant

TABLE_VERSION = 1
NEEDED = ("input", "output")
RATES = (*NEEDED, "cached_input", "cache_write", "request", "batch", "batch_cached")


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of one file: a model's name or a pattern, and the price."""

    path: Path
    prices: tuple[tuple[str, Price], ...]

    def find(self, model: str) -> Price | None:
        """The price of the exact name, else of the longest pattern that matches (of equally long ones the first), else None."""
        exact = dict(self.prices).get(model)
        if exact is not None:
            return exact
        matching = [(name, price) for name, price in self.prices if fnmatch.fnmatchcase(model, name)]
        return max(matching, key=lambda found: len(found[0]))[1] if matching else None


def snippet(model: str) -> str:
    """A file of prices for this model; each `…` is for the user to fill in, and the file is refused until that is done."""
    # JSON's strings are TOML's too, but for DEL, which only TOML wants escaped.
    name = json.dumps(model, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"schema_version = {TABLE_VERSION}\n[{name}]\ninput = …   # US dollars per million prompt tokens\noutput = …  # US dollars per million completion tokens\n"


def read_table(path: Path) -> PriceTable:
    """The prices in a TOML file: a table per model, `["openai:my-model"]`, or per shell-style pattern, `["ollama:*"]`.

    Each needs `input` and `output` and may have `cached_input`, `cache_write` (US dollars per million tokens), `request` (US dollars
    per call), `batch` and `batch_cached` (factors from 0 to 1); see `sycoprobe.money.price.Price`. Hyphens do for underscores.

    Raises
    ------
    PriceError: the file cannot be read or holds a fault; names file:line:column.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as e:
        raise PriceError(f"{path}: cannot be read: {getattr(e, 'strerror', None) or 'not UTF-8'}", "name a TOML file") from e
    try:
        data = read_toml(text)
    except TextFault as e:
        hint = 'put names in quotes, ["openai:my-model"], and numbers without: input = 2.5'
        raise PriceError(f"{path}:{e.place}: {e.message}", hint) from None
    reader = _Reader(path, places_in(text))
    version = data.pop("schema_version", TABLE_VERSION)
    if type(version) is not int or version != TABLE_VERSION:
        hint = f"this version of sycoprobe reads schema_version = {TABLE_VERSION}"
        raise reader.fault(("schema_version",), f"schema_version is {version!r}", hint)
    if not data:
        raise PriceError(f"{path}:1:1: there is no price in it", 'write a table per model: ["openai:my-model"]')
    return PriceTable(path, tuple((name, reader.price(name, table)) for name, table in data.items()))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one table after another, and knows where in the file each key stands."""

    path: Path
    places: Mapping[KeyPath, Place]

    def fault(self, key: KeyPath, message: str, hint: str) -> PriceError:
        """The error at a key, or at its table where the key's own place was not found."""
        line, column = self.places.get(key) or self.places.get(key[:1]) or (1, 1)
        return PriceError(f"{self.path}:{line}:{column}: {message}", hint)

    def price(self, name: str, table: object) -> Price:
        """The price in the table `name`. Raises `PriceError`."""
        if not re.match(r"[^:\s]+:|\*", name):
            raise self.fault((name,), f"{name!r} names no model", _named_instead(name))
        if not isinstance(table, dict):
            raise self.fault((name,), f"{name} is not a table", f'write ["{name}"], and below it input = … and output = …')
        values: dict[str, float] = {}
        for key, value in table.items():
            field = key.replace("-", "_")
            if field not in RATES:
                raise self.fault((name, key), f"{name}: no key {key!r}", f"{meant(field, RATES)}keys: {', '.join(RATES)}")
            if field in values:
                raise self.fault((name, key), f"{name}: {field} is given twice", "keep one of them")
            if wrong := fault_in(field, value):
                raise self.fault((name, key), f"{name}: {key} {wrong}", UNIT)
            values[field] = float(value)
        for field in NEEDED:
            if field not in values:
                raise self.fault((name,), f"{name}: {field} is missing", f"add {field} = …, in US dollars per million tokens")
        line = self.places.get((name,), (1, 1))[0]
        return Price.from_dict({**values, "source": f"{self.path.name}:{line}"})


def _named_instead(name: str) -> str:
    """What a key that is no `backend:name` was probably meant to be."""
    if guess := meant(name, ("schema_version",)):
        return guess.strip()
    backend = name.split(".", maxsplit=1)[0]
    if backend in {*VENDORS, *FREE, "ollama", "command", "python"}:
        return f'write ["{backend}:NAME"], quotes included, or ["{backend}:*"] for all its models'
    return f'write backend:name in quotes, e.g. ["openai:{name}"]'
