"""A backend's batch mode: what goes in, what a vendor tells of it, what comes out."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sycoprobe.backends.base import Backend, Request
from sycoprobe.backends.transport import HttpReply
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.turns import Reply


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
    id: the vendor's name of it.
    said: its state in the vendor's word.
    done, total: requests; `done` may stay 0 until it has ended.
    places: where its results are: file ids, or an address.
    faults: why it was refused, as the vendor says.
    created: when it was made.
    nonce: our own name of it, where the vendor keeps one.
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
    token, nonce: the run's, and the batch's own name.
    ids: the custom ids of its requests.
    at: when it was about to be submitted.
    mark: the vendor's newest batch then.
    file: what was uploaded for it.
    not_these: batches that are known to be others.
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
