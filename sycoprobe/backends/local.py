"""GGUF models on this machine, through xllamacpp: llama.cpp's server in this process, on loopback."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from sycoprobe.backends.base import BackendOptions, Request, started
from sycoprobe.backends.openai import Mode, OpenAIBackend
from sycoprobe.backends.store import Gguf, read_gguf, resolve, sha256_of
from sycoprobe.errors import MissingExtraError, ModelError
from sycoprobe.installing import install
from sycoprobe.turns import Reply

DEFAULT = "smollm2"
SLOT_CONTEXT = 4096
MAX_SLOTS = 4


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
        self._client: OpenAIBackend | None = None
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
        self._client = OpenAIBackend(
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
        """One turn; see `Backend.complete`."""
        reply = await started(self._client).complete(request)
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
