"""The HTTP seam against raw sockets on loopback: every broken exchange ends soon, and under its own name."""

from __future__ import annotations

import asyncio
import base64
import gzip
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sycoprobe.backends import transport
from sycoprobe.backends.transport import HttpReply, Transport, proxy_for
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind
from tests.loopback import Asked, LoopbackServer, Made

OK = b"HTTP/1.1 200 OK\r\n"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class RawServer:
    """Sends `parts` with a pause after each to every request of every connection, whatever was asked.

    Parameters
    ----------
    close: 'keep' answers the next request too, 'end' closes after the last part, 'reset' does so with a RST.
    pause: seconds.
    """

    def __init__(self, *parts: bytes, close: str = "end", pause: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._parts, self._close, self._pause, self._tls = parts, close, pause, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> RawServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while request := connection.recv(65536):
                self.requests.append(request)
                for part in self._parts:
                    connection.sendall(part)
                    time.sleep(self._pause)
                if self._close == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if self._close != "keep":
                    return
        except OSError:
            pass
        finally:
            connection.close()


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def post(url: str, *, times: int = 1, timeout: float = 3.0, headers: dict[str, str] | None = None) -> list[HttpReply]:
    """The replies to `times` requests, one after the other over one transport."""

    async def go() -> list[HttpReply]:
        over = Transport(url, headers or {}, 4)
        try:
            await over.start()
            return [await over.post(f"{url}/x", b"{}", timeout) for _ in range(times)]
        finally:
            await over.close()
            await over.close()

    return asyncio.run(go())


def failure(url: str, **how: Any) -> BackendError:
    with pytest.raises(BackendError) as e:
        post(url, **how)
    return e.value


def unused_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def test_a_reply_has_its_status_its_headers_in_lower_case_and_its_whole_body() -> None:
    with RawServer(b"HTTP/1.1 418 Teapot\r\nX-Kind: Pot\r\nContent-Length: 5\r\n\r\n", b"short", pause=0.02) as server:
        (reply,) = post(server.url)
    assert (reply.status, reply.body) == (418, b"short")
    assert reply.headers["x-kind"] == "Pot"
    assert "x-kind" in list(reply.headers)


def test_one_connection_serves_call_after_call() -> None:
    with RawServer(OK + b"Content-Length: 2\r\n\r\n{}", close="keep") as server:
        assert [r.body for r in post(server.url, times=5)] == [b"{}"] * 5
        assert server.connections == 1


@pytest.mark.parametrize(
    ("parts", "close", "kind"),
    [
        ([], "end", ErrorKind.RESET),
        ([], "reset", ErrorKind.RESET),
        ([b"HTTP/1.1 200"], "reset", ErrorKind.RESET),
        ([OK + b"Content-Length: 9\r\n\r\n", b"abc"], "end", ErrorKind.TRUNCATED),
        ([OK + b"Content-Length: 9\r\n\r\n", b"abc"], "reset", ErrorKind.TRUNCATED),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc"], "end", ErrorKind.TRUNCATED),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc"], "end", ErrorKind.TRUNCATED),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcXX0\r\n\r\n"], "end", ErrorKind.TRUNCATED),
        ([OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"], "end", ErrorKind.TRUNCATED),
        ([b"220 mail.example ESMTP\r\n\r\n"], "end", ErrorKind.BAD_BODY),
        ([OK + b"X: " + b"a" * 20_000 + b"\r\n\r\n"], "end", ErrorKind.BAD_BODY),
    ],
)
def test_each_broken_exchange_has_its_name_and_may_be_tried_again(parts: list[bytes], close: str, kind: ErrorKind) -> None:
    with RawServer(*parts, close=close, pause=0.05) as server:
        e = failure(server.url)
    assert (e.kind, e.retryable, e.fatal) == (kind, True, False)


def test_a_refused_connection_and_an_unknown_host_are_told_from_a_broken_exchange() -> None:
    refused, unknown = failure(f"http://127.0.0.1:{unused_port()}"), failure("http://model.invalid")
    assert (refused.kind, refused.retryable, str(refused)) == (ErrorKind.CONNECT, True, "cannot connect: connection refused")
    assert (unknown.kind, unknown.retryable) == (ErrorKind.CONNECT, True)


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200", OK + b"Content-Length: 9\r\n\r\nabc"])
def test_a_server_that_falls_silent_times_out(begun: bytes) -> None:
    began = time.monotonic()
    with RawServer(begun, pause=20) as server:
        e = failure(server.url, timeout=0.2)
    assert (e.kind, e.retryable, str(e)) == (ErrorKind.TIMEOUT, True, "no answer within 0.2 s")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("head", [OK + b"Content-Length: 900\r\n\r\n", OK + b"X: "])
def test_a_dribble_does_not_renew_the_timeout(head: bytes) -> None:
    began = time.monotonic()
    with RawServer(head, *[b"x"] * 600, pause=0.03) as server:
        assert failure(server.url, timeout=0.3).kind == ErrorKind.TIMEOUT
    assert time.monotonic() - began < 9


def test_a_transport_that_timed_out_still_serves_the_next_call() -> None:
    async def go(url: str) -> bytes:
        over = Transport(url, {}, 1)
        await over.start()
        try:
            for _ in range(3):
                with pytest.raises(BackendError, match="no answer within"):
                    await over.post(f"{url}/x", b"{}", 0.05)
            return (await over.post(f"{url}/x", b"{}", 3)).body
        finally:
            await over.close()

    with RawServer(b"", OK + b"Content-Length: 2\r\n\r\n{}", close="keep", pause=0.2) as server:
        assert asyncio.run(go(server.url)) == b"{}"


def test_an_oversized_body_is_refused_as_soon_as_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 100_000)
    with RawServer(OK + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000) as server:
        assert len(post(server.url)[0].body) == 100_000
    packed = gzip.compress(b"x" * 5_000_000)
    for head, body in [
        (b"Content-Length: 999999999\r\n\r\n", b"x" * 100_001),
        (b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed), packed),
    ]:
        with RawServer(OK + head + body, pause=1.0) as server:
            e = failure(server.url)
        assert (e.kind, e.retryable) == (ErrorKind.BAD_BODY, False)


@pytest.mark.parametrize(
    ("coding", "packed"), [("gzip", gzip.compress(b"Paris", mtime=0)), ("deflate", zlib.compress(b"Paris"))]
)
def test_every_compression_that_is_asked_for_can_be_read(coding: str, packed: bytes) -> None:
    head = OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with RawServer(head + packed) as server:
        assert post(server.url)[0].body == b"Paris"
        asked = server.requests[0].lower()
    assert asked.count(b"accept-encoding:") == 1
    assert b"accept-encoding: gzip, deflate\r\n" in asked


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_body_that_cannot_be_decompressed_is_said_to_be_so(coding: str) -> None:
    head = f"content-encoding: {coding}\r\ncontent-length: 9\r\n\r\n".encode()
    with RawServer(OK + head + b"no such.\n") as server:
        error = failure(server.url)
    assert error.kind == ErrorKind.TRUNCATED
    assert "decompressed" in error.message


def test_headers_of_one_name_are_joined() -> None:
    with RawServer(OK + b"X-A: 1\r\nx-a: 2\r\ncontent-length: 2\r\n\r\n{}") as server:
        (reply,) = post(server.url)
    assert reply.headers["x-a"] == "1, 2"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_takes_the_key_to_another_host(status: int) -> None:
    with RawServer(OK + b"Content-Length: 2\r\n\r\n{}") as other:
        moved = f"HTTP/1.1 {status} Moved\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with RawServer(moved) as server:
            assert post(server.url, headers={"authorization": "Bearer k"})[0].status == status
        assert other.connections == 0


def test_no_cookie_goes_from_one_call_to_the_next() -> None:
    with RawServer(OK + b"Set-Cookie: a=1; Path=/\r\nContent-Length: 2\r\n\r\n{}", close="keep") as server:
        post(server.url, times=2)
        assert b"cookie" not in server.requests[1].lower()


def test_the_environments_proxy_is_used_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(OK + b"Content-Length: 2\r\n\r\n{}") as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:hunter2@127.0.0.1:{proxy.port}")
        assert post("http://model.invalid/v1")[0].body == b"{}"
    assert proxy.requests[0].startswith(b"POST http://model.invalid/v1/x HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:hunter2") in proxy.requests[0]


def test_a_proxy_that_refuses_or_is_not_there_is_a_failure_to_connect_and_its_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with RawServer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", pause=0.05) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:hunter2@127.0.0.1:{proxy.port}")
        refused = failure("https://model.invalid/v1")
    assert proxy.requests[0].startswith(b"CONNECT model.invalid:443 ")
    monkeypatch.setenv("https_proxy", f"http://me:hunter2@127.0.0.1:{unused_port()}")
    absent = failure("https://model.invalid/v1")
    for e in (refused, absent):
        assert e.kind == ErrorKind.CONNECT
        assert "proxy" in str(e)
        assert "hunter2" not in str(e) + e.hint
    assert "407" in str(refused)


@pytest.mark.parametrize(
    "proxy", ["socks5://me:hunter2@127.0.0.1:1080", "gopher://me:hunter2@h", "me:hunter2@h:port", "http://"]
)
def test_a_proxy_that_cannot_be_used_is_one_clear_error_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    e = failure("http://model.invalid/v1")
    assert (e.kind, e.fatal) == (ErrorKind.CONNECT, True)
    assert "proxy" in str(e)
    assert "hunter2" not in str(e) + e.hint


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("http://model.example/v1", "http://p:1"),
        ("https://model.example/v1", "http://q:2"),
        ("http://inner.example:8000/v1", None),
        ("http://localhost:8000/v1", None),
        ("http://127.0.0.1:8000/v1", None),
        ("http://[::1]:8000/v1", None),
        ("http://192.168.1.9:8000/v1", "http://p:1"),
    ],
)
def test_hosts_that_no_proxy_names_and_this_machine_are_reached_directly(
    monkeypatch: pytest.MonkeyPatch, url: str, used: str | None
) -> None:
    monkeypatch.setenv("http_proxy", "p:1")
    monkeypatch.setenv("https_proxy", "http://q:2")
    monkeypatch.setenv("no_proxy", "inner.example")
    assert proxy_for(url) == used


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[ssl.SSLContext]:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    subprocess.run([*make.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    yield context


def test_a_certificate_that_is_not_trusted_is_named_and_not_tried_again(self_signed: ssl.SSLContext) -> None:
    with RawServer(OK + b"Content-Length: 2\r\n\r\n{}", tls=self_signed) as server:
        e = failure(f"https://127.0.0.1:{server.port}/v1", headers={"authorization": "Bearer k"})
    assert (e.kind, e.retryable) == (ErrorKind.CONNECT, False)
    assert "certificate is not trusted" in str(e)
    assert "SSL_CERT_FILE" in e.hint
    assert server.requests == []


def test_a_server_without_tls_at_an_https_address_is_a_failure_to_connect() -> None:
    with RawServer(b"HTTP/1.1 400 Bad Request\r\n\r\n", pause=0.05) as server:
        assert failure(f"https://127.0.0.1:{server.port}/v1").kind == ErrorKind.CONNECT


def test_importing_the_seam_and_its_users_loads_no_http_library() -> None:
    script = (
        "import sys, sycoprobe.backends.openai\nprint([m for m in ('httpx', 'aiohttp', 'httpx_aiohttp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_download_may_be_longer_than_any_reply_and_an_error_is_still_read() -> None:
    size = transport.MAX_BODY + 5
    asked: list[Asked] = []

    def route(request: Asked) -> Made:
        asked.append(request)
        return (200, {}, b"x" * size) if request.path.endswith("/long") and request.method == "GET" else (404, {}, b"none such")

    async def go(url: str) -> list[tuple[HttpReply, int]]:
        made = Transport(url, {"content-type": "application/json"}, 2)
        await made.start()
        found = []
        try:
            for path in ("long", "missing"):
                with tempfile.TemporaryFile() as out:
                    found.append((await made.download(f"{url}/{path}", out, 20), out.tell()))
            await made.delete(f"{url}/long", 5)
            await made.post(f"{url}/form", b"--x", 5, {"Content-Type": "multipart/form-data; boundary=x"})
            await made.post(f"{url}/json", b"{}", 5)
        finally:
            await made.close()
        return found

    with LoopbackServer(route=route) as server:
        (whole, length), (missing, nothing) = asyncio.run(go(server.url))
    assert (whole.status, whole.body, length) == (200, b"", size)
    assert (missing.status, missing.body, nothing) == (404, b"none such", 0)
    assert asked[2].method == "DELETE"
    assert [a.headers["content-type"] for a in asked[3:]] == ["multipart/form-data; boundary=x", "application/json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_no_failure_of_the_server() -> None:
    async def go(url: str) -> None:
        made = Transport(url, {}, 2)
        await made.start()
        try:
            await made.download(f"{url}/long", full, 5)
        finally:
            await made.close()

    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
    with (
        full,
        LoopbackServer(route=lambda _asked: (200, {}, b"x" * 1000)) as server,
        pytest.raises(OSError, match="No space left"),
    ):
        asyncio.run(go(server.url))
