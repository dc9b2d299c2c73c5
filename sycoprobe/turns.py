"""One turn: what is sent, what comes back, and every way in which it can fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypedDict


class Message(TypedDict):
    """One turn of a dialog."""

    role: Literal["system", "user", "assistant"]
    content: str


class Finish(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"
    """The provider's own refusal or content filter, not words of refusal in an ordinary reply."""
    OTHER = "other"


class ErrorKind(StrEnum):
    """Every way in which a call can fail; a call that failed has exactly one."""

    TIMEOUT = "timeout"
    CONNECT = "connect"
    RESET = "reset"
    TRUNCATED = "truncated_body"
    RATE_LIMIT = "rate_limit"
    SERVER = "server_error"
    ERROR_IN_200 = "error_in_200"
    BAD_BODY = "bad_body"
    AUTH = "auth"
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    CONTEXT = "context_too_long"
    MISSING = "missing"
    """Replay only: the earlier journal has no answer for this call."""
    INTERNAL = "internal"
    """The backend itself raised something unexpected."""


@dataclass(slots=True)
class Reply:
    """What came back from a successful call.

    `text` is the answer only: reasoning (a separate field or a <think> block) is kept apart in `reasoning`
    and never scored. `usage` holds `prompt_tokens`, `completion_tokens`, `cached_tokens` where known.
    """

    text: str
    finish: Finish = Finish.STOP
    model: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    attempts: int = 1
    notes: tuple[str, ...] = ()
