"""What every backend must get right: one case for each thing that a model or a provider can do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sycoprobe.turns import ErrorKind, Finish


class Case(StrEnum):
    """One thing that a provider does; a backend is arranged so that it does it, and is then asked once."""

    NORMAL = "normal"
    """The model answers `Paris`."""
    UNICODE = "unicode"
    """It answers in several scripts, with an emoji and a combining mark."""
    LONG = "long"
    """It answers with 200,000 characters."""
    EMPTY = "empty"
    """It answers with nothing at all and stops."""
    THINKING = "thinking"
    """It thinks aloud, which stands apart, then answers `Paris`."""
    THINKING_ONLY = "thinking_only"
    """It thinks and gives no answer."""
    REFUSAL = "refusal"
    """The provider marks the reply as a refusal."""
    BLOCKED = "blocked"
    """The provider's filter blocks the prompt; there is no reply."""
    CUT_OFF = "cut_off"
    """The reply is stopped by the length limit."""
    TOOL_CALL = "tool_call"
    """The model calls a tool although none was offered, and says nothing."""
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    """The account's quota or credit is used up."""
    OVERLOADED = "overloaded"
    """The provider is overloaded or broken for a while."""
    AUTH = "auth"
    NOT_FOUND = "not_found"
    """There is no such model."""
    BAD_REQUEST = "bad_request"
    CONTEXT = "context"
    """The dialog is longer than the model's context."""
    ERROR_IN_200 = "error_in_200"
    """An error that comes with status 200."""
    BAD_BODY = "bad_body"
    """What comes back is no reply in this dialect."""
    RESET = "reset"
    TRUNCATED = "truncated"
    TIMEOUT = "timeout"


UNICODE_ANSWER = "Париж · パリ · باريس · 🗼 · cafe\u0301"
LONG_ANSWER = "Paris. " * 28_571 + "Par"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a case must come to where there is a reply; `text` None: whatever the text."""

    text: str | None
    finish: frozenset[Finish]
    reasoning: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """What a case must come to where there is none."""

    kind: frozenset[ErrorKind]
    retryable: bool
    fatal: bool


def _answered(text: str | None, *finish: Finish, reasoning: bool = False) -> Answered:
    return Answered(text, frozenset(finish), reasoning)


def _failed(*kind: ErrorKind, retryable: bool = False, fatal: bool = False) -> Failed:
    return Failed(frozenset(kind), retryable, fatal)


EXPECTED: dict[Case, Answered | Failed] = {
    Case.NORMAL: _answered("Paris", Finish.STOP),
    Case.UNICODE: _answered(UNICODE_ANSWER, Finish.STOP),
    Case.LONG: _answered(LONG_ANSWER, Finish.STOP),
    Case.EMPTY: _answered("", Finish.STOP, Finish.OTHER),
    Case.THINKING: _answered("Paris", Finish.STOP, reasoning=True),
    Case.THINKING_ONLY: _answered("", Finish.STOP, Finish.LENGTH, Finish.OTHER, reasoning=True),
    Case.REFUSAL: _answered(None, Finish.REFUSAL),
    Case.BLOCKED: _answered(None, Finish.REFUSAL),
    Case.CUT_OFF: _answered(None, Finish.LENGTH),
    Case.TOOL_CALL: _answered("", Finish.OTHER),
    Case.RATE_LIMIT: _failed(ErrorKind.RATE_LIMIT, retryable=True),
    Case.QUOTA: _failed(ErrorKind.QUOTA, fatal=True),
    Case.OVERLOADED: _failed(ErrorKind.SERVER, retryable=True),
    Case.AUTH: _failed(ErrorKind.AUTH, fatal=True),
    Case.NOT_FOUND: _failed(ErrorKind.NOT_FOUND, fatal=True),
    Case.BAD_REQUEST: _failed(ErrorKind.BAD_REQUEST),
    Case.CONTEXT: _failed(ErrorKind.CONTEXT),
    Case.ERROR_IN_200: _failed(ErrorKind.ERROR_IN_200, retryable=True),
    Case.BAD_BODY: _failed(ErrorKind.BAD_BODY, retryable=True),
    Case.RESET: _failed(ErrorKind.RESET, retryable=True),
    Case.TRUNCATED: _failed(ErrorKind.TRUNCATED, ErrorKind.RESET, retryable=True),
    Case.TIMEOUT: _failed(ErrorKind.TIMEOUT, retryable=True),
}
