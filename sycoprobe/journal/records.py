"""One call as a line of the journal, and back."""

from __future__ import annotations

import math
import time
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from sycoprobe.errors import BackendError
from sycoprobe.extract.thinking import split_thinking
from sycoprobe.journal.lines import DamagedLine
from sycoprobe.planning import CallSpec
from sycoprobe.planning.call import Call
from sycoprobe.planning.legacy import place_of_version_1
from sycoprobe.text import clipped
from sycoprobe.turns import ErrorKind, Finish, Reply

if TYPE_CHECKING:
    from sycoprobe.turns import TokenLogprob

T = TypeVar("T")
CALL = b'{"type":"call",'
"""How the line of a call begins, and no other."""
_MOST = 10**12
"""Tokens, or dollars, above which a number that a server gave is none."""
_NAME = 200
"""Characters of a name that a server gives: of a model, of who answered behind a router."""
_SAID = 500
"""Characters of a note, of an error, and of what a provider says of a refusal."""
_NOTES = 20
_LEAST = -9999.0
"""What servers write for the logarithm of zero, which JSON cannot hold."""


_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Token(TypedDict):
    token: str
    logprob: _Finite
    top: list[tuple[str, _Finite]]


class _Error(TypedDict):
    kind: ErrorKind
    message: str


class _Reply(TypedDict, total=False):
    text: str
    finish: Finish
    attempts: int
    model: str | None
    reasoning: str | None
    refusal: str | None
    usage: dict[str, int]
    notes: tuple[str, ...]
    cost: float | None
    upstream: str | None
    logprobs: list[_Token]
    replay: Any


class _Call(TypedDict, total=False):
    key: str
    set: str
    probe: str
    repeat: int
    arm: str | None
    strand: str
    branch: int
    turn: int | None
    wording: str | None
    kind: str | None
    options: tuple[str, ...]
    user: str
    reply: _Reply | None
    error: _Error | None
    ms: int
    attempts: int
    at: str
    batch: bool


_NEEDED = ("key", "set", "probe", "repeat", "user", "ms", "attempts", "at")
_CALLS = TypeAdapter(_Call)
_REPLIES = TypeAdapter(_Reply)
_FIELDS = fields(Reply)


def why_invalid(e: ValidationError) -> str:
    """The first thing that is wrong with a record, with its field."""
    first = e.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    return f"{field}: {first['msg']}" if field else first["msg"]


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


def _spec(record: _Call) -> CallSpec:
    """The name of the call in a record, of whatever version."""
    where = (record["set"], record["probe"], record["repeat"])
    name = record["key"].rpartition("/")[2]
    arm, turn = record.get("arm"), record.get("turn")
    if arm is not None and turn is not None:
        return CallSpec(*where, arm, turn, name, record.get("kind") or "")
    return CallSpec(*where, *place_of_version_1(dict(record)), name)


def call_of(record: dict[str, Any], marks: tuple[str, ...]) -> Call:
    """The call in a record. Of one that an older version wrote, thinking in the reply's text is told apart here.

    Fields that this version does not know are passed over. Raises `DamagedLine` if it is no call.
    """
    try:
        found = _valid(_CALLS, record, record.get("reply"))
    except ValidationError as e:
        raise DamagedLine(why_invalid(e)) from None
    if missing := [name for name in _NEEDED if name not in found]:
        raise DamagedLine(f"{missing[0]}: is missing")
    reply, error = found.get("reply"), found.get("error")
    if (reply is None) == (error is None):
        raise DamagedLine("a call has a reply or an error")
    try:
        spec = _spec(found)
    except (KeyError, TypeError):
        raise DamagedLine("it says no arm and turn") from None
    return Call(
        spec=spec,
        user=found["user"],
        reply=_reply(reply, marks) if reply is not None else None,
        error=clipped(error["message"], _SAID) if error else None,
        error_kind=error["kind"] if error else None,
        wording=found.get("wording"),
        options=found.get("options", ()),
        ms=found["ms"],
        attempts=found["attempts"],
        at=found["at"],
        batch=found.get("batch", False),
    )


def _reply(record: _Reply, marks: tuple[str, ...]) -> Reply:
    if "text" not in record or "finish" not in record:
        raise DamagedLine("reply: has no text and finish")
    given: dict[str, Any] = dict(record)
    made = _plausible(Reply(**given))
    answer, thought = split_thinking(made.text, marks)
    if answer != made.text:
        made.text, made.reasoning = answer, "\n\n".join(filter(None, (made.reasoning, thought)))
    return made


def checked(reply: Reply) -> Reply:
    """The reply itself, without numbers that are none. Raises `TypeError` for what is no reply, or one that a journal cannot have."""
    if not isinstance(reply, Reply):
        raise TypeError(f"a {type(reply).__name__} is no reply")
    given = {f.name: getattr(reply, f.name) for f in _FIELDS}
    try:
        _valid(_REPLIES, given, given)
    except ValidationError as e:
        raise TypeError(f"a reply's {why_invalid(e)}") from None
    reply.logprobs = given["logprobs"]
    return _plausible(reply)


def _valid(shape: TypeAdapter[T], record: dict[str, Any], reply: Any) -> T:
    """A record in its shape; log-probabilities in its `reply` that JSON has not are put right if it is for them that it is none.

    Raises `ValidationError`.
    """
    try:
        return shape.validate_python(record)
    except ValidationError:
        if not isinstance(reply, dict):
            raise
        try:
            reply["logprobs"] = _tokens(reply["logprobs"])
        except (KeyError, TypeError, ValueError):
            pass
        else:
            return shape.validate_python(record)
        raise


def _plausible(reply: Reply) -> Reply:
    """The reply itself, without tokens and costs that are negative or beyond all measure, and what is said beside it cut to size."""
    if reply.usage and not all(0 <= n <= _MOST for n in reply.usage.values()):
        reply.usage = {name: n for name, n in reply.usage.items() if 0 <= n <= _MOST}
    if reply.cost is not None and not 0 <= reply.cost <= _MOST:  # nor NaN
        reply.cost = None
    for name, longest in (("model", _NAME), ("upstream", _NAME), ("refusal", _SAID)):
        if (said := getattr(reply, name)) is not None:
            setattr(reply, name, clipped(said, longest))
    reply.notes = tuple(clipped(note, _SAID) for note in reply.notes[:_NOTES])
    return reply


def _tokens(found: Any) -> list[TokenLogprob]:
    """Log-probabilities with numbers only: earlier versions wrote NaN and infinities as servers send them."""
    tokens: list[TokenLogprob] = []
    for token in found:
        if (logprob := _number(token["logprob"])) is not None:
            top = [(text, p) for text, given in token["top"] if (p := _number(given)) is not None]
            tokens.append({"token": token["token"], "logprob": logprob, "top": top})
    return tokens


def _number(given: float | None) -> float | None:
    if given is None or math.isnan(given) or given == math.inf:
        return None
    return max(given, _LEAST)


def failed_call(spec: CallSpec, user: str, error: BackendError, ms: int) -> Call:
    """The journal's entry for a call that failed."""
    kind = ErrorKind(error.kind) if error.kind in set(ErrorKind) else ErrorKind.INTERNAL  # another package's word of its own
    return Call(spec=spec, user=user, error=clipped(str(error.message), _SAID), error_kind=kind, ms=ms)
