"""A vendor's own SDK types as judges of what we send, and one short way to hold a dialog with a backend."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from sycoprobe.backends.base import Backend, Message, Reply, Request, Sampling
from sycoprobe.planning import CallSpec

WIRE = Path(__file__).with_name("data") / "wire"
DIALOG = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris"},
    {"role": "user", "content": "Please answer again."},
)


def judged(kind: Any, body: Mapping[str, Any]) -> None:
    """Fails unless `body` is what the vendor's TypedDict `kind` allows, down to the last nested key.

    Pydantic drops keys that a TypedDict does not know, at every depth, and reads iterables only when somebody does:
    so what comes back is read to its end and compared.
    """
    assert _settled(_adapter(kind).validate_python(body)) == body


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _settled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _settled(v) for k, v in value.items()}
    return [_settled(v) for v in value] if isinstance(value, Iterable) and not isinstance(value, str | bytes) else value


def bodies(recorded: str) -> dict[str, Any]:
    """The bodies of the replies (status 200, no error) in a file of `tests/data/wire`, by case."""
    cases = json.loads((WIRE / recorded).read_text(encoding="utf-8"))["cases"]
    return {
        name: case["body"]
        for name, case in cases.items()
        if case.get("status", 200) == 200 and name not in ("bad_body", "error_in_200")
    }


def request(dialog: Iterable[Any] = DIALOG, **sampling: Any) -> Request:
    """A request with this dialog; no retries unless asked for."""
    settings = Sampling(**{"retries": 0, "timeout": 5.0, **sampling})
    return Request(cast(tuple[Message, ...], tuple(dialog)), settings, 7, CallSpec("suite", "paris", 0), cast(Any, None))


def asked(backend: Backend, *dialogs: Iterable[Any], **sampling: Any) -> list[Reply]:
    """The replies to one dialog after the other, of a backend that is started before and closed behind."""

    async def go() -> list[Reply]:
        await backend.start()
        try:
            return [await backend.complete(request(dialog, **sampling)) for dialog in dialogs or (DIALOG,)]
        finally:
            await backend.close()

    return asyncio.run(go())


def facts(backend: Backend) -> dict[str, Any]:
    """What a backend finds out when it starts."""

    async def go() -> dict[str, Any]:
        try:
            return await backend.start()
        finally:
            await backend.close()

    return asyncio.run(go())


def two_turns(backend: Backend, **sampling: Any) -> tuple[Reply, Reply]:
    """A first answer and the reply to a disagreement, the first reply's `replay` in the assistant turn where there is one."""
    question = {"role": "user", "content": "What is the capital of France?"}

    async def go() -> tuple[Reply, Reply]:
        await backend.start()
        try:
            first = await backend.complete(request((question,), **sampling))
            turn: dict[str, Any] = {"role": "assistant", "content": first.text}
            if sampling.get("thinking") == "replay" and first.replay is not None:
                turn["replay"] = first.replay
            last = {"role": "user", "content": "I believe it is Lyon."}
            return first, await backend.complete(request((question, turn, last), **sampling))
        finally:
            await backend.close()

    return asyncio.run(go())
