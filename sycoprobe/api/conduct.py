"""How a run is conducted, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sycoprobe.backends.base import Backend, BackendOptions
from sycoprobe.errors import PlanError, PriceError
from sycoprobe.money import lists as prices
from sycoprobe.money import price as money
from sycoprobe.money.budget import Caps, most_of
from sycoprobe.money.files import read_table
from sycoprobe.money.price import Price
from sycoprobe.planning import Planned
from sycoprobe.running.asking import Tally, bytes_of
from sycoprobe.settings import ConductSettings
from sycoprobe.text import dollars


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


def check_caps(planned: Planned, conduct: Conduct, price: Price | None) -> None:
    """Raises `PlanError` if not even the first call fits under a cap, which would end the run before it asks anything."""
    caps, batch = conduct.caps, bool(conduct.batch)
    if caps.tokens is None and caps.cost is None:
        return
    conversation = next(planned.conversations())
    turn = conversation.asked(conversation.kind.begin(conversation.shown))[0]
    prompt, room = bytes_of(turn.messages), conversation.part.reply_tokens
    most = most_of(prompt, room, price, batch=batch)
    least = most_of(prompt, 1, price, batch=batch)
    if caps.tokens is not None and most.tokens > caps.tokens:
        what = f"max-tokens {caps.tokens:,}: not even the first call fits, which may take {most.tokens:,} tokens, {room:,} of them its reply"
        shorter = caps.tokens - least.tokens + 1
        raise PlanError(what, _larger(f"--max-tokens {most.tokens} or more", shorter))
    if caps.cost is not None and most.cost > caps.cost:
        what = f"max-cost ${caps.cost:g}: not even the first call fits, which may cost {dollars(most.cost)} with {room:,} tokens for its reply"
        part = (caps.cost - least.cost) / (most.cost - least.cost) if most.cost > least.cost else -1.0
        raise PlanError(what, _larger("a larger --max-cost", int(part * (room - 1)) + 1 if part >= 0 else 0))


def _larger(cap: str, shorter: int) -> str:
    """The fix: a larger cap or, where there is any room for a reply, a smaller one."""
    return f"give {cap}" + (f", or --reply-tokens {shorter} or fewer" if shorter > 0 else "")
