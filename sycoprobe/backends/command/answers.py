"""What is written to a program and read from it: a question as a line, and the reply in an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sycoprobe.backends.base import Request
from sycoprobe.backends.command.shown import one_line
from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import amount_of, counts_of, finish_of, logprobs_in
from sycoprobe.keys import redacted, scrubbed
from sycoprobe.turns import ErrorKind, Finish, Reply

_PASSING = frozenset(
    {
        ErrorKind.TIMEOUT,
        ErrorKind.CONNECT,
        ErrorKind.RESET,
        ErrorKind.TRUNCATED,
        ErrorKind.RATE_LIMIT,
        ErrorKind.SERVER,
        ErrorKind.ERROR_IN_200,
        ErrorKind.BAD_BODY,
    }
)
_LASTING = frozenset({ErrorKind.AUTH, ErrorKind.QUOTA, ErrorKind.NOT_FOUND})


def line_of(number: int, request: Request) -> bytes:
    """A request as the program reads it."""
    sampling = request.sampling
    settings = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "reply_tokens": sampling.reply_tokens,
        "seed": request.seed,
        "effort": sampling.effort,
        "verbosity": sampling.verbosity,
        "logprobs": sampling.logprobs or None,
        "schema": request.schema,
    }
    asked = {"id": str(number), "messages": request.messages, **{k: v for k, v in settings.items() if v is not None}}
    return (json.dumps(asked, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def reply_of(answer: Mapping[str, Any]) -> Reply:
    """The reply in a program's answer. Raises `BackendError`: the failure that it names, or what is wrong with it."""
    if answer.get("error"):
        raise _error_of(answer["error"])
    text, refusal, reasoning = (_text(answer, name) for name in ("text", "refusal", "reasoning"))
    if text is None and refusal is None and reasoning is None:
        raise _wrong("it has neither text nor error")
    said = answer.get("finish") or (Finish.REFUSAL if refusal else Finish.STOP)
    finish = finish_of(said)
    if finish is Finish.OTHER and said != Finish.OTHER:
        raise _wrong(f"finish is {said!r}, which is none of {', '.join(Finish)}")
    notes = answer.get("notes")
    return Reply(
        text or "",
        finish,
        _text(answer, "model"),
        reasoning=reasoning,
        refusal=refusal,
        usage=counts_of(answer.get("usage")),
        notes=tuple(scrubbed(str(n)) for n in notes) if isinstance(notes, list) else (),
        cost=amount_of(answer.get("cost")),
        logprobs=logprobs_in(answer.get("logprobs"), scrubbed),
        replay=answer.get("replay"),
    )


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(f"{name} is no string")
    return None if value is None else scrubbed(value)


def _wrong(what: str) -> BackendError:
    hint = "`python -m pydoc sycoprobe.backends.command` shows what an answer is"
    return BackendError(f"the program's answer cannot be used: {redacted(what)[:200]}", hint, kind=ErrorKind.BAD_BODY)


def _error_of(error: Any) -> BackendError:
    """The failure that a program names."""
    given: dict[str, Any] = error if isinstance(error, dict) else {"message": str(error)}
    try:
        kind = ErrorKind(given.get("kind") or ErrorKind.INTERNAL)
    except ValueError:
        kind = ErrorKind.INTERNAL
    return BackendError(
        one_line(redacted(str(given.get("message") or "the program names no reason")))[:300],
        kind=kind,
        retryable=bool(given.get("retryable", kind in _PASSING)),
        fatal=bool(given.get("fatal", kind in _LASTING)),
        retry_after=amount_of(given.get("retry_after")),
    )
