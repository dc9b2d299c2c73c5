"""What calls cost: the price of a model, and the arithmetic from tokens to US dollars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.errors import PriceError
from sycoprobe.sets.forms import TYPICAL_REPLY_TOKENS
from sycoprobe.text import CHARS_PER_TOKEN

if TYPE_CHECKING:
    from sycoprobe.planning import Cost

MTOK = 1_000_000
TEMPLATE_TOKENS = 128
"""Room for what a chat template adds to a prompt: a few tokens a message, and in some models a preamble of about 70 tokens."""
DENSE_CHARS_PER_TOKEN = 2
"""Characters a token in text that tokenises badly (code, names, Latin scripts other than English); English has about 4."""
DEAREST = 1e6
"""A dollar a token; whatever is above it was written in another unit."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Rates of a call whose prompt is longer than `above` tokens; they hold for all of its tokens. Else as in `Price`."""

    above: int
    input: float
    output: float
    cached_input: float | None = None
    cache_write: float | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a model's tokens cost, in US dollars per million tokens.

    Attributes
    ----------
    input, output: prompt tokens, and completion tokens with reasoning among them.
    cached_input: prompt tokens read from the provider's cache; None: as `input`.
    cache_write: prompt tokens written to it; None: as `input`.
    request: US dollars per call, on top.
    batch: factor for tokens in the vendor's batch mode. Half is what OpenAI ("Batch API" guide) and Anthropic
        ("Batch processing" guide) document. It is not applied to `request`.
    batch_cached: the same for prompt tokens read from the cache, which some vendors do not discount; None: as `batch`.
    tiers: dearer (or cheaper) rates of long prompts.
    source: where the price comes from, e.g. "prices.toml:4".

    Raises
    ------
    PriceError: a number is negative, not finite, or not a number.
    """

    input: float
    output: float
    cached_input: float | None = None
    cache_write: float | None = None
    request: float = 0.0
    batch: float = 0.5
    source: str = ""
    batch_cached: float | None = None
    tiers: tuple[Tier, ...] = ()

    def __post_init__(self) -> None:
        for part in (self, *self.tiers):
            for name in ("input", "output", "cached_input", "cache_write", "request", "batch", "batch_cached"):
                value = getattr(part, name, None)
                fault = None if value is None else fault_in(name, value)
                if fault or (value is None and name in ("input", "output")):
                    raise PriceError(f"the price's {name} {fault or 'is missing'}", UNIT)
        object.__setattr__(self, "tiers", tuple(sorted(self.tiers, key=lambda t: t.above)))

    @property
    def free(self) -> bool:
        """Whether nothing costs anything."""
        parts: list[Price | Tier] = [self, *self.tiers]
        rates = [r for part in parts for r in (part.input, part.output, part.cached_input, part.cache_write)]
        return not any(rates) and not self.request

    def to_dict(self) -> dict[str, Any]:
        """The price as JSON has it; `from_dict` reads it again."""
        return asdict(self) | {"tiers": [asdict(t) for t in self.tiers]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Price:
        """The price that `to_dict` wrote; keys that are missing have their defaults, keys of later versions are left out.

        Raises
        ------
        PriceError: it holds no price.
        """
        try:
            tiers = tuple(Tier(**_known(Tier, tier)) for tier in data.get("tiers") or ())
            return cls(**_known(cls, data) | {"tiers": tiers})
        except (TypeError, AttributeError) as e:
            raise PriceError("this is not a price: input and output are needed", UNIT) from e


UNIT = "prices are US dollars per million tokens, e.g. input = 2.5"


def fault_in(name: str, value: object) -> str | None:
    """What is wrong with a price's number, or None; `batch` and `batch_cached` are factors from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {value!r}, not a number"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}, not a finite number"
    if value < 0:
        return f"is negative ({value})"
    if name.startswith("batch") and value > 1:
        return f"is {value}, but it is a factor from 0 to 1 (0.5: half price)"
    if value > DEAREST:
        return "is more than a dollar a token"
    return None


def cost_of(usage: Mapping[str, int], price: Price, *, batch: bool = False) -> float:
    """What one call cost, in US dollars.

    Parameters
    ----------
    usage: `prompt_tokens` (all of them), `completion_tokens` (with reasoning), `cached_tokens` and `cache_write_tokens` (both
        part of the prompt), `reasoning_tokens` (part of the completion). Where a server reports a part that is larger than its
        whole, the part counts; tokens that are in its `total_tokens` only are charged at the dearer of the two rates.
    price: of the model that was asked.
    batch: whether the call was part of a vendor's batch.
    """
    return _cost(_Tokens.of(usage), price, batch=batch)


def saved_by_cache(usage: Mapping[str, int], price: Price, *, batch: bool = False) -> float:
    """What the tokens of `cost_of` would have cost without caching, less what they cost; negative where a write was never read."""
    tokens = _Tokens.of(usage)
    plain = _Tokens(tokens.fresh + tokens.cached + tokens.written, 0, 0, tokens.completion, tokens.other)
    return _cost(plain, price, batch=batch) - _cost(tokens, price, batch=batch)


def most_of_call(prompt_bytes: int, reply_tokens: int, price: Price, *, batch: bool = False) -> float:
    """The most that one call can cost, in US dollars: what is reserved before it is sent.

    A prompt has at most one token per byte of UTF-8, because byte-level tokenizers (GPT, Llama 3, Qwen) and those that fall back
    to bytes (SentencePiece) begin with single bytes and only merge them. Characters give no such bound: outside of the
    Latin script one can take three tokens. For English it is about four times too much, which matters little: the
    reservation is replaced by the cost once the reply is there. `TEMPLATE_TOKENS` come on top for the chat template.

    Parameters
    ----------
    prompt_bytes: length in UTF-8 of all messages of the call.
    reply_tokens: the limit that is sent with the call, reasoning included.
    price: the dearest rate that a prompt of up to this length can have is taken: cached, written or neither, in any tier.
    batch: whether the call is part of a vendor's batch.
    """
    return _most(prompt_bytes + TEMPLATE_TOKENS, reply_tokens, price, batch=batch)


def price_range(estimate: Cost, price: Price, *, reply_tokens: int, batch: bool = False) -> tuple[float, float]:
    """About the least and about the most that a plan costs, in US dollars, before any call; nothing is retried or cached.

    The low end has the fewest calls, 4 characters a token and typical replies (40 tokens where few words are asked for). The high end has the most calls, 2 characters a
    token, a chat template around every prompt and every reply as long as the limit allows, both where it is paid as a reply
    and where it is sent again in the second turn. Scripts with fewer than 2 characters a token (Chinese, Japanese, Thai) can
    cost more than that, and so can retries of calls that the server charged for.

    Parameters
    ----------
    estimate: of the plan (`PlannedPart.cost()`).
    price: of the model. Tiers go by the average prompt.
    reply_tokens: the limit on a reply (`Plan.sampling.reply_tokens`).
    batch: whether the calls are made in a vendor's batch mode.
    """
    calls = estimate.calls_max
    if not calls:
        return 0.0, 0.0
    short = {"prompt_tokens": estimate.prompt_tokens // calls, "completion_tokens": min(estimate.typical_reply, reply_tokens)}
    sent_again = (calls - estimate.conversations) * max(0, reply_tokens - min(TYPICAL_REPLY_TOKENS, estimate.typical_reply))
    dense = estimate.prompt_tokens * CHARS_PER_TOKEN // DENSE_CHARS_PER_TOKEN
    prompt = math.ceil((dense + sent_again) / calls) + TEMPLATE_TOKENS
    return estimate.calls_min * cost_of(short, price, batch=batch), calls * _most(prompt, reply_tokens, price, batch=batch)


@dataclass(frozen=True, slots=True)
class _Tokens:
    fresh: int
    cached: int
    written: int
    completion: int
    other: int

    @classmethod
    def of(cls, usage: Mapping[str, int]) -> _Tokens:
        names = (
            "prompt_tokens",
            "cached_tokens",
            "cache_write_tokens",
            "completion_tokens",
            "reasoning_tokens",
            "total_tokens",
        )
        prompt, cached, written, completion, reasoning, total = (max(0, usage.get(name) or 0) for name in names)
        completion = max(completion, reasoning)
        prompt = max(prompt, cached + written)
        return cls(prompt - cached - written, cached, written, completion, max(0, total - prompt - completion))


def _cost(tokens: _Tokens, price: Price, *, batch: bool) -> float:
    prompt = tokens.fresh + tokens.cached + tokens.written + tokens.other
    at = max((t for t in price.tiers if prompt > t.above), key=lambda t: t.above, default=price)
    factor, cached_factor = _factors(price, batch=batch)
    full = tokens.fresh * at.input + tokens.written * _write(at) + tokens.completion * at.output
    full += tokens.other * max(at.input, at.output)
    return (full * factor + tokens.cached * _cached(at) * cached_factor) / MTOK + price.request


def _most(prompt: int, completion: int, price: Price, *, batch: bool) -> float:
    reachable: list[Price | Tier] = [price, *(t for t in price.tiers if prompt > t.above)]
    factor, cached_factor = _factors(price, batch=batch)
    dearest_in = max(max(at.input * factor, _write(at) * factor, _cached(at) * cached_factor) for at in reachable)
    dearest_out = max(at.output for at in reachable) * factor
    return (prompt * dearest_in + completion * dearest_out) / MTOK + price.request


def _factors(price: Price, *, batch: bool) -> tuple[float, float]:
    if not batch:
        return 1.0, 1.0
    return price.batch, price.batch if price.batch_cached is None else price.batch_cached


def _cached(at: Price | Tier) -> float:
    return at.input if at.cached_input is None else at.cached_input


def _write(at: Price | Tier) -> float:
    return at.input if at.cache_write is None else at.cache_write


def _known(kind: type[Price] | type[Tier], data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k in kind.__dataclass_fields__}
