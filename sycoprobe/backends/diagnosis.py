"""What lies between this machine and a server: the proxy, the name, the connection, its certificate, the clock, the limits."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from sycoprobe.backends.transport import Transport, is_loopback, proxy_for
from sycoprobe.errors import BackendError
from sycoprobe.keys import redacted, remember
from sycoprobe.turns import ErrorKind

_PORTS = {"http": 80, "https": 443}
_COUNTED = ("requests", "tokens", "input-tokens", "output-tokens")
_LONGEST = 4.0
"""Seconds that each step of finding out why a server cannot be reached may take."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy on the way to a server.

    Attributes
    ----------
    shown: its scheme, host and port, without user name and password; None: there is none on this way.
    variable: the environment variable that names it, or would name it if it were not passed by; None: no variable does.
    why: why it is passed by, where it is; else empty.
    """

    shown: str | None
    variable: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A server that answered: after how many seconds, and by how many seconds its clock is ahead of ours (None: it did not say)."""

    seconds: float
    ahead: float | None


def proxy_on_the_way(url: str) -> Proxy:
    """Which proxy the environment names for `url`, by the rules of `transport.proxy_for`. What it holds of a password is remembered."""
    parts = urlsplit(url)
    names = [n for base in (f"{parts.scheme}_proxy", "all_proxy") for n in (base, base.upper())]
    variable = next((n for n in names if os.environ.get(n)), None)
    found = proxy_for(url)
    if found is None:
        if variable is None:
            return Proxy(None)
        loopback = is_loopback(parts.hostname or "")
        return Proxy(None, variable, "this machine itself is reached directly" if loopback else "NO_PROXY names this host")
    with suppress(ValueError):
        remember(urlsplit(found).password or "")
    scheme, _, rest = found.partition("://")
    return Proxy(f"{scheme}://{re.split(r'[/?#]', rest.rpartition('@')[2])[0]}", variable)


async def check_proxy(url: str) -> None:
    """Raises `BackendError` if the environment names a proxy for `url` that cannot be used."""
    over = Transport(url, {}, 1)
    try:
        await over.start()
    finally:
        await over.close()


async def reach(url: str, timeout: float) -> Reached:
    """Fetch the server's bare address, without a key; any answer will do, whatever its status.

    `timeout` is in seconds. Raises `BackendError` with a fix if nothing answers: name, connection and certificate told apart.
    """
    over = Transport(url, {"user-agent": "sycoprobe"}, 1)
    try:
        await over.start()
        began, at = time.monotonic(), datetime.now(UTC)
        reply = await over.get(url, timeout)
        seconds = time.monotonic() - began
    except BackendError as e:
        raise BackendError(*await _why(e, url), kind=e.kind, fatal=True) from None
    finally:
        await over.close()
    return Reached(seconds, ahead_of_us(reply.headers.get("date"), at.timestamp() + seconds / 2))


def ahead_of_us(date: str | None, now: float) -> float | None:
    """By how many seconds a Date header (RFC 9110, section 6.6.1) is ahead of `now` (seconds since 1970, UTC); None if it is no date.

    The header counts whole seconds, so half of one is added.
    """
    with suppress(ValueError, TypeError, OverflowError):
        then = parsedate_to_datetime(date or "")
        return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() + 0.5 - now
    return None


def limits_in(headers: Mapping[str, str]) -> list[str]:
    """The rate limits that a reply's headers tell, e.g. '500 requests (499 left)'.

    `x-ratelimit-limit-requests` and the like: OpenAI's API reference, 'Rate limits in headers'; `anthropic-ratelimit-requests-limit`
    and the like: Anthropic's API reference, 'Rate limits', per minute. The former name no window: some who send them count requests
    by the minute and some by the day, so none is shown.
    """
    found = []
    for counted in _COUNTED:
        for limit, left in (
            (f"x-ratelimit-limit-{counted}", f"x-ratelimit-remaining-{counted}"),
            (f"anthropic-ratelimit-{counted}-limit", f"anthropic-ratelimit-{counted}-remaining"),
        ):
            most, rest = _whole(headers.get(limit)), _whole(headers.get(left))
            if most is not None:
                window = "/min" if limit.startswith("anthropic") else ""
                found.append(
                    f"{most:,} {counted.replace('-', ' ')}{window}" + (f" ({rest:,} left)" if rest is not None else "")
                )
    return found


def _whole(said: str | None) -> int | None:
    return int(said) if said is not None and re.fullmatch(r"\d{1,15}", said) else None


async def _why(error: BackendError, url: str) -> tuple[str, str]:
    """What to say of a server that did not answer, and the fix."""
    parts = urlsplit(url)
    proxy = proxy_on_the_way(url)
    near = urlsplit(proxy.shown) if proxy.shown else parts
    host = near.hostname or ""
    whom = f"the proxy {near.netloc}" if proxy.shown else f"{near.netloc}"
    message = redacted(error.message)
    if error.kind == ErrorKind.CONNECT and "certificate" in message:
        return f"TLS: {message}", _certificate(message)
    if error.fatal:
        return message, error.hint
    port = near.port or _PORTS.get(near.scheme, 80)
    if not await _resolves(host, port):
        wrong = "the proxy variable" if proxy.shown else "--base-url"
        return f"DNS: the name {host} is not known here", f"look for a slip in {wrong}, or at this machine's network and DNS"
    refused = await _refusal(host, port)
    if refused is not None:
        if is_loopback(host):
            return (
                f"TCP: {whom}: {refused}",
                f"start the server, or name the port that it listens on: nothing listens on {port}",
            )
        fix = f"is the server up, and may this machine reach port {port}"
        return f"TCP: {whom}: {refused}", fix + ("? Look at the proxy variable" if proxy.shown else " (firewall, VPN, proxy)?")
    if re.search(r"wrong.version.number|record layer failure|packet length too long", message, re.I):
        return f"TLS: {whom} does not speak it: {message}", "the server speaks plain HTTP: write http:// in --base-url"
    if error.kind in (ErrorKind.BAD_BODY, ErrorKind.RESET) and parts.scheme == "http" and not proxy.shown:
        return f"{whom}: {message}", "if the server speaks TLS, write https:// in --base-url; else look at its log"
    if error.kind == ErrorKind.TIMEOUT:
        plain = "; if it speaks plain HTTP, write http:// in --base-url" if parts.scheme == "https" and not proxy.shown else ""
        return f"{whom} accepts connections, but {message}", f"look at its log; a larger --timeout if it is only slow{plain}"
    return f"{whom}: {message}", "look at the server's log" if not proxy.shown else "look at the proxy's settings for this host"


def _certificate(message: str) -> str:
    named = os.environ.get("SSL_CERT_FILE")
    if named and not Path(named).is_file():
        return "SSL_CERT_FILE names a file that is not there: correct it, or unset it"
    if "expired" in message or "not yet valid" in message:
        return "look at this machine's date; if it is right, whoever runs the server must renew the certificate"
    if "mismatch" in message.lower() or "not valid for" in message:
        return "the certificate is for another host: name the server in --base-url as its certificate does"
    return "name a file with the certificate of who signed it (your company's, or the server's own) in SSL_CERT_FILE"


async def _resolves(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_LONGEST):
            await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return False
    return True


async def _refusal(host: str, port: int) -> str | None:
    """Why no connection can be made; None if one can."""
    try:
        async with asyncio.timeout(_LONGEST):
            _, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return "connection refused"
    except TimeoutError:
        return "no answer to the attempt to connect"
    except OSError as e:
        return f"cannot connect: {e.strerror or type(e).__name__}"
    writer.close()
    return None
