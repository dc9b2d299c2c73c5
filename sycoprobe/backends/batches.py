"""The vendors' batch APIs, over a dialect's own requests and replies: half the price, and results within a day.

OpenAI: https://platform.openai.com/docs/guides/batch and the API reference of Batch and Files. Anthropic:
https://docs.claude.com/en/docs/build-with-claude/batch-processing and the API reference of Message Batches.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import IO, Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit

from sycoprobe.backends.base import Backend, Request
from sycoprobe.backends.dialect import HttpDialect, error_of, json_of, without_secrets
from sycoprobe.backends.retry import with_retries
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.keys import redacted
from sycoprobe.turns import ErrorKind, Reply

TIMEOUT = 60.0
"""Seconds for a request about a batch."""
UPLOAD_TIMEOUT = 900.0
"""Seconds for a request that carries a whole batch."""
_RETRIES = 6
_DAY = timedelta(days=1)
_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}")
"""What an id may look like that becomes part of an address."""
T = TypeVar("T")


class State(StrEnum):
    """Where a batch stands."""

    RUNNING = "running"
    ENDED = "ended"
    """Its results can be read; some calls may have expired or been cancelled."""
    FAILED = "failed"
    """It was refused as a whole: nothing of it was asked."""


class Lost(StrEnum):
    """Why a call of a batch was not even tried."""

    EXPIRED = "expired"
    """The vendor did not come to it within its day."""
    CANCELLED = "cancelled"
    """Somebody cancelled the batch."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one batch may hold."""

    requests: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the vendor tells of it.

    Attributes
    ----------
    id: the vendor's name of it. said: its state in the vendor's word. done, total: requests; `done` may stay 0 until it has ended.
    places: where its results are: file ids, or an address. faults: why it was refused, as the vendor says. created: when it was
    made. nonce: our own name of it, where the vendor keeps one.
    """

    id: str
    state: State
    said: str
    done: int
    total: int
    places: tuple[str, ...] = ()
    faults: tuple[Mapping[str, Any], ...] = ()
    created: datetime | None = None
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One result: the reply as a live call would have had it, or why there is none."""

    custom_id: str
    reply: HttpReply | None
    lost: Lost | None = None


@dataclass(slots=True)
class Sought:
    """A batch whose submission was begun, and of which we do not know whether it was made.

    Attributes
    ----------
    token, nonce: the run's, and the batch's own name. ids: the custom ids of its requests. at: when it was about to be submitted.
    mark: the vendor's newest batch then. file: what was uploaded for it. not_these: batches that are known to be others.
    """

    token: str
    nonce: str
    ids: frozenset[str]
    at: datetime
    mark: str | None = None
    file: str | None = None
    not_these: set[str] = field(default_factory=set)


class Resubmit(Exception):
    """The vendor made no batch of it; the same calls can be submitted again. `smaller`: only in smaller batches."""

    def __init__(self, why: str, *, smaller: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.smaller = smaller


class Batches(Protocol):
    """The batch mode of a backend; what its method `batches()` gives."""

    limits: Limits
    uploads: bool
    """Whether requests and results are files at the vendor."""
    adapted: dict[str, str | None]
    """What the server rejected so far, and what is sent instead."""

    async def check(self) -> bool:
        """Whether this server has a batch mode. Raises `BackendError` if it cannot be reached or the key is refused."""
        ...

    def entry(self, custom_id: str, request: Request) -> bytes:
        """A request as it stands in a batch: the very bytes of a live call's body, and its id."""
        ...

    async def mark(self) -> str | None:
        """The vendor's newest batch, if that is needed to find a lost one; to be called before `create`. Raises `BackendError`."""
        ...

    async def upload(self, entries: Sequence[bytes], token: str, nonce: str) -> str | None:
        """Upload the entries where the vendor wants them as a file, and give its id. Raises `Resubmit` and `BackendError`."""
        ...

    async def create(self, entries: Sequence[bytes], file: str | None, token: str, nonce: str) -> Batch | None:
        """Make a batch, which is paid from then on. None: what came back does not tell whether it was made.

        Raises
        ------
        Resubmit: no batch was made, but a smaller one, or one with adapted requests, may be.
        BackendError: no batch was made, and none will be.
        """
        ...

    async def status(self, batch: str) -> Batch:
        """Where a batch stands. Raises `BackendError`, retryable if the next look may succeed."""
        ...

    async def candidates(self, sought: Sought) -> list[Batch]:
        """The vendor's batches that may be the one that is sought. Raises `BackendError`."""
        ...

    async def is_it(self, batch: Batch, sought: Sought) -> bool | None:
        """Whether this is the one; None: it cannot be told before the batch has ended. Raises `BackendError`."""
        ...

    def results(self, batch: Batch) -> AsyncGenerator[Row | None, None]:
        """The results of a batch that has ended, in any order; None for a line that is none. Raises `BackendError`."""
        ...

    def read(self, reply: HttpReply, adapted: Mapping[str, str | None]) -> Reply | None:
        """The model's turn; None if the request was rejected for what has been adapted since it was sent with `adapted`.

        Raises `BackendError`, as `Backend.complete` does.
        """
        ...

    def refusal(self, batch: Batch) -> BackendError:
        """Why a batch was refused as a whole. Raises `Resubmit` if its calls can be submitted again all the same."""
        ...

    async def cancel(self, batch: str) -> Batch:
        """Ask the vendor to end a batch early; what it has answered by then is paid and kept. Raises `BackendError`."""
        ...

    async def tidy(self, token: str, files: Sequence[str]) -> None:
        """Delete what the run left at the vendor, as far as that is possible; never raises `BackendError`."""
        ...


def batches_of(backend: Backend, model: str) -> Batches:
    """The batch mode of a backend, which is a method `batches` of it. Raises `PlanError` if it has none."""
    made = getattr(backend, "batches", None)
    if made is None:
        raise no_batch_mode(f"the backend {model.partition(':')[0]!r}")
    batches: Batches = made()
    return batches


def no_batch_mode(whose: str) -> PlanError:
    """The error that says that there is none."""
    return PlanError(f"--batch: {whose} has no batch mode; OpenAI and Anthropic have one", "leave out --batch")


def custom_id(token: str, key: str) -> str:
    """The id under which a call of a run goes into a batch: the same each time, and what all vendors take."""
    return "sp-" + hashlib.sha256(f"{token}\x1f{key}".encode()).hexdigest()[:40]


class _Http:
    """What the two have in common: requests about batches with retries, downloads, and the dialect's own readings."""

    def __init__(self, dialect: HttpDialect) -> None:
        self._dialect = dialect
        self._url = dialect._url
        self._http = dialect._transport

    @property
    def adapted(self) -> dict[str, str | None]:
        return self._dialect._adapted

    @adapted.setter
    def adapted(self, adapted: dict[str, str | None]) -> None:
        self._dialect._adapted = dict(adapted)

    def read(self, reply: HttpReply, adapted: Mapping[str, str | None]) -> Reply | None:
        if reply.status in (400, 422) and (adapted != self.adapted or self._dialect._adapt(reply)):
            return None
        return self._dialect.reply_of(reply)

    async def _check(self, path: str) -> bool:
        reply = await self._patiently(lambda: self._http.get(f"{self._url}{path}?limit=1", TIMEOUT))
        if reply.status in (401, 403) or reply.status >= 500:
            raise self._error(reply, "the list of batches")
        data = json_of(reply.body, strict=False)
        return reply.status == 200 and isinstance(data, dict) and isinstance(data.get("data"), list)

    async def _get(self, path: str, what: str) -> dict[str, Any]:
        """The JSON object at `path`. One attempt. Raises `BackendError`."""
        reply = await self._http.get(self._url + path, TIMEOUT)
        if reply.status != 200:
            raise self._error(reply, what)
        return self._object(reply)

    def _object(self, reply: HttpReply) -> dict[str, Any]:
        data = json_of(reply.body)
        if not isinstance(data, dict):
            raise BackendError("the body is not a JSON object", kind=ErrorKind.BAD_BODY, retryable=True)
        return data

    def _error(self, reply: HttpReply, what: str) -> BackendError:
        """The named failure of a request about `what`."""
        error = self._dialect._error(reply)
        error.message = f"{what}: {error.message}"
        if reply.status == 404:
            error.hint = (
                "use the key of the workspace that it was submitted from; vendors keep results for about a month, "
                "and what they no longer have can only be asked anew in another run"
            )
        return error

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """After retries of failures that may pass; for what can be done twice."""
        done, _ = await with_retries(attempt, _RETRIES, self._dialect._options.notify)
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
                error = self._dialect._error(reply)
                error.retryable = not error.fatal
                raise error
            return None if reply.status >= 500 or reply.status in (408, 409, 425) else reply

        reply = await self._patiently(attempt)
        if reply is None or reply.status == 200:
            return reply
        said = " ".join(redacted(str(error_of(json_of(reply.body, strict=False)).get("message") or "")).split())[:200]
        if reply.status == 413:
            raise Resubmit(f"the batch is too large: {said}", smaller=True)
        if reply.status in (400, 422) and self._dialect._adapt(reply):
            raise Resubmit(f"adapted: {said}")
        error = self._dialect._error(reply)
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
            if reply.status != 200:
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


class OpenAIBatches(_Http):
    """Batch jobs of OpenAI: a file of requests in, files of results out, for whatever dialect its `_path` names."""

    limits = Limits(50_000, 190_000_000)
    """The vendor's are 50,000 requests and 200 MB."""
    uploads = True

    async def check(self) -> bool:
        return await self._check("/batches")

    def entry(self, custom_id: str, request: Request) -> bytes:
        body = self._dialect.body_of(request)
        return f'{{"custom_id": "{custom_id}", "method": "POST", "url": "/v1{self._dialect._path}", "body": {body}}}\n'.encode(
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
            if reply.status != 200:
                raise self._error(reply, "the upload of a batch's file")
            return self._object(reply)

        return _checked_id((await self._patiently(attempt)).get("id"), "a file")

    async def create(self, entries: Sequence[bytes], file: str | None, token: str, nonce: str) -> Batch | None:
        body = {
            "input_file_id": file,
            "endpoint": f"/v1{self._dialect._path}",
            "completion_window": "24h",
            "metadata": {"sycoprobe_run": token, "sycoprobe_nonce": nonce},
        }
        reply = await self._create(json.dumps(body).encode(), "/batches")
        return _read_or_none(self._batch, reply)

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
            older = found and all(b.created is not None and b.created < sought.at - _DAY for b in found)
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
        if self._dialect._adapt(reply):
            raise Resubmit(said)
        error = self._dialect._error(reply)
        kind = ErrorKind.NOT_FOUND if "model" in code else ErrorKind.QUOTA if "billing" in code else error.kind
        return BackendError(f"batch {redacted(batch.id)} was refused: {said}", error.hint, kind=kind, fatal=True)

    async def cancel(self, batch: str) -> Batch:
        reply = await self._http.post(f"{self._url}/batches/{batch}/cancel", b"", TIMEOUT)
        if reply.status != 200:
            raise self._error(reply, f"batch {batch}")
        return self._batch(self._object(reply))

    async def tidy(self, token: str, files: Sequence[str]) -> None:
        left = dict.fromkeys(files)
        with suppress(BackendError):
            # By name, since a killed process may have uploaded a file whose id it never learnt.
            page = await self._patiently(lambda: self._get("/files?purpose=batch&limit=10000", "the list of files"))
            named = (f for f in page.get("data") or () if isinstance(f, dict))
            ours = (f for f in named if str(f.get("filename")).startswith(_file_prefix(token)))
            left |= dict.fromkeys(_checked_id(f.get("id"), "a file") for f in ours)
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
            id=_checked_id(data.get("id"), "a batch"),
            state=State.ENDED if ended else State.FAILED if said == "failed" else State.RUNNING,
            said=redacted(said)[:40],
            done=_number(counts, "completed") + _number(counts, "failed"),
            total=_number(counts, "total"),
            places=tuple(_checked_id(p, "a file") for p in places),
            faults=tuple(f for f in faults or () if isinstance(f, dict)),
            created=datetime.fromtimestamp(_number(data, "created_at"), UTC) if data.get("created_at") else None,
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


_ANTHROPIC_STATUS = {
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


class AnthropicBatches(_Http):
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
        return _read_or_none(self._batch, reply)

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
                if batch.id == sought.mark or (batch.created is not None and batch.created < sought.at - _DAY):
                    return found
                late = batch.created is not None and batch.created > sought.at + _DAY
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
        if reply.status != 200:
            raise self._error(reply, f"batch {batch}")
        return self._batch(self._object(reply))

    async def tidy(self, token: str, files: Sequence[str]) -> None:
        pass  # there are no files, and the vendor deletes batches by itself

    def _batch(self, data: dict[str, Any]) -> Batch:
        said = str(data.get("processing_status"))
        counts = data.get("request_counts") if isinstance(data.get("request_counts"), dict) else {}
        total = sum(_number(counts, k) for k in ("processing", "succeeded", "errored", "canceled", "expired"))
        url = data.get("results_url")
        created = None
        with suppress(ValueError):
            created = datetime.fromisoformat(str(data.get("created_at")))
        return Batch(
            id=_checked_id(data.get("id"), "a batch"),
            state=State.ENDED if said == "ended" else State.RUNNING,
            said=redacted(said)[:40],
            done=total - _number(counts, "processing"),
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
        return Row(custom_id, HttpReply(_ANTHROPIC_STATUS.get(kind, 500), {}, json.dumps(error).encode()))


def server_of(backend: Backend) -> str:
    """The server that a dialect talks to, for an error."""
    return f"the server at {without_secrets(backend._url)}" if isinstance(backend, HttpDialect) else "the backend"


def _file_prefix(token: str) -> str:
    return f"sycoprobe-{token}-"


def _read_or_none(read: Callable[[dict[str, Any]], Batch], reply: HttpReply | None) -> Batch | None:
    """The batch in an answer; None if the answer cannot be read, since a batch may have been made all the same."""
    data = json_of(reply.body, strict=False) if reply is not None else None
    with suppress(BackendError):
        return read(data) if isinstance(data, dict) else None
    return None


def _checked_id(value: Any, what: str) -> str:
    """An id that can be part of an address. Raises `BackendError`."""
    if not isinstance(value, str) or not _ID.fullmatch(value) or quote(value) != value or value.strip(".") == "":
        raise BackendError(f"the server gave {what} an id that is none", kind=ErrorKind.BAD_BODY)
    return value


def _number(data: Any, name: str) -> int:
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, int) and 0 <= value < 10**12 else 0


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port of an address; None if it is none, or brings a user name."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return None if "@" in parts.netloc else (parts.scheme, parts.hostname, port)
