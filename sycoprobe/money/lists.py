"""Where a model's price comes from: the user's own table, nature (what runs here is free), or the data of genai-prices."""

from __future__ import annotations

import fnmatch
import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sycoprobe.errors import PriceError
from sycoprobe.money.price import UNIT, Price, Tier, fault_in

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

TABLE_VERSION = 1
NEEDED = ("input", "output")
RATES = (*NEEDED, "cached_input", "cache_write", "request", "batch", "batch_cached")
INSTALL = 'pip install "sycoprobe[prices]"'

_FREE = {
    "local": "free: runs on this machine",
    "hf": "free: runs on this machine",
    "sim": "free: a simulation",
    "replay": "free: replays answers that were paid for before",
}


@dataclass(frozen=True, slots=True)
class _Vendor:
    """Where a backend's own provider lives, and what genai-prices calls it. A host that starts with a dot stands for all below."""

    id: str
    hosts: tuple[str, ...]
    variable: str
    batch: float = 0.5


_VENDORS = {
    "openai": _Vendor("openai", ("api.openai.com",), "OPENAI_BASE_URL"),
    "responses": _Vendor("openai", ("api.openai.com",), "OPENAI_BASE_URL"),
    "anthropic": _Vendor("anthropic", ("api.anthropic.com",), "ANTHROPIC_BASE_URL"),
    "gemini": _Vendor("google", ("generativelanguage.googleapis.com",), "GEMINI_BASE_URL"),
    "azure": _Vendor(
        "azure", (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"), "AZURE_OPENAI_ENDPOINT"
    ),
    # What OpenRouter charges in batch mode is each provider's choice, so no discount is counted on.
    "openrouter": _Vendor("openrouter", ("openrouter.ai",), "OPENROUTER_BASE_URL", batch=1.0),
}
_SEARCHES = re.compile(r"search|sonar|deep-research")
"""Models that search the web unasked: each search is charged on top of the tokens, and no usage that we read counts them."""


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


def price_of(
    model: str, *, base_url: str | None = None, table: PriceTable | None = None, at: datetime | None = None
) -> Price | None:
    """What a model costs, or None where nobody knows (`why_unpriced` says why).

    The user's table wins; then what is free by nature; then the list prices in the package genai-prices, if it is installed.
    Its data are part of the package and nothing is fetched. List prices hold at the vendor's own address only: what stands
    behind another, a proxy on this machine too, may cost anything.

    Parameters
    ----------
    model: as the user names it, `backend:name`.
    base_url: the address that the user gave; None: the one in the backend's environment variable, else the vendor's own.
    table: the user's prices.
    at: the moment for which the price is wanted; None: now.
    """
    if table is not None and (named := table.find(model)) is not None:
        return named
    backend, _, name = model.partition(":")
    if source := _free(backend, name, base_url):
        return Price(0.0, 0.0, batch=1.0, source=source)
    vendor = _VENDORS.get(backend)
    if vendor is None or not _is_own(vendor, base_url) or _SEARCHES.search(name):
        return None
    return _listed(vendor, name, at)


def why_unpriced(model: str, *, base_url: str | None = None) -> str:
    """Why `price_of` knows no price of `model`, and how to mend it: two sentences and lines to paste into a file of prices."""
    backend, _, name = model.partition(":")
    vendor = _VENDORS.get(backend)
    install = ""
    if backend == "ollama":
        why = "it does not run on a machine of yours"
    elif vendor is None:
        why = f"nobody but you knows what a call of {backend}: costs"
    elif not _is_own(vendor, base_url):
        why = "it is not asked at the vendor's own address, so that list prices need not hold"
    elif _SEARCHES.search(name):
        why = "it searches the web on its own, which is charged on top of its tokens"
    elif not _installed():
        why = "list prices come with the package genai-prices, which is not installed"
        install = f"Run `{INSTALL}`, or "
    else:
        why = f"{_version()} does not know it"
        install = "A newer one may: `pip install -U genai-prices`. Or "
    mend = f"{install}{'say' if install else 'Say'} it in a file and pass that with --prices FILE:"
    return f"the price of {model} is unknown: {why}.\n{mend}\n\n{snippet(model)}"


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
        # An editor on Windows may have put a byte order mark in front, which TOML does not allow.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise PriceError(f"{path}: cannot be read: {getattr(e, 'strerror', None) or 'not UTF-8'}", "name a TOML file") from e
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as e:
        where = re.search(r"line (\d+), column (\d+)", str(e))
        place = f"{where[1]}:{where[2]}" if where else f"{text.count(chr(10)) + 1}:1"
        hint = 'put names in quotes, ["openai:my-model"], and numbers without: input = 2.5'
        raise PriceError(f"{path}:{place}: not TOML: {str(e).split(' (at')[0]}", hint) from None
    reader = _Reader(path, dict(_places(text)))
    version = data.pop("schema_version", TABLE_VERSION)
    if type(version) is not int or version != TABLE_VERSION:
        hint = f"this version of sycoprobe reads schema_version = {TABLE_VERSION}"
        raise reader.fault(("schema_version",), f"schema_version is {version!r}", hint)
    if not data:
        raise PriceError(f"{path}:1:1: there is no price in it", 'write a table per model: ["openai:my-model"]')
    return PriceTable(path, tuple((name, reader.price(name, table)) for name, table in data.items()))


_Path = tuple[str, ...]
_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one table after another, and knows where in the file each key stands."""

    path: Path
    places: Mapping[_Path, _Place]

    def fault(self, key: _Path, message: str, hint: str) -> PriceError:
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
                close = get_close_matches(field, RATES, n=1)
                guess = f"did you mean {close[0]!r}? " if close else ""
                raise self.fault((name, key), f"{name}: no key {key!r}", f"{guess}keys: {', '.join(RATES)}")
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
    if get_close_matches(name.replace("-", "_"), ("schema_version",), n=1):
        return "did you mean 'schema_version'?"
    backend = name.split(".", maxsplit=1)[0]
    if backend in {*_VENDORS, *_FREE, "ollama", "command", "python"}:
        return f'write ["{backend}:NAME"], quotes included, or ["{backend}:*"] for all its models'
    return f'write backend:name in quotes, e.g. ["openai:{name}"]'


def _places(text: str) -> Iterator[tuple[_Path, _Place]]:
    """Where each table and key begins. tomllib keeps no places; but nearly every line of such a file is a document by itself."""
    header: _Path = ()
    for number, line in enumerate(text.split("\n"), 1):
        try:
            parsed = tomllib.loads(line)
        except (ValueError, RecursionError):
            continue
        column = len(line) - len(line.lstrip()) + 1
        if line.lstrip().startswith("["):
            header = next(_paths(parsed), ())
            yield header, (number, column)
            continue
        for path in _paths(parsed):
            inner = re.search(rf"[{{,.\s]({re.escape(path[-1])})\s*=", line) if len(path) > 1 else None
            yield header + path, (number, inner.start(1) + 1 if inner else column)


def _paths(parsed: object, above: _Path = ()) -> Iterator[_Path]:
    if isinstance(parsed, list):
        parsed = parsed[0] if parsed else None
    if not isinstance(parsed, dict):
        return
    for key, value in parsed.items():
        yield from _paths(value, (*above, key))
        yield (*above, key)


def _free(backend: str, name: str, base_url: str | None) -> str | None:
    """Why a model costs nothing, or None."""
    if backend == "ollama":
        # Ollama's hosted models are tagged `cloud` or `…-cloud`, and a server of one's own passes calls of them on.
        hosted = re.search(r"(^|[:-])cloud$", name)
        return (
            None
            if hosted or not _is_near(_host(base_url or os.environ.get("OLLAMA_HOST")))
            else "free: runs on a machine of yours"
        )
    if backend == "openrouter" and name.endswith(":free") and _is_own(_VENDORS[backend], base_url):
        return "free: OpenRouter charges nothing for its :free models"
    return _FREE.get(backend)


def _is_own(vendor: _Vendor, base_url: str | None) -> bool:
    address = base_url or os.environ.get(vendor.variable)
    if not address:
        return True
    host = _host(address)
    return any(host.endswith(own) if own.startswith(".") else host == own for own in vendor.hosts)


def _is_near(host: str) -> bool:
    """Whether a host is this machine or one in the same house: no name or address on the public internet."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".lan", ".internal", ".home.arpa"))
    return address.is_private or address.is_loopback or address.is_link_local or address.is_unspecified


def _host(address: str | None) -> str:
    """The host of an address, lower case; '' for none, and '?.?' for what is no address."""
    if not address:
        return ""
    try:
        return (urlsplit(address if "://" in address else f"//{address}").hostname or "?.?").rstrip(".")
    except ValueError:
        return "?.?"


def _installed() -> bool:
    try:
        return find_spec("genai_prices") is not None
    except ValueError:
        return False


def _version() -> str:
    from importlib.metadata import version

    return f"genai-prices {version('genai-prices')}"


def _listed(vendor: _Vendor, name: str, at: datetime | None) -> Price | None:
    """The list price in genai-prices, or None: it is not installed, knows no such model, or none by the token."""
    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    reference = name.removeprefix("models/") if vendor.id == "google" else name
    try:
        usual = calc_price(Usage(), reference, provider_id=vendor.id, genai_request_timestamp=at)
        batch = calc_price(
            Usage(), reference, provider_id=vendor.id, genai_request_timestamp=at, price_context={"processing": "batch"}
        )
    except LookupError:
        return None
    said = ", the deployment's name taken for the model's" if vendor.id == "azure" else ""
    source = f"{_version()}: {vendor.id} {usual.model.id}{said}"
    return _price(usual.model_price, batch.model_price, source, vendor.batch)


def _price(usual: ModelPrice, in_batch: ModelPrice, source: str, usual_batch: float) -> Price | None:
    """Their price as ours. Where ours is coarser it is the dearer: one factor for batches, reasoning priced with the rest."""
    keys = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "output_reasoning_mtok")
    starts = sorted({tier.start for key in keys for tier in getattr(getattr(usual, key), "tiers", ())})

    def rate(price: ModelPrice, key: str, start: int | None = None) -> float | None:
        value = getattr(price, key)
        if value is None:
            return None
        reached = [tier for tier in getattr(value, "tiers", ()) if start is not None and tier.start <= start]
        return float(reached[-1].price if reached else getattr(value, "base", value))

    def rates(start: int | None = None) -> dict[str, float] | None:
        given, said = rate(usual, "input_mtok", start), rate(usual, "output_mtok", start)
        if given is None or said is None:
            return None
        found = {"input": given, "output": max(said, rate(usual, "output_reasoning_mtok", start) or 0.0)}
        cached, written = rate(usual, "cache_read_mtok", start), rate(usual, "cache_write_mtok", start)
        return (
            found | ({} if cached is None else {"cached_input": cached}) | ({} if written is None else {"cache_write": written})
        )

    def ratio(*chosen: str) -> float:
        pairs = [(rate(usual, key, s), rate(in_batch, key, s)) for key in chosen for s in (None, *starts)]
        return min(1.0, max((new / old for old, new in pairs if old and new is not None), default=1.0))

    base = rates()
    if base is None:
        return None
    # The data say nothing of batches where no rate differs.
    differs = any(rate(usual, key, s) != rate(in_batch, key, s) for key in keys for s in (None, *starts))
    factor = ratio("input_mtok", "output_mtok", "cache_write_mtok") if differs else usual_batch
    per_call = getattr(usual, "requests_kcount", None)
    return Price(
        **base,
        request=float(per_call) / 1000 if per_call else 0.0,
        batch=factor,
        batch_cached=ratio("cache_read_mtok") if differs and "cached_input" in base else None,
        tiers=tuple(Tier(above=start, **found) for start in starts if (found := rates(start)) is not None),
        source=source,
    )
