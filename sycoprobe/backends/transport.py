"""The one seam over the HTTP library: a request in, a reply or a named failure out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

if TYPE_CHECKING:
    import httpx

MAX_BODY = 32 * 2**20


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What a server sent: status, headers with lower-case names, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """HTTP to one server with keep-alive, the environment's proxy and no redirects.

    httpx's own connection pool looks through all its connections at each request; httpx's API is kept, over aiohttp's
    pool instead, and without httpx's client (cookies, redirects, merged headers), of which nothing is needed here.

    Parameters
    ----------
    url: the server's address; it decides which proxy is used, once.
    headers: sent with every request.
    connections: how many may be open at once.
    """

    def __init__(self, url: str, headers: Mapping[str, str], connections: int) -> None:
        self._base = url
        self._raw_headers = dict(headers)
        self._connections = connections
        self._transport: httpx.AsyncBaseTransport | None = None
        self._headers: httpx.Headers | None = None
        self._urls: dict[str, httpx.URL] = {}

    async def start(self) -> None:
        """Get ready; no connection is made yet."""
        import aiohttp
        import httpx
        from httpx_aiohttp import AiohttpTransport

        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30)
            return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

        proxy = proxy_for(self._base)
        self._headers = httpx.Headers(self._raw_headers)
        self._transport = AiohttpTransport(client=session, proxy=httpx.Proxy(proxy) if proxy else None)

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def post(self, url: str, content: bytes, timeout: float) -> HttpReply:
        """Send `content` (JSON) to `url`. `timeout` is in seconds, for the whole exchange.

        Raises
        ------
        BackendError: TIMEOUT, CONNECT, RESET or TRUNCATED, all retryable; BAD_BODY for an oversized one.
        """
        return await self._send("POST", url, content, timeout)

    async def get(self, url: str, timeout: float) -> HttpReply:
        """Fetch `url`. Raises as `post` does."""
        return await self._send("GET", url, None, timeout)

    async def _send(self, method: str, url: str, content: bytes | None, timeout: float) -> HttpReply:
        import httpx

        assert self._transport is not None, "start() comes first"  # noqa: S101
        try:
            target = self._urls.get(url) or self._urls.setdefault(url, httpx.URL(url))
            async with asyncio.timeout(timeout):
                response = await self._transport.handle_async_request(
                    httpx.Request(method, target, headers=self._headers, content=content)
                )
                try:
                    body = await _body(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise BackendError(f"no answer within {timeout:g} s", kind=ErrorKind.TIMEOUT, retryable=True) from None
        except httpx.DecodingError as e:
            raise BackendError("the body could not be decompressed", kind=ErrorKind.TRUNCATED, retryable=True) from e
        except httpx.HTTPError as e:
            raise _failure(e, timeout) from e
        except httpx.InvalidURL as e:
            raise BackendError(
                f"not an address: {e}", "write it like http://host:port/v1", kind=ErrorKind.CONNECT, fatal=True
            ) from e
        return HttpReply(response.status_code, response.headers, body)


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for `url` (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY; not if NO_PROXY names the host)."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or not parts.hostname or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


async def _body(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    stream = response.aiter_bytes() if "content-encoding" in response.headers else response.stream
    async for part in stream:  # type: ignore[union-attr]
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise BackendError(f"the body is longer than {MAX_BODY:,} bytes", kind=ErrorKind.BAD_BODY)
    return b"".join(parts)


def _failure(error: httpx.HTTPError, timeout: float) -> BackendError:
    """The named failure behind an httpx error, judged by aiohttp's own exception, which is more exact."""
    import aiohttp
    import httpx

    cause: Any = error.__cause__
    match cause:
        case TimeoutError() | aiohttp.ServerTimeoutError():
            return BackendError(f"no answer within {timeout:g} s", kind=ErrorKind.TIMEOUT, retryable=True)
        case aiohttp.ClientConnectorError():
            return BackendError(
                f"cannot connect: {cause.os_error.strerror or cause.os_error}", kind=ErrorKind.CONNECT, retryable=True
            )
        case aiohttp.ClientPayloadError():
            return BackendError("the connection closed before the body was complete", kind=ErrorKind.TRUNCATED, retryable=True)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            return BackendError("the connection was closed before a response came", kind=ErrorKind.RESET, retryable=True)
        case aiohttp.InvalidURL():
            return BackendError("not an address", "write it like http://host:port/v1", kind=ErrorKind.CONNECT, fatal=True)
    if isinstance(error, httpx.TimeoutException):
        return BackendError(f"no answer within {timeout:g} s", kind=ErrorKind.TIMEOUT, retryable=True)
    return BackendError(f"the exchange failed ({type(cause or error).__name__})", kind=ErrorKind.RESET, retryable=True)
