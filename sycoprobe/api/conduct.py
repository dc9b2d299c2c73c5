"""How a run is conducted, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sycoprobe.backends.base import Backend, BackendOptions
from sycoprobe.errors import PriceError
from sycoprobe.money import lists as prices
from sycoprobe.money import price as money
from sycoprobe.money.budget import Caps
from sycoprobe.money.files import read_table
from sycoprobe.money.price import Price
from sycoprobe.planning import Planned
from sycoprobe.running.asking import Tally
from sycoprobe.settings import ConductSettings


@dataclass(frozen=True, kw_only=True)
class Conduct(ConductSettings):
    """How a run is conducted; nothing here changes what is asked. Beside its settings:

    Attributes
    ----------
    api_key_env: name under which the key is found; None: the plan's.
    on_tally: told where the run stands, five times a second.
    notify: told of retries, waits and fetches, a line each.
    poll: seconds between two looks at a batch, at most; None: 60.
    headers: of the user's own, sent with every request over HTTP, as `sycoprobe.backends.extras.headers_of` makes them. Only their names
        are kept, so that a resume has to be given them again.
    signals: finish calls in flight and stop on the first Ctrl-C, stop at once on the second.
    backend: opens what answers, instead of the backend that the model names.
    extra: options of a backend's own.
    """

    api_key_env: str | None = None
    on_tally: Callable[[Tally], None] | None = None
    notify: Callable[[str], None] = lambda _line: None
    poll: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    signals: bool = False
    backend: Callable[[BackendOptions], Backend] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def caps(self) -> Caps:
        """What the whole run may use in calls, tokens, dollars and seconds; a cap that is reached drains the run, which can be resumed."""
        return Caps(calls=self.max_calls, tokens=self.max_tokens, cost=self.max_cost, seconds=self.max_time)


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
