"""The one seam over the HTTP library: a request in, a reply or a named failure out."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from sycoprobe.backends.exhaustion import FIXES, exhausted
from sycoprobe.errors import BackendError
from sycoprobe.keys import redacted
from sycoprobe.text import visible
from sycoprobe.turns import ErrorKind

if TYPE_CHECKING:
    import aiohttp
    import yarl

MAX_BODY = 32 * 2**20
_log = logging.getLogger("sycoprobe.http")


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What a server sent: status, headers with lower-case names, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status says that this is what was asked for: 200, and what gateways make of it (201, 202 …)."""
        return 200 <= self.status < 300


class Transport:
    """HTTP to one server with keep-alive, the environment's proxy, no cookies and no redirects, over aiohttp.

    httpx's connection pool looks through all its connections at each request, and its requests and responses cost more than
    the rest of a call; thousands of calls go through here.

    Parameters
    ----------
    url: the server's address; it decides which proxy is used, once.
    headers: sent with every request.
    connections: how many may be open at once.
    """

    def __init__(self, url: str, headers: Mapping[str, str], connections: int) -> None:
        self._base = url
        # What aiohttp can always decompress; left alone, it asks for whatever else is installed.
        self._headers = {"accept-encoding": "gzip, deflate", **headers}
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._proxy: yarl.URL | None = None
        self._urls: dict[str, yarl.URL] = {}
        self.observe: Callable[[HttpReply], None] | None = None
        """Is shown every reply before it is read."""

    async def start(self) -> None:
        """Get ready; no connection is made yet.

        Raises
        ------
        BackendError: CONNECT, fatal; the environment names a proxy that cannot be used.
        """
        import aiohttp

        self._proxy = _checked_proxy(proxy_for(self._base))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(),
        )

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

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

        if self._session is None:
            raise RuntimeError("start() comes first")
        began = time.monotonic()
        try:
            async with (
                asyncio.timeout(timeout) as deadline,
                self._session.request(
                    method, self._url(url), data=content, headers=headers, proxy=self._proxy, allow_redirects=False
                ) as response,
            ):
                if out is None or response.status != 200:
                    body = await _body(response)
                else:
                    body = b""
                    async for part in response.content.iter_any():
                        out.write(part)
                        deadline.reschedule(asyncio.get_running_loop().time() + timeout)
        except TimeoutError:
            raise BackendError(f"no answer within {timeout:g} s", kind=ErrorKind.TIMEOUT, retryable=True) from None
        except (aiohttp.ClientError, ConnectionError) as e:
            raise _failure(e, timeout) from e
        if _log.isEnabledFor(logging.DEBUG):
            _tell(method, url, response.status, body, time.monotonic() - began)
        reply = HttpReply(response.status, _headers(response.raw_headers), body)
        if self.observe is not None:
            self.observe(reply)
        return reply

    def _url(self, url: str) -> yarl.URL:
        import yarl

        known = self._urls.get(url)
        if known is None:
            try:
                known = self._urls[url] = yarl.URL(url)
            except ValueError as e:
                raise BackendError(
                    f"not an address: {e}", "write it like http://host:port/v1", kind=ErrorKind.CONNECT, fatal=True
                ) from e
        return known


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case names, those of one name joined (RFC 9110, section 5.3)."""
    found: dict[str, str] = {}
    for key, value in raw:
        name, said = key.decode("iso-8859-1").lower(), value.decode("iso-8859-1")
        found[name] = f"{found[name]}, {said}" if name in found else said
    return found


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


def _checked_proxy(url: str | None) -> yarl.URL | None:
    """The proxy at `url`. Raises `BackendError` that does not show it, since it may hold a password."""
    import yarl

    if url is None:
        return None
    hint = "set HTTP_PROXY or HTTPS_PROXY to an http:// address, or name the server's host in NO_PROXY"
    try:
        proxy = yarl.URL(url)
    except ValueError:
        raise BackendError(
            "the environment's proxy is not an address that can be used", hint, kind=ErrorKind.CONNECT, fatal=True
        ) from None
    if proxy.scheme not in ("http", "https") or not proxy.host:
        raise BackendError(
            f"the environment's proxy is of the kind {proxy.scheme}://, which cannot be used",
            hint,
            kind=ErrorKind.CONNECT,
            fatal=True,
        )
    return proxy


async def _body(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise BackendError(f"the body is longer than {MAX_BODY:,} bytes", kind=ErrorKind.BAD_BODY)
    return b"".join(parts)


def _failure(error: aiohttp.ClientError | ConnectionError, timeout: float) -> BackendError:
    """The named failure behind an error of aiohttp."""
    import aiohttp

    if (what := exhausted(error)) is not None:  # ours, not the server's: whoever calls has fewer calls at a time
        return BackendError(f"there are not enough {what}", FIXES[what], kind=ErrorKind.INTERNAL)
    match error:
        case TimeoutError() | aiohttp.ServerTimeoutError():
            return BackendError(f"no answer within {timeout:g} s", kind=ErrorKind.TIMEOUT, retryable=True)
        case aiohttp.ClientConnectorCertificateError():
            return BackendError(
                f"the server's certificate is not trusted: {error.certificate_error}",
                "name the certificate of who signed it in SSL_CERT_FILE",
                kind=ErrorKind.CONNECT,
            )
        case aiohttp.ClientConnectorError():
            whom = " to the proxy" if isinstance(error, aiohttp.ClientProxyConnectionError) else ""
            refused = isinstance(error.os_error, ConnectionRefusedError)
            why = "connection refused" if refused else error.os_error.strerror or error.os_error
            return BackendError(f"cannot connect{whom}: {why}", kind=ErrorKind.CONNECT, retryable=True)
        case aiohttp.ClientHttpProxyError():
            return BackendError(f"the proxy refused: HTTP {error.status}", kind=ErrorKind.CONNECT, retryable=True)
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError() if "content-encoding" in f"{error} {error.__cause__}":
            return BackendError("the body could not be decompressed", kind=ErrorKind.TRUNCATED, retryable=True)
        case aiohttp.ClientResponseError() if "chunk" in error.message:  # aiohttp has no class of its own for it
            return BackendError("the body has a broken chunk", kind=ErrorKind.TRUNCATED, retryable=True)
        case aiohttp.ClientResponseError():
            return BackendError("the server's answer is not HTTP", kind=ErrorKind.BAD_BODY, retryable=True)
        case aiohttp.ClientPayloadError():
            return BackendError("the connection closed before the body was complete", kind=ErrorKind.TRUNCATED, retryable=True)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            return BackendError("the connection was closed before a response came", kind=ErrorKind.RESET, retryable=True)
        case aiohttp.InvalidURL():
            return BackendError("not an address", "write it like http://host:port/v1", kind=ErrorKind.CONNECT, fatal=True)
    return BackendError(f"the exchange failed ({type(error).__name__})", kind=ErrorKind.RESET, retryable=True)
