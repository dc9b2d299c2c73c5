"""The checks that were made so far."""

from __future__ import annotations

from sycoprobe.examining.checks import Check, Status, Step
from sycoprobe.keys import redacted
from sycoprobe.text import clipped

_LONGEST = 800
"""Characters of what is said of a check: it may quote a server."""


class Findings:
    """What was found, a check a step; keys are taken out of it."""

    def __init__(self) -> None:
        self._checks: dict[Step, Check] = {}

    def __contains__(self, step: Step) -> bool:
        return step in self._checks

    def add(self, check: Check) -> None:
        """Keep a check as it is."""
        self._checks[check.name] = check

    def note(self, step: Step, status: Status, said: str, fix: str = "") -> None:
        """Keep what was found, and how to fix it."""
        said, fix = (clipped(redacted(text), _LONGEST) for text in (said, fix))
        self._checks[step] = Check(step, status, said, fix)

    def skip(self, why: str, *steps: Step) -> None:
        """Skip those of `steps` that were not done."""
        for step in steps:
            self._checks.setdefault(step, Check(step, Status.SKIPPED, why))

    def all(self) -> tuple[Check, ...]:
        """Every step's check, in order; all must be there."""
        return tuple(self._checks[step] for step in Step)
