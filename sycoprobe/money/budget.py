"""What runs may use in calls, tokens, dollars and time, what they have used, and whether the next call still fits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sycoprobe.extract.replies import amount_of, counts_of
from sycoprobe.money.price import TEMPLATE_TOKENS, Price, cost_of, most_of_call
from sycoprobe.planning.call import Call
from sycoprobe.text import CHARS_PER_TOKEN, counted, dollars


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
    """The most that calls can use: reserved before they are sent, given back when they are done."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    def __add__(self, other: Most) -> Most:
        return Most(self.calls + other.calls, self.tokens + other.tokens, self.cost + other.cost)

    def __sub__(self, other: Most) -> Most:
        return Most(self.calls - other.calls, self.tokens - other.tokens, self.cost - other.cost)


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
        self._reserved = Most()
        self._wake: list[Callable[[], None]] = []

    @property
    def counts_tokens(self) -> bool:
        """Whether what a call can use must be known before it is sent."""
        return self.caps.tokens is not None or self.caps.cost is not None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the cap on time is reached, at least 0; None: there is none."""
        cap = self.caps.seconds
        return None if cap is None else max(0.0, self._began + cap - self._clock())

    def on_change(self, wake: Callable[[], None]) -> None:
        """Have `wake` called whenever something that was reserved is given back."""
        self._wake.append(wake)

    def used(self, calls: int, tokens: int, cost: float) -> None:
        """Take note of what was used."""
        self.calls += calls
        self.tokens += tokens
        self.cost += cost

    def count(self, call: Call, price: Price | None) -> None:
        """Take note of what a call used."""
        self.used(1, tokens_of(call), dollars_of(call, price) or 0.0)

    def over(self, more: Most, *, reserved: bool = True) -> str | None:
        """Which cap would be crossed if `more` came on top of what is used (and `reserved`); None if it fits."""
        caps, held = self.caps, self._reserved if reserved else Most()
        if self.seconds_left == 0:
            return f"the cap of {caps.seconds:g} seconds"
        if caps.calls is not None and self.calls + held.calls + more.calls > caps.calls:
            return f"the cap of {counted(caps.calls, 'call')}"
        if caps.tokens is not None and self.tokens + held.tokens + more.tokens > caps.tokens:
            return f"the cap of {caps.tokens:,} tokens ({self.tokens:,} used; what comes next may take {more.tokens:,})"
        if caps.cost is not None and self.cost + held.cost + more.cost > caps.cost:
            return f"the cap of ${caps.cost:g} ({dollars(self.cost)} used; what comes next may cost {dollars(more.cost)})"
        return None

    def reserve(self, most: Most) -> None:
        """Hold so much ready; to be given back once it was used, or was not."""
        self._reserved += most

    def give_back(self, most: Most) -> None:
        """What `reserve` was told is used, or is not needed."""
        self._reserved -= most
        for wake in self._wake:
            wake()

    def room(self, most: Most) -> Room:
        """Whether a call that uses at most `most` fits; if so it is reserved, and `give_back` must be called."""
        reached = self.over(most)
        if reached is None:
            self.reserve(most)
            return Room.YES
        if self._reserved.calls and self.counts_tokens and self.over(most, reserved=False) is None:
            return Room.WAIT
        self.reached = reached
        return Room.NO


def most_of(prompt_bytes: int, reply_tokens: int, price: Price | None, *, batch: bool = False) -> Most:
    """The most that a call can use.

    Parameters
    ----------
    prompt_bytes: length of the whole dialog in UTF-8; no tokenizer makes more tokens of it (see `money.most_of_call`).
    reply_tokens: length limit of the reply.
    price: None where the model has none.
    """
    return Most(
        1,
        prompt_bytes + TEMPLATE_TOKENS + reply_tokens,
        most_of_call(prompt_bytes, reply_tokens, price, batch=batch) if price else 0.0,
    )


def usage_of(call: Call) -> dict[str, int]:
    """The tokens that a call used, as the server reported them; 4 characters a token for what it did not, none if it failed.

    What is no number of tokens counts as not reported, wherever the call comes from: a negative one would give a cap back.
    """
    if call.reply is None:
        return {}
    usage = counts_of(call.reply.usage)
    if usage.get("total_tokens"):
        return usage
    texts = {"prompt_tokens": call.user, "completion_tokens": call.reply.text}
    told = {name for name in texts if name in usage}
    if not any(usage[name] for name in told):
        told = set()
    return usage | {name: len(text) // CHARS_PER_TOKEN for name, text in texts.items() if name not in told}


def tokens_of(call: Call) -> int:
    """The prompt and completion tokens that a call used; see `usage_of`."""
    usage = usage_of(call)
    return usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0) or usage.get("total_tokens", 0)


def dollars_of(call: Call, price: Price | None) -> float | None:
    """What a call cost in US dollars: the provider's own bill, else tokens by price; None where neither is known."""
    if call.reply is None:
        return None
    billed = amount_of(call.reply.cost)
    if billed is not None:
        return billed
    return cost_of(usage_of(call), price, batch=call.batch) if price else None
