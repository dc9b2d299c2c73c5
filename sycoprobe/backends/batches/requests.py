"""What the vendors' batch modes have in common: requests with retries, downloads, and the dialect's own readings."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import IO, Any, TypeVar
from urllib.parse import quote

from sycoprobe.backends.base import Backend
from sycoprobe.backends.batches.protocol import Batch, Resubmit, Row
from sycoprobe.backends.bodies import error_of, json_of
from sycoprobe.backends.dialect import HttpDialect
from sycoprobe.backends.retry import with_retries
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.keys import redacted
from sycoprobe.turns import ErrorKind, Reply

TIMEOUT = 60.0
"""Seconds for a request about a batch."""
UPLOAD_TIMEOUT = 900.0
"""Seconds for a request that carries a whole batch."""
_RETRIES = 6
DAY = timedelta(days=1)
_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}")
"""What an id may look like that becomes part of an address."""
T = TypeVar("T")


class BatchRequests:
    """What the two have in common: requests about batches with retries, downloads, and the dialect's own readings."""

    def __init__(self, dialect: HttpDialect) -> None:
        self._dialect = dialect
        self._url = dialect.base_url
        self._http = dialect.transport

    @property
    def adapted(self) -> dict[str, str | None]:
        return self._dialect.adapted

    @adapted.setter
    def adapted(self, adapted: dict[str, str | None]) -> None:
        self._dialect.adapted = adapted

    def read(self, reply: HttpReply, adapted: Mapping[str, str | None]) -> Reply | None:
        if reply.status in (400, 422) and (adapted != self.adapted or self._dialect.adapt_to(reply)):
            return None
        return self._dialect.reply_of(reply)

    async def _check(self, path: str) -> bool:
        reply = await self._patiently(lambda: self._http.get(f"{self._url}{path}?limit=1", TIMEOUT))
        if reply.status in (401, 403) or reply.status >= 500:
            raise self._error(reply, "the list of batches")
        data = json_of(reply.body, strict=False)
        return reply.ok and isinstance(data, dict) and isinstance(data.get("data"), list)

    async def _get(self, path: str, what: str) -> dict[str, Any]:
        """The JSON object at `path`. One attempt. Raises `BackendError`."""
        reply = await self._http.get(self._url + path, TIMEOUT)
        if not reply.ok:
            raise self._error(reply, what)
        return self._object(reply)

    def _object(self, reply: HttpReply) -> dict[str, Any]:
        data = json_of(reply.body)
        if not isinstance(data, dict):
            raise BackendError("the body is not a JSON object", kind=ErrorKind.BAD_BODY, retryable=True)
        return data

    def _error(self, reply: HttpReply, what: str) -> BackendError:
        """The named failure of a request about `what`."""
        error = self._dialect.error_in(reply)
        error.message = f"{what}: {error.message}"
        if reply.status == 404:
            error.hint = (
                "use the key of the workspace that it was submitted from; vendors keep results for about a month, "
                "and what they no longer have can only be asked anew in another run"
            )
        return error

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """After retries of failures that may pass; for what can be done twice."""
        done, _ = await with_retries(attempt, _RETRIES, self._dialect.notify)
        return done

    async def _create(self, content: bytes, path: str) -> HttpReply | None:
        """POST a batch, which must not be done twice: None if it may have been made all the same."""

        async def attempt() -> HttpReply | None:
            try:
                reply = await self._http.post(self._url + path, content, UPLOAD_TIMEOUT)
            except BackendError as e:
                if e.kind == ErrorKind.CONNECT:
                    raise
                return None
            if reply.status == 429 or self._not_yet(reply):
                error = self._dialect.error_in(reply)
                error.retryable = not error.fatal
                raise error
            return None if reply.status >= 500 or reply.status in (408, 409, 425) else reply

        reply = await self._patiently(attempt)
        if reply is None or reply.ok:
            return reply
        said = " ".join(redacted(str(error_of(json_of(reply.body, strict=False)).get("message") or "")).split())[:200]
        if reply.status == 413:
            raise Resubmit(f"the batch is too large: {said}", smaller=True)
        if reply.status in (400, 422) and self._dialect.adapt_to(reply):
            raise Resubmit(f"adapted: {said}")
        error = self._dialect.error_in(reply)
        error.fatal = True
        raise error

    def _not_yet(self, reply: HttpReply) -> bool:
        """Whether a refusal passes by itself within seconds."""
        return False

    async def _download(self, url: str, out: IO[bytes], what: str) -> None:
        async def attempt() -> None:
            out.seek(0)
            out.truncate()
            reply = await self._http.download(url, out, TIMEOUT)
            if not reply.ok:
                raise self._error(reply, what)

        await self._patiently(attempt)
        out.seek(0)

    async def _rows(self, urls: Sequence[str], what: str) -> AsyncGenerator[Row | None, None]:
        for url in urls:
            with tempfile.TemporaryFile() as file:
                await self._download(url, file, what)
                for line in file:
                    if line.strip():
                        data = json_of(line, strict=False)
                        known = isinstance(data, dict) and isinstance(data.get("custom_id"), str)
                        yield self._row(data["custom_id"], data) if known else None

    def _row(self, custom_id: str, data: dict[str, Any]) -> Row | None:
        raise NotImplementedError


def server_of(backend: Backend) -> str:
    """The server that a dialect talks to, for an error."""
    return f"the server at {backend.url}" if isinstance(backend, HttpDialect) else "the backend"


def read_or_none(read: Callable[[dict[str, Any]], Batch], reply: HttpReply | None) -> Batch | None:
    """The batch in an answer; None if the answer cannot be read, since a batch may have been made all the same."""
    data = json_of(reply.body, strict=False) if reply is not None else None
    with suppress(BackendError):
        return read(data) if isinstance(data, dict) else None
    return None


def checked_id(value: Any, what: str) -> str:
    """An id that can be part of an address. Raises `BackendError`."""
    if not isinstance(value, str) or not _ID.fullmatch(value) or quote(value) != value or value.strip(".") == "":
        raise BackendError(f"the server gave {what} an id that is none", kind=ErrorKind.BAD_BODY)
    return value


def number_in(data: Any, name: str) -> int:
    """A count under a name; 0 where there is none."""
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, int) and 0 <= value < 10**12 else 0
