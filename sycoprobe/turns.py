"""One turn: what is sent, what comes back, and every way in which it can fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NotRequired, TypedDict


class Message(TypedDict):
    """One turn of a dialog.

    `replay` stands only in an assistant turn that the model itself wrote, and only where thinking is replayed: it is what
    the dialect put into `Reply.replay`. Scripted assistant turns carry text only.
    """

    role: Literal["system", "user", "assistant"]
    content: str
    replay: NotRequired[Any]


class Thinking(StrEnum):
    """What becomes of a reasoning model's thinking in the turns that follow."""

    STRIP = "strip"
    """The assistant turn carries the answer's text only."""
    REPLAY = "replay"
    """The assistant turn carries the thinking too, in the provider's own form, where the provider takes it back."""


class TokenLogprob(TypedDict):
    """One token of a reply: its natural-log probability, and the likeliest tokens in its place with theirs."""

    token: str
    logprob: float
    top: list[tuple[str, float]]


class Finish(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"
    """The provider's own refusal or content filter (also of the prompt), not words of refusal in an ordinary reply."""
    OTHER = "other"


class ErrorKind(StrEnum):
    """Every way in which a call can fail; a call that failed has exactly one."""

    TIMEOUT = "timeout"
    """No whole reply within `--timeout`."""
    CONNECT = "connect"
    """The server could not be reached."""
    RESET = "reset"
    """The connection broke off."""
    TRUNCATED = "truncated_body"
    """The body ended before it was whole."""
    RATE_LIMIT = "rate_limit"
    """Too many calls; the server asks to wait."""
    QUOTA = "quota"
    """The account's quota or credit is used up; waiting does not help."""
    SERVER = "server_error"
    """The server failed (HTTP 5xx)."""
    ERROR_IN_200 = "error_in_200"
    """The server said 200, and an error in the body."""
    BAD_BODY = "bad_body"
    """The body is no reply."""
    AUTH = "auth"
    """The key is missing, wrong or not allowed to do this."""
    NOT_FOUND = "not_found"
    """No such model or address."""
    BAD_REQUEST = "bad_request"
    """The server rejects the request."""
    CONTEXT = "context_too_long"
    """The dialog does not fit into the model's context."""
    MISSING = "missing"
    """Replay only: the earlier journal has no answer for this call."""
    INTERNAL = "internal"
    """The backend itself raised something unexpected."""


@dataclass(slots=True)
class Reply:
    """What came back from a successful call.

    `text` is the answer only: thinking (from a field of its own, or from between marks in the text) is kept apart in
    `reasoning` and never scored. `refusal` is what the provider said of a refusal or a block.

    `usage` holds tokens where they are known: `prompt_tokens` (all of them, `cached_tokens` and `cache_write_tokens` among
    them), `completion_tokens` (`reasoning_tokens` among them). `cost` is in US dollars, where the provider itself names it;
    `upstream` is who answered, where a router says so. `logprobs` are those of the first tokens, where they were asked for.
    `replay` is what the dialect wants back in the next turn where thinking is replayed (JSON of its own); `{"content": …}` is
    the text as it came, with its thinking.
    """

    text: str
    finish: Finish = Finish.STOP
    model: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    attempts: int = 1
    notes: tuple[str, ...] = ()
    cost: float | None = None
    upstream: str | None = None
    logprobs: list[TokenLogprob] = field(default_factory=list)
    replay: Any = None
