"""What the model costs, as a check."""

from __future__ import annotations

from sycoprobe.examining.checks import Check, Status, Step
from sycoprobe.money import lists as prices


def price_line(model: str, base_url: str | None) -> Check:
    """What the model costs, as a check; where no price is known, the reason."""
    price = prices.price_of(model, base_url=base_url)
    if price is None:
        why = prices.why_unpriced(model, base_url=base_url).splitlines()[0].partition(": ")[2].rstrip(".")
        return Check(Step.PRICE, Status.SKIPPED, f"unknown: {why}; --prices FILE names it")
    if price.free:
        return Check(Step.PRICE, Status.OK, price.source)
    return Check(Step.PRICE, Status.OK, f"${price.input:g} in, ${price.output:g} out per million tokens, by {price.source}")
