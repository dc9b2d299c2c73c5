"""What was said: completed calls."""

from __future__ import annotations

from dataclasses import dataclass

from sycoprobe.jsontext import writable_json
from sycoprobe.planning.calls import CallSpec
from sycoprobe.text import writable
from sycoprobe.turns import ErrorKind, Reply


@dataclass(slots=True)
class Call:
    """One completed call: a reply or an error, never both.

    `user` is what the user said in this turn; `options` the order in which a choice was shown. `batch`: it was answered in
    a vendor's batch, at the price of one (`ms` is then 0).
    """

    spec: CallSpec
    user: str
    reply: Reply | None = None
    error: str | None = None
    error_kind: ErrorKind | None = None
    wording: str | None = None
    options: tuple[str, ...] = ()
    ms: int = 0
    attempts: int = 1
    at: str = ""
    batch: bool = False


def legible(call: Call) -> Call:
    """`call` itself, with every text in it such as can be written and sent: what its journal gives back."""
    if call.error is not None:
        call.error = writable(call.error)
    if reply := call.reply:
        reply.text, reply.notes = writable(reply.text), tuple(map(writable, reply.notes))
        for name in ("model", "reasoning", "refusal", "upstream"):
            if (said := getattr(reply, name)) is not None:
                setattr(reply, name, writable(said))
        reply.logprobs, reply.replay = writable_json(reply.logprobs), writable_json(reply.replay)
    return call
