"""What a server's headers say about how much may still be sent, and until when not."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sycoprobe.backends.retry import finite_number

SHARE = 0.02
"""A bucket that is refilled all the time is waited for until it holds this share again (one request at least)."""

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:d|h|ms|us|µs|ns|m|s))+")
_PART = re.compile(r"([0-9.]+)([a-zµ]+)")


@dataclass(frozen=True, slots=True)
class Allowance:
    """The names of the headers about one thing that a server counts.

    Attributes
    ----------
    remaining: how much is left.
    reset: until when.
    limit: how much there is at most, where `reset` says when all of it is there again; None where a window ends at `reset`.
    """

    remaining: str
    reset: str
    limit: str | None = None


def _x(counted: str) -> Allowance:
    return Allowance(f"x-ratelimit-remaining-{counted}", f"x-ratelimit-reset-{counted}", f"x-ratelimit-limit-{counted}")


def _anthropic(counted: str) -> Allowance:
    name = f"anthropic-ratelimit-{counted}"
    return Allowance(f"{name}-remaining", f"{name}-reset", f"{name}-limit")


KNOWN = (
    # 'resets to its initial state': OpenAI, Rate limits, 'Rate limits in headers'. Groq, Azure and others use the same names.
    *(_x(counted) for counted in ("requests", "tokens")),
    # 'fully replenished': Anthropic, Rate limits, 'Response headers'.
    *(_anthropic(counted) for counted in ("requests", "tokens", "input-tokens", "output-tokens")),
    # A window that ends at the reset: OpenRouter, and draft-ietf-httpapi-ratelimit-headers up to 07.
    Allowance("x-ratelimit-remaining", "x-ratelimit-reset"),
    Allowance("ratelimit-remaining", "ratelimit-reset"),
)


def allowances_in(names: Iterable[str]) -> tuple[Allowance, ...]:
    """Those of `KNOWN` that a server sends, given the names of its headers in lower case."""
    sent = set(names)
    return tuple(known for known in KNOWN if known.remaining in sent and known.reset in sent)


def pause_until_reset(headers: Mapping[str, str], told: tuple[Allowance, ...], now: float, *, rejected: bool) -> float:
    """Seconds during which nothing should be sent, since something that the server counts is used up; 0 if nothing is.

    Where `reset` is the time to a full bucket, waiting for all of it after each reply that took the last unit would leave the
    server idle: one unit is there after reset / limit seconds already. Only a rejection is taken for the whole time.

    Parameters
    ----------
    told: the headers to look at.
    now: seconds since 1970.
    rejected: whether this reply is a rejection.
    """
    longest = 0.0
    for names in told:
        left = finite_number(headers.get(names.remaining))
        if left is None or not 0 <= left < 1:
            continue
        seconds = seconds_to(headers.get(names.reset), now)
        if seconds is None:
            continue
        limit = finite_number(headers.get(names.limit)) if names.limit and not rejected else None
        if limit is not None and limit >= 1:
            seconds *= min(1.0, max(1 / limit, SHARE))
        longest = max(longest, seconds)
    return longest


def seconds_to(said: str | None, now: float) -> float | None:
    """The seconds from `now` (since 1970) to a reset, or None for what is none of the forms in use.

    Forms: a duration ('1s', '6m0s', '20ms'), seconds ('1.5'), a time since 1970 in seconds or milliseconds, RFC 3339.
    """
    said = (said or "").strip()
    if _DURATION.fullmatch(said):
        seconds = sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(said))
        return seconds if math.isfinite(seconds) else None
    number = finite_number(said)
    if number is not None:
        # No wait is a billion seconds long, and no date in seconds is a hundred billion.
        return None if number < 0 else number if number < 1e9 else max(0.0, (number if number < 1e11 else number / 1000) - now)
    try:
        when = datetime.fromisoformat(said)
        return None if when.tzinfo is None else max(0.0, when.timestamp() - now)
    except (ValueError, OverflowError):
        return None
