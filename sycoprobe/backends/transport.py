"""The one seam over the HTTP library: a request in, a reply or a named failure out."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
import time
from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sycoprobe.errors import BackendError
from sycoprobe.keys import redacted
from sycoprobe.text import visible
from sycoprobe.turns import ErrorKind

if TYPE_CHECKING:
    import aiohttp
    import httpx

MAX_BODY = 32 * 2**20
_log = logging.getLogger("sycoprobe.http")


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
        self.observe: Callable[[HttpReply], None] | None = None
        """Is shown every reply before it is read."""

    async def start(self) -> None:
        """Get ready; no connection is made yet.

        Raises
        ------
        BackendError: CONNECT, fatal; the environment names a proxy that cannot be used.
        """
        import aiohttp
        import httpx
        from httpx_aiohttp import AiohttpTransport

        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30)
            return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

        proxy = _checked_proxy(proxy_for(self._base))
        # What httpx can decode; left alone, aiohttp asks for whatever aiohttp itself could.
        self._headers = httpx.Headers({"accept-encoding": "gzip, deflate", **self._raw_headers})
        # The session brings its own TLS context; this one only spares the transport from reading certificates for another.
        self._transport = AiohttpTransport(client=session, proxy=proxy, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def post(self, url: str, content: bytes, timeout: float, headers: Mapping[str, str] | None = None) -> HttpReply:
        """Send `content` to `url`: JSON, unless `headers` say otherwise. `timeout` is in seconds, for the whole exchange.

        Raises
        ------
        BackendError: TIMEOUT, CONNECT, RESET or TRUNCATED, all retryable but for a certificate that is not trusted;
            BAD_BODY for an answer that is not HTTP (retryable) or whose body is over 32 MiB (not retryable).
        """
        return await self._send("POST", url, content, timeout, headers=headers)

    async def get(self, url: str, timeout: float) -> HttpReply:
        """Fetch `url`. Raises as `post` does."""
        return await self._send("GET", url, None, timeout)

    async def delete(self, url: str, timeout: float) -> HttpReply:
        """Delete what is at `url`. Raises as `post` does."""
        return await self._send("DELETE", url, None, timeout)

    async def download(self, url: str, out: IO[bytes], timeout: float) -> HttpReply:
        """Fetch `url` into `out`, however long it is; `timeout` is in seconds, for each part that arrives.

        The body of the reply is empty, unless its status is not 200: it then holds what the server said, and `out` nothing.
        Raises as `post` does; `out` may then hold a part.
        """
        return await self._send("GET", url, None, timeout, out=out)

    async def _send(
        self,
        method: str,
        url: str,
        content: bytes | None,
        timeout: float,
        *,
        headers: Mapping[str, str] | None = None,
        out: IO[bytes] | None = None,
    ) -> HttpReply:
        import aiohttp
        import httpx

        if self._transport is None:
            raise RuntimeError("start() comes first")
        began = time.monotonic()
        try:
            target = self._urls.get(url) or self._urls.setdefault(url, httpx.URL(url))
            sent = self._headers
            if headers:
                sent = httpx.Headers(sent)
                sent.update(headers)
            async with asyncio.timeout(timeout) as deadline:
                response = await self._transport.handle_async_request(
                    httpx.Request(method, target, headers=sent, content=content)
                )
                try:
                    if out is None or response.status_code != 200:
                        body = await _body(response)
                    else:
                        body = b""
                        async for part in _parts(response):
                            out.write(part)
                            deadline.reschedule(asyncio.get_running_loop().time() + timeout)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise BackendError(f"no answer within {timeout:g} s", kind=ErrorKind.TIMEOUT, retryable=True) from None
        except httpx.DecodingError as e:
            raise BackendError("the body could not be decompressed", kind=ErrorKind.TRUNCATED, retryable=True) from e
        except (httpx.HTTPError, aiohttp.ClientError) as e:
            raise _failure(e, timeout) from e
        except httpx.InvalidURL as e:
            raise BackendError(
                f"not an address: {e}", "write it like http://host:port/v1", kind=ErrorKind.CONNECT, fatal=True
            ) from e
        if _log.isEnabledFor(logging.DEBUG):
            _tell(method, url, response.status_code, body, time.monotonic() - began)
        reply = HttpReply(response.status_code, response.headers, body)
        if self.observe is not None:
            self.observe(reply)
        return reply


def _tell(method: str, url: str, status: int, body: bytes, seconds: float) -> None:
    """Log an exchange: never a header, and of contents only what a server says of a failure, without keys."""
    said = ""
    if status >= 400:
        said = ": " + visible(redacted(body[:4000].decode("utf-8", "replace")))[:300].replace("\n", " ")
    _log.debug(
        "%s %s %d, %d bytes in %.0f ms%s", method, redacted(url.partition("?")[0]), status, len(body), 1000 * seconds, said
    )


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for `url` (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY; not if NO_PROXY names the host).

    None for this machine itself: a model served on loopback is out of any proxy's reach.
    """
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or not parts.hostname or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def is_loopback(host: str) -> bool:
    """Whether a host's name or address stands for this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_proxy(url: str | None) -> httpx.Proxy | None:
    """The proxy at `url`. Raises `BackendError` that does not show it, since it may hold a password."""
    import httpx

    if url is None:
        return None
    hint = "set HTTP_PROXY or HTTPS_PROXY to an http:// address, or name the server's host in NO_PROXY"
    try:
        proxy = httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL):
        raise BackendError(
            "the environment's proxy is not an address that can be used", hint, kind=ErrorKind.CONNECT, fatal=True
        ) from None
    if proxy.url.scheme not in ("http", "https") or not proxy.url.host:
        raise BackendError(
            f"the environment's proxy is of the kind {proxy.url.scheme}://, which cannot be used",
            hint,
            kind=ErrorKind.CONNECT,
            fatal=True,
        )
    return proxy


def _parts(response: httpx.Response) -> AsyncIterable[bytes]:
    """The body as it arrives, decompressed."""
    stream = response.aiter_bytes() if "content-encoding" in response.headers else response.stream
    return stream  # type: ignore[return-value]


async def _body(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in _parts(response):
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise BackendError(f"the body is longer than {MAX_BODY:,} bytes", kind=ErrorKind.BAD_BODY)
    return b"".join(parts)


def _failure(error: httpx.HTTPError | aiohttp.ClientError, timeout: float) -> BackendError:
    """The named failure behind an error of httpx, judged by aiohttp's own exception, which is more exact.

    Errors that httpx's transport has no name for arrive as aiohttp's own.
    """
    import aiohttp
    import httpx

    cause: Any = error if isinstance(error, aiohttp.ClientError) else error.__cause__
    match cause:
        case TimeoutError() | aiohttp.ServerTimeoutError():
            return BackendError(f"no answer within {timeout:g} s", kind=ErrorKind.TIMEOUT, retryable=True)
        case aiohttp.ClientConnectorCertificateError():
            return BackendError(
                f"the server's certificate is not trusted: {cause.certificate_error}",
                "name the certificate of who signed it in SSL_CERT_FILE",
                kind=ErrorKind.CONNECT,
            )
        case aiohttp.ClientConnectorError():
            whom = " to the proxy" if isinstance(cause, aiohttp.ClientProxyConnectionError) else ""
            refused = isinstance(cause.os_error, ConnectionRefusedError)
            why = "connection refused" if refused else cause.os_error.strerror or cause.os_error
            return BackendError(f"cannot connect{whom}: {why}", kind=ErrorKind.CONNECT, retryable=True)
        case aiohttp.ClientHttpProxyError():
            return BackendError(f"the proxy refused: HTTP {cause.status}", kind=ErrorKind.CONNECT, retryable=True)
        case aiohttp.ClientResponseError() if "chunk" in cause.message:  # aiohttp has no class of its own for it
            return BackendError("the body has a broken chunk", kind=ErrorKind.TRUNCATED, retryable=True)
        case aiohttp.ClientResponseError():
            return BackendError("the server's answer is not HTTP", kind=ErrorKind.BAD_BODY, retryable=True)
        case aiohttp.ClientPayloadError():
            return BackendError("the connection closed before the body was complete", kind=ErrorKind.TRUNCATED, retryable=True)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            return BackendError("the connection was closed before a response came", kind=ErrorKind.RESET, retryable=True)
        case aiohttp.InvalidURL():
            return BackendError("not an address", "write it like http://host:port/v1", kind=ErrorKind.CONNECT, fatal=True)
    if isinstance(error, httpx.TimeoutException):
        return BackendError(f"no answer within {timeout:g} s", kind=ErrorKind.TIMEOUT, retryable=True)
    return BackendError(f"the exchange failed ({type(cause or error).__name__})", kind=ErrorKind.RESET, retryable=True)
