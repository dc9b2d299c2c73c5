"""The one seam over the HTTP library: a request in, a reply or a named failure out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    """HTTP with keep-alive, proxies from the environment and no redirects.

    httpx's own connection pool looks through all its connections at each request; its API is kept, over aiohttp's
    pool instead.

    Parameters
    ----------
    connections: how many may be open at once.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Open the client; no connection is made yet."""
        import aiohttp
        import httpx
        from httpx_aiohttp import AiohttpTransport

        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30)
            return aiohttp.ClientSession(connector=connector, trust_env=True, cookie_jar=aiohttp.DummyCookieJar())

        self._client = httpx.AsyncClient(transport=AiohttpTransport(client=session), follow_redirects=False, timeout=None)

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def post(self, url: str, headers: Mapping[str, str], content: bytes, timeout: float) -> HttpReply:
        """Send `content` (JSON) to `url`. `timeout` is in seconds, for the whole exchange.

        Raises
        ------
        BackendError: TIMEOUT, CONNECT, RESET or TRUNCATED, all retryable; BAD_BODY for an oversized one.
        """
        return await self._send("POST", url, headers, content, timeout)

    async def get(self, url: str, headers: Mapping[str, str], timeout: float) -> HttpReply:
        """Fetch `url`. Raises as `post` does."""
        return await self._send("GET", url, headers, None, timeout)

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, timeout: float
    ) -> HttpReply:
        import httpx

        assert self._client is not None, "start() comes first"  # noqa: S101
        try:
            async with asyncio.timeout(timeout):
                response = await self._client.send(
                    self._client.build_request(method, url, headers=headers, content=content), stream=True
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


async def _body(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
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
