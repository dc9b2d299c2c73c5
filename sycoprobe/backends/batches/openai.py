"""Batches of OpenAI: https://platform.openai.com/docs/guides/batch and the API reference of Batch and Files."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sycoprobe.backends.base import Request
from sycoprobe.backends.batches.protocol import Batch, Limits, Lost, Resubmit, Row, Sought, State
from sycoprobe.backends.batches.requests import DAY, TIMEOUT, UPLOAD_TIMEOUT, BatchRequests, checked_id, number_in, read_or_none
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError
from sycoprobe.keys import redacted
from sycoprobe.turns import ErrorKind


class OpenAIBatches(BatchRequests):
    """Batch jobs of OpenAI: a file of requests in, files of results out, for whatever dialect its `_path` names."""

    limits = Limits(50_000, 190_000_000)
    """The vendor's are 50,000 requests and 200 MB."""
    uploads = True

    async def check(self) -> bool:
        return await self._check("/batches")

    def entry(self, custom_id: str, request: Request) -> bytes:
        body = self._dialect.body_of(request)
        return f'{{"custom_id": "{custom_id}", "method": "POST", "url": "/v1{self._dialect.path}", "body": {body}}}\n'.encode(
            "utf-8", "backslashreplace"
        )

    async def mark(self) -> str | None:
        return None

    async def upload(self, entries: Sequence[bytes], token: str, nonce: str) -> str | None:
        import httpx

        form = httpx.Request(
            "POST",
            self._url,
            data={"purpose": "batch"},
            files={"file": (f"{_file_prefix(token)}{nonce}.jsonl", b"".join(entries), "application/jsonl")},
        )
        content, headers = form.read(), {"content-type": form.headers["content-type"]}

        async def attempt() -> dict[str, Any]:
            reply = await self._http.post(f"{self._url}/files", content, UPLOAD_TIMEOUT, headers)
            if reply.status == 413:
                raise Resubmit("the file is too large", smaller=True)
            if not reply.ok:
                raise self._error(reply, "the upload of a batch's file")
            return self._object(reply)

        return checked_id((await self._patiently(attempt)).get("id"), "a file")

    async def create(self, entries: Sequence[bytes], file: str | None, token: str, nonce: str) -> Batch | None:
        body = {
            "input_file_id": file,
            "endpoint": f"/v1{self._dialect.path}",
            "completion_window": "24h",
            "metadata": {"sycoprobe_run": token, "sycoprobe_nonce": nonce},
        }
        reply = await self._create(json.dumps(body).encode(), "/batches")
        return read_or_none(self._batch, reply)

    def _not_yet(self, reply: HttpReply) -> bool:
        # A file that was just uploaded is not known everywhere at once.
        return reply.status in (400, 404) and b"annot find file" in reply.body

    async def status(self, batch: str) -> Batch:
        return self._batch(await self._get(f"/batches/{batch}", f"batch {batch}"))

    async def candidates(self, sought: Sought) -> list[Batch]:
        if sought.file is None:
            return []  # without its file, its making was not yet asked for
        after = ""
        while True:
            path = f"/batches?limit=100{after}"
            page = await self._patiently(lambda path=path: self._get(path, "the list of batches"))  # type: ignore[misc]
            found = [self._batch(b) for b in page.get("data") or () if isinstance(b, dict)]
            ours = [b for b in found if b.nonce == sought.nonce and b.id not in sought.not_these]
            older = found and all(b.created is not None and b.created < sought.at - DAY for b in found)
            if ours or not found or not page.get("has_more") or older:
                return ours
            after = f"&after={found[-1].id}"

    async def is_it(self, batch: Batch, sought: Sought) -> bool | None:
        return batch.nonce == sought.nonce

    def results(self, batch: Batch) -> AsyncGenerator[Row | None, None]:
        return self._rows([f"{self._url}/files/{f}/content" for f in batch.places], f"the results of batch {batch.id}")

    def refusal(self, batch: Batch) -> BackendError:
        fault = batch.faults[0] if batch.faults else {}
        said = " ".join(redacted(str(fault.get("message") or fault.get("code") or "no reason given")).split())[:300]
        code = str(fault.get("code") or "")
        if code == "token_limit_exceeded":
            raise Resubmit(said, smaller=True)
        reply = HttpReply(400, {}, json.dumps({"error": dict(fault)}).encode())
        if self._dialect.adapt_to(reply):
            raise Resubmit(said)
        error = self._dialect.error_in(reply)
        kind = ErrorKind.NOT_FOUND if "model" in code else ErrorKind.QUOTA if "billing" in code else error.kind
        return BackendError(f"batch {redacted(batch.id)} was refused: {said}", error.hint, kind=kind, fatal=True)

    async def cancel(self, batch: str) -> Batch:
        reply = await self._http.post(f"{self._url}/batches/{batch}/cancel", b"", TIMEOUT)
        if not reply.ok:
            raise self._error(reply, f"batch {batch}")
        return self._batch(self._object(reply))

    async def tidy(self, token: str, files: Sequence[str]) -> None:
        left = dict.fromkeys(files)
        with suppress(BackendError):
            # By name, since a killed process may have uploaded a file whose id it never learnt.
            page = await self._patiently(lambda: self._get("/files?purpose=batch&limit=10000", "the list of files"))
            named = (f for f in page.get("data") or () if isinstance(f, dict))
            ours = (f for f in named if str(f.get("filename")).startswith(_file_prefix(token)))
            left |= dict.fromkeys(checked_id(f.get("id"), "a file") for f in ours)
        for file in left:
            with suppress(BackendError):
                await self._http.delete(f"{self._url}/files/{file}", TIMEOUT)

    def _batch(self, data: dict[str, Any]) -> Batch:
        said = str(data.get("status"))
        ended = said in ("completed", "expired", "cancelled")
        counts = data.get("request_counts") if isinstance(data.get("request_counts"), dict) else {}
        faults = data["errors"].get("data") if isinstance(data.get("errors"), dict) else None
        metadata = data.get("metadata")
        places = [data[k] for k in ("output_file_id", "error_file_id") if data.get(k)] if ended else []
        return Batch(
            id=checked_id(data.get("id"), "a batch"),
            state=State.ENDED if ended else State.FAILED if said == "failed" else State.RUNNING,
            said=redacted(said)[:40],
            done=number_in(counts, "completed") + number_in(counts, "failed"),
            total=number_in(counts, "total"),
            places=tuple(checked_id(p, "a file") for p in places),
            faults=tuple(f for f in faults or () if isinstance(f, dict)),
            created=datetime.fromtimestamp(number_in(data, "created_at"), UTC) if data.get("created_at") else None,
            nonce=metadata.get("sycoprobe_nonce") if isinstance(metadata, dict) else None,
        )

    def _row(self, custom_id: str, data: dict[str, Any]) -> Row | None:
        response, error = data.get("response"), data.get("error")
        if isinstance(response, dict) and isinstance(response.get("status_code"), int):
            return Row(custom_id, HttpReply(response["status_code"], {}, json.dumps(response.get("body")).encode()))
        code = str(error.get("code") or "") if isinstance(error, dict) else ""
        if code == "batch_expired":
            return Row(custom_id, None, Lost.EXPIRED)
        if code in ("batch_cancelled", "batch_canceled"):
            return Row(custom_id, None, Lost.CANCELLED)
        return Row(custom_id, HttpReply(500, {}, json.dumps({"error": error or "no response"}).encode()))


def _file_prefix(token: str) -> str:
    return f"sycoprobe-{token}-"
