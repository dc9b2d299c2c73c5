"""List prices by the data of the package genai-prices, as prices of ours."""

from __future__ import annotations

from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sycoprobe.money.price import Price, Tier
from sycoprobe.money.vendors import Vendor

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice


def listed(vendor: Vendor, name: str, at: datetime | None) -> Price | None:
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
    source = f"{data_version()}: {vendor.id} {usual.model.id}{said}"
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


def installed() -> bool:
    """Whether genai-prices is there."""
    try:
        return find_spec("genai_prices") is not None
    except ValueError:
        return False


def data_version() -> str:
    """The package and its version, as the source of a price."""
    from importlib.metadata import version

    return f"genai-prices {version('genai-prices')}"
