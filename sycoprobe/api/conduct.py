"""How a run is conducted, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sycoprobe.errors import PriceError
from sycoprobe.money import lists as prices
from sycoprobe.money import price as money
from sycoprobe.money.budget import Caps
from sycoprobe.money.files import read_table
from sycoprobe.money.price import Price
from sycoprobe.planning import Planned
from sycoprobe.running.asking import Tally


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a run is conducted; nothing here changes what is asked.

    Attributes
    ----------
    concurrency: calls under way at once.
    timeout: seconds for one attempt.
    retries: further attempts after a failure that may pass.
    api_key_env: name under which the key is found; None: the plan's.
    on_tally: told where the run stands, five times a second.
    notify: told of retries, waits and fetches, a line each.
    caps: what the whole run may use in calls, tokens, dollars and seconds; one that is reached drains the run, which can be
        resumed.
    prices: a TOML file of prices, which wins over list prices.
    batch: ask in the vendor's batches, at half the price and within a day; a run that was begun so is always resumed so.
    poll: seconds between two looks at a batch, at most; None: 60.
    strict: a parameter that the server rejects is an error, instead of being adapted and noted in the report.
    headers: of the user's own, sent with every request over HTTP, as `sycoprobe.backends.extras.headers_of` makes them. Only their names
        are kept, so that a resume has to be given them again.
    signals: finish calls in flight and stop on the first Ctrl-C, stop at once on the second.
    """

    concurrency: int = 16
    timeout: float = 120.0
    retries: int = 6
    api_key_env: str | None = None
    on_tally: Callable[[Tally], None] | None = None
    notify: Callable[[str], None] = lambda _line: None
    caps: Caps = field(default_factory=Caps)
    prices: Path | None = None
    batch: bool = False
    poll: float | None = None
    strict: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    signals: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def price_range(
    planned: Planned, file: Path | None = None, *, batch: bool = False
) -> tuple[Price | None, tuple[float, float] | None]:
    """What the plan's model costs, and about the least and the most US dollars that the plan takes; None where nobody knows.

    `file` is a TOML file of prices. Raises `PriceError` for a fault in it.
    """
    price = price_for(planned, Conduct(prices=file))
    if price is None:
        return None, None
    ranges = [money.price_range(p.cost(), price, reply_tokens=p.reply_tokens, batch=batch) for p in planned.parts]
    return price, (sum(low for low, _ in ranges), sum(high for _, high in ranges))


def price_for(planned: Planned, conduct: Conduct) -> Price | None:
    """What the plan's model costs. Raises `PriceError` if that is unknown and money is capped, or the file of prices has a fault."""
    plan = planned.plan
    table = read_table(conduct.prices) if conduct.prices else None
    price = prices.price_of(plan.model, base_url=plan.base_url, table=table)
    if price is None and conduct.caps.cost is not None:
        raise PriceError("--max-cost needs a price", prices.why_unpriced(plan.model, base_url=plan.base_url))
    return price
