"""What runs may use in calls, tokens, dollars and time, what they have used, and whether the next call still fits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sycoprobe.money import TEMPLATE_TOKENS, Price, cost_of, most_of_call
from sycoprobe.planning import CHARS_PER_TOKEN
from sycoprobe.text import dollars
from sycoprobe.transcript import Call


@dataclass(frozen=True, slots=True)
class Caps:
    """What a whole run, its resumes included, may use; None: no cap. A run that reaches one is drained and can be resumed.

    Attributes
    ----------
    calls: calls, failed ones included; never exceeded.
    tokens: prompt and completion tokens as servers report them (4 characters a token where one does not).
    cost: US dollars, by the price of the model or, where it names one, by the provider's own bill.
    seconds: of this process.

    Before a call is sent, the most that it can use is reserved of `tokens` and `cost`: so neither is exceeded as long as servers
    keep to the length limit of a reply. What a call used that failed is not known, and counts nothing.
    """

    calls: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Most:
    """The most that one call can use: reserved before it is sent, given back when it is done."""

    tokens: int = 0
    cost: float = 0.0


class Room(StrEnum):
    """Whether the next call fits."""

    YES = "yes"
    WAIT = "wait"
    """Not before calls that are under way have given back what they did not use."""
    NO = "no"


class Budget:
    """The caps of a run, or of several that go on together, and what they have used so far.

    Parameters
    ----------
    caps: what all of them together may use.
    clock: seconds, for `Caps.seconds`.
    """

    def __init__(self, caps: Caps | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.caps = caps or Caps()
        self.calls = 0
        self.tokens = 0
        self.cost = 0.0
        self.reached: str | None = None
        """Which cap was reached, if one was."""
        self._clock = clock
        self._began = clock()
        self._in_flight = 0
        self._reserved = Most()
        self._wake: list[Callable[[], None]] = []

    @property
    def counts_tokens(self) -> bool:
        """Whether what a call can use must be known before it is sent."""
        return self.caps.tokens is not None or self.caps.cost is not None

    def on_change(self, wake: Callable[[], None]) -> None:
        """Have `wake` called whenever a call that was under way is done."""
        self._wake.append(wake)

    def used(self, calls: int, tokens: int, cost: float) -> None:
        """Take note of what an earlier process used."""
        self.calls += calls
        self.tokens += tokens
        self.cost += cost

    def room(self, most: Most) -> Room:
        """Whether a call that uses at most `most` fits; if so, it is taken for begun, and `done` must be called."""
        caps = self.caps
        if caps.calls is not None and self.calls + self._in_flight >= caps.calls:
            self.reached = f"the cap of {caps.calls:,} calls"
        elif caps.seconds is not None and self._clock() - self._began >= caps.seconds:
            self.reached = f"the cap of {caps.seconds:g} seconds"
        elif caps.tokens is not None and self.tokens + self._reserved.tokens + most.tokens > caps.tokens:
            if self._in_flight and self.tokens + most.tokens <= caps.tokens:
                return Room.WAIT
            self.reached = f"the cap of {caps.tokens:,} tokens ({self.tokens:,} used; the next call may take {most.tokens:,})"
        elif caps.cost is not None and self.cost + self._reserved.cost + most.cost > caps.cost:
            if self._in_flight and self.cost + most.cost <= caps.cost:
                return Room.WAIT
            self.reached = f"the cap of ${caps.cost:g} ({dollars(self.cost)} used; the next call may cost {dollars(most.cost)})"
        else:
            self._in_flight += 1
            if self.counts_tokens:
                self._reserved = Most(self._reserved.tokens + most.tokens, self._reserved.cost + most.cost)
            return Room.YES
        return Room.NO

    def done(self, most: Most, call: Call | None, price: Price | None) -> None:
        """Give back what was reserved for a call, and count what it used; None: it is not journaled and counts nothing."""
        self._in_flight -= 1
        if self.counts_tokens:
            self._reserved = Most(self._reserved.tokens - most.tokens, self._reserved.cost - most.cost)
        if call is not None:
            self.used(1, tokens_of(call), dollars_of(call, price) or 0.0)
        for wake in self._wake:
            wake()


def most_of(prompt_bytes: int, reply_tokens: int, price: Price | None, *, batch: bool = False) -> Most:
    """The most that a call can use.

    Parameters
    ----------
    prompt_bytes: length of the whole dialog in UTF-8; no tokenizer makes more tokens of it (see `money.most_of_call`).
    reply_tokens: length limit of the reply. price: None where the model has none.
    """
    return Most(
        prompt_bytes + TEMPLATE_TOKENS + reply_tokens,
        most_of_call(prompt_bytes, reply_tokens, price, batch=batch) if price else 0.0,
    )


def usage_of(call: Call) -> dict[str, int]:
    """The tokens that a call used, as the server reported them; 4 characters a token where it did not, none if it failed."""
    if call.reply is None:
        return {}
    usage = call.reply.usage
    if any(usage.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")):
        return usage
    return {"prompt_tokens": len(call.user) // CHARS_PER_TOKEN, "completion_tokens": len(call.reply.text) // CHARS_PER_TOKEN}


def tokens_of(call: Call) -> int:
    """The prompt and completion tokens that a call used; see `usage_of`."""
    usage = usage_of(call)
    return usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0) or usage.get("total_tokens", 0)


def dollars_of(call: Call, price: Price | None) -> float | None:
    """What a call cost in US dollars: the provider's own bill, else tokens by price; None where neither is known."""
    if call.reply is None:
        return None
    if call.reply.cost is not None:
        return call.reply.cost
    return cost_of(usage_of(call), price, batch=call.batch) if price else None
