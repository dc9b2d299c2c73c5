"""Every paid answer, on disk first: the journal of a run, and what judges said of it."""

from sycoprobe.journal.batches import Batched, Submission, batch_notes, batched
from sycoprobe.journal.heads import SCHEMA_VERSION
from sycoprobe.journal.journal import (
    FILE,
    LOCK,
    Contents,
    Journal,
    calls,
    final_calls,
    interruptions,
    line_notes,
    read,
)
from sycoprobe.journal.records import failed_call, now
from sycoprobe.journal.repair import repair

__all__ = [
    "FILE",
    "LOCK",
    "SCHEMA_VERSION",
    "Batched",
    "Contents",
    "Journal",
    "Submission",
    "batch_notes",
    "batched",
    "calls",
    "failed_call",
    "final_calls",
    "interruptions",
    "line_notes",
    "now",
    "read",
    "repair",
]
