"""GGUF models on this machine, through xllamacpp: llama.cpp's server in this process, on loopback."""

from __future__ import annotations

import asyncio
import os
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any

from sycoprobe.backends.base import BackendOptions, Request, started
from sycoprobe.backends.lanes import Lanes
from sycoprobe.backends.openai import Mode, OpenAIBackend
from sycoprobe.backends.store import Gguf, read_gguf, resolve, sha256_of
from sycoprobe.errors import BackendError, MissingExtraError, ModelError
from sycoprobe.installing import install
from sycoprobe.turns import ErrorKind, Reply

DEFAULT = "smollm2"
SLOT_CONTEXT = 4096
MAX_SLOTS = 4
_FOREVER = 1e7
"""Seconds; what a call gets of the HTTP client, since it is the engine that is watched."""
_slot: ContextVar[int] = ContextVar("_slot", default=-1)
"""The engine's slot that the call under way goes to; -1: whichever is free."""


def open_backend(name: str, options: BackendOptions) -> LocalBackend:
    """The local model `name` (see `sycoprobe.backends.store.resolve`); `smollm2` if it is empty.

    Raises `MissingExtraError` if xllamacpp is not installed.
    """
    from importlib.util import find_spec

    if find_spec("xllamacpp") is None:
        raise MissingExtraError("local models need the extra [local]", install("local"))
    return LocalBackend(name or DEFAULT, options)


class LocalBackend:
    """One GGUF file, served to ourselves with prefix reuse and a few parallel slots."""

    def __init__(self, name: str, options: BackendOptions) -> None:
        self._name = name
        self._options = options
        self._server: Any = None
        self._client: _Engine | None = None
        self._lanes: Lanes | None = None
        self.takes_schema = False
        """Known once it has started."""

    async def start(self) -> dict[str, Any]:
        """Fetch the file if it must be, check it, load it. Raises `ModelError`."""
        path = await asyncio.to_thread(resolve, self._name, self._options.notify)
        header = await asyncio.to_thread(read_gguf, path)
        digest = await asyncio.to_thread(sha256_of, path)
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        slots = max(1, min(self._options.concurrency, MAX_SLOTS))
        self._server = await asyncio.to_thread(_serve, path, header, slots, threads)
        mode: Mode = "chat" if header.has_chat_template else "completion"
        self._lanes = Lanes(slots)
        self._client = _Engine(
            path.name, base_url=f"{self._server.listening_address}/v1", key=None, options=self._options, mode=mode
        )
        await self._client.start()
        self.takes_schema = self._client.takes_schema
        notes = []
        if mode == "completion":
            notes.append(
                "the model has no chat template (pre-trained only): driven in completion mode with a plain dialog transcript"
            )
        return {
            "model": f"{self._name} ({path.name})" if self._name != str(path) else path.name,
            "mode": mode,
            "thinks": header.thinks,
            "sha256": digest,
            "engine": _engine(),
            "slots": slots,
            "threads": threads,
            "notes": notes,
        }

    async def complete(self, request: Request) -> Reply:
        """One turn; see `Backend.complete`. It may take as long as the engine makes progress, and is never asked twice meanwhile.

        Raises `BackendError` (TIMEOUT, fatal) once the engine has shown none for `Sampling.timeout` seconds.
        """
        client, lanes = started(self._client), started(self._lanes)
        limit = request.sampling.timeout
        unhurried = replace(request, sampling=replace(request.sampling, timeout=_FOREVER))
        async with lanes.of(request.spec.conversation) as slot:
            token = _slot.set(slot)
            try:
                answer = asyncio.create_task(client.complete(unhurried))
            finally:
                _slot.reset(token)
            try:
                while not (await asyncio.wait({answer}, timeout=limit))[0]:
                    if not await client.lives(limit):
                        raise BackendError(
                            f"the engine has made no progress for {limit:g} s",
                            "a larger --timeout, a smaller model, or fewer programs beside it",
                            kind=ErrorKind.TIMEOUT,
                            fatal=True,
                        )
                reply = answer.result()
            finally:
                answer.cancel()
                await asyncio.gather(answer, return_exceptions=True)
        reply.model = Path(reply.model).name if reply.model else None
        return reply

    async def close(self) -> None:
        """Free the model; safe to call twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(_release, [server])
            del server


class _Engine(OpenAIBackend):
    """Our own server: it is told which slot a call goes to, and can be asked whether it works."""

    def _body(self, request: Request) -> dict[str, Any]:
        # `id_slot`, as of `/completion`, which chat completions take too (llama.cpp, tools/server/README.md).
        return super()._body(request) | {"id_slot": _slot.get()}

    async def lives(self, timeout: float) -> bool:
        """Whether the engine gets on: it looks at such a question between two steps of its work only. `timeout` is in seconds."""
        try:
            reply = await self.transport.get(self.base_url.removesuffix("/v1") + "/slots", timeout)
        except BackendError:
            return False
        return reply.ok


def _serve(path: Path, header: Gguf, slots: int, threads: int) -> Any:
    """Load the model and serve it on a free port of loopback; blocks until it answers."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_gpu_layers = 0
    params.n_parallel = slots
    params.n_ctx = slots * min(SLOT_CONTEXT, header.context_length or SLOT_CONTEXT)
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.verbosity = -1
    if hasattr(params, "hostnames"):  # since xllamacpp 2026.10
        params.hostnames = ["127.0.0.1"]
    else:
        params.hostname = "127.0.0.1"
    params.port = 0
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as e:
        raise ModelError(f"{path}: llama.cpp cannot load it ({e})", "try another file, or a newer xllamacpp") from e


def _release(holder: list[Any]) -> None:
    """Drop the server in this thread, since its end waits for its own threads."""
    holder.clear()


def _engine() -> str:
    from importlib.metadata import version

    return f"xllamacpp {version('xllamacpp')}"
