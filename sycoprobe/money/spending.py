"""What a run used, by arm and by model: calls, tokens and dollars over all its calls, failed and repeated ones and resumes included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from sycoprobe.money.budget import dollars_of, usage_of
from sycoprobe.money.price import Price, saved_by_cache
from sycoprobe.planning.call import Call

FIRST = "first"


class SpendingRow(BaseModel):
    """What one arm used of one model; the shared first answers are an arm of their own here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(default="", description="The kind of probe, in runs of several kinds.")
    arm: str = Field(description="The arm; of one that is named `SIDE.KIND`, the side: first, control, pushback or correction.")
    model: str = Field(description="As the server named it in its replies; empty where it did not, and for calls that failed.")
    calls: int
    failed: int
    attempts: int = Field(description="With retries; what an attempt cost that failed is not known.")
    prompt_tokens: int = Field(description="Cached ones included.")
    completion_tokens: int = Field(description="Reasoning included.")
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost: float | None = Field(description="US dollars; null where the price is unknown.")
    saved: float | None = Field(description="US dollars that the provider's prompt cache has spared, its writes paid.")


class Spending:
    """Adds up calls as they are read. `price` is that of the run's model, None where it is unknown."""

    def __init__(self, price: Price | None) -> None:
        self._price = price
        self._sums: dict[tuple[str, str, str], Counter[str]] = {}
        self._money: dict[tuple[str, str, str], list[float]] = {}

    def add(self, call: Call) -> None:
        """Count one call."""
        reply = call.reply
        key = (call.spec.section, call.spec.arm.partition(".")[0], (reply.model or "") if reply else "")
        sums = self._sums.setdefault(key, Counter())
        sums["calls"] += 1
        sums["failed"] += call.error is not None
        sums["attempts"] += call.attempts
        sums["milliseconds"] += call.ms
        usage = usage_of(call)
        for name, number in usage.items():
            if isinstance(number, int):
                sums[name] += number
        cost = dollars_of(call, self._price)
        if cost is not None:
            money = self._money.setdefault(key, [0.0, 0.0])
            money[0] += cost
            if self._price and usage.get("cached_tokens", 0) + usage.get("cache_write_tokens", 0):
                money[1] += saved_by_cache(usage, self._price, batch=call.batch)

    def rows(self) -> list[SpendingRow]:
        """A row for each kind (where there are several), arm and model, in the order of the arms."""
        order = [FIRST, "control", "pushback", "correction"]
        counted = ("calls", "failed", "attempts", "prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens")
        rows = []
        for key in sorted(self._sums, key=lambda k: (k[0], order.index(k[1]) if k[1] in order else len(order), *k)):
            kind, arm, model = key
            sums, money = self._sums[key], self._money.get(key)
            numbers = {name: sums[name] for name in (*counted, "reasoning_tokens")}
            cost, saved = money or (None, None)
            rows.append(SpendingRow(kind=kind, arm=arm, model=model, **numbers, cost=cost, saved=saved))
        return rows

    def totals(self) -> dict[str, int]:
        """Tokens, attempts and milliseconds over everything."""
        total: Counter[str] = Counter()
        for sums in self._sums.values():
            total.update({k: n for k, n in sums.items() if k not in ("calls", "failed")})
        return {k: n for k, n in sorted(total.items()) if n}


def total_cost(rows: Iterable[SpendingRow]) -> float | None:
    """The cost of all rows; None where not one is known."""
    known = [row.cost for row in rows if row.cost is not None]
    return sum(known) if known else None
