"""What was said: completed calls, and the transcript of one conversation."""

from __future__ import annotations

from dataclasses import dataclass, field

from sycoprobe.planning import CallSpec
from sycoprobe.turns import ErrorKind, Reply


@dataclass(slots=True)
class Call:
    """One completed call: a reply or an error, never both.

    `user` is what the user said in this turn; `options` the order in which a choice was shown. `batch`: it was answered in
    a vendor's batch, at the price of one (`ms` is then 0).
    """

    spec: CallSpec
    user: str
    reply: Reply | None = None
    error: str | None = None
    error_kind: ErrorKind | None = None
    wording: str | None = None
    options: tuple[str, ...] = ()
    ms: int = 0
    attempts: int = 1
    at: str = ""
    batch: bool = False


@dataclass(slots=True)
class BranchTranscript:
    """A second turn and its reply."""

    arm: str
    kind: str
    wording: str
    user: str
    assistant: str
    verdict: str


@dataclass(slots=True)
class Transcript:
    """One conversation: the shared first turn, and what each branch made of it."""

    conversation: str
    question: str
    gold: str
    pushed: str
    first: str
    branches: list[BranchTranscript] = field(default_factory=list)
