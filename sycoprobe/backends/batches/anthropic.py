"""Batches of Anthropic: https://docs.claude.com/en/docs/build-with-claude/batch-processing and the API reference of Message Batches."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sycoprobe.backends.base import Request
from sycoprobe.backends.batches.protocol import Batch, Limits, Lost, Row, Sought, State
from sycoprobe.backends.batches.requests import DAY, TIMEOUT, BatchRequests, checked_id, number_in, read_or_none
from sycoprobe.backends.bodies import error_of
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.keys import redacted
from sycoprobe.turns import ErrorKind

_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status with which each error comes in a live call (https://docs.claude.com/en/api/errors)."""


class AnthropicBatches(BatchRequests):
    """Message Batches of Anthropic. They carry no name of ours: a lost one is known by the ids in its results."""

    limits = Limits(100_000, 240_000_000)
    """The vendor's are 100,000 requests and 256 MB."""
    uploads = False
    _path = "/messages/batches"

    async def check(self) -> bool:
        return await self._check(self._path)

    def entry(self, custom_id: str, request: Request) -> bytes:
        return f'{{"custom_id": "{custom_id}", "params": {self._dialect.body_of(request)}}}'.encode("utf-8", "backslashreplace")

    async def mark(self) -> str | None:
        page = await self._patiently(lambda: self._get(f"{self._path}?limit=1", "the list of batches"))
        found = page.get("data")
        return self._batch(found[0]).id if isinstance(found, list) and found and isinstance(found[0], dict) else None

    async def upload(self, entries: Sequence[bytes], token: str, nonce: str) -> str | None:
        return None

    async def create(self, entries: Sequence[bytes], file: str | None, token: str, nonce: str) -> Batch | None:
        reply = await self._create(b'{"requests": [' + b", ".join(entries) + b"]}", self._path)
        return read_or_none(self._batch, reply)

    async def status(self, batch: str) -> Batch:
        return self._batch(await self._get(f"{self._path}/{batch}", f"batch {batch}"))

    async def candidates(self, sought: Sought) -> list[Batch]:
        found: list[Batch] = []
        after = ""
        while True:
            path = f"{self._path}?limit=100{after}"
            page = await self._patiently(lambda path=path: self._get(path, "the list of batches"))  # type: ignore[misc]
            batches = [self._batch(b) for b in page.get("data") or () if isinstance(b, dict)]
            for batch in batches:  # the newest first
                if batch.id == sought.mark or (batch.created is not None and batch.created < sought.at - DAY):
                    return found
                late = batch.created is not None and batch.created > sought.at + DAY
                if batch.total == len(sought.ids) and batch.id not in sought.not_these and not late:
                    found.append(batch)
            if not batches or not page.get("has_more"):
                return found
            after = f"&after_id={batches[-1].id}"

    async def is_it(self, batch: Batch, sought: Sought) -> bool | None:
        if batch.state is State.RUNNING:
            return None
        try:
            async with aclosing(self.results(batch)) as rows:
                async for row in rows:
                    if row is not None and row.custom_id in sought.ids:
                        return True
        except BackendError as e:
            if e.kind != ErrorKind.NOT_FOUND:
                raise
        return False  # also where the vendor has deleted the results by now

    def results(self, batch: Batch) -> AsyncGenerator[Row | None, None]:
        own = f"{self._url}{self._path}/{batch.id}/results"
        named = batch.places[0] if batch.places else own
        # The key goes with the request: to the server that it was given for, and to no other.
        return self._rows([named if _origin(named) == _origin(own) else own], f"the results of batch {batch.id}")

    def refusal(self, batch: Batch) -> BackendError:
        return BackendError(f"batch {redacted(batch.id)} was refused", kind=ErrorKind.BAD_REQUEST, fatal=True)

    async def cancel(self, batch: str) -> Batch:
        reply = await self._http.post(f"{self._url}{self._path}/{batch}/cancel", b"", TIMEOUT)
        if not reply.ok:
            raise self._error(reply, f"batch {batch}")
        return self._batch(self._object(reply))

    async def tidy(self, token: str, files: Sequence[str]) -> None:
        pass  # there are no files, and the vendor deletes batches by itself

    def _batch(self, data: dict[str, Any]) -> Batch:
        said = str(data.get("processing_status"))
        counts = data.get("request_counts") if isinstance(data.get("request_counts"), dict) else {}
        total = sum(number_in(counts, k) for k in ("processing", "succeeded", "errored", "canceled", "expired"))
        url = data.get("results_url")
        created = None
        with suppress(ValueError):
            created = datetime.fromisoformat(str(data.get("created_at")))
        return Batch(
            id=checked_id(data.get("id"), "a batch"),
            state=State.ENDED if said == "ended" else State.RUNNING,
            said=redacted(said)[:40],
            done=total - number_in(counts, "processing"),
            total=total,
            places=(url,) if isinstance(url, str) else (),
            created=created.replace(tzinfo=created.tzinfo or UTC) if created else None,
        )

    def _row(self, custom_id: str, data: dict[str, Any]) -> Row | None:
        result = data.get("result")
        if not isinstance(result, dict):
            return None
        match result.get("type"):
            case "succeeded":
                return Row(custom_id, HttpReply(200, {}, json.dumps(result.get("message")).encode()))
            case "expired":
                return Row(custom_id, None, Lost.EXPIRED)
            case "canceled":
                return Row(custom_id, None, Lost.CANCELLED)
        error = result.get("error")
        kind = str(error_of(error).get("type"))
        return Row(custom_id, HttpReply(_STATUS.get(kind, 500), {}, json.dumps(error).encode()))


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port of an address; None if it is none, or brings a user name."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return None if "@" in parts.netloc else (parts.scheme, parts.hostname, port)
