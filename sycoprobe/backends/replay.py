"""Answers from an earlier run's journal: `-m replay:reports/RUN`. Makes no calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sycoprobe.backends.base import BackendOptions, ErrorKind, Reply, Request
from sycoprobe.errors import BackendError, PlanError


def open_backend(name: str, options: BackendOptions) -> ReplayBackend:
    """A backend that answers from the journal of the run in folder `name`. Raises `PlanError` without a name."""
    if not name:
        raise PlanError("replay: no run was named", "write -m replay:reports/RUN")
    return ReplayBackend(Path(name).expanduser())


class ReplayBackend:
    """Gives back the recorded reply to the same call; a call that asks something else is an error of its own."""

    takes_schema = True
    """The replies are those that were given, in whatever form."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._replies: dict[str, tuple[str, Reply]] = {}

    async def start(self) -> dict[str, Any]:
        from sycoprobe import journal

        contents = journal.read(self._folder)
        for call in journal.final_calls(contents):
            if call.reply is not None:
                self._replies[call.spec.key] = (call.user, call.reply)
        return {**contents.header["model"], "notes": [f"replayed from {contents.header['run']}; no call was made"]}

    async def complete(self, request: Request) -> Reply:
        key = request.spec.key
        if key not in self._replies:
            raise BackendError(
                f"the earlier run has no answer to {key}", "use the same sets, seed and arms", kind=ErrorKind.MISSING
            )
        user, reply = self._replies[key]
        if user != request.messages[-1]["content"]:
            hint = "use the same seed, sets and wordings as the earlier run"
            raise BackendError(f"the earlier run asked something else at {key}", hint, kind=ErrorKind.MISSING)
        return reply

    async def close(self) -> None:
        self._replies.clear()
