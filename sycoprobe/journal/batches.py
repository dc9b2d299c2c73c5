"""What a journal says of the batches that its calls went out in: what is under way, what was answered, what it cost in time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sycoprobe.journal.journal import Contents
from sycoprobe.journal.lines import records_in


@dataclass(slots=True)
class Submission:
    """One batch, as far as the journal tells.

    Attributes
    ----------
    nonce: its name, ours.
    stage: 1 if it asks first answers, 2 if it asks branches only.
    keys: of its calls.
    at: when it was about to be submitted.
    mark: what the vendor's newest batch was then, where that is needed to find it again.
    adapted: what the server had rejected by then, and what is sent instead.
    file: what was uploaded for it.
    id: the vendor's name of it, once known.
    closed: its results are in, or it was never made.
    settled: keys of its calls that are journaled.
    """

    nonce: str
    stage: int
    keys: tuple[str, ...]
    at: str
    mark: str | None = None
    adapted: dict[str, str | None] = field(default_factory=dict)
    file: str | None = None
    id: str | None = None
    closed: bool = False
    settled: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Batched:
    """What a journal says of its batches.

    Attributes
    ----------
    token: of the run; None: it is not a run in batches.
    tries: how often each call that is still missing came back without an answer, since the last process that ended on its own.
    adapted: as of the last batch.
    files: of results, at the vendor.
    oddities: rows that belong to no call, by what they are.
    failed: batches that the vendor refused as a whole.
    tidied: whether the files at the vendor were deleted since the last submission.
    """

    token: str | None
    submissions: dict[str, Submission] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    adapted: dict[str, str | None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    oddities: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    tidied: bool = False


def batched(contents: Contents) -> Batched:
    """The batches of a run, from its journal."""
    found = Batched(contents.header.get("batch"))
    if found.token is None:
        return found
    flying: dict[str, Submission] = {}
    for _, record in records_in(contents.path):
        match record.get("type"):
            case "call":
                if submission := flying.get(record["key"]):
                    submission.settled.add(record["key"])
                found.tries.pop(record["key"], None)
            case "batch":
                _note_batch(found, flying, record)
            case "end" | "stopped" | "capped" | "interrupted":
                found.tries.clear()
    return found


def _note_batch(found: Batched, flying: dict[str, Submission], record: dict[str, Any]) -> None:
    """Take in one `batch` record. A state that is not known is a newer version's, and passed over."""
    nonce, state = str(record.get("nonce")), record.get("state")
    found.adapted = record.get("adapted", found.adapted)
    if state == "tidied":
        found.tidied = True
    elif state == "submitting":
        submission = Submission(
            nonce, record["stage"], tuple(record["keys"]), record["at"], record.get("mark"), record.get("adapted", {})
        )
        found.submissions[nonce] = submission
        found.tidied = False
        flying.update(dict.fromkeys(submission.keys, submission))
    elif (known := found.submissions.get(nonce)) is not None:
        if state == "uploaded":
            known.file = record["file"]
        elif state == "submitted":
            known.id = record["id"]
        elif state in ("done", "failed", "dropped"):
            known.closed = True
            found.failed += state == "failed"
            found.tries.update(record.get("again", ()))
            found.files += record.get("files", ())
            found.oddities.update(record.get("oddities", {}))
            for key in known.keys:
                flying.pop(key, None)


def batch_notes(contents: Contents) -> list[str]:
    """What a report says of a run's batches; nothing of a run without."""
    found = batched(contents)
    if found.token is None:
        return []
    made = sum(s.id is not None for s in found.submissions.values())
    odd = [f"{n} {what} in the batches' results, ignored" for what, n in sorted(found.oddities.items()) if n]
    return [f"asked in {made} of the vendor's batches", *odd]
