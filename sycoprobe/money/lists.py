"""Where a model's price comes from: the user's own table, nature (what runs here is free), or the data of genai-prices."""

from __future__ import annotations

import re
from datetime import datetime

from sycoprobe.installing import install as command
from sycoprobe.money.files import PriceTable, snippet
from sycoprobe.money.genai import data_version, installed, listed
from sycoprobe.money.price import Price
from sycoprobe.money.vendors import VENDORS, is_own, why_free

_SEARCHES = re.compile(r"search|sonar|deep-research")
"""Models that search the web unasked: each search is charged on top of the tokens, and no usage that we read counts them."""


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
    if source := why_free(backend, name, base_url):
        return Price(0.0, 0.0, batch=1.0, source=source)
    vendor = VENDORS.get(backend)
    if vendor is None or not is_own(vendor, base_url) or _SEARCHES.search(name):
        return None
    return listed(vendor, name, at)


def why_unpriced(model: str, *, base_url: str | None = None) -> str:
    """Why `price_of` knows no price of `model`, and how to fix it: two sentences and lines to paste into a file of prices."""
    backend, _, name = model.partition(":")
    vendor = VENDORS.get(backend)
    install = ""
    if backend == "ollama":
        why = "it does not run on a machine of yours"
    elif vendor is None:
        why = f"nobody but you knows what a call of {backend}: costs"
    elif not is_own(vendor, base_url):
        why = "it is not asked at the vendor's own address, so that list prices need not hold"
    elif _SEARCHES.search(name):
        why = "it searches the web on its own, which is charged on top of its tokens"
    elif not installed():
        why = "list prices come with the package genai-prices, which is not installed"
        install = f"Run `{command('prices')}`, or "
    else:
        why = f"{data_version()} does not know it"
        install = "A newer one may: `pip install -U genai-prices`. Or "
    fix = f"{install}{'say' if install else 'Say'} it in a file and pass that with --prices FILE:"
    return f"the price of {model} is unknown: {why}.\n{fix}\n\n{snippet(model)}"
