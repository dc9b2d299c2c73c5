"""What ran out on this machine, told from whatever was raised because of it."""

from __future__ import annotations

import errno
from enum import StrEnum


class Resource(StrEnum):
    """What a machine, or the limits that a user has on it, can run out of."""

    DESCRIPTORS = "file descriptors"
    MEMORY = "memory"
    THREADS = "threads"


FIXES = {
    Resource.DESCRIPTORS: "allow more open files (`ulimit -n`), or give a smaller --concurrency",
    Resource.MEMORY: "end other programs or allow more memory (`ulimit -v`), or give a smaller --concurrency",
    Resource.THREADS: "allow more processes (`ulimit -u`), or give a smaller --concurrency",
}
_CODES = {errno.EMFILE: Resource.DESCRIPTORS, errno.ENFILE: Resource.DESCRIPTORS, errno.ENOMEM: Resource.MEMORY}


def exhausted(error: BaseException) -> Resource | None:
    """What ran out, where that is why `error`, or what it came from, was raised; None where it is something else."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        found = _ran_out(cause)
        if found is not None:
            return found
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    return None


def _ran_out(error: BaseException) -> Resource | None:
    if isinstance(error, MemoryError):
        return Resource.MEMORY
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return Resource.THREADS
    if not isinstance(error, OSError):
        return None
    if error.errno in _CODES:
        return _CODES[error.errno]
    # asyncio joins what came of several addresses of a host into one error, which has no number of its own.
    return next((what for code, what in _CODES.items() if f"[Errno {code}]" in str(error)), None)
