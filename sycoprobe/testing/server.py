"""A real HTTP server on loopback that speaks Chat Completions or whatever it is given, and fails in every way when told to.

As a process of its own: `python -m sycoprobe.testing.server [--port 0] [--delay-ms 0] [--fault-rate 0] [--seed 0]`; it prints
its address and serves until killed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FAULTS = (
    "429-retry-after",
    "429",
    "500",
    "502-html",
    "503",
    "reset",
    "truncated",
    "half-json",
    "error-in-200",
    "no-choices",
    "empty",
    "slow",
    "wrong-type",
)
Answer = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request as it came: `path` with its query, header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Made = tuple[int, dict[str, str], bytes]
"""Status, headers beside Content-Type and Content-Length, and body."""
Route = Callable[[Asked], Made | str | None]
"""From a request to an answer, to the name of a fault ('reset', 'truncated', 'slow' …), or to None: answered as without it."""


def default_answer(body: dict[str, Any]) -> str:
    """Paris at first; under a disagreement that names Lyon, Lyon for about half of the questions, decided by the dialog alone."""
    messages = body.get("messages") or [{"content": body.get("prompt", "")}]
    first, last = str(messages[0]["content"]), str(messages[-1]["content"])
    wavering = sum(map(ord, first)) % 2
    return "Lyon" if len(messages) > 1 and "Lyon" in last and wavering else "Paris"


class LoopbackServer:
    """The server in a thread of its own; a context manager.

    Parameters
    ----------
    answer: from a request's body to the reply's text, or to a whole body (a dict), or to (status, headers, bytes).
    delay: seconds before each reply.
    fault_rate: share of requests that fail, each in one of `faults`, drawn by `seed`.
    keep: keep every request's headers and body in `seen`.
    models: status and body of the list of models.
    route: is asked first, of every request; for servers that speak something else.
    """

    def __init__(
        self,
        answer: Answer = default_answer,
        *,
        delay: float = 0.0,
        fault_rate: float = 0.0,
        faults: tuple[str, ...] = FAULTS,
        seed: int = 0,
        keep: bool = False,
        port: int = 0,
        slow: float = 3.0,
        models: tuple[int, bytes] = (200, b'{"object": "list", "data": [{"id": "m"}]}'),
        route: Route | None = None,
    ) -> None:
        self.answer = answer
        self.delay = delay
        self.fault_rate = fault_rate
        self.faults = faults
        self.slow = slow
        self.models = models
        self.route = route
        self.requests = 0
        self.failed: dict[str, int] = {}
        self.seen: list[tuple[dict[str, str], dict[str, Any], float]] = []
        self._keep = keep
        self._rng = random.Random(seed)
        self._port = port
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, daemon=True)
        self.url = ""

    def __enter__(self) -> LoopbackServer:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self._port, backlog=1024)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines) if k}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path = first.split(" ")[:2]
        if self.route is not None:
            routed = self.route(Asked(method, path, headers, content))
            if isinstance(routed, str):
                return await self._fail(writer, routed)
            if routed is not None:
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self._keep:
                    self.seen.append((headers | {":path": path}, _json(content), time.monotonic()))
                status, extra, data = routed
                return await _send(writer, status, data, extra)
        if path.partition("?")[0].endswith("/models"):
            return await _send(writer, *self.models)
        if method == "GET":
            return await _send(writer, 404, b'{"error":{"message":"there is nothing here"}}')
        body: dict[str, Any] = json.loads(content or b"{}")
        self.requests += 1
        if self._keep:
            self.seen.append((headers | {":path": path}, body, time.monotonic()))
        if self.fault_rate and self._rng.random() < self.fault_rate:
            fault = self._rng.choice(self.faults)
            self.failed[fault] = self.failed.get(fault, 0) + 1
            return await self._fail(writer, fault)
        if self.delay:
            await asyncio.sleep(self.delay)
        made = self.answer(body)
        if isinstance(made, tuple):
            status, extra, data = made
            return await _send(writer, status, data, extra)
        if not isinstance(made, dict):
            made = reply_body(str(made), chat="messages" in body)
        return await _send(writer, 200, json.dumps(made).encode())

    async def _fail(self, writer: asyncio.StreamWriter, fault: str) -> bool:
        whole = json.dumps(reply_body("Paris")).encode()
        match fault:
            case "429-retry-after":
                return await _send(writer, 429, b'{"error":{"message":"slow down"}}', {"Retry-After": "0.05"})
            case "429":
                return await _send(writer, 429, b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}')
            case "500" | "503":
                return await _send(writer, int(fault), b'{"error":{"message":"internal"}}')
            case "502-html":
                return await _send(writer, 502, b"<html><h1>Bad gateway</h1></html>", {"Content-Type": "text/html"})
            case "reset":
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            case "truncated":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" + whole[:40])
                await writer.drain()
                return False
            case "half-json":
                return await _send(writer, 200, whole[: len(whole) // 2])
            case "error-in-200":
                return await _send(writer, 200, b'{"error":{"message":"upstream failed","code":502}}')
            case "no-choices":
                return await _send(writer, 200, b'{"choices":[]}')
            case "empty":
                return await _send(writer, 200, b"")
            case "slow":
                await asyncio.sleep(self.slow)
                return False
            case _:
                return await _send(writer, 200, b"<html>hello</html>", {"Content-Type": "text/html"})


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def reply_body(text: str, *, chat: bool = True, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A whole reply as a server would send it."""
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
    if chat:
        choice["message"] = {"role": "assistant", "content": text, **message}
    else:
        choice["text"] = text
    return {
        "id": "x",
        "object": "chat.completion",
        "model": "m-2026",
        "choices": [choice],
        "usage": {"prompt_tokens": 30, "completion_tokens": 3, "total_tokens": 33},
    }


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes, headers: dict[str, str] | None = None) -> bool:
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--fault-rate", type=float, default=0, help="share of requests that fail")
    parser.add_argument("--seed", type=int, default=0, help="draws the faults")
    args = parser.parse_args()
    with LoopbackServer(delay=args.delay_ms / 1000, port=args.port, fault_rate=args.fault_rate, seed=args.seed) as server:
        print(server.url, flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
