"""One call as a line of the journal, and back."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sycoprobe.errors import BackendError
from sycoprobe.extract.thinking import split_thinking
from sycoprobe.planning import CallSpec
from sycoprobe.planning.call import Call
from sycoprobe.planning.legacy import place_of_version_1
from sycoprobe.turns import ErrorKind, Finish, Reply

CALL = b'{"type":"call",'
"""How the line of a call begins, and no other."""


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return _second(int(time.time()))


@lru_cache(1)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def record_of(call: Call) -> dict[str, Any]:
    """The line that keeps `call`."""
    spec = call.spec
    record: dict[str, Any] = {"type": "call", "key": spec.key, "set": spec.set, "probe": spec.probe, "repeat": spec.repeat}
    record |= {"arm": spec.arm, "turn": spec.turn, "wording": call.wording}
    if spec.section:
        record["kind"] = spec.section
    if call.options:
        record["options"] = call.options
    record["user"] = call.user
    if call.reply is not None:
        record["reply"] = _reply_record(call.reply)
    else:
        record["error"] = {"kind": call.error_kind, "message": call.error}
    record |= {"ms": call.ms, "attempts": call.attempts, "at": call.at or now()}
    if call.batch:
        record["batch"] = True
    return record


def _reply_record(reply: Reply) -> dict[str, Any]:
    """A reply without its empty fields."""
    record: dict[str, Any] = {"text": reply.text, "finish": reply.finish, "attempts": reply.attempts}
    for name in ("model", "reasoning", "refusal", "usage", "notes", "cost", "upstream", "logprobs", "replay"):
        if value := getattr(reply, name):
            record[name] = value
    return record


def _spec(record: dict[str, Any]) -> CallSpec:
    """The name of the call in a record, of whatever version."""
    where = (record["set"], record["probe"], record["repeat"])
    name = record["key"].rpartition("/")[2]
    if "arm" in record and "turn" in record:
        return CallSpec(*where, record["arm"], record["turn"], name, record.get("kind", ""))
    return CallSpec(*where, *place_of_version_1(record), name)


def call_of(record: dict[str, Any], marks: tuple[str, ...]) -> Call:
    """The call in a record. Of one that an older version wrote, thinking in the reply's text is told apart here."""
    reply, error = record.get("reply"), record.get("error")
    return Call(
        spec=_spec(record),
        user=record["user"],
        reply=_reply(reply, marks) if reply else None,
        error=error["message"] if error else None,
        error_kind=ErrorKind(error["kind"]) if error else None,
        wording=record.get("wording"),
        options=tuple(record.get("options", ())),
        ms=record["ms"],
        attempts=record["attempts"],
        at=record["at"],
        batch=record.get("batch", False),
    )


def _reply(record: dict[str, Any], marks: tuple[str, ...]) -> Reply:
    made = Reply(**{**record, "finish": Finish(record["finish"]), "notes": tuple(record.get("notes", ()))})
    answer, thought = split_thinking(made.text, marks)
    if answer != made.text:
        made.text, made.reasoning = answer, "\n\n".join(filter(None, (made.reasoning, thought)))
    return made


def failed_call(spec: CallSpec, user: str, error: BackendError, ms: int) -> Call:
    """The journal's entry for a call that failed."""
    return Call(spec=spec, user=user, error=error.message, error_kind=ErrorKind(error.kind), ms=ms)
